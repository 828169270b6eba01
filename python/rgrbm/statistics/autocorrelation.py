"""Integrated autocorrelation times, from which burn-in, spacing and error bars follow."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rgrbm._support import checks
from rgrbm.statistics.presentation import Presented

_WINDOW = 6.0  # Sokal's constant: the sum ends at the first lag of at least six times the sum so far


@dataclass(frozen=True, repr=False)
class AutocorrelationTime(Presented):
    """An integrated autocorrelation time.

    Attributes
    ----------
    tau_int : float
        τ_int = ½ + Σ ρ(t), in units of the series' steps; ½ for independent values, and never less. NaN for a constant
        series, which does not determine it.
    window : int
        Lag at which the sum was ended; 0 for a constant series.
    reliable : bool
        Whether the series is at least 50 τ_int long. False for a constant series.
    """

    tau_int: float
    window: int
    reliable: bool


def autocorrelation_function(series: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Normalized autocorrelation ρ(t), averaged over chains.

    Parameters
    ----------
    series : array_like of shape (n_steps,) or (n_steps, n_chains)
        One observable over time; chains are independent and share their mean.

    Returns
    -------
    ndarray of shape (n_steps,)
        ρ(0) = 1, ρ(1), …; by convention all zeros after ρ(0) if the series is constant, where ρ is not defined.

    Raises
    ------
    TypeError
        If the values are not real numbers.
    ValueError
        If there are no steps or no chains, or values are masked.

    Examples
    --------
    >>> from rgrbm.statistics.autocorrelation import autocorrelation_function
    >>> autocorrelation_function([1.0, -1.0, 1.0, -1.0])[:2]
    array([ 1., -1.])
    """
    values = _steps(series)
    values = values.reshape(len(values), -1)
    n_steps = len(values)
    if _is_constant(values):
        return np.asarray(np.eye(1, n_steps)[0])
    centred = values - values.mean()
    spectrum = np.fft.rfft(centred, n=2 * n_steps, axis=0)
    covariance = np.fft.irfft(np.mean(np.abs(spectrum) ** 2, axis=1))[:n_steps]
    covariance /= np.arange(n_steps, 0, -1)
    return np.asarray(covariance / covariance[0])


def _steps(series: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """The series as numbers, with at least one value."""
    values = checks.numbers("series", series)
    if values.ndim == 0 or not values.size:
        raise ValueError(
            "series must have shape (n_steps,) or (n_steps, n_chains) with at least one step and one chain, "
            f"got {values.shape}"
        )
    return values


def _is_constant(values: npt.NDArray[np.float64]) -> bool:
    """Whether all values of all chains are the same, up to the rounding of their mean."""
    variance = np.mean((values - values.mean()) ** 2)
    return bool(variance <= 1e-300 + (1e-14 * np.abs(values).max()) ** 2)


def integrated_autocorrelation_time(series: npt.ArrayLike) -> AutocorrelationTime:
    """Integrated autocorrelation time with Sokal's automatic window.

    Parameters
    ----------
    series : array_like of shape (n_steps,) or (n_steps, n_chains)
        One observable over time, in equilibrium.

    Returns
    -------
    AutocorrelationTime

    Raises
    ------
    TypeError
        If the values are not real numbers.
    ValueError
        If there are fewer than two steps or no chains, or values are masked.

    Notes
    -----
    The sum ends at the first lag of at least six times the time summed so far. A slow mode of small weight is cut
    there: for ρ(t) = (1 − w) e^(−t/a) + w e^(−t/b) with b ≫ a and w b ≪ a, part of the term w b is missing.

    The time is at least ½. An anticorrelated series has less (an autoregressive one, ρ(t) = φᵗ with φ = −0.9, has
    0.026), but then an error bar would rest on the cancellation of terms; ½ makes it too large rather than too small.

    A constant series has no time: all chains may be frozen, or the observable may not depend on the state. The result
    is NaN and not reliable. Chains that are each constant but differ have ρ(t) = 1 at all lags. Their time is about the
    length of the series, and not reliable.

    References
    ----------
    A. D. Sokal, *Monte Carlo methods in statistical mechanics*, in *Functional Integration* (1997).

    Examples
    --------
    >>> import numpy as np
    >>> from rgrbm.statistics.autocorrelation import integrated_autocorrelation_time
    >>> noise = np.random.default_rng(0).normal(size=(1000, 100))
    >>> round(integrated_autocorrelation_time(noise).tau_int, 1)
    0.5
    """
    values = checks.numbers("series", series)
    if values.ndim == 0 or len(values) < 2:
        raise ValueError(f"an autocorrelation time needs a series of at least two steps, got shape {values.shape}")
    values = _steps(values)
    if _is_constant(values):
        return AutocorrelationTime(math.nan, 0, False)
    rho = autocorrelation_function(values)
    tau = 0.5 + np.concatenate([[0.0], np.cumsum(rho[1:])])
    enough = np.flatnonzero(np.arange(len(tau)) >= _WINDOW * tau)
    window = int(enough[0]) if len(enough) else len(tau) - 1
    tau_int = max(float(tau[window]), 0.5)
    return AutocorrelationTime(tau_int, window, len(enough) > 0 and len(rho) >= 50 * tau_int)
