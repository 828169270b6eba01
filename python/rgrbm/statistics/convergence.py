"""Whether chains from different starts agree: the potential scale reduction R̂."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rgrbm._support import checks


def split_r_hat(series: npt.ArrayLike) -> float:
    """Split R̂ of several chains: the spread of all values compared with that within each half of a chain.

    Parameters
    ----------
    series : array_like of shape (n_steps, n_chains)
        One observable over time, at least four steps. Of an odd number of steps the middle one is left out.

    Returns
    -------
    float
        R̂ = √[((n − 1)/n · W + B/n)/W] over halves of n steps, where W is the mean variance within a half and B/n the
        variance of the halves' means. 1 up to noise for chains that have decorrelated from their starts, and 1 if all
        values are the same; infinite if the halves are constant and differ.

    Raises
    ------
    TypeError
        If the values are not real numbers.
    ValueError
        If the series is not two-dimensional, or has fewer than four steps, or a value that is masked or not finite.

    Notes
    -----
    R̂ cannot detect modes that no chain has visited: starts must lie further apart than the distribution is wide.
    Halves are compared so that R̂ also detects a single chain that drifts.

    References
    ----------
    A. Gelman, J. B. Carlin, H. S. Stern, D. B. Dunson, A. Vehtari & D. B. Rubin, *Bayesian Data Analysis*, 3rd edition
    (2013), section 11.4.

    Examples
    --------
    >>> import numpy as np
    >>> from rgrbm.statistics import split_r_hat
    >>> noise = np.random.default_rng(0).normal(size=(1000, 4))
    >>> round(split_r_hat(noise), 2)
    1.0
    >>> round(split_r_hat(noise + [0, 0, 0, 4]), 2)
    2.13
    """
    values = checks.numbers("series", series)
    if values.ndim != 2 or len(values) < 4 or values.shape[1] == 0:
        raise ValueError(f"expected a series of shape (n_steps, n_chains) with at least 4 steps, got {values.shape}")
    if not np.isfinite(values).all():
        raise ValueError("expected a finite series, got NaN or infinite values; leave these steps out")
    n = len(values) // 2
    halves = np.concatenate([values[:n], values[-n:]], axis=1)
    # A constant series differs from its mean by rounding, which is not to be taken for a variance.
    rounding = (1e-14 * np.abs(values).max()) ** 2
    within, between = halves.var(axis=0, ddof=1).mean(), halves.mean(axis=0).var(ddof=1)
    if within <= rounding:
        return 1.0 if between <= rounding else float("inf")
    return float(np.sqrt((n - 1) / n + between / within))
