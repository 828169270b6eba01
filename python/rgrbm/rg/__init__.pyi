from rgrbm.rg.couplings import EffectiveCouplings, SetCouplings, effective_couplings, lattice_gas_couplings
from rgrbm.rg.couplings_along_ring import RingCouplings, ring_couplings
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
from rgrbm.rg.hidden_ring import HiddenCorrelation, hidden_correlation
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
from rgrbm.rg.optimal_kernel import OptimalKernel, optimal_ring_kernel
from rgrbm.rg.reconstruction_flow import RBMFlow, rbm_flow
from rgrbm.rg.size_crossing import measured_crossing
from rgrbm.rg.variational import (
    TraceConditionError,
    free_energy_difference,
    log_conditional,
    rg_hamiltonian,
    sampled_rg_hamiltonian,
    trace_condition_error,
)

__all__ = [
    "Decimation",
    "EffectiveCouplings",
    "HiddenCorrelation",
    "HiddenLatticeCorrelation",
    "LinearRBM",
    "OptimalKernel",
    "RBMFlow",
    "ReceptiveFields",
    "RingCouplings",
    "SetCouplings",
    "SublatticeRBM",
    "TraceConditionError",
    "bond_log_z",
    "bond_rbm",
    "decimate",
    "decimation_flow",
    "decimation_log_z",
    "decimation_rbm",
    "dominant_visible",
    "effective_couplings",
    "filter_positions",
    "filter_signs",
    "fit_linear_rbm",
    "free_energy_difference",
    "harmonic_decimation_rbm",
    "hidden_correlation",
    "hidden_lattice_correlation",
    "inverse_decimation",
    "lattice_decimation_rbm",
    "lattice_gas_couplings",
    "log_conditional",
    "measured_crossing",
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
