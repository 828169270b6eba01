"""The methods of an RBM that diagnostics use. All that depends on the kind of its visible units is here alone.

Machines with visible units of another kind need a class derived from :class:`Machine`, and a line in
:func:`machine_of`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from rgrbm._support import checks
from rgrbm._support.progress import Progress
from rgrbm._support.streams import seed_sequence
from rgrbm.likelihood.annealing import AISResult, anneal
from rgrbm.likelihood.enumeration import log_z, sample_exactly
from rgrbm.model.gaussian import real_states
from rgrbm.model.parameters import gaussian_parameters_of, is_gaussian, parameters_of
from rgrbm.model.unit_values import binary_states
from rgrbm.rbm.conversion import from_parameters, from_sklearn
from rgrbm.rbm.gaussian_inference import GaussianInference
from rgrbm.rbm.inference import BernoulliInference, RBMInference

Values = npt.NDArray[np.float64]
States = npt.NDArray[Any]  # visible states, one a row

_ROWS, _OTHERS = 1024, 2**14  # states of one block of distances
_DISTANCE_BINS = 40
_SEED_BYTES = 512  # of a SeedSequence


class Machine(ABC):
    """A fitted RBM, as diagnostics see it.

    Parameters
    ----------
    rbm : RBMInference
        A fitted estimator.

    Attributes
    ----------
    weights : ndarray of float64, shape (n_visible, n_hidden)
        In units of the standard deviation of the visible units, given the hidden ones, where they are Gaussian.
    exists : ndarray of bool, shape (n_visible, n_hidden)
        False where a mask leaves a weight out.
    name : str
        Of the model's class.
    visible_units : {"binary", "gaussian"}
    """

    rbm: Any
    weights: Values
    visible_units: Literal["binary", "gaussian"]

    def __init__(self, rbm: RBMInference, weights: Values) -> None:
        self.rbm = rbm
        self.weights = weights
        mask = getattr(rbm, "mask", None)
        self.exists = np.ones(weights.shape, dtype=bool) if mask is None else np.asarray(mask) != 0
        self.name = type(rbm).__name__

    @abstractmethod
    def states(self, x: npt.ArrayLike, name: str) -> States:
        """Visible states, checked.

        Raises
        ------
        ValueError
            If they are not such states, none, or of other units than the machine's.
        """

    @abstractmethod
    def most_probable(self, v: States) -> States:
        """The likeliest value of each visible unit given the hidden probabilities: no chance in it."""

    @abstractmethod
    def errors(self, v: States, reconstruction: States) -> Values:
        """How much they differ, a number for each sample."""

    @abstractmethod
    def noise(self, n_samples: int, seed: np.random.SeedSequence) -> States:
        """Random states without the correlations of the model, as starts of chains."""

    @property
    @abstractmethod
    def n_enumerated(self) -> int:
        """Units that exact sums go over."""

    @abstractmethod
    def nearest(self, v: States, others: States, *, same: bool = False) -> Values:
        """Distance from each state to the nearest of others.

        With ``same``, the first states are the first of the others, and each is not compared with itself.
        """

    @abstractmethod
    def distance_edges(self, distances: Values) -> Values:
        """Edges of bins for distances."""

    def hidden(self, v: States) -> Values:
        """Probabilities p(h = 1 | v), shape (n_samples, n_hidden)."""
        return np.asarray(self.rbm.transform(v), dtype=np.float64)

    def free_energy(self, v: States) -> Values:
        """F(v) in nats; p(v) = exp(−F(v)) / Z."""
        return np.asarray(self.rbm.free_energy(v), dtype=np.float64)

    def step(self, v: States, seed: np.random.SeedSequence) -> States:
        """One Gibbs step v → h → v, both drawn."""
        return np.asarray(self.rbm.reconstruct(v, seed=seed))

    def samples(
        self, n_samples: int, n_steps: int, exact_up_to: int, seed: np.random.SeedSequence
    ) -> tuple[States, Literal["exact", "gibbs"]]:
        """Samples of the model: by enumeration of few units, else the ends of chains that started from noise."""
        if self.n_enumerated <= exact_up_to:
            return sample_exactly(self.rbm, n_samples, seed=seed), "exact"
        return self.rbm.sample(n_samples, n_steps=n_steps, seed=seed), "gibbs"

    def exact_log_z(self) -> float:
        """Log Z by enumeration."""
        return log_z(self.rbm)

    def annealed_log_z(
        self,
        n_chains: int,
        n_betas: int,
        n_modes: int,
        data: States,
        seed: np.random.SeedSequence,
        *,
        progress: Progress,
    ) -> AISResult:
        """Log Z by annealing from the means of the data and modes of the model; ArithmeticError if that fails."""
        return anneal(
            self.rbm, n_chains=n_chains, n_betas=n_betas, x=data, n_modes=n_modes, seed=seed, progress=progress
        )

    def _means(self, v: States) -> Values:
        """Arguments of the visible units' distribution given the hidden probabilities."""
        hidden = self.rbm.transform(v)
        return np.asarray(hidden @ self.rbm.components_ + self.rbm.intercept_visible_, dtype=np.float64)


class BinaryMachine(Machine):
    """An RBM whose visible units are 0 or 1."""

    visible_units = "binary"

    def __init__(self, rbm: BernoulliInference) -> None:
        super().__init__(rbm, parameters_of(rbm).weights_)

    def states(self, x: npt.ArrayLike, name: str) -> States:
        """Visible states 0 and 1."""
        return binary_states(x, len(self.weights), name)

    def most_probable(self, v: States) -> States:
        """The likelier value of each visible unit."""
        return np.asarray(self._means(v) >= 0)

    def errors(self, v: States, reconstruction: States) -> Values:
        """Share of the units that differ."""
        return np.asarray(np.mean(v != reconstruction, axis=1))

    def noise(self, n_samples: int, seed: np.random.SeedSequence) -> States:
        """Each unit 0 or 1 with probability ½."""
        return np.random.default_rng(seed).integers(2, size=(n_samples, len(self.weights)), dtype=np.uint8)

    @property
    def n_enumerated(self) -> int:
        """Those of the smaller layer."""
        return int(min(self.weights.shape))

    def nearest(self, v: States, others: States, *, same: bool = False) -> Values:
        """Units that differ (Hamming)."""
        return _nearest(v, others, _unequal, same=same)

    def distance_edges(self, distances: Values) -> Values:
        """Whole numbers, each in the middle of its bin where bins have a width of 1."""
        low, high = distances.min(), distances.max()
        width = max(1.0, np.ceil((high - low + 1) / _DISTANCE_BINS))
        return np.asarray(np.arange(low - 0.5, high + width, width))


class GaussianMachine(Machine):
    """An RBM whose visible units are Gaussian."""

    visible_units = "gaussian"

    def __init__(self, rbm: GaussianInference) -> None:
        p = gaussian_parameters_of(rbm)
        self._deviations = np.sqrt(p.variance_)
        super().__init__(rbm, p.weights_ / self._deviations[:, None])

    def states(self, x: npt.ArrayLike, name: str) -> States:
        """Finite real states."""
        return real_states(x, len(self.weights), name)

    def most_probable(self, v: States) -> States:
        """The mean of each visible unit."""
        return self._means(v)

    def errors(self, v: States, reconstruction: States) -> Values:
        """Mean square of the differences, in units of the visible units' variances given the hidden ones."""
        return np.asarray(np.mean(((v - reconstruction) / self._deviations) ** 2, axis=1))

    def noise(self, n_samples: int, seed: np.random.SeedSequence) -> States:
        """Visible states drawn given hidden units that are 0 or 1 with probability ½ each."""
        of_hidden, of_visible = seed.spawn(2)
        hidden = np.random.default_rng(of_hidden).integers(2, size=(n_samples, self.weights.shape[1]), dtype=np.uint8)
        return np.asarray(self.rbm.sample_visible(hidden, seed=of_visible))

    @property
    def n_enumerated(self) -> int:
        """The hidden ones."""
        return int(self.weights.shape[1])

    def nearest(self, v: States, others: States, *, same: bool = False) -> Values:
        """Euclidean distances."""
        from scipy.spatial.distance import cdist

        return _nearest(v, others, cdist, same=same)

    def distance_edges(self, distances: Values) -> Values:
        """Equal bins from the least to the largest distance."""
        low, high = float(distances.min()), float(distances.max())
        return np.linspace(low, high if high > low else low + 1, _DISTANCE_BINS + 1)


def _unequal(rows: States, others: States) -> Values:
    """Units that differ between each row and each of others, both of 0 and 1."""
    ours, theirs = (x.astype(np.float32) for x in (rows, others))  # products are whole, exact up to 2²⁴ units
    return np.asarray(ours.sum(axis=1)[:, None] + theirs.sum(axis=1) - 2 * (ours @ theirs.T))


def _nearest(v: States, others: States, distances: Callable[[States, States], Any], *, same: bool) -> Values:
    """The least of the distances of each row to others, so many of both at a time as need little memory."""
    nearest = np.full(len(v), np.inf)
    for begin in range(0, len(others), _OTHERS):
        some = others[begin : begin + _OTHERS]
        for start in range(0, len(v), _ROWS):
            rows = v[start : start + _ROWS]
            result = distances(rows, some)
            if same:
                own = np.arange(start, start + len(rows)) - begin
                here = (own >= 0) & (own < len(some))
                result[np.flatnonzero(here), own[here]] = np.inf
            nearest[start : start + _ROWS] = np.minimum(nearest[start : start + _ROWS], result.min(axis=1))
    return nearest


def in_slices(of_rows: Callable[[States], Values], v: States) -> Values:
    """A number for each state, computed for some of them at a time: intermediate values are of all units."""
    parts = [of_rows(v[start : start + _OTHERS]) for start in range(0, len(v), _OTHERS)]
    return np.concatenate([np.empty(0), *parts])


def machine_of(rbm: Any) -> Machine:
    """A machine of a fitted estimator, ours or scikit-learn's, or of parameters.

    Raises
    ------
    TypeError
        If it is none of these, or not fitted.
    ValueError
        If its parameters do not fit together or are not finite.
    sklearn.exceptions.NotFittedError
        If it is an estimator of scikit-learn's that is not fitted.
    """
    from sklearn.neural_network import BernoulliRBM as SklearnRBM

    if isinstance(rbm, Machine):
        return rbm
    if isinstance(rbm, SklearnRBM):
        rbm = from_sklearn(rbm)
    if isinstance(rbm, GaussianInference):
        return GaussianMachine(rbm)
    if is_gaussian(rbm):
        raise TypeError(
            f"expected a fitted GaussianRBM for Gaussian visible units, got a {type(rbm).__name__}; fit or load one"
        )
    return BinaryMachine(rbm if isinstance(rbm, BernoulliInference) else from_parameters(rbm))


def visible_data(x: Any, name: str) -> States:
    """Visible states for a machine that is not known yet, checked but for the number of units.

    Raises
    ------
    TypeError
        If they are not real numbers.
    ValueError
        If they are not 0 and 1, or none.
    """
    shape = (x if sp.issparse(x) else checks.numbers(name, x, dtype=None)).shape
    if len(shape) != 2:
        raise ValueError(f"{name} must have shape (n_samples, n_visible), got {shape}")
    return binary_states(x, shape[1], name)


def sub_seeds(seed: Any, n: int) -> list[np.random.SeedSequence]:
    """Seeds of the parts of a diagnosis; the same each time for the same seed, as spawning would not give."""
    checks.require_memory(_SEED_BYTES * n, f"the seeds of {n} steps")
    root = seed_sequence(seed)
    return [np.random.SeedSequence(root.entropy, spawn_key=(*root.spawn_key, i)) for i in range(n)]
