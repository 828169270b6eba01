"""Rules of block spins that the filters of Koch-Janusz and Ringel are compared with."""

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import xlogy

from rgrbm.mcrg import ConvolutionKernel

Array = npt.NDArray[np.float64]
_STRONG = 8.0  # a weight that makes a step of σ
_STATES = 16  # of four spins; state 15 − V is V flipped
ALL_RULES = np.array([(*half, *(1 - x for x in reversed(half))) for half in itertools.product((0.0, 1.0), repeat=8)])
"""h(V) of all deterministic rules of four spins with h(−V) = −h(V), 1 for +1 and 0 for −1."""
_PAIRS = {"side by side": (0, 1), "one above the other": (0, 2), "diagonal": (0, 3)}


def kernels_of(width: int) -> dict[str, ConvolutionKernel]:
    """Majority with random ties, and decimation, as filters of the same window."""
    one = np.zeros((width, width))
    one[(width - 1) // 2, (width - 1) // 2] = _STRONG
    equal = np.full((width, width), _STRONG)
    return {"majority": ConvolutionKernel(equal, 2), "decimation": ConvolutionKernel(one, 2)}


def best_odd_rule(joint: Array) -> float:
    """The largest I(h : E) in nats of all deterministic rules of four spins that change sign with the spins."""
    up = ALL_RULES @ joint
    around = joint.sum(axis=0)
    p_up = up.sum(axis=1)
    of_states = xlogy(up, up).sum(axis=1) + xlogy(around - up, around - up).sum(axis=1)
    information = of_states - xlogy(p_up, p_up) - xlogy(1 - p_up, 1 - p_up) - xlogy(around, around).sum()
    return float(information.max())


def tie_rule(weights: npt.ArrayLike) -> dict[str, Any]:
    """Whether a filter of four spins is majority where there is one, and how it decides ties, in words."""
    w = np.asarray(weights, dtype=np.float64).ravel()
    states = 2 * ((np.arange(_STATES)[:, None] >> np.arange(4)) & 1) - 1
    total = states.sum(axis=1)
    is_majority = bool((np.sign(states @ w) == np.sign(total))[total != 0].all())
    if not is_majority:
        return {"is_majority": False, "words": "not the majority rule"}
    winners = [_winners(w, pair) for pair in _PAIRS.values()]
    if not all(winners):
        return {"is_majority": True, "words": "majority, some ties random"}
    wins = np.bincount(np.concatenate(winners), minlength=4)
    # Each site is in one of the two pairs of each of the three ties; so one site wins all, or one loses all.
    words = "one site decides ties" if wins.max() == len(_PAIRS) else "three sites decide ties"
    return {"is_majority": True, "words": f"majority, {words}"}


def _winners(w: Array, pair: Sequence[int]) -> list[int]:
    """The pair of sites that the block spin follows when they are against the two others; none for a random tie."""
    others = [k for k in range(4) if k not in pair]
    difference = w[list(pair)].sum() - w[others].sum()
    if abs(difference) < 0.5:  # σ(2 × 0.5) is no step
        return []
    return list(pair) if difference > 0 else others
