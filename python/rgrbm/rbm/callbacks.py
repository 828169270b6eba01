"""Callbacks for training: functions of a :class:`rgrbm.rbm.training.TrainingProgress`; a true answer ends it."""

from typing import Any, Literal, get_args

import numpy as np

from rgrbm._support import checks
from rgrbm.likelihood.annealing import anneal
from rgrbm.likelihood.enumeration import log_likelihood
from rgrbm.model import unit_values
from rgrbm.model.energies import log_pseudo_likelihood
from rgrbm.model.parameters import GaussianParameters, RBMParameters, gaussian_parameters_of, parameters_of
from rgrbm.rbm.training import Parameters, TrainingProgress

Score = Literal["pseudo_likelihood", "ais", "exact"]


class EarlyStopping:
    """Stop training when a validation set's likelihood has stopped rising.

    The reconstruction error is no measure of how good a model is; the likelihood of data that were not trained on
    is. Its scores are recorded in the history, in the column ``"validation_score"`` (NaN in the epochs between).

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Validation data of 0 and 1; or probabilities, for the pseudo-likelihood; or real numbers, with ``gaussian``.
    score : {"pseudo_likelihood", "ais", "exact"}, default="pseudo_likelihood"
        Mean over the validation data, in nats per sample, of: the log-pseudo-likelihood, which needs no partition
        function and costs n_features free energies of each sample; the log-likelihood with log Z by annealed
        importance sampling (100 chains of 1,000 steps from the means of the validation data, the same random numbers
        each time); or the exact log-likelihood, with a smaller layer of up to 28 units.
    patience : int, default=5
        Scores without a new best one after which training ends.
    interval : int, default=1
        Least number of epochs between two scores. The callback is called every ``callback_interval`` epochs of
        ``fit``. A longer interval there is cheaper: training does not pause in between.
    min_gain : float, default=0.0
        What a new best score must exceed the old one by, in nats per sample.
    restore_best : bool, default=False
        Whether the fitted model gets the parameters of the best score. A checkpoint always keeps those of the last
        epoch, so that training can be resumed from it to the same bits; without a checkpoint,
        ``fit(X, resume=True)`` goes on from the parameters as they are.
    gaussian : bool, default=False
        Whether the model is a :class:`rgrbm.GaussianRBM`. It has no pseudo-likelihood in closed form: the score is to
        be "ais" or "exact".

    Attributes
    ----------
    epochs_, scores_ : list
        Epochs at which the score was taken, and the scores, in nats per sample.
    best_epoch_ : int
        Epoch of the best score.
    best_parameters_ : dict of str to ndarray
        ``weights``, ``visible_bias``, ``hidden_bias`` (and ``log_variance``) at that epoch.

    Raises
    ------
    ValueError
        If the data are not of the kind above or masked, ``patience`` or ``interval`` is below 1, ``min_gain`` negative,
        ``score`` unknown, or (in training) an exact score has too many states.
    TypeError
        If ``patience`` or ``interval`` is not an integer, ``min_gain`` not a number, or ``score`` no text.
    ArithmeticError
        In training, if the annealing of ``score="ais"`` fails; see :func:`rgrbm.anneal`.

    Notes
    -----
    The state of a callback is not part of a checkpoint. A resumed training counts ``patience`` from 0 again.

    Examples
    --------
    >>> import numpy as np
    >>> from rgrbm import BernoulliRBM
    >>> from rgrbm.rbm.callbacks import EarlyStopping
    >>> X = np.repeat(np.eye(4, dtype=np.uint8), 10, axis=0)
    >>> stop = EarlyStopping(X[::2], score="exact", patience=3, restore_best=True)
    >>> rbm = BernoulliRBM(n_components=2, n_iter=2000, random_state=0)
    >>> rbm = rbm.fit(X[1::2], callbacks=[stop], callback_interval=20)
    >>> stop.epochs_[:3]
    [20, 40, 60]
    """

    def __init__(
        self,
        X: Any,
        *,
        score: Score = "pseudo_likelihood",
        patience: int = 5,
        interval: int = 1,
        min_gain: float = 0.0,
        restore_best: bool = False,
        gaussian: bool = False,
    ) -> None:
        patience, interval = checks.integer("patience", patience, 1), checks.integer("interval", interval, 1)
        min_gain = checks.real("min_gain", min_gain, 0)
        checks.choice("score", score, get_args(Score))
        self._units = _gaussian_units(X, score) if gaussian else _binary_units(X, score, type(self).__name__)
        self.gaussian = gaussian
        self.score = score
        self.patience = patience
        self.interval = interval
        self.min_gain = min_gain
        self.restore_best = restore_best
        self.epochs_: list[int] = []
        self.scores_: list[float] = []
        self.best_epoch_ = 0
        self.best_parameters_: Parameters = {}
        self._best = -np.inf
        self._waited = 0

    def __call__(self, progress: TrainingProgress) -> bool:
        """Take the score; true if it is time to stop."""
        if self.epochs_ and progress.epoch < self.epochs_[-1] + self.interval:
            return False
        parameters = {
            "weights": progress.weights,
            "visible_bias": progress.visible_bias,
            "hidden_bias": progress.hidden_bias,
        }
        if (log_variance := getattr(progress, "log_variance", None)) is not None:
            parameters["log_variance"] = log_variance
        if self.gaussian != ("log_variance" in parameters):
            kind = "a GaussianRBM" if self.gaussian else "a model with binary units"
            raise ValueError(f"EarlyStopping was made for {kind}: gaussian={self.gaussian}")
        n_features = len(parameters["weights"])
        if self._units.shape[1] != n_features:
            raise ValueError(
                f"the validation data have {self._units.shape[1]} features, the training data {n_features}"
            )
        score = self._score(parameters)
        progress.record("validation_score", score)
        self.epochs_.append(progress.epoch)
        self.scores_.append(score)
        if score > self._best + (self.min_gain if self.best_parameters_ else 0):
            self._best, self._waited = score, 0
            self.best_epoch_, self.best_parameters_ = progress.epoch, parameters
        else:
            self._waited += 1
        return self._waited >= self.patience

    def parameters_to_restore(self) -> Parameters | None:
        """The best parameters, or None if the model keeps those of the last epoch; ``fit`` calls this at its end."""
        return self.best_parameters_ if self.restore_best and self.best_parameters_ else None

    def _score(self, parameters: Parameters) -> float:
        if self.score == "pseudo_likelihood":
            return float(log_pseudo_likelihood(self._units, **parameters).mean())
        rbm = model_of(parameters)
        log_z = None
        if self.score == "ais":
            log_z = anneal(rbm, n_chains=100, n_betas=1000, x=self._units, reverse=False, seed=0).log_z
        return log_likelihood(self._units, rbm, log_z=log_z)


def _binary_units(X: Any, score: Score, name: str) -> Any:
    units = unit_values.as_units(unit_values.validated(X, accept_sparse="csr"), clip=None, name=name)
    if score == "pseudo_likelihood":
        return units
    units = unit_values.dense(units)
    if units.dtype != np.uint8:
        raise ValueError(f"score={score!r} needs validation data of 0 and 1, got other values")
    return units


def _gaussian_units(X: Any, score: Score) -> Any:
    if score == "pseudo_likelihood":
        raise ValueError("a GaussianRBM has no pseudo-likelihood in closed form: take score='ais' or 'exact'")
    return unit_values.validated(X, dtype=np.float64)


def model_of(parameters: Parameters) -> RBMParameters | GaussianParameters:
    """A model with parameters that a training has reached.

    Raises
    ------
    ValueError
        If they are not finite.
    """
    named = parameters["weights"], parameters["visible_bias"], parameters["hidden_bias"]
    if "log_variance" not in parameters:
        return parameters_of(RBMParameters(*named))
    return gaussian_parameters_of(GaussianParameters(*named, np.exp(parameters["log_variance"])))
