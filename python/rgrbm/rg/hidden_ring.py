"""Hidden spins of an RBM as a coarse-grained ring: how they correlate, and the J' that follows from the decay.

The distribution measured here is the *push-forward* Σ_v p(h|v) P(v): data go in, hidden spins come out. It is not the
model's own marginal p(h), and equals it only where the model's p(v) is the data's P(v).

Two results, to be kept apart. The *rate* of the decay, and so J', is that of the data at the distances of the units:
it is exact for any filters whose windows do not overlap, and determines where the units are. The *kernel* shows in the
amplitude and in the nearest correlation: how far each unit is from a plain copy of a spin, which decimation makes.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from rgrbm._support import checks
from rgrbm.rg.filters import dominant_visible, filter_positions, filter_signs, filter_windows
from rgrbm.rg.ring_fit import Pairs, RingFit, fit_ring
from rgrbm.spins.values import spin_values
from rgrbm.statistics.jackknife import Array, block_bounds, jackknife_stderr, leave_one_out, mean_and_stderr
from rgrbm.statistics.moments import SpinMoments, spin_moments
from rgrbm.statistics.presentation import Presented

_SILENT = 0.1  # weights of a unit, relative to the median of all, below which its spin is random
_RANKS_OF_FREE_FIT = 3  # distances that determine amplitudes and positions of all units, and whether they fit
_LARGEST_AMPLITUDE = np.log(1.5)  # ln 1, but for filters that lean
_LARGEST_ERROR = 0.4  # of J, relative to the nearest correlation, which is at most J
_LEAST_BIAS = 0.01  # of J, below which its bias does not matter
_LEAST_SIGNAL = 1.0  # standard errors that J must be above 0; a higher bound would let high values pass and no others


@dataclass(frozen=True, repr=False)
class HiddenCorrelation(Presented):
    """Correlation of hidden spins along the ring, and the coupling that follows from its decay.

    Attributes
    ----------
    distance : ndarray of int, shape (n_visible // 2 + 1,)
        Distance between dominant visible units, in sites of the visible ring.
    correlation, stderr : ndarray of the same shape
        Connected correlation of aligned hidden spins and its jackknife error over samples; NaN where no pair is that
        far apart. In antiferromagnets, units on odd sites are flipped.
    n_pairs : ndarray of int, the same shape
        Pairs of hidden units at each distance.
    n_unique : int
        Number of distinct dominant visible units.
    J, J_stderr : float
        Coupling of a ring whose sites are ``sites_per_unit`` visible sites apart, from the decay of C; NaN where the
        data do not determine it. The error covers sampling and the scatter of the pairs about the fit, as from weights
        outside of the filters' windows.
    amplitude : float
        a² in C = a²·(tˣ + tⁿ⁻ˣ)/(1 + tⁿ), the geometric mean over units; 1 for plain copies, less where noise in
        v → h attenuates the correlation. This noise does not bias the decay and J, but would bias artanh C(1).
    nearest, nearest_stderr : float
        Mean correlation of units next to each other.
    positions : ndarray of shape (n_units,)
        Fitted positions of the units, in their order around the ring, in sites up to a common shift.
    units : ndarray of int, shape (n_units,)
        Numbers of those units.
    ranks : ndarray of int
        How many units apart the pairs of the fit are.
    chi2, dof : float
        Sum of squared deviations of the pairs from the fit in units of their errors, and what it would be if sampling
        were the only cause.
    reason : str
        Why J is NaN; empty where it is not.
    """

    distance: npt.NDArray[np.int64]
    correlation: Array
    stderr: Array
    n_pairs: npt.NDArray[np.int64]
    n_unique: int
    J: float
    J_stderr: float
    amplitude: float
    nearest: float
    nearest_stderr: float
    positions: Array
    units: npt.NDArray[np.int64]
    ranks: npt.NDArray[np.int64]
    chi2: float
    dof: float
    reason: str


def hidden_correlation(
    hidden_spins: npt.ArrayLike | SpinMoments,
    weights: npt.ArrayLike,
    *,
    sites_per_unit: float = 2.0,
    common: bool | None = None,
    significance: float = 5.0,
) -> HiddenCorrelation:
    """Measure how hidden spins correlate along the ring (Fig. 5 of the report), and the coupling J' that follows.

    Each spin is aligned with the data by the sign of its dominant weight (a unit may have learned −v). If neighbours
    then correlate more with those on odd sites flipped, the ring is taken for an antiferromagnet, which this maps to a
    ferromagnet; an even number of sites per unit has J' > 0 for both. J' comes from a
    fit of a_j a_k (tˣ + tⁿ⁻ˣ)/(1 + tⁿ), the distribution of functions of windows of a Markov chain on a ring, to all
    pairs whose windows share no more than one site. Amplitudes and positions of the units are free: the fit holds
    whatever the filters, for any gaps between the units, and where two units sit on one site.

    Parameters
    ----------
    hidden_spins : array_like of shape (n_samples, n_hidden), or SpinMoments
        Spins ±1, sampled from p(h|v) for independent data v; or their moments, block by block
        (:func:`rgrbm.statistics.spin_moments`).
    weights : array_like of shape (n_visible, n_hidden)
        Weights of the RBM, or receptive fields of a deeper layer (:meth:`rgrbm.RBMStack.receptive_fields`): they
        determine signs, order and windows.
    sites_per_unit : float, default=2
        Visible sites per site of the coarse-grained ring: 2 to the number of decimations.
    common : bool, optional
        Whether to fit one amplitude in common and take the positions from the filters, so that much weaker signals are
        enough; else each unit's amplitude and position are free. By default they are free where the pairs of at least
        three distances are each significant.
    significance : float, default=5
        Standard errors above 0 at which a correlation is significant. Pairs take part up to the first distance, in
        units along the ring, whose correlation is not significant. That is the correlation of the median pair where
        amplitudes are free, and the mean of all pairs with one amplitude in common. There the second distance takes
        part whenever the first is significant, or J would be selected upwards where it is weak.

    Returns
    -------
    HiddenCorrelation
        J, its error and the amplitude are NaN, with a ``reason``, where the first distance is not significant, the
        standard error of J would exceed 40% of the nearest correlation or J itself, its bias would exceed this error,
        or the amplitude what spins can have.

    Raises
    ------
    TypeError
        If spins or weights are not real numbers, or another argument of another kind.
    ValueError
        If a spin is not ±1 or is masked, a weight is not finite, the shapes do not fit together, there are fewer than
        two samples, or blocks of samples, or a number is out of range.

    Notes
    -----
    The fit and its parameters are described in ``ring_fit.py``. Errors are from a jackknife over blocks of samples,
    which also removes the bias of order 1/n from J. The scatter of the pairs about the fit beyond that of sampling is
    added to them. With too few pairs to measure this scatter, it is estimated by the weights outside of the windows,
    relative to the filters' largest.

    Examples
    --------
    >>> import numpy as np
    >>> from rgrbm import IsingModel, hidden_correlation
    >>> spins = IsingModel((64,), J=1.0).sample(20_000, method="exact", seed=0)
    >>> kept = np.r_[0:20:2, 21:41:2, 40:64:2]  # decimation by half, with two parity defects
    >>> correlations = hidden_correlation(spins[:, kept], np.eye(64)[:, kept])
    >>> bool(abs(correlations.J - 0.6625) < 3 * correlations.J_stderr), bool(correlations.J_stderr < 0.01)
    (True, True)
    """
    moments, w = _checked(hidden_spins, weights)
    common = None if common is None else checks.flag("common", common)
    significance = checks.real("significance", significance, 0)
    if (sites_per_unit := checks.real("sites_per_unit", sites_per_unit)) <= 0:
        raise ValueError(f"sites_per_unit must be positive, got {sites_per_unit}")
    somewhere = np.any(w != 0, axis=0)
    site = dominant_visible(w)
    units, positions = _order(w)
    c = _correlations(moments, filter_signs(w))
    if staggered := _is_staggered(c[0][np.ix_(units, units)], site[units], len(w)):
        c = c * np.outer(sublattice := 1 - 2 * (site % 2), sublattice)
    by_distance, n_pairs = _by_distance(c[:, somewhere][:, :, somewhere], site[somewhere], len(w))
    of_units = c[:, units][:, :, units]
    fit, pairs, reason = _fit(of_units, w[:, units], positions, common=common, significance=significance)
    J = J_stderr = amplitude = np.nan
    if fit is not None:
        J, J_stderr, bias = _coupling(fit, sites_per_unit)
        amplitude = float(np.exp(fit.log_amplitude[0]))
        rank = pairs.rank.min()
        near = float(of_units[0, pairs.first, pairs.second][pairs.rank == rank].mean())
        if J_stderr > _LARGEST_ERROR * near:  # C = a² t^rank ≤ J: asked of what the value of J has no part in
            reason = (
                f"J would have a standard error of {J_stderr:.2g}, while units {rank} apart correlate by {near:.2g} "
                f"only: too few samples"
            )
        elif not _LEAST_SIGNAL * J_stderr < J:
            reason = f"J would be {J:.2g} with a standard error of {J_stderr:.2g}"
        elif abs(bias) > max(J_stderr, _LEAST_BIAS * J):
            reason = f"the bias of J is {bias:.2g}, more than its standard error of {J_stderr:.2g}: too few samples"
        elif fit.log_amplitude[0] > _LARGEST_AMPLITUDE + 4 * jackknife_stderr(fit.log_amplitude[1:]):
            reason = f"the fit has the amplitude {amplitude:.3g}, and spins have 1 at most: the pairs are no ring's"
        if reason:
            J = J_stderr = amplitude = np.nan
        elif staggered and sites_per_unit % 2 == 1:  # else both ends of a step are on one sublattice
            J = -J
    nearest, nearest_stderr = _nearest(of_units)
    return HiddenCorrelation(
        distance=np.arange(len(w) // 2 + 1),
        correlation=by_distance[0],
        stderr=jackknife_stderr(by_distance[1:]),
        n_pairs=n_pairs,
        n_unique=len(np.unique(site[somewhere])),
        J=J,
        J_stderr=J_stderr,
        amplitude=amplitude,
        nearest=nearest,
        nearest_stderr=nearest_stderr,
        positions=positions if fit is None else fit.positions,
        units=units,
        ranks=np.unique(pairs.rank),
        chi2=np.nan if fit is None else fit.chi2,
        dof=np.nan if fit is None else fit.dof,
        reason=reason,
    )


def _checked(hidden_spins: npt.ArrayLike | SpinMoments, weights: npt.ArrayLike) -> tuple[SpinMoments, Array]:
    w = checks.numbers("weights", weights)
    if isinstance(hidden_spins, SpinMoments):
        shape: tuple[int, ...] = (int(hidden_spins.n_samples.sum()), hidden_spins.sums.shape[1])
        h = None
    else:
        h = spin_values(hidden_spins)
        shape = h.shape
    if not np.isfinite(w).all():
        raise ValueError("weights must be finite, got NaN or infinite ones; train the RBM again")
    if len(shape) != 2 or w.ndim != 2 or shape[1] != w.shape[1]:
        raise ValueError(
            "expected spins of shape (n_samples, n_hidden) and weights of shape (n_visible, n_hidden), got "
            f"{shape} and {w.shape}; give the hidden spins of all samples, one row each, and the RBM's weights_"
        )
    if shape[0] < 2:
        raise ValueError(f"error bars need at least two samples, got {shape[0]}")
    if h is None:
        moments = hidden_spins
    else:
        moments = spin_moments(h[first:last] for first, last in pairwise(block_bounds(len(h))))
    assert isinstance(moments, SpinMoments)
    if len(moments.n_samples) < 2:
        raise ValueError(f"error bars need at least two blocks of samples, got {len(moments.n_samples)}")
    return moments, w


def _correlations(moments: SpinMoments, sign: Array) -> Array:
    """Connected correlations of aligned spins: first of all samples, then with each block left out."""
    n_samples, sums, products = (
        np.concatenate([x.sum(axis=0, keepdims=True), leave_one_out(x)])
        for x in (moments.n_samples, moments.sums * sign, moments.products)
    )
    mean = sums / n_samples[:, None]
    return np.asarray(
        products * (sign[:, None] * sign) / n_samples[:, None, None] - mean[:, :, None] * mean[:, None, :]
    )


def _is_staggered(c: Array, site: npt.NDArray[np.int64], n_visible: int) -> bool:
    """Whether neighbouring units correlate more if those on odd sites are flipped, as in an antiferromagnet.

    On a ring of an even number of sites this turns it into a ferromagnet, exactly.
    """
    n = len(site)
    if n_visible % 2 or n < 2:
        return False
    following = (np.arange(n) + 1) % n
    nearest = c[np.arange(n), following]
    return bool((nearest * (1 - 2 * ((site + site[following]) % 2))).sum() > nearest.sum())


def _by_distance(c: Array, site: npt.NDArray[np.int64], n_visible: int) -> tuple[Array, npt.NDArray[np.int64]]:
    """Mean correlations by the distance of the dominant visible units, and the number of pairs."""
    first, second = np.triu_indices(len(site), k=1)
    apart = np.abs(site[first] - site[second])
    apart = np.minimum(apart, n_visible - apart)
    n_pairs = np.bincount(apart, minlength=n_visible // 2 + 1)
    total = [np.bincount(apart, weights=row[first, second], minlength=len(n_pairs)) for row in c]
    with np.errstate(invalid="ignore"):
        return np.array(total) / n_pairs, n_pairs


def _order(w: Array) -> tuple[npt.NDArray[np.int64], Array]:
    """Units that are not silent in the order of their centres on the ring, and the centres."""
    size = np.linalg.norm(w, axis=0)
    units = np.flatnonzero((size > 0) & (size > _SILENT * np.median(size[size > 0]))) if size.any() else np.arange(0)
    centre = filter_positions(w[:, units])
    order = np.argsort(centre, kind="stable")
    return units[order], centre[order]


def _nearest(c: Array) -> tuple[float, float]:
    n = c.shape[1]
    if n < 2:
        return np.nan, np.nan
    mean = c[:, np.arange(n), (np.arange(n) + 1) % n].mean(axis=1)
    return float(mean[0]), float(jackknife_stderr(mean[1:]))


def _fit(
    c: Array, w: Array, positions: Array, *, common: bool | None, significance: float
) -> tuple[RingFit | None, Pairs, str]:
    """The fit to the pairs that may take part, these pairs, and why there is no fit."""
    pairs = _distinct_pairs(w, positions)
    values = c[:, pairs.first, pairs.second]
    choices = [False, True] if common is None else [common]
    for together in choices:
        ranks = _significant_ranks(values, pairs, significance, one_by_one=not together)
        chosen = np.isin(pairs.rank, ranks)
        try:
            if len(ranks) < (_RANKS_OF_FREE_FIT if together != choices[-1] else 2):
                raise ArithmeticError(_too_few(len(ranks), significance))
            c_fit, of_fit = values[:, chosen], pairs.at(chosen)
            with threadpool_limits(1):  # small matrices: threads of the BLAS would only wait for each other
                fit = fit_ring(c_fit, of_fit, positions, len(w), common=together, foreign=_foreign(w, of_fit))
        except (ArithmeticError, np.linalg.LinAlgError) as error:
            reason = str(error)
        else:
            return fit, of_fit, ""
    return None, pairs.at(chosen), reason


def _too_few(n_ranks: int, significance: float) -> str:
    of = f"{n_ranks} distance{'' if n_ranks == 1 else 's'}"
    return (
        f"of units whose filters share no more than one site, correlations are {significance:g} standard errors above "
        f"0 at {of} only; a decay needs two"
    )


def _distinct_pairs(w: Array, positions: Array) -> Pairs:
    """All pairs, less than half the ring apart, whose windows share at most one site.

    Windows with one site in common are fine: given the spin there, the two sides of a Markov chain are independent.
    """
    n_units, n_visible = len(positions), len(w)
    unit = np.arange(n_units)
    first = np.tile(unit, n_units // 2)
    rank = np.repeat(np.arange(1, n_units // 2 + 1), n_units)
    second = (first + rank) % n_units
    once = (2 * rank < n_units) | (first < second)  # units opposite each other make one pair, not two
    wraps = first + rank >= n_units
    left, right = filter_windows(w)
    dominant = dominant_visible(w)
    # Of a dominant site across the seam from the filter's centre: the same site, in the frame of the unit's position.
    site = dominant + np.round((positions - dominant) / n_visible) * n_visible
    gap = site[second] - site[first] + n_visible * wraps
    apart = (gap >= right[first] + left[second]) & (n_visible - gap >= left[first] + right[second])
    return Pairs(first, second, wraps, rank).at(once & apart)


def _significant_ranks(c: Array, pairs: Pairs, significance: float, *, one_by_one: bool) -> list[int]:
    """Ranks from the first with pairs on, as far as the median pair, or the mean of all, is significant.

    The error of a mean is that of sampling, or that of the scatter of the pairs if this is larger: weights on
    far sites correlate some pairs and not others, however many samples there are.
    """
    ranks: list[int] = []
    for rank in np.unique(pairs.rank):
        of_rank = c[:, pairs.rank == rank]
        if one_by_one:
            value, error = float(np.median(of_rank[0])), float(np.median(jackknife_stderr(of_rank[1:])))
        else:
            value, error = float(of_rank[0].mean()), float(jackknife_stderr(of_rank[1:].mean(axis=1)))
            if of_rank.shape[1] > 1:
                error = max(error, mean_and_stderr(of_rank[0]).stderr)
        # Where the first is significant, the second is taken as it is: only pairs that come out high would be, else.
        least = 1e-300 if not one_by_one and len(ranks) == 1 else max(significance * error, 1e-300)
        if not value > least:
            break
        ranks.append(int(rank))
    return ranks


def _foreign(w: Array, pairs: Pairs) -> Array:
    """Weight of either unit on the other's dominant site, relative to its own largest."""
    site = dominant_visible(w)
    seen = np.abs(w) / np.abs(w).max(axis=0)
    return np.asarray(np.hypot(seen[site[pairs.first], pairs.second], seen[site[pairs.second], pairs.first]))


def _coupling(fit: RingFit, sites_per_unit: float) -> tuple[float, float, float]:
    """J with the bias of order 1/n_blocks taken out, its error, and this bias."""
    J = np.arctanh(np.exp(np.minimum(fit.s * sites_per_unit, -1e-12)))
    n_blocks = len(J) - 1
    unbiased = n_blocks * J[0] - (n_blocks - 1) * J[1:].mean()
    slope = sites_per_unit / (2 * np.sinh(-fit.s[0] * sites_per_unit))  # dJ/ds of artanh e^(s b)
    stderr = float(np.hypot(jackknife_stderr(J[1:]), slope * fit.scatter_stderr))
    return float(unbiased), stderr, float(J[0] - unbiased)
