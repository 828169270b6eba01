"""Exact results for Ising models on rings, tori and small lattices, and in the thermodynamic limit, β = 1.

All functions take any finite coupling of either sign, or an array of couplings, and do not overflow. A side of length 2
has double bonds.

log Z is that of the whole lattice. Energies are per site, and their names say so. Specific heats
C = J² ∂² ln Z/∂J² / N are per site, as the word says.
"""

from rgrbm._support.lazy import attach

__getattr__, __dir__, __all__ = attach(__name__)
