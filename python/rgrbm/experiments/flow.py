"""The renormalization flow that a stack of RBMs learns on the 1D Ising ring, beside exact decimation.

Spins of a ring at J are sampled; an RBM with half as many hidden units learns them; a second RBM learns *its* hidden
spins, and so on. Fresh samples, pushed up through the stack, then give the couplings J′, J″, J‴ of the layers; so do,
in another way, the layers' weights. The reverse, v → h → v of the first layer, leads back to the coupling it has
learned.
"""

import dataclasses
import functools
import itertools
import math
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from rgrbm.experiments.experiment import Report, experiment
from rgrbm.experiments.flow_parameters import FlowParameters, Weights
from rgrbm.experiments.learned_flow import measure, train_stack
from rgrbm.experiments.options import stream
from rgrbm.experiments.results_table import ResultsTable
from rgrbm.experiments.run_folder import RunFolder
from rgrbm.plots.flow import plot_learned_flow
from rgrbm.rbm.bernoulli import BernoulliRBM
from rgrbm.rg.reconstruction_flow import RBMFlow, rbm_flow
from rgrbm.spins.values import to_spins
from rgrbm.statistics.notation import with_error

_STARTS = ("start", "seed", "step", "exact")
_MOST_ERRORS, _MOST_CHI2 = 2.0, 3.0
_MARKED = (
    f"!: more than {_MOST_ERRORS:g} standard errors from exact, which chance alone does to one value in twenty; or "
    f"χ²/dof above {_MOST_CHI2:g}: the correlations are not of the fitted form, so that J may be biased by more than "
    "its error"
)
_GIBBS = 5  # purpose of the random streams, beside those of learned_flow.py
_CAPTION = (
    "The flow of the coupling. Left: J after each step of each stack (markers) beside exact decimation (lines); where "
    "the hidden spins cannot determine it, there is no marker. Right: v → h → v of the first layers, from all spins up "
    "(filled) and from random spins (open); dashed lines are the couplings that they were trained on."
)


@experiment("rgrbm.flow/2", writes=("flow.png", "stack-seed*"))
def run_flow(p: FlowParameters, folder: RunFolder, console: Console) -> Report:
    """Learn the renormalization flow of the 1D Ising ring with a stack of RBMs and compare it with exact decimation."""
    flows = []
    starts = list(itertools.product(range(p.seed, p.seed + p.n_seeds), p.J, p.weights))
    for k, (seed, J, weights) in enumerate(starts, start=1):
        name = f"seed{seed}-J{J:g}-{weights}"
        console.print(f"{k} of {len(starts)}: seed {seed}, J = {J:g}, {weights} weights", highlight=False)
        one = functools.partial(_flow, dataclasses.replace(p, seed=seed), J, weights, folder, name)
        flows.append(folder.part(name, one, leaves=f"stack-{name}"))
    folder.save_figure(plot_learned_flow(flows), "flow.png", _CAPTION)
    results = {"flows": flows}
    return results, tables(results)


def _flow(p: FlowParameters, J: float, weights: Weights, folder: RunFolder, name: str) -> dict[str, Any]:
    started = time.perf_counter()
    stack = train_stack(p, J, weights, folder, name)
    trained = time.perf_counter()
    folder.save_stack(stack, f"stack-{name}")
    layers = measure(p, J, weights, stack)
    reverse = _reverse_flow(p, stack.rbms_[0])
    seconds = {"train": trained - started, "measure": time.perf_counter() - trained}
    return {"seed": p.seed, "J": J, "weights": weights, "layers": layers, "reverse": reverse, "seconds": seconds}


def _reverse_flow(p: FlowParameters, rbm: BernoulliRBM) -> dict[str, Any]:
    """Where v → h → v of the first layer leads from all spins up and from random spins."""
    shape = (p.n_flow_samples, p.n_spins)
    units = np.random.default_rng(stream(p, _GIBBS, 0)).integers(2, size=shape)
    starts = {"T = 0": np.ones(shape, dtype=np.int8), "T = ∞": to_spins(units)}
    steps = np.unique(np.geomspace(1, p.n_flow_steps, 25).round().astype(int)).tolist()
    return {
        name: _as_results(
            rbm_flow(rbm, spins, p.n_flow_steps, measure_every=steps, seed=stream(p, _GIBBS, k), progress=True)
        )
        for k, (name, spins) in enumerate(starts.items(), start=1)
    }


def _as_results(flow: RBMFlow) -> dict[str, list[float]]:
    names = ("step", "J", "J_stderr", "J_pseudolikelihood", "J_pseudolikelihood_stderr")
    return {name: [x if math.isfinite(x) else math.nan for x in getattr(flow, name).tolist()] for name in names}


def tables(results: dict[str, Any]) -> Sequence[Table | str]:
    """Tables and lines of text that show the results, as measured or as read from their file."""
    flows: list[dict[str, Any]] = results["flows"]
    rows = [
        (f"{flow['J']:g} {flow['weights']}", str(flow["seed"]), str(layer["step"]), f"{layer['exact']:.4f}", layer)
        for flow in flows
        for layer in flow["layers"]
    ]
    one_seed = len({flow["seed"] for flow in flows}) < 2
    decay = ResultsTable(
        "J from the decay along the ring of hidden spins",
        (*_STARTS, "learned", "deviation", "in σ", "a²", "χ²/dof"),
        expendable=("seed", "a²", "deviation") if one_seed else ("a²", "deviation", "seed"),
    )
    couplings = ResultsTable(
        "Couplings of each layer's own p(h)",
        (*_STARTS, "nearest", "spread", "others", "sites", "defects"),
        expendable=("seed", "spread", "defects") if one_seed else ("spread", "defects", "seed"),
    )
    for *start, layer in rows:
        decay.add_row(*start, *_decay_columns(layer))
        couplings.add_row(*start, *_coupling_columns(layer))
    refused = dict.fromkeys(layer["reason"] for *_, layer in rows if layer["reason"])
    marked = any(_is_far(layer) or _fits_badly(layer) for *_, layer in rows)
    return (
        decay,
        "deviation: from exact, relative to it; in σ: in standard errors, (x − exact)/σ; a²: amplitude of C, 1 for "
        "plain copies of spins; χ²/dof: of the fit, 1 where sampling is the only error; –: no value",
        *([_MARKED] if marked else []),
        *(["why some have no value:"] if refused else []),
        *(f"    {reason}" for reason in refused),
        couplings,
        "others: root mean square of all couplings but the nearest; sites: distinct dominant sites of the composed "
        "filters; defects: gaps of another length",
        *_summary(flows),
    )


def _is_far(layer: dict[str, Any]) -> bool:
    """Whether J deviates from the exact one by more than its error allows."""
    return layer["J"] is not None and not abs(layer["J"] - layer["exact"]) <= _MOST_ERRORS * layer["J_stderr"]


def _fits_badly(layer: dict[str, Any]) -> bool:
    return layer["J"] is not None and bool(layer["dof"]) and layer["chi2"] / layer["dof"] > _MOST_CHI2


def _summary(flows: list[dict[str, Any]]) -> Sequence[Table | str]:
    """Of several seeds: the mean of what was learned, the farthest from exact, the fewest sites, and all defects."""
    if len({flow["seed"] for flow in flows}) < 2:
        return ()
    table = ResultsTable(
        "Over the seeds",
        ("start", "step", "exact", "given", "mean", "worst", "worst/σ", "couplings", "sites", "defects"),
        expendable=("defects", "sites", "couplings"),
    )
    groups: dict[tuple[str, int], list[dict[str, Any]]] = {}
    for flow in flows:
        for layer in flow["layers"]:
            groups.setdefault((f"{flow['J']:g} {flow['weights']}", layer["step"]), []).append(layer)
    for (start, step), layers in groups.items():
        exact, determined = layers[0]["exact"], [layer for layer in layers if layer["J"] is not None]
        J = np.array([layer["J"] for layer in determined])
        columns = ["–", "–", "–"]
        if determined:
            pulls = [abs(layer["J"] - exact) / layer["J_stderr"] for layer in determined]
            columns = [f"{J.mean():.4f}", f"{np.max(np.abs(J / exact - 1)):.1%}", f"{max(pulls):.1f}"]
        couplings = [layer["couplings"]["J"] for layer in layers if layer["couplings"]["J"] is not None]
        fewest, defects = min(x["unique_sites"] for x in layers), sum(x["n_defects"] for x in layers)
        ends = [f"{np.mean(couplings):.4f}" if couplings else "–", f"{fewest}/{layers[0]['n_hidden']}", str(defects)]
        table.add_row(start, str(step), f"{exact:.4f}", f"{len(determined)}/{len(layers)}", *columns, *ends)
    return (
        table,
        "given: seeds with a value; worst, worst/σ: the largest deviation from exact, relative to it and in standard "
        "errors",
    )


def _decay_columns(layer: dict[str, Any]) -> list[str]:
    J, stderr, exact = layer["J"], layer["J_stderr"], layer["exact"]
    if J is None:
        return ["–"] * 5
    fit = f"{layer['chi2'] / layer['dof']:.2f}{' !' * _fits_badly(layer)}" if layer["dof"] else "–"
    deviations = [f"{J / exact - 1:+.1%}", f"{(J - exact) / stderr:+.1f}{' !' * _is_far(layer)}"]
    return [with_error(J, stderr), *deviations, f"{layer['amplitude']:.3f}", fit]


def _coupling_columns(layer: dict[str, Any]) -> list[str]:
    c = layer["couplings"]
    sites = f"{layer['unique_sites']}/{layer['n_hidden']}"
    values = ["–" if c[name] is None else f"{c[name]:.4f}" for name in ("J", "J_spread", "rms_other")]
    return [*values, sites, str(layer["n_defects"])]
