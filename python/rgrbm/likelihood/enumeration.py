"""Exact partition functions, marginals, likelihoods and gradients by enumeration, β = 1.

States are numbered so that bit i of the number is unit i (spin +1 where the bit is set): state 5 of three units is
(1, 0, 1).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, overload

import numpy as np
import numpy.typing as npt
from scipy.special import expit, log_expit, logsumexp, rel_entr

from rgrbm._core import kernels
from rgrbm._support import checks, streams
from rgrbm._support.enumeration import log_sum, log_weights, require_array, require_sum, slices
from rgrbm._support.progress import Progress
from rgrbm.likelihood.annealing import AISResult, anneal
from rgrbm.likelihood.gaussian import (
    GaussianExpectations,
    gaussian_expectations,
    gaussian_gradient,
    gaussian_log_likelihood,
    gaussian_log_marginal,
    gaussian_log_z,
    sample_gaussian_exactly,
)
from rgrbm.model.parameters import GaussianParameters, RBMParameters, is_gaussian, parameters_of
from rgrbm.model.unit_values import binary_states, sample_bernoulli, sample_weights
from rgrbm.spins.values import Binary
from rgrbm.statistics.presentation import short_repr

Values = npt.NDArray[np.float64]
Layer = Literal["visible", "hidden"]
_ROWS_PER_BLOCK = 4096
_PARTS_PER_CALL = 64  # bounds the memory of moments


class Expectations(NamedTuple):
    """Means of the units and of their products over the model's joint distribution."""

    visible: Values
    """⟨v⟩ of shape (n_visible,)."""
    hidden: Values
    """⟨h⟩ of shape (n_hidden,)."""
    products: Values
    """⟨v hᵀ⟩ of shape (n_visible, n_hidden)."""

    def __repr__(self) -> str:
        return short_repr(self)


@overload
def log_z(rbm: Any, method: Literal["exact"] = "exact", *, progress: Progress = None) -> float: ...
@overload
def log_z(rbm: Any, method: Literal["ais"], *, progress: Progress = None, **options: Any) -> AISResult: ...
def log_z(
    rbm: Any, method: Literal["exact", "ais"] = "exact", *, progress: Progress = None, **options: Any
) -> float | AISResult:
    """Log of the partition function Z = Σ_v Σ_h exp(b·h + c·v + v·W·h), in nats.

    Parameters
    ----------
    rbm : fitted estimator
        Any object with ``weights_`` (n_visible, n_hidden), ``intercept_visible_`` and ``intercept_hidden_``. One that
        has ``variance_``, too, has Gaussian visible units: Z then is an integral over them.
    method : {"exact", "ais"}, default="exact"
        "exact" sums over all states of the smaller layer (with Gaussian visible units: of the hidden one), up to 2²⁸.
        "ais" estimates by annealed importance sampling.
    progress : bool or callable, optional
        A bar (True), a function of (done, in all), or nothing (False). By default a bar in terminals and notebooks, for
        what takes longer than two seconds.
    **options
        For "ais": the parameters of :func:`rgrbm.anneal`.

    Returns
    -------
    float or AISResult
        A number for "exact"; estimate, bounds and weights for "ais".

    Raises
    ------
    TypeError
        If ``rbm`` is not a fitted RBM, ``method`` no text, or an option is given that the method does not have.
    ValueError
        If the smaller layer has more than 28 units and the method is "exact", or the method is unknown.
    ArithmeticError
        If the annealed weights are too uneven for an estimate.

    Examples
    --------
    >>> import math
    >>> import numpy as np
    >>> from rgrbm.model import RBMParameters
    >>> from rgrbm import log_z
    >>> round(log_z(RBMParameters(np.zeros((64, 24)), np.zeros(64), np.zeros(24))) / math.log(2), 12)
    88.0
    """
    if checks.choice("method", method, ("exact", "ais")) == "ais":
        return anneal(rbm, progress=progress, **options)
    if options:
        raise TypeError(f"the exact method has no option {', '.join(sorted(options))}")
    if is_gaussian(rbm):
        return gaussian_log_z(rbm, progress=progress)
    p = parameters_of(rbm)
    layer = _smaller_layer(p)
    require_sum(min(p.weights_.shape), f"the smaller ({layer}) layer", "Use method='ais' instead.")
    return log_sum(_enumerate_layer(p, layer), max(p.weights_.shape), progress)


_exact_log_z = log_z  # under a name that a parameter called log_z does not hide


def log_marginal(rbm: Any, layer: Layer, *, normalized: bool = True) -> Values:
    """Log of the marginal p(v) or p(h) of every state of a layer (Eq. 8).

    Parameters
    ----------
    rbm : fitted estimator
        As for :func:`log_z`.
    layer : {"visible", "hidden"}
        The layer; the other one is summed over.
    normalized : bool, default=True
        If false, return −H_λ(v) or −H_λ(h) of Eqs. 13–14, without −ln Z.

    Returns
    -------
    ndarray of shape (2**n_units,)
        In the order of the states' numbers: bit i is unit i.

    Raises
    ------
    TypeError
        If ``rbm`` is not a fitted RBM, ``layer`` no text, or ``normalized`` neither true nor false.
    ValueError
        If the layer has more than 26 units, or is neither "visible" nor "hidden".

    Examples
    --------
    >>> import numpy as np
    >>> from rgrbm.model import RBMParameters
    >>> from rgrbm.likelihood import log_marginal
    >>> rbm = RBMParameters(np.zeros((1, 1)), np.array([np.log(3.0)]), np.zeros(1))
    >>> np.exp(log_marginal(rbm, "visible")).round(12)
    array([0.25, 0.75])
    """
    checks.choice("layer", layer, ("visible", "hidden"))
    normalized = checks.flag("normalized", normalized)
    if is_gaussian(rbm):
        if layer == "visible":
            raise TypeError("Gaussian visible units have no list of states: use score_samples, or layer='hidden'")
        return gaussian_log_marginal(rbm, normalized=normalized)
    p = parameters_of(rbm)
    n, m = p.weights_.shape if layer == "visible" else p.weights_.T.shape
    require_array(n, f"the {layer} layer")
    values = log_weights(_enumerate_layer(p, layer), m)
    if normalized:
        values -= logsumexp(values) if min(n, m) == n else log_z(p)
    return values


def expectations(rbm: Any) -> Expectations | GaussianExpectations:
    """Exact ⟨v⟩, ⟨h⟩ and ⟨v hᵀ⟩ of the model, by enumeration of the smaller layer.

    With Gaussian visible units u the hidden layer is enumerated, and ⟨u uᵀ⟩ and ⟨h hᵀ⟩ come with the result.

    Raises
    ------
    ValueError
        If the enumerated layer has more than 28 units.

    Examples
    --------
    >>> import numpy as np
    >>> from rgrbm.model import RBMParameters
    >>> from rgrbm.likelihood import expectations
    >>> expectations(RBMParameters(np.zeros((2, 1)), np.zeros(2), np.zeros(1))).products
    array([[0.25],
           [0.25]])
    """
    return gaussian_expectations(rbm) if is_gaussian(rbm) else _binary_expectations(parameters_of(rbm))


def _binary_expectations(p: RBMParameters) -> Expectations:
    layer = _smaller_layer(p)
    total = log_z(p)
    own, other, products = _moments(_enumerate_layer(p, layer), max(p.weights_.shape), total)
    if layer == "visible":
        return Expectations(own, other, products)
    return Expectations(other, own, np.ascontiguousarray(products.T))


def log_likelihood(x: npt.ArrayLike, rbm: Any, *, log_z: float | None = None) -> float:
    """Exact mean log-likelihood ⟨ln p_λ(v)⟩ of data (Eq. 11), in nats per sample.

    Parameters
    ----------
    x : array_like of shape (n_samples, n_visible)
        Data: of 0 and 1, or real numbers for Gaussian visible units.
    rbm : fitted estimator
        As for :func:`rgrbm.likelihood.enumeration.log_z`.
    log_z : float, optional
        Log Z if it is known (or estimated); by default it is summed exactly.

    Raises
    ------
    TypeError
        If ``rbm`` is not a fitted RBM, or the data or log Z are no numbers.
    ValueError
        If the data do not fit the model, or log Z is not finite, or not given and cannot be enumerated.

    Examples
    --------
    >>> import math
    >>> import numpy as np
    >>> from rgrbm.model import RBMParameters
    >>> from rgrbm.likelihood import log_likelihood
    >>> rbm = RBMParameters(np.zeros((3, 2)), np.zeros(3), np.zeros(2))
    >>> round(log_likelihood([[0, 1, 1]], rbm) / math.log(2), 12)
    -3.0
    """
    log_z = None if log_z is None else checks.real("log_z", log_z)
    if is_gaussian(rbm):
        return gaussian_log_likelihood(x, rbm, log_z)
    p = parameters_of(rbm)
    units = binary_states(x, len(p.intercept_visible_), "x")
    total = 0.0
    for first in range(0, len(units), _ROWS_PER_BLOCK):
        v = units[first : first + _ROWS_PER_BLOCK].astype(np.float64)
        softplus = -log_expit(-(v @ p.weights_ + p.intercept_hidden_))
        total += float((v @ p.intercept_visible_).sum() + softplus.sum())
    return total / len(units) - (_exact_log_z(p) if log_z is None else log_z)


@overload
def exact_gradient(
    x: npt.ArrayLike, rbm: GaussianParameters, *, sample_weight: npt.ArrayLike | None = None
) -> tuple[Values, Values, Values, Values]: ...
@overload
def exact_gradient(
    x: npt.ArrayLike, rbm: Any, *, sample_weight: npt.ArrayLike | None = None
) -> tuple[Values, Values, Values]: ...
def exact_gradient(x: npt.ArrayLike, rbm: Any, *, sample_weight: npt.ArrayLike | None = None) -> tuple[Values, ...]:
    """Exact gradient of the mean log-likelihood with respect to W, c and b, and ln σ² of Gaussian visible units.

    ∂/∂W = ⟨v hᵀ⟩_data − ⟨v hᵀ⟩_model, and likewise for the biases; both sides without sampling.

    Parameters
    ----------
    x : array_like of shape (n_samples, n_visible)
        Data: of 0 and 1, or real numbers for Gaussian visible units.
    rbm : fitted estimator or RBMParameters
        As for :func:`log_z`.
    sample_weight : array_like of shape (n_samples,), optional
        Weights of the samples, not negative; only their ratios matter.

    Returns
    -------
    weights : ndarray of shape (n_visible, n_hidden)
    visible_bias : ndarray of shape (n_visible,)
    hidden_bias : ndarray of shape (n_hidden,)
    log_variance : ndarray of shape (n_visible,)
        Only of models with Gaussian visible units.

    Raises
    ------
    ValueError
        If the data do not fit the model, or its smaller layer has more than 28 units.

    Examples
    --------
    >>> import numpy as np
    >>> from rgrbm.model import RBMParameters
    >>> from rgrbm.likelihood import exact_gradient
    >>> rbm = RBMParameters(np.zeros((2, 1)), np.zeros(2), np.zeros(1))
    >>> exact_gradient([[1, 0]], rbm)[1]
    array([ 0.5, -0.5])
    """
    if is_gaussian(rbm):
        return gaussian_gradient(x, rbm, sample_weight)
    p = parameters_of(rbm)
    v = binary_states(x, len(p.intercept_visible_), "x").astype(np.float64)
    given = sample_weights(sample_weight, len(v))
    weight = np.full(len(v), 1 / len(v)) if given is None else given / given.sum()
    h = expit(v @ p.weights_ + p.intercept_hidden_)
    model = _binary_expectations(p)
    weighted = v * weight[:, None]
    return weighted.T @ h - model.products, weighted.sum(axis=0) - model.visible, weight @ h - model.hidden


def kl_divergence(probabilities: npt.ArrayLike, rbm: Any) -> float:
    """KL(P‖p_λ) = Σ_v P(v) ln[P(v)/p_λ(v)], in nats.

    Parameters
    ----------
    probabilities : array_like of shape (2**n_visible,)
        P(v) of every state, in the order of their numbers (bit i is unit i).
    rbm : fitted estimator
        As for :func:`log_z`.

    Raises
    ------
    ValueError
        If ``probabilities`` has another shape or is no probability distribution, or there are more than 26 visible
        units.
    TypeError
        If they are not numbers.

    Examples
    --------
    >>> import math
    >>> import numpy as np
    >>> from rgrbm.model import RBMParameters
    >>> from rgrbm.likelihood import kl_divergence
    >>> rbm = RBMParameters(np.zeros((1, 1)), np.zeros(1), np.zeros(1))
    >>> round(kl_divergence([0.0, 1.0], rbm) / math.log(2), 12)
    1.0
    """
    P = checks.numbers("probabilities", probabilities)
    log_p = log_marginal(rbm, "visible")
    if P.shape != log_p.shape:
        raise ValueError(f"probabilities must have shape {log_p.shape}, one for each state, got {P.shape}")
    if not (P >= 0).all() or abs(P.sum() - 1) > 1e-8:
        raise ValueError(f"probabilities must not be negative and sum to 1, got the sum {P.sum():g}")
    # Σ P ln P − Σ P ln p: ln p may be far below the smallest number that p itself could hold.
    return float(rel_entr(P, 1.0).sum() - P @ log_p)


def sample_exactly(rbm: Any, n_samples: int, *, seed: streams.Seed = None) -> Binary | Values:
    """Independent samples of p_λ(v), drawn from the enumerated distribution of the smaller layer.

    Parameters
    ----------
    rbm : fitted estimator
        As for :func:`log_z`.
    n_samples : int
        Number of samples.
    seed : int, SeedSequence, Generator, RandomState or None
        Fixes the samples.

    Returns
    -------
    ndarray of uint8, shape (n_samples, n_visible)
        Of float64 if visible units are Gaussian; then the hidden layer is enumerated.

    Raises
    ------
    ValueError
        If the enumerated layer has more than 26 units or ``n_samples`` is negative.
    TypeError
        If ``n_samples`` is not an integer.
    MemoryError
        If the samples need more memory than there is.

    Examples
    --------
    >>> import numpy as np
    >>> from rgrbm.model import RBMParameters
    >>> from rgrbm.likelihood import sample_exactly
    >>> sample_exactly(RBMParameters(np.zeros((4, 2)), np.full(4, 50.0), np.zeros(2)), 1, seed=0)
    array([[1, 1, 1, 1]], dtype=uint8)
    """
    n_samples = checks.integer("n_samples", n_samples, 0)
    if is_gaussian(rbm):
        return sample_gaussian_exactly(rbm, n_samples, seed)
    p = parameters_of(rbm)
    checks.require_memory(8 * n_samples * sum(p.weights_.shape), f"{n_samples} samples of {len(p.weights_)} units")
    layer = _smaller_layer(p)
    log_p = log_marginal(p, "visible" if layer == "visible" else "hidden")
    generator = np.random.default_rng(streams.seed_sequence(seed))
    cumulative = np.cumsum(np.exp(log_p))
    numbers = np.searchsorted(cumulative, generator.random(n_samples) * cumulative[-1], side="right")
    states: Binary = ((numbers[:, None] >> np.arange(min(p.weights_.shape))) & 1).astype(np.uint8)
    if layer == "visible":
        return states
    return sample_bernoulli(expit(states @ p.weights_.T + p.intercept_visible_), generator)


def _enumerate_layer(p: RBMParameters, layer: str) -> kernels.LayerEnumeration:
    """All states of one layer, the other summed in closed form."""
    matrix, own, other = (
        (p.weights_, p.intercept_visible_, p.intercept_hidden_)
        if layer == "visible"
        else (p.weights_.T, p.intercept_hidden_, p.intercept_visible_)
    )
    return kernels.LayerEnumeration(np.ascontiguousarray(matrix), own, other)


def _smaller_layer(p: RBMParameters) -> str:
    """Name of the layer that is cheaper to enumerate."""
    n, m = p.weights_.shape
    return "visible" if n < m else "hidden"


def _moments(e: kernels.LayerEnumeration, units: int, log_z: float) -> Sequence[npt.NDArray[np.float64]]:
    """Means of x, ⟨y⟩ and x⟨y⟩ᵀ over all states, x being the enumerated layer."""
    totals: list[npt.NDArray[np.float64]] | None = None
    # An exponential per unit and the matrix of products make a state about ten times as dear as in log_sum.
    for first, count in slices(e, 10 * units, _PARTS_PER_CALL):
        values = [np.asarray(value) for value in e.moments(first, count, log_z)]
        totals = values if totals is None else [a + b for a, b in zip(totals, values, strict=True)]
    assert totals is not None
    # The first is Σ p, which is 1 but for rounding; dividing by it takes the rounding of log_z out.
    return [value / totals[0] for value in totals[1:]]
