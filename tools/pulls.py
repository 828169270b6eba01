"""Are the error bars of ``hidden_correlation`` true? Pulls over many data sets whose coupling is known.

Usage: python tools/pulls.py [N_SEEDS]; 100 by default, some minutes. Prints the rows of the table in docs/flow.md.

Each data set has hidden spins of an RBM on a ring of 64 spins whose filters are (J, K_j, J) in ±1 units, K_j uniform
in [1, 3], a known fraction of them a site off its place (parity defects), and stray weights on all sites. The pull is
(J − exact) / standard error.
"""

import sys

import numpy as np
from scipy.special import expit

from rgrbm import IsingModel, decimate, hidden_correlation

N = 64
# J, configurations, fraction of defects, standard deviation of stray weights
CASES = (
    (0.5, 50_000, 0.0, 0.0),
    (0.5, 50_000, 0.1, 0.0),
    (1.0, 10_000, 0.0, 0.0),
    (1.0, 10_000, 0.1, 0.0),
    (1.0, 10_000, 0.3, 0.0),
    (1.5, 5_000, 0.1, 0.0),
    (1.0, 10_000, 0.1, 0.02),
    (1.0, 200_000, 0.1, 0.02),
)


def filters(J: float, rng: np.random.Generator, defects: float, stray: float) -> np.ndarray:
    """Weights of shape (64, 32), in random order and with random signs."""
    unit = np.arange(N // 2)
    site = (2 * unit + (rng.random(N // 2) < defects)) % N
    w = stray * rng.normal(size=(N, N // 2))
    for shift, value in ((-1, J), (0, rng.uniform(1, 3, N // 2)), (1, J)):
        w[(site + shift) % N, unit] = value
    return (w * rng.choice([-1, 1], N // 2))[:, rng.permutation(N // 2)]


def pull(J: float, n: int, defects: float, stray: float, seed: int) -> float:
    """One data set's."""
    rng = np.random.default_rng(seed)
    w = filters(J, rng, defects, stray)
    v = IsingModel(N, J=J).sample(n, method="exact", seed=rng)
    correlation = hidden_correlation(np.where(rng.random((n, N // 2)) < expit(2 * (v @ w)), 1, -1), w)
    return (correlation.J - decimate(J).J) / correlation.J_stderr


def main(n_seeds: int) -> None:
    """Print a row for each case."""
    for J, n, defects, stray in CASES:
        pulls = np.array([pull(J, n, defects, stray, seed) for seed in range(n_seeds)])
        finite = pulls[np.isfinite(pulls)]
        row = (f"{finite.mean():+.2f}", f"{finite.std(ddof=1):.2f}", f"{np.abs(finite).max():.2f}")
        row += (f"{n_seeds - len(finite)}",)
        print(f"| {J:g} | {n:,} | {defects:.0%} | {stray:g} | " + " | ".join(row) + " |", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
