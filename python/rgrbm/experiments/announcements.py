"""First and last lines of a run: what it will do and about how long, where its files are, and the next command."""

import shlex

from rich.console import Console

from rgrbm.experiments.plan import Plan
from rgrbm.experiments.results_table import show
from rgrbm.experiments.run_files import RunFiles


def announce_work(console: Console, parameters: object, folder: RunFiles) -> None:
    """Print what a run will do, and about how long it takes."""
    plan: Plan = parameters.plan()  # type: ignore[attr-defined]  # as all experiments' parameters have it
    duration = plan.duration
    if duration and folder.has_checkpoint():
        duration = f"{duration} in all, less what is done"
    show(console, f"{plan.work}: {duration}" if duration else plan.work)


def announce_files(console: Console, folder: RunFiles) -> None:
    """Print where the files of a finished run are, and what comes next."""
    path = str(folder.path)
    console.print(f"results and figures: {path}", highlight=False, markup=False, soft_wrap=True)
    console.print(f"next: rgrbm report {shlex.quote(path)}", highlight=False, markup=False, soft_wrap=True)
