"""Sums over all states, in slices that Ctrl-C can stop, and the refusal of sums that would never end."""

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt
from scipy.special import logsumexp

from rgrbm._core import kernels
from rgrbm._parameters import RBMParameters
from rgrbm._progress import progress_bar

MAX_SUM_UNITS = 28
"""Largest number of units whose states are summed: 2²⁸ states take seconds to minutes."""
MAX_ARRAY_UNITS = 26
"""Largest number of units whose states are listed: 2²⁶ numbers take half a gigabyte."""
_WORK_PER_CALL = 2**27  # unit updates: a few tens of milliseconds per thread
_PARTS_PER_CALL = 64  # bounds the memory of moments


class Enumeration(Protocol):
    """What the compiled enumerations have in common."""

    @property
    def n_parts(self) -> int: ...
    @property
    def part_size(self) -> int: ...
    def log_sums(self, first: int, count: int) -> npt.NDArray[np.float64]: ...
    def log_weights(self, first: int, count: int) -> npt.NDArray[np.float64]: ...


def require_sum(n_units: int, what: str, instead: str) -> None:
    """Refuse to sum over more than 2²⁸ states."""
    if n_units > MAX_SUM_UNITS:
        raise ValueError(
            f"{what} has {n_units} units, 2^{n_units} = {2.0**n_units:.3g} states to sum over; at most "
            f"2^{MAX_SUM_UNITS} are accepted. {instead}"
        )


def require_array(n_units: int, what: str) -> None:
    """Refuse to list more than 2²⁶ states."""
    if n_units > MAX_ARRAY_UNITS:
        raise ValueError(
            f"{what} has {n_units} units, 2^{n_units} = {2.0**n_units:.3g} states to list; at most "
            f"2^{MAX_ARRAY_UNITS} are accepted. Use free energies of single configurations, or samples, instead."
        )


def enumerate_layer(p: RBMParameters, layer: str) -> kernels.LayerEnumeration:
    """All states of one layer, the other summed in closed form."""
    matrix, own, other = (
        (p.weights_, p.intercept_visible_, p.intercept_hidden_)
        if layer == "visible"
        else (p.weights_.T, p.intercept_hidden_, p.intercept_visible_)
    )
    return kernels.LayerEnumeration(np.ascontiguousarray(matrix), own, other)


def smaller_layer(p: RBMParameters) -> str:
    """Name of the layer that is cheaper to enumerate."""
    n, m = p.weights_.shape
    return "visible" if n < m else "hidden"


def slices(e: Enumeration, units: int, most: int | None = None) -> Iterator[tuple[int, int]]:
    """Ranges (first part, number of parts) of even work; they depend on sizes only."""
    step = max(1, min(most or e.n_parts, _WORK_PER_CALL // (e.part_size * max(1, units))))
    for first in range(0, e.n_parts, step):
        yield first, min(step, e.n_parts - first)


def log_sum(e: Enumeration, units: int, progress: bool) -> float:
    """Log of the sum over all states; ``units`` is the work per state."""
    sums: list[npt.NDArray[np.float64]] = []
    with progress_bar("summing", e.n_parts * e.part_size, unit="states", show=progress) as advance:
        for first, count in slices(e, units):
            sums.append(e.log_sums(first, count))
            advance(count * e.part_size, "")
    return float(logsumexp(np.concatenate(sums)))


def log_weights(e: Enumeration, units: int) -> npt.NDArray[np.float64]:
    """Log weight of every state, in the order of their numbers."""
    out = np.empty(e.n_parts * e.part_size)
    for first, count in slices(e, units):
        out[first * e.part_size : (first + count) * e.part_size] = e.log_weights(first, count)
    return out


def moments(e: kernels.LayerEnumeration, units: int, log_z: float) -> Sequence[npt.NDArray[np.float64]]:
    """Means of x, ⟨y⟩ and x⟨y⟩ᵀ over all states, x being the enumerated layer."""
    totals: list[npt.NDArray[np.float64]] | None = None
    # An exponential per unit and the matrix of products make a state about ten times as dear as in log_sum.
    for first, count in slices(e, 10 * units, _PARTS_PER_CALL):
        values = [np.asarray(value) for value in e.moments(first, count, log_z)]
        totals = values if totals is None else [a + b for a, b in zip(totals, values, strict=True)]
    assert totals is not None
    # The first is Σ p, which is 1 but for rounding; dividing by it takes the rounding of log_z out.
    return [value / totals[0] for value in totals[1:]]
