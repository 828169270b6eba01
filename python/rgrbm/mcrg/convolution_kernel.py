"""Block spins that are the hidden layer of an RBM with shared weights, and such kernels of RBMs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from rgrbm._support import checks
from rgrbm.mcrg.block_kernels import MAX_WINDOW, BlockKernel, checked_stride, require_dimensions
from rgrbm.mcrg.torus import Torus, Window, box, checked_sides
from rgrbm.model.parameters import spin_parameters
from rgrbm.statistics.presentation import short_repr

_SHARED = 1e-5  # weights that differ by less, relative to the largest, are shared: those of training in float32 are


@dataclass(frozen=True, eq=False)
class ConvolutionKernel(BlockKernel):
    """The hidden layer of an RBM with shared weights: p(h = +1 | v) = σ(2(θ + Σ w v)) of a window of spins.

    Hidden unit (i, j) sees a window around site (i b, j b), placed as by :func:`rgrbm.rbm.masks.lattice`: an odd width
    reaches equally far to both sides, an even one a site farther to the right.

    Parameters
    ----------
    weights : array_like of shape (width, width), (width,) on a ring, or (width, width, width) on a cubic lattice
        w in ±1 units.
    stride : int
        b.
    field : float, default=0
        θ. Only without it is the distribution symmetric under the flip of all spins.

    Raises
    ------
    TypeError
        If a value is not a number, or the stride not an integer.
    ValueError
        If the weights are not of one to three dimensions with 1 to 1024 sites, a value is not finite, or the stride is
        less than 2.

    Examples
    --------
    Strong equal weights are the majority rule:

    >>> import numpy as np
    >>> from rgrbm.mcrg import ConvolutionKernel
    >>> kernel = ConvolutionKernel(np.full((2, 2), 10.0), stride=2)
    >>> kernel.probabilities([[[1, 1], [1, -1]], [[1, 1], [-1, -1]]]).ravel()
    array([1. , 0.5])
    """

    weights: npt.NDArray[np.float64]
    stride: int
    field: float = 0.0

    def __repr__(self) -> str:
        return short_repr(self)

    def __post_init__(self) -> None:
        w = np.array(checks.numbers("weights", self.weights))
        if w.ndim not in (1, 2, 3) or not 1 <= w.size <= MAX_WINDOW:
            raise ValueError(
                f"weights must be a window of one to three dimensions with 1 to {MAX_WINDOW} sites, got {w.shape}"
            )
        if not np.isfinite(w).all():
            raise ValueError("weights must be finite")
        w.flags.writeable = False
        object.__setattr__(self, "weights", w)
        object.__setattr__(self, "stride", checked_stride(self.stride))
        object.__setattr__(self, "field", checks.real("field", self.field))

    @classmethod
    def from_rbm(cls, rbm: Any, shape: Sequence[int], width: int, stride: int) -> ConvolutionKernel:
        """The kernel of an RBM that was trained with ``mask=masks.lattice(shape, width, stride, shared=True)``.

        Which of its two values a hidden unit takes is a matter of chance in training. Block spins point the way of
        their window: weights and field change their sign if Σ w < 0.

        Parameters
        ----------
        rbm : fitted estimator or RBMParameters
            Any object with ``weights_``, ``intercept_visible_`` and ``intercept_hidden_``.
        shape : sequence of int
            The lattice that it was trained on, ``(n_sites,)``, ``(rows, columns)`` or ``(layers, rows, columns)``.
        width, stride : int
            Of its mask, the same along each axis.

        Raises
        ------
        TypeError
            If the model is not an RBM or a number not an integer.
        ValueError
            If its sizes are others, it has weights outside of the windows, or its hidden units do not share their
            weights and field.
        """
        sides = checked_sides(shape, 2)
        width, stride = checks.integer("width", width, 1), checked_stride(stride)
        p = spin_parameters(rbm)
        sites = window_sites(sides, width, stride)
        if p.weights.shape != (np.prod(sides), len(sites)):
            raise ValueError(
                f"a lattice of shape {sides} at stride {stride} has {np.prod(sides)} visible and {len(sites)} "
                f"hidden units, the RBM has {p.weights.shape}"
            )
        seen = p.weights[sites.T, np.arange(len(sites))]
        _require_shared(p.weights, seen, p.hidden_fields)
        field = float(p.hidden_fields.mean())
        weights = seen.mean(axis=1).reshape((width,) * len(sides))
        return upward_kernel(weights, stride, 0.0 if abs(field) <= _rounding_of_fields(seen) else field)

    @property
    def name(self) -> str:
        """What tables call it."""
        return f"filter {'×'.join(map(str, self.weights.shape))}, b = {self.stride}"

    @property
    def scale(self) -> int:
        """Sites from one block spin to the next."""
        return self.stride

    @property
    def is_symmetric(self) -> bool:
        """Whether there is no field."""
        return self.field == 0

    def window(self, n_dimensions: int) -> Window:
        """The sites of a window, row by row."""
        require_dimensions(f"a window of shape {self.weights.shape}", self.weights.ndim, n_dimensions)
        return box(self.weights.shape, 1)

    def probabilities_of(self, windows: npt.NDArray[np.int8]) -> npt.NDArray[np.float64]:
        """p(h = +1 | v) of windows, as of :class:`BlockKernel`."""
        return np.asarray(expit(2 * (windows @ self.weights.ravel() + self.field)))

    def block_packed(self, packed: Any, torus: Torus, key: tuple[int, int], first_block: int = 0, step: int = 0) -> Any:
        """Block packed spins, as of :class:`BlockKernel`."""
        return packed.filter(*self._geometry(torus), self.weights.ravel(), self.field, key, first_block, step)


def upward_kernel(weights: npt.NDArray[np.float64], stride: int, field: float = 0.0) -> ConvolutionKernel:
    """The kernel whose block spins point the way of their window: weights and field change their sign if Σ w < 0."""
    sign = -1.0 if weights.sum() < 0 else 1.0
    return ConvolutionKernel(sign * weights, stride, sign * field)


def window_sites(shape: Sequence[int], width: int, stride: int) -> npt.NDArray[np.int64]:
    """Numbers of the sites in the window of each block spin, (n_block_spins, width**n_dimensions), row by row.

    Raises
    ------
    ValueError
        If the lattice is not of one to three dimensions, the stride does not divide a side, or a window is wider than
        it.
    """
    if len(shape) not in (1, 2, 3) or any(n % stride or width > n for n in shape):
        raise ValueError(f"windows of width {width} at stride {stride} do not fit a lattice of shape {tuple(shape)}")
    n = len(shape)
    return Torus(tuple(shape)).windows(stride * np.eye(n, dtype=np.int64), box((width,) * n, 1))


def _rounding_of_fields(seen: npt.NDArray[np.float64]) -> float:
    """By how much fields may differ: a field in ±1 units is a sum over the weights of a window, and rounded as such."""
    return float(_SHARED * np.abs(seen).sum(axis=0).max())


def _require_shared(
    weights: npt.NDArray[np.float64], seen: npt.NDArray[np.float64], fields: npt.NDArray[np.float64]
) -> None:
    """Refuse weights outside of the windows, and windows that differ from one hidden unit to the next."""
    bound = _SHARED * np.abs(weights).max()
    outside = np.abs(weights).sum() - np.abs(seen).sum()
    if outside > bound:
        raise ValueError(f"the RBM has weights outside of its windows, {outside:.3g} in sum of absolute values")
    if np.ptp(seen, axis=1).max() > bound or np.ptp(fields) > _rounding_of_fields(seen):
        raise ValueError(
            "the hidden units do not share their weights and fields: train with masks.lattice(…, shared=True)"
        )
