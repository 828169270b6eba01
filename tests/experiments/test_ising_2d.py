"""``rgrbm ising2d`` as a user runs it, on small lattices: what it writes, finds, refuses and resumes."""

import json

import numpy as np
import pytest

import rgrbm
from commands import run_command
from rgrbm.experiments import block_spins, ising_2d
from rgrbm.experiments.ising_2d_parameters import Ising2DParameters
from rgrbm.experiments.run_folder import RunFolder
from rgrbm.mcrg import ConvolutionKernel, MajorityKernel, fit_hamiltonian
from small_runs import SMALL_2D

FIGURES = ("windows", "blockings", "exponents", "ranges", "flow", "fields", "hidden_correlation")


def run(*arguments):
    return run_command("ising2d", *arguments)


def options(**changes):
    """Of the small run, as the command line takes them."""
    results = []
    for name, value in (SMALL_2D | changes).items():
        for one in value if isinstance(value, list) else [value]:
            results += [f"--{name.replace('_', '-')}", str(one)]
    return results


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """Large enough for the block spins to be good ones."""
    out = tmp_path_factory.mktemp("runs") / "finished"
    done = run(*options(n_train=5120, n_epochs=20, n_measured=10240, free_epochs=20, width=[2, 3]), "--out", str(out))
    assert done.returncode == 0, done.stderr
    return out, done.stdout


def test_everything_is_written(finished):
    out, printed = finished
    names = {path.name for path in out.iterdir()}
    assert names == {f"{name}.png" for name in FIGURES} | {"results.json", "parameters.json", "model.safetensors"}
    results = json.loads((out / "results.json").read_text())
    assert results["schema"] == "rgrbm.ising2d/1"
    kernels = ["majority 2×2", "pcd 2×2", "pcd 3×3", "information 2×2", "information 3×3"]
    assert list(results["kernels"]) == kernels
    assert all(name in printed for name in (*kernels, "without a mask"))
    assert len(results["kernels"]["pcd 2×2"]["y_t"]) == 2
    assert results["kernels"]["majority 2×2"]["weights"] is None


def test_exponents(finished):
    """Of 32² spins after two steps, within 5 standard errors and 2% of the exact ones."""
    kernels = json.loads((finished[0] / "results.json").read_text())["kernels"]
    for name in ("majority 2×2", "pcd 2×2", "information 2×2"):
        for which, exact in ising_2d.EXACT.items():
            mean, stderr = kernels[name][which][1]
            assert abs(mean - exact) < 5 * stderr + 0.02 * exact, (name, which)


def test_learned_windows(finished):
    """Samples give equal weights to 2 × 2 sites, by symmetry; near those of Kadanoff's criterion on a small torus."""
    kernels = json.loads((finished[0] / "results.json").read_text())["kernels"]
    w = np.array(kernels["pcd 2×2"]["weights"])
    assert np.ptp(w) < 0.1
    assert abs(w.mean() - rgrbm.mcrg.optimal_block_kernel((4, 4), block_spins.J_C, width=2).kernel.weights.mean()) < 0.3
    assert np.array(kernels["pcd 3×3"]["weights"]).argmax() == 4
    assert np.ptp(kernels["information 2×2"]["weights"]) > 0.5  # breaks ties


def test_couplings_are_those_of_the_block_spins(finished):
    results = json.loads((finished[0] / "results.json").read_text())
    p = Ising2DParameters(**results["parameters"])
    seed = block_spins.stream(p, block_spins._FIT)
    spins = np.concatenate(list(block_spins.words(p.side // 2, block_spins.J_C, p.n_fitted, seed)))
    blocked = MajorityKernel().block(spins, seed=block_spins.stream(p, block_spins._BLOCK))
    fit = fit_hamiltonian(blocked)
    np.testing.assert_allclose(results["kernels"]["majority 2×2"]["couplings"]["couplings"], fit.couplings)


def test_the_flow_leaves_the_critical_point(finished):
    """From J_c the nearest coupling stays where the first step takes it; from 1.3 J_c spins freeze or it grows."""
    flows = json.loads((finished[0] / "results.json").read_text())["flow"]
    critical, cold = (flow["paths"]["majority 2×2"] for flow in flows)
    nearest, diagonal = critical["nearest"], critical["diagonal"]
    assert nearest[0][0] == pytest.approx(block_spins.J_C, abs=5 * nearest[0][1])
    assert diagonal[0][0] == pytest.approx(0, abs=5 * diagonal[0][1])
    assert nearest[2][0] == pytest.approx(nearest[1][0], abs=0.1)
    cold = [mean for mean, _ in cold["nearest"]]
    assert cold[2] is None or cold[2] > cold[1]


def test_fields_of_the_unmasked_rbm(finished):
    out, _ = finished
    free = json.loads((out / "results.json").read_text())["free"]
    rbm = rgrbm.load_model(out / "model.safetensors")
    fields = rgrbm.rg.receptive_fields(rbm.weights_, (8, 8))
    assert free["n_alive"] == (fields.signs != 0).sum()
    assert free["n_local"] == fields.is_local(2.0).sum()
    assert sum(free["correlation"]["n_pairs"]) == free["n_alive"] * (free["n_alive"] - 1) / 2


def test_a_resumed_run_keeps_its_parts(tmp_path, monkeypatch):
    """Stopped while the flow is measured, it learns and measures nothing anew, and ends with the same numbers."""
    p = Ising2DParameters(**SMALL_2D)
    whole = ising_2d.run_ising_2d(p, RunFolder(tmp_path / "whole"))

    def stop(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(ising_2d, "flow_from", stop)
        with pytest.raises(KeyboardInterrupt):
            ising_2d.run_ising_2d(p, RunFolder(tmp_path / "stopped"))
    for name in ("measure_exponents", "fit_couplings"):
        monkeypatch.setattr(ising_2d, name, stop)
    monkeypatch.setattr(block_spins, "shared_rbm", stop)
    resumed = ising_2d.run_ising_2d(p, RunFolder(tmp_path / "stopped", resume=True))
    for name in ("kernels", "flow", "free"):
        assert json.dumps(resumed[name]) == json.dumps(whole[name])


def test_the_free_rbm_can_be_left_out(tmp_path):
    p = Ising2DParameters(**SMALL_2D | {"free_epochs": 0, "criterion": ["decimation"], "around": [1.0]})
    results = ising_2d.run_ising_2d(p, RunFolder(tmp_path / "run"))
    assert results["free"] is None
    assert "fields.png" not in results["figures"]
    assert "windows.png" not in results["figures"]
    assert list(results["kernels"]) == ["decimation"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--criterion", "best"], "criterion must be one of majority"),
        (["--criterion", "cd", "--criterion", "cd"], "given once"),
        (["--width", "1"], "width must be from 2"),
        (["--width", "40"], "width must be from 2 to train_side = 16"),
        (["--train-side", "9"], "train_side must be even"),
        (["--side", "60"], "that 8 divides"),
        (["--side", "16", "--n-steps", "1"], "at least 32"),
        (["--around", "nan"], "around must be positive"),
        (["--n-measured", "100"], "n_measured must be at least 512"),
        (["--free-l1", "-1"], "free_l1 must be at least 0"),
    ],
)
def test_bad_input(arguments, message, tmp_path):
    refused = run(*arguments, "--out", str(tmp_path / "out"))
    assert refused.returncode == 2
    assert message in refused.stderr
    assert not (tmp_path / "out" / "results.json").exists()


def test_learned_windows_are_those_of_the_model():
    """The kernel of an RBM is what its results keep."""
    p = Ising2DParameters(**SMALL_2D)
    spins = block_spins.training_spins(p)
    rbm = block_spins.shared_rbm(p, "cd", 3).fit(rgrbm.to_binary(spins).reshape(len(spins), -1))
    kernel = ConvolutionKernel.from_rbm(rbm, (8, 8), 3, 2)
    assert kernel.is_symmetric
