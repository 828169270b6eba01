"""Figures of scans: observables against the coupling, for all sizes, beside exact curves."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rgrbm.plots.ring import BLACK, BLUE, GREEN, GREY, ORANGE
from rgrbm.spins.exact import square_magnetization

_COLOURS, _MARKERS = (BLUE, ORANGE, GREEN, GREY, "#CC79A7", "#56B4E9", "#E69F00"), "osD^vPX"
_PANELS = (
    ("energy_per_site", "energy ⟨βH⟩/N"),
    ("specific_heat", "specific heat C"),
    ("abs_magnetization", "magnetization ⟨|m|⟩"),
    ("connected_susceptibility", "connected susceptibility χ"),
    ("binder", "Binder's cumulant"),
    ("correlation_length", "correlation length ξ / side"),
)


def plot_scan(results: Mapping[str, Any]) -> Figure:
    """Observables against the coupling, one colour and marker for each size; reweighted and exact curves.

    Parameters
    ----------
    results : mapping
        As in ``results.json`` of ``rgrbm scan``: ``tasks``, each with ``side``, ``J`` and observables as pairs of mean
        and error; ``curves``, for each size a grid ``J`` and pairs of values and errors, or empty; and ``exact``, with
        a grid ``J`` and curves for each size, or empty.

    Returns
    -------
    matplotlib.figure.Figure
        Six panels: energy, specific heat, ⟨|m|⟩, connected susceptibility, Binder's cumulant, correlation length in
        units of the side. Bands are curves between the couplings, one standard error wide to both sides; thin black
        lines are exact; a dashed line is the critical coupling. Where it is drawn, a dotted line in the panel of ⟨|m|⟩
        is the magnetization of the infinite square lattice, as Yang derived it.

    Raises
    ------
    ValueError
        If there are no tasks.

    Examples
    --------
    >>> from rgrbm.plots.scan import plot_scan
    >>> task = {"side": 8, "J": 0.4, "energy_per_site": [-0.5, 0.01]}
    >>> figure = plot_scan({"tasks": [task], "curves": {}, "exact": {}})
    """
    tasks, exact = results["tasks"], results["exact"]
    if not tasks:
        raise ValueError("there are no tasks to draw")
    figure = Figure(figsize=(9.6, 6.0), layout="constrained", dpi=150)
    sides = sorted({task["side"] for task in tasks})
    for axes, (name, label) in zip(figure.subplots(2, 3, sharex=True).flat, _PANELS, strict=True):
        for k, side in enumerate(sides):
            colour, marker = _COLOURS[k % len(_COLOURS)], _MARKERS[k % len(_MARKERS)]
            _draw_band(axes, results.get("curves", {}).get(str(side), {}), name, colour)
            rows = sorted((task for task in tasks if task["side"] == side and name in task), key=lambda task: task["J"])
            value, error = (np.array([task[name][i] for task in rows], dtype=np.float64) for i in (0, 1))
            if name == "correlation_length":
                value, error = value / side, error / side
            places = [task["J"] for task in rows]
            axes.errorbar(
                places, value, error, fmt=marker, color=colour, markersize=3.5, linewidth=1, label=f"side {side}"
            )
            if name in exact:
                axes.plot(exact["J"], exact[name][str(side)], color=BLACK, linewidth=0.6, label=_once(k, "exact"))
        if "J_critical" in exact:
            line = {"color": BLACK, "linestyle": "--", "linewidth": 0.7}
            axes.axvline(exact["J_critical"], **line, label=f"J_c = {exact['J_critical']:.4f}")
            if name == "abs_magnetization":
                fine = np.linspace(min(exact["J"]), max(exact["J"]), 400)
                axes.plot(fine, square_magnetization(fine), color=BLACK, linestyle=":", label="infinite lattice")
        axes.set_ylabel(label)
        axes.spines[["top", "right"]].set_visible(False)
    for axes in figure.axes[3:]:
        axes.set_xlabel("coupling J")
    key = {label: line for axes in figure.axes for line, label in zip(*axes.get_legend_handles_labels(), strict=True)}
    figure.legend(key.values(), key.keys(), loc="outside upper center", ncols=len(key), frameon=False, fontsize=8)
    return figure


def _once(k: int, label: str) -> str:
    """The label of the first of several lines; the others have none."""
    return label if k == 0 else "_nolegend_"


def _draw_band(axes: Axes, curve: Mapping[str, Any], name: str, colour: str) -> None:
    """A reweighted curve, one standard error wide to both sides."""
    if name not in curve:
        return
    value, error = (np.array(values, dtype=np.float64) for values in curve[name])
    axes.plot(curve["J"], value, color=colour, linewidth=0.8)
    axes.fill_between(curve["J"], value - error, value + error, color=colour, alpha=0.25, linewidth=0)
