"""Sums over all states with 60 digits, from how many states there are of each energy: what closed forms are held to."""

import math
from decimal import Decimal, localcontext

import numpy as np

from rgrbm.spins import lattice_bonds, spin_energies

# From nearly free spins through the critical point to ground states.
COUPLINGS = [1e-9, 1e-4, 0.02, 0.2, 0.4, 0.44, 0.5 * math.log1p(math.sqrt(2)), 0.441, 0.5, 0.6, 0.9, 1.3, 2, 5, 12, 50]
SIGNED = [0.0, *COUPLINGS, *(-J for J in COUPLINGS)]


def enumerated(shape):
    """Values of Σ s s′ over the bonds, and their counts."""
    bond_sums = -spin_energies(math.prod(shape), lattice_bonds(shape), 1.0)
    values, counts = np.unique(np.rint(bond_sums).astype(int), return_counts=True)
    return values.tolist(), counts.tolist()


def thermodynamics(values, counts, J, n_sites):
    """ln Z, ⟨H⟩ and specific heat per site."""
    with localcontext() as context:
        context.prec = 60
        J = Decimal(J)
        weights = [int(count) * (J * int(value)).exp() for value, count in zip(values, counts, strict=True)]
        Z = sum(weights)
        mean = sum(w * int(value) for w, value in zip(weights, values, strict=True)) / Z
        square = sum(w * (int(value) - mean) ** 2 for w, value in zip(weights, values, strict=True)) / Z
        return float(Z.ln()), float(-J * mean), float(J * J * square / n_sites)
