"""Exact results of decimation of the Ising ring by any whole factor, beside which runs are shown.

Every b-th spin is kept. Decimation by two is Eq. 4 of the report. For other factors, correlations determine the
coupling: they fall as tanh(J) to the power of the distance, and b sites become one.
"""

import math

from rgrbm.rg.decimation import decimate, reconstruction_error_decimation_bound

_LARGE = 20.0  # |J| from which tanh J = 1 − 2 exp(−2|J|) to all digits


def decimation_factor(n_spins: int, n_hidden: int) -> int | None:
    """Spins per hidden unit; None unless this is an integer and the hidden units form a ring (at least two).

    Examples
    --------
    >>> from rgrbm.experiments.ring_decimation import decimation_factor
    >>> decimation_factor(64, 32), decimation_factor(64, 16), decimation_factor(64, 24), decimation_factor(64, 1)
    (2, 4, None, None)
    """
    return n_spins // n_hidden if n_hidden >= 2 and n_spins % n_hidden == 0 else None


def decimated_coupling(J: float, factor: int) -> float:
    """Coupling of every ``factor``-th spin of a ring at |J|: J′ = artanh(tanh(|J|)^factor).

    Parameters
    ----------
    J : float
        Coupling of neighbouring spins.
    factor : int
        Sites of the ring for each site that is kept, at least 1.

    Returns
    -------
    float
        J′ ≥ 0.

    Examples
    --------
    >>> from rgrbm.experiments.ring_decimation import decimated_coupling
    >>> [round(decimated_coupling(1.0, factor), 4) for factor in (1, 2, 3, 4)]
    [1.0, 0.6625, 0.4744, 0.3501]
    """
    if factor == 2:
        return float(decimate(J).J)
    if abs(J) > _LARGE:
        return abs(J) - 0.5 * math.log(factor)
    exponent = factor * _decay(J)
    if exponent > 1:
        return math.atanh(math.exp(-exponent))
    return -0.5 * math.log(math.tanh(0.5 * exponent))  # the same, with all digits of large couplings


def decimation_reconstruction_error(J: float, factor: int) -> float:
    """Reconstruction error v → h → v of perfect decimation by ``factor`` on the infinite ring.

    The kept spins come back unchanged. The others are drawn again, given the two kept spins next to them. At distances
    i and b − i from these, original and reconstruction differ with probability
    ½ (1 − t²ⁱ)(1 − t²⁽ᵇ⁻ⁱ⁾)/(1 − t²ᵇ), where t = tanh J.

    Parameters
    ----------
    J : float
        Coupling of neighbouring spins.
    factor : int
        Sites of the ring for each site that is kept, at least 1.

    Returns
    -------
    float
        A fraction of all spins.

    Examples
    --------
    >>> from rgrbm.experiments.ring_decimation import decimation_reconstruction_error
    >>> [round(decimation_reconstruction_error(1.0, factor), 4) for factor in (1, 2, 4)]
    [0.0, 0.0665, 0.1574]
    """
    if factor == 2:
        return reconstruction_error_decimation_bound(J)
    decay = _decay(J)
    if decay == 0:
        return 0.0

    def uncorrelated(distance: int) -> float:  # 1 − tanh(J)^(2 distance)
        return -math.expm1(-2 * distance * decay)

    pairs = (uncorrelated(i) * uncorrelated(factor - i) for i in range(1, factor))
    return sum(pairs) / (2 * factor * uncorrelated(factor))


def _decay(J: float) -> float:
    """−ln tanh |J|: how fast correlations fall, for each site."""
    if J == 0:
        return math.inf
    if abs(J) > _LARGE:
        return 2 * math.exp(-2 * abs(J))
    return math.log1p(2 / math.expm1(2 * abs(J)))
