"""Figures of flowing couplings: what a stack of RBMs has learned, and where v → h → v leads.

As those of :mod:`rgrbm.plots`: they draw what they are given, in colours that the colour-blind can distinguish.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from rgrbm.plots.ring import BLACK, BLUE, GREEN, GREY, ORANGE
from rgrbm.rg.decimation import decimation_flow
from rgrbm.rg.reconstruction_flow import RBMFlow

_COLOURS, _MARKERS = (BLUE, ORANGE, GREEN, GREY), "osD^v"


def plot_learned_flow(flows: Sequence[Mapping[str, Any]]) -> Figure:
    """The flow that stacks of RBMs have learned, beside exact decimation, and the way back.

    Parameters
    ----------
    flows : sequence of mappings
        As in ``results.json`` of ``rgrbm flow``: each with ``J``, ``weights``, ``layers`` and ``reverse``.

    Returns
    -------
    matplotlib.figure.Figure
        Left: J after k steps from the decay of hidden correlations, with error bars, and exact decimation from the
        same start (lines); one marker for each kind of weights, side by side. Right: where v → h → v of the first
        layer leads from all spins up (filled) and from random ones (open), of the first flow from each J with the
        freest weights; it ends at the coupling that the layer was trained at (dashed).

    Raises
    ------
    ValueError
        If there are no flows.

    Examples
    --------
    >>> from rgrbm.plots.flow import plot_learned_flow
    >>> layer = {"J": 0.66, "J_stderr": 0.01}
    >>> back = {"T = 0": {"step": [0, 1], "J": [None, 1.2]}, "T = ∞": {"step": [0, 1], "J": [0.0, 0.5]}}
    >>> figure = plot_learned_flow([{"J": 1.0, "weights": "free", "layers": [layer], "reverse": back}])
    """
    if not flows:
        raise ValueError("there are no flows to draw")
    figure = Figure(figsize=(8.4, 3.8), layout="constrained", dpi=150)
    forward, back = figure.subplots(1, 2)
    starts = sorted({flow["J"] for flow in flows})
    colours = {J: _COLOURS[i % len(_COLOURS)] for i, J in enumerate(starts)}
    _draw_forward(forward, flows, colours)
    _draw_back(back, flows, colours)
    for axes in (forward, back):
        axes.spines[["top", "right"]].set_visible(False)
    return figure


def _draw_forward(axes: Axes, flows: Sequence[Mapping[str, Any]], colours: Mapping[float, str]) -> None:
    n_steps = max(len(flow["layers"]) for flow in flows)
    for J, colour in colours.items():
        axes.plot(np.arange(n_steps + 1), decimation_flow(J, n_steps), color=colour, linewidth=1, zorder=1)
    kinds = list(dict.fromkeys(flow["weights"] for flow in flows))
    for kind, marker in zip(kinds, _MARKERS, strict=False):
        shift = 0.13 * (kinds.index(kind) - (len(kinds) - 1) / 2)
        for flow in (flow for flow in flows if flow["weights"] == kind):
            value, error = (np.array([layer[of] for layer in flow["layers"]], float) for of in ("J", "J_stderr"))
            style: dict[str, Any] = {"color": colours[flow["J"]], "fmt": marker, "markersize": 4.5, "capsize": 2}
            step = np.arange(1, len(value) + 1) + shift
            axes.errorbar(step, value, error, alpha=0.8, markerfacecolor="none", **style)
        axes.plot([], [], marker, color=BLACK, markerfacecolor="none", markersize=4.5, label=kind)
    axes.set_yscale("log")
    axes.set_ylim(0.01, 1.3 * max(colours))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("step k")
    axes.set_ylabel("coupling J after k steps")
    axes.legend(frameon=False, title="weights (lines: exact)", loc="lower left")


def _draw_back(axes: Axes, flows: Sequence[Mapping[str, Any]], colours: Mapping[float, str]) -> None:
    for J, colour in colours.items():
        flow = min((flow for flow in flows if flow["J"] == J), key=lambda flow: flow["weights"])  # "free" comes first
        axes.axhline(np.tanh(J), color=colour, linestyle="--", linewidth=0.9)
        for name, face in (("T = 0", colour), ("T = ∞", "white")):
            step, value = flow["reverse"][name]["step"], np.array(flow["reverse"][name]["J"], float)
            value[0] = np.inf if np.isnan(value[0]) else value[0]  # JSON has no infinity
            axes.plot(step, np.tanh(value), "o-", color=colour, markerfacecolor=face, markersize=3.5, linewidth=0.8)
        axes.plot([], [], color=colour, label=f"J = {J:g}")
    axes.set_xscale("symlog", linthresh=1)
    axes.set_xlim(0, None)
    axes.set_ylim(-0.03, 1.03)
    axes.set_xlabel("steps v → h → v of the first layer")
    axes.set_ylabel("tanh of the coupling of v")
    axes.legend(frameon=False, title="from T = 0 (filled), T = ∞ (open)", loc="lower right")


def plot_rbm_flow(starts: Sequence[float], flows: Sequence[Mapping[str, RBMFlow]]) -> Figure:
    """Where v → h → v leads, for one or several RBMs: the tanh of the coupling against the steps.

    Parameters
    ----------
    starts : sequence of float
        Coupling of each RBM's training data, drawn as a line.
    flows : sequence of mappings of str to RBMFlow
        For each RBM, flows from several starts by name.

    Returns
    -------
    matplotlib.figure.Figure
        tanh J, which is 1 at zero temperature and 0 at infinite. Filled: from the nearest-neighbour correlation; open:
        from the pseudo-likelihood. Where the two differ, the spins are in no state of an Ising model.

    Raises
    ------
    ValueError
        If there are not as many RBMs as couplings, or none.

    Examples
    --------
    >>> import numpy as np
    >>> from rgrbm.rg import decimation_rbm, rbm_flow
    >>> from rgrbm.plots.flow import plot_rbm_flow
    >>> cold = rbm_flow(decimation_rbm(8, 1.0, 1.0), np.ones((50, 8)), 4, seed=0)
    >>> figure = plot_rbm_flow([1.0], [{"T = 0": cold}])
    """
    if not starts or len(starts) != len(flows):
        raise ValueError(f"expected flows for each of {len(starts)} couplings, got {len(flows)}")
    figure = Figure(figsize=(2.4 + 2.4 * len(starts), 3.4), layout="constrained", dpi=150)
    panels = figure.subplots(1, len(starts), sharey=True, squeeze=False)[0]
    for axes, J, by_start in zip(panels, starts, flows, strict=True):
        axes.spines[["top", "right"]].set_visible(False)
        axes.axhline(np.tanh(J), color=BLACK, linestyle="--", linewidth=1)
        for i, (name, flow) in enumerate(by_start.items()):
            _thermometers(axes, flow, name, _COLOURS[i % 4], _MARKERS[i % 5])
        axes.set_title(f"trained at J = {J:g} (dashed)", fontsize="medium")
        axes.set_xlabel("steps v → h → v")
        axes.set_xscale("symlog", linthresh=1)
        axes.set_xlim(0, None)
        axes.set_ylim(-0.03, 1.03)
    panels[0].set_ylabel("tanh of the coupling")
    panels[-1].legend(frameon=False, title="start", loc="lower right")
    return figure


def _thermometers(axes: Axes, flow: RBMFlow, name: str, colour: str, marker: str) -> None:
    style: dict[str, Any] = {"color": colour, "fmt": marker, "linewidth": 0.8, "capsize": 1.5}
    for J, stderr, size, face, label in (
        (flow.J, flow.J_stderr, 3.5, colour, name),
        (flow.J_pseudolikelihood, flow.J_pseudolikelihood_stderr, 6.0, "none", None),
    ):
        t = np.tanh(J)
        error = np.nan_to_num(stderr) * (1 - t**2)
        axes.errorbar(flow.step, t, error, markersize=size, markerfacecolor=face, label=label, **style)
