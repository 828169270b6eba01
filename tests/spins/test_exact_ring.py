"""The ring's closed forms against sums over all states with 60 digits."""

import itertools
import math

import numpy as np
import pytest

from exact_sums import SIGNED, enumerated, thermodynamics
from rgrbm import IsingModel
from rgrbm.spins import exact


@pytest.mark.parametrize("n", [2, 3, 4, 7, 10, 15])
def test_thermodynamics(n):
    states = enumerated((n,))
    for J in SIGNED:
        log_z, energy, heat = thermodynamics(*states, J, n)
        assert exact.ring_log_z(J, n) == pytest.approx(log_z, rel=1e-15)
        assert exact.ring_mean_energy_per_site(J, n) == pytest.approx(energy / n, rel=2e-15)
        assert exact.ring_specific_heat(J, n) == pytest.approx(heat, rel=2e-14, abs=0)


@pytest.mark.parametrize("J", [-40.0, -1.3, -0.2, 0.0, 0.2, 0.6, 2.0, 40.0])
@pytest.mark.parametrize("n", [2, 3, 5, 8, 9])
def test_correlation(n, J):
    spins = np.array(list(itertools.product((-1, 1), repeat=n)))
    log_weight = J * (spins * np.roll(spins, 1, 1)).sum(1)
    weight = np.exp(log_weight - log_weight.max())
    expected = (weight[:, None] * spins[:, :1] * spins).sum(0) / weight.sum()
    np.testing.assert_allclose(exact.ring_correlation(J, n, n), np.r_[expected, 1], atol=1e-14)
    np.testing.assert_allclose(exact.ring_mean_energy_per_site(J, n), -J * expected[1], atol=1e-13)


@pytest.mark.parametrize("J", [-1e4, -400.0, -25.0])
@pytest.mark.parametrize("n", [3, 5, 1001])
def test_an_odd_antiferromagnet_keeps_one_broken_bond(n, J):
    # It may be at any of n places, in either of two states; the next ones, with three, are e^(4J) n²/6 as probable.
    assert exact.ring_log_z(J, n) == pytest.approx(-J * (n - 2) + math.log(2 * n), rel=1e-15)
    assert exact.ring_mean_energy_per_site(J, n) == pytest.approx(J * (n - 2) / n, rel=1e-15)
    x = np.arange(n + 1)
    expected = np.where(x % 2 == 0, 1, -1) * (1 - 2 * x / n)
    np.testing.assert_allclose(exact.ring_correlation(J, n, n), expected, rtol=1e-12)
    model = IsingModel((n,), J)
    assert math.isfinite(model.log_z() + model.mean_energy_per_site() + model.specific_heat() + model.correlation(1)[1])


def test_specific_heat_of_three_broken_bonds():
    # The first excitations of 5 spins: C = J²/5 · 16 p with p = (5 over 3)/5 · e^(4J), to a relative 4p.
    assert exact.ring_specific_heat(-9.0, 5) == pytest.approx(81 / 5 * 16 * 2 * math.exp(-36), rel=1e-12)


def test_limits():
    assert exact.ring_log_z(300.0, 8) == pytest.approx(8 * 300 + math.log(2), rel=1e-15)
    assert exact.ring_specific_heat(0.7, 10**6) == pytest.approx((0.7 / math.cosh(0.7)) ** 2, rel=1e-12)
    assert exact.ring_correlation_length(1.0) == pytest.approx(-1 / math.log(math.tanh(1)))
    assert exact.ring_correlation_length(-1.0) == exact.ring_correlation_length(1.0)
    assert exact.ring_correlation_length(0.0) == 0
    assert exact.ring_correlation_length(1e4) == math.inf
    assert exact.ring_log_z(1.0, 1) == pytest.approx(math.log(2) + 1)


def test_bad_input():
    for function in (exact.ring_log_z, exact.ring_mean_energy_per_site, exact.ring_specific_heat):
        with pytest.raises(ValueError, match="J must be finite"):
            function(math.nan, 4)
        with pytest.raises(TypeError, match="J must be a number"):
            function("1", 4)
        with pytest.raises(ValueError, match="n_sites must be at least 1"):
            function(1.0, 0)
        with pytest.raises(TypeError, match="n_sites must be an integer"):
            function(1.0, 4.0)
    with pytest.raises(ValueError, match="at most the number of spins, 4, got 5"):
        exact.ring_correlation(1.0, 4, 5)
    with pytest.raises(ValueError, match="max_distance must not be negative"):
        exact.ring_correlation(1.0, None, -1)
