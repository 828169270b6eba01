"""How results appear: a few lines in a terminal, a table in a notebook, with shapes in place of arrays."""

import dataclasses
import re
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from rgrbm._support.html_table import html_table
from rgrbm.statistics.jackknife import Estimate
from rgrbm.statistics.notation import or_dash, with_error

MOST_COLUMNS, MOST_LINES = 100, 10
_MOST_OF_ONE = 60  # characters of one value
_MOST_BITS = 130  # of an integer that is printed in full, as the entropy of a seed is


class Presented:
    """A result with a short ``repr`` and a table in notebooks.

    By default both show the fields of a dataclass, values with their standard errors. Classes may replace any of the
    three methods below.
    """

    def _title(self) -> str:
        """What it is, or what was simulated, in one line; the caption of the table."""
        return ""

    def _values(self) -> Mapping[str, Any]:
        """Values by name."""
        return fields_of(self)

    def _table(self) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
        """The header and the rows of the table for notebooks."""
        return ("quantity", "value"), [(name, in_short(value)) for name, value in _known(self._values()).items()]

    def __repr__(self) -> str:
        return short_repr(self, self._values(), self._title())

    def _repr_html_(self) -> str:
        caption = f"{type(self).__name__}: {self._title() or _summary(type(self))}"
        return html_table(caption, *self._table())


def short_repr(result: Any, values: Mapping[str, Any] | None = None, title: str = "") -> str:
    """The name of a class and values in at most 10 lines of 100 columns; of a named tuple or dataclass its fields.

    Examples
    --------
    >>> import numpy as np
    >>> from rgrbm.statistics.presentation import short_repr
    >>> from rgrbm.statistics import SpinMoments
    >>> short_repr(SpinMoments(np.ones(4), np.ones((4, 8)), np.ones((4, 8, 8))))
    'SpinMoments(n_samples=float64[4], sums=float64[4, 8], products=float64[4, 8, 8])'
    """
    values = fields_of(result) if values is None else values
    name = type(result).__name__
    items = [f"{key}={_quoted(value)}" for key, value in _known(values).items()]
    line = f"{name}({', '.join(items)})"
    if not title and len(line) <= MOST_COLUMNS:
        return line
    whole = [item.replace(" ", "\0") if len(item) < MOST_COLUMNS else item for item in items]  # stays on one line
    body = textwrap.wrap(
        ", ".join(whole) + ")",
        MOST_COLUMNS,
        initial_indent="  ",
        subsequent_indent="  ",
        break_on_hyphens=False,
    )
    head = textwrap.wrap(f"{name}({title}:" if title else f"{name}(", MOST_COLUMNS, subsequent_indent="  ")
    lines = [part.replace("\0", " ") for part in (*head, *body)]
    return "\n".join(lines if len(lines) <= MOST_LINES else [*lines[: MOST_LINES - 1], "  …)"])


def fields_of(result: Any) -> dict[str, Any]:
    """Fields of a dataclass or named tuple; a number ``x`` and its ``x_stderr`` become one estimate."""
    if dataclasses.is_dataclass(result):
        values = {field.name: getattr(result, field.name) for field in dataclasses.fields(result) if field.repr}
    else:
        values = dict(result._asdict())
    for name in [name for name in values if f"{name}_stderr" in values]:
        if not isinstance(values[name], np.ndarray):
            values[name] = Estimate(values[name], values.pop(f"{name}_stderr"))
    return values


def _known(values: Mapping[str, Any]) -> dict[str, Any]:
    """Without None and empty text, which are there where something does not apply."""
    return {
        name: value
        for name, value in values.items()
        if value is not None and not (isinstance(value, str) and not value)
    }


def in_short(value: Any) -> str:
    """A value as text of a few words: an array by its type and shape, an estimate as 0.663(12).

    Examples
    --------
    >>> import numpy as np
    >>> from rgrbm.statistics import Estimate
    >>> from rgrbm.statistics.presentation import in_short
    >>> in_short(np.zeros((3, 4))), in_short(Estimate(0.66251, 0.0123)), in_short((16, 16)), in_short(list(range(99)))
    ('float64[3, 4]', '0.663(12)', '(16, 16)', '99 × int')
    """
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, str):
        return _cut(value)
    if isinstance(value, Estimate):
        return with_error(*value)
    if dataclasses.is_dataclass(value) and [field.name for field in dataclasses.fields(value)] == ["mean", "stderr"]:
        return with_error(value.mean, value.stderr)  # type: ignore[union-attr]
    if isinstance(value, float):
        return or_dash(value, ".5g")
    if isinstance(value, int) and value.bit_length() > _MOST_BITS:
        return f"an integer of {value.bit_length()} bits"
    if isinstance(value, np.ndarray):
        return f"{value.dtype}[{', '.join(map(str, value.shape))}]"
    if isinstance(value, Mapping):
        text = ", ".join(f"{key}: {in_short(item)}" for key, item in list(value.items())[:_MOST_OF_ONE])
        return f"{{{text}}}" if len(text) <= _MOST_OF_ONE else f"{len(value)} values"
    if isinstance(value, list | tuple) and not hasattr(value, "_fields"):
        text = ", ".join(map(_quoted, value[:_MOST_OF_ONE])) + ("," if len(value) == 1 else "")
        return f"({text})" if len(text) <= _MOST_OF_ONE else f"{len(value)} × {type(value[0]).__name__}"
    text = repr(value)
    return text if len(text) <= _MOST_OF_ONE and "\n" not in text else type(value).__name__


def _quoted(value: Any) -> str:
    return repr(_cut(value)) if isinstance(value, str) else in_short(value)


def _cut(text: str) -> str:
    return textwrap.shorten(text, 2 * _MOST_OF_ONE, placeholder=" …")


def _summary(cls: type) -> str:
    """The first sentence of a class's documentation, without markup."""
    line = (cls.__doc__ or cls.__name__).strip().splitlines()[0].split(". ")[0].rstrip(".")
    return re.sub(r":\w+:`~?([^`]+)`|``([^`]+)``", lambda match: match[1] or match[2], line)
