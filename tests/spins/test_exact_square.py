"""Onsager's and Yang's infinite lattice: against each other, expansions, transfer matrices and published values."""

import math

import numpy as np
import pytest

from rgrbm.spins import exact

J_C = exact.CRITICAL_COUPLING
# On both sides of where the way of computing changes, t = 0.2, and near the critical point.
COUPLINGS = [0.05, 0.2027, 0.2028, 0.3, 0.43, 0.4406, 0.4407, 0.46, 0.6, 0.8047, 0.8048, 1.5]


def test_onsager_at_the_critical_point():
    assert exact.square_mean_energy_per_site(J_C) / J_C == pytest.approx(-math.sqrt(2), rel=1e-14)
    catalan = 0.915965594177219
    assert exact.square_free_energy_per_site(J_C) == pytest.approx(-math.log(2) / 2 - 2 * catalan / math.pi, rel=1e-13)
    assert exact.square_specific_heat(J_C) == math.inf
    assert exact.square_correlation_length(J_C) == math.inf


@pytest.mark.parametrize("J", COUPLINGS)
def test_derivatives_are_those_of_the_free_energy(J):
    h = 1e-4 * min(1, 100 * abs(J - J_C))
    f, u = exact.square_free_energy_per_site, lambda K: exact.square_mean_energy_per_site(K) / K
    assert exact.square_mean_energy_per_site(J) == pytest.approx(J * (f(J + h) - f(J - h)) / (2 * h), rel=3e-6)
    assert exact.square_specific_heat(J) == pytest.approx(-(J**2) * (u(J + h) - u(J - h)) / (2 * h), rel=3e-4)


@pytest.mark.parametrize("t", [0.2 - 1e-12, 0.2 + 1e-12])
def test_both_ways_agree(t):
    for J in (math.atanh(t), -math.log(t) / 2):
        near = J + 3e-12
        for function in (
            exact.square_free_energy_per_site,
            exact.square_mean_energy_per_site,
            exact.square_specific_heat,
        ):
            assert function(J) == pytest.approx(function(near), rel=1e-10)


@pytest.mark.parametrize("J", [1e-120, 1e-9, 1e-3])
def test_high_temperature(J):
    # ln Z/N = ln 2 + 2 ln cosh J + t⁴ + 2t⁶ + …
    t = math.tanh(J)
    assert exact.square_free_energy_per_site(J) == pytest.approx(-math.log(2) - J**2, abs=1e-12)
    assert exact.square_mean_energy_per_site(J) == pytest.approx(-J * (2 * t + 4 * t**3), rel=1e-11)
    assert exact.square_specific_heat(J) == pytest.approx(J**2 * (2 + 10 * t**2), rel=1e-10)


@pytest.mark.parametrize("J", [4.0, 50.0, 1e4])
def test_low_temperature(J):
    # ln Z/N = 2J + z⁴ + 2z⁶ + …, z = e^(−2J)
    z = math.exp(-2 * J)
    assert exact.square_free_energy_per_site(J) == pytest.approx(-2 * J - z**4, rel=1e-15)
    assert exact.square_mean_energy_per_site(J) == pytest.approx(-J * (2 - 8 * z**4), rel=1e-15)
    assert exact.square_specific_heat(J) == pytest.approx(64 * J**2 * z**4, rel=1e-3, abs=1e-14 * (J * z) ** 2)


def test_the_sign_of_the_coupling():
    for J in COUPLINGS:
        for function in (
            exact.square_free_energy_per_site,
            exact.square_mean_energy_per_site,
            exact.square_specific_heat,
            exact.square_correlation_length,
        ):
            assert function(J) == function(-J)
        assert exact.square_magnetization(-J) == 0


def test_no_coupling():
    assert exact.square_free_energy_per_site(0.0) == pytest.approx(-math.log(2))
    assert (
        exact.square_mean_energy_per_site(0.0)
        == exact.square_specific_heat(0.0)
        == exact.square_correlation_length(0.0)
        == 0
    )


def test_magnetization():
    # Its low-temperature series, 1 − 2u² − 8u³ − 34u⁴ − 152u⁵ − …, u = e^(−4J)
    u = math.exp(-4 * 2.0)
    assert exact.square_magnetization(2.0) == pytest.approx(1 - 2 * u**2 - 8 * u**3 - 34 * u**4 - 152 * u**5, abs=1e-15)
    assert exact.square_magnetization(1e4) == 1
    assert exact.square_magnetization(J_C) == 0
    # The exponent ⅛
    ratio = exact.square_magnetization(J_C + 1e-6) / exact.square_magnetization(J_C + 1e-8)
    assert ratio == pytest.approx(100**0.125, rel=1e-5)


def transfer_matrix_levels(J, n):
    """−ln λ of the largest eigenvalues, relative to the first, of a strip of n spins across, periodic."""
    states = 1 - 2 * ((np.arange(2**n)[:, None] >> np.arange(n)) & 1)
    half = np.exp(J / 2 * (states * np.roll(states, 1, 1)).sum(1))
    values = np.linalg.eigvalsh(half[:, None] * np.exp(J * states @ states.T) * half)[::-1][:4]
    return -np.log(values / values[0])


def test_correlation_length_is_the_gap_of_transfer_matrices():
    # Disordered: it is reached as e^(−n/ξ).
    assert transfer_matrix_levels(0.2, 10)[1] == pytest.approx(1 / exact.square_correlation_length(0.2), rel=1e-5)
    # Ordered: two walls, of momenta ±π/n: as 1/n², then 1/n⁴. The second level only shows two phases.
    gaps = [transfer_matrix_levels(0.8, n)[2] for n in (6, 8, 10)]
    fit = np.linalg.solve([[1, n**-2.0, n**-4.0] for n in (6, 8, 10)], gaps)
    assert fit[0] == pytest.approx(1 / exact.square_correlation_length(0.8), rel=2e-3)


def test_bad_input():
    for function in (
        exact.square_free_energy_per_site,
        exact.square_mean_energy_per_site,
        exact.square_specific_heat,
        exact.square_magnetization,
        exact.square_correlation_length,
    ):
        with pytest.raises(ValueError, match="J must be finite"):
            function(math.nan)
        with pytest.raises(TypeError, match="J must be a number"):
            function("0.4")
