"""Units of a layer of which some are known: arrays in which NaN, or a mask, means "unknown"."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from rgrbm._support import checks
from rgrbm.spins.values import Binary


@dataclass(frozen=True)
class Known:
    """Values of known units; which are known.

    Attributes
    ----------
    values : ndarray of shape (n_samples, n_units) or (n_units,)
        Of unknown units, 0.
    known : ndarray of uint8, of the same shape
        1 where a unit is known.
    """

    values: npt.NDArray[Any]
    known: Binary

    def rows(self, n_samples: int) -> Known:
        """The same for each of so many samples, contiguous."""
        shape = n_samples, self.values.shape[-1]
        return Known(*(np.ascontiguousarray(np.broadcast_to(x, shape)) for x in (self.values, self.known)))

    def put_into(self, states: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """States with the known units as they are known."""
        return np.where(self.known != 0, self.values.astype(states.dtype), states)


def known_units(values: Any, n_units: int, name: str, checked: Callable[[npt.NDArray[Any]], npt.NDArray[Any]]) -> Known:
    """Read an array of which NaN and masked values mean "unknown".

    Parameters
    ----------
    values : array_like of shape (n_units,) or (n_samples, n_units)
    n_units : int
    name : str
        For errors.
    checked : callable
        Checks an array of the known values, and returns them as the model holds them.

    Raises
    ------
    ValueError
        If the shape does not fit, or a known value is infinite or refused by ``checked``.
    TypeError
        If the values are no real numbers.
    """
    if sp.issparse(values):  # what is not stored is a known 0
        checks.require_memory(values.shape[0] * values.shape[1] * values.dtype.itemsize, f"a dense copy of {name}")
        values = values.toarray()
    masked = np.ma.getmaskarray(values) if np.ma.isMaskedArray(values) else None
    if hasattr(values, "to_numpy") and np.asarray(values).dtype.kind == "O":
        # Frames with missing values of pandas' own kind.
        values = checks.numbers(name, values.to_numpy(dtype=object, na_value=np.nan))
    array = checks.numbers(name, np.ma.getdata(values) if masked is not None else values, dtype=None)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{name} must be numbers, NaN where they are unknown, got dtype {array.dtype}")
    if array.ndim not in (1, 2) or array.shape[-1] != n_units:
        raise ValueError(f"{name} must have shape ({n_units},) or (n_samples, {n_units}), got {array.shape}")
    unknown = np.isnan(array) if array.dtype.kind == "f" else np.zeros(array.shape, dtype=bool)
    if masked is not None:
        unknown |= masked
    filled = np.where(unknown, 0, array)
    if not np.isfinite(filled).all():
        raise ValueError(f"{name} must be finite, or NaN where they are unknown, got infinity")
    return Known(checked(filled), (~unknown).astype(np.uint8))


def only_binary(layer: str) -> Callable[[npt.NDArray[Any]], Binary]:
    """A check that known units of a layer are 0 or 1."""

    def check(values: npt.NDArray[Any]) -> Binary:
        wrong = (values != 0) & (values != 1)
        if wrong.any():
            remedy = ". Convert spins with rgrbm.to_binary" if (values[wrong] == -1).all() else ""
            raise ValueError(f"known {layer} units must be 0 or 1, got {values[wrong].flat[0]}{remedy}")
        return values.astype(np.uint8)

    return check
