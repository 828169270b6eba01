"""Block spins: the distributions p(h | v) by which a real-space renormalization makes a spin of a few.

A kernel is small, frozen, and knows no size: it blocks lattices of any size that its stride divides.
"""

from __future__ import annotations

import itertools
import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from rgrbm._support import checks, streams
from rgrbm.mcrg.spin_operators import lattice_spins, pack
from rgrbm.mcrg.torus import Integers, Torus, Window, padded
from rgrbm.model.parameters import spin_parameters
from rgrbm.spins.lattice import Kind
from rgrbm.spins.values import Spins
from rgrbm.statistics.presentation import short_repr

_MAX_WINDOW = 1024  # sites
_LARGE = 100.0  # a weight as good as infinite
_SHARED = 1e-5  # weights that differ by less, relative to the largest, are shared: those of training in float32 are


class BlockKernel(ABC):
    """A distribution of block spins, p(h | v) with Σ_h p(h | v) = 1, each of a window of spins.

    :meth:`block` draws from it, :meth:`probabilities` computes it.
    """

    @property
    @abstractmethod
    def name(self) -> str:
        """What tables call it."""

    @property
    @abstractmethod
    def scale(self) -> float:
        """The b of a renormalization step: how far block spins are from each other, in units of sites."""

    @property
    def lattice(self) -> Kind:
        """The kind of lattice that it blocks, as of :class:`rgrbm.spins.Lattice`."""
        return "hypercubic"

    @property
    def is_symmetric(self) -> bool:
        """Whether the distribution is the same when all spins are flipped, p(−h | −v) = p(h | v)."""
        return True

    def steps(self, n_dimensions: int) -> Integers:
        """Where the block spins are: from one to the next along each axis, a row of offsets each."""
        return int(self.scale) * np.eye(n_dimensions, dtype=np.int64)

    @abstractmethod
    def window(self, n_dimensions: int) -> Window:
        """The sites that a block spin sees, as offsets from its own.

        Raises
        ------
        ValueError
            If the kernel is of another number of dimensions.
        """

    @abstractmethod
    def probabilities_of(self, windows: npt.NDArray[np.int8]) -> npt.NDArray[np.float64]:
        """p(h = +1 | v) of windows of spins, shape (..., n_window) → (...)."""

    @abstractmethod
    def block_packed(self, packed: Any, torus: Torus, key: tuple[int, int], first_block: int = 0, step: int = 0) -> Any:
        """The same as :meth:`block` on packed spins: draws are named by key, number of the block and step."""

    def probabilities(self, spins: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """p(h = +1 | v) of each block spin.

        Parameters
        ----------
        spins : array_like of -1 and +1, shape (n_samples, n_sites) or (n_samples, rows, columns) or with layers

        Returns
        -------
        ndarray of float64, shape ``(n_samples, *coarse_shape)``
            As of :meth:`coarse_shape`.

        Raises
        ------
        ValueError
            If the spins are not ±1, or the blocks do not cover the lattice.
        """
        array = lattice_spins(spins)
        torus = Torus(array.shape[1:], self.lattice)
        n = array.ndim - 1
        seen = array.reshape(len(array), -1)[:, torus.windows(self.steps(n), self.window(n))]
        return np.asarray(self.probabilities_of(seen).reshape(len(array), *torus.coarse(self.steps(n)).shape))

    def _geometry(self, torus: Torus) -> tuple[Any, Any, Any]:
        """The lattice of block spins, steps and window as the kernels take them."""
        n = len(torus.shape)
        steps = np.eye(3, dtype=np.int64)
        steps[3 - n :, 3 - n :] = self.steps(n)
        return torus.coarse(self.steps(n)).grid, steps.tolist(), [padded(site, 0) for site in self.window(n)]

    def block(self, spins: npt.ArrayLike, seed: streams.Seed = None) -> Spins:
        """Draw the block spins of configurations.

        Parameters
        ----------
        spins : array_like of -1 and +1, shape (n_samples, n_sites) or (n_samples, rows, columns) or with layers
            Configurations of a periodic ring, square or cubic lattice, or of a triangular one for its kernels.
        seed : int, SeedSequence, Generator, RandomState or None, default=None
            Fixes the draws, for any number of threads.

        Returns
        -------
        ndarray of int8, shape ``(n_samples, *coarse_shape)``
            As of :meth:`coarse_shape`.

        Raises
        ------
        ValueError
            If the spins are not ±1, or the blocks do not cover the lattice.
        """
        array = lattice_spins(spins)
        torus = Torus(array.shape[1:], self.lattice)
        coarse = torus.coarse(self.steps(array.ndim - 1))
        blocked = self.block_packed(pack(array, torus), torus, streams.key(streams.seed_sequence(seed)))
        return np.asarray(blocked.unpack()).reshape(len(array), *coarse.shape)

    def coarse_shape(self, shape: Sequence[int]) -> tuple[int, ...]:
        """The shape of the lattice of block spins.

        Raises
        ------
        ValueError
            If the blocks do not cover the lattice.
        """
        return Torus(tuple(shape), self.lattice).coarse(self.steps(len(shape))).shape


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

    def window(self, n_dimensions: int) -> Window:
        """The site itself."""
        return ((0,) * n_dimensions,)

    def probabilities_of(self, windows: npt.NDArray[np.int8]) -> npt.NDArray[np.float64]:
        """p(h = +1 | v) of windows, as of :class:`BlockKernel`."""
        return np.asarray((windows[..., 0] > 0).astype(np.float64))

    def block_packed(self, packed: Any, torus: Torus, key: tuple[int, int], first_block: int = 0, step: int = 0) -> Any:
        """Block packed spins, as of :class:`BlockKernel`."""
        return packed.decimate(*self._geometry(torus))


@dataclass(frozen=True)
class MajorityKernel(BlockKernel):
    """Majority rule: the sign of the sum of a block of ``side`` spins along each axis, by a fair coin where it is zero.

    Parameters
    ----------
    side : int, default=2
        At most 32. In three dimensions at most 10, which is checked when a lattice is blocked.

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

    def window(self, n_dimensions: int) -> Window:
        """The sites of a block."""
        if self.side**n_dimensions > _MAX_WINDOW:
            raise ValueError(
                f"a block has at most {_MAX_WINDOW} spins, got side={self.side} in {n_dimensions} dimensions"
            )
        return box((self.side,) * n_dimensions, 0)

    def probabilities_of(self, windows: npt.NDArray[np.int8]) -> npt.NDArray[np.float64]:
        """p(h = +1 | v) of windows, as of :class:`BlockKernel`."""
        return np.asarray((1 + np.sign(windows.sum(axis=-1, dtype=np.int64))) / 2)

    def block_packed(self, packed: Any, torus: Torus, key: tuple[int, int], first_block: int = 0, step: int = 0) -> Any:
        """Block packed spins, as of :class:`BlockKernel`."""
        return packed.majority(*self._geometry(torus), key, first_block, step)


@dataclass(frozen=True)
class TriangleKernel(BlockKernel):
    """Triangles of three spins of the triangular lattice, b = √3: p(h = +1 | v) = σ(2w (v₁ + v₂ + v₃)).

    The blocks form a triangular lattice again, turned by 30°. Its axes are (2, 1), (−1, 1) and (1, 2) of the one
    before. After two steps a lattice of L × L has become one of L/3 × L/3. After one step the array has L/3 rows of L
    block spins, and is twisted: a step beyond the last row leads to the first row, L/3 columns further.

    Parameters
    ----------
    weight : float, default=inf
        w. Infinite: the majority of the three.

    Raises
    ------
    TypeError, ValueError
        If it is not a number, or NaN.

    References
    ----------
    Th. Niemeijer & J. M. J. van Leeuwen, Phys. Rev. Lett. 31, 1411 (1973).

    Examples
    --------
    >>> import numpy as np
    >>> from rgrbm.mcrg import TriangleKernel
    >>> TriangleKernel().block(np.ones((1, 6, 6))).shape
    (1, 2, 6)
    """

    weight: float = math.inf

    def __post_init__(self) -> None:
        if isinstance(self.weight, bool) or not isinstance(self.weight, int | float | np.floating):
            raise TypeError(f"weight must be a number, got {self.weight!r}")
        if math.isnan(self.weight):
            raise ValueError("weight must be a number, got NaN")

    @property
    def name(self) -> str:
        """What tables call it."""
        rule = "majority" if self.weight == math.inf else f"w = {self.weight:g}"
        return f"triangles of three, {rule}"

    @property
    def scale(self) -> float:
        """√3."""
        return math.sqrt(3)

    @property
    def lattice(self) -> Kind:
        """Triangular."""
        return "triangular"

    def steps(self, n_dimensions: int) -> Integers:
        """From one triangle to the next."""
        _require_dimensions("triangles", 2, n_dimensions)
        return np.array([[2, 1], [-1, 1]])

    def window(self, n_dimensions: int) -> Window:
        """The three sites of a triangle."""
        _require_dimensions("triangles", 2, n_dimensions)
        return (0, 0), (0, 1), (1, 1)

    def probabilities_of(self, windows: npt.NDArray[np.int8]) -> npt.NDArray[np.float64]:
        """p(h = +1 | v) of windows, as of :class:`BlockKernel`."""
        total = windows.sum(axis=-1, dtype=np.int64)  # odd, so that 0 · ∞ does not occur
        return np.asarray(expit(2 * self.weight * total))

    def block_packed(self, packed: Any, torus: Torus, key: tuple[int, int], first_block: int = 0, step: int = 0) -> Any:
        """Block packed spins, as of :class:`BlockKernel`."""
        geometry = self._geometry(torus)
        if math.isinf(self.weight) and self.weight > 0:
            return packed.majority(*geometry, key, first_block, step)
        weights = [max(min(float(self.weight), _LARGE), -_LARGE)] * 3
        return packed.filter(*geometry, weights, 0.0, key, first_block, step)


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
        if w.ndim not in (1, 2, 3) or not 1 <= w.size <= _MAX_WINDOW:
            raise ValueError(
                f"weights must be a window of one to three dimensions with 1 to {_MAX_WINDOW} sites, got {w.shape}"
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
        _require_dimensions(f"a window of shape {self.weights.shape}", self.weights.ndim, n_dimensions)
        return box(self.weights.shape, 1)

    def probabilities_of(self, windows: npt.NDArray[np.int8]) -> npt.NDArray[np.float64]:
        """p(h = +1 | v) of windows, as of :class:`BlockKernel`."""
        return np.asarray(expit(2 * (windows @ self.weights.ravel() + self.field)))

    def block_packed(self, packed: Any, torus: Torus, key: tuple[int, int], first_block: int = 0, step: int = 0) -> Any:
        """Block packed spins, as of :class:`BlockKernel`."""
        return packed.filter(*self._geometry(torus), self.weights.ravel(), self.field, key, first_block, step)


def box(sides: Sequence[int], centred: int) -> Window:
    """Offsets of the sites of a box, row by row; centred (1), it begins (side − 1) // 2 sites before its position."""
    return tuple(itertools.product(*(range(-centred * ((n - 1) // 2), n - centred * ((n - 1) // 2)) for n in sides)))


def _require_dimensions(what: str, needed: int, n_dimensions: int) -> None:
    if n_dimensions != needed:
        raise ValueError(f"{what} needs a lattice of {needed} dimensions, got one of {n_dimensions}")


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
