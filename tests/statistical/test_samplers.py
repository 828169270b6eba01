"""Samplers against exact distributions. Seeds are fixed; each test states how often a right sampler would fail it."""

import itertools

import numpy as np
import pytest
from scipy import stats

from chains import PACKINGS, packed_chains, possible_packings, unpacked
from exact_distributions import FALSE_ALARM, boltzmann_distribution, chi_square
from rgrbm import IsingModel
from rgrbm.spins import exact

METHODS = ["metropolis", "heat_bath", "exact"]
COUPLINGS = [-1.0, -0.3, 0.0, 0.3, 1.0]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("J", COUPLINGS)
@pytest.mark.parametrize("n", [4, 5, 6, 7, 8])
def test_all_configurations_of_small_rings(n, J, method):
    # 75 tests at 1e-5 each. Chains are independent: one sample from each of 40,000.
    spins = IsingModel((n,), J=J).sample(40_000, method=method, seed=n, n_chains=40_000, burn_in=150, spacing=1)
    state = ((spins + 1) // 2) @ (1 << np.arange(n)[::-1])
    assert chi_square(np.bincount(state, minlength=2**n), boltzmann_distribution((n,), [J])) > FALSE_ALARM


@pytest.mark.parametrize("method", ["metropolis", "heat_bath"])
@pytest.mark.parametrize("packing", ["chains", "sites"])
@pytest.mark.parametrize("J", COUPLINGS)
@pytest.mark.parametrize("n", [2, 5, 8])
def test_all_configurations_of_small_rings_in_all_packings(n, J, packing, method):
    # 60 tests at 1e-5 each; nothing but the sweeps of the kernels.
    chains = packed_chains(packing, (n,), [J], 0.0, 40_000, (n, 1), update=method)
    chains.align(True)
    chains.sweep(200)
    state = ((unpacked(chains, (n,)) + 1) // 2) @ (1 << np.arange(n)[::-1])
    assert chi_square(np.bincount(state, minlength=2**n), boltzmann_distribution((n,), [J])) > FALSE_ALARM


@pytest.mark.parametrize("J", [-400.0, -25.0, -4.0])
@pytest.mark.parametrize("n", [3, 5, 9])
def test_exact_samples_of_odd_antiferromagnetic_rings(n, J):
    # They cannot satisfy all bonds: ground states have one that is not, at any place, in two states. Weights of other
    # configurations are e^(4J) of theirs. 9 tests at 1e-5 each.
    spins = IsingModel((n,), J=J).sample(40_000, method="exact", seed=n)
    state = ((spins + 1) // 2).astype(int) @ (1 << np.arange(n)[::-1])
    assert chi_square(np.bincount(state, minlength=2**n), boltzmann_distribution((n,), [J])) > FALSE_ALARM
    broken = spins * np.roll(spins, -1, axis=1) > 0
    assert (broken.sum(axis=1) % 2 == 1).all()
    if J < -20:
        assert (broken.sum(axis=1) == 1).all()


@pytest.mark.parametrize("packing", ["chains", "sites"])
@pytest.mark.parametrize("method", ["metropolis", "heat_bath"])
@pytest.mark.parametrize("start", ["random", "all up"])
@pytest.mark.parametrize("J", [1.0, 0.0, -1.0])
def test_energy_does_not_depend_on_the_start(J, start, method, packing):
    # Visiting the sites of a ring in a fixed order, Metropolis keeps its energy (index order) or a memory of the
    # start (even sites, then odd ones: 0.743 to 0.774 at J = 1). 5 standard errors: false alarms 6e-7 per test.
    chains = packed_chains(packing, (64,), [J], 0.0, 8192, (11, 12), update=method)
    if start == "all up":
        chains.align(True)
    chains.sweep(600)
    per_bond = chains.bond_sums()[:, 0] / 64
    expected = exact.ring_correlation(J, 64, 1)[1]
    assert abs(per_bond.mean() - expected) < 5 * per_bond.std() / np.sqrt(len(per_bond))


@pytest.mark.parametrize("method", ["metropolis", "heat_bath"])
def test_square_lattice_at_infinite_temperature_from_any_start(method):
    # 5 standard errors of 512 · 256 independent spins: false alarms 6e-7.
    for packing in possible_packings((16, 16), [0.0, 0.0], 0.0, update=method):
        chains = packed_chains(packing, (16, 16), [0.0, 0.0], 0.0, 512, (1, 1), update=method)
        chains.align(True)
        chains.sweep(30)
        assert abs(chains.magnetizations().mean() / 256) < 5 / np.sqrt(512 * 256)


def test_fixed_order_would_fail():
    """The trap itself, shown with a plain sampler in index order, so that the test above is known to see it."""
    generator = np.random.default_rng(0)
    spins = generator.choice([-1, 1], size=(2000, 64))
    start = (spins * np.roll(spins, 1, axis=1)).mean()
    for _ in range(50):
        for i in range(64):
            rise = 2 * spins[:, i] * (spins[:, i - 1] + spins[:, (i + 1) % 64])
            spins[:, i] *= np.where(generator.random(2000) < np.exp(-rise), -1, 1)
    end = (spins * np.roll(spins, 1, axis=1)).mean()
    assert abs(end - start) < 0.05  # where equilibrium is at 0.76
    assert abs(end - np.tanh(1.0)) > 0.5


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("J", [1.0, -0.7])
def test_correlations_at_64_sites(J, method):
    # χ² of the correlations at all distances with their covariance over samples; false alarms 1e-5 per test.
    model = IsingModel((64,), J=J)
    spins = model.sample(20_480, method=method, seed=1, n_chains=20_480, burn_in=600, spacing=1).astype(float)
    per_sample = np.stack([(spins * np.roll(spins, -x, axis=1)).mean(axis=1) for x in range(1, 17)], axis=1)
    off = per_sample.mean(axis=0) - model.correlation(16)[1:]
    covariance = np.cov(per_sample, rowvar=False) / len(spins)
    assert stats.chi2.sf(off @ np.linalg.solve(covariance, off), len(off)) > FALSE_ALARM


@pytest.mark.slow
@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("method", ["metropolis", "heat_bath"])
@pytest.mark.parametrize("fraction", [0.9, 1.0, 1.1, -1.0])
@pytest.mark.parametrize("side", [8, 16, 32, 64])
def test_square_lattice_against_kaufman(side, fraction, method, packing):
    # 4 standard errors: false alarms 6e-5 per test, 96 tests. Chains start aligned, which relaxes fast on both sides
    # of J_c; they are independent, so that the error comes from their spread, whatever the autocorrelation.
    J = fraction * exact.CRITICAL_COUPLING
    n_chains = {"chains": 1024 if side < 64 else 512, "lattice": 256, "sites": 1024 if side < 32 else 64}[packing]
    chains = packed_chains(packing, (side, side), [J, J], 0.0, n_chains, (side, 3), update=method)
    odd = np.indices((side, side)).sum(axis=0) % 2
    ordered = np.where(odd == 1, np.sign(J), 1).astype(np.int8).ravel()
    chains.pack(np.tile(ordered, (n_chains, 1)))
    assert (chains.bond_sums() == np.sign(J) * side**2).all()
    chains.sweep({8: 400, 16: 600, 32: 1000, 64: 1500}[side])
    energy = -J * chains.measure(60, 5, False)["bond_sums"].sum(axis=2).mean(axis=0)
    expected = side**2 * exact.torus_mean_energy_per_site(J, side, side)
    assert abs(energy.mean() - expected) < 4 * energy.std(ddof=1) / np.sqrt(len(energy))


@pytest.mark.parametrize("sides", [(3, 3), (3, 4), (2, 2), (2, 4)])
@pytest.mark.parametrize("J", [0.4, 0.0, -0.5])
@pytest.mark.parametrize("method", ["metropolis", "heat_bath"])
def test_small_tori_of_any_parity(sides, J, method):
    # Odd sides have no checkerboard; a side of 2 has double bonds, and checkerboard Metropolis is not ergodic there:
    # spins without a local field flip for ever. False alarms 1e-5 each.
    rows, columns = sides
    spins = np.array(list(itertools.product((-1, 1), repeat=rows * columns))).reshape(-1, rows, columns)
    bonds = (spins * np.roll(spins, 1, 1)).sum((1, 2)) + (spins * np.roll(spins, 1, 2)).sum((1, 2))
    weight = np.exp(J * bonds)
    drawn = IsingModel(sides, J=J).sample(40_000, method=method, seed=2, n_chains=40_000, burn_in=80, spacing=1)
    state = ((drawn.reshape(len(drawn), -1) + 1) // 2) @ (1 << np.arange(rows * columns)[::-1])
    counts = np.bincount(state, minlength=len(spins))
    assert chi_square(counts, weight / weight.sum()) > FALSE_ALARM


@pytest.mark.parametrize(
    ("sides", "packing"),
    [((16,), "chains"), ((8, 8), "chains"), ((16,), "sites"), ((8, 8), "sites"), ((8, 8), "lattice")],
)
@pytest.mark.parametrize("method", ["metropolis", "heat_bath"])
def test_chains_of_one_word_are_independent(sides, method, packing):
    # Correlation between the energies of pairs of chains in one word, over 300 seeds: with shared random numbers it
    # would be large. The mean over all 130,816 pairs has standard error 1/√(300·130,816) if pairs are independent;
    # 5 standard errors: false alarms 6e-7. And no single pair stands out: Bonferroni at 1e-5.
    energies = []
    for seed in range(300):
        chains = packed_chains(packing, sides, len(sides) * [0.4], 0.0, 512, (seed, 99), update=method)
        chains.sweep(20)
        energies.append(chains.bond_sums().sum(axis=1))
    correlation = np.corrcoef(np.array(energies), rowvar=False)[np.triu_indices(512, k=1)]
    n_pairs = len(correlation)
    # Deviations within a seed from the seed's mean are shared by all chains if they share random numbers.
    assert abs(correlation.mean()) < 5 / np.sqrt(300 * n_pairs)
    assert np.abs(correlation).max() < stats.norm.isf(1e-5 / (2 * n_pairs)) / np.sqrt(300) * 1.15
