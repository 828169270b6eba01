"""Run all comparisons side by side: ``python -m bench [--quick] [--out DIR] [subject …]``.

Writes ``benchmarks.md`` and pictures of cost against size into DIR, or prints the tables where there is none.
"""

import argparse
import sys
from pathlib import Path

from bench import annealing, couplings, inference, large_rbm, likelihood, one_lattice, partition, rbm, spins
from bench.report import header

_SUBJECTS = {
    "spins": (spins, "Spins: time of an update",
              "Random bits of rgrbm's chains are independent; multi-spin codes that share one random number among the "
              "chains of a word are faster, and their chains are correlated."),
    "lattice": (one_lattice, "Spins: one large lattice",
                "rgrbm draws some 12 random words of 512 bits for each 512 updates, independent bits for every site. "
                "They are what limits it."),
    "rbm": (rbm, "RBM: one epoch of contrastive divergence on binary data",
            "CD-1, but for scikit-learn's persistent chains, which cost the same. rgrbm also sums the reconstruction "
            "error, shuffles, centres and applies L1."),
    "large_rbm": (large_rbm, "RBM: large layers",
                  "CD-1, but for scikit-learn's persistent chains, which cost the same."),
    "inference": (inference, "RBM: what is asked of a trained model",
                  "Times include the checks of the data. scikit-learn's free energy is a private method."),
    "partition": (partition, "Partition functions by enumeration", ""),
    "annealing": (annealing, "Partition functions by annealed importance sampling",
                  "In one direction; the reverse chains of rgrbm's upper bound double the cost."),
    "couplings": (couplings, "Effective couplings of a layer", ""),
    "likelihood": (likelihood, "Likelihood of trained models",
                   "Means per sample, in nats. Log Z of the digits is estimated by the same annealing of everyone's "
                   "parameters, from 20 clusters of the images, which is too low rather than too high, the likelihood "
                   "the other way round; the bounds show by how much."),
}  # fmt: skip


def main() -> None:
    """Print or write the report."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("subjects", nargs="*", metavar="subject", help=f"any of {', '.join(_SUBJECTS)}; default all")
    parser.add_argument("--quick", action="store_true", help="three rounds instead of eleven, tables only")
    parser.add_argument("--long", action="store_true", help="33 rounds, and trainings four times as long")
    parser.add_argument("--out", type=Path, help="folder for benchmarks.md and its pictures")
    options = parser.parse_args()
    unknown = set(options.subjects) - set(_SUBJECTS)
    if unknown:
        parser.error(f"unknown subject {', '.join(sorted(unknown))}: expected {', '.join(_SUBJECTS)}")
    rounds = 3 if options.quick else 33 if options.long else 11
    page = [header(" ".join(["python -m bench", *sys.argv[1:]]), rounds)]
    for name in options.subjects or _SUBJECTS:
        module, title, note = _SUBJECTS[name]
        page.append("\n".join(filter(None, [f"## {title}\n", note and f"{note}\n"])))
        for comparison in module.compare(rounds):
            print(comparison.markdown(), flush=True)
            page.append(comparison.markdown())
        if options.out and not options.quick and hasattr(module, "scale"):
            for scaling in module.scale(max(3, rounds // 2)):
                scaling.draw(options.out / "_static")
                page.append(scaling.markdown("_static"))
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
        (options.out / "benchmarks.md").write_text("\n".join(page))


if __name__ == "__main__":
    main()
