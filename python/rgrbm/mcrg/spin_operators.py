"""Operators of spins: products summed over a lattice and its symmetries, which a Hamiltonian is a sum of."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, get_args

import numpy as np
import numpy.typing as npt

from rgrbm._core import kernels
from rgrbm._support import checks
from rgrbm.mcrg.torus import Site, Torus, padded, symmetries
from rgrbm.spins.ensemble import Ensemble
from rgrbm.spins.lattice import Kind
from rgrbm.spins.values import spin_values

Product: TypeAlias = tuple[Site, ...]
_FARTHEST = 2**31  # an offset; more than any lattice has sites along an axis


@dataclass(frozen=True)
class SpinOperator:
    """S = Σ_x Σ_P Π_(o ∈ P) s(x + o): one product of spins with all its translates and images.

    The images P are those under the symmetries of the lattice, reflections and rotations: 2 of the ring, 8 of the
    square lattice, 48 of the cubic and 12 of the triangular one. Each different one counts once; the nearest-neighbour
    operator is the sum over all bonds, and the magnetization the sum of all spins.

    Parameters
    ----------
    name : str
        What tables call it.
    sites : sequence of tuples of int
        The sites of one product, as offsets along the axes of the array: (site,) on a ring, (row, column) on a square
        or triangular lattice, (layer, row, column) on a cubic one.
    lattice : {"hypercubic", "triangular"}, default="hypercubic"
        As of :class:`rgrbm.spins.Lattice`; the third axis of the triangular one is (1, 1).

    Raises
    ------
    ValueError
        If there are no sites, one is named twice, they are not of one to three dimensions (two, if triangular), an
        offset is beyond ±2³¹, or the lattice is unknown.
    TypeError
        If an offset is not an integer, or the lattice no text.

    Examples
    --------
    >>> from rgrbm.mcrg import SpinOperator
    >>> nearest = SpinOperator("nearest", [(0, 0), (0, 1)])
    >>> nearest.images
    (((0, 0), (0, 1)), ((0, 0), (1, 0)))
    >>> len(SpinOperator("knight", [(0, 0), (1, 2)]).images), nearest.is_even
    (4, True)
    >>> len(SpinOperator("nearest", [(0, 0), (1, 1)], "triangular").images)
    3
    """

    name: str
    sites: Product
    lattice: Kind

    def __init__(self, name: str, sites: Iterable[Sequence[int]], lattice: Kind = "hypercubic") -> None:
        try:
            given = [tuple(site) for site in sites]
        except TypeError:
            raise TypeError(
                f"operator {name!r} needs a list of sites, each a tuple such as (0, 1) or (2,), got {sites!r}"
            ) from None
        offsets = tuple(tuple(checks.integer("an offset", o) for o in site) for site in given)
        if not offsets or len({len(site) for site in offsets}) != 1 or len(offsets[0]) not in (1, 2, 3):
            raise ValueError(
                f"operator {name!r} needs sites (row, column), (site,) on a ring, or (layer, row, column) on a cubic "
                f"lattice, got {offsets}"
            )
        if any(abs(o) > _FARTHEST for site in offsets for o in site):
            raise ValueError(f"offsets of operator {name!r} must be from -{_FARTHEST} to {_FARTHEST}, got {offsets}")
        checks.choice("lattice", lattice, get_args(Kind))
        if lattice == "triangular" and len(offsets[0]) != 2:
            raise ValueError(f"operator {name!r} of a triangular lattice needs sites (row, column), got {offsets}")
        if len(set(offsets)) != len(offsets):
            raise ValueError(f"operator {name!r} has a site twice, the square of a spin is 1: {offsets}")
        object.__setattr__(self, "name", str(name))
        object.__setattr__(self, "sites", offsets)
        object.__setattr__(self, "lattice", lattice)

    @property
    def n_dimensions(self) -> int:
        """Axes of the lattice: 1 of a ring, 2 of a square or triangular lattice, 3 of a cubic one."""
        return len(self.sites[0])

    @property
    def is_even(self) -> bool:
        """Whether the operator keeps its value when all spins are flipped."""
        return len(self.sites) % 2 == 0

    @property
    def images(self) -> tuple[Product, ...]:
        """The different images under the lattice's symmetries, each moved so that no offset is negative."""
        return _images(self.sites, self.lattice)


@functools.cache
def _images(sites: Product, lattice: Kind) -> tuple[Product, ...]:
    images = set()
    for symmetry in symmetries(len(sites[0]), lattice):
        image = np.array(sites) @ symmetry.T
        images.add(tuple(sorted(tuple(site) for site in (image - image.min(axis=0)).tolist())))
    return tuple(sorted(images))


EVEN_OPERATORS = (
    SpinOperator("nearest", [(0, 0), (0, 1)]),
    SpinOperator("diagonal", [(0, 0), (1, 1)]),
    SpinOperator("plaquette", [(0, 0), (0, 1), (1, 0), (1, 1)]),
    SpinOperator("third", [(0, 0), (0, 2)]),
    SpinOperator("knight", [(0, 0), (1, 2)]),
    SpinOperator("diamond", [(0, 1), (1, 0), (1, 2), (2, 1)]),
    SpinOperator("tee", [(0, 0), (0, 1), (0, 2), (1, 1)]),
    SpinOperator("zigzag", [(0, 0), (0, 1), (1, 1), (1, 2)]),
    SpinOperator("ell", [(0, 0), (0, 1), (0, 2), (1, 0)]),
    SpinOperator("wide diagonal", [(0, 0), (2, 2)]),
    SpinOperator("wide square", [(0, 0), (0, 2), (2, 0), (2, 2)]),
    SpinOperator("six", [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)]),
)
"""Even operators of the square lattice: pairs up to a distance of √8, four-spin products and one of six spins."""

ODD_OPERATORS = (
    SpinOperator("magnetization", [(0, 0)]),
    SpinOperator("corner", [(0, 0), (0, 1), (1, 0)]),
    SpinOperator("line", [(0, 0), (0, 1), (0, 2)]),
    SpinOperator("vee", [(0, 0), (1, 1), (0, 2)]),
    SpinOperator("bent line", [(0, 0), (0, 1), (1, 2)]),
    SpinOperator("wide corner", [(0, 0), (0, 2), (2, 0)]),
    SpinOperator("plus", [(0, 1), (1, 0), (1, 1), (1, 2), (2, 1)]),
    SpinOperator("flag", [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1)]),
)
"""Odd operators of the square lattice: the magnetization, products of three spins and of five."""

RING_OPERATORS = (
    SpinOperator("nearest", [(0,), (1,)]),
    SpinOperator("second", [(0,), (2,)]),
    SpinOperator("third", [(0,), (3,)]),
    SpinOperator("four", [(0,), (1,), (2,), (3,)]),
    SpinOperator("magnetization", [(0,)]),
    SpinOperator("triple", [(0,), (1,), (2,)]),
)
"""Even and odd operators of the ring."""


def operator_sums(spins: npt.ArrayLike, operators: Iterable[SpinOperator]) -> npt.NDArray[np.int64]:
    """Values S of operators on configurations, counted on packed bits, 512 configurations at a time.

    Parameters
    ----------
    spins : array_like of -1 and +1, shape (n_samples, n_sites) or (n_samples, rows, columns) or with layers
        Configurations of a periodic ring, square, triangular or cubic lattice. Offsets that go around a small lattice
        count as they fall.
    operators : iterable of SpinOperator
        Of as many dimensions as the lattice, and all of one kind of lattice.

    Returns
    -------
    ndarray of int64, shape (n_samples, n_operators)

    Raises
    ------
    ValueError
        If the spins are not ±1 or of another shape, or an operator does not fit the lattice.
    TypeError
        If an operator is none.

    Examples
    --------
    >>> import numpy as np
    >>> from rgrbm.mcrg import EVEN_OPERATORS, operator_sums
    >>> operator_sums(np.ones((1, 4, 4)), EVEN_OPERATORS[:3])
    array([[32, 32, 16]])
    """
    array = lattice_spins(spins)
    checked = checked_operators(operators, array.ndim - 1)
    return sums_of(pack(array, Torus(array.shape[1:], checked[0].lattice)), checked)


def lattice_spins(spins: npt.ArrayLike) -> npt.NDArray[np.int8]:
    """Spins ±1 of shape (n_samples, n_sites), (n_samples, rows, columns) or with layers, at least one, as int8.

    Raises
    ------
    ValueError
        If they are of another shape, or a value is not ±1 or is masked.
    TypeError
        If the values are not real numbers.
    """
    if isinstance(spins, Ensemble):
        raise TypeError("expected an array of spins, got an Ensemble: pass its spins, ensemble.spins")
    array = spin_values(spins)
    if array.ndim not in (2, 3, 4) or array.size == 0:
        raise ValueError(
            "expected configurations of shape (n_samples, n_sites), (n_samples, rows, columns) or (n_samples, layers, "
            f"rows, columns), at least one, got shape {array.shape}; give a single configuration as spins[None]"
        )
    return np.ascontiguousarray(array)


def pack(spins: npt.NDArray[np.int8], torus: Torus) -> Any:
    """The packed form of what :func:`lattice_spins` gives, on this lattice."""
    *sides, shift = torus.grid
    try:
        return kernels.PackedSpins(spins.reshape(len(spins), *sides), shift)
    except ValueError as error:
        raise ValueError("expected spins ±1; rgrbm.to_spins converts binary units 0/1") from error


def checked_operators(operators: Iterable[SpinOperator], n_dimensions: int) -> tuple[SpinOperator, ...]:
    """The operators as a tuple, at least one, all of this many dimensions and of one kind of lattice."""
    if isinstance(operators, SpinOperator):
        raise TypeError(f"operators must be a sequence of them, got {operators.name!r} alone: put it in a list")
    checked = tuple(checks.items("operators", operators, "SpinOperator"))
    for operator in checked:
        if not isinstance(operator, SpinOperator):
            raise TypeError(f"operators must be of class SpinOperator, got {operator!r}")
        if operator.n_dimensions != n_dimensions:
            raise ValueError(
                f"operator {operator.name!r} has sites in {operator.n_dimensions} dimensions, the lattice has "
                f"{n_dimensions}"
            )
    if not checked:
        raise ValueError("expected at least one operator, got none")
    if len({operator.lattice for operator in checked}) > 1:
        raise ValueError("operators must be of one kind of lattice, got hypercubic and triangular ones")
    return checked


def sums_of(packed: Any, operators: Sequence[SpinOperator]) -> npt.NDArray[np.int64]:
    """Values of checked operators on packed spins, of shape (n_samples, n_operators)."""
    return np.asarray(packed.operator_sums([_offsets(operator.images) for operator in operators]))


@functools.cache
def _offsets(images: tuple[Product, ...]) -> list[list[tuple[int, ...]]]:
    """Layers, rows and columns of each site, as the kernels take them."""
    return [[padded(site, 0) for site in product] for product in images]
