"""What is kept of a measured run as it goes: sums over blocks, and series of some chains."""

import math

import numpy as np

from rgrbm.spins.lattice import Lattice
from rgrbm.spins.measured_chains import Slice
from rgrbm.spins.observables import MOMENTS, BlockSums, correlations, moments
from rgrbm.spins.values import Spins
from rgrbm.statistics.autocorrelation import integrated_autocorrelation_time
from rgrbm.statistics.jackknife import Array

_LEAST_BLOCKS, _MOST_BLOCKS = 32, 64  # an error of the error of 13%, and 9%
_KEPT_SWEEPS, _KEPT_CHAINS = 2**13, 64  # of the series that autocorrelation times are measured on
_BLOCK_TIMES = 10  # autocorrelation times of a stretch of a chain that is a block


class Series:
    """Energy and |m| of some chains of both starts over the first sweeps, and their means over whole chains."""

    def __init__(self, n_chains: int) -> None:
        self._kept: list[list[Array]] = [[], []]
        self._sums = np.zeros((2, 2, n_chains))  # start, observable, chain
        self._n = [0, 0]

    def add(self, start: int, found: Slice) -> None:
        """Take in a slice of sweeps of one start."""
        values = np.stack([found.energy, np.abs(found.magnetization)])
        self._sums[start] += values.sum(axis=1)
        if self._n[start] < _KEPT_SWEEPS:
            self._kept[start].append(values[:, : _KEPT_SWEEPS - self._n[start], :_KEPT_CHAINS].copy())
        self._n[start] += values.shape[1]

    def times(self) -> dict[str, float]:
        """τ_int of both observables, the larger one of the two starts."""
        kept = [np.concatenate(parts, axis=1) for parts in self._kept]
        return {
            name: max(integrated_autocorrelation_time(series[i]).tau_int for series in kept)
            for i, name in enumerate(("energy", "abs_magnetization"))
        }

    def differences(self, times: dict[str, float]) -> dict[str, float]:
        """By how many standard errors the starts differ: from the scatter of chains, or τ_int where each has one."""
        means, n_chains = self._sums / self._n[0], self._sums.shape[-1]
        found = {}
        for i, (name, tau) in enumerate(times.items()):
            if n_chains > 1:
                variance = means[:, i].var(axis=-1, ddof=1).sum() / n_chains
            else:
                kept = [np.concatenate(parts, axis=1)[i] for parts in self._kept]
                variance = sum(2 * tau * series.var() / series.size for series in kept)
            difference = float(means[0, i].mean() - means[1, i].mean())
            found[name] = difference / math.sqrt(variance) if variance > 0 else math.copysign(math.inf, difference)
            if difference == 0:
                found[name] = 0.0
        return found

    def covers(self, times: dict[str, float], factor: float) -> bool:
        """Whether a single chain covers so many autocorrelation times."""
        return self._n[0] >= factor * max(times.values())


class Run:
    """Sums over blocks as the run goes: a block is some whole chains of one start, or a stretch of few chains."""

    def __init__(self, lattice: Lattice, n_sweeps: int, n_chains: int) -> None:
        per_start = n_chains // 2
        self._groups = min(per_start, _MOST_BLOCKS // 2)  # of chains, for each start
        self._stretches = max(1, -(-_LEAST_BLOCKS // (2 * self._groups)))
        self._stretches = min(self._stretches, n_sweeps)
        self._group = np.arange(per_start) * self._groups // per_start
        self._n_sweeps, self._n_distances = n_sweeps, min(lattice.shape) // 2 + 1
        shape = 2, self._stretches, self._groups
        self._moments = np.zeros((*shape, len(MOMENTS)))
        self._improved = np.zeros((*shape, 3))
        self._correlations = np.zeros((*shape, 2 + self._n_distances))
        self._series = Series(per_start)

    def add(self, start: int, first: int, found: Slice, spins: Spins | None) -> None:
        """Take in a slice of sweeps that begins with number ``first``, and configurations at its end."""
        n, n_chains = found.energy.shape
        self._series.add(start, found)
        for name, target in (("moments", self._moments), ("improved", self._improved)):
            if name == "moments":
                rows = moments(found.energy.ravel(), found.magnetization.ravel())
            else:
                ones = np.ones(n * n_chains)
                rows = np.stack([ones, found.improved_m2.ravel(), found.improved_structure.ravel()], axis=1)
            per_chain = rows.reshape(n, n_chains, -1)
            stretch = np.minimum((first + np.arange(n)) * self._stretches // self._n_sweeps, self._stretches - 1)
            for which in np.unique(stretch):
                np.add.at(target[start, which], self._group, per_chain[stretch == which].sum(axis=0))
        if spins is not None:
            along, structure = correlations(spins)
            rows = np.column_stack([np.ones(n_chains), structure, along])
            which = min((first + n - 1) * self._stretches // self._n_sweeps, self._stretches - 1)
            np.add.at(self._correlations[start, which], self._group, rows)

    def sums(self) -> BlockSums:
        """All sums, block after block."""
        return BlockSums(*(a.reshape(-1, a.shape[-1]) for a in (self._moments, self._improved, self._correlations)))

    def verdict(self) -> tuple[dict[str, float], dict[str, float], bool]:
        """τ_int; how far hot and cold starts differ; and whether stretches of chains are as good as independent.

        Whole chains are, however short.
        """
        times = self._series.times()
        enough = self._stretches == 1 or self._series.covers(times, _BLOCK_TIMES * self._stretches)
        return times, self._series.differences(times), enough
