"""Block spins: the distributions p(h | v) by which a real-space renormalization makes a spin of a few.

A kernel is small, frozen, and knows no size: it blocks lattices of any size that its stride divides.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from rgrbm._support import checks, streams
from rgrbm.mcrg.spin_operators import lattice_spins, pack
from rgrbm.model.parameters import spin_parameters
from rgrbm.spins.values import Spins
from rgrbm.statistics.presentation import short_repr

_MAX_WINDOW = 1024  # sites
_SHARED = 1e-5  # weights that differ by less, relative to the largest, are shared: those of training in float32 are


class BlockKernel(ABC):
    """A distribution of block spins, p(h | v) with Σ_h p(h | v) = 1, one for every b sites along each axis.

    :meth:`block` draws from it, :meth:`probabilities` computes it.
    """

    @property
    @abstractmethod
    def name(self) -> str:
        """What tables call it."""

    @property
    @abstractmethod
    def scale(self) -> int:
        """Sites from one block spin to the next along each axis: the b of a renormalization step."""

    @property
    def is_symmetric(self) -> bool:
        """Whether the distribution is the same when all spins are flipped, p(−h | −v) = p(h | v)."""
        return True

    @abstractmethod
    def probabilities(self, spins: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """p(h = +1 | v) of each block spin.

        Parameters
        ----------
        spins : array_like of -1 and +1, shape (n_samples, n_sites) or (n_samples, rows, columns)

        Returns
        -------
        ndarray of float64, shape (n_samples, n_sites / b) or (n_samples, rows / b, columns / b)

        Raises
        ------
        ValueError
            If the spins are not ±1, or the stride b does not divide a side.
        """

    @abstractmethod
    def block_packed(self, packed: Any, key: tuple[int, int], first_block: int = 0, step: int = 0) -> Any:
        """The same as :meth:`block` on packed spins: draws are named by key, number of the block and step."""

    def block(self, spins: npt.ArrayLike, seed: streams.Seed = None) -> Spins:
        """Draw the block spins of configurations.

        Parameters
        ----------
        spins : array_like of -1 and +1, shape (n_samples, n_sites) or (n_samples, rows, columns)
            Configurations of a periodic ring or square lattice.
        seed : int, SeedSequence, Generator, RandomState or None, default=None
            Fixes the draws, for any number of threads.

        Returns
        -------
        ndarray of int8, shape (n_samples, n_sites / b) or (n_samples, rows / b, columns / b)

        Raises
        ------
        ValueError
            If the spins are not ±1, or the stride b does not divide a side.
        """
        array = lattice_spins(spins)
        coarse = self.coarse_shape(array.shape[1:])
        blocked = self.block_packed(pack(array), streams.key(streams.seed_sequence(seed)))
        return np.asarray(blocked.unpack()).reshape(len(array), *coarse)

    def coarse_shape(self, shape: Sequence[int]) -> tuple[int, ...]:
        """The shape of the lattice of block spins.

        Raises
        ------
        ValueError
            If the stride does not divide a side.
        """
        if any(side % self.scale for side in shape):
            raise ValueError(f"blocks at stride {self.scale} do not cover a lattice of shape {tuple(shape)}")
        return tuple(side // self.scale for side in shape)

    def _per_axis(self, packed: Any, value: int) -> list[int]:
        """A side or stride along rows and columns; a ring is one row."""
        return [1 if packed.shape[0] == 1 else value, value]


@dataclass(frozen=True)
class DecimationKernel(BlockKernel):
    """Decimation: every ``stride``-th spin along each axis is kept.

    Parameters
    ----------
    stride : int, default=2

    Raises
    ------
    TypeError, ValueError
        If it is not an integer of at least 2.

    Examples
    --------
    >>> from rgrbm.mcrg import DecimationKernel
    >>> DecimationKernel().block([[1, -1, -1, 1]])
    array([[ 1, -1]], dtype=int8)
    """

    stride: int = 2

    def __post_init__(self) -> None:
        checks.integer("stride", self.stride, 2)

    @property
    def name(self) -> str:
        """What tables call it."""
        return f"decimation, b = {self.stride}"

    @property
    def scale(self) -> int:
        """Sites from one block spin to the next."""
        return self.stride

    def probabilities(self, spins: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """p(h = +1 | v), as of :class:`BlockKernel`."""
        array = lattice_spins(spins)
        self.coarse_shape(array.shape[1:])
        kept = array[(slice(None), *(slice(None, None, self.stride),) * (array.ndim - 1))]
        return np.asarray((kept > 0).astype(np.float64))

    def block_packed(self, packed: Any, key: tuple[int, int], first_block: int = 0, step: int = 0) -> Any:
        """Block packed spins, as of :class:`BlockKernel`."""
        return packed.decimate(self._per_axis(packed, self.stride))


@dataclass(frozen=True)
class MajorityKernel(BlockKernel):
    """Majority rule: the sign of the sum of a block of ``side`` × ``side`` spins, by a fair coin where it is zero.

    Parameters
    ----------
    side : int, default=2
        At most 32.

    Raises
    ------
    TypeError, ValueError
        If it is not an integer from 2 to 32.

    Examples
    --------
    >>> from rgrbm.mcrg import MajorityKernel
    >>> MajorityKernel(3).block([[1, -1, 1, -1, -1, 1]])
    array([[ 1, -1]], dtype=int8)
    """

    side: int = 2

    def __post_init__(self) -> None:
        if checks.integer("side", self.side, 2) ** 2 > _MAX_WINDOW:
            raise ValueError(f"a block has at most {_MAX_WINDOW} spins, got side={self.side}")

    @property
    def name(self) -> str:
        """What tables call it."""
        return f"majority, {self.side}×{self.side}"

    @property
    def scale(self) -> int:
        """Sites from one block spin to the next."""
        return self.side

    def probabilities(self, spins: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """p(h = +1 | v), as of :class:`BlockKernel`."""
        array = lattice_spins(spins)
        split = [n for side in self.coarse_shape(array.shape[1:]) for n in (side, self.side)]
        blocks = array.reshape(len(array), *split)
        total = blocks.sum(axis=tuple(range(2, blocks.ndim, 2)), dtype=np.int64)
        return np.asarray((1 + np.sign(total)) / 2)

    def block_packed(self, packed: Any, key: tuple[int, int], first_block: int = 0, step: int = 0) -> Any:
        """Block packed spins, as of :class:`BlockKernel`."""
        return packed.majority(self._per_axis(packed, self.side), key, first_block, step)


@dataclass(frozen=True, eq=False)
class ConvolutionKernel(BlockKernel):
    """The hidden layer of an RBM with shared weights: p(h = +1 | v) = σ(2(θ + Σ w v)) of a window of spins.

    Hidden unit (i, j) sees a window around site (i b, j b), placed as by :func:`rgrbm.rbm.masks.lattice`: an odd width
    reaches equally far to both sides, an even one a site farther to the right.

    Parameters
    ----------
    weights : array_like of shape (width, width), or (width,) on a ring
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
        If the weights are not of one or two dimensions with 1 to 1024 sites, a value is not finite, or the stride is
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
        if w.ndim not in (1, 2) or not 1 <= w.size <= _MAX_WINDOW:
            raise ValueError(
                f"weights must be a window of one or two dimensions with 1 to {_MAX_WINDOW} sites, got shape {w.shape}"
            )
        if not np.isfinite(w).all():
            raise ValueError("weights must be finite")
        w.flags.writeable = False
        object.__setattr__(self, "weights", w)
        object.__setattr__(self, "stride", checks.integer("stride", self.stride, 2))
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
            The lattice that it was trained on, ``(n_sites,)`` or ``(rows, columns)``.
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
        sides = tuple(checks.integer("each side of the shape", n, 2) for n in shape)
        width, stride = checks.integer("width", width, 1), checks.integer("stride", stride, 2)
        p = spin_parameters(rbm)
        sites = window_sites(sides, width, stride)
        if p.weights.shape != (np.prod(sides), len(sites)):
            raise ValueError(
                f"a lattice of shape {sides} at stride {stride} has {np.prod(sides)} visible and {len(sites)} "
                f"hidden units, the RBM has {p.weights.shape}"
            )
        seen = p.weights[sites.T, np.arange(len(sites))]
        _require_shared(p.weights, seen, p.hidden_fields)
        largest = np.abs(seen).max()
        field = float(p.hidden_fields.mean())
        weights = seen.mean(axis=1).reshape((width,) * len(sides))
        return upward_kernel(weights, stride, 0.0 if abs(field) <= _SHARED * largest else field)

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

    def probabilities(self, spins: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """p(h = +1 | v), as of :class:`BlockKernel`."""
        array = lattice_spins(spins)
        coarse = self.coarse_shape(array.shape[1:])
        self._require_dimensions(len(coarse))
        total = np.full((len(array), *coarse), self.field)
        kept = (slice(None), *(slice(None, None, self.stride),) * len(coarse))
        for index, w in np.ndenumerate(self.weights):
            offset = [(n - 1) // 2 - i for n, i in zip(self.weights.shape, index, strict=True)]
            total += w * np.roll(array, offset, axis=tuple(range(1, array.ndim)))[kept]
        return np.asarray(expit(2 * total))

    def block_packed(self, packed: Any, key: tuple[int, int], first_block: int = 0, step: int = 0) -> Any:
        """Block packed spins, as of :class:`BlockKernel`."""
        self._require_dimensions(1 if packed.shape[0] == 1 else 2)
        grid = self.weights.reshape(-1, self.weights.shape[-1])
        first = [-((n - 1) // 2) for n in grid.shape]
        return packed.filter(grid, self.field, self._per_axis(packed, self.stride), first, key, first_block, step)

    def _require_dimensions(self, n_dimensions: int) -> None:
        if self.weights.ndim != n_dimensions:
            raise ValueError(
                f"a window of shape {self.weights.shape} needs a lattice of {self.weights.ndim} dimensions, "
                f"got one of {n_dimensions}"
            )


def upward_kernel(weights: npt.NDArray[np.float64], stride: int, field: float = 0.0) -> ConvolutionKernel:
    """The kernel whose block spins point the way of their window: weights and field change their sign if Σ w < 0."""
    sign = -1.0 if weights.sum() < 0 else 1.0
    return ConvolutionKernel(sign * weights, stride, sign * field)


def window_sites(shape: Sequence[int], width: int, stride: int) -> npt.NDArray[np.int64]:
    """Numbers of the sites in the window of each block spin, (n_block_spins, width**n_dimensions), row by row.

    Raises
    ------
    ValueError
        If the lattice is not of one or two dimensions, the stride does not divide a side, or a window is wider than it.
    """
    if len(shape) not in (1, 2) or any(n % stride or width > n for n in shape):
        raise ValueError(f"windows of width {width} at stride {stride} do not fit a lattice of shape {tuple(shape)}")
    units = np.indices([n // stride for n in shape]).reshape(len(shape), -1)
    window = np.indices((width,) * len(shape)).reshape(len(shape), -1) - (width - 1) // 2
    sites = units[:, :, None] * stride + window[:, None, :]
    return np.asarray(np.ravel_multi_index(tuple(sites), tuple(shape), mode="wrap"))


def _require_shared(
    weights: npt.NDArray[np.float64], seen: npt.NDArray[np.float64], fields: npt.NDArray[np.float64]
) -> None:
    """Refuse weights outside of the windows, and windows that differ from one hidden unit to the next."""
    bound = _SHARED * np.abs(weights).max()
    outside = np.abs(weights).sum() - np.abs(seen).sum()
    if outside > bound:
        raise ValueError(f"the RBM has weights outside of its windows, {outside:.3g} in sum of absolute values")
    if np.ptp(seen, axis=1).max() > bound or np.ptp(fields) > bound:
        raise ValueError(
            "the hidden units do not share their weights and fields: train with masks.lattice(…, shared=True)"
        )
