"""Where two curves cross that are known at points with errors, as Binder's cumulants of two sizes do."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from numpy.polynomial.polynomial import polyvander
from scipy.special import chdtrc

from rgrbm.statistics.jackknife import Estimate

_GRID = np.linspace(-1, 1, 200)
_FITS = 0.1  # probability of a larger χ²
_DRAWS = 400  # of the bootstrap: an error of the error of 4%
_BISECTIONS = 50

Array = npt.NDArray[np.float64]


def crossing(
    x: npt.ArrayLike,
    first: npt.ArrayLike,
    first_stderr: npt.ArrayLike,
    second: npt.ArrayLike,
    second_stderr: npt.ArrayLike,
    *,
    degree: int | None = None,
    seed: int = 0,
) -> Estimate:
    """The place where two curves cross, and its error.

    A polynomial is fitted to the differences of the curves, weighted by their errors; its root in the range of x is the
    crossing. The error is the scatter of roots when the points are moved by their errors (a parametric bootstrap).

    Parameters
    ----------
    x : array_like of shape (n,)
        Where the curves are known, at least two different places.
    first, first_stderr, second, second_stderr : array_like of shape (n,)
        Values of the curves, independent of each other, with standard errors above 0.
    degree : int, optional
        Of the polynomial, at most n − 1. By default one more than the least that fits, with a χ² that chance
        exceeds in a tenth of cases; n − 2 if none does. One more, as what the least leaves out is just too small to
        see, and would make errors a fifth too small.
    seed : int
        Fixes the bootstrap.

    Returns
    -------
    Estimate
        NaN where the curves do not cross, or cross several times, in the range of x; the error is NaN as well if that
        happens to more than a twentieth of the moved curves.

    Raises
    ------
    ValueError
        If the shapes differ, there are fewer than two places, or an error is not above 0.

    Examples
    --------
    >>> import numpy as np
    >>> from rgrbm.statistics import crossing
    >>> x = np.linspace(0, 1, 5)
    >>> found = crossing(x, x, 0.001 * np.ones(5), 0.5 + 0 * x, 0.001 * np.ones(5))
    >>> round(found.mean, 3), bool(found.stderr < 0.002)
    (0.5, True)
    """
    arrays = [np.asarray(a, dtype=np.float64) for a in (x, first, first_stderr, second, second_stderr)]
    places, a, a_error, b, b_error = arrays
    if places.ndim != 1 or any(array.shape != places.shape for array in arrays) or len(np.unique(places)) < 2:
        raise ValueError(
            f"expected five arrays of one shape (n,) with two places at least, got {[y.shape for y in arrays]}"
        )
    stderr = np.hypot(a_error, b_error)
    if not np.all(stderr > 0):
        raise ValueError("the curves need errors above 0")
    centre, width = (places.max() + places.min()) / 2, (places.max() - places.min()) / 2
    scaled = (places - centre) / width

    def fit(differences: Array, degree: int) -> Array:
        """Coefficients of the polynomial through each row of differences."""
        return differences / stderr @ np.linalg.pinv(polyvander(scaled, degree) / stderr[:, None]).T

    def chi_square(degree: int) -> float:
        left = polyvander(scaled, degree) @ fit(a - b, degree) - (a - b)
        return float(np.sum((left / stderr) ** 2))

    n = len(np.unique(places))
    degree = min(_fitting_degree(chi_square, n) if degree is None else degree, n - 1)
    noise = np.random.default_rng(seed).standard_normal((_DRAWS, len(places))) * stderr
    found, *draws = centre + width * _roots(fit(np.vstack([a - b, a - b + noise]), degree))
    error = np.nanstd(draws, ddof=1) if np.isnan(draws).mean() < 0.05 else np.nan
    return Estimate(float(found), float(error))


def _roots(coefficients: Array) -> Array:
    """The root of each polynomial in [−1, 1]; NaN if it has none or several.

    By bisection between neighbours on a grid: eigenvalues of the companion matrix lose all digits where the leading
    coefficient is next to nothing.
    """
    powers = coefficients.shape[1] - 1
    above = coefficients @ polyvander(_GRID, powers).T > 0
    changes = above[:, 1:] != above[:, :-1]
    place = changes.argmax(axis=1)
    low, high = _GRID[place], _GRID[place + 1]
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        same = (np.sum(coefficients * polyvander(middle, powers), axis=1) > 0) == above[np.arange(len(place)), place]
        low, high = np.where(same, middle, low), np.where(same, high, middle)
    return np.where(changes.sum(axis=1) == 1, (low + high) / 2, np.nan)


def _fitting_degree(chi_square: Callable[[int], float], n: int) -> int:
    """One more than the least degree of a polynomial that fits n points, at most n − 2."""
    for degree in range(1, n - 1):
        if chdtrc(n - degree - 1, chi_square(degree)) > _FITS:
            return min(degree + 1, n - 2)
    return max(1, n - 2)
