"""Split R̂ against values known in closed form."""

import numpy as np
import pytest

from rgrbm.statistics import split_r_hat


def noise(n_steps, n_chains, seed):
    return np.random.default_rng(seed).normal(size=(n_steps, n_chains))


def test_independent_values_have_one():
    # R̂² − 1 = (B/W − 1)/n, and B/W has mean 1 and variance 2/(2m − 1) over the 2m halves. 5 standard deviations of
    # 50 runs together, and of the worst of them: a false alarm in 10,000.
    n_steps, n_chains, runs = 2000, 8, 50
    excess = np.array([split_r_hat(noise(n_steps, n_chains, seed)) ** 2 - 1 for seed in range(runs)]) * n_steps / 2
    deviation = np.sqrt(2 / (2 * n_chains - 1))
    assert abs(excess.mean()) < 5 * deviation / np.sqrt(runs)
    assert np.abs(excess).max() < 6 * deviation
    assert split_r_hat(noise(n_steps, n_chains, 0)) == pytest.approx(1, abs=0.002)


@pytest.mark.parametrize("shift", [0.1, 1.0, 10.0])
def test_shifted_chains_have_the_known_value(shift):
    # Means ±shift of unit noise, 2m halves: R̂² → 1 + shift² · 2m/(2m − 1). The mean of a half is off by 1/√n.
    n_steps, n_chains = 100_000, 4
    series = noise(n_steps, n_chains, 1) + shift * np.array([1, -1, 1, -1])
    expected = 1 + shift**2 * 8 / 7
    n = n_steps / 2
    # Of the variance of means: 2·shift·√(8/7)/√(7n) and what noise adds, 1/n; of W: shift²·√(2/(8n)). Five of each.
    error = 5 * (2 * shift / np.sqrt(n) + 1 / n + shift**2 / np.sqrt(4 * n))
    assert split_r_hat(series) ** 2 == pytest.approx(expected, abs=error)


def test_by_hand():
    # Halves (0, 2), (2, 4) and twice (1, 3): W = 2, means 1, 3, 2, 2 with variance 2/3, n = 2.
    assert split_r_hat([[0, 1], [2, 3], [2, 1], [4, 3]]) == pytest.approx(np.sqrt(1 / 2 + 1 / 3))
    # The middle one of five steps has no part.
    assert split_r_hat([[0, 1], [2, 3], [99, 99], [2, 1], [4, 3]]) == pytest.approx(np.sqrt(1 / 2 + 1 / 3))


def test_drift_of_a_single_chain_raises_r_hat():
    drift = noise(4000, 1, 2) + np.linspace(0, 10, 4000)[:, None]
    # Halves of slope 10/4000: within 1 + 5²/12, means 5 apart, variance 12.5.
    assert split_r_hat(drift) == pytest.approx(np.sqrt(1 + 12.5 / (1 + 25 / 12)), rel=0.03)


def test_constant_chains():
    assert split_r_hat(np.full((10, 3), 0.1)) == 1
    assert split_r_hat(np.tile([0.1, 0.1, 0.2], (10, 1))) == np.inf


@pytest.mark.parametrize(
    ("series", "message"),
    [
        (np.zeros(10), "shape"),
        (np.zeros((3, 2)), "at least 4 steps"),
        (np.zeros((4, 0)), "shape"),
        (np.full((4, 2), np.nan), "finite"),
    ],
)
def test_bad_input(series, message):
    with pytest.raises(ValueError, match=message):
        split_r_hat(series)


@pytest.mark.parametrize("series", [None, "text", np.ones((4, 2), dtype=complex), [["a", "b"]] * 4])
def test_no_numbers(series):
    with pytest.raises(TypeError, match="series must be real numbers"):
        split_r_hat(series)
