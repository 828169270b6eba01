"""The coupling J of an Ising model from samples, with standard errors that allow for autocorrelation."""

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from scipy.optimize import brentq, least_squares

from rgrbm._support import checks
from rgrbm.spins import exact
from rgrbm.spins.bonds import bond_arrays, lattice_bonds
from rgrbm.statistics.autocorrelation import integrated_autocorrelation_time
from rgrbm.statistics.jackknife import block_sums, jackknife_stderr, leave_one_out

Values = npt.NDArray[np.float64]
Spins = npt.NDArray[np.int8]
Estimator = Callable[[Values], Values]  # linear around the mean statistics, for the replicas of a jackknife
Method = Literal["nearest", "decay", "pseudolikelihood"]

_LARGEST_J = 12.0  # one bond in 10¹⁰ is broken there
_ROUNDING = 1e-14  # of a nearest-neighbour correlation; ground states have that of the largest J, to rounding
_VALUES_PER_BLOCK = 2**22
_FEWEST_BLOCKS = 10
_MOST_BLOCKS = 200
_BLOCK_TIMES = 20  # length of a block in autocorrelation times; ends of blocks then correlate by a few percent at most


class NoFiniteCouplingError(ValueError):
    """No finite J fits the samples: neighbours are as aligned as the lattice allows, or more than any J would have."""


@dataclass(frozen=True)
class CouplingEstimate:
    """A coupling estimated from samples.

    Attributes
    ----------
    J, stderr : float
        The coupling and its standard error.
    method : str
        "nearest", "decay" or "pseudolikelihood".
    n_blocks : int
        Blocks of samples in the jackknife.
    tau_int : float
        Integrated autocorrelation time of the samples of a chain, in samples; ½ for independent ones.
    amplitude, amplitude_stderr : float
        For "decay", a in C(x) = a·C_ring(x): 1 for the spins of a ring, less where noise covers them. Else NaN.
    """

    J: float
    stderr: float
    method: str
    n_blocks: int
    tau_int: float
    amplitude: float = math.nan
    amplitude_stderr: float = math.nan


def estimate_coupling(
    spins: npt.ArrayLike,
    method: Method = "nearest",
    *,
    bonds: npt.ArrayLike | None = None,
    n_chains: int = 1,
    significance: float = 5.0,
) -> CouplingEstimate:
    """Coupling J of an Ising model without fields, from samples of its spins.

    Parameters
    ----------
    spins : array_like of -1 and +1, shape (n_samples, n_sites) or (n_samples, rows, columns)
        Samples of a periodic ring or square lattice in equilibrium, consecutive ones of a Markov chain next to each
        other (but see ``n_chains``).
    method : {"nearest", "decay", "pseudolikelihood"}, default="nearest"
        "nearest" inverts the exact nearest-neighbour correlation of the finite ring, (t + tⁿ⁻¹)/(1 + tⁿ) with
        t = tanh J, or Kaufman's of the torus: the maximum-likelihood estimate. "decay" fits a·(tˣ + tⁿ⁻ˣ)/(1 + tⁿ)
        to the correlations of the ring. Noise that flips spins independently, as that of the map v → h does, only
        lowers the amplitude a and leaves this J alone, while it makes the other two too small. "pseudolikelihood"
        maximises Σ_i ln p(s_i | all others), on any lattice.
    bonds : array_like of int, shape (n_bonds, 2), optional
        For "pseudolikelihood": the lattice, if it is not the periodic one of the spins' shape. Sites of spins of shape
        (n_samples, rows, columns) are numbered row by row.
    n_chains : int, default=1
        Chains that take turns: sample i comes from chain i modulo ``n_chains``, as in
        :class:`rgrbm.spins.Ensemble`. Blocks of the jackknife then do not mix chains.
    significance : float, default=5
        For "decay": correlations are fitted from distance 1 up to the first that is not so many standard errors from
        0.

    Returns
    -------
    CouplingEstimate

    Raises
    ------
    ValueError
        If the spins are not ±1 or fewer than two samples, the method is unknown or not meant for the lattice, a number
        is out of range, or for "decay" fewer than two distances have significant correlations.
    NoFiniteCouplingError
        A ValueError: no finite J fits, as where all neighbours are aligned.
    TypeError
        If ``n_chains`` is not an integer or ``significance`` not a number.

    Warns
    -----
    UserWarning
        If the samples make fewer than ten blocks of 20 autocorrelation times, so that the error is itself uncertain.

    Notes
    -----
    Errors are jackknifed over blocks of at least 20 (τ_int − ½) samples, τ_int being the larger of the times of the
    energy and of the magnetisation; from 20 chains on, each chain is a block.

    Examples
    --------
    >>> from rgrbm import IsingModel, estimate_coupling
    >>> spins = IsingModel(64, J=1.0).sample(2000, method="exact", seed=0)
    >>> found = estimate_coupling(spins)
    >>> bool(abs(found.J - 1) < 4 * found.stderr), round(found.stderr, 3)
    (True, 0.004)
    """
    if method not in ("nearest", "decay", "pseudolikelihood"):
        raise ValueError(f"method must be 'nearest', 'decay' or 'pseudolikelihood', got {method!r}")
    if bonds is not None and method != "pseudolikelihood":
        raise ValueError(f"method={method!r} knows its lattice; bonds are for method='pseudolikelihood'")
    significance = checks.real("significance", significance, 0)
    s = _checked(spins, checks.integer("n_chains", n_chains))
    per_sample = _statistics(s, method, bonds)
    chain = np.arange(len(s)) % n_chains
    tau_int = _autocorrelation_time(s, n_chains)
    n_blocks = _number_of_blocks(len(s), n_chains, tau_int)
    # Samples of a chain next to each other, so that blocks hold stretches of one chain.
    sums = block_sums(per_sample[np.argsort(chain, kind="stable")], n_blocks)
    counts = block_sums(np.ones(len(s)), n_blocks)[:, None]
    mean, replicas = per_sample.mean(axis=0), leave_one_out(sums) / leave_one_out(counts)
    fit = _fit(method, s.shape[1:], mean, replicas, significance)
    J, *amplitude = fit(mean[None])[0]
    stderr, *amplitude_stderr = jackknife_stderr(fit(replicas))
    return CouplingEstimate(
        float(J), float(stderr), method, n_blocks, tau_int, *map(float, (*amplitude, *amplitude_stderr))
    )


def _checked(spins: npt.ArrayLike, n_chains: int) -> npt.NDArray[np.int8]:
    s = np.asarray(spins)
    if s.ndim not in (2, 3) or len(s) < 2:
        raise ValueError(
            f"expected at least two samples, of shape (n_samples, n_sites) or (n_samples, rows, columns), got {s.shape}"
        )
    if min(s.shape[1:]) < 2:
        raise ValueError(f"a periodic lattice needs at least 2 sites along each axis, got {s.shape[1:]}")
    if not 1 <= n_chains <= len(s):
        raise ValueError(f"n_chains must be from 1 to the number of samples, {len(s)}, got {n_chains}")
    if not ((s == 1) | (s == -1)).all():
        raise ValueError("spins must be −1 or +1; convert units 0/1 with rgrbm.to_spins")
    return np.ascontiguousarray(s, dtype=np.int8)


def _statistics(s: npt.NDArray[np.int8], method: str, bonds: npt.ArrayLike | None) -> Values:
    """What each sample tells about J, such that only the mean over samples matters: (n_samples, n_statistics)."""
    if method == "nearest":
        return _bond_means(s)[:, None]
    if method == "decay":
        if s.ndim != 2:
            raise ValueError("method='decay' is for rings; use 'nearest' or 'pseudolikelihood' for square lattices")
        return _ring_correlations(s)
    lattice = lattice_bonds(s.shape[1:]) if bonds is None else bonds
    return _neighbour_statistics(s.reshape(len(s), -1), lattice)


def _bond_means(s: npt.NDArray[np.int8]) -> Values:
    axes = tuple(range(1, s.ndim))
    return np.asarray(
        np.mean([np.mean(s * np.roll(s, -1, axis=axis), axis=axes, dtype=np.float64) for axis in axes], axis=0)
    )


def _fit(
    method: str, shape: tuple[int, ...], mean: Values, replicas: Values, significance: float
) -> Callable[[Values], Any]:
    """The estimator: from rows of mean statistics to rows of J (and of the amplitude)."""
    if method == "nearest":
        return _nearest(shape, mean)
    if method == "pseudolikelihood":
        return _pseudolikelihood(mean)
    return _decay(shape[0], mean, jackknife_stderr(replicas), significance)


def _autocorrelation_time(s: npt.NDArray[np.int8], n_chains: int) -> float:
    n_steps = len(s) // n_chains
    if n_steps < 2:
        return 0.5
    series = (_bond_means(s), s.reshape(len(s), -1).mean(axis=1))
    times = [
        integrated_autocorrelation_time(x[: n_steps * n_chains].reshape(n_steps, n_chains)).tau_int for x in series
    ]
    return max((tau for tau in times if not math.isnan(tau)), default=0.5)  # a constant one has no time


def _number_of_blocks(n_samples: int, n_chains: int, tau_int: float) -> int:
    if n_chains >= 2 * _FEWEST_BLOCKS:
        return n_chains
    length = 1 + math.ceil(_BLOCK_TIMES * (tau_int - 0.5))
    n_blocks = max(2, min(_MOST_BLOCKS, n_samples // length))
    if n_blocks < _FEWEST_BLOCKS:
        warnings.warn(
            f"{n_samples} samples with an autocorrelation time of {tau_int:.3g} make {n_blocks} blocks: the standard "
            f"error is itself uncertain by about {1 / math.sqrt(2 * (n_blocks - 1)):.0%}",
            stacklevel=3,
        )
    return n_blocks


def _nearest(shape: tuple[int, ...], mean: Values) -> Estimator:
    """J from the mean nearest-neighbour correlation C, by the exact C(J) of the finite lattice."""

    def excess(J: float) -> float:
        return _bond_mean(J, shape) - float(mean[0])

    if excess(-_LARGEST_J) > -_ROUNDING or excess(_LARGEST_J) < _ROUNDING:
        raise NoFiniteCouplingError(
            f"no coupling from {-_LARGEST_J:g} to {_LARGEST_J:g} has the nearest-neighbour correlation {mean[0]:.6g} "
            f"on a lattice of shape {shape}"
        )
    J = float(brentq(excess, -_LARGEST_J, _LARGEST_J, xtol=1e-13, rtol=1e-14))
    step = 1e-4 * (1 + abs(J))
    slope = (_bond_mean(J + step, shape) - _bond_mean(J - step, shape)) / (2 * step)
    return lambda rows: np.asarray(J + (rows - mean) / slope)


def _bond_mean(J: float, shape: tuple[int, ...]) -> float:
    if len(shape) == 1:
        return float(exact.ring_correlation(J, shape[0], 1)[1])
    if J == 0:
        return 0.0
    return -exact.torus_mean_energy(J, *shape) / (2 * shape[0] * shape[1] * J)


def _ring_correlations(s: Spins) -> Values:
    """Mean of s_i s_{i+x} over each sample's sites, (n_samples, n_sites // 2 + 1)."""
    n_samples, n = s.shape
    out = np.empty((n_samples, n // 2 + 1))
    for start in range(0, n_samples, per_block := max(1, _VALUES_PER_BLOCK // n)):
        block = slice(start, start + per_block)
        spectrum = np.abs(np.fft.rfft(s[block], axis=1)) ** 2
        out[block] = np.fft.irfft(spectrum, n=n, axis=1)[:, : n // 2 + 1] / n
    return out


def _decay(n: int, mean: Values, stderr: Values, significance: float) -> Estimator:
    """J and amplitude a from C(x) = a (tˣ + tⁿ⁻ˣ)/(1 + tⁿ), by least squares weighted with the errors of C(x)."""
    weak = np.abs(mean[1:]) < significance * stderr[1:]
    last = int(np.argmax(weak)) if weak.any() else len(weak)
    x = np.arange(1, last + 1)
    if last < 2:
        raise ValueError(
            f"correlations beyond {significance:g} standard errors at {last} distances only; a decay needs two"
        )
    value = mean[x]
    error = np.maximum(stderr[x], 1e-9)  # spins that never differ have no error

    def model(parameters: Values) -> Values:
        t = np.tanh(parameters[0])
        return np.asarray(parameters[1] * (t**x + t ** (n - x)) / (1 + t**n))

    ratio = np.clip(value[1] / value[0], -0.999, 0.999)
    start = np.array([np.arctanh(np.copysign(abs(ratio), value[0])), 1.0])
    fit = least_squares(lambda p: (model(p) - value) / error, start, xtol=1e-14, ftol=1e-14, gtol=1e-14)
    # The weighted pseudoinverse carries each replica's deviation over to the parameters.
    carry = np.linalg.pinv(fit.jac) / error
    return lambda rows: np.asarray(fit.x + (rows[:, x] - value) @ carry.T)


def _neighbour_statistics(s: Spins, bonds: npt.ArrayLike) -> Values:
    """Of each sample, Σ s_i m_i and the number of sites with |m_i| = 0, 1, 2, …; m_i is the sum of i's neighbours."""
    n_samples, n = s.shape
    sites, _, _ = bond_arrays(n, bonds, 0.0, 0.0)
    if not len(sites):
        raise ValueError("without bonds there is no coupling to estimate")
    i, j = sites.T
    ones = np.ones(2 * len(sites), dtype=np.float32)
    adjacency = sp.csr_matrix((ones, (np.r_[i, j], np.r_[j, i])), shape=(n, n))
    degree = int(adjacency.sum(axis=0).max())
    out = np.empty((n_samples, degree + 2))
    for start in range(0, n_samples, per_block := max(1, _VALUES_PER_BLOCK // n)):
        block = slice(start, start + per_block)
        m = np.asarray(s[block].astype(np.float32) @ adjacency)
        out[block, 0] = (s[block] * m).sum(axis=1)
        for k in range(degree + 1):
            out[block, 1 + k] = np.count_nonzero(np.abs(m) == k, axis=1)
    return out


def _pseudolikelihood(mean: Values) -> Estimator:
    """J that solves Σ_i m_i (s_i − tanh J m_i) = 0, the maximum of Σ_i ln p(s_i | all others)."""
    k = np.arange(len(mean) - 1)

    def excess(J: float) -> float:
        return float(mean[0] - mean[1:] @ (k * np.tanh(J * k)))

    if excess(_LARGEST_J) >= 0 or excess(-_LARGEST_J) <= 0:
        raise NoFiniteCouplingError(
            "all spins are as their neighbours would have them: the pseudo-likelihood has no maximum"
        )
    J = float(brentq(excess, -_LARGEST_J, _LARGEST_J, xtol=1e-13, rtol=1e-14))

    def newton(rows: Values) -> Values:
        tanh = np.tanh(J * k)
        residual = rows[:, 0] - rows[:, 1:] @ (k * tanh)
        return np.asarray(J + residual / (rows[:, 1:] @ (k**2 * (1 - tanh**2))))[:, None]

    return newton
