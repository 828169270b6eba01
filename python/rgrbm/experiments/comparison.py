"""The table at the end of an experiment: what the report says, what came out here, what is exact."""

import math
from collections.abc import Iterable

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

Row = tuple[str, str, str, str]


def told(value: float | None, form: str) -> str:
    """A value in a format, or a dash where it could not be told: NaN, which ``results.json`` has as null.

    Examples
    --------
    >>> from rgrbm.experiments.comparison import told
    >>> told(0.5, ".1%"), told(None, ".1%"), told(float("nan"), ".1%")
    ('50.0%', '–', '–')
    """
    return "–" if value is None or math.isnan(value) else format(value, form)


def with_error(value: float | None, stderr: float | None) -> str:
    """A value with its standard error in the last digits: −0.0123(45) is −0.0123 ± 0.0045.

    Either may be NaN, or null as in ``results.json``: no value is a dash, and no error none in parentheses.

    Examples
    --------
    >>> from rgrbm.experiments.comparison import with_error
    >>> with_error(0.66251, 0.0123)
    '0.663(12)'
    >>> with_error(1.0, float("nan"))
    '1'
    """
    if value is None or stderr is None or not stderr > 0:
        return told(value, ".5g")
    digits = 0
    while stderr * 10**digits < 9.5 and digits < 12:
        digits += 1
    return f"{value:.{digits}f}({stderr * 10**digits:.0f})"


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
