"""Checks of arguments: the value in the form that code works with, or an error that names what was expected."""

from __future__ import annotations

import contextlib
import math
import operator
import os
import sys
from collections.abc import Iterable, Iterator
from numbers import Real
from typing import Any

import numpy as np
import numpy.typing as npt

_LITTLE = 2**24  # bytes that every process has: asking the system takes longer than many calls


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
        if isinstance(value, bool | np.bool_):
            raise TypeError
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be an integer, got {shown(value)}") from None
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
        raise TypeError(f"{name} must be a number, got {shown(value)}")
    try:
        number = float(scalar)
    except OverflowError:  # an integer, or a fraction, of hundreds of digits
        number = math.inf
    if not math.isfinite(number):
        raise ValueError(f"{name} must be finite, got {number}")
    _require_low(name, number, low)
    return number


def numbers(
    name: str,
    values: Any,
    shape: tuple[int | None, ...] | None = None,
    *,
    finite: bool = False,
    dtype: npt.DTypeLike | None = np.float64,
) -> npt.NDArray[Any]:
    """Real numbers as an array, by default of float64 and whatever their values.

    Parameters
    ----------
    name : str
        What errors call it.
    values : array-like
        A number, a sequence of numbers, or an array; not sparse, and without masked values.
    shape : tuple of int or None, optional
        The shape that it must have; None stands for any length.
    finite : bool, default=False
        Whether all must be finite.
    dtype : dtype or None, default=float64
        Of the result; None keeps that of the values.

    Raises
    ------
    TypeError
        If they are of another kind: NumPy would read text as numbers and drop imaginary parts.
    ValueError
        If rows have several lengths, values are masked, too large, or not finite, or the shape is another one.
    """
    if isinstance(values, bool | np.bool_):
        raise TypeError(f"{name} must be real numbers, got {values}")
    if hasattr(values, "toarray"):
        raise TypeError(f"{name} must be real numbers, got {shown(values)}; give its dense form, .toarray()")
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise ValueError(f"{name} must be real numbers in rows of one length, got {shown(values)}") from error
    if array.dtype.kind not in "biuf" and not (
        array.dtype.kind == "O" and all(isinstance(v, Real) for v in array.flat)
    ):
        raise TypeError(f"{name} must be real numbers, got {array.dtype} {shown(values)}")
    if isinstance(values, np.ma.MaskedArray) and (n_masked := int(np.ma.getmaskarray(values).sum())):
        raise ValueError(f"{name} must not have masked values, got {n_masked} of them")
    try:
        array = np.asarray(array, dtype=dtype)
    except (OverflowError, TypeError) as error:  # integers of hundreds of digits; objects that only claim to be numbers
        raise ValueError(f"{name} must be real numbers, got {shown(values)}") from error
    if shape is not None:
        require_shape(name, array, shape)
    if finite and not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite, got {float(array[~np.isfinite(array)].flat[0])}")
    return array


def require_shape(name: str, array: npt.NDArray[Any], shape: tuple[int | None, ...]) -> None:
    """Refuse an array of another shape; None stands for any length.

    Raises
    ------
    ValueError
        With both shapes.
    """
    if array.ndim != len(shape) or any(n not in (None, m) for n, m in zip(shape, array.shape, strict=True)):
        expected = ", ".join("any" if n is None else str(n) for n in shape) + ("," if len(shape) == 1 else "")
        raise ValueError(f"{name} must have shape ({expected}), got {array.shape}")


def integers(name: str, values: Any, low: int | None = None) -> tuple[int, ...]:
    """Whole numbers, such as the sides of a lattice; one alone stands for itself.

    Raises
    ------
    TypeError
        If it is no sequence of integers.
    ValueError
        If one of them is smaller than ``low``.
    """
    if isinstance(values, int | np.integer) and not isinstance(values, bool):
        return (integer(name, values, low),)
    return tuple(integer(f"each of {name}", value, low) for value in items(name, values, "integers"))


def iterator(name: str, values: Any, kind: str = "values") -> Iterator[Any]:
    """What goes through a sequence, or another iterable.

    Raises
    ------
    TypeError
        If it is none, a text, or a sparse matrix.
    """
    try:
        if isinstance(values, str | bytes) or hasattr(values, "toarray"):
            raise TypeError
        return iter(values)
    except TypeError:
        raise TypeError(f"{name} must be a sequence of {kind}, got {shown(values)}") from None


def items(name: str, values: Any, kind: str = "values") -> list[Any]:
    """What a sequence, or another iterable, holds.

    Raises
    ------
    TypeError
        As :func:`iterator`.
    """
    return list(iterator(name, values, kind))


def choice(name: str, value: Any, choices: Iterable[str]) -> str:
    """One of some words.

    Raises
    ------
    TypeError
        If it is no text.
    ValueError
        If it is another one.
    """
    words = tuple(choices)
    if isinstance(value, str) and value in words:
        return value
    kind = ValueError if isinstance(value, str) else TypeError
    raise kind(f"{name} must be {'one of ' if len(words) > 1 else ''}{', '.join(map(repr, words))}, got {shown(value)}")


def instance(name: str, value: Any, kind: type | tuple[type, ...], what: str = "") -> Any:
    """An object of a class, or of one of some; ``what`` it is, if not its class, in errors.

    Raises
    ------
    TypeError
        If it is of another one.
    """
    if not isinstance(value, kind):
        kinds = kind if isinstance(kind, tuple) else (kind,)
        expected = what or " or ".join(k.__name__ for k in kinds)
        given = type(value)
        if not what and given.__name__ in (k.__name__ for k in kinds):
            raise TypeError(f"{name} must be rgrbm's {expected}, got that of {given.__module__}")
        raise TypeError(f"{name} must be a {expected}, got {shown(value)}")
    return value


def flag(name: str, value: Any) -> bool:
    """True or false.

    Raises
    ------
    TypeError
        If it is neither.
    """
    if not isinstance(value, bool | np.bool_):
        raise TypeError(f"{name} must be True or False, got {shown(value)}")
    return bool(value)


def shown(value: Any) -> str:
    """A value as errors show it: in one line, and cut where it is long."""
    try:
        text = " ".join(repr(value).split())
    except Exception:  # an integer of more digits than Python writes, or a class that cannot show itself
        text = f"a value of {type(value).__name__}"
    return text if len(text) <= 80 else f"{text[:77]}..."


def require_memory(n_bytes: int, what: str) -> None:
    """Refuse to ask for more memory than the process can ever have.

    Where more is asked for all the same, some systems end the process without a message, and the kernels report only
    that an allocation failed.

    Raises
    ------
    MemoryError
        If more is needed than there is; the message says what needs how much.
    """
    if n_bytes > _LITTLE and n_bytes > (most := _memory()):
        gib = f"{n_bytes / 2**30:.4g}" if n_bytes < 2**200 else f"10^{math.log10(n_bytes) - 9:.0f}"
        raise MemoryError(f"{what} would take {gib} GiB; this process can have {most / 2**30:.4g} GiB")


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
