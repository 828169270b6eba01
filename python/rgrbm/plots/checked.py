"""Checks of what figures are drawn from, beyond those of single arguments."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from rgrbm._support import checks

Array = npt.NDArray[np.float64]

_MOST_PANELS = 1000  # Matplotlib takes minutes for more, and no page shows them


def series(name: str, values: Any, n: int | None = None) -> Array:
    """Numbers of shape (n,), at least one; None, which ``results.json`` has for NaN, is NaN.

    Raises
    ------
    TypeError
        If they are not real numbers.
    ValueError
        If there is none, some are masked, or the shape is another one.
    """
    if isinstance(values, list | tuple):
        values = [math.nan if value is None else value for value in values]
    array = checks.numbers(name, values, (n,))
    if not array.size:
        raise ValueError(f"{name} must hold at least one number, got none")
    return array


def table(name: str, values: Any, dtype: npt.DTypeLike | None = np.float64) -> npt.NDArray[Any]:
    """Numbers in rows and columns, at least one of each.

    Raises
    ------
    TypeError
        If they are not real numbers.
    ValueError
        If there are none, some are masked, or the shape is another one.
    """
    array = checks.numbers(name, values, (None, None), dtype=dtype)
    if not array.size:
        raise ValueError(f"{name} must have at least one row and one column, got shape {array.shape}")
    return array


def known(name: str, value: Any) -> float | None:
    """A finite number, or None.

    Raises
    ------
    TypeError
        If it is neither.
    ValueError
        If it is not finite.
    """
    return None if value is None else checks.real(name, value)


def require_panels(n: int, what: str) -> None:
    """Refuse a figure of so many panels that drawing it would take minutes.

    Raises
    ------
    ValueError
        If there are more than 1000.
    """
    if n > _MOST_PANELS:
        raise ValueError(f"a figure shows at most {_MOST_PANELS} {what}, got {n}")
