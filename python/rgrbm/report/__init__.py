"""One page that shows a run: what it was asked for, what it found, its figures, and how to repeat it."""

from rgrbm.report.page import write_report

__all__ = ["write_report"]
