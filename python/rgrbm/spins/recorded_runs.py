"""Recorded time series of Σ s s′ and Σ s, and their sums per block and per value of Σ s s′."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from rgrbm._support import checks
from rgrbm.statistics.autocorrelation import integrated_autocorrelation_time
from rgrbm.statistics.jackknife import Array
from rgrbm.statistics.presentation import Presented

Counts = npt.NDArray[np.int64]

COLUMNS = ("n", "s", "s2", "m", "sm", "abs_m", "m2", "m4")
"""What is summed; "n" counts samples, s is Σ s s′ less a reference value, m is Σ s/N."""

_FEW_CHAINS = 8  # fewer are cut into stretches of time
_BLOCK_TIMES = 20  # length of a stretch in autocorrelation times; neighbours then correlate by a few percent at most
_FEWEST_BLOCKS = 4


@dataclass(frozen=True, eq=False, repr=False)
class RecordedRun(Presented):
    """Time series of an Ising model H = −J Σ s s′ − h Σ s at one coupling, in equilibrium, at β = 1.

    Parameters
    ----------
    J : float
        Coupling of all axes, of either sign.
    bonds : array_like of int, shape (n_sweeps, n_chains)
        Σ s s′ over all bonds.
    magnetization : array_like of int, shape (n_sweeps, n_chains)
        M = Σ s of the same configurations.

    Attributes
    ----------
    J : float
    bonds, magnetization : ndarray of int64, shape (n_sweeps, n_chains)

    Raises
    ------
    TypeError
        If J is not a number or the arrays are not of integers.
    ValueError
        If J is not finite, or the arrays are empty, have masked values or are not of one shape (n_sweeps, n_chains).

    Examples
    --------
    >>> from rgrbm.spins import ClusterSampler, Lattice, RecordedRun
    >>> sampler = ClusterSampler(Lattice((16, 16)), 0.44, method="swendsen_wang", n_chains=32, seed=0)
    >>> sampler.sweep(50)
    >>> series = sampler.measure(100)
    >>> run = RecordedRun(0.44, series.bond_sums.sum(axis=-1), series.magnetization)
    >>> run.bonds.shape
    (100, 32)
    """

    J: float
    bonds: Counts
    magnetization: Counts

    def __post_init__(self) -> None:
        object.__setattr__(self, "J", checks.real("the coupling J of a run", self.J))
        for name in ("bonds", "magnetization"):
            array = checks.numbers(name, getattr(self, name), dtype=None)
            if array.dtype.kind not in "iu":
                raise TypeError(f"{name} must be integers, got {array.dtype}; give sums over the whole lattice")
            if array.ndim != 2 or not array.size:
                raise ValueError(f"{name} must have shape (n_sweeps, n_chains) and not be empty, got {array.shape}")
            object.__setattr__(self, name, array.astype(np.int64))
        if self.bonds.shape != self.magnetization.shape:
            raise ValueError(
                f"bonds and magnetization must be of the same configurations, got shapes {self.bonds.shape} and "
                f"{self.magnetization.shape}"
            )


class Weighted(NamedTuple):
    """A run and the weight 1/(2τ) of each of its samples."""

    run: RecordedRun
    weight: float  # 1/(2τ) with τ of Σ s s′
    slowest: float  # the larger one of τ of Σ s s′ and of |Σ s|, in sweeps

    @property
    def effective_samples(self) -> float:
        """Number of independent samples that the run is worth, N/(2τ)."""
        return self.weight * self.run.bonds.size


def weighted(run: RecordedRun) -> Weighted:
    """A run with its autocorrelation times; those of a series that is constant or of one sweep are ½."""
    times = [0.5, 0.5]
    if len(run.bonds) > 1:
        series = run.bonds, np.abs(run.magnetization)
        times = [integrated_autocorrelation_time(values).tau_int for values in series]
    times = [0.5 if np.isnan(time) else time for time in times]
    return Weighted(run, 1 / (2 * times[0]), max(times))


def check_runs(runs: Sequence[RecordedRun], n_sites: int) -> None:
    """Whether the numbers can be those of one lattice with so many sites.

    Raises
    ------
    ValueError
        If a magnetization exceeds the number of sites or has another parity, or bond sums have both parities.
    """
    for run in runs:
        if (largest := int(np.abs(run.magnetization).max())) > n_sites:
            raise ValueError(f"|Σ s| = {largest} at J = {run.J:g} exceeds the number of sites, n_sites = {n_sites}")
        if np.any((run.magnetization - n_sites) % 2):
            raise ValueError(f"Σ s of {n_sites} spins must be {'odd' if n_sites % 2 else 'even'}; check n_sites")
        if np.any((run.bonds - runs[0].bonds[0, 0]) % 2):
            raise ValueError("Σ s s′ must be all even or all odd, as the number of bonds is; check the bond sums")


def n_units(given: Weighted, n_blocks: int) -> tuple[int, int]:
    """Chains, and stretches of each, that blocks are made of: whole chains, or stretches where there are few."""
    n_sweeps, n_chains = given.run.bonds.shape
    if n_chains >= _FEW_CHAINS:
        return n_chains, 1
    longest = int(n_sweeps / max(1.0, _BLOCK_TIMES * given.slowest))
    return n_chains, max(1, min(longest, -(-n_blocks // n_chains)))


def common_blocks(runs: Sequence[Weighted], n_blocks: int) -> int:
    """How many blocks each of the runs can be divided into, at most n_blocks.

    Raises
    ------
    ValueError
        If one is too short for four blocks.
    """
    for given in runs:
        units = int(np.prod(n_units(given, n_blocks)))
        if units < _FEWEST_BLOCKS:
            raise ValueError(
                f"an error bar needs at least {_FEWEST_BLOCKS} independent blocks; the run at J = {given.run.J:g} has "
                f"{units}, of {given.run.bonds.shape[1]} chains and {len(given.run.bonds)} sweeps with an "
                f"autocorrelation time of {given.slowest:.3g} sweeps. Run more chains, or longer ones"
            )
        n_blocks = min(n_blocks, units)
    return n_blocks


def level_sums(given: Weighted, levels: Counts, reference: int, n_sites: int, n_blocks: int) -> Array:
    """Weighted sums per block and level.

    Parameters
    ----------
    given : Weighted
    levels : ndarray of int64, shape (n_levels,)
        Sorted values of Σ s s′, all of the run's among them.
    reference : int
        Subtracted from Σ s s′ before it is summed.
    n_sites, n_blocks : int

    Returns
    -------
    ndarray of shape (n_blocks, 8, n_levels)
        Sums of :data:`COLUMNS` times the weight of a sample.
    """
    run = given.run
    n_sweeps, n_chains = run.bonds.shape
    _, stretches = n_units(given, n_blocks)
    unit = np.arange(n_chains) * stretches + (np.arange(n_sweeps) * stretches // n_sweeps)[:, None]
    block = unit * n_blocks // (n_chains * stretches)
    level = np.searchsorted(levels, run.bonds)
    place = (block * len(levels) + level).ravel()
    m = (run.magnetization / n_sites).ravel()

    def summed(values: Array | None) -> Array:
        totals = np.bincount(place, values, n_blocks * len(levels)).reshape(n_blocks, len(levels))
        return np.asarray(totals * given.weight)

    n, along, s = summed(None), summed(m), levels - reference
    columns = [n, n * s, n * s**2, along, along * s, summed(np.abs(m)), summed(m**2), summed(m**4)]
    return np.stack(columns, axis=1)
