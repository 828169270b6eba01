"""Block spins of the critical Ising model on the square lattice: learned, and compared by what they make of it.

Every criterion for a good block spin gives a kernel; the same samples give for each the exponents y_T and y_h after
every step, the couplings of the block spins, and where couplings near the critical one go. An RBM without a mask, with
an L1 penalty as in the report, shows whether block spins form where no blocks are given.
"""

import functools
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from rgrbm.experiments.block_spins import (
    J_C,
    fit_couplings,
    flow_from,
    learn_kernels,
    measure_exponents,
    training_spins,
    words,
)
from rgrbm.experiments.experiment import Report, experiment
from rgrbm.experiments.ising_2d_parameters import Ising2DParameters
from rgrbm.experiments.options import stream
from rgrbm.experiments.results_table import ResultsTable, estimate_cell
from rgrbm.experiments.run_folder import RunFolder
from rgrbm.mcrg.block_kernels import BlockKernel
from rgrbm.mcrg.convolution_kernel import ConvolutionKernel
from rgrbm.mcrg.mutual_information import LARGEST_WEIGHT
from rgrbm.plots import square as plots
from rgrbm.rbm.bernoulli import BernoulliRBM
from rgrbm.rg.lattice_fields import ReceptiveFields, hidden_lattice_correlation, receptive_fields
from rgrbm.spins.values import Spins, to_binary, to_spins

_FREE, _SHOWN, _HIDDEN = 10, 11, 12  # purposes of random streams, beside those of block_spins.py
_SHOWN_SIDE, _SHOWN_STEPS, _SHOWN_KERNELS = 128, 3, 3
_FLOW_KERNELS = 2
_LOCAL = 2.0  # sites: the distance of units that cover the lattice evenly
EXACT = {"y_t": 1.0, "y_h": 15 / 8}


@experiment(
    "rgrbm.ising2d/1",
    writes=(
        "model.safetensors", "windows.png", "blockings.png", "exponents.png", "ranges.png", "flow.png", "fields.png",
        "hidden_correlation.png",
    ),
)  # fmt: skip
def run_ising_2d(p: Ising2DParameters, folder: RunFolder, console: Console) -> Report:
    """Learn block spins of the critical 2D Ising model by several criteria, and compare exponents and couplings."""
    started = time.perf_counter()
    parts = ["block spins", "exponents", "couplings", "flow", *(["an RBM without a mask"] if p.free_epochs else [])]
    announced = iter([f"{k} of {len(parts)}: {part}" for k, part in enumerate(parts, start=1)])
    console.print(next(announced), highlight=False)
    spins = training_spins(p)
    kernels = learn_kernels(p, spins, folder)
    learned = time.perf_counter()
    console.print(next(announced), highlight=False)
    exponents = folder.part("exponents", functools.partial(measure_exponents, p, kernels))
    console.print(next(announced), highlight=False)
    couplings = folder.part("couplings", functools.partial(fit_couplings, p, kernels))
    console.print(next(announced), highlight=False)
    shown = _few(kernels, _FLOW_KERNELS)
    flows = [folder.part(f"flow-{ratio:g}", functools.partial(flow_from, p, ratio, shown)) for ratio in p.around]
    results: dict[str, Any] = {
        "J_critical": J_C,
        "kernels": {
            name: {"weights": _weights(kernel), **exponents[name], "couplings": couplings[name]}
            for name, kernel in kernels.items()
        },
        "flow": flows,
    }
    _draw(p, kernels, results, folder)
    results["free"] = None
    if p.free_epochs:
        console.print(next(announced), highlight=False)
        results["free"] = _without_mask(p, spins, folder)
    results["seconds"] = {"learn": learned - started, "measure": time.perf_counter() - learned}
    return results, tables(results)


def _few(kernels: dict[str, BlockKernel], n: int) -> dict[str, BlockKernel]:
    """The first of each kind of rule and of learned kernels, n at most."""
    kinds: dict[str, str] = {}
    for name in kernels:
        kinds.setdefault(name.split()[0], name)
    order = ("majority", "pcd", "information", "cd", "kadanoff", "decimation")
    chosen = [kinds[kind] for kind in order if kind in kinds][:n]
    return {name: kernels[name] for name in chosen}


def _weights(kernel: BlockKernel) -> list[list[float]] | None:
    return kernel.weights.tolist() if isinstance(kernel, ConvolutionKernel) else None


def _draw(p: Ising2DParameters, kernels: dict[str, BlockKernel], results: dict[str, Any], folder: RunFolder) -> None:
    windows = {name: kernel.weights for name, kernel in kernels.items() if isinstance(kernel, ConvolutionKernel)}
    if windows:
        folder.save_figure(
            plots.plot_windows(windows, bound=LARGEST_WEIGHT),
            "windows.png",
            "Learned block spins. Weights of their windows, in ±1 units, on one colour scale.",
        )
    spins = next(words(_SHOWN_SIDE, J_C, 1, stream(p, _SHOWN)))[:1]
    levels: dict[str, list[Any]] = {}
    for name, kernel in _few(kernels, _SHOWN_KERNELS).items():
        steps = [spins]
        for step in range(_SHOWN_STEPS):
            steps.append(kernel.block(steps[-1], seed=stream(p, _SHOWN, step)))
        levels[name] = [configurations[0] for configurations in steps]
    folder.save_figure(
        plots.plot_blockings(levels, J=J_C), "blockings.png",
        "A critical configuration and its blockings. Each step halves the side; at J_c no step changes how it looks.",
    )  # fmt: skip
    kernel_results = results["kernels"]
    folder.save_figure(
        plots.plot_exponents(kernel_results), "exponents.png",
        f"Exponents of the Monte Carlo renormalization group. {p.side}² spins at J_c; deviations from the "
        "exact exponents after each step.",
    )  # fmt: skip
    folder.save_figure(
        plots.plot_ranges({name: of["couplings"] for name, of in kernel_results.items()}), "ranges.png",
        "How short-ranged the Hamiltonian of the block spins is. Share Σ n K² of couplings after one step; less is "
        "shorter.",
    )  # fmt: skip
    folder.save_figure(
        plots.plot_coupling_flow(results["flow"]), "flow.png",
        f"The flow of the couplings from {p.side}² spins near J_c. Nearest and diagonal couplings of the block spins; "
        "couplings with errors above 0.05 may lie outside.",
    )  # fmt: skip


def _without_mask(p: Ising2DParameters, spins: Spins, folder: RunFolder) -> dict[str, Any]:
    """An RBM as the report would have it: a quarter as many hidden units, free weights, L1."""
    shape = (p.train_side, p.train_side)
    rbm = BernoulliRBM(
        n_components=p.train_side**2 // 4,
        n_iter=p.free_epochs,
        batch_size=min(p.batch_size // 2 or 1, p.n_train),
        learning_rate=p.free_learning_rate,
        learning_rate_schedule="linear",
        momentum=0.5,
        l1=p.free_l1,
        random_state=stream(p, _FREE),
    )
    folder.fit(rbm, to_binary(spins).reshape(len(spins), -1), "free")
    folder.save_model(rbm)
    fields = receptive_fields(rbm.weights_, shape)
    figure = plots.plot_receptive_fields(rbm.weights_, fields.positions, shape)
    folder.save_figure(
        figure,
        "fields.png",
        "Receptive fields without a mask. Left: weights of each hidden unit; crossed: L1 has removed all. Right: "
        "their centres.",
    )
    return _measured_fields(p, rbm, fields, folder)


def _measured_fields(
    p: Ising2DParameters, rbm: BernoulliRBM, fields: ReceptiveFields, folder: RunFolder
) -> dict[str, Any]:
    """How many fields are local and apart, and hidden correlations of fresh samples at the true distances."""
    alive = fields.signs != 0
    kernel_results: dict[str, Any] = {
        "n_hidden": len(alive),
        "n_alive": int(alive.sum()),
        "n_local": int(fields.is_local(_LOCAL).sum()),
        "spread_quartiles": np.quantile(fields.spreads[alive], [0.25, 0.5, 0.75]).tolist() if alive.any() else None,
        "sites_quartiles": np.quantile(fields.n_sites[alive], [0.25, 0.5, 0.75]).tolist() if alive.any() else None,
        "nearest_distance": _nearest_distance(fields, alive),
        "correlation": None,
    }
    if alive.sum() < 2:
        return kernel_results
    fresh = np.concatenate(list(words(p.train_side, J_C, p.n_fitted, stream(p, _HIDDEN))))
    hidden = to_spins(rbm.sample_hidden(to_binary(fresh).reshape(len(fresh), -1), seed=stream(p, _HIDDEN, 1)))
    correlation = hidden_lattice_correlation(fresh, hidden, fields)
    kernel_results["correlation"] = {
        name: getattr(correlation, name).tolist()
        for name in ("distance", "n_pairs", "hidden", "hidden_stderr", "visible")
    }
    folder.save_figure(
        plots.plot_hidden_correlation(kernel_results["correlation"]), "hidden_correlation.png",
        "Correlations of hidden spins at the distance of their receptive fields. Of fresh samples; the line: spins.",
    )  # fmt: skip
    return kernel_results


def _nearest_distance(fields: ReceptiveFields, alive: np.ndarray[Any, np.dtype[np.bool_]]) -> list[float] | None:
    """Quartiles of the distance from a unit's centre to the nearest other."""
    if alive.sum() < 2:
        return None
    apart = fields.distances()[np.ix_(alive, alive)]
    np.fill_diagonal(apart, np.inf)
    quartiles: list[float] = np.quantile(apart.min(axis=1), [0.25, 0.5, 0.75]).tolist()
    return quartiles


def tables(results: dict[str, Any]) -> Sequence[Table | str]:
    """Tables and lines of text that show the results, as measured or as read from their file."""
    kernels: dict[str, Any] = results["kernels"]
    exponents = [_exponents(kernels, which, symbol) for which, symbol in (("y_t", "y_T"), ("y_h", "y_h"))]
    ranges = ResultsTable(
        "Couplings of the block spins after one step",
        ("block spin", "nearest", "diagonal", "not nearest", "beyond 2×2"),
        expendable=("beyond 2×2", "diagonal"),
    )
    for name, kernel_results in kernels.items():
        fit = kernel_results["couplings"]
        pairs = [(fit["couplings"][k], fit["stderr"][k]) for k in (0, 1)]
        ranges.add_row(name, *map(estimate_cell, (*pairs, fit["not_nearest"], fit["beyond_plaquette"])))
    seconds = results["seconds"]
    return (
        *exponents,
        ranges,
        "not nearest, beyond 2×2: share Σ n K² of the couplings that are not between "
        "nearest neighbours, or do not fit into a 2 × 2 plaquette",
        *_free_lines(results["free"]),
        f"learned in {seconds['learn']:.1f} s, measured in {seconds['measure']:.1f} s",
    )


def _exponents(kernels: dict[str, Any], which: str, symbol: str) -> Table:
    steps = [str(step) for step in range(1, 1 + max(len(kernel_results[which]) for kernel_results in kernels.values()))]
    title = f"{symbol} after each step, exactly {EXACT[which]:g}"
    table = ResultsTable(title, ("block spin", *steps), expendable=steps[:-1])
    for name, kernel_results in kernels.items():
        table.add_row(name, *map(estimate_cell, kernel_results[which]))
    return table


def _free_lines(free: dict[str, Any] | None) -> Sequence[str]:
    if not free:
        return ()
    if not free["n_alive"]:
        return ("without a mask: the penalty has removed all weights",)
    lines = [
        f"without a mask: {free['n_local']} of {free['n_hidden']} receptive fields are local (spread ≤ {_LOCAL:g} "
        f"sites); half of them see {free['sites_quartiles'][0]:.1f} to {free['sites_quartiles'][2]:.1f} sites"
    ]
    if correlation := free["correlation"]:
        ratio = np.array(correlation["hidden"]) / np.array(correlation["visible"])
        lines.append(
            f"their correlations are {ratio.min():.2f} to {ratio.max():.2f} times those of spins at the same distance"
        )
    return lines
