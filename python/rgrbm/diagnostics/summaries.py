"""Small summaries that all diagnostics use: means with errors, histograms, and both as JSON."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rgrbm.statistics.jackknife import mean_and_stderr
from rgrbm.statistics.presentation import Presented


@dataclass(frozen=True, repr=False)
class Mean(Presented):
    """A mean over samples and its standard error (NaN for one sample)."""

    mean: float
    stderr: float


@dataclass(frozen=True, repr=False)
class Histogram(Presented):
    """Counts between edges, the last bin closed; several of the same edges can be laid over each other.

    Attributes
    ----------
    edges : ndarray of shape (n_bins + 1,)
        Ascending edges of the bins.
    counts : dict of str to ndarray of shape (n_bins,)
        How many values of each data set are in each bin.
    """

    edges: npt.NDArray[np.float64]
    counts: dict[str, npt.NDArray[np.intp]]


def mean_of(values: npt.ArrayLike) -> Mean:
    """Mean of independent values."""
    return Mean(*mean_and_stderr(values))


def histogram_of(
    n_bins: int, limits: tuple[float, float] | None = None, /, **values: npt.NDArray[np.float64]
) -> Histogram:
    """Histograms of data sets over the same bins; by default from the least to the largest value of all."""
    everything = np.concatenate([v.ravel() for v in values.values()])
    edges = np.histogram_bin_edges(everything, n_bins, limits)
    return Histogram(edges, {name: np.histogram(v, edges)[0] for name, v in values.items()})


def plain(value: Any) -> Any:
    """A dataclass as what JSON has: dicts, lists, numbers; None for numbers that are not finite."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
