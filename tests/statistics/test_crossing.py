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
        found = crossing(x, curves[0], errors, curves[1], errors)
        pulls.append((found.mean - 0.1) / found.stderr)
    assert 0.85 < np.std(pulls) < 1.2
    assert abs(np.mean(pulls)) < 0.3


def test_a_polynomial_that_fits():
    x, small = np.linspace(-1, 1, 9), np.full(9, 1e-6)
    cubic = (x - 0.2) * (1 + (x - 0.3) ** 2)
    assert crossing(x, cubic, small, 0 * x, small).mean == pytest.approx(0.2, abs=1e-5)
    assert abs(crossing(x, cubic, small, 0 * x, small, degree=1).mean - 0.2) > 0.01


def test_no_crossing_and_several():
    x, small = np.linspace(0, 1, 5), np.full(5, 0.01)
    assert np.isnan(crossing(x, x + 1, small, 0 * x, small).mean)
    assert np.isnan(crossing(x, (x - 0.3) * (x - 0.7), small / 100, 0 * x, small / 100).mean)


@pytest.mark.parametrize(
    ("x", "stderr", "message"),
    [([0, 1, 2], [1, 1, 0], "errors above 0"), ([1, 1, 1], [1, 1, 1], "two places"), ([0, 1], [1, 1, 1], "one shape")],
)
def test_bad_input(x, stderr, message):
    with pytest.raises(ValueError, match=message):
        crossing(x, [0, 1, 2], stderr, [2, 1, 0], [0, 0, 0])
