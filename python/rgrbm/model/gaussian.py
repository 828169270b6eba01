"""Energies of an RBM with Gaussian visible units, and its hidden units with the visible ones integrated out.

With E(u, h) = Σ (u − c)²/2σ² − Σ u W h/σ² − b·h the visible units have, given h, means c + W h and variances σ², and
their integral leaves hidden units with pair couplings K = Wᵀ diag(1/σ²) W:
    −F(h) = b·h + Σ_i (2 c_i (W h)_i + (W h)_i²) / 2σ_i² + ½ Σ_i ln 2πσ_i².
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from rgrbm._support import checks
from rgrbm.model.parameters import GaussianParameters, gaussian_parameters_of

Values = npt.NDArray[np.float64]


class HiddenSpins(NamedTuple):
    """−F(h) as −H(s) of spins s = 2h − 1 with pair couplings and fields, and a constant."""

    bonds: npt.NDArray[np.int64]
    couplings: Values
    fields: Values
    constant: float


def real_states(x: Any, n_units: int, name: str) -> Values:
    """States of a layer of Gaussian units, one a row.

    Raises
    ------
    ValueError
        If there are none, or they have another shape or values that are not finite.
    TypeError
        If they are not numbers.
    """
    array = checks.numbers(name, x)
    if array.ndim != 2 or array.shape[1] != n_units or len(array) == 0:
        raise ValueError(f"{name} must have shape (n_samples, {n_units}), got {array.shape}")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite: it holds NaN or infinity")
    return array


def gaussian_free_energy(x: npt.ArrayLike, rbm: Any) -> Values:
    """Free energy of visible states, F(u) = −ln Σ_h exp(−E(u, h)), in float64.

    Parameters
    ----------
    x : array_like of shape (n_samples, n_visible)
        Visible states.
    rbm : fitted GaussianRBM or GaussianParameters

    Returns
    -------
    ndarray of shape (n_samples,)
        Σ (u − c)²/2σ² − Σ_j ln(1 + exp(b_j + Σ_i u_i W_ij/σ_i²)), in nats: p(u) = exp(−F(u))/Z.

    Raises
    ------
    ValueError
        If the states do not fit the model or are not finite.
    TypeError
        If ``rbm`` has no Gaussian units.

    Examples
    --------
    >>> import numpy as np
    >>> from rgrbm.model import GaussianParameters, gaussian_free_energy
    >>> rbm = GaussianParameters(np.zeros((1, 1)), np.zeros(1), np.array([0.0]), np.ones(1))
    >>> (gaussian_free_energy([[2.0]], rbm) + np.log(2)).round(12)
    array([2.])
    """
    p = gaussian_parameters_of(rbm)
    u = real_states(x, len(p.variance_), "x") - p.intercept_visible_
    # From u − c on: the hidden units' inputs at u = c are few numbers, and large means cost no digits of the rest.
    couplings = p.weights_ / p.variance_[:, None]
    field = u @ couplings + (p.intercept_hidden_ + p.intercept_visible_ @ couplings)
    return np.asarray((u**2 / (2 * p.variance_)).sum(axis=1) - np.logaddexp(0, field).sum(axis=1))


def gaussian_hidden_free_energy(h: npt.ArrayLike, rbm: Any) -> Values:
    """Free energy of hidden states, F(h) = −ln ∫ exp(−E(u, h)) du, in float64.

    Parameters
    ----------
    h : array_like of shape (n_samples, n_hidden)
        Hidden states.
    rbm : fitted GaussianRBM or GaussianParameters

    Returns
    -------
    ndarray of shape (n_samples,)
        In nats: p(h) = exp(−F(h))/Z with the Z of :func:`gaussian_free_energy`.

    Raises
    ------
    ValueError
        If the states do not fit the model or are not finite.
    TypeError
        If ``rbm`` has no Gaussian units.

    Examples
    --------
    >>> import numpy as np
    >>> from rgrbm.model import GaussianParameters, gaussian_hidden_free_energy
    >>> rbm = GaussianParameters(np.full((1, 1), 2.0), np.zeros(1), np.zeros(1), np.full(1, 1 / (2 * np.pi)))
    >>> gaussian_hidden_free_energy([[0], [1]], rbm) / np.pi
    array([-0., -4.])
    """
    p = gaussian_parameters_of(rbm)
    states = real_states(h, len(p.intercept_hidden_), "h")
    moved = states @ p.weights_.T
    inside = (moved * (moved + 2 * p.intercept_visible_) / (2 * p.variance_)).sum(axis=1)
    return np.asarray(-(states @ p.intercept_hidden_) - inside - 0.5 * np.log(2 * np.pi * p.variance_).sum())


def hidden_spins(p: GaussianParameters) -> HiddenSpins:
    """The hidden units alone, as the spins whose states the kernels enumerate."""
    couplings = (p.weights_ / p.variance_[:, None]).T @ p.weights_
    field = p.intercept_hidden_ + (p.intercept_visible_ / p.variance_) @ p.weights_
    first, second = np.triu_indices(len(field), 1)
    # ½ hᵀKh + field·h of h = (1 + s)/2; h² = h and s² = 1 put the diagonal of K into field and constant.
    return HiddenSpins(
        bonds=np.stack([first, second], axis=1).astype(np.int64),
        couplings=couplings[first, second] / 4,
        fields=field / 2 + couplings.sum(axis=1) / 4,
        constant=float(
            field.sum() / 2 + (couplings.sum() + np.trace(couplings)) / 8 + 0.5 * np.log(2 * np.pi * p.variance_).sum()
        ),
    )
