"""A progress bar for terminals and notebooks, silent where nobody watches."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as Bar
from rich.text import Text

Advance = Callable[[int, str], None]
Progress: TypeAlias = bool | Callable[[int, int], object] | None
"""Whom a long call tells how far it is: a bar (True), a function of (done, in all), or nobody."""


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
    with Bar(*_columns(unit), console=console) as bar:
        task = bar.add_task(description, total=total, completed=completed, note="")
        yield lambda n, note: bar.update(task, advance=n, note=note)


@contextmanager
def reports(progress: Progress, description: str, unit: str) -> Iterator[Callable[[int, int], object]]:
    """Yields ``report(done, total)``, which draws a bar, calls the function that was given, or does nothing.

    Raises
    ------
    TypeError
        If ``progress`` is neither a bool nor callable.
    """
    if callable(progress):
        yield progress
        return
    if progress is not None and not isinstance(progress, bool):
        raise TypeError(f"progress must be True, False or a function of (done, in all), got {progress!r}")
    console = Console()
    if not progress or not is_watched(console):
        yield lambda done, total: None
        return
    with Bar(*_columns(unit), console=console) as bar:
        task = bar.add_task(description, total=None, note="")
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _columns(unit: str) -> tuple[ProgressColumn, ...]:
    return (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _RateColumn(unit),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
    )
