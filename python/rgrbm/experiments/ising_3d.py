"""Block spins of the critical Ising model on the cubic lattice: which one would a physicist tune, and which is learned?

With majority rule the exponents of successive steps drift for long. The block spin p(h | v) ∝ exp(w h Σv) of 2 × 2 × 2
spins has one parameter, which can be tuned so that they do not (D. Ron, A. Brandt & R. H. Swendsen, arXiv:1703.02430).
It is the conditional distribution of an RBM of equal weights, so that training chooses a w as well.
"""

import functools
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from rgrbm._support.progress import progress_bar
from rgrbm.experiments.block_spins_3d import (
    J_C,
    equal_weights,
    fit_couplings,
    inform,
    learn,
    measure,
    scan_name,
    words,
)
from rgrbm.experiments.experiment import Report, experiment
from rgrbm.experiments.ising_3d_parameters import Ising3DParameters
from rgrbm.experiments.options import stream
from rgrbm.experiments.results_table import ResultsTable, estimate_cell
from rgrbm.experiments.run_folder import RunFolder
from rgrbm.mcrg.block_kernels import BlockKernel, MajorityKernel
from rgrbm.mcrg.convolution_kernel import ConvolutionKernel
from rgrbm.mcrg.mutual_information import LARGEST_WEIGHT
from rgrbm.mcrg.torus import box, orbits
from rgrbm.plots import cubic, square
from rgrbm.statistics.notation import with_error

# Conformal bootstrap: y_T = 3 − Δ_ε, y_h = 3 − Δ_σ, ω = Δ_ε′ − 3 (D. Simmons-Duffin, JHEP 03 (2017) 086).
EXACT = {"y_t": 3 - 1.412625, "y_h": 3 - 0.5181489, "omega": 0.82968}
_SHOWN, _SHOWN_SIDE, _SHOWN_STEPS = 10, 64, 3


@experiment("rgrbm.ising3d/1", writes=("exponents.png", "convergence.png", "windows.png", "blockings.png"))
def run_ising_3d(p: Ising3DParameters, folder: RunFolder, console: Console) -> Report:
    """Learn block spins of the critical 3D Ising model, and compare them with those that are tuned for exponents."""
    started = time.perf_counter()
    console.print("1 of 3: block spins that are learned", highlight=False)
    trainings = _trainings(p, folder)
    information = folder.part("information", functools.partial(inform, p))
    kernels = _kernels(p, trainings, information)
    console.print("2 of 3: exponents", highlight=False)
    measured = [folder.part(f"exponents-{n}", functools.partial(measure, p, n, kernels)) for n in p.side]
    console.print("3 of 3: couplings", highlight=False)
    few = {name: kernels[name] for name in kernels if not name.startswith("w =")}
    couplings = folder.part("couplings", functools.partial(fit_couplings, p, few))
    results: dict[str, Any] = {
        "J_critical": J_C, "exact": EXACT, "trainings": trainings, "information": information,
        "learned_weight": learned_weights(trainings), "measured": measured, "couplings": couplings,
        "weights": list(p.weight),
    }  # fmt: skip
    _draw(p, kernels, results, folder)
    results["seconds"] = time.perf_counter() - started
    return results, tables(results)


def _trainings(p: Ising3DParameters, folder: RunFolder) -> list[dict[str, Any]]:
    tasks = [(g, width, seed) for width in p.width for g in p.gradient for seed in range(p.n_seeds)]
    results = []
    with progress_bar("training", len(tasks), unit="RBMs", show=True) as advance:
        for gradient, width, seed in tasks:
            name = f"{gradient}-{width}-{seed}"
            work = functools.partial(learn, p, gradient, width, seed, folder)
            results.append({"gradient": gradient, "width": width, "seed": seed, **folder.part(name, work)})
            advance(1, name)
    return results


def learned_weights(trainings: Sequence[dict[str, Any]]) -> dict[str, list[float]]:
    """Mean and spread over seeds of the mean weight of 2 × 2 × 2 windows, and of the likeliest one of their samples."""
    values: dict[str, list[float]] = {}
    for training in trainings:
        if training["width"] == 2:
            values.setdefault(training["gradient"], []).append(float(np.mean(training["weights"])))
            values.setdefault("likeliest", []).append(training["likeliest"][0])
    return {name: [float(np.mean(w)), float(np.std(w, ddof=1)) if len(w) > 1 else float("nan")]
            for name, w in values.items()}  # fmt: skip


def _kernels(
    p: Ising3DParameters, trainings: Sequence[dict[str, Any]], information: dict[str, Any]
) -> dict[str, BlockKernel]:
    """The scan, majority, the most informative rule, and learned windows, each the mean of its trainings."""
    kernels: dict[str, BlockKernel] = {scan_name(w): equal_weights(w) for w in p.weight}
    kernels["majority"] = MajorityKernel(2)
    kernels["information"] = ConvolutionKernel(information["weights"], 2)
    for width in p.width:
        for gradient in p.gradient:
            windows = [t["weights"] for t in trainings if (t["gradient"], t["width"]) == (gradient, width)]
            mean = np.mean(windows, axis=0)
            kernels[f"{gradient} {width}³"] = equal_weights(float(mean.mean())) if width == 2 else _symmetric(mean)
    return kernels


def _symmetric(window: np.ndarray[Any, Any]) -> ConvolutionKernel:
    """Equal weights at sites that reflections and rotations of the window exchange: their mean."""
    which = orbits(box(window.shape, 0))
    mean = np.bincount(which, weights=window.ravel()) / np.bincount(which)
    return ConvolutionKernel(mean[which].reshape(window.shape), 2)


def _draw(p: Ising3DParameters, kernels: dict[str, BlockKernel], results: dict[str, Any], folder: RunFolder) -> None:
    folder.save_figure(
        cubic.plot_weight_scan(results), "exponents.png",
        "Exponents against the weight of the block spin. After each step; the band is what RBMs learn.",
    )  # fmt: skip
    folder.save_figure(
        cubic.plot_convergence(results), "convergence.png",
        "Exponents after a step against those after the one before. All weights lead to where the line crosses the "
        "diagonal; its slope is 2^(−ω).",
    )  # fmt: skip
    windows = {
        f"{name}, layer {k + 1}": layer
        for name, kernel in kernels.items()
        if isinstance(kernel, ConvolutionKernel) and "w =" not in name
        for k, layer in enumerate(kernel.weights[: (len(kernel.weights) + 1) // 2])
    }
    folder.save_figure(
        square.plot_windows(windows, bound=LARGEST_WEIGHT), "windows.png",
        "Learned windows, layer by layer up to the middle. Weights in ±1 units.",
    )  # fmt: skip
    spins = next(words(min(_SHOWN_SIDE, max(p.side)), 1, stream(p, _SHOWN)))[:1]
    levels: dict[str, list[Any]] = {}
    learned = [name for name in kernels if name[-1] == "³"]
    one_of_each_width = {name[-2]: name for name in reversed(learned)}
    for name in ("majority", *one_of_each_width.values()):
        steps = [spins]
        for step in range(_SHOWN_STEPS):
            steps.append(kernels[name].block(steps[-1], seed=stream(p, _SHOWN, step)))
        levels[name] = [configurations[0, 0] for configurations in steps]
    folder.save_figure(
        square.plot_blockings(levels, J=J_C), "blockings.png",
        "A layer of a critical configuration and of its blockings. At J_c no step changes how it looks.",
    )  # fmt: skip


def tables(results: dict[str, Any]) -> Sequence[Table | str]:
    """Tables and lines of text that show the results, as measured or as read from their file."""
    shown: list[Table | str] = []
    exact = results["exact"]
    for measured in results["measured"]:
        for which, symbol in (("y_t", "y_T"), ("y_h", "y_h")):
            steps = [str(k + 1) for k in range(len(next(iter(measured["exponents"].values()))[which]))]
            title = f"{symbol} from {measured['side']}³ by step (exact {exact[which]:.5f})"
            table = ResultsTable(title, ("block spin", *steps), expendable=steps[:-1])
            for name, of_kernel in measured["exponents"].items():
                table.add_row(name, *(estimate_cell(pair) for pair in of_kernel[which]))
            shown.append(table)
    common = ResultsTable(
        "What all weights lead to", ("exponent", "side", "steps", "y", "ω", "steady w", "its y"), n_names=1,
        expendable=("its y", "side"),
    )  # fmt: skip
    for measured in results["measured"]:
        for which, symbol in (("y_t", "y_T"), ("y_h", "y_h")):
            for row in measured["common"][which]:
                k, side = row["step"], measured["side"]
                cells = (estimate_cell(row["y"]), estimate_cell(row["omega"]), _number(row["steady_weight"], 3))
                common.add_row(symbol, str(side), f"{k}, {k + 1}", *cells, _number(row["steady_y"], 4))
    shown += [common, "ω is 0.82968 by the conformal bootstrap; steady w: the exponent is the same after both steps"]
    learned = ", ".join(f"{name} {with_error(*pair)}" for name, pair in results["learned_weight"].items())
    shown.append(f"weight of 2 × 2 × 2 windows, mean and spread of trainings: {learned}")
    sizes = ", ".join(f"{with_error(*m['likeliest'])} on {m['side']}³" for m in results["measured"])
    shown.append(f"the likeliest weight of such blocks: {sizes}")
    information = results["information"]
    shown.append(
        f"information about the surroundings, nats: most informative rule {information['information']:.5f}, majority "
        f"{information['majority']:.5f}, all spins {information['all']:.5f}"
    )
    shown.append(_couplings(results["couplings"]))
    return [*shown, f"{results['seconds']:.0f} s in all"]


def _couplings(couplings: dict[str, Any]) -> Table:
    n_steps = max(len(path) for path in couplings.values())
    columns = [c for k in range(n_steps) for c in (f"K {k}", f"rest {k}")]
    table = ResultsTable(
        "Nearest coupling after each step, and the share of all others", ("block spin", *columns),
        expendable=[c for c in columns if c.startswith("rest")],
    )  # fmt: skip
    for name, path in couplings.items():
        cells: list[str] = []
        for step in path:
            known = step is not None
            cells += [estimate_cell([step["couplings"][0], step["stderr"][0]]) if known else "–"]
            cells += [f"{step['not_nearest'][0]:.2f}" if known else "–"]
        table.add_row(name, *cells, *[""] * (len(columns) - len(cells)))
    return table


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}"
