"""Exact results for Ising models on rings, tori and small lattices, and in the thermodynamic limit, β = 1.

All functions take any finite coupling of either sign and do not overflow. A side of length 2 has double bonds.

log Z and energies are those of the whole lattice for finite ones (``ring_…``, ``torus_…``) and per site for the
infinite one (``square_…``); specific heats C = J² ∂² ln Z/∂J² / N are per site always.
"""

from rgrbm._support.lazy import attach

__getattr__, __dir__, __all__ = attach(__name__)
