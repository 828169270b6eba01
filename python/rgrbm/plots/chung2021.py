"""The figure of ``rgrbm reproduce chung2021``: exponents by number of operators, and the windows they come from."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rgrbm.plots.ring import BLACK, BLUE, GREEN, ORANGE

_COLOURS, _MARKERS = (BLACK, ORANGE, GREEN, BLUE, "#CC79A7", "#56B4E9"), "Xso^vP"
_SECTORS = (("y_t", "$y_T$", 1.0, "even operators"), ("y_h", "$y_h$", 15 / 8, "odd operators"))


def plot_chung2021(results: Mapping[str, Any]) -> Figure:
    """Exponents of each step against the number of operators, for majority and for learned windows.

    Parameters
    ----------
    results : mapping
        ``exponents`` and ``filters`` as in ``results.json`` of ``rgrbm reproduce chung2021``.

    Returns
    -------
    matplotlib.figure.Figure
        A row for y_T and one for y_h, a panel for each step; below them, one window of each kind.
    """
    exponents, filters = results["exponents"], results["filters"]
    n_steps = max(len(of_kernel["y_t"]) for of_kernel in exponents.values())
    figure = Figure(figsize=(10.0, 8.4), layout="constrained", dpi=150)
    upper, lower = figure.subfigures(2, 1, squeeze=False, height_ratios=(2.6, 1))[:, 0]
    grid = upper.subplots(2, n_steps, squeeze=False)
    for axes in grid[0, 1:]:  # y_h comes so near in later steps that it needs axes of its own
        axes.sharey(grid[0, 0])
    for panels, (which, symbol, exact, operators) in zip(grid, _SECTORS, strict=True):
        for step, axes in enumerate(panels):
            _draw_step(axes, exponents, which, step)
            axes.axhline(exact, color=BLACK, linestyle="--", linewidth=0.8)
            axes.set_xlabel(f"number of {operators}")
        panels[0].set_ylabel(symbol)
    for step, axes in enumerate(grid[0]):
        axes.set_title(f"step {step + 1}", fontsize=10)
    upper.legend(
        *grid[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=6, frameon=False, fontsize=9
    )
    _draw_windows(lower, {name: every[0] for name, every in filters.items()})
    return figure


def _draw_step(axes: Axes, exponents: Mapping[str, Any], which: str, step: int) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    n = 1
    for k, (name, of_kernel) in enumerate(exponents.items()):
        values = np.array(of_kernel[which][step], dtype=float)  # None is NaN
        n = len(values)
        places = np.arange(1, n + 1) + 0.1 * (k - (len(exponents) - 1) / 2)  # side by side
        axes.errorbar(places, values[:, 0], values[:, 1], color=_COLOURS[k % 6], marker=_MARKERS[k % 6], markersize=4,
                      linewidth=0.9, label=name)  # fmt: skip
    axes.set_xticks(range(1, n + 1))


def _draw_windows(figure: Any, windows: Mapping[str, Sequence[Sequence[float]]]) -> None:
    """The first training of each kind, on scales of their own: small windows have larger weights."""
    for axes, (name, weights) in zip(figure.subplots(1, len(windows), squeeze=False)[0], windows.items(), strict=True):
        w = np.array(weights)
        largest = float(np.abs(w).max()) or 1.0
        image = axes.imshow(w, cmap="RdBu", vmin=-largest, vmax=largest)
        axes.set(xticks=[], yticks=[])
        axes.set_title(name, fontsize=10)
        bar = figure.colorbar(image, ax=axes, shrink=0.8)
    bar.set_label("weight (±1 units)")
