"""Sample spin models, train restricted Boltzmann machines on them, and see the renormalization they learn.

What the first hour needs is here; the rest is in the rooms: ``rgrbm.spins``, ``rgrbm.mechanics``, ``rgrbm.statistics``,
``rgrbm.model``, ``rgrbm.likelihood``, ``rgrbm.rbm``, ``rgrbm.rg``, ``rgrbm.diagnostics``, ``rgrbm.plots`` and
``rgrbm.datasets``.
"""

from rgrbm._support.lazy import attach

__getattr__, __dir__, __all__ = attach(__name__)
