"""Figures from arrays and results. Computes nothing; may import any room below, for its types."""

from rgrbm._support.lazy import attach

__getattr__, __dir__, __all__ = attach(__name__)
