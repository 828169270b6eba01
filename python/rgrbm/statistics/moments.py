"""First and second moments of spins, streamed: the sums of each block are kept, not its samples."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from rgrbm._support import checks
from rgrbm.statistics.jackknife import Array
from rgrbm.statistics.presentation import short_repr


class SpinMoments(NamedTuple):
    """First and second moments of spins, summed over blocks of samples."""

    n_samples: Array
    """Samples in each block, of shape (n_blocks,)."""
    sums: Array
    """Σ s_i, of shape (n_blocks, n_units)."""
    products: Array
    """Σ s_i s_j, of shape (n_blocks, n_units, n_units)."""

    def __repr__(self) -> str:
        return short_repr(self)

    @classmethod
    def concatenate(cls, parts: Iterable[SpinMoments]) -> SpinMoments:
        """The blocks of several moments, one after the other."""
        return cls(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def spin_moments(blocks: Iterable[npt.ArrayLike]) -> SpinMoments:
    """Sum up blocks of spins, only one of which has to be in memory at a time.

    Parameters
    ----------
    blocks : iterable of array_like, each of shape (n_samples, n_units)
        Spins ±1; samples of different blocks are independent of each other.

    Returns
    -------
    SpinMoments

    Raises
    ------
    ValueError
        If there are no blocks, their shapes differ, or a value is neither −1 nor +1, or is masked.
    TypeError
        If the blocks are no sequence, or their values are not real numbers.

    Examples
    --------
    >>> from rgrbm.statistics import spin_moments
    >>> spin_moments([[[1, -1]], [[1, 1]]]).sums
    array([[ 1., -1.],
           [ 1.,  1.]])
    """
    summed: list[tuple[int, Array, Array]] = []
    for block in checks.iterator("blocks", blocks, "arrays of spins"):
        s = spin_values(block).astype(np.float32)  # in which sums are exact for up to 2²⁴ samples
        if s.ndim != 2 or (summed and s.shape[1] != len(summed[0][1])):
            raise ValueError(f"expected blocks of shape (n_samples, n_units) with the same units, got {s.shape}")
        summed.append((len(s), s.sum(axis=0, dtype=np.float64), (s.T @ s).astype(np.float64)))
    if not summed:
        raise ValueError("there are no blocks of samples")
    n_samples, sums, products = (np.array(column, dtype=np.float64) for column in zip(*summed, strict=True))
    return SpinMoments(n_samples, sums, products)


def spin_values(spins: npt.ArrayLike) -> npt.NDArray[Any]:
    """Spins ±1 as an array of their own dtype.

    Raises
    ------
    TypeError
        If they are not real numbers.
    ValueError
        If a value is neither −1 nor +1, or is masked.
    """
    expected = "expected spins ±1; rgrbm.to_spins converts binary units 0/1"
    if np.ma.is_masked(spins):
        raise ValueError(f"{expected}, got masked values; leave these samples out")
    array = checks.numbers("spins", spins, dtype=None)
    wrong = (array != 1) & (array != -1)
    if wrong.any():
        raise ValueError(f"{expected}, got the value {array[wrong].flat[0]}")
    return array
