"""Several runs of ``rgrbm ising2d`` beside each other: the tables of docs/ising2d.md.

python tools/block_spin_tables.py rgrbm-ising2d-0 rgrbm-ising2d-1 …
"""

import json
import sys
from pathlib import Path

import numpy as np

EXACT = {"y_t": 1.0, "y_h": 15 / 8}


def main(folders: list[str]) -> None:
    """Print the tables in Markdown."""
    runs = [json.loads((Path(folder) / "results.json").read_text()) for folder in folders]
    kernels = [run["kernels"] for run in runs]
    n_steps = len(next(iter(kernels[0].values()))["y_t"])
    head = [f"{symbol}, step {step}" for symbol in ("y_T", "y_h") for step in range(1, n_steps + 1)]
    print("| block spin | " + " | ".join(head) + " |\n| --- |" + " ---: |" * len(head))
    for name in kernels[0]:
        cells = []
        for which, exact in EXACT.items():
            for step in range(n_steps):
                values = [of[name][which][step][0] for of in kernels]
                worst = values[np.argmax(np.abs(np.array(values) - exact))]
                cells.append(f"{np.mean(values):.4f} ({100 * (worst / exact - 1):+.2f}%)")
        print(f"| {name} | " + " | ".join(cells) + " |")
    print("\n| block spin | nearest | diagonal | not nearest | beyond 2 × 2 |\n| --- | ---: | ---: | ---: | ---: |")
    for name in kernels[0]:
        fits = [of[name]["couplings"] for of in kernels]
        cells = []
        for operator in (0, 1):
            values = [fit["couplings"][operator] for fit in fits]
            cells.append(f"{np.mean(values):.4f} ± {np.std(values, ddof=1):.4f}")
        for which in ("not_nearest", "beyond_plaquette"):
            values = [100 * fit[which][0] for fit in fits]
            cells.append(f"{np.mean(values):.2f} ± {np.std(values, ddof=1):.2f}%")
        print(f"| {name} | " + " | ".join(cells) + " |")
    print()
    for run in runs:
        free = run["free"]
        ratio = np.array(free["correlation"]["hidden"]) / np.array(free["correlation"]["visible"])
        print(
            f"seed {run['seed']}: {free['n_local']} of {free['n_hidden']} local, {free['n_alive']} alive, nearest "
            f"{np.round(free['nearest_distance'], 2)}, sites {np.round(free['sites_quartiles'], 1)}, ratios "
            f"{np.round(ratio, 3)}, {run['seconds']}"
        )


if __name__ == "__main__":
    main(sys.argv[1:])
