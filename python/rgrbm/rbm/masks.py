"""Masks of weights on periodic lattices: which visible units each hidden unit sees, and which weights are shared."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from rgrbm._support import checks
from rgrbm.spins.lattice import Lattice


def ring(
    n_visible: int, n_hidden: int, width: int, stride: int | None = None, *, shared: bool = False
) -> npt.NDArray[Any]:
    """Mask of hidden units that each see some neighbouring sites of a ring.

    Hidden unit j sees ``width`` sites around site ``j * stride``, periodically: an odd width the same number on both
    sides, an even one another to the right. Two sites for each hidden unit and none in common (width 2 at stride 2)
    make p(v) a product over pairs of sites; the least mask that can decimate the ring exactly is width 3 at stride 2
    (:func:`rgrbm.rg.decimation_rbm`).

    Parameters
    ----------
    n_visible : int
        Sites of the ring.
    n_hidden : int
        Hidden units.
    width : int
        Sites that a hidden unit sees, from 1 to ``n_visible``.
    stride : int, optional
        Sites from one hidden unit to the next; ``n_hidden * stride`` must be ``n_visible``, which is what the default
        follows from.
    shared : bool, default=False
        Whether all hidden units share their weights (a convolution).

    Returns
    -------
    ndarray of shape (n_visible, n_hidden)
        For ``mask`` of :class:`rgrbm.BernoulliRBM`. Of bool, or of int64 if shared: 0 where there is no weight, equal
        numbers where the weight is one and the same.

    Raises
    ------
    TypeError
        If a size is not an integer, or ``shared`` neither true nor false.
    ValueError
        If the sizes do not fit together, or a site would not be seen.

    Examples
    --------
    >>> from rgrbm import masks
    >>> masks.ring(6, 3, width=3).astype(int)
    array([[1, 0, 0],
           [1, 1, 0],
           [0, 1, 0],
           [0, 1, 1],
           [0, 0, 1],
           [1, 0, 1]])
    >>> masks.ring(6, 3, width=3, shared=True)
    array([[2, 0, 0],
           [3, 1, 0],
           [0, 2, 0],
           [0, 3, 1],
           [0, 0, 2],
           [1, 0, 3]])
    """
    n_visible, n_hidden = checks.integer("n_visible", n_visible, 1), checks.integer("n_hidden", n_hidden)
    stride = None if stride is None else checks.integer("stride", stride)
    if n_hidden < 1 or n_visible % n_hidden:
        raise ValueError(f"hidden units at equal distances must divide {n_visible} sites, got n_hidden={n_hidden}")
    if stride is not None and stride * n_hidden != n_visible:
        raise ValueError(f"{n_hidden} hidden units at stride {stride} do not go around a ring of {n_visible} sites")
    return lattice((n_visible,), width, n_visible // n_hidden, shared=shared)


def lattice(
    shape: Sequence[int] | Lattice, width: int | Sequence[int], stride: int | Sequence[int], *, shared: bool = False
) -> npt.NDArray[Any]:
    """Mask of hidden units that each see a box of sites of a periodic lattice: :func:`ring` in any dimension.

    Parameters
    ----------
    shape : sequence of int or Lattice
        Sites along each axis, or the :class:`rgrbm.spins.Lattice` (of either kind) that has them. Sites are numbered
        row by row.
    width, stride : int or sequence of int
        Sides of the box, and sites from one hidden unit to the next, along each axis or all. Strides must divide the
        shape. Hidden units are numbered row by row as well.
    shared : bool, default=False
        Whether all hidden units share their weights (a convolution).

    Returns
    -------
    ndarray of shape (n_visible, n_hidden)
        As of :func:`ring`.

    Raises
    ------
    TypeError
        If a size is not an integer, or ``shared`` neither true nor false.
    ValueError
        If the sizes do not fit together, or a site would not be seen.

    Examples
    --------
    >>> from rgrbm import masks
    >>> mask = masks.lattice((8, 8), width=3, stride=2, shared=True)
    >>> mask.shape, int(mask.max()), (mask > 0).sum(axis=0).tolist() == 16 * [9]
    ((64, 16), 9, True)
    """
    sides, widths, strides = _axes(shape.shape if isinstance(shape, Lattice) else shape, width, stride)
    n_visible, n_hidden = math.prod(sides), math.prod(n // s for n, s in zip(sides, strides, strict=True))
    checks.require_memory(8 * n_visible * n_hidden, f"a mask of {n_visible} × {n_hidden} weights")
    shared = checks.flag("shared", shared)
    centres = np.indices([n // s for n, s in zip(sides, strides, strict=True)]).reshape(len(sides), -1)
    mask = np.zeros((n_visible, n_hidden), dtype=np.int64)
    offsets = itertools.product(*(range(-((w - 1) // 2), w // 2 + 1) for w in widths))
    for number, offset in enumerate(offsets, start=1):
        positions = centres * np.array(strides)[:, None] + np.array(offset)[:, None]
        site = np.ravel_multi_index(tuple(positions), sides, mode="wrap")
        mask[site, np.arange(n_hidden)] = number
    return mask if shared else mask > 0


def _axes(shape: Sequence[int], width: int | Sequence[int], stride: int | Sequence[int]) -> tuple[tuple[int, ...], ...]:
    """Sides, widths and strides of all axes, checked."""
    sides = checks.integers("shape", shape)
    if not sides or min(sides) < 1:
        raise ValueError(f"shape must hold at least one site along each axis, got {sides}")
    per_axis = []
    for name, value in (("width", width), ("stride", stride)):
        values = checks.integers(name, value)
        values = values * len(sides) if isinstance(value, int | np.integer) else values
        if len(values) != len(sides) or min(values) < 1:
            raise ValueError(f"{name} must be positive, one or one for each of {len(sides)} axes, got {value}")
        per_axis.append(values)
    widths, strides = per_axis
    for n, w, s in zip(sides, widths, strides, strict=True):
        if n % s:
            raise ValueError(f"a stride of {s} does not divide a side of {n} sites")
        if w > n:
            raise ValueError(f"a box of width {w} would meet itself on a side of {n} sites")
        if w < s:
            raise ValueError(f"sites between boxes of width {w} at stride {s} would not be seen")
    return sides, widths, strides
