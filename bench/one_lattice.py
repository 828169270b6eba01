"""One chain of a large lattice by Metropolis, one thread and two: the case that a textbook begins with."""

from collections.abc import Callable
from functools import partial
from math import prod

import numpy as np
from bench.report import Table
from bench.timing import Run, available, interleave

import rgrbm as package
from rgrbm._core import kernels
from rgrbm.spins import Lattice, SingleSpinSampler
from rgrbm.spins.exact import CRITICAL_COUPLING

_CUBIC_CRITICAL = 0.2216546
_SHAPES = [(64, 64), (256, 256), (1024, 1024), (4096, 4096), (64, 64, 64), (256, 256, 256)]
_UPDATES = 2**22  # of a peer in one call
_OURS = "rgrbm, one thread"


def rgrbm(shape: tuple[int, ...], J: float, n_threads: int) -> Run:
    """Packed along its lines, independent random bits for every site."""
    sampler = SingleSpinSampler(Lattice(shape), J, method="metropolis", seed=1, packing="lattice")
    n_sweeps = max(1, 2**26 // prod(shape))

    def sweep() -> float:
        package.set_num_threads(n_threads)
        sampler.sweep(n_sweeps)
        return n_sweeps * prod(shape)

    sweep()
    return sweep


def mcising(shape: tuple[int, ...], J: float) -> Run:
    """Metropolis in index order."""
    from mcising import IsingSimulation

    kind = {2: "square", 3: "cubic"}[len(shape)]
    sim = IsingSimulation(shape[0], 1.0, 0.0, 0.0, 0.0, 1, algorithm="metropolis", lattice_type=kind)
    n_sweeps = max(1, _UPDATES // prod(shape))

    def sweep() -> float:
        sim.sweep(n_sweeps, temperature=1 / J)
        return n_sweeps * prod(shape)

    return sweep


def peapods(shape: tuple[int, ...], J: float) -> Run:
    """Metropolis in index order."""
    from peapods import Ising

    model = Ising(shape, temperatures=np.array([1 / J], np.float32))
    n_sweeps = max(1, _UPDATES // prod(shape))

    def sweep() -> float:
        model.sample(n_sweeps, sequential=True)
        return n_sweeps * prod(shape)

    return sweep


def numba_loop(shape: tuple[int, ...], J: float) -> Run:
    """What one writes by hand with Numba: even and odd sites, neighbours by index arithmetic."""
    import numba

    # Numba knows only the old generator of NumPy.
    @numba.njit
    def run(s, n_sweeps, boltzmann):
        depth, n, m = s.shape
        for _ in range(n_sweeps):
            for colour in range(2):
                for z in range(depth):
                    for i in range(n):
                        for j in range((z + i + colour) % 2, m, 2):
                            field = s[z, i, j - 1] + s[z, i, (j + 1) % m] + s[z, i - 1, j] + s[z, (i + 1) % n, j]
                            if depth > 1:
                                field += s[z - 1, i, j] + s[(z + 1) % depth, i, j]
                            aligned = s[z, i, j] * field
                            if aligned <= 0 or np.random.random() < boltzmann[aligned]:  # noqa: NPY002
                                s[z, i, j] = -s[z, i, j]

    s = np.ones(((1, *shape) if len(shape) == 2 else shape), np.int8)
    boltzmann = np.exp(-2 * J * np.arange(7))
    n_sweeps = max(1, _UPDATES // prod(shape))

    def sweep() -> float:
        run(s, n_sweeps, boltzmann)
        return n_sweeps * prod(shape)

    return sweep


def _candidates(shape: tuple[int, ...], J: float) -> dict[str, Callable[[], Run]]:
    return {
        _OURS: partial(rgrbm, shape, J, 1),
        "two threads": partial(rgrbm, shape, J, 2),
        "mcising": partial(mcising, shape, J),
        "peapods": partial(peapods, shape, J),
        "Numba loop": partial(numba_loop, shape, J),
    }


def compare(rounds: int) -> list[Table]:
    """Flips per nanosecond of one chain, at the critical point."""
    rows = []
    header = ["lattice", *_candidates((64, 64), CRITICAL_COUPLING), "ours / best peer", "two threads / one"]
    for shape in _SHAPES:
        J = CRITICAL_COUPLING if len(shape) == 2 else _CUBIC_CRITICAL
        runs = available(_candidates(shape, J))
        speed = {name: 1e-9 / timing.median for name, timing in interleave(runs, rounds).items()}
        peers = [speed[name] for name in speed if name not in (_OURS, "two threads")]
        cells = [f"{speed[name]:.3g}" if name in speed else "–" for name in header[1:-2]]
        ratios = [f"{speed[_OURS] / max(peers, default=np.nan):.3g}", f"{speed['two threads'] / speed[_OURS]:.2f}"]
        rows.append(["×".join(map(str, shape)), *cells, *ratios])
    package.set_num_threads(0)
    return [Table(f"One chain by Metropolis at J_c, flips per ns ({kernels.isa})", header, rows)]
