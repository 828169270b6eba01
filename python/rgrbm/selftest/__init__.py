"""A test of this build on this machine: samplers against exact distributions, gradients against enumeration, bits.

May import every room below but ``report``; exact values are computed here, in plain NumPy. Prints nothing.
"""

from rgrbm._support.lazy import attach

__getattr__, __dir__, __all__ = attach(__name__)
