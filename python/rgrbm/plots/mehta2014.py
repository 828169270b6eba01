"""The figure of Mehta and Schwab's stack: receptive fields of its layers, their radii, couplings and correlations."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rgrbm.plots.ring import BLACK, BLUE, GREEN, GREY, ORANGE

_COLOURS, _MARKERS = (BLUE, ORANGE, GREEN), "osD"
_COLUMNS = 10


def plot_mehta2014(results: Mapping[str, Any]) -> Figure:
    """Receptive fields through the layers of a stack, and what its hidden units are like.

    Parameters
    ----------
    results : mapping
        ``layers``, ``example``, ``sizes`` and ``correlation_length`` as in ``results.json`` of ``rgrbm reproduce
        mehta2014``.

    Returns
    -------
    matplotlib.figure.Figure
        Some receptive fields of each layer, each on a scale of its own; a configuration and its reconstructions;
        radii, couplings and correlations by distance.
    """
    layers, side = results["layers"], results["sizes"]["side"]
    figure = Figure(figsize=(10.5, 1.05 * len(layers) + 5.9), layout="constrained", dpi=150)
    heights = [1.05 * len(layers) + 0.1, 2.3, 3.4]
    parts: Any = figure.subfigures(3, 1, height_ratios=heights)
    above, middle, below = parts
    _draw_fields(above.subplots(len(layers), _COLUMNS, squeeze=False), layers, side)
    _draw_example(middle.subplots(1, len(results["example"])).tolist(), results["example"], side)
    radii, couplings, correlation = below.subplots(1, 3).tolist()
    _draw_radii(radii, layers)
    _draw_couplings(couplings, layers)
    _draw_correlation(correlation, layers)
    return figure


def _draw_fields(grid: Any, layers: Sequence[Mapping[str, Any]], side: int) -> None:
    for axes in grid.flat:
        axes.axis("off")
    for k, (row, layer) in enumerate(zip(grid, layers, strict=True), 1):
        for axes, field in zip(row, layer["fields"], strict=False):
            image = np.reshape(field, (side, side))
            limit = np.abs(image).max() or 1.0
            axes.axis("on")
            axes.imshow(image, cmap="RdBu", vmin=-limit, vmax=limit, interpolation="none")
            axes.set(xticks=[], yticks=[])
            axes.spines[:].set_color("#BFBFBF")
        row[0].axis("on")
        row[0].set(xticks=[], yticks=[])
        row[0].set_ylabel(f"layer {k}\n{layer['n_hidden']} units", fontsize=9)


def _draw_example(panels: Sequence[Axes], images: Sequence[Sequence[int]], side: int) -> None:
    titles = ["configuration", *(f"reconstruction\nfrom layer {k}" for k in range(1, len(images)))]
    for axes, image, title in zip(panels, images, titles, strict=True):
        axes.imshow(np.reshape(image, (side, side)), cmap="Greys", vmin=-0.3, vmax=1.3, interpolation="none")
        axes.set(xticks=[], yticks=[])
        axes.set_title(title, fontsize=9)


def _draw_radii(axes: Axes, layers: Sequence[Mapping[str, Any]]) -> None:
    spreads = [np.array(layer["spreads"]) for layer in layers]
    largest = max((float(values.max()) for values in spreads if len(values)), default=1.0)
    smallest = min((float(values.min()) for values in spreads if len(values)), default=0.5)
    edges = np.geomspace(0.9 * smallest, 1.1 * largest, 40)
    for k, (values, layer) in enumerate(zip(spreads, layers, strict=True)):
        share = np.full(len(values), 1 / max(1, len(values)))
        axes.hist(values, edges.tolist(), weights=share, color=_COLOURS[k % 3], alpha=0.75, label=f"layer {k + 1}")
        axes.axvline(layer["spacing"], ymax=0.78, color=_COLOURS[k % 3], linewidth=1, linestyle="--")
    ticks = [x for x in (0.5, 1, 2, 4, 8, 16) if edges[0] < x < max(edges[-1], 1.3 * layers[-1]["spacing"])]
    axes.set(xscale="log", xlabel="radius of the receptive field, sites", ylabel="part of the units")
    axes.set_xticks(ticks, [f"{x:g}" for x in ticks])
    axes.minorticks_off()
    axes.plot([], [], color=GREY, linewidth=1, linestyle="--", label="spacing")
    axes.set_ylim(0, 1.45 * axes.get_ylim()[1])
    _finish(axes, ncols=2)


def _draw_couplings(axes: Axes, layers: Sequence[Mapping[str, Any]]) -> None:
    axes.axhline(0, color=GREY, linewidth=0.6)
    for k, layer in enumerate(layers):
        found = layer["couplings"]
        axes.plot(found["distance"], found["mean"], f"{_MARKERS[k % 3]}-", color=_COLOURS[k % 3], markersize=4,
                  label=f"layer {k + 1}")  # fmt: skip
    axes.set(xlim=(0, 5), xlabel="distance / spacing", ylabel="mean pair coupling of hidden units")
    _finish(axes)


def _draw_correlation(axes: Axes, layers: Sequence[Mapping[str, Any]]) -> None:
    first = layers[0]["correlation"]
    axes.plot(first["distance"], first["visible"], color=BLACK, linewidth=1, label="visible spins")
    for k, layer in enumerate(layers):
        c, colour = layer["correlation"], _COLOURS[k % 3]
        axes.errorbar(c["distance"], c["hidden"], c["hidden_stderr"], fmt=_MARKERS[k % 3], color=colour, markersize=4,
                      label=f"layer {k + 1}")  # fmt: skip
    axes.set(yscale="log", xlabel="distance, sites", ylabel="correlation ⟨h h′⟩")
    ticks = [x for x in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5) if axes.get_ylim()[0] < x < axes.get_ylim()[1]]
    axes.set_yticks(ticks, [f"{x:g}" for x in ticks])
    axes.minorticks_off()
    _finish(axes)


def _finish(axes: Axes, ncols: int = 1) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, ncols=ncols, loc="upper right")
