"""Couplings by pseudo-likelihood against known Hamiltonians, in exact distributions and in samples."""

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

import rgrbm
from exact_distributions import all_states
from rgrbm.mcrg import (
    EVEN_OPERATORS,
    ODD_OPERATORS,
    RING_OPERATORS,
    MajorityKernel,
    NoFiniteHamiltonianError,
    SpinOperator,
    fit_hamiltonian,
    operator_sums,
)
from rgrbm.mcrg.hamiltonian_fit import products_with_each_site


def distribution(states, operators, couplings):
    energies = operator_sums(states, operators) @ np.array(couplings)
    weights = np.exp(energies - energies.max())
    return weights / weights.sum()


@pytest.mark.parametrize(
    ("shape", "operators", "couplings"),
    [
        ((4, 4), EVEN_OPERATORS[:4], [0.3, 0.1, -0.05, 0.04]),
        ((4, 4), (*EVEN_OPERATORS[:2], *ODD_OPERATORS[:2]), [0.2, -0.1, 0.3, -0.1]),
        ((12,), RING_OPERATORS, [0.5, -0.2, 0.1, 0.15, 0.3, -0.1]),
    ],
)
def test_exact_distributions_give_back_their_couplings(shape, operators, couplings):
    states = all_states(shape)
    fit = fit_hamiltonian(states, operators, weights=distribution(states, operators, couplings))
    np.testing.assert_allclose(fit.couplings, couplings, atol=1e-9)
    assert fit.operators == tuple(operator.name for operator in operators)


@pytest.mark.parametrize("shape", [(6, 5), (9,)])
def test_products_are_half_of_what_a_flip_changes(shape):
    operators = RING_OPERATORS if len(shape) == 1 else EVEN_OPERATORS[:9] + ODD_OPERATORS
    spins = np.random.default_rng(0).choice([-1, 1], (4, *shape)).astype(np.int8)
    sums = products_with_each_site(spins, operators).reshape(*spins.shape, len(operators))
    before = operator_sums(spins, operators)
    for site in np.ndindex(shape):
        flipped = spins.copy()
        flipped[(slice(None), *site)] *= -1
        np.testing.assert_array_equal(2 * sums[(slice(None), *site)], before - operator_sums(flipped, operators))


def test_error_bars_are_true():
    """Pulls of three couplings over 40 seeds: 120 numbers leave [0.8, 1.25] of a right program once in 500."""
    pulls = []
    for seed in range(40):
        spins = rgrbm.IsingModel((12, 12), 0.35).sample(300, method="swendsen_wang", n_chains=50, spacing=4, seed=seed)
        fit = fit_hamiltonian(spins, EVEN_OPERATORS[:3])
        pulls.append((fit.couplings - [0.35, 0, 0]) / fit.stderr)
    assert 0.8 < np.std(pulls) < 1.25
    assert np.abs(np.mean(pulls, axis=0)).max() < 4 / np.sqrt(40)


def test_what_part_is_other_couplings():
    states = all_states((4, 4))
    operators, couplings = EVEN_OPERATORS[:3], [0.3, 0.1, -0.05]
    fit = fit_hamiltonian(states, operators, weights=distribution(states, operators, couplings), n_blocks=1)
    assert np.isnan(fit.stderr).all()
    spins = rgrbm.IsingModel((32, 32), 0.44).sample(1000, method="swendsen_wang", n_chains=50, spacing=4, seed=1)
    nearest = fit_hamiltonian(spins).share("nearest")
    assert abs(nearest.mean) < 4 * nearest.stderr + 1e-4
    blocked = fit_hamiltonian(MajorityKernel().block(spins, seed=1))
    n_k2 = blocked.terms * (blocked.couplings**2 - blocked.stderr**2)
    assert blocked.share("nearest", "diagonal").mean == pytest.approx(n_k2[2:].sum() / n_k2.sum())
    assert blocked.share("nearest").mean > 5 * blocked.share("nearest").stderr
    assert blocked.share(*blocked.operators).mean == 0
    assert "nearest" in str(blocked)
    assert blocked.to_dict()["terms"][:3] == [2, 2, 1]
    with pytest.raises(KeyError, match="no operator is named 'farthest'"):
        blocked.share("farthest")


@pytest.mark.parametrize(
    ("spins", "options", "error", "message"),
    [
        (np.ones((50, 8, 8)), {}, NoFiniteHamiltonianError, "no finite couplings|frozen"),
        (np.zeros((5, 4, 4)), {}, ValueError, "±1"),
        (np.ones((5, 4)), {"operators": EVEN_OPERATORS}, ValueError, "dimensions"),
        (np.ones((5, 2, 2)), {"operators": EVEN_OPERATORS[3:4]}, ValueError, "has a site twice on a lattice of shape"),
        (np.ones((5, 4, 4)), {"weights": [1, 1, 1, 1, -1]}, ValueError, "weights must be 5 numbers"),
        (np.ones((5, 4, 4)), {"weights": "five5"}, TypeError, "weights must be real numbers"),
        (np.ones((5, 4, 4)), {"weights": [10**400] * 5}, ValueError, "weights must be real numbers"),
        (np.ones((5, 4, 4)), {"n_blocks": 0}, ValueError, "n_blocks"),
        (np.ones((5, 4, 4)), {"operators": ["nearest"]}, TypeError, "SpinOperator"),
    ],
)
def test_bad_input(spins, options, error, message):
    with pytest.raises(error, match=message):
        fit_hamiltonian(spins, **options)


def test_dependent_operators_are_refused():
    spins = np.random.default_rng(0).choice([-1, 1], (500, 8, 8))
    twice = SpinOperator("the same", [(0, 0), (1, 0)])
    with pytest.raises(NoFiniteHamiltonianError, match="linearly dependent"):
        fit_hamiltonian(spins, (EVEN_OPERATORS[0], twice))


def test_threads_of_the_blas_change_no_bit():
    spins = rgrbm.IsingModel((32, 32), 0.4).sample(200, method="swendsen_wang", n_chains=50, spacing=3, seed=0)
    results = []
    for n_threads in (1, 2):
        with threadpool_limits(n_threads):
            kadanoff = rgrbm.mcrg.optimal_block_kernel((4, 4), 0.4, width=3, n_starts=1)
            informative = rgrbm.mcrg.most_informative_kernel(rgrbm.mcrg.count_surroundings(spins, 3), n_starts=2)
            results.append([fit_hamiltonian(spins).couplings, kadanoff.kernel.weights, informative.kernel.weights])
    for one, two in zip(*results, strict=True):
        np.testing.assert_array_equal(one, two)
