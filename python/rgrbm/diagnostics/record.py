"""A callback that records diagnostics along a training."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from rgrbm._support import checks
from rgrbm._support.streams import Seed, seed_sequence
from rgrbm.diagnostics.chains import run_chains
from rgrbm.diagnostics.fit import free_energies, reconstruction_errors
from rgrbm.diagnostics.likelihoods import log_likelihoods
from rgrbm.diagnostics.machine import Machine, machine_of, sub_seeds, visible_data
from rgrbm.diagnostics.memory import nearest_training_samples
from rgrbm.diagnostics.units import hidden_units, weight_summary
from rgrbm.model.parameters import RBMParameters, parameters_of
from rgrbm.rbm.training import TrainingProgress

NAN = float("nan")


class Record:
    """Record diagnostics in the history of a training, in columns that are NaN in the epochs between.

    Parameters
    ----------
    *quantities : str
        What to record:

        ========================== ========================================================================
        ``log_likelihood``         in nats per sample, as ``log_likelihood_train`` and ``log_likelihood_test``;
                                   exact or annealed, NaN where annealing gives up
        ``free_energy_gap``        mean free energy of train minus test, in nats; needs test data
        ``reconstruction_error``   sampled, as ``reconstruction_error_train`` and ``reconstruction_error_test``
        ``dead_units``             how many hidden units are dead
        ``saturated_units``        how many are saturated
        ``duplicate_units``        how many repeat another one
        ``rms_weight``             root mean square of the weights
        ``largest_weight``         size of the largest weight
        ``largest_singular_value`` of the weights
        ``tau_int``                largest autocorrelation time of what is measured of the Gibbs chains; NaN if
                                   one of these quantities never changed
        ``r_hat``                  largest split R̂ of that
        ``nearer``                 how often the model's samples are nearer to the training data than test data
        ========================== ========================================================================

        Each is that of :func:`rgrbm.diagnose`.
    X_train : array_like of 0 and 1, shape (n_samples, n_visible)
        Training data, or some of them: callbacks do not see those of ``fit``.
    X_test : array_like of 0 and 1, shape (n_samples, n_visible), optional
        Data that are not trained on.
    every : int, default=1
        Least number of epochs between two records. ``fit`` calls the callback every ``callback_interval`` epochs. A
        larger interval is cheaper, because training does not pause in between.
    seed : int, SeedSequence, Generator, RandomState, default=0
        What is drawn, the same numbers each time: two epochs differ by their models and not by chance.
    exact_up_to, n_ais_chains, n_betas, n_chains, n_steps, n_samples : int
        As in :func:`rgrbm.diagnose`, with cheaper defaults.

    Raises
    ------
    ValueError
        If a quantity is unknown, given twice, or needs test data that are not there; if the data are not 0 and 1, or
        (in training) have other units than those of ``fit``; if a number is out of range.
    TypeError
        If a number is not an integer.

    Notes
    -----
    The training itself is not touched: it ends in the same bits with and without. All columns are NaN once a
    parameter is not finite.

    Examples
    --------
    >>> import numpy as np
    >>> from rgrbm import BernoulliRBM
    >>> from rgrbm.diagnostics import Record
    >>> X = np.repeat(np.eye(4, dtype=np.uint8), 10, axis=0)
    >>> record = Record("log_likelihood", "dead_units", X_train=X, every=10)
    >>> rbm = BernoulliRBM(2, n_iter=30, random_state=0).fit(X, callbacks=record, callback_interval=10)
    >>> rbm.history_.to_frame()["dead_units"].dropna().index.tolist()
    [10, 20, 30]
    """

    def __init__(
        self,
        *quantities: str,
        X_train: npt.ArrayLike,
        X_test: npt.ArrayLike | None = None,
        every: int = 1,
        seed: Seed = 0,
        exact_up_to: int = 16,
        n_ais_chains: int = 100,
        n_betas: int = 500,
        n_chains: int = 16,
        n_steps: int = 200,
        n_samples: int = 200,
    ) -> None:
        _check_quantities(quantities, X_test is not None)
        self.quantities = quantities
        self.every = checks.integer("every", every, 1)
        self._train = visible_data(X_train, "X_train")
        self._test = None if X_test is None else visible_data(X_test, "X_test")
        self._seed = seed_sequence(seed)
        self._exact_up_to = checks.integer("exact_up_to", exact_up_to, 0)
        self._n_ais_chains = checks.integer("n_ais_chains", n_ais_chains, 2)
        self._n_betas = checks.integer("n_betas", n_betas, 0)
        self._n_chains = checks.integer("n_chains", n_chains, 2)
        self._n_steps = checks.integer("n_steps", n_steps, 4)
        self._n_samples = checks.integer("n_samples", n_samples, 1)
        self._last: int | None = None

    def __call__(self, progress: TrainingProgress) -> None:
        """Record, if it is time; training always goes on."""
        if progress.log_variance is not None:
            raise TypeError(
                "Record measures RBMs whose visible units are 0 or 1; of a GaussianRBM use diagnose, after fit"
            )
        if self._last is not None and self._last < progress.epoch < self._last + self.every:
            return
        self._last = progress.epoch
        measured = self.measure(progress.weights, progress.visible_bias, progress.hidden_bias)
        for name, value in measured.items():
            progress.record(name, value)

    def measure(
        self, weights: npt.NDArray[Any], visible_bias: npt.NDArray[Any], hidden_bias: npt.NDArray[Any]
    ) -> dict[str, float]:
        """The columns for a model with these parameters."""
        try:
            machine: Machine | None = machine_of(parameters_of(RBMParameters(weights, visible_bias, hidden_bias)))
        except ValueError:  # not finite: the training has diverged, and warns of it
            machine = None
        if machine:
            machine.states(self._train, "X_train")
        columns: dict[str, float] = {}
        for part in dict.fromkeys(_PARTS[quantity] for quantity in self.quantities):
            wanted = [quantity for quantity in self.quantities if _PARTS[quantity] is part]
            measured = part(self, machine) if machine else {}
            for quantity in wanted:
                for column in self._columns(quantity):
                    columns[column] = measured.get(column, NAN)
        return columns

    def _columns(self, quantity: str) -> list[str]:
        if quantity not in _OF_DATA:
            return [quantity]
        return [f"{quantity}_train"] + [f"{quantity}_test"] * (self._test is not None)

    def _log_likelihood(self, machine: Machine) -> dict[str, float]:
        likelihoods = log_likelihoods(
            machine, self._train, self._test, exact_up_to=self._exact_up_to, n_chains=self._n_ais_chains,
            n_betas=self._n_betas, seed=sub_seeds(self._seed, 4)[0], progress=False,
        )  # fmt: skip
        columns = {"log_likelihood_train": likelihoods.train.mean}
        return columns | ({"log_likelihood_test": likelihoods.test.mean} if likelihoods.test else {})

    def _free_energy_gap(self, machine: Machine) -> dict[str, float]:
        gap = free_energies(machine, self._train, self._test).gap
        return {"free_energy_gap": gap.mean if gap else NAN}

    def _reconstruction_error(self, machine: Machine) -> dict[str, float]:
        errors = reconstruction_errors(machine, self._train, self._test, n_draws=1, seed=sub_seeds(self._seed, 4)[1])
        columns = {"reconstruction_error_train": errors.sampled_train.mean}
        return columns | ({"reconstruction_error_test": errors.sampled_test.mean} if errors.sampled_test else {})

    def _hidden_units(self, machine: Machine) -> dict[str, float]:
        units = hidden_units(machine, self._train)
        return {
            "dead_units": float(len(units.dead)),
            "saturated_units": float(len(units.saturated)),
            "duplicate_units": float(units.n_duplicates),
        }

    def _weights(self, machine: Machine) -> dict[str, float]:
        summary = weight_summary(machine)
        return {
            "rms_weight": summary.rms,
            "largest_weight": summary.largest,
            "largest_singular_value": float(summary.singular_values[0]),
        }

    def _chains(self, machine: Machine) -> dict[str, float]:
        chains = run_chains(
            machine,
            self._train,
            n_chains=self._n_chains,
            n_steps=self._n_steps,
            seed=sub_seeds(self._seed, 4)[2],
            progress=False,
        )
        return {"tau_int": float(np.max(chains.tau_int)), "r_hat": max(chains.r_hat)}

    def _nearer(self, machine: Machine) -> dict[str, float]:
        seed = sub_seeds(self._seed, 4)[3]
        drawn = machine.samples(self._n_samples, 2 * self._n_steps, self._exact_up_to, seed)[0]
        return {"nearer": nearest_training_samples(machine, drawn, self._train, self._test, seed=seed).nearer}


_OF_DATA = ("log_likelihood", "reconstruction_error")
_PARTS: dict[str, Callable[[Record, Machine], dict[str, float]]] = {
    "log_likelihood": Record._log_likelihood,
    "free_energy_gap": Record._free_energy_gap,
    "reconstruction_error": Record._reconstruction_error,
    "dead_units": Record._hidden_units,
    "saturated_units": Record._hidden_units,
    "duplicate_units": Record._hidden_units,
    "rms_weight": Record._weights,
    "largest_weight": Record._weights,
    "largest_singular_value": Record._weights,
    "tau_int": Record._chains,
    "r_hat": Record._chains,
    "nearer": Record._nearer,
}


def _check_quantities(quantities: tuple[str, ...], has_test: bool) -> None:
    if not quantities:
        raise ValueError(f"expected at least one quantity to record, got none; give some of {', '.join(_PARTS)}")
    for quantity in quantities:
        if quantity not in _PARTS:
            raise ValueError(f"{quantity!r} cannot be recorded: expected some of {', '.join(_PARTS)}")
    if len(set(quantities)) < len(quantities):
        raise ValueError(f"each quantity is recorded once, got {', '.join(quantities)}")
    if "free_energy_gap" in quantities and not has_test:
        raise ValueError("free_energy_gap is that between training and test data: give X_test")
