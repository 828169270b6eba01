from rgrbm.diagnostics.chains import GibbsChains, run_chains
from rgrbm.diagnostics.diagnosis import Diagnosis, ModelSamples, diagnose
from rgrbm.diagnostics.fit import FreeEnergies, ReconstructionErrors, free_energies, reconstruction_errors
from rgrbm.diagnostics.likelihoods import LogLikelihood, LogLikelihoods, log_likelihoods
from rgrbm.diagnostics.memory import Memory, nearest_training_samples
from rgrbm.diagnostics.record import Record
from rgrbm.diagnostics.summaries import Histogram, Mean
from rgrbm.diagnostics.units import HiddenUnits, Weights, hidden_units, weight_summary

__all__ = [
    "Diagnosis",
    "FreeEnergies",
    "GibbsChains",
    "HiddenUnits",
    "Histogram",
    "LogLikelihood",
    "LogLikelihoods",
    "Mean",
    "Memory",
    "ModelSamples",
    "ReconstructionErrors",
    "Record",
    "Weights",
    "diagnose",
    "free_energies",
    "hidden_units",
    "log_likelihoods",
    "nearest_training_samples",
    "reconstruction_errors",
    "run_chains",
    "weight_summary",
]
