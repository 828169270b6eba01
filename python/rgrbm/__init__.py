"""Sample spin models, train restricted Boltzmann machines on them, and see the renormalization they learn."""

from rgrbm._config import set_num_threads, show_config
from rgrbm._parameters import RBMParameters
from rgrbm._tensors import FileFormatError
from rgrbm.annealing import AISResult, anneal
from rgrbm.files import from_sklearn, load_model, save_model, to_sklearn
from rgrbm.hidden_spins import HiddenCorrelation, hidden_correlation
from rgrbm.ising import Ensemble, IsingModel
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
from rgrbm.renormalization import decimate, decimation_flow
from rgrbm.spin_models import spin_energies, spin_log_z
from rgrbm.spins import to_binary, to_spins

__all__ = [
    "AISResult",
    "BernoulliRBM",
    "Ensemble",
    "FileFormatError",
    "HiddenCorrelation",
    "IsingModel",
    "RBMParameters",
    "anneal",
    "decimate",
    "decimation_flow",
    "exact_gradient",
    "expectations",
    "from_sklearn",
    "hidden_correlation",
    "kl_divergence",
    "load_model",
    "log_likelihood",
    "log_marginal",
    "log_z",
    "sample_exactly",
    "save_model",
    "set_num_threads",
    "show_config",
    "spin_energies",
    "spin_log_z",
    "to_binary",
    "to_sklearn",
    "to_spins",
]
