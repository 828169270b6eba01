"""Numbers with their errors, as physicists write them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from rgrbm._support import checks


def or_dash(value: float | None, form: str) -> str:
    """A value in a format, or a dash where it could not be determined: NaN, which ``results.json`` has as null.

    Raises
    ------
    TypeError
        If the value is no number, or the format no text.
    ValueError
        If the format is none of numbers.

    Examples
    --------
    >>> from rgrbm.statistics import or_dash
    >>> or_dash(0.5, ".1%"), or_dash(None, ".1%"), or_dash(float("nan"), ".1%")
    ('50.0%', '–', '–')
    """
    checks.instance("form", form, str)
    number = _number("value", value)
    if number is None or math.isnan(number):
        return "–"
    try:
        return format(number, form)
    except (OverflowError, ValueError):
        raise ValueError(f"form must be a format of numbers, such as '.3g', got {checks.shown(form)}") from None


def with_error(value: float | None, stderr: float | None) -> str:
    """A value with its standard error in the last digits: −0.0123(45) is −0.0123 ± 0.0045.

    Either may be NaN, or None: no value is a dash, and no error none in parentheses.

    Raises
    ------
    TypeError
        If one of them is no number.
    ValueError
        If one of them is an integer too large to be written as a decimal fraction.

    Examples
    --------
    >>> from rgrbm.statistics import with_error
    >>> with_error(0.66251, 0.0123)
    '0.663(12)'
    >>> with_error(1.0, float("nan"))
    '1'
    """
    number, error = _number("value", value), _number("stderr", stderr)
    if number is None or error is None or not error > 0:
        return or_dash(number, ".5g")
    digits = 0
    while error * 10**digits < 9.5 and digits < 12:
        digits += 1
    return f"{number:.{digits}f}({error * 10**digits:.0f})"


def _number(name: str, value: Any) -> Any:
    """A number as it is, so that an integer takes the formats of one; NaN and None for what is not known."""
    scalar = value[()] if isinstance(value, np.ndarray) and value.ndim == 0 else value
    if scalar is None or isinstance(scalar, float | np.floating):
        return scalar
    number = checks.real(name, scalar)
    return scalar if isinstance(scalar, int | np.integer) else number
