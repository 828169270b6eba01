"""Means and correlations with error bars: jackknife over blocks of samples."""

from __future__ import annotations

import sys
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from rgrbm._support import checks

Array = npt.NDArray[np.float64]

_MAX_BLOCKS = 200
_MOST_SAMPLES = 2**53  # whose bounds are exact in floating point


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
    TypeError
        If the values are not real numbers.
    ValueError
        If there are no values, or some are masked.

    Examples
    --------
    >>> from rgrbm.statistics.jackknife import mean_and_stderr
    >>> mean_and_stderr([1.0, 2.0, 3.0])
    Estimate(mean=2.0, stderr=0.5773502691896258)
    """
    array = checks.numbers("values", values).ravel()
    if not len(array):
        raise ValueError("the mean of no values is not defined")
    stderr = float(array.std(ddof=1) / np.sqrt(len(array))) if len(array) > 1 else float("nan")
    return Estimate(float(array.mean()), stderr)


def block_bounds(n_samples: int, n_blocks: int | None = None) -> npt.NDArray[np.intp]:
    """Where consecutive blocks of samples begin, and the end of the last: one more number than there are blocks.

    Raises
    ------
    TypeError
        If a number is not an integer.
    ValueError
        If the number of samples is negative or too large, or no block is wanted.
    """
    n_samples = checks.integer("n_samples", n_samples, 0)
    if n_samples > _MOST_SAMPLES:
        raise ValueError(f"n_samples must be at most {_MOST_SAMPLES}, got {checks.shown(n_samples)}")
    n_blocks = min(n_samples, _MAX_BLOCKS if n_blocks is None else checks.integer("n_blocks", n_blocks, 1))
    checks.require_memory(8 * n_blocks, f"{n_blocks} blocks")
    return np.linspace(0, n_samples, n_blocks + 1).astype(np.intp)


def block_sums(per_sample: Array, n_blocks: int | None = None) -> Array:
    """Sums over consecutive blocks of samples, along the first axis; the last samples may go to a larger block.

    Raises
    ------
    TypeError
        If the values are not real numbers, or the number of blocks is not an integer.
    ValueError
        If the values are a single number or some are masked, or no block is wanted.
    """
    values = _rows("per_sample", per_sample)
    return np.asarray(np.add.reduceat(values, block_bounds(len(values), n_blocks)[:-1], axis=0))


def leave_one_out(sums: Array) -> Array:
    """Sums over all blocks but one, for each block.

    Raises
    ------
    TypeError
        If the sums are not real numbers.
    ValueError
        If they are a single number or some are masked.
    """
    array = _rows("sums", sums)
    return np.asarray(array.sum(axis=0) - array)


def jackknife_stderr(replicas: npt.ArrayLike) -> Array:
    """Standard error from estimates that each leave out one block.

    Parameters
    ----------
    replicas : array_like of shape (n_blocks, ...)

    Returns
    -------
    ndarray of shape (...)
        √[(n − 1)/n Σ (θ₍ᵢ₎ − θ̄)²].

    Raises
    ------
    TypeError
        If the estimates are not real numbers.
    ValueError
        If there are none, or some are masked.

    References
    ----------
    B. Efron, *The Jackknife, the Bootstrap and Other Resampling Plans* (1982).

    Examples
    --------
    >>> from rgrbm.statistics.jackknife import jackknife_stderr
    >>> float(jackknife_stderr([2.5, 2.0, 1.5]))
    0.5773502691896257
    """
    array = _rows("replicas", replicas, np.float64)
    if not (n := len(array)):
        raise ValueError("replicas must hold an estimate for each block, got none")
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

    Raises
    ------
    TypeError
        If ``n_blocks`` is not an integer.

    Examples
    --------
    >>> from rgrbm.statistics.jackknife import student_factor
    >>> [round(student_factor(n), 3) for n in (2, 4, 10, 200)]
    [1.837, 1.197, 1.059, 1.003]
    """
    from scipy.special import ndtr, stdtrit  # here, as it takes 0.1 s, and sampling does without

    n_blocks = min(checks.integer("n_blocks", n_blocks), sys.maxsize)
    return float(stdtrit(n_blocks - 1, ndtr(1.0))) if n_blocks > 1 else float("nan")


def _rows(name: str, values: npt.ArrayLike, dtype: npt.DTypeLike | None = None) -> Array:
    """Real numbers, by default of their own dtype, along at least one axis."""
    array = checks.numbers(name, values, dtype=dtype)
    if array.ndim == 0:
        raise ValueError(f"{name} must be an array with one row for each sample or block, got a single number")
    return array
