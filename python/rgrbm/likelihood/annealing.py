"""Log Z of an RBM too large to enumerate: annealed importance sampling, forward and in reverse."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import logsumexp

from rgrbm._support import checks, streams
from rgrbm._support.progress import Progress, progress_bar
from rgrbm.likelihood.annealing_start import AnnealedModel, Start, States, effective_sample_size, starts_near_modes
from rgrbm.statistics.jackknife import Estimate
from rgrbm.statistics.presentation import Presented, fields_of

_WORK_PER_CALL = 2**27  # multiplications
_LEAST_EFFECTIVE = 10.0
_FORWARD, _REVERSE = (0, 10), 1  # streams of the two starts, and of the way back
_BOUND_ERRORS = 2.0  # standard errors between an estimate and its bound

Values = npt.NDArray[np.float64]


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
        ``log_z`` minus 2 standard errors, or ``mean_field_bound`` if that is larger.
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
    mean_field_bound : float
        Lower bound of log Z without any sampling, from the best mode of mean-field theory; −inf without modes.
    """

    log_z: float
    stderr: float
    lower: float
    upper: float
    effective_sample_size: float
    log_weights: Values = field(repr=False)
    reverse_log_weights: Values | None = field(repr=False)
    n_betas: int
    mean_field_bound: float

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
    n_modes: int = 64,
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
        Data, whose means independent units start from, and where modes are looked for beside random places. Without
        data those units start at ½; Gaussian ones, of the model's variances, at the means that hidden units of ½ would
        give.
    n_modes : int, default=64
        Modes of the model, at most, that chains start in beside the independent units: those of the highest mean-field
        bounds that a search finds. 0 starts from the independent units only. See the notes. In each step a mode costs
        as much as a hidden unit.
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
        If ``rbm`` is not a fitted RBM, a number not an integer, or ``reverse`` neither true nor false.
    ValueError
        If a parameter is out of range, or an array does not fit the model.
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
    At β = 0 stands a mixture of independent units: one distribution at the means of the data, and one at each mode that
    the mean-field equations have, in shares that a pilot run estimates. Its chains have the modes' masses about right
    from the start, and so annealing only has to correct the units within each mode. From one distribution alone, all
    chains can end up in modes of little mass: log Z is then too low by many nats, bounds and all, and the weights do
    not show it. This is the rule for RBMs trained for long; :doc:`/mnist` has figures.

    The bounds hold if no mode of more mass has been missed. The search begins at data, random hidden states and the
    ends of pilot chains, and goes on with mixtures of the modes it has while these lead to better ones. Without
    ``model_samples`` the reverse chains start from the forward ones, and do not see either what these have missed.

    References
    ----------
    R. Salakhutdinov & I. Murray, *On the quantitative analysis of deep belief networks*, ICML 2008.

    R. B. Grosse, Z. Ghahramani & R. P. Adams, *Sandwiching the marginal likelihood using bidirectional Monte
    Carlo*, arXiv:1511.02543 (2015).

    C. Peterson & J. R. Anderson, *A mean field theory learning algorithm for neural networks*, Complex Systems 1, 995
    (1987).

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
    model = AnnealedModel(rbm)
    n_chains, n_betas = checks.integer("n_chains", n_chains, 1), checks.integer("n_betas", n_betas, 1)
    n_modes, reverse = checks.integer("n_modes", n_modes, 0), checks.flag("reverse", reverse)
    # Uniform numbers of eight bytes and units of one for the start, weights of both directions, and the schedule.
    needed = n_chains * (model.bytes_per_unit * model.n_visible + 16) + 8 * n_betas
    checks.require_memory(needed, f"{n_chains} chains of {model.n_visible} units and {n_betas} steps")
    data = None if x is None else model.states(x, "x")
    exact = None if model_samples is None else model.states(model_samples, "model_samples")
    sequence = streams.seed_sequence(seed)
    generator = np.random.default_rng(streams.key(sequence, 2))
    n_reverse = 0 if not reverse else n_chains if exact is None else len(exact)
    with progress_bar("annealing", (n_chains + n_reverse) * n_betas, unit="steps", show=progress) as advance:
        betas = np.linspace(0, 1, n_betas + 1)

        def run(start: Start, schedule: Values, v: States, purpose: int) -> tuple[States, Values]:
            kernel, log_weights, key = model.kernel(start), np.zeros(len(v)), streams.key(sequence, purpose)
            n_steps = max(1, _WORK_PER_CALL // (2 * model.work_per_step(start) * len(v)))
            for first in range(0, n_betas, n_steps):
                part = np.ascontiguousarray(schedule[first : first + n_steps + 1])
                v, log_weights = kernel.run(part, first, key, v, log_weights)
                advance((len(part) - 1) * len(v), "")
            return v, log_weights

        starts = starts_near_modes(model, data, n_modes, n_betas, sequence)
        for start, purpose in zip(starts, _FORWARD, strict=False):
            v, changes = run(start, betas, start.draw(n_chains, model.gaussian, generator), purpose)
            log_weights = model.base_log_z(start) + changes
            effective = effective_sample_size(log_weights)
            if _is_enough(effective, n_chains):
                break
            if start is not starts[-1]:
                advance(-n_chains * n_betas, "from another start")
        _require_effective(effective, log_weights, n_betas)
        reverse_log_weights = None
        if reverse:
            chains = v[_resample(log_weights, generator)] if exact is None else exact
            reverse_log_weights = model.base_log_z(start) - run(start, betas[::-1], chains, _REVERSE)[1]
    independent = effective if model_samples is None else np.inf
    bound = start.bound + model.log_unit
    return _result(log_weights, reverse_log_weights, effective, independent, n_betas, bound)


def _result(
    forward: Values, backward: Values | None, effective: float, independent: float, n_betas: int, bound: float
) -> AISResult:
    estimate, error = _log_mean(forward), _relative_error(forward)
    upper = estimate + _BOUND_ERRORS * error
    if backward is not None:
        # Resampled chains that started as copies of each other are no more independent than their originals.
        reverse_error = _relative_error(-backward) * np.sqrt(max(1.0, len(backward) / independent))
        upper = float(np.fmax(upper, -_log_mean(-backward) + _BOUND_ERRORS * reverse_error))
    lower = float(np.fmax(estimate - _BOUND_ERRORS * error, bound)) if len(forward) > 1 else float("nan")
    return AISResult(estimate, error, lower, upper, effective, forward, backward, n_betas, bound)


def _log_mean(log_weights: Values) -> float:
    return float(logsumexp(log_weights) - np.log(len(log_weights)))


def _relative_error(log_weights: Values) -> float:
    """Standard error of the mean weight, relative to it: that of its log."""
    if len(log_weights) < 2:
        return float("nan")
    w = np.exp(log_weights - log_weights.max())
    return float(np.std(w, ddof=1) / (w.mean() * np.sqrt(len(w))))


def _is_enough(effective: float, n: int) -> bool:
    return n == 1 or effective >= min(_LEAST_EFFECTIVE, n / 2)


def _require_effective(effective: float, log_weights: Values, n_betas: int) -> None:
    n = len(log_weights)
    if n == 1:
        warnings.warn("one chain gives an estimate of log Z without an error bar", UserWarning, stacklevel=3)
        return
    if not _is_enough(effective, n):
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
