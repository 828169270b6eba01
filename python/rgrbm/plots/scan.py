"""Figures of scans: observables against the coupling, for all sizes, beside exact curves."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from rgrbm.plots.ring import BLACK, BLUE, GREEN, GREY, ORANGE

_COLOURS, _MARKERS = (BLUE, ORANGE, GREEN, GREY, "#CC79A7", "#56B4E9", "#E69F00"), "osD^vPX"
_PANELS = (
    ("energy", "energy ⟨H⟩/N"),
    ("specific_heat", "specific heat C"),
    ("abs_magnetization", "magnetization ⟨|m|⟩"),
    ("connected_susceptibility", "connected susceptibility χ"),
    ("binder", "Binder's cumulant"),
    ("correlation_length", "correlation length ξ / side"),
)


def plot_scan(results: Mapping[str, Any]) -> Figure:
    """Observables against the coupling, one colour and marker for each size; exact curves where they are known.

    Parameters
    ----------
    results : mapping
        As in ``results.json`` of ``rgrbm scan``: ``tasks``, each with ``side``, ``J`` and observables as pairs of mean
        and error; and ``exact``, with a grid ``J`` and curves for each size, or empty.

    Returns
    -------
    matplotlib.figure.Figure
        Six panels: energy, specific heat, ⟨|m|⟩, connected susceptibility, Binder's cumulant, correlation length in
        units of the side. A dashed line is the critical coupling.

    Raises
    ------
    ValueError
        If there are no tasks.

    Examples
    --------
    >>> from rgrbm.plots.scan import plot_scan
    >>> task = {"side": 8, "J": 0.4, "energy": [-0.5, 0.01]}
    >>> figure = plot_scan({"tasks": [task], "exact": {}})
    """
    tasks, exact = results["tasks"], results["exact"]
    if not tasks:
        raise ValueError("there are no tasks to draw")
    figure = Figure(figsize=(9.6, 5.6), layout="constrained", dpi=150)
    sides = sorted({task["side"] for task in tasks})
    for axes, (name, label) in zip(figure.subplots(2, 3, sharex=True).flat, _PANELS, strict=True):
        for k, side in enumerate(sides):
            colour = _COLOURS[k % len(_COLOURS)]
            rows = sorted((task for task in tasks if task["side"] == side and name in task), key=lambda task: task["J"])
            value, error = (np.array([task[name][i] for task in rows], dtype=np.float64) for i in (0, 1))
            if name == "correlation_length":
                value, error = value / side, error / side
            marker = _MARKERS[k % len(_MARKERS)]
            places = [task["J"] for task in rows]
            axes.errorbar(places, value, error, fmt=marker, color=colour, markersize=3.5, linewidth=1, label=str(side))
            if name in exact:
                axes.plot(exact["J"], exact[name][str(side)], color=colour, linewidth=0.8)
        if "J_critical" in exact:
            axes.axvline(exact["J_critical"], color=BLACK, linestyle="--", linewidth=0.7)
        axes.set_ylabel(label)
        axes.spines[["top", "right"]].set_visible(False)
    for axes in figure.axes[3:]:
        axes.set_xlabel("coupling J")
    figure.axes[0].legend(title="side", frameon=False, fontsize=8)
    return figure
