from rgrbm import datasets, diagnostics, likelihood, mcrg, mechanics, model, plots, rbm, rg, spins, statistics
from rgrbm._support.config import set_num_threads, show_config
from rgrbm._support.tensors import FileFormatError
from rgrbm._support.version import __version__ as __version__
from rgrbm.diagnostics import diagnose
from rgrbm.likelihood import anneal, log_z
from rgrbm.rbm import BernoulliRBM, GaussianRBM, RBMStack, load_model, masks, save_model
from rgrbm.rg import decimate, effective_couplings, hidden_correlation
from rgrbm.spins import IsingModel, estimate_coupling, to_binary, to_spins

__all__ = [
    "BernoulliRBM",
    "FileFormatError",
    "GaussianRBM",
    "IsingModel",
    "RBMStack",
    "anneal",
    "datasets",
    "decimate",
    "diagnose",
    "diagnostics",
    "effective_couplings",
    "estimate_coupling",
    "hidden_correlation",
    "likelihood",
    "load_model",
    "log_z",
    "masks",
    "mcrg",
    "mechanics",
    "model",
    "plots",
    "rbm",
    "rg",
    "save_model",
    "set_num_threads",
    "show_config",
    "spins",
    "statistics",
    "to_binary",
    "to_spins",
]
