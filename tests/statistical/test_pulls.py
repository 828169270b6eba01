"""Pulls (measured − exact)/σ of all observables over 50 seeds; tools/sampler_pulls.py measures many more cases.

The standard deviation of 50 normal pulls leaves [0.68, 1.36] in 1 of 1,000 cases, and their mean 0.47: of some 150
correlated numbers a right program fails one in 5 sets of seeds at most.
"""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "tools"))
from sampler_pulls import Case, measured

CASES = [
    Case("square", 1, 0.0, "critical", "heat_bath"),
    Case("square", -1, 0.0, "critical", "metropolis"),
    Case("square", 1, 0.2, "ordered", "heat_bath"),
    Case("square", -1, 0.2, "disordered", "metropolis"),
    Case("triangular", 1, 0.0, "disordered", "swendsen_wang"),
    Case("triangular", -1, 0.2, "critical", "heat_bath"),
    Case("cubic", -1, 0.0, "critical", "wolff"),
    Case("ring", -1, 0.0, "ordered", "swendsen_wang"),
    Case("ring", 1, 0.2, "critical", "metropolis"),
]


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=lambda case: "-".join(map(str, case)))
def test_error_bars_are_true_and_verdicts_hold(case):
    result = measured(case, 50, n_sweeps=300)
    assert result["n_equilibrated"] >= 45  # starts of a right program differ by 3.5 standard errors in 1 of 700 runs
    assert result["worst"] < 6
    assert result["correlation"] < 0.05
    for name, pulls in result["pulls"].items():
        if len(pulls) > 40:
            assert 0.68 < np.std(pulls) < 1.36, name
            assert abs(np.mean(pulls)) < 0.47, name
