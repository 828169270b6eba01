"""Closed forms against enumeration of all configurations."""

import itertools
import math

import numpy as np
import pytest

from rgrbm.spins import exact

COUPLINGS = [-1.3, -0.2, 0.0, 0.2, exact.CRITICAL_COUPLING, 0.6, 2.0]


def enumerate_torus(J, rows, columns):
    """ln Z, ⟨H⟩ and ⟨s₀ sₓ⟩ along the first row by summing over all states; sides of 2 have double bonds."""
    spins = np.array(list(itertools.product((-1, 1), repeat=rows * columns))).reshape(-1, rows, columns)
    bonds = (spins * np.roll(spins, 1, 2)).sum((1, 2))
    if rows > 1:
        bonds = bonds + (spins * np.roll(spins, 1, 1)).sum((1, 2))
    energy = -J * bonds
    weight = np.exp(-(energy - energy.min()))
    weight /= (total := weight.sum())
    correlation = np.einsum("n,nx->x", weight, spins[:, 0, :1] * spins[:, 0, :])
    return math.log(total) - energy.min(), weight @ energy, correlation


@pytest.mark.parametrize("J", COUPLINGS)
@pytest.mark.parametrize("n", [2, 3, 4, 7, 10])
def test_ring(J, n):
    log_z, energy, correlation = enumerate_torus(J, 1, n)
    assert exact.ring_log_z(J, n) == pytest.approx(log_z, rel=1e-13)
    assert exact.ring_mean_energy(J, n) == pytest.approx(energy, rel=1e-12, abs=1e-13)
    np.testing.assert_allclose(exact.ring_correlation(J, n, n - 1), correlation, atol=1e-13)


@pytest.mark.parametrize("J", COUPLINGS)
@pytest.mark.parametrize("sides", [(2, 2), (2, 4), (4, 3), (3, 3), (4, 4)])
def test_torus(J, sides):
    if J < 0 and (sides[0] % 2 or sides[1] % 2):
        with pytest.raises(ValueError, match="even sides only"):
            exact.torus_log_z(J, *sides)
        return
    log_z, energy, _ = enumerate_torus(J, *sides)
    assert exact.torus_log_z(J, *sides) == pytest.approx(log_z, rel=1e-13)
    assert exact.torus_mean_energy(J, *sides) == pytest.approx(energy, rel=1e-11, abs=1e-13)


@pytest.mark.parametrize("J", [0.3, exact.CRITICAL_COUPLING, 0.5])
def test_large_torus_approaches_the_infinite_lattice(J):
    # Away from J_c corrections fall off exponentially, at J_c as 1/L² (free energy) and 1/L (energy).
    free = exact.torus_log_z(J, 200, 200) / 200**2
    energy = exact.torus_mean_energy(J, 200, 200) / 200**2
    assert free == pytest.approx(-exact.square_free_energy(J), abs=3e-5)
    assert energy == pytest.approx(exact.square_mean_energy(J), abs=2e-3 if J == exact.CRITICAL_COUPLING else 1e-7)


def test_onsager_at_the_critical_point():
    assert exact.square_mean_energy(exact.CRITICAL_COUPLING) / exact.CRITICAL_COUPLING == pytest.approx(-math.sqrt(2))
    catalan = 0.915965594177219
    assert exact.square_free_energy(exact.CRITICAL_COUPLING) == pytest.approx(-math.log(2) / 2 - 2 * catalan / math.pi)


@pytest.mark.parametrize("J", [1e-8, 50.0, 1e4, -1e4])
def test_extreme_couplings_do_not_overflow(J):
    assert math.isfinite(exact.ring_log_z(J, 64))
    assert math.isfinite(exact.torus_log_z(J, 64, 64))
    assert math.isfinite(exact.torus_mean_energy(J, 64, 64))
    assert exact.ring_correlation_length(J) > 0


def test_large_couplings_reach_the_ground_state():
    assert exact.torus_log_z(300.0, 8, 8) == pytest.approx(2 * 64 * 300 + math.log(2), rel=1e-15)
    assert exact.ring_log_z(300.0, 8) == pytest.approx(8 * 300 + math.log(2), rel=1e-15)


def test_antiferromagnet_on_an_odd_ring_at_zero_temperature():
    np.testing.assert_allclose(exact.ring_correlation(-40.0, 5, 2), enumerate_torus(-40.0, 1, 5)[2][:3], atol=1e-13)
