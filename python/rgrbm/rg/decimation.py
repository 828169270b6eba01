"""The exact renormalization group of the Ising ring by decimation (section 2 of the report)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from rgrbm._support import checks
from rgrbm.statistics.presentation import short_repr


class Decimation(NamedTuple):
    """Result of integrating out every other spin of a ring.

    Attributes
    ----------
    J : float or ndarray
        Renormalized coupling J'.
    log_A : float or ndarray
        Log of the constant A per removed spin: Z_N(J) = A^(N/2) Z_(N/2)(J').
    """

    J: npt.NDArray[np.float64] | float
    log_A: npt.NDArray[np.float64] | float

    def __repr__(self) -> str:
        return short_repr(self) if np.ndim(self.J) else f"Decimation(J={self.J}, log_A={self.log_A})"


def decimate(J: npt.ArrayLike) -> Decimation:
    """Integrate out every other spin of the Ising ring (Eq. 4 of the report).

    Parameters
    ----------
    J : float or array_like
        Coupling of either sign.

    Returns
    -------
    Decimation
        Named tuple of J' = ½ ln cosh 2J = artanh(tanh² J) ≥ 0 and ln A = ln 2 + J', as floats for a float and as
        arrays for an array.

    Raises
    ------
    TypeError
        If J is no number.
    ValueError
        If J is not finite.

    Notes
    -----
    For J up to ±1 as ``½ ln(1 + 2 sinh² J)``, beyond as ``|J| + ½ ln(1 + e^(−4|J|)) − ½ ln 2``: all digits are
    kept for small couplings, and large ones do not overflow.

    Examples
    --------
    >>> from rgrbm import decimate
    >>> J, log_A = decimate(1.0)
    >>> round(J, 8), round(log_A, 8)
    (0.66250137, 1.35564855)
    """
    coupling = np.abs(checks.numbers("J", J))
    if not np.all(np.isfinite(coupling)):
        raise ValueError(f"the coupling J must be finite, got {J!r}")
    small = 0.5 * np.log1p(2 * np.sinh(np.minimum(coupling, 1.0)) ** 2)
    large = coupling + 0.5 * np.log1p(np.exp(-4 * coupling)) - 0.5 * np.log(2)
    renormalized = np.where(coupling < 1, small, large)
    log_A = np.log(2) + renormalized
    if renormalized.ndim == 0:
        return Decimation(float(renormalized), float(log_A))
    return Decimation(renormalized, log_A)


def inverse_decimation(J: npt.ArrayLike) -> npt.NDArray[np.float64] | float:
    """The coupling K ≥ 0 that one decimation maps to J: K = ½ arcosh(e^(2J)).

    Parameters
    ----------
    J : float or array_like
        Coupling after decimation, not negative (no coupling is decimated into a negative one).

    Returns
    -------
    float or ndarray
        As for :func:`decimate`.

    Raises
    ------
    TypeError
        If J is no number.
    ValueError
        If J is negative or not finite.

    Notes
    -----
    As J + ½ ln(1 + √(1 − e^(−4J))), which keeps all digits and does not overflow.

    Examples
    --------
    >>> from rgrbm.rg.decimation import decimate, inverse_decimation
    >>> round(inverse_decimation(decimate(0.3).J), 12)
    0.3
    """
    coupling = checks.numbers("J", J)
    if not np.all(np.isfinite(coupling) & (coupling >= 0)):
        raise ValueError(f"a decimated coupling is finite and not negative, got {J!r}")
    original = coupling + 0.5 * np.log1p(np.sqrt(-np.expm1(-4 * coupling)))
    return float(original) if original.ndim == 0 else np.asarray(original)


def decimation_flow(J: float, n_steps: int) -> npt.NDArray[np.float64]:
    """Flow of the coupling under repeated decimation, J → J' → J'' …

    Parameters
    ----------
    J : float
        Coupling of the original ring.
    n_steps : int
        Number of decimations.

    Returns
    -------
    ndarray of shape (n_steps + 1,)
        J and the couplings after 1 … n_steps decimations; it falls to 0, the ring's only stable fixed point.

    Raises
    ------
    TypeError
        If J is no number, or ``n_steps`` no integer.
    ValueError
        If J is not finite or ``n_steps`` negative.
    MemoryError
        If the steps are too many to be listed.

    Examples
    --------
    >>> from rgrbm.rg.decimation import decimation_flow
    >>> decimation_flow(1.0, 3).round(4)
    array([1.    , 0.6625, 0.3501, 0.1137])
    """
    J, n_steps = checks.real("J", J), checks.integer("n_steps", n_steps, 0)
    checks.require_memory(8 * n_steps, f"a flow of {n_steps} steps")
    flow = np.full(n_steps + 1, J)
    for step in range(1, n_steps + 1):
        flow[step] = decimate(flow[step - 1]).J
        if flow[step] == flow[step - 1]:  # 0, or so large that a step is less than its rounding
            flow[step:] = flow[step]
            break
    return flow


def reconstruction_error_decimation_bound(J: float) -> float:
    """Reconstruction error v → h → v of perfect decimation on the infinite ring.

    Half of the spins are copied into hidden ones and come back unharmed. The others are drawn anew between their
    two neighbours: where these are equal, with probability P_eq = (1 + tanh² J)/2, they are aligned with
    probability p = σ(4J) and original and reconstruction differ with probability 2p(1 − p); else with ½.

    Parameters
    ----------
    J : float
        Coupling.

    Returns
    -------
    float
        ½ [P_eq 2p(1 − p) + (1 − P_eq)/2], a fraction of all spins.

    Raises
    ------
    TypeError
        If J is no number.
    ValueError
        If J is not finite.

    Examples
    --------
    >>> from rgrbm.rg.decimation import reconstruction_error_decimation_bound
    >>> round(reconstruction_error_decimation_bound(1.0), 5)
    0.06645
    """
    # In powers of e^(−2|J|): differences such as 1 − tanh² J would round to 0 from |J| = 19 on.
    x = np.exp(-2 * abs(checks.real("J", J)))
    different = 2 * x / (1 + x) ** 2
    return float((1 - different) * (x / (1 + x * x)) ** 2 + different / 4)
