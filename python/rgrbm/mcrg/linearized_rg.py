"""The linearized renormalization group: T = ∂K′/∂K = A⁻¹ B from the moments of operators before and after a step."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from rgrbm.statistics.jackknife import Array, leave_one_out
from rgrbm.statistics.streamed import BlockedMoments

_DEPENDENT = 1e-9  # share of an operator's variance that those before it do not explain, below which it is one of them


class Covariances(NamedTuple):
    """Second moments of operators: of all samples, and of all but one block for each block."""

    all: Array
    """Shape (n_values, n_values)."""
    replicas: Array
    """Shape (n_blocks, n_values, n_values)."""


def covariances(moments: BlockedMoments, *, centred: bool) -> Covariances:
    """⟨x_i x_j⟩ − ⟨x_i⟩⟨x_j⟩, or ⟨x_i x_j⟩ of values whose means are zero by symmetry (``centred=False``)."""
    whole = _covariance(moments.weights.sum(), moments.sums.sum(axis=0), moments.products.sum(axis=0), centred)
    left = BlockedMoments(*(leave_one_out(values) for values in moments))
    if len(moments.weights) == 1:
        return Covariances(whole, np.empty((0, *whole.shape)))
    return Covariances(whole, _covariance(left.weights, left.sums, left.products, centred))


def _covariance(weights: npt.ArrayLike, sums: Array, products: Array, centred: bool) -> Array:
    n = np.asarray(weights)
    second = products / n[..., None, None]
    if not centred:
        return np.asarray(second)
    mean = sums / n[..., None]
    return np.asarray(second - mean[..., :, None] * mean[..., None, :])


def independent_operators(A: Array) -> npt.NDArray[np.intp]:
    """Numbers of the operators that are no linear combination of those before them, from their covariance matrix.

    On a small lattice offsets go around, and different products become the same sum.
    """
    scale = np.sqrt(np.maximum(np.diag(A), 0))
    chosen: list[int] = []
    for i in range(len(A)):
        if not scale[i] > 0:
            continue
        unexplained = 1.0
        if chosen:
            c = A[np.ix_(chosen, chosen)] / np.outer(scale[chosen], scale[chosen])
            r = A[chosen, i] / (scale[chosen] * scale[i])
            try:
                unexplained -= float(r @ np.linalg.solve(c, r))
            except np.linalg.LinAlgError:  # fewer samples than operators
                break
        if unexplained > _DEPENDENT:
            chosen.append(i)
    return np.array(chosen, dtype=np.intp)


def linearized(A: Array, B: Array) -> Array:
    """T = A⁻¹ B, of shape (..., n, n); NaN where samples are too few to determine it.

    Parameters
    ----------
    A : ndarray of shape (..., n, n)
        A_αγ = ⟨S′_α S′_γ⟩ − ⟨S′_α⟩⟨S′_γ⟩ of the operators after the step.
    B : ndarray of shape (..., n, n)
        B_γβ = ⟨S′_γ S_β⟩ − ⟨S′_γ⟩⟨S_β⟩ with the same operators before it.
    """
    try:
        return np.asarray(np.linalg.solve(A, B))
    except np.linalg.LinAlgError:  # fewer samples than operators
        return np.full(np.broadcast_shapes(A.shape, B.shape), np.nan)


def leading_eigenvalues(T: Array) -> Array:
    """The eigenvalue of largest modulus of each matrix, its real part, shape (...); NaN where a matrix has NaN."""
    leading = np.full(T.shape[:-2], np.nan)
    finite = np.isfinite(T).all(axis=(-2, -1))
    values = np.linalg.eigvals(T[finite])
    largest = np.argmax(np.abs(values), axis=-1)
    leading[finite] = np.take_along_axis(values, largest[..., None], axis=-1)[..., 0].real
    return leading
