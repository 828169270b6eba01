"""Interleaved timing: every candidate once per round, so that a busy moment of the machine hits all alike."""

import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np


class Timing(NamedTuple):
    """Median and spread (half the distance of the quartiles) of the seconds that one unit of work took."""

    median: float
    spread: float


def interleave(candidates: dict[str, Callable[[], float]], rounds: int) -> dict[str, Timing]:
    """Time all candidates ``rounds`` times in turn; each returns how many units of work it did."""
    seconds: dict[str, list[float]] = {name: [] for name in candidates}
    for candidate in candidates.values():
        candidate()  # warm-up: imports, compilation, caches
    for _ in range(rounds):
        for name, candidate in candidates.items():
            started = time.perf_counter()
            units = candidate()
            seconds[name].append((time.perf_counter() - started) / units)
    quartiles = {name: np.percentile(values, [25, 50, 75]) for name, values in seconds.items()}
    return {name: Timing(q[1], (q[2] - q[0]) / 2) for name, q in quartiles.items()}
