"""Sample spin models, train restricted Boltzmann machines on them, and see the renormalization they learn."""

from rgrbm._config import set_num_threads, show_config
from rgrbm.ising import Ensemble, IsingModel
from rgrbm.renormalization import decimate, decimation_flow
from rgrbm.spins import to_binary, to_spins

__all__ = [
    "Ensemble",
    "IsingModel",
    "decimate",
    "decimation_flow",
    "set_num_threads",
    "show_config",
    "to_binary",
    "to_spins",
]
