"""p-values of all samplers against exact distributions, over many seeds: a right sampler's are uniform."""

from __future__ import annotations

import itertools
import os
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import numpy as np
from scipy.stats import kstest

CHAINS = 5000  # of each test; those of the self-test are four times as many
BOUNDED = "CD-1"  # a bound of a p-value, and not uniform


def measure(n_seeds: int) -> list[dict[str, Any]]:
    """Kolmogorov and Smirnov's test of each sampler's p-values."""
    by_name: dict[str, list[float]] = {}
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for number, values in enumerate(pool.map(_p_values, range(n_seeds))):
            for name, value in values.items():
                by_name.setdefault(name, []).append(value)
            print(f"seed {number}", flush=True)
    return [
        {"sampler": name, "least": min(values), "ks": float(kstest(values, "uniform").pvalue), "seeds": len(values)}
        for name, values in by_name.items()
    ]


def _p_values(seed: int) -> dict[str, float]:
    import rgrbm
    from rgrbm.selftest import machines, spins

    rgrbm.set_num_threads(1)
    spins._CHAINS = CHAINS
    checks = itertools.chain(spins.checks(seed), machines.checks(seed))
    results = [check() for name, check in checks if not name.startswith(("bits", "log Z", "gradient", BOUNDED))]
    return {result.name: float(np.float64(result.value)) for result in results if result.measure == "p-value"}
