"""The figure of Cossu et al. (2019): couplings that are read from RBMs, beside the true ones."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rgrbm.plots.ring import BLACK, BLUE, GREY, ORANGE

_STYLES = {"1D": ("o", BLUE), "2D": ("s", ORANGE)}
_LABELS = {"spin": "J of spins", "K / 4": "K/4 of units 0/1"}


def plot_cossu2019(results: Mapping[str, Any]) -> Figure:
    """Couplings read from RBMs against the true ones, like the paper's figure, and their errors.

    Parameters
    ----------
    results : mapping
        As in ``results.json`` of ``rgrbm reproduce cossu2019``.

    Returns
    -------
    matplotlib.figure.Figure
        Left: mean coupling of neighbours in spins (filled) and as K/4 of units 0/1 (open) against the true one, in one
        and two dimensions. Middle: their difference from it. Right: rms error of single bonds by the number of
        samples, with a line of slope −½.
    """
    figure = Figure(figsize=(11.0, 3.8), layout="constrained", dpi=150)
    read, difference, errors = figure.subplots(1, 3)
    for dimension in _STYLES:
        points = [point for point in results["points"] if point["dimension"] == dimension]
        _draw_by_coupling(
            read, difference, [p for p in points if p["n_samples"] == results["shown_samples"]], dimension
        )
        _draw_by_samples(errors, [p for p in points if p["J"] == results["at"][dimension]], dimension)
    end = 1.08 * max(point["J"] for point in results["points"])
    read.plot([0, end], [0, end], color=BLACK, linewidth=0.8, zorder=0)
    read.set(xlabel="true J", ylabel="J read from the RBM", xlim=(0, end), ylim=(0, end))
    read.set_title(f"{results['shown_samples']} samples", fontsize=10)
    read.legend(frameon=False, loc="upper left", fontsize=8)
    difference.axhline(0, color=BLACK, linewidth=0.8, zorder=0)
    difference.set(xlabel="true J", ylabel="J read − J", xlim=(0, end))
    errors.set(xlabel="samples", ylabel="rms error of single bonds", xscale="log", yscale="log")
    _tidy_decades(errors, sorted({point["n_samples"] for point in results["points"]}))
    errors.legend(frameon=False, loc="lower left", fontsize=8)
    for axes in (read, difference, errors):
        axes.spines[["top", "right"]].set_visible(False)
    return figure


def _draw_by_coupling(read: Axes, difference: Axes, points: list[Mapping[str, Any]], dimension: str) -> None:
    marker, colour = _STYLES[dimension]
    J = np.array([point["J"] for point in points])
    for name, face in (("spin", colour), ("K / 4", "none")):
        value, error = (np.array([point["readings"][name][of] for point in points]) for of in ("J", "J_stderr"))
        style: dict[str, Any] = {"fmt": marker, "color": colour, "markerfacecolor": face, "markersize": 5}
        read.errorbar(J, value, error, label=f"{dimension}, {_LABELS[name]}", **style)
        difference.errorbar(J, value - J, error, **style)


def _draw_by_samples(axes: Axes, points: list[Mapping[str, Any]], dimension: str) -> None:
    marker, colour = _STYLES[dimension]
    points = sorted(points, key=lambda point: int(point["n_samples"]))
    n = np.array([point["n_samples"] for point in points], dtype=float)
    for name, face in (("spin", colour), ("K / 4", "none")):
        error = np.array([point["readings"][name]["rms_error"] for point in points])
        label = f"{dimension}, J = {points[0]['J']:g}, {_LABELS[name]}"
        axes.plot(n, error, f"{marker}-", color=colour, markerfacecolor=face, markersize=5, linewidth=0.9, label=label)
        if name == "spin":
            axes.plot(n, error[0] * np.sqrt(n[0] / n), color=GREY, linewidth=0.8, linestyle="--", zorder=0)


def _tidy_decades(axes: Axes, n_samples: list[int]) -> None:
    """Label the numbers of samples and few errors, with room for the legend below."""
    axes.set_ylim(0.25 * axes.get_ylim()[0], None)
    axes.set_xticks(n_samples, [f"{n:,}" for n in n_samples], fontsize=9)
    low, high = axes.get_ylim()
    ticks = [x for decade in (0.001, 0.01, 0.1) for x in (decade, 2 * decade, 5 * decade) if low < x < high]
    axes.set_yticks(ticks, [f"{x:g}" for x in ticks])
    axes.minorticks_off()
