"""The table at the end of an experiment: what the report says, what came out here, what is exact."""

from collections.abc import Iterable

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

Row = tuple[str, str, str, str]


def comparison(title: str, rows: Iterable[Row], *, last: str = "exact") -> Table:
    """A table of rows of (quantity, paper, here, exact), or another name for the last column."""
    table = Table(title=title, title_justify="left")
    table.add_column("quantity")
    for column in ("paper", "here", last):
        table.add_column(column, justify="right")
    for row in rows:
        table.add_row(*row)
    return table


def show(console: Console, *parts: Table | str) -> None:
    """Print tables and lines of text, with every number of the tables whole.

    A table that is too wide for the console goes without its rules, and one that still is runs over the edge: a
    line that a terminal breaks or a pager scrolls can be read, a number without its last digits cannot.
    """
    for part in parts:
        if isinstance(part, Table):
            _fit(part, console)
        console.print(part, highlight=False, crop=False)


def _fit(table: Table, console: Console) -> None:
    for column in table.columns:
        if column.justify == "right":  # numbers; words may wrap
            column.min_width = max(cell_len(str(text)) for text in (column.header, *column.cells))
    if _least_width(table, console) > console.width:
        table.box, table.padding, table.pad_edge = box.SIMPLE_HEAD, (0, 1, 0, 0), False
    least = _least_width(table, console)
    if least > console.width:
        table.width = least


def _least_width(table: Table, console: Console) -> int:
    unlimited = console.options.update(max_width=10_000)
    return Measurement.get(console, unlimited, table).minimum
