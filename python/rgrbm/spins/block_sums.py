"""What is kept of a measured run as it goes: sums over blocks that are as good as independent, and some series.

A block is some whole chains of one start, or a stretch of chains where there are few.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rgrbm.spins.lattice import Lattice
from rgrbm.statistics.jackknife import Array, leave_one_out

_LEAST_BLOCKS, _MOST_BLOCKS = 32, 64  # an error of the error of 13%, and 9%

MOMENTS = ("e", "e2", "m", "abs_m", "m2", "m4", "s", "abs_s", "s2", "s4")
"""Powers of e = H/N, m = Σ s/N and s = Σ ε s/N whose means are kept."""
IMPROVED = ("improved_order2",)


def columns(n_dimensions: int) -> tuple[str, ...]:
    """Names of the columns of the sums: moments, improved estimators, structure factors of each dimension."""
    structure = tuple(f"{name}{d}" for name in ("structure", "improved_structure") for d in range(n_dimensions))
    return ("n", *MOMENTS, *IMPROVED, *structure)


Means = dict[str, Array]


@dataclass(frozen=True)
class BlockSums:
    """Sums over blocks of measurements.

    Attributes
    ----------
    names : tuple of str
        Of the columns.
    sums : ndarray of shape (n_blocks, n_columns)
        Sums over the measurements of each block; the column "n" counts them.
    correlations : ndarray of shape (n_blocks, 1 + n_distances)
        How many configurations were read for correlations, and sums of their correlations.
    """

    names: tuple[str, ...]
    sums: Array
    correlations: Array

    @property
    def n_blocks(self) -> int:
        """Number of blocks."""
        return len(self.sums)

    def means(self) -> tuple[Means, Means]:
        """Means over all blocks, each an array of shape (1, …), and over all blocks but one, of shape (n_blocks, …)."""
        whole = self._means(self.sums.sum(axis=0)[None], self.correlations.sum(axis=0)[None])
        return whole, self._means(leave_one_out(self.sums), leave_one_out(self.correlations))

    def _means(self, sums: Array, correlations: Array) -> Means:
        means = {name: sums[:, i] / sums[:, 0] for i, name in enumerate(self.names) if i}
        with np.errstate(divide="ignore", invalid="ignore"):  # no correlations were asked for
            means["correlation"] = correlations[:, 1:] / correlations[:, :1]
        return means


class RunSums:
    """Sums over the blocks of a run, as it goes."""

    def __init__(self, lattice: Lattice, n_measurements: int, n_chains: int) -> None:
        per_start = n_chains // 2
        self._groups = min(per_start, _MOST_BLOCKS // 2)  # of chains, for each start
        self.stretches = min(max(1, -(-_LEAST_BLOCKS // (2 * self._groups))), n_measurements)
        self._group = np.arange(per_start) * self._groups // per_start
        self._n_measurements = n_measurements
        self.names = columns(len(lattice.shape))
        shape = 2, self.stretches, self._groups
        self._sums = np.zeros((*shape, len(self.names)))
        self._correlations = np.zeros((*shape, 2 + min(lattice.shape) // 2))

    def add(self, start: int, first: int, values: dict[str, npt.NDArray[np.float64]]) -> None:
        """Take in measurements of one start that begin with number ``first``, each array (n, n_chains)."""
        rows = np.stack([values[name] for name in self.names], axis=-1)
        for stretch, part in self._stretches_of(first, rows):
            np.add.at(self._sums[start, stretch], self._group, part.sum(axis=0))

    def add_correlations(self, start: int, number: int, along: Array) -> None:
        """Take in correlations of one configuration of each chain, shape (n_chains, n_distances)."""
        stretch = self._stretch(np.array([number]))[0]
        rows = np.column_stack([np.ones(len(along)), along])
        np.add.at(self._correlations[start, stretch], self._group, rows)

    def blocks(self) -> BlockSums:
        """All sums, block after block."""
        return BlockSums(self.names, *(a.reshape(-1, a.shape[-1]) for a in (self._sums, self._correlations)))

    def _stretch(self, numbers: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        return np.minimum(numbers * self.stretches // self._n_measurements, self.stretches - 1)

    def _stretches_of(self, first: int, rows: Array) -> list[tuple[int, Array]]:
        numbers = self._stretch(first + np.arange(len(rows)))
        return [(int(which), rows[numbers == which]) for which in np.unique(numbers)]
