"""The crossing of an observable of two sizes, from measurements of Ising models."""

import numpy as np
import pytest

from rgrbm import IsingModel
from rgrbm.rg import measured_crossing
from rgrbm.spins.exact import CRITICAL_COUPLING
from rgrbm.statistics import crossing

J = (0.42, 0.43, 0.44, 0.45, 0.46)


def runs_of(side, h=0.0, couplings=J):
    return [IsingModel((side, side), x, h).measure(500, seed=100 * side + i) for i, x in enumerate(couplings)]


@pytest.fixture(scope="module")
def small():
    return runs_of(6)


@pytest.fixture(scope="module")
def large():
    return runs_of(12)


def test_the_crossing_of_binder_cumulants_is_near_the_critical_coupling(small, large):
    # 4 standard errors, one run in 16,000; and 0.004 for the corrections to scaling of sides 6 and 12.
    estimate = measured_crossing(small, large)
    assert 0 < estimate.stderr < 0.01
    assert abs(estimate.mean - CRITICAL_COUPLING) < 4 * estimate.stderr + 0.004


@pytest.mark.parametrize("observable", ["binder", "abs_magnetization"])
def test_it_is_the_crossing_of_the_observable_of_all_runs(small, large, observable):
    expected = crossing(
        J, [getattr(run, observable) for run in small], [getattr(run, observable) for run in large], degree=2, seed=3
    )
    result = measured_crossing(small[::-1], large[2:] + large[:2], observable, degree=2, seed=3)
    np.testing.assert_array_equal(result, expected)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda small, large: (small, large[:-1]), "measure the missing ones"),
        (lambda small, large: (small, small), r"two different sizes, got \[6, 6\] twice"),
        (lambda small, large: (small[:2] + large[2:], large), "sort the runs by their size"),
        (lambda small, large: (small, []), "got none"),
        (lambda small, large: (small, runs_of(4, h=0.5)), "same field, got h = 0.0 and 0.5"),
        (lambda small, large: ([IsingModel((6, 4), [0.4, 0.3]).measure(10, seed=0)], large), "one coupling for all"),
    ],
)
def test_measurements_that_do_not_fit_together(small, large, change, message):
    with pytest.raises(ValueError, match=message):
        measured_crossing(*change(small, large))


def test_unknown_observables_and_plain_numbers(small, large):
    with pytest.raises(ValueError, match=r"observable must be one of .*'binder'.*, got 'cumulant'"):
        measured_crossing(small, large, "cumulant")
    with pytest.raises(TypeError, match=r"observable must be one of"):
        measured_crossing(small, large, {1: 2})
    with pytest.raises(TypeError, match=r"large must be a sequence of measurements, got 0\.5"):
        measured_crossing(small, 0.5)
    with pytest.raises(TypeError, match=r"results of IsingModel\.measure, got Estimate"):
        measured_crossing([run.binder for run in small], large)
