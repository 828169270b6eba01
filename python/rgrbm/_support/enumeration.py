"""Sums over all states, in slices that show progress, and the refusal of sums that would never end."""

from collections.abc import Iterator
from typing import Protocol

import numpy as np
import numpy.typing as npt
from scipy.special import logsumexp

from rgrbm._support.progress import Progress, progress_bar

MAX_SUM_UNITS = 28
"""Largest number of units whose states are summed: 2²⁸ states take seconds to minutes."""
MAX_ARRAY_UNITS = 26
"""Largest number of units whose states are listed: 2²⁶ numbers take half a gigabyte."""
_WORK_PER_CALL = 2**27  # unit updates: a few tens of milliseconds per thread


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
            f"{what} has {n_units} units, {_states(n_units)} states to sum over; at most "
            f"2^{MAX_SUM_UNITS} are accepted. {instead}"
        )


def _states(n_units: int) -> str:
    """How many states units have; as a number where a float can hold it."""
    return f"2^{n_units} = {2.0**n_units:.3g}" if n_units < 1000 else f"2^{n_units}"


def require_array(n_units: int, what: str) -> None:
    """Refuse to list more than 2²⁶ states."""
    if n_units > MAX_ARRAY_UNITS:
        raise ValueError(
            f"{what} has {n_units} units, {_states(n_units)} states to list; at most "
            f"2^{MAX_ARRAY_UNITS} are accepted. Use free energies of single configurations, or samples, instead."
        )


def slices(e: Enumeration, units: int, most: int | None = None) -> Iterator[tuple[int, int]]:
    """Ranges (first part, number of parts) of even work; they depend on sizes only."""
    step = max(1, min(most or e.n_parts, _WORK_PER_CALL // (e.part_size * max(1, units))))
    for first in range(0, e.n_parts, step):
        yield first, min(step, e.n_parts - first)


def log_sum(e: Enumeration, units: int, progress: Progress) -> float:
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
