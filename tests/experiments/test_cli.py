"""The command line, run as a user runs it."""

import json
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from safetensors.numpy import load_file
from typer.testing import CliRunner

from commands import run_command
from rgrbm import load_model, log_z, set_num_threads
from rgrbm.cli import app
from rgrbm.experiments import ising_1d
from rgrbm.experiments.catalogue import EXPERIMENTS
from rgrbm.experiments.flow_parameters import FlowParameters
from rgrbm.experiments.ising_1d_parameters import Ising1DParameters
from rgrbm.experiments.scan_parameters import ScanParameters
from rgrbm.plots import plot_diagnosis

ISING = ["ising1d", "--n-spins", "16", "--n-measured", "2000", "--seed", "3"]


def run(*arguments):
    return run_command(*ISING, *arguments)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "finished"
    done = run("--n-epochs", "3000", "--l1-warmup", "300", "--out", str(out), "--threads", "1")
    assert done.returncode == 0, done.stderr
    return out, done.stdout


def test_everything_is_written(finished):
    out, printed = finished
    names = {path.name for path in out.iterdir()}
    figures = {"loss.png", "reconstruction.png", "weights.png", "correlation.png", "diagnosis.png"}
    assert names == figures | {"results.json", "model.safetensors", "parameters.json"}
    assert "τ_int" in printed
    assert "J′" in printed


def test_a_run_says_what_it_will_do_and_what_comes_next(finished):
    out, printed = finished
    lines = printed.splitlines()
    assert lines[0] == "8 hidden units learn 800 rings of 16 spins in 3,000 epochs: a few seconds"
    assert lines[-2:] == [f"results and figures: {out}", f"next: rgrbm report {out}"]


@pytest.mark.parametrize("experiment", EXPERIMENTS, ids=lambda experiment: experiment.command)
def test_how_long_the_defaults_take(experiment):
    plan = experiment.parameters().plan()
    assert 10 < plan.seconds < 600
    assert len(f"{plan.work}: {plan.duration}") <= 80
    shown = CliRunner().invoke(app, [experiment.command, "--help"], terminal_width=80)
    assert f"The defaults take {plan.duration} on two cores." in shown.stdout


def test_durations_follow_the_parameters():
    assert Ising1DParameters(n_epochs=1_700_000).plan().duration == "about 5 minutes"
    assert Ising1DParameters(gradient="exact", n_spins=16).plan().duration == ""
    assert ScanParameters(n_seeds=10).plan().duration == "about 6 minutes"
    assert ScanParameters(method="metropolis").plan().seconds is None
    assert FlowParameters(J=[1.0], weights=["free"]).plan().work.startswith("1 stack of 3 RBMs")


def test_results(finished):
    results = json.loads((finished[0] / "results.json").read_text())
    wanted = {
        "schema", "seed", "parameters", "reconstruction_error", "reconstruction_error_decimation_bound",
        "magnetization", "unique_visible", "correlation", "J_renormalized", "diagnosis", "seconds",
    }  # fmt: skip
    assert wanted <= set(results)
    assert results["parameters"]["n_spins"] == 16
    assert results["J_renormalized"]["exact"] == pytest.approx(0.66250137)
    assert set(results["seconds"]) == {"sample", "train", "analyse"}
    c = results["correlation"]
    assert c["distance"] == [1, 2, 3, 4]
    assert all(len(c[name]) == 4 for name in c)
    deviation = np.subtract(c["ising_renormalized"], c["exact"]) / c["ising_renormalized_stderr"]
    assert np.all(np.abs(deviation) < 5)


def test_diagnosis(finished):
    results = json.loads((finished[0] / "results.json").read_text())["diagnosis"]
    assert (results["n_visible"], results["n_hidden"], results["n_train"], results["n_test"]) == (16, 8, 800, 400)
    model = load_model(finished[0] / "model.safetensors")
    assert results["log_likelihood"]["method"] == "exact"
    assert results["log_likelihood"]["log_z"] == pytest.approx(log_z(model))
    np.testing.assert_allclose(results["weights"]["singular_values"], np.linalg.svd(model.weights_, compute_uv=False))
    np.testing.assert_array_equal(  # the figure can be drawn from the file
        plot_diagnosis(results).axes[2].lines[0].get_ydata(), results["weights"]["singular_values"]
    )


def test_antiferromagnetic_rings_have_a_renormalized_coupling(tmp_path):
    """Decimation leads from J and from −J to the same J′."""
    arguments = ["--J", "-1", "--n-epochs", "3000", "--l1-warmup", "300", "--n-spins", "32", "--n-measured", "20000"]
    done = run(*arguments, "--out", str(tmp_path / "run"))
    assert done.returncode == 0, done.stderr
    J = json.loads((tmp_path / "run" / "results.json").read_text())["J_renormalized"]
    assert J["reason"] == ""
    assert J["exact"] == pytest.approx(0.66250137)
    assert J["hidden"] == pytest.approx(J["exact"], rel=0.15)


def test_results_are_not_overwritten(finished):
    refused = run("--out", str(finished[0]))
    assert refused.returncode == 2
    assert "--force" in refused.stderr


def test_stopped_and_resumed_runs_end_with_the_same_bits(finished, tmp_path):
    out = tmp_path / "stopped"
    arguments = ["--n-epochs", "3000", "--l1-warmup", "300", "--out", str(out)]
    # Slowed by many fresh interpreters: the signal comes as soon as training has begun to write its checkpoint.
    command = [sys.executable, "-m", "rgrbm", *ISING, *arguments, "--threads", "2"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while process.poll() is None and not (out / "parameters.json").exists():
        time.sleep(0.005)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    if process.returncode == 130 and (out / "checkpoint.safetensors").exists():
        assert b"--resume" in errors
        refused = run(*arguments)
        assert refused.returncode == 2
        assert "--resume" in refused.stderr
        other = run(*arguments, "--resume", "--l1", "0.5")
        assert other.returncode == 2
        assert "started with l1" in other.stderr
        resumed = run("--out", str(out), "--resume", "--threads", "2")
        assert resumed.returncode == 0, resumed.stderr
    else:  # the signal came before training had begun or after it had ended: run it whole with two threads
        assert run(*arguments, "--force", "--threads", "2").returncode == 0
    ours, theirs = load_file(out / "model.safetensors"), load_file(finished[0] / "model.safetensors")
    assert set(ours) == set(theirs)
    for name in ("weights", "visible_bias", "hidden_bias"):
        np.testing.assert_array_equal(ours[name], theirs[name])


def test_a_finished_run_is_left_as_it_is(finished):
    before = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in finished[0].iterdir()}
    again = run("--n-epochs", "3000", "--out", str(finished[0]), "--resume")
    assert again.returncode == 0, again.stderr
    assert "is finished" in " ".join(again.stdout.split())
    assert {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in finished[0].iterdir()} == before
    other = run("--n-epochs", "4000", "--out", str(finished[0]), "--resume")
    assert other.returncode == 2
    assert "started with n_epochs = 3000, not 4000" in other.stderr


@pytest.mark.parametrize("moment", ["_sample", "_rbm", "_analyse", "_draw", "tables"])
def test_ctrl_c_at_any_moment_can_be_resumed(finished, tmp_path, monkeypatch, moment):
    """Before training, between its end and the results, and while figures are drawn."""
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    arguments = [*ISING, "--n-epochs", "3000", "--l1-warmup", "300", "--out", str(tmp_path / "run"), "--threads", "1"]
    with monkeypatch.context() as patch:
        patch.setattr(ising_1d, moment, lambda *_: signal.raise_signal(signal.SIGINT))
        stopped = CliRunner().invoke(app, arguments)
    signal.signal(signal.SIGINT, previous)
    assert stopped.exit_code == 130
    assert "--resume goes on" in stopped.stderr
    trained = moment not in ("_sample", "_rbm")
    assert (tmp_path / "run" / "checkpoint.safetensors").exists() == trained
    resumed = CliRunner().invoke(app, [*arguments, "--resume"])
    set_num_threads(0)
    assert resumed.exit_code == 0, resumed.output
    assert ("going on" if trained else "starting from the beginning") in resumed.stdout
    ours, theirs = (json.loads((folder / "results.json").read_text()) for folder in (tmp_path / "run", finished[0]))
    for result in (ours, theirs):
        del result["seconds"], result["software"]
    assert ours == theirs


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--J", "nan"], "J must be finite"),
        (["--n-spins", "15"], "even number"),
        (["--n-train", "0"], "n_train must be at least 1"),
        (["--n-test", "1"], "error bars need"),
        (["--n-hidden", "0"], "n_hidden must be at least 1, got 0"),
        (["--learning-rate", "0"], "learning_rate must be positive and finite, got 0"),
        (["--l1", "-1"], "l1"),
        (["--force", "--resume"], "choose one"),
    ],
)
def test_bad_input(arguments, message, tmp_path):
    refused = run(*arguments, "--out", str(tmp_path / "out"))
    assert refused.returncode == 2
    assert message in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("ising1d --gradient pdc", "--gradient must be one of cd, pcd, pt, exact, paper, got 'pdc'"),
        (
            "ising1d --method gibs",
            "--method must be one of auto, metropolis, heat_bath, wolff, swendsen_wang, exact, got 'gibs'",
        ),
        ("mnist --gradient pdc", "--gradient must be one of cd, pcd, pt, exact, paper, got 'pdc'"),
        ("flow --weights shared --weights fre", "--weights must be one of shared, masked, free, got 'fre'"),
        ("flow --J half", "--J must be a number, got 'half'"),
        ("ising2d --width wide", "--width must be an integer, got 'wide'"),
        ("scan --lattice kagome", "--lattice must be one of hypercubic, triangular, got 'kagome'"),
        ("ising1d --n-epochs 1.5", "--n-epochs must be an integer, got '1.5'"),
    ],
)
def test_values_that_no_option_takes_are_refused_in_one_line(arguments, message, tmp_path):
    out = tmp_path / "out"
    refused = CliRunner().invoke(app, [*arguments.split(), "--out", str(out)])
    assert refused.exit_code == 2
    assert refused.stdout == ""
    assert refused.stderr == f"rgrbm: {message}\n"
    assert not out.exists()


def test_bad_places(tmp_path):
    refused = run("--out", str(tmp_path / "no" / "such"))
    assert refused.returncode == 2
    assert "does not exist" in refused.stderr


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", b"\xff" * 100], ids=["empty", "text", "bytes"])
def test_foreign_checkpoints_are_refused(content, tmp_path):
    out = tmp_path / "out"
    started = run("--n-epochs", "1", "--out", str(out))
    assert started.returncode == 0
    (out / "results.json").unlink()
    (out / "checkpoint.safetensors").write_bytes(content)
    refused = run("--out", str(out), "--resume")
    assert refused.returncode == 2
    assert "checkpoint.safetensors" in refused.stderr
    assert (out / "checkpoint.safetensors").read_bytes() == content


def test_info():
    info = subprocess.run([sys.executable, "-m", "rgrbm", "info"], capture_output=True, text=True, check=True)
    assert "instruction_set: " in info.stdout


@pytest.mark.parametrize("command", ["ising1d", "mnist", "flow"])
def test_help_shows_flags_as_flags(command):
    """A flag takes no value: it is shown in both its forms, with the one that is the default."""
    shown = CliRunner().invoke(app, [command, "--help"], terminal_width=80)
    assert shown.exit_code == 0
    text = " ".join(shown.stdout.split()).replace("no- ", "no-")  # lines may break after a hyphen
    flags = ["force", "resume"] + ["centered"] * (command == "ising1d")
    for flag in flags:
        assert re.search(rf"--{flag} / --no-{flag} [^\[]*\[default: no-{flag}\]", text)
    assert "bool" not in text
    assert "--n-epochs <int> Passes over the training set" in text
    assert max(map(len, shown.stdout.splitlines())) <= 80


def test_the_list_of_commands_is_not_cut():
    shown = CliRunner().invoke(app, ["--help"], terminal_width=80)
    assert "..." not in shown.stdout.split("Commands:")[1]
