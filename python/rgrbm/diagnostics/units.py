"""Activities of the hidden units over the data, and sizes of the weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rgrbm.diagnostics.machine import machine_of
from rgrbm.diagnostics.summaries import Histogram, histogram_of
from rgrbm.statistics.presentation import Presented

Values = npt.NDArray[np.float64]

DEAD_DEVIATION = 0.01
"""A unit whose probability varies less than this over the data (standard deviation) is dead."""
SATURATION = 0.01
"""A probability closer than this to 0 or to 1 is saturated."""
SATURATED_SHARE = 0.99
"""A unit that is saturated in at least this share of the data is saturated."""
LIKENESS = 0.95
"""Units whose filters and whose activities are at least this alike are duplicates."""

_WEIGHT_BINS, _ACTIVITY_BINS = 60, 40


@dataclass(frozen=True, repr=False)
class HiddenUnits(Presented):
    """Activities of the hidden units over a data set, from p_j = p(h_j = 1 | v) of each sample.

    Attributes
    ----------
    dead : tuple of int
        Units without information about the data: the standard deviation of p_j over samples is below 0.01, wherever the
        mean is (always 0, always 1, or 1 with the same probability for all data).
    saturated : tuple of int
        Units that are not dead, and whose p_j is within 0.01 of 0 or 1 for at least 99% of the samples: they are
        switches, through which gradients hardly pass and which chains flip rarely.
    duplicates : tuple of (int, int, int)
        Pairs j < k of units that are not dead and the sign ±1 with which k repeats j: the cosine between filters
        (columns of W) and the correlation of activities over samples are both at least 0.95, or both at most −0.95.
        −1: k is on where j is off, which is the same information.
    n_duplicates : int
        Units that repeat one of a lower number: those that could be left out.
    mean_activity : ndarray of shape (n_hidden,)
        Means of p_j.
    activities : Histogram
        All p_j of all samples, under the name "train".
    """

    dead: tuple[int, ...]
    saturated: tuple[int, ...]
    duplicates: tuple[tuple[int, int, int], ...]
    n_duplicates: int
    mean_activity: Values
    activities: Histogram


@dataclass(frozen=True, repr=False)
class Weights(Presented):
    """Sizes and singular values of the weights; weights that a mask leaves out are not counted.

    Attributes
    ----------
    rms, largest : float
        Root of the mean square, and the largest size, of the weights.
    singular_values : ndarray of shape (min(n_visible, n_hidden),)
        Of W, descending: how strongly each mode of the data is tied to the hidden layer.
    histogram : Histogram
        Of the weights, under the name "weights".
    """

    rms: float
    largest: float
    singular_values: Values
    histogram: Histogram


def hidden_units(rbm: Any, X: npt.ArrayLike) -> HiddenUnits:
    """Dead, saturated and duplicate hidden units, and a histogram of activities.

    Parameters
    ----------
    rbm : fitted estimator or RBMParameters
        Ours, scikit-learn's ``BernoulliRBM``, or an object with the parameters.
    X : array_like of 0 and 1, or of real numbers for a ``GaussianRBM``, shape (n_samples, n_visible)
        Data, usually those of the training. Of a single sample all units are dead: nothing varies.

    Returns
    -------
    HiddenUnits

    Raises
    ------
    ValueError
        If the data are not 0 and 1 (finite, if Gaussian) or do not fit the model.

    Examples
    --------
    >>> import numpy as np
    >>> from rgrbm.diagnostics import hidden_units
    >>> from rgrbm.model import RBMParameters
    >>> W = np.array([[1.0, 1.0, 0.0], [-1.0, -1.0, 0.0]])
    >>> units = hidden_units(RBMParameters(W, np.zeros(2), np.zeros(3)), [[0, 1], [1, 0]])
    >>> units.dead, units.duplicates
    ((2,), ((0, 1, 1),))
    """
    machine = machine_of(rbm)
    p = machine.hidden(machine.states(X, "X"))
    dead = p.std(axis=0) < DEAD_DEVIATION
    saturated = ~dead & (np.mean(np.minimum(p, 1 - p) <= SATURATION, axis=0) >= SATURATED_SHARE)
    duplicates = _duplicates(p, machine.weights, np.flatnonzero(~dead))
    return HiddenUnits(
        dead=tuple(np.flatnonzero(dead).tolist()),
        saturated=tuple(np.flatnonzero(saturated).tolist()),
        duplicates=duplicates,
        n_duplicates=len({k for _, k, _ in duplicates}),
        mean_activity=p.mean(axis=0),
        activities=histogram_of(_ACTIVITY_BINS, (0.0, 1.0), train=p),
    )


def _duplicates(p: Values, weights: Values, alive: npt.NDArray[np.intp]) -> tuple[tuple[int, int, int], ...]:
    filters = _normalized(weights[:, alive])
    activities = _normalized(p[:, alive] - p[:, alive].mean(axis=0))
    cosine, correlation = filters.T @ filters, activities.T @ activities
    likeness = np.minimum(np.abs(cosine), np.abs(correlation)) * (np.sign(cosine) == np.sign(correlation))
    first, second = np.nonzero(np.triu(likeness >= LIKENESS, k=1))
    signs = np.sign(cosine[first, second]).astype(int)
    pairs = zip(alive[first].tolist(), alive[second].tolist(), signs.tolist(), strict=True)
    return tuple((j, k, sign) for j, k, sign in pairs)


def _normalized(columns: Values) -> Values:
    norms = np.linalg.norm(columns, axis=0)
    return columns / np.where(norms > 0, norms, 1)


def weight_summary(rbm: Any) -> Weights:
    """Singular values, sizes and a histogram of the weights.

    Parameters
    ----------
    rbm : fitted estimator or RBMParameters
        As for :func:`hidden_units`.

    Returns
    -------
    Weights

    Examples
    --------
    >>> import numpy as np
    >>> from rgrbm.diagnostics import weight_summary
    >>> from rgrbm.model import RBMParameters
    >>> weight_summary(RBMParameters(np.diag([3.0, 4.0]), np.zeros(2), np.zeros(2))).singular_values
    array([4., 3.])
    """
    machine = machine_of(rbm)
    values = machine.weights[machine.exists]
    return Weights(
        rms=float(np.sqrt(np.mean(values**2))),
        largest=float(np.abs(values).max()),
        singular_values=np.asarray(np.linalg.svd(machine.weights, compute_uv=False), dtype=np.float64),
        histogram=histogram_of(_WEIGHT_BINS, weights=values),
    )
