"""Figures of the cubic lattice: exponents against the weight of a block spin, and where they converge to."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rgrbm.plots.ring import BLACK, BLUE, GREEN, GREY, ORANGE

_COLOURS = (BLUE, ORANGE, GREEN, "#CC79A7", "#56B4E9", "#E69F00")
_MARKERS = "osD^vP"
_SYMBOLS = {"y_t": "$y_T$", "y_h": "$y_h$"}


def _panels(n_rows: int, height: float) -> tuple[Figure, Any]:
    figure = Figure(figsize=(9.5, height * n_rows), layout="constrained", dpi=150)
    panels = figure.subplots(n_rows, 2, squeeze=False)
    for axes in panels.flat:
        axes.spines[["top", "right"]].set_visible(False)
    return figure, panels


def _legend(figure: Figure, panels: Any) -> None:
    """Below all panels: what stands in the row that has the most."""
    handles, labels = max((row[0].get_legend_handles_labels() for row in panels), key=lambda row: len(row[1]))
    figure.legend(handles, labels, loc="outside lower center", ncols=min(6, len(labels)), frameon=False)


def plot_weight_scan(results: Mapping[str, Any]) -> Figure:
    """Exponents after each step against the weight w of the block spin p(h | v) ∝ exp(w h Σv).

    Parameters
    ----------
    results : mapping
        As in ``results.json`` of ``rgrbm ising3d``.

    Returns
    -------
    matplotlib.figure.Figure
        A row for each side of the lattice: y_T on the left, y_h on the right. Majority is at the right edge, exact
        values are dashed, and a band shows the weights that RBMs have learned.
    """
    figure, panels = _panels(len(results["measured"]), 3.6)
    weights = np.array(results["weights"])
    order = np.argsort(weights)
    for row, measured in zip(panels, results["measured"], strict=True):
        for axes, which in zip(row, _SYMBOLS, strict=True):
            exponents = measured["exponents"]
            scan = np.array([exponents[f"w = {w:g}"][which] for w in weights[order]], dtype=float)
            majority = np.array(exponents["majority"][which], dtype=float)
            at = weights.max() * 1.12
            for k in range(scan.shape[1]):
                style = {"marker": _MARKERS[k], "color": _COLOURS[k], "markersize": 4, "linewidth": 1}
                axes.errorbar(weights[order], *scan[:, k].T, **style, label=f"step {k + 1}")
                axes.errorbar(at, *majority[k], **style | {"linewidth": 0, "elinewidth": 1})
            _mark(axes, results, which)
            axes.set(ylabel=_SYMBOLS[which], title=f"from {measured['side']}³")
            ticks = [w for w in (0.4, 0.6, 0.8, 1.0, 1.5, 2.0) if weights.min() <= w <= weights.max()]
            axes.set_xticks([*ticks, at], [*(f"{w:g}" for w in ticks), "majority"])
    for axes in panels[-1]:
        axes.set_xlabel("weight w")
    _legend(figure, panels)
    return figure


def _mark(axes: Axes, results: Mapping[str, Any], which: str) -> None:
    """The exact exponent, and the weights that were learned."""
    axes.axhline(results["exact"][which], color=BLACK, linewidth=0.8, linestyle="--", label="exact")
    learned = [pair for name, pair in results["learned_weight"].items() if name != "likeliest"]
    if learned:
        lowest, highest = (min(w - (s or 0) for w, s in learned), max(w + (s or 0) for w, s in learned))
        axes.axvspan(lowest - 0.003, highest + 0.003, color=GREY, alpha=0.4, linewidth=0, label="learned by RBMs")


def plot_convergence(results: Mapping[str, Any]) -> Figure:
    """Exponents after a step against those after the one before, of all weights.

    Parameters
    ----------
    results : mapping
        As in ``results.json`` of ``rgrbm ising3d``.

    Returns
    -------
    matplotlib.figure.Figure
        For each side y_T and y_h; a straight line for each pair of steps, whose slope is b^(−ω), and the diagonal.
    """
    figure, panels = _panels(len(results["measured"]), 3.9)
    for row, measured in zip(panels, results["measured"], strict=True):
        for axes, which in zip(row, _SYMBOLS, strict=True):
            y = np.array([measured["exponents"][f"w = {w:g}"][which] for w in results["weights"]], dtype=float)
            for fit in measured["common"][which]:
                k = fit["step"] - 1
                x, z = y[:, k], y[:, k + 1]
                style = {"color": _COLOURS[k], "linewidth": 0.8}
                axes.errorbar(
                    *(x[:, 0], z[:, 0]), xerr=x[:, 1], yerr=z[:, 1], fmt=_MARKERS[k], markersize=4, **style,
                    label=f"steps {k + 1} and {k + 2}",
                )  # fmt: skip
                ends = np.array([x[:, 0].min(), x[:, 0].max()])
                axes.plot(ends, fit["y"][0] + fit["slope"][0] * (ends - fit["y"][0]), **style)
            span = np.array([y[..., 0].min(), y[..., 0].max()])
            axes.plot(span, span, color=GREY, linewidth=0.8)
            exact = results["exact"][which]
            axes.plot([exact], [exact], "*", color=BLACK, markersize=9, label="exact")
            symbol = _SYMBOLS[which]
            axes.set(xlabel=f"{symbol} after a step", ylabel=f"{symbol} after the next one")
            axes.set_title(f"from {measured['side']}³")
    _legend(figure, panels)
    return figure
