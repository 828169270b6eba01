"""Checks of arguments: what passes, in which form, and what the errors say."""

from fractions import Fraction

import numpy as np
import pytest

from rgrbm._support import checks


@pytest.mark.parametrize("value", [3, np.int8(3), np.uint64(3), np.array(3)])
def test_integers(value):
    number = checks.integer("n", value, 3)
    assert type(number) is int
    assert number == 3


@pytest.mark.parametrize("value", [True, np.True_, 3.0, np.float64(3), "3", None, [3], np.array([3, 4])])
def test_what_is_no_integer(value):
    with pytest.raises(TypeError, match=r"^n must be an integer, got"):
        checks.integer("n", value)


@pytest.mark.parametrize("value", [0.5, np.float32(0.5), np.array(0.5), Fraction(1, 2)])
def test_real_numbers(value):
    number = checks.real("J", value)
    assert type(number) is float
    assert number == 0.5


@pytest.mark.parametrize("value", ["0.5", b"1", True, np.True_, np.array(True), None, 1j, [0.5], np.array([0.5])])
def test_what_is_no_real_number(value):
    with pytest.raises(TypeError, match=r"^J must be a number, got"):
        checks.real("J", value)


def test_bounds():
    for check in (checks.integer, checks.real):
        with pytest.raises(ValueError, match=r"^n must be at least 2, got 1"):
            check("n", 1, 2)
        with pytest.raises(ValueError, match=r"^n must not be negative, got -1"):
            check("n", -1, 0)
    for value in (np.nan, np.inf, -np.inf):
        with pytest.raises(ValueError, match=r"^J must be finite, got"):
            checks.real("J", value)


@pytest.mark.parametrize(
    "values", [1, 0.5, [True, 0.5], np.float32([0.5]), [Fraction(1, 2)], np.array([1, 2], object), []]
)
def test_arrays_of_numbers(values):
    array = checks.numbers("fields", values)
    assert array.dtype == np.float64
    np.testing.assert_array_equal(array, np.asarray(values, dtype=np.float64))


@pytest.mark.parametrize(
    "values", ["1", ["1", 2], 1j, None, np.array(["1"], object), np.array(["2026-01-01"], "M8[D]")]
)
def test_arrays_of_what_is_no_number(values):
    with pytest.raises(TypeError, match=r"^fields must be real numbers, got"):
        checks.numbers("fields", values)


def test_memory():
    checks.require_memory(2**20, "a megabyte")
    with pytest.raises(MemoryError, match=r"^all that would take 1\.049e\+06 GiB; this process can have \S+ GiB$"):
        checks.require_memory(2**50, "all that")


def test_a_limit_of_the_process_counts():
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    least = 2**40
    resource.setrlimit(resource.RLIMIT_AS, (least, hard))
    try:
        assert checks._memory() <= least
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
