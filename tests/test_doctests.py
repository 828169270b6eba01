"""The examples in the docstrings of the installed package, and in the pages, run and print what they say."""

import doctest
import importlib
import pkgutil
from pathlib import Path

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


@pytest.mark.parametrize(
    "page", sorted((Path(__file__).parent.parent / "docs").glob("*.md")), ids=lambda page: page.name
)
def test_pages(page):
    failed, _ = doctest.testfile(str(page), module_relative=False, optionflags=doctest.ELLIPSIS)
    assert failed == 0
