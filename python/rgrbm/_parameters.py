"""The parameters of an RBM, wherever they come from, in the form that the exact sums take."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt


class RBMParameters(NamedTuple):
    """Weights and biases of E(v, h) = −(b·h + c·v + v·W·h) in double precision.

    An object with the same three attributes as a fitted estimator, so that it may stand in for one.
    """

    weights_: npt.NDArray[np.float64]
    """W of shape (n_visible, n_hidden)."""
    intercept_visible_: npt.NDArray[np.float64]
    """Biases c of shape (n_visible,)."""
    intercept_hidden_: npt.NDArray[np.float64]
    """Biases b of shape (n_hidden,)."""


def parameters_of(rbm: Any) -> RBMParameters:
    """Read and check the parameters of a model.

    Raises
    ------
    TypeError
        If the model lacks one of ``weights_``, ``intercept_visible_`` and ``intercept_hidden_``.
    ValueError
        If their shapes do not fit together or a value is not finite.
    """
    try:
        values = rbm.weights_, rbm.intercept_visible_, rbm.intercept_hidden_
    except AttributeError as error:
        raise TypeError(
            f"a fitted RBM is needed, with weights_, intercept_visible_ and intercept_hidden_; "
            f"{type(rbm).__name__} has none of the kind (is it fitted?): {error}"
        ) from error
    p = RBMParameters(*(np.ascontiguousarray(value, dtype=np.float64) for value in values))
    if p.weights_.ndim != 2 or 0 in p.weights_.shape:
        raise ValueError(f"weights_ must be a matrix (n_visible, n_hidden), got shape {p.weights_.shape}")
    n, m = p.weights_.shape
    if p.intercept_visible_.shape != (n,) or p.intercept_hidden_.shape != (m,):
        raise ValueError(
            f"weights_ of shape {(n, m)} need {n} visible and {m} hidden biases, got shapes "
            f"{p.intercept_visible_.shape} and {p.intercept_hidden_.shape}"
        )
    if not all(np.isfinite(value).all() for value in p):
        raise ValueError("the RBM's parameters must be finite")
    return p
