"""Correlations on a ring with error bars."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rgrbm._support import checks
from rgrbm.statistics.jackknife import Array
from rgrbm.statistics.moments import spin_values


def correlation(spins: npt.ArrayLike, max_distance: int) -> tuple[Array, Array]:
    """Correlation ⟨s₀ sₓ⟩ on a ring, averaged over translations and samples.

    Parameters
    ----------
    spins : array_like of shape (n_samples, n_sites)
        Spins ±1.
    max_distance : int
        Largest distance, at most half the ring.

    Returns
    -------
    correlation, stderr : ndarray of shape (max_distance + 1,)
        Mean and standard error over samples, which are taken as independent.

    Raises
    ------
    TypeError
        If the spins are not real numbers, or the distance is not an integer.
    ValueError
        If there are fewer than two samples, a value is neither −1 nor +1, or is masked, or the distance is out of
        range.

    Examples
    --------
    >>> from rgrbm import IsingModel
    >>> from rgrbm.statistics import correlation
    >>> spins = IsingModel((64,), J=1.0).sample(20_000, method="exact", seed=0)
    >>> value, stderr = correlation(spins, 2)
    >>> bool(abs(value[1] - 0.76159) < 5 * stderr[1])
    True
    """
    array = spin_values(spins)
    if array.ndim != 2 or len(array) < 2:
        raise ValueError(f"expected spins of shape (n_samples, n_sites) with at least two samples, got {array.shape}")
    max_distance = checks.integer("max_distance", max_distance)
    if not 0 <= max_distance <= array.shape[1] // 2:
        raise ValueError(f"max_distance must be between 0 and half the ring, {array.shape[1] // 2}, got {max_distance}")
    per_sample = np.stack([np.mean(array * np.roll(array, -x, axis=1), axis=1) for x in range(max_distance + 1)])
    return per_sample.mean(axis=1), per_sample.std(axis=1, ddof=1) / np.sqrt(len(array))
