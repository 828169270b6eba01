"""The training loop: epochs in slices, with history, callbacks, progress, checkpoints and a clean Ctrl-C.

The kernels run whole epochs; this loop gives them about a tenth of a second's worth at a time. How the epochs
are cut into slices has no influence on the result: every epoch has random streams of its own.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from rgrbm._support import checks
from rgrbm._support.interrupt import Interruption
from rgrbm._support.progress import Progress, progress_bar
from rgrbm.rbm.divergence import Parametrized, Watch, warn_of_divergence
from rgrbm.rbm.history import History as History
from rgrbm.statistics.presentation import Presented

Array: TypeAlias = npt.NDArray[np.float64]
Parameters: TypeAlias = dict[str, npt.NDArray[Any]]  # weights, visible_bias, hidden_bias; log_variance of Gaussians
Schedule: TypeAlias = Literal["constant", "linear", "cosine"] | Callable[[int], float] | npt.ArrayLike
SCHEDULES = ("constant", "linear", "cosine")


class Trainer(Parametrized, Protocol):
    """What the loop needs of a compiled trainer (``Trainer32``, ``Trainer64``)."""

    def run(  # noqa: D102
        self,
        *,
        first_epoch: int,
        learning_rate: Array,
        l1: Array,
        l2: float,
        momentum: float,
        batch_size: int,
        k: int,
        gradient: str,
        centered: bool,
        shuffle: bool,
        optimizer: str,
        n_temperatures: int,
    ) -> dict[str, Array]: ...


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What stays the same over all epochs of a training; see :class:`rgrbm.BernoulliRBM` for the meaning."""

    batch_size: int
    k: int = 1
    gradient: str = "cd"
    centered: bool = True
    shuffle: bool = True
    l2: float = 0.0
    momentum: float = 0.0
    optimizer: str = "sgd"
    n_temperatures: int = 10


@dataclass(frozen=True, repr=False)
class TrainingProgress(Presented):
    """What a callback sees: an unchangeable view of the training after an epoch.

    Attributes
    ----------
    epoch : int
        Epochs done, from 1.
    n_epochs : int
        Epochs in all.
    seconds : float
        Wall-clock time so far.
    measured : dict of str to float
        The history's quantities in the last epoch.
    """

    epoch: int
    n_epochs: int
    seconds: float
    measured: dict[str, float]
    _trainer: Trainer = field(repr=False)
    _history: History = field(repr=False)

    @property
    def weights(self) -> npt.NDArray[Any]:
        """Copy of the weights, shape (n_visible, n_hidden)."""
        return self._trainer.weights

    @property
    def visible_bias(self) -> npt.NDArray[Any]:
        """Copy of the visible biases, shape (n_visible,)."""
        return self._trainer.visible_bias

    @property
    def hidden_bias(self) -> npt.NDArray[Any]:
        """Copy of the hidden biases, shape (n_hidden,)."""
        return self._trainer.hidden_bias

    @property
    def log_variance(self) -> npt.NDArray[Any] | None:
        """Copy of the logs of the variances of Gaussian visible units, shape (n_visible,); None if they are binary."""
        return getattr(self._trainer, "log_variance", None)

    def record(self, name: str, value: float) -> None:
        """Put a quantity of this epoch into the history; it is NaN in the epochs without."""
        self._history.record(name, value)


Callback: TypeAlias = Callable[[TrainingProgress], object]


def parameters_to_restore(callbacks: Sequence[Callback]) -> Parameters | None:
    """Parameters to replace those of the last epoch: from the last callback whose method of this name returns some."""
    restored = None
    for callback in callbacks:
        ask = getattr(callback, "parameters_to_restore", None)
        restored = (ask() if ask is not None else None) or restored
    return restored


def learning_rates(learning_rate: float, schedule: Schedule, n_epochs: int) -> Array:
    """Learning rate of each epoch.

    Parameters
    ----------
    learning_rate : float
        The rate that the schedule's factors multiply.
    schedule : {"constant", "linear", "cosine"}, callable or array_like of shape (n_epochs,)
        Factors: 1; from 1 down to 1/n_epochs in equal steps; half a cosine wave from 1 towards 0; a function
        of the epoch (from 0); or the factors themselves.
    n_epochs : int
        Number of epochs.

    Returns
    -------
    ndarray of shape (n_epochs,)

    Raises
    ------
    TypeError
        If the schedule is none of these, or gives what is no number.
    ValueError
        If the schedule is unknown, has another length, or gives a negative or infinite rate.
    MemoryError
        If there are too many epochs to list what each of them does.

    Examples
    --------
    >>> from rgrbm.rbm.training import learning_rates
    >>> learning_rates(0.1, "linear", 4)
    array([0.1  , 0.075, 0.05 , 0.025])
    """
    checks.require_memory(64 * n_epochs, f"the schedules and the history of {n_epochs} epochs")
    epoch = np.arange(n_epochs, dtype=np.float64)
    if isinstance(schedule, str):
        checks.choice("learning_rate_schedule", schedule, SCHEDULES)
        factors = {
            "constant": np.ones(n_epochs),
            "linear": 1 - epoch / max(n_epochs, 1),
            "cosine": 0.5 * (1 + np.cos(np.pi * epoch / max(n_epochs, 1))),
        }[schedule]
    else:
        values = [schedule(e) for e in range(n_epochs)] if callable(schedule) else schedule
        factors = checks.numbers("learning_rate_schedule", values)
        if factors.shape != (n_epochs,):
            raise ValueError(
                f"learning_rate_schedule must hold one factor per epoch: expected shape ({n_epochs},), "
                f"got {factors.shape}"
            )
    rates = learning_rate * factors
    if not np.all(np.isfinite(rates)) or np.any(rates < 0):
        raise ValueError("learning_rate_schedule must give finite rates that are not negative")
    return rates


def l1_strengths(l1: float, warmup: int, n_epochs: int) -> Array:
    """L1 strength of each epoch: a linear rise from 0 over the first ``warmup`` epochs, then ``l1``.

    Examples
    --------
    >>> from rgrbm.rbm.training import l1_strengths
    >>> l1_strengths(0.5, 2, 4)
    array([0.  , 0.25, 0.5 , 0.5 ])
    """
    if warmup == 0:
        return np.full(n_epochs, float(l1))
    return np.asarray(l1 * np.minimum(1.0, np.arange(n_epochs) / warmup), dtype=np.float64)


def train(
    trainer: Trainer,
    learning_rate: Array,
    l1: Array,
    settings: Settings,
    *,
    history: History | None = None,
    callbacks: Sequence[Callback] = (),
    callback_interval: int = 1,
    save: Callable[[History], None] | None = None,
    save_interval: float | None = None,
    progress: Progress = None,
    report: Callable[[Trainer, History], None] | None = None,
    watch: Watch | None = None,
    slice_seconds: float = 0.1,
) -> History:
    """Run the epochs that ``history`` does not yet hold.

    Parameters
    ----------
    trainer : Trainer
        A compiled trainer with its data set.
    learning_rate, l1 : ndarray of shape (n_epochs,)
        Learning rate and L1 strength of every epoch, those already done included.
    settings : Settings
        What stays the same over all epochs.
    history : History, optional
        History of the epochs done, to go on from; it is extended in place.
    callbacks : sequence of callable
        Called with a :class:`TrainingProgress` every ``callback_interval`` epochs and after the last one.
        Training ends when one returns true.
    callback_interval : int
        Epochs between calls of the callbacks.
    save : callable, optional
        Called with the history as training goes, and at the end, however it comes.
    save_interval : float, optional
        Seconds between calls of ``save``. By default the first comes after half a second, and the others as often
        as they cost less than 1% of the time.
    progress : bool or callable, optional
        A bar (True), a function of (done, in all), or nothing (False). By default a bar in terminals and notebooks, for
        what takes longer than two seconds.
    report : callable, optional
        Called with trainer and history after each epoch.
    watch : Watch, optional
        Checks the parameters as training goes, and keeps the last good ones.
    slice_seconds : float
        Aimed duration of one call of the kernels, in seconds: what Ctrl-C may cost, but for longer epochs.

    Returns
    -------
    History
        With ``stopped = "interrupt"`` after Ctrl-C; the trainer then is at the end of an epoch, and a
        later call goes on to the same bits. With ``stopped = "divergence"`` where parameters are past any use.

    Warns
    -----
    sklearn.exceptions.ConvergenceWarning
        Once, if training diverges, which ends it.
    """
    history = History() if history is None else history
    history.stopped = None
    watch = Watch(trainer) if watch is None else watch
    saving = _Saving(save, history, save_interval)
    bar = progress_bar("training", len(learning_rate), completed=len(history), unit="epochs", show=progress)
    try:
        with Interruption() as interruption, bar as advance:
            try:
                interval = 1 if report is not None else callback_interval * bool(callbacks)
                for first, last in _slices(history, len(learning_rate), slice_seconds, interval):
                    interruption.held = True  # trainer and history go on together, or a checkpoint would lie
                    stopped = not _run_slice(trainer, learning_rate, l1, settings, history, first, last)
                    interruption.held = False
                    if stopped:
                        last = first
                    else:
                        advance(last - first, _note(history))
                        if report is not None:
                            report(trainer, history)
                        due = callbacks and (last % callback_interval == 0 or last == len(learning_rate))
                        if due and _call(callbacks, trainer, history, len(learning_rate)):
                            history.stopped = "callback"
                    stopped = stopped or interruption.requested
                    at_end = last == len(learning_rate) or history.stopped is not None or stopped
                    if reason := watch(last, last=at_end):
                        history.stopped = "divergence"
                        rate = float(learning_rate[last - 1])
                        warn_of_divergence(reason, last, rate, watch.good_epoch, stacklevel=4)  # of the caller of fit
                    if stopped:
                        history.stopped = "interrupt"
                    saving.save_if_due()
            finally:
                interruption.held = True  # however impatient the user is
                saving.save()
            if interruption.requested:  # while it was saved
                history.stopped = "interrupt"
    except KeyboardInterrupt:  # where no handler could be installed, or from a callback
        history.stopped = "interrupt"
    return history


class _Saving:
    """When to save: at a fixed interval, or soon at first and then as often as costs little."""

    _FIRST = 0.5  # seconds
    _SHARE = 0.01  # of the time

    def __init__(self, save: Callable[[History], None] | None, history: History, interval: float | None) -> None:
        self._save = save
        self._history = history
        self._interval = interval
        self._began = time.monotonic()
        self._due = self._began + (self._FIRST if interval is None else interval)
        self._spent = self._dearest = 0.0

    def save_if_due(self) -> None:
        if time.monotonic() >= self._due:
            self.save()

    def save(self) -> None:
        if self._save is None:
            return
        started = time.monotonic()
        self._save(self._history)
        ended = time.monotonic()
        if self._interval is not None:
            self._due = ended + self._interval
            return
        # All saves up to the next, which may take as long as any before, are to be this share of the time until then.
        self._spent += ended - started
        self._dearest = max(self._dearest, ended - started)
        self._due = max(ended + self._FIRST, self._began + (self._spent + self._dearest) / self._SHARE)


def _slices(history: History, n_epochs: int, seconds: float, interval: int) -> Iterator[tuple[int, int]]:
    """First and last epoch of each slice until the training ends; no slice goes past a multiple of ``interval``."""
    length = 1
    while len(history) < n_epochs and history.stopped is None:
        first, before = len(history), history.seconds
        last = min(first + length, n_epochs)
        if interval:
            last = min(last, (first // interval + 1) * interval)
        yield first, last
        # At most four times as many as before: the first epochs' time says little about the others'.
        elapsed = history.seconds - before
        length = max(1, min(4 * length, int((last - first) * seconds / max(elapsed, 1e-9))))


def epochs(
    trainer: Trainer, learning_rate: Array, l1: Array, settings: Settings, *, first_epoch: int
) -> Callable[[], dict[str, Array]]:
    """What runs as many epochs as there are learning rates, and returns what the trainer measured in each.

    No Python code of ours runs in that call: see :meth:`History.append_from`.
    """
    return functools.partial(
        trainer.run,
        first_epoch=first_epoch,
        learning_rate=learning_rate,
        l1=l1,
        l2=settings.l2,
        momentum=settings.momentum,
        batch_size=settings.batch_size,
        k=settings.k,
        gradient=settings.gradient,
        centered=settings.centered,
        shuffle=settings.shuffle,
        optimizer=settings.optimizer,
        n_temperatures=settings.n_temperatures,
    )


def _run_slice(
    trainer: Trainer,
    learning_rate: Array,
    l1: Array,
    settings: Settings,
    history: History,
    first: int,
    last: int,
) -> bool:
    """Train, unless Ctrl-C comes within: the trainer then is where the slice began, and the answer is False."""
    rates, strengths = learning_rate[first:last], l1[first:last]
    try:
        history.append_from(
            epochs(trainer, rates, strengths, settings, first_epoch=first), {"learning_rate": rates, "l1": strengths}
        )
    except KeyboardInterrupt:
        history.settle()
        if len(history) > first:  # raised after the kernel's end, by a handler of the user's own
            raise
        return False
    return True


def _note(history: History) -> str:
    return f"reconstruction error {history.last()['reconstruction_error']:.4f}"


def _call(callbacks: Sequence[Callback], trainer: Trainer, history: History, n_epochs: int) -> bool:
    view = TrainingProgress(len(history), n_epochs, history.seconds, history.last(), trainer, history)
    # All of them are called, even if an earlier one asks to stop.
    answers = [bool(callback(view)) for callback in callbacks]
    return any(answers)
