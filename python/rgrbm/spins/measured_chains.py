"""Chains that measure as they go, whatever moves them; half of them start hot, at random, and half cold, aligned."""

from typing import Any, Literal, NamedTuple, Protocol, TypeAlias, get_args

import numpy as np
import numpy.typing as npt

from rgrbm._support import streams
from rgrbm.spins.clusters import ClusterMethod, ClusterSampler
from rgrbm.spins.sampling import Model, local_chains
from rgrbm.spins.values import Spins
from rgrbm.statistics.jackknife import Array

MeasuredMethod: TypeAlias = Literal["metropolis", "heat_bath", "wolff", "swendsen_wang"]


class Slice(NamedTuple):
    """Measurements of consecutive sweeps, each array (n_sweeps, n_chains); NaN where a method does not tell one."""

    energy: Array  # H/N
    magnetization: Array  # Σ s/N
    improved_m2: Array
    improved_structure: Array


class Sampler(Protocol):
    """Chains of one start."""

    def measure(self, n: int) -> Slice:
        """Make n sweeps and measure after each."""
        ...

    def spins(self) -> Spins:
        """The configurations, ±1, shape (n_chains, *shape)."""
        ...


class _LocalSampler:
    """Chains of the single-spin methods, 512 to a word."""

    def __init__(self, model: Model, method: str, n_chains: int, seed: np.random.SeedSequence, *, cold: bool) -> None:
        self._model, self._method, self._n_chains = model, method, n_chains
        self._chains = local_chains(model, n_chains, streams.key(seed))
        if cold:
            self._chains.align()

    def measure(self, n: int) -> Slice:
        shape = n, self._n_chains
        bonds, magnetization = np.empty((n, self._model.lattice.n_axes, self._n_chains)), np.empty(shape)
        for i in range(n):
            self._chains.sweep(1, self._method)
            bonds[i] = self._chains.bond_sums()
            magnetization[i] = self._chains.magnetizations()
        nothing = np.full(shape, np.nan)
        energy = _energies(self._model, np.moveaxis(bonds, 1, -1), magnetization)
        return Slice(energy, magnetization / self._model.lattice.n_sites, nothing, nothing)

    def spins(self) -> Spins:
        lattice = self._model.lattice
        out = np.empty((self._n_chains, lattice.n_sites), dtype=np.int8)
        self._chains.unpack(out)
        return out.reshape(self._n_chains, *lattice.shape)


class _Clusters:
    """Chains of the cluster methods."""

    def __init__(
        self, model: Model, method: ClusterMethod, n_chains: int, seed: np.random.SeedSequence, *, cold: bool
    ) -> None:
        self._model = model
        self._sampler = ClusterSampler(
            model.lattice, np.array(model.couplings), model.h, method=method, n_chains=n_chains, seed=seed
        )
        if cold:
            self._sampler.align()
        self._sampler.calibrate()

    def measure(self, n: int) -> Slice:
        found, lattice = self._sampler.measure(n), self._model.lattice
        longest = np.array(lattice.shape) == max(lattice.shape)
        return Slice(
            _energies(self._model, found.bond_sums, found.magnetization),
            found.magnetization / lattice.n_sites,
            found.improved_square / lattice.n_sites**2,
            found.improved_structure[..., longest].mean(axis=-1) / lattice.n_sites,
        )

    def spins(self) -> Spins:
        return self._sampler.spins()


def _energies(model: Model, bond_sums: npt.NDArray[Any], magnetization: npt.NDArray[Any]) -> Array:
    """H/N, from Σ s s′ along each axis (the last one of the array) and Σ s."""
    energy = bond_sums @ np.array(model.couplings) + model.h * magnetization
    return np.asarray(-energy / model.lattice.n_sites)


def starts(model: Model, method: MeasuredMethod, n_chains: int, sequence: np.random.SeedSequence) -> list[Sampler]:
    """Chains that start hot, at random, and cold, with all spins up."""
    kind = _Clusters if method in get_args(ClusterMethod) else _LocalSampler
    seeds = (np.random.SeedSequence(sequence.entropy, spawn_key=(*sequence.spawn_key, i)) for i in range(2))
    return [kind(model, method, n_chains, seed, cold=cold) for seed, cold in zip(seeds, (False, True), strict=True)]  # type: ignore[arg-type]
