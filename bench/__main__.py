"""Run all comparisons side by side and print them as Markdown: ``python -m bench [--quick]``."""

import argparse
import platform
from collections.abc import Callable
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
from bench import rbm, spins
from bench.timing import Timing, interleave

import rgrbm
from rgrbm._config import config
from rgrbm.exact import CRITICAL_COUPLING, ring_correlation, torus_mean_energy


def available(candidates: dict[str, Callable]) -> dict:
    """Set up the candidates whose packages are installed."""
    ready = {}
    for name, make in candidates.items():
        try:
            ready[name] = make()
        except ImportError as error:
            print(f"- {name}: left out, {error}")
    return ready


def table(title: str, unit: str, timings: dict[str, Timing], scale: float, notes: dict[str, str]) -> None:
    """One comparison; the ratio is to rgrbm's median."""
    ours = timings["rgrbm"].median
    print(f"\n### {title}\n\n| package | {unit} | spread | times rgrbm's | |\n| --- | ---: | ---: | ---: | --- |")
    for name, timing in timings.items():
        print(
            f"| {name} | {timing.median * scale:.4g} | {timing.spread * scale:.2g} | {timing.median / ours:.3g} | "
            f"{notes.get(name, '')} |"
        )


def compare_rbms(rounds: int) -> None:
    """Epochs of contrastive divergence."""
    print("\n## RBM: one epoch of CD-1 on binary data, all threads\n")
    generator = np.random.default_rng(0)
    cases = [
        ("800 samples, 64 × 32, full batch", 800, 64, 32, 800, 0.5, 20),
        ("800 samples, 64 × 32, batches of 100", 800, 64, 32, 100, 0.5, 20),
        ("800 samples, 64 × 32, batches of 10", 800, 64, 32, 10, 0.5, 10),
        ("1,600 samples, 784 × 144, batches of 100, 13% ones", 1600, 784, 144, 100, 0.13, 3),
    ]
    for title, n, n_visible, n_hidden, batch_size, density, epochs in cases:
        data = (generator.random((n, n_visible)) < density).astype(np.uint8)
        common = (data, n_hidden, batch_size, epochs)
        ready = available({
            "rgrbm": partial(rbm.rgrbm, *common),
            "scikit-learn, float32": partial(rbm.scikit_learn, *common, "float32"),
            "scikit-learn, float64": partial(rbm.scikit_learn, *common, "float64"),
            "torch loop, float32": partial(rbm.torch_loop, *common),
        })  # fmt: skip
        table(title, "µs per epoch", interleave(ready, rounds), 1e6, {})


def compare_spins(rounds: int) -> None:
    """Spin updates, one thread."""
    print("\n## Spins: time of one single-spin update, one thread\n")
    cases = [
        ("ring of 64 spins at J = 1", 1, 64, 1.0, float(ring_correlation(1.0, 64, 1)[1])),
        ("square lattice of 64² spins at J_c", 64, 64, CRITICAL_COUPLING,
         -torus_mean_energy(CRITICAL_COUPLING, 64, 64) / CRITICAL_COUPLING / 8192),
    ]  # fmt: skip
    rgrbm.set_num_threads(1)
    for title, rows, columns, J, exact in cases:
        ready = available({
            "rgrbm": partial(spins.rgrbm, rows, columns, J, 512, 2_000 // rows),
            "ferrotherm, heat bath": partial(spins.ferrotherm, rows, columns, J, 20_000 // rows),
            "Numba loop": partial(spins.numba_loop, rows, columns, J, 20_000 // rows),
        })  # fmt: skip
        timings = interleave({name: candidate.sweep for name, candidate in ready.items()}, rounds)
        notes = {name: f"⟨s s′⟩ = {candidate.bond():.4f}" for name, candidate in ready.items()}
        table(f"{title} (exact ⟨s s′⟩ = {exact:.4f})", "ns per update", timings, 1e9, notes)
    one = spins.rgrbm(1, 64, 1.0, 8192, 100).sweep
    two = spins.rgrbm(1, 64, 1.0, 8192, 100).sweep

    def with_threads(n: int, run: Callable[[], float]) -> float:
        rgrbm.set_num_threads(n)
        return run()

    timings = interleave({"rgrbm": partial(with_threads, 1, one), "2 threads": partial(with_threads, 2, two)}, rounds)
    table("ring, 8,192 chains, 1 and 2 threads", "ns per update", timings, 1e9, {})
    rgrbm.set_num_threads(0)


def processor() -> str:
    """The processor's name, where the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def main() -> None:
    """Print header and comparisons."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="three rounds instead of eleven")
    rounds = 3 if parser.parse_args().quick else 11
    print(f"# Benchmarks\n\n`python -m bench{' --quick' if rounds == 3 else ''}`: medians of {rounds} interleaved")
    print("rounds, spread: half the distance between the quartiles. Random bits of rgrbm's chains are independent.\n")
    print(f"- processor: {processor()}, {platform.system()}, Python {platform.python_version()}")
    for name, value in config().items():
        print(f"- {name}: {value}")
    for package in ("scikit-learn", "torch", "ferrotherm", "numba"):
        try:
            print(f"- {package}: {version(package)}")
        except PackageNotFoundError:
            print(f"- {package}: not installed")
    compare_spins(rounds)
    compare_rbms(rounds)


if __name__ == "__main__":
    main()
