"""Estimators of J: functions of mean statistics, made linear around their mean for the replicas of a jackknife."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from scipy.optimize import brentq, least_squares

from rgrbm import exact
from rgrbm.spin_models import bond_arrays

Values = npt.NDArray[np.float64]
Spins = npt.NDArray[np.int8]
Estimator = Callable[[Values], Values]

_LARGEST_J = 12.0  # one bond in 10¹⁰ is broken there
_VALUES_PER_BLOCK = 2**22


def nearest(shape: tuple[int, ...], mean: Values) -> Estimator:
    """J from the mean nearest-neighbour correlation C, by the exact C(J) of the finite lattice."""

    def excess(J: float) -> float:
        return _bond_mean(J, shape) - float(mean[0])

    # Kaufman's formula has no antiferromagnet on odd sides, which cannot satisfy all bonds.
    lowest = 0.0 if len(shape) == 2 and any(side % 2 for side in shape) else -_LARGEST_J
    if excess(lowest) >= 0 or excess(_LARGEST_J) <= 0:
        raise ArithmeticError(
            f"no coupling from {lowest:g} to {_LARGEST_J:g} has the nearest-neighbour correlation {mean[0]:.6g} on a "
            f"lattice of shape {shape}"
        )
    J = float(brentq(excess, lowest, _LARGEST_J, xtol=1e-13, rtol=1e-14))
    step = 1e-4 * (1 + abs(J))
    left = max(J - step, lowest)
    slope = (_bond_mean(J + step, shape) - _bond_mean(left, shape)) / (J + step - left)
    return lambda rows: np.asarray(J + (rows - mean) / slope)


def _bond_mean(J: float, shape: tuple[int, ...]) -> float:
    if len(shape) == 1:
        return float(exact.ring_correlation(J, shape[0], 1)[1])
    if abs(J) < 1e-8:
        return J  # all loops of the torus are longer than 2: C = tanh J + O(J³), but for double bonds
    return -exact.torus_mean_energy(J, *shape) / (2 * shape[0] * shape[1] * J)


def ring_correlations(s: Spins) -> Values:
    """Mean of s_i s_{i+x} over each sample's sites, (n_samples, n_sites // 2 + 1)."""
    n_samples, n = s.shape
    out = np.empty((n_samples, n // 2 + 1))
    for start in range(0, n_samples, per_block := max(1, _VALUES_PER_BLOCK // n)):
        block = slice(start, start + per_block)
        spectrum = np.abs(np.fft.rfft(s[block], axis=1)) ** 2
        out[block] = np.fft.irfft(spectrum, n=n, axis=1)[:, : n // 2 + 1] / n
    return out


def decay(n: int, mean: Values, stderr: Values, significance: float) -> Estimator:
    """J and amplitude a from C(x) = a (tˣ + tⁿ⁻ˣ)/(1 + tⁿ), by least squares weighted with the errors of C(x)."""
    weak = np.abs(mean[1:]) < significance * stderr[1:]
    last = int(np.argmax(weak)) if weak.any() else len(weak)
    x = np.arange(1, last + 1)
    if last < 2:
        raise ArithmeticError(
            f"only {last} distance has a correlation beyond {significance:g} standard errors; a decay needs two"
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


def neighbour_statistics(s: Spins, bonds: npt.ArrayLike) -> Values:
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


def pseudolikelihood(mean: Values) -> Estimator:
    """J that solves Σ_i m_i (s_i − tanh J m_i) = 0, the maximum of Σ_i ln p(s_i | all others)."""
    k = np.arange(len(mean) - 1)

    def excess(J: float) -> float:
        return float(mean[0] - mean[1:] @ (k * np.tanh(J * k)))

    if excess(_LARGEST_J) >= 0 or excess(-_LARGEST_J) <= 0:
        raise ArithmeticError("all spins are as their neighbours would have them: the pseudo-likelihood has no maximum")
    J = float(brentq(excess, -_LARGEST_J, _LARGEST_J, xtol=1e-13, rtol=1e-14))

    def newton(rows: Values) -> Values:
        tanh = np.tanh(J * k)
        residual = rows[:, 0] - rows[:, 1:] @ (k * tanh)
        return np.asarray(J + residual / (rows[:, 1:] @ (k**2 * (1 - tanh**2))))[:, None]

    return newton
