"""Cluster updates of many chains at once, with what they measure: for runs that keep sums, not configurations."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt

from rgrbm._core import kernels
from rgrbm._support import checks, streams
from rgrbm.spins.lattice import Lattice
from rgrbm.spins.values import Spins

ClusterMethod: TypeAlias = Literal["wolff", "swendsen_wang"]
Values = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]

_BYTES_PER_SITE = 64  # of room for labels and sums of clusters, for each thread
_LAST_ROUNDS = 4  # of the calibration: those whose clusters are counted


@dataclass(frozen=True)
class ClusterMeasurements:
    """Measurements of chains, one after the other; the first axes of all arrays are (n, n_chains).

    Attributes
    ----------
    bond_sums : ndarray of int64, shape (n, n_chains, n_axes)
        Σ s s′ over the bonds of each axis; the energy is −Σ_a J_a times these, less h times the magnetization.
    magnetization : ndarray of int64, shape (n, n_chains)
        M = Σ s.
    structure : ndarray, shape (n, n_chains, n_dimensions)
        ``|Σ s e^(ikx)|²`` with k = 2π/L along each dimension of the lattice, the smallest momentum there is; with
        ⟨M²⟩ it tells the second-moment correlation length.
    improved_square, improved_fourth : ndarray, shape (n, n_chains)
        Improved estimators of ⟨M²⟩ and ⟨M⁴⟩: means over all signs of the clusters, of smaller variance than M² and M⁴.
        Without a field and for J > 0 the first is ``Σ_C |C|²``, or the mean of ``N |C|`` over Wolff's clusters of a
        sweep, whose variance is small only where many make a sweep. They do not tell the fourth moment, nor
        in a field any of these: NaN.
    improved_structure : ndarray, shape (n, n_chains, n_dimensions)
        The same of the structure factor.
    cluster_size : ndarray, shape (n, n_chains)
        Mean number of sites of Wolff's clusters since the last measurement; NaN of Swendsen and Wang's.
    """

    bond_sums: Counts
    magnetization: Counts
    structure: Values
    improved_square: Values
    improved_fourth: Values
    improved_structure: Values
    cluster_size: Values


class ClusterSampler:
    """Chains of an Ising model H = −Σ_a J_a Σ s s′ − h Σ s, moved by cluster updates.

    Parameters
    ----------
    lattice : Lattice
        Sites and axes of bonds.
    J : float or array_like of shape (n_axes,) or (n_chains, n_axes)
        Coupling, one for each axis of bonds, or for each chain and axis.
    h : float, default=0
        Uniform field.
    method : {"wolff", "swendsen_wang"}
        Swendsen and Wang turn all clusters in each sweep, each by a coin. A sweep of Wolff's is a fixed number of
        clusters of random sites, ``clusters_per_sweep``.
    n_chains : int, default=1
        Independent chains, started at random. Threads share them out.
    seed : int, SeedSequence, Generator, RandomState or None
        Fixes the result to the bit, for any number of threads.

    Attributes
    ----------
    lattice, method, n_chains
        As given.
    clusters_per_sweep : int
        Wolff's clusters in a sweep: 1 until :meth:`calibrate` or its caller sets another number.

    Raises
    ------
    ValueError
        If an argument is out of range, J does not fit, or the lattice is too large.
    TypeError
        If a number is none.
    MemoryError
        If the chains need more memory than there is.

    Notes
    -----
    Bonds that a configuration satisfies, J s s′ > 0, are active with probability 1 − e^(−2|J|), and spins that active
    bonds tie together turn together. That holds for couplings of any sign; on frustrated lattices it holds as well, but
    the clusters are not those of correlated spins, and equilibrium is far. In a field, Swendsen and Wang's clusters may
    be tied to the field and then stay; Wolff's turn with probability min(1, e^(−ΔH)).

    References
    ----------
    R. H. Swendsen and J.-S. Wang, Phys. Rev. Lett. 58, 86 (1987); U. Wolff, Phys. Rev. Lett. 62, 361 (1989); improved
    estimators: U. Wolff, Nucl. Phys. B 300, 501 (1988).

    Examples
    --------
    >>> from rgrbm.spins import ClusterSampler, Lattice
    >>> sampler = ClusterSampler(Lattice((32, 32)), 0.44, method="swendsen_wang", n_chains=8, seed=0)
    >>> sampler.sweep(50)
    >>> sampler.measure(100).bond_sums.shape
    (100, 8, 2)
    """

    def __init__(
        self,
        lattice: Lattice,
        J: float | Sequence[float] | npt.NDArray[np.float64],
        h: float = 0.0,
        *,
        method: ClusterMethod = "wolff",
        n_chains: int = 1,
        seed: streams.Seed = None,
    ) -> None:
        if method not in get_args(ClusterMethod):
            raise ValueError(f"method must be one of {get_args(ClusterMethod)}, got {method!r}")
        self.lattice, self.method = lattice, method
        self.n_chains = checks.integer("n_chains", n_chains, 1)
        self.clusters_per_sweep = 1
        require_cluster_memory(lattice, self.n_chains)
        key = streams.key(streams.seed_sequence(seed))
        triangular = lattice.kind == "triangular"
        field = checks.real("the field h", h)
        self._chains = kernels.ClusterChains(list(lattice.shape), self._couplings(J), key, field, triangular)

    def _couplings(self, J: npt.ArrayLike) -> Values:
        shape = self.n_chains, self.lattice.n_axes
        values = checks.numbers("J", J)
        if values.shape not in ((), shape[1:], shape):
            raise ValueError(f"J must be a number or have shape {shape[1:]} or {shape}, got {values.shape}")
        if not np.isfinite(values).all():
            raise ValueError("each coupling J must be finite")
        return np.ascontiguousarray(np.broadcast_to(values, shape))

    def set_couplings(self, J: npt.ArrayLike) -> None:
        """Give the chains other couplings; of the shapes that the class takes.

        Raises
        ------
        ValueError
            If they do not fit, or are not finite.
        TypeError
            If they are no numbers.
        """
        self._chains.set_couplings(self._couplings(J))

    def align(self) -> None:
        """Set every spin to +1."""
        self._chains.align()

    def calibrate(self) -> int:
        """Choose ``clusters_per_sweep`` so that a sweep of Wolff's turns as many spins as there are sites, on average.

        It makes a number of rounds that is fixed by the lattice, twice as many clusters in each as in the last, but no
        more than turn all spins once, and sets the number by the mean size in the last of them. The clusters of a sweep
        are never counted by the spins they turn: a sweep that ends when enough are turned ends more often after a large
        cluster, and would not keep the law. Call it before burn-in; a sweep of Swendsen and Wang's needs none of it.

        Returns
        -------
        int
            The new number.
        """
        if self.method != "wolff":
            return self.clusters_per_sweep
        n_sites, n_clusters = self.lattice.n_sites, 1
        rounds: list[tuple[int, float]] = []
        for _ in range(math.ceil(math.log2(n_sites)) + 2 * _LAST_ROUNDS):
            size = float(self._chains.sweep(1, self.method, n_clusters).mean())
            rounds.append((n_clusters, n_clusters * size))
            n_clusters = max(1, min(2 * n_clusters, round(n_sites / size)))
        clusters, sites = (sum(column) for column in zip(*rounds[-_LAST_ROUNDS:], strict=True))
        self.clusters_per_sweep = max(1, round(n_sites * clusters / sites))
        return self.clusters_per_sweep

    def sweep(self, n: int = 1) -> None:
        """Make n sweeps.

        Raises
        ------
        TypeError, ValueError
            If n is no integer, or negative.
        """
        self._chains.sweep(checks.integer("n", n, 0), self.method, self.clusters_per_sweep)

    def measure(self, n: int, *, spacing: int = 1) -> ClusterMeasurements:
        """Measure n times, each time after ``spacing`` sweeps; improved estimators are those of the last of these.

        One call is not interrupted: in long runs, measure in slices of some seconds and keep sums of them.

        Raises
        ------
        TypeError, ValueError
            If n is no integer or negative, or the spacing not at least 1.
        MemoryError
            If the measurements need more memory than there is.
        """
        n, spacing = checks.integer("n", n, 0), checks.integer("spacing", spacing, 1)
        columns = 5 + self.lattice.n_axes + 2 * len(self.lattice.shape)
        checks.require_memory(8 * columns * n * self.n_chains, f"{n} measurements of {self.n_chains} chains")
        return ClusterMeasurements(**self._chains.measure(n, self.method, self.clusters_per_sweep, spacing))

    def bond_sums(self) -> Counts:
        """Σ s s′ over the bonds of each axis, shape (n_axes, n_chains)."""
        return np.ascontiguousarray(self._chains.bond_sums().T)

    def magnetizations(self) -> Counts:
        """Σ s of each chain, shape (n_chains,)."""
        return self._chains.magnetizations()

    def spins(self) -> Spins:
        """The configurations, ±1, shape ``(n_chains, *shape)``."""
        out = np.empty((self.n_chains, self.lattice.n_sites), dtype=np.int8)
        self._chains.unpack(out)
        return out.reshape(self.n_chains, *self.lattice.shape)


def require_cluster_memory(lattice: Lattice, n_chains: int, n_samples: int = 0) -> None:
    """Refuse chains and samples that the memory cannot hold.

    Raises
    ------
    MemoryError
        Telling what they need.
    """
    lines = lattice.n_sites // lattice.shape[-1]
    packed = 8 * lines * -(-lattice.shape[-1] // 64)
    checks.require_memory(
        n_chains * packed + n_samples * lattice.n_sites + 8 * packed + _BYTES_PER_SITE * lattice.n_sites,
        f"{f'{n_samples} samples and ' if n_samples else ''}{n_chains} chains of {lattice.n_sites} sites",
    )
