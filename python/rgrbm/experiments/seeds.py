"""A training repeated with other seeds, side by side: which part of a number is chance of the training."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from rgrbm.experiments.plan import counted
from rgrbm.experiments.run_folder import RunFolder
from rgrbm.experiments.side_by_side import parts_side_by_side
from rgrbm.statistics.jackknife import mean_and_stderr
from rgrbm.statistics.notation import with_error

Numbers = dict[str, Any]


def other_seeds(measure: Callable[[Any], Numbers], p: Any, folder: RunFolder) -> list[Numbers]:
    """What trainings with the seeds after the run's own measure, in the order of their seeds.

    Parameters
    ----------
    measure : callable
        A function of a module that trains with the given parameters and returns numbers, ready for JSON.
    p : dataclass
        The run's parameters, with ``seed``, ``n_seeds`` and ``n_jobs``.
    folder : RunFolder
        Keeps the numbers of each seed as soon as they are there, so that a resumed run does not train it again.
    """
    seeds = range(p.seed + 1, p.seed + p.n_seeds)
    if not seeds:
        return []
    tasks = {f"seed{seed}": (replace(p, seed=seed, n_seeds=1),) for seed in seeds}
    notes = {f"seed{seed}": f"seed {seed}" for seed in seeds}
    kept = parts_side_by_side(folder, measure, tasks, "training other seeds", "seeds", n_jobs=p.n_jobs, notes=notes)
    return [{"seed": seed, **kept[f"seed{seed}"]} for seed in seeds]


def lines_of_seeds(seeds: Sequence[Mapping[str, Any]], names: Mapping[str, str]) -> list[str]:
    """A line for each quantity: mean over the seeds with its standard error, and their spread.

    Parameters
    ----------
    seeds : sequence of mapping
        The numbers of each seed, None where there is none.
    names : mapping of str to str
        Keys of the numbers, and how the quantities are called.
    """
    lines = []
    for key, name in names.items():
        values = [float(x) for one in seeds if (x := one[key]) is not None and math.isfinite(x)]
        if not values:
            continue
        missing = f"; no value for {counted(len(seeds) - len(values), 'seed')}" if len(values) < len(seeds) else ""
        spread = f", spread {np.std(values, ddof=1):.2g}" if len(values) > 1 else ""
        lines.append(f"{counted(len(values), 'seed')}: {name} {with_error(*mean_and_stderr(values))}{spread}{missing}")
    return lines
