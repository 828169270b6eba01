"""Energies of an RBM's layers and what follows from them, for units in any form."""

from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from rgrbm._core import kernels
from rgrbm.model import unit_values

_CELLS_AT_ONCE = 2**23  # values of one temporary array, 64 MB
_TERMS_AT_ONCE = 2**31  # of the kernels: some tenths of a second


def free_energy(
    units: Any, weights: npt.NDArray[Any], own_bias: npt.NDArray[Any], other_bias: npt.NDArray[Any]
) -> npt.NDArray[np.float64]:
    """−own_bias·x − Σ softplus(other_bias + x·weights) in float64, for either layer and any form of ``x``."""
    if not sp.issparse(units) and units.dtype == np.uint8:
        parameters = (np.ascontiguousarray(p, dtype=np.float64) for p in (weights, own_bias, other_bias))
        return np.asarray(kernels.free_energy(np.ascontiguousarray(units), *parameters))
    x = units if sp.issparse(units) else units.astype(np.float64)
    field = x @ weights.astype(np.float64) + other_bias
    return np.asarray(-(x @ own_bias.astype(np.float64)) - _softplus_sum(field))


def log_pseudo_likelihood(
    units: Any, weights: npt.NDArray[Any], visible_bias: npt.NDArray[Any], hidden_bias: npt.NDArray[Any]
) -> npt.NDArray[np.float64]:
    """Σ_i ln p(v_i | rest) of each row of units of any form."""
    weights, visible_bias, hidden_bias = (
        np.ascontiguousarray(p, dtype=np.float64) for p in (weights, visible_bias, hidden_bias)
    )
    if units.dtype == np.uint8 or (sp.issparse(units) and unit_values.is_binary(units.data)):
        return _binary_log_pseudo_likelihood(units, weights, visible_bias, hidden_bias)
    field = units.astype(np.float64) @ weights + hidden_bias
    rows = max(1, _CELLS_AT_ONCE // weights.size)
    result = np.empty(units.shape[0])
    for start in range(0, len(result), rows):
        part = slice(start, start + rows)
        result[part] = _log_pseudo_likelihood(unit_values.dense(units[part]), field[part], weights, visible_bias)
    return result


def _binary_log_pseudo_likelihood(
    units: Any,
    weights: npt.NDArray[np.float64],
    visible_bias: npt.NDArray[np.float64],
    hidden_bias: npt.NDArray[np.float64],
) -> npt.NDArray[np.float64]:
    """The same by the compiled kernel, some rows at a time: Ctrl-C is heard, and sparse rows need not all be dense."""
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
