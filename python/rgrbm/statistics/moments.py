"""First and second moments of spins, streamed: blocks of samples come and go, their sums remain."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

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
    def concatenate(cls, parts: Iterable["SpinMoments"]) -> "SpinMoments":
        """The blocks of several moments, one after the other."""
        return cls(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def spin_moments(blocks: Iterable[npt.ArrayLike]) -> SpinMoments:
    """Sum up blocks of spins, of which only one at a time has to be in memory.

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
        If there are no blocks, or their shapes differ.

    Examples
    --------
    >>> from rgrbm.statistics import spin_moments
    >>> spin_moments([[[1, -1]], [[1, 1]]]).sums
    array([[ 1., -1.],
           [ 1.,  1.]])
    """
    summed: list[tuple[int, Array, Array]] = []
    for block in blocks:
        s = np.asarray(block, dtype=np.float32)  # sums are whole numbers, exact up to 2²⁴ samples
        if s.ndim != 2 or (summed and s.shape[1] != len(summed[0][1])):
            raise ValueError(f"expected blocks of shape (n_samples, n_units) with the same units, got {s.shape}")
        summed.append((len(s), s.sum(axis=0, dtype=np.float64), (s.T @ s).astype(np.float64)))
    if not summed:
        raise ValueError("there are no blocks of samples")
    n_samples, sums, products = (np.array(column, dtype=np.float64) for column in zip(*summed, strict=True))
    return SpinMoments(n_samples, sums, products)
