"""Matching of two lattices: against means and derivatives over all states, and where J_c is known."""

import json

import numpy as np
import pytest

from rgrbm import IsingModel
from rgrbm.mcrg import EVEN_OPERATORS, ODD_OPERATORS, MajorityKernel, match_critical_coupling, operator_sums

J_C = np.log(1 + np.sqrt(2)) / 2
SMALL = IsingModel((4, 4), 0.42)


J, STEP = 0.42, 1e-5
SOME = EVEN_OPERATORS[:2]


def all_states(side):
    bits = (np.arange(2 ** (side * side))[:, None] >> np.arange(side * side)) & 1
    return (2 * bits - 1).astype(np.int8).reshape(-1, side, side)


def boltzmann(states, J):
    p = np.exp(J * operator_sums(states, EVEN_OPERATORS[:1])[:, 0])
    return p / p.sum()


def exact_means(side, J):
    """⟨S⟩ on 2×2: of the block spins of 4×4 by majority, or of 2×2 itself."""
    v, h = all_states(side), all_states(2)
    p = boltzmann(v, J)
    if side == 4:
        up = MajorityKernel().probabilities(v).reshape(len(v), 1, 4)
        p = p @ np.where(h.reshape(1, 16, 4) > 0, up, 1 - up).prod(axis=2)
    return p @ operator_sums(h, SOME)


@pytest.fixture(scope="module")
def expected():
    """Δ = ⟨S⟩ of the larger less that of the smaller lattice, and J − Δ/Δ′."""
    delta = [exact_means(4, j) - exact_means(2, j) for j in (J - STEP, J, J + STEP)]
    return delta[1], J - delta[1] / ((delta[2] - delta[0]) / (2 * STEP))


def drawn(side, n, seed):
    states = all_states(side)
    return states[np.random.default_rng(seed).choice(len(states), size=n, p=boltzmann(states, J))]


def test_all_states(expected):
    """Means and derivatives on 2×2 from all states of 4×4 and 2×2; 4 numbers to 4 s.e., once in 4,000."""
    delta, J_c = expected
    result = match_critical_coupling(
        drawn(4, 100_000, 1), drawn(2, 100_000, 2), MajorityKernel(), J=J, operators=SOME, levels=1, seed=3
    )
    for i, match in enumerate(result.matches):
        assert match.operator == SOME[i].name
        assert abs(match.difference - delta[i] / 4) < 4 * match.difference_stderr < 0.1
        assert abs(match.J_c - J_c[i]) < 4 * match.J_c_stderr < 0.05


def test_error_bars_are_true(expected):
    """Pulls of 50 runs: mean within 4/√50, spread from 0.68 to 1.38; each fails once in 10,000 times."""
    pulls = []
    for seed in range(50):
        match = match_critical_coupling(
            drawn(4, 5000, 100 + seed), drawn(2, 5000, 200 + seed), MajorityKernel(), J=J, operators=SOME[:1],
            levels=1, seed=seed,
        ).matches[0]  # fmt: skip
        pulls.append((match.J_c - expected[1][0]) / match.J_c_stderr)
    assert abs(np.mean(pulls)) < 4 / np.sqrt(50)
    assert 0.68 < np.std(pulls, ddof=1) < 1.38


def test_the_square_lattice():
    """16² and 8² at J = 0.435, blocked to 4²: J_c to 4 s.e. and the 0.002 of a few steps at first order."""
    large, small = (
        IsingModel((L, L), 0.435).ensemble(8192, method="heat_bath", burn_in=2000, spacing=300, seed=L) for L in (16, 8)
    )
    result = match_critical_coupling(large, small, MajorityKernel(), seed=2)
    assert result.J == 0.435
    estimate = result.J_c(2)
    assert abs(estimate.mean - J_C) < 4 * estimate.stderr + 0.002
    assert estimate.stderr < 0.002
    frame = result.to_frame()
    assert len(frame) == 2 * len(EVEN_OPERATORS)
    assert json.loads(json.dumps(result.to_dict()))["matches"][0]["shape"] == [8, 8]
    assert "on 4×4" in str(result)
    with pytest.raises(KeyError, match="'plus' was not matched at level 1"):
        result.J_c(1, "plus")


def test_seeds():
    large = (2 * np.random.default_rng(0).integers(2, size=(30, 8, 8)) - 1).astype(np.int8)
    small = large[:, :4, :4]
    sequence = np.random.SeedSequence(3)
    one, two = (
        match_critical_coupling(large, small, MajorityKernel(), J=0.0, seed=sequence).to_dict() for _ in range(2)
    )
    assert one == two
    assert one != match_critical_coupling(large, small, MajorityKernel(), J=0.0, seed=4).to_dict()


SPINS = np.ones((4, 8, 8), np.int8)


@pytest.mark.parametrize(
    ("small", "options", "message"),
    [
        (SPINS[:, :4], {"J": 0.4}, "2 times the sides of the smaller one"),
        (SPINS[:, :4, :4], {}, "both lattices need the same J, given by ensembles or as J=; got none"),
        (SMALL.ensemble(5, method="heat_bath", burn_in=1, spacing=1, seed=0), {"J": 0.4}, "got different ones"),
        (
            IsingModel((4, 4), (0.4, 0.3)).ensemble(5, method="heat_bath", burn_in=1, spacing=1, seed=0),
            {},
            "one coupling is matched, the ensembles have one for each axis",
        ),
        (SPINS[:, :4, :4], {"J": 0.4, "operators": ODD_OPERATORS[:2]}, "odd operators have no mean to compare"),
    ],
)
def test_bad_input(small, options, message):
    with pytest.raises(ValueError, match=message):
        match_critical_coupling(SPINS, small, MajorityKernel(), seed=0, **options)


def test_flattened_lattices_and_samples_in_a_field_are_refused():
    large = IsingModel((16, 16), 0.4).sample(10_000, method="swendsen_wang", seed=1).reshape(10_000, 256)
    with pytest.raises(ValueError, match="must be rings"):
        match_critical_coupling(large, large[:, :128], MajorityKernel(2), J=0.4)
    # One chain in a field, which often changes its sign: the sign of the blocks gives it away.
    large = IsingModel((4, 4), 0.2, 0.15).sample(40_000, method="heat_bath", seed=1, n_chains=1)
    small = IsingModel((2, 2), 0.2, 0.15).sample(40_000, method="heat_bath", seed=1, n_chains=1)
    with pytest.raises(ValueError, match="without a field"):
        match_critical_coupling(large, small, MajorityKernel(), J=0.2, levels=1)


@pytest.mark.parametrize("kernel", [None, "majority", np.eye(2), MajorityKernel])
def test_kernels_of_another_kind(kernel):
    with pytest.raises(TypeError, match="kernel must be a BlockKernel"):
        match_critical_coupling(SPINS, SPINS[:, :4, :4], kernel, J=0.4)
