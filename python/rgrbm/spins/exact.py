"""Exact results for Ising models on finite rings and tori and in the thermodynamic limit, β = 1.

All functions take any finite coupling of either sign and do not overflow. A side of length 2 has double bonds.
"""

import math

import numpy as np
import numpy.typing as npt
from scipy.special import ellipk, logsumexp

CRITICAL_COUPLING = 0.5 * math.log1p(math.sqrt(2))
"""Coupling J_c = ½ ln(1 + √2) of the infinite square lattice."""


def _log_2cosh(x: float) -> float:
    return abs(x) + math.log1p(math.exp(-2 * abs(x)))


def ring_log_z(J: float, n_sites: int) -> float:
    """Log of the partition function of the ring, ln[(2 cosh J)ᴺ + (2 sinh J)ᴺ].

    Parameters
    ----------
    J : float
        Coupling.
    n_sites : int
        Number of spins N.

    Returns
    -------
    float

    Examples
    --------
    >>> from rgrbm.spins.exact import ring_log_z
    >>> round(ring_log_z(1.0, 64), 6)
    72.123393
    """
    return n_sites * _log_2cosh(J) + math.log1p(math.tanh(J) ** n_sites)


def ring_mean_energy(J: float, n_sites: int) -> float:
    """Mean energy ⟨H⟩ = −J N (t + tᴺ⁻¹)/(1 + tᴺ) of the ring, t = tanh J.

    Examples
    --------
    >>> from rgrbm.spins.exact import ring_mean_energy
    >>> round(ring_mean_energy(1.0, 64) / 64, 6)
    -0.761594
    """
    return -J * n_sites * float(ring_correlation(J, n_sites, 1)[1])


def ring_correlation(J: float, n_sites: int | None, max_distance: int) -> npt.NDArray[np.float64]:
    """Two-point correlation ⟨s₀ sₓ⟩ of the ring.

    Parameters
    ----------
    J : float
        Coupling.
    n_sites : int or None
        Number of spins N; None for N → ∞.
    max_distance : int
        Largest distance x, in sites; at most N.

    Returns
    -------
    ndarray of shape (max_distance + 1,)
        (tˣ + tᴺ⁻ˣ)/(1 + tᴺ) for x = 0 … max_distance, or tˣ for N → ∞, with t = tanh J.

    Examples
    --------
    >>> from rgrbm.spins.exact import ring_correlation
    >>> ring_correlation(1.0, None, 2).round(4)
    array([1.    , 0.7616, 0.58  ])
    """
    t, x = math.tanh(J), np.arange(max_distance + 1)
    if n_sites is None:
        return np.power(t, x, dtype=np.float64)
    if 1 + t**n_sites == 0:
        # J → −∞ on an odd ring: one frustrated bond, at each place with equal probability.
        return (-1.0) ** x * (1 - 2 * x / n_sites)
    return (np.power(t, x) + np.power(t, n_sites - x)) / (1 + t**n_sites)


def ring_correlation_length(J: float) -> float:
    """Correlation length ξ = −1/ln|tanh J| of the infinite chain, in sites.

    Examples
    --------
    >>> from rgrbm.spins.exact import ring_correlation_length
    >>> round(ring_correlation_length(1.0), 4)
    3.6719
    """
    if J == 0:
        return 0.0
    # ln tanh x = −2 artanh e^(−2x) keeps its digits for large couplings.
    e = math.exp(-2 * abs(J))
    log_tanh = math.log1p(-e) - math.log1p(e)
    return math.inf if log_tanh == 0 else -1 / log_tanh


def torus_log_z(J: float, rows: int, columns: int) -> float:
    """Log of the partition function of the square lattice on a torus (Kaufman 1949).

    Parameters
    ----------
    J : float
        Coupling. For J < 0 both sides must be even (the lattice is then bipartite and Z(−J) = Z(J)).
    rows, columns : int
        Sides of the torus.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If J < 0 and a side is odd.

    Notes
    -----
    Z = ½ (2 sinh 2J)^(nm/2) [Π 2cosh(mγ₂ᵣ₊₁/2) + Π 2sinh(mγ₂ᵣ₊₁/2) + Π 2cosh(mγ₂ᵣ/2) + Π 2sinh(mγ₂ᵣ/2)],
    r = 0 … n−1, cosh γ_k = cosh² 2J / sinh 2J − cos(πk/n), where γ₀ = 2J + ln tanh J carries its sign: below
    J_c it is negative, and with it the last product.

    References
    ----------
    B. Kaufman, *Crystal statistics II*, Phys. Rev. 76, 1232 (1949).

    Examples
    --------
    >>> from rgrbm.spins.exact import torus_log_z
    >>> round(torus_log_z(0.2, 4, 4), 4)
    11.7715
    """
    return _kaufman(J, rows, columns)[0]


def torus_mean_energy(J: float, rows: int, columns: int) -> float:
    """Mean energy ⟨H⟩ = −J d ln Z / dJ of the square lattice on a torus (Kaufman 1949).

    Parameters and errors as for :func:`torus_log_z`.

    Examples
    --------
    >>> from rgrbm.spins.exact import CRITICAL_COUPLING, torus_mean_energy
    >>> round(torus_mean_energy(CRITICAL_COUPLING, 16, 16) / (CRITICAL_COUPLING * 256), 5)
    -1.45306
    """
    return -J * _kaufman(J, rows, columns)[1]


def _kaufman(J: float, rows: int, columns: int) -> tuple[float, float]:
    """Ln Z and its derivative with respect to J."""
    if J < 0:
        if rows % 2 or columns % 2:
            raise ValueError(f"Kaufman's formula holds for J < 0 on even sides only, got {rows} x {columns} sites")
        positive = _kaufman(-J, rows, columns)
        return positive[0], -positive[1]
    n, m = rows, columns
    if J == 0:
        return n * m * math.log(2), 0.0
    coth = 1 / math.tanh(2 * J)
    k = np.arange(2 * n)
    gamma, slope = _kaufman_gamma(J, np.cos(np.pi * k / n))
    half, half_slope = m * gamma / 2, m * slope / 2
    logs, signs, slopes = [], [], []
    for parity in (1, 0):
        x, dx = half[k % 2 == parity], half_slope[k % 2 == parity]
        # ln 2cosh x and ln |2 sinh x|, and their derivatives tanh and coth
        logs.append(np.sum(np.abs(x) + np.log1p(np.exp(-2 * np.abs(x)))))
        signs.append(1.0)
        slopes.append(np.sum(np.tanh(x) * dx))
        logs.append(np.sum(np.abs(x) + np.log(-np.expm1(-2 * np.abs(x)))))
        signs.append(float(np.prod(np.sign(x))))
        slopes.append(np.sum(dx / np.tanh(x)))
    total, sign = logsumexp(logs, b=signs, return_sign=True)
    assert sign > 0
    weights = np.array(signs) * np.exp(np.array(logs) - total)
    # ln(2 sinh 2J) = 2J + ln(1 − e^(−4J))
    log_z = n * m / 2 * (2 * J + math.log(-math.expm1(-4 * J))) - math.log(2) + float(total)
    return log_z, n * m * coth + float(np.sum(weights * np.array(slopes)))


def _kaufman_gamma(
    J: float, cosine: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """γ_k and dγ_k/dJ; the first with the sign of J − J_c."""
    if J > 100:  # all γ are 2J to the last digit, and sinh would overflow before long
        return np.full_like(cosine, 2 * J), np.full_like(cosine, 2.0)
    # cosh²2J / sinh 2J = sinh 2J + 1/sinh 2J; its distance from 2 is (√sinh − 1/√sinh)², exact near J_c.
    sinh = math.sinh(2 * J)
    excess = (math.sqrt(sinh) - 1 / math.sqrt(sinh)) ** 2
    # cosh γ − 1 = excess + (1 − cos), γ = 2 asinh √(½(cosh γ − 1))
    difference = excess + (1 - cosine)
    gamma = 2 * np.arcsinh(np.sqrt(difference / 2))
    d_cosh = 2 * math.cosh(2 * J) * (1 - 1 / sinh**2)
    slope = np.zeros_like(gamma)
    np.divide(d_cosh, np.sinh(gamma), out=slope, where=gamma > 0)
    # At J_c itself it vanishes, and with it a product whose derivative does not: a tiny number keeps both.
    gamma[0] = 2 * J + math.log(math.tanh(J)) or 1e-300
    slope[0] = 2 + 2 / math.sinh(2 * J)
    return gamma, slope


def square_free_energy(J: float) -> float:
    """Free energy per site F/N = −ln Z/N of the infinite square lattice (Onsager 1944).

    Examples
    --------
    >>> from rgrbm.spins.exact import CRITICAL_COUPLING, square_free_energy
    >>> round(square_free_energy(CRITICAL_COUPLING), 8)
    -0.9296954
    """
    from scipy.integrate import quad

    J = abs(J)
    cosh2 = math.cosh(2 * J) ** 2
    # The integrand ln[cosh² 2J + √((sinh² 2J − 1)² + 4 sinh² 2J sin² φ)] has a cusp at φ = 0 for J = J_c.
    s2 = math.sinh(2 * J) ** 2
    value, _ = quad(
        lambda phi: math.log(cosh2 + math.sqrt((s2 - 1) ** 2 + 4 * s2 * math.sin(phi) ** 2)),
        0, math.pi / 2, epsabs=1e-13, epsrel=1e-13, limit=200,
    )  # fmt: skip
    return -(0.5 * math.log(2) + float(value) / math.pi)


def square_mean_energy(J: float) -> float:
    """Mean energy per site ⟨H⟩/N of the infinite square lattice (Onsager 1944).

    Examples
    --------
    >>> from rgrbm.spins.exact import CRITICAL_COUPLING, square_mean_energy
    >>> round(square_mean_energy(CRITICAL_COUPLING) / CRITICAL_COUPLING, 6)
    -1.414214
    """
    K = abs(J)
    if K == 0:
        return 0.0
    tanh2 = math.tanh(2 * K)
    kappa = 2 * tanh2 / math.cosh(2 * K)
    factor = 2 * tanh2**2 - 1
    correction = 0.0 if abs(factor) < 1e-15 else 2 / math.pi * factor * float(ellipk(min(kappa**2, 1.0)))
    return -K / tanh2 * (1 + correction)


def square_magnetization(J: float) -> float:
    """Spontaneous magnetization per site of the infinite square lattice, (1 − sinh⁻⁴ 2J)^⅛ above J_c, else 0.

    Examples
    --------
    >>> from rgrbm.spins.exact import square_magnetization
    >>> square_magnetization(0.4), round(square_magnetization(0.5), 4)
    (0.0, 0.9113)
    """
    if J <= CRITICAL_COUPLING:
        return 0.0
    return float((1 - math.sinh(2 * J) ** -4) ** 0.125)
