"""The renormalized coupling J' read from the pair couplings of hidden units along the ring."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rgrbm._support import checks
from rgrbm.rg.couplings.effective import EffectiveCouplings
from rgrbm.rg.filters import filter_positions, filter_signs
from rgrbm.statistics.presentation import Presented

Values = npt.NDArray[np.float64]


@dataclass(frozen=True, repr=False)
class RingCouplings(Presented):
    """Pair couplings of units in the order of their positions on a ring.

    Attributes
    ----------
    units : ndarray of int, shape (n_units,)
        Numbers of the units in that order. Units without weights have no position and are left out.
    positions : ndarray of shape (n_units,)
        Their positions, in sites of the visible ring.
    pairs : ndarray of shape (n_units, n_units)
        Couplings in that order, of spins aligned with the data: a unit that copies −v is flipped.
    nearest : ndarray of shape (n_units,)
        Coupling of each unit with the next one.
    J, J_spread : float
        Mean of ``nearest`` and its standard deviation from unit to unit.
    largest_other : float
        The coupling of largest size between units that are not next to each other.
    largest_other_units : tuple of int
        The two units that it couples.
    rms_other : float
        Root mean square of all couplings between units that are not next to each other.
    """

    units: npt.NDArray[np.int64]
    positions: Values
    pairs: Values
    nearest: Values
    J: float
    J_spread: float
    largest_other: float
    largest_other_units: tuple[int, int]
    rms_other: float


def ring_couplings(couplings: EffectiveCouplings | npt.ArrayLike, weights: npt.ArrayLike) -> RingCouplings:
    """Nearest-neighbour coupling J' of hidden units on the ring, and the largest other coupling.

    It is that of the model's own p(h), which is what coarse-grained data follow only where p(v) is the data's
    distribution.

    Parameters
    ----------
    couplings : EffectiveCouplings or array_like of shape (n_hidden, n_hidden)
        Pair couplings of the hidden layer in spins, of order 2 at least.
    weights : array_like of shape (n_visible, n_hidden)
        Weights of the RBM, in 0/1 or ±1 units: they determine positions and signs.

    Returns
    -------
    RingCouplings

    Raises
    ------
    TypeError
        If couplings or weights are not real numbers.
    ValueError
        If the couplings hold no pairs, or do not fit the weights, or fewer than four units have weights.

    Examples
    --------
    >>> from rgrbm.rg import decimation_rbm, ring_couplings
    >>> from rgrbm import effective_couplings
    >>> rbm = decimation_rbm(64, J=1.0, K=3.0)
    >>> result = ring_couplings(effective_couplings(rbm), rbm.weights_)
    >>> round(result.J, 8), abs(result.largest_other) < 1e-12
    (0.66250137, True)
    """
    w = checks.numbers("weights", weights)
    matrix = _pair_matrix(couplings, w)
    position = filter_positions(w)
    order = np.argsort(position, kind="stable")
    units = order[: int(np.isfinite(position).sum())]
    n = len(units)
    if n < 4:
        raise ValueError(f"neighbours and others need at least four hidden units with weights, got {n}")
    sign = filter_signs(w)[units]
    pairs = matrix[np.ix_(units, units)] * np.outer(sign, sign)
    here, following = np.arange(n), (np.arange(n) + 1) % n
    nearest = pairs[here, following]
    others = np.abs(np.triu(pairs, 1))
    others[here, following] = others[following, here] = 0.0
    i, j = np.unravel_index(np.argmax(others), others.shape)
    return RingCouplings(
        units=units,
        positions=position[units],
        pairs=pairs,
        nearest=nearest,
        J=float(nearest.mean()),
        J_spread=float(nearest.std()),
        largest_other=float(pairs[i, j]),
        largest_other_units=(int(units[i]), int(units[j])),
        rms_other=float(np.sqrt(np.sum(others**2) / (n * (n - 3) / 2))),
    )


def _pair_matrix(couplings: EffectiveCouplings | npt.ArrayLike, w: Values) -> Values:
    if isinstance(couplings, EffectiveCouplings):
        if couplings.pairs is None or (couplings.layer, couplings.units) != ("hidden", "spin"):
            raise ValueError(
                "pair couplings of the hidden layer in spins are needed: effective_couplings(rbm, 'hidden', order=2)"
            )
        couplings = couplings.pairs
    matrix = checks.numbers("couplings", couplings)
    if w.ndim != 2 or matrix.shape != (w.shape[1], w.shape[1]):
        raise ValueError(
            f"expected couplings (n_hidden, n_hidden) and weights (n_visible, n_hidden), got shapes {matrix.shape} and "
            f"{w.shape}"
        )
    return matrix
