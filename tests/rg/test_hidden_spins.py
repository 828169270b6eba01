"""Hidden spins of RBMs that decimate exactly: what is measured on them is known."""

import math

import numpy as np
import pytest
from scipy.special import expit

from rgrbm import IsingModel, decimate
from rgrbm.rg.hidden_spins import dominant_visible, filter_positions, hidden_correlation, sort_by_position
from rgrbm.spins import exact

N = 64


def decimation_filters(J, K, rng):
    """Filters (J, K, J) in ±1 units around every other site, in random order and each with a random sign."""
    w = np.zeros((N, N // 2))
    for j, site in enumerate(2 * rng.permutation(N // 2)):
        w[site, j], w[site - 1, j], w[site + 1, j] = K, J, J
    return w * rng.choice([-1, 1], size=N // 2)


def measure(J, n_samples, seed, flip=0.0):
    """Correlation of h ~ p(h|v) for exact samples v of the ring, each h then reversed with a probability."""
    rng = np.random.default_rng(seed)
    w = decimation_filters(J, 20.0, rng)
    v = IsingModel((N,), J=J).sample(n_samples, method="exact", seed=seed)
    h = np.where(rng.random((n_samples, N // 2)) < expit(2 * (v @ w)), 1, -1)
    return hidden_correlation(h * np.where(rng.random(h.shape) < flip, -1, 1), w), w


def log_amplitude_stderr(found):
    """At most the errors of ln C(1) and of the slope ln tanh J, since ln a is their difference."""
    return found.stderr[2] / found.correlation[2] + found.J_stderr * 2 / math.sinh(2 * found.J)


@pytest.mark.parametrize("J", [-1.0, 0.6, 1.0, 1.4])
def test_exact_decimation_gives_the_renormalized_ring(J):
    # Six correlations and J within 5 standard errors: one seed in a million fails.
    renormalized = decimate(J).J
    found, _ = measure(J, 5000, seed=1)
    expected = exact.ring_correlation(renormalized, N // 2, N // 4)
    even = found.correlation[::2][1:7]
    assert np.all(np.abs(even - expected[1:7]) < 5 * found.stderr[::2][1:7])
    assert abs(found.J - renormalized) < 5 * found.J_stderr
    assert found.J_stderr < 0.03
    assert abs(math.log(found.amplitude)) < 5 * log_amplitude_stderr(found)
    assert log_amplitude_stderr(found) < 0.05
    assert found.n_unique == N // 2


def test_pairs_and_distances_are_those_of_the_filters():
    found, w = measure(1.0, 100, seed=0)
    np.testing.assert_array_equal(found.distance, np.arange(N // 2 + 1))
    np.testing.assert_array_equal(found.n_pairs[1::2], 0)
    np.testing.assert_array_equal(found.n_pairs[2:-1:2], N // 2)
    assert (found.n_pairs[0], found.n_pairs[-1]) == (0, N // 4)
    assert found.n_pairs.sum() == math.comb(w.shape[1], 2)
    np.testing.assert_array_equal(np.isnan(found.correlation), found.n_pairs == 0)
    np.testing.assert_array_equal(np.isnan(found.stderr), found.n_pairs == 0)


@pytest.mark.parametrize("flip", [0.03, 0.1])
def test_noise_attenuates_the_amplitude_and_not_the_slope(flip):
    # Reversal with probability p multiplies each correlation by (1 − 2p)². 5 standard errors, as above.
    renormalized = decimate(1.0).J
    found, _ = measure(1.0, 10_000, seed=3, flip=flip)
    factor = (1 - 2 * flip) ** 2
    assert abs(found.correlation[2] - factor * math.tanh(renormalized)) < 5 * found.stderr[2]
    assert abs(found.J - renormalized) < 5 * found.J_stderr
    assert abs(math.log(found.amplitude / factor)) < 5 * log_amplitude_stderr(found)
    assert log_amplitude_stderr(found) < 0.05
    assert math.atanh(found.correlation[2]) < renormalized - 10 * found.J_stderr  # what the slope is for


@pytest.mark.parametrize(("J", "n"), [(1.15, 32), (0.8, 16), (0.5, 8), (2.0, 32)])
def test_rings_so_short_that_correlations_go_around(J, n):
    # tⁿ is 0.003 to 0.3 here: an exponential decay would be wrong by 2% and more. Four standard errors: 6e-5 each.
    spins = IsingModel((n,), J=J).sample(40_000, method="exact", seed=7)
    found = hidden_correlation(spins, np.eye(n), sites_per_unit=1.0)
    assert abs(found.J - J) < 4 * found.J_stderr
    assert found.J_stderr < 0.01 * J
    assert found.amplitude == pytest.approx(1, abs=0.03)


def test_error_of_the_coupling_is_calibrated():
    # Pulls of 80 sets of 1000 samples: mean square 1 within 5·√(2/80) = 0.79, one seed in a million fails.
    expected = decimate(1.0).J
    v = IsingModel((N,), J=1.0).sample(80_000, method="exact", seed=4).reshape(80, 1000, N)
    found = [hidden_correlation(s[:, ::2], np.eye(N)[:, ::2]) for s in v]
    z = np.array([(f.J - expected) / f.J_stderr for f in found])
    assert 1 - 0.79 < np.mean(z**2) < 1 + 0.79
    assert abs(z.mean()) < 5 / math.sqrt(80)


def test_against_a_plain_computation():
    rng = np.random.default_rng(0)
    w = rng.normal(size=(9, 6))
    h = np.where(rng.normal(size=(40, 6)) + rng.normal(size=(40, 1)) > 0.3, 1, -1)
    found = hidden_correlation(h, w)
    site = np.argmax(np.abs(w), axis=0)
    aligned = h * np.array([np.sign(w[i, j]) for j, i in enumerate(site)])

    def by_distance(s):
        c = s.T @ s / len(s) - np.outer(s.mean(axis=0), s.mean(axis=0))
        pairs = {x: [] for x in range(5)}
        for a in range(6):
            for b in range(a):
                gap = abs(site[a] - site[b])
                pairs[min(gap, 9 - gap)].append(c[a, b])
        return np.array([np.mean(p) if p else np.nan for p in pairs.values()])

    replicas = np.array([by_distance(np.delete(aligned, i, axis=0)) for i in range(40)])
    np.testing.assert_allclose(found.correlation, replicas.mean(axis=0), atol=1e-13)
    np.testing.assert_allclose(found.stderr**2, 39 / 40 * ((replicas - replicas.mean(axis=0)) ** 2).sum(axis=0))
    assert found.n_unique == len(set(site))


def test_sites_per_unit_sets_the_scale():
    # All spins of the ring instead of every other: the same data at one site per unit tell J itself.
    v = IsingModel((N,), J=1.0).sample(5000, method="exact", seed=5)
    found = hidden_correlation(v, np.eye(N), sites_per_unit=1.0)
    assert abs(found.J - 1.0) < 5 * found.J_stderr
    coarse = hidden_correlation(v, np.eye(N), sites_per_unit=2.0)
    assert abs(coarse.J - decimate(1.0).J) < 5 * coarse.J_stderr


@pytest.mark.parametrize("significance", [3.0, 10.0, 30.0])
def test_the_fit_ends_where_the_correlation_is_insignificant(significance):
    v = IsingModel((N,), J=1.0).sample(2000, method="exact", seed=6)[:, ::2]
    found = hidden_correlation(v, np.eye(N)[:, ::2], significance=significance)
    c, stderr = found.correlation[2::2], found.stderr[2::2]
    last = int(np.argmax(c < significance * stderr))
    assert last >= 2
    slope, log_a = np.polyfit(1 + np.arange(last), np.log(c[:last]), 1, w=c[:last] / stderr[:last])
    # The mean over the jackknife's replicas differs from the estimate by far less than its error.
    assert abs(found.J - math.atanh(math.exp(slope))) < 0.02 * found.J_stderr
    assert found.amplitude == pytest.approx(math.exp(log_a), rel=1e-3)


def test_without_alignment_nothing_is_left():
    v = IsingModel((N,), J=1.0).sample(5000, method="exact", seed=9)[:, ::2]
    sign = np.random.default_rng(1).choice([-1, 1], size=N // 2)
    unaligned = hidden_correlation(v * sign, np.eye(N)[:, ::2])
    assert abs(unaligned.correlation[2]) < 0.4  # aligned: 0.58


def test_units_in_one_place_are_counted():
    spins = np.random.default_rng(0).choice([-1, 1], size=(50, 4))
    found = hidden_correlation(spins, np.eye(8)[:, [0, 2, 4, 4]])
    assert found.n_unique == 3
    assert found.n_pairs[0] == 1


def test_a_fit_needs_two_significant_distances():
    v = IsingModel((N,), J=1.0).sample(500, method="exact", seed=6)[:, ::2]
    assert math.isnan(hidden_correlation(v, np.eye(N)[:, ::2], significance=1e6).J)


@pytest.mark.parametrize("n_hidden", [1, 2, 32])
def test_no_coupling_where_nothing_is_correlated(n_hidden):
    h = np.random.default_rng(7).choice([-1, 1], size=(300, n_hidden))
    found = hidden_correlation(h, np.eye(N)[:, 2 * np.arange(n_hidden)])
    assert math.isnan(found.J)
    assert math.isnan(found.J_stderr)
    assert math.isnan(found.amplitude)


def test_spins_that_never_turn_tell_no_coupling():
    found = hidden_correlation(np.ones((50, 8)), np.eye(16)[:, ::2])
    np.testing.assert_array_equal(found.correlation[2::2], 0)
    assert math.isnan(found.J)


def test_units_without_weights_do_not_count():
    # An L1 penalty leaves units with no weights at all; they sit nowhere and copy nothing.
    v = IsingModel((N,), J=1.0).sample(1000, method="exact", seed=8)
    w = np.eye(N)[:, ::2]
    noise = np.random.default_rng(0).choice([-1, 1], size=(1000, 4))
    alone = hidden_correlation(v[:, ::2], w)
    beside = hidden_correlation(np.hstack([noise, v[:, ::2]]), np.hstack([np.zeros((N, 4)), w]))
    np.testing.assert_array_equal(beside.n_pairs, alone.n_pairs)
    np.testing.assert_allclose(beside.correlation, alone.correlation, rtol=1e-14)
    assert pytest.approx(alone.J, rel=1e-12) == beside.J
    assert beside.n_unique == alone.n_unique
    nothing = hidden_correlation(noise, np.zeros((N, 4)))
    assert nothing.n_unique == nothing.n_pairs.sum() == 0
    assert math.isnan(nothing.J)


@pytest.mark.parametrize("spins", [np.ones((5, 3)), np.ones(4), np.ones((2, 5, 4))])
def test_shapes_must_fit(spins):
    with pytest.raises(ValueError, match=r"expected .n_samples, n_hidden. spins"):
        hidden_correlation(spins, np.ones((8, 4)))


def test_weights_must_be_a_matrix():
    with pytest.raises(ValueError, match=r"expected .n_samples, n_hidden. spins"):
        hidden_correlation(np.ones((5, 4)), np.ones(4))


def test_one_sample_has_no_error_bars():
    with pytest.raises(ValueError, match="at least two samples, got 1"):
        hidden_correlation(np.ones((1, 4)), np.eye(8)[:, ::2])


def test_dominant_visible():
    w = np.array([[0.0, 3.0, -1.0], [-2.0, 3.0, 0.0], [1.0, -1.0, 0.5]])
    np.testing.assert_array_equal(dominant_visible(w), [1, 0, 0])  # the first of equal ones
    np.testing.assert_array_equal(dominant_visible(np.zeros((4, 2))), [0, 0])


def test_filter_positions_turn_with_the_ring():
    w = np.zeros((10, 4))
    w[3, 0] = -2.0  # one site, whatever its sign
    w[[9, 0, 1], 1] = 1, 3, 1  # around the seam
    w[[4, 5], 2] = 1, -1  # between two sites
    found = filter_positions(w)
    assert found[0] == pytest.approx(3)
    assert min(found[1], 10 - found[1]) == pytest.approx(0, abs=1e-12)
    assert found[2] == pytest.approx(4.5)
    assert math.isnan(found[3])
    turned = filter_positions(np.roll(w, 4, axis=0))
    apart = (turned - found - 4 + 5) % 10 - 5
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
    w = decimation_filters(1.0, 3.0, rng)[:, :20]
    w[:, 7] = 0
    ordered = sort_by_position(w)
    positions = filter_positions(ordered)
    assert np.all(np.diff(positions[:-1]) > 0)
    assert math.isnan(positions[-1])  # filters without weights come last
    assert sorted(map(tuple, ordered.T)) == sorted(map(tuple, w.T))
