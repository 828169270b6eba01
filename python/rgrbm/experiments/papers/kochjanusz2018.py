"""Koch-Janusz and Ringel: Mutual information, neural networks and the renormalization group.

Maciej Koch-Janusz, Zohar Ringel, "Mutual information, neural networks and the renormalization group", Nature Physics
14, 578 (2018), arXiv:1704.06279. A block spin is the one with the most information about the spins beyond a buffer.
The paper estimates this information by RBMs; here the states of window and surroundings are counted.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from rgrbm.experiments.block_spins import J_C, words
from rgrbm.experiments.papers.kochjanusz2018_rules import ALL_RULES, best_odd_rule, kernels_of, tie_rule
from rgrbm.experiments.papers.paper import PaperRun, Row, compared
from rgrbm.mcrg import (
    BlockSurroundings,
    ConvolutionKernel,
    MCRGAccumulator,
    count_surroundings,
    most_informative_kernel,
)
from rgrbm.plots.kochjanusz2018 import plot_kochjanusz2018
from rgrbm.statistics.notation import with_error

BEST, SYMMETRIC, MAJORITY = "most informative", "the same, symmetric", "majority"
_MEASURE, _BLOCK = 1, 2  # purposes of random streams, beside 0 for the counts
_STEPS = 2
_NEGLIGIBLE = 1e-3  # nats
_FEW = 3  # couplings: in a quick run they are done before other processes would have started
# Twelve of the 20 sites beyond the buffer of a 2 × 2 window, the same along all four sides: corners and middles.
_AROUND_2 = tuple((r, c) for r in (-2, 0, 1, 3) for c in (-2, 0, 1, 3) if r in (-2, 3) or c in (-2, 3))
_CAPTION = (
    "Most informative filters on the square lattice, by coupling, and the information about the surroundings that "
    "block spins keep. The bound is the information of all spins of the window."
)


class Sizes(NamedTuple):
    """Sizes of one run."""

    ratios: tuple[float, ...]  # couplings in units of J_c; 1 must be among them
    widths: tuple[int, ...]
    side: int
    n_sets: int  # independent sets of samples to learn from, and as many others to measure the information on
    n_samples: int  # of each set
    n_measured: int  # for the exponent


SIZES = {
    "quick": Sizes((0.8, 1.0, 1.2), (2,), 16, 2, 512, 5_120),
    "default": Sizes((0.6, 0.8, 0.9, 1.0, 1.1, 1.2, 1.4), (2, 3), 32, 4, 5_120, 40_960),
    "full": Sizes((0.6, 0.7, 0.8, 0.9, 0.95, 1.0, 1.05, 1.1, 1.2, 1.4), (2, 3), 64, 8, 10_240, 102_400),
}


def reproduce(run: PaperRun) -> dict[str, Any]:
    """Count windows and their surroundings at several couplings, and choose the block spins that keep the most."""
    sizes: Sizes = run.size_of(SIZES)
    couplings = _counted(run, sizes)
    critical = couplings[sizes.ratios.index(1.0)]
    exponents = run.part("exponents", lambda: _exponents(run, sizes, critical))
    results = {
        "title": "Most informative block spins of the square lattice",
        "sizes": sizes._asdict(),
        "couplings": couplings,
        "exponents": exponents,
    }
    run.save_figure(plot_kochjanusz2018(results), _CAPTION)
    return results | {
        "comparison": _comparison(sizes, critical, exponents),
        "remarks": [_on_rules(couplings), _on_gain(couplings), *_notes(sizes)],
    }


def _counted(run: PaperRun, sizes: Sizes) -> list[dict[str, Any]]:
    """Filters and information at each coupling, side by side; each is kept as soon as it is there."""
    tasks = {f"J{ratio:g}": (run.stream(0, k), ratio, sizes) for k, ratio in enumerate(sizes.ratios)}
    notes = {f"J{ratio:g}": f"{ratio:g} J_c" for ratio in sizes.ratios}
    few = len(tasks) <= _FEW
    return list(run.parts(_at_coupling, tasks, "counting", "couplings", notes=notes, in_one_process=few).values())


def _at_coupling(seed: np.random.SeedSequence, ratio: float, sizes: Sizes) -> dict[str, Any]:
    """What is chosen from the first half of the sets, and its information on the other half."""
    counts: dict[int, list[BlockSurroundings]] = {width: [] for width in sizes.widths}
    for of_set in seed.spawn(2 * sizes.n_sets):
        spins = np.concatenate(list(words(sizes.side, ratio * J_C, sizes.n_samples, of_set)))
        for width, some in counts.items():
            some.append(count_surroundings(spins, width, around=_AROUND_2 if width == 2 else None))
    windows = {str(width): _window(some[: sizes.n_sets], some[sizes.n_sets :]) for width, some in counts.items()}
    return {"ratio": ratio, "J": ratio * J_C, "windows": windows}


def _window(learned: Sequence[BlockSurroundings], measured: Sequence[BlockSurroundings]) -> dict[str, Any]:
    together = _together(learned)
    best = most_informative_kernel(together).kernel
    symmetric = most_informative_kernel(together, lattice_symmetric=True).kernel
    width = len(best.weights)
    kernels = {BEST: best, SYMMETRIC: symmetric, **kernels_of(width)}
    information = {name: [counts.information_of(kernel) for counts in measured] for name, kernel in kernels.items()}
    values: dict[str, Any] = {
        "rules": {name: _mean(some) for name, some in information.items()},
        "gain": {
            name: _mean(np.subtract(information[name], information[MAJORITY])) for name in (BEST, SYMMETRIC)
        },
        "bound": _bound(measured),
        "weights": {BEST: best.weights.tolist(), SYMMETRIC: symmetric.weights.tolist()},
    }  # fmt: skip
    if width == 2:
        odd = best_odd_rule(together.joint)
        values |= {"ties": tie_rule(best.weights), "odd_rule": odd, "threshold_rule": together.information_of(best)}
    return values


def _together(counts: Sequence[BlockSurroundings]) -> BlockSurroundings:
    return replace(counts[0], joint=np.mean([c.joint for c in counts], axis=0))


def _bound(counts: Sequence[BlockSurroundings]) -> list[float]:
    """I(V : E), extrapolated from single sets and all together to infinitely many samples.

    The excess of such an estimate falls as 1/n; from n/k to n samples it falls by k − 1 times what is left at n.
    """
    single = _mean([c.information for c in counts])
    together = _together(counts).information
    return [together - (single[0] - together) / (len(counts) - 1), single[1]]


def _mean(values: Any) -> list[float]:
    return [float(np.mean(values)), float(np.std(values, ddof=1)) / math.sqrt(len(values))]


def _exponents(run: PaperRun, sizes: Sizes, critical: Mapping[str, Any]) -> dict[str, list[list[float]]]:
    """y_T after each step, for the filters at J_c: how good the block spins are for a renormalization."""
    weights = critical["windows"]["2"]["weights"]
    kernels = {name: ConvolutionKernel(np.array(w), 2) for name, w in weights.items()}
    shape = (sizes.side, sizes.side)
    accumulators = {
        name: MCRGAccumulator(kernel, shape, levels=_STEPS, seed=run.stream(_BLOCK)) for name, kernel in kernels.items()
    }
    for spins in words(sizes.side, J_C, sizes.n_measured, run.stream(_MEASURE), "exponents"):
        for accumulator in accumulators.values():
            accumulator.add(spins)
    results = {name: accumulator.result() for name, accumulator in accumulators.items()}
    return {name: [list(result.nu(step)) for step in range(1, _STEPS + 1)] for name, result in results.items()}


def _comparison(sizes: Sizes, critical: Mapping[str, Any], exponents: Mapping[str, Any]) -> list[Row]:
    rows = []
    for width in sizes.widths:
        window = critical["windows"][str(width)]
        size = f"{width}×{width}"
        for name, (value, error) in window["rules"].items():
            rows.append(compared(f"I(h:E) at J_c, nats, {size}, {name}", "not given", value, error))
        rows.append(compared(f"I(V:E) at J_c, nats, {size}, bound", "not given", *window["bound"]))
        for name, (value, error) in window["gain"].items():
            rows.append(compared(f"gain over majority, {size}, {name}", "not given", value, error))
    ties = critical["windows"]["2"]["ties"]["words"]
    rows.append(compared("filter 2×2 at J_c", "block magnetization", ties))
    for name, by_step in exponents.items():
        for step, (value, error) in enumerate(by_step, start=1):
            rows.append(compared(f"ν, 2×2, {name}, step {step}", "not quoted", value, error, 1.0))
    return rows


def _on_rules(couplings: Sequence[Mapping[str, Any]]) -> str:
    """Which rules the filters of 2 × 2 are."""
    windows = [(row["ratio"], row["windows"]["2"]) for row in couplings]
    ties = [window["ties"]["words"] for _, window in windows]
    decided, by_three = (sum(part in words for words in ties) for part in ("decide", "three sites"))
    equal = [ratio for ratio, window in windows if _spread(window["weights"][SYMMETRIC]) < 1e-6]
    short = max(window["odd_rule"] - window["threshold_rule"] for _, window in windows)
    return (
        f"At {decided} of {len(windows)} couplings the most informative filter of 2×2 follows the majority where "
        f"there is one, and decides ties always in the same way (at {by_three} by the majority of three sites): block "
        f"magnetization up to ties, as in the paper, but with unequal weights. With symmetric weights it is majority "
        f"with random ties at {len(equal)} of {len(windows)}. Of all {len(ALL_RULES)} deterministic rules that change "
        f"sign with the spins, the best has at most {max(short, 0):.1e} nats more than the filter"
        + (": linear threshold rules suffice." if short < _NEGLIGIBLE else ".")
    )


def _spread(weights: Sequence[Sequence[float]]) -> float:
    return float(np.ptp(weights))


def _on_gain(couplings: Sequence[Mapping[str, Any]]) -> str:
    return " ".join(_gains(couplings))


def _gains(couplings: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for width in couplings[0]["windows"]:
        windows = {row["ratio"]: row["windows"][width] for row in couplings}
        at, gains = windows[1.0], {ratio: window["gain"][BEST] for ratio, window in windows.items()}
        ratio, largest = max(gains.items(), key=lambda item: item[1][0] / windows[item[0]]["rules"][MAJORITY][0])
        rules, bound = at["rules"], at["bound"][0]
        best, majority, one = (100 * rules[name][0] / bound for name in (BEST, MAJORITY, "decimation"))
        relative = 100 * largest[0] / windows[ratio]["rules"][MAJORITY][0]
        yield (
            f"With {width}×{width} spins at J_c the best rule keeps {best:.1f}% of I(V:E), majority {majority:.1f}%, "
            f"decimation {one:.1f}%; the gain over majority is {with_error(*gains[1.0])} nats. Relative to majority "
            f"it is the largest at {ratio:g} J_c, {relative:.1f}%."
        )


def _notes(sizes: Sizes) -> list[str]:
    return [
        f"Counts are from 2 × {sizes.n_sets} independent sets of {sizes.n_samples:,} samples of "
        f"{sizes.side}×{sizes.side} spins; filters are chosen on half of the sets and measured on the others. The "
        f"buffer is one site wide. The surroundings are 12 of the sites just beyond it (2×2: 20, 3×3: 24); more would "
        f"have more information. I(V:E) is extrapolated to infinitely many samples, to first order: for 3×3, with 2²¹ "
        f"states, it is the least certain. In the ordered phase information goes to ln 2: that of the sign of the "
        f"magnetization.",
        "The paper estimates information by RBMs trained by contrastive divergence; here it is counted. Its ν is from "
        "its flow, here it is from Swendsen's method. Its dimer model is left out, as the package "
        "has no sampler of dimers, and so is its one-dimensional example. Sizes of “full” are not the paper's, "
        "which are not at hand.",
    ]
