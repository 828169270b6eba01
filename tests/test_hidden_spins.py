"""Correlation of hidden spins: exact decimation with what a trained machine does to it, signs, order and noise."""

import numpy as np
import pytest

import rgrbm
from rgrbm.hidden_spins import dominant_visible, filter_positions, hidden_correlation, sort_by_position

N, N_SAMPLES, J = 64, 20_000, 1.0
J_RENORMALIZED = rgrbm.decimate(J).J


@pytest.fixture(scope="module")
def decimated():
    """Every other spin of exact samples, with signs and order as a machine might have learned them."""
    spins = rgrbm.IsingModel((N,), J).sample(N_SAMPLES, method="exact", seed=0)
    rng = np.random.default_rng(1)
    order, sign = rng.permutation(N // 2), rng.choice([-1, 1], size=N // 2)
    weights = np.zeros((N, N // 2))
    weights[2 * order, np.arange(N // 2)] = 4.0 * sign
    weights[(2 * order + 1) % N, np.arange(N // 2)] = 1.5 * sign
    return spins[:, 2 * order] * sign, weights


def test_signs_and_order_are_undone(decimated):
    hidden, weights = decimated
    found = hidden_correlation(hidden, weights)
    # Errors at different distances are correlated; one of 16 beyond 4.5 standard errors: below 1.1e-4.
    for distance in range(2, N // 2 + 1, 2):
        exact = rgrbm.IsingModel((N // 2,), J_RENORMALIZED).correlation(N // 4)[distance // 2]
        assert abs(found.correlation[distance] - exact) < 4.5 * found.stderr[distance]
        assert found.n_pairs[distance] == (N // 2 if distance < N // 2 else N // 4)
    assert np.all(found.n_pairs[1::2] == 0)
    assert np.all(np.isnan(found.correlation[1::2]))
    assert found.n_unique == N // 2
    assert abs(found.J - J_RENORMALIZED) < 4 * found.J_stderr  # 6e-5
    assert found.J_stderr < 0.005
    assert found.amplitude == pytest.approx(1, abs=0.02)


def test_noise_lowers_the_amplitude_and_not_the_coupling(decimated):
    hidden, weights = decimated
    flips = np.random.default_rng(2).random(hidden.shape) < 0.1
    found = hidden_correlation(np.where(flips, -hidden, hidden), weights)
    assert found.amplitude == pytest.approx(0.8**2, abs=0.03)
    assert abs(found.J - J_RENORMALIZED) < 4 * found.J_stderr  # 6e-5


def test_without_alignment_nothing_is_left(decimated):
    hidden, weights = decimated
    found = hidden_correlation(hidden, np.abs(weights))
    assert abs(found.correlation[2]) < 0.4  # aligned: 0.58


def test_errors_are_those_of_repetitions():
    # Spread of 60 repetitions against the mean jackknife error: the ratio has a standard error of 9%.
    values, errors = [], []
    for seed in range(60):
        spins = rgrbm.IsingModel((N,), J).sample(400, method="exact", seed=seed)
        found = hidden_correlation(spins[:, ::2], np.eye(N)[:, ::2])
        values.append(found.correlation[2])
        errors.append(found.stderr[2])
    assert np.std(values) / np.mean(errors) == pytest.approx(1, abs=0.4)


def test_units_in_one_place_are_counted():
    weights = np.eye(8)[:, [0, 2, 4, 4]]
    spins = np.random.default_rng(0).choice([-1, 1], size=(50, 4))
    found = hidden_correlation(spins, weights)
    assert found.n_unique == 3
    assert found.n_pairs[0] == 1
    assert np.isnan(found.J)


def test_positions_on_the_ring():
    weights = np.zeros((8, 3))
    weights[[7, 0, 1], 0] = -1, -3, -1  # around 0
    weights[[3, 4], 1] = 2  # between 3 and 4
    weights[6, 2] = 1
    np.testing.assert_array_equal(dominant_visible(weights), [0, 3, 6])
    np.testing.assert_allclose(np.minimum(filter_positions(weights), 8 - filter_positions(weights)), [0, 3.5, 2])
    ordered = sort_by_position(weights)
    assert ordered.shape == weights.shape
    assert np.all(np.diff(filter_positions(ordered) % 7.999) > 0)


@pytest.mark.parametrize(
    ("spins", "weights", "error"),
    [
        (np.ones((5, 3)), np.ones((6, 4)), "got"),
        (np.ones(5), np.ones((6, 5)), "got"),
        (np.ones((1, 3)), np.ones((6, 3)), "at least two samples, got 1"),
    ],
)
def test_shapes_must_fit(spins, weights, error):
    with pytest.raises(ValueError, match=error):
        hidden_correlation(spins, weights)
