"""Whether a model has memorised its training samples: how near its own samples are to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from rgrbm._support import checks
from rgrbm._support.streams import Seed, seed_sequence
from rgrbm.diagnostics.machine import Machine, States, machine_of
from rgrbm.diagnostics.summaries import Histogram
from rgrbm.statistics.presentation import Presented

Values = npt.NDArray[np.float64]

NEARER = 0.75
"""How often a model's sample must be nearer to the training data than another sample to be called a memory."""
DEVIATIONS = 4.0
"""By how many standard deviations that must exceed one half: a false alarm in 30,000."""


@dataclass(frozen=True, repr=False)
class Memory(Presented):
    """Distances to the nearest training sample, of a model's samples and of samples that the model has not made.

    Distances are numbers of units that differ (Hamming).

    Attributes
    ----------
    reference : {"test", "train"}
        What the model's samples are compared with: test data; or training samples, each compared with all others.
    n_samples, n_reference : int
        How many there are of each; at most 1,000 of the reference are taken.
    median_model, median_reference : float
        Median distances.
    copies_model, copies_reference : float
        Shares at distance 0.
    nearer : float
        Probability that a model's sample is nearer to the training data than one of the reference, ties counting half:
        ½ if the model's distribution is that of the data; below, its samples lie too far from the data; above, too
        close to the training samples. NaN if there is nothing to compare with.
    deviations : float
        How far ``nearer`` is above ½, in standard deviations of the Mann–Whitney statistic.
    memorised : bool
        Whether ``nearer`` is at least 0.75, by at least 4 standard deviations.
    distances : Histogram
        Of the "model" and of the "reference".
    """

    reference: Literal["test", "train"]
    n_samples: int
    n_reference: int
    median_model: float
    median_reference: float
    copies_model: float
    copies_reference: float
    nearer: float
    deviations: float
    memorised: bool
    distances: Histogram


def nearest_training_samples(
    rbm: Any,
    samples: npt.ArrayLike,
    X_train: npt.ArrayLike,
    X_test: npt.ArrayLike | None = None,
    *,
    n_reference: int = 1000,
    seed: Seed = None,
) -> Memory:
    """Compare how near samples of a model, and those of a test set, are to the training data.

    Parameters
    ----------
    rbm : fitted estimator or RBMParameters
        The model, whose visible units determine the kind of distance.
    samples : array_like of 0 and 1, or of real numbers for a ``GaussianRBM``, shape (n_samples, n_visible)
        Samples of the model, not made from training samples (chains that start there may not have left).
    X_train : array_like of 0 and 1, or of real numbers for a ``GaussianRBM``, shape (n_train, n_visible)
        Training data.
    X_test : array_like of 0 and 1, or of real numbers for a ``GaussianRBM``, shape (n_test, n_visible), optional
        Data of the same distribution; without them, training samples are used instead, each compared with all others.
    n_reference : int, default=1000
        How many of these are taken at most, at random.
    seed : int, SeedSequence, Generator, RandomState or None
        Fixes which.

    Returns
    -------
    Memory

    Raises
    ------
    ValueError
        If the arrays are not 0 and 1 or do not fit the model, or ``n_reference`` is below 1.

    Notes
    -----
    A model that keeps to the most typical samples, leaving out the odd ones, is nearer to the training data than test
    samples are, too. Look at the distances before calling it a memory.

    References
    ----------
    C. Meehan, K. Chaudhuri & S. Dasgupta, *A non-parametric test to detect data-copying in generative models*,
    AISTATS 2020; the statistic over all of space.

    Examples
    --------
    >>> import numpy as np
    >>> from rgrbm.diagnostics import nearest_training_samples
    >>> from rgrbm.model import RBMParameters
    >>> rbm = RBMParameters(np.zeros((40, 1)), np.zeros(40), np.zeros(1))
    >>> X = np.random.default_rng(0).integers(2, size=(60, 40))
    >>> copies = nearest_training_samples(rbm, X[:20], X[:40], X[40:])
    >>> copies.copies_model, copies.nearer, copies.memorised
    (1.0, 1.0, True)
    """
    machine = machine_of(rbm)
    n_reference = checks.integer("n_reference", n_reference, 1)
    drawn, train = machine.states(samples, "samples"), machine.states(X_train, "X_train")
    of_model = machine.nearest(drawn, train)
    generator = np.random.default_rng(seed_sequence(seed))
    if X_test is None:
        of_reference = _among_themselves(machine, train, n_reference, generator)
    else:
        test = machine.states(X_test, "X_test")
        of_reference = machine.nearest(test[_some(len(test), n_reference, generator)], train)
    nearer, deviations = _nearer(of_model, of_reference)
    edges = machine.distance_edges(np.concatenate([of_model, of_reference]))
    counts = {"model": np.histogram(of_model, edges)[0], "reference": np.histogram(of_reference, edges)[0]}
    return Memory(
        reference="train" if X_test is None else "test",
        n_samples=len(of_model),
        n_reference=len(of_reference),
        median_model=float(np.median(of_model)),
        median_reference=float(np.median(of_reference)) if len(of_reference) else float("nan"),
        copies_model=float(np.mean(of_model == 0)),
        copies_reference=float(np.mean(of_reference == 0)) if len(of_reference) else float("nan"),
        nearer=nearer,
        deviations=deviations,
        memorised=nearer >= NEARER and deviations >= DEVIATIONS,
        distances=Histogram(edges, counts),
    )


def _some(n: int, most: int, generator: np.random.Generator) -> npt.NDArray[np.intp]:
    return np.sort(generator.choice(n, min(n, most), replace=False))


def _among_themselves(machine: Machine, train: States, most: int, generator: np.random.Generator) -> Values:
    """Distances of training samples to the nearest of the others; none if there is no other."""
    if len(train) < 2:
        return np.empty(0)
    order = generator.permutation(len(train))
    shuffled = train[order]
    return machine.nearest(shuffled[:most], shuffled, same=True)


def _nearer(of_model: Values, of_reference: Values) -> tuple[float, float]:
    """P(model < reference) + ½ P(equal), and its distance from ½ in standard deviations (Mann & Whitney, with ties)."""
    n, m = len(of_model), len(of_reference)
    if m == 0:
        return float("nan"), float("nan")
    from scipy.stats import rankdata

    ranks = rankdata(np.concatenate([of_reference, of_model]))
    nearer = (ranks[:m].sum() - m * (m + 1) / 2) / (n * m)
    tied = np.unique(ranks, return_counts=True)[1].astype(np.float64)
    total = n + m
    variance = (total + 1 - np.sum(tied**3 - tied) / (total * (total - 1))) / (12 * n * m)
    return float(nearer), float((nearer - 0.5) / np.sqrt(variance)) if variance > 1e-12 else 0.0
