"""Couplings of a layer's effective Hamiltonian (Eqs. 13 and 14): one door, and the methods behind it."""

from rgrbm.rg.couplings.effective import EffectiveCouplings, SetCouplings, effective_couplings
from rgrbm.rg.couplings.lattice_gas import lattice_gas_couplings

__all__ = [
    "EffectiveCouplings",
    "SetCouplings",
    "effective_couplings",
    "lattice_gas_couplings",
]
