"""``rgrbm mechanics`` as a user runs it, on small chains: what it writes, finds, refuses and resumes."""

import json

import numpy as np
import pytest

from commands import run_command
from rgrbm.experiments.mechanics_parameters import MechanicsParameters
from rgrbm.experiments.run_folder import RunFolder
from rgrbm.mechanics import BistableChain, HarmonicLattice
from rgrbm.rg import decimate, principal_divergence
from small_runs import run_small

QUICK = (
    "--n-sites",
    "16",
    "--kappa",
    "2.0",
    "--n-samples",
    "2000",
    "--n-epochs",
    "20",
    "--n-seeds",
    "1",
    "--n-jobs",
    "1",
)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    path = tmp_path_factory.mktemp("run")
    return path, run_small("mechanics", path)


def test_both_renormalizations_are_there(finished):
    harmonic, chain = finished[1]["harmonic"], HarmonicLattice(16, 1.3, 0.4)
    closed = principal_divergence(chain.covariance(), 8)
    assert harmonic["divergence"]["equal"] == pytest.approx(closed, rel=1e-6)
    assert harmonic["divergence"]["own"] < 1e-8
    assert harmonic["largest_angle"] < 1e-4
    np.testing.assert_allclose(harmonic["frequencies"]["hidden_own"], harmonic["frequencies"]["decimated"], rtol=1e-4)
    assert min(harmonic["explained"]["equal"][:4]) > 0.3  # waves below the cutoff, and none above
    assert np.abs(harmonic["explained"]["equal"][5:]).max() < 1e-6


def test_the_flow_is_that_of_decimation(finished):
    flow, chain = finished[1]["harmonic"]["flow"], HarmonicLattice(16, 1.3, 0.4)
    for row in flow:
        assert (row["n_sites"], row["stiffness"]) == (chain.n_sites, pytest.approx(chain.stiffness, rel=1e-12))
        assert row["free_energy"] == pytest.approx(-chain.log_z(), rel=1e-12)
        if row is not flow[-1]:
            chain = chain.decimate().chain


def test_errors_are_those_of_samples(finished):
    error = finished[1]["harmonic"]["error"]
    u = HarmonicLattice(16, 1.3, 0.4).sample(20_000, seed=1)
    ends = u[:, 0::2] + np.roll(u[:, 0::2], -1, axis=1)
    # 160,000 squares: within 1%, some five standard errors.
    assert np.sqrt(np.mean((u[:, 1::2] - 0.5 * ends) ** 2)) == pytest.approx(error["linear_interpolation"], rel=0.01)
    assert np.sqrt(np.mean((u[:, 1::2] - 1.3 / 3 * ends) ** 2)) == pytest.approx(error["conditional_mean"], rel=0.01)


def test_trainings_stand_beside_exact_values(finished):
    path, results = finished
    assert {(row["kappa"], row["seed"]) for row in results["bistable"]} == {(0.05, 0), (0.05, 1), (2.0, 0), (2.0, 1)}
    for row in results["bistable"]:
        chain = BistableChain(16, 1.0, row["kappa"])
        assert row["J_exact"] == pytest.approx(decimate(chain.J_eff).J)
        assert row["log_likelihood"] < row["log_likelihood_exact"]
        assert (row["J"] is None) == bool(row["reason"])
        assert row["error"]["conditional_mean"] < row["error"]["linear_interpolation"]
        assert row["error"]["bits"] < row["error"]["nothing"]
    assert all(row["J"] is None for row in results["bistable"][:2])  # far too weak
    assert set(results["figures"]) == {"springs.png", "flow.png", "bistable.png", "chains.png"}
    assert json.loads((path / "results.json").read_text())["schema"] == "rgrbm.mechanics/1"


def test_a_stopped_run_goes_on_to_the_same_numbers(tmp_path):
    def numbers(path):
        results = json.loads((path / "results.json").read_text())
        return {name: results[name] for name in ("harmonic", "bistable", "exact")}

    assert run_command("mechanics", *QUICK, "--out", str(tmp_path / "a")).returncode == 0
    parts = tmp_path / "b"
    folder = RunFolder(parts)
    kept = {}
    original = RunFolder.keep_part

    def stop_after_the_first(self, name, results, **options):
        kept[name] = original(self, name, results, **options)
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(RunFolder, "keep_part", stop_after_the_first)
        from rgrbm.experiments.mechanics import run_mechanics

        parameters = MechanicsParameters(n_sites=16, kappa=[2.0], n_samples=2000, n_epochs=20, n_seeds=1, n_jobs=1)
        with pytest.raises(KeyboardInterrupt):
            run_mechanics(parameters, folder)
    assert set(kept) == {"harmonic"}
    assert run_command("mechanics", *QUICK, "--resume", "--out", str(parts)).returncode == 0
    assert numbers(tmp_path / "a") == numbers(parts)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"stiffness": -1.0}, "stiffness must not be negative"),
        ({"stiffness": 0.0}, "stiffness must be positive"),
        ({"on_site": 0.0}, "the chain drifts"),
        ({"kappa": [0.0]}, "kappa must be positive"),
        ({"kappa": [-1.0]}, "stiffness must not be negative"),
        ({"kappa": [1.0, 1.0]}, "each kappa once"),
        ({"kappa": []}, "at least one"),
        ({"barrier": 0.0}, "barrier must be positive"),
        ({"n_sites": 31}, "multiple of 2\\^n_steps = 8"),
        ({"n_sites": 8}, "at least twice that"),
        ({"n_samples": 10}, "n_samples must be at least 200"),
        ({"learning_rate": 0.0}, "learning_rate must be positive"),
    ],
)
def test_bad_input_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        MechanicsParameters(**changes)
