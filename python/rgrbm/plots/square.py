"""Figures of the square lattice: block spins, exponents, the range of a Hamiltonian, receptive fields."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap, Normalize, SymLogNorm
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullLocator

from rgrbm.plots.ring import BLACK, BLUE, GREEN, GREY, ORANGE

_COLOURS = (BLUE, ORANGE, GREEN, "#CC79A7", "#56B4E9", "#E69F00", GREY, BLACK)
_MARKERS = "osD^vPX*"
_SPINS = ListedColormap(["white", "#2F4B6E"])
_TICKS = (-8, -4, -2, -1, -0.5, 0, 0.5, 1, 2, 4, 8)  # of colour bars
_LINEAR = 0.01  # deviations of exponents up to here are on a linear axis
_UNCLEAR = 0.05  # couplings with larger errors do not set the axes

Pairs = Sequence[Sequence[float | None]]  # means and their errors; None where there is none
_NONE = (None, None)


def plot_windows(windows: Mapping[str, npt.ArrayLike], *, bound: float | None = None) -> Figure:
    """The weights of block spins, as squares of colour with their numbers.

    Parameters
    ----------
    windows : mapping of str to array_like of shape (width, width)
        Weights in ±1 units, by the name of the kernel.
    bound : float, optional
        Largest weight that a search allowed. Weights of this size are marked: the best ones may be larger.

    Returns
    -------
    matplotlib.figure.Figure
        One colour scale for all windows. It is linear up to weights of 1 and logarithmic above.

    Raises
    ------
    ValueError
        If there are no windows.

    Examples
    --------
    >>> from rgrbm.plots.square import plot_windows
    >>> figure = plot_windows({"majority": [[1, 1], [1, 1]]})
    """
    if not windows:
        raise ValueError("there are no weights to draw")
    columns = min(4, len(windows))
    rows = -(-len(windows) // columns)
    figure = Figure(figsize=(2.2 * columns + 1.2, 2.45 * rows + 0.3), layout="constrained", dpi=150)
    shown = {name: np.asarray(weights, dtype=np.float64) for name, weights in windows.items()}
    largest = max(float(np.abs(w).max()) for w in shown.values()) or 1.0
    scale = _scale(largest)
    grid = _grid(figure, rows, columns, len(windows))
    at_bound = False
    for axes, (name, w) in zip(grid, shown.items(), strict=True):
        image = axes.imshow(w, cmap="RdBu", norm=scale)
        for (row, column), value in np.ndenumerate(w):
            ink = "white" if abs(float(scale(value)) - 0.5) > 0.33 else BLACK
            text = f"{value:.2f}".replace("-", "−")
            if bound is not None and abs(value) >= bound * (1 - 1e-9):
                text, at_bound = f"{text}*", True
            axes.text(column, row, text, ha="center", va="center", fontsize=8, color=ink)
        axes.set_title(name, fontsize=10)
        axes.set_xticks([])
        axes.set_yticks([])
    bar = figure.colorbar(image, ax=grid, label="weight (±1 units)", pad=0.02, aspect=40)
    bar.set_ticks([x for x in _TICKS if abs(x) <= largest])
    bar.set_ticklabels([f"{x:g}".replace("-", "−") for x in bar.get_ticks()])
    bar.minorticks_off()
    if at_bound:
        figure.supxlabel(f"* at the bound of the search, {bound:g}: the best weight may be larger", fontsize=9)
    return figure


def _scale(largest: float) -> Normalize:
    """Colours of weights: symmetric, linear up to 1, logarithmic above."""
    if largest <= 1:
        return Normalize(-largest, largest)
    return SymLogNorm(1.0, vmin=-largest, vmax=largest)


def plot_blockings(levels: Mapping[str, Sequence[npt.ArrayLike]], *, J: float | None = None) -> Figure:
    """A configuration and its blockings: a row for each kernel, all drawn at the size of the first.

    Parameters
    ----------
    levels : mapping of str to sequence of array_like of shape (rows, columns)
        Spins ±1 before and after each step, by the name of the kernel.
    J : float, optional
        Coupling of the first configuration, for the key.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If there are no configurations.

    Examples
    --------
    >>> import numpy as np
    >>> from rgrbm.plots.square import plot_blockings
    >>> figure = plot_blockings({"majority": [np.ones((4, 4)), np.ones((2, 2))]})
    """
    if not levels:
        raise ValueError("there are no configurations to draw")
    columns = max(map(len, levels.values()))
    figure = Figure(figsize=(2.2 * columns + 0.3, 2.35 * len(levels) + 0.35), layout="constrained", dpi=150)
    for row, (axes_row, (name, configurations)) in enumerate(
        zip(figure.subplots(len(levels), columns, squeeze=False), levels.items(), strict=True)
    ):
        for axes, spins in zip(axes_row, configurations, strict=False):
            array = np.asarray(spins)
            axes.imshow(array, cmap=_SPINS, vmin=-1, vmax=1, interpolation="nearest")
            axes.set_xticks([])
            axes.set_yticks([])
            if row == 0:
                axes.set_title(f"{array.shape[0]} × {array.shape[1]}", fontsize=10)
        for axes in axes_row[len(configurations) :]:
            axes.set_axis_off()
        axes_row[0].set_ylabel(name, fontsize=10)
    key = [
        Patch(facecolor=_SPINS(k), edgecolor=BLACK, linewidth=0.6, label=f"spin {s}") for k, s in ((1, "+1"), (0, "−1"))
    ]
    title = "" if J is None else f"first column: samples at J = {J:.4f}"
    if title:
        key.append(Patch(visible=False, label=title))
    figure.legend(handles=key, loc="outside upper center", ncols=len(key), frameon=False, fontsize=10)
    return figure


def plot_exponents(exponents: Mapping[str, Mapping[str, Pairs]]) -> Figure:
    """Deviations of exponents from the exact ones after each step, for several kernels.

    Parameters
    ----------
    exponents : mapping
        By the name of the kernel: ``y_t`` and ``y_h``, a pair of mean and error for each step.

    Returns
    -------
    matplotlib.figure.Figure
        A row for each kernel and a marker for each step. The axis is linear up to deviations of 0.01 and logarithmic
        beyond.

    Raises
    ------
    ValueError
        If there are no exponents.

    Examples
    --------
    >>> from rgrbm.plots.square import plot_exponents
    >>> figure = plot_exponents({"majority": {"y_t": [[0.98, 0.01]], "y_h": [[1.88, 0.01]]}})
    """
    if not exponents:
        raise ValueError("there are no exponents to draw")
    names = list(exponents)
    figure = Figure(figsize=(9.2, 1.4 + 0.42 * len(names)), layout="constrained", dpi=150)
    panels = (("y_t", "$y_T - 1$ (thermal exponent)", 1.0), ("y_h", "$y_h - 15/8$ (magnetic exponent)", 15 / 8))
    for axes, (which, label, exact) in zip(figure.subplots(1, 2, sharey=True), panels, strict=True):
        axes.axvline(0, color=BLACK, linestyle="--", linewidth=0.8)
        n_steps = max(len(of_kernel[which]) for of_kernel in exponents.values())
        for step in range(n_steps):
            of_step = [
                of_kernel[which][step] if step < len(of_kernel[which]) else _NONE for of_kernel in exponents.values()
            ]
            mean, error = _columns(of_step)
            row = np.arange(len(names)) + 0.5 * ((step + 0.5) / n_steps - 0.5)
            _points(axes, mean - exact, row, None, step, f"step {step + 1}", x_error=error)
        axes.set_xscale("symlog", linthresh=_LINEAR, linscale=0.8)
        axes.xaxis.set_major_locator(FixedLocator([s * x for x in (0.01, 0.1, 1.0) for s in (-1, 1)] + [0]))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:+g}".replace("-", "−") if x else "exact"))
        axes.set_xlabel(label)
        axes.grid(axis="x", color="#DDDDDD", linewidth=0.6)
        axes.spines[["top", "right"]].set_visible(False)
    figure.axes[0].set_yticks(range(len(names)), names)
    figure.axes[0].invert_yaxis()
    figure.legend(
        *figure.axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=8, frameon=False, fontsize=9
    )
    return figure


def plot_ranges(couplings: Mapping[str, Mapping[str, Any]]) -> Figure:
    """What part of the Hamiltonian after a step is not short-ranged, for several kernels.

    Parameters
    ----------
    couplings : mapping
        By the name of the kernel: ``not_nearest`` and ``beyond_plaquette``, pairs of mean and error.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If there are none.

    Examples
    --------
    >>> from rgrbm.plots.square import plot_ranges
    >>> figure = plot_ranges({"majority": {"not_nearest": [0.05, 0.01], "beyond_plaquette": [0.002, 0.001]}})
    """
    if not couplings:
        raise ValueError("there are no couplings to draw")
    names = list(couplings)
    figure = Figure(figsize=(8.2, 0.9 + 0.32 * len(names)), layout="constrained", dpi=150)
    panels = (("not_nearest", "beyond nearest neighbours"), ("beyond_plaquette", "beyond a 2 × 2 plaquette"))
    for axes, (which, label) in zip(figure.subplots(1, 2, sharey=True), panels, strict=True):
        mean, error = _columns([couplings[name][which] for name in names])
        for k in range(len(names)):
            _points(axes, mean[k : k + 1], np.array([k]), None, k, names[k], x_error=error[k : k + 1])
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:g}%"))
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.minorticks_off()
        axes.set_xlabel(f"{label}\n(share of the Hamiltonian)")
        axes.grid(axis="x", color="#DDDDDD", linewidth=0.6)
        axes.spines[["top", "right"]].set_visible(False)
    figure.axes[0].set_yticks(range(len(names)), names)
    figure.axes[0].invert_yaxis()
    return figure


def plot_coupling_flow(flows: Sequence[Mapping[str, Any]]) -> Figure:
    """The flow of couplings, step by step, from starts around the critical one: a panel for each kernel.

    Parameters
    ----------
    flows : sequence of mappings
        Each with ``ratio``, the start in units of J_c, and ``paths``: by the name of the kernel, ``nearest`` and
        ``diagonal``, each a list of (K, error) before and after each step, None where there is no coupling.

    Returns
    -------
    matplotlib.figure.Figure
        Axes show the points whose errors are at most 0.05; error bars and paths beyond are cut at the edge. A ring
        marks the end of the path from J_c, which is the nearest to the fixed point.

    Raises
    ------
    ValueError
        If there are no flows.

    Examples
    --------
    >>> from rgrbm.plots.square import plot_coupling_flow
    >>> path = {"nearest": [[0.44, 0.01], [0.35, 0.01]], "diagonal": [[0.0, 0.01], [0.08, 0.01]]}
    >>> figure = plot_coupling_flow([{"ratio": 1.0, "paths": {"majority": path}}])
    """
    if not flows:
        raise ValueError("there is no flow to draw")
    names = list(flows[0]["paths"])
    figure = Figure(figsize=(4.4 * len(names) + 0.6, 4.4), layout="constrained", dpi=150)
    panels = figure.subplots(1, len(names), squeeze=False, sharex=True, sharey=True)[0]
    for axes, name in zip(panels, names, strict=True):
        for k, flow in enumerate(flows):
            _draw_path(axes, flow["paths"][name], flow["ratio"], k)
        axes.axhline(0, color=GREY, linewidth=0.6)
        axes.set_title(name, fontsize=10)
        axes.set_xlabel("nearest-neighbour coupling")
        axes.spines[["top", "right"]].set_visible(False)
    panels[0].set_ylabel("diagonal coupling")
    for axis, which in (("x", "nearest"), ("y", "diagonal")):
        panels[0].set(**{f"{axis}lim": _span(flows, which)})
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=len(labels), frameon=False, fontsize=8)
    return figure


def _draw_path(axes: Axes, path: Mapping[str, Pairs], ratio: float, k: int) -> None:
    (x, x_error), (y, y_error) = (_columns(path[which]) for which in ("nearest", "diagonal"))
    colour = _COLOURS[k % len(_COLOURS)]
    axes.errorbar(
        x, y, y_error, x_error, color=colour, linewidth=1, marker=_MARKERS[k % len(_MARKERS)], markersize=4,
        label=f"from {ratio:g} $J_c$",
    )  # fmt: skip
    places = np.column_stack([x, y])[np.isfinite(x)]
    for start, end in itertools.pairwise(places):
        axes.annotate(
            "", start + 0.62 * (end - start), start + 0.5 * (end - start), annotation_clip=True,
            arrowprops={"arrowstyle": "-|>", "color": colour, "linewidth": 0, "mutation_scale": 10},
        )  # fmt: skip
    if ratio == 1 and len(places) > 1:
        axes.plot(
            *places[-1], "o", color=BLACK, markersize=13, markerfacecolor="none", label="nearest to the fixed point"
        )


def _span(flows: Sequence[Mapping[str, Any]], which: str) -> tuple[float, float]:
    """Limits of an axis that hold all couplings whose errors are small; all couplings if no error is."""
    value, error = _columns([pair for flow in flows for path in flow["paths"].values() for pair in path[which]])
    clear = np.isfinite(value) & ~(error > _UNCLEAR)
    shown = value[clear] if clear.any() else value[np.isfinite(value)]
    low, high = (float(shown.min()), float(shown.max())) if len(shown) else (0.0, 1.0)
    edge = 0.08 * (high - low) or 0.05
    return low - edge, high + edge


def plot_receptive_fields(weights: npt.ArrayLike, places: npt.ArrayLike, shape: Sequence[int]) -> Figure:
    """Weights of all hidden units on the lattice that they see, sorted by position, and the centres of these weights.

    Parameters
    ----------
    weights : array_like of shape (n_sites, n_hidden)
        Weights in 0/1 units.
    places : array_like of shape (n_hidden, 2)
        Centres, NaN for a unit without weights.
    shape : sequence of int
        Rows and columns.

    Returns
    -------
    matplotlib.figure.Figure
        Left: fields on one colour scale, each with the sign that makes its largest weight positive. Units without
        weights come last and are crossed out. Right: their centres, on a torus.

    Raises
    ------
    ValueError
        If there is no hidden unit.

    Examples
    --------
    >>> import numpy as np
    >>> from rgrbm.plots.square import plot_receptive_fields
    >>> figure = plot_receptive_fields(np.eye(4), [[0, 0], [0, 1], [1, 0], [1, 1]], (2, 2))
    """
    w, centres = np.asarray(weights, dtype=np.float64), np.asarray(places, dtype=np.float64)
    if w.ndim != 2 or not w.size:
        raise ValueError(f"expected weights of shape (n_sites, n_hidden), got {w.shape}")
    columns = math.ceil(math.sqrt(w.shape[1]))
    figure = Figure(figsize=(10.2, 5.4), layout="constrained", dpi=150)
    left, right = figure.subfigures(1, 2, squeeze=False, width_ratios=(1.25, 1))[0]
    bands = np.floor(np.nan_to_num(centres[:, 0], nan=np.inf) / shape[0] * columns)
    order = np.lexsort((centres[:, 1], bands))
    largest = float(np.abs(w).max()) or 1.0
    grid = _grid(left, -(-w.shape[1] // columns), columns, w.shape[1])
    blank = np.isnan(centres[:, 0])
    for axes, unit in zip(grid, order, strict=True):
        sign = np.sign(w[np.abs(w[:, unit]).argmax(), unit])
        image = axes.imshow(sign * w[:, unit].reshape(shape), cmap="RdBu", vmin=-largest, vmax=largest)
        if blank[unit]:
            axes.plot([0, 1, np.nan, 0, 1], [0, 1, np.nan, 1, 0], color=GREY, linewidth=0.8, transform=axes.transAxes)
        axes.set_xticks([])
        axes.set_yticks([])
        for spine in axes.spines.values():
            spine.set(color="#BBBBBB", linewidth=0.5)
    left.colorbar(image, ax=grid, label="weight, largest of each unit positive", pad=0.02, aspect=40)
    n_blank = int(blank.sum())
    left.suptitle(
        f"{w.shape[1]} hidden units" + (f"; {n_blank} without weights (crossed out)" if n_blank else ""), fontsize=10
    )
    axes = right.add_subplot()
    row, column = ((centres[:, k] + 0.5) % shape[k] - 0.5 for k in (0, 1))
    axes.plot(column, row, "o", color=BLUE, markersize=5, clip_on=False, zorder=3)
    axes.set(xlim=(-0.5, shape[1] - 0.5), ylim=(shape[0] - 0.5, -0.5), aspect="equal", xlabel="column", ylabel="row")
    axes.set_xticks(range(0, shape[1], 2))
    axes.set_yticks(range(0, shape[0], 2))
    axes.grid(color="#DDDDDD", linewidth=0.6)
    axes.set_title("centres of the receptive fields (edges are joined)", fontsize=10)
    return figure


def plot_hidden_correlation(correlation: Mapping[str, npt.ArrayLike]) -> Figure:
    """Correlations of hidden spins by the distance of their receptive fields, beside those of the spins they see.

    Parameters
    ----------
    correlation : mapping
        ``distance``, ``hidden``, ``hidden_stderr`` and ``visible``, each of shape (n_bins,).

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> from rgrbm.plots.square import plot_hidden_correlation
    >>> values = {"distance": [2, 3], "hidden": [0.6, 0.5], "hidden_stderr": [0.01, 0.01], "visible": [0.7, 0.6]}
    >>> figure = plot_hidden_correlation(values)
    """
    figure = Figure(figsize=(5.6, 3.6), layout="constrained", dpi=150)
    axes = figure.add_subplot()
    distance = np.asarray(correlation["distance"])
    hidden, error = np.asarray(correlation["hidden"]), np.asarray(correlation["hidden_stderr"])
    axes.errorbar(distance, hidden, error, fmt="o", color=BLUE, markersize=4, label="hidden spins")
    axes.plot(distance, correlation["visible"], "-", color=BLACK, linewidth=1, label="spins at that distance")
    axes.set(ylim=(0, 1), xlabel="distance of the receptive fields (sites)", ylabel="correlation")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    return figure


def _grid(figure: Any, rows: int, columns: int, n: int) -> list[Axes]:
    """The first n axes of a grid; the others are taken away."""
    everything = list(figure.subplots(rows, columns, squeeze=False).flat)
    for axes in everything[n:]:
        axes.remove()
    return everything[:n]


def _columns(pairs: Pairs) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Means and errors; NaN where there is none."""
    array = np.array([[math.nan if x is None else x for x in pair] for pair in pairs], dtype=np.float64)
    return array[:, 0], array[:, 1]


def _points(axes: Axes, x: Any, y: Any, error: Any, k: int, name: str, x_error: Any = None) -> None:
    axes.errorbar(
        x, y, error, x_error, linestyle="none", color=_COLOURS[k % len(_COLOURS)], label=name, markersize=4.5,
        marker=_MARKERS[(k + k // len(_COLOURS)) % len(_MARKERS)], linewidth=1,
        markerfacecolor="none" if k >= len(_COLOURS) else None,
    )  # fmt: skip
