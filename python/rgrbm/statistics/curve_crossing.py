"""The crossing of two curves that are known at points with errors, such as Binder's cumulants of two sizes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from numpy.polynomial.polynomial import polyvander
from scipy.special import chdtrc

from rgrbm._support import checks, streams
from rgrbm.statistics.jackknife import Estimate

_GRID = np.linspace(-1, 1, 200)
_FITS = 0.1  # probability of a larger χ²
_DRAWS = 400  # of the bootstrap: an error of the error of 4%
_BISECTIONS = 50

Array = npt.NDArray[np.float64]


def crossing(
    x: npt.ArrayLike,
    first: npt.ArrayLike,
    second: npt.ArrayLike,
    *,
    degree: int | None = None,
    seed: streams.Seed = 0,
) -> Estimate:
    """The point x at which two curves cross, and its standard error.

    A polynomial is fitted to the differences of the curves, weighted by their errors; its root in the range of x is the
    crossing. The error is the scatter of roots when the points are moved by their errors (a parametric bootstrap).

    Parameters
    ----------
    x : array_like of shape (n,)
        Points at which the curves are known, at least two different ones.
    first, second : sequence of Estimate, or array_like of shape (n, 2)
        Values of the curves with standard errors above 0: one observable of several measurements, such as
        ``[run.binder for run in runs]``, or ``np.column_stack([values, stderr])``. The curves must be independent of
        each other. :func:`rgrbm.rg.measured_crossing` takes the measurements themselves.
    degree : int, optional
        Degree of the polynomial, at most n − 1. By default one more than the least degree that fits, and n − 2 if none
        fits. A degree fits if chance exceeds its χ² with a probability of more than 0.1. The least degree itself leaves
        out terms just too small to be significant, and its errors would be a fifth too small.
    seed : int, SeedSequence, Generator, RandomState or None, default=0
        Seed of the bootstrap.

    Returns
    -------
    Estimate
        NaN where the curves do not cross, or cross several times, in the range of x; the error is NaN as well if that
        happens to more than a twentieth of the moved curves.

    Raises
    ------
    TypeError
        If the points or curves are not real numbers, the degree is not an integer, or the seed is of another type.
    ValueError
        If the shapes do not fit together, there are fewer than two different points, a number is masked or not finite,
        an error is not above 0, or the degree or the seed is negative.

    Examples
    --------
    >>> import numpy as np
    >>> from rgrbm.statistics import crossing
    >>> x = np.linspace(0, 1, 5)
    >>> root = crossing(x, np.column_stack([x, 0.001 + 0 * x]), np.column_stack([0.5 + 0 * x, 0.001 + 0 * x]))
    >>> round(root.mean, 3), bool(root.stderr < 0.002)
    (0.5, True)
    >>> from rgrbm import IsingModel
    >>> J = np.linspace(0.42, 0.46, 5)
    >>> small, large = ([IsingModel((n, n), x).measure(1000, seed=n).binder for x in J] for n in (6, 12))
    >>> bool(abs(crossing(J, small, large).mean - 0.4407) < 0.01)
    True
    """
    points, left, right = (
        checks.numbers(name, values) for name, values in (("x", x), ("first", first), ("second", second))
    )
    if degree is not None:
        degree = checks.integer("degree", degree, 0)
    sequence = streams.seed_sequence(seed)
    if points.ndim != 1 or left.shape != (*points.shape, 2) or left.shape != right.shape or len(np.unique(points)) < 2:
        raise ValueError(
            "expected x of shape (n,) with at least two different points, and two curves of shape (n, 2), a value and "
            f"a standard error at each point, got shapes {points.shape}, {left.shape} and {right.shape}; "
            "np.column_stack([values, stderr]) makes a curve of two arrays"
        )
    (a, a_error), (b, b_error) = left.T, right.T
    if not all(np.isfinite(values).all() for values in (points, left, right)):
        raise ValueError(
            "expected finite points, values and standard errors, got NaN or infinite ones; leave these out"
        )
    stderr = np.hypot(a_error, b_error)
    if not np.all(stderr > 0):
        raise ValueError(f"the difference of the curves needs standard errors above 0, got {stderr.min():g}")
    centre, width = (points.max() + points.min()) / 2, (points.max() - points.min()) / 2
    scaled = (points - centre) / width

    def fit(differences: Array, degree: int) -> Array:
        """Coefficients of the polynomial through each row of differences."""
        return np.asarray(differences / stderr @ np.linalg.pinv(polyvander(scaled, degree) / stderr[:, None]).T)

    def chi_square(degree: int) -> float:
        left = polyvander(scaled, degree) @ fit(a - b, degree) - (a - b)
        return float(np.sum((left / stderr) ** 2))

    n = len(np.unique(points))
    degree = min(_fitting_degree(chi_square, n) if degree is None else degree, n - 1)
    noise = np.random.default_rng(sequence).standard_normal((_DRAWS, len(points))) * stderr
    root, *draws = centre + width * _roots(fit(np.vstack([a - b, a - b + noise]), degree))
    error = np.nanstd(draws, ddof=1) if np.isnan(draws).mean() < 0.05 else np.nan
    return Estimate(float(root), float(error))


def _roots(coefficients: Array) -> Array:
    """The root of each polynomial in [−1, 1]; NaN if it has none or several.

    By bisection between neighbours on a grid: eigenvalues of the companion matrix lose all digits where the leading
    coefficient is next to nothing.
    """
    powers = coefficients.shape[1] - 1
    above = coefficients @ polyvander(_GRID, powers).T > 0
    changes = above[:, 1:] != above[:, :-1]
    cell = changes.argmax(axis=1)
    low, high = _GRID[cell], _GRID[cell + 1]
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        same = (np.sum(coefficients * polyvander(middle, powers), axis=1) > 0) == above[np.arange(len(cell)), cell]
        low, high = np.where(same, middle, low), np.where(same, high, middle)
    return np.where(changes.sum(axis=1) == 1, (low + high) / 2, np.nan)


def _fitting_degree(chi_square: Callable[[int], float], n: int) -> int:
    """One more than the least degree of a polynomial that fits n points, at most n − 2."""
    for degree in range(1, n - 1):
        if chdtrc(n - degree - 1, chi_square(degree)) > _FITS:
            return min(degree + 1, n - 2)
    return max(1, n - 2)
