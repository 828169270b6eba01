"""The ring: partition function, energy, specific heat and correlation by the transfer matrix, β = 1.

Its eigenvalues are 2 cosh J and 2 sinh J: Z = (2 cosh J)ᴺ (1 + tᴺ), t = tanh J. An odd antiferromagnetic ring cannot
satisfy all its bonds, and 1 + tᴺ then vanishes as J → −∞; what is left is counted by unsatisfied bonds instead.
"""

import math

import numpy as np
import numpy.typing as npt

from rgrbm._support import checks
from rgrbm.spins.exact.elementwise import array_for_each, float_for_each, side

Values = npt.NDArray[np.float64]


@float_for_each
def ring_log_z(J: float, n_sites: int) -> float:
    """Log of the partition function of the ring, ln[(2 cosh J)ᴺ + (2 sinh J)ᴺ].

    Parameters
    ----------
    J : float or array_like of float
        Coupling, or couplings.
    n_sites : int
        Number of spins N.

    Returns
    -------
    float, or ndarray of float64 of the shape of J

    Raises
    ------
    TypeError
        If J is not a number, or the number of spins not an integer.
    ValueError
        If J is not finite, or there is no spin.

    Examples
    --------
    >>> from rgrbm.spins.exact import ring_log_z
    >>> round(ring_log_z(1.0, 64), 6)
    72.123393
    """
    return _ring(J, n_sites)[0]


@float_for_each
def ring_mean_energy_per_site(J: float, n_sites: int) -> float:
    """Mean energy per site ⟨H⟩/N = −J (t + tᴺ⁻¹)/(1 + tᴺ) of the ring, t = tanh J.

    Parameters and errors as for :func:`ring_log_z`.

    Examples
    --------
    >>> from rgrbm.spins.exact import ring_mean_energy_per_site
    >>> round(ring_mean_energy_per_site(1.0, 64), 6)
    -0.761594
    >>> ring_mean_energy_per_site([0.5, 1.0], 64).round(6)
    array([-0.231059, -0.761594])
    """
    slope = _ring(J, n_sites)[1]
    return -J * slope / n_sites


@float_for_each
def ring_specific_heat(J: float, n_sites: int) -> float:
    """Specific heat per site C = J² ∂² ln Z/∂J² / N = (⟨H²⟩ − ⟨H⟩²)/N of the ring; (J/cosh J)² for N → ∞.

    Parameters and errors as for :func:`ring_log_z`.

    Examples
    --------
    >>> from rgrbm.spins.exact import ring_specific_heat
    >>> round(ring_specific_heat(1.0, 64), 6)
    0.419975
    """
    curvature = _ring(J, n_sites)[2]
    return J * (J * curvature) / n_sites


@array_for_each
def ring_correlation(J: float, n_sites: int | None, max_distance: int) -> Values:
    """Two-point correlation ⟨s₀ sₓ⟩ of the ring.

    Parameters
    ----------
    J : float or array_like of float
        Coupling, or couplings.
    n_sites : int or None
        Number of spins N; None for N → ∞.
    max_distance : int
        Largest distance x, in sites; at most N.

    Returns
    -------
    ndarray of float64, shape (..., max_distance + 1)
        (tˣ + tᴺ⁻ˣ)/(1 + tᴺ) for x = 0 … max_distance, or tˣ for N → ∞, with t = tanh J; the first axes are those of J.

    Raises
    ------
    TypeError
        If J is not a number, or one of the others not an integer.
    ValueError
        If J is not finite, there is no spin, or the distance is negative or more than N.

    Examples
    --------
    >>> from rgrbm.spins.exact import ring_correlation
    >>> ring_correlation(1.0, None, 2).round(4)
    array([1.    , 0.7616, 0.58  ])
    """
    J, max_distance = checks.real("J", J), checks.integer("max_distance", max_distance, 0)
    checks.require_memory(24 * max_distance, f"the correlation up to {checks.shown(max_distance)} sites")
    t, x = math.tanh(J), np.arange(max_distance + 1)
    if n_sites is None:
        return np.power(t, x, dtype=np.float64)
    n = side("n_sites", n_sites, 1)
    if max_distance > n:
        raise ValueError(f"max_distance must be at most the number of spins, {n}, got {max_distance}")
    if J < 0 and n % 2:
        return _frustrated_correlation(-J, n, x)
    return np.asarray((np.power(t, x) + np.power(t, n - x)) / (1 + t**n))


@float_for_each
def ring_correlation_length(J: float) -> float:
    """Correlation length ξ = −1/ln|tanh J| of the infinite chain, in sites.

    Raises
    ------
    TypeError, ValueError
        If J is not a finite number.

    Examples
    --------
    >>> from rgrbm.spins.exact import ring_correlation_length
    >>> round(ring_correlation_length(1.0), 4)
    3.6719
    """
    J = checks.real("J", J)
    if J == 0:
        return 0.0
    decay = _minus_log_tanh(abs(J))
    return 1 / decay if decay > 1e-300 else math.inf


def _ring(J: float, n_sites: int) -> tuple[float, float, float]:
    """Ln Z, d ln Z/dJ and d² ln Z/dJ²."""
    J, n = checks.real("J", J), side("n_sites", n_sites, 1)
    if J and n * _minus_log_tanh(abs(J)) < 1:
        log_z, slope, curvature = _few_broken_bonds(abs(J), n, odd=J < 0 and n % 2 == 1)
        return log_z, slope if J > 0 else -slope, curvature
    t, sech2 = math.tanh(J), 1 / math.cosh(min(abs(J), 300)) ** 2
    closing = 1 + t**n
    slope = n * t ** (n - 1) * sech2 / closing
    curvature = n * sech2 * ((n - 1) * t ** max(n - 2, 0) * sech2 - 2 * t**n) / closing - slope**2
    log_cosh = abs(J) + math.log1p(math.exp(-2 * abs(J)))  # of 2 cosh J
    return n * log_cosh + math.log(closing), n * t + slope, n * sech2 + curvature


def _few_broken_bonds(K: float, n: int, *, odd: bool) -> tuple[float, float, float]:
    """The same for K = |J|, where broken bonds are few: Z = 2 Σ_k (n over k) exp(K (n − 2k)), k even, or odd.

    All terms are positive, so that no digits are lost however strong the coupling.
    """
    square = math.exp(-4 * K)
    k, weights = int(odd), [1.0]
    while weights[-1] > 1e-17 * weights[0] and k < n - 1:
        weights.append(weights[-1] * square * (n - k) * (n - k - 1) / ((k + 1) * (k + 2)))
        k += 2
    p = np.array(weights) / sum(weights)
    more = 2.0 * np.arange(len(p))  # broken bonds beyond the fewest
    mean = float(p @ more)
    log_z = n * K + math.log(2) + math.log(sum(weights)) + (math.log(n) - 2 * K if odd else 0)
    return log_z, n - 2 * (odd + mean), 4 * float(p @ (more - mean) ** 2)


def _frustrated_correlation(K: float, n: int, x: npt.NDArray[np.int64]) -> Values:
    """⟨s₀ sₓ⟩ of an odd ring with J = −K < 0: (−1)ˣ (uˣ − uⁿ⁻ˣ)/(1 − uⁿ), u = tanh K."""
    sign = np.where(x % 2 == 0, 1.0, -1.0)
    # The two ways around, one of them even and one odd, are one: take the shorter.
    sign, x = np.where(2 * x > n, -sign, sign), np.minimum(x, n - x)
    decay = _minus_log_tanh(K)
    if n * decay < 1e-200:  # one broken bond, at each place with equal probability
        return np.asarray(sign * (1 - 2 * x / n))
    return np.asarray(sign * np.exp(-decay * x) * np.expm1(-decay * (n - 2 * x)) / math.expm1(-decay * n))


def _minus_log_tanh(K: float) -> float:
    """−ln tanh K, with all digits for large couplings."""
    return 2 * math.atanh(math.exp(-2 * K)) if K > 0.3 else -math.log(math.tanh(K))
