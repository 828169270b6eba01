"""RBMs with Gaussian visible units, exactly: sums over all states of the hidden layer, visible units integrated out."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logsumexp

from rgrbm._core import kernels
from rgrbm._support import checks, streams
from rgrbm._support.enumeration import log_sum, log_weights, require_array, require_sum, slices
from rgrbm._support.progress import Progress
from rgrbm.model.gaussian import gaussian_free_energy, hidden_spins, real_states
from rgrbm.model.parameters import GaussianParameters, gaussian_parameters_of
from rgrbm.model.unit_values import sample_weights
from rgrbm.statistics.presentation import short_repr

Values = npt.NDArray[np.float64]
_ROWS_PER_BLOCK = 4096
_PARTS_PER_CALL = 64  # bounds the memory of moments


class GaussianExpectations(NamedTuple):
    """Means over the joint distribution of a model with Gaussian visible units u."""

    visible: Values
    """⟨u⟩ of shape (n_visible,)."""
    hidden: Values
    """⟨h⟩ of shape (n_hidden,)."""
    products: Values
    """⟨u hᵀ⟩ of shape (n_visible, n_hidden)."""
    visible_products: Values
    """⟨u uᵀ⟩ of shape (n_visible, n_visible)."""
    hidden_products: Values
    """⟨h hᵀ⟩ of shape (n_hidden, n_hidden), ⟨h⟩ on the diagonal."""

    def __repr__(self) -> str:
        return short_repr(self)


def gaussian_log_z(rbm: Any, *, progress: Progress = None) -> float:
    """Ln Z = ln Σ_h ∫ exp(−E(u, h)) du over all hidden states."""
    p = gaussian_parameters_of(rbm)
    enumeration, constant = _enumeration(p)
    return log_sum(enumeration, 4, progress) + constant


def gaussian_log_marginal(rbm: Any, *, normalized: bool) -> Values:
    """Ln p(h) of every hidden state, or −F(h)."""
    p = gaussian_parameters_of(rbm)
    require_array(len(p.intercept_hidden_), "the hidden layer")
    enumeration, constant = _enumeration(p)
    values = log_weights(enumeration, 4) + constant
    return values - logsumexp(values) if normalized else values


def gaussian_expectations(rbm: Any) -> GaussianExpectations:
    """Exact means of units and products."""
    p = gaussian_parameters_of(rbm)
    enumeration, _ = _enumeration(p)
    total = log_sum(enumeration, 4, False)
    mass, pairs = 0.0, np.zeros(2 * (len(p.intercept_hidden_),))
    for first, count in slices(enumeration, 40, _PARTS_PER_CALL):
        part_mass, part_pairs = enumeration.up_moments(first, count, total)
        mass, pairs = mass + part_mass, pairs + part_pairs
    pairs /= mass  # which is 1 but for the rounding of the total
    hidden = pairs.diagonal().copy()
    c, weighted = p.intercept_visible_, p.weights_ @ pairs  # ⟨(W h) hᵀ⟩
    moved = p.weights_ @ hidden
    visible_products = np.diag(p.variance_) + np.outer(c, c + moved) + np.outer(moved, c) + weighted @ p.weights_.T
    return GaussianExpectations(
        visible=c + moved,
        hidden=hidden,
        products=np.outer(c, hidden) + weighted,
        visible_products=visible_products,
        hidden_products=pairs,
    )


def gaussian_log_likelihood(x: npt.ArrayLike, rbm: Any, log_z: float | None) -> float:
    """Mean of ln p(u) over data, in nats per sample."""
    p = gaussian_parameters_of(rbm)
    u = real_states(x, len(p.variance_), "x")
    total = sum(
        float(gaussian_free_energy(u[first : first + _ROWS_PER_BLOCK], p).sum())
        for first in range(0, len(u), _ROWS_PER_BLOCK)
    )
    return -total / len(u) - (gaussian_log_z(p) if log_z is None else log_z)


def gaussian_gradient(
    x: npt.ArrayLike, rbm: Any, sample_weight: npt.ArrayLike | None
) -> tuple[Values, Values, Values, Values]:
    """Gradient of the mean log-likelihood with respect to W, c, b and ln σ²."""
    p = gaussian_parameters_of(rbm)
    u = real_states(x, len(p.variance_), "x")
    given = sample_weights(sample_weight, len(u))
    weight = np.full(len(u), 1 / len(u)) if given is None else given / given.sum()
    couplings, c = p.weights_ / p.variance_[:, None], p.intercept_visible_
    shifted = u - c  # of which squares keep their digits
    h = expit(shifted @ couplings + (p.intercept_hidden_ + c @ couplings))
    model = gaussian_expectations(p._replace(
        intercept_visible_=np.zeros_like(c), intercept_hidden_=p.intercept_hidden_ + c @ couplings
    ))  # fmt: skip
    weighted = shifted * weight[:, None]
    hidden = weight @ h - model.hidden
    products = weighted.T @ h - model.products  # Δ⟨(u − c) hᵀ⟩
    squares = weight @ shifted**2 - model.visible_products.diagonal()
    means = weighted.sum(axis=0) - model.visible
    from_mean = products + np.outer(c, hidden)  # Δ⟨u hᵀ⟩
    in_variance = (squares / 2 - (p.weights_ * from_mean).sum(axis=1)) / p.variance_
    return from_mean / p.variance_[:, None], means / p.variance_, hidden, in_variance


def sample_gaussian_exactly(rbm: Any, n_samples: int, seed: streams.Seed) -> Values:
    """Independent samples of p(u): a hidden state from its enumerated distribution, and u given it."""
    p = gaussian_parameters_of(rbm)
    checks.require_memory(8 * n_samples * sum(p.weights_.shape), f"{n_samples} samples of {len(p.weights_)} units")
    generator = np.random.default_rng(streams.seed_sequence(seed))
    cumulative = np.cumsum(np.exp(gaussian_log_marginal(p, normalized=True)))
    numbers = np.searchsorted(cumulative, generator.random(n_samples) * cumulative[-1], side="right")
    states = (numbers[:, None] >> np.arange(len(p.intercept_hidden_))) & 1
    noise = np.sqrt(p.variance_) * generator.standard_normal((n_samples, len(p.variance_)))
    return np.asarray(p.intercept_visible_ + states @ p.weights_.T + noise)


def _enumeration(p: GaussianParameters) -> tuple[kernels.SpinEnumeration, float]:
    require_sum(len(p.intercept_hidden_), "the hidden layer", "Use method='ais' instead.")
    spins = hidden_spins(p)
    return kernels.SpinEnumeration(len(spins.fields), spins.bonds, spins.couplings, spins.fields), spins.constant
