"""A training repeated with other seeds, side by side: which part of a number is chance of the training."""

import contextlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from rgrbm._support.config import set_num_threads
from rgrbm._support.progress import progress_bar
from rgrbm.experiments.plan import counted
from rgrbm.experiments.run_folder import RunFolder
from rgrbm.experiments.workers import done_anywhere
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
    kept = {seed: folder.kept_part(f"seed{seed}") for seed in seeds}
    left = [(measure, replace(p, seed=seed, n_seeds=1)) for seed in seeds if kept[seed] is None]
    with (
        contextlib.closing(done_anywhere(_with_one_thread, left, p.n_jobs)) as done,
        progress_bar("training other seeds", len(seeds), completed=len(seeds) - len(left), unit="seeds", show=True) as
        advance,
    ):  # fmt: skip
        for seed, numbers in done:
            kept[seed] = folder.keep_part(f"seed{seed}", numbers)
            advance(1, f"seed {seed}")
    return [{"seed": seed, **(kept[seed] or {})} for seed in seeds]


def _with_one_thread(measure: Callable[[Any], Numbers], p: Any) -> tuple[int, Numbers]:
    set_num_threads(1)  # the other cores train other seeds
    try:
        return p.seed, measure(p)
    finally:
        set_num_threads(0)


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
