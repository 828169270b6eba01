"""The parameters of an RBM: in binary units 0/1 and in spins ±1, and the parameters of one from those of the other."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from rgrbm._support import checks
from rgrbm.statistics.presentation import short_repr

Values = npt.NDArray[np.float64]


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

    def __repr__(self) -> str:
        return short_repr(self)


class GaussianParameters(NamedTuple):
    """Parameters of E(u, h) = Σ (u − c)²/2σ² − Σ u W h/σ² − b·h with real u and binary h, in double precision.

    An object with the same attributes as a fitted :class:`rgrbm.GaussianRBM`, so that it may stand in for one.
    """

    weights_: npt.NDArray[np.float64]
    """W of shape (n_visible, n_hidden), in the unit of the data: u | h has the mean c + W h."""
    intercept_visible_: npt.NDArray[np.float64]
    """Biases c of shape (n_visible,), in the unit of the data."""
    intercept_hidden_: npt.NDArray[np.float64]
    """Biases b of shape (n_hidden,)."""
    variance_: npt.NDArray[np.float64]
    """Variances σ² of shape (n_visible,) of the visible units given the hidden ones."""

    def __repr__(self) -> str:
        return short_repr(self)


def is_gaussian(rbm: Any) -> bool:
    """Whether a model has Gaussian visible units: whether it has variances."""
    return hasattr(rbm, "variance_")


def parameters_of(rbm: Any) -> RBMParameters:
    """Read and check the parameters of a model with binary units.

    Raises
    ------
    TypeError
        If the model lacks one of ``weights_``, ``intercept_visible_`` and ``intercept_hidden_``, they are not
        numbers, or its visible units are Gaussian.
    ValueError
        If their shapes do not fit together or a value is not finite.
    """
    if is_gaussian(rbm):
        raise TypeError(
            f"an RBM with binary units is needed; {type(rbm).__name__} has Gaussian visible units, whose weights "
            f"mean something else"
        )
    return _read(rbm)


def gaussian_parameters_of(rbm: Any) -> GaussianParameters:
    """Read and check the parameters of a model with Gaussian visible units.

    Raises
    ------
    TypeError
        If the model lacks one of ``weights_``, ``intercept_visible_``, ``intercept_hidden_`` and ``variance_``, or they
        are not numbers.
    ValueError
        If their shapes do not fit together, a value is not finite, or a variance not positive.

    Examples
    --------
    >>> import numpy as np
    >>> from rgrbm.model import GaussianParameters, gaussian_parameters_of
    >>> gaussian_parameters_of(GaussianParameters(np.ones((2, 1)), np.zeros(2), np.zeros(1), np.zeros(2)))
    Traceback (most recent call last):
    ValueError: variance_ must be positive and one for each of 2 visible units, got [0. 0.]
    """
    if not is_gaussian(rbm):
        raise TypeError(f"an RBM with Gaussian visible units is needed, {type(rbm).__name__} has no variance_")
    p = _read(rbm)
    variance = np.ascontiguousarray(checks.numbers("variance_", rbm.variance_))
    if variance.shape != p.intercept_visible_.shape or not (np.isfinite(variance) & (variance > 0)).all():
        n = len(p.intercept_visible_)
        raise ValueError(f"variance_ must be positive and one for each of {n} visible units, got {variance!s:.60}")
    return GaussianParameters(*p, variance)


def _read(rbm: Any) -> RBMParameters:
    try:
        values = rbm.weights_, rbm.intercept_visible_, rbm.intercept_hidden_
    except AttributeError as error:
        raise TypeError(
            f"a fitted RBM is needed, with weights_, intercept_visible_ and intercept_hidden_; "
            f"{type(rbm).__name__} has none of the kind (is it fitted?): {error}"
        ) from error
    named = zip(RBMParameters._fields, values, strict=True)
    p = RBMParameters(*(np.ascontiguousarray(checks.numbers(name, value)) for name, value in named))
    if p.weights_.ndim != 2 or 0 in p.weights_.shape:
        raise ValueError(f"weights_ must be a matrix (n_visible, n_hidden), got shape {p.weights_.shape}")
    n, m = p.weights_.shape
    if p.intercept_visible_.shape != (n,) or p.intercept_hidden_.shape != (m,):
        raise ValueError(
            f"weights_ of shape {(n, m)} need {n} visible and {m} hidden biases, got shapes "
            f"{p.intercept_visible_.shape} and {p.intercept_hidden_.shape}"
        )
    for name, value in zip(p._fields, p, strict=True):
        if not np.isfinite(value).all():
            raise ValueError(f"the RBM's parameters must be finite: {name} holds NaN or infinity")
    return p


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

    def __repr__(self) -> str:
        return short_repr(self)


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
    >>> from rgrbm.model import RBMParameters, spin_parameters
    >>> parameters = spin_parameters(RBMParameters(np.array([[4.0]]), np.array([-2.0]), np.array([0.0])))
    >>> parameters.weights, parameters.visible_fields, parameters.hidden_fields, parameters.constant
    (array([[1.]]), array([0.]), array([1.]), 0.0)
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
    TypeError
        If they are not numbers.

    Examples
    --------
    >>> from rgrbm.model import binary_parameters
    >>> binary_parameters([[0.5], [-0.25]]).intercept_visible_
    array([-1. ,  0.5])
    """
    w = checks.numbers("weights", weights)
    if w.ndim != 2:
        raise ValueError(f"weights must be a matrix (n_visible, n_hidden), got shape {w.shape}")
    try:
        eta = np.broadcast_to(checks.numbers("visible_fields", visible_fields), w.shape[:1])
        theta = np.broadcast_to(checks.numbers("hidden_fields", hidden_fields), w.shape[1:])
    except ValueError as error:
        raise ValueError(f"the fields need one value, or one per unit, for weights of shape {w.shape}") from error
    return parameters_of(RBMParameters(4 * w, 2 * eta - 2 * w.sum(axis=1), 2 * theta - 2 * w.sum(axis=0)))
