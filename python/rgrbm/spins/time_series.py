"""The dynamics of single systems: energy and magnetization after each sweep, from a hot, a cold or a given start."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Self, TypeAlias

import numpy as np
import numpy.typing as npt

from rgrbm._support import checks, streams
from rgrbm._support.progress import Progress
from rgrbm.spins.lattice import lattice_name
from rgrbm.spins.methods import Method, Model, make_sampler, measured_method
from rgrbm.spins.sampler import Sampler
from rgrbm.spins.values import Spins
from rgrbm.statistics.jackknife import mean_and_stderr
from rgrbm.statistics.notation import with_error
from rgrbm.statistics.presentation import Presented

Start: TypeAlias = Literal["hot", "cold"]
Array = npt.NDArray[np.float64]


@dataclass(repr=False, eq=False)
class TimeSeries(Presented):
    """Chains of an Ising model and what was recorded of them; :meth:`rgrbm.IsingModel.time_series` makes one.

    It can be pickled, and goes on to the same bits.

    Attributes
    ----------
    sampler : Sampler
        The chains, as they are now.
    every : int
        Sweeps between records.
    sweeps : ndarray of int64, shape (n,)
        Sweeps made before each record: 0, every, 2 · every, …
    energy_per_site : ndarray of float64, shape (n, n_chains)
        H/N after so many sweeps.
    magnetization : ndarray of float64, shape (n, n_chains)
        Σ s/N.
    staggered_magnetization : ndarray of float64, shape (n, n_chains)
        Σ ε s/N with signs that alternate from site to site; NaN on lattices that have no two sublattices.
    """

    sampler: Sampler
    every: int
    sweeps: npt.NDArray[np.int64] = field(init=False)
    energy_per_site: Array = field(init=False)
    magnetization: Array = field(init=False)
    staggered_magnetization: Array = field(init=False)

    def __post_init__(self) -> None:
        sampler = self.sampler
        staggered = None if sampler.staggered_pattern is None else sampler.staggered_magnetizations()[None]
        self.sweeps = np.zeros(0, np.int64)
        self.energy_per_site = self.magnetization = self.staggered_magnetization = np.zeros((0, sampler.n_chains))
        self._append(sampler.bond_sums()[None], sampler.magnetizations()[None], staggered)

    @classmethod
    def started(
        cls,
        model: Model,
        start: Start | npt.ArrayLike,
        *,
        method: Method,
        n_chains: int,
        every: int,
        seed: streams.Seed,
    ) -> TimeSeries:
        """Chains at their start; see :meth:`rgrbm.IsingModel.time_series`."""
        if (every := checks.integer("every", every, 1)) >= 2**63:  # sweeps are counted in int64
            raise ValueError(f"every must be below 2^63, got {checks.shown(every)}")
        chosen = measured_method(model, method)
        hot = isinstance(start, str) and start == "hot"
        if isinstance(start, str) and start not in ("hot", "cold"):
            raise ValueError(f"start must be 'hot', 'cold' or an array of spins ±1, got {start!r}")
        sampler = make_sampler(
            model.lattice, np.array(model.couplings), model.h, method=chosen, n_chains=n_chains, seed=seed
        )
        if hot:
            generator = np.random.Generator(
                np.random.Philox(key=np.array(streams.key(streams.seed_sequence(seed), 1), np.uint64))
            )
            shape = sampler.n_chains, *model.lattice.shape
            sampler.set_spins(generator.integers(0, 2, shape, dtype=np.int8) * 2 - 1)
        elif isinstance(start, str):
            sampler.align()
        else:
            sampler.set_spins(start)
        return cls(sampler, every)

    def extend(self, n_sweeps: int, *, progress: Progress = None) -> Self:
        """Go on for so many sweeps, a multiple of ``every``, and record.

        Returns
        -------
        TimeSeries
            This one.

        Raises
        ------
        TypeError, ValueError
            If the number is no integer, negative, or not a multiple of ``every``.
        """
        n = checks.integer("n_sweeps", n_sweeps, 0)
        if n % self.every:
            raise ValueError(f"n_sweeps must be a multiple of every = {self.every}, got {n}")
        if n:
            record = self.sampler.measure(n // self.every, spacing=self.every, structure=False, progress=progress)
            self._append(record.bond_sums, record.magnetization, record.staggered)
        return self

    def spins(self) -> Spins:
        """The configurations as they are now, ±1, int8 of shape ``(n_chains, *shape)``."""
        return self.sampler.spins()

    def _title(self) -> str:
        sampler = self.sampler
        couplings = [f"{J:g}" for J in np.unique(sampler.couplings)]
        return (
            f"{lattice_name(sampler.lattice.shape, sampler.lattice.kind)}, J = {' and '.join(couplings)}, "
            f"h = {sampler.h:g}, by "
            f"{sampler.method.replace('_', ' ')}; {sampler.n_chains} chains after {self.sweeps[-1]} sweeps"
        )

    def _values(self) -> dict[str, Any]:
        names = ("every", "sweeps", "energy_per_site", "magnetization", "staggered_magnetization")
        return {name: getattr(self, name) for name in names}

    def _table(self) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
        names = {"energy_per_site": "energy H/N", "magnetization": "magnetization m"}
        ends = {name: (getattr(self, name)[0], getattr(self, name)[-1]) for name in names}
        header = "mean over chains", "at the start", f"after {self.sweeps[-1]} sweeps"
        return header, [
            (names[name], *(with_error(*mean_and_stderr(values)) for values in pair)) for name, pair in ends.items()
        ]

    def _append(self, bonds: npt.NDArray[Any], magnetization: npt.NDArray[Any], staggered: Any) -> None:
        sampler, n = self.sampler, self.sampler.lattice.n_sites
        energy = -((bonds * sampler.couplings).sum(axis=-1) + sampler.h * magnetization) / n
        if staggered is None:
            staggered = np.full(magnetization.shape, np.nan)
        first = self.every * len(self.sweeps)
        self.sweeps = np.concatenate([self.sweeps, first + self.every * np.arange(len(energy))])
        self.energy_per_site = np.concatenate([self.energy_per_site, energy])
        self.magnetization = np.concatenate([self.magnetization, magnetization / n])
        self.staggered_magnetization = np.concatenate([self.staggered_magnetization, staggered / n])
