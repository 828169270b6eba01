"""Integrated autocorrelation times, from which burn-in, spacing and error bars follow."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

_WINDOW = 6.0  # Sokal's constant: the sum ends at the first lag of at least six times the time found so far


@dataclass(frozen=True)
class AutocorrelationTime:
    """An integrated autocorrelation time.

    Attributes
    ----------
    tau_int : float
        τ_int = ½ + Σ ρ(t), in units of the series' steps; ½ for independent values.
    window : int
        Lag at which the sum was ended.
    reliable : bool
        Whether the series is at least 50 τ_int long.
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
        ρ(0) = 1, ρ(1), …; all zeros after ρ(0) if the series is constant.

    Examples
    --------
    >>> from rgrbm.statistics.autocorrelation import autocorrelation_function
    >>> autocorrelation_function([1.0, -1.0, 1.0, -1.0])[:2]
    array([ 1., -1.])
    """
    values = np.asarray(series, dtype=np.float64)
    values = values.reshape(len(values), -1)
    n_steps = len(values)
    centred = values - values.mean()
    spectrum = np.fft.rfft(centred, n=2 * n_steps, axis=0)
    covariance = np.fft.irfft(np.mean(np.abs(spectrum) ** 2, axis=1))[:n_steps]
    covariance /= np.arange(n_steps, 0, -1)
    # A constant series differs from its mean by rounding, which is not to be taken for a signal.
    if covariance[0] <= 1e-300 + (1e-14 * np.abs(values).max()) ** 2:
        return np.asarray(np.eye(1, n_steps)[0])
    return np.asarray(covariance / covariance[0])


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
    ValueError
        If there are fewer than two steps.

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
    if len(np.shape(series)) == 0 or len(np.asarray(series)) < 2:
        raise ValueError("an autocorrelation time needs a series of at least two steps")
    rho = autocorrelation_function(series)
    tau = 0.5 + np.concatenate([[0.0], np.cumsum(rho[1:])])
    enough = np.flatnonzero(np.arange(len(tau)) >= _WINDOW * tau)
    window = int(enough[0]) if len(enough) else len(tau) - 1
    tau_int = max(float(tau[window]), 0.5)
    return AutocorrelationTime(tau_int, window, len(enough) > 0 and len(rho) >= 50 * tau_int)
