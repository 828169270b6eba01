"""Ordered patterns of an Ising model: ferromagnetic, staggered, striped; which one is the ground state.

A pattern is ε(x) = Π_d (−1)^(x_d) over some dimensions d of the lattice, none for the ferromagnet. Flipping the spins
where ε = −1 changes the signs of the couplings whose bonds change ε. If that makes all couplings positive, the model
is that of a ferromagnet in other variables: an antiferromagnet on a square lattice with even sides is.
"""

import itertools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from rgrbm.spins.lattice import Lattice
from rgrbm.spins.values import Spins

Pattern = tuple[bool, ...]
"""For each dimension, whether the sign alternates along it."""


class GroundState(NamedTuple):
    """The pattern of lowest energy, and whether it satisfies every bond and the field."""

    pattern: Pattern
    satisfied: bool


def bond_signs(lattice: Lattice, pattern: Pattern) -> tuple[int, ...]:
    """ε ε′ over the bonds of each axis: +1 or −1.

    Examples
    --------
    >>> from rgrbm.spins import Lattice
    >>> from rgrbm.spins.patterns import bond_signs
    >>> bond_signs(Lattice((4, 4), "triangular"), (True, False))
    (-1, 1, -1)
    """
    return tuple(
        -1 if sum(step for step, alternates in zip(direction, pattern, strict=True) if alternates) % 2 else 1
        for direction in lattice.directions
    )


def ground_state(lattice: Lattice, couplings: Sequence[float], h: float = 0.0) -> GroundState:
    """The pattern of lowest energy −Σ_a J_a ε_a − |h| m, of those that the sides of the lattice allow.

    Where couplings are frustrated, other configurations may have lower energies still.

    Examples
    --------
    >>> from rgrbm.spins import Lattice
    >>> from rgrbm.spins.patterns import ground_state
    >>> ground_state(Lattice((4, 4)), (-1.0, -1.0))
    GroundState(pattern=(True, True), satisfied=True)
    >>> ground_state(Lattice((4, 4), "triangular"), (-1.0, -1.0, -1.0))
    GroundState(pattern=(False, True), satisfied=False)
    """
    J = np.asarray(couplings, dtype=np.float64)

    def energy(pattern: Pattern) -> float:
        return -float(J @ bond_signs(lattice, pattern)) - (0.0 if any(pattern) else abs(h))

    choices = [(False, True) if side % 2 == 0 else (False,) for side in lattice.shape]
    pattern = min(itertools.product(*choices), key=energy)
    return GroundState(pattern, bool(energy(pattern) <= -np.abs(J).sum() - abs(h)))


def pattern_spins(shape: tuple[int, ...], pattern: Pattern) -> Spins:
    """ε of each site, ±1.

    Examples
    --------
    >>> from rgrbm.spins.patterns import pattern_spins
    >>> pattern_spins((2, 4), (True, True)).tolist()
    [[1, -1, 1, -1], [-1, 1, -1, 1]]
    """
    odd = sum(axis for axis, alternates in zip(np.indices(shape), pattern, strict=True) if alternates)
    return np.asarray(1 - 2 * (odd % 2) + np.zeros(shape, dtype=np.int8), dtype=np.int8)
