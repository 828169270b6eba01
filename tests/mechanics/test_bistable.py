"""The bistable chain against enumeration on a grid, published digits and its own samples."""

import numpy as np
import pytest

from rgrbm.mechanics import BistableChain
from rgrbm.rg import decimate

CASES = [(0.5, 0.5), (1.0, 1.0), (1.0, 2.0), (3.0, 1.0), (1.0, 0.0)]


@pytest.mark.parametrize(
    ("kappa", "J", "length"), [(0.5, 0.34075393, None), (1.0, 0.58654899, 1.5630402025), (2.0, 0.94894015, None)]
)
def test_known_digits(kappa, J, length):
    chain = BistableChain(8, 1.0, kappa)
    assert chain.J_eff == pytest.approx(J, abs=5e-9)
    if length:
        assert chain.correlation_length == pytest.approx(length, abs=5e-11)
        assert np.log(chain.eigenvalues(1)[0]) == pytest.approx(0.170861118627, abs=1e-12)


@pytest.mark.parametrize(("barrier", "kappa"), CASES)
@pytest.mark.parametrize("n", [2, 3])
def test_log_z_and_correlations_are_integrals(n, barrier, kappa):
    chain, u = BistableChain(n, barrier, kappa), np.linspace(-5, 5, 181)
    states = np.stack(np.meshgrid(*[u] * n, indexing="ij"), axis=-1)
    minus_energy = -chain.energy_at(states)
    log_z = np.logaddexp.reduce(minus_energy, axis=None) + n * np.log(u[1] - u[0])
    assert chain.log_z() == pytest.approx(log_z, abs=1e-9)
    p = np.exp(minus_energy - np.logaddexp.reduce(minus_energy, axis=None))
    for power in (1, 2):
        exact = [np.sum(p * states[..., 0] ** power * states[..., x] ** power) for x in range(n)]
        np.testing.assert_allclose(chain.correlation(power), exact, rtol=1e-8, atol=1e-12)


def test_decimation_halves_the_length_and_maps_J_as_in_the_ising_chain():
    chain = BistableChain(16, 1.0, 1.0)
    first, second = chain.eigenvalues(2) ** 2  # of the operator of every other site
    assert 1 / np.log(first / second) == pytest.approx(chain.correlation_length / 2, rel=1e-12)
    assert np.arctanh(second / first) == pytest.approx(decimate(chain.J_eff).J, rel=1e-12)


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize(("barrier", "kappa"), [(1.0, 1.0), (3.0, 0.5)])
def test_samples_against_the_transfer_operator(barrier, kappa, exact):
    """Pulls of four moments over 50 seeds: |mean| < 0.5 and deviation in [0.8, 1.25]."""
    chain, n, pulls = BistableChain(6, barrier, kappa), 500, []
    expected = np.concatenate([chain.correlation()[:3], chain.correlation(2)[1:2]])
    for seed in range(50):
        u = chain.sample(n, seed) if exact else chain.metropolis(n, 300, seed)
        products = [u * np.roll(u, x, axis=1) for x in range(3)] + [(u * np.roll(u, 1, axis=1)) ** 2]
        means = np.array([product.mean(axis=1) for product in products])
        pulls.append((means.mean(axis=1) - expected) / (means.std(axis=1) / np.sqrt(n)))
    pulls = np.array(pulls)
    # The four are correlated; a right sampler leaves these bounds in some 2 of 1,000 sets of seeds.
    assert np.abs(pulls.mean(axis=0)).max() < 0.5
    assert 0.8 < np.sqrt(np.mean(pulls**2)) < 1.25


def test_density_is_normalised_and_samples_are_those_of_the_seed():
    chain = BistableChain(4, 1.0, 1.0)
    u = chain.sample(2000, seed=0)
    np.testing.assert_array_equal(u, chain.sample(2000, seed=0))
    assert not np.array_equal(u, chain.sample(2000, seed=1))
    assert len(np.unique(u)) == u.size  # off the grid
    # ⟨q/p⟩ = 1 for the normalised density q of independent normal numbers: within 4.5 standard errors.
    log_q = -0.5 * np.sum((u / 0.5) ** 2 + np.log(2 * np.pi * 0.25), axis=1)
    ratio = np.exp(log_q - chain.log_density(u))
    assert abs(ratio.mean() - 1) < 4.5 * ratio.std() / np.sqrt(2000)
    assert chain.sample(0).shape == (0, 4)


@pytest.mark.parametrize(("barrier", "kappa"), [(1.0, 1.0), (3.0, 1.0), (1.0, 4.0)])
def test_truncated_decimation_has_the_moments_and_the_divergence_of_samples(barrier, kappa):
    fine = BistableChain(256, barrier, kappa)  # long: the fit is that of the infinite chain
    coarse, divergence, J = fine.decimate()
    assert pytest.approx(decimate(fine.J_eff).J, rel=1e-9) == J
    stretch = 2 * (fine.correlation()[0] - fine.correlation()[2])
    assert 2 * (coarse.correlation()[0] - coarse.correlation()[1]) == pytest.approx(stretch, rel=1e-4)
    u = fine.sample(1000, seed=0)[:, ::2]
    # ln of the exact density of every other site: T² of pairs, by integrals over the site between.
    x = np.linspace(-4, 4, 1601)
    bond = -barrier * (x**2 - 1) ** 2 - kappa * x**2
    left, right = u, np.roll(u, -1, axis=1)
    sums = np.linspace(-9, 9, 3001)
    table = np.logaddexp.reduce(bond + kappa * sums[:, None] * x, axis=1) + np.log(x[1] - x[0])
    exact = np.interp(left + right, sums, table) - barrier * (u**2 - 1) ** 2 - kappa * u**2
    difference = (exact.sum(axis=1) - fine.log_z() - coarse.log_density(u)) / coarse.n_sites
    # The mean log ratio is the divergence per site: within 4.5 standard errors, 7e-6.
    assert abs(difference.mean() - divergence) < 4.5 * difference.std() / np.sqrt(len(u))
    assert 0 < divergence < 0.02


def test_what_has_no_decimation_is_refused():
    with pytest.raises(ValueError, match="even number of sites, at least 4, got 7"):
        BistableChain(7, 1.0, 1.0).decimate()
    with pytest.raises(ValueError, match="independent"):
        BistableChain(8, 1.0, 0.0).decimate()


def test_the_mean_between_neighbours_is_that_of_the_density():
    chain, u = BistableChain(3, 1.0, 1.5), np.linspace(-4, 4, 4001)
    left, right = np.array([-1.2, 0.1, 0.9]), np.array([0.3, -0.1, 1.4])
    for a, b, mean in zip(left, right, chain.mean_between(left, right), strict=True):
        states = np.stack([np.full_like(u, a), u, np.full_like(u, b)], axis=1)
        p = np.exp(-chain.energy_at(states) + chain.energy_at(states).min())
        assert mean == pytest.approx(np.sum(p * u) / np.sum(p), abs=1e-9)
    many = np.random.default_rng(0).normal(size=(50, 100))
    np.testing.assert_allclose(chain.mean_between(many, 0.5)[3, :5], chain.mean_between(many[3, :5], 0.5), atol=1e-5)
    with pytest.raises(ValueError, match="must be finite"):
        chain.mean_between([np.nan], [0.0])
    with pytest.raises(ValueError, match=r"shapes that broadcast, got \(4, 0\) and \(2,\)"):
        chain.mean_between(np.zeros((4, 0)), [0.0, 1.0])
    assert chain.mean_between(np.zeros((4, 1)), [0.0, 1.0]).shape == (4, 2)


@pytest.mark.parametrize(
    ("power", "error", "message"),
    [(0, ValueError, "at least 1"), (10**400, ValueError, "power must be at most"), (1.0, TypeError, "an integer")],
)
def test_powers_of_displacements_are_whole_and_finite(power, error, message):
    with pytest.raises(error, match=message):
        BistableChain(3, 1.0, 1.5).correlation(power)


@pytest.mark.parametrize(("barrier", "kappa"), [(50.0, 0.1), (0.01, 0.1), (1.0, 300.0), (20.0, 20.0)])
def test_extreme_wells_are_still_right(barrier, kappa):
    """The grid fits itself: results on a grid twice as fine are the same."""
    chain = BistableChain(8, barrier, kappa)
    finer = BistableChain(8, barrier, kappa)
    finer.__dict__["_grid"] = np.linspace(chain._grid[0], chain._grid[-1], 2 * chain._n_points)
    assert chain.log_z() == pytest.approx(finer.log_z(), abs=1e-9)
    np.testing.assert_allclose(chain.correlation(), finer.correlation(), rtol=1e-8)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((1, 1.0, 1.0), ValueError, "n_sites must be at least 2"),
        ((8, 0.0, 1.0), ValueError, "barrier must be positive"),
        ((8, -1.0, 1.0), ValueError, "barrier must not be negative"),
        ((8, 1.0, -1.0), ValueError, "stiffness must not be negative"),
        ((8, 1.0, np.inf), ValueError, "stiffness must be finite"),
        ((8, 1e9, 1.0), ValueError, "a grid of .* points would be needed"),
        ((8.5, 1.0, 1.0), TypeError, "integer"),
    ],
)
def test_bad_input_is_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        BistableChain(*arguments)


def test_bad_configurations_are_refused():
    chain = BistableChain(8, 1.0, 1.0)
    with pytest.raises(ValueError, match=r"u must have shape \(…, 8\), got \(3, 7\)"):
        chain.energy_at(np.zeros((3, 7)))
    with pytest.raises(ValueError, match="n_samples must not be negative"):
        chain.sample(-1)
    with pytest.raises(MemoryError, match="configurations of 8 sites"):
        chain.sample(10**13)
    with pytest.raises(MemoryError, match="chains of 8 sites"):
        chain.metropolis(2**63, 1)
