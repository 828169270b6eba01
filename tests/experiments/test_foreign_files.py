"""Files of a user in the folder of a run are never changed: the run is refused, or leaves every byte of them."""

import contextlib
import fnmatch
import json
import os
import signal
import subprocess
import sys
import time

import pytest

from commands import run_command
from rgrbm.experiments import ising_1d
from rgrbm.experiments.catalogue import EXPERIMENTS
from rgrbm.experiments.run_folder import RunFolder
from small_runs import use_made_up_digits, use_small_papers

COMMANDS = {
    "ising1d": ("--n-spins", "16", "--n-train", "100", "--n-test", "50", "--n-epochs", "20", "--n-measured", "1000"),
    "mnist": ("--n-each", "20", "--n-hidden", "10", "--n-epochs", "2", "--n-chains", "20", "--n-betas", "0"),
    "flow": (
        "--J", "0.8", "--n-spins", "16", "--n-steps", "1", "--n-train", "1000", "--batch-size", "100",
        "--n-epochs", "2", "--n-measured", "10000", "--n-flow-steps", "2", "--n-flow-samples", "20",
        "--weights", "shared",
    ),
    "ising2d": (
        "--criterion", "pcd", "--width", "2", "--train-side", "8", "--n-train", "512", "--n-epochs", "4",
        "--side", "32", "--n-steps", "1", "--n-measured", "512", "--n-fitted", "512", "--around", "1.0",
        "--n-flow", "512", "--free-epochs", "1",
    ),
    "ising3d": (
        "--side", "16", "--n-measured", "512", "--weight", "0.4", "--weight", "0.5", "--weight", "0.8",
        "--train-side", "8", "--n-train", "512", "--n-epochs", "5", "--n-seeds", "1",
        "--n-fitted", "512", "--width", "2", "--gradient", "cd",
    ),
    "mechanics": (
        "--n-sites", "16", "--kappa", "2.0", "--n-samples", "1000", "--n-epochs", "20", "--n-seeds", "1",
        "--n-jobs", "1",
    ),
    "reproduce": ("cossu2019", "--quick", "--n-jobs", "1"),
    "scan": ("--side", "4", "--J", "0.4", "--n-chains", "8", "--n-sweeps", "50", "--n-jobs", "1"),
}  # fmt: skip
TEMPORARIES = (
    ".x.json.y", ".results.json.a1b2c3d4", ".loss.png.a1b2c3d4", ".report.html.a1b2c3d4", ".starting.json",
    ".model.safetensors.a1b2c3d4", ".stack-seed0-J0.8-shared.a1b2c3d4/old/layer-1.safetensors", ".rgrbm-write-probe",
    ".rgrbm-write-probe.x", "notes.txt",
)  # fmt: skip
FIRST = (
    "parameters.json",
    "results.json",
    "checkpoint.safetensors",
    "checkpoints/seed0-J0.8-shared.json",
    ".rgrbm-lock",
)
LATER = (
    "model.safetensors", "loss.png", "reconstruction.png", "weights.png", "correlation.png", "diagnosis.png",
    "filters.png", "samples.png", "flow.png", "scan.png", "windows.png", "blockings.png", "exponents.png", "ranges.png",
    "fields.png", "hidden_correlation.png", "springs.png", "bistable.png", "chains.png", "cossu2019.png",
    "convergence.png",
    "stack-seed0-J0.8-shared/layer-1.safetensors",
)  # fmt: skip
NEEDED = {
    "ising1d": ("model.safetensors", "loss.png", "diagnosis.png"),
    "mnist": ("model.safetensors", "samples.png"),
    "flow": ("flow.png", "stack-seed0-J0.8-shared/layer-1.safetensors"),
    "ising2d": ("model.safetensors", "hidden_correlation.png"),
    "ising3d": ("exponents.png", "convergence.png"),
    "mechanics": ("springs.png", "bistable.png"),
    "reproduce": ("cossu2019.png",),
    "scan": ("scan.png",),
}


@pytest.fixture(autouse=True)
def small_data(monkeypatch):
    use_made_up_digits(monkeypatch)
    use_small_papers(monkeypatch)


def run(name, out, *options):
    return run_command(name, *COMMANDS[name], "--threads", "1", "--out", str(out), *options)


def put(folder, names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"{name} is mine")


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def require_refused(done, name):
    assert done.returncode == 2, done.stdout + done.stderr
    (line,) = done.stderr.splitlines()
    assert f"{name.split('/')[0]} is in the way" in line


def test_every_experiment_is_here():
    assert set(COMMANDS) == {experiment.command for experiment in EXPERIMENTS}


@pytest.mark.parametrize("option", [(), ("--force",), ("--resume",)])
@pytest.mark.parametrize("name", COMMANDS)
def test_a_folder_full_of_them(tmp_path, name, option):
    """All at once, and each of those that the run needs alone: nothing is changed, nothing added."""
    put(tmp_path / "all", (*TEMPORARIES, *FIRST, *LATER))
    before = contents(tmp_path / "all")
    assert run(name, tmp_path / "all", *option).returncode == 2
    assert contents(tmp_path / "all") == before
    for number, needed in enumerate((*FIRST, *NEEDED[name])):
        out = tmp_path / str(number)
        put(out, [needed])
        before = contents(out)
        done = run(name, out, *option)
        if needed == "results.json" and option == ("--resume",):  # a finished run, so it seems
            assert done.returncode == 2
        else:
            require_refused(done, needed)
        assert contents(out) == before


@pytest.mark.parametrize("name", COMMANDS)
def test_files_that_are_not_in_the_way(tmp_path, name):
    """They outlive a run, and others in its place."""
    put(tmp_path, TEMPORARIES)
    mine = contents(tmp_path)
    for options in ((), ("--force",), ("--force", "--seed", "1"), ("--resume",)):
        done = run(name, tmp_path, *options)
        assert done.returncode == 0, done.stdout + done.stderr
        row = contents(tmp_path)
        assert {file: row[file] for file in mine} == mine
        record = json.loads(row["parameters.json"])
        listed = {file.split("/")[0] for file in record["files"]} | {"parameters.json"}
        assert {file.split("/")[0] for file in set(row) - set(mine)} == listed
        (experiment,) = (one for one in EXPERIMENTS if one.command == name)
        for file in listed - {"parameters.json", "results.json"}:  # what is in the way is known before the work begins
            assert any(fnmatch.fnmatch(file, pattern) for pattern in experiment.run.writes), file
    # What the user adds to the folder of a run is the user's as well.
    put(tmp_path, ["checkpoints/mine.safetensors", "mine.png"])
    before = contents(tmp_path)
    require_refused(run(name, tmp_path, "--force"), "checkpoints")
    assert contents(tmp_path) == before


def test_files_beside_checkpoints(tmp_path):
    """Of a run that was stopped and is started anew, only its own are removed."""
    folder = RunFolder(tmp_path)
    with folder.working({"seed": 0}):
        folder.keep_part("ours", {})
    put(tmp_path, ["checkpoints/mine.json"])
    folder = RunFolder(tmp_path, force=True)
    with folder.working({"seed": 1}):
        assert [path.name for path in folder.checkpoints.iterdir()] == ["mine.json"]
        with pytest.raises(FileExistsError, match=r"mine\.json is in the way"):
            folder.keep_part("mine", {})
        folder.keep_part("ours", {})
    assert not RunFolder(tmp_path, resume=True).is_finished()
    folder.discard_checkpoints()
    assert contents(tmp_path)["checkpoints/mine.json"] == b"checkpoints/mine.json is mine"


def test_links_are_not_followed(tmp_path):
    (tmp_path / "run").mkdir()
    put(tmp_path / "elsewhere", ["mine.json"])
    (tmp_path / "run" / "checkpoints").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "run" / "loss.png").symlink_to(tmp_path / "nowhere")
    for option in ("--force", "--resume"):
        require_refused(run("ising1d", tmp_path / "run", option), "checkpoints")
    (tmp_path / "run" / "checkpoints").unlink()
    require_refused(run("ising1d", tmp_path / "run"), "loss.png")
    assert not (tmp_path / "nowhere").exists()
    assert contents(tmp_path / "elsewhere") == {"mine.json": b"mine.json is mine"}


# One process at a time


def start(out, *options):
    command = [
        sys.executable, "-m", "rgrbm", "ising1d", "--n-spins", "16", "--n-epochs", "3000", "--l1-warmup", "100",
        "--n-measured", "2000", "--threads", "1", "--out", str(out), *options,
    ]  # fmt: skip
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("option", ["--force", "--resume"])
def test_two_runs_at_once(tmp_path, option):
    """One works, the other is refused, and may run afterwards."""
    for attempt in range(2):
        out = tmp_path / str(attempt)
        both = [start(out, option) for _ in range(2)]
        said = [process.communicate(timeout=120) for process in both]
        codes = [process.returncode for process in both]
        if 2 in codes:
            (line,) = said[codes.index(2)][1].splitlines()
            assert "is in use by process" in line
            assert sorted(codes) == [0, 2]
        else:  # they came one after the other
            assert codes == [0, 0]
            assert option == "--force" or any("is finished" in output for output, _ in said)
        assert not (out / ".rgrbm-lock").exists()
        assert run_command("ising1d", "--out", str(out), "--resume").returncode == 0


def test_a_lock_names_who_has_it(tmp_path):
    folder = RunFolder(tmp_path / "run")
    with folder.working({"seed": 0}):
        for options in ({}, {"force": True}, {"resume": True}):
            with pytest.raises(BlockingIOError, match=f"in use by process {os.getpid()} on "):
                RunFolder(tmp_path / "run", **options)
        refused = run("ising1d", tmp_path / "run", "--force")
        assert refused.returncode == 2
        assert "in use by process" in refused.stderr
    with RunFolder(tmp_path / "run").working({"seed": 0}):
        pass
    assert not (tmp_path / "run" / ".rgrbm-lock").exists()


def test_the_lock_goes_with_an_error(tmp_path):
    for error in (ValueError, KeyboardInterrupt):
        with contextlib.suppress(error), RunFolder(tmp_path).working({"seed": 0}):
            assert (tmp_path / ".rgrbm-lock").exists()
            raise error
        assert not (tmp_path / ".rgrbm-lock").exists()


@pytest.mark.parametrize(
    ("changes", "stale"),
    [
        ({}, False),
        ({"started": 1}, True),  # its number is another process's now
        ({"boot": "another"}, True),
        ({"pid": 2**22 + 1}, True),
        ({"host": "elsewhere"}, False),
        ({"space": "pid:[1]"}, False),
        ({"host": "elsewhere", "started": 1}, False),
    ],
)
def test_locks_of_others(tmp_path, changes, stale):
    other = RunFolder(tmp_path)
    other.start({"seed": 0})
    lock = tmp_path / ".rgrbm-lock"
    text = json.dumps(json.loads(lock.read_text()) | changes)
    lock.write_text(text)
    if stale:
        with RunFolder(tmp_path, resume=True).working({"seed": 0}):
            assert lock.read_text() != text
        assert not lock.exists()
    else:
        with pytest.raises(BlockingIOError, match="if it does not, remove" if changes else "wait for its end"):
            RunFolder(tmp_path, resume=True)
        assert lock.read_text() == text
    other.close()
    assert lock.exists() == (not stale and bool(changes))  # another's is left


def test_a_lock_without_a_word(tmp_path):
    """Its process was killed between two calls of the system."""
    (tmp_path / ".rgrbm-lock").touch()
    with RunFolder(tmp_path).working({"seed": 0}):
        assert (tmp_path / ".rgrbm-lock").read_text()


def test_a_killed_process_and_a_zombie(tmp_path):
    """Both hold no lock any more."""
    code = "import sys, time; from rgrbm.experiments.run_folder import RunFolder\n"
    code += "folder = RunFolder(sys.argv[1], resume=True); folder.start({'seed': 0}); print('started'); time.sleep(100)"
    for reap_first in (False, True):
        command = [sys.executable, "-u", "-c", code, str(tmp_path / "run")]
        process = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert process.stdout.readline() == b"started\n"
        with pytest.raises(BlockingIOError):
            RunFolder(tmp_path / "run", resume=True)
        process.send_signal(signal.SIGKILL)
        if reap_first:
            process.wait()
        else:
            time.sleep(0.5)
        with RunFolder(tmp_path / "run", resume=True).working({"seed": 0}):
            pass
        process.communicate()


# Finished runs


def test_a_finished_run_where_nobody_can_write(tmp_path, monkeypatch):
    """As on a medium that is read-only: nothing is even tried."""
    out = tmp_path / "run"
    assert run("ising1d", out).returncode == 0
    before = contents(out)

    def refuse(*_, **__):
        raise OSError(30, "Read-only file system")

    with monkeypatch.context() as patch:
        for function in ("mkdir", "unlink", "rename", "replace", "rmdir", "link"):
            patch.setattr(os, function, refuse)
        real = os.open
        patch.setattr(
            os, "open", lambda path, flags, *rest, **named: (refuse if flags & 3 else real)(path, flags, *rest, **named)
        )
        done = run_command("ising1d", "--out", str(out), "--resume")
    assert done.returncode == 0, done.stderr
    assert "is finished" in done.stdout
    assert contents(out) == before
    page = tmp_path / "page.html"
    assert run_command("report", str(out), "--out", str(page)).returncode == 0
    assert page.exists()
    assert contents(out) == before


def test_results_that_were_changed_are_noticed(tmp_path):
    assert run("ising1d", tmp_path / "run").returncode == 0
    results = tmp_path / "run" / "results.json"
    whole = results.read_bytes()
    results.write_bytes(whole[:-100] + bytes([whole[-100] ^ 1]) + whole[-99:])
    refused = run("ising1d", tmp_path / "run", "--resume")
    assert refused.returncode == 2
    assert "its checksum differs" in refused.stderr
    assert run("ising1d", tmp_path / "run", "--force").returncode == 0


def test_the_checkpoint_of_another_seed(tmp_path):
    """In place of a run's own: refused with the reason."""
    for seed in (0, 1):
        folder = RunFolder(tmp_path / str(seed))
        parameters = ising_1d.Ising1DParameters(
            n_spins=16, n_train=100, n_test=50, n_epochs=20, n_measured=200, seed=seed
        )
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(ising_1d, "_analyse", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
            with pytest.raises(KeyboardInterrupt):
                ising_1d.run_ising_1d(parameters, folder)
    (tmp_path / "0" / "checkpoint.safetensors").replace(tmp_path / "1" / "checkpoint.safetensors")
    refused = run_command("ising1d", "--out", str(tmp_path / "1"), "--resume")
    assert refused.returncode == 2
    assert "cannot resume: the training was started with" in refused.stderr
