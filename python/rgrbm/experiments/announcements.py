"""What a run says first and last: what it will do and for how long, where its files are, and the next command."""

import shlex

from rich.console import Console

from rgrbm.experiments.plan import Plan
from rgrbm.experiments.results_table import show
from rgrbm.experiments.run_files import RunFiles


def say_first(console: Console, parameters: object, folder: RunFiles) -> None:
    """Print what a run will do, and about how long it takes."""
    plan: Plan = parameters.plan()  # type: ignore[attr-defined]  # as all experiments' parameters have it
    duration = plan.duration
    if duration and folder.has_checkpoint():
        duration = f"{duration} in all, less what is done"
    show(console, f"{plan.work}: {duration}" if duration else plan.work)


def say_last(console: Console, folder: RunFiles) -> None:
    """Print where the files of a finished run are, and what comes next."""
    place = str(folder.path)
    console.print(f"results and figures: {place}", highlight=False, markup=False, soft_wrap=True)
    console.print(f"next: rgrbm report {shlex.quote(place)}", highlight=False, markup=False, soft_wrap=True)
