"""The infinite square lattice: Onsager's free energy, energy and specific heat, Yang's magnetization, β = 1.

All are per site. For J < 0 a change of every other spin makes a ferromagnet of the antiferromagnet, so that all but
the magnetization depend on |J| only.
"""

import math

import numpy as np
from scipy.special import ellipe, ellipkm1

from rgrbm._support import checks
from rgrbm.spins.exact.elementwise import float_for_each
from rgrbm.spins.exact.modes import CRITICAL_COUPLING, Jet, modes, phase, smallest_gamma

_FAR = 0.2  # t up to which sums over momenta have converged at 64 of them, to e⁻⁷⁷
_MOMENTA = 64
_SMALLEST, _LARGEST = 1e-100, 150.0


@float_for_each
def square_free_energy_per_site(J: float) -> float:
    """Free energy per site F/N = −ln Z/N of the infinite square lattice (Onsager 1944).

    Parameters
    ----------
    J : float or array_like of float
        Coupling, or couplings, of either sign.

    Returns
    -------
    float, or ndarray of float64 of the shape of J

    Raises
    ------
    TypeError, ValueError
        If J is not a finite number.

    References
    ----------
    L. Onsager, *Crystal statistics I*, Phys. Rev. 65, 117 (1944).

    Examples
    --------
    >>> from rgrbm.spins.exact import CRITICAL_COUPLING, square_free_energy_per_site
    >>> round(square_free_energy_per_site(CRITICAL_COUPLING), 8)
    -0.9296954
    """
    from scipy.integrate import quad

    K = abs(checks.real("J", J))
    if (jet := _far_from_critical(K)) is not None:
        return -float(jet[0])
    cosh2 = math.cosh(2 * K) ** 2
    # The integrand ln[cosh² 2J + √((sinh² 2J − 1)² + 4 sinh² 2J sin² φ)] has a cusp at φ = 0 for J = J_c.
    s2 = math.sinh(2 * K) ** 2
    value, _ = quad(
        lambda phi: math.log(cosh2 + math.sqrt((s2 - 1) ** 2 + 4 * s2 * math.sin(phi) ** 2)),
        0, math.pi / 2, epsabs=1e-13, epsrel=1e-13, limit=200,
    )  # fmt: skip
    return -(0.5 * math.log(2) + float(value) / math.pi)


@float_for_each
def square_mean_energy_per_site(J: float) -> float:
    """Mean energy per site ⟨H⟩/N of the infinite square lattice (Onsager 1944).

    Parameters and errors as for :func:`square_free_energy_per_site`.

    Examples
    --------
    >>> from rgrbm.spins.exact import CRITICAL_COUPLING, square_mean_energy_per_site
    >>> round(square_mean_energy_per_site(CRITICAL_COUPLING) / CRITICAL_COUPLING, 6)
    -1.414214
    """
    K = abs(checks.real("J", J))
    if (jet := _far_from_critical(K)) is not None:
        return -K * float(jet[1])
    factor, elliptic = _elliptic(K)
    # factor · 𝒦 is 0 at the critical point itself
    return -K / math.tanh(2 * K) * (1 + (2 / math.pi * factor * elliptic if factor else 0.0))


@float_for_each
def square_specific_heat(J: float) -> float:
    """Specific heat per site C = J² ∂² ln Z/∂J² / N of the infinite square lattice (Onsager 1944), infinite at J_c.

    Parameters and errors as for :func:`square_free_energy_per_site`.

    Notes
    -----
    C = (4/π) (J coth 2J)² {𝒦(κ) − ℰ(κ) − (1 − tanh² 2J) [π/2 + (2 tanh² 2J − 1) 𝒦(κ)]}, κ = 2 sinh 2J / cosh² 2J.

    Examples
    --------
    >>> from rgrbm.spins.exact import square_specific_heat
    >>> round(square_specific_heat(0.5), 6)
    0.724871
    """
    K = abs(checks.real("J", J))
    if (jet := _far_from_critical(K)) is not None:
        return K * (K * max(float(jet[2]), 0.0))  # 0 but for rounding where K is large
    factor, elliptic = _elliptic(K)
    if not math.isfinite(elliptic):
        return math.inf
    tanh2 = math.tanh(2 * K)
    bracket = elliptic - float(ellipe(1 - factor**2)) - (1 - tanh2**2) * (math.pi / 2 + factor * elliptic)
    return 4 / math.pi * (K / tanh2) ** 2 * bracket


@float_for_each
def square_magnetization(J: float) -> float:
    """Spontaneous magnetization per site of the infinite square lattice, (1 − sinh⁻⁴ 2J)^⅛ above J_c, else 0.

    Parameters and errors as for :func:`square_free_energy_per_site`. An antiferromagnet has none; its
    staggered one is that of −J.

    References
    ----------
    C. N. Yang, *The spontaneous magnetization of a two-dimensional Ising model*, Phys. Rev. 85, 808 (1952).

    Examples
    --------
    >>> from rgrbm.spins.exact import square_magnetization
    >>> square_magnetization([0.4, 0.5]).round(4)
    array([0.    , 0.9113])
    """
    J = checks.real("J", J)
    if J <= CRITICAL_COUPLING:
        return 0.0
    log_sinh = 2 * J + math.log(-math.expm1(-4 * J) / 2)
    return float(max(-math.expm1(-4 * log_sinh), 0.0) ** 0.125)


@float_for_each
def square_correlation_length(J: float) -> float:
    """Correlation length ξ of the infinite square lattice along an axis, in sites; infinite at J_c.

    Parameters and errors as for :func:`square_free_energy_per_site`.

    Notes
    -----
    1/ξ = −ln tanh J − 2J below J_c. Above, where the squared magnetization is taken off ⟨s₀ sₓ⟩ first, it is
    2 (2J + ln tanh J). It is that of the slowest decay, e^(−x/ξ), and not a second moment.

    References
    ----------
    B. M. McCoy & T. T. Wu, *The Two-Dimensional Ising Model* (1973).

    Examples
    --------
    >>> from rgrbm.spins.exact import square_correlation_length
    >>> round(square_correlation_length(0.4), 4), round(square_correlation_length(0.5), 4)
    (5.9624, 2.1924)
    """
    K = abs(checks.real("J", J))
    if K == 0:
        return 0.0
    state = phase(min(max(K, _SMALLEST), _LARGEST))
    gamma = smallest_gamma(state.t) * (2 if state.ordered else 1)
    return 1 / gamma if gamma > 1e-15 else math.inf


def _far_from_critical(K: float) -> Jet | None:
    """Ln Z per site with its derivatives with respect to K, all digits of them; None near the critical point."""
    state = phase(min(max(K, _SMALLEST), _LARGEST))
    if state.t > _FAR:
        return None
    theta = np.pi * np.arange(1, _MOMENTA, 2) / _MOMENTA
    jet = state.in_coupling(modes(state.t, 2 * np.sin(theta / 2) ** 2)[0].mean(axis=-1) / 2, 1)
    jet[0] += 2 * max(K - _LARGEST, 0)
    if K < _SMALLEST:
        jet[1] *= K / _SMALLEST
    return jet


def _elliptic(K: float) -> tuple[float, float]:
    """2 tanh² 2K − 1, and the elliptic integral 𝒦(κ), whose complementary modulus that is."""
    square = math.sinh(2 * K) ** 2
    factor = (square - 1) / (square + 1)
    if abs(factor) < 1e-15:  # as near to the critical point as numbers go
        return 0.0, math.inf
    return factor, float(ellipkm1(factor**2))
