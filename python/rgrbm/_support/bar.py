"""The bar that shows progress, drawn by rich; imported when there is one to draw."""

from collections.abc import Iterable

from rich.cells import cell_len
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
from rich.table import Table
from rich.text import Text

_MARGIN = 3  # the terminal echoes ^C behind the line; on a new row, the line above it would stay for good
_SHORTEST, _LONGEST = 10, 40  # cells of the bar


class _RateColumn(ProgressColumn):
    """Steps per second of the running task."""

    def __init__(self, unit: str) -> None:
        super().__init__()
        self._unit = unit

    def render(self, task: Task) -> Text:
        rate = task.finished_speed or task.speed
        if rate is None:
            return Text("")
        number = f"{rate:,.0f}" if rate >= 100 else f"{rate:.3g}"
        return Text(f"{number} {self._unit}/s", style="progress.data.speed")


class _OneLine(Progress):
    """A bar on one line, whatever the width of the terminal: what has no room is left out.

    A part that was left out stays so until the width changes, and the bar does not grow again: a line that is drawn
    ten times a second must not jump.
    """

    def __init__(self, console: Console, unit: str) -> None:
        description = TextColumn("{task.description}", markup=False)
        self._bar, self._count, self._remaining = BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
        note, elapsed, rate = TextColumn("{task.fields[note]}", markup=False), TimeElapsedColumn(), _RateColumn(unit)
        self._as_read = (description, self._bar, self._count, rate, elapsed, self._remaining, note)
        self._optional: tuple[ProgressColumn, ...] = (note, elapsed, rate)  # the first to be kept
        self._terminal, self._width = console, 0
        self._room = _LONGEST
        self._kept: list[ProgressColumn] = []
        super().__init__(*self._as_read, console=console)

    def make_tasks_table(self, tasks: Iterable[Task]) -> Table:
        """One line for each task, of those columns that fit."""
        tasks = list(tasks)
        if tasks:
            self._fit(tasks)
        self._bar.bar_width = self._room
        self.columns = tuple(column for column in self._as_read if column not in self._optional or column in self._kept)
        return super().make_tasks_table(tasks)

    def _fit(self, tasks: list[Task]) -> None:
        if self._width != self._terminal.width:
            self._width, self._room, self._kept = self._terminal.width, _LONGEST, list(self._optional)
        always = [column for column in self._as_read if column not in (*self._optional, self._bar)]
        left = self._width - _MARGIN - sum(self._cells(column, tasks) for column in always) - 1
        kept = []
        for column in self._kept:
            cells = self._cells(column, tasks)
            if left - cells >= _SHORTEST:
                left -= cells
                kept.append(column)
        self._kept = kept
        self._room = max(1, min(self._room, left))

    @staticmethod
    def _cells(column: ProgressColumn, tasks: list[Task]) -> int:
        """Width of a column, with the space behind it."""
        shown = [column(task) for task in tasks]
        return 1 + max((cell_len(text.plain) for text in shown if isinstance(text, Text)), default=0)


def bar_on(console: Console, unit: str) -> Progress:
    """A bar with rate, elapsed and remaining time, and a note; it counts ``unit``."""
    return _OneLine(console, unit)
