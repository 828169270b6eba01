"""The same RBM in binary units 0/1 and in spins ±1: the parameters of one from those of the other."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from rgrbm._parameters import RBMParameters, parameters_of

Values = npt.NDArray[np.float64]


class SpinParameters(NamedTuple):
    """An RBM in ±1 units: −E(s, t) = η·s + θ·t + s·w·t + constant, equal to the energy in 0/1 units state by state."""

    weights: Values
    """w of shape (n_visible, n_hidden)."""
    visible_fields: Values
    """η of shape (n_visible,)."""
    hidden_fields: Values
    """θ of shape (n_hidden,)."""
    constant: float
    """What −E has in 0/1 units beyond η·s + θ·t + s·w·t; log Z of the 0/1 model is larger by it."""


def spin_parameters(rbm: Any) -> SpinParameters:
    """Parameters of an RBM in ±1 units, s = 2v − 1 and t = 2h − 1.

    Parameters
    ----------
    rbm : fitted estimator or RBMParameters
        Any object with ``weights_`` (n_visible, n_hidden), ``intercept_visible_`` and ``intercept_hidden_``.

    Returns
    -------
    SpinParameters
        w = W/4, η = c/2 + ¼ Σ_j W_ij, θ = b/2 + ¼ Σ_i W_ij and the constant ½ Σ c + ½ Σ b + ¼ Σ W, in float64.

    Raises
    ------
    TypeError
        If ``rbm`` is not a fitted RBM.
    ValueError
        If its parameters do not fit together or are not finite.

    Examples
    --------
    >>> import numpy as np
    >>> from rgrbm import RBMParameters, spin_parameters
    >>> spin_parameters(RBMParameters(np.array([[4.0]]), np.array([-2.0]), np.array([0.0])))
    SpinParameters(weights=array([[1.]]), visible_fields=array([0.]), hidden_fields=array([1.]), constant=0.0)
    """
    p = parameters_of(rbm)
    w = p.weights_ / 4
    return SpinParameters(
        weights=w,
        visible_fields=p.intercept_visible_ / 2 + w.sum(axis=1),
        hidden_fields=p.intercept_hidden_ / 2 + w.sum(axis=0),
        constant=float(p.intercept_visible_.sum() / 2 + p.intercept_hidden_.sum() / 2 + w.sum()),
    )


def binary_parameters(
    weights: npt.ArrayLike, visible_fields: npt.ArrayLike = 0.0, hidden_fields: npt.ArrayLike = 0.0
) -> RBMParameters:
    """Parameters in 0/1 units of the RBM with given weights and fields in ±1 units.

    Parameters
    ----------
    weights : array_like of shape (n_visible, n_hidden)
        w.
    visible_fields : float or array_like of shape (n_visible,), default=0
        η. All fields zero make the model symmetric under the flip of all spins.
    hidden_fields : float or array_like of shape (n_hidden,), default=0
        θ.

    Returns
    -------
    RBMParameters
        W = 4w, c = 2η − 2 Σ_j w_ij and b = 2θ − 2 Σ_i w_ij, in float64.

    Raises
    ------
    ValueError
        If the shapes do not fit together or a value is not finite.

    Examples
    --------
    >>> from rgrbm import binary_parameters
    >>> binary_parameters([[0.5], [-0.25]]).intercept_visible_
    array([-1. ,  0.5])
    """
    w = np.array(weights, dtype=np.float64)
    if w.ndim != 2:
        raise ValueError(f"weights must be a matrix (n_visible, n_hidden), got shape {w.shape}")
    try:
        eta = np.broadcast_to(np.asarray(visible_fields, dtype=np.float64), w.shape[:1])
        theta = np.broadcast_to(np.asarray(hidden_fields, dtype=np.float64), w.shape[1:])
    except ValueError as error:
        raise ValueError(f"the fields need one value, or one per unit, for weights of shape {w.shape}") from error
    return parameters_of(RBMParameters(4 * w, 2 * eta - 2 * w.sum(axis=1), 2 * theta - 2 * w.sum(axis=0)))
