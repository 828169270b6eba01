"""Figures of the square lattice: block spins, exponents, the range of a Hamiltonian, receptive fields."""

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator

from rgrbm.plots.ring import BLACK, BLUE, GREEN, GREY, ORANGE

_COLOURS = (BLUE, ORANGE, GREEN, "#CC79A7", "#56B4E9", "#E69F00", GREY, BLACK)
_MARKERS = "osD^vPX*"
_SPINS = ListedColormap(["white", "#2F4B6E"])

Pairs = Sequence[Sequence[float | None]]  # means and their errors; None where there is none


def plot_windows(windows: Mapping[str, npt.ArrayLike]) -> Figure:
    """The weights of block spins, as squares of colour with their numbers.

    Parameters
    ----------
    windows : mapping of str to array_like of shape (width, width)
        Weights in ±1 units, by the name of the kernel.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If there are none.

    Examples
    --------
    >>> from rgrbm.plots.square import plot_windows
    >>> figure = plot_windows({"majority": [[1, 1], [1, 1]]})
    """
    if not windows:
        raise ValueError("there are no weights to draw")
    columns = min(4, len(windows))
    rows = -(-len(windows) // columns)
    figure = Figure(figsize=(2.2 * columns + 0.4, 2.45 * rows), layout="constrained", dpi=150)
    for axes, (name, weights) in zip(_grid(figure, rows, columns, len(windows)), windows.items(), strict=True):
        w = np.asarray(weights, dtype=np.float64)
        largest = float(np.abs(w).max()) or 1.0
        axes.imshow(w, cmap="RdBu", vmin=-largest, vmax=largest)
        for (row, column), value in np.ndenumerate(w):
            ink = "white" if abs(value) > 0.6 * largest else BLACK
            axes.text(column, row, f"{value:.2f}".replace("-", "−"), ha="center", va="center", fontsize=8, color=ink)
        axes.set_title(name, fontsize=10)
        axes.set_xticks([])
        axes.set_yticks([])
    return figure


def plot_blockings(levels: Mapping[str, Sequence[npt.ArrayLike]]) -> Figure:
    """A configuration and its blockings: a row for each kernel, all drawn at the size of the first.

    Parameters
    ----------
    levels : mapping of str to sequence of array_like of shape (rows, columns)
        Spins ±1 before and after each step, by the name of the kernel.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If there are none.

    Examples
    --------
    >>> import numpy as np
    >>> from rgrbm.plots.square import plot_blockings
    >>> figure = plot_blockings({"majority": [np.ones((4, 4)), np.ones((2, 2))]})
    """
    if not levels:
        raise ValueError("there are no configurations to draw")
    columns = max(map(len, levels.values()))
    figure = Figure(figsize=(2.2 * columns + 0.3, 2.35 * len(levels)), layout="constrained", dpi=150)
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
    return figure


def plot_exponents(exponents: Mapping[str, Mapping[str, Pairs]]) -> Figure:
    """Exponents after each step, for several kernels, beside the exact ones.

    Parameters
    ----------
    exponents : mapping
        By the name of the kernel: ``y_t`` and ``y_h``, a pair of mean and error for each step.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If there are none.

    Examples
    --------
    >>> from rgrbm.plots.square import plot_exponents
    >>> figure = plot_exponents({"majority": {"y_t": [[0.98, 0.01]], "y_h": [[1.88, 0.01]]}})
    """
    if not exponents:
        raise ValueError("there are no exponents to draw")
    figure = Figure(figsize=(9.2, 4.2), layout="constrained", dpi=150)
    panels = (("y_t", "thermal exponent $y_T$", 1.0), ("y_h", "magnetic exponent $y_h$", 15 / 8))
    for axes, (which, label, exact) in zip(figure.subplots(1, 2), panels, strict=True):
        axes.axhline(exact, color=BLACK, linestyle="--", linewidth=0.8)
        for k, (name, found) in enumerate(exponents.items()):
            mean, error = _columns(found[which])
            place = np.arange(1, len(mean) + 1) + 0.5 * ((k + 0.5) / len(exponents) - 0.5)
            _points(axes, place, mean, error, k, name)
        axes.set_xticks(range(1, 1 + max(len(found[which]) for found in exponents.values())))
        axes.set_xlabel("step")
        axes.set_ylabel(label)
        axes.spines[["top", "right"]].set_visible(False)
    figure.legend(*figure.axes[0].get_legend_handles_labels(), loc="outside right center", frameon=False, fontsize=8)
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
    """Where couplings go, step by step, from starts around the critical one: a panel for each kernel.

    Parameters
    ----------
    flows : sequence of mappings
        Each with ``ratio``, the start in units of J_c, and ``paths``: by the name of the kernel, ``nearest`` and
        ``diagonal``, each a list of (K, error) before and after each step, None where there is no coupling.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If there are none.

    Examples
    --------
    >>> from rgrbm.plots.square import plot_coupling_flow
    >>> path = {"nearest": [[0.44, 0.01], [0.35, 0.01]], "diagonal": [[0.0, 0.01], [0.08, 0.01]]}
    >>> figure = plot_coupling_flow([{"ratio": 1.0, "paths": {"majority": path}}])
    """
    if not flows:
        raise ValueError("there is no flow to draw")
    names = list(flows[0]["paths"])
    figure = Figure(figsize=(4.4 * len(names) + 0.6, 4.0), layout="constrained", dpi=150)
    panels = figure.subplots(1, len(names), squeeze=False, sharex=True, sharey=True)[0]
    for axes, name in zip(panels, names, strict=True):
        for k, flow in enumerate(flows):
            (x, x_error), (y, y_error) = (_columns(flow["paths"][name][which]) for which in ("nearest", "diagonal"))
            colour = _COLOURS[k % len(_COLOURS)]
            axes.errorbar(
                x, y, y_error, x_error, color=colour, linewidth=1, marker=_MARKERS[k % len(_MARKERS)], markersize=4,
                label=f"{flow['ratio']:g} $J_c$",
            )  # fmt: skip
            for start, end in itertools.pairwise(np.column_stack([x, y])[np.isfinite(x)]):
                axes.annotate(
                    "", start + 0.62 * (end - start), start + 0.5 * (end - start),
                    arrowprops={"arrowstyle": "-|>", "color": colour, "linewidth": 0, "mutation_scale": 10},
                )  # fmt: skip
        axes.axhline(0, color=GREY, linewidth=0.6)
        axes.set_title(name, fontsize=10)
        axes.set_xlabel("nearest-neighbour coupling")
        axes.spines[["top", "right"]].set_visible(False)
    figure.axes[0].set_ylabel("diagonal coupling")
    figure.axes[0].legend(title="start", frameon=False, fontsize=8, loc="upper left")
    return figure


def plot_receptive_fields(weights: npt.ArrayLike, places: npt.ArrayLike, shape: Sequence[int]) -> Figure:
    """Weights of all hidden units on the lattice that they see, sorted by place, and where their centres are.

    Parameters
    ----------
    weights : array_like of shape (n_sites, n_hidden)
    places : array_like of shape (n_hidden, 2)
        Centres, NaN where there is none.
    shape : sequence of int
        Rows and columns.

    Returns
    -------
    matplotlib.figure.Figure

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
    figure = Figure(figsize=(9.6, 5.2), layout="constrained", dpi=150)
    left, right = figure.subfigures(1, 2, squeeze=False, width_ratios=(1.15, 1))[0]
    bands = np.floor(np.nan_to_num(centres[:, 0], nan=np.inf) / shape[0] * columns)
    order = np.lexsort((centres[:, 1], bands))
    largest = float(np.abs(w).max()) or 1.0
    for axes, unit in zip(_grid(left, -(-w.shape[1] // columns), columns, w.shape[1]), order, strict=True):
        sign = np.sign(w[np.abs(w[:, unit]).argmax(), unit])
        axes.imshow(sign * w[:, unit].reshape(shape), cmap="RdBu", vmin=-largest, vmax=largest)
        axes.set_xticks([])
        axes.set_yticks([])
        for spine in axes.spines.values():
            spine.set(color="#BBBBBB", linewidth=0.5)
    axes = right.add_subplot()
    axes.plot(centres[:, 1], centres[:, 0], "o", color=BLUE, markersize=5)
    axes.set(xlim=(-0.5, shape[1] - 0.5), ylim=(shape[0] - 0.5, -0.5), aspect="equal", xlabel="column", ylabel="row")
    axes.set_xticks(range(0, shape[1], 2))
    axes.set_yticks(range(0, shape[0], 2))
    axes.grid(color="#DDDDDD", linewidth=0.6)
    axes.set_title("centres of the receptive fields", fontsize=10)
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
