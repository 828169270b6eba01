"""J from the decay along a ring of hidden units: exact correlations, defects, noise, and errors that are true."""

import numpy as np
import pytest

from rgrbm import IsingModel, decimate
from rgrbm.rg import SpinMoments, ring_decay, spin_moments
from rgrbm.spins.exact import ring_correlation

N = 64
EVERY_OTHER = np.arange(0, N, 2)
DEFECTS = np.r_[0:20:2, 21:41:2, 40:64:2]  # gaps of 3 and 1 beside those of 2
ONE_MISSING = np.delete(EVERY_OTHER, 7)


def copies(sites):
    """Filters of units that copy these sites."""
    return np.eye(N)[:, sites]


def exact_moments(J, sites, noise=None, n_blocks=30, relative=0.0):
    """Moments of copies of the ring's spins as if of infinitely many samples; blocks differ by ±``relative``."""
    apart = np.abs(np.subtract.outer(sites, sites))
    c = ring_correlation(J, N, N // 2)[np.minimum(apart, N - apart)]
    keep = np.ones(len(sites)) if noise is None else noise
    c = c * np.outer(keep, keep)
    np.fill_diagonal(c, 1)
    rng = np.random.default_rng(0)
    n = 1e6
    products = n * (c + relative * rng.normal(size=(n_blocks, *c.shape)))
    return SpinMoments(np.full(n_blocks, n), np.zeros((n_blocks, len(sites))), products)


@pytest.mark.parametrize("J", [0.3, 1.0, 1.5, 2.0])
@pytest.mark.parametrize("sites", [EVERY_OTHER, DEFECTS, ONE_MISSING], ids=["regular", "defects", "one missing"])
def test_exact_correlations_give_the_exact_coupling(J, sites):
    """Also where the ring is not long beside the correlation length, 27 sites at J = 2."""
    found = ring_decay(exact_moments(J, sites), copies(sites))
    assert pytest.approx(decimate(J).J, rel=1e-6) == found.J
    assert found.amplitude == pytest.approx(1, rel=1e-6)
    assert found.n_units == len(sites)
    assert found.ranks[0] == 2


def test_noise_changes_the_amplitude_and_not_the_coupling():
    """Each unit flips with a probability of its own."""
    keep = np.random.default_rng(1).uniform(0.7, 0.95, size=32)
    found = ring_decay(exact_moments(1.0, EVERY_OTHER, keep), copies(EVERY_OTHER))
    assert pytest.approx(decimate(1.0).J, rel=1e-9) == found.J
    assert found.amplitude == pytest.approx(np.exp(2 * np.log(keep).mean()), rel=1e-9)
    assert found.J_nearest < 0.8 * found.J


def test_units_may_come_in_any_order_with_any_sign():
    order, sign = np.random.default_rng(2).permutation(32), np.where(np.arange(32) % 3, 1, -1)
    spins = IsingModel(N, J=1.0).sample(20_000, method="exact", seed=0)[:, DEFECTS]
    plain = ring_decay(spin_moments(np.split(spins, 20)), copies(DEFECTS))
    mixed = ring_decay(spin_moments(np.split((spins * sign)[:, order], 20)), (copies(DEFECTS) * sign)[:, order])
    assert pytest.approx(plain.J, rel=1e-9) == mixed.J
    assert mixed.J_stderr == pytest.approx(plain.J_stderr, rel=1e-9)


def test_deeper_layers_are_measured_in_sites_of_the_first():
    sites = np.arange(0, N, 4)
    found = ring_decay(exact_moments(1.0, sites), copies(sites), sites_per_unit=4)
    assert pytest.approx(decimate(decimate(1.0).J).J, rel=1e-9) == found.J


def test_silent_units_are_left_out():
    moments = exact_moments(1.0, EVERY_OTHER, np.where(np.arange(32) == 5, 1e-9, 1.0))
    fields = copies(EVERY_OTHER)
    fields[:, 5] *= 0.01
    found = ring_decay(moments, fields)
    assert found.n_units == 31
    assert pytest.approx(decimate(1.0).J, rel=1e-6) == found.J


def test_errors_are_true():
    """Scatter of J over 60 independent data sets against the errors and the exact value.

    Mean of 60 values within 4 standard errors: fails once in 10⁴; spread within 35 % of the errors: at √(1/120) = 9 %
    for one standard deviation of the spread, about as rarely.
    """
    model, values, errors = IsingModel(N, J=0.7), [], []
    for seed in range(60):
        spins = model.sample(10_000, method="exact", seed=seed)[:, DEFECTS]
        found = ring_decay(spin_moments(np.split(spins, 40)), copies(DEFECTS))
        values.append(found.J)
        errors.append(found.J_stderr)
    error = np.std(values, ddof=1)
    assert abs(np.mean(values) - decimate(0.7).J) < 4 * error / np.sqrt(60)
    assert 0.65 < np.mean(errors) / error < 1.35


def test_weak_signals_give_no_number_rather_than_a_wrong_one():
    faint = ring_decay(exact_moments(0.5, EVERY_OTHER, relative=0.2), copies(EVERY_OTHER))  # C(2) = 0.045, ± 0.037
    assert np.isnan(faint.J)
    assert faint.ranks.size == 0
    two = ring_decay(exact_moments(0.5, EVERY_OTHER, relative=0.02), copies(EVERY_OTHER))
    np.testing.assert_array_equal(two.ranks, [1, 2])
    assert abs(two.J - decimate(0.5).J) < 4 * two.J_stderr
    nothing = ring_decay(exact_moments(0.5, EVERY_OTHER, relative=3), copies(EVERY_OTHER))
    assert np.isnan(nothing.J)
    assert np.isnan(nothing.J_nearest)
    assert nothing.correlation.shape == (0,)


def test_moments_are_sums_over_blocks():
    blocks = [IsingModel(8, J=0.5).sample(n, method="exact", seed=n) for n in (3, 7)]
    found = spin_moments(blocks)
    np.testing.assert_array_equal(found.n_samples, [3, 7])
    for block, total, products in zip(blocks, found.sums, found.products, strict=True):
        np.testing.assert_array_equal(total, block.sum(axis=0))
        np.testing.assert_array_equal(products, block.astype(int).T @ block)
    parts = SpinMoments.concatenate([spin_moments(blocks[:1]), spin_moments(blocks[1:])])
    for ours, theirs in zip(parts, found, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_bad_input():
    moments = exact_moments(1.0, EVERY_OTHER)
    with pytest.raises(ValueError, match="must fit 32 spins"):
        ring_decay(moments, copies(ONE_MISSING))
    with pytest.raises(ValueError, match="three units"):
        ring_decay(moments, np.zeros((N, 32)))
    with pytest.raises(ValueError, match="two blocks"):
        ring_decay(spin_moments([np.ones((5, 32))]), copies(EVERY_OTHER))
    with pytest.raises(ValueError, match="no blocks"):
        spin_moments([])
    with pytest.raises(ValueError, match="same units"):
        spin_moments([np.ones((2, 3)), np.ones((2, 4))])
