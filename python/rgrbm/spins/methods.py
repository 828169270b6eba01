"""Which sampler moves the spins of a model: the method by name, or the one that suits the model."""

from __future__ import annotations

from typing import Literal, Protocol, TypeAlias, get_args

import numpy.typing as npt

from rgrbm._support import checks, streams
from rgrbm.spins.cluster_sampler import ClusterMethod, ClusterSampler, require_cluster_memory
from rgrbm.spins.lattice import Lattice
from rgrbm.spins.patterns import bond_signs, ground_state
from rgrbm.spins.sampler import Sampler
from rgrbm.spins.single_spin_sampler import SingleSpinMethod, SingleSpinSampler, require_single_spin_memory

MovedMethod: TypeAlias = Literal["metropolis", "heat_bath", "wolff", "swendsen_wang"]
MeasuredMethod: TypeAlias = Literal["auto", "metropolis", "heat_bath", "wolff", "swendsen_wang"]
Method: TypeAlias = Literal["auto", "metropolis", "heat_bath", "wolff", "swendsen_wang", "exact"]


class Model(Protocol):
    """What is sampled: :class:`rgrbm.IsingModel`."""

    @property
    def lattice(self) -> Lattice:
        """Its sites and bonds."""
        ...

    @property
    def couplings(self) -> tuple[float, ...]:
        """Coupling of each axis."""
        ...

    @property
    def h(self) -> float:
        """Its field."""
        ...


def is_frustrated(model: Model) -> bool:
    """Whether no pattern satisfies all bonds of a model."""
    signs = bond_signs(model.lattice, ground_state(model.lattice, model.couplings).pattern)
    return any(sign * J < 0 for sign, J in zip(signs, model.couplings, strict=True))


def best_method(model: Model) -> MovedMethod:
    """Clusters without a field where no bonds are frustrated; heat bath otherwise."""
    return "heat_bath" if model.h or is_frustrated(model) else "swendsen_wang"


def sampled_method(model: Model, method: str) -> MovedMethod | Literal["exact"]:
    """The method that draws samples; "auto" is exact on the ring without a field.

    Raises
    ------
    ValueError
        If there is no such method, or exact samples are asked for where they are not known.
    TypeError
        If it is no text.
    """
    checks.choice("method", method, get_args(Method))
    is_ring_without_field = len(model.lattice.shape) == 1 and model.h == 0
    if method == "exact" and not is_ring_without_field:
        raise ValueError("exact samples are known for the ring only, without a field; use method='auto'")
    if method == "auto":
        return "exact" if is_ring_without_field else best_method(model)
    return method  # type: ignore[return-value]  # one of the names


def measured_method(model: Model, method: str) -> MovedMethod:
    """The method of a run that is measured.

    Raises
    ------
    ValueError
        If there is no such method.
    TypeError
        If it is no text.
    """
    checks.choice("method", method, get_args(MeasuredMethod))
    return best_method(model) if method == "auto" else method  # type: ignore[return-value]  # one of the names


def make_sampler(
    lattice: Lattice, J: npt.ArrayLike, h: float, *, method: str, n_chains: int, seed: streams.Seed
) -> Sampler:
    """Chains of a method; Wolff's are calibrated.

    Raises
    ------
    ValueError
        If the method is unknown, or Wolff's in a field that keeps nearly all clusters as they are.
    TypeError
        If the lattice is none, or the method no text.
    """
    checks.choice("method", method, get_args(MovedMethod))
    if method in get_args(SingleSpinMethod):
        return SingleSpinSampler(lattice, J, h, method=method, n_chains=n_chains, seed=seed)  # type: ignore[arg-type]
    sampler = ClusterSampler(lattice, J, h, method=method, n_chains=n_chains, seed=seed)  # type: ignore[arg-type]
    if method == "wolff":
        sampler.align()  # clusters in the ordered phase are large; a start at random would take long to show it
        sampler.calibrate()
    return sampler


def require_memory(lattice: Lattice, method: str, n_chains: int, n_samples: int) -> None:
    """Refuse chains and samples that the memory cannot hold.

    Raises
    ------
    MemoryError
        With what they need.
    """
    clusters = method in get_args(ClusterMethod)
    (require_cluster_memory if clusters else require_single_spin_memory)(lattice, n_chains, n_samples)
