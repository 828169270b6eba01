"""What renormalization is, and what a machine has learned of it: decimation, effective couplings, the ring of hidden
spins, RBMs that decimate exactly, Kadanoff's variational principle and the flow of an RBM.

May import ``mcrg``, ``rbm``, ``likelihood``, ``model``, ``spins`` and what is below. Draws nothing and prints nothing.
"""

from rgrbm._support.lazy import attach

__getattr__, __dir__, __all__ = attach(__name__)
