"""How a model takes its data: free energies of training and test data, and how well it gives them back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rgrbm._support import checks
from rgrbm._support.streams import Seed
from rgrbm.diagnostics.machine import Machine, States, in_slices, machine_of, sub_seeds
from rgrbm.diagnostics.summaries import Mean, mean_of
from rgrbm.statistics.presentation import Presented


@dataclass(frozen=True, repr=False)
class FreeEnergies(Presented):
    """Mean free energies F(v) = −ln Σ_h exp(−E(v, h)), in nats.

    Attributes
    ----------
    train : Mean
    test : Mean or None
        None without test data.
    gap : Mean or None
        ⟨F⟩ of train minus test: minus the difference of their log-likelihoods, without log Z. Clearly below 0 where
        the model gives its training data a higher likelihood than others.
    """

    train: Mean
    test: Mean | None
    gap: Mean | None


@dataclass(frozen=True, repr=False)
class ReconstructionErrors(Presented):
    """Errors of v → h → v̂: the share of visible units that come out different.

    Attributes
    ----------
    sampled_train, sampled_test : Mean or None
        h and v̂ both drawn; what training by CD lowers.
    thresholded_train, thresholded_test : Mean or None
        Probabilities of h instead of states, and of each visible unit the likelier value: no chance in it.
    """

    sampled_train: Mean
    sampled_test: Mean | None
    thresholded_train: Mean
    thresholded_test: Mean | None


def free_energies(rbm: Any, X_train: npt.ArrayLike, X_test: npt.ArrayLike | None = None) -> FreeEnergies:
    """Mean free energies of training and test data, and the gap between them.

    Parameters
    ----------
    rbm : fitted estimator or RBMParameters
        Ours, scikit-learn's ``BernoulliRBM``, or an object with the parameters.
    X_train, X_test : array_like of 0 and 1, or of real numbers for a ``GaussianRBM``, shape (n_samples, n_visible)
        Data.

    Returns
    -------
    FreeEnergies

    Raises
    ------
    ValueError
        If the data are not 0 and 1 (finite, if Gaussian) or do not fit the model.

    References
    ----------
    G. E. Hinton, *A practical guide to training restricted Boltzmann machines* (2010), section 6.

    Examples
    --------
    >>> import numpy as np
    >>> from rgrbm.diagnostics import free_energies
    >>> from rgrbm.model import RBMParameters
    >>> rbm = RBMParameters(np.zeros((2, 1)), np.array([1.0, 0.0]), np.zeros(1))
    >>> free_energies(rbm, [[1, 0], [1, 1]], [[1, 0], [0, 0]]).gap
    Mean(mean=-0.5, stderr=0.5)
    """
    machine = machine_of(rbm)
    train = mean_of(machine.free_energy(machine.states(X_train, "X_train")))
    if X_test is None:
        return FreeEnergies(train, None, None)
    test = mean_of(machine.free_energy(machine.states(X_test, "X_test")))
    gap = Mean(train.mean - test.mean, float(np.hypot(train.stderr, test.stderr)))
    return FreeEnergies(train, test, gap)


def reconstruction_errors(
    rbm: Any, X_train: npt.ArrayLike, X_test: npt.ArrayLike | None = None, *, n_draws: int = 4, seed: Seed = None
) -> ReconstructionErrors:
    """Sampled and thresholded reconstruction errors of training and test data.

    Parameters
    ----------
    rbm, X_train, X_test
        As for :func:`free_energies`.
    n_draws : int, default=4
        Reconstructions of each sample that a sampled error is the mean of.
    seed : int, SeedSequence, Generator, RandomState or None
        Fixes the draws.

    Returns
    -------
    ReconstructionErrors
        With standard errors over samples.

    Raises
    ------
    ValueError
        If the data are not 0 and 1 (finite, if Gaussian) or do not fit the model, or ``n_draws`` is below 1.

    Examples
    --------
    >>> import numpy as np
    >>> from rgrbm.diagnostics import reconstruction_errors
    >>> from rgrbm.model import RBMParameters
    >>> rbm = RBMParameters(np.zeros((2, 1)), np.array([50.0, -50.0]), np.zeros(1))
    >>> reconstruction_errors(rbm, [[1, 0], [0, 0]], seed=0).sampled_train
    Mean(mean=0.25, stderr=0.25)
    """
    machine = machine_of(rbm)
    n_draws = checks.integer("n_draws", n_draws, 1)
    seeds = sub_seeds(seed, 2)
    train = machine.states(X_train, "X_train")
    test = None if X_test is None else machine.states(X_test, "X_test")
    return ReconstructionErrors(
        sampled_train=_sampled(machine, train, n_draws, seeds[0]),
        sampled_test=None if test is None else _sampled(machine, test, n_draws, seeds[1]),
        thresholded_train=_thresholded(machine, train),
        thresholded_test=None if test is None else _thresholded(machine, test),
    )


def _sampled(machine: Machine, v: States, n_draws: int, seed: np.random.SeedSequence) -> Mean:
    return mean_of(np.mean([machine.errors(v, machine.step(v, s)) for s in sub_seeds(seed, n_draws)], axis=0))


def _thresholded(machine: Machine, v: States) -> Mean:
    return mean_of(in_slices(lambda rows: machine.errors(rows, machine.most_probable(rows)), v))
