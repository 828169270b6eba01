"""Sample spin models, train restricted Boltzmann machines on them, and see the renormalization they learn."""

from rgrbm._config import set_num_threads, show_config
from rgrbm._tensors import FileFormatError
from rgrbm.files import from_sklearn, load_model, save_model, to_sklearn
from rgrbm.hidden_spins import HiddenCorrelation, hidden_correlation
from rgrbm.ising import Ensemble, IsingModel
from rgrbm.rbm import BernoulliRBM
from rgrbm.renormalization import decimate, decimation_flow
from rgrbm.spins import to_binary, to_spins

__all__ = [
    "BernoulliRBM",
    "Ensemble",
    "FileFormatError",
    "HiddenCorrelation",
    "IsingModel",
    "decimate",
    "decimation_flow",
    "from_sklearn",
    "hidden_correlation",
    "load_model",
    "save_model",
    "set_num_threads",
    "show_config",
    "to_binary",
    "to_sklearn",
    "to_spins",
]
