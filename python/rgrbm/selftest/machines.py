"""RBMs against enumeration in plain NumPy: samples, partition functions, gradients of training."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logsumexp
from scipy.stats import norm

from rgrbm.likelihood import anneal, log_z
from rgrbm.model import RBMParameters
from rgrbm.model.parameters import parameters_of
from rgrbm.rbm import BernoulliRBM, from_parameters
from rgrbm.selftest.result import CheckResult, by_error, by_statistics, chi_square
from rgrbm.selftest.states import all_units, numbers_of

_VISIBLE, _HIDDEN, _SAMPLES = 7, 4, 40_000
Values = npt.NDArray[np.float64]


def checks(seed: int) -> Iterator[tuple[str, Callable[[], CheckResult]]]:
    """Names and checks, to be made one after the other; the seed is that of all samples."""
    yield "log Z", _log_z
    yield "annealed log Z", functools.partial(_annealed, seed)
    yield "Gibbs sampling", functools.partial(_gibbs, seed)
    yield "hidden units", functools.partial(_hidden, seed)
    yield "gradient", functools.partial(_gradient, seed)
    yield "CD-1", functools.partial(_contrastive_divergence, seed)


def _model() -> RBMParameters:
    rng = np.random.default_rng(5)
    return RBMParameters(
        rng.normal(size=(_VISIBLE, _HIDDEN)), 0.3 * rng.normal(size=_VISIBLE), 0.3 * rng.normal(size=_HIDDEN)
    )


def _log_weights(p: Any) -> Values:
    """Ln of the weights of all states, shape (2^n_visible, 2^n_hidden)."""
    v, h = all_units(_VISIBLE), all_units(_HIDDEN)
    return np.asarray(v @ p.weights_ @ h.T + (v @ p.intercept_visible_)[:, None] + h @ p.intercept_hidden_)


def _log_z() -> CheckResult:
    p = _model()
    return by_error("log Z: all states, relative", abs(log_z(p) / logsumexp(_log_weights(p)) - 1), 1e-12)


def _annealed(seed: int) -> CheckResult:
    p = _model()
    result = anneal(p, n_betas=300, seed=seed)
    z = (result.log_z - logsumexp(_log_weights(p))) / result.stderr
    return by_statistics("log Z by annealing: all states", 2 * norm.sf(abs(z)))


def _visible_distribution(p: Any) -> Values:
    log_p = logsumexp(_log_weights(p), axis=1)
    return np.asarray(np.exp(log_p - logsumexp(log_p)))


def _gibbs(seed: int) -> CheckResult:
    p = _model()
    drawn = from_parameters(p).sample(_SAMPLES, n_steps=200, seed=seed)
    return by_statistics("Gibbs chains: all visible states", chi_square(numbers_of(drawn), _visible_distribution(p)))


def _hidden(seed: int) -> CheckResult:
    p = _model()
    v = (np.arange(_VISIBLE) % 2)[None]
    up = expit(v @ p.weights_ + p.intercept_hidden_)[0]
    states = all_units(_HIDDEN)
    joint = np.prod(np.where(states == 1, up, 1 - up), axis=1)
    drawn = from_parameters(p).sample_hidden(np.repeat(v, _SAMPLES, axis=0), seed=seed)
    return by_statistics("hidden units given visible ones", chi_square(numbers_of(drawn), joint))


def _steps(gradient: str, data: Values, rate: float, seed: int) -> tuple[RBMParameters, Values]:
    """Parameters after one step of training from random weights, and how far another one moves the weights, by rate."""
    models = []
    for n_iter in (1, 2):
        rbm = BernoulliRBM(
            _HIDDEN, gradient=gradient, learning_rate=rate, n_iter=n_iter,  # type: ignore[arg-type]  # one of them
            batch_size=len(data), weight_scale=0.7, centered=False, random_state=seed,
        )  # fmt: skip
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # one step is not meant to converge
            rbm.fit(data)
        models.append(parameters_of(rbm))
    return models[0], np.asarray((models[1].weights_ - models[0].weights_) / rate)


def _data() -> Values:
    return np.asarray(all_units(_VISIBLE)[np.random.default_rng(1).integers(2**_VISIBLE, size=500) | 3])


def _gradient(seed: int) -> CheckResult:
    """One step of training along the exact gradient, of all samples."""
    data, rate = _data(), 0.1
    before, moved = _steps("exact", data, rate, seed)
    joint = np.exp(_log_weights(before) - logsumexp(_log_weights(before)))
    of_model = all_units(_VISIBLE).T @ joint @ all_units(_HIDDEN)
    of_data = data.T @ expit(data @ before.weights_ + before.intercept_hidden_) / len(data)
    error = np.abs(moved - (of_data - of_model)).max() / np.abs(of_data - of_model).max()
    return by_error("exact gradient: all states, relative", float(error), 2e-4)


def _contrastive_divergence(seed: int) -> CheckResult:
    """Mean step of CD-1 over many samples, whose expectation is a sum over states; in standard errors."""
    data, rate = np.repeat(_data(), 40, axis=0), 0.1
    before, moved = _steps("cd", data, rate, seed)
    w, b, c = before.weights_, before.intercept_hidden_, before.intercept_visible_
    states, count = np.unique(data, axis=0, return_counts=True)
    hidden = all_units(_HIDDEN)
    up = expit(states @ w + b)
    of_hidden = np.prod(np.where(hidden[None] == 1, up[:, None], 1 - up[:, None]), axis=2)
    down = expit(hidden @ w.T + c)
    of_visible = np.prod(np.where(all_units(_VISIBLE)[None] == 1, down[:, None], 1 - down[:, None]), axis=2)
    after_one = (count / count.sum()) @ of_hidden @ of_visible
    v = all_units(_VISIBLE)
    expected = states.T @ (up * (count / count.sum())[:, None]) - v.T @ (after_one[:, None] * expit(v @ w + b))
    z = np.abs(moved - expected).max() * 2 * np.sqrt(len(data))
    return by_statistics("CD-1: its expectation", min(1.0, 2 * w.size * norm.sf(z)))
