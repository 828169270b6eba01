"""Log Z of an RBM too large to enumerate: annealed importance sampling, forward and in reverse."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logsumexp

from rgrbm._core import kernels
from rgrbm._support import checks, streams
from rgrbm._support.progress import Progress, progress_bar
from rgrbm.model.gaussian import real_states
from rgrbm.model.parameters import gaussian_parameters_of, is_gaussian, parameters_of
from rgrbm.model.unit_values import binary_states, log_odds, sample_bernoulli
from rgrbm.statistics.jackknife import Estimate
from rgrbm.statistics.presentation import Presented, fields_of

_WORK_PER_CALL = 2**27  # multiplications
_LEAST_EFFECTIVE = 10.0
_BOUND_ERRORS = 2.0  # standard errors between an estimate and its bound

Values = npt.NDArray[np.float64]
States = npt.NDArray[Any]  # units 0 and 1 as uint8, or Gaussian ones as float64


@dataclass(frozen=True, repr=False)
class AISResult(Presented):
    """Estimate of log Z by annealed importance sampling, between two bounds.

    Attributes
    ----------
    log_z : float
        Log of the mean of the forward weights, in nats. The mean is an unbiased estimate of Z, and so this is
        low on average: log-likelihoods computed from it are high.
    stderr : float
        Of ``log_z``, from the spread of the weights; NaN for one chain.
    lower : float
        ``log_z`` minus 2 standard errors.
    upper : float
        The larger of ``log_z`` plus 2 standard errors and, if chains were annealed in reverse, their estimate,
        which is high on average, plus 2 of its own standard errors.
    effective_sample_size : float
        (Σw)²/Σw² of the forward weights, between 1 and the number of chains.
    log_weights : ndarray of shape (n_chains,)
        Log weights of the forward chains; log Z of the distributions at the start included.
    reverse_log_weights : ndarray or None
        The same for the reverse chains: log Z is minus the log of the mean of exp(−reverse_log_weights).
    n_betas : int
        Number of steps of the annealing.
    """

    log_z: float
    stderr: float
    lower: float
    upper: float
    effective_sample_size: float
    log_weights: Values = field(repr=False)
    reverse_log_weights: Values | None = field(repr=False)
    n_betas: int

    def _values(self) -> dict[str, Any]:
        values = fields_of(self) | {"log_z": Estimate(self.log_z, self.stderr)}
        del values["stderr"]
        return values | {"n_chains": len(self.log_weights)}

    @property
    def log_weight_deviation(self) -> float:
        """Standard deviation of the log weights; well below 1 if the annealing is slow enough."""
        return float(np.std(self.log_weights, ddof=1)) if len(self.log_weights) > 1 else float("nan")


def anneal(
    rbm: Any,
    *,
    n_chains: int = 200,
    n_betas: int = 1000,
    x: npt.ArrayLike | None = None,
    n_clusters: int = 1,
    reverse: bool = True,
    model_samples: npt.ArrayLike | None = None,
    seed: streams.Seed = None,
    progress: Progress = None,
) -> AISResult:
    """Estimate log Z by annealed importance sampling.

    Parameters
    ----------
    rbm : fitted estimator
        Any object with ``weights_`` (n_visible, n_hidden), ``intercept_visible_`` and ``intercept_hidden_``. One that
        has ``variance_``, too, has Gaussian visible units.
    n_chains : int, default=200
        Independent chains. The error falls with the square root of their number.
    n_betas : int, default=1000
        Steps between independent units and the model. Slower annealing makes the weights more equal.
    x : array_like of shape (n_samples, n_visible), optional
        Data, whose means the independent units start from. Without data they start at ½; Gaussian ones, of the model's
        variances, at the means that hidden units of ½ would give them. Any states near the modes of the model serve;
        those that some Gibbs steps reach from the data are better than the data themselves.
    n_clusters : int, default=1
        Clusters of ``x`` (by k-means; no more than there are different rows), each with independent units of its own,
        in equal shares: chains then start near every mode of the model that is near a cluster. See the notes. A
        cluster costs as much as a hidden unit. More than 1 needs ``x``, and binary units.
    reverse : bool, default=True
        Also anneal from the model to independent units, for the upper bound, at the same cost.
    model_samples : array_like of shape (n_samples, n_visible), optional
        Where the reverse chains start. They should be exact samples of the model
        (:func:`rgrbm.likelihood.sample_exactly` for small ones). By default the forward chains are resampled with
        their weights: these are samples of the model only if the forward chains have reached all of its modes.
    seed : int, SeedSequence, Generator, RandomState or None
        Fixes the result, whatever the number of threads.
    progress : bool or callable, optional
        A bar (True), a function of (done, in all), or nothing (False). By default a bar in terminals and notebooks, for
        what takes longer than two seconds.

    Returns
    -------
    AISResult

    Raises
    ------
    TypeError
        If ``rbm`` is not a fitted RBM, or a number not an integer.
    ValueError
        If a parameter is out of range, an array does not fit the model, or there are to be clusters of no data or of
        Gaussian units.
    MemoryError
        If the chains or steps need more memory than there is.
    ArithmeticError
        If the effective sample size is below 10 (or half of fewer than 20 chains): the estimate then rests on a
        few chains, and its error bar would mean nothing.

    Warns
    -----
    UserWarning
        With one chain, which has no error bar.

    Notes
    -----
    The bounds hold only if the chains have reached all modes of the model. Without ``model_samples`` the reverse chains
    start from the forward ones: a mode that these have missed is missed by both, and log Z then is too low by nats,
    bounds and all. Models trained with persistent chains can have most of their mass in such a mode: one that has
    hardly any mass at some temperature between, where all chains end up in another and stay.
    ``n_clusters`` of 5 to 20 keeps chains in each of them; :doc:`/mnist` has the figures.

    References
    ----------
    R. Salakhutdinov & I. Murray, *On the quantitative analysis of deep belief networks*, ICML 2008.

    R. B. Grosse, Z. Ghahramani & R. P. Adams, *Sandwiching the marginal likelihood using bidirectional Monte
    Carlo*, arXiv:1511.02543 (2015).

    Examples
    --------
    >>> import numpy as np
    >>> from rgrbm.model import RBMParameters
    >>> from rgrbm import anneal, log_z
    >>> rbm = RBMParameters(np.full((6, 3), 0.5), np.zeros(6), np.zeros(3))
    >>> result = anneal(rbm, n_betas=100, seed=0)
    >>> result.lower < log_z(rbm) < result.upper
    True
    """
    path = _GaussianPath(rbm) if is_gaussian(rbm) else _BinaryPath(rbm)
    n_chains, n_betas = checks.integer("n_chains", n_chains, 1), checks.integer("n_betas", n_betas, 1)
    n_visible = path.n_visible
    # Uniform numbers of eight bytes and units of one for the start, weights of both directions, and the schedule.
    needed = n_chains * (path.bytes_per_unit * n_visible + 16) + 8 * n_betas
    checks.require_memory(needed, f"{n_chains} chains of {n_visible} units and {n_betas} steps")
    sequence = streams.seed_sequence(seed)
    path.start_from(x, checks.integer("n_clusters", n_clusters, 1), streams.key(sequence, 3)[0] % 2**32)
    start = None if model_samples is None else path.states(model_samples, "model_samples")
    generator = np.random.default_rng(streams.key(sequence, 2))
    kernel, base_log_z = path.kernel(), path.base_log_z
    betas = np.linspace(0, 1, n_betas + 1)
    n_reverse = 0 if not reverse else n_chains if start is None else len(start)
    with progress_bar("annealing", (n_chains + n_reverse) * n_betas, unit="steps", show=progress) as advance:

        def run(schedule: Values, v: States, purpose: int) -> tuple[States, Values]:
            log_weights, key = np.zeros(len(v)), streams.key(sequence, purpose)
            n_steps = max(1, _WORK_PER_CALL // (2 * path.n_weights * len(v)))
            for first in range(0, n_betas, n_steps):
                part = np.ascontiguousarray(schedule[first : first + n_steps + 1])
                v, log_weights = kernel.run(part, first, key, v, log_weights)
                advance((len(part) - 1) * len(v), "")
            return v, log_weights

        v, changes = run(betas, path.draw(n_chains, generator), 0)
        log_weights = base_log_z + changes
        effective = _effective_sample_size(log_weights)
        _require_effective(effective, log_weights, n_betas)
        reverse_log_weights = None
        if reverse:
            if start is None:
                start = v[_resample(log_weights, generator)]
            reverse_log_weights = base_log_z - run(betas[::-1], start, 1)[1]
    independent = effective if model_samples is None else np.inf
    return _result(log_weights, reverse_log_weights, effective, independent, n_betas)


class _BinaryPath:
    """The way from independent units to a Bernoulli RBM: its start, and the kernel that goes along it."""

    bytes_per_unit = 9

    def __init__(self, rbm: Any) -> None:
        self._p = parameters_of(rbm)
        self.n_visible, n_hidden = self._p.weights_.shape
        self.n_weights = self._p.weights_.size
        self._base = np.zeros((1, self.n_visible))  # log-odds of independent units, a row for each cluster
        self._hidden_log_z = float(n_hidden * np.log(2))

    def states(self, x: npt.ArrayLike, name: str) -> States:
        return binary_states(x, self.n_visible, name)

    def start_from(self, x: npt.ArrayLike | None, n_clusters: int, seed: int) -> None:
        if x is None:
            if n_clusters > 1:
                raise ValueError(f"n_clusters={n_clusters} needs data x to find them in")
            return
        states = self.states(x, "x")
        labels = np.zeros(len(states), dtype=int)
        if n_clusters > 1:
            from sklearn.cluster import KMeans

            n_clusters = min(n_clusters, len(np.unique(states, axis=0)))
            labels = KMeans(n_clusters, n_init=1, random_state=seed).fit_predict(states.astype(np.float64))
        self._base = np.stack([log_odds(states[labels == k]) for k in range(n_clusters)])

    @property
    def base_log_z(self) -> float:
        """That of the hidden units, which are free: the distributions of the visible ones are normalised."""
        return float(self._hidden_log_z)

    def draw(self, n_chains: int, generator: np.random.Generator) -> States:
        # Equally many chains of each cluster, but for one, and by chance which have one more: the mean stays right.
        cluster = generator.permutation(len(self._base))[np.arange(n_chains) % len(self._base)]
        return sample_bernoulli(expit(self._base)[cluster], generator)

    def kernel(self) -> kernels.Annealing:
        p = self._p
        return kernels.Annealing(p.weights_, p.intercept_visible_, p.intercept_hidden_, self._base)


class _GaussianPath:
    """The same with Gaussian visible units u; the chains are y = (u − origin)/σ, and p(y) ∝ exp(−½ y² + β c'·y + …)."""

    bytes_per_unit = 24

    def __init__(self, rbm: Any) -> None:
        self._p = p = gaussian_parameters_of(rbm)
        self.n_visible, self._n_hidden = p.weights_.shape
        self.n_weights = p.weights_.size
        self._deviation = np.sqrt(p.variance_)
        self._origin = p.intercept_visible_ + 0.5 * p.weights_.sum(axis=1)

    def states(self, x: npt.ArrayLike, name: str) -> States:
        return np.ascontiguousarray((real_states(x, self.n_visible, name) - self._origin) / self._deviation)

    def start_from(self, x: npt.ArrayLike | None, n_clusters: int, seed: int) -> None:
        if n_clusters > 1:
            raise ValueError(f"n_clusters={n_clusters} is for binary units; Gaussian ones start from one distribution")
        if x is not None:
            self._origin = real_states(x, self.n_visible, "x").mean(axis=0)

    @property
    def _bias(self) -> Values:
        return np.asarray((self._p.intercept_visible_ - self._origin) / self._deviation)

    @property
    def base_log_z(self) -> float:
        # Of exp(−½ y²) over y, in the unit of u; the model's −½ (y − c')² has −½ c'² beside what the chains know.
        constant = 0.5 * np.log(2 * np.pi * self._p.variance_).sum() - 0.5 * (self._bias**2).sum()
        return float(constant + self._n_hidden * np.log(2))

    def draw(self, n_chains: int, generator: np.random.Generator) -> States:
        return generator.standard_normal((n_chains, self.n_visible))

    def kernel(self) -> kernels.Annealing:
        p = self._p
        weights = p.weights_ / self._deviation[:, None]
        hidden_bias = p.intercept_hidden_ + (self._origin / p.variance_) @ p.weights_
        return kernels.Annealing(weights, self._bias, hidden_bias, None)


def _result(forward: Values, backward: Values | None, effective: float, independent: float, n_betas: int) -> AISResult:
    estimate, error = _log_mean(forward), _relative_error(forward)
    upper = estimate + _BOUND_ERRORS * error
    if backward is not None:
        # Resampled chains that started as copies of each other are no more independent than their originals.
        reverse_error = _relative_error(-backward) * np.sqrt(max(1.0, len(backward) / independent))
        upper = float(np.fmax(upper, -_log_mean(-backward) + _BOUND_ERRORS * reverse_error))
    lower = estimate - _BOUND_ERRORS * error
    return AISResult(estimate, error, lower, upper, effective, forward, backward, n_betas)


def _log_mean(log_weights: Values) -> float:
    return float(logsumexp(log_weights) - np.log(len(log_weights)))


def _relative_error(log_weights: Values) -> float:
    """Standard error of the mean weight, relative to it: that of its log."""
    if len(log_weights) < 2:
        return float("nan")
    w = np.exp(log_weights - log_weights.max())
    return float(np.std(w, ddof=1) / (w.mean() * np.sqrt(len(w))))


def _effective_sample_size(log_weights: Values) -> float:
    return float(np.exp(2 * logsumexp(log_weights) - logsumexp(2 * log_weights)))


def _require_effective(effective: float, log_weights: Values, n_betas: int) -> None:
    n = len(log_weights)
    if n == 1:
        warnings.warn("one chain gives an estimate of log Z without an error bar", UserWarning, stacklevel=3)
        return
    if effective < min(_LEAST_EFFECTIVE, n / 2):
        raise ArithmeticError(
            f"annealing failed: the weights of {n} chains are worth {effective:.1f} independent samples (standard "
            f"deviation of the log weights {np.std(log_weights, ddof=1):.1f}). Use more than n_betas={n_betas} "
            f"steps or more chains, or give data x to start from."
        )


def _resample(log_weights: Values, generator: np.random.Generator) -> npt.NDArray[np.intp]:
    """As many chains, each in proportion to its weight (systematic resampling)."""
    cumulative = np.cumsum(np.exp(log_weights - log_weights.max()))
    points = (generator.random() + np.arange(len(log_weights))) / len(log_weights)
    chosen = np.searchsorted(cumulative, points * cumulative[-1])
    return np.asarray(np.minimum(chosen, len(log_weights) - 1))
