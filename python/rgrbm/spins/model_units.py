"""The parameters of an Ising model from what users give: couplings, or a temperature; and what looks like a mistake."""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from rgrbm._support import checks
from rgrbm.spins.lattice import Lattice

Coupling = float | Sequence[float] | None


def couplings_and_field(
    lattice: Lattice, J: Coupling, h: float, T: float | None, beta: float | None
) -> tuple[tuple[float, ...], float]:
    """The coupling of each axis and the field, both in units of temperature, from J, T or beta.

    With T or beta, the coupling is 1 and h is in units of it: βH = −β (Σ s s′ + h Σ s).

    Raises
    ------
    TypeError
        If not exactly one of J, T and beta is given, or a value is not a number.
    ValueError
        If a value is not finite, T is not positive, beta is negative, or J does not have one value for each axis.
    """
    h = checks.real("the field h", h)
    given = [name for name, value in (("J", J), ("T", T), ("beta", beta)) if value is not None]
    if len(given) != 1:
        raise TypeError(
            f"expected exactly one of J (the coupling in units of temperature), T and beta = 1/T (in units of the "
            f"coupling), got {' and '.join(given) or 'none'}"
        )
    if J is not None:
        return _axis_couplings(J, lattice), h
    beta = _inverse(T) if beta is None else checks.real("beta", beta, 0.0)
    return (beta,) * lattice.n_axes, beta * h


class HasCouplings(Protocol):
    """What has a coupling for each axis: a model, or an ensemble of its configurations."""

    @property
    def couplings(self) -> tuple[float, ...]:
        """Coupling of each axis."""
        ...


def single_coupling(owner: HasCouplings) -> float:
    """The coupling J that all axes have.

    Raises
    ------
    AttributeError
        If they have different ones: such a model has no J, only ``couplings``.
    """
    if len(set(owner.couplings)) > 1:
        raise AttributeError(
            f"the axes have different couplings, {owner.couplings}: use couplings instead of J", name="J", obj=owner
        )
    return owner.couplings[0]


def require_no_second_side(shape: Any, J: Any) -> None:
    """Refuse ``IsingModel(16, 16)``: the second argument is the coupling, not a side.

    Raises
    ------
    TypeError
        If the shape is one number and J is an integer above 1, which is a side rather than a coupling.
    """
    shape, side = (
        value[()] if isinstance(value, np.ndarray) else value for value in (shape, J)
    )  # 0-d ones are numbers
    if isinstance(shape, int | np.integer) and isinstance(side, int | np.integer) and side > 1:
        raise TypeError(
            f"IsingModel({shape}, {side}) is a ring of {shape} spins with the coupling J = {side}. For a square "
            f"lattice write IsingModel(({shape}, {side}), J=...), for that ring IsingModel({shape}, J={side}.0)"
        )


def _inverse(T: Any) -> float:
    temperature = checks.real("the temperature T", T)
    if temperature <= 0:
        raise ValueError(f"the temperature T must be positive, got {temperature}; an antiferromagnet has J < 0")
    return checks.real("1/T", 1 / temperature)


def _axis_couplings(J: Any, lattice: Lattice) -> tuple[float, ...]:
    """J as one coupling for each axis of bonds."""
    if not (isinstance(J, tuple | list) or (isinstance(J, np.ndarray) and J.ndim)):
        return (checks.real("the coupling J", J),) * lattice.n_axes
    if getattr(J, "ndim", 1) != 1 or len(J) != lattice.n_axes:
        raise ValueError(
            f"J must be one coupling, or one for each of {lattice.n_axes} axes of bonds, got {checks.shown(J)}"
        )
    return tuple(checks.real("each coupling J", coupling) for coupling in J)
