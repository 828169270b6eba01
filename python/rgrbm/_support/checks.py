"""Checks of arguments: the value in the form that code works with, or an error that names what was expected."""

from __future__ import annotations

import contextlib
import math
import operator
import os
import sys
from numbers import Real
from typing import Any

import numpy as np
import numpy.typing as npt


def integer(name: str, value: Any, low: int | None = None) -> int:
    """A whole number, at least ``low``.

    Raises
    ------
    TypeError
        If it is none: bools, floats and text are not, even where they could be read as one.
    ValueError
        If it is too small.
    """
    try:
        if isinstance(value, bool):
            raise TypeError
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be an integer, got {value!r}") from None
    _require_low(name, number, low)
    return number


def real(name: str, value: Any, low: float | None = None) -> float:
    """A finite number, at least ``low``.

    Raises
    ------
    TypeError
        If it is none, as text and arrays of numbers.
    ValueError
        If it is not finite or too small.
    """
    scalar = value[()] if isinstance(value, np.ndarray) and value.ndim == 0 else value
    if not isinstance(scalar, Real) or isinstance(scalar, bool | np.bool_):
        raise TypeError(f"{name} must be a number, got {value!r}")
    number = float(scalar)
    if not math.isfinite(number):
        raise ValueError(f"{name} must be finite, got {number}")
    _require_low(name, number, low)
    return number


def numbers(name: str, values: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Real numbers as an array of float64, whatever their values.

    Raises
    ------
    TypeError
        If they are of another kind: NumPy would read text as numbers and drop imaginary parts.
    """
    array = np.asarray(values)
    if array.dtype.kind not in "biuf" and not (
        array.dtype.kind == "O" and all(isinstance(v, Real) for v in array.flat)
    ):
        raise TypeError(f"{name} must be real numbers, got {array.dtype} {values!r:.60}")
    return np.asarray(array, dtype=np.float64)


def require_memory(n_bytes: int, what: str) -> None:
    """Refuse to ask for more memory than the process can ever have.

    Where more is asked for all the same, some systems end the process without a message, and the kernels report only
    that an allocation failed.

    Raises
    ------
    MemoryError
        If more is needed than there is; the message says what needs how much.
    """
    if n_bytes > (most := _memory()):
        raise MemoryError(f"{what} would take {n_bytes / 2**30:.4g} GiB; this process can have {most / 2**30:.4g} GiB")


def _require_low(name: str, number: float, low: float | None) -> None:
    if low is not None and number < low:
        raise ValueError(f"{name} must {f'be at least {low}' if low else 'not be negative'}, got {number}")


def _memory() -> int:
    """Bytes that the machine has, or that the process may use if that is limited to less."""
    limits = [sys.maxsize]
    with contextlib.suppress(AttributeError, OSError, ValueError):  # not available on every system
        limits.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    with contextlib.suppress(ImportError):
        import resource

        if (limit := resource.getrlimit(resource.RLIMIT_AS)[0]) != resource.RLIM_INFINITY:
            limits.append(limit)
    return min(limits)
