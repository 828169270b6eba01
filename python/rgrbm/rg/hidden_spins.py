"""Hidden spins of an RBM as a coarse-grained ring: where they sit, how they correlate, and the J' that follows.

The law measured here is the *push-forward* Σ_v p(h|v) P(v): data go in, hidden spins come out. It is not the model's
own marginal p(h), and equals it only where the model's p(v) is the data's P(v).
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from rgrbm.statistics.jackknife import Array, block_sums, jackknife_stderr, leave_one_out


def dominant_visible(weights: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """The visible unit with the largest |weight|, for each hidden unit.

    Parameters
    ----------
    weights : array_like of shape (n_visible, n_hidden)

    Returns
    -------
    ndarray of int, shape (n_hidden,)

    Examples
    --------
    >>> from rgrbm.rg.hidden_spins import dominant_visible
    >>> dominant_visible([[0.1, -2.0], [1.0, 0.5]])
    array([1, 0])
    """
    return np.asarray(np.argmax(np.abs(np.asarray(weights)), axis=0))


def filter_positions(weights: npt.ArrayLike) -> Array:
    """Centre of each filter on the ring: the circular mean of the sites, weighted by W².

    Parameters
    ----------
    weights : array_like of shape (n_visible, n_hidden)

    Returns
    -------
    ndarray of shape (n_hidden,)
        Positions in [0, n_visible), in sites; NaN where all weights are 0.

    Examples
    --------
    >>> import numpy as np
    >>> from rgrbm.rg.hidden_spins import filter_positions
    >>> filter_positions(np.eye(8)[:, [2, 5]]).round(6)
    array([2., 5.])
    """
    w = np.asarray(weights, dtype=np.float64)
    n_visible = len(w)
    phases = np.exp(2j * np.pi * np.arange(n_visible) / n_visible)
    resultant = phases @ w**2
    position = np.angle(resultant) / (2 * np.pi) * n_visible % n_visible
    position[position == n_visible] = 0.0  # what % makes of a negative angle below its rounding
    return np.where(np.any(w != 0, axis=0), position, np.nan)


def sort_by_position(weights: npt.ArrayLike) -> Array:
    """Columns of the weights (hidden units) in the order of their filters' centres on the ring.

    Examples
    --------
    >>> import numpy as np
    >>> from rgrbm.rg.hidden_spins import sort_by_position
    >>> sort_by_position(np.eye(3)[:, [2, 0, 1]])
    array([[1., 0., 0.],
           [0., 1., 0.],
           [0., 0., 1.]])
    """
    w = np.asarray(weights, dtype=np.float64)
    return np.asarray(w[:, np.argsort(filter_positions(w), kind="stable")])


@dataclass(frozen=True)
class HiddenCorrelation:
    """Correlation of hidden spins against distance on the ring, and the coupling that its decay tells.

    Attributes
    ----------
    distance : ndarray of int, shape (n_visible // 2 + 1,)
        Distance between dominant visible units, in sites of the visible ring.
    correlation, stderr : ndarray of the same shape
        Connected correlation of aligned hidden spins and its jackknife error; NaN where no pair is that far apart.
    n_pairs : ndarray of int, the same shape
        Pairs of hidden units at each distance.
    n_unique : int
        Number of distinct dominant visible units.
    J, J_stderr : float
        Coupling of a ring whose sites are ``sites_per_unit`` visible sites apart, from the decay of C.
    amplitude : float
        a in C = a·(tˣ + tⁿ⁻ˣ)/(1 + tⁿ), t = tanh J; below 1 where noise in v → h attenuates the correlation. The
        decay and J do not suffer from it; artanh C(1) would.
    """

    distance: npt.NDArray[np.int64]
    correlation: Array
    stderr: Array
    n_pairs: npt.NDArray[np.int64]
    n_unique: int
    J: float
    J_stderr: float
    amplitude: float


def hidden_correlation(
    hidden_spins: npt.ArrayLike,
    weights: npt.ArrayLike,
    *,
    sites_per_unit: float = 2.0,
    significance: float = 10.0,
) -> HiddenCorrelation:
    """Measure how hidden spins correlate along the ring (Fig. 5 of the report), with error bars.

    Each spin is aligned with the data by the sign of its dominant weight (a unit may have learned −v). Pairs are
    taken at the true distance of their dominant visible units, since some gaps between units are not 2. All pairs at
    the same distance are averaged, means are subtracted, and errors are jackknifed over samples. Units whose weights
    are all 0 have no place on the ring and are left out. J follows from the decay of C(x), fitted as that of a ring
    with an amplitude, a·(tˣ + tⁿ⁻ˣ)/(1 + tⁿ), by weighted least squares of ln C over the distances from
    ``sites_per_unit`` on, up to the first at which C is not ``significance`` standard errors above 0.

    Parameters
    ----------
    hidden_spins : array_like of shape (n_samples, n_hidden)
        Spins ±1, sampled from p(h|v) for independent data v.
    weights : array_like of shape (n_visible, n_hidden)
        Weights of the RBM.
    sites_per_unit : float, default=2
        Visible sites per site of the coarse-grained ring: 2 for decimation by half.
    significance : float, default=10
        How many standard errors C(x) must be above 0 to enter the fit.

    Returns
    -------
    HiddenCorrelation
        J, its error and the amplitude are NaN where fewer than two distances are significant.

    Raises
    ------
    ValueError
        If the shapes do not fit together, or there are fewer than two samples.

    Examples
    --------
    >>> import numpy as np
    >>> from rgrbm import IsingModel
    >>> from rgrbm.rg.hidden_spins import hidden_correlation
    >>> spins = IsingModel((64,), J=1.0).sample(20_000, method="exact", seed=0)
    >>> found = hidden_correlation(spins[:, ::2], np.eye(64)[:, ::2])  # perfect decimation
    >>> bool(abs(found.J - 0.6625) < 4 * found.J_stderr)
    True
    """
    h, w = np.asarray(hidden_spins, dtype=np.float64), np.asarray(weights, dtype=np.float64)
    if h.ndim != 2 or w.ndim != 2 or h.shape[1] != w.shape[1]:
        raise ValueError(
            f"expected (n_samples, n_hidden) spins and (n_visible, n_hidden) weights, got {h.shape} and {w.shape}"
        )
    if len(h) < 2:
        raise ValueError(f"error bars need at least two samples, got {len(h)}")
    somewhere = np.any(w != 0, axis=0)
    h, w = h[:, somewhere], w[:, somewhere]
    site = dominant_visible(w)
    aligned = h * np.sign(w[site, np.arange(len(site))])
    distance, replicas, n_pairs = _jackknifed_correlation(aligned, site, len(w))
    value, stderr = replicas.mean(axis=0), jackknife_stderr(replicas)
    fitted = _fit_range(value, stderr, sites_per_unit, significance)
    n_sites = len(w) / sites_per_unit
    amplitude, J = _fit_decay(replicas, value, stderr, distance / sites_per_unit, n_sites, fitted)
    return HiddenCorrelation(
        distance=distance,
        correlation=value,
        stderr=stderr,
        n_pairs=n_pairs,
        n_unique=len(np.unique(site)),
        J=float(J.mean()),
        J_stderr=float(jackknife_stderr(J)),
        amplitude=float(amplitude.mean()),
    )


def _jackknifed_correlation(
    spins: Array, site: npt.NDArray[np.int64], n_visible: int
) -> tuple[npt.NDArray[np.int64], Array, npt.NDArray[np.int64]]:
    """Connected correlation by distance, once for each block of samples left out."""
    first, second = np.triu_indices(len(site), k=1)
    apart = np.abs(site[first] - site[second])
    apart = np.minimum(apart, n_visible - apart)
    n_distances = n_visible // 2 + 1
    n_pairs = np.bincount(apart, minlength=n_distances)
    sums, counts = block_sums(spins), block_sums(np.ones((len(spins), 1)))
    starts = np.concatenate([[0], np.cumsum(counts[:, 0]).astype(int)])
    products = np.stack([(b.T @ b)[first, second] for b in (spins[i:j] for i, j in pairwise(starts))])
    n = leave_one_out(counts)
    means = leave_one_out(sums) / n
    connected = leave_one_out(products) / n - means[:, first] * means[:, second]
    by_distance = np.stack([np.bincount(apart, weights=row, minlength=n_distances) for row in connected])
    with np.errstate(invalid="ignore"):
        return np.arange(n_distances), by_distance / n_pairs, n_pairs


def _fit_range(value: Array, stderr: Array, sites_per_unit: float, significance: float) -> npt.NDArray[np.bool_]:
    distance = np.arange(len(value))
    with np.errstate(invalid="ignore"):
        weak = ((value < significance * stderr) | (value <= 0)) & (distance >= sites_per_unit)
    last = int(np.argmax(weak)) if weak.any() else len(value)
    return np.isfinite(value) & (stderr > 0) & (distance >= sites_per_unit) & (distance < last)


def _fit_decay(
    replicas: Array, value: Array, stderr: Array, x: Array, n_sites: float, fitted: npt.NDArray[np.bool_]
) -> tuple[Array, Array]:
    """Amplitude a and coupling J of C(x) = a (tˣ + tⁿ⁻ˣ)/(1 + tⁿ), t = tanh J, for each replica.

    Least squares of ln C, weighted by its errors: Gauss–Newton in ln a and κ = −ln t, from the fit of an exponential.
    """
    if fitted.sum() < 2:
        nan = np.full(len(replicas), np.nan)
        return nan, nan
    weight, x = (value[fitted] / stderr[fitted])[:, None], x[fitted][:, None]
    target = np.log(np.maximum(replicas[:, fitted], 1e-300)).T
    design = np.concatenate([np.ones_like(x), -x], axis=1) * weight
    log_a, kappa = np.linalg.lstsq(design, target * weight, rcond=None)[0]
    for _ in range(20):
        kappa = np.maximum(kappa, 1e-12)
        there, back, around = np.exp(-kappa * x), np.exp(-kappa * (n_sites - x)), np.exp(-kappa * n_sites)
        residual = target - log_a - np.log((there + back) / (1 + around))
        slope = n_sites * around / (1 + around) - (x * there + (n_sites - x) * back) / (there + back)
        step = _weighted_line(slope, residual, weight)
        log_a, kappa = log_a + step[0], kappa + step[1]
    return np.exp(log_a), np.arctanh(np.exp(-np.maximum(kappa, 1e-12)))


def _weighted_line(x: Array, y: Array, weight: Array) -> tuple[Array, Array]:
    """Intercept and slope of y against x by weighted least squares, column by column."""
    w = weight**2 / np.sum(weight**2)
    mean_x, mean_y = np.sum(w * x, axis=0), np.sum(w * y, axis=0)
    slope = np.sum(w * (x - mean_x) * (y - mean_y), axis=0) / np.sum(w * (x - mean_x) ** 2, axis=0)
    return mean_y - slope * mean_x, slope
