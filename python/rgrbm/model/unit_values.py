"""Values of binary units as users give them: checks, and the forms that the kernels take."""

from __future__ import annotations

import hashlib
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from scipy.special import expit
from sklearn.utils import assert_all_finite
from sklearn.utils.validation import check_array, validate_data

from rgrbm._core import kernels
from rgrbm._support import checks
from rgrbm.spins.values import Binary

Units: TypeAlias = Any  # ndarray of uint8, float32 or float64, or a CSR matrix or array of floats


def as_units(X: Any, *, clip: bool | None, name: str) -> Units:
    """Bring validated numeric data into one of the forms the model works with.

    Parameters
    ----------
    X : ndarray, or CSR matrix or array
        Numbers.
    clip : bool or None
        Whether values outside [0, 1] are cut off. None refuses them as False does, where users have no such option.
    name : str
        What the values are passed to, for the error.

    Returns
    -------
    ndarray, or CSR matrix or array
        ``uint8`` if every value of a dense array is 0 or 1, else floats in [0, 1] (probabilities).

    Raises
    ------
    ValueError
        If the values are spins ±1, not finite, or lie outside [0, 1] and ``clip`` is not true.
    """
    if (units := None if sp.issparse(X) else _as_binary(X)) is not None:
        return units
    values = X.data if sp.issparse(X) else X
    assert_all_finite(values, estimator_name=name, input_name="X")
    if values.size:
        low, high = X.min(), X.max()  # zeros that a sparse matrix does not store included
        if low < 0 or high > 1:
            _refuse_spins(values, low, high)
            if not clip:
                complaint = "Negative values in data passed" if low < 0 else "Values above 1 in data passed"
                option = "." if clip is None else ", or set clip=True to cut them off."
                raise ValueError(
                    f"{complaint} to {name}: they must lie in [0, 1] (0/1, or probabilities), got values "
                    f"from {low:g} to {high:g}. Scale or threshold them{option}"
                )
    if sp.issparse(X):
        X = X.astype(np.result_type(X.dtype, np.float32), copy=False)
        if clip:
            X = X.copy()
            np.clip(X.data, 0, 1, out=X.data)
        return X
    if clip and X.dtype.kind != "b":
        X = np.clip(X, 0, 1)
    if is_binary(X):
        return np.ascontiguousarray(X, dtype=np.uint8)
    dtype = np.float32 if X.dtype.itemsize <= 4 else np.float64
    return np.ascontiguousarray(X, dtype=dtype)


def validated(X: Any, estimator: Any = None, **options: Any) -> Any:
    """Data as scikit-learn checks them, for an estimator or none: numbers, a sample a row.

    Raises
    ------
    ValueError
        As :func:`require_rows` and scikit-learn do, or if a number is larger than any float.
    """
    require_rows(X)
    try:
        if estimator is None:
            data = check_array(X, input_name="X", **options)
        else:
            data = validate_data(estimator, X, **options)
    except OverflowError as error:  # integers of hundreds of digits
        raise ValueError(f"X must be real numbers, got {checks.shown(X)}") from error
    return checks.numbers("X", data) if data.dtype.kind == "O" else data


def require_rows(X: Any) -> None:
    """Refuse data in which a row is not a sample, and masked values, which scikit-learn reads as if unmasked.

    Raises
    ------
    ValueError
        If an array has more than two axes, or masked values.
    """
    shape = getattr(X, "shape", ())
    if len(shape) > 2:
        raise ValueError(
            f"expected one sample per row, shape (n_samples, n_features), got shape {tuple(shape)}. Flatten lattices "
            f"and images with X.reshape(len(X), -1)"
        )
    if np.ma.is_masked(X):
        raise ValueError("expected a value for every unit, got masked values. Leave these samples out")


def _refuse_spins(values: npt.NDArray[Any], low: float, high: float) -> None:
    if low == -1 and high <= 1 and bool(np.all((values == low) | (values == 1))):
        raise ValueError(
            "Negative values in data passed: these are spins ±1, but the units of a Bernoulli RBM are 0/1. "
            "Convert them with rgrbm.to_binary."
        )


def _as_binary(X: npt.NDArray[Any]) -> Binary | None:
    """The same units as uint8 if all are 0 or 1, found in one pass; None if not, or if the dtype needs other passes."""
    if X.dtype.kind == "b" or X.dtype == np.uint8:
        units = np.ascontiguousarray(X).view(np.uint8)
        return units if is_binary(X) else None
    if X.dtype in (np.float32, np.float64):
        return kernels.binary_units(np.ascontiguousarray(X))
    return None


def is_binary(X: npt.NDArray[Any]) -> bool:
    """Whether every value of a dense array is 0 or 1."""
    if X.dtype.kind == "b":
        return True
    if X.dtype.kind == "u" and X.dtype.itemsize == 1:
        return X.size == 0 or int(X.max()) <= 1
    return bool(np.all((X == 0) | (X == 1)))


def binary_states(x: Any, n_units: int, name: str) -> Binary:
    """States 0/1 of a layer of ``n_units``, one a row, as the kernels take them; of arrays, frames and sparse matrices.

    Raises
    ------
    TypeError
        If they are not real numbers.
    ValueError
        If there are none, they have another shape or other values, or some are masked.
    MemoryError
        If they are sparse, and too many to be dense.
    """
    if np.ma.is_masked(x):
        raise ValueError(f"{name} must hold a value for every unit, got masked values. Leave these samples out")
    array: Any = x if sp.issparse(x) else checks.numbers(name, x, dtype=None)
    if array.dtype.kind not in "biufO":  # of sparse ones: to be compared with 0 and 1
        raise TypeError(f"{name} must hold units 0 and 1, got {array.dtype}")
    if array.ndim != 2 or array.shape[1] != n_units or array.shape[0] == 0:
        remedy = ". Flatten lattices and images with x.reshape(len(x), -1)" if array.ndim > 2 else ""
        raise ValueError(f"{name} must have shape (n_samples, {n_units}), got {array.shape}{remedy}")
    if sp.issparse(array):
        array = dense(array.tocsr())
    if array.dtype.kind in "buf" and (units := _as_binary(array)) is not None:
        return units
    valid = (array == 0) | (array == 1)
    if not valid.all():
        wrong = array[~valid]
        if np.isin(array, (-1, 1)).all():
            raise ValueError(f"{name} must hold units 0 and 1, got spins ±1. Convert them with rgrbm.to_binary")
        remedy = "Leave samples with missing values out" if (wrong != wrong).any() else "Threshold or draw them first"
        raise ValueError(f"{name} must hold units 0 and 1, got the value {wrong[0]}. {remedy}")
    return np.ascontiguousarray(array, dtype=np.uint8)


def dense(X: Units) -> npt.NDArray[Any]:
    """The same units as a dense array; binary ones as ``uint8``.

    Raises
    ------
    MemoryError
        If they are sparse, and need more memory than there is.
    """
    if not sp.issparse(X):
        return np.asarray(X)
    binary = is_binary(X.data)
    n = X.shape[0] * X.shape[1]
    checks.require_memory(n * (1 if binary else X.dtype.itemsize), f"a dense copy of {X.shape[0]} × {X.shape[1]} units")
    if binary:
        return np.ascontiguousarray(X.astype(np.uint8).toarray())
    return np.ascontiguousarray(X.toarray())


def parameter_dtype(X: Any) -> type[np.float32] | type[np.float64]:
    """Precision in which a model of these data is trained: float32 for float32 and one-byte data."""
    single = X.dtype.kind == "f" and X.dtype.itemsize == 4  # of either byte order
    return np.float32 if single or X.dtype.itemsize == 1 else np.float64


def digest(X: npt.NDArray[Any], sample_weight: npt.NDArray[np.float64] | None = None) -> str:
    """Fingerprint of a data set, to see whether a training is resumed with the same data."""
    content = np.packbits(X) if X.dtype == np.uint8 else np.ascontiguousarray(X)
    head = f"{X.dtype} {X.shape} ".encode()
    weights = b"" if sample_weight is None else sample_weight.tobytes()
    return hashlib.sha256(head + content.tobytes() + weights).hexdigest()


def log_odds(X: npt.NDArray[Any], sample_weight: npt.NDArray[np.float64] | None = None) -> npt.NDArray[np.float64]:
    """Biases of independent units: ln(p/(1 − p)) of each column, half a sample added to both sides."""
    ones = X.sum(axis=0, dtype=np.float64) if sample_weight is None else sample_weight @ X
    total = float(len(X)) if sample_weight is None else sample_weight.sum()
    return np.asarray(np.log(ones + 0.5) - np.log(total - ones + 0.5))


def sample_weights(values: npt.ArrayLike | None, n_samples: int) -> npt.NDArray[np.float64] | None:
    """Weights of the samples, as they are; None for equal ones.

    Raises
    ------
    ValueError
        If there is not one weight for each sample, or one is negative, masked or not finite, or all are zero.
    TypeError
        If they are not numbers.
    """
    if values is None:
        return None
    weights = np.ascontiguousarray(checks.numbers("sample_weight", values))
    if weights.shape != (n_samples,):
        raise ValueError(f"sample_weight must have shape ({n_samples},), got {weights.shape}")
    with np.errstate(over="ignore"):
        total = weights.sum()
    if not np.isfinite(total) or (weights < 0).any() or total == 0:
        raise ValueError("sample_weight must be finite, not negative, and not all zero")
    return weights


def sample_bernoulli(probabilities: npt.NDArray[Any], generator: np.random.Generator) -> Binary:
    """Independent units, 1 with the given probabilities."""
    return (generator.random(probabilities.shape) < probabilities).astype(np.uint8)


def activate(X: Units, weights: npt.NDArray[Any], bias: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Probabilities σ(bias + X·weights) of the units of the other layer, for any form of ``X``."""
    if not sp.issparse(X) and X.dtype == np.uint8:
        dtype = np.float32 if weights.dtype == np.float32 else np.float64
        W, b = (np.ascontiguousarray(p, dtype=dtype) for p in (weights, bias))  # type: Any, Any
        return np.asarray(kernels.hidden_probabilities(np.ascontiguousarray(X), W, b))
    if not sp.issparse(X) and X.dtype.kind != "f":
        X = X.astype(weights.dtype)
    return np.asarray(expit(X @ weights + bias))
