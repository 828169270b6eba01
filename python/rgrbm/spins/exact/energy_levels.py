"""The density of states g(E) of small periodic lattices in exact integers, and what follows at any coupling."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt

from rgrbm._support import checks
from rgrbm.spins.bonds import lattice_bonds
from rgrbm.spins.enumeration import spin_energies
from rgrbm.spins.exact.broken_bonds import broken_bond_counts
from rgrbm.spins.exact.elementwise import finite_couplings
from rgrbm.statistics.presentation import Presented

Values = npt.NDArray[np.float64]

_MOST_ENUMERATED = 28
_SPINS_AT_ONCE = 20
_PRINTED = 10**15  # numbers up to here are printed in full


@dataclass(frozen=True, repr=False)
class DensityOfStates(Presented):
    """How many configurations of a lattice have which energy H = −J B, B = Σ s s′ over its bonds.

    Attributes
    ----------
    shape : tuple of int
        Sides of the periodic lattice.
    bond_sums : ndarray of int64, shape (n_levels,)
        The values of B that there are, ascending.
    counts : tuple of int, length n_levels
        Configurations with each; Python integers, as they may have hundreds of digits. Their sum is 2ᴺ.
    """

    shape: tuple[int, ...]
    bond_sums: npt.NDArray[np.int64]
    counts: tuple[int, ...]

    def _title(self) -> str:
        shape = " × ".join(map(str, self.shape))
        return f"{shape} lattice, {len(self.counts)} energies of 2^{math.prod(self.shape)} configurations"

    def _table(self) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
        levels = zip(self.bond_sums, self.counts, strict=True)
        rows = [(str(B), f"{n:,}" if n < _PRINTED else f"{Decimal(n):.6E}") for B, n in levels]
        return ("Σ s s′", "configurations"), rows

    def log_z(self, J: float | npt.ArrayLike) -> Any:
        """Log of the partition function at coupling J, of either sign.

        Parameters
        ----------
        J : float or array_like of float
            Coupling, or couplings.

        Returns
        -------
        float, or ndarray of float64 of the shape of J

        Raises
        ------
        TypeError, ValueError
            If J is not a finite number, or an array of such.
        MemoryError
            If there are more couplings than the memory has room for.
        """
        return _for_couplings(J, lambda x: self._weighted(x)[0])

    def probabilities(self, J: float | npt.ArrayLike) -> Values:
        """Probability of each value of B at coupling J, shape (..., n_levels); errors as for :meth:`log_z`."""
        return self._weighted(finite_couplings(J))[1]

    def mean_energy_per_site(self, J: float | npt.ArrayLike) -> Any:
        """Mean energy per site ⟨H⟩/N; parameters, result and errors as for :meth:`log_z`."""
        return _for_couplings(J, lambda x: -x * (self._weighted(x)[1] @ self.bond_sums) / math.prod(self.shape))

    def specific_heat(self, J: float | npt.ArrayLike) -> Any:
        """Specific heat per site, (⟨H²⟩ − ⟨H⟩²)/N; parameters, result and errors as for :meth:`log_z`."""
        return _for_couplings(J, lambda x: x**2 * self._variance(x) / math.prod(self.shape))

    def _variance(self, J: Values) -> Values:
        p = self._weighted(J)[1]
        deviations = self.bond_sums - (p @ self.bond_sums)[..., None]
        return np.asarray((p * deviations**2).sum(axis=-1))

    def _weighted(self, J: Values) -> tuple[Values, Values]:
        """Ln Z, and the probability of each level."""
        n_values = J.size * len(self.counts)
        checks.require_memory(4 * 8 * n_values, f"the weights of {len(self.counts)} energies at {J.size} couplings")
        logs = np.array([math.log(count) for count in self.counts]) + J[..., None] * self.bond_sums
        highest = logs.max(axis=-1, keepdims=True)
        weights = np.exp(logs - highest)
        total = weights.sum(axis=-1, keepdims=True)
        return (highest + np.log(total))[..., 0], weights / total


def _for_couplings(J: Any, function: Callable[[Values], Values]) -> Any:
    couplings = finite_couplings(J)
    values = function(couplings)
    return float(values) if couplings.ndim == 0 else values


def density_of_states(shape: int | Sequence[int]) -> DensityOfStates:
    """Exact number of configurations of each energy of a periodic lattice, in any dimension.

    Parameters
    ----------
    shape : int or sequence of int
        Sides, at least 2; a side of 2 has double bonds. Of a ring, any length; of a torus, 16 × 16 takes a tenth of a
        second and 32 × 32 two seconds; in more dimensions at most 28 sites, which are enumerated.

    Returns
    -------
    DensityOfStates

    Raises
    ------
    TypeError
        If a side is not an integer.
    ValueError
        If a side is shorter than 2, or a lattice of three or more dimensions has more than 28 sites.
    MemoryError
        If the numbers need more memory than there is.

    References
    ----------
    P. D. Beale, *Exact distribution of energies in the two-dimensional Ising model*, Phys. Rev. Lett. 76, 78 (1996).

    Examples
    --------
    >>> from rgrbm.spins.exact import density_of_states
    >>> states = density_of_states((4, 4))
    >>> dict(zip(states.bond_sums.tolist()[-4:], states.counts[-4:]))
    {16: 424, 20: 64, 24: 32, 32: 2}
    >>> sum(density_of_states((16, 16)).counts) == 2**256
    True
    """
    sides = tuple(
        checks.integer("each side of the shape", side) for side in (shape if isinstance(shape, Sequence) else (shape,))
    )
    n_bonds = len(lattice_bonds(sides))  # which checks the sides
    if len(sides) < 3:  # numbers of about as many bits as there are sites
        checks.require_memory(math.prod(sides) ** 2 // 20, f"the numbers of configurations of {math.prod(sides)} sites")
    if len(sides) == 1:
        broken = [0 if k % 2 else 2 * math.comb(sides[0], k) for k in range(n_bonds + 1)]
    elif len(sides) == 2:
        broken = broken_bond_counts(*sides)
    else:
        broken = _enumerated(sides)
    levels = [(n_bonds - 2 * k, count) for k, count in enumerate(broken) if count][::-1]
    return DensityOfStates(sides, np.array([level for level, _ in levels]), tuple(count for _, count in levels))


def _enumerated(shape: tuple[int, ...]) -> list[int]:
    """Configurations with k = 0, 1, … broken bonds, by enumeration."""
    n_sites, bonds = math.prod(shape), lattice_bonds(shape)
    if n_sites > _MOST_ENUMERATED:
        raise ValueError(
            f"in three or more dimensions the density of states is enumerated, for at most {_MOST_ENUMERATED} sites; "
            f"got {n_sites}, of shape {shape}"
        )
    # The last spin is +1, for half of the configurations; further ones are fixed, so that energies fit in memory.
    n_free = min(n_sites - 1, _SPINS_AT_ONCE)
    n_fixed = (bonds >= n_free).sum(axis=1)
    inside, between, outside = bonds[n_fixed == 0], bonds[n_fixed == 1], bonds[n_fixed == 2] - n_free
    counts = np.zeros(len(bonds) + 1, np.int64)
    for values in itertools.product((-1, 1), repeat=n_sites - n_free - 1):
        fixed = np.array([*values, 1])
        ends = np.sort(between, axis=1)
        fields = np.bincount(ends[:, 0], weights=fixed[ends[:, 1] - n_free], minlength=n_free)
        bond_sums = fixed[outside].prod(axis=1).sum() - spin_energies(n_free, inside, 1.0, fields)
        counts += 2 * np.bincount(np.rint((len(bonds) - bond_sums) / 2).astype(np.int64), minlength=len(counts))
    return [int(count) for count in counts]
