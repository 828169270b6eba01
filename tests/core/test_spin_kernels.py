"""What all four kinds of chains answer: observables against plain NumPy, packing, states, and the same bits."""

import functools

import numpy as np
import pytest

import rgrbm
from chains import chains_of_model, cluster_chains, lattice_chains, packings_of_models, unpacked, word_chains

from chains import is_sequential, packed_chains, site_chains  # isort: skip
from rgrbm import IsingModel
from rgrbm.spins import Lattice

LATTICES = [
    *(Lattice(shape) for shape in [(2,), (9,), (12,), (130,), (2, 2), (4, 6), (3, 5), (8, 130), (2, 1026), (70, 6)]),
    *(Lattice(shape) for shape in [(2, 2, 2), (4, 6, 8), (3, 2, 5), (6, 4, 130), (2, 6, 4)]),
    *(Lattice(shape, "triangular") for shape in [(2, 2), (3, 3), (6, 9), (4, 5), (3, 129), (9, 396), (12, 6)]),
]
KINDS = ["chains", "lattice", "sites", "clusters"]


def make(kind, lattice, n_chains, *, h=0.05, alternating=None, key=(1, 2), update="heat_bath", J=(0.3, 0.2, -0.1)):
    """Chains of a kind; none if the lattice cannot be packed by colours."""
    options = {"kind": lattice.kind, "alternating": alternating}
    arguments = lattice.shape, list(J[: lattice.n_axes]), h, n_chains, key
    if kind == "clusters":
        return cluster_chains(*arguments, **options)
    if kind == "lattice" and not is_sequential(*arguments[:3], lattice.kind, update):
        return pytest.skip("sites must be visited in random order")
    return packed_chains(kind, *arguments, update=update, **options)


def signs_of(lattice, alternating):
    indices = np.indices(lattice.shape)
    return 1 - 2 * (sum(axis for axis, chosen in zip(indices, alternating, strict=True) if chosen) % 2)


def patterns_of(lattice):
    """No dimension, all, and each alone; of an odd side, the sum is as well defined as any other."""
    n = len(lattice.shape)
    return [(False,) * n, (True,) * n, *(tuple(i == d for i in range(n)) for d in range(n) if n > 1)]


def assert_observables_are_those_of_the_spins(chains, lattice, alternating, measured=None):
    spins = unpacked(chains, lattice.shape)
    dimensions = tuple(range(1, spins.ndim))
    wide = spins.astype(np.int64)
    bonds = lattice.bond_sums(spins)
    total, staggered = wide.sum(dimensions), (wide * signs_of(lattice, alternating)).sum(dimensions)
    power = np.abs(np.fft.fftn(wide, axes=dimensions)) ** 2
    structure = np.stack(
        [power[(slice(None), *np.eye(len(lattice.shape), dtype=int)[d])] for d in range(len(lattice.shape))], axis=1
    )
    if lattice.n_sites and any(side == 2 for side in lattice.shape):
        assert structure.shape[1] == len(lattice.shape)  # k = π along such a dimension
    np.testing.assert_array_equal(chains.bond_sums(), bonds)
    np.testing.assert_array_equal(chains.magnetizations(), total)
    np.testing.assert_array_equal(chains.magnetizations(alternating=True), staggered)
    np.testing.assert_allclose(chains.structure(), structure, rtol=1e-10, atol=1e-8)
    if measured is not None:
        np.testing.assert_array_equal(measured["bond_sums"][-1], bonds)
        np.testing.assert_array_equal(measured["magnetization"][-1], total)
        np.testing.assert_array_equal(measured["alternating"][-1], staggered)
        np.testing.assert_allclose(measured["structure"][-1], structure, rtol=1e-10, atol=1e-8)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("lattice", LATTICES, ids=str)
def test_packed_observables_agree_with_numpy(lattice, kind):
    n_chains = 700 if kind == "chains" and lattice.n_sites < 300 else 5
    for alternating in patterns_of(lattice):
        chains = make(kind, lattice, n_chains, alternating=alternating)
        assert chains.n_chains == n_chains
        assert_observables_are_those_of_the_spins(chains, lattice, alternating)
        measured = chains.measure(3, 2)
        assert_observables_are_those_of_the_spins(chains, lattice, alternating, measured)
        for up in (True, False):
            chains.align(up)
            assert (unpacked(chains, lattice.shape) == (1 if up else -1)).all()
            assert_observables_are_those_of_the_spins(chains, lattice, alternating)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("lattice", LATTICES, ids=str)
def test_what_was_packed_is_unpacked(lattice, kind):
    n_chains = 600 if kind == "chains" and lattice.n_sites < 300 else 4
    chains = make(kind, lattice, n_chains)
    spins = np.random.default_rng(0).choice(np.array([-1, 1], np.int8), size=(n_chains, *lattice.shape))
    chains.pack(spins.reshape(n_chains, -1))
    np.testing.assert_array_equal(unpacked(chains, lattice.shape), spins)
    assert_observables_are_those_of_the_spins(chains, lattice, (True,) * len(lattice.shape))
    for bad in (0, 2, -2, -128):
        wrong = spins.copy().reshape(n_chains, -1)
        wrong[-1, -1] = bad
        with pytest.raises(ValueError, match=r"spins must be -1 or \+1"):
            chains.pack(wrong)
    np.testing.assert_array_equal(unpacked(chains, lattice.shape), spins)  # nothing was changed
    few = np.empty((2, lattice.n_sites), np.int8)
    chains.unpack(few)
    np.testing.assert_array_equal(few, spins[:2].reshape(2, -1))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("lattice", LATTICES, ids=str)
def test_a_restored_state_goes_on_to_the_same_bits(lattice, kind):
    n_chains = 520 if kind == "chains" else 3
    chains, other = (make(kind, lattice, n_chains, key=key) for key in ((1, 2), (7, 8)))
    chains.sweep(3)
    assert not np.array_equal(unpacked(chains, lattice.shape), unpacked(other, lattice.shape))
    state = [part.copy() for part in chains.state()]
    chains.sweep(4)
    after = unpacked(chains, lattice.shape)
    for again in (other, chains):
        again.restore(state)
        again.sweep(4)
        np.testing.assert_array_equal(unpacked(again, lattice.shape), after)
        for now, then in zip(again.state(), chains.state(), strict=True):
            np.testing.assert_array_equal(now, then)
    for bad in (state[:-1], [*state[:-1], state[-1][1:]], [*state, state[0]]):
        with pytest.raises(ValueError, match="state is that of other chains"):
            chains.restore(bad)


MODELS = [
    IsingModel((512, 512), 0.44),
    IsingModel((512, 512), -0.44),
    IsingModel((512, 512), (0.4, -0.3), h=0.1),
    IsingModel((96, 64, 64), 0.22),
    IsingModel((64, 96, 64), (0.1, 0.2, 0.3), h=-0.1),
    IsingModel((513, 396), 0.27, lattice="triangular"),
    IsingModel((396, 513), (0.1, -0.2, 0.3), h=0.1, lattice="triangular"),
    IsingModel((2, 2**17), (0.3, 0.2)),
    IsingModel((37, 41), 0.4),
]


@pytest.mark.parametrize(("model", "update", "kind"), packings_of_models(MODELS, ["metropolis", "heat_bath"]), ids=repr)
def test_same_bits_for_any_number_of_threads(model, update, kind):
    # Colours of these lattices have more than 128 granules of 512 sites each, which are several bands: threads share
    # them.
    results = []
    for threads in (1, 2, 3):
        rgrbm.set_num_threads(threads)
        chains = chains_of_model(kind, model, 1025 if kind == "chains" and model.n_sites < 2000 else 2, (3, 4), update)
        measured = chains.measure(2, 2)
        results.append((unpacked(chains, model.shape), measured, [part.copy() for part in chains.state()]))
    rgrbm.set_num_threads(0)
    for spins, measured, state in results[1:]:
        np.testing.assert_array_equal(spins, results[0][0])
        for name, values in measured.items():
            np.testing.assert_array_equal(values, results[0][1][name], err_msg=name)
        for now, then in zip(state, results[0][2], strict=True):
            np.testing.assert_array_equal(now, then)


@pytest.mark.parametrize(("make_chains", "n_chains"), [(lattice_chains, 4), (site_chains, 4)])
@pytest.mark.parametrize("update", ["metropolis", "heat_bath"])
def test_each_chain_has_its_own_couplings(make_chains, n_chains, update):
    couplings = np.repeat([[0.1], [0.4], [0.2], [-0.3]], 2, axis=1)
    make_chains = functools.partial(make_chains, update=update)
    together = make_chains((8, 10), couplings, 0.0, n_chains, (3, 4))
    together.set_couplings(couplings[::-1].copy())
    together.sweep(20)
    for chain, J in enumerate(couplings[::-1]):
        alone = make_chains((8, 10), J, 0.0, n_chains, (3, 4))
        alone.sweep(20)
        np.testing.assert_array_equal(unpacked(together, (8, 10))[chain], unpacked(alone, (8, 10))[chain])


def test_chains_that_are_added_do_not_change_the_others():
    for kind in KINDS:
        few, many = (make(kind, Lattice((8, 12)), n) for n in (512, 1024))
        few.sweep(5)
        many.sweep(5)
        np.testing.assert_array_equal(unpacked(many, (8, 12))[:512], unpacked(few, (8, 12)), err_msg=kind)


def test_sites_in_random_order_are_not_packed_by_colours():
    for arguments, kind, update in (
        (((9, 9), [0.3, 0.3]), "hypercubic", "heat_bath"),
        (((8, 8), [0.3, 0.2]), "hypercubic", "metropolis"),
        (((8,), [0.3]), "hypercubic", "heat_bath"),
        (((9, 9), [-0.3] * 3), "triangular", "metropolis"),
    ):
        with pytest.raises(ValueError, match="sites must be visited at random"):
            lattice_chains(*arguments, 0.0, 1, (0, 0), kind, update)
    chains = lattice_chains((8, 8), [0.3, 0.3], 0.0, 2, (0, 0))
    before = unpacked(chains, (8, 8))
    with pytest.raises(ValueError, match="sites must be visited at random"):
        chains.set_couplings(np.array([[0.3, 0.3], [0.3, 0.2]]))
    np.testing.assert_array_equal(unpacked(chains, (8, 8)), before)


def test_couplings_of_a_word_are_those_of_all_its_chains():
    chains, other = word_chains((8, 8), [0.1, 0.2], 0.0, 600, (1, 2)), word_chains((8, 8), [0.4, 0.3], 0.0, 600, (1, 2))
    chains.set_couplings(np.tile([0.4, 0.3], (600, 1)))
    for each in (chains, other):
        each.sweep(5)
    np.testing.assert_array_equal(unpacked(chains, (8, 8)), unpacked(other, (8, 8)))
