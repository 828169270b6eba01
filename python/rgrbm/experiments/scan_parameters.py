"""The parameters of ``rgrbm scan``, and what is right for them."""

import math
from dataclasses import dataclass
from typing import get_args

from rgrbm.experiments.options import parameter, require_at_least, require_one_of
from rgrbm.experiments.plan import Plan, counted
from rgrbm.spins.lattice import Kind, Lattice
from rgrbm.spins.methods import MeasuredMethod

_SECONDS_PER_UPDATE = 1.6e-8  # of one spin by Swendsen and Wang's clusters, with its share of the measurements

_AROUND_CRITICAL = (0.43, 0.434, 0.436, 0.438, 0.44, 0.442, 0.444, 0.446, 0.45)


@dataclass(frozen=True)
class ScanParameters:
    """Parameters of the experiment; ``rgrbm scan --help`` explains each."""

    side: list[int] = parameter((16, 32, 64), "Sites along each axis; give it several times for several sizes.")
    J: list[float] = parameter(_AROUND_CRITICAL, "Coupling; several times for several.")
    T: list[float] = parameter((), "Temperature in place of couplings, J = 1/T; several times for several.")
    n_axes: int = parameter(2, "Axes of the lattice: 1 for rings, 2 for tori, 3 for cubic lattices.")
    lattice: Kind = parameter("hypercubic", "Kind of the lattice: hypercubic or triangular.")
    h: float = parameter(0.0, "Uniform field.")
    method: MeasuredMethod = parameter("auto", "auto, metropolis, heat_bath, wolff or swendsen_wang.")
    n_sweeps: int = parameter(1_500, "Measured sweeps of each chain.")
    n_chains: int | None = parameter(None, "Chains of a task, an even number; by default as the method likes.")
    n_seeds: int = parameter(1, "Independent tasks for each size and coupling.")
    seed: int = parameter(0, "Fixes every random number.")
    n_jobs: int = parameter(0, "Processes at a time, 0 for as many as there are cores.", execution=True)
    scheduler: str = parameter("", "Address of a Dask scheduler whose workers do the work instead.", execution=True)

    def __post_init__(self) -> None:
        """Check what no other part does."""
        require_one_of(get_args(Kind), self, "lattice")
        require_one_of(get_args(MeasuredMethod), self, "method")
        require_at_least(1, self, "n_axes", "n_seeds")
        require_at_least(0, self, "seed", "n_jobs")
        require_at_least(2, self, "n_sweeps")
        if self.T and tuple(self.J) != _AROUND_CRITICAL:
            raise ValueError(f"give couplings or temperatures, not both: got J = {list(self.J)}, T = {list(self.T)}")
        if any(not 0 < abs(T) < math.inf for T in self.T):
            raise ValueError(f"temperatures must be finite and not 0, got T = {list(self.T)}")
        if not self.side or not self.J:
            raise ValueError("a scan needs at least one side and one J")
        for side in self.side:
            Lattice((side,) * self.n_axes, self.lattice)
        if not all(map(math.isfinite, self.J)) or not math.isfinite(self.h):
            raise ValueError(f"J and h must be finite, got J = {list(self.J)} and h = {self.h}")
        for name, values in (("side", list(self.side)), ("J", list(self.J)), ("T", list(self.T))):
            if len(set(values)) < len(values):
                raise ValueError(f"each {name} must be given once, got {values}")
        if self.n_chains is not None and (self.n_chains < 2 or self.n_chains % 2):
            raise ValueError(f"n_chains must be an even number of at least 2, got {self.n_chains}")

    @property
    def couplings(self) -> tuple[float, ...]:
        """Couplings J of the runs, those of the temperatures if there are any."""
        return tuple(1 / T for T in self.T) or tuple(self.J)

    def plan(self) -> Plan:
        """What the run will do, and how long that takes."""
        n_tasks = len(self.side) * len(self.couplings) * self.n_seeds
        clusters = self.method == "swendsen_wang" or (
            self.method == "auto" and self.h == 0 and (self.lattice == "hypercubic" or min(self.couplings) >= 0)
        )
        n_sites = self.n_seeds * len(self.couplings) * sum(side**self.n_axes for side in self.side)
        n_updates = n_sites * self.n_sweeps * (self.n_chains or 64)
        known = clusters and not self.scheduler
        n_couplings = counted(len(self.couplings), "coupling")
        return Plan(
            f"{counted(n_tasks, 'task')}: {counted(len(self.side), 'size')} × {n_couplings} × "
            f"{counted(self.n_seeds, 'seed')}",
            3 + _SECONDS_PER_UPDATE * n_updates / (self.n_jobs or 2) if known else None,
        )
