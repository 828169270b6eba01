"""The examples in the docstrings of the installed package run and print what they say."""

import doctest
import importlib
import pkgutil

import pytest

import rgrbm

MODULES = ["rgrbm"] + [
    module.name
    for module in pkgutil.walk_packages(rgrbm.__path__, "rgrbm.")
    if "._core." not in module.name and not module.name.endswith("__main__")
]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name):
    failed, _ = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS)
    assert failed == 0
