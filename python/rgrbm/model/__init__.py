"""What an RBM is, whoever made it: its parameters in 0/1 and in ±1, the values of its units, its energies.

May import ``spins`` (the values) and what is below. Knows nothing of training, files or estimators: it treats a
record of parameters and a fitted estimator alike.
"""

from rgrbm._support.lazy import attach

__getattr__, __dir__, __all__ = attach(__name__)
