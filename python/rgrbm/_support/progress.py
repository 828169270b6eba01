"""A progress bar for terminals and notebooks, silent where nobody watches."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

Advance = Callable[[int, str], None]


class _RateColumn(ProgressColumn):
    """Steps per second of the running task."""

    def __init__(self, unit: str) -> None:
        super().__init__()
        self._unit = unit

    def render(self, task: Task) -> Text:
        rate = task.finished_speed or task.speed
        return Text("" if rate is None else f"{rate:,.3g} {self._unit}/s", style="progress.data.speed")


def is_watched(console: Console | None = None) -> bool:
    """Whether standard output is a terminal or a notebook, where a bar can be drawn, and no file or pipe."""
    console = console or Console()
    return console.is_terminal or console.is_jupyter


@contextmanager
def progress_bar(
    description: str, total: int, *, completed: int = 0, unit: str, show: bool, console: Console | None = None
) -> Iterator[Advance]:
    """Show a bar with rate and remaining time while the context lasts; yields ``advance(n, note)``.

    Nothing is printed when ``show`` is false or the output is neither a terminal nor a notebook.
    """
    console = console or Console()
    if not show or not is_watched(console):
        yield lambda n, note: None
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _RateColumn(unit),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
    )
    with Progress(*columns, console=console) as progress:
        task = progress.add_task(description, total=total, completed=completed, note="")
        yield lambda n, note: progress.update(task, advance=n, note=note)
