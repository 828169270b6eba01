"""Trainings that fail: parameters past any use, with the last good ones that are kept; weights that hardly moved."""

from __future__ import annotations

import time
import warnings
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from sklearn.exceptions import ConvergenceWarning

Array = npt.NDArray[Any]

MAX_WEIGHT = 1e3
"""Weight beyond which training has diverged. Learning that follows the likelihood stops growing weights at some tens:
at 37 a unit's probability is 0 or 1 to double precision, and no gradient is left but that of wrong samples."""
MAX_BIAS = 1e7  # the sum of ten thousand weights that large
MAX_GROWTH = 1e4  # of a variance: that of the data is the most that a model of maximal likelihood has
_LEAST_MOVE = 0.1  # of the weights' size at the start
_WATCH_SECONDS = 0.1  # at least, between two checks of the parameters
_NAMES = ("weights", "visible_bias", "hidden_bias", "log_variance")


class Parametrized(Protocol):
    """A training at some moment: a trainer, or a state that was kept of it."""

    @property
    def weights(self) -> npt.NDArray[Any]: ...  # noqa: D102
    @property
    def visible_bias(self) -> npt.NDArray[Any]: ...  # noqa: D102
    @property
    def hidden_bias(self) -> npt.NDArray[Any]: ...  # noqa: D102


class Watch:
    """Checks the parameters now and then, at next to no cost, and keeps the last good ones.

    Parameters
    ----------
    trainer : Parametrized
        What is watched.
    epoch : int, default=0
        Epochs that it has done.

    Attributes
    ----------
    good : dict of str to ndarray
        Parameters at the last check that found nothing wrong, under the names that records have for them.
    good_epoch : int
        Epochs done then.
    """

    def __init__(self, trainer: Parametrized, epoch: int = 0) -> None:
        self._trainer = trainer
        self.good = parameters(trainer)
        self.good_epoch = epoch
        log_variance = self.good.get("log_variance")
        self._first_log_variance = None if log_variance is None else np.array(log_variance, dtype=np.float64)
        self._due = -np.inf

    def __call__(self, epoch: int, *, last: bool) -> str:
        """What is wrong with the parameters, in words, if it is time to look; empty if nothing is."""
        started = time.monotonic()
        if started < self._due and not last:
            return ""
        now = parameters(self._trainer)
        if reason := divergence(now, self._first_log_variance):
            return reason
        self.good, self.good_epoch = now, epoch
        ended = time.monotonic()
        self._due = ended + max(_WATCH_SECONDS, 50 * (ended - started))
        return ""


def parameters(model: Parametrized) -> dict[str, Array]:
    """Weights, biases and, of Gaussian units, logs of variances, under the names that records have for them."""
    values = {name: getattr(model, name, None) for name in _NAMES}
    return {name: value for name, value in values.items() if value is not None}


def divergence(values: dict[str, Array], first_log_variance: Array | None = None) -> str:
    """What makes parameters past any use, in words; empty if nothing does.

    ``first_log_variance`` are those that training began with. Weights are looked at in units of the standard
    deviations, and would not show variances that run away.
    """
    weights, visible_bias, unit = values["weights"], values["visible_bias"], ""
    if (log_variance := values.get("log_variance")) is not None:  # Gaussian units' weights are in the unit of the data
        if not np.isfinite(log_variance).all():
            return "a variance is not finite"
        if first_log_variance is not None and (log_variance - first_log_variance).max() > np.log(MAX_GROWTH):
            return f"a variance is more than {MAX_GROWTH:g} times what it was at the start"
        with np.errstate(over="ignore", invalid="ignore"):
            scale, unit = np.exp(-log_variance / 2), " standard deviations"
            weights, visible_bias = weights * scale[:, None], visible_bias * scale
    largest = max(float(weights.max()), -float(weights.min()))  # NaN if there is one
    if not largest <= MAX_WEIGHT:
        return f"its largest weight is {largest:.3g}{unit}"
    hidden_bias = values["hidden_bias"]
    if not (np.isfinite(visible_bias).all() and np.isfinite(hidden_bias).all()):
        return "a bias is not finite"
    # Biases of Gaussian units are means of data, which may be any.
    largest = max(float(np.abs(b).max()) for b in ((hidden_bias,) if unit else (hidden_bias, visible_bias)))
    return f"its largest bias is {largest:.3g}" if largest > MAX_BIAS else ""


def warn_if_untrained(first: Array, last: Array, n_updates: int, learning_rate: float, *, stacklevel: int) -> None:
    """Warn if a whole training has left the weights where it found them, or at 0.

    ``first`` are the random weights of the start; ``stacklevel`` as seen from the caller.
    """
    size, moved = (float(np.sqrt(np.mean(np.square(w, dtype=np.float64)))) for w in (first, last - first))
    if size == 0 or n_updates == 0:
        return
    if not last.any():
        text = "all weights are 0 after training: lower l1, or let it rise with l1_warmup"
    elif moved < _LEAST_MOVE * size:
        text = (
            f"training has hardly moved the weights: by {moved:.2g} (root mean square) from a random start of "
            f"{size:.2g}, in {n_updates} updates at a learning rate of {learning_rate:g}. "
        )
        text += "Take more epochs (n_iter), smaller batches or a higher rate" if moved else "Their gradient is zero"
    else:
        return
    warnings.warn(text, ConvergenceWarning, stacklevel=stacklevel + 1)


def warn_of_divergence(
    reason: str, epoch: int, learning_rate: float, good_epoch: int | None = None, *, stacklevel: int
) -> None:
    """Warn that training has diverged; ``stacklevel`` as seen from the caller."""
    kept = ""
    if good_epoch is not None:
        kept = f" It was ended; the parameters kept are those after {good_epoch} epoch{'s' * (good_epoch != 1)}."
    warnings.warn(
        f"training has diverged by epoch {epoch}: {reason}.{kept} Useful models have weights of some tens at most, and "
        f"no variance above that of the data. Lower the learning rate from {learning_rate:g}, to "
        f"{learning_rate / 10:g} for a start.",
        ConvergenceWarning,
        stacklevel=stacklevel + 1,
    )
