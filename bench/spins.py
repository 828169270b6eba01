"""Updates of the Ising model, of single spins and of clusters (clusters.py).

Each candidate also prints its mean ⟨s s'⟩, so that a wrong distribution shows.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from bench import clusters
from bench.report import Comparison, Scaling
from bench.timing import Run, available, interleave

import rgrbm as package
from rgrbm.spins import Lattice, SingleSpinSampler
from rgrbm.spins.exact import CRITICAL_COUPLING, ring_correlation, torus_mean_energy_per_site

_EQUILIBRATION, _BLOCKS = 2_000, 400  # sweeps; measurements of ⟨s s'⟩


@dataclass
class Sampler:
    """Sweeps (returning the number of updates made) and the mean bond of what it samples."""

    sweep: Run
    bond: Callable[[], float]


def bonds(rows: int, columns: int) -> np.ndarray:
    """Pairs of neighbours (n_bonds, 2); a ring has one row."""
    site = np.arange(rows * columns).reshape(rows, columns)
    right = np.column_stack([site.ravel(), np.roll(site, -1, 1).ravel()])
    down = np.column_stack([site.ravel(), np.roll(site, -1, 0).ravel()])
    return right if rows == 1 else np.concatenate([right, down])


def _mean_bond(run: Callable[[int], object], spins: Callable[[], np.ndarray], pairs: np.ndarray) -> float:
    run(_EQUILIBRATION)
    means = []
    for _ in range(_BLOCKS):
        run(20)
        s = np.asarray(spins()).ravel()
        means.append(np.mean(s[pairs[:, 0]] * s[pairs[:, 1]]))
    return float(np.mean(means))


def rgrbm(
    rows: int, columns: int, J: float, method: str = "metropolis", n_chains: int = 512, packing: str = "chains"
) -> Sampler:
    """Bit-packed updates of 512 chains to a word, or of one lattice; independent random bits for every spin."""
    shape = (columns,) if rows == 1 else (rows, columns)
    sampler = SingleSpinSampler(Lattice(shape), J, method=method, n_chains=n_chains, seed=1, packing=packing)
    n_sweeps = max(1, 2**27 // (rows * columns * max(n_chains, 32)))

    def sweep() -> float:
        sampler.sweep(n_sweeps)
        return n_sweeps * rows * columns * n_chains

    def bond() -> float:
        sampler.sweep(_EQUILIBRATION)
        n, spacing = (20, 50) if n_chains > 1 else (_BLOCKS, 20)
        measured = sampler.measure(n, spacing=spacing, structure=False)
        return float(measured.bond_sums.sum(axis=-1).mean()) / len(bonds(rows, columns))

    return Sampler(sweep, bond)


def ferrotherm(rows: int, columns: int, J: float) -> Sampler:
    """Heat bath, colour by colour, one chain."""
    import ferrotherm as ft

    sim = ft.ring(columns, beta=J) if rows == 1 else ft.lattice2d(columns, beta=J)
    n_sweeps = max(1, 2**20 // (rows * columns))

    def sweep() -> float:
        sim.sweep(n_sweeps)
        return n_sweeps * rows * columns

    return Sampler(sweep, lambda: _mean_bond(sim.sweep, lambda: np.asarray(sim.spins), bonds(rows, columns)))


def mcising(rows: int, columns: int, J: float) -> Sampler:
    """Its default: Metropolis in index order, one chain."""
    from mcising import IsingSimulation

    lattice = "chain" if rows == 1 else "square"
    sim = IsingSimulation(columns, 1.0, 0.0, 0.0, 0.0, 1, algorithm="metropolis", lattice_type=lattice)
    n_sweeps = max(1, 2**20 // (rows * columns))

    def sweep() -> float:
        sim.sweep(n_sweeps, temperature=1 / J)
        return n_sweeps * rows * columns

    run = partial(sim.sweep, temperature=1 / J)
    return Sampler(sweep, lambda: _mean_bond(run, sim.get_spins, bonds(rows, columns)))


def _annealer(sample: Callable[[int, int], np.ndarray], rows: int, columns: int) -> Sampler:
    """A sampler that makes so many sweeps for so many independent reads, and returns their last states."""
    n_sweeps = max(1, 2**20 // (rows * columns))
    pairs = bonds(rows, columns)

    def sweep() -> float:
        sample(n_sweeps, 1)
        return n_sweeps * rows * columns

    def bond() -> float:
        s = sample(_EQUILIBRATION, 64)
        return float(np.mean(s[:, pairs[:, 0]] * s[:, pairs[:, 1]]))

    return Sampler(sweep, bond)


def dwave(rows: int, columns: int, J: float, *, randomize_order: bool) -> Sampler:
    """SimulatedAnnealingSampler at constant β."""
    import dimod
    from dwave.samplers import SimulatedAnnealingSampler

    model = dimod.BQM.from_ising({}, {tuple(pair): -1.0 for pair in bonds(rows, columns).tolist()})

    def sample(n_sweeps: int, n_reads: int) -> np.ndarray:
        result = SimulatedAnnealingSampler().sample(
            model, num_reads=n_reads, num_sweeps_per_beta=n_sweeps, num_sweeps=n_sweeps, beta_schedule=[J],
            beta_schedule_type="custom", randomize_order=randomize_order, seed=1,
        )  # fmt: skip
        return result.record.sample[:, np.argsort(list(result.variables))].astype(int)

    return _annealer(sample, rows, columns)


def openjij(rows: int, columns: int, J: float) -> Sampler:
    """SASampler at constant β, in index order."""
    import openjij as oj

    couplings = {tuple(pair): -1.0 for pair in bonds(rows, columns).tolist()}

    def sample(n_sweeps: int, n_reads: int) -> np.ndarray:
        result = oj.SASampler().sample_ising({}, couplings, schedule=[[J, n_sweeps]], num_reads=n_reads)
        return result.record.sample[:, np.argsort(list(result.variables))].astype(int)

    return _annealer(sample, rows, columns)


def numba_loop(rows: int, columns: int, J: float) -> Sampler:
    """What one writes by hand with Numba: random sites on the ring, even ones, then odd ones on the square."""
    import numba

    @numba.njit
    def run(s, n_sweeps, boltzmann):
        n, m = s.shape
        for _ in range(n_sweeps):
            for step in range(n * m):
                if n == 1:
                    i, j = 0, np.random.randint(m)  # noqa: NPY002 - Numba knows this generator
                    field = s[i, j - 1] + s[i, (j + 1) % m]
                else:
                    half = n * m // 2
                    k = step % half
                    i = k // (m // 2)
                    j = 2 * (k % (m // 2)) + (i + step // half) % 2
                    field = s[i, j - 1] + s[i, (j + 1) % m] + s[i - 1, j] + s[(i + 1) % n, j]
                aligned = s[i, j] * field
                if aligned <= 0 or np.random.random() < boltzmann[aligned]:  # noqa: NPY002 - as above
                    s[i, j] = -s[i, j]

    s = np.ones((rows, columns), np.int64)
    boltzmann = np.exp(-2 * J * np.arange(5))
    n_sweeps = max(1, 2**20 // (rows * columns))

    def sweep() -> float:
        run(s, n_sweeps, boltzmann)
        return n_sweeps * rows * columns

    return Sampler(sweep, lambda: _mean_bond(lambda n: run(s, n, boltzmann), lambda: s, bonds(rows, columns)))


def _candidates(rows: int, columns: int, J: float) -> dict[str, Callable[[], Sampler]]:
    arguments = rows, columns, J
    one = {
        "rgrbm, Metropolis, one lattice": partial(rgrbm, *arguments, n_chains=1, packing="lattice"),
        "rgrbm, heat bath, one lattice": partial(rgrbm, *arguments, "heat_bath", n_chains=1, packing="lattice"),
    }
    return {
        "rgrbm, Metropolis": partial(rgrbm, *arguments),
        "rgrbm, heat bath": partial(rgrbm, *arguments, "heat_bath"),
        **(one if rows > 1 else {}),
        "rgrbm, Metropolis, one chain in random order": partial(rgrbm, *arguments, n_chains=1, packing="sites"),
        "ferrotherm, heat bath": partial(ferrotherm, *arguments),
        "mcising, Metropolis": partial(mcising, *arguments),
        "dwave-samplers, Metropolis": partial(dwave, *arguments, randomize_order=False),
        "dwave-samplers, random order": partial(dwave, *arguments, randomize_order=True),
        "OpenJij, Metropolis": partial(openjij, *arguments),
        "Numba loop, Metropolis": partial(numba_loop, *arguments),
    }


def compare(rounds: int) -> list[Comparison]:
    """One thread, ring at J = 1 and square lattice at its critical point; then two threads."""
    u = torus_mean_energy_per_site(CRITICAL_COUPLING, 64, 64)
    cases = [
        ("Ring of 64 spins at J = 1", 1, 1.0, float(ring_correlation(1.0, 64, 1)[1])),
        ("Square lattice of 64² spins at J_c", 64, CRITICAL_COUPLING, -u / CRITICAL_COUPLING / 2),
    ]
    results = []
    package.set_num_threads(1)
    for title, rows, J, exact in cases:
        samplers = available(_candidates(rows, 64, J))
        timings = interleave({name: sampler.sweep for name, sampler in samplers.items()}, rounds)
        notes = {name: _bond_note(sampler.bond(), exact) for name, sampler in samplers.items()}
        results.append(
            Comparison(f"{title}, one thread (exact ⟨s s′⟩ = {exact:.4f})", "ns per update", 1e9, timings, notes)
        )
    for title, rows, J, _ in cases:
        results.append(Comparison(f"{title}, 8,192 chains", "ns per update", 1e9, _threads(rows, J, rounds)))
    package.set_num_threads(1)
    results += clusters.compare(rounds)
    package.set_num_threads(0)
    return results


def _bond_note(bond: float, exact: float) -> str:
    return f"⟨s s′⟩ = {bond:.4f}" + ("" if abs(bond - exact) < 0.02 else ": **wrong distribution**")


def _threads(rows: int, J: float, rounds: int) -> dict:
    sampler = rgrbm(rows, 64, J, n_chains=8192)

    def with_threads(n: int) -> float:
        package.set_num_threads(n)
        return sampler.sweep()

    return interleave({"2 threads": partial(with_threads, 2), "1 thread": partial(with_threads, 1)}, rounds)


def scale(rounds: int) -> list[Scaling]:
    """Cost of an update against the size of ring and square, and against the number of chains, one thread."""
    package.set_num_threads(1)
    results = []
    for name, title, xlabel, sizes, shape, J in [
        ("spins_ring", "Metropolis on a ring at J = 1, one thread", "spins N", [16, 64, 256, 1024, 4096],
         lambda size: (1, size), 1.0),
        ("spins_square", "Metropolis on a square lattice at J_c, one thread", "side L", [16, 32, 64, 128, 256],
         lambda size: (size, size), CRITICAL_COUPLING),
    ]:  # fmt: skip
        timings: dict[str, list] = {}
        for size in sizes:
            candidates = _candidates(*shape(size), J)
            slow = ["dwave-samplers, Metropolis", "OpenJij, Metropolis"]
            samplers = available({key: make for key, make in candidates.items() if key not in slow})
            for key, value in interleave({k: s.sweep for k, s in samplers.items()}, rounds).items():
                timings.setdefault(key, []).append(value)
        results.append(Scaling(name, title, xlabel, "ns per update", 1e9, sizes, timings))
    chains = [64, 512, 4096, 32768]
    timings = {}
    for n_chains in chains:
        runs = {
            "ring of 64": rgrbm(1, 64, 1.0, n_chains=n_chains).sweep,
            "square of 64²": rgrbm(64, 64, CRITICAL_COUPLING, n_chains=n_chains).sweep,
        }
        for key, value in interleave(runs, rounds).items():
            timings.setdefault(key, []).append(value)
    title = "Metropolis against the number of chains, one thread"
    results.append(Scaling("spins_chains", title, "chains", "ns per update", 1e9, chains, timings))
    package.set_num_threads(0)
    return results
