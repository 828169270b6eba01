"""Single-spin updates, Metropolis and heat bath, of many chains at once or of one large lattice."""

from collections.abc import Sequence
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt

from rgrbm._core import kernels
from rgrbm._support import checks, streams
from rgrbm.spins.lattice import Lattice
from rgrbm.spins.sampler import Sampler, Values

SingleSpinMethod: TypeAlias = Literal["metropolis", "heat_bath"]
Packing: TypeAlias = Literal["chains", "lattice", "sites"]

_LANES = 512  # bits of a word
_WORD_NS, _GRANULE_NS, _SITE_NS = 33, 35, 5  # cost of an update of a word, of 512 sites of a lattice, of one site


class SingleSpinSampler(Sampler):
    """Chains of an Ising model H = −Σ_a J_a Σ s s′ − h Σ s at β = 1, moved a spin at a time.

    Parameters
    ----------
    lattice : Lattice
        Sites and axes of bonds.
    J : float or array_like of shape (n_axes,) or (n_chains, n_axes)
        Coupling, one for each axis of bonds, or for each chain and axis.
    h : float, default=0
        Uniform field.
    method : {"metropolis", "heat_bath"}
        Metropolis flips a spin with probability min(1, e^(−ΔH)) (Eq. 16 of the report); heat bath draws it from its
        distribution given its neighbours. Heat bath visits sites colour by colour where the lattice has colours
        (:meth:`rgrbm.spins.Lattice.colouring`), and in random order elsewhere and on the ring. So does Metropolis with
        one coupling for all axes, not 0 and not frustrated, and sides of at least 8; in other cases a fixed order
        might not be ergodic, and sites are visited in random order.
    n_chains : int, default=1
        Independent chains, started at random.
    seed : int, SeedSequence, Generator, RandomState or None
        Fixes the result to the bit, for any number of threads.
    packing : {"chains", "lattice", "sites"}, optional
        How spins are packed: one site of 512 chains to a word, 512 sites of one chain, or a byte for each spin. By
        default what is fastest for the lattice and the number of chains. It changes the result for a seed, not its
        distribution.

    Raises
    ------
    ValueError
        If an argument is out of range, J does not fit, or the packing cannot be used: "chains" takes one coupling for
        all chains, "lattice" colours that may be visited in sequential order.
    TypeError
        If a number, the lattice or a text is none.
    MemoryError
        If the chains need more memory than there is.

    Examples
    --------
    >>> from rgrbm.spins import Lattice, SingleSpinSampler
    >>> sampler = SingleSpinSampler(Lattice((128, 128)), 0.44, method="heat_bath", seed=0)
    >>> sampler.sweep(50)
    >>> sampler.measure(100).magnetization.shape
    (100, 1)
    """

    def __init__(
        self,
        lattice: Lattice,
        J: float | Sequence[float] | npt.NDArray[np.float64],
        h: float = 0.0,
        *,
        method: SingleSpinMethod = "metropolis",
        n_chains: int = 1,
        seed: streams.Seed = None,
        packing: Packing | None = None,
    ) -> None:
        checks.choice("method", method, get_args(SingleSpinMethod))
        if packing is not None:
            checks.choice("packing", packing, get_args(Packing))
        self.lattice, self.method = checks.instance("lattice", lattice, Lattice), method
        self.n_chains = checks.integer("n_chains", n_chains, 1)
        self.h = checks.real("the field h", h)
        require_single_spin_memory(lattice, self.n_chains)
        self._wanted = packing
        self._start(J, seed)

    @property
    def packing(self) -> Packing:
        """How spins are packed."""
        return self._packing

    def _make_chains(self, couplings: Values) -> kernels.SpinChains:
        self._packing = self._choose_packing(couplings)
        update = getattr(kernels.Update, self.method)
        common: dict[str, Any] = {
            "sides": list(self.lattice.shape), "triangular": self.lattice.kind == "triangular", "update": update,
            "field": self.h, "key": self._key, "alternating": self._alternating(),
        }  # fmt: skip
        if self._packing == "chains":
            return kernels.WordChains(couplings=couplings[0].tolist(), n_chains=self.n_chains, **common)
        kind = kernels.LatticeChains if self._packing == "lattice" else kernels.SiteChains
        return kind(couplings=couplings, **common)

    def _choose_packing(self, couplings: Values) -> Packing:
        costs = self._costs(couplings)
        if self._wanted is None:
            return min(costs, key=lambda packing: costs[packing])
        if self._wanted not in costs:
            needs = {
                "chains": "one coupling for all chains",
                "lattice": "colours that may be visited in sequential order",
            }
            raise ValueError(f"packing={self._wanted!r} needs {needs[self._wanted]}; leave it out to have one chosen")
        return self._wanted

    def _costs(self, couplings: Values) -> dict[Packing, float]:
        """About how many nanoseconds a sweep of all chains takes in each packing that is possible."""
        n_sites = self.lattice.n_sites
        costs: dict[Packing, float] = {"sites": self.n_chains * n_sites * _SITE_NS}
        if np.all(couplings == couplings[0]):
            costs["chains"] = -(-self.n_chains // _LANES) * n_sites * _WORD_NS
        if self._is_sequential(couplings):
            n_colours = self.lattice.n_colours or 1
            lines, along = n_sites // self.lattice.shape[-1], self.lattice.shape[-1] // n_colours
            granules = n_colours * -(-lines * -(-along // 64) // 8)
            costs["lattice"] = self.n_chains * granules * _GRANULE_NS
        return costs

    def _is_sequential(self, couplings: Values) -> bool:
        triangular, update = self.lattice.kind == "triangular", getattr(kernels.Update, self.method)
        return all(
            kernels.may_be_sequential(list(self.lattice.shape), triangular, update, J.tolist(), self.h)
            for J in np.unique(couplings, axis=0)
        )

    @property
    def is_sequential(self) -> bool:
        """Whether colours are visited in sequential order, and not sites at random."""
        return self._packing != "sites" and self._is_sequential(self._frame_couplings())

    def _set_frame_couplings(self, couplings: Values) -> None:
        if self._packing in self._costs(couplings):
            self._chains.set_couplings(couplings)
            return
        # The spins stay; they go to chains that can have these couplings.
        spins = np.empty((self.n_chains, self.lattice.n_sites), dtype=np.int8)
        self._chains.unpack(spins)
        self._wanted = None
        self._key = streams.key(np.random.SeedSequence(list(self._key)))
        self._chains = self._make_chains(couplings)
        self._chains.pack(spins)

    def _identity(self) -> dict[str, Any]:
        return super()._identity() | {"packing": self._packing}


def require_single_spin_memory(lattice: Lattice, n_chains: int, n_samples: int = 0) -> None:
    """Refuse chains and samples that the memory cannot hold.

    Raises
    ------
    MemoryError
        With what they need.
    """
    checks.require_memory(
        n_chains * lattice.n_sites // 8 + n_samples * lattice.n_sites,
        f"{f'{n_samples} samples and ' if n_samples else ''}{n_chains} chains of {lattice.n_sites} sites",
    )
