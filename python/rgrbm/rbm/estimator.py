"""What the estimators have in common: training, its continuation, and files."""

from __future__ import annotations

import math
import os
import sys
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import _fit_context
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from rgrbm._support import checks, streams
from rgrbm._support.files import path_of
from rgrbm._support.interrupt import Interruption
from rgrbm._support.progress import Progress
from rgrbm._support.tensors import FileFormatError
from rgrbm.model import unit_values
from rgrbm.rbm import checkpoints, files, training_state
from rgrbm.rbm.checkpoints import Checkpoint
from rgrbm.rbm.divergence import Watch, divergence, parameters, warn_if_untrained, warn_of_divergence
from rgrbm.rbm.epoch_lines import EpochLines
from rgrbm.rbm.files import ModelRecord
from rgrbm.rbm.inference import SAMPLING, RBMInference
from rgrbm.rbm.public_names import named_in_errors
from rgrbm.rbm.training import (
    SCHEDULES,
    Callback,
    History,
    Schedule,
    Settings,
    epochs,
    l1_strengths,
    learning_rates,
    parameters_to_restore,
    train,
)

_LEAST_SAMPLES = 500  # for a warning of weights that have hardly moved; fewer are mostly tried for their form


class Number(Interval):  # type: ignore[misc]
    """An interval without true and false, which Python takes for 1 and 0, and without integers that no float holds."""

    def is_satisfied_by(self, val: Any) -> bool:
        """Whether it is such a number."""
        if isinstance(val, bool | np.bool_) or not super().is_satisfied_by(val):
            return False
        return issubclass(self.type, Integral) or bool(abs(val) <= sys.float_info.max)


PARAMETER_CONSTRAINTS: dict[str, list[Any]] = {
    "n_components": [Number(Integral, 1, None, closed="left")],
    "learning_rate": [Number(Real, 0, None, closed="neither")],
    "batch_size": [Number(Integral, 1, 2**62, closed="left")],
    "n_iter": [Number(Integral, 0, None, closed="left")],
    "verbose": ["verbose"],
    "random_state": [
        Number(Integral, 0, None, closed="left"),
        np.random.RandomState,
        np.random.Generator,
        np.random.SeedSequence,
        None,
    ],
    "k": [Number(Integral, 1, 2**62, closed="left")],
    "n_temperatures": [Number(Integral, 2, 2**20, closed="left")],
    "centered": ["boolean"],
    "l1": [Number(Real, 0, None, closed="left")],
    "l1_warmup": [Number(Integral, 0, 2**62, closed="left")],
    "l2": [Number(Real, 0, None, closed="left")],
    "optimizer": [StrOptions({"sgd", "adam"})],
    "momentum": [Number(Real, 0, 1, closed="left"), None],
    "learning_rate_schedule": [StrOptions(set(SCHEDULES)), callable, "array-like"],
    "weight_scale": [Number(Real, 0, None, closed="left")],
    "shuffle": ["boolean"],
    "dtype": [StrOptions({"float32", "float64"}), None],
}
"""What the parameters that all estimators have may be."""


def seconds_between(name: str, value: float | None) -> float | None:
    """An interval in seconds, infinity for never; None where it is left open.

    Raises
    ------
    TypeError
        If it is no number.
    ValueError
        If it is negative or NaN.
    """
    if value is None or (isinstance(value, float) and value == math.inf):
        return value
    return checks.real(name, value, 0)


@named_in_errors("RBM")
class TrainableRBM(RBMInference):
    """Training by the compiled kernels; :class:`rgrbm.BernoulliRBM` and :class:`rgrbm.GaussianRBM` make it theirs."""

    _kind: ClassVar[str]  # of estimator, as it is written in files
    n_components: int
    learning_rate: float
    batch_size: int
    n_iter: int
    verbose: int
    random_state: streams.Seed
    gradient: str
    k: int
    n_temperatures: int
    centered: bool
    l1: float
    l1_warmup: int
    l2: float
    optimizer: str
    momentum: float | None
    learning_rate_schedule: Schedule
    weight_scale: float
    shuffle: bool
    dtype: str | None

    @_fit_context(prefer_skip_nested_validation=True)  # type: ignore[untyped-decorator]
    def fit(
        self,
        X: Any,
        y: Any = None,
        sample_weight: npt.ArrayLike | None = None,
        *,
        start: Any = None,
        resume: bool = False,
        checkpoint: str | os.PathLike[str] | None = None,
        checkpoint_interval: float | None = None,
        callbacks: Callback | Sequence[Callback] = (),
        callback_interval: int = 1,
        progress: Progress = None,
    ) -> Self:
        """Train for ``n_iter`` epochs.

        Ctrl-C ends training at once, with everything of the last whole epoch in place (and in the
        checkpoint), and then raises ``KeyboardInterrupt``; ``fit(X, resume=True)`` goes on from there to the
        same bits as a run that was never interrupted.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Data: for :class:`rgrbm.BernoulliRBM` of 0 and 1, or probabilities in [0, 1], and sparse if so wanted; for
            :class:`rgrbm.GaussianRBM` any finite numbers.
        y : None
            Ignored.
        sample_weight : array-like of shape (n_samples,), optional
            How often each sample counts; a weight of 2 has the gradient of a sample that is there twice. Only
            ratios matter: weights are scaled to a mean of 1, and every batch is divided by its own sum. A sample
            of weight 0 has no part in the gradient, but it counts in the size of a batch.
        start : fitted RBM or RBMParameters, optional
            Whose parameters training begins with, instead of small random weights; the structure of ``mask`` and
            ``symmetric`` is imposed on them. Without effect on a training that is resumed.
        resume : bool, default=False
            Go on from ``checkpoint`` if that file exists, without one from this estimator's last ``fit``,
            up to ``n_iter`` epochs in all. Data and parameters must be the same as before; ``n_iter`` may be
            larger.
        checkpoint : path, optional
            File that keeps the training's complete state, rewritten as it goes.
        checkpoint_interval : float, optional
            Seconds between two checkpoints. By default the first comes after half a second, and the others as often as
            they cost less than 1% of the time.
        callbacks : callable or sequence of callable, optional
            Called with a :class:`rgrbm.rbm.training.TrainingProgress`; training ends when one returns true. See
            :class:`rgrbm.rbm.callbacks.EarlyStopping`. If a callback has a method
            ``parameters_to_restore()``, it is called at the end. It returns the parameters (a dict) that replace those
            of the last epoch, or None.
        callback_interval : int, default=1
            Epochs between two calls of the callbacks.
        progress : bool or callable, optional
            A bar in terminals and notebooks, which prints nothing elsewhere, whatever ``verbose`` is (True), a function
            of (done, in all) epochs, or nothing (False). By default ``verbose`` decides; where that is 0, a bar is
            shown for what takes longer than two seconds.

        Returns
        -------
        self
            The fitted estimator.

        Raises
        ------
        TypeError
            If ``sample_weight`` does not hold numbers, ``start`` is no fitted RBM, a callback is no function, an
            interval no number, or ``resume`` neither true nor false.
        ValueError
            If a parameter of the estimator or an interval is out of range, the data are not of the kind above, a sample
            weight is negative or masked or all are zero, ``start`` is of other sizes, or the training to be resumed had
            other data or parameters.
        FileExistsError
            If ``checkpoint`` exists and ``resume`` is false.
        FileFormatError
            If ``checkpoint`` is not a file that ``fit`` wrote.
        MemoryError
            If there are too many epochs to list what each of them does.

        Warns
        -----
        sklearn.exceptions.ConvergenceWarning
            If at least 500 samples have hardly moved the weights from their random start, or L1 has left none. Once,
            with the epoch, if training diverges: a weight beyond 1000, a variance beyond 10,000 times its first value,
            or a parameter that is not finite. It is then ended, ``history_.stopped`` is "divergence", and parameters
            and history are those of the last good epoch. The parameters are checked after the first and the last
            epoch, and about ten times a second between.

        Examples
        --------
        >>> import numpy as np
        >>> from rgrbm import BernoulliRBM
        >>> X = np.eye(4, dtype=np.uint8)
        >>> rbm = BernoulliRBM(n_components=2, n_iter=5, random_state=0).fit(X)
        >>> rbm.n_iter_
        5
        >>> rbm.set_params(n_iter=8).fit(X, resume=True).n_iter_
        8
        """
        callback_interval = checks.integer("callback_interval", callback_interval, 1)
        checkpoint_interval = seconds_between("checkpoint_interval", checkpoint_interval)
        resume = checks.flag("resume", resume)
        checkpoint = None if checkpoint is None else path_of("checkpoint", checkpoint)
        hooks = [callbacks] if callable(callbacks) else checks.items("callbacks", callbacks, "functions")
        if wrong := [hook for hook in hooks if not callable(hook)]:
            raise TypeError(f"callbacks must be functions, got {checks.shown(wrong[0])}")
        data = self._validated(X, reset=not (resume and hasattr(self, "components_")))
        weights = unit_values.sample_weights(sample_weight, len(data))
        rates = learning_rates(self.learning_rate, self.learning_rate_schedule, self.n_iter)
        strengths = l1_strengths(self.l1, self.l1_warmup, self.n_iter)
        state = self._state_to_resume(checkpoint, data) if resume else None
        if checkpoint is not None:
            checkpoints.require_writable(checkpoint, overwrite=resume)
        if state is None:
            state = training_state.initial_state(self, data, weights, start)
        else:
            training_state.require_same_training(self, state, unit_values.digest(data, weights), rates, strengths)
        trainer = training_state.make_trainer(self, state, data, weights)

        watch = Watch(trainer, len(state.history))
        first_weights = state.weights

        def reached() -> Checkpoint:
            """Where training is; if it has diverged, where it was good for the last time."""
            state.history.settle()
            now = training_state.capture(trainer, state)
            if now.history.stopped != "divergence":
                return now
            return now.replace(**watch.good, history=now.history.first(watch.good_epoch), trainer_state={})

        def save(history: History) -> None:
            if checkpoint is not None:
                checkpoints.save_checkpoint(reached(), checkpoint)

        try:
            train(
                trainer, rates, strengths, self._settings(),
                history=state.history, callbacks=hooks, callback_interval=callback_interval,
                save=save, save_interval=checkpoint_interval,
                progress=True if progress is None and self.verbose > 0 else progress,
                report=self._epoch_lines(data, weights, state) if progress is None else None, watch=watch,
            )  # fmt: skip
        finally:
            # Soon done, and lost if a second Ctrl-C came in between.
            with Interruption(kernels_go_on=True) as late:
                self._adopt(reached(), data)
        if late.requested or self.history_.stopped == "interrupt":
            raise KeyboardInterrupt
        if start is None and not resume and self.history_.stopped is None and len(data) >= _LEAST_SAMPLES:
            n_updates = self.n_iter * -(-len(data) // min(self.batch_size, len(data)))
            # From here, as seen from fit: scikit-learn's wrapper of it, and its caller.
            warn_if_untrained(first_weights, self.weights_, n_updates, self.learning_rate, stacklevel=3)
        restored = parameters_to_restore(hooks)
        if restored is not None:
            self._set_parameters(**restored)
        return self

    @_fit_context(prefer_skip_nested_validation=True)  # type: ignore[untyped-decorator]
    def partial_fit(self, X: Any, y: Any = None, sample_weight: npt.ArrayLike | None = None) -> Self:
        """Make one update from one mini-batch, the whole of ``X``.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The mini-batch, as in :meth:`fit`.
        y : None
            Ignored.
        sample_weight : array-like of shape (n_samples,), optional
            How often each sample counts, as in :meth:`fit`; only ratios within the mini-batch matter.

        Returns
        -------
        self
            The estimator.

        Raises
        ------
        ValueError
            If the data are not as :meth:`fit` needs them, or have another number of features than before.

        Warns
        -----
        sklearn.exceptions.ConvergenceWarning
            If this is the first update that leaves a weight beyond 1000, or a parameter that is not finite.

        Examples
        --------
        >>> import numpy as np
        >>> from rgrbm import BernoulliRBM
        >>> rbm = BernoulliRBM(n_components=2, random_state=0)
        >>> for batch in np.split(np.eye(4, dtype=np.uint8), 2):
        ...     rbm = rbm.partial_fit(batch)
        >>> rbm.n_iter_
        2
        """
        first = not hasattr(self, "components_")
        data = self._validated(X, reset=first)
        weights = unit_values.sample_weights(sample_weight, len(data))
        state = training_state.initial_state(self, data, weights) if first else training_state.current_state(self, data)
        epoch = len(state.history)
        rate = learning_rates(self.learning_rate, "constant", 1)
        strength = np.array([self.l1 * min(1.0, epoch / self.l1_warmup) if self.l1_warmup else self.l1])
        trainer = training_state.make_trainer(self, state, data, weights)
        settings = replace(self._settings(), batch_size=len(data), shuffle=False)
        measured = epochs(trainer, rate, strength, settings, first_epoch=epoch)()
        if (reason := divergence(parameters(trainer))) and not divergence(parameters(state)):
            warn_of_divergence(reason, epoch + 1, self.learning_rate, stacklevel=3)
        try:
            state.history.append({"learning_rate": rate, "l1": strength, **measured})
            self._adopt(training_state.capture(trainer, state), data)
        except BaseException:  # of a signal handler
            if self.__dict__.get("n_iter_", 0) <= epoch:
                state.history.cut(epoch)
            raise
        return self

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the fitted model to a safetensors file; see :func:`rgrbm.save_model`.

        Examples
        --------
        >>> import numpy as np, tempfile
        >>> from rgrbm import BernoulliRBM
        >>> rbm = BernoulliRBM(n_components=2, random_state=0).fit(np.eye(4, dtype=np.uint8))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     rbm.save(f"{folder}/model.safetensors")
        ...     loaded = BernoulliRBM.load(f"{folder}/model.safetensors")
        >>> bool(np.all(loaded.components_ == rbm.components_))
        True
        """
        check_is_fitted(self)
        files.write_model(self._record(), path)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read a model from a safetensors file; see :func:`rgrbm.load_model`.

        Raises
        ------
        TypeError
            If the file holds a model of another class.
        """
        base = next(kind for kind in cls.__mro__ if kind.__name__ == cls._kind)
        assert issubclass(base, TrainableRBM)
        model = base._from_record(files.read_model(path, cls._kind), os.fspath(path))
        if not isinstance(model, cls):
            raise TypeError(f"{os.fspath(path)!r} holds a {type(model).__name__}, not a {cls.__name__}")
        return model

    def _record(self) -> ModelRecord:
        names = getattr(self, "feature_names_in_", None)
        return ModelRecord(
            kind=self._kind,
            parameters=files.plain_parameters(self.get_params()),
            **self._parameters(),
            hidden_samples=self.h_samples_,
            n_epochs=self.n_iter_,
            feature_names=None if names is None else [str(name) for name in names],
        )

    @classmethod
    def _from_record(cls, record: ModelRecord, name: str) -> Self:
        n_hidden = record.weights.shape[1]
        try:
            model = cls(**record.parameters)
            model._validate_params()
            model._take_record(record)
        except (TypeError, ValueError) as error:
            raise FileFormatError(f"{name!r}: its metadata hold unknown or invalid parameters: {error}") from error
        if model.n_components != n_hidden:
            raise FileFormatError(f"{name!r}: n_components={model.n_components} contradicts {n_hidden} hidden units")
        model._set_fitted(**record.fitted())
        model.h_samples_ = record.hidden_samples
        model.n_iter_ = record.n_epochs
        if record.feature_names is not None:
            model.feature_names_in_ = np.array(record.feature_names, dtype=object)
        return model

    def _take_record(self, record: ModelRecord) -> None:
        """Take over what a record holds beside the parameters of ``__init__`` and those that were fitted."""

    def _set_fitted(self, **parameters: npt.NDArray[Any]) -> None:
        """Adopt parameters that were not trained here."""
        self._set_parameters(**parameters)
        self._start_streams(streams.key(streams.seed_sequence(self.random_state), SAMPLING))
        self.n_features_in_ = len(self.intercept_visible_)

    def _validated(self, X: Any, *, reset: bool) -> npt.NDArray[Any]:
        """Data as the kernels take them; data that are refused leave nothing behind."""
        names = ("n_features_in_", "feature_names_in_")
        before = {name: getattr(self, name) for name in names if hasattr(self, name)}
        try:
            return self._validate(X, reset=reset)
        except BaseException:
            for name in names:
                if name in before:
                    setattr(self, name, before[name])
                elif hasattr(self, name):
                    delattr(self, name)
            raise

    def _settings(self) -> Settings:
        momentum = self.momentum
        if momentum is None:
            momentum = 0.9 if self.optimizer == "adam" else 0.0
        return Settings(
            batch_size=self.batch_size, k=self.k, gradient=self.gradient, centered=self.centered,
            shuffle=self.shuffle, l2=self.l2, momentum=momentum, optimizer=self.optimizer,
            n_temperatures=self.n_temperatures,
        )  # fmt: skip

    def _epoch_lines(
        self, data: npt.NDArray[Any], weights: npt.NDArray[np.float64] | None, state: Checkpoint
    ) -> EpochLines | None:
        """What prints a line for each epoch; nothing but where an estimator has such lines."""
        return None

    def _state_to_resume(self, checkpoint: str | os.PathLike[str] | None, data: npt.NDArray[Any]) -> Checkpoint | None:
        if checkpoint is not None:
            return checkpoints.load_checkpoint(checkpoint) if os.path.exists(checkpoint) else None  # noqa: PTH110
        if not hasattr(self, "_training_state"):
            raise ValueError(
                "there is nothing to resume: neither a checkpoint nor an earlier fit (files of models hold no state of "
                "the training, but checkpoints do)"
            )
        state = training_state.current_state(self, data)
        return state.replace(history=state.history.copy())  # this estimator's own stays until the training is adopted

    def _adopt(self, state: Checkpoint, data: npt.NDArray[Any]) -> None:
        """Set the fitted attributes from the state of a training: all, or none if a signal handler raises."""
        fitted = object.__new__(type(self))
        fitted.__dict__.update(self.__dict__)
        fitted._set_trained(state, data)
        self.__dict__.update(fitted.__dict__)

    def _set_trained(self, state: Checkpoint, data: npt.NDArray[Any]) -> None:
        self._training_state = state
        self._set_parameters(**state.parameters())
        self._start_streams(state.sampling_key)
        self.history_ = state.history
        self.n_iter_ = len(state.history)
        # Hidden states given the persistent chains (at β = 1), or given one Gibbs step from the data.
        chains = state.trainer_state.get("chains")
        if self.gradient in ("pcd", "pt") and chains is not None and len(chains):
            n_chains = len(chains) // (self.n_temperatures if self.gradient == "pt" else 1)
            hidden = self._hidden_of_chains(np.ascontiguousarray(chains[:n_chains], dtype=np.uint8))
        else:
            hidden = self._gibbs(data[: self.batch_size], 2, *self._next_draw())[1]
        self.h_samples_ = hidden.astype(state.weights.dtype)

    # Differences between kinds of visible units

    @abstractmethod
    def _validate(self, X: Any, *, reset: bool) -> npt.NDArray[Any]:
        """Data as the kernels take them."""

    @abstractmethod
    def _first_parameters(
        self, data: npt.NDArray[Any], sample_weight: npt.NDArray[np.float64] | None, start: Any, noise: npt.NDArray[Any]
    ) -> dict[str, npt.NDArray[Any]]:
        """The parameters before the first epoch: those of ``start``, or others with ``noise`` for weights."""

    @abstractmethod
    def _new_trainer(self, state: Checkpoint, n_visible: int) -> Any:
        """A compiled trainer with the parameters of ``state``."""

    @abstractmethod
    def _parameters(self) -> dict[str, npt.NDArray[Any]]:
        """The fitted parameters, under the names that records and checkpoints have for them."""

    @abstractmethod
    def _hidden_of_chains(self, chains: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """A hidden state of each persistent chain."""
