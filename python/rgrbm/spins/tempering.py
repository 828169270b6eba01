"""Parallel tempering: replicas of a model on a ladder of couplings, which they climb by exchanges with neighbours."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import erfcinv

from rgrbm._support import checks, streams
from rgrbm._support.progress import Progress, reports
from rgrbm.spins.cluster_sampler import ClusterSampler
from rgrbm.spins.lattice import Lattice
from rgrbm.spins.methods import MovedMethod, make_sampler
from rgrbm.statistics.presentation import Presented

Values = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]

_PILOT_RUNGS, _PILOT_CHAINS, _PILOT_SWEEPS = 33, 4, 100
_REFINEMENTS, _MAX_RUNGS = 2, 1000
_SURE = 0.99, 0.01  # acceptances beyond are taken for these: a short pilot does not distinguish them


@dataclass(frozen=True, repr=False)
class TemperingRecord(Presented):
    """Measurements rung by rung; the first axes are (n, n_ladders, n_rungs).

    Attributes
    ----------
    bond_sums : ndarray of int64, shape (n, n_ladders, n_rungs, n_axes)
        Σ s s′ over the bonds of each axis.
    magnetization : ndarray of int64, shape (n, n_ladders, n_rungs)
        M = Σ s.
    improved_square : ndarray, shape (n, n_ladders, n_rungs)
        Improved estimator of the second moment of the order; NaN of single-spin methods, and of Wolff's clusters in a
        field.
    """

    bond_sums: Counts
    magnetization: Counts
    improved_square: Values


class ParallelTempering:
    """Replicas of an Ising model, one at each coupling of a ladder, that exchange their couplings with neighbours.

    After each step, pairs of neighbouring rungs (even ones, then odd ones) exchange their replicas with
    probability min(1, e^Δ), Δ = Σ_a (J_a − J′_a)(S′_a − S_a), where S and S′ are the sums of s s′ over the bonds of the
    replicas at J and J′. This keeps the distribution e^(J·S) of every rung: exchanged, the pair has weight e^(J·S′ +
    J′·S).

    Parameters
    ----------
    lattice : Lattice
        Sites and axes of bonds.
    ladder : array_like of shape (n_rungs,) or (n_rungs, n_axes)
        Couplings of the rungs, at least two, each one for all axes of bonds or one for each; see
        :func:`tempering_ladder`.
    h : float, default=0
        Uniform field, the same on all rungs.
    method : {"swendsen_wang", "wolff", "heat_bath", "metropolis"}
        The update within a rung.
    n_ladders : int, default=1
        Independent ladders.
    seed : int, SeedSequence, Generator, RandomState or None
        Fixes the result to the bit, for any number of threads.

    Attributes
    ----------
    ladder : ndarray of shape (n_rungs, n_axes)
        Couplings of the rungs.
    sampler : Sampler
        The replicas, ladder after ladder.
    rungs : ndarray of int64, shape (n_ladders, n_rungs)
        The rung at which each replica is.
    round_trips : ndarray of int64, shape (n_ladders,)
        How often a replica has come back to the first rung after it was at the last.

    Raises
    ------
    ValueError
        If an argument is out of range, or the ladder has fewer than two rungs or does not fit the lattice.
    TypeError
        If a number, the lattice or the method is none.

    References
    ----------
    K. Hukushima and K. Nemoto, J. Phys. Soc. Japan 65, 1604 (1996).

    Examples
    --------
    >>> from rgrbm.spins import Lattice
    >>> from rgrbm.spins import ParallelTempering
    >>> tempering = ParallelTempering(Lattice((8, 8)), [0.3, 0.35, 0.4], n_ladders=4, seed=0)
    >>> tempering.run(100).bond_sums.shape
    (100, 4, 3, 2)
    >>> tempering.acceptance.shape
    (2,)
    """

    def __init__(
        self,
        lattice: Lattice,
        ladder: npt.ArrayLike,
        h: float = 0.0,
        *,
        method: MovedMethod = "swendsen_wang",
        n_ladders: int = 1,
        seed: streams.Seed = None,
    ) -> None:
        self.ladder = _checked_ladder(ladder, checks.instance("lattice", lattice, Lattice).n_axes)
        self.n_ladders = checks.integer("n_ladders", n_ladders, 1)
        checks.require_memory(3 * self.ladder.nbytes * self.n_ladders, f"couplings of {n_ladders} ladders")
        sequence = streams.seed_sequence(seed)
        self._generator = np.random.Generator(np.random.Philox(key=np.array(streams.key(sequence, 1), np.uint64)))
        n_rungs = len(self.ladder)
        self.sampler = make_sampler(
            lattice, np.tile(self.ladder, (n_ladders, 1)), h, method=method, n_chains=n_ladders * n_rungs,
            seed=sequence,
        )  # fmt: skip
        self._lock = threading.RLock()
        self.rungs = np.tile(np.arange(n_rungs), (n_ladders, 1))
        self.round_trips = np.zeros(n_ladders, np.int64)
        self._was_last = self.rungs == n_rungs - 1  # of the two ends, the one where a replica was last
        self._tried, self._accepted = np.zeros(n_rungs - 1, np.int64), np.zeros(n_rungs - 1, np.int64)
        self._parity = 0

    @property
    def acceptance(self) -> Values:
        """Share of accepted exchanges of each rung and the next, shape (n_rungs − 1,); NaN where none was tried."""
        return np.where(self._tried > 0, self._accepted / np.maximum(self._tried, 1), np.nan)

    def reset_counts(self) -> None:
        """Count acceptances and round trips from now on: after burn-in."""
        self._tried[:], self._accepted[:], self.round_trips[:] = 0, 0, 0

    def run(self, n: int, *, spacing: int = 1, progress: Progress = None) -> TemperingRecord:
        """Measure n times, each time after ``spacing`` sweeps, and exchange after each measurement.

        ``progress`` is True for a bar, or a function of (done, in all).

        Raises
        ------
        TypeError, ValueError
            If n is no integer or negative, or the spacing not at least 1.
        MemoryError
            If the measurements need more memory than there is.
        """
        n, spacing = checks.integer("n", n, 0), checks.integer("spacing", spacing, 1)
        n_rungs, n_axes = self.ladder.shape
        shape = n, self.n_ladders, n_rungs
        checks.require_memory(8 * (n_axes + 2) * n * self.n_ladders * n_rungs, f"{n} measurements of {shape[1:]} rungs")
        record = TemperingRecord(np.empty((*shape, n_axes), np.int64), np.empty(shape, np.int64), np.empty(shape))
        with reports(progress, "tempering", "measurements") as report:
            for i in range(n):
                with self._lock:
                    self._step(record, i, spacing)
                report(i + 1, n)
        return record

    def _step(self, record: TemperingRecord, i: int, spacing: int) -> None:
        """Measurement i, rung by rung, and the exchanges after it."""
        measured = self.sampler.measure(1, spacing=spacing, structure=isinstance(self.sampler, ClusterSampler))
        replicas = np.argsort(self.rungs, axis=1)  # the replica at each rung
        for name in ("bond_sums", "magnetization", "improved_square"):
            by_replica = getattr(measured, name)[0].reshape(*self.rungs.shape, -1)
            by_rung = np.take_along_axis(by_replica, replicas[..., None], axis=1)
            getattr(record, name)[i] = by_rung.reshape(getattr(record, name)[i].shape)
        self._exchange(record.bond_sums[i], replicas)

    def __getstate__(self) -> dict[str, object]:
        return {name: value for name, value in self.__dict__.items() if name != "_lock"}

    def __setstate__(self, kept: dict[str, object]) -> None:
        self.__dict__.update(kept)
        self._lock = threading.RLock()

    def _exchange(self, bond_sums: Counts, replicas: Counts) -> None:
        """Try to exchange every second pair of neighbouring rungs, and count who has come round."""
        lower = np.arange(self._parity, len(self.ladder) - 1, 2)
        self._parity = 1 - self._parity
        gap = self.ladder[lower] - self.ladder[lower + 1]
        delta = (gap * (bond_sums[:, lower + 1] - bond_sums[:, lower])).sum(axis=-1)
        accepted = self._generator.random(delta.shape) < np.exp(np.minimum(delta, 0))
        self._tried[lower] += len(accepted)
        self._accepted[lower] += accepted.sum(axis=0)
        ladders, pairs = np.nonzero(accepted)
        down, up = replicas[ladders, lower[pairs] + 1], replicas[ladders, lower[pairs]]
        self.rungs[ladders, down] -= 1
        self.rungs[ladders, up] += 1
        self.round_trips += (self._was_last & (self.rungs == 0)).sum(axis=1)
        self._was_last |= self.rungs == len(self.ladder) - 1
        self._was_last &= self.rungs != 0
        self.sampler.set_couplings(self.ladder[self.rungs.ravel()])


def tempering_ladder(
    lattice: Lattice,
    low: float,
    high: float,
    h: float = 0.0,
    *,
    acceptance: float = 0.3,
    method: MovedMethod = "swendsen_wang",
    seed: streams.Seed = None,
) -> Values:
    """Couplings from one to another whose neighbours exchange replicas at a given rate, from short pilot runs.

    Parameters
    ----------
    lattice : Lattice
        Sites and axes of bonds; the coupling is that of all axes.
    low, high : float
        Couplings of the first and the last rung.
    h : float, default=0
        Uniform field.
    acceptance : float, default=0.3
        Share of exchanges between neighbours that are accepted, on average over the ladder. The number of rungs is
        whole: it comes out near, and higher where two rungs are enough.
    method : {"swendsen_wang", "wolff", "heat_bath", "metropolis"}
        The update within a rung.
    seed : int, SeedSequence, Generator, RandomState or None
        Fixes the ladder.

    Returns
    -------
    ndarray of shape (n_rungs,)

    Raises
    ------
    ValueError
        If the couplings are the same, the acceptance is not between 0.01 and 0.99, or a thousand rungs are not enough.
    TypeError
        If a number, the lattice or the method is none.

    Notes
    -----
    If S is normal with standard deviation σ, rungs a small distance d apart accept a share erfc(dσ/2) of their
    exchanges. So ∫ σ dJ measures the ladder, in which rungs are to be at equal distances. A first pilot measures σ at
    couplings that are evenly spaced; two more run the ladder that follows and correct the distances by the shares of
    exchanges that were accepted.

    Examples
    --------
    >>> from rgrbm.spins import Lattice
    >>> from rgrbm.spins import tempering_ladder
    >>> ladder = tempering_ladder(Lattice((16, 16)), 0.3, 0.5, seed=0)
    >>> float(ladder[0]), float(ladder[-1]), 4 <= len(ladder) <= 8
    (0.3, 0.5, True)
    """
    checks.instance("lattice", lattice, Lattice)
    low, high = checks.real("low", low), checks.real("high", high)
    if low == high:
        raise ValueError(f"low and high must differ, got {low} for both")
    if not _SURE[1] <= checks.real("acceptance", acceptance) <= _SURE[0]:
        raise ValueError(f"acceptance must be between {_SURE[1]} and {_SURE[0]}, got {acceptance}")
    given = streams.seed_sequence(seed)
    pilot, *refinements = (
        np.random.SeedSequence(given.entropy, spawn_key=(*given.spawn_key, i)) for i in range(1 + _REFINEMENTS)
    )
    distance = 2 * float(erfcinv(acceptance))
    grid = np.linspace(low, high, _PILOT_RUNGS)
    spread = _spread_of_bonds(lattice, grid, h, method, pilot)
    steps = np.abs(np.diff(grid)) * (spread[1:] + spread[:-1]) / 2
    ladder = _equal_steps(grid, steps, distance)
    for sequence in refinements:
        tempering = ParallelTempering(lattice, ladder, h, method=method, n_ladders=_PILOT_CHAINS, seed=sequence)
        tempering.run(_PILOT_SWEEPS)
        tempering.reset_counts()
        tempering.run(4 * _PILOT_SWEEPS)
        steps = 2 * erfcinv(np.clip(tempering.acceptance, _SURE[1], _SURE[0]))
        ladder = _equal_steps(ladder, steps, distance)
    return ladder


def _spread_of_bonds(
    lattice: Lattice, grid: Values, h: float, method: MovedMethod, seed: np.random.SeedSequence
) -> Values:
    """Standard deviation of Σ s s′ over all bonds at couplings of a grid."""
    couplings = np.repeat(grid, _PILOT_CHAINS * lattice.n_axes).reshape(-1, lattice.n_axes)
    sampler = make_sampler(lattice, couplings, h, method=method, n_chains=len(couplings), seed=seed)
    sampler.sweep(_PILOT_SWEEPS)
    sums = sampler.measure(_PILOT_SWEEPS, structure=False).bond_sums.sum(axis=-1).reshape(_PILOT_SWEEPS, len(grid), -1)
    return np.asarray(sums.std(axis=(0, 2)))


def _equal_steps(ladder: Values, steps: Values, distance: float) -> Values:
    """The ladder with rungs at equal distances, about as long as wanted, given the distances that it has."""
    places = np.concatenate([[0.0], np.cumsum(steps)])
    n_steps = max(1, round(places[-1] / distance))
    if n_steps >= _MAX_RUNGS:
        raise ValueError(f"it takes {n_steps + 1} rungs to get from {ladder[0]} to {ladder[-1]}: choose closer ends")
    return np.interp(np.linspace(0, places[-1], n_steps + 1), places, ladder)


def _checked_ladder(ladder: npt.ArrayLike, n_axes: int) -> Values:
    values = checks.numbers("the ladder", ladder)
    if values.ndim == 1:
        values = np.repeat(values[:, None], n_axes, axis=1)
    if values.ndim != 2 or len(values) < 2 or values.shape[1] != n_axes:
        raise ValueError(
            f"a ladder must have at least 2 couplings, each one number or {n_axes}, got shape {np.shape(ladder)}"
        )
    if not np.isfinite(values).all():
        raise ValueError("couplings of the ladder must be finite")
    return values
