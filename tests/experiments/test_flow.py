"""``rgrbm flow`` as a user runs it, on small rings: what it writes, refuses and resumes."""

import json
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from safetensors.numpy import load_file

import rgrbm
from commands import run_command

SMALL = [
    "--n-spins", "16", "--n-steps", "2", "--J", "0.8", "--J", "1.2", "--weights", "shared", "--weights", "free",
    "--n-train", "2000", "--batch-size", "100", "--mask-epochs", "20", "--n-measured", "40000", "--n-flow-steps", "8",
    "--n-flow-samples", "100", "--seed", "3",
]  # fmt: skip
STACKS = [f"stack-seed3-J{J}-{weights}" for J in ("0.8", "1.2") for weights in ("shared", "free")]


def run(*arguments):
    return run_command("flow", *arguments)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "finished"
    done = run(*SMALL, "--n-epochs", "100", "--threads", "1", "--out", str(out))
    assert done.returncode == 0, done.stderr
    return out, done.stdout


def test_everything_is_written(finished):
    out, printed = finished
    names = {path.name for path in out.iterdir()}
    assert f"{len(STACKS)} of {len(STACKS)}: seed 3, J = " in printed
    assert names == {"results.json", "parameters.json", "flow.png", *STACKS}
    assert "decay" in printed
    assert "Couplings" in printed
    assert "16/" not in printed  # hidden units, not spins
    assert "/8" in printed


def test_results(finished):
    results = json.loads((finished[0] / "results.json").read_text())
    assert results["schema"] == "rgrbm.flow/2"
    assert results["parameters"]["J"] == [0.8, 1.2]
    assert [(flow["J"], flow["weights"]) for flow in results["flows"]] == [
        (J, weights) for J in (0.8, 1.2) for weights in ("shared", "free")
    ]
    for flow in results["flows"]:
        assert flow["seed"] == 3
        exact = rgrbm.rg.decimation_flow(flow["J"], 2)
        assert [layer["n_hidden"] for layer in flow["layers"]] == [8, 4]
        for step, layer in enumerate(flow["layers"], start=1):
            assert layer["exact"] == pytest.approx(exact[step])
            assert layer["unique_sites"] <= layer["n_hidden"]
            assert (layer["J"] is None) == bool(layer["reason"])
            assert layer["J"] is None or abs(layer["J"] - exact[step]) < 5 * layer["J_stderr"]
        assert flow["reverse"]["T = 0"]["J"][0] is None  # infinite
        hot = flow["reverse"]["T = ∞"]
        assert abs(hot["J"][0]) < 5 * hot["J_stderr"][0]


def test_the_first_step_is_learned(finished):
    """At J = 1.2, from 40,000 configurations: within 4 standard errors, and those within 5 %; all sites are seen."""
    flows = json.loads((finished[0] / "results.json").read_text())["flows"]
    for flow in flows[2:]:
        layer = flow["layers"][0]
        assert abs(layer["J"] - layer["exact"]) < 4 * layer["J_stderr"] < 0.2 * layer["exact"]
        assert (layer["unique_sites"], layer["n_defects"]) == (8, 0)
        assert abs(layer["couplings"]["J"] / layer["exact"] - 1) < 0.2


def test_models_are_those_of_the_results(finished):
    """What the saved stack says of fresh spins is what the results say."""
    stack = rgrbm.RBMStack.load(finished[0] / "stack-seed3-J1.2-free")
    spins = rgrbm.IsingModel(16, J=1.2).sample(40_000, method="exact", seed=9)
    hidden = rgrbm.to_spins(stack.sample_hidden(rgrbm.to_binary(spins), seed=0, layer=1))
    correlation = rgrbm.hidden_correlation(hidden, stack.receptive_fields(1))
    layer = json.loads((finished[0] / "results.json").read_text())["flows"][3]["layers"][0]
    deviation = correlation.nearest - layer["nearest"]
    assert abs(deviation) < 5 * np.hypot(correlation.nearest_stderr, layer["nearest_stderr"])  # once in 10⁶
    rbm = stack.rbms_[0]
    couplings = rgrbm.rg.ring_couplings(rgrbm.effective_couplings(rbm), rbm.weights_)
    assert layer["couplings"]["J"] == pytest.approx(couplings.J, rel=1e-12)


def test_stopped_and_resumed_runs_end_with_the_same_bits(finished, tmp_path):
    """Stopped while the second layer of the first stack, or a later one, is in training, and with other threads."""
    out = tmp_path / "stopped"
    arguments = [*SMALL, "--n-epochs", "100", "--out", str(out)]
    command = [sys.executable, "-m", "rgrbm", "flow", *arguments, "--threads", "2"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    first = out / "checkpoints" / "seed3-J0.8-shared-layer1.safetensors"
    while process.poll() is None and not first.exists():
        time.sleep(0.002)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=120)
    if process.returncode == 130 and b"--resume" in errors:
        refused = run(*arguments)
        assert refused.returncode == 2
        assert "--resume" in refused.stderr
        other = run("--out", str(out), "--resume", "--seed", "4")
        assert other.returncode == 2
        assert "started with seed" in other.stderr
        resumed = run("--out", str(out), "--resume", "--threads", "1")
        assert resumed.returncode == 0, resumed.stderr
    else:  # the signal came when training was over
        assert run(*arguments, "--force", "--threads", "2").returncode == 0
    for file in (f"{stack}/layer-{k}.safetensors" for stack in STACKS for k in (1, 2)):
        ours, theirs = load_file(out / file), load_file(finished[0] / file)
        assert set(ours) == set(theirs)
        for name in ours:
            np.testing.assert_array_equal(ours[name], theirs[name])
    ours, theirs = (json.loads((folder / "results.json").read_text()) for folder in (out, finished[0]))
    for result in (ours, theirs):
        for flow in result["flows"]:
            del flow["seconds"]
        del result["software"]  # the number of threads
    assert ours == theirs
    assert not (out / "checkpoints").exists()


def test_results_are_not_overwritten(finished):
    refused = run("--out", str(finished[0]))
    assert refused.returncode == 2
    assert "--force" in refused.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--J", "nan"], "J must be positive and finite"),
        (["--J", "-1"], "J must be positive"),
        (["--J", "1", "--J", "1"], "given once"),
        (["--n-spins", "60"], "multiple of 8"),
        (["--n-spins", "16"], "at least 32"),
        (["--n-steps", "0"], "n_steps must be at least 1"),
        (["--n-epochs", "0"], "n_epochs must be at least 1"),
        (["--n-measured", "10"], "n_measured of at least 10000"),
        (["--n-flow-samples", "3"], "n_flow_samples"),
        (["--l1", "-1"], "l1"),
        (["--width", "17"], "width must be at most 16"),
        (["--weights", "loose"], "weights must be one of shared, masked, free, got 'loose'"),
        (["--weights", "free", "--weights", "free"], "given once"),
        (["--n-seeds", "0"], "n_seeds must be at least 1"),
    ],
)
def test_bad_input(arguments, message, tmp_path):
    refused = run(*arguments, "--out", str(tmp_path / "out"))
    assert refused.returncode == 2
    assert message in refused.stderr
    assert "Traceback" not in refused.stderr


def test_foreign_checkpoints_are_refused(tmp_path):
    """And kept."""
    out = tmp_path / "out"
    assert run(*SMALL, "--n-epochs", "1", "--out", str(out)).returncode == 0
    (out / "results.json").unlink()
    foreign = out / "checkpoints" / "seed3-J0.8-shared-layer1.safetensors"
    foreign.parent.mkdir(parents=True)
    foreign.write_bytes(b"not a checkpoint")
    refused = run("--out", str(out), "--resume")
    assert refused.returncode == 2
    assert "checkpoints is in the way" in refused.stderr
    assert foreign.read_bytes() == b"not a checkpoint"
