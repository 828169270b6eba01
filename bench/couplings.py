"""Effective couplings of a layer: cost and accuracy of each method, and cost against units and weights per row."""

from collections.abc import Callable

import numpy as np
from bench.report import Comparison, Scaling
from bench.timing import Timing, interleave

import rgrbm

_METHODS = ("walsh-hadamard", "fourier", "enumeration", "gaussian")


def rbm_of_rows(n_units: int, n_rows: int, fan_in: int, scale: float) -> rgrbm.model.RBMParameters:
    """Rows of ``fan_in`` normal weights at random places, and weak fields."""
    generator = np.random.default_rng(0)
    w = np.zeros((n_units, n_rows))
    for a in range(n_rows):
        w[generator.choice(n_units, fan_in, replace=False), a] = generator.normal(size=fan_in) * scale
    return rgrbm.model.binary_parameters(w, 0.1 * generator.normal(size=n_units), 0.1 * generator.normal(size=n_rows))


def couplings(rbm: rgrbm.model.RBMParameters, order: int, method: str = "fourier") -> Callable[[], float]:
    """All couplings of the visible layer up to the order."""

    def run() -> float:
        rgrbm.effective_couplings(rbm, "visible", order, method)
        return 1.0

    return run


def compare(rounds: int) -> list[Comparison]:
    """Orders 1 to 4 of 14 units by every method, and how far its pairs are from the sum over all states."""
    results = []
    for fan_in in (3, 14):
        rbm = rbm_of_rows(14, 10, fan_in, 1.0)
        pairs = {m: rgrbm.effective_couplings(rbm, "visible", 2, m).pairs for m in _METHODS}
        notes = {m: f"pairs off by {np.abs(pairs[m] - pairs['walsh-hadamard']).max():.1e}" for m in _METHODS}
        timings = interleave({m: couplings(rbm, 4, m) for m in _METHODS}, rounds)
        results.append(Comparison(f"14 units, 10 rows of {fan_in} weights, orders 1 to 4", "ms", 1e3, timings, notes))
    return results


def scale(rounds: int) -> list[Scaling]:
    """All pairs by the Fourier integral."""
    units, weights = [64, 125, 250, 500, 1000, 2000], [3, 10, 30, 100, 300, 1000]
    return [
        Scaling(
            "couplings_units", "All pairs of N units, N/2 rows of N weights", "units N",
            "seconds, all threads", 1.0, units,
            _collect(rounds, [rbm_of_rows(n, n // 2, n, 0.25) for n in units]),
        ),
        Scaling(
            "couplings_weights", "All pairs of 1,000 units, 500 rows", "weights per row",
            "seconds, all threads", 1.0, weights,
            _collect(rounds, [rbm_of_rows(1000, 500, k, 0.25) for k in weights]),
        ),
    ]  # fmt: skip


def _collect(rounds: int, rbms: list[rgrbm.model.RBMParameters]) -> dict[str, list[Timing]]:
    name = "Fourier integral"
    return {name: [interleave({name: couplings(rbm, 2)}, min(rounds, 3))[name] for rbm in rbms]}
