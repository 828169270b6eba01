"""Runs keep their folders: nothing is overwritten, half-written or resumed under other parameters."""

import contextlib
import json
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from rgrbm._support.atomic import write_atomically
from rgrbm.experiments.run_folder import RunFolder


def test_a_new_folder_is_made(tmp_path):
    folder = RunFolder(tmp_path / "run")
    folder.save_results({"a": 1.5, "b": [float("nan"), "é"]})
    assert json.loads(folder.results.read_text()) == {"a": 1.5, "b": [None, "é"]}
    folder.save_figure(Figure(), "empty.png")
    assert (tmp_path / "run" / "empty.png").read_bytes().startswith(b"\x89PNG")
    assert sorted(p.name for p in (tmp_path / "run").iterdir()) == ["empty.png", "results.json"]


def test_results_are_not_overwritten(tmp_path):
    RunFolder(tmp_path).save_results({"a": 1})
    with pytest.raises(FileExistsError, match="--force"):
        RunFolder(tmp_path)
    forced = RunFolder(tmp_path, force=True)
    assert forced.start({"J": 2.0}) == ""
    assert not forced.is_finished()
    forced.save_results({"a": 2})
    assert json.loads((tmp_path / "results.json").read_text()) == {"a": 2}


def test_a_stopped_run_is_not_lost(tmp_path):
    (tmp_path / "checkpoint.safetensors").write_bytes(b"")
    with pytest.raises(FileExistsError, match="--resume"):
        RunFolder(tmp_path)
    assert RunFolder(tmp_path, resume=True).resumes


def test_bad_places(tmp_path):
    with pytest.raises(FileNotFoundError, match="does not exist"):
        RunFolder(tmp_path / "a" / "b")
    (tmp_path / "file").write_text("")
    with pytest.raises(NotADirectoryError, match="not a folder"):
        RunFolder(tmp_path / "file")
    with pytest.raises(ValueError, match="choose one"):
        RunFolder(tmp_path, resume=True, force=True)


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="needs a folder that even root cannot write to")
def test_read_only_places():
    with pytest.raises(PermissionError, match="cannot be written to"):
        RunFolder("/proc/self/fd")


def test_parameters_of_a_resumed_run(tmp_path):
    RunFolder(tmp_path).start({"J": 1.0, "seed": 3})
    (tmp_path / "checkpoint.safetensors").write_bytes(b"")
    resumed = RunFolder(tmp_path, resume=True)
    assert resumed.parameters({"J": 2.0, "seed": 0}) == {"J": 1.0, "seed": 3}
    assert resumed.parameters({"J": 2.0, "seed": 0}, explicit={"J"}) == {"J": 2.0, "seed": 3}
    with pytest.raises(ValueError, match=r"started with J = 1.0, not 2.0"):
        resumed.start({"J": 2.0, "seed": 3})
    with pytest.raises(ValueError, match="another experiment"):
        resumed.parameters({"other": 1})
    with pytest.raises(ValueError, match="another experiment"):
        resumed.start({"other": 1})
    for broken in ("{", "[1]"):
        (tmp_path / "parameters.json").write_text(broken)
        with pytest.raises(ValueError, match="cannot be read"):
            resumed.parameters({"J": 1.0, "seed": 3})


def test_resuming_says_what_it_does(tmp_path):
    parameters = {"J": (1.0, 2.0)}
    assert "starting from the beginning" in RunFolder(tmp_path / "run", resume=True).start(parameters)
    assert json.loads((tmp_path / "run" / "parameters.json").read_text()) == {"J": [1.0, 2.0]}
    assert "starting from the beginning" in RunFolder(tmp_path / "run", resume=True).start(parameters)
    (tmp_path / "run" / "checkpoint.safetensors").write_bytes(b"")
    assert "going on" in RunFolder(tmp_path / "run", resume=True).start(parameters)
    RunFolder(tmp_path / "run", resume=True).save_results({"parameters": {"J": [1.0, 2.0]}})
    assert "finished" in RunFolder(tmp_path / "run", resume=True).start(parameters)
    (tmp_path / "run" / "parameters.json").unlink()  # its results know them as well
    with pytest.raises(ValueError, match="started with J"):
        RunFolder(tmp_path / "run", resume=True).start({"J": [1.0]})


def test_a_checkpoint_of_nobody_is_not_resumed(tmp_path):
    (tmp_path / "checkpoint.safetensors").write_bytes(b"")
    with pytest.raises(ValueError, match=r"no parameters\.json"):
        RunFolder(tmp_path, resume=True).start({"J": 1.0})


class KilledError(BaseException):
    """No code may catch this, as none can catch SIGKILL."""


@pytest.mark.parametrize("moment", range(6))
def test_a_forced_start_that_is_cut_off_is_never_taken_for_the_old_run(tmp_path, monkeypatch, moment):
    """Killed before each of its steps: either the old run is still whole, or the new one begins."""
    old, new = {"J": 1.0}, {"J": 2.0}
    RunFolder(tmp_path).start(old)
    (tmp_path / "checkpoint.safetensors").write_bytes(b"")
    RunFolder(tmp_path, resume=True).save_results({"parameters": old})
    forced = RunFolder(tmp_path, force=True)
    steps = iter(range(6))

    def killing(function):
        def step(*arguments, **options):
            if next(steps, None) == moment:
                raise KilledError
            return function(*arguments, **options)

        return step

    with monkeypatch.context() as patch:
        for name in ("unlink", "replace", "chmod"):
            patch.setattr(Path, name, killing(getattr(Path, name)))
        with contextlib.suppress(KilledError):
            forced.start(new)
    resumed = RunFolder(tmp_path, resume=True)
    if resumed.is_finished():
        assert "finished" in resumed.start(old)
        assert (tmp_path / "checkpoint.safetensors").exists()
    else:
        assert "starting from the beginning" in resumed.start(new)
        assert {path.name for path in tmp_path.iterdir()} == {"parameters.json"}
        assert json.loads((tmp_path / "parameters.json").read_text()) == new


def test_remains_of_writes_that_were_cut_off_are_removed(tmp_path):
    for name in (".results.json.a1b2c3d4", ".loss.png.a1b2c3d4", ".checkpoint.safetensors.a1b2c3d4"):
        (tmp_path / name).write_bytes(b"half")
    (tmp_path / ".stack-J0.8.a1b2c3d4" / "old").mkdir(parents=True)
    (tmp_path / ".mine").write_text("somebody else's")
    RunFolder(tmp_path, resume=True).start({"J": 1.0})
    assert sorted(path.name for path in tmp_path.iterdir()) == [".mine", "parameters.json"]


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "file"
    write_atomically(path, b"old")
    monkeypatch.setattr("pathlib.Path.replace", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_numbers_of_numpy_are_refused_rather_than_garbled(tmp_path):
    with pytest.raises(TypeError):
        RunFolder(tmp_path).save_results({"a": np.zeros(2)})


def test_parts_of_a_run_are_worked_out_once(tmp_path):
    worked = []

    def work():
        worked.append(1)
        return {"J": (0.5, float("nan")), "n": len(worked)}

    folder = RunFolder(tmp_path / "run")
    folder.start({"seed": 0})
    assert folder.part("first", work) == {"J": [0.5, None], "n": 1}
    resumed = RunFolder(tmp_path / "run", resume=True)
    resumed.start({"seed": 0})
    assert resumed.part("first", work) == {"J": [0.5, None], "n": 1}
    assert resumed.part("second", work)["n"] == 2
    (resumed.checkpoints / "second.json").write_text("[1")
    with pytest.raises(ValueError, match=r"second.json is no part of a run"):
        resumed.part("second", work)
    again = RunFolder(tmp_path / "run", force=True)
    again.start({"seed": 1})
    assert again.part("first", work)["n"] == 3
