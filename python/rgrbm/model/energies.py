"""Energies of an RBM's layers and what follows from them, for units in any form."""

from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from rgrbm._core import kernels
from rgrbm._support import checks
from rgrbm.model import unit_values

_CELLS_AT_ONCE = 2**23  # values of one temporary array, 64 MB
_TERMS_AT_ONCE = 2**31  # of the kernels: some tenths of a second


def free_energy(
    units: Any, weights: npt.NDArray[Any], own_bias: npt.NDArray[Any], other_bias: npt.NDArray[Any]
) -> npt.NDArray[np.float64]:
    """−own_bias·x − Σ softplus(other_bias + x·weights) in float64, for either layer and any form of ``x``.

    Raises
    ------
    TypeError
        If an argument does not hold real numbers.
    ValueError
        If the shapes do not fit together, or a unit is not in [0, 1] or is masked.
    """
    W, own, other = _parameters(weights, own_bias=own_bias, other_bias=other_bias)
    x = _units(units, len(W))
    if x.dtype == np.uint8 and not sp.issparse(x):
        parameters = (np.ascontiguousarray(p) for p in (W, own, other))
        return np.asarray(kernels.free_energy(np.ascontiguousarray(x), *parameters))
    field = x @ W + other
    return np.asarray(-(x @ own) - _softplus_sum(field))


def log_pseudo_likelihood(
    units: Any, weights: npt.NDArray[Any], visible_bias: npt.NDArray[Any], hidden_bias: npt.NDArray[Any]
) -> npt.NDArray[np.float64]:
    """Σ_i ln p(v_i | rest) of each row of units of any form.

    Raises
    ------
    TypeError
        If an argument does not hold real numbers.
    ValueError
        If the shapes do not fit together, or a unit is not in [0, 1] or is masked.
    """
    parameters = _parameters(weights, visible_bias=visible_bias, hidden_bias=hidden_bias)
    W, own, other = (np.ascontiguousarray(p) for p in parameters)
    units = _units(units, len(W))
    if units.dtype == np.uint8 or (sp.issparse(units) and unit_values.is_binary(units.data)):
        return _binary_log_pseudo_likelihood(units, W, own, other)
    field = units.astype(np.float64) @ W + other
    rows = max(1, _CELLS_AT_ONCE // W.size)
    result = np.empty(units.shape[0])
    for start in range(0, len(result), rows):
        part = slice(start, start + rows)
        result[part] = _log_pseudo_likelihood(unit_values.dense(units[part]), field[part], W, own)
    return result


def _parameters(weights: npt.ArrayLike, **biases: npt.ArrayLike) -> tuple[npt.NDArray[np.float64], ...]:
    """Weights and the biases of their two layers, in float64; whether they are finite is not asked of a training."""
    W = checks.numbers("weights", weights, (None, None))
    if W.size == 0:
        raise ValueError(f"weights must be of at least one unit of each layer, got shape {W.shape}")
    sizes = zip(biases.items(), W.shape, strict=True)
    return W, *(checks.numbers(name, values, (n,)) for (name, values), n in sizes)


def _units(units: Any, n_units: int) -> unit_values.Units:
    """Units 0 and 1 or probabilities, a sample a row: uint8 and sparse ones in their form, others in float64."""
    if not sp.issparse(units):
        kept = getattr(units, "dtype", None) == np.uint8
        units = checks.numbers("units", units, dtype=np.uint8 if kept else np.float64)
    elif units.dtype.kind not in "biuf":
        raise TypeError(f"units must be real numbers, got {units.dtype}")
    checks.require_shape("units", units, (None, n_units))
    if sp.issparse(units):
        units = units.tocsr()
    values = units.data if sp.issparse(units) else units
    if values.size and not (values.min() >= 0 and values.max() <= 1):  # NaN is neither
        raise ValueError(f"units must be 0 and 1, or probabilities, got values from {values.min()} to {values.max()}")
    return units


def _binary_log_pseudo_likelihood(
    units: Any,
    weights: npt.NDArray[np.float64],
    visible_bias: npt.NDArray[np.float64],
    hidden_bias: npt.NDArray[np.float64],
) -> npt.NDArray[np.float64]:
    """The same by the compiled kernel, some rows at a time, so that sparse rows need not all be dense."""
    n = units.shape[0]
    rows = max(1, _TERMS_AT_ONCE // weights.size)
    model = kernels.PseudoLikelihood(weights, visible_bias, hidden_bias, min(n, rows))
    parts = (unit_values.dense(units[start : start + rows]) for start in range(0, n, rows))
    return np.concatenate([np.empty(0), *(model.logs(part) for part in parts)])


def _log_pseudo_likelihood(
    v: npt.NDArray[Any], field: npt.NDArray[Any], weights: npt.NDArray[Any], bias: npt.NDArray[Any]
) -> npt.NDArray[np.float64]:
    """Σ_i ln p(v_i | rest) of each row, ``field`` being the input of its hidden units."""
    change = 1.0 - 2.0 * v  # of unit i when it is flipped
    flipped = field[:, None, :] + change[:, :, None] * weights
    gain = -change * bias - _softplus_sum(flipped) + _softplus_sum(field)[:, None]
    return np.asarray(-np.logaddexp(0, -gain).sum(axis=1))


def flipped_log_pseudo_likelihood(
    units: npt.NDArray[Any],
    flipped: npt.NDArray[np.intp],
    weights: npt.NDArray[Any],
    visible_bias: npt.NDArray[Any],
    hidden_bias: npt.NDArray[Any],
) -> npt.NDArray[np.float64]:
    """N ln p(v_i | rest) of each row, i being the one unit that ``flipped`` names (values v in between flip to 1 − v).

    With a uniform i this is an unbiased estimate of :func:`log_pseudo_likelihood`, at the cost of two free energies.
    """
    weights = np.asarray(weights, dtype=np.float64)
    result = np.empty(len(units))
    rows = max(1, _CELLS_AT_ONCE // sum(weights.shape))
    for start in range(0, len(result), rows):
        v, i = units[start : start + rows].astype(np.float64), flipped[start : start + rows]
        change = 1 - 2 * v[np.arange(len(v)), i]
        field = v @ weights + hidden_bias
        gain = -change * visible_bias[i] - _softplus_sum(field + change[:, None] * weights[i]) + _softplus_sum(field)
        result[start : start + rows] = -units.shape[1] * np.logaddexp(0, -gain)
    return result


def _softplus_sum(x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Σ ln(1 + exp x) along the last axis as Σ max(x, 0) + ln Π (1 + exp(−|x|)): few logarithms."""
    total = np.maximum(x, 0).sum(axis=-1)
    for start in range(0, x.shape[-1], 512):  # a product of 512 factors up to 2 stays finite
        total += np.log(np.prod(1 + np.exp(-np.abs(x[..., start : start + 512])), axis=-1))
    return np.asarray(total)
