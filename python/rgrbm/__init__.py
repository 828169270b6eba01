"""Sample spin models, train restricted Boltzmann machines on them, and see the renormalization they learn.

What the first hour needs is here; the rest is in the rooms: ``rgrbm.spins``, ``rgrbm.statistics``, ``rgrbm.model``,
``rgrbm.likelihood``, ``rgrbm.rbm``, ``rgrbm.rg``, ``rgrbm.diagnostics``, ``rgrbm.plots`` and ``rgrbm.datasets``.
"""

from importlib import import_module as _import_module
from typing import Any as _Any

from rgrbm import datasets, diagnostics, likelihood, model, rbm, rg, spins, statistics
from rgrbm._support.config import set_num_threads, show_config
from rgrbm._support.tensors import FileFormatError
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


def __getattr__(name: str) -> _Any:
    if name == "plots":  # matplotlib takes half a second to import: only who draws pays
        return _import_module("rgrbm.plots")
    raise AttributeError(f"module 'rgrbm' has no attribute {name!r}")
