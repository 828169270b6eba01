"""Single-spin updates of the Ising model at equilibrium; each candidate also tells its mean ⟨s s'⟩."""

from collections.abc import Callable

import numpy as np

from rgrbm._core import kernels


class Candidate:
    """A sampler that makes sweeps and knows its mean bond."""

    def __init__(self, sweep: Callable[[], float], bond: Callable[[], float]) -> None:
        self.sweep, self.bond = sweep, bond


def rgrbm(rows: int, columns: int, J: float, n_chains: int, sweeps: int) -> Candidate:
    """Bit-packed Metropolis, independent random bits for every chain."""
    chains = kernels.IsingChains(rows, columns, J, n_chains, (1, 2))
    chains.align()
    chains.sweep(500, "metropolis")
    n_bonds = rows * columns * (1 if rows == 1 else 2)

    def sweep() -> float:
        chains.sweep(sweeps, "metropolis")
        return sweeps * rows * columns * n_chains

    return Candidate(sweep, lambda: chains.bond_sums().mean() / n_bonds)


def ferrotherm(rows: int, columns: int, J: float, sweeps: int) -> Candidate:
    """Heat bath, one chain on one core."""
    import ferrotherm as ft

    sites = [(r, c) for r in range(rows) for c in range(columns)]
    index = {site: i for i, site in enumerate(sites)}
    couplings = [[index[r, c], index[r, (c + 1) % columns], 1.0] for r, c in sites]
    if rows > 1:
        couplings += [[index[r, c], index[(r + 1) % rows, c], 1.0] for r, c in sites]
    sim = ft.from_spec({"graph": {"n": len(sites), "couplings": couplings}})
    sim.beta = J
    pairs = np.array([pair[:2] for pair in couplings])

    def sweep() -> float:
        sim.sweep(sweeps)
        return sweeps * len(sites)

    def bond() -> float:
        means = []
        for _ in range(400):
            sim.sweep(50)
            s = np.asarray(sim.spins)
            means.append((s[pairs[:, 0]] * s[pairs[:, 1]]).mean())
        return float(np.mean(means))

    return Candidate(sweep, bond)


def numba_loop(rows: int, columns: int, J: float, sweeps: int) -> Candidate:
    """What one writes by hand with Numba: random sites on the ring, even and odd ones in turn on the square."""
    import numba

    @numba.njit
    def run(s, n_sweeps, boltzmann, J):
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
                if aligned <= 0 or np.random.random() < boltzmann[aligned]:  # noqa: NPY002
                    s[i, j] = -s[i, j]

    s = np.ones((rows, columns), np.int64)
    boltzmann = np.exp(-2 * J * np.arange(5))

    def sweep() -> float:
        run(s, sweeps, boltzmann, J)
        return sweeps * rows * columns

    def bond() -> float:
        means = []
        for _ in range(400):
            run(s, 50, boltzmann, J)
            right = (s * np.roll(s, 1, 1)).mean()
            means.append(right if rows == 1 else (right + (s * np.roll(s, 1, 0)).mean()) / 2)
        return float(np.mean(means))

    return Candidate(sweep, bond)
