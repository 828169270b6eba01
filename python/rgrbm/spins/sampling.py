"""Configurations from chains: which chains a method has, how long they run, and how often they are read."""

import math
import time
import warnings
from collections.abc import Callable
from typing import Any, Literal, Protocol, TypeAlias, get_args

import numpy as np
import numpy.typing as npt

from rgrbm._core import kernels
from rgrbm._support import checks, streams
from rgrbm.spins.ensemble import Ensemble
from rgrbm.spins.lattice import Lattice
from rgrbm.statistics.autocorrelation import integrated_autocorrelation_time

Method: TypeAlias = Literal["metropolis", "heat_bath", "exact"]
Progress: TypeAlias = Callable[[int, int], object]

_CHAINS_PER_WORD = 512
_SMALL = 2**26  # bytes; below, unused lanes of a word are no concern
_SLICE_UPDATES = 2**28  # single-spin updates in one call of the kernels: a fraction of a second
# In units of τ_int: what is left of the start is e⁻²⁰, between samples e⁻⁵.
_BURN_IN_TIMES, _SPACING_TIMES = 20, 5
_MAX_PILOT_SWEEPS = 2**14
_PILOT_CHAINS = 128  # enough for a small error of τ_int


class Model(Protocol):
    """What is sampled: :class:`rgrbm.IsingModel`."""

    @property
    def lattice(self) -> Lattice:
        """Its sites and bonds."""
        ...

    @property
    def J(self) -> float | tuple[float, ...]:
        """Its coupling, or one for each axis."""
        ...

    @property
    def couplings(self) -> tuple[float, ...]:
        """Coupling of each axis."""
        ...

    @property
    def h(self) -> float:
        """Its field."""
        ...


class Chains(Protocol):
    """What draws it: many chains that are swept and measured together."""

    def sweep(self, n: int, update: str) -> None:
        """Make n sweeps of a method."""
        ...

    def bond_sums(self) -> npt.NDArray[np.int64]:
        """Σ s s′ over the bonds of each axis, shape (n_axes, n_chains)."""
        ...

    def magnetizations(self) -> npt.NDArray[np.int64]:
        """Σ s of each chain."""
        ...

    def unpack(self, out: npt.NDArray[np.int8]) -> None:
        """Write the spins of the first chains, ±1."""
        ...


def draw(
    model: Model,
    n_samples: int,
    *,
    method: Method,
    seed: streams.Seed,
    n_chains: int | None,
    burn_in: int | None,
    spacing: int | None,
    progress: Progress | None,
) -> Ensemble:
    """Draw configurations; see :meth:`rgrbm.IsingModel.ensemble`."""
    _check(model, n_samples, method, n_chains, burn_in, spacing)
    started = time.perf_counter()
    sequence, lattice = streams.seed_sequence(seed), model.lattice
    n_chains = n_samples if method == "exact" else n_chains or min(n_samples, _CHAINS_PER_WORD)
    _check_memory(lattice, n_samples, n_chains, measured=method != "exact" and None in (burn_in, spacing))
    chains = _local_chains(model, n_chains, streams.key(sequence))
    times: dict[str, float] = {}
    if method == "exact":
        burn_in = spacing = 0
        chains.sample_exactly()
    else:
        if burn_in is None or spacing is None:
            times = _pilot(model, chains, method)
            longest = max(times.values())
            burn_in = math.ceil(_BURN_IN_TIMES * longest) if burn_in is None else burn_in
            spacing = math.ceil(_SPACING_TIMES * longest) if spacing is None else spacing
        _sweep(lattice, chains, burn_in, method, progress)
    spins = np.empty((n_samples, lattice.n_sites), dtype=np.int8)
    for first in range(0, n_samples, n_chains):
        if first:
            _sweep(lattice, chains, spacing, method, progress)
        chains.unpack(spins[first : first + n_chains])
    return Ensemble(
        spins=spins.reshape(n_samples, *lattice.shape), shape=lattice.shape, J=model.J, method=method,
        entropy=sequence.entropy, n_chains=n_chains, burn_in=burn_in, spacing=spacing, tau_int=times,
        seconds=time.perf_counter() - started, h=model.h, lattice=lattice.kind,
    )  # fmt: skip


def _local_chains(model: Model, n_chains: int, key: tuple[int, int]) -> kernels.IsingChains:
    """Chains of the single-spin methods, and of exact samples."""
    lattice = model.lattice
    return kernels.IsingChains(lattice.shape, model.couplings, model.h, n_chains, key, lattice.kind)


def _check(
    model: Model, n_samples: int, method: str, n_chains: int | None, burn_in: int | None, spacing: int | None
) -> None:
    if method not in get_args(Method):
        raise ValueError(f"method must be one of {get_args(Method)}, got {method!r}")
    if method == "exact" and (len(model.lattice.shape) != 1 or model.h != 0):
        raise ValueError("exact samples are known for the ring only, without a field; use metropolis or heat_bath")
    checks.integer("n_samples", n_samples, 1)
    for name, value, least in (("n_chains", n_chains, 1), ("burn_in", burn_in, 0), ("spacing", spacing, 1)):
        if value is not None:
            checks.integer(name, value, least)


def _check_memory(lattice: Lattice, n_samples: int, n_chains: int, *, measured: bool) -> None:
    n_blocks, n_sites = -(-n_chains // _CHAINS_PER_WORD), lattice.n_sites
    needed, useful = n_blocks * n_sites * _CHAINS_PER_WORD // 8, n_chains * n_sites / 8
    if needed > _SMALL and needed > 1.1 * useful:
        raise MemoryError(
            f"chains are packed {_CHAINS_PER_WORD} to a word: {n_chains} chains of {n_sites} sites would "
            f"take {needed / 2**30:.2f} GiB where {useful / 2**30:.2f} GiB are useful; choose n_chains as a "
            f"multiple of {_CHAINS_PER_WORD}, or a smaller lattice"
        )
    checks.require_memory(
        needed + n_samples * n_sites + (8 * n_chains if measured else 0),
        f"{n_samples} samples and {n_chains} chains of {n_sites} sites",
    )


def _sweep(lattice: Lattice, chains: Chains, n_sweeps: int, method: str, progress: Progress | None = None) -> None:
    """Make sweeps in slices, so that Ctrl-C is heard between them."""
    length = max(1, _SLICE_UPDATES // (lattice.n_sites * _CHAINS_PER_WORD))
    for done in range(0, n_sweeps, length):
        chains.sweep(min(length, n_sweeps - done), method)
        if progress is not None:
            progress(min(done + length, n_sweeps), n_sweeps)


def _pilot(model: Model, chains: Chains, method: str) -> dict[str, float]:
    """Measure τ_int of magnetization and energy in sweeps, doubling the run until it is long enough.

    The energy is that of the bonds, as the field's is the magnetization again. Weak couplings and fields are why:
    nearly all moves of Metropolis are then made, the magnetization changes its sign from sweep to sweep and seems to
    forget itself at once, while bonds do not feel that and show how long a configuration is remembered.
    """
    series: dict[str, list[npt.NDArray[Any]]] = {"magnetization": [], "energy": []}
    weights = np.array(model.couplings) if len(set(model.couplings)) > 1 else np.ones(len(model.couplings), np.int64)
    length = 64
    while True:
        for _ in range(length - len(series["energy"])):
            _sweep(model.lattice, chains, 1, method)
            # A copy, as a view would keep the values of all chains of all sweeps.
            series["magnetization"].append(chains.magnetizations()[:_PILOT_CHAINS].copy())
            series["energy"].append(weights @ chains.bond_sums()[:, :_PILOT_CHAINS])
        # The first quarter is left out: chains start at random, not in equilibrium.
        found = {
            name: integrated_autocorrelation_time(np.array(values[length // 4 :])) for name, values in series.items()
        }
        if all(time.reliable for time in found.values()) or length >= _MAX_PILOT_SWEEPS:
            break
        length *= 2
    if not all(time.reliable for time in found.values()):
        warnings.warn(
            f"{length} sweeps do not resolve the autocorrelation time of {model!r} by {method}: "
            "burn-in and spacing may be too short",
            RuntimeWarning,
            stacklevel=5,
        )
    return {name: time.tau_int for name, time in found.items()}
