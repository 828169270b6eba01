"""The figure of Iso, Shiba and Yokoo (2018): temperatures along v → h → v."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rgrbm.plots.ring import BLACK, BLUE, GREEN, GREY, ORANGE

_PURPLE, _SKY = "#CC79A7", "#56B4E9"
_HIGHEST = 6.5


def plot_iso2018(results: Mapping[str, Any]) -> Figure:
    """Temperatures of visible spins along the flow v → h → v, like the paper's figure.

    Parameters
    ----------
    results : mapping
        As in ``results.json`` of ``rgrbm reproduce iso2018``.

    Returns
    -------
    matplotlib.figure.Figure
        Left: one machine from T = 0 and T = ∞, by the energy (filled) and by diagonal neighbours (open). Middle:
        machines trained at all temperatures, by the energy. Right: the ends of all flows from T = 0; bars mark the
        mean of the training set.
    """
    figure = Figure(figsize=(12.0, 4.2), layout="constrained", dpi=150)
    one, several, ends = figure.subplots(1, 3, width_ratios=(1, 1, 1.25))
    _draw_one(one, results["machines"][results["shown"]])
    _draw_several(several, [m for m in results["machines"] if m["name"].startswith("all T")])
    for axes in (one, several):
        axes.axhline(results["T_c"], color=BLACK, linewidth=0.8, linestyle="--", label="T_c")
        axes.legend(frameon=False, loc="upper right", fontsize=8)
        axes.set(xlabel="steps v → h → v", ylabel="T of the visible spins", ylim=(-0.15, _HIGHEST))
        axes.set_xscale("symlog", linthresh=1, linscale=0.5)
        axes.set_xlim(-0.2, None)
    _draw_ends(ends, results["machines"])
    ends.axvline(results["T_c"], color=BLACK, linewidth=0.8, linestyle="--", label="T_c")
    ends.legend(frameon=False, loc="upper right", fontsize=8)
    for axes in (one, several, ends):
        axes.spines[["top", "right"]].set_visible(False)
    return figure


def _values(flow: Mapping[str, Any], name: str) -> np.ndarray[Any, Any]:
    return np.array(flow[name], dtype=float)  # None is NaN


def _draw_one(axes: Axes, machine: Mapping[str, Any]) -> None:
    for (start, flow), colour in zip(machine["flows"].items(), (BLUE, ORANGE), strict=True):
        for by, face in (("energy", colour), ("diagonal", "none")):
            axes.errorbar(
                flow["step"], _values(flow, by), _values(flow, f"{by}_stderr"), fmt="o-", color=colour, linewidth=0.9,
                markersize=4.5, markerfacecolor=face, label=f"from {start}, by {by}",
            )  # fmt: skip
    axes.axhline(machine["data"]["energy"], color=GREY, linewidth=0.9, linestyle=":", label="data's mean energy")
    axes.set_title(machine["name"], fontsize=10)


def _draw_several(axes: Axes, machines: list[Mapping[str, Any]]) -> None:
    colours, markers = (ORANGE, BLUE, GREEN, _PURPLE, BLACK, _SKY), "osD^v<"
    for machine, colour, marker in zip(machines, colours, markers, strict=False):
        for start, face in zip(machine["flows"], (colour, "none"), strict=True):
            flow = machine["flows"][start]
            label = machine["name"].removeprefix("all T, ") if face == colour else None
            axes.plot(
                flow["step"], _values(flow, "energy"), f"{marker}-", color=colour, linewidth=0.9, markersize=4,
                markerfacecolor=face, label=label,
            )  # fmt: skip
    axes.set_title("all T, by energy; open: from T = ∞", fontsize=10)


def _draw_ends(axes: Axes, machines: list[Mapping[str, Any]]) -> None:
    place = np.arange(len(machines))[::-1]
    for by, face, marker in (("energy", BLUE, "o"), ("diagonal", "none", "s")):
        ends = [_values(machine["flows"]["T = 0"], by)[-1] for machine in machines]
        axes.plot(ends, place, marker, color=BLUE, markerfacecolor=face, markersize=6, label=f"end, by {by}")
    data = [machine["data"]["energy"] for machine in machines]
    axes.plot(data, place, "|", color=ORANGE, markersize=14, markeredgewidth=2, label="training set, by energy")
    axes.set_yticks(place, [machine["name"] for machine in machines], fontsize=8)
    axes.set(xlabel="T", xlim=(-0.3, _HIGHEST), ylim=(-0.6, len(machines) - 0.4))
