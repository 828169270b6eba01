"""Diagnostics of a trained RBM: likelihoods, fit, hidden units, mixing of its chains, and memorised training samples.

May import ``plots``, ``rbm`` and what is below. Only ``machine`` depends on the kind of the visible units.
"""

from rgrbm._support.lazy import attach

__getattr__, __dir__, __all__ = attach(__name__)
