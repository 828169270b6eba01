"""Time series of single systems: starts, records, going on, pickles."""

import pickle

import numpy as np
import pytest

from rgrbm import IsingModel

MODELS = [
    (IsingModel((16, 16), 0.4), "metropolis"),
    (IsingModel((64,), 1.0), "metropolis"),
    (IsingModel((9, 9), 0.3, 0.1), "heat_bath"),
    (IsingModel((8, 8), -0.4), "wolff"),
    (IsingModel((6, 6), 0.2, lattice="triangular"), "swendsen_wang"),
    (IsingModel((4, 4, 4), (0.1, 0.2, -0.1), 0.2), "auto"),
]


@pytest.mark.parametrize(("model", "method"), MODELS, ids=str)
def test_records_are_those_of_the_configurations(model, method):
    run = model.time_series(5, method=method, n_chains=3, seed=0)
    spins = run.spins()
    assert run.energy_per_site.shape == run.magnetization.shape == (6, 3)
    np.testing.assert_allclose(run.energy_per_site[-1], model.energy(spins) / model.n_sites, atol=1e-12)
    np.testing.assert_allclose(run.magnetization[-1], model.magnetization(spins), atol=1e-12)
    np.testing.assert_array_equal(run.sweeps, np.arange(6))


@pytest.mark.parametrize(("model", "method"), MODELS, ids=str)
def test_it_goes_on_to_the_same_bits(model, method):
    whole = model.time_series(12, method=method, n_chains=2, seed=4, every=2)
    parts = model.time_series(4, method=method, n_chains=2, seed=4, every=2)
    again = pickle.loads(pickle.dumps(parts))
    for run in (parts, again):
        run.extend(8)
        np.testing.assert_array_equal(run.spins(), whole.spins())
        np.testing.assert_array_equal(run.energy_per_site, whole.energy_per_site)
        np.testing.assert_array_equal(run.sweeps, [0, 2, 4, 6, 8, 10, 12])


def test_starts():
    model = IsingModel((32, 32), J=-0.6)
    cold = model.time_series(0, start="cold", seed=0)
    assert cold.energy_per_site[0, 0] == pytest.approx(-1.2)
    assert abs(cold.staggered_magnetization[0, 0]) == 1
    assert cold.magnetization[0, 0] == 0
    hot = model.time_series(0, seed=0)
    assert abs(hot.energy_per_site[0, 0]) < 0.2  # 6 standard deviations
    given = np.where(np.arange(1024).reshape(32, 32) % 3 == 0, 1, -1)
    run = model.time_series(0, start=given, n_chains=2, seed=0)
    np.testing.assert_array_equal(run.spins(), [given, given])
    assert IsingModel((8, 8), 0.4, -0.1).time_series(0, start="cold", seed=0).magnetization[0, 0] == -1


def test_a_hot_start_relaxes_to_the_exact_energy():
    model = IsingModel((32, 32), J=0.4)
    run = model.time_series(3000, method="heat_bath", n_chains=32, seed=1)
    late = run.energy_per_site[500:].mean(axis=0)
    # 4 standard errors from the scatter of 32 chains: false alarms 4e-4.
    assert abs(late.mean() - model.mean_energy_per_site()) < 4 * late.std(ddof=1) / np.sqrt(32)


def test_progress_and_bad_input():
    model, seen = IsingModel((8, 8), 0.4), []
    model.time_series(10, seed=0, progress=lambda *done: seen.append(done))
    assert seen[-1] == (10, 10)
    model.time_series(3, seed=0, progress=True)
    for arguments, error, message in (
        ({"n_sweeps": -1}, ValueError, "n_sweeps must not be negative"),
        ({"n_sweeps": 1.5}, TypeError, "n_sweeps must be an integer"),
        ({"n_sweeps": 3, "every": 2}, ValueError, "multiple of every"),
        ({"n_sweeps": 3, "every": 0}, ValueError, "every must be at least 1"),
        ({"n_sweeps": 3, "start": "warm"}, ValueError, "'hot', 'cold' or an array"),
        ({"n_sweeps": 3, "start": np.ones((4, 4))}, ValueError, "expected spins of shape"),
        ({"n_sweeps": 3, "start": np.zeros((8, 8))}, ValueError, "spins ±1"),
        ({"n_sweeps": 3, "every": 2**70}, ValueError, "every must be below 2"),
        ({"n_sweeps": 3, "method": "exact"}, ValueError, "method must be one of"),
        ({"n_sweeps": 3, "progress": 3}, TypeError, "progress must be"),
    ):
        with pytest.raises(error, match=message):
            model.time_series(**arguments)
