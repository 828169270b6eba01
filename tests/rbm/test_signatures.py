"""What ``help`` prints of public names: types by their names, not the unions behind them."""

import inspect

import pytest

import rgrbm

NAMES = [
    pytest.param(value, id=f"{room.__name__}.{name}")
    for room in (rgrbm.rbm, rgrbm.model, rgrbm.likelihood)
    for name in room.__all__
    if callable(value := getattr(room, name))
]


@pytest.mark.parametrize("value", NAMES)
def test_signatures_are_short(value):
    functions = [f for _, f in inspect.getmembers(value, inspect.isfunction)] if inspect.isclass(value) else [value]
    for function in functions:
        signature = str(inspect.signature(function))
        assert "_SupportsArray" not in signature
        assert len(signature) < 1000, function
