"""A scan of an Ising model: sizes × couplings × seeds, measured side by side, here or on a Dask cluster.

Each task has a random stream of its own, named by its size, coupling and seed, so that other sizes and couplings of a
scan do not move its numbers. The result of a task is written as soon as it is there, one file for each.
"""

import base64
import itertools
import math
import warnings
import zlib
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from rich.console import Console
from rich.table import Table

from rgrbm.experiments.experiment import Report, experiment
from rgrbm.experiments.options import stream
from rgrbm.experiments.results_table import ResultsTable
from rgrbm.experiments.run_folder import RunFolder
from rgrbm.experiments.scan_parameters import ScanParameters
from rgrbm.experiments.side_by_side import parts_side_by_side
from rgrbm.plots.scan import plot_scan
from rgrbm.spins.exact import CRITICAL_COUPLING
from rgrbm.spins.ising import IsingModel
from rgrbm.spins.measurement import Measurement
from rgrbm.spins.recorded_runs import RecordedRun
from rgrbm.spins.reweighting import Reweighting, binder_crossing
from rgrbm.statistics.jackknife import Array
from rgrbm.statistics.notation import or_dash, with_error

_CURVES = ("energy_per_site", "specific_heat", "abs_magnetization", "connected_susceptibility", "binder")
_MAXIMA = ("specific_heat", "connected_susceptibility")
_GRID = 121
_MOST_ERRORS = 3.0
_SERIES = "series"
_SHOWN = ("energy_per_site", "specific_heat", "abs_magnetization", "connected_susceptibility", "binder")


class Task(NamedTuple):
    """One size, one coupling, one seed."""

    side: int
    J: float
    seed: int

    @property
    def name(self) -> str:
        """What its file is called."""
        return f"side{self.side}-J{self.J!r}-seed{self.seed}"


@experiment("rgrbm.scan/1", writes=("scan.png",))
def run_scan(p: ScanParameters, folder: RunFolder, console: Console) -> Report:
    """Measure an Ising model at several sizes and couplings, with error bars, beside exact results."""
    tasks = [Task(*which) for which in itertools.product(p.side, p.couplings, range(p.seed, p.seed + p.n_seeds))]
    longest_first = {
        task.name: (p, task) for task in sorted(tasks, key=lambda task: -task.side)
    }  # none alone at the end
    parts = parts_side_by_side(
        folder, _measure, longest_first, "scanning", "tasks", n_jobs=p.n_jobs, scheduler=p.scheduler,
        is_whole=_has_series,
    )  # fmt: skip
    kept = {task: parts[task.name] for task in tasks}
    combined, troubles = _combined(p, kept)
    rows = [{name: value for name, value in kept[task].items() if name != _SERIES} for task in tasks]
    results: dict[str, Any] = {"tasks": rows, "curves": _curves(combined), "maxima": _maxima(combined, troubles)}
    results |= {"J_critical": _crossings(combined, troubles), "troubles": troubles}
    results["exact"] = _exact(p)
    folder.save_figure(plot_scan(results), "scan.png", "The scan. Points: measured; lines: exact, where it is known.")
    return results, tables(results)


def _measure(p: ScanParameters, task: Task) -> dict[str, Any]:
    """The work of one task, wherever it is done."""
    model = IsingModel((task.side,) * p.n_axes, task.J, p.h, lattice=p.lattice)
    words = np.array([task.J]).view(np.uint32)
    seed = stream(p, task.side, *(int(word) for word in words), task.seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # the result says whether it is in equilibrium
        measured = model.measure(p.n_sweeps, method=p.method, n_chains=p.n_chains, seed=seed, keep_series=True)
    assert measured.series is not None
    kept = {"side": task.side, "J": task.J, "seed": task.seed, _SERIES: _packed(measured.series)}
    return {**measured.to_dict(), **kept}


def _has_series(kept: dict[str, Any]) -> bool:
    """Whether a task that was kept has its series; older versions kept none, and it is done again."""
    return _SERIES in kept


def _packed(run: RecordedRun) -> dict[str, Any]:
    """Time series as text that JSON can hold."""
    both = np.stack([run.bonds, run.magnetization]).astype("<i4" if np.abs(run.bonds).max() < 2**31 else "<i8")
    text = base64.b64encode(zlib.compress(both.tobytes(), 1)).decode("ascii")
    return {"dtype": both.dtype.str, "shape": list(both.shape), "values": text}


def _unpacked(J: float, kept: dict[str, Any]) -> RecordedRun:
    values = np.frombuffer(zlib.decompress(base64.b64decode(kept["values"])), kept["dtype"])
    return RecordedRun(J, *values.reshape(kept["shape"]))


def _combined(p: ScanParameters, measured: dict[Task, Any]) -> tuple[dict[int, Reweighting], list[str]]:
    """The runs of each size as functions of the coupling; and what stands in the way where there are none."""
    combined, troubles = {}, []
    for side in sorted(p.side):
        runs = [_unpacked(task.J, measured[task][_SERIES]) for task in measured if task.side == side]
        try:
            combined[side] = Reweighting(runs, _n_sites(p, side), h=p.h)
        except (ValueError, RuntimeError) as error:
            troubles.append(f"side {side}: no curves: {error}")
            continue
        troubles += [
            f"side {side}: no curves between J = {low:g} and {high:g}, whose energies overlap too little: add couplings"
            for low, high in combined[side].gaps
        ]
    return combined, troubles


def _n_sites(p: ScanParameters, side: int) -> int:
    """Number of spins of a size."""
    return int(side**p.n_axes)


def _curves(combined: dict[int, Reweighting]) -> dict[str, Any]:
    """Observables of each size on a fine grid of couplings, with errors; None where runs are missing."""
    curves = {}
    for side, reweighting in combined.items():
        grid = np.linspace(reweighting.J[0], reweighting.J[-1], _GRID if len(set(reweighting.J)) > 1 else 1)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of gaps, which are among the troubles
            curves[str(side)] = {"J": grid.tolist()} | {
                name: [_with_none(values) for values in reweighting.curve(name, grid)] for name in _CURVES
            }
    return curves


def _with_none(values: Array) -> list[float | None]:
    return [float(x) if math.isfinite(x) else None for x in values]


def _maxima(combined: dict[int, Reweighting], troubles: list[str]) -> list[dict[str, Any]]:
    """Where specific heat and susceptibility of each size are largest, and how large."""
    maxima = []
    for side, reweighting in combined.items():
        if len(set(reweighting.J)) < 2:
            continue
        for name in _MAXIMA:
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                where, height = reweighting.maximum(name)
            troubles += [f"side {side}: {warning.message}" for warning in caught]
            maxima.append({"side": side, "observable": name, "J": list(where), "value": list(height)})
    return maxima


def _floats(pair: Sequence[float | None]) -> list[float]:
    return [math.nan if x is None else x for x in pair]


def _crossings(combined: dict[int, Reweighting], troubles: list[str]) -> list[dict[str, Any]]:
    """Where Binder's cumulants of sizes next to each other cross."""
    crossings = []
    for small, large in itertools.pairwise(combined):
        if min(len(set(combined[side].J)) for side in (small, large)) < 2:
            continue
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            value = binder_crossing(combined[small], combined[large])
        troubles += [f"sides {small} and {large}: {warning.message}" for warning in caught]
        crossings.append({"sides": [small, large], "J": value.mean, "J_stderr": value.stderr})
    return crossings


def _has_closed_form(p: ScanParameters) -> bool:
    return p.lattice == "hypercubic" and p.n_axes < 3 and p.h == 0


def _exact(p: ScanParameters) -> dict[str, Any]:
    """Exact energy and specific heat of each size on a fine grid of couplings; none where there is no closed form."""
    if not _has_closed_form(p):
        return {}
    low, high = min(p.couplings), max(p.couplings)
    grid = np.linspace(low, high, 61 if high > low else 1).tolist()
    models = {side: [IsingModel((side,) * p.n_axes, J) for J in grid] for side in sorted(p.side)}
    curves: dict[str, Any] = {"J": grid}
    curves["energy_per_site"] = {
        str(n): [model.mean_energy_per_site() for model in measured] for n, measured in models.items()
    }
    curves["specific_heat"] = {str(n): [model.specific_heat() for model in measured] for n, measured in models.items()}
    if p.n_axes == 2:
        curves["J_critical"] = CRITICAL_COUPLING
    return curves


def tables(results: dict[str, Any]) -> Sequence[Table | str]:
    """Tables and lines of text that show the results, as measured or as read from their file."""
    table = ResultsTable(
        "Measured, per site",
        ("side", "J", "seed", "energy", "in σ", "C", "⟨|m|⟩", "χ", "Binder"),
        n_names=0,
        expendable=("seed", "⟨|m|⟩", "in σ", "Binder", "χ"),
    )
    for row in results["tasks"]:
        values = [with_error(*row[name]) for name in _SHOWN]
        mark = "" if row["equilibrated"] else " !"
        deviation = or_dash(_deviation(row), "+.1f") + " !" * _deviates(row)
        table.add_row(str(row["side"]), f"{row['J']:g}{mark}", str(row["seed"]), values[0], deviation, *values[1:])
    lines: list[Table | str] = [
        table,
        "in σ: deviation of the energy from the exact one, in standard errors; χ: connected susceptibility",
    ]
    if any(_deviates(row) for row in results["tasks"]):
        lines.append(
            f"! beside a deviation: more than {_MOST_ERRORS:g} standard errors, which chance alone does to one in 370"
        )
    if not all(row["equilibrated"] for row in results["tasks"]):
        lines.append("! beside J: chains from two starts disagree, or are too short to compare")
    for measured in results["maxima"]:
        what = {"specific_heat": "C", "connected_susceptibility": "χ"}[measured["observable"]]
        if math.isnan(_floats(measured["J"])[0]):
            continue  # one of the troubles below says why
        where, height = (with_error(*_floats(measured[name])) for name in ("J", "value"))
        lines.append(f"{what} of side {measured['side']} is largest at J = {where}: {height}")
    for measured in results["J_critical"]:
        small, large = measured["sides"]
        known = results["exact"].get("J_critical")
        deviation = f", {or_dash((measured['J'] or math.nan) / known - 1, '+.3%')} from the exact one" if known else ""
        where = with_error(measured["J"], measured["J_stderr"])
        lines.append(f"Binder's cumulants of {small} and {large} cross at J = {where}{deviation}")
    lines += results["troubles"]
    return lines


def _deviation(row: dict[str, Any]) -> float:
    """(energy − exact)/σ; NaN where there is no closed form, or no error."""
    model = row["model"]
    if model["lattice"] != "hypercubic" or len(model["shape"]) > 2 or model["h"]:
        return math.nan
    exact = IsingModel(tuple(model["shape"]), row["J"])
    value, stderr = _floats(row["energy_per_site"])
    return (value - exact.mean_energy_per_site()) / stderr if stderr > 0 else math.nan


def _deviates(row: dict[str, Any]) -> bool:
    return abs(_deviation(row)) > _MOST_ERRORS


def measurement_of(row: dict[str, Any]) -> Measurement:
    """The measurement of one of the ``tasks`` in ``results.json``."""
    return Measurement.from_dict(row)
