"""Parallel tempering: every rung keeps its distribution, whatever the exchanges; ladders and round trips."""

import numpy as np
import pytest

import rgrbm
from exact_distributions import FALSE_ALARM, all_states, boltzmann_distribution, bond_sums, chi_square
from rgrbm.spins import Lattice, ParallelTempering, exact, tempering_ladder


@pytest.mark.parametrize("method", ["swendsen_wang", "wolff"])
@pytest.mark.parametrize(
    ("sides", "kind", "ladder", "h"),
    [
        ((3, 3), "hypercubic", [0.1, 0.25, 0.45], 0.0),
        ((3, 3), "hypercubic", [-0.4, -0.2, 0.0, 0.2], 0.1),
        ((3, 3), "triangular", [[0.1, 0.1, 0.2], [0.2, 0.0, -0.1], [0.0, -0.2, -0.3]], 0.0),
    ],
)
def test_each_rung_has_its_distribution(sides, kind, ladder, h, method):
    # Ladders are independent: one sample from each, of the bonds of every rung. 20 distributions, false alarms 1e-5
    # each.
    lattice = Lattice(sides, kind)
    tempering = ParallelTempering(lattice, ladder, h, method=method, n_ladders=5000, seed=1)
    last = tempering.run(40).bond_sums[-1].sum(-1)
    assert (tempering.acceptance > 0.3).all()  # so that a wrong exchange would show
    levels = bond_sums(all_states(sides), len(sides), triangular=kind == "triangular").sum(1)
    for rung, couplings in enumerate(tempering.ladder):
        distribution = boltzmann_distribution(sides, couplings, h, triangular=kind == "triangular")
        expected = np.bincount(levels + 27, distribution, 55)
        assert chi_square(np.bincount(last[:, rung] + 27, minlength=55), expected) > FALSE_ALARM


@pytest.mark.parametrize("method", ["swendsen_wang", "wolff"])
def test_energies_against_kaufman(method):
    # 5 standard errors over independent ladders: false alarms 6e-7 for each rung.
    lattice = Lattice((16, 16))
    ladder = tempering_ladder(lattice, 0.36, 0.5, seed=0)
    tempering = ParallelTempering(lattice, ladder, method=method, n_ladders=64, seed=2)
    tempering.sampler.calibrate()
    tempering.run(100)
    result = tempering.run(200)
    means = result.bond_sums.sum(-1).mean(0)
    for rung, J in enumerate(ladder):
        off = means[:, rung].mean() + 256 * exact.torus_mean_energy_per_site(J, 16, 16) / J
        assert abs(off) < 5 * means[:, rung].std(ddof=1) / 8
    squares = result.magnetization.astype(float) ** 2
    difference = (squares - result.improved_square).mean(0)
    assert (np.abs(difference.mean(0)) < 5 * difference.std(0, ddof=1) / 8).all()


ENDS = [(0.3, 0.55), (0.55, 0.3), (-0.55, -0.3)]
ACCEPTANCES = [0.2, 0.3, 0.4]
OTHER_PAIRS = [(a, e) for i, a in enumerate(ACCEPTANCES) for j, e in enumerate(ENDS) if i != j]


@pytest.mark.parametrize(
    ("acceptance", "ends"),
    [*zip(ACCEPTANCES, ENDS, strict=True), *(pytest.param(*pair, marks=pytest.mark.slow) for pair in OTHER_PAIRS)],
)
def test_neighbours_of_a_ladder_accept_as_asked(acceptance, ends):
    lattice = Lattice((24, 24))
    ladder = tempering_ladder(lattice, *ends, acceptance=acceptance, seed=1)
    assert (ladder[0], ladder[-1]) == ends
    tempering = ParallelTempering(lattice, ladder, n_ladders=16, seed=5)
    tempering.run(100)
    tempering.reset_counts()
    tempering.run(400)
    # 3,200 exchanges of each pair: ±0.008; the pilot's own error is about 0.02.
    np.testing.assert_allclose(tempering.acceptance, tempering.acceptance.mean(), atol=0.08)
    # The number of rungs is whole: a gap in 2N + 1 of the ladder's length at most.
    assert abs(tempering.acceptance.mean() - acceptance) < 0.1


def test_round_trips_of_free_replicas():
    # At J = J' every exchange is accepted, and replicas go up and down with every second step: n_rungs replicas, a
    # round trip of each in 2 n_rungs steps.
    tempering = ParallelTempering(Lattice((4, 4)), [0.2] * 5, n_ladders=3, seed=0)
    tempering.run(20)
    tempering.reset_counts()
    tempering.run(100)
    np.testing.assert_array_equal(tempering.acceptance, 1)
    np.testing.assert_array_equal(tempering.round_trips, 100 // 10 * 5)


def test_replicas_that_never_meet_make_no_round_trips():
    tempering = ParallelTempering(Lattice((32, 32)), [0.1, 0.9], n_ladders=2, seed=0)
    tempering.run(20)
    np.testing.assert_array_equal(tempering.acceptance, 0)
    np.testing.assert_array_equal(tempering.round_trips, 0)
    np.testing.assert_array_equal(tempering.rungs, [[0, 1], [0, 1]])


def test_same_bits_for_any_number_of_threads_and_parts():
    results = []
    for threads, parts in ((1, (12,)), (2, (5, 7))):
        rgrbm.set_num_threads(threads)
        tempering = ParallelTempering(Lattice((8, 8)), [0.3, 0.4, 0.5], n_ladders=3, seed=7)
        results.append(np.concatenate([tempering.run(n).bond_sums for n in parts]))
    rgrbm.set_num_threads(0)
    np.testing.assert_array_equal(*results)


@pytest.mark.parametrize(
    ("ladder", "error", "message"),
    [
        ([0.3], ValueError, r"at least 2 couplings, each one number or 2, got shape \(1,\)"),
        (0.3, ValueError, "at least 2 couplings"),
        ([[0.3], [0.4]], ValueError, "at least 2 couplings"),
        ([0.3, np.nan], ValueError, "must be finite"),
        (["a", "b"], TypeError, "the ladder must be real numbers"),
    ],
)
def test_bad_ladders(ladder, error, message):
    with pytest.raises(error, match=message):
        ParallelTempering(Lattice((4, 4)), ladder)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((0.3, 0.3), ValueError, "low and high must differ"),
        ((0.3, np.inf), ValueError, "high must be finite"),
        (("0.3", 0.4), TypeError, "low must be a number"),
    ],
)
def test_ladders_that_cannot_be_chosen(arguments, error, message):
    with pytest.raises(error, match=message):
        tempering_ladder(Lattice((4, 4)), *arguments)
    with pytest.raises(ValueError, match=r"acceptance must be between 0\.01 and 0\.99"):
        tempering_ladder(Lattice((4, 4)), 0.3, 0.4, acceptance=1.0)
    with pytest.raises(ValueError, match="n_ladders must be at least 1"):
        ParallelTempering(Lattice((4, 4)), [0.3, 0.4], n_ladders=0)
