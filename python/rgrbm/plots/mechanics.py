"""Figures of chains of springs: what machines keep of them, the flow of their springs, and bistable chains."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rgrbm.plots.ring import BLACK, BLUE, GREEN, GREY, ORANGE


def _figure(width: float, height: float, n: int) -> tuple[Figure, Sequence[Axes]]:
    figure = Figure(figsize=(width, height), layout="constrained", dpi=150)
    panels = np.atleast_1d(figure.subplots(1, n)).tolist()
    for axes in panels:
        axes.spines[["top", "right"]].set_visible(False)
    return figure, panels


def plot_springs(harmonic: Mapping[str, Any]) -> Figure:
    """Which renormalization two machines of Gaussian units have learned of a harmonic chain.

    Parameters
    ----------
    harmonic : mapping
        As in ``results.json`` of ``rgrbm mechanics``.

    Returns
    -------
    matplotlib.figure.Figure
        Stiffness of the sites given the hidden units; variance of each wave that hidden units explain; square roots
        of the stiffness of each wave (frequencies, were all masses 1).
    """
    figure, (sites, kept, spectra) = _figure(10.5, 3.6, 3)
    styles = {"equal": ("o", BLUE, "equal"), "own": ("s", ORANGE, "one for each site")}
    k = np.array(harmonic["k"]) / np.pi
    for name, (marker, color, label) in styles.items():
        sites.semilogy(harmonic["visible_stiffness"][name], marker, color=color, markersize=4, label=label)
        kept.plot(k, harmonic["explained"][name], f"{marker}-", color=color, markersize=4, label=label)
    sites.axhline(harmonic["held"], color=GREY, linewidth=0.8, linestyle="--", label="m + 2κ")
    sites.set(xlabel="site", ylabel="learned stiffness given h", ylim=(0.3 * harmonic["held"], None))
    sites.legend(frameon=False, loc="center right")
    kept.axvline(0.5, color=GREY, linewidth=0.8, linestyle="--")
    kept.set(xlabel="wave number k / π", ylabel="variance that hidden units explain", ylim=(-0.02, 1.2))
    kept.legend(frameon=False, loc="upper right")
    frequencies = harmonic["frequencies"]
    spectra.plot(k, frequencies["fine"], color=BLACK, linewidth=1, label="chain")
    half = k[: len(frequencies["decimated"])]
    spectra.plot(half, frequencies["decimated"], color=GREY, linewidth=1, linestyle="--", label="decimated chain")
    if frequencies["hidden_own"] is not None:
        spectra.plot(half, frequencies["hidden_own"], "s", color=ORANGE, markersize=4, label="hidden, own stiffness")
    equal = frequencies["kept_equal"]  # k = 0, then ± k as pairs
    places = k[(np.arange(len(equal)) + 1) // 2]
    spectra.plot(places, equal, "o", color=BLUE, markerfacecolor="none", label="kept, equal stiffness")
    spectra.set(xlabel="wave number k / π", ylabel="√ stiffness of the wave", ylim=(0, None))
    spectra.legend(frameon=False, loc="lower right")
    return figure


def plot_spring_flow(flow: Sequence[Mapping[str, Any]]) -> Figure:
    """Stiffnesses and rapidity of a harmonic chain after each decimation.

    Parameters
    ----------
    flow : sequence of mapping
        Each with ``step``, ``stiffness``, ``on_site`` and ``rapidity``.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, (springs, rapidity) = _figure(8.0, 3.4, 2)
    step = [row["step"] for row in flow]
    springs.semilogy(step, [row["stiffness"] for row in flow], "o-", color=BLUE, label="κ, between sites")
    springs.semilogy(step, [row["on_site"] for row in flow], "s-", color=ORANGE, label="m, on sites")
    springs.set(xlabel="decimations", ylabel="stiffness", xticks=step)
    springs.legend(frameon=False)
    values = np.array([row["rapidity"] for row in flow])
    rapidity.semilogy(step, values, "D", color=GREEN, label="ϑ of the chain")
    rapidity.semilogy(step, values[0] * 2.0 ** np.array(step), color=BLACK, linewidth=0.9, label="doubled each time")
    rapidity.set_yscale("log", base=2)
    rapidity.set(xlabel="decimations", ylabel="rapidity ϑ = 1/ξ", xticks=step)
    rapidity.legend(frameon=False)
    return figure


def plot_bistable(results: Mapping[str, Any]) -> Figure:
    """Coupling of hidden units of RBMs on bistable chains beside the exact one, and the likelihood left out.

    Parameters
    ----------
    results : mapping
        ``bistable`` and ``exact`` as in ``results.json`` of ``rgrbm mechanics``.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, (coupling, likelihood) = _figure(8.0, 3.4, 2)
    exact, rows = results["exact"], results["bistable"]
    coupling.plot(exact["kappa"], exact["J_renormalized"], color=BLACK, linewidth=1, label="½ ln cosh 2J_eff, exact")
    kappa, seed = (np.array([row[name] for row in rows]) for name in ("kappa", "seed"))
    J, stderr = (np.array([row[name] for row in rows], dtype=float) for name in ("J", "J_stderr"))  # None is NaN
    known = np.isfinite(J)
    places = kappa * (1 + 0.02 * (seed - seed.mean()))  # seeds side by side
    coupling.errorbar(places[known], J[known], stderr[known], fmt="o", color=BLUE, markersize=4,
                      label="hidden units, each seed")  # fmt: skip
    if not known.all():
        coupling.plot(places[~known], np.zeros((~known).sum()), "x", color=ORANGE, label="too weak to read")
    coupling.set(xscale="log", xlabel="stiffness κ", ylabel="coupling J′", ylim=(-0.03, None))
    coupling.legend(frameon=False, loc="upper left")
    lost = np.array([row["log_likelihood_exact"] - row["log_likelihood"] for row in rows])
    likelihood.plot(kappa, lost, "o", color=BLUE, markersize=4, label="RBM, one bit for two sites")
    likelihood.set(xscale="log", xlabel="stiffness κ", ylabel="likelihood left out, nats per site")
    likelihood.set(xlim=coupling.get_xlim(), ylim=(0, 1.15 * lost.max()))
    likelihood.legend(frameon=False, loc="lower right")
    for axes in (coupling, likelihood):
        ticks = sorted(set(kappa.tolist()))
        axes.set_xticks(ticks, [f"{x:g}" for x in ticks])
        axes.minorticks_off()
    return figure


def plot_chains(results: Mapping[str, Any]) -> Figure:
    """A configuration of each bistable chain and the mean displacements that its hidden units imply.

    Parameters
    ----------
    results : mapping
        ``bistable`` as in ``results.json`` of ``rgrbm mechanics``.

    Returns
    -------
    matplotlib.figure.Figure
    """
    first = {row["kappa"]: row for row in reversed(results["bistable"])}
    rows = [first[kappa] for kappa in sorted(first)]
    figure = Figure(figsize=(8.0, 0.6 + 1.5 * len(rows)), layout="constrained", dpi=150)
    panels = np.atleast_1d(figure.subplots(len(rows), 1, sharex=True)).tolist()
    for axes, row in zip(panels, rows, strict=True):
        axes.spines[["top", "right"]].set_visible(False)
        site = np.arange(len(row["chain"]))
        axes.axhline(0, color=GREY, linewidth=0.6)
        axes.plot(site, row["chain"], "o-", color=BLUE, markersize=3, linewidth=0.8, label="displacements u")
        axes.step(site, row["implied"], color=ORANGE, where="mid", label="mean of u given its hidden units")
        axes.set(ylabel=f"u,  κ = {row['kappa']:g}")
    panels[-1].set(xlabel="site")
    panels[0].legend(frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
    return figure
