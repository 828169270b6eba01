"""The coupling that hidden spins tell by how they decay along the ring, whatever the defects of their places.

Every unit j copies its place on the ring with an amplitude a_j of its own, so that C_jk = a_j a_k tˣ with x the
distance of the two. In ln C this is linear, and pairs that are equally many units apart (of one *rank*) get equal
weights. An error in the place of a unit, half a site where its filter straddles two, makes it nearer to those on one
side and farther from those on the other, and cancels: the gaps around the ring add up to its length whatever the places
are. In a mean of C itself, or with weights that grow with C, the closer pairs would outweigh the others.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from rgrbm.rg.hidden_spins import dominant_visible, filter_positions
from rgrbm.statistics.jackknife import Array, jackknife_stderr, leave_one_out

_NEWTON_STEPS = 50
_DROPPED = 3.0  # standard errors of a pair's correlation, below which it tells nothing
_SILENT = 0.1  # a unit with a field so much weaker than the others' is a coin that copies nothing


class SpinMoments(NamedTuple):
    """First and second moments of spins, summed over blocks of samples."""

    n_samples: Array
    """Samples in each block, of shape (n_blocks,)."""
    sums: Array
    """Σ s_i, of shape (n_blocks, n_units)."""
    products: Array
    """Σ s_i s_j, of shape (n_blocks, n_units, n_units)."""

    @classmethod
    def concatenate(cls, parts: Iterable["SpinMoments"]) -> "SpinMoments":
        """The blocks of several moments, one after the other."""
        return cls(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def spin_moments(blocks: Iterable[npt.ArrayLike]) -> SpinMoments:
    """Sum up blocks of spins, of which only one at a time has to be in memory.

    Parameters
    ----------
    blocks : iterable of array_like, each of shape (n_samples, n_units)
        Spins ±1; samples of different blocks are independent of each other.

    Returns
    -------
    SpinMoments

    Raises
    ------
    ValueError
        If there are no blocks, or their shapes differ.

    Examples
    --------
    >>> from rgrbm.rg.ring_decay import spin_moments
    >>> spin_moments([[[1, -1]], [[1, 1]]]).sums
    array([[ 1., -1.],
           [ 1.,  1.]])
    """
    summed: list[tuple[int, Array, Array]] = []
    for block in blocks:
        s = np.asarray(block, dtype=np.float32)  # sums are whole numbers, exact up to 2²⁴ samples
        if s.ndim != 2 or (summed and s.shape[1] != len(summed[0][1])):
            raise ValueError(f"expected blocks of shape (n_samples, n_units) with the same units, got {s.shape}")
        summed.append((len(s), s.sum(axis=0, dtype=np.float64), (s.T @ s).astype(np.float64)))
    if not summed:
        raise ValueError("there are no blocks of samples")
    n_samples, sums, products = (np.array(column, dtype=np.float64) for column in zip(*summed, strict=True))
    return SpinMoments(n_samples, sums, products)


@dataclass(frozen=True)
class RingDecay:
    """Decay of correlations along a ring of hidden units, and the coupling that follows.

    Attributes
    ----------
    J, J_stderr : float
        Coupling of a ring whose sites are ``sites_per_unit`` visible sites apart, from the slope of ln C. NaN where
        fewer than two ranks are significant.
    amplitude : float
        a in C = a·(tanh J)^x, the geometric mean of all units': below 1 where noise covers the spins, above where
        filters overlap.
    J_nearest, J_nearest_stderr : float
        What adjacent units alone would tell if a were 1: artanh of their geometric mean correlation, carried over to
        ``sites_per_unit``. Noise makes it too small, overlap of filters too large. NaN where it is not significant.
    ranks : ndarray of int
        How many units apart the pairs of the fit are.
    n_pairs : int
        Pairs in the fit.
    correlation, stderr : ndarray of shape (n_ranks,)
        Geometric mean correlation of the pairs of each significant rank, from 1 on, and the error of its logarithm.
    n_units : int
        Units that took part: all but those whose fields are less than a tenth of the median unit's. L1 may switch a
        unit off, which then has no place on the ring, and the others are further apart.
    """

    J: float
    J_stderr: float
    amplitude: float
    J_nearest: float
    J_nearest_stderr: float
    ranks: npt.NDArray[np.int64]
    n_pairs: int
    correlation: Array
    stderr: Array
    n_units: int


def ring_decay(
    moments: SpinMoments, fields: npt.ArrayLike, *, sites_per_unit: float = 2.0, significance: float = 5.0
) -> RingDecay:
    """Measure J' by the decay of correlations along the ring, free of the units' exact places.

    Parameters
    ----------
    moments : SpinMoments
        Of hidden spins that were drawn from p(h|v) for independent data v.
    fields : array_like of shape (n_visible, n_units)
        Weights, or receptive fields of the units of a deeper layer; signs align the spins, centres order them.
    sites_per_unit : float, default=2
        Visible sites per site of the coarse-grained ring: 2 to the number of decimations.
    significance : float, default=5
        The fit ends before the first rank whose median pair is not correlated by so many standard errors.

    Returns
    -------
    RingDecay

    Raises
    ------
    ValueError
        If moments and fields are not of the same units, there are fewer than two blocks, or fewer than three units
        have weights.

    Notes
    -----
    Fitted is a_j a_k (tˣ + tⁿ⁻ˣ)/(1 + tⁿ), the law of the finite ring, to ln C_jk, with x the distance of the filters'
    centres and a common weight for all pairs of a rank. Pairs less than three standard errors above 0 are left out:
    those with a unit that copies nothing. Filters of adjacent units overlap, and may share the noise of the layer
    below; ranks are therefore fitted from 2 on, and from 1 only if fewer than two others are significant. Errors and
    the bias of the logarithm are taken from a jackknife over blocks.

    Examples
    --------
    >>> import numpy as np
    >>> from rgrbm import IsingModel
    >>> from rgrbm.rg.ring_decay import ring_decay, spin_moments
    >>> spins = IsingModel(64, J=1.0).sample(100_000, method="exact", seed=0)
    >>> kept = np.r_[0:20:2, 21:41:2, 40:64:2]  # decimation by half, with two parity defects
    >>> found = ring_decay(spin_moments(np.split(spins[:, kept], 50)), np.eye(64)[:, kept])
    >>> bool(abs(found.J - 0.6625) < 4 * found.J_stderr), round(found.J_stderr, 3)
    (True, 0.003)
    """
    f = np.asarray(fields, dtype=np.float64)
    if f.ndim != 2 or moments.sums.shape[1] != f.shape[1]:
        raise ValueError(
            f"fields of shape (n_visible, n_units) must fit {moments.sums.shape[1]} spins, got shape {f.shape}"
        )
    if len(moments.n_samples) < 2:
        raise ValueError(f"error bars need at least two blocks of samples, got {len(moments.n_samples)}")
    size = np.linalg.norm(f, axis=0)
    units = np.flatnonzero(size > _SILENT * np.median(size))
    if len(units) < 3:
        raise ValueError(f"a decay along the ring needs at least three units with weights, got {len(units)}")
    centre = filter_positions(f[:, units])
    order = np.argsort(centre, kind="stable")
    units, centre = units[order], centre[order]
    sign = np.sign(f[dominant_visible(f[:, units]), units])
    ranks = _ranks(_correlations(moments, units, sign), centre, len(f), significance)
    stretch = sites_per_unit / len(f) * len(units)
    first = 1 if len(ranks) < 3 else 2
    chosen = ranks[first - 1 :] if len(ranks) >= 2 else []
    log_a, J, J_stderr = _fit(chosen, len(f), len(units), sites_per_unit)
    log_c = np.array([rank.log_c.mean(axis=1) for rank in ranks]).reshape(len(ranks), len(moments.n_samples) + 1)
    nearest = _unbiased(_artanh_exp(log_c[0] * stretch)) if len(ranks) else (np.nan, np.nan)
    return RingDecay(
        J,
        J_stderr,
        float(np.exp(log_a)),
        *nearest,
        ranks=np.arange(first, first + len(chosen)),
        n_pairs=sum(len(rank.distance) for rank in chosen),
        correlation=np.exp(log_c[:, 0]),
        stderr=jackknife_stderr(log_c[:, 1:].T),
        n_units=len(units),
    )


class _Rank(NamedTuple):
    """Significant pairs of units that are equally many units apart."""

    first: npt.NDArray[np.int64]
    second: npt.NDArray[np.int64]
    distance: Array
    """In visible sites, one way round the ring."""
    log_c: Array
    """Of all samples, then with each block left out: (n_blocks + 1, n_pairs)."""


def _correlations(moments: SpinMoments, units: npt.NDArray[np.int64], sign: Array) -> Array:
    """Connected correlations of aligned spins: first of all samples, then with each block left out."""
    n_samples, sums, products = (
        np.concatenate([x.sum(axis=0, keepdims=True), leave_one_out(x)])
        for x in (moments.n_samples, moments.sums[:, units] * sign, moments.products[:, units][:, :, units])
    )
    mean = sums / n_samples[:, None]
    return np.asarray(
        products * (sign[:, None] * sign) / n_samples[:, None, None] - mean[:, :, None] * mean[:, None, :]
    )


def _ranks(estimates: Array, centre: Array, n_visible: int, significance: float) -> list[_Rank]:
    """Ranks from 1 on, as far as their median pair is significant."""
    n_units, unit = len(centre), np.arange(len(centre))
    found = []
    for rank in range(1, n_units // 2 + 1):
        other = (unit + rank) % n_units
        c = estimates[:, unit, other]
        error = jackknife_stderr(c[1:])
        if np.median(c[0]) < significance * np.median(error):
            break
        kept = c[0] > _DROPPED * error
        # Centres in ascending order: to go round once is n_visible more.
        distance = centre[other] - centre + n_visible * (unit + rank >= n_units)
        log_c = np.log(np.maximum(c[:, kept], 1e-300))
        found.append(_Rank(unit[kept], other[kept], distance[kept], log_c))
    return found


def _fit(ranks: list[_Rank], n: int, n_units: int, sites_per_unit: float) -> tuple[float, float, float]:
    """Mean ln a, J and its error, by Gauss and Newton's method in s = ln t and the ln a_j of all units."""
    if not ranks:
        return np.nan, np.nan, np.nan
    first, second, distance = (np.concatenate([rank[i] for rank in ranks]) for i in range(3))
    log_c = np.concatenate([rank.log_c for rank in ranks], axis=1)
    spread = [np.maximum(np.median(jackknife_stderr(rank.log_c[1:])), 1e-12) for rank in ranks]
    weight = np.repeat(np.min(spread) / spread, [len(rank.distance) for rank in ranks])
    amplitudes = np.zeros((len(distance), n_units))
    amplitudes[np.arange(len(distance)), first] = 1
    amplitudes[np.arange(len(distance)), second] += 1
    s, log_a = -1 / (2 * sites_per_unit), np.zeros(n_units)
    for _ in range(_NEWTON_STEPS):
        law, slope = _ring_law(s, distance, n)
        design = np.concatenate([slope[:, None], amplitudes], axis=1) * weight[:, None]
        carry = np.linalg.pinv(design, rcond=1e-10) * weight
        step = carry @ (log_c[0] - law - amplitudes @ log_a)
        # Never more than halfway to t = 1, where the law is flat.
        step[0] = min(step[0], -s / 2)
        s, log_a = s + step[0], log_a + step[1:]
        if abs(step[0]) < 1e-13:
            break
    J, J_stderr = _unbiased(_artanh_exp((s + (log_c - log_c[0]) @ carry[0]) * sites_per_unit))
    seen = np.any(amplitudes, axis=0)
    return 2 * float(log_a[seen].mean()), J, J_stderr


def _ring_law(s: float, distance: Array, n: int) -> tuple[Array, Array]:
    """Logarithm of (tˣ + tⁿ⁻ˣ)/(1 + tⁿ) with t = exp(s), and its derivative by s."""
    around, whole = np.exp(s * (n - 2 * distance)), np.exp(s * n)  # the way round the other side, and all the way
    value = s * distance + np.log1p(around) - np.log1p(whole)
    slope = distance + (n - 2 * distance) * around / (1 + around) - n * whole / (1 + whole)
    return value, slope


def _artanh_exp(x: Array) -> Array:
    return np.asarray(np.arctanh(np.exp(np.minimum(x, -1e-12))))


def _unbiased(estimates: Array) -> tuple[float, float]:
    """The jackknife's estimate without the bias of order 1/n, and its standard error."""
    n_blocks = len(estimates) - 1
    value = n_blocks * estimates[0] - (n_blocks - 1) * estimates[1:].mean()
    return float(value), float(jackknife_stderr(estimates[1:]))
