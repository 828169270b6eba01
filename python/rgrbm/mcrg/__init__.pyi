from rgrbm.mcrg.block_kernels import BlockKernel, DecimationKernel, MajorityKernel, TriangleKernel
from rgrbm.mcrg.block_weight import likeliest_block_weight
from rgrbm.mcrg.convolution_kernel import ConvolutionKernel
from rgrbm.mcrg.corrections import CommonExponent, common_exponent
from rgrbm.mcrg.critical_coupling import CouplingMatch, MatchedCoupling, match_critical_coupling
from rgrbm.mcrg.enumerated_operators import default_operators, operator_classes
from rgrbm.mcrg.hamiltonian_fit import HamiltonianFit, NoFiniteHamiltonianError, fit_hamiltonian
from rgrbm.mcrg.kadanoff_kernel import OptimalBlockKernel, optimal_block_kernel
from rgrbm.mcrg.mcrg_result import LinearizedStep, MCRGExponent, MCRGResult
from rgrbm.mcrg.monte_carlo_rg import MCRGAccumulator, mcrg
from rgrbm.mcrg.mutual_information import (
    BlockSurroundings,
    InformativeKernel,
    count_surroundings,
    most_informative_kernel,
)
from rgrbm.mcrg.spin_operators import EVEN_OPERATORS, ODD_OPERATORS, RING_OPERATORS, SpinOperator, operator_sums
from rgrbm.mcrg.variational_couplings import RenormalizedCouplings, renormalized_couplings

__all__ = [
    "EVEN_OPERATORS",
    "ODD_OPERATORS",
    "RING_OPERATORS",
    "BlockKernel",
    "BlockSurroundings",
    "CommonExponent",
    "ConvolutionKernel",
    "CouplingMatch",
    "DecimationKernel",
    "HamiltonianFit",
    "InformativeKernel",
    "LinearizedStep",
    "MCRGAccumulator",
    "MCRGExponent",
    "MCRGResult",
    "MajorityKernel",
    "MatchedCoupling",
    "NoFiniteHamiltonianError",
    "OptimalBlockKernel",
    "RenormalizedCouplings",
    "SpinOperator",
    "TriangleKernel",
    "common_exponent",
    "count_surroundings",
    "default_operators",
    "fit_hamiltonian",
    "likeliest_block_weight",
    "match_critical_coupling",
    "mcrg",
    "most_informative_kernel",
    "operator_classes",
    "operator_sums",
    "optimal_block_kernel",
    "renormalized_couplings",
]
