"""Runs keep their folders: nothing is overwritten, half-written or resumed under other parameters."""

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
    with pytest.raises(FileExistsError, match="finished"):
        RunFolder(tmp_path, resume=True)
    RunFolder(tmp_path, force=True).save_results({"a": 2})
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
    with pytest.raises(FileNotFoundError, match="no checkpoint"):
        RunFolder(tmp_path, resume=True)
    with pytest.raises(ValueError, match="choose one"):
        RunFolder(tmp_path, resume=True, force=True)


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="needs a folder that even root cannot write to")
def test_read_only_places():
    with pytest.raises(PermissionError, match="cannot be written to"):
        RunFolder("/proc/self/fd")


def test_parameters_of_a_resumed_run(tmp_path):
    RunFolder(tmp_path).parameters({"J": 1.0, "seed": 3})
    (tmp_path / "checkpoint.safetensors").write_bytes(b"")
    resumed = RunFolder(tmp_path, resume=True)
    assert resumed.parameters({"J": 2.0, "seed": 0}) == {"J": 1.0, "seed": 3}
    with pytest.raises(ValueError, match=r"started with J = 1.0, not 2.0"):
        resumed.parameters({"J": 2.0, "seed": 0}, explicit={"J"})
    with pytest.raises(ValueError, match="another experiment"):
        resumed.parameters({"other": 1})
    (tmp_path / "parameters.json").write_text("{")
    with pytest.raises(ValueError, match="cannot be read"):
        resumed.parameters({"J": 1.0, "seed": 3})


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
