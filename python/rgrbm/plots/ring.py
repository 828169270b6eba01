"""Figures from arrays: they draw what they are given and compute nothing.

Every function returns a ``matplotlib.figure.Figure``, ready for ``savefig`` or a notebook. Colours are those
of Okabe and Ito, which the colour-blind can distinguish, and each series also has a marker or line style of its own,
so that the figures survive grey printing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from rgrbm._support import checks
from rgrbm.plots import checked

Array = npt.NDArray[np.float64]

BLUE, ORANGE, GREEN, BLACK = "#0072B2", "#D55E00", "#009E73", "#000000"
GREY = "#7F7F7F"


def _axes(width: float, height: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(width, height), layout="constrained", dpi=150)
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def plot_learning_curve(
    epoch: npt.ArrayLike,
    reconstruction_error: npt.ArrayLike,
    *,
    bound: float | None = None,
    test: float | None = None,
) -> Figure:
    """Reconstruction error against epochs (Fig. 2 of the report).

    Parameters
    ----------
    epoch : array_like of shape (n,)
        Epochs, from 1.
    reconstruction_error : array_like of shape (n,)
        Fraction of visible units of the training set that differ after one sampled v → h → v.
    bound : float, optional
        Error of perfect decimation, drawn as a dashed line.
    test : float, optional
        Error of held-out data after the last epoch, drawn as a diamond there.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    TypeError
        If an argument is not of real numbers.
    ValueError
        If the two arrays are empty, differ in length or have masked values, or another number is not finite.

    Examples
    --------
    >>> from rgrbm.plots.ring import plot_learning_curve
    >>> figure = plot_learning_curve([1, 2, 3], [0.5, 0.3, 0.2], bound=0.066)
    """
    epochs = checked.series("epoch", epoch)
    errors = checked.series("reconstruction_error", reconstruction_error, len(epochs))
    bound, test = checked.known("bound", bound), checked.known("test", test)
    figure, axes = _axes(6.0, 3.6)
    axes.plot(epochs, errors, color=BLUE, linewidth=1.2, label="training set, h and v sampled")
    if bound is not None:
        axes.axhline(bound, color=BLACK, linestyle="--", linewidth=1, label=f"perfect decimation, {bound:.4f}")
    if test is not None:
        label = f"held-out data, after the last epoch: {test:.4f}"
        axes.plot([epochs[-1]], [test], "D", color=ORANGE, markersize=5, clip_on=False, zorder=3, label=label)
    axes.set_xscale("log")
    axes.set_ylim(0, None)
    axes.set_xlabel("epoch")
    axes.set_ylabel("reconstruction error")
    axes.legend(frameon=False)
    return figure


def plot_reconstruction(original: npt.ArrayLike, reconstruction: npt.ArrayLike) -> Figure:
    """Spin configurations above their reconstructions, differing spins marked (Fig. 3 of the report).

    Parameters
    ----------
    original, reconstruction : array_like of shape (n_samples, n_spins)
        Spins ±1.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    TypeError
        If the spins are not real numbers.
    ValueError
        If the shapes are not two-dimensional and equal, or there are no spins, masked ones, or more than 1000 samples.

    Examples
    --------
    >>> from rgrbm.plots.ring import plot_reconstruction
    >>> figure = plot_reconstruction([[1, 1, -1, -1]], [[1, -1, -1, -1]])
    """
    before = checked.table("original", original, dtype=None)
    after = checked.table("reconstruction", reconstruction, dtype=None)
    if before.shape != after.shape:
        raise ValueError(f"expected two arrays of one shape (n_samples, n_spins), got {before.shape} and {after.shape}")
    n_samples = len(before)
    checked.require_panels(n_samples, "samples")
    figure = Figure(figsize=(7.0, 0.62 * n_samples + 0.9), layout="constrained", dpi=150)
    all_axes = figure.subplots(n_samples, 1, sharex=True, squeeze=False)[:, 0]
    for axes, v, v_hat in zip(all_axes, before, after, strict=True):
        axes.imshow(np.stack([v, v_hat]), cmap="Greys", vmin=-1.6, vmax=1.6, aspect="auto", interpolation="none")
        wrong = np.flatnonzero(v != v_hat)
        axes.plot(wrong, np.ones_like(wrong), "x", color=ORANGE, markersize=4.5, markeredgewidth=1.4)
        axes.axhline(0.5, color="white", linewidth=2)
        axes.set_yticks([0, 1], ["v", "v̂"])
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
    all_axes[-1].set_xlabel("site")
    figure.suptitle(
        f"spins v and reconstructions v̂ (dark: +1); × marks the {np.mean(before != after):.1%} that differ",
        fontsize="medium",
    )
    return figure


def plot_weights(weights: npt.ArrayLike, units: Sequence[int] | None = None) -> Figure:
    """All filters of an RBM as a map, and some of them one by one (Fig. 4 of the report).

    Parameters
    ----------
    weights : array_like of shape (n_visible, n_hidden)
        Weights in ±1 units, hidden units in the order in which they are to be drawn.
    units : sequence of int, optional
        Hidden units drawn one by one; by default two, a third and two thirds of the way along.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    TypeError
        If the weights are not real numbers, or the units not integers.
    ValueError
        If the weights are not two-dimensional or are masked, or the units are none, more than 1000, or not
        all there.

    Examples
    --------
    >>> import numpy as np
    >>> from rgrbm.plots.ring import plot_weights
    >>> figure = plot_weights(np.eye(8)[:, ::2])
    """
    w = checked.table("weights", weights)
    n_hidden = w.shape[1]
    both = sorted({n_hidden // 3, (2 * n_hidden) // 3})
    chosen = both if units is None else checks.integers("units", units, 0)
    if not chosen or max(chosen) >= n_hidden:
        raise ValueError(f"units must name some of {n_hidden} hidden units from 0, got {checks.shown(units)}")
    checked.require_panels(len(chosen), "units")
    figure = Figure(figsize=(7.2, 3.8), layout="constrained", dpi=150)
    grid = figure.add_gridspec(len(chosen), 2, width_ratios=[1.25, 1])
    overview = figure.add_subplot(grid[:, 0])
    limit = float(np.max(np.abs(w))) or 1.0
    image = overview.imshow(
        w.T, cmap="PuOr", vmin=-limit, vmax=limit, aspect="auto", interpolation="none", origin="lower"
    )
    overview.set_xlabel("visible unit (site)")
    overview.set_ylabel("hidden unit, sorted by position")
    overview.yaxis.set_major_locator(MaxNLocator(integer=True))
    figure.colorbar(image, ax=overview, label="weight (±1 units)", pad=0.02)
    for row, unit in enumerate(chosen):
        axes = figure.add_subplot(grid[row, 1])
        axes.spines[["top", "right"]].set_visible(False)
        axes.vlines(np.arange(len(w)), 0, w[:, unit], color=BLUE, linewidth=1.6)
        axes.axhline(0, color=GREY, linewidth=0.7)
        axes.set_ylabel(f"weights of h{unit}")
        if row == len(chosen) - 1:
            axes.set_xlabel("visible unit (site)")
    return figure


def plot_correlation(
    distance: npt.ArrayLike,
    hidden: npt.ArrayLike,
    hidden_stderr: npt.ArrayLike,
    ising: npt.ArrayLike,
    ising_stderr: npt.ArrayLike,
    exact: npt.ArrayLike,
    *,
    J: float | None = None,
) -> Figure:
    """Correlation of hidden spins beside the renormalized Ising ring (Fig. 5 of the report).

    Parameters
    ----------
    distance : array_like of shape (n,)
        Distance in sites of the renormalized ring (two sites of the original one).
    hidden, hidden_stderr : array_like of shape (n,)
        Correlation of the hidden spins and its standard error; NaN where no pair is that far apart.
    ising, ising_stderr : array_like of shape (n,)
        The same of a simulated ring at J′.
    exact : array_like of shape (n,)
        Exact correlation of that ring.
    J : float, optional
        The coupling J′ of that ring, for the key.

    Returns
    -------
    matplotlib.figure.Figure
        Left: correlations on a logarithmic axis, where they exceed two standard errors. Right: all differences from
        the exact correlation, with error bars.

    Raises
    ------
    TypeError
        If an argument is not of real numbers.
    ValueError
        If the arrays are empty, differ in length or have masked values, a standard error is negative, no exact
        correlation is finite, or J is not.

    Examples
    --------
    >>> from rgrbm.plots.ring import plot_correlation
    >>> exact, error = [0.58, 0.336], [0.01, 0.01]
    >>> figure = plot_correlation([1, 2], [0.58, 0.34], error, [0.57, 0.33], error, exact, J=0.6625)
    """
    place = checked.series("distance", distance)
    line, seen, seen_error, drawn, drawn_error = (
        checked.series(name, values, len(place))
        for name, values in (
            ("exact", exact), ("hidden", hidden), ("hidden_stderr", hidden_stderr), ("ising", ising),
            ("ising_stderr", ising_stderr),
        )
    )  # fmt: skip
    for name, stderr in (("hidden_stderr", seen_error), ("ising_stderr", drawn_error)):
        if (stderr < 0).any():
            raise ValueError(f"{name} must not be negative, got {np.nanmin(stderr)}")
    finite = line[np.isfinite(line)]
    if not finite.size:
        raise ValueError("exact must hold a finite number, got none")
    J = checked.known("J", J)
    figure = Figure(figsize=(7.2, 3.8), layout="constrained", dpi=150)
    logarithmic, differences = figure.subplots(1, 2)
    exact_label = "exact ring at J′" if J is None else f"exact ring at J′ = {J:.4f}"
    logarithmic.plot(place, line, color=BLACK, linewidth=1.2, label=exact_label)
    differences.axhline(0, color=BLACK, linewidth=1.2)
    for value, error, shift, style in (
        (drawn, drawn_error, -0.12, {"color": BLUE, "fmt": "s", "markerfacecolor": "white", "label": "simulated ring"}),
        (seen, seen_error, 0.12, {"color": ORANGE, "fmt": "o", "label": "hidden spins of the RBM"}),
    ):
        bars: dict[str, Any] = {"markersize": 4.5, "capsize": 2, **style}
        clear = value > 2 * error  # closer to 0, a point on a logarithmic axis shows noise
        logarithmic.errorbar(place[clear], value[clear], error[clear], **bars)
        known = np.isfinite(value)
        differences.errorbar((place + shift)[known], (value - line)[known], error[known], **bars)
    for axes in (logarithmic, differences):
        axes.spines[["top", "right"]].set_visible(False)
        axes.set_xlabel("distance (renormalized sites)")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    logarithmic.set_yscale("log", nonpositive="mask")
    logarithmic.set_ylim(max(float(finite.min()) / 3, 1e-4), 1.3)
    logarithmic.set_ylabel("correlation ⟨s₀ sₓ⟩")
    logarithmic.set_title("points above 2 standard errors", fontsize="medium")
    differences.set_ylabel("correlation − exact")
    differences.set_title("difference from the exact ring", fontsize="medium")
    figure.legend(
        *logarithmic.get_legend_handles_labels(), loc="outside upper center", ncols=3, frameon=False, fontsize="medium"
    )
    return figure


def plot_couplings(pairs: npt.ArrayLike, *, expected: float | None = None) -> Figure:
    """Pair couplings as a matrix, and all of them against the distance along the ring.

    Parameters
    ----------
    pairs : array_like of shape (n_units, n_units)
        Couplings of units in the order of their places on a ring, as from :func:`rgrbm.rg.ring_couplings`.
    expected : float, optional
        Exact coupling of nearest neighbours, drawn as a line.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    TypeError
        If the couplings or the expected one are not real numbers.
    ValueError
        If the couplings are not a square matrix or are masked, or the expected one is not finite.

    Examples
    --------
    >>> import numpy as np
    >>> from rgrbm.plots.ring import plot_couplings
    >>> figure = plot_couplings(0.66 * (np.eye(8, k=1) + np.eye(8, k=-1)), expected=0.6625)
    """
    J = checked.table("pairs", pairs)
    n_units = len(J)
    checks.require_shape("pairs", J, (n_units, n_units))
    expected = checked.known("expected", expected)
    figure = Figure(figsize=(7.2, 3.2), layout="constrained", dpi=150)
    matrix, profile = figure.subplots(1, 2, width_ratios=[1, 1.15])
    limit = float(np.max(np.abs(J))) or 1.0
    image = matrix.imshow(J, cmap="PuOr", vmin=-limit, vmax=limit, interpolation="none", origin="lower")
    matrix.set_xlabel("hidden unit, sorted by position")
    matrix.set_ylabel("hidden unit, sorted by position")
    for axis in (matrix.xaxis, matrix.yaxis, profile.xaxis):
        axis.set_major_locator(MaxNLocator(integer=True))
    figure.colorbar(image, ax=matrix, label="coupling", pad=0.02)
    first, second = np.triu_indices(n_units, k=1)
    distance = np.minimum(second - first, n_units - second + first)
    profile.spines[["top", "right"]].set_visible(False)
    profile.axhline(0, color=GREY, linewidth=0.7)
    if expected is not None:
        profile.axhline(expected, color=BLACK, linestyle="--", linewidth=1, label=f"exact J′ = {expected:.4f}")
        profile.legend(frameon=False)
    profile.plot(distance, J[first, second], "o", color=BLUE, markersize=3, alpha=0.5, markeredgewidth=0)
    profile.set_xlabel("distance (hidden units)")
    profile.set_ylabel("coupling of the pair")
    return figure
