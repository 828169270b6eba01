"""Free energies of neighbouring couplings from the histograms of their runs, and means at any coupling in between.

A sample with Σ s s′ = S has at coupling J the weight e^(JS)/Σ_k n_k e^(a_k + J_k S), where n_k is the number of
independent samples of run k. The numbers a_k = −ln Z(J_k) are those for which the weights reproduce each n_k; they are
the minimum of a convex function.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.special import expit, logsumexp

from rgrbm._support import checks
from rgrbm.spins.recorded_runs import COLUMNS, Counts, Weighted, level_sums
from rgrbm.statistics.jackknife import Array, leave_one_out

Means = dict[str, Array]

_TOLERANCE = 1e-10  # of the free energies, relative
_MAX_STEPS = 200
_CHUNK = 2**20  # weights at a time
_SHIFT = 0.5  # standard deviations by which the mean of Σ s s′ may move beyond the last run
_ERROR = 0.05  # of the variance there, relative
_WALK = 20  # steps up to there


def pair_overlap(first: Weighted, second: Weighted) -> tuple[float, float]:
    """How much the distributions of Σ s s′ of two runs overlap, and ln Z(J₁) − ln Z(J₂) by Bennett's acceptance ratio.

    Returns
    -------
    overlap : float
        Σ_S H(S) p₁(S) p₂(S) · (1/n₁ + 1/n₂), where H is the joint histogram and p_k(S) the probability that a sample
        with Σ s s′ = S came from run k: 1 for equal distributions, 0 for disjoint ones.
    difference : float
        Of Z with energies measured from Σ s s′ = 0.

    References
    ----------
    C. H. Bennett, J. Comput. Phys. 22, 245 (1976).
    """
    pair = first, second
    n = np.array([given.effective_samples for given in pair])
    histograms = [np.unique(given.run.bonds, return_counts=True) for given in pair]
    levels = np.concatenate([values for values, _ in histograms])
    counts = np.concatenate([given.weight * n for given, (_, n) in zip(pair, histograms, strict=True)])
    reference = int(np.rint(np.average(levels, weights=counts)))
    x = np.log(n[1] / n[0]) + (second.run.J - first.run.J) * (levels - reference)

    def excess(difference: float) -> float:
        return float(counts @ expit(x + difference) - n[1])

    middle = np.log(n[1] / n[0])
    low, high = middle - x.max() - 1e-6, middle - x.min() + 1e-6
    difference = float(brentq(excess, low, high, xtol=1e-12, maxiter=1000))
    p = expit(x + difference)
    overlap = float(counts @ (p * (1 - p)) * np.sum(1 / n))
    return min(overlap, 1.0), difference - (second.run.J - first.run.J) * reference


class Histograms:
    """Runs whose distributions of Σ s s′ overlap one after the other: the whole, and without each of the blocks.

    Parameters
    ----------
    runs : sequence of Weighted
        In the order of their couplings.
    differences : sequence of float
        ln Z(J_k) − ln Z(J_(k+1)) of neighbours, to start from.
    n_sites : int
    n_blocks : int
        Blocks of the jackknife; block b of all runs is left out at the same time, as the runs are independent.

    Attributes
    ----------
    J : ndarray of shape (n_runs,)
    n_rows : int
        1 + n_blocks; row 0 is the whole, row b + 1 is without block b.
    """

    def __init__(self, runs: Sequence[Weighted], differences: Sequence[float], n_sites: int, n_blocks: int) -> None:
        self.J = np.array([given.run.J for given in runs])
        levels: Counts = np.unique(np.concatenate([np.unique(given.run.bonds) for given in runs]))
        self.n_rows, shape = 1 + n_blocks, (n_blocks, len(COLUMNS), len(levels))
        checks.require_memory(40 * int(np.prod(shape)), f"histograms of {len(levels)} values of Σ s s′")
        self.reference = int(np.rint(np.mean([given.run.bonds.mean() for given in runs])))
        self._middle = float(self.J.mean())
        self._s = (levels - self.reference).astype(np.float64)
        sums, sizes = np.zeros(shape), np.empty((n_blocks, len(runs)))
        for k, given in enumerate(runs):
            own = level_sums(given, levels, self.reference, n_sites, n_blocks)
            sums += own
            sizes[:, k] = own[:, 0].sum(axis=1)
        # Rows of columns, (n_rows, n_levels, n_columns); of a level without samples rounding may leave 1e-16 of them.
        rows = np.concatenate([sums.sum(axis=0)[None], leave_one_out(sums)])
        self._sums = np.ascontiguousarray(np.moveaxis(rows, 1, 2))
        n = np.concatenate([sizes.sum(axis=0)[None], leave_one_out(sizes)])
        x = np.multiply.outer(self.J - self._middle, self._s)
        start = np.concatenate([[0.0], np.cumsum(np.asarray(differences) + np.diff(self.J) * self.reference)])
        self._log_mixture = np.empty((self.n_rows, len(levels)))
        for row in range(self.n_rows):
            solution = free_energies(x, n[row], self._sums[row, :, 0], start)
            self._log_mixture[row] = _log_mixture(x, n[row], solution)
            start = solution if row == 0 else start

    def means(self, J: Array, row: int = 0) -> Means:
        """Means of all columns at couplings J, shape (n,), of one row; s is Σ s s′ less the reference."""
        size = max(1, _CHUNK // len(self._s))
        sums = np.concatenate([self._weights(J[i : i + size], row) @ self._sums[row] for i in range(0, len(J), size)])
        return {name: sums[:, i] / sums[:, 0] for i, name in enumerate(COLUMNS) if i}

    def error_of_variance(self, J: Array) -> Array:
        """Relative standard error of the variance of Σ s s′ at couplings J, of independent samples; NaN if it is 0."""
        weights, counts = self._weights(J, 0), self._sums[0, :, 0]
        total = weights @ counts
        squares = (self._s - (weights @ (counts * self._s) / total)[:, None]) ** 2
        variance = (weights * squares) @ counts / total
        scatter = (weights * (squares - variance[:, None])) ** 2 @ counts
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(np.sqrt(scatter) / (total * variance))

    def deviation(self, J: Array) -> Array:
        """Standard deviation of Σ s s′ at couplings J."""
        solution = self.means(J)
        return np.sqrt(np.maximum(solution["s2"] - solution["s"] ** 2, 0.0))

    def end(self, direction: int) -> float:
        """How far up (+1) or down (−1) the couplings may go beyond the last run.

        As far as ⟨Σ s s′⟩ moves by no more than half a standard deviation, of the last run or of the end, whichever is
        larger, and the relative error of the variance is at most 5%. An effective sample size alone would not do: it
        does not know of values that no sample has. Draws of known distributions gave these numbers: with them errors of
        the specific heat at the end are too small by a fifth at most, and with a whole deviation by half or more.
        """
        last = float(self.J[-1] if direction > 0 else self.J[0])
        width = float(self.deviation(np.array([last]))[0])
        if width == 0:
            return last
        distance = np.linspace(0, _SHIFT / width, _WALK + 1)
        J = last + direction * distance
        good = (distance * self.deviation(J) <= _SHIFT * (1 + 1e-9)) & (self.error_of_variance(J) <= _ERROR)
        return float(J[-1] if good.all() else J[max(0, int(np.argmin(good)) - 1)])

    def _weights(self, J: Array, row: int) -> Array:
        exponents = np.multiply.outer(J - self._middle, self._s) - self._log_mixture[row]
        return np.asarray(np.exp(exponents - exponents.max(axis=1, keepdims=True)))


def free_energies(x: Array, n: Array, counts: Array, start: Array) -> Array:
    """The numbers a_k that minimize Σ_S H(S) ln Σ_k n_k e^(a_k + x_k(S)) − Σ_k n_k a_k.

    By Newton's method, or where that is too far off by the iteration of a_k = −ln Σ_S H(S) e^(x_k(S))/mixture(S).

    Parameters
    ----------
    x : ndarray of shape (n_runs, n_levels)
        J_k S.
    n : ndarray of shape (n_runs,)
        Samples of each run.
    counts : ndarray of shape (n_levels,)
        Joint histogram H(S) of all runs, with Σ H = Σ n.
    start : ndarray of shape (n_runs,)

    Returns
    -------
    ndarray of shape (n_runs,)
        With a₀ = 0, to a relative precision of 1e-10.

    Raises
    ------
    RuntimeError
        If 200 steps do not suffice.

    References
    ----------
    A. M. Ferrenberg and R. H. Swendsen, Phys. Rev. Lett. 63, 1195 (1989); M. R. Shirts and J. D. Chodera, J. Chem.
    Phys. 129, 124105 (2008).
    """
    log_n, log_counts = np.log(n), np.log(np.maximum(counts, 1e-300))

    def state(a: Array) -> tuple[Array, Array, float]:
        """Log of the joint probabilities of run and level, what n would have to be, in logs, and its deviation."""
        log_p = x + (log_n + a)[:, None] - _log_mixture(x, n, a)
        log_expected = logsumexp(log_p + log_counts, axis=1)
        return log_p, log_expected, float(np.abs(log_expected - log_n).max())

    a = start - start[0]
    log_p, log_expected, deviation = state(a)
    for _ in range(_MAX_STEPS):
        p, expected = np.exp(log_p), np.exp(log_expected)
        hessian = np.diag(expected) - (p * counts) @ p.T
        newton, iterated = np.zeros_like(a), log_n - log_expected
        newton[1:] = np.linalg.lstsq(hessian[1:, 1:], (n - expected)[1:], rcond=None)[0]
        if deviation < 1 and np.abs(newton).max() <= _TOLERANCE * max(1.0, np.abs(a).max()):
            return np.asarray(a + newton)
        steps = [step for step in (newton, iterated - iterated[0]) if np.isfinite(step).all()]
        a, (log_p, log_expected, deviation) = min(
            ((a + s, state(a + s)) for s in steps), key=lambda solution: solution[1][2]
        )
    raise RuntimeError(f"the free energies of {len(n)} runs did not converge in {_MAX_STEPS} steps of Newton's method")


def _log_mixture(x: Array, n: Array, a: Array) -> npt.NDArray[np.float64]:
    """The mixture ln Σ_k n_k e^(a_k + x_k(S)) of each level."""
    return np.asarray(logsumexp(x + (np.log(n) + a)[:, None], axis=0))
