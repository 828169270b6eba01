"""Numbers with their errors, as physicists write them."""


def with_error(value: float, stderr: float) -> str:
    """A value with its standard error in the last digits: −0.0123(45) is −0.0123 ± 0.0045.

    Examples
    --------
    >>> from rgrbm.statistics import with_error
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
