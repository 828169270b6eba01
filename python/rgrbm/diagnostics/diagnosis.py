"""All diagnostics of an RBM in one object, which prints, draws, and becomes a table or JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy.typing as npt

from rgrbm._support import checks
from rgrbm._support.progress import Progress
from rgrbm._support.streams import Seed
from rgrbm.diagnostics import table
from rgrbm.diagnostics.chains import GibbsChains, run_chains
from rgrbm.diagnostics.fit import FreeEnergies, ReconstructionErrors, free_energies, reconstruction_errors
from rgrbm.diagnostics.likelihoods import LogLikelihoods, log_likelihoods
from rgrbm.diagnostics.machine import Machine, States, machine_of, sub_seeds
from rgrbm.diagnostics.memory import Memory, nearest_training_samples
from rgrbm.diagnostics.summaries import Histogram, Mean, histogram_of, mean_of, plain
from rgrbm.diagnostics.units import HiddenUnits, Weights, hidden_units, weight_summary
from rgrbm.statistics.notation import with_error
from rgrbm.statistics.presentation import Presented

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_ENERGY_BINS = 40


@dataclass(frozen=True, repr=False)
class ModelSamples(Presented):
    """Samples of the model beside the data.

    Attributes
    ----------
    method : {"exact", "gibbs"}
        By enumeration, or the ends of chains that started from noise, which are samples of the model only so far as
        the chains have mixed.
    n_samples : int
        How many.
    n_steps : int
        Gibbs steps of each chain; 0 for exact samples.
    free_energy : Mean
        Of the samples, in nats; that of the data if the model's distribution is theirs.
    energies : Histogram
        Free energies of "train", "test" (if there are test data) and "model".
    """

    method: Literal["exact", "gibbs"]
    n_samples: int
    n_steps: int
    free_energy: Mean
    energies: Histogram


@dataclass(frozen=True, repr=False)
class Diagnosis(Presented):
    """Result of :func:`diagnose`.

    ``print(diagnosis)`` shows it as a table; :meth:`plot` draws it.

    Attributes
    ----------
    machine : str
        Name of the model's class.
    visible_units : {"binary", "gaussian"}
        Errors of reconstruction are shares of the units that differ, or mean squares in units of the visible units'
        variances given the hidden ones; distances to training samples are numbers of units, or Euclidean.
    n_visible, n_hidden, n_train, n_test : int
        Units and samples.
    log_likelihood : LogLikelihoods
    free_energy : FreeEnergies
    reconstruction_error : ReconstructionErrors
    hidden_units : HiddenUnits
    weights : Weights
    chains : GibbsChains
    samples : ModelSamples
    memory : Memory
    """

    machine: str
    visible_units: Literal["binary", "gaussian"]
    n_visible: int
    n_hidden: int
    n_train: int
    n_test: int
    log_likelihood: LogLikelihoods
    free_energy: FreeEnergies
    reconstruction_error: ReconstructionErrors
    hidden_units: HiddenUnits
    weights: Weights
    chains: GibbsChains
    samples: ModelSamples
    memory: Memory

    def __str__(self) -> str:
        return table.text(self.to_dict())

    def _title(self) -> str:
        test = f", {self.n_test} test samples" if self.n_test else ""
        return (
            f"{self.machine} of {self.n_visible} visible and {self.n_hidden} hidden units, {self.n_train} training "
            f"samples{test}"
        )

    def _values(self) -> dict[str, Any]:
        likelihood, errors = self.log_likelihood._values(), self.reconstruction_error
        return {
            "log_likelihood": {name: likelihood[name] for name in ("train", "test") if likelihood[name] is not None},
            "log_z": likelihood["log_z"],
            "free_energy_gap": self.free_energy.gap,
            "reconstruction_error": errors.sampled_train,
            "dead": len(self.hidden_units.dead),
            "saturated": len(self.hidden_units.saturated),
            "duplicates": self.hidden_units.n_duplicates,
            "mixed": self.chains.mixed,
            "nearer": self.memory.nearer,
            "memorised": self.memory.memorised,
        }

    def _table(self) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
        rows = table.rows(self.to_dict())
        return ("quantity", "of", "value", "lower bound", "upper bound"), [
            (row.quantity.replace("_", " "), row.of, with_error(row.value, row.stderr), *map(_bound, row[-2:]))
            for row in rows
        ]

    def to_dict(self) -> dict[str, Any]:
        """All of it as JSON has it: dicts, lists, text and numbers, None for those that are not finite."""
        values: dict[str, Any] = plain(self)
        return values

    def to_frame(self) -> Any:
        """The single numbers as a pandas ``DataFrame``.

        Returns
        -------
        pandas.DataFrame
            One row for each, with columns ``quantity``, ``of`` ("train", "test", "model", or what it is of),
            ``value``, ``stderr``, ``lower`` and ``upper`` (NaN where there are none).

        Raises
        ------
        ImportError
            If pandas is not installed.
        """
        try:
            import pandas as pd
        except ImportError as error:
            raise ImportError("Diagnosis.to_frame needs pandas: pip install pandas") from error
        frame = pd.DataFrame(table.rows(self.to_dict()), columns=table.Row._fields)
        numbers = list(table.Row._fields[2:])
        return frame.astype(dict.fromkeys(numbers, "float64"))

    def plot(self) -> Figure:
        """Draw it; see :func:`rgrbm.plots.plot_diagnosis`.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from rgrbm.plots.diagnosis import plot_diagnosis  # matplotlib takes half a second to import

        return plot_diagnosis(self.to_dict())


def diagnose(
    rbm: Any,
    X_train: npt.ArrayLike,
    X_test: npt.ArrayLike | None = None,
    *,
    seed: Seed = None,
    log_likelihood: LogLikelihoods | None = None,
    exact_up_to: int = 16,
    n_ais_chains: int = 100,
    n_betas: int = 1000,
    n_chains: int = 32,
    n_steps: int = 500,
    n_samples: int = 500,
    progress: Progress = None,
) -> Diagnosis:
    """Examine a trained RBM: likelihood, fit, hidden units, weights, mixing, samples and memory.

    Parameters
    ----------
    rbm : fitted estimator or RBMParameters
        Ours, scikit-learn's ``BernoulliRBM``, or an object with ``weights_``, ``intercept_visible_`` and
        ``intercept_hidden_``. It is not changed.
    X_train : array_like of 0 and 1 (of real numbers for a ``GaussianRBM``), shape (n_samples, n_visible)
        What the model was trained on.
    X_test : array_like of the same, shape (n_samples, n_visible), optional
        Data of the same distribution that it was not trained on.
    seed : int, SeedSequence, Generator, RandomState or None
        Fixes every random number, whatever the number of threads.
    log_likelihood : LogLikelihoods, optional
        The likelihoods, if :func:`rgrbm.diagnostics.log_likelihoods` has computed them already.
    exact_up_to : int, default=16
        Units of the smaller layer up to which log Z is summed and samples are drawn by enumeration.
    n_ais_chains, n_betas : int, default=100 and 1000
        Chains and steps of annealed importance sampling elsewhere; no steps, no likelihood.
    n_chains : int, default=32
        Gibbs chains for autocorrelation times and R̂, half from training samples and half from noise.
    n_steps : int, default=500
        Steps of these that are measured, after half as many that are not. Chains that give the model's samples, where
        enumeration does not, run twice as long.
    n_samples : int, default=500
        Samples of the model that are compared with the data.
    progress : bool or callable, optional
        A bar (True), a function of (done, in all), or nothing (False). By default a bar in terminals and notebooks, for
        what takes longer than two seconds. The likelihood and the chains each have a bar, or count from 0, one after
        the other.

    Returns
    -------
    Diagnosis

    Raises
    ------
    TypeError
        If ``rbm`` is no fitted RBM, a number is not an integer, or ``log_likelihood`` no LogLikelihoods.
    ValueError
        If the data are not 0 and 1 or do not fit the model, its parameters are not finite, or a number is out of range.
    MemoryError
        If chains or samples need more memory than there is.

    Examples
    --------
    >>> import numpy as np, rgrbm
    >>> X = np.repeat([[1, 1, 1, 0, 0, 0], [0, 0, 0, 1, 1, 1]], 50, axis=0)
    >>> rbm = rgrbm.BernoulliRBM(2, gradient="exact", n_iter=500, random_state=0).fit(X)
    >>> diagnosis = rgrbm.diagnose(rbm, X, seed=0)
    >>> diagnosis.log_likelihood.method, diagnosis.hidden_units.dead, diagnosis.memory.memorised
    ('exact', (), False)
    >>> bool(diagnosis.log_likelihood.train.mean > -1.0)
    True
    """
    machine = machine_of(rbm)
    train = machine.states(X_train, "X_train")
    test = None if X_test is None else machine.states(X_test, "X_test")
    n_samples, n_steps = checks.integer("n_samples", n_samples, 1), checks.integer("n_steps", n_steps, 4)
    exact_up_to = checks.integer("exact_up_to", exact_up_to, 0)
    seeds = sub_seeds(seed, 5)
    if log_likelihood is not None:
        checks.instance("log_likelihood", log_likelihood, LogLikelihoods)
    else:
        log_likelihood = log_likelihoods(
            machine, train, test, exact_up_to=exact_up_to, n_chains=n_ais_chains, n_betas=n_betas, seed=seeds[0],
            progress=progress,
        )  # fmt: skip
    drawn, method = machine.samples(n_samples, 2 * n_steps, exact_up_to, seeds[3])
    return Diagnosis(
        machine=machine.name,
        visible_units=machine.visible_units,
        n_visible=machine.weights.shape[0],
        n_hidden=machine.weights.shape[1],
        n_train=len(train),
        n_test=0 if test is None else len(test),
        log_likelihood=log_likelihood,
        free_energy=free_energies(machine, train, test),
        reconstruction_error=reconstruction_errors(machine, train, test, seed=seeds[1]),
        hidden_units=hidden_units(machine, train),
        weights=weight_summary(machine),
        chains=run_chains(machine, train, n_chains=n_chains, n_steps=n_steps, seed=seeds[2], progress=progress),
        samples=_compare(machine, drawn, method, 2 * n_steps, train, test),
        memory=nearest_training_samples(machine, drawn, train, test, seed=seeds[4]),
    )


def _bound(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"


def _compare(
    machine: Machine,
    drawn: States,
    method: Literal["exact", "gibbs"],
    n_steps: int,
    train: States,
    test: States | None,
) -> ModelSamples:
    energies = {"train": machine.free_energy(train)}
    if test is not None:
        energies["test"] = machine.free_energy(test)
    energies["model"] = machine.free_energy(drawn)
    return ModelSamples(
        method=method,
        n_samples=len(drawn),
        n_steps=n_steps if method == "gibbs" else 0,
        free_energy=mean_of(energies["model"]),
        energies=histogram_of(_ENERGY_BINS, **energies),
    )
