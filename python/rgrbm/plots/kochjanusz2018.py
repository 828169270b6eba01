"""The figure of ``rgrbm reproduce kochjanusz2018``: filters by coupling, and the information that rules keep."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rgrbm.plots.ring import BLACK, BLUE, GREEN, GREY, ORANGE

_STYLES = {
    "most informative": (BLUE, "o"),
    "the same, symmetric": (ORANGE, "s"),
    "majority": (BLACK, "X"),
    "decimation": (GREEN, "^"),
}


def plot_kochjanusz2018(results: Mapping[str, Any]) -> Figure:
    """Most informative filters at each coupling, and information about the surroundings against the coupling.

    Parameters
    ----------
    results : mapping
        ``couplings`` as in ``results.json`` of ``rgrbm reproduce kochjanusz2018``.

    Returns
    -------
    matplotlib.figure.Figure
        A row of filters for each size of window, each divided by its largest weight. For each size, the information
        of several rules and the bound, and what the best rules gain over majority.
    """
    couplings = results["couplings"]
    widths = list(couplings[0]["windows"])
    figure = Figure(figsize=(max(8.0, 1.35 * len(couplings)), 1.5 * len(widths) + 5.6), layout="constrained", dpi=150)
    upper, lower = figure.subfigures(2, 1, squeeze=False, height_ratios=(1.5 * len(widths), 5.6))[:, 0]
    _draw_filters(upper, couplings, widths)
    grid = lower.subplots(2, len(widths), squeeze=False, sharex=True, height_ratios=(1.4, 1))
    for (information, gain), width in zip(grid.T, widths, strict=True):
        windows = [row["windows"][width] for row in couplings]
        ratios = np.array([row["ratio"] for row in couplings])
        _draw_information(information, ratios, windows)
        _draw_gain(gain, ratios, windows)
        information.set_title(f"window of {width}×{width}", fontsize=10)
    grid[0, 0].set_ylabel("information, nats")
    grid[1, 0].set_ylabel("gain over majority, nats")
    lower.legend(
        *grid[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=5, frameon=False, fontsize=9
    )
    return figure


def _draw_filters(figure: Any, couplings: Sequence[Mapping[str, Any]], widths: Sequence[str]) -> None:
    grid = figure.subplots(len(widths), len(couplings), squeeze=False)
    for panels, width in zip(grid, widths, strict=True):
        for axes, row in zip(panels, couplings, strict=True):
            w = np.array(row["windows"][width]["weights"]["most informative"])
            image = axes.imshow(w / np.abs(w).max(), cmap="RdBu", vmin=-1, vmax=1)
            axes.set(xticks=[], yticks=[])
        panels[0].set_ylabel(f"{width}×{width}")
    for axes, row in zip(grid[0], couplings, strict=True):
        axes.set_title(f"{row['ratio']:g} $J_c$", fontsize=10)
    figure.colorbar(image, ax=grid, label="weight / largest", pad=0.02, aspect=12 * len(widths))


def _draw_information(axes: Axes, ratios: Any, windows: Sequence[Mapping[str, Any]]) -> None:
    bound = np.array([window["bound"][0] for window in windows])
    axes.plot(ratios, bound, color=GREY, linestyle="--", linewidth=1, label="all spins, I(V:E)")
    for name, (color, marker) in _STYLES.items():
        values = [window["rules"][name][0] for window in windows]
        face, size = ("none", 8) if name == "most informative" else (color, 4)  # others are to be seen within
        axes.plot(ratios, values, color=color, marker=marker, markerfacecolor=face, markersize=size, linewidth=0.9,
                  label=name)  # fmt: skip
    axes.set(ylim=(0, None))
    _mark(axes)


def _draw_gain(axes: Axes, ratios: Any, windows: Sequence[Mapping[str, Any]]) -> None:
    for name in ("most informative", "the same, symmetric"):
        mean, error = np.array([window["gain"][name] for window in windows]).T
        color, marker = _STYLES[name]
        axes.errorbar(ratios, mean, error, color=color, marker=marker, markersize=4, linewidth=0.9)
    axes.axhline(0, color=GREY, linewidth=0.8)
    axes.set_xlabel("coupling J / $J_c$")
    _mark(axes)


def _mark(axes: Axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.axvline(1, color=GREY, linestyle=":", linewidth=0.8)
