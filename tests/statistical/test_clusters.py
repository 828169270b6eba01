"""Cluster updates against exact distributions. Seeds are fixed; each test states its false-alarm rate."""

import numpy as np
import pytest
from scipy import stats

from chains import cluster_chains, unpacked
from exact_distributions import FALSE_ALARM, all_states, boltzmann_distribution, bond_sums, chi_square, state_numbers
from rgrbm.spins import exact
from rgrbm.statistics import integrated_autocorrelation_time

UPDATES = ["wolff", "swendsen_wang"]
# Sides, couplings along each axis (and the diagonal: a triangular lattice), field, sweeps. Sides of 2 have double
# bonds; odd sides with J < 0 and triangular lattices are frustrated, where clusters are right but slow.
LATTICES = [
    ((2,), (0.6,), 0.0, 40),
    ((7,), (0.6,), 0.3, 40),
    ((8,), (-0.6,), 0.0, 40),
    ((7,), (-0.6,), 0.0, 100),
    ((2, 2), (0.2, 0.3), 0.0, 40),
    ((2, 2), (-0.2, -0.2), -0.2, 40),
    ((2, 3), (0.3, 0.4), 0.0, 40),
    ((2, 3), (0.3, -0.4), 0.2, 100),
    ((3, 3), (0.4, 0.4), 0.0, 40),
    ((3, 3), (0.4, 0.2), -0.2, 40),
    ((3, 3), (-0.4, -0.4), 0.0, 200),
    ((3, 4), (-0.3, 0.5), 0.0, 100),
    ((2, 2, 2), (0.1, 0.2, 0.15), 0.0, 40),
    ((2, 2, 2), (0.2, 0.2, 0.2), 0.1, 40),
    ((2, 2, 2), (-0.2, -0.2, -0.2), 0.0, 40),
    ((2, 2, 3), (0.1, -0.1, -0.5), -0.2, 100),
    ((3, 3), (0.2, 0.3, 0.1), 0.0, 40),
    ((3, 3), (-0.2, -0.2, -0.2), 0.0, 100),
    ((2, 4), (0.3, -0.4, 0.1), 0.2, 100),
    ((4, 3), (0.1, 0.3, 0.4), -0.1, 40),
]


def chains_of(sides, couplings, n_chains, update, *, seed=1, field=0.0, n_clusters=1):
    kind = "triangular" if len(couplings) > len(sides) else "hypercubic"
    return cluster_chains(sides, couplings, field, n_chains, (seed, 5), kind, update=update, n_clusters=n_clusters)


@pytest.mark.parametrize("update", UPDATES)
@pytest.mark.parametrize(("sides", "couplings", "field", "n_sweeps"), LATTICES)
def test_all_configurations_of_small_lattices(sides, couplings, field, n_sweeps, update):
    # 40 tests at 1e-5 each. Chains are independent: one sample of each.
    chains = chains_of(sides, couplings, 20_000, update, field=field, n_clusters=2)
    chains.sweep(n_sweeps)
    distribution = boltzmann_distribution(sides, couplings, field, triangular=len(couplings) > len(sides))
    counts = np.bincount(state_numbers(unpacked(chains, sides)), minlength=len(distribution))
    assert chi_square(counts, distribution) > FALSE_ALARM


@pytest.mark.parametrize("update", UPDATES)
@pytest.mark.parametrize("J", [exact.CRITICAL_COUPLING, 0.3, -0.3])
def test_energy_levels_at_4_by_4(J, update):
    # 6 tests at 1e-5 each.
    distribution = boltzmann_distribution((4, 4), (J, J))
    levels = bond_sums(all_states((4, 4)), 2).sum(1)
    chains = chains_of((4, 4), (J, J), 40_000, update, n_clusters=2)
    chains.sweep(40)
    sums = chains.bond_sums().sum(1)
    assert chi_square(np.bincount(sums + 32, minlength=65), np.bincount(levels + 32, distribution, 65)) > FALSE_ALARM


@pytest.mark.parametrize("update", UPDATES)
@pytest.mark.parametrize("fraction", [0.9, 1.0, 1.1, -1.0])
@pytest.mark.parametrize("side", [8, 16, 32, 64])
def test_square_lattice_against_kaufman(side, fraction, update):
    # 4 standard errors: false alarms 6e-5 per test, 32 tests. Chains start at random and are independent. Below J_c
    # clusters are small, and it takes more of them.
    J = fraction * exact.CRITICAL_COUPLING
    n_chains, n_clusters = {8: 512, 16: 256, 32: 64, 64: 32}[side], side if fraction == 0.9 else 3
    chains = chains_of((side, side), (J, J), n_chains, update, seed=side, n_clusters=n_clusters)
    chains.sweep(150)
    energy = -J * chains.measure(60)["bond_sums"].sum(2).mean(0)
    assert abs(energy.mean() - side**2 * exact.torus_mean_energy_per_site(J, side, side)) < 4 * energy.std(
        ddof=1
    ) / np.sqrt(n_chains)


@pytest.mark.parametrize("update", UPDATES)
@pytest.mark.parametrize("sides", [(3, 130), (130, 3), (64, 5), (65, 2)])
def test_lines_of_any_number_of_words(sides, update):
    # 4 standard errors: false alarms 6e-5 per test, 8 tests.
    chains = chains_of(sides, (0.5, 0.5), 128, update, n_clusters=5)
    chains.sweep(100)
    energy = -0.5 * chains.measure(60)["bond_sums"].sum(2).mean(0)
    assert abs(energy.mean() - np.prod(sides) * exact.torus_mean_energy_per_site(0.5, *sides)) < 4 * energy.std(
        ddof=1
    ) / np.sqrt(128)


def strip_moments(length, couplings, field):
    """Mean bond sums and magnetization of a triangular lattice of four columns, from its transfer matrix."""
    row = all_states((4,)).astype(float)

    def log_z(J, h):
        right = J[1] * (row * np.roll(row, -1, 1)).sum(1) + h * row.sum(1)
        transfer = np.exp(right[:, None] + J[0] * row @ row.T + J[2] * row @ np.roll(row, -1, 1).T)
        return np.log(np.sum(np.linalg.eigvals(transfer) ** length).real)

    def slope(step):
        return (log_z(couplings + step[:3], field + step[3]) - log_z(couplings - step[:3], field - step[3])) / 2e-4

    return np.array([slope(step) for step in 1e-4 * np.eye(4)])


@pytest.mark.parametrize("update", UPDATES)
@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("field", [0.0, 0.02])
def test_triangular_strips_against_the_transfer_matrix(field, transposed, update):
    # Lines of 130 sites, or 130 lines of 4. χ² of four means with their covariance; false alarms 1e-5, 8 tests.
    couplings = np.array([0.25, 0.2, 0.1])
    order = [1, 0, 2, 3] if transposed else [0, 1, 2, 3]
    expected = strip_moments(130, couplings, field)[order]
    sides = (4, 130) if transposed else (130, 4)
    chains = chains_of(sides, couplings[order[:3]], 256, update, field=field, n_clusters=20)
    chains.sweep(60)
    measured = chains.measure(40)
    means = np.column_stack([measured["bond_sums"].mean(0), measured["magnetization"].mean(0)])
    off = means.mean(0) - expected
    covariance = np.cov(means, rowvar=False) / len(means)
    # Hotelling's T² of 256 chains is F-distributed up to a factor of 252/(255·4).
    t_squared = off @ np.linalg.solve(covariance, off)
    assert stats.f.sf(t_squared * 252 / (255 * 4), 4, 252) > FALSE_ALARM


@pytest.mark.parametrize("update", UPDATES)
@pytest.mark.parametrize(
    ("sides", "couplings", "field"),
    [
        ((12,), (0.5,), 0.0),
        ((12,), (-0.5,), 0.0),
        ((3, 4), (0.3, 0.2), 0.0),
        ((4, 3), (-0.3, 0.2), 0.0),
        ((3, 4), (0.2, -0.4, 0.1), 0.0),
        ((2, 3, 2), (0.1, 0.2, -0.1), 0.0),
        ((3, 4), (0.3, 0.2), 0.1),
        ((3, 4), (0.2, -0.4, 0.1), -0.2),
    ],
)
def test_improved_estimators_have_the_exact_means(sides, couplings, field, update):
    # Each of at most five means within 5 standard errors over independent chains: false alarms 6e-7 per mean.
    n_axes, n_sites = len(sides), int(np.prod(sides))
    distribution = boltzmann_distribution(sides, couplings, field, triangular=len(couplings) > n_axes)
    states = all_states(sides).astype(float)
    magnetization = states.reshape(len(states), -1).sum(1)
    waves = np.stack([_structure(states, axis) for axis in range(1, n_axes + 1)], axis=1)
    chains = chains_of(sides, couplings, 4000, update, field=field, n_clusters=2)
    chains.sweep(150)
    result = chains.measure_clusters(10, spacing=2)

    def agrees(values, expected):
        means = values.mean(0)
        assert abs(means.mean() - expected) < 5 * means.std() / np.sqrt(len(means))

    agrees(result["magnetization"] ** 2, distribution @ magnetization**2)
    for axis in range(n_axes):
        agrees(result["structure"][..., axis], distribution @ waves[:, axis])
    if update == "wolff" and field != 0:
        assert np.isnan(result["improved_square"]).all()
        assert np.isnan(result["improved_structure"]).all()
        return
    agrees(result["improved_square"], distribution @ magnetization**2)
    for axis in range(n_axes):
        agrees(result["improved_structure"][..., axis], distribution @ waves[:, axis])
    if update == "swendsen_wang":
        agrees(result["improved_fourth"], distribution @ magnetization**4)
        assert result["improved_square"].var() < (result["magnetization"] ** 2).var()
    else:
        assert np.isnan(result["improved_fourth"]).all()
        assert (result["cluster_size"] >= 1).all()
        assert (result["cluster_size"] <= n_sites).all()


def _structure(spins, axis):
    phase = np.exp(2j * np.pi * np.arange(spins.shape[axis]) / spins.shape[axis])
    shape = [1] * spins.ndim
    shape[axis] = -1
    return np.abs((spins * phase.reshape(shape)).reshape(len(spins), -1).sum(1)) ** 2


@pytest.mark.parametrize(("update", "n_clusters"), [("swendsen_wang", 1), ("wolff", 3)])
def test_no_critical_slowing_down_to_speak_of(update, n_clusters):
    # Swendsen and Wang's τ_int of the energy at J_c and L = 64 is about 5 sweeps, Wolff's in sweeps of N sites about 2
    # (single spins: some 64²·¹⁷ ≈ 8,000). Known here to within 10%.
    J = exact.CRITICAL_COUPLING
    chains = chains_of((64, 64), (J, J), 32, update, n_clusters=n_clusters)
    chains.sweep(100)
    measured = chains.measure(600)
    time = integrated_autocorrelation_time(measured["bond_sums"].sum(2))
    assert time.reliable
    assert (4 if update == "swendsen_wang" else 1) < time.tau_int < (8 if update == "swendsen_wang" else 4)
