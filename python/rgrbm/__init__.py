"""Sample spin models, train restricted Boltzmann machines on them, and see the renormalization they learn."""

from rgrbm import masks
from rgrbm._config import set_num_threads, show_config
from rgrbm._parameters import RBMParameters
from rgrbm._tensors import FileFormatError
from rgrbm.annealing import AISResult, anneal
from rgrbm.couplings import EffectiveCouplings, effective_couplings
from rgrbm.estimation import CouplingEstimate, estimate_coupling
from rgrbm.exact_rbm import bond_rbm, decimation_rbm, lattice_decimation_rbm, sublattice_rbm
from rgrbm.files import from_sklearn, load_model, save_model, to_sklearn
from rgrbm.hidden_spins import HiddenCorrelation, hidden_correlation
from rgrbm.ising import Ensemble, IsingModel
from rgrbm.lattice_gas import lattice_gas_couplings
from rgrbm.optimal_kernel import OptimalKernel, optimal_ring_kernel
from rgrbm.parameters import SpinParameters, binary_parameters, spin_parameters
from rgrbm.partition import (
    exact_gradient,
    expectations,
    kl_divergence,
    log_likelihood,
    log_marginal,
    log_z,
    sample_exactly,
)
from rgrbm.rbm import BernoulliRBM
from rgrbm.rbm_flow import RBMFlow, rbm_flow
from rgrbm.renormalization import decimate, decimation_flow, inverse_decimation
from rgrbm.ring_couplings import RingCouplings, ring_couplings
from rgrbm.ring_decay import RingDecay, SpinMoments, ring_decay, spin_moments
from rgrbm.spin_models import lattice_bonds, spin_energies, spin_log_z
from rgrbm.spins import to_binary, to_spins
from rgrbm.stack import RBMStack
from rgrbm.variational import free_energy_difference, rg_hamiltonian, sampled_rg_hamiltonian, trace_condition_error

__all__ = [
    "AISResult",
    "BernoulliRBM",
    "CouplingEstimate",
    "EffectiveCouplings",
    "Ensemble",
    "FileFormatError",
    "HiddenCorrelation",
    "IsingModel",
    "OptimalKernel",
    "RBMFlow",
    "RBMParameters",
    "RBMStack",
    "RingCouplings",
    "RingDecay",
    "SpinMoments",
    "SpinParameters",
    "anneal",
    "binary_parameters",
    "bond_rbm",
    "decimate",
    "decimation_flow",
    "decimation_rbm",
    "effective_couplings",
    "estimate_coupling",
    "exact_gradient",
    "expectations",
    "free_energy_difference",
    "from_sklearn",
    "hidden_correlation",
    "inverse_decimation",
    "kl_divergence",
    "lattice_bonds",
    "lattice_decimation_rbm",
    "lattice_gas_couplings",
    "load_model",
    "log_likelihood",
    "log_marginal",
    "log_z",
    "masks",
    "optimal_ring_kernel",
    "rbm_flow",
    "rg_hamiltonian",
    "ring_couplings",
    "ring_decay",
    "sample_exactly",
    "sampled_rg_hamiltonian",
    "save_model",
    "set_num_threads",
    "show_config",
    "spin_energies",
    "spin_log_z",
    "spin_moments",
    "spin_parameters",
    "sublattice_rbm",
    "to_binary",
    "to_sklearn",
    "to_spins",
    "trace_condition_error",
]
