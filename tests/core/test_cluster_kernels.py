"""Chains of cluster updates: what they measure against plain NumPy, reproducibility, and errors."""

import numpy as np
import pytest

import rgrbm
from exact_laws import bond_sums
from rgrbm._core import kernels

SHAPES = [(9,), (64,), (130,), (5, 8), (3, 70), (2, 2), (4, 3, 5), (2, 3, 65)]


def make(sides, n_chains=7, *, triangular=False, field=0.0, J=0.3):
    n_bonds = len(sides) + triangular
    return kernels.ClusterChains(list(sides), np.full((n_chains, n_bonds), J), (3, 4), field, triangular)


def unpacked(chains, sides, n_chains=7):
    spins = np.empty((n_chains, int(np.prod(sides))), np.int8)
    chains.unpack(spins)
    assert set(np.unique(spins)) <= {-1, 1}
    return spins.reshape(n_chains, *sides)


@pytest.mark.parametrize(("sides", "triangular"), [(s, False) for s in SHAPES] + [((5, 8), True), ((3, 70), True)])
def test_observables_agree_with_numpy(sides, triangular):
    chains = make(sides, triangular=triangular)
    found = chains.measure(2, "swendsen_wang")
    spins = unpacked(chains, sides)
    expected = bond_sums(spins, len(sides), triangular=triangular)
    np.testing.assert_array_equal(chains.bond_sums(), expected)
    np.testing.assert_array_equal(found["bond_sums"][-1], expected)
    total = spins.reshape(7, -1).sum(1, dtype=int)
    np.testing.assert_array_equal(chains.magnetizations(), total)
    np.testing.assert_array_equal(found["magnetization"][-1], total)
    power = np.abs(np.fft.fftn(spins, axes=range(1, spins.ndim))) ** 2
    for axis in range(len(sides)):
        smallest = tuple(int(axis == other) for other in range(len(sides)))
        np.testing.assert_allclose(found["structure"][-1, :, axis], power[(slice(None), *smallest)], atol=1e-9)


@pytest.mark.parametrize("sides", SHAPES)
def test_aligned_chains_are_one_cluster_at_strong_coupling(sides):
    # J = 50: no satisfied bond stays open, so that all spins turn together.
    chains = make(sides, J=50.0)
    chains.align()
    n_sites = int(np.prod(sides))
    assert (chains.magnetizations() == n_sites).all()
    found = chains.measure(1, "swendsen_wang")
    np.testing.assert_array_equal(found["improved_square"], float(n_sites) ** 2)
    np.testing.assert_array_equal(found["improved_fourth"], float(n_sites) ** 4)
    np.testing.assert_allclose(found["improved_structure"], 0, atol=1e-18 * n_sites**4 + 1e-20)
    assert set(np.abs(chains.magnetizations())) == {n_sites}
    before = chains.magnetizations()
    np.testing.assert_array_equal(chains.sweep(1, "wolff"), n_sites)
    np.testing.assert_array_equal(chains.magnetizations(), -before)


@pytest.mark.parametrize("sides", SHAPES)
def test_sites_are_clusters_without_coupling(sides):
    chains, n_sites = make(sides, J=0.0), int(np.prod(sides))
    np.testing.assert_array_equal(chains.measure(1, "swendsen_wang")["improved_square"], n_sites)
    before = unpacked(chains, sides)
    np.testing.assert_array_equal(chains.sweep(1, "wolff"), 1)
    np.testing.assert_array_equal((unpacked(chains, sides) != before).reshape(7, -1).sum(1), 1)


@pytest.mark.parametrize("update", ["wolff", "swendsen_wang"])
def test_same_bits_for_any_number_of_threads(update):
    found = []
    for threads in (1, 2):
        rgrbm.set_num_threads(threads)
        chains = make((12, 70), triangular=True, field=0.01)
        found.append((chains.measure(5, update, 3, spacing=2), unpacked(chains, (12, 70))))
    rgrbm.set_num_threads(0)
    np.testing.assert_array_equal(found[0][1], found[1][1])
    for name, values in found[0][0].items():
        np.testing.assert_array_equal(values, found[1][0][name], err_msg=name)


def test_measuring_does_not_change_the_chain():
    for update in ("wolff", "swendsen_wang"):
        measured, swept = make((16, 16)), make((16, 16))
        measured.measure(4, update, 2, spacing=3)
        swept.sweep(12, update, 2)
        np.testing.assert_array_equal(unpacked(measured, (16, 16)), unpacked(swept, (16, 16)))


def test_each_chain_has_its_own_coupling():
    couplings = np.repeat([[0.1], [0.4], [0.2]], 2, axis=1)
    together = kernels.ClusterChains([8, 8], couplings, (3, 4))
    together.set_couplings(couplings[::-1].copy())
    together.sweep(20, "swendsen_wang")
    for chain, J in enumerate((0.2, 0.4, 0.1)):
        alone = make((8, 8), 3, J=J)
        alone.sweep(20, "swendsen_wang")
        np.testing.assert_array_equal(unpacked(together, (8, 8), 3)[chain], unpacked(alone, (8, 8), 3)[chain])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([], np.ones((1, 1)), (0, 0)), "1 to 3 sides, got 0"),
        (([4, 4, 4, 4], np.ones((1, 4)), (0, 0)), "1 to 3 sides, got 4"),
        (([1], np.ones((1, 1)), (0, 0)), "at least 2 sites"),
        (([4, 1], np.ones((1, 2)), (0, 0)), "at least 2 sites"),
        (([2**16, 2**16], np.ones((1, 2)), (0, 0)), "less than 2\\^31"),
        (([2**40], np.ones((1, 1)), (0, 0)), "less than 2\\^31"),
        (([4, 4], np.ones((1, 3)), (0, 0)), "couplings must have shape"),
        (([4, 4], np.ones(2), (0, 0)), "couplings must have shape"),
        (([4, 4], np.ones((0, 2)), (0, 0)), "at least one chain"),
        (([4, 4], np.full((1, 2), np.nan), (0, 0)), "couplings must be finite"),
        (([4, 4], np.ones((1, 2)), (0, 0), np.inf), "field must be finite"),
        (([4], np.ones((1, 2)), (0, 0), 0.0, True), "triangular lattice must have 2 sides, got 1"),
        (([4, 4], np.ones((1, 2)), (0, 0), 0.0, True), "couplings must have shape"),
    ],
)
def test_bad_lattices(arguments, message):
    with pytest.raises(ValueError, match=message):
        kernels.ClusterChains(*arguments)


def test_bad_calls():
    chains = make((4, 4))
    with pytest.raises(ValueError, match="update must be 'wolff' or 'swendsen_wang', got 'metropolis'"):
        chains.sweep(1, "metropolis")
    with pytest.raises(ValueError, match="at least one cluster"):
        chains.measure(1, "wolff", 0)
    with pytest.raises(ValueError, match="at least one sweep"):
        chains.measure(1, "wolff", 1, 0)
    with pytest.raises(ValueError, match="couplings must have shape"):
        chains.set_couplings(np.ones((1, 2)))
    with pytest.raises(ValueError, match="room for 8 chains, but there are 7"):
        chains.unpack(np.empty((8, 16), np.int8))
    with pytest.raises(ValueError, match="out must have shape"):
        chains.unpack(np.empty((7, 15), np.int8))
    with pytest.raises(TypeError):
        chains.sweep(-1, "wolff")
