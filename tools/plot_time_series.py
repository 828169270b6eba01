"""Draws docs/_static/time_series.png: energy against sweeps from two starts, and configurations, around J_c at 512².

Usage: python tools/plot_time_series.py FILE; some seconds.
"""

import sys

from matplotlib.figure import Figure

from rgrbm import IsingModel
from rgrbm.plots.ring import BLACK, BLUE, ORANGE
from rgrbm.spins.exact import CRITICAL_COUPLING

SIDE, SWEEPS, EVERY = 512, 4000, 1
COUPLINGS = (
    ("J = 0.9 J_c, above T_c", 0.9 * CRITICAL_COUPLING),
    ("J = J_c, at T_c", CRITICAL_COUPLING),
    ("J = 1.1 J_c, below T_c", 1.1 * CRITICAL_COUPLING),
)


def main(path: str) -> None:
    """Run six chains and draw."""
    figure = Figure(figsize=(9.6, 6.2), layout="constrained", dpi=150)
    above, below = figure.subplots(2, 3, height_ratios=(1, 1.35))
    for k, (title, J) in enumerate(COUPLINGS):
        model = IsingModel((SIDE, SIDE), J)
        runs = {
            start: model.time_series(SWEEPS, start=start, method="metropolis", every=EVERY, seed=k)
            for start in ("hot", "cold")
        }
        for (start, run), colour in zip(runs.items(), (ORANGE, BLUE), strict=True):
            above[k].plot(run.sweeps, run.energy_per_site[:, 0] / J, color=colour, linewidth=1, label=f"{start} start")
        above[k].axhline(model.mean_energy_per_site() / J, color=BLACK, linestyle="--", linewidth=0.8, label="exact")
        above[k].set(title=title, xscale="symlog", xlim=(0, SWEEPS), xlabel="sweeps", ylim=(-2.05, 0.05))
        above[k].spines[["top", "right"]].set_visible(False)
        below[k].imshow(runs["hot"].spins()[0], cmap="gray", vmin=-1, vmax=1, interpolation="nearest")
        below[k].set(xticks=[], yticks=[], xlabel=f"after {SWEEPS:,} sweeps from the hot start")
    above[0].set_ylabel("energy per site ⟨H⟩/(JN)")
    above[0].legend(frameon=False, fontsize=8)
    figure.savefig(path)


if __name__ == "__main__":
    main(*sys.argv[1:])
