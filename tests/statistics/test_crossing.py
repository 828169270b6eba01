"""Crossings of curves against curves whose crossing is known. Seeds are fixed."""

import numpy as np
import pytest

from rgrbm.statistics import crossing


def test_error_bars_are_true():
    """Sigmoids of two widths cross at 0.1; pulls over 200 draws of the points' errors have a standard deviation of 1.

    It leaves [0.85, 1.2] of a right program once in 500.
    """
    x = np.linspace(-1, 1, 9)
    rng = np.random.default_rng(3)
    pulls = []
    for _ in range(200):
        curves = [np.tanh(slope * (x - 0.1)) + 0.02 * rng.standard_normal(9) for slope in (1.0, 3.0)]
        errors = np.full(9, 0.02)
        crossing_point = crossing(x, *(np.column_stack([curve, errors]) for curve in curves))
        pulls.append((crossing_point.mean - 0.1) / crossing_point.stderr)
    assert 0.85 < np.std(pulls) < 1.2
    assert abs(np.mean(pulls)) < 0.3


def curve(values, stderr):
    return np.column_stack([values, stderr])


def test_a_polynomial_that_fits():
    x, small = np.linspace(-1, 1, 9), np.full(9, 1e-6)
    cubic = (x - 0.2) * (1 + (x - 0.3) ** 2)
    assert crossing(x, curve(cubic, small), curve(0 * x, small)).mean == pytest.approx(0.2, abs=1e-5)
    assert abs(crossing(x, curve(cubic, small), curve(0 * x, small), degree=1).mean - 0.2) > 0.01


def test_no_crossing_and_several():
    x, small = np.linspace(0, 1, 5), np.full(5, 0.01)
    assert np.isnan(crossing(x, curve(x + 1, small), curve(0 * x, small)).mean)
    assert np.isnan(crossing(x, curve((x - 0.3) * (x - 0.7), small / 100), curve(0 * x, small / 100)).mean)


@pytest.mark.parametrize(
    ("x", "stderr", "message"),
    [
        ([0, 1, 2], [1, 1, 0], "errors above 0, got 0"),
        ([1, 1, 1], [1, 1, 1], "two different points"),
        ([0, 1], [1, 1, 1], r"got shapes \(2,\), \(3, 2\) and \(3, 2\)"),
    ],
)
def test_bad_input(x, stderr, message):
    with pytest.raises(ValueError, match=message):
        crossing(x, curve([0, 1, 2], stderr), curve([2, 1, 0], [0, 0, 0]))


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_values_and_errors_must_be_finite(wrong):
    good = curve([2, 1, 0], [0.1, 0.1, 0.1])
    for curves in ((curve([0, wrong, 2], [0.1] * 3), good), (good, curve([0, 1, 2], [0.1, 0.1, wrong]))):
        with pytest.raises(ValueError, match="expected finite points, values and standard errors"):
            crossing([0, 1, 2], *curves)


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        ({"x": ["a", "b", "c"]}, TypeError, "x must be real numbers"),
        ({"x": [0, 1j, 2]}, TypeError, "x must be real numbers"),
        ({"first": [[0, 1], [2]]}, ValueError, "first must be real numbers in rows of one length"),
        ({"second": np.ma.masked_less(curve([2, 1, 0], [1, 1, 1]), 1)}, ValueError, "second must not have masked"),
        ({"degree": 1.0}, TypeError, "degree must be an integer, got 1.0"),
        ({"degree": -1}, ValueError, "degree must not be negative"),
        ({"seed": 0.5}, TypeError, "seed must be an int"),
        ({"seed": -1}, ValueError, "seed must not be negative"),
    ],
)
def test_arguments_of_another_kind(wrong, error, message):
    right = {"x": [0, 1, 2], "first": curve([0, 1, 2], [1, 1, 1]), "second": curve([2, 1, 0], [1, 1, 1])}
    with pytest.raises(error, match=message):
        crossing(**{**right, **wrong})


def test_the_seed_names_numpy_s_own_stream():
    curves = curve([0, 1, 2], [0.1] * 3), curve([2, 1, 0], [0.1] * 3)
    assert crossing([0, 1, 2], *curves, seed=7) == crossing([0, 1, 2], *curves, seed=np.random.SeedSequence(7))
