"""Modes of an RBM by mean-field theory: where annealing starts, and lower bounds of log Z."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import expit, xlogy

from rgrbm._core import kernels
from rgrbm._support.blas import same_bits

Values = npt.NDArray[np.float64]

_RANDOM_STARTS, _VISIBLE_STARTS = 2048, 2048
_STARTS_PER_ROUND = 256
_ROUNDS, _PATIENCE = 30, 4  # at most; without a better state
_BETTER = 0.05  # nats of the sum over states that make a round worth another one
_SOURCES = 64  # states that new starts are made from
_SURROUNDINGS, _GENERATIONS = 256, 3  # states that are candidates for modes; changes from the best ones
_MOST_NEIGHBOURS = 8192  # of a generation
_NEGLIGIBLE = 10.0  # nats below the best state
_ITERATIONS, _CHECK_EVERY, _TOLERANCE = 300, 5, 1e-4


@dataclass(frozen=True)
class LayerModel:
    """An RBM with ln p(y, h) = b·h + c·y + y·W·h + const; with Gaussian units y of variance 1, − ½ y² in addition."""

    weights: Values  # W (n_visible, n_hidden)
    visible_bias: Values
    hidden_bias: Values
    gaussian: bool

    def log_normalisation(self, input_: Values) -> Values:
        """A = ln Σ_y exp(a·y) of rows of inputs; for Gaussian units of exp(a·y − ½ y²), but for ½ ln 2π each."""
        return np.asarray((0.5 * input_**2 if self.gaussian else np.logaddexp(0, input_)).sum(axis=-1))

    def visible_input(self, hidden: Values) -> Values:
        """Inputs c + W h of rows of hidden probabilities."""
        return np.asarray(hidden @ self.weights.T + self.visible_bias)

    def hidden_means(self, visible_input: Values) -> Values:
        """⟨h⟩ given the mean of visible units of these inputs."""
        means = visible_input if self.gaussian else expit(visible_input)
        return np.asarray(expit(means @ self.weights + self.hidden_bias))

    @same_bits
    def bound(self, hidden: Values) -> Values:
        """Lower bound of log Z from each row m of hidden probabilities, b·m + Σ H(m_j) + A(c + W m).

        Gibbs's inequality for independent units, those of the visible layer the best ones (Peterson & Anderson, Complex
        Systems 1, 995 (1987)). For Gaussian units but for ½ ln 2π each.
        """
        entropy = -(xlogy(hidden, hidden) + xlogy(1 - hidden, 1 - hidden)).sum(axis=1)
        return np.asarray(hidden @ self.hidden_bias + entropy + self.log_normalisation(self.visible_input(hidden)))


@dataclass(frozen=True)
class Modes:
    """Fixed points of the mean-field equations, the one of the highest bound first."""

    hidden: Values  # (n_modes, n_hidden), probabilities
    bounds: Values  # (n_modes,), nats


@same_bits
def settled(model: LayerModel, hidden: Values) -> Modes:
    """Iterate m ← ⟨h | ⟨y | m⟩⟩ from each row of hidden probabilities until it rests.

    Each half-step maximises the bound over one layer, so that it never falls.
    """
    rest = np.array(hidden, dtype=np.float64)
    moving = np.arange(len(rest))
    for _ in range(0, _ITERATIONS, _CHECK_EVERY):
        m = rest[moving]
        for _ in range(_CHECK_EVERY):
            before, m = m, model.hidden_means(model.visible_input(m))
        rest[moving] = m
        moving = moving[np.abs(m - before).max(axis=1, initial=0) > _TOLERANCE]
        if len(moving) == 0:
            break
    return _distinct(rest, model.bound(rest))


class ModeSearch:
    """Search for hidden states that no change of one unit makes more probable, the most probable ones first.

    It starts from random hidden states and goes on from the best ones found, with some units changed or mixed from
    two, while this finds better ones.

    Parameters
    ----------
    model : LayerModel
    generator : Generator
    """

    def __init__(self, model: LayerModel, generator: np.random.Generator) -> None:
        self._model, self._generator = model, generator
        self._ascent = kernels.ModeAscent(model.weights, model.visible_bias, model.hidden_bias, model.gaussian)
        random = generator.random((_RANDOM_STARTS, self._n_hidden)) < generator.random((_RANDOM_STARTS, 1))
        self._states = self._climbed(random)

    @property
    def _n_hidden(self) -> int:
        return len(self._model.hidden_bias)

    @property
    def log_sum(self) -> float:
        """Log of Σ exp(bound) over all states found: close to log Z where they are most of it."""
        return float(np.logaddexp.reduce(self._states.bounds))

    def add_visible(self, states: Values) -> None:
        """Start from visible states, too: data, or ends of chains."""
        rows = self._generator.permutation(len(states))[:_VISIBLE_STARTS]
        self._add(self._inputs(states[rows]) > 0)

    def explore(self) -> None:
        """Go on from the best states while this finds better ones."""
        idle = 0
        for _ in range(_ROUNDS):
            before = self.log_sum
            self._add(self._changed())
            idle = 0 if self.log_sum > before + _BETTER else idle + 1
            if idle == _PATIENCE:
                break

    def modes(self, n: int) -> Modes:
        """The n best mean-field solutions that the best states and those around them settle to."""
        return _best(settled(self._model, self._surroundings().hidden), n)

    def _surroundings(self) -> Modes:
        """The best states and what single changes make of them, as far as it is not much less probable.

        A state that has a better neighbour can be a mode all the same: many visible units change with the hidden one.
        """
        states = _best(self._states, _SURROUNDINGS)
        n = max(1, _MOST_NEIGHBOURS // self._n_hidden)
        for _ in range(_GENERATIONS):
            near = states.hidden[states.bounds > states.bounds[0] - _NEGLIGIBLE][:n]
            changed = np.abs(near[:, None, :] - np.eye(self._n_hidden)).reshape(-1, self._n_hidden)
            states = _best(_joined(states, _distinct(changed, self._model.bound(changed))), _SURROUNDINGS)
        return states

    def _add(self, hidden: npt.NDArray[np.bool_]) -> None:
        self._states = _joined(self._states, self._climbed(hidden))

    def _climbed(self, hidden: npt.NDArray[np.bool_]) -> Modes:
        starts = np.unique(hidden, axis=0).astype(np.uint8)
        states = self._ascent.climb(starts).astype(np.float64)
        return _distinct(states, self._model.bound(states))

    @same_bits
    def _inputs(self, states: Values) -> Values:
        return np.asarray(states @ self._model.weights + self._model.hidden_bias)

    def _changed(self) -> npt.NDArray[np.bool_]:
        """New starts: half with some units changed, of one up to a tenth or four, half with units of either parent."""
        generator, best = self._generator, self._states.hidden[:_SOURCES] > 0
        n, m = _STARTS_PER_ROUND, self._n_hidden
        parents = best[generator.integers(len(best), size=(2, n))]
        n_flips = generator.integers(1, 1 + max(4, m // 10), size=(n, 1))
        changed = parents[0] ^ (generator.random((n, m)) < n_flips / m)
        mixed = np.where(generator.random((n, m)) < 0.5, parents[0], parents[1])
        return np.asarray(np.where(np.arange(n)[:, None] % 2 == 0, changed, mixed))


def _joined(first: Modes, second: Modes) -> Modes:
    return _distinct(np.concatenate([first.hidden, second.hidden]), np.concatenate([first.bounds, second.bounds]))


def _best(modes: Modes, n: int) -> Modes:
    return Modes(modes.hidden[:n], modes.bounds[:n])


def _distinct(hidden: Values, bounds: Values) -> Modes:
    order = np.argsort(-bounds, kind="stable")
    _, first = np.unique(np.round(hidden[order], 1) + 0.0, axis=0, return_index=True)
    chosen = order[np.sort(first)]
    return Modes(hidden[chosen], bounds[chosen])
