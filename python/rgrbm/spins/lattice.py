"""Periodic lattices: which sites are neighbours, along which axis, and which may be updated together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt

from rgrbm._support import checks
from rgrbm.spins.bonds import Bonds, bonds_along

Kind: TypeAlias = Literal["hypercubic", "triangular"]

_MAX_SITES = 2**31


@dataclass(frozen=True)
class Lattice:
    """A periodic lattice: a ring, a square, cubic or triangular lattice, closed on itself along each axis.

    Sites are numbered row by row, as in the ravelled array of a configuration. An axis of bonds is a direction in which
    every site has one neighbour ahead and one behind; it has a coupling of its own. The axes of a hypercubic lattice
    are those of the array, in their order. The triangular lattice has three: down a row, along the row, and the
    diagonal of both, from (r, c) to (r + 1, c + 1). All three are of equal length if the first two are at 120°.

    Parameters
    ----------
    shape : int or sequence of int
        Sites along each axis of the array, at least 2: (N,) is a ring, (rows, columns) a square or triangular lattice
        on a torus, (layers, rows, columns) a cubic one. Two sites along an axis have a double bond.
    kind : {"hypercubic", "triangular"}

    Raises
    ------
    TypeError
        If a side is not an integer, or the kind is no text.
    ValueError
        If a side is below 2, there are more than three axes or 2³¹ sites, the kind is unknown, or a triangular lattice
        has not two axes.

    Examples
    --------
    >>> from rgrbm.spins import Lattice
    >>> cubic = Lattice((4, 4, 6))
    >>> cubic.n_sites, cubic.coordination, cubic.n_colours
    (96, 6, 2)
    >>> Lattice((3, 6), "triangular").colouring().tolist()
    [[0, 1, 2, 0, 1, 2], [1, 2, 0, 1, 2, 0], [2, 0, 1, 2, 0, 1]]
    """

    shape: tuple[int, ...]
    kind: Kind = "hypercubic"

    def __post_init__(self) -> None:
        given: Any = self.shape
        sides = given if isinstance(given, Sequence) and not isinstance(given, str | bytes) else (given,)
        sides = tuple(checks.integer("each side of the shape", side) for side in sides)
        checks.choice("lattice", self.kind, get_args(Kind))
        if self.kind == "triangular" and len(sides) != 2:
            raise ValueError(f"the shape of a triangular lattice must be (rows, columns), got {given!r}")
        if len(sides) not in (1, 2, 3):
            raise ValueError(
                "shape must be (N,) for a ring or (rows, columns) for a torus or (layers, rows, columns) in three "
                f"dimensions, got {len(sides)} axes: {given!r}"
            )
        if min(sides) < 2:
            raise ValueError(f"each side of a periodic lattice must have at least 2 spins, got {given!r}")
        if math.prod(sides) > _MAX_SITES:
            raise ValueError(f"a lattice can have at most 2^31 sites, got {math.prod(sides)}")
        object.__setattr__(self, "shape", sides)

    @property
    def n_sites(self) -> int:
        """Number of sites."""
        return math.prod(self.shape)

    @property
    def directions(self) -> tuple[tuple[int, ...], ...]:
        """Steps to the neighbour ahead along each axis of bonds."""
        n = len(self.shape)
        along = tuple(tuple(int(i == axis) for i in range(n)) for axis in range(n))
        return (*along, (1, 1)) if self.kind == "triangular" else along

    @property
    def n_axes(self) -> int:
        """Number of axes of bonds, each of as many bonds as there are sites."""
        return len(self.directions)

    @property
    def coordination(self) -> int:
        """Number of neighbours of a site, z."""
        return 2 * self.n_axes

    def bonds(self) -> Bonds:
        """The two sites of each bond, axis by axis.

        Returns
        -------
        ndarray of int64, shape (n_axes, n_sites, 2)
            Bond i of an axis leads ahead from site i. ``bonds().reshape(-1, 2)`` is what functions of any list of bonds
            take.

        Examples
        --------
        >>> from rgrbm.spins import Lattice
        >>> Lattice((2, 2), "triangular").bonds()[2].tolist()
        [[0, 3], [1, 2], [2, 1], [3, 0]]
        """
        return np.stack([bonds_along(self.shape, direction) for direction in self.directions])

    @property
    def n_colours(self) -> int | None:
        """Number of colours of :meth:`colouring`, None if there is none."""
        if self.kind == "triangular":
            return 3 if all(side % 3 == 0 for side in self.shape) else None
        return 2 if all(side % 2 == 0 for side in self.shape) else None

    def colouring(self) -> npt.NDArray[np.int8] | None:
        """Colours of the sites, no two neighbours alike.

        Returns
        -------
        ndarray of int8, shape ``(*shape,)``, or None
            Two colours (a checkerboard) if all sides of a hypercubic lattice are even, three if both sides of a
            triangular one are divisible by 3: the sum of a site's places along the axes, modulo their number. None for
            other sides.
        """
        if self.n_colours is None:
            return None
        return np.asarray(np.indices(self.shape).sum(axis=0) % self.n_colours, dtype=np.int8)

    def bond_sums(self, spins: npt.ArrayLike) -> npt.NDArray[np.int64]:
        """Σ s s′ over the bonds of each axis.

        Parameters
        ----------
        spins : array_like of ±1, shape ``(..., *shape)``

        Returns
        -------
        ndarray of int64, shape (..., n_axes)

        Raises
        ------
        ValueError
            If the last axes are not the lattice's shape.

        Examples
        --------
        >>> from rgrbm.spins import Lattice
        >>> Lattice((2, 3)).bond_sums([[1, 1, 1], [-1, -1, -1]]).tolist()
        [-6, 6]
        """
        array, axes = np.asarray(spins), tuple(range(-len(self.shape), 0))
        if array.shape[-len(self.shape) :] != self.shape:
            raise ValueError(f"expected configurations of shape (..., {self.shape}), got {array.shape}")
        sums = [
            (array * np.roll(array, [-step for step in direction], axes)).sum(axis=axes, dtype=np.int64)
            for direction in self.directions
        ]
        return np.stack(sums, axis=-1)


def lattice_name(shape: Sequence[int], kind: str) -> str:
    """A lattice in words: "ring of 64", "16 × 16 square lattice"."""
    sides = " × ".join(map(str, shape))
    if kind == "hypercubic":
        return f"ring of {sides}" if len(shape) == 1 else f"{sides} {('square', 'cubic')[len(shape) - 2]} lattice"
    return f"{sides} {kind} lattice"
