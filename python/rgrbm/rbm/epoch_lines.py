"""One line for each epoch of a training, in scikit-learn's words: for logs and pipes, where no bar can be drawn."""

from typing import Any

import numpy as np
import numpy.typing as npt

from rgrbm.model.energies import flipped_log_pseudo_likelihood
from rgrbm.rbm.divergence import Parametrized
from rgrbm.rbm.history import History


class EpochLines:
    """Prints epoch, pseudo-likelihood and time after each epoch.

    Parameters
    ----------
    name : str
        Of the estimator, put before each line.
    data : ndarray of shape (n_samples, n_visible)
        The training set, of uint8 or floats, whose mean pseudo-likelihood is printed.
    sample_weight : ndarray of shape (n_samples,) or None
        Weights of the samples in that mean.
    key : (int, int)
        Of random streams, one for each epoch, that choose which unit of each sample is flipped. The lines are the same
        for a seed, and the estimator's own streams are not touched.
    seconds : float, default=0.0
        Time that a training which is resumed has taken so far.
    """

    def __init__(
        self,
        name: str,
        data: npt.NDArray[Any],
        sample_weight: npt.NDArray[np.float64] | None,
        key: tuple[int, int],
        seconds: float = 0.0,
    ) -> None:
        self._name = name
        self._data = data
        self._sample_weight = sample_weight
        self._key = key
        self._seconds = seconds

    def __call__(self, trainer: Parametrized, history: History) -> None:
        """Print a line about the epoch that has just ended."""
        epoch, seconds = len(history), history.seconds
        flipped = np.random.default_rng((*self._key, epoch)).integers(self._data.shape[1], size=len(self._data))
        values = flipped_log_pseudo_likelihood(
            self._data, flipped, trainer.weights, trainer.visible_bias, trainer.hidden_bias
        )
        mean = np.average(values, weights=self._sample_weight)
        print(
            f"[{self._name}] Iteration {epoch}, pseudo-likelihood = {mean:.2f}, time = {seconds - self._seconds:.2f}s",
            flush=True,  # a log shows the last epoch at once, not the last full buffer
        )
        self._seconds = seconds
