"""Progress of long calls: a bar in terminals and notebooks, or a function of the caller; else silent."""

import importlib.util
import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from rich.console import Console

Advance = Callable[[int, str], None]
Progress: TypeAlias = bool | Callable[[int, int], object] | None
"""How a call shows its progress: a bar (True), a function of (done, in all), nothing (False); None: a bar after 2 s."""

_PATIENCE = 2.0  # seconds before a bar that was not requested


def is_watched(console: "Console | None" = None) -> bool:
    """Whether standard output is a terminal or a notebook, where a bar can be drawn, and no file or pipe.

    In notebooks the bar takes ipywidgets: rich would warn of its absence below every cell.
    """
    console = console or _standard_output()
    if console.is_jupyter:
        return importlib.util.find_spec("ipywidgets") is not None
    return console.is_terminal


@contextmanager
def progress_bar(
    description: str,
    total: int,
    *,
    completed: int = 0,
    unit: str,
    show: Progress,
    console: "Console | None" = None,
) -> Iterator[Advance]:
    """Show progress while the context lasts; yields ``advance(n, note)``, to be called when n more units are done.

    Raises
    ------
    TypeError
        If ``show`` is none of what :data:`Progress` describes.
    """
    with _shown(show, description, unit, console) as update:
        done = completed

        def advance(n: int, note: str) -> None:
            nonlocal done
            done += n
            update(done, total, note)

        update(done, total, "")
        yield advance


@contextmanager
def reports(progress: Progress, description: str, unit: str) -> Iterator[Callable[[int, int], object]]:
    """Show progress while the context lasts; yields ``report(done, total)``.

    Raises
    ------
    TypeError
        If ``progress`` is none of what :data:`Progress` describes.
    """
    with _shown(progress, description, unit, None) as update:
        yield lambda done, total: update(done, total, "")


@contextmanager
def _shown(
    progress: Progress, description: str, unit: str, console: "Console | None"
) -> Iterator[Callable[[int, int, str], object]]:
    if progress is not None and not isinstance(progress, bool) and not callable(progress):
        raise TypeError(f"progress must be True, False or a function of (done, in all), got {progress!r}")
    if callable(progress):
        yield lambda done, total, note: progress(done, total)
    elif progress is False:
        yield lambda done, total, note: None
    else:
        bar = _Bar(console, description, unit, asked=progress is True)
        try:
            yield bar.update
        finally:
            bar.close()


class _Bar:
    """A bar where somebody watches: at once if it was requested, else from the first update after two seconds on.

    Until then it costs next to nothing, as calls may be short and many.
    """

    n_drawn = 0

    def __init__(self, console: "Console | None", description: str, unit: str, *, asked: bool) -> None:
        self._console, self._description, self._unit, self._asked = console, description, unit, asked
        self._begin = 0.0 if asked else time.monotonic() + _PATIENCE
        self._bar: Any = None

    def update(self, done: int, total: int, note: str) -> None:
        """Show how far the work is."""
        if self._bar is None:
            if time.monotonic() < self._begin:
                return
            if not self._open(done, total):
                self._begin = math.inf
                return
        self._bar.update(self._task, completed=done, total=total, note=note)

    def _open(self, done: int, total: int) -> bool:
        console = self._console or _standard_output()
        if not is_watched(console) or not (self._asked or _may_begin_unasked()):
            return False
        from rgrbm._support.bar import bar_on

        self._bar = bar_on(console, self._unit)
        self._task = self._bar.add_task(self._description, total=total, completed=done, note="")
        self._bar.start()
        _Bar.n_drawn += 1
        return True

    def close(self) -> None:
        """Leave the bar as it is."""
        if self._bar is not None:
            self._bar.stop()
            _Bar.n_drawn -= 1


def _may_begin_unasked() -> bool:
    """Not in workers, whose bars would be drawn over those of the main process, nor within another bar."""
    import multiprocessing

    in_main_process = multiprocessing.current_process().name == "MainProcess"
    return in_main_process and threading.current_thread() is threading.main_thread() and not _Bar.n_drawn


def _standard_output() -> "Console":
    from rich.console import Console

    return Console()
