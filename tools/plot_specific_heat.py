"""The figure of docs/exact.md: the specific heat of tori beside that of the infinite lattice.

Usage: python tools/plot_specific_heat.py [FILE]; docs/_static/specific_heat.png by default. About a second.
"""

import sys

import numpy as np
from matplotlib import colormaps
from matplotlib.figure import Figure

from rgrbm.spins import exact

SIZES = (8, 16, 32, 64, 128)


def main(path: str) -> None:
    """Draw C(J) around the critical point, and its value there against the size."""
    J_c = exact.CRITICAL_COUPLING
    J = J_c + np.sort(np.r_[np.linspace(-0.14, 0.14, 281), np.geomspace(1e-5, 0.01, 40), -np.geomspace(1e-5, 0.01, 40)])
    figure = Figure(figsize=(9.0, 3.8), layout="constrained", dpi=150)
    curves, at_the_point = figure.subplots(1, 2, width_ratios=(2, 1))
    shades = colormaps["viridis"](np.linspace(0.85, 0.1, len(SIZES)))
    for L, shade, style in zip(SIZES, shades, (":", "-.", (0, (5, 1)), "--", "-"), strict=True):
        heat = [exact.torus_specific_heat(x, L, L) for x in J]
        curves.plot(J, heat, color=shade, linestyle=style, linewidth=1.4, label=f"{L} × {L}")
    infinite = np.array([exact.square_specific_heat(x) for x in J])
    curves.plot(J, infinite, color="black", linewidth=0.9, label="infinite (Onsager)")
    curves.axvline(J_c, color="#7F7F7F", linewidth=0.6)
    curves.annotate("$J_c$", (J_c, 3.05), xytext=(7, 0), textcoords="offset points", color="#555555")
    curves.set(xlabel="coupling J", ylabel="specific heat per site C", xlim=(J[0], J[-1]), ylim=(0, 3.3))
    curves.legend(frameon=False, loc="upper left")

    L = np.array([4, 8, 16, 32, 64, 128, 256, 512, 1024])
    at_the_point.plot(
        L, [exact.torus_specific_heat(J_c, int(x), int(x)) for x in L], "o", color="#0072B2", label="torus"
    )
    slope = 8 / np.pi * J_c**2
    at_the_point.plot(L, slope * np.log(L) + 0.13815, color="black", linewidth=0.9, label="0.4945 ln L + 0.1381")
    at_the_point.set(xscale="log", xlabel="side L", ylabel="C at the critical point", ylim=(0, 4))
    at_the_point.set_xticks([4, 16, 64, 256, 1024], ["4", "16", "64", "256", "1024"])
    at_the_point.minorticks_off()
    at_the_point.legend(frameon=False, loc="upper left")
    for axes in (curves, at_the_point):
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "docs/_static/specific_heat.png")
