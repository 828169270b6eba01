"""The table at the end of an experiment: what the report says, what came out here, what is exact."""

from collections.abc import Iterable

from rich.console import Console
from rich.table import Table

Row = tuple[str, str, str, str]


def with_error(value: float, stderr: float) -> str:
    """A value with its standard error in the last digits: −0.0123(45) is −0.0123 ± 0.0045.

    Examples
    --------
    >>> from rgrbm.experiments.comparison import with_error
    >>> with_error(0.66251, 0.0123)
    '0.663(12)'
    >>> with_error(1.0, float("nan"))
    '1'
    """
    if not stderr > 0:
        return f"{value:.5g}"
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
    """Print tables and lines of text."""
    for part in parts:
        console.print(part, highlight=False)
