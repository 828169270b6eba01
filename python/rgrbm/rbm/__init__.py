"""The estimators: training and its state, masks, stacks, model files and checkpoints.

May import ``likelihood``, ``model`` and what is below. Knows nothing of renormalization. Files know records of
parameters; the estimators make themselves from them.
"""

from rgrbm._support.lazy import attach

__getattr__, __dir__, __all__ = attach(__name__)
