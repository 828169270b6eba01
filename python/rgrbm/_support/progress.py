"""A progress bar for terminals and notebooks, silent where nobody watches."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from rich.console import Console

Advance = Callable[[int, str], None]
Progress: TypeAlias = bool | Callable[[int, int], object] | None
"""How a long call shows its progress: by a bar (True), by a function of (done, in all), or not at all (False)."""


def is_watched(console: "Console | None" = None) -> bool:
    """Whether standard output is a terminal or a notebook, where a bar can be drawn, and no file or pipe."""
    console = console or _standard_output()
    return console.is_terminal or console.is_jupyter


@contextmanager
def progress_bar(
    description: str, total: int, *, completed: int = 0, unit: str, show: bool, console: "Console | None" = None
) -> Iterator[Advance]:
    """Show a bar with rate and remaining time while the context lasts; yields ``advance(n, note)``.

    Nothing is printed when ``show`` is false or the output is neither a terminal nor a notebook.
    """
    if not show or not is_watched(drawn_on := console or _standard_output()):
        yield lambda n, note: None
        return
    from rgrbm._support.bar import bar_on

    with bar_on(drawn_on, unit) as bar:
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
    if not progress or not is_watched(console := _standard_output()):
        yield lambda done, total: None
        return
    from rgrbm._support.bar import bar_on

    with bar_on(console, unit) as bar:
        task = bar.add_task(description, total=None, note="")
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _standard_output() -> "Console":
    from rich.console import Console

    return Console()
