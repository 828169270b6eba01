from rgrbm.likelihood.annealing import AISResult, anneal
from rgrbm.likelihood.conditional import exact_means
from rgrbm.likelihood.enumeration import (
    Expectations,
    exact_gradient,
    expectations,
    kl_divergence,
    log_likelihood,
    log_marginal,
    log_z,
    sample_exactly,
)
from rgrbm.likelihood.gaussian import GaussianExpectations

__all__ = [
    "AISResult",
    "Expectations",
    "GaussianExpectations",
    "anneal",
    "exact_gradient",
    "exact_means",
    "expectations",
    "kl_divergence",
    "log_likelihood",
    "log_marginal",
    "log_z",
    "sample_exactly",
]
