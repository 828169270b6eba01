"""The Ising model on ring and square lattice: sampling in C++, exact results beside it."""

import math
import os
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from rgrbm._core import kernels
from rgrbm._support import checks, streams
from rgrbm._support.config import config
from rgrbm._support.tensors import FileFormatError, read_tensors, require, write_tensors
from rgrbm.spins import exact
from rgrbm.spins.values import Spins
from rgrbm.statistics.autocorrelation import integrated_autocorrelation_time

Method: TypeAlias = Literal["metropolis", "heat_bath", "exact"]
Progress: TypeAlias = Callable[[int, int], object]

_METHODS = ("metropolis", "heat_bath", "exact")
_CHAINS_PER_WORD = 512
_MAX_SITES = 2**31
_SMALL = 2**26  # bytes; below, unused lanes of a word are no concern
_SLICE_UPDATES = 2**28  # single-spin updates in one call of the kernels: a fraction of a second
# In units of τ_int: what is left of the start is e⁻²⁰, between samples e⁻⁵.
_BURN_IN_TIMES, _SPACING_TIMES = 20, 5
_MAX_PILOT_SWEEPS = 2**14
_PILOT_CHAINS = 128  # enough for a small error of τ_int


@dataclass(frozen=True)
class Ensemble:
    """Configurations of an Ising model and how they were made.

    Attributes
    ----------
    spins : ndarray of int8, shape ``(n_samples, *shape)``
        Configurations of ±1.
    shape, J, method : tuple of int, float, str
        The model and its sampler.
    entropy : int
        Entropy of the seed sequence that fixes the spins.
    n_chains : int
        Independent chains; sample i comes from chain i modulo ``n_chains``.
    burn_in, spacing : int
        Sweeps before the first and between further samples of a chain; 0 for exact samples.
    tau_int : dict of str to float
        Measured integrated autocorrelation times, in sweeps, of magnetization and energy; empty if burn-in and
        spacing were given, or the samples are exact.
    seconds : float
        Wall-clock time.
    """

    spins: Spins
    shape: tuple[int, ...]
    J: float
    method: str
    entropy: Any
    n_chains: int
    burn_in: int
    spacing: int
    tau_int: dict[str, float]
    seconds: float

    def provenance(self) -> dict[str, Any]:
        """All but the spins, ready for a JSON file."""
        return {
            "model": "Ising",
            "shape": list(self.shape),
            "J": self.J,
            "method": self.method,
            "entropy": str(self.entropy),
            "n_samples": len(self.spins),
            "n_chains": self.n_chains,
            "burn_in": self.burn_in,
            "spacing": self.spacing,
            "tau_int": self.tau_int,
        }

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Write the configurations and their provenance to a safetensors file, whole or not at all.

        Parameters
        ----------
        path : path
            The file, usually ``*.safetensors``.
        overwrite : bool, default=False
            Whether an existing file may be replaced.

        Raises
        ------
        FileExistsError
            If the file exists and may not be replaced.
        OSError
            If it cannot be written.

        Examples
        --------
        >>> import tempfile
        >>> from rgrbm.spins import Ensemble
        >>> from rgrbm import IsingModel
        >>> ensemble = IsingModel((8,), J=1.0).ensemble(10, method="exact", seed=0)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     ensemble.save(f"{folder}/spins.safetensors")
        ...     loaded = Ensemble.load(f"{folder}/spins.safetensors")
        >>> bool((loaded.spins == ensemble.spins).all()), loaded.provenance() == ensemble.provenance()
        (True, True)
        """
        if not overwrite and os.path.exists(path):  # noqa: PTH110
            raise FileExistsError(f"{os.fspath(path)!r} exists: choose another file, or overwrite=True")
        packed = np.packbits(self.spins.reshape(len(self.spins), -1) > 0, axis=1)
        metadata = self.provenance() | {"seconds": self.seconds, "software": config()}
        write_tensors(path, "Ensemble", {"spins": packed}, metadata)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> "Ensemble":
        """Read what :meth:`save` wrote.

        Raises
        ------
        FileFormatError
            If it is not such a file, or its spins do not fit its metadata.
        OSError
            If it cannot be read.
        """
        name = os.fspath(path)
        tensors, metadata = read_tensors(path, "Ensemble")
        shape, n_samples = tuple(require(metadata, "shape", list, name)), require(metadata, "n_samples", int, name)
        if not shape or not all(isinstance(n, int) and n > 0 for n in shape):
            raise FileFormatError(f"{name!r}: the shape of its lattice is {shape}")
        n_sites, packed = math.prod(shape), tensors.get("spins")
        if packed is None or packed.dtype != np.uint8 or packed.shape != (n_samples, -(-n_sites // 8)):
            raise FileFormatError(f"{name!r}: its spins are not {n_samples} configurations of {n_sites} sites")
        spins = 2 * np.unpackbits(packed, axis=1, count=n_sites).astype(np.int8) - 1
        entropy = require(metadata, "entropy", str, name)
        return cls(
            spins=np.ascontiguousarray(spins.reshape(n_samples, *shape)),
            shape=shape,
            J=float(require(metadata, "J", (float, int), name)),
            method=require(metadata, "method", str, name),
            entropy=int(entropy) if entropy.isdecimal() else entropy,
            n_chains=require(metadata, "n_chains", int, name),
            burn_in=require(metadata, "burn_in", int, name),
            spacing=require(metadata, "spacing", int, name),
            tau_int=require(metadata, "tau_int", dict, name),
            seconds=float(require(metadata, "seconds", (float, int), name)),
        )

    def summary(self) -> str:
        """One line for people."""
        text = f"{len(self.spins)} configurations of {'×'.join(map(str, self.shape))} spins at J = {self.J:g}"
        if self.method == "exact":
            return f"{text}, exact independent samples"
        times = ", ".join(f"{value:.1f} ({name})" for name, value in self.tau_int.items())
        measured = f"measured τ_int in sweeps: {times}; " if times else ""
        return (
            f"{text} by {self.method.replace('_', ' ')} from {self.n_chains} chains; {measured}"
            f"burn-in {self.burn_in} sweeps, spacing {self.spacing} sweeps"
        )


class IsingModel:
    """Ising model H = −J Σ s s′ over nearest neighbours, periodic, at β = 1.

    Parameters
    ----------
    shape : int or tuple of int
        ``(N,)`` is a ring of N spins, ``(rows, columns)`` a square lattice on a torus. A side of 2 has double
        bonds.
    J : float
        Coupling, in units of temperature (it stands for βJ); negative for an antiferromagnet.

    Raises
    ------
    ValueError
        If a side is below 2, there are more than 2³¹ sites, or J is not finite.
    TypeError
        If the shape is not made of integers, or J is not a number.

    Examples
    --------
    >>> from rgrbm import IsingModel
    >>> model = IsingModel(shape=(64,), J=1.0)
    >>> spins = model.sample(1200, method="metropolis", seed=0)
    >>> spins.shape, spins.dtype
    ((1200, 64), dtype('int8'))
    """

    def __init__(self, shape: int | tuple[int, ...], J: float) -> None:
        given = shape if isinstance(shape, tuple | list) else (shape,)
        sides = tuple(checks.integer("each side of the shape", side) for side in given)
        if len(sides) not in (1, 2):
            raise ValueError(f"shape must be (N,) for a ring or (rows, columns) for a torus, got {shape!r}")
        if min(sides) < 2:
            raise ValueError(f"each side of a periodic lattice must have at least 2 spins, got {shape!r}")
        if math.prod(sides) > _MAX_SITES:
            raise ValueError(f"a lattice can have at most 2^31 sites, got {math.prod(sides)}")
        self.shape = sides
        self.J = checks.real("the coupling J", J)

    def __repr__(self) -> str:
        return f"IsingModel(shape={self.shape}, J={self.J})"

    @property
    def n_sites(self) -> int:
        """Number of spins."""
        return math.prod(self.shape)

    def sample(
        self,
        n_samples: int,
        *,
        method: Method = "metropolis",
        seed: streams.Seed = None,
        n_chains: int | None = None,
        burn_in: int | None = None,
        spacing: int | None = None,
        progress: Progress | None = None,
    ) -> Spins:
        """Draw configurations; see :meth:`ensemble`, which also tells how they were made.

        Returns
        -------
        ndarray of int8, shape (n_samples, *shape)
            Spins ±1.

        Examples
        --------
        >>> from rgrbm import IsingModel
        >>> IsingModel((8, 8), J=0.4).sample(10, seed=0).shape
        (10, 8, 8)
        """
        return self.ensemble(
            n_samples, method=method, seed=seed, n_chains=n_chains, burn_in=burn_in, spacing=spacing,
            progress=progress,
        ).spins  # fmt: skip

    def ensemble(
        self,
        n_samples: int,
        *,
        method: Method = "metropolis",
        seed: streams.Seed = None,
        n_chains: int | None = None,
        burn_in: int | None = None,
        spacing: int | None = None,
        progress: Progress | None = None,
    ) -> Ensemble:
        """Draw configurations from the Boltzmann law and keep how that was done.

        Parameters
        ----------
        n_samples : int
            Number of configurations.
        method : {"metropolis", "heat_bath", "exact"}
            Single-spin sampler: Metropolis (Eq. 16 of the report, ΔH = 0 is accepted) or heat bath; or, for the
            ring, independent exact samples from the transfer matrix. Sites are visited at random on the ring (a
            fixed order is not ergodic there), in checkerboard order on a torus with even sides, and at random on
            other tori and where a checkerboard would not be ergodic (Metropolis at J = 0 or with a side below 8).
        seed : int, SeedSequence, Generator, RandomState or None
            Fixes the result to the bit, for any number of threads.
        n_chains : int, optional
            Independent chains, each started at random; by default as many as there are samples, at most 512.
        burn_in, spacing : int, optional
            Sweeps before the first and between further samples of each chain; a spacing is at least 1, as without a
            sweep a chain would give the same sample again. By default 20 and 5 times the
            larger of the integrated autocorrelation times of magnetization and energy, which a pilot run of the
            same chains measures.
        progress : callable, optional
            Called with (sweeps done, sweeps in all) between slices of work.

        Returns
        -------
        Ensemble

        Raises
        ------
        TypeError
            If a number is not an integer.
        ValueError
            If an argument is out of range, the method unknown, or ``"exact"`` asked for a torus.
        MemoryError
            If samples and chains need more memory than there is; or if the lattice is large and ``n_chains`` not a
            multiple of 512, so that most lanes of the words would be wasted.
        """
        self._check_sampling(n_samples, method, n_chains, burn_in, spacing)
        started = time.perf_counter()
        sequence = streams.seed_sequence(seed)
        n_chains = n_samples if method == "exact" else n_chains or min(n_samples, _CHAINS_PER_WORD)
        self._check_memory(n_samples, n_chains, measured=method != "exact" and None in (burn_in, spacing))
        rows, columns = (1, *self.shape) if len(self.shape) == 1 else self.shape
        chains = kernels.IsingChains(rows, columns, self.J, n_chains, streams.key(sequence))
        times: dict[str, float] = {}
        if method == "exact":
            burn_in = spacing = 0
            chains.sample_exactly()
        else:
            if burn_in is None or spacing is None:
                times = self._pilot(chains, method)
                longest = max(times.values())
                burn_in = math.ceil(_BURN_IN_TIMES * longest) if burn_in is None else burn_in
                spacing = math.ceil(_SPACING_TIMES * longest) if spacing is None else spacing
            self._sweep(chains, burn_in, method, progress)
        spins = np.empty((n_samples, self.n_sites), dtype=np.int8)
        for first in range(0, n_samples, n_chains):
            if first:
                self._sweep(chains, spacing, method, progress)
            chains.unpack(spins[first : first + n_chains])
        return Ensemble(
            spins=spins.reshape(n_samples, *self.shape), shape=self.shape, J=self.J, method=method,
            entropy=sequence.entropy, n_chains=n_chains, burn_in=burn_in, spacing=spacing, tau_int=times,
            seconds=time.perf_counter() - started,
        )  # fmt: skip

    def _check_sampling(
        self, n_samples: int, method: str, n_chains: int | None, burn_in: int | None, spacing: int | None
    ) -> None:
        if method not in _METHODS:
            raise ValueError(f"method must be one of {_METHODS}, got {method!r}")
        if method == "exact" and len(self.shape) != 1:
            raise ValueError("exact samples are known for the ring only; use metropolis or heat_bath")
        checks.integer("n_samples", n_samples, 1)
        for name, value, least in (("n_chains", n_chains, 1), ("burn_in", burn_in, 0), ("spacing", spacing, 1)):
            if value is not None:
                checks.integer(name, value, least)

    def _check_memory(self, n_samples: int, n_chains: int, *, measured: bool) -> None:
        n_blocks = -(-n_chains // _CHAINS_PER_WORD)
        needed, useful = n_blocks * self.n_sites * _CHAINS_PER_WORD // 8, n_chains * self.n_sites / 8
        if needed > _SMALL and needed > 1.1 * useful:
            raise MemoryError(
                f"chains are packed {_CHAINS_PER_WORD} to a word: {n_chains} chains of {self.n_sites} sites would "
                f"take {needed / 2**30:.2f} GiB where {useful / 2**30:.2f} GiB are useful; choose n_chains as a "
                f"multiple of {_CHAINS_PER_WORD}, or a smaller lattice"
            )
        checks.require_memory(
            needed + n_samples * self.n_sites + (8 * n_chains if measured else 0),
            f"{n_samples} samples and {n_chains} chains of {self.n_sites} sites",
        )

    def _sweep(self, chains: Any, n_sweeps: int, method: str, progress: Progress | None = None) -> None:
        """Make sweeps in slices, so that Ctrl-C is heard between them."""
        updates = max(1, self.n_sites * _CHAINS_PER_WORD)
        length = max(1, _SLICE_UPDATES // updates)
        for done in range(0, n_sweeps, length):
            chains.sweep(min(length, n_sweeps - done), method)
            if progress is not None:
                progress(min(done + length, n_sweeps), n_sweeps)

    def _pilot(self, chains: Any, method: str) -> dict[str, float]:
        """Measure τ_int of magnetization and energy in sweeps, doubling the run until it is long enough."""
        series: dict[str, list[npt.NDArray[np.int64]]] = {"magnetization": [], "energy": []}
        length = 64
        while True:
            for _ in range(length - len(series["energy"])):
                self._sweep(chains, 1, method)
                # Copies, as views would keep the values of all chains of all sweeps.
                series["magnetization"].append(chains.magnetizations()[:_PILOT_CHAINS].copy())
                series["energy"].append(chains.bond_sums()[:_PILOT_CHAINS].copy())
            # The first quarter is left out: chains start at random, not in equilibrium.
            found = {
                name: integrated_autocorrelation_time(np.array(values[length // 4 :]))
                for name, values in series.items()
            }
            if all(time.reliable for time in found.values()) or length >= _MAX_PILOT_SWEEPS:
                break
            length *= 2
        if not all(time.reliable for time in found.values()):
            warnings.warn(
                f"{length} sweeps do not resolve the autocorrelation time of {self!r} by {method}: "
                "burn-in and spacing may be too short",
                RuntimeWarning,
                stacklevel=4,
            )
        return {name: time.tau_int for name, time in found.items()}

    def energy(self, spins: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Energy H = −J Σ s s′ of configurations.

        Parameters
        ----------
        spins : array_like of ±1, shape (..., *shape)

        Returns
        -------
        ndarray of shape (...)

        Raises
        ------
        ValueError
            If the last axes are not the lattice's shape, or a value is not ±1.

        Examples
        --------
        >>> from rgrbm import IsingModel
        >>> float(IsingModel((4,), J=1.0).energy([1, 1, 1, -1]))
        -0.0
        """
        array = self._check_spins(spins)
        axes = range(-len(self.shape), 0)
        lattice = tuple(axes)
        bonds = sum((array * np.roll(array, 1, axis)).sum(axis=lattice, dtype=np.int64) for axis in axes)
        return np.asarray(-self.J * np.asarray(bonds, dtype=np.float64))

    def magnetization(self, spins: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Mean spin of each configuration; parameters and errors as for :meth:`energy`.

        Examples
        --------
        >>> from rgrbm import IsingModel
        >>> float(IsingModel((4,), J=1.0).magnetization([1, 1, 1, -1]))
        0.5
        """
        array = self._check_spins(spins)
        return np.asarray(array.mean(axis=tuple(range(-len(self.shape), 0)), dtype=np.float64))

    def _check_spins(self, spins: npt.ArrayLike) -> Spins:
        array = np.asarray(spins)
        if array.shape[-len(self.shape) :] != self.shape:
            raise ValueError(f"expected configurations of shape (..., {self.shape}), got {array.shape}")
        if not np.all((array == 1) | (array == -1)):
            raise ValueError("expected spins ±1; rgrbm.to_spins converts binary units 0/1")
        return array.astype(np.int8, copy=False)

    def log_z(self) -> float:
        """Exact log of the partition function (transfer matrix; Kaufman on the torus).

        Examples
        --------
        >>> from rgrbm import IsingModel
        >>> round(IsingModel((64,), J=1.0).log_z(), 6)
        72.123393
        """
        if len(self.shape) == 1:
            return exact.ring_log_z(self.J, self.n_sites)
        return exact.torus_log_z(self.J, *self.shape)

    def free_energy(self) -> float:
        """Exact free energy F = −ln Z (Eq. 2 of the report)."""
        return -self.log_z()

    def mean_energy(self) -> float:
        """Exact mean energy ⟨H⟩."""
        if len(self.shape) == 1:
            return exact.ring_mean_energy(self.J, self.n_sites)
        return exact.torus_mean_energy(self.J, *self.shape)

    def correlation(self, max_distance: int) -> npt.NDArray[np.float64]:
        """Exact two-point correlation ⟨s₀ sₓ⟩ of the ring.

        Parameters
        ----------
        max_distance : int
            Largest distance x, in sites; at most half the ring.

        Returns
        -------
        ndarray of shape (max_distance + 1,)
            ⟨s₀ sₓ⟩ for x = 0 … max_distance, dimensionless, in [−1, 1].

        Raises
        ------
        ValueError
            If the model is not a ring, or ``max_distance`` is negative or exceeds half the ring.
        TypeError
            If ``max_distance`` is not an integer.

        Notes
        -----
        From the transfer matrix, whose eigenvalues are 2 cosh J and 2 sinh J:
        ⟨s₀ sₓ⟩ = (tˣ + tᴺ⁻ˣ) / (1 + tᴺ) with t = tanh J. The limit N → ∞ is tˣ.

        References
        ----------
        Pathria & Beale, *Statistical Mechanics*, section on the Ising chain.

        Examples
        --------
        >>> from rgrbm import IsingModel
        >>> IsingModel((64,), J=1.0).correlation(2).round(4)
        array([1.    , 0.7616, 0.58  ])
        """
        if len(self.shape) != 1:
            raise ValueError("the exact correlation is known for the ring only")
        max_distance = checks.integer("max_distance", max_distance)
        if not 0 <= max_distance <= self.n_sites // 2:
            raise ValueError(
                f"max_distance must be between 0 and half the ring, {self.n_sites // 2}, got {max_distance}"
            )
        return exact.ring_correlation(self.J, self.n_sites, max_distance)

    def correlation_length(self) -> float:
        """Exact correlation length ξ of the infinite chain, in sites.

        Raises
        ------
        ValueError
            If the model is not a ring.
        """
        if len(self.shape) != 1:
            raise ValueError("the correlation length is known here for the ring only")
        return exact.ring_correlation_length(self.J)
