"""Means and correlations with error bars: jackknife over blocks of samples."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

_MAX_BLOCKS = 200


class Estimate(NamedTuple):
    """A value and its standard error."""

    mean: float
    stderr: float


def mean_and_stderr(values: npt.ArrayLike) -> Estimate:
    """Mean of independent values and its standard error.

    Parameters
    ----------
    values : array_like of shape (n,)
        Independent values, at least two for an error (else it is NaN).

    Returns
    -------
    Estimate

    Raises
    ------
    ValueError
        If there are no values.

    Examples
    --------
    >>> from rgrbm.statistics.jackknife import mean_and_stderr
    >>> mean_and_stderr([1.0, 2.0, 3.0])
    Estimate(mean=2.0, stderr=0.5773502691896258)
    """
    array = np.asarray(values, dtype=np.float64).ravel()
    if not len(array):
        raise ValueError("the mean of no values is not defined")
    stderr = float(array.std(ddof=1) / np.sqrt(len(array))) if len(array) > 1 else float("nan")
    return Estimate(float(array.mean()), stderr)


def block_bounds(n_samples: int, n_blocks: int | None = None) -> npt.NDArray[np.intp]:
    """Where consecutive blocks of samples begin, and the end of the last: one more number than there are blocks."""
    n_blocks = min(n_samples, n_blocks or _MAX_BLOCKS)
    return np.linspace(0, n_samples, n_blocks + 1).astype(np.intp)


def block_sums(per_sample: Array, n_blocks: int | None = None) -> Array:
    """Sums over consecutive blocks of samples, along the first axis; the last samples may go to a larger block."""
    return np.asarray(np.add.reduceat(per_sample, block_bounds(len(per_sample), n_blocks)[:-1], axis=0))


def leave_one_out(sums: Array) -> Array:
    """Sums over all blocks but one, for each block."""
    return np.asarray(sums.sum(axis=0) - sums)


def jackknife_stderr(replicas: npt.ArrayLike) -> Array:
    """Standard error from estimates that each leave out one block.

    Parameters
    ----------
    replicas : array_like of shape (n_blocks, ...)

    Returns
    -------
    ndarray of shape (...)
        √[(n − 1)/n Σ (θ₍ᵢ₎ − θ̄)²].

    References
    ----------
    B. Efron, *The Jackknife, the Bootstrap and Other Resampling Plans* (1982).

    Examples
    --------
    >>> from rgrbm.statistics.jackknife import jackknife_stderr
    >>> float(jackknife_stderr([2.5, 2.0, 1.5]))
    0.5773502691896257
    """
    array = np.asarray(replicas, dtype=np.float64)
    n = len(array)
    return np.asarray(np.sqrt((n - 1) / n * np.sum((array - array.mean(axis=0)) ** 2, axis=0)))


def student_factor(n_blocks: int) -> float:
    """Factor by which Student's distribution widens a standard error from few blocks.

    Parameters
    ----------
    n_blocks : int
        Independent blocks that the standard error was estimated from.

    Returns
    -------
    float
        The quantile of Student's t with n − 1 degrees of freedom at the probability of +1 standard deviation: within ±
        this many estimated standard errors the mean lies with probability 68.27%. 1.84 for two blocks, 1.06 for ten,
        and 1 for many; NaN for fewer than two.

    Examples
    --------
    >>> from rgrbm.statistics.jackknife import student_factor
    >>> [round(student_factor(n), 3) for n in (2, 4, 10, 200)]
    [1.837, 1.197, 1.059, 1.003]
    """
    from scipy.special import ndtr, stdtrit  # here, as it takes 0.1 s, and sampling does without

    return float(stdtrit(n_blocks - 1, ndtr(1.0))) if n_blocks > 1 else float("nan")
