"""Numbers with their errors, as physicists write them."""

import math


def or_dash(value: float | None, form: str) -> str:
    """A value in a format, or a dash where it could not be determined: NaN, which ``results.json`` has as null.

    Examples
    --------
    >>> from rgrbm.statistics import or_dash
    >>> or_dash(0.5, ".1%"), or_dash(None, ".1%"), or_dash(float("nan"), ".1%")
    ('50.0%', '–', '–')
    """
    return "–" if value is None or math.isnan(value) else format(value, form)


def with_error(value: float | None, stderr: float | None) -> str:
    """A value with its standard error in the last digits: −0.0123(45) is −0.0123 ± 0.0045.

    Either may be NaN, or None: no value is a dash, and no error none in parentheses.

    Examples
    --------
    >>> from rgrbm.statistics import with_error
    >>> with_error(0.66251, 0.0123)
    '0.663(12)'
    >>> with_error(1.0, float("nan"))
    '1'
    """
    if value is None or stderr is None or not stderr > 0:
        return or_dash(value, ".5g")
    digits = 0
    while stderr * 10**digits < 9.5 and digits < 12:
        digits += 1
    return f"{value:.{digits}f}({stderr * 10**digits:.0f})"
