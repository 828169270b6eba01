"""The table at the end of an experiment: values of the report, of this run, and exact ones."""

from collections.abc import Iterable

from rgrbm.experiments.results_table import ResultsTable

Row = tuple[str, str, str, str]


def comparison(title: str, rows: Iterable[Row], *, last: str = "exact") -> ResultsTable:
    """A table of rows of (quantity, paper, here, exact), or another name for the last column."""
    table = ResultsTable(title, ("quantity", "paper", "here", last), expendable=("paper",))
    for row in rows:
        table.add_row(*row)
    return table
