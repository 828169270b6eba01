"""Interleaved timing: every candidate once per round, so that a busy moment of the machine hits all alike."""

import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

_SHORTEST = 0.02  # seconds: a measurement repeats its call until then
_PAUSE = 0.3  # seconds: worker threads of other packages spin for so long after their work, and would take our cores
Run = Callable[[], float]  # does some work and returns how many units of it


class Timing(NamedTuple):
    """Median and spread (half the distance of the quartiles) of the seconds that one unit of work took."""

    median: float
    spread: float


def measure(run: Run) -> float:
    """Seconds per unit of work."""
    units, started = 0.0, time.perf_counter()
    while True:
        units += run()
        seconds = time.perf_counter() - started
        if seconds > _SHORTEST:
            return seconds / units


def interleave(candidates: Mapping[str, Run], rounds: int) -> dict[str, Timing]:
    """Time all candidates ``rounds`` times, one after the other."""
    seconds: dict[str, list[float]] = {name: [] for name in candidates}
    for run in candidates.values():
        run()  # warm-up: imports, compilation, caches
    for _ in range(rounds):
        for name, run in candidates.items():
            time.sleep(_PAUSE)
            run()  # wakes its own threads and fills the caches
            seconds[name].append(measure(run))
    quartiles = {name: np.percentile(values, [25, 50, 75]) for name, values in seconds.items()}
    return {name: Timing(q[1], (q[2] - q[0]) / 2) for name, q in quartiles.items()}


def available(candidates: Mapping[str, Callable[[], object]]) -> dict:
    """Set up the candidates whose packages are installed."""
    ready = {}
    for name, make in candidates.items():
        try:
            ready[name] = make()
        except ImportError as error:
            print(f"{name} is left out: {error}", flush=True)
    return ready
