"""The description of a lattice: what each site is bound to, and the colours of sites."""

import itertools

import numpy as np
import pytest

from rgrbm.spins import Lattice, bond_arrays, lattice_bonds, spin_energies, spin_log_z, two_sublattices

SHAPES = [(2,), (7,), (2, 2), (4, 3), (6, 6), (2, 3, 4), (4, 4, 2)]
LATTICES = [Lattice(shape) for shape in SHAPES] + [Lattice(s, "triangular") for s in ((2, 2), (3, 3), (3, 6), (4, 5))]


def neighbours(lattice, site):
    """Plain arithmetic on the places of a site, one neighbour after another."""
    place = np.unravel_index(site, lattice.shape)
    steps = [tuple(int(i == axis) for i in range(len(place))) for axis in range(len(place))]
    if lattice.kind == "triangular":
        steps.append((1, 1))
    for step, sign in itertools.product(steps, (1, -1)):
        yield int(np.ravel_multi_index([p + sign * s for p, s in zip(place, step, strict=True)], lattice.shape, "wrap"))


@pytest.mark.parametrize("lattice", LATTICES, ids=str)
def test_bonds_are_those_of_plain_arithmetic(lattice):
    bonds = lattice.bonds()
    assert bonds.shape == (lattice.n_axes, lattice.n_sites, 2)
    assert bonds.dtype == np.int64
    for site in range(lattice.n_sites):
        bound = [j for i, j in bonds.reshape(-1, 2) if i == site] + [i for i, j in bonds.reshape(-1, 2) if j == site]
        assert sorted(bound) == sorted(neighbours(lattice, site))
        assert len(bound) == lattice.coordination
        np.testing.assert_array_equal(bonds[:, site, 0], site)


@pytest.mark.parametrize("shape", SHAPES)
def test_hypercubic_bonds_are_lattice_bonds(shape):
    np.testing.assert_array_equal(Lattice(shape).bonds().reshape(-1, 2), lattice_bonds(shape))


@pytest.mark.parametrize("lattice", LATTICES, ids=str)
def test_no_neighbours_of_a_colour(lattice):
    colours = lattice.colouring()
    if lattice.kind == "triangular":
        assert (colours is None) == any(side % 3 for side in lattice.shape)
    else:
        assert (colours is None) == any(side % 2 for side in lattice.shape)
    if colours is not None:
        assert colours.shape == lattice.shape
        first, second = colours.ravel()[lattice.bonds()].reshape(-1, 2).T
        assert np.all(first != second)
        # Every colour has the same number of sites.
        assert np.bincount(colours.ravel()).tolist() == lattice.n_colours * [lattice.n_sites // lattice.n_colours]


@pytest.mark.parametrize("lattice", LATTICES, ids=str)
def test_bond_sums_follow_the_bonds(lattice):
    spins = np.random.default_rng(0).choice(np.array([-1, 1], np.int8), size=(2, 5, *lattice.shape))
    first, second = spins.reshape(2, 5, -1)[..., lattice.bonds()].transpose(4, 0, 1, 2, 3)
    np.testing.assert_array_equal(lattice.bond_sums(spins), (first * second).sum(axis=-1, dtype=int))


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (((1,),), ValueError, "at least 2 spins"),
        (((4, 1),), ValueError, "at least 2 spins"),
        (((),), ValueError, "for a ring or"),
        (((2, 2, 2, 2),), ValueError, "got 4 axes"),
        (((2**11, 2**10, 2**11),), ValueError, "at most 2\\^31 sites"),
        ((2.5,), TypeError, "integer"),
        (("8",), TypeError, "integer"),
        ((b"ab",), TypeError, "each side of the shape must be an integer, got b'ab'"),
        (((4, 4), np.array(["hypercubic"] * 2)), TypeError, "lattice must be one of 'hypercubic', 'triangular', got"),
        (((4, 4), "hexagonal"), ValueError, "lattice must be one of"),
        (((8,), "triangular"), ValueError, "triangular lattice must be"),
        (((2, 2, 2), "triangular"), ValueError, "triangular lattice must be"),
    ],
)
def test_bad_lattices(arguments, error, message):
    with pytest.raises(error, match=message):
        Lattice(*arguments)


def test_lattices_are_values():
    assert Lattice([4, 4]) == Lattice((4, np.int64(4)))
    assert hash(Lattice(8)) == hash(Lattice((8,)))
    assert Lattice((6, 6)) != Lattice((6, 6), "triangular")
    with pytest.raises(ValueError, match="expected configurations of shape"):
        Lattice((2, 3)).bond_sums(np.ones((3, 2)))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: lattice_bonds(3.5), TypeError, "shape must be a sequence of integers, got 3.5"),
        (lambda: lattice_bonds((2**40, 4)), MemoryError, "a list of 8796093022208 bonds would take"),
        (
            lambda: bond_arrays(4, [[0, 1], [2]], 0.0, 0.0),
            ValueError,
            "bonds must be real numbers in rows of one length",
        ),
        (lambda: bond_arrays(4, np.ma.masked_equal([[0, 1]], 1), 0.0, 0.0), ValueError, "bonds must not have masked"),
        (lambda: bond_arrays(2**62, [], 0.0, 0.0), MemoryError, "fields of 4611686018427387904 sites would take"),
        (lambda: two_sublattices([4], []), TypeError, r"n_sites must be an integer, got \[4\]"),
        (lambda: spin_log_z([4], [], 0.0), TypeError, r"n_sites must be an integer, got \[4\]"),
        (lambda: spin_energies("4", [], 0.0), TypeError, "n_sites must be an integer, got '4'"),
    ],
)
def test_bad_lists_of_bonds(call, error, message):
    with pytest.raises(error, match=message):
        call()
