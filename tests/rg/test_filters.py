"""Places and windows of filters on a ring."""

import math

import numpy as np
import pytest

from rgrbm.rg.filters import dominant_visible, filter_positions, filter_signs, filter_windows, sort_by_position


def test_dominant_visible():
    w = np.array([[0.0, 3.0, -1.0], [-2.0, 3.0, 0.0], [1.0, -1.0, 0.5]])
    np.testing.assert_array_equal(dominant_visible(w), [1, 0, 0])  # the first of equal ones
    np.testing.assert_array_equal(dominant_visible(np.zeros((4, 2))), [0, 0])


def test_filter_positions_turn_with_the_ring():
    w = np.zeros((10, 4))
    w[3, 0] = -2.0  # one site, whatever its sign
    w[[9, 0, 1], 1] = 1, 3, 1  # around the seam
    w[[4, 5], 2] = 1, -1  # between two sites
    positions = filter_positions(w)
    assert positions[0] == pytest.approx(3)
    assert min(positions[1], 10 - positions[1]) == pytest.approx(0, abs=1e-12)
    assert positions[2] == pytest.approx(4.5)
    assert math.isnan(positions[3])
    shifted = filter_positions(np.roll(w, 4, axis=0))
    apart = (shifted - positions - 4 + 5) % 10 - 5
    np.testing.assert_allclose(apart[:3], 0, atol=1e-12)


def test_positions_are_sites_of_the_ring():
    # A centre that rounding puts just below 0 must not be reported as n_visible itself.
    for seed in range(200):
        w = np.zeros((8, 1))
        side = np.random.default_rng(seed).normal()
        w[[7, 0, 1], 0] = side, 1.0, side
        assert 0 <= filter_positions(w)[0] < 8


def test_sort_by_position():
    rng = np.random.default_rng(0)
    w = np.eye(64)[:, rng.permutation(64)[:20]]
    w[:, 7] = 0
    ordered = sort_by_position(w)
    positions = filter_positions(ordered)
    assert np.all(np.diff(positions[:-1]) > 0)
    assert math.isnan(positions[-1])  # filters without weights come last
    assert sorted(map(tuple, ordered.T)) == sorted(map(tuple, w.T))


def test_windows_hold_the_large_weights_and_what_is_between():
    w = np.zeros((10, 6))
    w[[2, 3, 4], 0] = 1, -3, 1
    w[[9, 0, 1], 1] = 1, 3, 0.4  # across the seam; the last is just seen
    w[[0, 2, 5], 2] = 1, 0.9, 0.8  # one site between is of the window, two are not
    w[7, 3] = -0.1
    w[:, 5] = 1  # all of the ring, either way
    left, right = filter_windows(w)
    np.testing.assert_array_equal(left, [1, 1, 0, 0, 0, 9])
    np.testing.assert_array_equal(right, [1, 1, 2, 0, 0, 9])


@pytest.mark.parametrize(
    "function", [dominant_visible, filter_positions, filter_signs, filter_windows, sort_by_position]
)
@pytest.mark.parametrize(
    ("weights", "error", "message"),
    [
        ("cd", TypeError, "weights must be real numbers"),
        ([[1j]], TypeError, "weights must be real numbers"),
        ([[1, 2], [3]], ValueError, "weights must be real numbers in rows of one length"),
        (np.ones(3), ValueError, r"weights must have shape \(any, any\), got \(3,\)"),
        (np.zeros((0, 4)), ValueError, "at least one visible unit"),
        (np.ma.masked_array(np.eye(3), mask=np.eye(3)), ValueError, "weights must not have masked values"),
    ],
)
def test_weights_that_are_none(function, weights, error, message):
    with pytest.raises(error, match=message):
        function(weights)
