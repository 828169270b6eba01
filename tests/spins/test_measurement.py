"""Observables with error bars against exact distributions, and the result's forms. Seeds are fixed."""

import json

import numpy as np
import pytest

from exact_distributions import all_states, boltzmann_distribution
from rgrbm import IsingModel, set_num_threads
from rgrbm.spins import Measurement, exact
from rgrbm.spins.observables import correlations

METHODS = ["metropolis", "heat_bath", "wolff", "swendsen_wang"]
J_C = exact.CRITICAL_COUPLING


def exact_observables(shape, J, h):
    """All observables of a small lattice, from all states."""
    spins, distribution = all_states(shape), boltzmann_distribution(shape, J, h)
    n, model = spins[0].size, IsingModel(shape, J, h)
    e, m = model.energy(spins) / n, model.magnetization(spins)

    def mean(x):
        return float(distribution @ x)

    along = correlations(spins)
    axes = tuple(range(1, spins.ndim))
    power = np.abs(np.fft.fftn(spins, axes=axes)) ** 2 / n
    longest = [d for d, side in enumerate(shape) if side == max(shape)]
    waves = [power[(slice(None), *(int(d == other) for other in range(len(shape))))] for d in range(len(shape))]
    structure = np.mean([waves[d] for d in longest], axis=0)
    both = all(side % 2 == 0 for side in shape)
    s = (spins * (1 - 2 * (np.indices(shape).sum(0) % 2))).mean(axis=axes) if both else np.full(len(spins), np.nan)
    m2, chi = mean(m**2), n * (mean(m**2) - mean(m) ** 2)
    one_coupling = len(set(J)) == 1
    length = np.sqrt(chi / mean(structure) - 1) / (2 * np.sin(np.pi / max(shape))) if one_coupling else np.nan
    axis_lengths = [
        np.sqrt(chi / mean(wave) - 1) / (2 * np.sin(np.pi / side)) for wave, side in zip(waves, shape, strict=True)
    ]
    return (
        {
            "energy_per_site": mean(e),
            "specific_heat": n * (mean(e**2) - mean(e) ** 2),
            "magnetization": mean(m),
            "abs_magnetization": mean(abs(m)),
            "m2": m2,
            "m4": mean(m**4),
            "binder": 1 - mean(m**4) / (3 * m2**2),
            "susceptibility": chi,
            "connected_susceptibility": n * (m2 - mean(abs(m)) ** 2),
            "staggered_magnetization": mean(abs(s)),
            "staggered_susceptibility": n * mean(s**2),
            "staggered_binder": 1 - mean(s**4) / (3 * mean(s**2) ** 2),
            "correlation_length": length,
        },
        distribution @ along,
        axis_lengths,
    )


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("shape", "J", "h"),
    [
        ((8,), (0.7,), 0.0), ((3, 4), (0.3, 0.4), 0.0), ((4, 3), (0.3, 0.2), 0.1), ((3, 4), (0.3, 0.3), 0.1),
        ((2, 4), (0.2, 0.3), 0.1),
    ],
)  # fmt: skip
def test_all_observables_against_all_states(shape, J, h, method):
    # 20 tests of 13 observables, 2 lengths and at most 5 distances at 4.5 standard errors: a right program fails once
    # in 400. NaN is expected where an observable has no meaning.
    measured = IsingModel(shape, J, h).measure(2000, method=method, seed=3, correlation_every=5)
    expected, along, axis_lengths = exact_observables(shape, J, h)
    assert measured.equilibrated
    assert set(measured.observables()) == set(expected)
    values = [(name, value, expected[name]) for name, value in measured.observables().items()]
    values += [("axis", *pair) for pair in zip(measured.axis_correlation_lengths, axis_lengths, strict=True)]
    for name, value, exact_value in values:
        if np.isnan(exact_value):
            assert np.isnan(value.mean), name
        else:
            assert abs(value.mean - exact_value) < 4.5 * value.stderr, name
    assert measured.correlation[0] == pytest.approx(1)
    assert np.all(abs(measured.correlation - along)[1:] < 4.5 * measured.correlation_stderr[1:])


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("side", "fraction"), [(8, 0.9), (8, 1.0), (8, 1.1), (16, 1.0), (32, 0.9), (32, 1.1)])
def test_energy_and_specific_heat_against_kaufman(side, fraction, method):
    # 24 tests of two numbers at 4 standard errors: a right program fails once in 300.
    model = IsingModel((side, side), fraction * J_C)
    measured = model.measure(500, method=method, seed=side)
    assert abs(measured.energy_per_site.mean - model.mean_energy_per_site()) < 4 * measured.energy_per_site.stderr
    assert abs(measured.specific_heat.mean - model.specific_heat()) < 4 * measured.specific_heat.stderr


@pytest.mark.slow
@pytest.mark.parametrize(("method", "n_chains"), [("metropolis", 64), ("wolff", 64), ("swendsen_wang", 2)])
def test_error_bars_are_true(method, n_chains):
    """Pulls over 100 seeds have a standard deviation of 1; it leaves [0.75, 1.3] of a right program once in 2,000."""
    model = IsingModel((8, 8), 0.4)
    expected = {"energy_per_site": model.mean_energy_per_site(), "specific_heat": model.specific_heat()}
    pulls = {name: [] for name in expected}
    for seed in range(100):
        measured = model.measure(
            600 if n_chains > 2 else 6000, method=method, n_chains=n_chains, burn_in=100, seed=seed
        )
        for name, exact_value in expected.items():
            value = getattr(measured, name)
            pulls[name].append((value.mean - exact_value) / value.stderr)
    for name, values in pulls.items():
        assert 0.75 < np.std(values) < 1.3, name
        assert abs(np.mean(values)) < 4 / np.sqrt(100), name
        assert np.max(np.abs(values)) < 5, name


def test_correlations_against_plain_sums():
    spins = IsingModel((5, 6), 0.3).sample(7, seed=0)
    along = correlations(spins)
    assert along.shape == (7, 3)
    for x in range(3):
        plain = [np.mean(spins * np.roll(spins, -x, axis), axis=(1, 2)) for axis in (1, 2)]
        np.testing.assert_allclose(along[:, x], np.mean(plain, axis=0), atol=1e-6)


@pytest.mark.parametrize("method", METHODS)
def test_same_bits_for_any_number_of_threads(method):
    model = IsingModel((6, 8), 0.4)
    results = []
    for n_threads in (1, 2):
        set_num_threads(n_threads)
        results.append(model.measure(50, method=method, seed=6, burn_in=10, n_chains=1024, correlation_every=10))
    set_num_threads(0)
    first, second = (x.to_dict() | {"seconds": 0} for x in results)
    assert first == second


def test_as_text_frame_and_json():
    measured = IsingModel((4, 4), 0.3).measure(100, seed=0, correlation_every=10)
    text = str(measured)
    assert "4 × 4 square lattice" in text
    assert "Binder cumulant" in text
    assert max(map(len, text.splitlines())) < 110
    frame = measured.to_frame()
    assert frame.loc["energy_per_site", "mean"] == measured.energy_per_site.mean
    stored = json.loads(json.dumps(measured.to_dict(), allow_nan=False))
    assert Measurement.from_dict(stored).to_dict() == measured.to_dict()
    with pytest.raises(ValueError, match="no measurement"):
        Measurement.from_dict({"energy": 3})


def test_what_was_not_measured_is_nan():
    measured = IsingModel((4, 4), (0.3, 0.2)).measure(100, method="metropolis", seed=0)
    assert len(measured.distance) == 0
    assert np.isnan(measured.correlation_length.mean)  # the axes have different couplings
    assert measured.to_dict()["correlation_length"] == [None, None]
    assert not np.isnan(measured.axis_correlation_lengths).any()
    assert not np.isnan(IsingModel((4, 4), 0.3).measure(100, method="metropolis", seed=0).correlation_length).any()
    odd = IsingModel((3, 4), 0.3).measure(100, seed=0)
    assert np.isnan([*odd.staggered_magnetization, *odd.staggered_susceptibility, *odd.staggered_binder]).all()


def test_chains_that_are_too_short_are_told():
    model = IsingModel((32, 32), J_C)
    with pytest.warns(RuntimeWarning, match="may not be in equilibrium"):
        measured = model.measure(50, method="metropolis", burn_in=0, seed=0)
    assert not measured.equilibrated
    assert measured.trouble
    assert f"NOT EQUILIBRATED: {measured.trouble}" in str(measured)
    assert abs(measured.equilibration["abs_magnetization"]) > 10  # hot and cold starts are far apart


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"n_sweeps": 1}, ValueError, "n_sweeps must be at least 2"),
        ({"n_sweeps": 2.5}, TypeError, "n_sweeps must be an integer"),
        ({"n_sweeps": 10, "method": "exact"}, ValueError, "method must be one of"),
        ({"n_sweeps": 10, "n_chains": 3}, ValueError, "n_chains must be even"),
        ({"n_sweeps": 10, "n_chains": 0}, ValueError, "n_chains must be at least 2"),
        ({"n_sweeps": 10, "burn_in": -1}, ValueError, "burn_in must not be negative"),
        ({"n_sweeps": 10, "correlation_every": 0}, ValueError, "correlation_every must be at least 1"),
        ({"n_sweeps": 10, "n_chains": 10**12}, MemoryError, "GiB"),
    ],
)
def test_bad_input(arguments, error, message):
    with pytest.raises(error, match=message):
        IsingModel((4, 4), 0.3).measure(**arguments)


def test_progress_and_samples_by_clusters():
    seen = []
    model = IsingModel((8, 8), J_C)
    model.measure(20, seed=0, burn_in=50, correlation_every=5, progress=lambda *x: seen.append(x))
    assert seen[-1] == (20, 20)
    for method in ("wolff", "swendsen_wang"):
        ensemble = model.ensemble(640, method=method, seed=1)
        energies = model.energy(ensemble.spins)
        assert ensemble.n_chains == 64
        assert ensemble.tau_int
        # 4 standard errors of samples that are five autocorrelation times apart.
        assert abs(energies.mean() - 64 * model.mean_energy_per_site()) < 4 * energies.std() / np.sqrt(640)
