"""Spins ±1 and binary units 0/1: the two ways to write a configuration, and the conversion between them."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import numpy.typing as npt

from rgrbm._support import checks

Spins = npt.NDArray[np.int8]
Binary = npt.NDArray[np.uint8]


def to_binary(spins: npt.ArrayLike) -> Binary:
    """Convert spins ±1 to binary units, x = (1 + s)/2.

    Parameters
    ----------
    spins : array_like of -1 and +1
        Configurations of any shape.

    Returns
    -------
    ndarray of uint8
        0 where the spin is −1, 1 where it is +1; the same shape.

    Raises
    ------
    ValueError
        If a value is neither −1 nor +1, or is masked, or rows have several lengths.
    TypeError
        If the values are not real numbers.

    Examples
    --------
    >>> from rgrbm import to_binary
    >>> to_binary([-1, 1, 1])
    array([0, 1, 1], dtype=uint8)
    """
    array = _checked_values(spins, -1, 1, "to_binary expects spins ±1; binary units 0/1 need no conversion")
    return (array > 0).astype(np.uint8)


def to_spins(binary: npt.ArrayLike) -> Spins:
    """Convert binary units 0/1 to spins, s = 2x − 1.

    Parameters
    ----------
    binary : array_like of 0 and 1
        Configurations of any shape.

    Returns
    -------
    ndarray of int8
        −1 where the unit is 0, +1 where it is 1; the same shape.

    Raises
    ------
    ValueError
        If a value is neither 0 nor 1, or is masked, or rows have several lengths.
    TypeError
        If the values are not real numbers.

    Examples
    --------
    >>> from rgrbm import to_spins
    >>> to_spins([0, 1, 1])
    array([-1,  1,  1], dtype=int8)
    """
    array = _checked_values(binary, 0, 1, "to_spins expects binary units 0/1; spins ±1 need no conversion")
    return (2 * (array > 0).astype(np.int8) - 1).astype(np.int8)


def spin_values(spins: npt.ArrayLike) -> Spins:
    """Spins of any numeric dtype, of which every value is ±1, as int8; an int8 array is returned as it is.

    Raises
    ------
    ValueError
        If a value is neither −1 nor +1 (as NaN, or a unit 0) or is masked, or rows have several lengths.
    TypeError
        If the values are not real numbers.
    """
    array = _checked_values(spins, -1, 1, "expected spins ±1; rgrbm.to_spins converts binary units 0/1")
    return array.astype(np.int8, copy=False)


def _checked_values(values: npt.ArrayLike, low: int, high: int, expectation: str) -> npt.NDArray[Any]:
    if isinstance(values, str | os.PathLike):
        raise TypeError(f"{expectation}, got a path; read the file first, for instance by numpy.load or numpy.loadtxt")
    if np.ma.is_masked(values):
        raise ValueError(f"{expectation}, got masked values; leave these samples out")
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise ValueError(f"{expectation}, got rows of several lengths: {checks.shown(values)}") from error
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{expectation}, got an array of dtype {array.dtype}")
    wrong = (array != low) & (array != high)
    if wrong.any():
        raise ValueError(f"{expectation}, got the value {array[wrong].flat[0]}")
    return array
