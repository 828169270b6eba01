"""Filters of hidden units on a ring of visible sites: where they sit, and how far they see."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rgrbm._support import checks

Array = npt.NDArray[np.float64]

_SEEN = 0.1  # of a filter's largest weight, below which a site is not seen


def dominant_visible(weights: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """The visible unit with the weight of largest size, for each hidden unit.

    Parameters
    ----------
    weights : array_like of shape (n_visible, n_hidden)

    Returns
    -------
    ndarray of int, shape (n_hidden,)

    Raises
    ------
    TypeError
        If the weights are not real numbers.
    ValueError
        If they are no matrix, have no rows, or some are masked.

    Examples
    --------
    >>> from rgrbm.rg.filters import dominant_visible
    >>> dominant_visible([[0.1, -2.0], [1.0, 0.5]])
    array([1, 0])
    """
    return np.asarray(np.argmax(np.abs(_weights(weights)), axis=0))


def filter_signs(weights: npt.ArrayLike) -> Array:
    """Sign of each filter's dominant weight: −1 where a hidden unit has learned to copy −v, 0 without weights.

    Parameters
    ----------
    weights : array_like of shape (n_visible, n_hidden)

    Returns
    -------
    ndarray of shape (n_hidden,)

    Raises
    ------
    TypeError
        If the weights are not real numbers.
    ValueError
        If they are no matrix, have no rows, or some are masked.

    Examples
    --------
    >>> from rgrbm.rg.filters import filter_signs
    >>> filter_signs([[0.1, -2.0], [1.0, 0.5]])
    array([ 1., -1.])
    """
    w = _weights(weights)
    return np.asarray(np.sign(w[dominant_visible(w), np.arange(w.shape[1])]))


def filter_positions(weights: npt.ArrayLike) -> Array:
    """Centre of each filter on the ring: the circular mean of the sites, weighted by W².

    Parameters
    ----------
    weights : array_like of shape (n_visible, n_hidden)

    Returns
    -------
    ndarray of shape (n_hidden,)
        Positions in [0, n_visible), in sites; NaN where all weights are 0.

    Raises
    ------
    TypeError
        If the weights are not real numbers.
    ValueError
        If they are no matrix, have no rows, or some are masked.

    Examples
    --------
    >>> import numpy as np
    >>> from rgrbm.rg.filters import filter_positions
    >>> filter_positions(np.eye(8)[:, [2, 5]]).round(6)
    array([2., 5.])
    """
    w = _weights(weights)
    n_visible = len(w)
    phases = np.exp(2j * np.pi * np.arange(n_visible) / n_visible)
    resultant = phases @ w**2
    position = np.angle(resultant) / (2 * np.pi) * n_visible % n_visible
    position[position == n_visible] = 0.0  # what % makes of a negative angle below its rounding
    return np.where(np.any(w != 0, axis=0), position, np.nan)


def sort_by_position(weights: npt.ArrayLike) -> Array:
    """Columns of the weights (hidden units) in the order of their filters' centres on the ring.

    Raises
    ------
    TypeError
        If the weights are not real numbers.
    ValueError
        If they are no matrix, have no rows, or some are masked.

    Examples
    --------
    >>> import numpy as np
    >>> from rgrbm.rg.filters import sort_by_position
    >>> sort_by_position(np.eye(3)[:, [2, 0, 1]])
    array([[1., 0., 0.],
           [0., 1., 0.],
           [0., 0., 1.]])
    """
    w = _weights(weights)
    return np.asarray(w[:, np.argsort(filter_positions(w), kind="stable")])


def filter_windows(weights: npt.ArrayLike) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The arc of sites that each filter sees, around its dominant one.

    It goes on in both directions as long as one of the next two sites has a tenth of the filter's largest weight;
    weights that stand alone farther away, which finite data leave behind, are not of the window.

    Parameters
    ----------
    weights : array_like of shape (n_visible, n_hidden)

    Returns
    -------
    left, right : ndarray of int, shape (n_hidden,)
        How many sites the arc goes to either side of the dominant one.

    Raises
    ------
    TypeError
        If the weights are not real numbers.
    ValueError
        If they are no matrix, have no rows, or some are masked.

    Examples
    --------
    >>> import numpy as np
    >>> from rgrbm.rg.filters import filter_windows
    >>> filters = np.array([[1.0, 3.0, 0.0, 1.0, 0.0, 0.01, 0.0], [3.0, 1.0, 0, 0, 1.0, 0.0, 0.0]]).T
    >>> left, right = filter_windows(filters)
    >>> left.tolist(), right.tolist()
    ([1, 0], [2, 1])
    """
    w = np.abs(_weights(weights))
    seen = w > _SEEN * w.max(axis=0)
    sites = dominant_visible(w)
    right = [_extent(np.roll(column, -site)) for column, site in zip(seen.T, sites, strict=True)]
    left = [_extent(np.roll(column[::-1], site + 1)) for column, site in zip(seen.T, sites, strict=True)]
    return np.array(left, dtype=np.int64), np.array(right, dtype=np.int64)


def _weights(weights: npt.ArrayLike) -> Array:
    w = checks.numbers("weights", weights, (None, None))
    if not len(w):
        raise ValueError(f"weights must be those of at least one visible unit, got shape {w.shape}")
    return w


def _extent(seen: npt.NDArray[np.bool_]) -> int:
    """Sites from the first on to the last that is seen before two in a row are not."""
    last = 0
    for site in range(1, len(seen)):
        if seen[site]:
            last = site
        elif site - last >= 2:
            break
    return last
