"""Figure of the dynamics of single systems: energy and magnetization against sweeps."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from rgrbm.plots.ring import BLUE, GREY
from rgrbm.spins.time_series import TimeSeries

_MOST_CHAINS = 20  # drawn one by one


def plot_time_series(series: TimeSeries) -> Figure:
    """Energy and magnetization per site against sweeps: at most 20 chains, and the mean over all of them.

    Parameters
    ----------
    series : TimeSeries
        By :meth:`rgrbm.IsingModel.time_series`.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> from rgrbm import IsingModel
    >>> from rgrbm.plots import plot_time_series
    >>> figure = plot_time_series(IsingModel((16, 16), J=0.44).time_series(50, n_chains=4, seed=0))
    """
    figure = Figure(figsize=(7.0, 4.6), layout="constrained", dpi=150)
    above, below = figure.subplots(2, 1, sharex=True)
    n_chains = series.energy_per_site.shape[1]
    for axes, values, name in (
        (above, series.energy_per_site, "energy H/N"),
        (below, series.magnetization, "magnetization m"),
    ):
        shown = values[:, :_MOST_CHAINS]
        axes.plot(
            series.sweeps,
            shown,
            color=GREY,
            linewidth=0.6,
            alpha=0.6,
            label=["single chains"] + [None] * (shown.shape[1] - 1),
        )
        if n_chains > 1:
            axes.plot(series.sweeps, values.mean(axis=1), color=BLUE, linewidth=1.6, label=f"mean of {n_chains} chains")
        axes.set_ylabel(name)
        axes.spines[["top", "right"]].set_visible(False)
    lowest, highest = np.min(series.magnetization), np.max(series.magnetization)
    below.set_ylim(-1.05 if lowest < 0 else -0.05, 1.05 if highest > 0 else 0.05)
    below.axhline(0, color=GREY, linewidth=0.7, linestyle=":")
    below.set_xlabel("sweeps")
    below.xaxis.set_major_locator(MaxNLocator(integer=True))
    if n_chains > 1:
        above.legend(frameon=False)
    return figure
