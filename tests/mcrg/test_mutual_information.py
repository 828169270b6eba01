"""Information of block spins about their surroundings: plain loops, exact distributions, all threshold rules."""

import itertools

import numpy as np
import pytest

import rgrbm
from exact_distributions import all_states
from rgrbm.mcrg import (
    BlockSurroundings,
    ConvolutionKernel,
    DecimationKernel,
    MajorityKernel,
    count_surroundings,
    most_informative_kernel,
)

J_C = np.log(1 + np.sqrt(2)) / 2


def chain(J, n):
    """p of all states of n neighbours of an infinite chain, of shape (2,) * n, index 1 for spins up."""
    states = all_states((n,))
    stays = np.exp(J) / (2 * np.cosh(J))
    same = states[:, 1:] == states[:, :-1]
    p = np.prod(np.where(same, stays, 1 - stays), axis=1) / 2
    table = np.zeros((2,) * n)
    table[tuple((states > 0).astype(int).T)] = p
    return table


def pair_of_the_chain(J, buffer):
    """Two spins of the infinite chain, and those on both sides beyond a buffer."""
    table = chain(J, 4 + 2 * buffer)
    inner = (buffer + 1, buffer + 2)
    kept = (0, *inner, table.ndim - 1)
    table = table.sum(axis=tuple(axis for axis in range(table.ndim) if axis not in kept))
    joint = np.zeros((4, 4))
    for left, first, second, right in itertools.product((0, 1), repeat=4):
        joint[first + 2 * second, left + 2 * right] += table[left, first, second, right]
    return BlockSurroundings(((0,), (1,)), ((-buffer - 1,), (buffer + 2,)), joint)


def test_the_infinite_chain():
    """Copying a spin .2470 nats, majority .2406, soft weights .2204, at most .3252 (J = 1, a buffer of one site)."""
    result = pair_of_the_chain(1.0, buffer=1)
    soft = result.information_of(ConvolutionKernel([1.0, 1.0], 2))
    values = (
        result.information_of(DecimationKernel()),
        result.information_of(MajorityKernel()),
        soft,
        result.information,
    )
    np.testing.assert_allclose(values, [0.2470, 0.2406, 0.2204, 0.3252], atol=6e-5)


@pytest.mark.parametrize("buffer", [0, 1, 2])
def test_decimation_is_best_on_the_chain(buffer):
    result = pair_of_the_chain(1.0, buffer)
    best = most_informative_kernel(result)
    assert best.information == pytest.approx(result.information_of(DecimationKernel()), rel=1e-4)
    assert best.information == pytest.approx(result.information_of(best.kernel), abs=1e-12)


@pytest.mark.parametrize(("shape", "width", "buffer"), [((7,), 2, 1), ((6, 5), 2, 0), ((8, 8), 3, 1)])
def test_counts_against_loops(shape, width, buffer):
    spins = np.random.default_rng(1).choice([-1, 1], (3, *shape)).astype(np.int8)
    around = None if len(shape) == 1 else [(-1 - buffer, 0), (0, width + buffer), (width + buffer, 1)]
    counts = count_surroundings(spins, width, buffer=buffer, around=around)
    expected = np.zeros_like(counts.joint)
    for sample in spins:
        for position in np.ndindex(shape):

            def number(sites, sample=sample, position=position):
                values = [sample[tuple(np.mod(np.add(position, site), shape))] for site in sites]
                return sum(1 << bit for bit, value in enumerate(values) if value > 0)

            expected[number(counts.window), number(counts.around)] += 1
    np.testing.assert_allclose(counts.joint, expected / expected.sum())
    assert len(counts.window) == width ** len(shape)


def test_default_surroundings_lie_beyond_the_buffer():
    spins = np.ones((1, 12, 12))
    for width, buffer in ((2, 0), (2, 1), (3, 1), (3, 2)):
        counts = count_surroundings(spins, width, buffer=buffer)
        window = np.array(counts.window)
        low, high = window.min(axis=0), window.max(axis=0)
        away = np.maximum(low - counts.around, np.array(counts.around) - high).max(axis=1)
        assert set(away.tolist()) == {buffer + 1}
        assert len(set(counts.around)) == len(counts.around) <= 12


def test_no_threshold_rule_tells_more():
    """Of 2 × 2 spins all rules sign(w·V) with weights of −1 … 3, ties by a coin."""
    spins = rgrbm.IsingModel((16, 16), J_C).sample(4000, method="swendsen_wang", n_chains=100, spacing=4, seed=2)
    counts = count_surroundings(spins, 2, buffer=1)
    best = most_informative_kernel(counts)
    rules = [8.0 * np.reshape(w, (2, 2)) for w in itertools.product(range(-1, 4), repeat=4) if any(w)]
    values = [counts.information_of(ConvolutionKernel(w, 2)) for w in rules]
    assert best.information == pytest.approx(max(values), abs=2e-4)
    assert best.information > max(values) - 1e-4
    tied = most_informative_kernel(counts, lattice_symmetric=True)
    assert np.ptp(tied.kernel.weights) == 0
    assert tied.information == pytest.approx(counts.information_of(MajorityKernel()), abs=2e-5)
    assert tied.information < best.information < counts.information
    assert best.kernel.weights.sum() > 0


def test_sites_that_symmetries_exchange_share_a_weight():
    spins = rgrbm.IsingModel((16, 16), J_C).sample(1000, method="swendsen_wang", n_chains=100, spacing=4, seed=2)
    w = most_informative_kernel(count_surroundings(spins, 3), lattice_symmetric=True).kernel.weights
    for image in (w.T, w[::-1], w[:, ::-1]):
        np.testing.assert_array_equal(image, w)
    assert len(np.unique(w)) == 3


def test_kernels_that_look_elsewhere_are_refused():
    counts = count_surroundings(np.ones((1, 8, 8)), 2)
    with pytest.raises(ValueError, match="outside of the window"):
        counts.information_of(ConvolutionKernel(np.ones((3, 3)), 2))


@pytest.mark.parametrize(
    ("shape", "arguments", "message"),
    [
        ((4, 4), {"width": 2, "buffer": 1}, "do not fit a lattice of shape"),
        ((8, 8), {"width": 4, "buffer": 1}, "24 sites together"),
        ((8, 8), {"width": 0}, "width"),
        ((8, 8), {"width": 2, "buffer": -1}, "buffer"),
        ((8, 8), {"width": 2, "around": [(0, 0)]}, "share a site"),
        ((8, 8), {"width": 2, "around": [(3,)]}, "2 dimensions"),
    ],
)
def test_bad_input(shape, arguments, message):
    with pytest.raises(ValueError, match=message):
        count_surroundings(np.ones((1, *shape)), **arguments)


def test_few_samples_in_three_dimensions():
    """Rounding left less than nothing of a state of the surroundings, and the information was NaN."""
    spins = rgrbm.IsingModel((8, 8, 8), 0.25).ensemble(700, seed=0).spins
    counts = count_surroundings(spins, 2)
    assert len(counts.around) == 12
    best = most_informative_kernel(counts)
    assert best.information == pytest.approx(counts.information_of(best.kernel), abs=1e-9)
    assert best.information >= counts.information_of(MajorityKernel(2)) - 1e-9


@pytest.mark.parametrize(("side", "buffer"), [(4, 1), (8, 3), (8, 10**9)])
def test_surroundings_that_touch_the_window_from_behind(side, buffer):
    with pytest.raises(ValueError, match=r"at least width \+ 2 buffer \+ 1"):
        count_surroundings(np.ones((2, side, side)), 2, buffer=buffer)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda s: most_informative_kernel(None), TypeError, "surroundings must be a BlockSurroundings"),
        (lambda s: most_informative_kernel(s, 0.5), TypeError, "stride must be an integer"),
        (
            lambda s: most_informative_kernel(s, lattice_symmetric=np.eye(2)),
            TypeError,
            "lattice_symmetric must be True or",
        ),
        (lambda s: most_informative_kernel(s, n_starts=0), ValueError, "n_starts must be at least 1"),
        (lambda s: count_surroundings(np.ones((1, 8)), 2, around=5), TypeError, "around must be a sequence of sites"),
        (lambda s: count_surroundings(np.ones((1, 8)), 2, around=[3]), TypeError, "each site must be a sequence"),
        (lambda s: count_surroundings(np.ones((1, 8)), 2**70, around=[(3,)]), ValueError, "24 sites together"),
    ],
)
def test_arguments_of_another_kind(call, error, message):
    with pytest.raises(error, match=message):
        call(count_surroundings(np.ones((1, 8)), 2))
