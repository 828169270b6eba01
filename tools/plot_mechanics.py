"""The figure of docs/mechanics.md: which renormalization RBMs of Gaussian units learn of a harmonic chain.

Usage: python tools/plot_mechanics.py [FILE]; docs/_static/mechanics.png by default. Some two seconds.
"""

import sys

import numpy as np
from matplotlib.figure import Figure

from rgrbm.mechanics import HarmonicLattice
from rgrbm.plots.ring import BLACK, BLUE, GREY, ORANGE
from rgrbm.rg import LinearRBM, fit_linear_rbm

CHAIN = HarmonicLattice(32, stiffness=1.3, on_site=0.4)


def copies(rbm: LinearRBM) -> np.ndarray:
    """Precision of hidden units in the basis where each is the copy of one of the stiffest sites, in their order."""
    m = rbm.weights.shape[1]
    sites = np.sort(np.argsort(-rbm.visible_stiffness)[:m])
    back = np.linalg.inv(rbm.weights[sites] / rbm.visible_stiffness[sites, None])
    return back.T @ rbm.hidden_precision @ back


def main(path: str) -> None:
    """Train both machines and draw their stiffnesses, what they keep of each wave, and spectra before and after."""
    data = CHAIN.covariance()
    equal = fit_linear_rbm(data, 16, seed=0)
    own = fit_linear_rbm(data, 16, equal_stiffness=False, seed=0)
    figure = Figure(figsize=(10.5, 3.6), layout="constrained", dpi=150)
    sites, kept, spectra = figure.subplots(1, 3)
    for axes in (sites, kept, spectra):
        axes.spines[["top", "right"]].set_visible(False)

    sites.semilogy(equal.visible_stiffness, "o", color=BLUE, markersize=4, label="equal")
    sites.semilogy(own.visible_stiffness, "s", color=ORANGE, markersize=4, label="one for each site")
    exact = CHAIN.on_site + 2 * CHAIN.stiffness
    sites.axhline(exact, color=GREY, linewidth=0.8, linestyle="--", label="m + 2κ")
    sites.set(xlabel="site", ylabel="learned stiffness given h", ylim=(1, 1e9))
    sites.legend(frameon=False, loc="center right")

    k = np.arange(17) * 2 * np.pi / 32
    wave = np.exp(1j * np.outer(k, np.arange(32))) / np.sqrt(32)
    for rbm, style, color, label in ((equal, "o-", BLUE, "equal"), (own, "s-", ORANGE, "one for each site")):
        variance = np.einsum("ki,ij,kj->k", wave.conj(), np.linalg.inv(rbm.visible_precision), wave).real
        left = np.abs(wave) ** 2 @ (1 / rbm.visible_stiffness)
        kept.plot(k / np.pi, 1 - left / variance, style, color=color, markersize=4, label=label)
    kept.axvline(0.5, color=GREY, linewidth=0.8, linestyle="--")
    kept.set(xlabel="wave number k / π", ylabel="variance that hidden units explain", ylim=(-0.02, 1.15))
    kept.legend(frameon=False, loc="upper right")

    fine = np.linspace(0, np.pi, 200)
    spectra.plot(fine / np.pi, omega(CHAIN, fine), color=BLACK, linewidth=1, label="fine chain")
    coarse = CHAIN.decimate().chain
    spectra.plot(fine / 2 / np.pi, omega(coarse, fine), color=GREY, linewidth=1, linestyle="--", label="decimated")
    waves = np.fft.fft(copies(own)[0]).real[:9]
    spectra.plot(np.arange(9) / 16, np.sqrt(waves), "s", color=ORANGE, markersize=4, label="hidden, own stiffness")
    # In the model's own spectrum the waves of the hidden units come first, ± k as pairs; the others are noise.
    softest = np.sqrt(np.linalg.eigvalsh(equal.visible_precision)[:16])
    places = np.repeat(np.arange(9), 2)[1:17] / 16
    spectra.plot(places, softest, "o", color=BLUE, markersize=6, markerfacecolor="none", label="kept, equal stiffness")
    spectra.set(xlabel="wave number k / π", ylabel="frequency ω", ylim=(0, None))
    spectra.legend(frameon=False, loc="lower right")
    figure.savefig(path)


def omega(chain: HarmonicLattice, k: np.ndarray) -> np.ndarray:
    """Frequencies at any wave number per site of the chain."""
    return np.sqrt(chain.on_site + 2 * chain.stiffness * (1 - np.cos(k)))


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "docs/_static/mechanics.png")
