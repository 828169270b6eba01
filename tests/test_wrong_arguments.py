"""Wrong calls of the whole public API: a short replay of tools/fuzz_api.py, and that it finds what is wrong."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "tools"))
import fuzz_api
import fuzz_calls
import fuzzing

pytestmark = pytest.mark.filterwarnings("ignore")  # of calls that are small, or wrong


def test_every_public_callable_is_called():
    assert fuzz_calls.missing() == []


@pytest.mark.parametrize("name", fuzz_calls.calls())
def test_the_calls_are_right(name):
    """What is made wrong is right at first."""
    function, arguments = fuzz_calls.calls()[name]
    function(**arguments)


@pytest.mark.parametrize("rounds", [1, pytest.param(5, marks=pytest.mark.slow)])
def test_wrong_calls_end_in_words_of_the_package(rounds):
    names = list(fuzz_calls.calls())
    found = fuzzing.fuzz(fuzz_api.attempt, rounds * len(names), 100 * rounds, names)
    assert found["findings"] == {}, found["places"]


def raises_attribute_error(x):
    return x.missing


def library_raises(x):
    return np.zeros(2) + np.zeros(3)


def test_what_is_wrong_is_found(monkeypatch):
    made = {"attribute": (raises_attribute_error, {"x": 1}), "library": (library_raises, {"x": 1})}
    monkeypatch.setattr(fuzz_calls, "calls", lambda: made)
    assert fuzzing.finding(fuzz_api.attempt, "attribute", 0)[0] == "AttributeError"
    found = [fuzzing.kind_of(error) for error in (caught(library_raises, 0), caught(int, "x"))]
    assert found == ["ValueError, words of a library"] * 2


def caught(function, *arguments):
    try:
        function(*arguments)
    except Exception as error:
        return error
