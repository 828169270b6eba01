"""Papers of the field, reproduced: a table of published, measured and exact values, and a figure like the paper's."""

from collections.abc import Sequence
from importlib import import_module
from typing import Any, get_args

from rich.console import Console
from rich.table import Table

from rgrbm.experiments.experiment import Report, experiment
from rgrbm.experiments.papers.paper import PaperRun, comparison_table
from rgrbm.experiments.reproduce_parameters import PaperName, ReproduceParameters
from rgrbm.experiments.run_folder import RunFolder


@experiment("rgrbm.reproduce/1", writes=tuple(f"{paper}.png" for paper in get_args(PaperName)))
def run_reproduce(p: ReproduceParameters, folder: RunFolder, console: Console) -> Report:
    """Repeat the experiment of a paper and put its numbers beside the published and the exact ones."""
    script = import_module(f"rgrbm.experiments.papers.{p.paper}")
    results = script.reproduce(PaperRun(p, folder, console))
    return results, tables(results)


def tables(results: dict[str, Any]) -> Sequence[Table | str]:
    """Tables and lines of text that show the results, as measured or as read from their file."""
    shown: list[Table | str] = [comparison_table(results["title"], results["comparison"])]
    return [*shown, *results["remarks"]]
