"""Toy models of mechanics: the harmonic chain, whose decimation is exact, soft spins, and the bistable (φ⁴) chain.

May import ``spins``, ``model``, ``statistics``, ``_support`` and ``_core``. What a machine learns of them is in ``rg``.
"""

from rgrbm._support.lazy import attach

__getattr__, __dir__, __all__ = attach(__name__)
