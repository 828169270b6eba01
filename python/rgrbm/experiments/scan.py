"""A scan of an Ising model: sizes × couplings × seeds, measured side by side, here or on a Dask cluster.

Each task has a random stream of its own, named by its size, coupling and seed, so that other sizes and couplings of a
scan do not move its numbers. What a task has found is written as soon as it is there, one file for each.
"""

import itertools
import math
import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from rich.console import Console
from rich.table import Table

from rgrbm._support.config import set_num_threads
from rgrbm._support.progress import progress_bar
from rgrbm.experiments.experiment import Report, experiment
from rgrbm.experiments.options import stream
from rgrbm.experiments.run_folder import RunFolder
from rgrbm.experiments.scan_parameters import ScanParameters
from rgrbm.experiments.workers import done_anywhere
from rgrbm.plots.scan import plot_scan
from rgrbm.spins.exact import CRITICAL_COUPLING
from rgrbm.spins.ising import IsingModel
from rgrbm.spins.measurement import Measurement
from rgrbm.statistics.crossing import crossing
from rgrbm.statistics.jackknife import Estimate
from rgrbm.statistics.notation import told, with_error

_SHOWN = ("energy", "specific_heat", "abs_magnetization", "connected_susceptibility", "binder")


class Task(NamedTuple):
    """One size, one coupling, one seed."""

    side: int
    J: float
    seed: int

    @property
    def name(self) -> str:
        """What its file is called."""
        return f"side{self.side}-J{self.J!r}-seed{self.seed}"


@experiment("rgrbm.scan/1")
def run_scan(p: ScanParameters, folder: RunFolder, console: Console) -> Report:
    """Measure an Ising model at several sizes and couplings, with error bars, beside exact results."""
    tasks = [Task(*which) for which in itertools.product(p.side, p.J, range(p.seed, p.seed + p.n_seeds))]
    found = {task: folder.kept_part(task.name) for task in tasks}
    left = [task for task in tasks if found[task] is None]
    left.sort(key=lambda task: -task.side)  # the longest first, so that none is alone at the end
    with progress_bar("scanning", len(tasks), completed=len(tasks) - len(left), unit="tasks", show=True) as advance:
        for task, measured in done_anywhere(_measure, [(p, task) for task in left], p.n_jobs, p.scheduler):
            found[task] = folder.keep_part(task.name, measured)
            advance(1, task.name)
    results = {"tasks": [found[task] for task in tasks], "J_critical": _crossings(p, found)}
    results["exact"] = _exact(p)
    folder.save_figure(plot_scan(results), "scan.png", "The scan. Points: measured; lines: exact, where it is known.")
    return results, tables(results)


def _measure(p: ScanParameters, task: Task) -> tuple[Task, dict[str, Any]]:
    """The work of one task, wherever it is done."""
    set_num_threads(1)  # tasks are side by side already
    model = IsingModel((task.side,) * p.n_axes, task.J, p.h, lattice=p.lattice)
    words = np.array([task.J]).view(np.uint32)
    seed = stream(p, task.side, *(int(word) for word in words), task.seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # the result says whether it is in equilibrium
        found = model.measure(p.n_sweeps, method=p.method, n_chains=p.n_chains, seed=seed)
    return task, {"side": task.side, "J": task.J, "seed": task.seed, **found.to_dict()}


def _joined(rows: Sequence[dict[str, Any]], name: str) -> Estimate:
    """An observable over the seeds of one size and coupling: their mean."""
    values = np.array([_floats(row[name]) for row in rows])
    return Estimate(float(values[:, 0].mean()), float(np.sqrt(np.sum(values[:, 1] ** 2)) / len(values)))


def _floats(pair: Sequence[float | None]) -> list[float]:
    return [math.nan if x is None else x for x in pair]


def _crossings(p: ScanParameters, found: dict[Task, Any]) -> list[dict[str, Any]]:
    """Where Binder's cumulants of sizes next to each other cross."""
    sides, places = sorted(p.side), sorted(p.J)
    curves = {
        side: [_joined([found[task] for task in found if (task.side, task.J) == (side, J)], "binder") for J in places]
        for side in sides
    }
    crossings = []
    for small, large in itertools.pairwise(sides) if len(places) > 1 else ():
        pair = [np.array(curves[side]) for side in (small, large)]
        known = np.all([np.isfinite(curve).all(axis=1) & (curve[:, 1] > 0) for curve in pair], axis=0)
        value = Estimate(math.nan, math.nan)
        if known.sum() > 1:
            columns = (x for curve in pair for x in curve[known].T)
            value = crossing(np.array(places)[known], *columns)
        crossings.append({"sides": [small, large], "J": value.mean, "J_stderr": value.stderr})
    return crossings


def _has_closed_form(p: ScanParameters) -> bool:
    return p.lattice == "hypercubic" and p.n_axes < 3 and p.h == 0


def _exact(p: ScanParameters) -> dict[str, Any]:
    """Exact energy and specific heat of each size on a fine grid of couplings; none where there is no closed form."""
    if not _has_closed_form(p):
        return {}
    low, high = min(p.J), max(p.J)
    grid = np.linspace(low, high, 61 if high > low else 1).tolist()
    models = {side: [IsingModel((side,) * p.n_axes, J) for J in grid] for side in sorted(p.side)}
    curves: dict[str, Any] = {"J": grid}
    curves["energy"] = {str(n): [model.mean_energy() / model.n_sites for model in found] for n, found in models.items()}
    curves["specific_heat"] = {str(n): [model.specific_heat() for model in found] for n, found in models.items()}
    if p.n_axes == 2:
        curves["J_critical"] = CRITICAL_COUPLING
    return curves


def tables(results: dict[str, Any]) -> Sequence[Table | str]:
    """What there is to show of the results, as measured or as read from their file."""
    table = Table(title="Measured, per site", title_justify="left")
    for column in ("side", "J", "seed", "energy", "off, s.e.", "C", "⟨|m|⟩", "χ", "Binder"):
        table.add_column(column, justify="right")
    for row in results["tasks"]:
        values = [with_error(*row[name]) for name in _SHOWN]
        mark = "" if row["equilibrated"] else " !"
        first = [str(row["side"]), f"{row['J']:g}", f"{row['seed']}{mark}"]
        table.add_row(*first, values[0], _pull(row), *values[1:])
    lines: list[Table | str] = [table, "χ: connected; off: of the energy from the exact one, in standard errors"]
    if not all(row["equilibrated"] for row in results["tasks"]):
        lines.append("!: chains that started hot and cold disagree, or are too short to tell")
    for found in results["J_critical"]:
        small, large = found["sides"]
        known = results["exact"].get("J_critical")
        off = f", {told((found['J'] or math.nan) / known - 1, '+.3%')} from the exact one" if known else ""
        where = with_error(found["J"], found["J_stderr"])
        lines.append(f"Binder's cumulants of {small} and {large} cross at J = {where}{off}")
    return lines


def _pull(row: dict[str, Any]) -> str:
    model = row["model"]
    if model["lattice"] != "hypercubic" or len(model["shape"]) > 2 or model["h"]:
        return "–"
    exact = IsingModel(tuple(model["shape"]), row["J"])
    value, stderr = _floats(row["energy"])
    return f"{(value - exact.mean_energy() / exact.n_sites) / stderr:+.1f}" if stderr > 0 else "–"


def measurement_of(row: dict[str, Any]) -> Measurement:
    """The measurement of one of the ``tasks`` in ``results.json``."""
    return Measurement.from_dict(row)
