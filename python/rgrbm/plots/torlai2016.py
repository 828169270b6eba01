"""The figure of Torlai and Melko's RBMs: four thermodynamic quantities against temperature."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rgrbm.plots.ring import BLACK, BLUE, GREEN, GREY, ORANGE

_QUANTITIES = {
    "energy": "energy per spin",
    "heat_capacity": "heat capacity per spin",
    "abs_magnetization": "⟨|m|⟩",
    "susceptibility": "susceptibility per spin",
}
_GRADIENTS = {"cd": "CD-1", "pcd": "PCD", "pt": "tempered chains"}
_STYLES = (("o", BLUE), ("s", ORANGE), ("D", GREEN), ("^", GREY))
_CRITICAL = 2.269


def plot_torlai2016(results: Mapping[str, Any]) -> Figure:
    """Energy, heat capacity, |m| and susceptibility of samples of RBMs, against temperature.

    Parameters
    ----------
    results : mapping
        ``machines``, ``curve`` and ``sizes`` as in ``results.json`` of ``rgrbm reproduce torlai2016``.

    Returns
    -------
    matplotlib.figure.Figure
        Above by the number of hidden units, trained by CD-1; below by the gradient, with the most hidden units. Lines
        are exact.
    """
    numbers = sorted(results["sizes"]["n_hidden"])
    figure = Figure(figsize=(13.0, 5.6), layout="constrained", dpi=150)
    grid = figure.subplots(2, len(_QUANTITIES), sharex=True)
    by_number = {f"{n} hidden units": (n, "cd") for n in numbers}
    by_gradient = {name: (numbers[-1], gradient) for gradient, name in _GRADIENTS.items()}
    rows = (("CD-1", by_number), (f"{numbers[-1]} hidden units", by_gradient))
    for panels, (what, series) in zip(grid, rows, strict=True):
        for axes, quantity in zip(panels, _QUANTITIES, strict=True):
            _draw(axes, results, quantity, series)
            axes.set_title(what, fontsize=10)
        panels[-1].legend(frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))
    for above, below in zip(*grid, strict=True):
        limits = [*above.get_ylim(), *below.get_ylim()]
        for axes in (above, below):
            axes.set_ylim(min(limits), max(limits))
        below.set_xlabel("temperature T")
    return figure


def _draw(axes: Axes, results: Mapping[str, Any], quantity: str, series: Mapping[str, tuple[int, str]]) -> None:
    curve = results["curve"]
    axes.axvline(_CRITICAL, color=GREY, linewidth=0.8, linestyle="--")
    axes.plot(curve["T"], curve[quantity], color=BLACK, linewidth=1, label="exact")
    for (marker, color), (label, (n_hidden, gradient)) in zip(_STYLES, series.items(), strict=False):
        machines = [m for m in results["machines"] if (m["n_hidden"], m["gradient"]) == (n_hidden, gradient)]
        values, errors = np.array([m[quantity] for m in machines], dtype=float).T
        temperatures = [m["T"] for m in machines]
        axes.errorbar(temperatures, values, errors, fmt=marker, color=color, markersize=4, label=label)
    axes.set_ylabel(_QUANTITIES[quantity])
    axes.spines[["top", "right"]].set_visible(False)
