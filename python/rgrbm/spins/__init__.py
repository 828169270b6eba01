"""Spin models: lattices, samplers, exact results, and the coupling J from samples; spins ±1 and units 0/1.

May import ``statistics``, ``_support`` and ``_core``. Knows nothing of RBMs.
"""

from rgrbm._support.lazy import attach

__getattr__, __dir__, __all__ = attach(__name__)
