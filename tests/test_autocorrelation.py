"""Integrated autocorrelation times against autoregressive series, whose times are known."""

import numpy as np
import pytest

from rgrbm.autocorrelation import autocorrelation_function, integrated_autocorrelation_time


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
    found = integrated_autocorrelation_time(autoregressive(phi, n_steps, n_chains, seed=0))
    # Sokal: relative error √(2(2W + 1)/n) ≈ √(4·window/n); 4 of them, and e^(−6) that the window leaves out.
    error = 4 * np.sqrt(2 * (2 * found.window + 1) / (n_steps * n_chains))
    assert found.tau_int == pytest.approx(tau, rel=error + 0.02)
    assert found.reliable


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
    assert integrated_autocorrelation_time(np.full(100, 3.0)).tau_int == 0.5


@pytest.mark.parametrize("series", [1.0, [], [1.0]])
def test_too_short_for_a_time(series):
    with pytest.raises(ValueError, match="at least two steps"):
        integrated_autocorrelation_time(series)
