"""The restricted Boltzmann machine with binary units, as a scikit-learn estimator."""

from __future__ import annotations

import dataclasses
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
from sklearn.utils._param_validation import StrOptions

from rgrbm._core import kernels
from rgrbm._support import streams
from rgrbm._support.enumeration import require_sum
from rgrbm._support.progress import is_watched
from rgrbm.model import unit_values
from rgrbm.model.parameters import parameters_of
from rgrbm.rbm.checkpoints import Checkpoint
from rgrbm.rbm.epoch_lines import EpochLines
from rgrbm.rbm.estimator import PARAMETER_CONSTRAINTS, TrainableRBM
from rgrbm.rbm.files import ModelRecord
from rgrbm.rbm.inference import BernoulliInference
from rgrbm.rbm.structure import structure_of
from rgrbm.rbm.training import Schedule


class BernoulliRBM(BernoulliInference, TrainableRBM):
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
        proximal step after each update: weights are exactly 0 where the gradient of the likelihood stays below λ.
    l1_warmup : int, default=0
        Epochs over which ``l1`` rises linearly from 0. Too strong an L1 at the start pins all weights at 0.
    l2 : float, default=0.0
        Strength λ of the penalty ½λ·ΣW², in nats per sample. Shrinks all weights in proportion.
    optimizer : {"sgd", "adam"}, default="sgd"
        How the gradient is followed. "sgd": in steps of ``learning_rate`` times the gradient. "adam": each
        parameter's step is ``learning_rate`` times a sliding mean of its gradient over the root of that of its
        square [6]_, so that all parameters move at the same pace whatever the scale of their gradients;
        ``learning_rate`` then is about the change per update; 0.001 to 0.01 is usual. L1 is applied
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
        A shared parameter follows the mean gradient over its positions, so that the same ``learning_rate`` and ``l1``
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
    Exact likelihoods (:func:`rgrbm.likelihood.log_likelihood`) need units 0 and 1. NaN, infinity and masked values
    are refused: there are no missing values. Lattices and images are flattened first, by ``X.reshape(len(X), -1)``.

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

    _kind = "BernoulliRBM"
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **PARAMETER_CONSTRAINTS,
        "gradient": [StrOptions({"cd", "pcd", "pt", "exact", "paper"})],
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

    def __sklearn_tags__(self) -> Any:
        """What scikit-learn's tools may expect of this estimator."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.positive_only = not self.clip
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    def _record(self) -> ModelRecord:
        mask = None if self.mask is None else np.asarray(self.mask)
        return dataclasses.replace(super()._record(), mask=mask)

    def _take_record(self, record: ModelRecord) -> None:
        self.mask = record.mask
        structure_of(self.mask, self.symmetric, *record.weights.shape)

    def _validate(self, X: Any, *, reset: bool) -> npt.NDArray[Any]:
        X = unit_values.validated(X, self, accept_sparse="csr", reset=reset, ensure_all_finite=False)
        if self.gradient == "exact":
            smaller = min(X.shape[1], self.n_components)
            require_sum(smaller, "the smaller layer", "Use gradient='pt' instead.")
        self._data_dtype = np.dtype(self.dtype) if self.dtype else np.dtype(unit_values.parameter_dtype(X))
        return unit_values.dense(unit_values.as_units(X, clip=self.clip, name=type(self).__name__))

    def _first_parameters(
        self, data: npt.NDArray[Any], sample_weight: npt.NDArray[np.float64] | None, start: Any, noise: npt.NDArray[Any]
    ) -> dict[str, npt.NDArray[Any]]:
        """Small random weights and visible biases from the data, or those of ``start``; with the mask's structure."""
        if start is None:
            hidden_bias = np.zeros(self.n_components)
            given = self.weight_scale * noise, unit_values.log_odds(data, sample_weight), hidden_bias
        else:
            given = parameters_of(start)
        parameters = tuple(value.astype(self._data_dtype) for value in given)
        if parameters[0].shape != noise.shape:
            raise ValueError(f"start must have weights of shape {noise.shape}, got {parameters[0].shape}")
        if (imposed := structure_of(self.mask, self.symmetric, *noise.shape)) is not None:
            parameters = imposed.impose(*parameters)
        return dict(zip(("weights", "visible_bias", "hidden_bias"), parameters, strict=True))

    def _new_trainer(self, state: Checkpoint, n_visible: int) -> Any:
        parameters = state.weights, state.visible_bias, state.hidden_bias
        single = state.weights.dtype == np.float32
        s = structure_of(self.mask, self.symmetric, n_visible, self.n_components)
        if s is None:
            return (kernels.Trainer32 if single else kernels.Trainer64)(*parameters, state.key)
        kind = kernels.StructuredTrainer32 if single else kernels.StructuredTrainer64
        return kind(*parameters, s.weight_class, s.visible_class, s.hidden_class, s.symmetric, state.key)

    def _parameters(self) -> dict[str, npt.NDArray[Any]]:
        return {
            "weights": self.weights_,
            "visible_bias": self.intercept_visible_,
            "hidden_bias": self.intercept_hidden_,
        }

    def _hidden_of_chains(self, chains: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        return self._gibbs(chains, 1, *self._next_draw())[1]

    def _epoch_lines(
        self, data: npt.NDArray[Any], weights: npt.NDArray[np.float64] | None, state: Checkpoint
    ) -> EpochLines | None:
        """Lines for pipes and files, where no bar can be drawn."""
        if not self.verbose or is_watched():
            return None
        return EpochLines(type(self).__name__, data, weights, state.sampling_key, state.history.seconds)
