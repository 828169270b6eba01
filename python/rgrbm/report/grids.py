"""Tables as a page shows them: of rich's tables, which the console shows as well, and of anything in JSON."""

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from rich.table import Table
from rich.text import Text

Scalar: TypeAlias = str | int | float | bool | None

LISTED = 64  # numbers of a list that are shown; as many columns of a matrix at most
_SHORT_NAME = 16  # characters: names of rows that are never broken, if all are so short


@dataclass
class Grid:
    """A table: its rows begin with their names.

    Attributes
    ----------
    caption : str
        What it is; may be empty where a heading says it.
    columns : list of str
        Headers of the columns.
    numeric : list of bool
        Which columns hold numbers.
    rows : list of list of str
        The cells.
    notes : list of str
        Lines of text that explain it; those that begin with a space are items of the line before them.
    hints : list of str
        Under the name of each row, what it means.
    asides : list of str
        Under the last cell of each row, what else there is to say.
    whole_names : bool
        Whether the names of the rows are never broken into lines.
    """

    caption: str
    columns: list[str]
    numeric: list[bool]
    rows: list[list[str]]
    notes: list[str] = field(default_factory=list)
    hints: list[str] = field(default_factory=list)
    asides: list[str] = field(default_factory=list)
    whole_names: bool = False


@dataclass
class Branch:
    """Tables under one name, and what is below it."""

    title: str
    grids: list[Grid] = field(default_factory=list)
    branches: list["Branch"] = field(default_factory=list)


def grids_of_tables(parts: Iterable[Table | str]) -> list[Grid]:
    """What an experiment shows on the console; lines of text are notes of the table before them.

    Examples
    --------
    >>> from rich.table import Table
    >>> from rgrbm.report.grids import grids_of_tables
    >>> table = Table("quantity", "here", title="Numbers")
    >>> table.add_row("J′", "0.66 [/b]")
    >>> (grid,) = grids_of_tables([table, "J′: of the decay"])
    >>> grid.columns, grid.rows, grid.notes
    (['quantity', 'here'], [['J′', '0.66 [/b]']], ['J′: of the decay'])
    """
    grids: list[Grid] = []
    for part in parts:
        if isinstance(part, Table):
            cells = [[_plain(cell) for cell in column.cells] for column in part.columns]
            grids.append(
                Grid(
                    caption=_plain(part.title or ""),
                    columns=[_plain(column.header) for column in part.columns],
                    numeric=[column.justify == "right" for column in part.columns],
                    rows=[list(row) for row in zip(*cells, strict=True)],
                    whole_names=all(len(name) <= _SHORT_NAME for name in cells[0]),
                )
            )
        else:
            if not grids:
                grids.append(Grid("", [], [], []))
            lines = [line for line in _plain(part).split("\n") if line.strip()]
            grids[-1].notes += lines if all(line[0].isspace() for line in lines) else [" ".join(lines)]
    return grids


def _plain(cell: object) -> str:
    """The text of a cell, as the console shows it: square brackets are no markup."""
    return cell.plain if isinstance(cell, Text) else str(cell)


def branch(title: str, value: dict[str, Any]) -> Branch:
    """Everything in an object of JSON, as tables where it is regular and as branches where it is not.

    Parameters
    ----------
    title : str
        What it is.
    value : dict
        An object of JSON.

    Returns
    -------
    Branch
        Columns of equal length are one table, objects with the same entries another, each with its name in front;
        single values are the rows of a third.

    Examples
    --------
    >>> from rgrbm.report.grids import branch
    >>> part = branch("all", {"error": 0.25, "C": {"x": [1, 2], "exact": [0.5, 0.25]}})
    >>> part.grids[0].rows, part.branches[0].grids[0].rows
    ([['error', '0.25']], [['1', '0.5'], ['2', '0.25']])
    """
    if _is_columns(value):
        return Branch(title, [_columns(value)])
    if _is_records(list(value.values())):
        return Branch(title, [_records(list(value.items()))])
    facts = {name: item for name, item in value.items() if _is_fact(item)}
    part = Branch(title)
    if facts:
        rows = [[str(name), shown(item)] for name, item in facts.items()]
        part.grids.append(Grid("", ["entry", "value"], [False, True], rows))
    part.branches = [_below(str(name), item) for name, item in value.items() if name not in facts]
    return part


def readable(value: Any) -> Any:
    """An object of JSON for people: names with spaces instead of underscores, and numbers of four digits.

    Examples
    --------
    >>> from rgrbm.report.grids import readable
    >>> readable({"log_z_stderr": 0.06539822, "bounds": [199.8816, None]})
    {'log z stderr': 0.0654, 'bounds': [199.9, None]}
    """
    if isinstance(value, dict):
        return {str(name).replace("_", " "): readable(item) for name, item in value.items()}
    if isinstance(value, list):
        return [readable(item) for item in value]
    return float(f"{value:.4g}") if isinstance(value, float) else value


def _below(name: str, item: Any) -> Branch:
    if isinstance(item, dict):
        return branch(name, item)
    if _is_matrix(item):
        header = [str(k) for k in range(1, len(item[0]) + 1)]
        rows = [[str(k), *(shown(x) for x in row)] for k, row in enumerate(item, start=1)]
        return Branch(name, [Grid("", ["", *header], [False] + [True] * len(header), rows)])
    if _is_records(item):
        return Branch(name, [_records([(str(k), record) for k, record in enumerate(item, start=1)])])
    if item and all(isinstance(part, dict) for part in item):
        return Branch(name, branches=[branch(_label(k, part), part) for k, part in enumerate(item, start=1)])
    if item and all(isinstance(row, list) and _is_fact(row) for row in item):  # too wide for columns, or of no order
        rows = [[str(k), shown(row)] for k, row in enumerate(item, start=1)]
        return Branch(name, [Grid("", ["", "values"], [False, False], rows)])
    if item and all(isinstance(part, list) for part in item):  # of three axes or more
        return Branch(name, branches=[_below(str(k), part) for k, part in enumerate(item, start=1)])
    return Branch(name, [Grid("", ["value"], [False], [[shown(item)]])])


def _label(k: int, part: dict[str, Any]) -> str:
    """Name one of several objects by its first single values: 2 (seed 0, J 1.5, weights free)."""
    named = [f"{name} {shown(value)}" for name, value in part.items() if _is_scalar(value)][:3]
    return f"{k} ({', '.join(named)})" if named else str(k)


def shown(value: Any) -> str:
    """A value of JSON as text: numbers with up to seven digits, null and NaN as a dash, lists with commas.

    Examples
    --------
    >>> from rgrbm.report.grids import shown
    >>> shown(2 / 3), shown(100_000), shown(None), shown([1, 0.5])
    ('0.6666667', '100000', '–', '1, 0.5')
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.7g}"
    if value == []:
        return "none"
    if isinstance(value, list) and all(_is_scalar(item) for item in value):
        text = ", ".join(shown(item) for item in value[:LISTED])
        return text if len(value) <= LISTED else f"{text}, … ({len(value)} in all)"
    return str(value) if _is_scalar(value) else json.dumps(value, ensure_ascii=False)


def _is_scalar(value: Any) -> bool:
    return value is None or isinstance(value, str | int | float | bool)


def _is_fact(value: Any) -> bool:
    """Whether it has room in one row."""
    return _is_scalar(value) or (isinstance(value, list) and all(_is_scalar(item) for item in value))


def _is_columns(value: dict[str, Any]) -> bool:
    if len(value) < 2 or not all(isinstance(item, list) and _is_fact(item) for item in value.values()):
        return False
    return len({len(item) for item in value.values()}) == 1 and bool(next(iter(value.values())))


def _columns(value: dict[str, list[Scalar]]) -> Grid:
    rows = [[shown(item) for item in row] for row in zip(*value.values(), strict=True)]
    return Grid("", [str(name) for name in value], _numeric(list(value.values())), rows)


def _is_records(values: Any) -> bool:
    """Whether these are objects with the same entries, all of which have room in a cell."""
    if not isinstance(values, list) or len(values) < 2 or not all(isinstance(item, dict) and item for item in values):
        return False
    same = len({tuple(item) for item in values}) == 1
    return same and all(_is_fact(x) and not isinstance(x, list) for item in values for x in item.values())


def _records(named: Sequence[tuple[str, dict[str, Any]]]) -> Grid:
    rows = [[str(name), *(shown(x) for x in record.values())] for name, record in named]
    columns = [str(name) for name in named[0][1]]
    values = [[record[name] for _, record in named] for name in named[0][1]]
    return Grid("", ["", *columns], [False, *_numeric(values)], rows)


def _numeric(columns: Iterable[Sequence[Any]]) -> list[bool]:
    return [not any(isinstance(item, str) for item in column) for column in columns]


def _is_matrix(value: Any) -> bool:
    if not isinstance(value, list) or not value or not all(isinstance(row, list) and row for row in value):
        return False
    return len({len(row) for row in value}) == 1 and len(value[0]) <= LISTED and all(_is_fact(row) for row in value)
