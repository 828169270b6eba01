from rgrbm.rg.block_kernels import BlockKernel, ConvolutionKernel, DecimationKernel, MajorityKernel
from rgrbm.rg.couplings import EffectiveCouplings, SetCouplings, effective_couplings, lattice_gas_couplings
from rgrbm.rg.couplings_along_ring import RingCouplings, ring_couplings
from rgrbm.rg.critical_coupling import CouplingMatch, MatchedCoupling, match_critical_coupling
from rgrbm.rg.decimation import (
    Decimation,
    decimate,
    decimation_flow,
    inverse_decimation,
    reconstruction_error_decimation_bound,
)
from rgrbm.rg.exact_rbms import (
    SublatticeRBM,
    bond_log_z,
    bond_rbm,
    decimation_log_z,
    decimation_rbm,
    lattice_decimation_rbm,
    ring_bond_rbm,
    sublattice_rbm,
)
from rgrbm.rg.filters import dominant_visible, filter_positions, filter_signs, sort_by_position
from rgrbm.rg.hamiltonian_fit import HamiltonianFit, NoFiniteHamiltonianError, fit_hamiltonian
from rgrbm.rg.hidden_ring import HiddenCorrelation, hidden_correlation
from rgrbm.rg.kadanoff_kernel import OptimalBlockKernel, optimal_block_kernel
from rgrbm.rg.lattice_fields import (
    HiddenLatticeCorrelation,
    ReceptiveFields,
    hidden_lattice_correlation,
    receptive_fields,
)
from rgrbm.rg.linear_rbm import (
    LinearRBM,
    fit_linear_rbm,
    harmonic_decimation_rbm,
    principal_angles,
    principal_divergence,
    principal_rbm,
)
from rgrbm.rg.mcrg_result import LinearizedStep, MCRGExponent, MCRGResult
from rgrbm.rg.monte_carlo_rg import MCRGAccumulator, mcrg
from rgrbm.rg.mutual_information import (
    BlockSurroundings,
    InformativeKernel,
    count_surroundings,
    most_informative_kernel,
)
from rgrbm.rg.optimal_kernel import OptimalKernel, optimal_ring_kernel
from rgrbm.rg.reconstruction_flow import RBMFlow, rbm_flow
from rgrbm.rg.size_crossing import measured_crossing
from rgrbm.rg.spin_operators import EVEN_OPERATORS, ODD_OPERATORS, RING_OPERATORS, SpinOperator, operator_sums
from rgrbm.rg.variational import (
    TraceConditionError,
    free_energy_difference,
    log_conditional,
    rg_hamiltonian,
    sampled_rg_hamiltonian,
    trace_condition_error,
)

__all__ = [
    "EVEN_OPERATORS",
    "ODD_OPERATORS",
    "RING_OPERATORS",
    "BlockKernel",
    "BlockSurroundings",
    "ConvolutionKernel",
    "CouplingMatch",
    "Decimation",
    "DecimationKernel",
    "EffectiveCouplings",
    "HamiltonianFit",
    "HiddenCorrelation",
    "HiddenLatticeCorrelation",
    "InformativeKernel",
    "LinearRBM",
    "LinearizedStep",
    "MCRGAccumulator",
    "MCRGExponent",
    "MCRGResult",
    "MajorityKernel",
    "MatchedCoupling",
    "NoFiniteHamiltonianError",
    "OptimalBlockKernel",
    "OptimalKernel",
    "RBMFlow",
    "ReceptiveFields",
    "RingCouplings",
    "SetCouplings",
    "SpinOperator",
    "SublatticeRBM",
    "TraceConditionError",
    "bond_log_z",
    "bond_rbm",
    "count_surroundings",
    "decimate",
    "decimation_flow",
    "decimation_log_z",
    "decimation_rbm",
    "dominant_visible",
    "effective_couplings",
    "filter_positions",
    "filter_signs",
    "fit_hamiltonian",
    "fit_linear_rbm",
    "free_energy_difference",
    "harmonic_decimation_rbm",
    "hidden_correlation",
    "hidden_lattice_correlation",
    "inverse_decimation",
    "lattice_decimation_rbm",
    "lattice_gas_couplings",
    "log_conditional",
    "match_critical_coupling",
    "mcrg",
    "measured_crossing",
    "most_informative_kernel",
    "operator_sums",
    "optimal_block_kernel",
    "optimal_ring_kernel",
    "principal_angles",
    "principal_divergence",
    "principal_rbm",
    "rbm_flow",
    "receptive_fields",
    "reconstruction_error_decimation_bound",
    "rg_hamiltonian",
    "ring_bond_rbm",
    "ring_couplings",
    "sampled_rg_hamiltonian",
    "sort_by_position",
    "sublattice_rbm",
    "trace_condition_error",
]
