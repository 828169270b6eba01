"""Moments of any values, streamed into a bounded number of blocks for a jackknife."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from rgrbm._support import checks
from rgrbm.statistics.jackknife import Array
from rgrbm.statistics.presentation import short_repr


class BlockedMoments(NamedTuple):
    """First and second moments, summed over blocks of consecutive samples."""

    weights: Array
    """Sum of the samples' weights in each block, of shape (n_blocks,): their number, if they have none."""
    sums: Array
    """Σ x_i, of shape (n_blocks, n_values)."""
    products: Array
    """Σ x_i x_j, of shape (n_blocks, n_values, n_values)."""

    def __repr__(self) -> str:
        return short_repr(self)


class StreamedMoments:
    """Sums of values and of their products over blocks of samples; samples are not kept.

    Blocks begin with a single sample. Whenever there are twice as many blocks as wanted, neighbours are joined. The
    final number is between one and two times the number wanted. All blocks have the same length except the last.

    Parameters
    ----------
    n_values : int
        Values in each sample.
    n_blocks : int, default=100
        Blocks wanted.

    Raises
    ------
    TypeError
        If a number is not an integer.
    ValueError
        If the number of values is negative, or no block is wanted.

    Examples
    --------
    >>> from rgrbm.statistics import StreamedMoments
    >>> moments = StreamedMoments(1, n_blocks=2)
    >>> moments.add([[1.0], [2.0], [3.0], [4.0], [5.0]])
    >>> moments.blocks().sums.ravel()
    array([3., 7., 5.])
    """

    def __init__(self, n_values: int, n_blocks: int = 100) -> None:
        n_values, n_blocks = checks.integer("n_values", n_values, 0), checks.integer("n_blocks", n_blocks, 1)
        checks.require_memory(
            8 * (2 * n_blocks + 1) * (1 + n_values + n_values**2),
            f"{checks.shown(n_blocks)} blocks of {checks.shown(n_values)} values",
        )
        self._most = 2 * n_blocks
        self._length = 1
        self._n_samples = 0
        self._n_used = 0  # blocks, the open one included
        self._filled = 0  # samples in the open block
        self._weights = np.zeros(self._most + 1)
        self._sums = np.zeros((self._most + 1, n_values))
        self._products = np.zeros((self._most + 1, n_values, n_values))

    @property
    def n_samples(self) -> int:
        """Samples so far."""
        return self._n_samples

    def add(self, values: npt.ArrayLike, weights: npt.ArrayLike | None = None) -> None:
        """Add samples, of shape (n_samples, n_values), each once or with a weight of shape (n_samples,).

        Raises
        ------
        TypeError
            If values or weights are not real numbers.
        ValueError
            If the shapes do not fit, or numbers are masked.
        """
        x = checks.numbers("values", values)
        if x.ndim != 2 or x.shape[1] != self._sums.shape[1]:
            raise ValueError(f"expected samples of shape (n_samples, {self._sums.shape[1]}), got {x.shape}")
        w = np.ones(len(x)) if weights is None else checks.numbers("weights", weights)
        if w.shape != (len(x),):
            raise ValueError(f"expected {len(x)} weights, one for each sample, got shape {w.shape}")
        done = 0
        while done < len(x):
            self._open_block()
            end = min(len(x), done + self._length - self._filled)
            part, weight, block = x[done:end], w[done:end], self._n_used - 1
            self._weights[block] += weight.sum()
            self._sums[block] += weight @ part
            self._products[block] += (weight[:, None] * part).T @ part
            self._filled += end - done
            done = end
        self._n_samples += len(x)

    def blocks(self) -> BlockedMoments:
        """The moments of all blocks that hold samples, as copies."""
        n = self._n_used
        return BlockedMoments(self._weights[:n].copy(), self._sums[:n].copy(), self._products[:n].copy())

    def _open_block(self) -> None:
        """See that the last block has room, and join neighbours if there are too many."""
        if self._n_used and self._filled < self._length:
            return
        if self._n_used == self._most:
            for array in (self._weights, self._sums, self._products):
                array[: self._most // 2] = array[: self._most : 2] + array[1 : self._most : 2]
                array[self._most // 2 :] = 0
            self._n_used //= 2
            self._length *= 2
        self._n_used += 1
        self._filled = 0
