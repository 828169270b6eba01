"""Callbacks for training: functions of a :class:`rgrbm.training.TrainingProgress`; a true answer ends it."""

from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.utils.validation import check_array

from rgrbm import _units
from rgrbm._rbm_inference import log_pseudo_likelihood
from rgrbm.training import TrainingProgress


class EarlyStopping:
    """Stop training when a validation set's pseudo-likelihood has stopped rising.

    The reconstruction error is no measure of how good a model is; the pseudo-likelihood is one that needs no
    partition function.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Validation data of 0 and 1, or probabilities. A call costs n_features free energies
        of each sample.
    patience : int, default=5
        Calls without a new best score after which training ends. They come every ``callback_interval``
        epochs.
    min_gain : float, default=0.0
        What a new best score must exceed the old one by, in nats per sample.

    Attributes
    ----------
    epochs_, scores_ : list
        Epochs at which the score was taken, and the mean log-pseudo-likelihood per sample, in nats.
    best_epoch_ : int
        Epoch of the best score.
    best_parameters_ : dict of str to ndarray
        ``weights``, ``visible_bias`` and ``hidden_bias`` at that epoch. The trained model itself keeps those
        of the last epoch, so that its training can be resumed.

    Raises
    ------
    ValueError
        If the data are not of the kind above, ``patience`` is below 1 or ``min_gain`` negative.

    Notes
    -----
    What a callback remembers is not part of a checkpoint: a resumed training starts to wait anew.

    Examples
    --------
    >>> import numpy as np
    >>> from rgrbm import BernoulliRBM
    >>> from rgrbm.callbacks import EarlyStopping
    >>> X = np.repeat(np.eye(4, dtype=np.uint8), 10, axis=0)
    >>> stop = EarlyStopping(X[::2], patience=3)
    >>> rbm = BernoulliRBM(n_components=2, n_iter=2000, random_state=0)
    >>> rbm = rbm.fit(X[1::2], callbacks=[stop], callback_interval=20)
    >>> stop.epochs_[:3]
    [20, 40, 60]
    """

    def __init__(self, X: Any, *, patience: int = 5, min_gain: float = 0.0) -> None:
        if patience < 1:
            raise ValueError(f"patience must be at least 1, got {patience}")
        if not min_gain >= 0:
            raise ValueError(f"min_gain must not be negative, got {min_gain}")
        data = check_array(X, accept_sparse="csr", input_name="X")
        self._units = _units.as_units(data, clip=False, name=type(self).__name__)
        self.patience = patience
        self.min_gain = min_gain
        self.epochs_: list[int] = []
        self.scores_: list[float] = []
        self.best_epoch_ = 0
        self.best_parameters_: dict[str, npt.NDArray[Any]] = {}
        self._best = -np.inf
        self._waited = 0

    def __call__(self, progress: TrainingProgress) -> bool:
        """Take the score; true if it is time to stop."""
        parameters = {
            "weights": progress.weights,
            "visible_bias": progress.visible_bias,
            "hidden_bias": progress.hidden_bias,
        }
        n_features = len(parameters["weights"])
        if self._units.shape[1] != n_features:
            raise ValueError(
                f"the validation data have {self._units.shape[1]} features, the training data {n_features}"
            )
        score = float(log_pseudo_likelihood(self._units, **parameters).mean())
        self.epochs_.append(progress.epoch)
        self.scores_.append(score)
        if score > self._best + (self.min_gain if self.best_parameters_ else 0):
            self._best, self._waited = score, 0
            self.best_epoch_, self.best_parameters_ = progress.epoch, parameters
        else:
            self._waited += 1
        return self._waited >= self.patience
