"""The square lattice on a torus by Kaufman's formula: any sides, any coupling, derivatives in closed form, β = 1.

N = rows × columns sites; log Z is that of the whole lattice, energy and specific heat are per site. A side of 2 has
double bonds. Sides are at least 2.
"""

import math

import numpy as np

from rgrbm._support import checks
from rgrbm.spins.exact.elementwise import float_for_each, side
from rgrbm.spins.exact.modes import Jet, phase
from rgrbm.spins.exact.sectors import log_partition

# Beyond these, Z is its first term, to far more than double precision.
_SMALLEST, _LARGEST = 1e-100, 150.0
_BYTES_PER_MODE = 64
_FRUSTRATED = 5.0  # beyond, the variance of a frustrated torus is that of its lowest excitations, to 1e-6


@float_for_each
def torus_log_z(J: float, rows: int, columns: int) -> float:
    """Log of the partition function of the square lattice on a torus (Kaufman 1949).

    Parameters
    ----------
    J : float or array_like of float
        Coupling, or couplings, of either sign.
    rows, columns : int
        Sides of the torus, at least 2; each may be even or odd.

    Returns
    -------
    float, or ndarray of float64 of the shape of J

    Raises
    ------
    TypeError
        If J is not a number, or a side not an integer.
    ValueError
        If J is not finite, or a side is shorter than 2.

    Notes
    -----
    Z = ½ (2 sinh 2J)^(nm/2) [Π 2cosh(mγ₂ᵣ₊₁/2) + Π 2sinh(mγ₂ᵣ₊₁/2) + Π 2cosh(mγ₂ᵣ/2) + Π 2sinh(mγ₂ᵣ/2)],
    r = 0 … n−1, cosh γ_k = cosh² 2J / sinh 2J − cos(πk/n), where γ₀ = 2J + ln tanh J carries its sign: below
    J_c it is negative, and with it the last product. For J < 0 each odd side is an antiperiodic one of the
    ferromagnet, for which the four products have other signs. The time is that of O(shorter or odd side).

    References
    ----------
    B. Kaufman, *Crystal statistics II*, Phys. Rev. 76, 1232 (1949).

    Examples
    --------
    >>> from rgrbm.spins.exact import torus_log_z
    >>> round(torus_log_z(0.2, 4, 4), 4)
    11.7715
    """
    return float(_kaufman(J, rows, columns)[0])


@float_for_each
def torus_mean_energy_per_site(J: float, rows: int, columns: int) -> float:
    """Mean energy per site ⟨H⟩/N = −J ∂ ln Z/∂J / N of the square lattice on a torus (Kaufman 1949).

    Parameters and errors as for :func:`torus_log_z`.

    Examples
    --------
    >>> from rgrbm.spins.exact import CRITICAL_COUPLING, torus_mean_energy_per_site
    >>> round(torus_mean_energy_per_site(CRITICAL_COUPLING, 16, 16) / CRITICAL_COUPLING, 5)
    -1.45306
    """
    slope = float(_kaufman(J, rows, columns)[1])
    return -J * slope / (rows * columns)


@float_for_each
def torus_specific_heat(J: float, rows: int, columns: int) -> float:
    """Specific heat per site C = J² ∂² ln Z/∂J² / N = (⟨H²⟩ − ⟨H⟩²)/N of the square lattice on a torus.

    Parameters and errors as for :func:`torus_log_z`.

    References
    ----------
    A. E. Ferdinand & M. E. Fisher, *Bounded and inhomogeneous Ising models I*, Phys. Rev. 185, 832 (1969).

    Examples
    --------
    >>> from rgrbm.spins.exact import CRITICAL_COUPLING, torus_specific_heat
    >>> round(torus_specific_heat(CRITICAL_COUPLING, 16, 16), 5)
    1.4987
    """
    curvature = float(_kaufman(J, rows, columns)[2])
    if J < -_FRUSTRATED and rows % 2 and columns % 2:
        # There the curvature would be the rounding error of larger terms. The lowest excitations cost 4|J|. Long strips
        # have more of them, so both the exact values and the corrections e^(−8|J|) reach further.
        start = _FRUSTRATED + 0.25 * math.log(max(rows, columns) / min(rows, columns))
        beyond = -J - start
        if beyond > 0:
            curvature = float(_kaufman(-start, rows, columns)[2]) * math.exp(-4 * beyond)
    return J * (J * curvature) / (rows * columns)


def _kaufman(J: float, rows: int, columns: int) -> Jet:
    """Ln Z with its first two derivatives with respect to J."""
    J = checks.real("J", J)
    n, m = side("rows", rows, 2), side("columns", columns, 2)
    if J < 0 and n % 2 + m % 2 == 1:
        n, m = (n, m) if n % 2 else (m, n)  # the odd side is where the antiperiodic modes are
    else:
        n, m = min(n, m), max(n, m)
    checks.require_memory(_BYTES_PER_MODE * n, f"the modes of a torus of {rows} × {columns} sites")
    K = min(max(abs(J), _SMALLEST), _LARGEST)
    state = phase(K)
    jet = state.in_coupling(log_partition(state, n, m, (J < 0 and n % 2 == 1, J < 0 and m % 2 == 1)), n * m)
    jet[0] -= math.log(2)
    if abs(J) > _LARGEST:  # only ground states are left; the slope is their Σ s s′, an integer
        ground = round(jet[1])
        jet = np.array([jet[0] + ground * (abs(J) - _LARGEST), ground, 0.0])
    elif abs(J) < _SMALLEST:
        jet[1] *= abs(J) / _SMALLEST
    jet[2] = max(jet[2], 0.0)  # a variance; of ground states rounding may leave −0.0000…
    return jet if J >= 0 else jet * np.array([1, -1, 1])
