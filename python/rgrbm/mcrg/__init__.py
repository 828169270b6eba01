"""The Monte Carlo renormalization group: block spins, operators of spins, exponents and couplings after each step, and
criteria that choose a block spin.

May import ``model``, ``spins`` and what is below. Draws nothing and prints nothing.
"""

from rgrbm._support.lazy import attach

__getattr__, __dir__, __all__ = attach(__name__)
