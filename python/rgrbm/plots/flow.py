"""Figures of flowing couplings: what a stack of RBMs has learned, and where v → h → v leads.

As those of :mod:`rgrbm.plots`: they draw what they are given, in colours that the colour-blind tell apart.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from rgrbm.plots.ring import BLACK, BLUE, GREEN, GREY, ORANGE
from rgrbm.rg.decimation import decimate, decimation_flow
from rgrbm.rg.rbm_flow import RBMFlow

_COLOURS, _MARKERS = (BLUE, ORANGE, GREEN, GREY), "osD^v"


def plot_coupling_flow(starts: Sequence[float], learned: Sequence[Sequence[tuple[float, float]]]) -> Figure:
    """Learned couplings against the step of the flow, and against the couplings that they came from.

    Parameters
    ----------
    starts : sequence of float
        Couplings of the data, one per flow.
    learned : sequence of sequences of (J, stderr)
        For each flow, the coupling after 1, 2, … steps and its standard error; NaN where there is none.

    Returns
    -------
    matplotlib.figure.Figure
        Left: J after k steps, beside exact decimation from the same start (lines). Right: each J beside the one of
        the layer below, and the exact map J → ½ ln cosh 2J.

    Raises
    ------
    ValueError
        If there are not as many flows as starts, or none.

    Examples
    --------
    >>> from rgrbm.plots.flow import plot_coupling_flow
    >>> figure = plot_coupling_flow([1.0], [[(0.66, 0.01), (0.34, 0.02)]])
    """
    if not starts or len(starts) != len(learned):
        raise ValueError(f"expected one flow for each of {len(starts)} starts, got {len(learned)}")
    figure = Figure(figsize=(7.2, 3.4), layout="constrained", dpi=150)
    against_step, against_J = figure.subplots(1, 2)
    top = 1.08 * max(starts)
    couplings = np.linspace(0, top, 200)
    against_J.plot(couplings, decimate(couplings).J, color=BLACK, linewidth=1.2, label="exact: J′ = ½ ln cosh 2J")
    against_J.plot(couplings, couplings, color=GREY, linewidth=0.8, linestyle=":", label="J′ = J")
    for i, (J, points) in enumerate(zip(starts, learned, strict=True)):
        style: dict[str, Any] = {"color": _COLOURS[i % 4], "fmt": _MARKERS[i % 5], "markersize": 5, "capsize": 3}
        value, error = np.array([(J, 0.0), *points]).T
        step = np.arange(len(value))
        against_step.plot(step, decimation_flow(J, len(points)), color=style["color"], linewidth=1, zorder=1)
        against_step.errorbar(step, value, error, label=f"J = {J:g}", **style)
        against_J.errorbar(value[:-1], value[1:], error[1:], error[:-1], **style)
    against_step.set_xlabel("step k")
    against_step.set_ylabel("coupling after k steps")
    against_step.xaxis.set_major_locator(MaxNLocator(integer=True))
    against_step.set_ylim(0, top)
    against_step.legend(frameon=False, title="RBMs (lines: exact)")
    against_J.set_xlabel("coupling J of a layer's data")
    against_J.set_ylabel("coupling J′ of its hidden spins")
    against_J.set_xlim(0, top)
    against_J.set_ylim(0, 0.85 * top)
    against_J.legend(frameon=False, loc="upper left")
    for axes in (against_step, against_J):
        axes.spines[["top", "right"]].set_visible(False)
    return figure


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
