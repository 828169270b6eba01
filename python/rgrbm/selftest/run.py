"""The self-test: all checks, one after the other."""

from __future__ import annotations

import itertools
import platform
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from rgrbm._support.checks import integer
from rgrbm._support.config import config
from rgrbm._support.progress import Progress, progress_bar
from rgrbm.selftest import machines, spins
from rgrbm.selftest.result import CheckResult
from rgrbm.statistics.presentation import Presented


@dataclass(frozen=True, repr=False)
class SelfTest(Presented):
    """Results of the self-test.

    Attributes
    ----------
    checks : tuple of CheckResult
    software : dict
        Version, instruction set, threads, compiler; the machine and its system.
    """

    checks: tuple[CheckResult, ...]
    software: dict[str, Any]

    @property
    def passed(self) -> bool:
        """Whether all checks have passed."""
        return all(check.passed for check in self.checks)

    @property
    def verdict(self) -> str:
        """How many checks have passed or failed, in words."""
        failed, n = sum(not check.passed for check in self.checks), len(self.checks)
        return f"{failed} of {n} checks FAILED" if failed else f"all {n} checks passed"

    def to_dict(self) -> dict[str, Any]:
        """Everything, ready for a JSON file to attach to a report of a bug."""
        return {
            "schema": "rgrbm.selftest/1", "passed": self.passed, "software": self.software,
            "checks": [asdict(check) for check in self.checks],
        }  # fmt: skip

    def _title(self) -> str:
        return self.verdict

    def _values(self) -> dict[str, Any]:
        return {"passed": self.passed, "checks": len(self.checks)} | self.software

    def _table(self) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
        rows = [(c.name, c.measure, c.shown, "ok" if c.passed else "FAILED") for c in self.checks]
        return ("check", "measure", "value", ""), rows


def self_test(progress: Progress = None, *, seed: int = 1) -> SelfTest:
    """Check samplers, training and bits of this build on this machine, in half a minute.

    Samplers are held to the probabilities of all states of small systems, gradients and partition functions to sums
    over states in plain NumPy, and spins to recorded bits. The seed is fixed, so that it
    gives the same on every run. A check by statistics fails below a p-value of 10⁻⁷: a correct build would fail one of
    them for about one seed in 500,000.

    Parameters
    ----------
    progress : bool or callable, optional
        A bar (True), a function of (done, in all), or nothing (False). By default a bar in terminals and notebooks, for
        what takes longer than two seconds.
    seed : int, default=1
        Of all samples; a check that fails by chance passes with another one.

    Returns
    -------
    SelfTest

    Raises
    ------
    TypeError, ValueError
        If the seed is not an integer, or negative.

    Examples
    --------
    >>> from rgrbm.selftest import self_test
    >>> self_test().passed  # doctest: +SKIP
    True
    """
    seed = integer("seed", seed, 0)
    tasks = list(itertools.chain(spins.checks(seed), machines.checks(seed)))
    results = []
    with progress_bar("checking", len(tasks), unit="checks", show=progress) as advance:
        for name, check in tasks:
            began = time.perf_counter()
            result = check()
            results.append(replace(result, seconds=time.perf_counter() - began))
            advance(1, name)
    system = {"machine": platform.machine(), "system": platform.platform(), "python": platform.python_version()}
    return SelfTest(tuple(results), config() | system)
