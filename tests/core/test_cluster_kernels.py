"""Chains of cluster updates: what they measure against plain NumPy, reproducibility, and errors."""

import numpy as np
import pytest

import rgrbm
from chains import cluster_chains, unpacked
from exact_distributions import bond_sums
from rgrbm._core import kernels

SHAPES = [(9,), (64,), (130,), (5, 8), (3, 70), (2, 2), (4, 3, 5), (2, 3, 65)]


def make(sides, n_chains=7, *, update="swendsen_wang", triangular=False, field=0.0, J=0.3, n_clusters=1):
    kind = "triangular" if triangular else "hypercubic"
    couplings = (len(sides) + triangular) * [J]
    return cluster_chains(sides, couplings, field, n_chains, (3, 4), kind, update=update, n_clusters=n_clusters)


@pytest.mark.parametrize(("sides", "triangular"), [(s, False) for s in SHAPES] + [((5, 8), True), ((3, 70), True)])
def test_observables_agree_with_numpy(sides, triangular):
    chains = make(sides, triangular=triangular)
    result = chains.measure_clusters(2)
    spins = unpacked(chains, sides)
    expected = bond_sums(spins, len(sides), triangular=triangular)
    np.testing.assert_array_equal(chains.bond_sums(), expected)
    np.testing.assert_array_equal(result["bond_sums"][-1], expected)
    total = spins.reshape(7, -1).sum(1, dtype=int)
    np.testing.assert_array_equal(chains.magnetizations(), total)
    np.testing.assert_array_equal(result["magnetization"][-1], total)
    power = np.abs(np.fft.fftn(spins, axes=range(1, spins.ndim))) ** 2
    for axis in range(len(sides)):
        smallest = tuple(int(axis == other) for other in range(len(sides)))
        np.testing.assert_allclose(result["structure"][-1, :, axis], power[(slice(None), *smallest)], atol=1e-9)


@pytest.mark.parametrize("sides", SHAPES)
def test_aligned_chains_are_one_cluster_at_strong_coupling(sides):
    # J = 50: no satisfied bond stays open, so that all spins flip together.
    chains = make(sides, J=50.0)
    chains.align(True)
    n_sites = int(np.prod(sides))
    assert (chains.magnetizations() == n_sites).all()
    result = chains.measure_clusters(1)
    np.testing.assert_array_equal(result["improved_square"], float(n_sites) ** 2)
    np.testing.assert_array_equal(result["improved_fourth"], float(n_sites) ** 4)
    np.testing.assert_allclose(result["improved_structure"], 0, atol=1e-18 * n_sites**4 + 1e-20)
    assert set(np.abs(chains.magnetizations())) == {n_sites}
    wolff = make(sides, update="wolff", J=50.0)
    wolff.pack(unpacked(chains, sides).reshape(7, -1))
    before = chains.magnetizations()
    np.testing.assert_array_equal(wolff.magnetizations(), before)
    np.testing.assert_array_equal(wolff.sweep_clusters(1), n_sites)
    np.testing.assert_array_equal(wolff.magnetizations(), -before)


@pytest.mark.parametrize("sides", SHAPES)
def test_sites_are_clusters_without_coupling(sides):
    n_sites = int(np.prod(sides))
    np.testing.assert_array_equal(make(sides, J=0.0).measure_clusters(1)["improved_square"], n_sites)
    chains = make(sides, update="wolff", J=0.0)
    before = unpacked(chains, sides)
    np.testing.assert_array_equal(chains.sweep_clusters(1), 1)
    np.testing.assert_array_equal((unpacked(chains, sides) != before).reshape(7, -1).sum(1), 1)


@pytest.mark.parametrize("update", ["wolff", "swendsen_wang"])
def test_same_bits_for_any_number_of_threads(update):
    results = []
    for threads in (1, 2):
        rgrbm.set_num_threads(threads)
        chains = make((12, 70), update=update, triangular=True, field=0.01, n_clusters=3)
        results.append((chains.measure_clusters(5, spacing=2), unpacked(chains, (12, 70))))
    rgrbm.set_num_threads(0)
    np.testing.assert_array_equal(results[0][1], results[1][1])
    for name, values in results[0][0].items():
        np.testing.assert_array_equal(values, results[1][0][name], err_msg=name)


def test_measuring_does_not_change_the_chain():
    for update in ("wolff", "swendsen_wang"):
        measured, plain, swept = (make((16, 16), update=update, n_clusters=2) for _ in range(3))
        result = measured.measure_clusters(4, spacing=3)
        same = plain.measure(4, spacing=3)
        swept.sweep(12)
        np.testing.assert_array_equal(unpacked(measured, (16, 16)), unpacked(swept, (16, 16)))
        np.testing.assert_array_equal(unpacked(plain, (16, 16)), unpacked(swept, (16, 16)))
        for name, values in same.items():
            np.testing.assert_array_equal(values, result[name], err_msg=name)


def test_each_chain_has_its_own_coupling():
    couplings = np.repeat([[0.1], [0.4], [0.2]], 2, axis=1)
    together = cluster_chains((8, 8), couplings, 0.0, 3, (3, 4))
    together.set_couplings(couplings[::-1].copy())
    together.sweep(20)
    for chain, J in enumerate((0.2, 0.4, 0.1)):
        alone = make((8, 8), 3, J=J)
        alone.sweep(20)
        np.testing.assert_array_equal(unpacked(together, (8, 8))[chain], unpacked(alone, (8, 8))[chain])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (((), [1.0], 0.0, 1), "1 to 3 sides, got 0"),
        (((4, 4, 4, 4), 4 * [1.0], 0.0, 1), "1 to 3 sides, got 4"),
        (((1,), [1.0], 0.0, 1), "at least 2 sites"),
        (((4, 1), 2 * [1.0], 0.0, 1), "at least 2 sites"),
        (((2**16, 2**16), 2 * [1.0], 0.0, 1), "at most 2\\^31"),
        (((2**40,), [1.0], 0.0, 1), "at most 2\\^31"),
        (((4, 4), 3 * [1.0], 0.0, 1), "couplings must have shape"),
        (((4, 4), 2 * [1.0], 0.0, 0), "at least one chain"),
        (((4, 4), [0.1, np.nan], 0.0, 1), "couplings must be finite"),
        (((4, 4), 2 * [1.0], np.inf, 1), "field must be finite"),
        (((4,), 2 * [1.0], 0.0, 1, "triangular"), "triangular lattice must have 2 sides, got 1"),
        (((4, 4), 2 * [1.0], 0.0, 1, "triangular"), "couplings must have shape"),
    ],
)
def test_bad_lattices(arguments, message):
    with pytest.raises(ValueError, match=message):
        cluster_chains(*arguments[:4], (0, 0), *arguments[4:])


def test_couplings_have_a_row_for_each_chain():
    alternating = (False, True, True)
    for couplings in (np.ones(2), np.ones((1, 1, 2))):
        with pytest.raises(ValueError, match="couplings must have shape"):
            kernels.ClusterChains([4, 4], False, kernels.ClusterUpdate.wolff, couplings, 0.0, (0, 0), alternating)


def test_bad_calls():
    chains = make((4, 4))
    with pytest.raises(TypeError):
        kernels.ClusterChains(
            [4, 4], False, kernels.Update.metropolis, np.ones((1, 2)), 0.0, (0, 0), (False, True, True)
        )
    with pytest.raises(ValueError, match="at least one cluster"):
        chains.set_clusters_per_sweep(0)
    with pytest.raises(ValueError, match="at least one sweep"):
        chains.measure(1, 0)
    with pytest.raises(ValueError, match="at least one sweep"):
        chains.measure_clusters(1, 0)
    with pytest.raises(ValueError, match="couplings must have shape"):
        chains.set_couplings(np.ones((1, 2)))
    with pytest.raises(ValueError, match="room for 8 chains, but there are 7"):
        chains.unpack(np.empty((8, 16), np.int8))
    with pytest.raises(ValueError, match="out must have shape"):
        chains.unpack(np.empty((7, 15), np.int8))
    with pytest.raises(TypeError):
        chains.sweep(-1)
