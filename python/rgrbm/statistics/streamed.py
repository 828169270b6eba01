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
        self._state = _State(
            BlockedMoments(
                np.zeros(self._most), np.zeros((self._most, n_values)), np.zeros((self._most, n_values, n_values))
            ),
            _no_samples(n_values),
        )

    @property
    def n_samples(self) -> int:
        """Samples so far."""
        return self._state.n_samples

    def fork(self) -> StreamedMoments:
        """Moments that go on from these; of the two, only one may be added to from here on."""
        other: StreamedMoments = object.__new__(type(self))
        other._most, other._state = self._most, self._state
        return other

    def add(self, values: npt.ArrayLike, weights: npt.ArrayLike | None = None) -> None:
        """Add samples, of shape (n_samples, n_values), each once or with a weight of shape (n_samples,).

        All are added, or none if an exception comes in between, as that of Ctrl-C.

        Raises
        ------
        TypeError
            If values or weights are not real numbers.
        ValueError
            If the shapes do not fit, or numbers are masked.
        """
        x = checks.numbers("values", values)
        n_values = self._state.closed.sums.shape[1]
        if x.ndim != 2 or x.shape[1] != n_values:
            raise ValueError(f"expected samples of shape (n_samples, {n_values}), got {x.shape}")
        w = np.ones(len(x)) if weights is None else checks.numbers("weights", weights)
        if w.shape != (len(x),):
            raise ValueError(f"expected {len(x)} weights, one for each sample, got shape {w.shape}")
        state, done = self._state, 0
        while done < len(x):
            state = self._with_room(state)
            end = min(len(x), done + state.length - state.filled)
            part, weight, block = x[done:end], w[done:end], state.open
            block = BlockedMoments(
                block.weights + weight.sum(),
                block.sums + weight @ part,
                block.products + (weight[:, None] * part).T @ part,
            )
            state = state._replace(open=block, filled=state.filled + end - done)
            done = end
        self._state = state._replace(n_samples=state.n_samples + len(x))

    def blocks(self) -> BlockedMoments:
        """The moments of all blocks that hold samples, as copies."""
        state = self._state
        n = state.n_closed
        if not state.filled:
            return BlockedMoments(*(array[:n].copy() for array in state.closed))
        return BlockedMoments(
            *(np.concatenate([a[:n], block[None]]) for a, block in zip(state.closed, state.open, strict=True))
        )

    def _with_room(self, state: _State) -> _State:
        """See that the open block has room: a full one is closed, and neighbours are joined if there are too many."""
        if state.filled < state.length:
            return state
        # What is written here lies past the blocks that count, in arrays that an earlier state may share.
        for array, block in zip(state.closed, state.open, strict=True):
            array[state.n_closed] = block
        state = state._replace(n_closed=state.n_closed + 1, open=_no_samples(state.open.sums.size), filled=0)
        if state.n_closed < self._most:
            return state
        half = self._most // 2
        joined = [np.concatenate([a[::2] + a[1::2], np.zeros_like(a[:half])]) for a in state.closed]
        return state._replace(closed=BlockedMoments(*joined), n_closed=half, length=2 * state.length)


class _State(NamedTuple):
    """How far the sums are; never changed in place, but replaced."""

    closed: BlockedMoments
    """Blocks that are full, the first ``n_closed`` of those there is room for."""
    open: BlockedMoments
    """The block that samples are added to, without an axis of blocks."""
    n_closed: int = 0
    length: int = 1
    """Samples of a full block."""
    filled: int = 0
    """Samples in the open block."""
    n_samples: int = 0


def _no_samples(n_values: int) -> BlockedMoments:
    return BlockedMoments(np.zeros(()), np.zeros(n_values), np.zeros((n_values, n_values)))
