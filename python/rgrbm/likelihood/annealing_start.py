"""Where annealing starts: a mixture of independent units, at the means of data and at the modes of the model."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logsumexp

from rgrbm._core import kernels
from rgrbm._support import streams
from rgrbm._support.blas import same_bits
from rgrbm.likelihood.mean_field import LayerModel, Modes, ModeSearch
from rgrbm.model.gaussian import real_states
from rgrbm.model.parameters import gaussian_parameters_of, is_gaussian, parameters_of
from rgrbm.model.unit_values import binary_states, log_odds, sample_bernoulli

Values = npt.NDArray[np.float64]
States = npt.NDArray[Any]  # units 0 and 1 as uint8, or Gaussian ones as float64

_PILOTS, _PILOT_CHAINS, _PILOT_BETAS = 4, 4, 200  # at most; chains of each component
_RIVAL_CHAINS = 128  # of each start, where two are compared
_TELLING = 20.0  # independent samples that one of them must be worth
_AGREEMENT = 3.0  # standard errors
_DEFENSIVE = 0.1  # of all chains, in equal shares: a component that the pilot undervalues keeps some
_LEAST_SHARE = 1e-4  # components of less are left out
_WORTHWHILE = 0.05  # nats of the sum over modes for which new ones call for another pilot


@dataclass(frozen=True)
class Start:
    """Σ_k s_k p_k(v) with independent units in each p_k: inputs a (n_components, n_visible) and ln s."""

    inputs: Values
    log_shares: Values
    bound: float  # of log Z in the kernel's units, by the best mode

    def draw(self, n_chains: int, gaussian: bool, generator: np.random.Generator) -> States:
        """Chains in proportion to the shares; how many of each is as even as can be, the mean being right."""
        edges = np.cumsum(np.exp(self.log_shares - logsumexp(self.log_shares)))
        places = (generator.permutation(n_chains) + generator.random()) / n_chains
        component = np.minimum(np.searchsorted(edges, places), len(edges) - 1)
        return draw_units(self.inputs[component], gaussian, generator)


def draw_units(inputs: Values, gaussian: bool, generator: np.random.Generator) -> States:
    """Independent units of these inputs: log-odds of binary ones, means of Gaussian ones of variance 1."""
    return inputs + generator.standard_normal(inputs.shape) if gaussian else sample_bernoulli(expit(inputs), generator)


def effective_sample_size(log_weights: Values) -> float:
    """(Σw)²/Σw², between 1 and the number of weights."""
    return float(np.exp(2 * logsumexp(log_weights) - logsumexp(2 * log_weights)))


class AnnealedModel:
    """An RBM in the units of the kernel: binary ones as they are, Gaussian ones as y = (u − origin)/σ."""

    def __init__(self, rbm: Any) -> None:
        self.gaussian = is_gaussian(rbm)
        self._deviation, self._origin = np.ones(1), np.zeros(1)
        self.log_unit = 0.0  # log Z of the model less that of exp(b·h + c·y + y·W·h), without ½ ln 2π of Gaussian units
        if self.gaussian:
            p = gaussian_parameters_of(rbm)
            self._deviation = np.sqrt(p.variance_)
            self._origin = p.intercept_visible_ + 0.5 * p.weights_.sum(axis=1)
            bias = (p.intercept_visible_ - self._origin) / self._deviation
            self.log_unit = float(0.5 * np.log(2 * np.pi * p.variance_).sum() - 0.5 * (bias**2).sum())
            hidden_bias = p.intercept_hidden_ + (self._origin / p.variance_) @ p.weights_
            self.layers = LayerModel(p.weights_ / self._deviation[:, None], bias, hidden_bias, True)
        else:
            q = parameters_of(rbm)
            self.layers = LayerModel(q.weights_, q.intercept_visible_, q.intercept_hidden_, False)
        self.n_visible, self._n_hidden = self.layers.weights.shape
        self.bytes_per_unit = 24 if self.gaussian else 9

    def states(self, x: npt.ArrayLike, name: str) -> States:
        """Rows of units in the kernel's units."""
        if not self.gaussian:
            return binary_states(x, self.n_visible, name)
        return np.ascontiguousarray((real_states(x, self.n_visible, name) - self._origin) / self._deviation)

    def mean_input(self, states: States | None) -> Values:
        """Inputs (n_visible,) of independent units with the means of states; 0 without any."""
        if states is None:
            return np.zeros(self.n_visible)
        return np.asarray(states.mean(axis=0) if self.gaussian else log_odds(states))

    def work_per_step(self, start: Start) -> int:
        """Multiplications for one chain and half a step."""
        return int(self.n_visible * (self._n_hidden + len(start.log_shares)))

    def base_log_z(self, start: Start) -> float:
        """Log Z at the start: hidden units are free there; at its end the mixture has the weight n_components."""
        total = float(logsumexp(start.log_shares)) - np.log(len(start.log_shares))
        return float(self._n_hidden * np.log(2) + total + self.log_unit)

    def kernel(self, start: Start) -> kernels.Annealing:
        """The kernel from a start to the model."""
        m = self.layers
        shares = np.ascontiguousarray(start.log_shares)
        return kernels.Annealing(m.weights, m.visible_bias, m.hidden_bias, start.inputs, shares, m.gaussian)


def starts_near_modes(
    model: AnnealedModel, data: States | None, n_modes: int, n_betas: int, sequence: np.random.SeedSequence
) -> list[Start]:
    """Independent units with the means of data, and modes that are found from data, chance and pilot chains.

    Two starts, the better first: with the modes and without. They are compared by pilots of as many steps as their
    weights need to say something, up to n_betas.
    """
    broad = model.mean_input(data)[None]
    alone = Start(broad, np.zeros(1), -np.inf)
    if n_modes == 0:
        return [alone]
    generator = np.random.default_rng(streams.key(sequence, 3))
    search = ModeSearch(model.layers, generator)
    if data is not None:
        search.add_visible(data)
    search.explore()
    for pilot in range(_PILOTS):
        start, ends = _with_shares(model, broad, search.modes(n_modes), streams.key(sequence, 4 + pilot), generator)
        before = search.log_sum
        search.add_visible(ends)
        if search.log_sum < before + _WORTHWHILE:
            break
        search.explore()
    return _better_first(model, replace(alone, bound=start.bound), start, n_betas, sequence, generator)


def _better_first(
    model: AnnealedModel,
    alone: Start,
    mixture: Start,
    n_betas: int,
    sequence: np.random.SeedSequence,
    generator: np.random.Generator,
) -> list[Start]:
    """The mixture, unless chains from its broadest component alone see as much of Z, with more equal weights.

    In a model of one phase they do: its modes are mere patterns of that phase.
    """
    steps = min(_PILOT_BETAS, n_betas)
    while True:
        estimates = []
        for purpose, start in enumerate((alone, mixture), 4 + _PILOTS):
            first = start.draw(_RIVAL_CHAINS, model.gaussian, generator)
            changes = _anneal(model, start, first, streams.key(sequence, purpose), steps)[1] + model.base_log_z(start)
            effective = effective_sample_size(changes)
            # Of n equal weights (Σw)²/Σw² is n; the variance of their mean over its square is about 1/effective − 1/n.
            estimates.append((logsumexp(changes), effective, max(0.0, 1 / effective - 1 / _RIVAL_CHAINS)))
        (low, equal, spread), (high, less_equal, other_spread) = estimates
        if max(equal, less_equal) >= _TELLING or steps >= n_betas:
            break
        steps = min(4 * steps, n_betas)
    enough = equal > less_equal and low > high - _AGREEMENT * np.sqrt(spread + other_spread)
    return [alone, mixture] if enough else [mixture, alone]


def _with_shares(
    model: AnnealedModel, broad: Values, modes: Modes, key: tuple[int, int], generator: np.random.Generator
) -> tuple[Start, States]:
    """Give each component the share of Z that chains from it find on the way; returns the ends of the chains, too."""
    of_modes = same_bits(model.layers.visible_input)(modes.hidden)
    inputs = np.ascontiguousarray(np.concatenate([broad, of_modes]))
    equal = Start(inputs, np.zeros(len(inputs)), float(modes.bounds[0]))
    first = draw_units(np.repeat(inputs, _PILOT_CHAINS, axis=0), model.gaussian, generator)
    ends, changes = _anneal(model, equal, first, key, _PILOT_BETAS)
    mean = logsumexp(changes.reshape(-1, _PILOT_CHAINS), axis=1)
    shares = np.exp(mean - logsumexp(mean))
    kept = shares > _LEAST_SHARE
    shares = (1 - _DEFENSIVE) * shares[kept] + _DEFENSIVE / kept.sum()
    return Start(np.ascontiguousarray(inputs[kept]), np.log(shares / shares.sum()), equal.bound), ends


def _anneal(
    model: AnnealedModel, start: Start, first: States, key: tuple[int, int], n_betas: int
) -> tuple[States, Values]:
    """A quick annealing of chains from a start: their ends and the changes of their log weights."""
    return model.kernel(start).run(np.linspace(0, 1, n_betas + 1), 0, key, first, np.zeros(len(first)))
