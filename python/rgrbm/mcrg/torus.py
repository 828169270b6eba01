"""The lattice of one level of a renormalization: where its sites are, what its symmetries are, how it closes."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from rgrbm._support import checks
from rgrbm.spins.lattice import Kind

Site: TypeAlias = tuple[int, ...]
Window: TypeAlias = tuple[Site, ...]
Integers: TypeAlias = npt.NDArray[np.int64]


@functools.cache
def symmetries(n_dimensions: int, kind: Kind) -> Integers:
    """Rotations and reflections that take a lattice into itself, as matrices that act on columns of offsets.

    Shape (n_symmetries, n_dimensions, n_dimensions): 2, 8 and 48 of a ring, a square and a cubic lattice, 12 of a
    triangular one.
    """
    form = metric(n_dimensions, kind)
    rows = list(itertools.product((-1, 0, 1), repeat=n_dimensions))
    candidates = (np.array(matrix) for matrix in itertools.product(rows, repeat=n_dimensions))
    found = np.array([matrix for matrix in candidates if (matrix.T @ form @ matrix == form).all()])
    found.flags.writeable = False
    return found


def metric(n_dimensions: int, kind: Kind) -> Integers:
    """The matrix G with oᵀ G o = 2 |o|²: axes are at right angles, or at 120° on the triangular lattice."""
    form = 2 * np.eye(n_dimensions, dtype=np.int64)
    return np.array([[2, -1], [-1, 2]]) if kind == "triangular" else form


@dataclass(frozen=True)
class Torus:
    """A periodic lattice, possibly twisted: beyond the last row comes the first one, ``shift`` columns further.

    Block spins of triangles have a twisted lattice after one step, and a straight one after two.
    """

    shape: tuple[int, ...]
    kind: Kind = "hypercubic"
    shift: int = 0

    @property
    def n_sites(self) -> int:
        """Number of sites."""
        return math.prod(self.shape)

    @property
    def grid(self) -> tuple[int, int, int, int]:
        """Layers, rows, columns and shift, as the compiled functions take them."""
        layers, rows, columns = padded(self.shape, 1)
        return layers, rows, columns, self.shift

    def numbers(self, positions: Integers) -> Integers:
        """Numbers of the sites at these positions, shape (..., n_dimensions) → (...)."""
        if not self.shift:
            return np.asarray(np.ravel_multi_index(tuple(np.moveaxis(positions, -1, 0)), self.shape, mode="wrap"))
        times, row = np.divmod(positions[..., 0], self.shape[0])
        return np.asarray(row * self.shape[1] + (positions[..., 1] + times * self.shift) % self.shape[1])

    def windows(self, steps: Integers, window: Window) -> Integers:
        """Numbers of the sites that block spins at these steps see, shape (n_block_spins, n_window).

        Raises
        ------
        ValueError
            If block spins do not cover the lattice.
        """
        positions = np.indices(self.coarse(steps).shape).reshape(len(self.shape), -1).T @ steps
        return self.numbers(positions[:, None, :] + np.array(window))

    def contains(self, period: Sequence[int]) -> bool:
        """Whether going so far along each axis comes back to the same site."""
        *above, rows, columns = padded(self.shape, 1)
        *outer, row, column = padded(period, 0)
        times = row // rows
        straight = not any(o % side for o, side in zip(outer, above, strict=True))
        return straight and row % rows == 0 and (column + times * self.shift) % columns == 0

    def coarse(self, steps: Integers) -> Torus:
        """The lattice of block spins at the sites i·steps[0] + j·steps[1] + … .

        Raises
        ------
        ValueError
            If they do not close where this lattice does.
        """
        n_cell = abs(round(np.linalg.det(steps)))
        diagonal = np.diag(steps).tolist()  # of Python's integers, as sides may be larger than NumPy's
        if (np.diag(diagonal) == steps).all():
            if self.shift or any(side % stride for side, stride in zip(self.shape, diagonal, strict=True)):
                raise ValueError(f"blocks at stride {diagonal[0]} do not cover a lattice of shape {self.shape}")
            sides = tuple(int(side // stride) for side, stride in zip(self.shape, diagonal, strict=True))
            return Torus(sides, self.kind)
        columns = next(n for n in range(1, self.n_sites + 1) if self.contains(n * steps[1]))
        for rows, back in itertools.product(range(1, self.n_sites // columns + 1), range(columns)):
            if self.contains(rows * steps[0] - back * steps[1]):
                if rows * columns * n_cell == self.n_sites:
                    return Torus((rows, columns), self.kind, back)
                break
        raise ValueError(f"blocks of {n_cell} sites do not cover a lattice of shape {self.shape}")

    def coarse_or_none(self, steps: Integers) -> Torus | None:
        """As :meth:`coarse`; None where it raises."""
        try:
            return self.coarse(steps)
        except ValueError:
            return None


def checked_sides(shape: int | Sequence[int], low: int = 1) -> tuple[int, ...]:
    """The sides of a lattice of one to three dimensions, each at least ``low``.

    Raises
    ------
    TypeError
        If the shape is no sequence of integers.
    ValueError
        If it has another number of sides, or one of them is too small.
    """
    sides = checks.integers("shape", shape, low)
    if len(sides) not in (1, 2, 3):
        raise ValueError(f"shape must be (n_sites,), (rows, columns) or (layers, rows, columns), got {sides}")
    return sides


def orbits(window: Window) -> npt.NDArray[np.intp]:
    """A number for each site of a box; the same for those that its reflections and rotations exchange."""
    sites = np.array(window)
    centred = np.abs(2 * sites - sites.max(axis=0) - sites.min(axis=0))
    return np.unique(np.sort(centred, axis=1), axis=0, return_inverse=True)[1].ravel()


def box(sides: Sequence[int], centred: int) -> Window:
    """Offsets of the sites of a box, row by row; centred (1), it begins (side − 1) // 2 sites before its position."""
    return tuple(itertools.product(*(range(-centred * ((n - 1) // 2), n - centred * ((n - 1) // 2)) for n in sides)))


def padded(values: Sequence[int], filling: int) -> tuple[int, ...]:
    """Along layers, rows and columns: a square lattice is one layer, a ring one row."""
    return (*(filling,) * (3 - len(values)), *(int(value) for value in values))
