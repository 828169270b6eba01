"""Cost and accuracy of the effective couplings: ``python -m bench.couplings [--plot couplings.png]``."""

import argparse
import time

import numpy as np
from matplotlib.figure import Figure

import rgrbm


def rbm_of_rows(n_units: int, n_rows: int, fan_in: int, scale: float, seed: int = 0) -> rgrbm.RBMParameters:
    """Rows of ``fan_in`` normal weights at random places, and weak fields."""
    generator = np.random.default_rng(seed)
    w = np.zeros((n_units, n_rows))
    for a in range(n_rows):
        w[generator.choice(n_units, fan_in, replace=False), a] = generator.normal(size=fan_in) * scale
    return rgrbm.binary_parameters(w, 0.1 * generator.normal(size=n_units), 0.1 * generator.normal(size=n_rows))


def seconds(rbm: rgrbm.RBMParameters, method: str = "fourier", order: int = 2, rounds: int = 3) -> float:
    """Median time of all couplings of the visible layer up to the order."""
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        rgrbm.effective_couplings(rbm, "visible", order, method)
        times.append(time.perf_counter() - started)
    return float(np.median(times))


def compare_methods() -> None:
    """All orders of 14 × 10 units by every method, and how far each is from the Walsh–Hadamard transform."""
    print("\n### 14 units, 10 rows, orders 1 to 4\n")
    print("| rows | method | ms | largest error of a pair |\n| --- | --- | ---: | ---: |")
    for fan_in in (3, 14):
        rbm = rbm_of_rows(14, 10, fan_in, 1.0)
        exact = rgrbm.effective_couplings(rbm, "visible", 2, "walsh-hadamard").pairs
        for method in ("walsh-hadamard", "enumeration", "fourier", "gaussian"):
            error = np.abs(rgrbm.effective_couplings(rbm, "visible", 2, method).pairs - exact).max()
            print(f"| {fan_in} weights | {method} | {seconds(rbm, method, 4) * 1e3:.3g} | {error:.1e} |")


def scale(rounds: int) -> tuple[dict[int, float], dict[int, float]]:
    """Time of all pairs against the number of units, and against the weights per row."""
    by_units = {n: seconds(rbm_of_rows(n, n // 2, n, 0.25), rounds=rounds) for n in (64, 125, 250, 500, 1000, 2000)}
    print("\n### All pairs of N units, N/2 rows of N weights\n\n| N | s |\n| ---: | ---: |")
    print("\n".join(f"| {n} | {t:.3g} |" for n, t in by_units.items()))
    by_fan_in = {k: seconds(rbm_of_rows(1000, 500, k, 0.25), rounds=rounds) for k in (3, 10, 30, 100, 300, 1000)}
    print("\n### All pairs of 1,000 units, 500 rows\n\n| weights per row | s |\n| ---: | ---: |")
    print("\n".join(f"| {k} | {t:.3g} |" for k, t in by_fan_in.items()))
    return by_units, by_fan_in


def plot(by_units: dict[int, float], by_fan_in: dict[int, float]) -> Figure:
    """Both scalings on logarithmic axes."""
    figure = Figure(figsize=(7.2, 3.2), layout="constrained", dpi=150)
    left, right = figure.subplots(1, 2, sharey=True)
    left.loglog(list(by_units), list(by_units.values()), "o-", color="#0072B2", label="measured")
    largest = max(by_units)
    cubic = [by_units[largest] * (n / largest) ** 3.5 for n in by_units]
    left.loglog(list(by_units), cubic, "--", color="#7F7F7F", label="∝ N^3.5 (rows · nodes · N²)")
    left.set_xlabel("units N (N/2 rows of N weights)")
    left.set_ylabel("seconds for all pairs")
    left.legend(frameon=False)
    right.loglog(list(by_fan_in), list(by_fan_in.values()), "s-", color="#D55E00")
    right.set_xlabel("weights per row (1,000 units, 500 rows)")
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
    return figure


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plot", help="write a figure of the scaling to this file")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    compare_methods()
    measured = scale(arguments.rounds)
    if arguments.plot:
        plot(*measured).savefig(arguments.plot)
