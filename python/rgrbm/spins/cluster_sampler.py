"""Cluster updates: Wolff's clusters one at a time, or all of Swendsen and Wang's at once."""

import math
from collections.abc import Sequence
from typing import Any, Literal, TypeAlias, cast, get_args

import numpy as np
import numpy.typing as npt

from rgrbm._core import kernels
from rgrbm._support import checks, streams
from rgrbm.spins.lattice import Lattice
from rgrbm.spins.sampler import Sampler, Values

ClusterMethod: TypeAlias = Literal["wolff", "swendsen_wang"]

_BYTES_PER_SITE = 64  # of room for labels and sums of clusters, for each thread
_LAST_ROUNDS = 4  # of the calibration: those whose clusters are counted
_FEWEST_FLIPS = 0.05  # share of clusters, by their sites, that a field must let flip


class ClusterSampler(Sampler):
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
        A sweep of Swendsen and Wang's flips every cluster with probability ½. A sweep of Wolff's flips a fixed number
        of clusters of random sites, ``clusters_per_sweep``.
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
    couplings, h
        See :class:`rgrbm.spins.sampler.Sampler`.

    Raises
    ------
    ValueError
        If an argument is out of range, J does not fit, or the lattice is too large.
    TypeError
        If a number, the lattice or a text is none.
    MemoryError
        If the chains need more memory than there is.

    Notes
    -----
    Bonds that a configuration satisfies, J s s′ > 0, are active with probability 1 − e^(−2|J|), and spins that active
    bonds tie together flip together. That is right for couplings of any sign; on frustrated lattices it is right as
    well, but the clusters are not those of correlated spins, and equilibrium is far. In a field, Swendsen and Wang's
    clusters may be tied to the field and then stay; Wolff's flip with probability min(1, e^(−ΔH)).

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

    _UPDATES_PER_SLICE = 2**26

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
        checks.choice("method", method, get_args(ClusterMethod))
        self.lattice, self.method = checks.instance("lattice", lattice, Lattice), method
        self.n_chains = checks.integer("n_chains", n_chains, 1)
        self.h = checks.real("the field h", h)
        require_cluster_memory(lattice, self.n_chains)
        self._clusters_per_sweep = 1
        self._start(J, seed)

    def _make_chains(self, couplings: Values) -> kernels.ClusterChains:
        chains = kernels.ClusterChains(
            list(self.lattice.shape), self.lattice.kind == "triangular", getattr(kernels.ClusterUpdate, self.method),
            couplings, self.h, self._key, self._alternating(),
        )  # fmt: skip
        chains.set_clusters_per_sweep(self._clusters_per_sweep)
        return chains

    @property
    def _clusters(self) -> kernels.ClusterChains:
        return cast(kernels.ClusterChains, self._chains)

    @property
    def clusters_per_sweep(self) -> int:
        """Wolff's clusters in a sweep: 1 until :meth:`calibrate` or its caller sets another number."""
        return self._clusters_per_sweep

    @clusters_per_sweep.setter
    def clusters_per_sweep(self, n: int) -> None:
        self._clusters_per_sweep = checks.integer("clusters_per_sweep", n, 1)
        self._clusters.set_clusters_per_sweep(self._clusters_per_sweep)

    def calibrate(self) -> int:
        """Choose ``clusters_per_sweep`` so that Wolff's clusters of a sweep have as many sites as the lattice, on
        average.

        It makes a number of rounds that is fixed by the lattice, twice as many clusters in each as in the last, but no
        more than have as many sites as the lattice, and sets the number by the mean size in the last of them. The
        clusters of a sweep are never counted by the spins they flip: a sweep that ended when enough are flipped would
        end more often after a large cluster, and would change the distribution. Call it before burn-in; a sweep of
        Swendsen and Wang's needs none of it.

        Returns
        -------
        int
            The new number.

        Raises
        ------
        ValueError
            If nearly all clusters stay as they are because of the field, so that sweeps do nothing.
        """
        if self.method != "wolff":
            return self.clusters_per_sweep
        n_sites, n_clusters = self.lattice.n_sites, 1
        rounds: list[tuple[int, float, float]] = []
        with self._lock:
            for _ in range(math.ceil(math.log2(n_sites)) + 2 * _LAST_ROUNDS):
                self.clusters_per_sweep = n_clusters
                size, flipped = (float(values.mean()) for values in self._clusters.sweep_clusters(1))
                rounds.append((n_clusters, n_clusters * size, n_clusters * flipped))
                n_clusters = max(1, min(2 * n_clusters, round(n_sites / size)))
            clusters, sites, flips = (sum(column) for column in zip(*rounds[-_LAST_ROUNDS:], strict=True))
            self.clusters_per_sweep = max(1, round(n_sites * clusters / sites))
        if self.h and flips < _FEWEST_FLIPS * sites:
            raise ValueError(
                f"Wolff's clusters must flip to move a chain, but the field h = {self.h:g} keeps "
                f"{1 - flips / sites:.1%} of their sites; use method='heat_bath' or 'swendsen_wang'"
            )
        return self.clusters_per_sweep

    def _measured(self, n: int, spacing: int, structure: bool, flips: bool) -> dict[str, npt.NDArray[Any]]:
        return dict(self._clusters.measure_clusters(n, spacing, structure, flips))

    def _identity(self) -> dict[str, Any]:
        return super()._identity() | {"clusters_per_sweep": self.clusters_per_sweep}


def require_cluster_memory(lattice: Lattice, n_chains: int, n_samples: int = 0) -> None:
    """Refuse chains and samples that the memory cannot hold.

    Raises
    ------
    MemoryError
        With what they need.
    """
    lines = lattice.n_sites // lattice.shape[-1]
    packed = 8 * lines * -(-lattice.shape[-1] // 64)
    checks.require_memory(
        n_chains * packed + n_samples * lattice.n_sites + 8 * packed + _BYTES_PER_SITE * lattice.n_sites,
        f"{f'{n_samples} samples and ' if n_samples else ''}{n_chains} chains of {lattice.n_sites} sites",
    )
