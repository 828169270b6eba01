"""Tables of results on a terminal: whole cells at any width, and lines of text that wrap at words."""

import textwrap
from collections.abc import Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from rgrbm.statistics.notation import with_error

# From wide to narrow: with rules, with two spaces between columns, with one.
_STYLES: tuple[dict[str, Any], ...] = (
    {},
    {"box": box.SIMPLE_HEAD, "padding": (0, 1, 0, 0), "show_edge": False, "pad_edge": False},
    {"box": box.SIMPLE_HEAD, "padding": 0, "show_edge": False, "pad_edge": False},
)


class ResultsTable(Table):
    """A table whose least important columns may be left out where the terminal is narrow.

    Parameters
    ----------
    title : str
        What it shows.
    columns : sequence of str
        Headers.
    n_names : int, default=1
        How many columns, from the left, hold words; the others hold numbers.
    expendable : sequence of str, optional
        Headers of the columns that may be left out, the least important first.
    """

    def __init__(self, title: str, columns: Sequence[str], *, n_names: int = 1, expendable: Sequence[str] = ()) -> None:
        super().__init__(title=title, title_justify="left")
        self.expendable = tuple(expendable)
        for k, column in enumerate(columns):
            self.add_column(column, justify="left" if k < n_names else "right", no_wrap=True)


def estimate_cell(pair: Sequence[float | None]) -> str:
    """A mean and its error as they stand in a file of results, where NaN is None."""
    mean, error = pair
    return "–" if mean is None else with_error(mean, float("nan") if error is None else error)


def show(console: Console, *parts: Table | str) -> None:
    """Print tables and lines of text.

    Cells are never broken. A table that is too wide goes without its rules, then without its expendable columns,
    which a line below names; what is still too wide runs over the edge. Lines of text wrap at words; those that begin
    with spaces are items, and wrap behind the same indent. Square brackets are no markup.
    """
    for part in parts:
        if isinstance(part, str):
            _print_text(console, part)
            continue
        fitted, dropped = _fit(part, console)
        console.print(fitted, highlight=False, crop=False)
        if dropped:
            _print_text(console, f"left out at this width: {', '.join(dropped)}")


def _print_text(console: Console, text: str) -> None:
    for line in text.split("\n"):
        indent = line[: len(line) - len(line.lstrip())]
        wrapped = textwrap.wrap(
            line.strip(), console.width, initial_indent=indent, subsequent_indent=indent,
            break_long_words=False, break_on_hyphens=False,
        )  # fmt: skip
        for piece in wrapped:
            console.print(piece, highlight=False, markup=False, soft_wrap=True)


def _fit(table: Table, console: Console) -> tuple[Table, list[str]]:
    """The table as it has room, and the headers of the columns left out, in the order of the table."""
    headers = [str(column.header) for column in table.columns]
    for style in _STYLES:
        fitted = _of_columns(table, headers, style)
        if _width(fitted, console) <= console.width:
            return fitted, []
    kept = list(headers)
    for name in getattr(table, "expendable", ()):
        kept.remove(name)
        fitted = _of_columns(table, kept, _STYLES[-1])
        if _width(fitted, console) <= console.width:
            break
    fitted.width = _width(fitted, console)  # over the edge, if it must be
    return fitted, [name for name in headers if name not in kept]


def _of_columns(table: Table, headers: list[str], style: dict[str, Any]) -> Table:
    chosen = [column for column in table.columns if str(column.header) in headers]
    copy = Table(**style)
    if table.title:
        copy.title, copy.title_justify = Text(str(table.title)), "left"
    for column in chosen:
        copy.add_column(Text(str(column.header)), justify=column.justify, no_wrap=True)
    for row in zip(*([Text(str(cell)) for cell in column.cells] for column in chosen), strict=True):
        copy.add_row(*row)
    return copy


def _width(table: Table, console: Console) -> int:
    unlimited = console.options.update(max_width=10_000)
    return Measurement.get(console, unlimited, table).maximum
