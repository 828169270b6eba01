"""What diagnostics ask of a machine. All that assumes visible units 0 and 1 is here, and only here.

Machines with visible units of another kind need a class with the methods of :class:`BinaryMachine`, and a line in
:func:`machine_of`.
"""

from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from scipy.special import expit
from sklearn.neural_network import BernoulliRBM as SklearnRBM

from rgrbm._support.streams import seed_sequence
from rgrbm.likelihood.annealing import AISResult, anneal
from rgrbm.likelihood.enumeration import log_z, sample_exactly
from rgrbm.model.parameters import parameters_of
from rgrbm.model.unit_values import binary_states
from rgrbm.rbm.conversion import from_parameters, from_sklearn
from rgrbm.rbm.inference import BernoulliInference, RBMInference

Values = npt.NDArray[np.float64]
States = npt.NDArray[Any]  # visible states, one a row

_ROWS = 1024  # of one block of distances
_DISTANCE_BINS = 40


class BinaryMachine:
    """An RBM whose visible units are 0 or 1.

    Parameters
    ----------
    rbm : BernoulliInference
        A fitted estimator.
    """

    def __init__(self, rbm: BernoulliInference) -> None:
        parameters = parameters_of(rbm)
        self.rbm = rbm
        self.weights: Values = parameters.weights_
        mask = getattr(rbm, "mask", None)
        self.exists = np.ones(self.weights.shape, dtype=bool) if mask is None else np.asarray(mask) != 0
        self.name = type(rbm).__name__

    def states(self, x: npt.ArrayLike, name: str) -> States:
        """Visible states, checked.

        Raises
        ------
        ValueError
            If they are not 0 and 1, none, or of other units than the machine's.
        """
        return binary_states(x, len(self.weights), name)

    def hidden(self, v: States) -> Values:
        """Probabilities p(h = 1 | v), shape (n_samples, n_hidden)."""
        return np.asarray(self.rbm.transform(v), dtype=np.float64)

    def free_energy(self, v: States) -> Values:
        """F(v) in nats; p(v) = exp(−F(v)) / Z."""
        return self.rbm.free_energy(v)

    def step(self, v: States, seed: np.random.SeedSequence) -> States:
        """One Gibbs step v → h → v, both drawn."""
        return self.rbm.reconstruct(v, seed=seed)

    def most_probable(self, v: States) -> States:
        """The likelier value of each visible unit given the hidden probabilities: no chance in it."""
        p: npt.NDArray[Any] = expit(self.rbm.transform(v) @ self.rbm.components_ + self.rbm.intercept_visible_)
        return np.asarray(p >= 0.5)

    def errors(self, v: States, reconstruction: States) -> Values:
        """Share of the units that differ, of each sample."""
        return np.asarray(np.mean(v != reconstruction, axis=1))

    def noise(self, n_samples: int, seed: np.random.SeedSequence) -> States:
        """States that know nothing of the model: fair coins."""
        return np.random.default_rng(seed).integers(2, size=(n_samples, len(self.weights)), dtype=np.uint8)

    @property
    def n_enumerated(self) -> int:
        """Units that exact sums go over: those of the smaller layer."""
        return int(min(self.weights.shape))

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
        n_clusters: int,
        data: States,
        seed: np.random.SeedSequence,
        *,
        progress: bool,
    ) -> AISResult:
        """Log Z by annealing from the means of the data; ArithmeticError if that fails."""
        return anneal(
            self.rbm, n_chains=n_chains, n_betas=n_betas, x=data, n_clusters=n_clusters, seed=seed, progress=progress
        )

    def nearest(self, v: States, others: States, *, same: bool = False) -> Values:
        """Distance from each state to the nearest of others: units that differ (Hamming).

        With ``same``, the first states are the first of the others, and each is not compared with itself.
        """
        theirs = others.astype(np.float32)  # products are whole numbers, exact up to 2²⁴ units
        sizes = theirs.sum(axis=1)
        nearest = np.empty(len(v))
        for start in range(0, len(v), _ROWS):
            rows = v[start : start + _ROWS].astype(np.float32)
            distances = rows.sum(axis=1)[:, None] + sizes - 2 * (rows @ theirs.T)
            if same:
                distances[np.arange(len(rows)), start + np.arange(len(rows))] = np.inf
            nearest[start : start + _ROWS] = distances.min(axis=1)
        return nearest

    def distance_edges(self, distances: Values) -> Values:
        """Edges of bins for distances: whole numbers, each in the middle of its bin where bins have a width of 1."""
        low, high = distances.min(), distances.max()
        width = max(1.0, np.ceil((high - low + 1) / _DISTANCE_BINS))
        return np.asarray(np.arange(low - 0.5, high + width, width))


Machine = BinaryMachine  # a union, once there are machines of another kind


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
    if isinstance(rbm, BinaryMachine):
        return rbm
    if isinstance(rbm, SklearnRBM):
        rbm = from_sklearn(rbm)
    if isinstance(rbm, RBMInference) and not isinstance(rbm, BernoulliInference):
        raise TypeError(f"diagnose takes RBMs whose visible units are 0 or 1, not a {type(rbm).__name__}")
    return BinaryMachine(rbm if isinstance(rbm, BernoulliInference) else from_parameters(rbm))


def visible_data(x: npt.ArrayLike, name: str) -> States:
    """Visible states for a machine that is not known yet, checked but for the number of units.

    Raises
    ------
    ValueError
        If they are not 0 and 1, or none.
    """
    shape = np.shape(x)
    if len(shape) != 2:
        raise ValueError(f"{name} must have shape (n_samples, n_visible), got {shape}")
    return binary_states(x, shape[1], name)


def sub_seeds(seed: Any, n: int) -> list[np.random.SeedSequence]:
    """Seeds of the parts of a diagnosis; the same each time for the same seed, as spawning would not give."""
    root = seed_sequence(seed)
    return [np.random.SeedSequence(root.entropy, spawn_key=(*root.spawn_key, i)) for i in range(n)]
