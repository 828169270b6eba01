"""Error bars: the jackknife over blocks of samples, integrated autocorrelation times, and whether chains agree.

Knows arrays only: imports nothing else of the package.
"""

from rgrbm._support.lazy import attach

__getattr__, __dir__, __all__ = attach(__name__)
