"""The restricted Boltzmann machine with binary units, as a scikit-learn estimator."""

import os
from collections.abc import Sequence
from dataclasses import replace
from numbers import Integral, Real
from typing import Any, ClassVar, Literal, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import _fit_context
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted, validate_data

from rgrbm._support import checks, streams
from rgrbm._support.enumeration import require_sum
from rgrbm._support.progress import is_watched
from rgrbm._support.tensors import FileFormatError
from rgrbm.model import unit_values
from rgrbm.rbm import checkpoints, files, training_state
from rgrbm.rbm.checkpoints import Checkpoint
from rgrbm.rbm.epoch_lines import EpochLines
from rgrbm.rbm.files import ModelRecord
from rgrbm.rbm.inference import SAMPLING, RBMInference
from rgrbm.rbm.structure import structure_of
from rgrbm.rbm.training import (
    SCHEDULES,
    Callback,
    History,
    Schedule,
    Settings,
    divergence,
    l1_strengths,
    learning_rates,
    parameters_to_restore,
    run_epochs,
    train,
    warn_of_divergence,
)


class BernoulliRBM(RBMInference):
    """Restricted Boltzmann machine with binary visible and hidden units.

    The model is p(v, h) = exp(b·h + c·v + v·W·h) / Z with v and h of 0 and 1. Training follows the gradient
    of the mean log-likelihood, estimated by contrastive divergence. A drop-in replacement for
    :class:`sklearn.neural_network.BernoulliRBM`: the same parameters, attributes and methods, and more.

    Parameters
    ----------
    n_components : int, default=256
        Number of hidden units M. More can represent more, and cost time in proportion.
    learning_rate : float, default=0.1
        Step along the gradient per mini-batch, in units of weight per unit of mean gradient. Centred
        gradients stay stable up to about 0.5 [3]_; persistent chains need less, as the model must not
        outrun them [2]_.
    batch_size : int, default=10
        Samples per update; more than there are samples means all of them. The gradient is a mean over the
        batch, so larger batches give fewer, less noisy updates per epoch (and faster epochs).
    n_iter : int, default=10
        Number of epochs: passes over the data.
    verbose : int, default=0
        Above 0, training shows how far it is: by a progress bar in terminals and notebooks, elsewhere (in pipes and
        files) by scikit-learn's line for each epoch, ``[BernoulliRBM] Iteration 1, pseudo-likelihood = -1.23, time =
        0.01s``. As there, the pseudo-likelihood is a mean over the training set, estimated by flipping one random unit
        of each sample; :meth:`score_samples` has it exactly. The time is the epoch's, without the estimate.
    random_state : int, RandomState, Generator, SeedSequence or None, default=None
        Fixes initial weights and all sampling, whatever the number of threads. Generators are advanced by a
        call of ``fit``; None takes entropy from the operating system.
    gradient : {"cd", "pcd", "pt", "exact", "paper"}, default="cd"
        Where the model's side of the gradient comes from. "cd": k Gibbs steps from the data [1]_. "pcd":
        chains that persist from batch to batch [2]_ (as scikit-learn does): less bias while the chains
        mix, which good models of ordered data do not. "pt": persistent chains with replicas at
        ``n_temperatures`` temperatures that exchange their states, so that they mix all the same [5]_.
        "exact": all states of the smaller layer, without sampling (Eq. 11 of the report); for layers of up to 28
        units, and quick up to about 16. "paper": one step with the *same* sampled hidden state in both terms and
        no hidden-bias gradient, for study only: it does not learn.
    k : int, default=1
        Gibbs steps per update. More steps cost time in proportion and reduce the bias of the gradient. Without
        effect on the exact gradient.
    n_temperatures : int, default=10
        Replicas of each chain of ``gradient="pt"``, at β = 1 … 0 in equal steps; time is in proportion. Enough if
        ``history_["exchange_rate"]``, the least fraction of exchanges that neighbouring replicas accept, stays
        above some 0.2.
    centered : bool, default=True
        Subtract the units' means in the gradient [3]_, so that learning does not depend on which of its two
        values a unit calls 1. On data with a ± symmetry this matters more than ``k``.
    l1 : float, default=0.0
        Strength λ of the penalty λ·Σ|W|, per unit of mean log-likelihood (nats per sample). Applied as a
        proximal step after each update: weights are exactly 0 where the data do not speak against it.
    l1_warmup : int, default=0
        Epochs over which ``l1`` rises linearly from 0. Too strong an L1 at the start pins all weights at 0.
    l2 : float, default=0.0
        Strength λ of the penalty ½λ·ΣW², in nats per sample. Shrinks all weights in proportion.
    optimizer : {"sgd", "adam"}, default="sgd"
        How the gradient is followed. "sgd": in steps of ``learning_rate`` times the gradient. "adam": each
        parameter's step is ``learning_rate`` times a sliding mean of its gradient over the root of that of its
        square [6]_, so that all parameters move at the same pace whatever the scale of their gradients;
        ``learning_rate`` then is about the change per update, and wants to be 0.001 to 0.01. L1 is applied
        with the same step as the gradient, parameter by parameter, so that both optimizers have the same optima.
    momentum : float or None, default=None
        Memory of past gradients, in [0, 1). With "sgd", the fraction of the last update added to the next, which
        speeds up the slow directions; the effective learning rate is ``learning_rate / (1 - momentum)`` [4]_.
        With "adam", the decay β₁ of the sliding mean (that of the square, β₂, is 0.999). None: 0 for "sgd", 0.9
        for "adam".
    learning_rate_schedule : {"constant", "linear", "cosine"}, callable or array-like, default="constant"
        Factor of the learning rate per epoch: constant; falling to 1/n_iter in equal steps; falling towards 0
        as half a cosine wave; a function of the epoch (from 0); or an array of ``n_iter`` factors.
    weight_scale : float, default=0.01
        Standard deviation of the normal distribution of the initial weights [4]_. Hidden biases start at 0,
        visible ones at the log-odds of the data, ln(p/(1 − p)) [4]_.
    shuffle : bool, default=True
        Whether each epoch takes the samples in another random order. Without effect on full batches.
    dtype : {None, "float32", "float64"}, default=None
        Precision of the parameters. None: float32 for float32 and one-byte data (bool, uint8, int8), which is
        twice as fast, float64 for everything else.
    mask : array-like of shape (n_features, n_components), default=None
        Which weights there are. Of bool: where there is one. Of integers: 0 where there is none, and equal positive
        numbers where the weight is one and the same (a convolution); units with the same weights then share a bias.
        A shared parameter follows the mean gradient over its places, so that the same ``learning_rate`` and ``l1``
        serve. See :mod:`rgrbm.masks`. Training costs as much as there are weights.
    symmetric : bool, default=False
        Keep p(v, h) the same when all units are flipped, as is right for spins without a field: biases are tied to
        the weights, c_i = −½ Σ_j W_ij and b_j = −½ Σ_i W_ij, and the gradient is centred at ½ whatever ``centered``.
    clip : bool, default=False
        Whether values outside [0, 1] are cut off at 0 and 1 instead of refused (as ``clip`` of
        :class:`sklearn.preprocessing.MinMaxScaler`). Spins ±1 are refused in any case.

    Attributes
    ----------
    components_ : ndarray of shape (n_components, n_features)
        Weights, transposed: the filters of the hidden units.
    intercept_hidden_ : ndarray of shape (n_components,)
        Biases b of the hidden units.
    intercept_visible_ : ndarray of shape (n_features,)
        Biases c of the visible units.
    h_samples_ : ndarray of shape (batch_size, n_components)
        Hidden states at the end of training: given the persistent chains, or given visible states one Gibbs
        step from the data. At most as many as there are samples.
    history_ : History
        Reconstruction error (fraction of unequal units), gradient norm, learning rate and L1 of each epoch; with
        ``gradient="pt"`` the least exchange rate as well.
    n_iter_ : int
        Epochs done.
    n_features_in_ : int
        Number of visible units N.
    feature_names_in_ : ndarray of shape (``n_features_in_``,)
        Names of the features, if the data had names that are all strings.

    See Also
    --------
    rgrbm.to_binary : From spins ±1 to units 0/1.

    Notes
    -----
    Values strictly between 0 and 1 are taken as probabilities, as scikit-learn does: they enter the gradient
    as they are. The hidden states are sampled in the Gibbs steps; the statistics use probabilities.

    References
    ----------
    .. [1] G. E. Hinton, *Training products of experts by minimizing contrastive divergence*, Neural
       Computation 14, 1771 (2002).
    .. [2] T. Tieleman, *Training restricted Boltzmann machines using approximations to the likelihood
       gradient*, ICML (2008).
    .. [3] J. Melchior, A. Fischer, L. Wiskott, *How to center deep Boltzmann machines*, JMLR 17 (2016).
    .. [4] G. E. Hinton, *A practical guide to training restricted Boltzmann machines* (2010).
    .. [5] G. Desjardins, A. Courville, Y. Bengio, P. Vincent, O. Delalleau, *Tempered Markov chain Monte Carlo
       for training of restricted Boltzmann machines*, AISTATS (2010); K. Cho, T. Raiko, A. Ilin, *Parallel
       tempering is efficient for learning restricted Boltzmann machines*, IJCNN (2010).
    .. [6] D. P. Kingma, J. Ba, *Adam: a method for stochastic optimization*, ICLR (2015).

    Examples
    --------
    >>> import numpy as np
    >>> from rgrbm import BernoulliRBM
    >>> X = np.array([[0, 0, 0], [0, 1, 1], [1, 0, 1], [1, 1, 1]])
    >>> rbm = BernoulliRBM(n_components=2, random_state=0).fit(X)
    >>> rbm.transform(X).shape
    (4, 2)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "n_components": [Interval(Integral, 1, None, closed="left")],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "n_iter": [Interval(Integral, 0, None, closed="left")],
        "verbose": ["verbose"],
        "random_state": [
            Interval(Integral, 0, None, closed="left"),
            np.random.RandomState,
            np.random.Generator,
            np.random.SeedSequence,
            None,
        ],
        "gradient": [StrOptions({"cd", "pcd", "pt", "exact", "paper"})],
        "k": [Interval(Integral, 1, None, closed="left")],
        "n_temperatures": [Interval(Integral, 2, None, closed="left")],
        "centered": ["boolean"],
        "l1": [Interval(Real, 0, None, closed="left")],
        "l1_warmup": [Interval(Integral, 0, None, closed="left")],
        "l2": [Interval(Real, 0, None, closed="left")],
        "optimizer": [StrOptions({"sgd", "adam"})],
        "momentum": [Interval(Real, 0, 1, closed="left"), None],
        "learning_rate_schedule": [StrOptions(set(SCHEDULES)), callable, "array-like"],
        "weight_scale": [Interval(Real, 0, None, closed="left")],
        "shuffle": ["boolean"],
        "dtype": [StrOptions({"float32", "float64"}), None],
        "mask": ["array-like", None],
        "symmetric": ["boolean"],
        "clip": ["boolean"],
    }

    def __init__(
        self,
        n_components: int = 256,
        *,
        learning_rate: float = 0.1,
        batch_size: int = 10,
        n_iter: int = 10,
        verbose: int = 0,
        random_state: streams.Seed = None,
        gradient: Literal["cd", "pcd", "pt", "exact", "paper"] = "cd",
        k: int = 1,
        n_temperatures: int = 10,
        centered: bool = True,
        l1: float = 0.0,
        l1_warmup: int = 0,
        l2: float = 0.0,
        optimizer: Literal["sgd", "adam"] = "sgd",
        momentum: float | None = None,
        learning_rate_schedule: Schedule = "constant",
        weight_scale: float = 0.01,
        shuffle: bool = True,
        dtype: Literal["float32", "float64"] | None = None,
        mask: npt.ArrayLike | None = None,
        symmetric: bool = False,
        clip: bool = False,
    ) -> None:
        self.n_components = n_components
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.n_iter = n_iter
        self.verbose = verbose
        self.random_state = random_state
        self.gradient = gradient
        self.k = k
        self.n_temperatures = n_temperatures
        self.centered = centered
        self.l1 = l1
        self.l1_warmup = l1_warmup
        self.l2 = l2
        self.optimizer = optimizer
        self.momentum = momentum
        self.learning_rate_schedule = learning_rate_schedule
        self.weight_scale = weight_scale
        self.shuffle = shuffle
        self.dtype = dtype
        self.mask = mask
        self.symmetric = symmetric
        self.clip = clip

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
        progress: bool = False,
    ) -> Self:
        """Train for ``n_iter`` epochs.

        Ctrl-C ends training at the end of an epoch, with everything fitted so far in place (and in the
        checkpoint), and then raises ``KeyboardInterrupt``; ``fit(X, resume=True)`` goes on from there to the
        same bits as a run that was never interrupted.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Data of 0 and 1, or probabilities in [0, 1].
        y : None
            Ignored.
        sample_weight : array-like of shape (n_samples,), optional
            How often each sample counts; a weight of 2 has the gradient of a sample that is there twice. Only
            ratios matter: weights are scaled to a mean of 1, and every batch is divided by its own sum. A sample
            of weight 0 has no part in the gradient, though it takes its place in a batch.
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
            :class:`rgrbm.rbm.callbacks.EarlyStopping`. One with a method ``parameters_to_restore()`` is asked at the
            end for the parameters (a dict) that the model shall have instead of those of the last epoch.
        callback_interval : int, default=1
            Epochs between two calls of the callbacks.
        progress : bool, default=False
            Show a progress bar in terminals and notebooks, and print nothing elsewhere, whatever ``verbose`` is. By
            default ``verbose`` decides.

        Returns
        -------
        BernoulliRBM
            The fitted estimator itself.

        Raises
        ------
        ValueError
            If the data are not of the kind above, a sample weight is negative or all are zero, ``start`` is of other
            sizes, or the training to be resumed had other data or parameters.
        FileExistsError
            If ``checkpoint`` exists and ``resume`` is false.
        FileFormatError
            If ``checkpoint`` is not a file that ``fit`` wrote.
        MemoryError
            If there are too many epochs to list what each of them does.

        Warns
        -----
        sklearn.exceptions.ConvergenceWarning
            Once, with the epoch, if training diverges: a weight beyond 1000, or a parameter that is not finite. The
            parameters are looked at after the first and the last epoch and some ten times a second between.

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
        data = self._validate(X, reset=not (resume and hasattr(self, "components_")))
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

        hooks = [callbacks] if callable(callbacks) else callbacks

        def save(history: History) -> None:
            if checkpoint is not None:
                checkpoints.save_checkpoint(training_state.capture(trainer, state), checkpoint)

        try:
            train(
                trainer, rates, strengths, self._settings(),
                history=state.history, callbacks=hooks, callback_interval=callback_interval,
                save=save, save_interval=checkpoint_interval,
                progress=progress or self.verbose > 0, report=self._epoch_lines(data, weights, state, progress),
            )  # fmt: skip
        finally:
            self._adopt(training_state.capture(trainer, state), data)
        if self.history_.stopped == "interrupt":
            raise KeyboardInterrupt
        restored = parameters_to_restore(hooks)
        if restored is not None:
            self._set_parameters(**restored)
        return self

    @_fit_context(prefer_skip_nested_validation=True)  # type: ignore[untyped-decorator]
    def partial_fit(self, X: Any, y: Any = None) -> Self:
        """Make one update from one mini-batch, the whole of ``X``.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The mini-batch, as in :meth:`fit`.
        y : None
            Ignored.

        Returns
        -------
        BernoulliRBM
            The estimator itself.

        Raises
        ------
        ValueError
            If the data are not as :meth:`fit` wants them, or have another number of features than before.

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
        data = self._validate(X, reset=first)
        state = training_state.initial_state(self, data) if first else training_state.current_state(self, data)
        epoch = len(state.history)
        rate = learning_rates(self.learning_rate, "constant", 1)
        strength = np.array([self.l1 * min(1.0, epoch / self.l1_warmup) if self.l1_warmup else self.l1])
        trainer = training_state.make_trainer(self, state, data)
        settings = replace(self._settings(), batch_size=len(data), shuffle=False)
        measured = run_epochs(trainer, rate, strength, settings, first_epoch=epoch)
        if (found := divergence(trainer)) and not divergence(state):
            warn_of_divergence(found, epoch + 1, stacklevel=3)
        state.history.append({"learning_rate": rate, "l1": strength, **measured})
        self._adopt(training_state.capture(trainer, state), data)
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
        model = BernoulliRBM._from_record(files.read_model(path, "BernoulliRBM"), os.fspath(path))
        if not isinstance(model, cls):
            raise TypeError(f"{os.fspath(path)!r} holds a {type(model).__name__}, not a {cls.__name__}")
        return model

    def __sklearn_tags__(self) -> Any:
        """What scikit-learn's tools may expect of this estimator."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.positive_only = not self.clip
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    def _record(self) -> ModelRecord:
        names = getattr(self, "feature_names_in_", None)
        return ModelRecord(
            kind="BernoulliRBM",
            parameters=files.plain_parameters(self.get_params()),
            weights=self.weights_,
            visible_bias=self.intercept_visible_,
            hidden_bias=self.intercept_hidden_,
            hidden_samples=self.h_samples_,
            mask=None if self.mask is None else np.asarray(self.mask),
            n_epochs=self.n_iter_,
            feature_names=None if names is None else [str(name) for name in names],
        )

    @classmethod
    def _from_record(cls, record: ModelRecord, name: str) -> Self:
        n_visible, n_hidden = record.weights.shape
        try:
            model = cls(**record.parameters)
            model._validate_params()
            model.mask = record.mask
            structure_of(model.mask, model.symmetric, n_visible, n_hidden)
        except (TypeError, ValueError) as error:
            raise FileFormatError(f"{name!r}: its metadata hold unknown or invalid parameters: {error}") from error
        if model.n_components != n_hidden:
            raise FileFormatError(f"{name!r}: n_components={model.n_components} contradicts {n_hidden} hidden units")
        model._set_fitted(record.weights, record.visible_bias, record.hidden_bias)
        model.h_samples_ = record.hidden_samples
        model.n_iter_ = record.n_epochs
        if record.feature_names is not None:
            model.feature_names_in_ = np.array(record.feature_names, dtype=object)
        return model

    def _set_fitted(
        self, weights: npt.NDArray[Any], visible_bias: npt.NDArray[Any], hidden_bias: npt.NDArray[Any]
    ) -> None:
        """Adopt parameters that were not trained here."""
        self._set_parameters(weights, visible_bias, hidden_bias)
        self._start_streams(streams.key(streams.seed_sequence(self.random_state), SAMPLING))
        self.n_features_in_ = len(visible_bias)

    def _validate(self, X: Any, *, reset: bool) -> npt.NDArray[Any]:
        X = validate_data(self, X, accept_sparse="csr", reset=reset)
        if self.gradient == "exact":
            smaller = min(X.shape[1], self.n_components)
            require_sum(smaller, "the smaller layer", "Use gradient='pt' instead.")
        self._data_dtype = np.dtype(self.dtype) if self.dtype else np.dtype(unit_values.parameter_dtype(X))
        return unit_values.dense(unit_values.as_units(X, clip=self.clip, name=type(self).__name__))

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
        self, data: npt.NDArray[Any], weights: npt.NDArray[np.float64] | None, state: Checkpoint, progress: bool
    ) -> EpochLines | None:
        """What prints a line for each epoch, if that is asked for and there is no place for a bar."""
        if not self.verbose or progress or is_watched():
            return None
        return EpochLines(type(self).__name__, data, weights, state.sampling_key, state.history.seconds)

    def _state_to_resume(self, checkpoint: str | os.PathLike[str] | None, data: npt.NDArray[Any]) -> Checkpoint | None:
        if checkpoint is not None:
            return checkpoints.load_checkpoint(checkpoint) if os.path.exists(checkpoint) else None  # noqa: PTH110
        if not hasattr(self, "_training_state"):
            raise ValueError("there is nothing to resume: neither a checkpoint nor an earlier fit")
        return training_state.current_state(self, data)

    def _adopt(self, state: Checkpoint, data: npt.NDArray[Any]) -> None:
        """Set the fitted attributes from the state of a training."""
        self._training_state = state
        self._set_parameters(state.weights, state.visible_bias, state.hidden_bias)
        self._start_streams(state.sampling_key)
        self.history_ = state.history
        self.n_iter_ = len(state.history)
        # Hidden states given the persistent chains (at β = 1), or given one Gibbs step from the data.
        chains = state.trainer_state.get("chains")
        if self.gradient in ("pcd", "pt") and chains is not None and len(chains):
            n_chains = len(chains) // (self.n_temperatures if self.gradient == "pt" else 1)
            visible, n_steps = np.ascontiguousarray(chains[:n_chains], dtype=np.uint8), 1
        else:
            visible, n_steps = data[: self.batch_size], 2
        hidden = self._gibbs(visible, n_steps, *self._next_draw())[1]
        self.h_samples_ = hidden.astype(state.weights.dtype)
