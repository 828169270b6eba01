"""Checks of arguments: what passes, in which form, and what the errors say."""

from fractions import Fraction

import numpy as np
import pytest
import scipy.sparse

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


@pytest.mark.parametrize("n_bytes", [2**60, 10**40, 10**400])
def test_memory_of_any_size(n_bytes):
    with pytest.raises(MemoryError, match=r"^samples would take .* GiB"):
        checks.require_memory(n_bytes, "samples")


@pytest.mark.parametrize(
    ("values", "error", "words"),
    [
        ([[1, 2], [3]], ValueError, "rows of one length"),
        (np.ma.masked_array([1.0, 2.0], mask=[0, 1]), ValueError, "masked values, got 1"),
        (scipy.sparse.csr_array(np.eye(2)), TypeError, "dense form"),
        ([10**400], ValueError, "must be real numbers"),
        ([np.nan], ValueError, "must be finite, got"),
        ([[1.0]], ValueError, r"shape \(any,\), got \(1, 1\)"),
        ({1}, TypeError, "must be real numbers"),
        ([object()], TypeError, "must be real numbers"),
    ],
)
def test_arrays_that_are_refused(values, error, words):
    with pytest.raises(error, match=f"^x .*{words}"):
        checks.numbers("x", values, (None,), finite=True)


def test_sequences_of_integers():
    assert checks.integers("shape", 3, 1) == (3,)
    assert checks.integers("shape", np.array([2, 3]), 1) == (2, 3)
    for value in (2.0, None, "34", [2.0], [True], [[2]], scipy.sparse.csr_array(np.eye(2))):
        with pytest.raises(TypeError, match="shape must be"):
            checks.integers("shape", value)
    with pytest.raises(ValueError, match="each of shape must be at least 1, got 0"):
        checks.integers("shape", [2, 0], 1)


def test_words_classes_and_flags():
    assert checks.choice("method", "a", ("a", "b")) == "a"
    with pytest.raises(ValueError, match=r"^method must be one of 'a', 'b', got 'c'"):
        checks.choice("method", "c", ("a", "b"))
    for value in (None, ["a"], np.array(["a"]), {}):
        with pytest.raises(TypeError, match=r"^method must be one of 'a', 'b', got"):
            checks.choice("method", value, ("a", "b"))
    assert checks.instance("rate", 1.0, float) == 1.0
    with pytest.raises(TypeError, match=r"^rate must be a float, got None"):
        checks.instance("rate", None, float)
    assert checks.flag("centered", np.True_) is True
    with pytest.raises(TypeError, match=r"^centered must be True or False, got array\(\[1\]\)"):
        checks.flag("centered", np.array([1]))


class Nameless:
    """A class that cannot show itself."""

    def __repr__(self):
        raise RuntimeError


def test_values_in_errors():
    assert checks.shown(np.zeros((2, 2))) == "array([[0., 0.], [0., 0.]])"
    assert len(checks.shown("x" * 1000)) == 80
    assert checks.shown(Nameless()) == "a value of Nameless"
    assert "int" in checks.shown(10**5000)


def test_errors_of_an_iterator_are_its_own():
    def broken():
        yield 1
        raise TypeError("mine")

    with pytest.raises(TypeError, match=r"^mine$"):
        checks.items("runs", broken())
