"""log Z, marginals, likelihoods and their gradients: exactly by enumeration, and by annealed importance sampling.

May import ``model`` and what is below. Takes anything with an RBM's parameters; knows nothing of training.
"""

from rgrbm._support.lazy import attach

__getattr__, __dir__, __all__ = attach(__name__)
