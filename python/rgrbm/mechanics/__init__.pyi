from rgrbm.mechanics.bistable import BistableChain, TruncatedDecimation
from rgrbm.mechanics.harmonic import DecimatedChain, HarmonicLattice
from rgrbm.mechanics.soft_spins import soft_spin_correlation, soft_spin_rbm

__all__ = [
    "BistableChain",
    "DecimatedChain",
    "HarmonicLattice",
    "TruncatedDecimation",
    "soft_spin_correlation",
    "soft_spin_rbm",
]
