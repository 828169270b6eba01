"""Kaufman's torus against sums over all states with 60 digits, and against limits and published values."""

import decimal
import math
import time

import numpy as np
import pytest

from exact_sums import COUPLINGS, SIGNED, enumerated, thermodynamics
from rgrbm import IsingModel
from rgrbm.spins import exact
from rgrbm.spins.exact.broken_bonds import broken_bond_counts

J_C = exact.CRITICAL_COUPLING


def torus(J, shape):
    """ln Z and energy of the whole lattice, specific heat per site."""
    energy = math.prod(shape) * exact.torus_mean_energy_per_site(J, *shape)
    return exact.torus_log_z(J, *shape), energy, exact.torus_specific_heat(J, *shape)


def assert_exact(result, expected):
    assert result[0] == pytest.approx(expected[0], rel=1e-15)
    assert result[1] == pytest.approx(expected[1], rel=4e-14)
    # Of frustrated ground states ∂² ln Z/∂J² is left from what cancels, 0 to 10⁻¹³ and less; J² multiplies it.
    assert result[2] == pytest.approx(expected[2], rel=2e-12, abs=5e-11)


@pytest.mark.parametrize(
    "shape", [(2, 2), (2, 3), (3, 2), (2, 4), (2, 7), (3, 3), (3, 4), (4, 3), (4, 4), (3, 5), (5, 3), (4, 5), (3, 7)]
)
def test_against_enumeration(shape):
    states = enumerated(shape)
    for J in SIGNED:
        assert_exact(torus(J, shape), thermodynamics(*states, J, math.prod(shape)))


@pytest.mark.parametrize(
    "shape", [(15, 15), (9, 15), (15, 9), (7, 14), (14, 7), (12, 16), (3, 41), (41, 3), (3, 151), (5, 99)]
)
def test_against_the_density_of_states(shape):
    # Exact integers, which hold for both signs of J, of walls that wind around odd sides, and of any coupling.
    states = exact.density_of_states(shape)
    for J in SIGNED:
        assert_exact(torus(J, shape), thermodynamics(states.bond_sums, states.counts, J, math.prod(shape)))


@pytest.mark.parametrize("shape", [(64, 64), (63, 64), (63, 61), (1023, 3)])
@pytest.mark.parametrize("J", [0.1, 0.43, J_C, 0.45, 0.6, -0.1, -0.43, -J_C, -0.45, -0.6])
def test_derivatives_are_those_of_log_z(shape, J):
    h, n = 2e-5, math.prod(shape)
    _, energy, heat = torus(J, shape)
    ahead, behind = torus(J + h, shape), torus(J - h, shape)
    assert energy == pytest.approx(-J * (ahead[0] - behind[0]) / (2 * h), rel=1e-6)
    slope = (ahead[1] / (J + h) - behind[1] / (J - h)) / (2 * h)
    assert heat == pytest.approx(-(J**2) * slope / n, rel=1e-6)


def test_nothing_jumps_where_the_zero_mode_changes_its_sign():
    for shape in ((8, 8), (7, 9), (256, 256)):
        for sign in (1, -1):
            at = np.array([torus(sign * J_C * (1 + x), shape) for x in (-1e-13, 0.0, 1e-13)])
            np.testing.assert_allclose(at, np.broadcast_to(at[1], (3, 3)), rtol=1e-11)


@pytest.mark.parametrize("J", [0.3, 0.42, 0.46, 0.6, 1.0, 1e-9, 50.0, -0.3, -0.5])
def test_1024_by_1024_is_the_infinite_lattice(J):
    log_z, energy, heat = torus(J, (1024, 1024))
    # e^(−1024/ξ) of it is that of the torus; the ordered one has two phases.
    two = math.log(2) if abs(J) > J_C else 0
    assert (log_z - two) / 2**20 == pytest.approx(-exact.square_free_energy_per_site(J), rel=1e-13)
    assert energy / 2**20 == pytest.approx(exact.square_mean_energy_per_site(J), rel=1e-12)
    assert heat == pytest.approx(exact.square_specific_heat(J), rel=1e-10)


@pytest.mark.parametrize("ratio", [1, 2, 3])
def test_ferdinand_and_fisher_at_the_critical_point(ratio):
    # Phys. Rev. 185, 832 (1969): energy and specific heat of n × ratio·n at T_c, up to O(1/n²) and O(1/n).
    q = math.exp(-math.pi * ratio)
    k = np.arange(1, 30)
    theta = [
        2 * sum(q ** ((j + 0.5) ** 2) for j in range(30)),
        1 + 2 * (q**k**2).sum(),
        1 + 2 * ((-1) ** k * q**k**2).sum(),
    ]
    P, entropy = math.prod(theta) / sum(theta), sum(x * math.log(x) for x in theta) / sum(theta)
    constant = 8 / math.pi * J_C**2 * (math.log(2**2.5 / math.pi) + np.euler_gamma - math.pi / 4)
    constant -= 16 * J_C**2 * (ratio * P**2 / 4 + entropy / math.pi)
    n = 512
    energy = -exact.torus_mean_energy_per_site(J_C, n, ratio * n) / J_C
    assert n * (energy - math.sqrt(2)) == pytest.approx(2 * P, abs=1e-4)
    rest = [exact.torus_specific_heat(J_C, s, ratio * s) - 8 / math.pi * J_C**2 * math.log(s) for s in (n, n // 2)]
    assert 2 * rest[0] - rest[1] == pytest.approx(constant, abs=1e-5)


@pytest.mark.parametrize("shape", [(1023, 1023), (1021, 1023), (31, 1001), (1001, 31), (5, 3)])
def test_ground_states_of_two_odd_sides(shape):
    # Each row and column has one broken bond: a staircase around both sides, of which there are
    # n m (n + m − 1)!/(n! m!) upwards and as many downwards; a straight cross, at n m places, is both.
    n, m = shape
    log_stairs = math.log(2 * n * m) + math.lgamma(n + m) - math.lgamma(n + 1) - math.lgamma(m + 1)
    log_count = math.log(2) + log_stairs + math.log1p(-math.exp(math.log(n * m) - log_stairs))
    for J in (-50.0, -1000.0):
        ground = 2 * n * m - 2 * (n + m)
        assert exact.torus_log_z(J, n, m) == pytest.approx(-J * ground + log_count, rel=1e-15)
        assert exact.torus_log_z(J, n, m) + J * ground == pytest.approx(log_count, abs=1e-15 * abs(J) * n * m)
        assert n * m * exact.torus_mean_energy_per_site(J, n, m) == pytest.approx(J * ground, rel=1e-13)


@pytest.mark.parametrize("shape", [(64, 64), (63, 64), (63, 65), (2, 3)])
@pytest.mark.parametrize("J", [5e-324, 1e-300, 1e-101, 1e-9, 150.5, 1e4, 1e300])
def test_extreme_couplings(J, shape):
    for signed in (J, -J):
        log_z, energy, heat = torus(signed, shape)
        assert math.isfinite(log_z)
        assert heat >= 0
        if J < 1e-8:
            assert log_z == pytest.approx(math.prod(shape) * math.log(2), rel=1e-15)
            if J > 1e-150:  # ln Z = N ln 2 + J²/2 Σ (bonds between two sites)²
                pairs = math.prod(shape) * sum(2 if side == 2 else 1 for side in shape)
                assert energy == pytest.approx(-(J**2) * pairs, rel=1e-7)
        elif signed > 0:
            assert energy == -2 * J * math.prod(shape)


def test_without_coupling():
    assert torus(0.0, (3, 4)) == (pytest.approx(12 * math.log(2)), 0, 0)


def test_sides_are_alike():
    for J in COUPLINGS[2:12]:
        for sign in (1, -1):
            for shape in ((6, 8), (5, 8), (5, 7)):
                assert torus(sign * J, shape) == pytest.approx(torus(sign * J, shape[::-1]), rel=1e-13)


@pytest.mark.parametrize("shape", [(3, 3), (7, 3), (5, 7), (9, 11), (3, 31), (3, 101)])
def test_specific_heat_of_frustrated_tori_at_low_temperature(shape):
    # The variance of Σ s s′ falls as e^(−4|J|); that of exact counts, in 200 digits.
    counts, n_bonds = broken_bond_counts(*shape), 2 * shape[0] * shape[1]
    with decimal.localcontext(prec=200):
        for J in (-3.0, -4.9, -5.1, -7.0, -10.0, -20.0, -100.0):
            weights = [count * (decimal.Decimal(J) * (n_bonds - 2 * k)).exp() for k, count in enumerate(counts)]
            sums = [n_bonds - 2 * k for k in range(n_bonds + 1)]
            z = sum(weights)
            mean = sum(w * s for w, s in zip(weights, sums, strict=True)) / z
            variance = sum(w * (s - mean) ** 2 for w, s in zip(weights, sums, strict=True)) / z
            expected = float(variance * decimal.Decimal(J) ** 2 / (shape[0] * shape[1]))
            assert exact.torus_specific_heat(J, *shape) == pytest.approx(expected, rel=1e-5, abs=0)
        assert exact.torus_specific_heat(-1e4, *shape) == 0


def test_the_model_has_them():
    model = IsingModel((5, 7), -0.7)
    assert (model.log_z(), 35 * model.mean_energy_per_site(), model.specific_heat()) == torus(-0.7, (5, 7))
    assert IsingModel((6,), 0.7).specific_heat() == exact.ring_specific_heat(0.7, 6)


def test_speed():
    # Measured 0.7 ms, and 30 ms where both sides are odd and J < 0.
    seconds = []
    for _ in range(5):
        started = time.perf_counter()
        exact.torus_log_z(0.44, 1024, 1024)
        seconds.append(time.perf_counter() - started)
    assert min(seconds) < 0.05


def test_bad_input():
    for function in (exact.torus_log_z, exact.torus_mean_energy_per_site, exact.torus_specific_heat):
        with pytest.raises(ValueError, match="J must be finite"):
            function(math.inf, 4, 4)
        with pytest.raises(TypeError, match="J must be a number"):
            function(None, 4, 4)
        with pytest.raises(ValueError, match="columns must be at least 2, got 1"):
            function(1.0, 4, 1)
        with pytest.raises(TypeError, match="rows must be an integer"):
            function(1.0, 4.0, 4)
