"""Integrated autocorrelation times against autoregressive series, whose times are known."""

import numpy as np
import pytest

from rgrbm.statistics.autocorrelation import autocorrelation_function, integrated_autocorrelation_time


def autoregressive(phi, n_steps, n_chains, seed):
    """x' = φ x + noise, started in equilibrium: ρ(t) = φᵗ and τ_int = ½ (1 + φ)/(1 − φ)."""
    noise = np.random.default_rng(seed).normal(size=(n_steps, n_chains))
    x = np.empty_like(noise)
    x[0] = noise[0] / np.sqrt(1 - phi**2)
    for t in range(1, n_steps):
        x[t] = phi * x[t - 1] + noise[t]
    return x


@pytest.mark.parametrize("phi", [0.0, 0.3, 0.9, 0.97])
def test_autoregressive_series(phi):
    tau = 0.5 * (1 + phi) / (1 - phi)
    n_steps, n_chains = 4000, 20
    time = integrated_autocorrelation_time(autoregressive(phi, n_steps, n_chains, seed=0))
    # Sokal: relative error √(2(2W + 1)/n) ≈ √(4·window/n); 4 of them, and e^(−6) that the window leaves out.
    error = 4 * np.sqrt(2 * (2 * time.window + 1) / (n_steps * n_chains))
    assert time.tau_int == pytest.approx(tau, rel=error + 0.02)
    assert time.reliable


def test_errors_are_as_sokal_says():
    # 100 series: z has standard deviation 1 ± 0.07 to first order in the error; 5 of these are allowed.
    phi, n_steps = 0.8, 5000
    times = [integrated_autocorrelation_time(autoregressive(phi, n_steps, 1, seed)) for seed in range(100)]
    relative = np.array([time.tau_int for time in times]) / (0.5 * (1 + phi) / (1 - phi)) - 1
    expected = np.sqrt(2 * (2 * np.mean([time.window for time in times]) + 1) / n_steps)
    assert np.std(relative) / expected == pytest.approx(1, abs=0.35)


def test_autocorrelation_function():
    rho = autocorrelation_function(autoregressive(0.5, 20_000, 50, seed=1))
    assert rho[0] == 1
    np.testing.assert_allclose(rho[:8], 0.5 ** np.arange(8), atol=0.01)  # 8 standard errors of about 0.0013


def test_a_short_series_is_not_reliable():
    assert not integrated_autocorrelation_time(autoregressive(0.97, 200, 1, seed=0)).reliable


def test_a_constant_series():
    np.testing.assert_array_equal(autocorrelation_function(np.ones(5)), [1, 0, 0, 0, 0])


def assert_unresolved(result):
    assert np.isnan(result.tau_int)
    assert result.window == 0
    assert result.reliable is False


@pytest.mark.parametrize("series", [1.0, [], [1.0]])
def test_too_short_for_a_time(series):
    with pytest.raises(ValueError, match="at least two steps"):
        integrated_autocorrelation_time(series)


@pytest.mark.parametrize("n_chains", [1, 3])
def test_autocorrelation_function_against_plain_sums(n_chains):
    x = np.random.default_rng(0).normal(5, 2, size=(31, n_chains))
    y = x - x.mean()  # chains share their mean
    covariance = [np.mean([np.mean(y[: 31 - t, c] * y[t:, c]) for c in range(n_chains)]) for t in range(31)]
    correlations = autocorrelation_function(x if n_chains > 1 else x[:, 0])
    np.testing.assert_allclose(correlations, np.array(covariance) / covariance[0], atol=1e-13)


def test_the_window_is_the_first_lag_of_six_times_the_sum():
    x = autoregressive(0.8, 3000, 4, seed=2)
    time = integrated_autocorrelation_time(x)
    tau = 0.5 + np.concatenate([[0], np.cumsum(autocorrelation_function(x)[1:])])
    assert time.tau_int == tau[time.window]
    assert time.window >= 6 * tau[time.window]
    assert np.all(np.arange(time.window) < 6 * tau[: time.window])


@pytest.mark.parametrize("phi", [0.0, 0.5, 0.9])
def test_no_bias_over_many_seeds(phi):
    # Mean of 100 series within 5 of its standard errors (one in a million fails), beside what the window leaves out,
    # at most e^(−6)/(1 − φ) ≈ e^(−6) 2τ.
    tau = 0.5 * (1 + phi) / (1 - phi)
    series = (autoregressive(phi, 2000, 10, seed) for seed in range(100))
    times = np.array([integrated_autocorrelation_time(x).tau_int for x in series])
    assert abs(times.mean() - tau) < 5 * times.std(ddof=1) / 10 + 2 * tau * np.exp(-6)


def test_scale_and_origin_do_not_matter():
    x = autoregressive(0.7, 2000, 2, seed=3)
    result, other = integrated_autocorrelation_time(x), integrated_autocorrelation_time(1e3 - 1e-2 * x)
    assert other.tau_int == pytest.approx(result.tau_int, rel=1e-8)
    assert other.window == result.window


def test_time_is_not_below_that_of_independent_values():
    # Anticorrelated: ½ (1 − 0.6)/(1 + 0.6) = 0.125 would promise more values than there are.
    # AR(1) with φ = −0.9 has 0.026.
    for phi in (-0.6, -0.9):
        assert integrated_autocorrelation_time(autoregressive(phi, 5000, 4, seed=4)).tau_int == 0.5


@pytest.mark.parametrize("value", [0.0, 0.1, -1 / 3, 1e-9, 1e9 + 0.1])
def test_constants_that_are_not_their_own_rounded_mean(value):
    assert_unresolved(integrated_autocorrelation_time(np.full((1000, 3), value)))


@pytest.mark.parametrize("shape", [(2,), (50,), (1000,), (2, 1), (50, 1), (50, 512)])
@pytest.mark.parametrize("value", [0.0, -1.0, 1, 0.3, True])
def test_constant_chains_have_no_time(shape, value):
    assert_unresolved(integrated_autocorrelation_time(np.full(shape, value)))


@pytest.mark.parametrize("n_steps", [2, 10, 500])
@pytest.mark.parametrize("states", [(1.0, -1.0), (0.1, 0.1, 0.1 + 1e-9), (1, 1, 1, 1, 2), tuple(np.arange(40) / 7)])
def test_chains_stuck_in_different_states_are_not_reliable(n_steps, states):
    # Each chain is constant and they differ: ρ(t) = 1 up to the last lag.
    time = integrated_autocorrelation_time(np.tile(states, (n_steps, 1)))
    assert not time.reliable
    assert time.tau_int == pytest.approx(n_steps - 0.5)


def test_one_change_in_a_long_series_is_a_time():
    # A step in the middle of a single chain: a time of the order of the length, which it does not resolve.
    time = integrated_autocorrelation_time(np.repeat([0.0, 1.0], 500))
    assert time.tau_int > 50
    assert not time.reliable


def test_integers_and_booleans_are_numbers():
    x = np.random.default_rng(5).integers(0, 2, (300, 4))
    times = [integrated_autocorrelation_time(x.astype(kind)) for kind in (np.int64, np.int8, bool, np.float64)]
    assert len(set(times)) == 1


def test_a_series_with_a_nan_is_not_reliable():
    x = np.random.default_rng(6).normal(size=(100, 3))
    x[7, 1] = np.nan
    time = integrated_autocorrelation_time(x)
    assert np.isnan(time.tau_int)
    assert not time.reliable


def test_slow_modes_of_small_weight_are_cut():
    # ρ(t) = 0.99·0.5ᵗ + 0.01·0.995ᵗ: τ = ½ + 0.99 + 0.01·199 = 3.48; the window ends before the second sum does.
    fast, slow = (autoregressive(phi, 4000, 200, seed=7) * np.sqrt(1 - phi**2) for phi in (0.5, 0.995))
    time = integrated_autocorrelation_time(np.sqrt(0.99) * fast + 0.1 * slow)
    assert 1.5 < time.tau_int < 2.4
    assert time.reliable


@pytest.mark.parametrize("of", [autocorrelation_function, integrated_autocorrelation_time])
@pytest.mark.parametrize(
    ("series", "error", "message"),
    [
        (["a", "b"], TypeError, "series must be real numbers"),
        ([1j, 0], TypeError, "series must be real numbers"),
        ([[1, 2], [3]], ValueError, "in rows of one length"),
        ([10**400, 1], ValueError, "series must be real numbers"),
        (np.zeros((4, 0)), ValueError, "at least one step and one chain"),
        (np.ma.masked_array([1, 2], [0, 1]), ValueError, "must not have masked values, got 1"),
    ],
)
def test_what_is_no_series(of, series, error, message):
    with pytest.raises(error, match=message):
        of(series)
