"""The result of one check of the self-test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import chi2

from rgrbm.statistics.presentation import Presented, fields_of

FALSE_ALARM = 1e-7
"""p-value below which a check by statistics fails; one of 20 fails on a correct build for one seed in 500,000."""

_LEAST_EXPECTED = 20.0  # counts of a cell of a chi-square test; rarer states are one cell


@dataclass(frozen=True, repr=False)
class CheckResult(Presented):
    """One check.

    Attributes
    ----------
    name : str
        What was checked, against what.
    measure : str
        What ``value`` is: a p-value, an error, or whether bits are as recorded.
    value : float
        The p-value or the error; 1 or 0 for bits.
    passed : bool
    seconds : float
    """

    name: str
    measure: str
    value: float
    passed: bool
    seconds: float = 0.0

    def _values(self) -> dict[str, Any]:
        return fields_of(self)

    @property
    def shown(self) -> str:
        """The value as tables show it."""
        if self.measure == "bits":
            return "the same" if self.passed else "different"
        return f"{self.value:.2g}"


def by_statistics(name: str, p_value: float) -> CheckResult:
    """A check that fails if its p-value is below FALSE_ALARM."""
    return CheckResult(name, "p-value", float(p_value), bool(p_value >= FALSE_ALARM))


def by_error(name: str, error: float, bound: float) -> CheckResult:
    """A check that fails if an error is not within its bound."""
    return CheckResult(name, f"error (≤ {bound:g})", float(error), bool(error <= bound))


def by_bits(name: str, same: bool) -> CheckResult:
    """A check of bits against recorded ones."""
    return CheckResult(name, "bits", float(same), same)


def chi_square(states: npt.NDArray[np.int64], p: npt.NDArray[np.float64]) -> float:
    """The p-value of a chi-square test of independent states against these probabilities."""
    expected = p * len(states)
    counts = np.bincount(states, minlength=len(p)).astype(float)
    order = np.argsort(expected)
    counts, expected = counts[order], expected[order]
    n_rare = int(np.searchsorted(expected, _LEAST_EXPECTED))
    while 0 < n_rare < len(expected) and expected[:n_rare].sum() < _LEAST_EXPECTED:
        n_rare += 1
    if n_rare:
        counts = np.append(counts[n_rare:], counts[:n_rare].sum())
        expected = np.append(expected[n_rare:], expected[:n_rare].sum())
    return float(chi2.sf(((counts - expected) ** 2 / expected).sum(), len(counts) - 1))
