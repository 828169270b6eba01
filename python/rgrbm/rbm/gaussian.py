"""The restricted Boltzmann machine with Gaussian visible units, as a scikit-learn estimator."""

from __future__ import annotations

import warnings
from numbers import Real
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
from sklearn.utils._param_validation import StrOptions

from rgrbm._core import kernels
from rgrbm._support import checks, streams
from rgrbm._support.enumeration import require_sum
from rgrbm.model.parameters import gaussian_parameters_of
from rgrbm.model.unit_values import parameter_dtype, validated
from rgrbm.rbm.checkpoints import Checkpoint
from rgrbm.rbm.estimator import PARAMETER_CONSTRAINTS, Number, TrainableRBM
from rgrbm.rbm.files import GAUSSIAN
from rgrbm.rbm.gaussian_inference import GaussianInference
from rgrbm.rbm.training import Schedule

Array = npt.NDArray[Any]


class GaussianRBM(GaussianInference, TrainableRBM):
    """Restricted Boltzmann machine with Gaussian visible and binary hidden units, for continuous data.

    The model is p(u, h) = exp(−E(u, h)) / Z with real u and h of 0 and 1,
    E(u, h) = Σ_i (u_i − c_i)²/2σ_i² − Σ_ij u_i W_ij h_j/σ_i² − b·h [1]_ [2]_: given the hidden units, the visible ones
    are independent with means c + W h and variances σ². So p(u) is a mixture of 2^M Gaussians of one shape, whose
    means are sums of the columns of W. Training, its options and the methods are those of
    :class:`rgrbm.BernoulliRBM`, and so is the engine.

    Parameters
    ----------
    n_components : int, default=256
        Number of hidden units M.
    learning_rate : float, default=0.01
        Step along the gradient per mini-batch. Steps are made in W/σ, c/σ and ln σ², so that the unit of the data does
        not matter, nor that features differ in it. Ten times less than with binary units is a good start [3]_.
    batch_size : int, default=10
        Samples per update; more than there are samples means all of them.
    n_iter : int, default=10
        Number of epochs: passes over the data.
    verbose : int, default=0
        Above 0, a progress bar is shown in terminals and notebooks; nothing is printed into pipes.
    random_state : int, RandomState, Generator, SeedSequence or None, default=None
        Fixes initial weights and all sampling, whatever the number of threads.
    gradient : {"cd", "pcd", "pt", "exact"}, default="cd"
        Where the model's side of the gradient comes from. "cd": k Gibbs steps from the data. "pcd": chains that persist
        from batch to batch. "pt": persistent chains with replicas at ``n_temperatures`` temperatures, the hottest of
        which are independent Gaussians about the data's mean. "exact": all states of the hidden layer, for up to 28
        units, and quick up to about 12.
    k : int, default=1
        Gibbs steps per update. Without effect on the exact gradient.
    n_temperatures : int, default=10
        Replicas of each chain of ``gradient="pt"``.
    centered : bool, default=True
        Subtract the units' means in the gradient [2]_.
    learn_variance : bool, default=True
        Whether σ² is learned, one for each feature, as ln σ². A step changes a variance by a factor of 2 at most.
    variance : float, array-like of shape (n_features,) or None, default=None
        Variances to start from, or to keep with ``learn_variance=False``. None: those of the data.
    min_variance : float, default=1e-6
        Least variance of a feature, as a fraction of that of the training data. Where hidden units determine a feature
        without error, the likelihood has no maximum: it grows without bounds as the variance falls. A feature that is
        constant in the training data counts as if it had the mean variance of the others (1 if all are constant).
    l1 : float, default=0.0
        Strength λ of the penalty λ·Σ|W|, W being in the unit of the data.
    l1_warmup : int, default=0
        Epochs over which ``l1`` rises linearly from 0.
    l2 : float, default=0.0
        Strength λ of the penalty ½λ·ΣW².
    optimizer : {"sgd", "adam"}, default="sgd"
        How the gradient is followed; see :class:`rgrbm.BernoulliRBM`.
    momentum : float or None, default=None
        Memory of past gradients, in [0, 1). None: 0 for "sgd", 0.9 for "adam".
    learning_rate_schedule : {"constant", "linear", "cosine"}, callable or array-like, default="constant"
        Factor of the learning rate per epoch.
    weight_scale : float, default=0.1
        Standard deviation of the normal distribution of the initial weights, in units of σ. Biases start such that the
        hidden units have no preference at the data's mean. From small weights the likelihood rises slowly where
        features hardly correlate: for few features a scale of 0.5 to 1 is better.
    shuffle : bool, default=True
        Whether each epoch takes the samples in another random order.
    dtype : {None, "float32", "float64"}, default=None
        Precision of the parameters. None: float32 for float32 and one-byte data, float64 for everything else.

    Attributes
    ----------
    components_ : ndarray of shape (n_components, n_features)
        Weights, transposed: by what each hidden unit moves the visible ones' means.
    intercept_hidden_ : ndarray of shape (n_components,)
        Biases b of the hidden units.
    intercept_visible_ : ndarray of shape (n_features,)
        Biases c: the visible units' means when all hidden units are 0.
    log_variance_ : ndarray of shape (n_features,)
        ln σ².
    h_samples_ : ndarray of shape (batch_size, n_components)
        Hidden states at the end of training: those of the persistent chains, or of one Gibbs step from the data.
    history_ : History
        Reconstruction error (mean square of u − c − W h with h drawn from the data, in squared units of the data),
        gradient norm, learning rate and L1 of each epoch; with ``gradient="pt"`` the least exchange rate as well.
    n_iter_ : int
        Epochs done.
    n_features_in_ : int
        Number of visible units N.
    feature_names_in_ : ndarray of shape (``n_features_in_``,)
        Names of the features, if the data had names that are all strings.

    See Also
    --------
    rgrbm.BernoulliRBM : With binary visible units.
    rgrbm.log_z : ln Z, exactly for up to 28 hidden units, or annealed.

    Notes
    -----
    Data may have any scale, but NaN, infinity and masked values are refused. Lattices and images are flattened first,
    by ``X.reshape(len(X), -1)``. ``score_samples`` is the log-density, as in
    :class:`sklearn.mixture.GaussianMixture`, not a pseudo-likelihood.

    References
    ----------
    .. [1] K. Cho, A. Ilin, T. Raiko, *Improved learning of Gaussian-Bernoulli restricted Boltzmann machines*, ICANN
       (2011).
    .. [2] J. Melchior, N. Wang, L. Wiskott, *Gaussian-binary restricted Boltzmann machines for modeling natural image
       statistics*, PLoS ONE 12, e0171015 (2017).
    .. [3] G. E. Hinton, *A practical guide to training restricted Boltzmann machines* (2010).

    Examples
    --------
    >>> import numpy as np
    >>> from rgrbm import GaussianRBM
    >>> X = np.concatenate([np.full((50, 1), -1.0), np.full((50, 1), 1.0)])
    >>> X = X + 0.1 * np.random.default_rng(0).normal(size=X.shape)
    >>> rbm = GaussianRBM(1, gradient="exact", batch_size=100, n_iter=2000, weight_scale=1.0, random_state=0).fit(X)
    >>> bool(abs(rbm.components_[0, 0]) > 1.9)  # the hidden unit shows on which side a sample is
    True
    >>> bool(np.sqrt(rbm.variance_[0]) < 0.12)
    True
    """

    _kind = GAUSSIAN
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **PARAMETER_CONSTRAINTS,
        "gradient": [StrOptions({"cd", "pcd", "pt", "exact"})],
        "learn_variance": ["boolean"],
        "variance": [Number(Real, 0, None, closed="neither"), "array-like", None],
        "min_variance": [Number(Real, 0, None, closed="neither")],
    }

    def __init__(
        self,
        n_components: int = 256,
        *,
        learning_rate: float = 0.01,
        batch_size: int = 10,
        n_iter: int = 10,
        verbose: int = 0,
        random_state: streams.Seed = None,
        gradient: Literal["cd", "pcd", "pt", "exact"] = "cd",
        k: int = 1,
        n_temperatures: int = 10,
        centered: bool = True,
        learn_variance: bool = True,
        variance: float | npt.ArrayLike | None = None,
        min_variance: float = 1e-6,
        l1: float = 0.0,
        l1_warmup: int = 0,
        l2: float = 0.0,
        optimizer: Literal["sgd", "adam"] = "sgd",
        momentum: float | None = None,
        learning_rate_schedule: Schedule = "constant",
        weight_scale: float = 0.1,
        shuffle: bool = True,
        dtype: Literal["float32", "float64"] | None = None,
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
        self.learn_variance = learn_variance
        self.variance = variance
        self.min_variance = min_variance
        self.l1 = l1
        self.l1_warmup = l1_warmup
        self.l2 = l2
        self.optimizer = optimizer
        self.momentum = momentum
        self.learning_rate_schedule = learning_rate_schedule
        self.weight_scale = weight_scale
        self.shuffle = shuffle
        self.dtype = dtype

    def __sklearn_tags__(self) -> Any:
        """What scikit-learn's tools may expect of this estimator."""
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    def _validate(self, X: Any, *, reset: bool) -> Array:
        X = validated(X, self, reset=reset)
        if self.gradient == "exact":
            require_sum(self.n_components, "the hidden layer", "Use gradient='pt' instead.")
        self._data_dtype = np.dtype(self.dtype) if self.dtype else np.dtype(parameter_dtype(X))
        with np.errstate(over="ignore"):
            data = np.ascontiguousarray(X, dtype=self._data_dtype)
        largest = float(np.abs(data).max())
        limit = float(np.finfo(np.float32 if self._data_dtype == np.float32 else np.float64).max)
        if not largest < np.sqrt(limit / data.size):
            raise ValueError(
                f"data of up to {largest:.3g} are too large for {self._data_dtype}: their squares overflow"
            )
        return data

    def _first_parameters(
        self, data: Array, sample_weight: npt.NDArray[np.float64] | None, start: Any, noise: Array
    ) -> dict[str, Array]:
        """Small random weights about independent units like the data's, or the parameters of ``start``."""
        mean, spread = _moments(data, sample_weight)
        rounding = 8 * float(np.finfo(data.dtype).eps) * np.abs(mean)  # how far it moves sums of each feature
        varies = data.max(axis=0).astype(np.float64) - data.min(axis=0) > rounding
        _warn_of_rounding(data.dtype, mean, spread, varies & (rounding > 0.2 * np.sqrt(spread)))
        floor = self.min_variance * _scales(spread, varies)
        if start is None:
            variance = np.maximum(floor, self._given_variance(spread))
            weights = self.weight_scale * np.sqrt(variance)[:, None] * noise
            # At the data's mean each hidden unit is 1 with probability ½, and in the model itself as well.
            given = weights, mean - weights.sum(axis=1) / 2, -(mean / variance) @ weights, np.log(variance)
        else:
            p = gaussian_parameters_of(start)
            if p.weights_.shape != noise.shape:
                raise ValueError(f"start must have weights of shape {noise.shape}, got {p.weights_.shape}")
            given = p.weights_, p.intercept_visible_, p.intercept_hidden_, np.log(p.variance_)
        names = "weights", "visible_bias", "hidden_bias", "log_variance", "log_floor"
        return {
            name: value.astype(self._data_dtype) for name, value in zip(names, (*given, np.log(floor)), strict=True)
        }

    def _given_variance(self, spread: Array) -> Array:
        if self.variance is None:
            return spread
        n_features = len(spread)
        given = checks.numbers("variance", self.variance)
        if given.shape not in ((), (n_features,)) or not (np.isfinite(given) & (given > 0)).all():
            raise ValueError(
                f"variance must be positive, and one number or one for each of {n_features} features, got {given!s:.60}"
            )
        return np.broadcast_to(given, (n_features,))

    def _new_trainer(self, state: Checkpoint, n_visible: int) -> Any:
        kind = kernels.GaussianTrainer32 if state.weights.dtype == np.float32 else kernels.GaussianTrainer64
        assert state.log_variance is not None
        assert state.log_floor is not None
        return kind(
            state.weights, state.visible_bias, state.hidden_bias, state.log_variance, state.log_floor,
            self.learn_variance, state.key,
        )  # fmt: skip

    def _parameters(self) -> dict[str, Array]:
        return {
            "weights": self.weights_,
            "visible_bias": self.intercept_visible_,
            "hidden_bias": self.intercept_hidden_,
            "log_variance": self.log_variance_,
        }

    def _hidden_of_chains(self, chains: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        return chains


def _moments(data: Array, sample_weight: npt.NDArray[np.float64] | None) -> tuple[Array, Array]:
    """Means and variances of the features, summed in double precision."""
    mean = np.average(data.astype(np.float64, copy=False), axis=0, weights=sample_weight)
    return mean, np.average((data - mean) ** 2, axis=0, weights=sample_weight)


def _warn_of_rounding(dtype: np.dtype[Any], mean: Array, spread: Array, lost: npt.NDArray[np.bool_]) -> None:
    """Say which features lie so far from zero that sums of them keep few digits of how they vary."""
    if lost.any():
        j = int(np.flatnonzero(lost)[0])
        other = "" if dtype == np.float64 else ", or train with dtype='float64'"
        warnings.warn(
            f"feature {j} is {mean[j]:.3g} ± {np.sqrt(spread[j]):.3g}: {dtype} keeps too few digits of how it "
            f"varies ({lost.sum()} such features). Subtract the mean from the data{other}",
            UserWarning,
            stacklevel=6,  # of the caller of fit
        )


def _scales(spread: Array, varies: npt.NDArray[np.bool_]) -> Array:
    """The variances, and for constant features the mean of those of the others; 1 if all are constant."""
    return np.where(varies, spread, spread[varies].mean() if varies.any() else 1.0)
