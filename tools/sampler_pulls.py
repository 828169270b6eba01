"""Pulls of IsingModel.measure against exact values, for every method, phase, sign of J, field and lattice.

``python tools/sampler_pulls.py --out docs/sampler_pulls.md`` measures each case with 60 seeds on lattices whose states
can be summed over. It prints how the pulls (measured − exact)/σ are distributed, how often a run that calls itself
equilibrated is off by more than 5σ, and how much consecutive samples at the default spacing correlate. About half an
hour on two cores; ``--seeds 10`` for a look.
"""

import argparse
import itertools
import time
import warnings
from pathlib import Path
from typing import NamedTuple

import numpy as np
from joblib import Parallel, delayed

import rgrbm
from rgrbm import IsingModel
from rgrbm._core import kernels
from rgrbm.spins.observables import OBSERVABLES, wave_number
from rgrbm.spins.patterns import ground_state, pattern_spins

METHODS = ("metropolis", "heat_bath", "wolff", "swendsen_wang")
FIELDS = (0.0, 0.2)
LATTICES = {
    "ring": ((12,), "hypercubic", (0.3, 0.7, 1.2)),
    "square": ((4, 4), "hypercubic", (0.2, 0.44, 0.55)),
    "triangular": ((3, 6), "triangular", (0.1, 0.27, 0.36)),
    "cubic": ((2, 2, 4), "hypercubic", (0.1, 0.2, 0.28)),
}
PHASES = ("disordered", "critical", "ordered")
N_SWEEPS, N_CHAINS = 1000, 64
LOW, HIGH, MEAN = 0.8, 1.25, 0.4  # bounds of the standard deviation and of the mean of pulls


class Case(NamedTuple):
    """A model and a method."""

    lattice: str
    sign: int
    h: float
    phase: str
    method: str

    def model(self) -> IsingModel:
        """What is measured."""
        shape, kind, couplings = LATTICES[self.lattice]
        return IsingModel(shape, self.sign * couplings[PHASES.index(self.phase)], self.h, lattice=kind)


def exact_observables(model: IsingModel) -> dict[str, float]:
    """All observables, from all states."""
    n, shape = model.n_sites, model.shape
    numbers = np.arange(2**n)
    spins = (2 * ((numbers[:, None] >> np.arange(n)) & 1) - 1).astype(np.int8).reshape(-1, *shape)
    energy = model.energy(spins)
    weight = np.exp(energy.min() - energy)
    weight /= weight.sum()
    ground = ground_state(model.lattice, model.couplings, model.h)
    both = model.lattice.kind == "hypercubic" and model.lattice.n_colours == 2
    pattern = pattern_spins(shape, (True,) * len(shape)) if both else None
    axes = tuple(range(1, len(shape) + 1))
    m = spins.mean(axis=axes)
    s = (spins * pattern).mean(axis=axes) if pattern is not None else np.full(len(m), np.nan)

    def mean(x):
        return float(weight @ x)

    order_staggered = model.h == 0 and any(ground.pattern) and both
    ordered = spins * pattern if order_staggered else spins
    longest = [d for d, side in enumerate(shape) if side == max(shape)]
    structure = []
    for d in longest:
        planes = ordered.sum(axis=tuple(a for a in axes if a != d + 1))
        structure.append(np.abs(planes @ np.exp(2j * np.pi * np.arange(shape[d]) / shape[d])) ** 2 / n)
    chi = n * (mean(m**2) - mean(m) ** 2)
    chi_order = n * mean(s**2) if order_staggered else chi
    ratio = chi_order / mean(np.mean(structure, axis=0)) - 1
    e = energy / n
    return {
        "energy_per_site": mean(e),
        "specific_heat": n * (mean(e**2) - mean(e) ** 2),
        "magnetization": mean(m) if model.h else 0.0,
        "abs_magnetization": mean(abs(m)),
        "m2": mean(m**2),
        "m4": mean(m**4),
        "binder": 1 - mean(m**4) / (3 * mean(m**2) ** 2),
        "susceptibility": chi,
        "connected_susceptibility": n * (mean(m**2) - mean(abs(m)) ** 2),
        "staggered_magnetization": mean(abs(s)),
        "staggered_susceptibility": n * mean(s**2),
        "staggered_binder": 1 - mean(s**4) / (3 * mean(s**2) ** 2),
        "correlation_length": np.sqrt(ratio) / wave_number(model.lattice, longest[0]) if ratio > 0 else np.nan,
    }


def measured(case: Case, n_seeds: int, n_sweeps: int = N_SWEEPS) -> dict[str, object]:
    """Pulls of all seeds, and the correlation of consecutive samples."""
    rgrbm.set_num_threads(1)
    model = case.model()
    expected = exact_observables(model)
    pulls = {name: [] for name in OBSERVABLES}
    n_equilibrated, worst = 0, 0.0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        try:
            for seed in range(n_seeds):
                result = model.measure(n_sweeps, method=case.method, n_chains=N_CHAINS, seed=seed)
                if not result.equilibrated:
                    continue
                n_equilibrated += 1
                for name, value in result.observables().items():
                    if np.isfinite(value.stderr) and value.stderr > 0 and np.isfinite(expected[name]):
                        pulls[name].append((value.mean - expected[name]) / value.stderr)
                        worst = max(worst, abs(pulls[name][-1]))
        except ValueError as error:
            return {"case": case, "refused": str(error)}
        return {
            "case": case, "pulls": pulls, "n_equilibrated": n_equilibrated, "worst": worst,
            "correlation": consecutive_correlation(model, case.method),
        }  # fmt: skip


def consecutive_correlation(model: IsingModel, method: str) -> float:
    """The larger correlation of consecutive samples, of the energy and of the modulus of the order."""
    n_chains, n_samples = 256, 40
    ensemble = model.ensemble(n_chains * n_samples, method=method, n_chains=n_chains, seed=1000)
    spins = ensemble.spins
    pattern = ground_state(model.lattice, model.couplings, model.h).pattern
    order = np.abs((spins * pattern_spins(model.shape, pattern)).mean(axis=tuple(range(1, spins.ndim))))
    energies = []
    for series in (model.energy(spins), order):
        x = series.reshape(n_samples, n_chains) - series.mean()
        variance = np.mean(x**2)
        energies.append(float(np.mean(x[1:] * x[:-1]) / variance) if variance > 0 else 0.0)
    return max(energies)


def report(results: list[dict[str, object]], n_seeds: int, seconds: float) -> str:
    """The table, as Markdown."""
    lines = [
        "# Pulls of measured observables",
        "",
        f"`python tools/sampler_pulls.py --seeds {n_seeds}`, {seconds / 60:.0f} minutes on two cores ({kernels.isa}).",
        f"Pulls are (measured − exact)/σ of all observables of `IsingModel.measure({N_SWEEPS}, n_chains={N_CHAINS})`;",
        "exact values are sums over all states of a ring of 12, a 4 × 4 square, a 3 × 6 triangular and a 2 × 2 × 4",
        "cubic lattice. Each row is three phases (couplings); a method is refused where a field keeps its clusters.",
        "",
        "| lattice | J | h | method | s.d. of pulls, smallest–largest | largest mean | outside | equilibrated | worst "
        "pull | consecutive samples |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    n_all, n_outside = 0, 0
    for (lattice, sign, h, method), rows in itertools.groupby(
        sorted(results, key=lambda r: (r["case"].lattice, -r["case"].sign, r["case"].h, r["case"].method)),
        key=lambda r: (r["case"].lattice, r["case"].sign, r["case"].h, r["case"].method),
    ):
        rows = list(rows)
        done = [row for row in rows if "pulls" in row]
        stds, means, outside = [], [], []
        for row in done:
            for name, values in row["pulls"].items():
                if len(values) < max(3, n_seeds // 2):
                    continue
                stds.append(np.std(values))
                means.append(np.mean(values))
                if not (LOW < stds[-1] < HIGH and abs(means[-1]) < MEAN):
                    outside.append(f"{row['case'].phase} {name} {means[-1]:+.2f} ± {stds[-1]:.2f}")
        n_all += len(stds)
        n_outside += len(outside)
        if not done:
            text = "refused: the field keeps nearly all clusters | | | | |"
        else:
            share = f"{sum(row['n_equilibrated'] for row in done)} of {n_seeds * len(done)}"
            text = (
                f"{min(stds, default=np.nan):.2f}–{max(stds, default=np.nan):.2f} | "
                f"{max(map(abs, means), default=np.nan):.2f} | {'; '.join(outside) or '–'} | {share} | "
                f"{max(row['worst'] for row in done):.1f} | {max(row['correlation'] for row in done):.3f}"
            )
        lines.append(f"| {lattice} | {'>' if sign > 0 else '<'} 0 | {h:g} | {method.replace('_', ' ')} | {text} |")
    lines += [
        "",
        f"{n_all - n_outside} of {n_all} numbers have a standard deviation between {LOW} and {HIGH} and a mean below "
        f"{MEAN}. Of true normal pulls of {n_seeds} seeds {100 * expected_outside(n_seeds):.1f}% leave these bounds.",
    ]
    return "\n".join(lines) + "\n"


def expected_outside(n_seeds: int) -> float:
    """Share of normal pulls that leave the bounds."""
    draws = np.random.default_rng(0).standard_normal((20_000, n_seeds))
    std, mean = draws.std(axis=1), draws.mean(axis=1)
    return float(np.mean((std <= LOW) | (std >= HIGH) | (abs(mean) >= MEAN)))


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=60)
    parser.add_argument("--lattice", choices=list(LATTICES), action="append")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    cases = [Case(*which) for which in itertools.product(given.lattice or LATTICES, (1, -1), FIELDS, PHASES, METHODS)]
    started = time.time()
    results = Parallel(n_jobs=2, verbose=5)(delayed(measured)(case, given.seeds) for case in cases)
    text = report(results, given.seeds, time.time() - started)
    print(text)
    if given.out:
        given.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
