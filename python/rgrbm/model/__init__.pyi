from rgrbm.model.energies import free_energy, log_pseudo_likelihood
from rgrbm.model.gaussian import gaussian_free_energy, gaussian_hidden_free_energy
from rgrbm.model.parameters import (
    GaussianParameters,
    RBMParameters,
    SpinParameters,
    binary_parameters,
    gaussian_parameters_of,
    parameters_of,
    spin_parameters,
)

__all__ = [
    "GaussianParameters",
    "RBMParameters",
    "SpinParameters",
    "binary_parameters",
    "free_energy",
    "gaussian_free_energy",
    "gaussian_hidden_free_energy",
    "gaussian_parameters_of",
    "log_pseudo_likelihood",
    "parameters_of",
    "spin_parameters",
]
