"""Cluster updates of one chain at J_c beside other packages, each with the mean bond of what it samples.

Swendsen and Wang: time of one update for each site. Wolff: time for each spin that its clusters flip, of which one
holds ⟨M²⟩/N on average, whoever grows it. A cluster update of peapods goes with a sweep of single spins; what that
takes is timed in the same rounds and taken off.
"""

from collections.abc import Callable
from functools import partial

import numpy as np
from bench.report import Comparison
from bench.timing import Run, Timing, available, interleave

from rgrbm.spins import ClusterSampler, Lattice
from rgrbm.spins.exact import CRITICAL_COUPLING, torus_mean_energy_per_site

_SIDE = 256
_N_SITES = _SIDE**2
_EQUILIBRATION = 200  # updates by Swendsen and Wang, from aligned or random spins
_TIMED = {"swendsen_wang": 10, "wolff": 60}  # updates in one call
_MEASURED = {"swendsen_wang": 400, "wolff": 1500}


class Updates:
    """Timed updates and the mean bond that they keep."""

    def __init__(self, run: Callable[[int], object], bond: Callable[[int], float], method: str) -> None:
        self.method, self._run, self._bond = method, run, bond

    def time(self) -> float:
        """Some updates; returns their number."""
        self._run(_TIMED[self.method])
        return _TIMED[self.method]

    def bond(self) -> float:
        """Mean of s s′."""
        return self._bond(_MEASURED[self.method])


def rgrbm(method: str) -> Updates:
    """One chain."""
    sampler = ClusterSampler(Lattice((_SIDE, _SIDE)), CRITICAL_COUPLING, method=method, seed=1)
    sampler.align()
    sampler.sweep(_EQUILIBRATION)
    return Updates(sampler.sweep, lambda n: sampler.measure(n).bond_sums.mean() / _N_SITES, method)


def peapods(method: str, *, cluster: bool = True) -> Updates:
    """One temperature, one thread; sweeps by Metropolis, with a cluster update after each or without."""
    from peapods import Ising

    model = Ising((_SIDE, _SIDE), temperatures=np.array([1 / CRITICAL_COUPLING], np.float32))
    mode = {"swendsen_wang": "sw", "wolff": "wolff"}[method]
    model.sample(_EQUILIBRATION, cluster_update_interval=1, cluster_mode="sw", sequential=True)
    updates = {"cluster_update_interval": 1, "cluster_mode": mode} if cluster else {}

    def run(n: int) -> dict:
        return model.sample(n, sequential=True, **updates)

    return Updates(run, lambda n: float(np.mean(run(n)["energies"])) / 2, method)


def mcising(method: str) -> Updates:
    """One chain; a sweep is one update."""
    from mcising import IsingSimulation

    sim = IsingSimulation(_SIDE, 1.0, 0.0, 0.0, 0.0, 1, algorithm=method, lattice_type="square")
    sim.set_spins(np.ones((_SIDE, _SIDE), np.int8))
    run = partial(sim.sweep, temperature=1 / CRITICAL_COUPLING)
    run(_EQUILIBRATION)

    def bond(n: int) -> float:
        energies = []
        for _ in range(n):
            run(1)
            energies.append(sim.energy())
        return -float(np.mean(energies)) / 2

    return Updates(run, bond, method)


def compare(rounds: int) -> list[Comparison]:
    """Swendsen and Wang's and Wolff's updates, one chain on one thread."""
    exact = -torus_mean_energy_per_site(CRITICAL_COUPLING, _SIDE, _SIDE) / CRITICAL_COUPLING / 2
    sampler = ClusterSampler(Lattice((_SIDE, _SIDE)), CRITICAL_COUPLING, method="swendsen_wang", n_chains=4, seed=2)
    sampler.align()
    sampler.sweep(_EQUILIBRATION)
    cluster = float(sampler.measure(500).improved_square.mean()) / _N_SITES
    names = {
        "swendsen_wang": ("Swendsen–Wang", "site and update", _N_SITES),
        "wolff": ("Wolff", "spin flipped", cluster),
    }
    return [_compare(method, *names[method], exact, rounds) for method in names]


def _compare(method: str, name: str, unit: str, sites: float, exact: float, rounds: int) -> Comparison:
    single = "peapods, Metropolis"
    made = available(
        {
            "rgrbm": partial(rgrbm, method),
            "peapods": partial(peapods, method),
            single: partial(peapods, method, cluster=False),
            "mcising": partial(mcising, method),
        }
    )
    runs: dict[str, Run] = {key: updates.time for key, updates in made.items()}
    timings = interleave(runs, rounds)
    notes = {key: _bond_note(updates.bond(), exact) for key, updates in made.items() if key != single}
    if single in timings:
        with_sweep, sweep = timings["peapods"], timings.pop(single)
        spread = float(np.hypot(with_sweep.spread, sweep.spread))
        timings["peapods"] = Timing(with_sweep.median - sweep.median, spread)
        notes["peapods"] += f"; with its sweep of single spins {1e9 * with_sweep.median / _N_SITES:.3g} ns per site"
    if method == "wolff":
        for key, timing in timings.items():
            notes[key] += f"; {1e9 * timing.median / _N_SITES:.3g} ns per site and cluster"
    title = f"Square lattice of {_SIDE}² spins at J_c, {name}, one chain, one thread (exact ⟨s s′⟩ = {exact:.4f})"
    per_unit = {key: Timing(timing.median / sites, timing.spread / sites) for key, timing in timings.items()}
    return Comparison(title, f"ns per {unit}", 1e9, per_unit, notes)


def _bond_note(bond: float, exact: float) -> str:
    return f"⟨s s′⟩ = {bond:.4f}" + ("" if abs(bond - exact) < 0.02 else ": **wrong distribution**")
