"""Log-likelihoods of training and test data: exact where a layer is small, else annealed, between bounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy.typing as npt

from rgrbm._support import checks
from rgrbm._support.progress import Progress
from rgrbm._support.streams import Seed, seed_sequence
from rgrbm.diagnostics.machine import Machine, States, machine_of
from rgrbm.diagnostics.summaries import mean_of
from rgrbm.statistics.jackknife import Estimate
from rgrbm.statistics.presentation import Presented, fields_of

NAN = float("nan")


@dataclass(frozen=True, repr=False)
class LogLikelihood(Presented):
    """Mean log-likelihood of one data set, in nats per sample.

    Attributes
    ----------
    mean : float
        ⟨ln p(v)⟩; NaN where log Z is not known.
    stderr : float
        Standard error of the mean over samples: what another data set of this size would change. That of log Z is in
        the bounds.
    lower, upper : float
        The mean at the upper and at the lower bound of log Z; the mean itself if log Z is exact.
    """

    mean: float
    stderr: float
    lower: float
    upper: float

    def _values(self) -> dict[str, Any]:
        return {"mean": Estimate(self.mean, self.stderr), "lower": self.lower, "upper": self.upper}


@dataclass(frozen=True, repr=False)
class LogLikelihoods(Presented):
    """Log-likelihoods of a model.

    Attributes
    ----------
    method : {"exact", "ais", "none"}
        Where log Z comes from; "none" if it could not be had.
    reason : str or None
        Why it could not.
    log_z, log_z_stderr : float
        Log Z in nats, and the standard error of an annealed one (0 for an exact one).
    log_z_bounds : (float, float)
        Between which log Z lies; of an annealed one see :class:`rgrbm.likelihood.AISResult`.
    effective_sample_size : float
        What the annealed chains are worth; NaN for an exact log Z.
    train : LogLikelihood
    test : LogLikelihood or None
        None without test data.
    """

    method: Literal["exact", "ais", "none"]
    reason: str | None
    log_z: float
    log_z_stderr: float
    log_z_bounds: tuple[float, float]
    effective_sample_size: float
    train: LogLikelihood
    test: LogLikelihood | None

    def _values(self) -> dict[str, Any]:
        values = fields_of(self)
        if self.method != "ais":
            del values["effective_sample_size"]
        for name in ("train", "test"):
            if (known := values[name]) is not None:
                values[name] = Estimate(known.mean, known.stderr)
        return values


def log_likelihoods(
    rbm: Any,
    X_train: npt.ArrayLike,
    X_test: npt.ArrayLike | None = None,
    *,
    exact_up_to: int = 16,
    n_chains: int = 100,
    n_betas: int = 1000,
    n_modes: int = 64,
    seed: Seed = None,
    progress: Progress = None,
) -> LogLikelihoods:
    """Mean log-likelihoods of training and test data.

    Parameters
    ----------
    rbm : fitted estimator or RBMParameters
        Ours, scikit-learn's ``BernoulliRBM``, or an object with the parameters.
    X_train, X_test : array_like of 0 and 1, or of real numbers for a ``GaussianRBM``, shape (n_samples, n_visible)
        Data; annealing starts from the means of the training data and modes of the model.
    exact_up_to : int, default=16
        Units of the smaller layer up to which log Z is summed over all of its states.
    n_chains, n_betas : int, default=100 and 1000
        Chains and steps of annealed importance sampling elsewhere; no steps, no likelihood.
    n_modes : int, default=64
        Modes of the model that annealing starts from; see :func:`rgrbm.anneal`.
    seed : int, SeedSequence, Generator, RandomState or None
        Fixes the annealing.
    progress : bool or callable, optional
        A bar (True), a function of (done, in all), or nothing (False). By default a bar in terminals and notebooks, for
        what takes longer than two seconds.

    Returns
    -------
    LogLikelihoods
        Where annealing gives up, NaN and the reason.

    Raises
    ------
    ValueError
        If the data are not 0 and 1 (finite, if Gaussian) or do not fit the model, or a number is out of range.
    TypeError
        If ``rbm`` has no parameters, or a number is not an integer.
    MemoryError
        If the chains need more memory than there is.

    Examples
    --------
    >>> import math
    >>> import numpy as np
    >>> from rgrbm.diagnostics import log_likelihoods
    >>> from rgrbm.model import RBMParameters
    >>> rbm = RBMParameters(np.zeros((3, 2)), np.zeros(3), np.zeros(2))
    >>> likelihoods = log_likelihoods(rbm, [[0, 1, 1]])
    >>> likelihoods.method, round(likelihoods.train.mean / math.log(2), 12)
    ('exact', -3.0)
    """
    machine = machine_of(rbm)
    exact_up_to = checks.integer("exact_up_to", exact_up_to, 0)
    n_chains, n_betas = checks.integer("n_chains", n_chains, 2), checks.integer("n_betas", n_betas, 0)
    n_modes = checks.integer("n_modes", n_modes, 0)
    train = machine.states(X_train, "X_train")
    test = None if X_test is None else machine.states(X_test, "X_test")
    reason = None
    log_z = error = effective = NAN
    bounds = (NAN, NAN)
    method: Literal["exact", "ais", "none"] = "none"
    if machine.n_enumerated <= exact_up_to:
        log_z, error, method = machine.exact_log_z(), 0.0, "exact"
        bounds = (log_z, log_z)
    elif n_betas == 0:
        reason = "annealing was not asked for (n_betas=0)"
    else:
        try:
            likelihoods = machine.annealed_log_z(
                n_chains, n_betas, n_modes, train, seed_sequence(seed), progress=progress
            )
        except ArithmeticError as failure:
            reason = str(failure)
        else:
            log_z, error, method = likelihoods.log_z, likelihoods.stderr, "ais"
            bounds, effective = (likelihoods.lower, likelihoods.upper), likelihoods.effective_sample_size
    of_data = (
        _of_data(machine, train, log_z, bounds),
        None if test is None else _of_data(machine, test, log_z, bounds),
    )
    return LogLikelihoods(method, reason, log_z, error, bounds, effective, *of_data)


def _of_data(machine: Machine, v: States, log_z: float, bounds: tuple[float, float]) -> LogLikelihood:
    energy = mean_of(machine.free_energy(v))
    known = log_z == log_z
    stderr = energy.stderr if known else NAN
    return LogLikelihood(-energy.mean - log_z, stderr, -energy.mean - bounds[1], -energy.mean - bounds[0])
