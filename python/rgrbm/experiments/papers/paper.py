"""What every reproduced paper is given, and what it returns: a table of published, measured and exact values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from rich.console import Console
from rich.table import Table

from rgrbm.experiments.options import stream
from rgrbm.experiments.reproduce_parameters import ReproduceParameters
from rgrbm.experiments.results_table import ResultsTable
from rgrbm.experiments.run_folder import RunFolder
from rgrbm.experiments.side_by_side import parts_side_by_side
from rgrbm.statistics.notation import with_error

Row = dict[str, Any]


@dataclass(frozen=True)
class PaperRun:
    """One run of a paper's script.

    Attributes
    ----------
    parameters : ReproduceParameters
    folder : RunFolder
        Keeps parts (``part``, ``keep_part``) and figures.
    console : Console
        Where to print.
    """

    parameters: ReproduceParameters
    folder: RunFolder
    console: Console

    def size_of(self, sizes: dict[str, Any]) -> Any:
        """The sizes of this run, of those called "quick", "default" and "full"."""
        return sizes[self.parameters.size]

    def stream(self, *purpose: int) -> np.random.SeedSequence:
        """The random numbers for one purpose."""
        return stream(self.parameters, *purpose)

    def part(self, name: str, work: Callable[[], Any]) -> Any:
        """What a part of the run gives, from the folder if an interrupted run has left it there; plain JSON values."""
        return self.folder.part(name, work)

    def parts(
        self,
        work: Callable[..., dict[str, Any]],
        tasks: Mapping[str, tuple[Any, ...]],
        what: str,
        unit: str,
        *,
        notes: Mapping[str, str] | None = None,
        in_one_process: bool = False,
    ) -> dict[str, dict[str, Any]]:
        """What several parts give, done side by side, as of :func:`parts_side_by_side`.

        Where starting workers would take longer than the work, it is all ``in_one_process`` unless jobs were asked for.
        """
        n_jobs = self.parameters.n_jobs or int(in_one_process)
        return parts_side_by_side(self.folder, work, tasks, what, unit, n_jobs=n_jobs, notes=notes)

    def save_figure(self, figure: Figure, caption: str) -> None:
        """Keep the figure of the paper."""
        self.folder.save_figure(figure, f"{self.parameters.paper}.png", caption)


def compared(
    quantity: str, published: str, here: float | str, stderr: float | None = None, exact: float | str | None = None
) -> Row:
    """One row of the comparison: what the paper says, in its own words or "as plotted in Fig. N", beside ours."""
    return {"quantity": quantity, "published": published, "here": here, "stderr": stderr, "exact": exact}


def comparison_table(title: str, rows: Iterable[Row]) -> Table:
    """The table of published, measured and exact values."""
    table = ResultsTable(
        title, ("quantity", "published", "here", "exact"), n_names=2, expendable=("published", "exact")
    )
    for row in rows:
        table.add_row(row["quantity"], row["published"], _written(row["here"], row["stderr"]), _written(row["exact"]))
    return table


def _written(value: float | str | None, stderr: float | None = None) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return f"{value:.4g}" if stderr is None else with_error(value, stderr)
