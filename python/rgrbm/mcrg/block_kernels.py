"""Block spins: the distributions p(h | v) by which a real-space renormalization makes a spin of a few.

A kernel is small, frozen, and knows no size: it blocks lattices of any size that its stride divides.
"""

from __future__ import annotations

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
from rgrbm.mcrg.torus import Integers, Torus, Window, box, checked_sides, padded
from rgrbm.spins.lattice import Kind
from rgrbm.spins.values import Spins

MAX_WINDOW = 1024
"""Sites of a window, at most."""
_MAX_STRIDE = 2**31 - 1
_LARGE = 100.0  # a weight as good as infinite


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
        TypeError
            If the shape is no sequence of integers.
        ValueError
            If the blocks do not cover the lattice.
        """
        sides = checked_sides(shape)
        return Torus(sides, self.lattice).coarse(self.steps(len(sides))).shape


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
        object.__setattr__(self, "stride", checked_stride(self.stride))

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
        object.__setattr__(self, "side", checks.integer("side", self.side, 2))
        if self.side**2 > MAX_WINDOW:
            raise ValueError(f"a block has at most {MAX_WINDOW} spins, got side={self.side}")

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
        if self.side**n_dimensions > MAX_WINDOW:
            raise ValueError(
                f"a block has at most {MAX_WINDOW} spins, got side={self.side} in {n_dimensions} dimensions"
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
        if not isinstance(self.weight, float | np.floating) or math.isfinite(self.weight):
            object.__setattr__(self, "weight", checks.real("weight", self.weight))
        elif math.isnan(self.weight):
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
        require_dimensions("triangles", 2, n_dimensions)
        return np.array([[2, 1], [-1, 1]])

    def window(self, n_dimensions: int) -> Window:
        """The three sites of a triangle."""
        require_dimensions("triangles", 2, n_dimensions)
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


def checked_stride(stride: int) -> int:
    """Sites from one block spin to the next: at least 2, and no more than a lattice can have.

    Raises
    ------
    TypeError
        If it is not an integer.
    ValueError
        If it is out of range.
    """
    if (number := checks.integer("stride", stride, 2)) > _MAX_STRIDE:
        raise ValueError(f"stride must be at most {_MAX_STRIDE}, got {number}")
    return number


def require_dimensions(what: str, needed: int, n_dimensions: int) -> None:
    """Refuse a lattice of another number of dimensions than a kernel has."""
    if n_dimensions != needed:
        raise ValueError(f"{what} needs a lattice of {needed} dimensions, got one of {n_dimensions}")
