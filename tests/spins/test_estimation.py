"""Estimates of J against the J of the samples, and their error bars against their scatter.

Pulls (estimate − truth)/error of 60 independent runs have a mean with standard deviation 0.13 and a root mean square
with standard deviation 0.09: bounds at ±0.6 and 1 ± 0.4 are 4.5 of them away, a false alarm in 1e-5 for new seeds.
"""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

import rgrbm
from rgrbm.spins import NoFiniteCouplingError, coupling

RUNS = 60


def assert_calibrated(pulls):
    assert len(pulls) == RUNS
    assert abs(np.mean(pulls)) < 0.6
    assert 0.6 < np.sqrt(np.mean(np.square(pulls))) < 1.4


@pytest.mark.parametrize("method", ["nearest", "decay", "pseudolikelihood"])
@pytest.mark.parametrize(("n", "J"), [(32, 1.0), (33, -0.7), (12, 0.5)])
def test_estimates_and_errors_on_rings(n, J, method):
    pulls, errors = [], []
    for seed in range(RUNS):
        spins = rgrbm.IsingModel(n, J).sample(1000, method="exact", seed=seed)
        found = rgrbm.estimate_coupling(spins, method)
        pulls.append((found.J - J) / found.stderr)
        errors.append(found.stderr)
    assert_calibrated(pulls)
    if method == "nearest" and n > 12:
        # The Cramér–Rao bound of long rings, which the maximum-likelihood estimate reaches; 60 errors of 6% each.
        assert np.mean(errors) == pytest.approx(1 / np.sqrt(1000 * n * (1 - np.tanh(J) ** 2)), rel=0.05)


@pytest.mark.parametrize("method", ["nearest", "pseudolikelihood"])
@pytest.mark.parametrize("n_chains", [1, 4, 40])
def test_errors_allow_for_autocorrelation(method, n_chains):
    J, pulls = 0.8, []
    for seed in range(RUNS):
        spins = rgrbm.IsingModel(32, J).sample(
            6000, method="heat_bath", seed=seed, n_chains=n_chains, burn_in=200, spacing=1
        )
        found = rgrbm.estimate_coupling(spins, method, n_chains=n_chains)
        pulls.append((found.J - J) / found.stderr)
        if n_chains == 1:
            assert found.tau_int > 2
    assert_calibrated(pulls)


@pytest.mark.parametrize("method", ["nearest", "pseudolikelihood"])
def test_square_lattices(method):
    J, pulls = 0.35, []
    for seed in range(RUNS):
        spins = rgrbm.IsingModel((6, 8), J).sample(1024, seed=seed, n_chains=512, burn_in=150, spacing=10)
        found = rgrbm.estimate_coupling(spins, method, n_chains=512)
        pulls.append((found.J - J) / found.stderr)
    assert_calibrated(pulls)


def test_noise_lowers_the_amplitude_of_the_decay_and_leaves_J_alone():
    J, flipped, pulls, amplitudes = 1.0, 0.1, [], []
    for seed in range(RUNS):
        spins = np.array(rgrbm.IsingModel(64, J).sample(1000, method="exact", seed=seed))
        noise = np.random.default_rng(seed).random(spins.shape) < flipped
        noisy = np.where(noise, -spins, spins)
        found = rgrbm.estimate_coupling(noisy, "decay")
        pulls.append((found.J - J) / found.stderr)
        amplitudes.append((found.amplitude - (1 - 2 * flipped) ** 2) / found.amplitude_stderr)
    assert_calibrated(pulls)
    assert_calibrated(amplitudes)
    assert rgrbm.estimate_coupling(noisy, "nearest").J < 0.7  # what noise does to the other methods
    assert rgrbm.estimate_coupling(noisy, "pseudolikelihood").J < 0.7


def test_the_exact_nearest_neighbour_correlation_is_inverted_exactly():
    # Two of four spins of each sample differ from the next: C = 0, J = 0; and the finite ring for other means.
    mean = np.array([0.6])
    for n in (2, 3, 4, 7, 100):
        J = coupling._nearest((n,), mean)(mean[None])[0, 0]
        t = np.tanh(J)
        assert (t + t ** (n - 1)) / (1 + t**n) == pytest.approx(0.6, abs=1e-12)
    for shape in ((2, 3), (4, 4), (3, 5)):
        J = coupling._nearest(shape, mean)(mean[None])[0, 0]
        n = shape[0] * shape[1]
        bonds = rgrbm.spins.lattice_bonds(shape)
        slope = (rgrbm.spins.spin_log_z(n, bonds, J + 1e-5) - rgrbm.spins.spin_log_z(n, bonds, J - 1e-5)) / 2e-5
        assert slope / (2 * n) == pytest.approx(0.6, abs=1e-8)


def test_pseudolikelihood_is_the_maximum_of_its_definition_on_any_graph():
    rng = np.random.default_rng(0)
    bonds = np.array([(0, 1), (1, 2), (2, 3), (3, 0), (0, 2), (4, 5), (4, 5)])
    spins = rng.choice(np.array([-1, 1], dtype=np.int8), size=(50, 7))
    spins[:, 1] = np.where(rng.random(50) < 0.8, spins[:, 0], spins[:, 1])

    def minus_log(J):
        total = 0.0
        for s in spins.astype(float):
            m = np.zeros(7)
            for i, j in bonds:
                m[i] += s[j]
                m[j] += s[i]
            total += np.sum(np.logaddexp(0, -2 * J * s * m))
        return total

    best = minimize_scalar(minus_log, bracket=(-1, 1), tol=1e-10).x
    assert pytest.approx(best, abs=1e-6) == rgrbm.estimate_coupling(spins, "pseudolikelihood", bonds=bonds).J


def test_pseudolikelihood_finds_the_coupling_of_a_graph():
    bonds = np.array([(i, j) for i in range(8) for j in range(i + 1, 8) if (i + j) % 3])
    J, pulls = 0.15, []
    log_p = -rgrbm.spins.spin_energies(8, bonds, J)
    p = np.exp(log_p - log_p.max())
    for seed in range(RUNS):
        numbers = np.random.default_rng(seed).choice(256, size=1000, p=p / p.sum())
        spins = 2 * ((numbers[:, None] >> np.arange(8)) & 1) - 1
        found = rgrbm.estimate_coupling(spins, "pseudolikelihood", bonds=bonds)
        pulls.append((found.J - J) / found.stderr)
    assert_calibrated(pulls)


def test_ring_correlations_are_those_of_the_definition():
    s = np.random.default_rng(1).choice(np.array([-1, 1], dtype=np.int8), size=(5, 7))
    expected = np.stack([np.mean(s * np.roll(s, -x, axis=1), axis=1) for x in range(4)], axis=1)
    np.testing.assert_allclose(coupling._ring_correlations(s), expected, atol=1e-14)


def test_few_blocks_are_warned_of():
    spins = rgrbm.IsingModel(16, 1.0).sample(100, method="heat_bath", seed=0, n_chains=1, spacing=1)
    with pytest.warns(UserWarning, match="itself uncertain"):
        rgrbm.estimate_coupling(spins)


def test_bad_input_is_refused():
    good = rgrbm.IsingModel(16, 0.5).sample(50, method="exact", seed=0)
    for arguments, message in (
        ({"spins": good, "method": "guess"}, "'nearest', 'decay' or 'pseudolikelihood'"),
        ({"spins": (good + 1) // 2}, "to_spins"),
        ({"spins": good[:1]}, "two samples"),
        ({"spins": good[0]}, "two samples"),
        ({"spins": good[:, :1]}, "2 sites"),
        ({"spins": good, "n_chains": 51}, "n_chains"),
        ({"spins": good, "significance": -1.0}, "significance must not be negative"),
        ({"spins": good, "bonds": [(0, 1)]}, "pseudolikelihood"),
        ({"spins": good, "method": "pseudolikelihood", "bonds": [(0, 16)]}, "two different sites"),
        ({"spins": good, "method": "pseudolikelihood", "bonds": []}, "without bonds"),
        ({"spins": good.reshape(50, 4, 4), "method": "decay"}, "rings"),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=message):
            rgrbm.estimate_coupling(**arguments)
    assert issubclass(NoFiniteCouplingError, ValueError)
    aligned = np.ones((50, 16))
    for method, message in (("nearest", "no coupling"), ("pseudolikelihood", "no maximum")):
        with pytest.raises(NoFiniteCouplingError, match=message):
            rgrbm.estimate_coupling(aligned, method)
    odd = np.array([[1, -1, 1], [-1, 1, -1], [1, -1, 1]]) * np.random.default_rng(3).choice([-1, 1], (50, 1, 1))
    with pytest.raises(NoFiniteCouplingError, match="no coupling from -12 to 12"):
        rgrbm.estimate_coupling(odd)
    noise = np.random.default_rng(2).choice([-1, 1], size=(50, 16))
    with pytest.raises(ValueError, match="decay needs two"):
        rgrbm.estimate_coupling(noise, "decay")
