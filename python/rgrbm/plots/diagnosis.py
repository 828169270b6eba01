"""A diagnosis in six panels: weights, hidden units, modes; free energies, mixing, distances to the data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from rgrbm.plots.ring import BLACK, BLUE, GREEN, GREY, ORANGE
from rgrbm.statistics.notation import with_error

_STYLES: dict[str, dict[str, Any]] = {
    "train": {"color": BLUE, "linestyle": "-", "label": "training data"},
    "test": {"color": GREEN, "linestyle": "--", "label": "test data"},
    "model": {"color": ORANGE, "linestyle": "-", "fill": True, "label": "model's samples"},
}
_LINES = ((BLACK, "-"), (BLUE, "--"), (ORANGE, "-."), (GREEN, ":"))
_FAR = 0.25  # samples that are nearer to the training data less often than this are far from them
_DEVIATIONS = -4.0  # by how many standard deviations that must be below one half


def plot_diagnosis(result: Mapping[str, Any]) -> Figure:
    """Draw the result of :func:`rgrbm.diagnose`.

    Parameters
    ----------
    result : mapping
        As ``Diagnosis.to_dict()`` gives it, and as it is in ``results.json`` under ``"diagnosis"``.

    Returns
    -------
    matplotlib.figure.Figure
        Above: histograms of weights and of hidden probabilities, singular values of W. Below: free energies of data
        and of the model's samples, autocorrelation along Gibbs chains with R̂, and distances to the nearest training
        sample. Each panel's title states its result.

    Raises
    ------
    KeyError
        If the mapping is not a diagnosis.

    Examples
    --------
    >>> import numpy as np, rgrbm
    >>> from rgrbm.plots.diagnosis import plot_diagnosis
    >>> X = np.repeat(np.eye(4, dtype=np.uint8), 10, axis=0)
    >>> rbm = rgrbm.BernoulliRBM(2, random_state=0).fit(X)
    >>> figure = plot_diagnosis(rgrbm.diagnose(rbm, X, seed=0).to_dict())
    """
    figure = Figure(figsize=(11.4, 6.0), layout="constrained", dpi=150)
    grid = figure.subplots(2, 3)
    for axes in grid.flat:
        axes.spines[["top", "right"]].set_visible(False)
    _draw_weights(grid[0, 0], result["weights"])
    _draw_activities(grid[0, 1], result["hidden_units"])
    _draw_modes(grid[0, 2], result["weights"])
    _draw_energies(grid[1, 0], result["samples"], result["free_energy"]["gap"])
    _draw_chains(grid[1, 1], result["chains"])
    _draw_memory(grid[1, 2], result["memory"])
    return figure


def _draw_weights(axes: Axes, weights: Mapping[str, Any]) -> None:
    histogram = weights["histogram"]
    axes.stairs(histogram["counts"]["weights"], histogram["edges"], color=BLUE, fill=True, alpha=0.6)
    axes.set_yscale("log")
    axes.set_ylim(0.7, None)
    axes.set_xlabel("weight")
    axes.set_ylabel("number of weights")
    axes.set_title(f"weights: rms {weights['rms']:.2g}, largest {weights['largest']:.2g}", fontsize="small")


def _draw_activities(axes: Axes, units: Mapping[str, Any]) -> None:
    histogram = units["activities"]
    axes.stairs(_shares(histogram["counts"]["train"]), histogram["edges"], color=BLUE, fill=True, alpha=0.6)
    _percent_ticks(axes)
    axes.set_xlabel("p(hⱼ = 1 | v), training data")
    axes.set_ylabel("share of samples and units")
    counts = f"{len(units['dead'])} dead, {len(units['saturated'])} saturated, {units['n_duplicates']} repeated"
    axes.set_title(f"{len(units['mean_activity'])} hidden units: {counts}", fontsize="small")


def _draw_modes(axes: Axes, weights: Mapping[str, Any]) -> None:
    values = weights["singular_values"]
    axes.plot(np.arange(1, len(values) + 1), values, "o-", color=BLUE, markersize=3, linewidth=0.8)
    axes.set_ylim(0, None)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("mode")
    axes.set_ylabel("singular value of W")
    axes.set_title(f"{len(values)} modes: singular values {values[-1]:.2g} to {values[0]:.3g}", fontsize="small")


def _draw_energies(axes: Axes, samples: Mapping[str, Any], gap: Mapping[str, Any] | None) -> None:
    energies = samples["energies"]
    for name in ("model", "train", "test"):
        if name in energies["counts"]:
            _stairs(axes, energies["counts"][name], energies["edges"], name)
    _legend_above(axes, 1.45)
    axes.set_xlabel("free energy F(v) (nats)")
    axes.set_ylabel("share of samples")
    known = "" if gap is None else f": training − test = {with_error(gap['mean'], gap['stderr'])}".replace("-", "−")
    axes.set_title(f"free energies{known}", fontsize="small")


def _draw_chains(axes: Axes, chains: Mapping[str, Any]) -> None:
    for row, name in enumerate(chains["quantities"]):
        r_hat = chains["r_hat"][row]
        shown = "∞" if r_hat is None else f"{r_hat:.2f}"
        colour, line = _LINES[row % len(_LINES)]
        rho = chains["autocorrelation"][row]
        axes.plot(rho, color=colour, linestyle=line, linewidth=1.2, label=f"{name}, R̂ = {shown}")
    axes.axhline(0, color=GREY, linewidth=0.7)
    axes.set_ylim(min(-0.1, axes.get_ylim()[0]), 1.5)
    axes.set_yticks([0, 0.5, 1])
    axes.legend(frameon=False, fontsize="small", loc="upper right", ncols=2, columnspacing=0.8, handlelength=1.5)
    axes.set_xlabel("Gibbs steps t")
    axes.set_ylabel("autocorrelation ρ(t)")
    mixed = "chains agree" if chains["mixed"] else "chains do not agree"
    axes.set_title(f"{chains['n_chains']} chains of {chains['n_steps']} steps: {mixed}", fontsize="small")


def _draw_memory(axes: Axes, memory: Mapping[str, Any]) -> None:
    edges = memory["distances"]["edges"]
    reference = memory["reference"]
    _stairs(axes, memory["distances"]["counts"]["model"], edges, "model")
    if memory["n_reference"]:
        label = "test data" if reference == "test" else "training data, each to the others"
        _stairs(axes, memory["distances"]["counts"]["reference"], edges, reference, label=label)
    _legend_above(axes, 1.35)
    axes.set_xlabel("distance to nearest training sample")
    axes.set_ylabel("share of samples")
    if memory["nearer"] is not None:
        axes.set_title(
            f"P(sample nearer than {reference}) = {memory['nearer']:.2f}: {_verdict(memory)}", fontsize="small"
        )


def _verdict(memory: Mapping[str, Any]) -> str:
    """Samples may be too near to the training data, or too far from them."""
    if memory["memorised"]:
        return "memorised"
    far = memory["nearer"] <= _FAR and memory["deviations"] <= _DEVIATIONS
    return "far from the data" if far else "not memorised"


def _stairs(axes: Axes, counts: Any, edges: Any, name: str, **changes: Any) -> None:
    style = _STYLES[name] | changes
    alpha = 0.45 if style.get("fill") else 1.0
    axes.stairs(_shares(counts), edges, linewidth=1.4, alpha=alpha, **style)
    _percent_ticks(axes)


def _percent_ticks(axes: Axes) -> None:
    axes.yaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:g}%"))


def _legend_above(axes: Axes, room: float) -> None:
    """A legend in a space of its own above the data, without ticks."""
    top = axes.get_ylim()[1]
    axes.set_ylim(0, room * top)
    axes.set_yticks([tick for tick in axes.get_yticks() if tick <= min(top, 1)])
    axes.legend(frameon=False, fontsize="small", loc="upper left")


def _shares(counts: Any) -> Any:
    array = np.asarray(counts, dtype=np.float64)
    return array / max(array.sum(), 1)
