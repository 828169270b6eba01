"""Least squares for the correlations of units on a ring, with their positions unknown.

Copies of a Markov chain's spins, or any functions of windows of it, correlate as

    C_jk = a_j a_k (tˣ + tⁿ⁻ˣ) / (1 + tⁿ),   x = p_k − p_j,   s = ln t,

where a_j is the amplitude of a unit and p_j its position; a filter that leans to one side only moves its position. On
an open chain ln C_jk = (ln a_j − s p_j) + (ln a_k + s p_k), so that s could be exchanged for a scale of the positions.
On a ring it cannot: the gaps around it add up to n sites. With u_j = ln a_j − s p_j and w_k = ln a_k + s p_k free, and
n s added where a pair goes across the seam, the fit needs no positions and returns them.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from rgrbm.statistics.jackknife import Array, jackknife_stderr

_STEPS = 100
_REPLICA_STEPS = 6
_SETTLED = 1e-3  # of s: the last step of a replica
_LEAST_DECAY = 1e-6  # −s below which correlations do not decay


class Pairs(NamedTuple):
    """Pairs of units, numbered in their order around the ring."""

    first: npt.NDArray[np.int64]
    second: npt.NDArray[np.int64]
    wraps: npt.NDArray[np.bool_]
    """Whether the second comes before the first in the order: the pair goes across the seam."""
    rank: npt.NDArray[np.int64]
    """How many units apart."""

    def at(self, chosen: npt.NDArray[np.bool_]) -> "Pairs":
        """Some of the pairs."""
        return Pairs(self.first[chosen], self.second[chosen], self.wraps[chosen], self.rank[chosen])


@dataclass(frozen=True)
class RingFit:
    """Result of a fit; ``s`` and ``log_amplitude`` of all samples first, then with each block left out.

    ``positions`` are in sites of the ring, up to a common shift. ``scatter_stderr`` is what the pairs' deviations
    beyond sampling add to the error of s. ``chi2`` has the expectation ``dof`` if sampling is the only error.
    """

    s: Array
    log_amplitude: Array
    positions: Array
    scatter_stderr: float
    chi2: float
    dof: float


class _Model(NamedTuple):
    """ln C = P θ + ln(1 + exp(n s − 2 (P − Q) θ)) − ln(1 + exp(n s)): P θ − Q θ is s x, Q θ the amplitudes."""

    P: Array
    Q: Array
    n_sites: float
    at_s: int

    def evaluate(self, theta: Array) -> Array:
        """C of each pair, for rows of parameters."""
        m, a, s = theta @ self.P.T, theta @ self.Q.T, theta[..., self.at_s, None]
        around = np.logaddexp(0, self.n_sites * s - 2 * (m - a)) - np.logaddexp(0, self.n_sites * s)
        return np.asarray(np.exp(np.minimum(m + around, 50.0)))

    def jacobian(self, theta: Array) -> Array:
        m, a, s = self.P @ theta, self.Q @ theta, theta[self.at_s]
        other_way, whole = expit(self.n_sites * s - 2 * (m - a)), expit(self.n_sites * s)
        slope = self.P - 2 * other_way[:, None] * (self.P - self.Q)
        slope[:, self.at_s] += self.n_sites * (other_way - whole)
        return np.asarray(self.evaluate(theta)[:, None] * slope)


def fit_ring(c: Array, pairs: Pairs, positions: Array, n_sites: int, *, common: bool, foreign: Array) -> RingFit:
    """Fit the ring's distribution to correlations.

    Parameters
    ----------
    c : ndarray of shape (n_blocks + 1, n_pairs)
        Correlations of all samples, then with each block of samples left out.
    pairs : Pairs
        The pairs.
    positions : ndarray of shape (n_units,)
        Where the units are about, ascending: the start of the fit, and with ``common`` its distances.
    n_sites : int
        Sites of the ring.
    common : bool
        One amplitude for all units, and their positions taken as given; else both are fitted.
    foreign : ndarray of shape (n_pairs,)
        What of each pair's correlation may be due to weights outside of the filters' windows: what the scatter is taken
        to be where there are not enough pairs to measure it.

    Raises
    ------
    ArithmeticError
        If the correlations do not decay.
    """
    spread = jackknife_stderr(c[1:])
    sigma = np.maximum([np.median(spread[pairs.rank == r]) for r in pairs.rank], 1e-9)
    distance = positions[pairs.second] - positions[pairs.first] + n_sites * pairs.wraps
    log_a, s = _line(c[0], distance, pairs.rank)
    if common:
        one, theta = np.ones((len(distance), 1)), np.array([log_a, s])
        model = _Model(np.hstack([one, distance[:, None]]), np.hstack([one, 0 * one]), n_sites, 1)
    else:
        theta = np.r_[log_a / 2 - s * positions, log_a / 2 + s * positions, s]
        model = _free_model(pairs, len(positions), n_sites)
    theta, carry, leverage = _solve(model, theta, c[0], sigma)
    replicas = _replicas(model, theta, c, sigma, carry)
    residual = c - model.evaluate(replicas)
    sampled = jackknife_stderr(residual[1:]) ** 2
    chi2 = float(np.sum(residual[0] ** 2 / sigma**2))
    dof = float(np.sum(sampled / sigma**2))
    k = carry[model.at_s]
    free = float(np.sum(1 - leverage))
    scatter2 = _scatter(residual[0] ** 2 - sampled, 1 - leverage, pairs.rank) if free > len(k) / 4 else foreign**2
    n, fitted, log_amplitude = len(positions), positions, replicas[:, 0]
    if not common:
        u, w = replicas[:, :n], replicas[:, n : 2 * n]
        fitted, log_amplitude = (w[0] - u[0]) / (2 * theta[-1]), (u + w).mean(axis=1)
        if np.ptp(fitted - positions) > 4 * n_sites / n:
            raise ArithmeticError("the fit moves units by more than two units along the ring")
    return RingFit(
        s=replicas[:, model.at_s],
        log_amplitude=log_amplitude,
        positions=fitted,
        scatter_stderr=float(np.sqrt(np.sum(k**2 * scatter2))),
        chi2=chi2,
        dof=dof if free > 0.5 else 0.0,
    )


def _replicas(model: _Model, theta: Array, c: Array, sigma: Array, carry: Array) -> Array:
    """Parameters of all samples, then with each block left out: a few steps from those of all samples.

    These steps take the slope for that of all samples. Where this is too far off, as where parameters are hardly
    determined, a replica is fitted on its own.
    """
    replicas = np.tile(theta, (len(c), 1))
    step = np.zeros_like(replicas[1:])
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(_REPLICA_STEPS):
            step = (c[1:] - model.evaluate(replicas[1:])) @ carry.T
            replicas[1:] += step
            replicas[1:, model.at_s] = np.minimum(replicas[1:, model.at_s], -_LEAST_DECAY)
        settled = np.abs(step).max(axis=1) < _SETTLED * np.abs(theta[model.at_s])  # NaN is not
    for row in np.flatnonzero(~settled) + 1:
        replicas[row] = _solve(model, theta, c[row], sigma)[0]
    return replicas


def _scatter(excess: Array, free: Array, rank: npt.NDArray[np.int64]) -> Array:
    """Variance of the pairs' deviations beyond that of sampling, the same for all pairs of a rank."""
    variance = {r: max(0.0, float(excess[rank == r].sum() / free[rank == r].sum())) for r in np.unique(rank)}
    return np.array([variance[r] for r in rank])


def _line(c: Array, distance: Array, rank: npt.NDArray[np.int64]) -> tuple[float, float]:
    """Ln a² and s from the mean correlations of the ranks, a straight line through their logarithms."""
    ranks = np.unique(rank)
    log_c = np.log([max(float(c[rank == r].mean()), 1e-300) for r in ranks])
    x = np.array([distance[rank == r].mean() for r in ranks])
    s, log_a = np.polyfit(x, log_c, 1, w=np.exp(log_c / 2))
    return float(log_a), min(float(s), -_LEAST_DECAY)


def _free_model(pairs: Pairs, n_units: int, n_sites: int) -> _Model:
    """Parameters u_1 … u_M, w_1 … w_M, s."""
    row = np.arange(len(pairs.first))
    P, Q = np.zeros((2, len(row), 2 * n_units + 1))
    P[row, pairs.first] = P[row, n_units + pairs.second] = 1
    P[:, -1] = n_sites * pairs.wraps
    for unit in (pairs.first, pairs.second):
        Q[row, unit] += 0.5
        Q[row, n_units + unit] += 0.5
    return _Model(P, Q, n_sites, 2 * n_units)


def _solve(model: _Model, theta: Array, c: Array, sigma: Array) -> tuple[Array, Array, Array]:
    """Gauss and Newton's method with steps that never leave s < 0.

    Returns the parameters, the matrix that carries deviations of C over to them, and the leverages of the pairs.
    """

    def misfit(p: Array) -> float:
        return float(np.sum(((c - model.evaluate(p)) / sigma) ** 2))

    for _ in range(_STEPS):
        scaled = model.jacobian(theta) / sigma[:, None]
        carry = np.linalg.pinv(scaled, rcond=1e-9) / sigma
        step, length, before = carry @ (c - model.evaluate(theta)), 1.0, misfit(theta)
        while length > 1e-4 and (
            theta[model.at_s] + length * step[model.at_s] > -_LEAST_DECAY or misfit(theta + length * step) > before
        ):
            length /= 2
        if length <= 1e-4:
            break
        theta = theta + length * step
        if np.max(np.abs(step)) < 1e-12:
            break
    if theta[model.at_s] > -2 * _LEAST_DECAY:
        raise ArithmeticError("the correlations do not decay along the ring")
    leverage = np.sum(scaled * (carry * sigma).T, axis=1)
    return theta, carry, leverage
