"""Configurations with how they were made, in memory and in files."""

import math
import os
from dataclasses import dataclass
from typing import Any

import numpy as np

from rgrbm._support.config import config
from rgrbm._support.tensors import FileFormatError, read_tensors, require, write_tensors
from rgrbm.spins.lattice import Lattice
from rgrbm.spins.model_units import single_coupling
from rgrbm.spins.values import Spins
from rgrbm.statistics.presentation import Presented


@dataclass(frozen=True, repr=False)
class Ensemble(Presented):
    """Configurations of an Ising model and how they were made.

    Attributes
    ----------
    spins : ndarray of int8, shape ``(n_samples, *shape)``
        Configurations of ±1.
    shape : tuple of int
        Sites along each axis.
    couplings : tuple of float
        Coupling of each axis of bonds.
    method : str
        The sampler.
    entropy : int
        Entropy of the seed sequence that fixes the spins.
    n_chains : int
        Independent chains; sample i comes from chain i modulo ``n_chains``.
    burn_in, spacing : int
        Sweeps before the first and between further samples of a chain; 0 for exact samples.
    tau_int : dict of str to float
        Measured integrated autocorrelation times, in sweeps, of the energy, the modulus of the order and, in a field,
        the magnetization; NaN where one is not resolved; empty if burn-in and
        spacing were given (or burn-in, and each chain is read once), or the samples are exact.
    seconds : float
        Wall-clock time.
    h : float, default=0
        Field.
    lattice : str, default="hypercubic"
        Kind of the lattice.
    """

    spins: Spins
    shape: tuple[int, ...]
    couplings: tuple[float, ...]
    method: str
    entropy: Any
    n_chains: int
    burn_in: int
    spacing: int
    tau_int: dict[str, float]
    seconds: float
    h: float = 0.0
    lattice: str = "hypercubic"

    @property
    def J(self) -> float:
        """The coupling; an AttributeError where the axes have different ones."""
        return single_coupling(self)

    def provenance(self) -> dict[str, Any]:
        """All but the spins, ready for a JSON file."""
        return {
            "model": "Ising",
            "shape": list(self.shape),
            "lattice": self.lattice,
            "couplings": list(self.couplings),
            "h": self.h,
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
        # Files of versions that knew neither have none.
        metadata = {"h": 0.0, "lattice": "hypercubic"} | metadata
        try:
            n_axes = Lattice(shape, require(metadata, "lattice", str, name)).n_axes
        except ValueError as error:
            raise FileFormatError(f"{name!r}: {error}") from error
        return cls(
            spins=np.ascontiguousarray(spins.reshape(n_samples, *shape)),
            shape=shape,
            couplings=_couplings(metadata, n_axes, name),
            method=require(metadata, "method", str, name),
            entropy=int(entropy) if entropy.isdecimal() else entropy,
            n_chains=require(metadata, "n_chains", int, name),
            burn_in=require(metadata, "burn_in", int, name),
            spacing=require(metadata, "spacing", int, name),
            tau_int=require(metadata, "tau_int", dict, name),
            seconds=float(require(metadata, "seconds", (float, int), name)),
            h=float(require(metadata, "h", (float, int), name)),
            lattice=require(metadata, "lattice", str, name),
        )

    def _title(self) -> str:
        return self.summary()

    def _values(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("spins", "entropy", "seconds")}

    def summary(self) -> str:
        """One line for people."""
        J = " and ".join(f"{coupling:g}" for coupling in dict.fromkeys(self.couplings))
        text = f"{len(self.spins)} configurations of {'×'.join(map(str, self.shape))} spins at J = {J}"
        if self.h:
            text += f", h = {self.h:g}"
        if self.lattice != "hypercubic":
            text += f" on a {self.lattice} lattice"
        if self.method == "exact":
            return f"{text}, exact independent samples"
        times = ", ".join(f"{value:.1f} ({name})" for name, value in self.tau_int.items())
        measured = f"measured τ_int in sweeps: {times}; " if times else ""
        return (
            f"{text} by {self.method.replace('_', ' ')} from {self.n_chains} chains; {measured}"
            f"burn-in {self.burn_in} sweeps, spacing {self.spacing} sweeps"
        )


def _couplings(metadata: dict[str, Any], n_axes: int, name: str) -> tuple[float, ...]:
    """Of a file's metadata; older versions wrote J, one number where all axes had the same."""
    given = metadata.get("couplings", metadata.get("J"))
    values: list[Any] = given if isinstance(given, list) else [given] * n_axes
    if len(values) != n_axes or not all(isinstance(J, float | int) and not isinstance(J, bool) for J in values):
        raise FileFormatError(f"{name!r}: its couplings are {given!r}; expected {n_axes} numbers, one for each axis")
    return tuple(map(float, values))
