"""One page that shows a run: what it was asked for, what it found, its figures, and how to repeat it."""

from rgrbm._support.lazy import attach

__getattr__, __dir__, __all__ = attach(__name__)
