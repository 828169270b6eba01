"""Runs keep their folders: nothing is overwritten, half-written or resumed under other parameters."""

import contextlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

import rgrbm
from rgrbm._support.atomic import temporary_mark, write_atomically
from rgrbm.experiments.run_folder import RunFolder, _checksum


def test_a_new_folder_is_made(tmp_path):
    folder = RunFolder(tmp_path / "run")
    folder.save_results({"a": 1.5, "b": [float("nan"), "é"]})
    assert json.loads(folder.results.read_text()) == {"a": 1.5, "b": [None, "é"]}
    folder.save_figure(Figure(), "empty.png")
    assert (tmp_path / "run" / "empty.png").read_bytes().startswith(b"\x89PNG")
    assert sorted(p.name for p in (tmp_path / "run").iterdir()) == ["empty.png", "results.json"]


def finish(folder, results):
    """A run that has only results."""
    folder.start({"J": 1.0})
    folder.save_results(results)
    folder.close()


def stop(path, parameters, *, checkpoint=b""):
    """Leave a run that was stopped with a checkpoint."""
    with RunFolder(path).working(parameters):
        pass
    folder = RunFolder(path, resume=True)
    with folder.working(parameters):
        folder._claim("checkpoint.safetensors").write_bytes(checkpoint)


def record(path):
    return json.loads((path / "parameters.json").read_text())


def test_results_are_not_overwritten(tmp_path):
    finish(RunFolder(tmp_path), {"a": 1})
    with pytest.raises(FileExistsError, match="--force"):
        RunFolder(tmp_path)
    forced = RunFolder(tmp_path, force=True)
    assert forced.start({"J": 2.0}) == ""
    assert not forced.is_finished()
    forced.save_results({"a": 2})
    assert json.loads((tmp_path / "results.json").read_text()) == {"a": 2}


def test_a_stopped_run_is_not_lost(tmp_path):
    stop(tmp_path, {"J": 1.0})
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
    stop(tmp_path, {"J": 1.0, "seed": 3})
    resumed = RunFolder(tmp_path, resume=True)
    assert resumed.parameters({"J": 2.0, "seed": 0}) == {"J": 1.0, "seed": 3}
    assert resumed.parameters({"J": 2.0, "seed": 0}, explicit={"J"}) == {"J": 2.0, "seed": 3}
    with pytest.raises(ValueError, match=r"started with J = 1.0, not 2.0"):
        resumed.start({"J": 2.0, "seed": 3})
    with pytest.raises(ValueError, match="another experiment"):
        resumed.parameters({"other": 1})
    with pytest.raises(ValueError, match="another experiment"):
        resumed.start({"other": 1})
    for broken in ("{", "[1]", "[" * 100_000):
        (tmp_path / "parameters.json").write_text(broken)
        with pytest.raises(ValueError, match="cannot be read"):
            resumed.parameters({"J": 1.0, "seed": 3})
        with pytest.raises(FileExistsError, match=r"parameters\.json is in the way"):
            RunFolder(tmp_path, resume=True)


@pytest.mark.parametrize(
    "changes",
    [
        {"files": ["../mine"]}, {"files": ["/etc/mine"]}, {"files": ["a/b/c"]}, {"files": [""]}, {"files": [1]},
        {"files": "all"}, {"parameters": [1]}, {"replacing": 1}, {"results": 2}, {"more": 1}, {"parameters": ...},
    ],
)  # fmt: skip
def test_a_damaged_record_is_refused(tmp_path, changes):
    """Above all one whose list names files elsewhere."""
    stop(tmp_path / "run", {"J": 1.0})
    (tmp_path / "mine").write_text("mine")
    content = {name: value for name, value in (record(tmp_path / "run") | changes).items() if value is not ...}
    (tmp_path / "run" / "parameters.json").write_text(json.dumps(content))
    for options in ({}, {"force": True}, {"resume": True}):
        with pytest.raises(ValueError, match=r"parameters\.json is damaged"):
            RunFolder(tmp_path / "run", **options).start({"J": 1.0})
    assert (tmp_path / "mine").read_text() == "mine"


def test_resuming_says_what_it_does(tmp_path):
    parameters = {"J": (1.0, 2.0)}
    assert "starting from the beginning" in RunFolder(tmp_path / "run", resume=True).start(parameters)
    assert record(tmp_path / "run")["parameters"] == {"J": [1.0, 2.0]}
    assert "starting from the beginning" in RunFolder(tmp_path / "run", resume=True).start(parameters)
    stop(tmp_path / "run", parameters)
    folder = RunFolder(tmp_path / "run", resume=True)
    with folder.working(parameters) as said:
        assert "going on" in said
        folder.save_results({"parameters": {"J": [1.0, 2.0]}})
    assert "finished" in RunFolder(tmp_path / "run", resume=True).start(parameters)
    (tmp_path / "run" / "parameters.json").unlink()  # its results know them as well
    with pytest.raises(ValueError, match="started with J"):
        RunFolder(tmp_path / "run", resume=True).start({"J": [1.0]})


def test_a_checkpoint_of_nobody_is_not_resumed(tmp_path):
    (tmp_path / "checkpoint.safetensors").write_bytes(b"")
    with pytest.raises(FileExistsError, match=r"checkpoint\.safetensors is in the way"):
        RunFolder(tmp_path, resume=True)


class KilledError(BaseException):
    """No code may catch this, as none can catch SIGKILL."""


@pytest.mark.parametrize("moment", range(8))
def test_a_forced_start_that_is_cut_off_is_never_taken_for_the_old_run(tmp_path, monkeypatch, moment):
    """Killed before each of its steps: either the old run is still whole, or the new one begins."""
    old, new = {"J": 1.0}, {"J": 2.0}
    stop(tmp_path, old)
    folder = RunFolder(tmp_path, resume=True)
    with folder.working(old):
        folder.save_results({"parameters": old})
    forced = RunFolder(tmp_path, force=True)
    steps = iter(range(8))

    def killing(function):
        def step(*arguments, **options):
            if next(steps, None) == moment:
                raise KilledError
            return function(*arguments, **options)

        return step

    with monkeypatch.context() as patch:
        for name in ("unlink", "replace", "chmod"):
            patch.setattr(Path, name, killing(getattr(Path, name)))
        patch.setattr(forced, "close", lambda: None)
        with contextlib.suppress(KilledError):
            forced.start(new)
    let_its_process_end(tmp_path)
    resumed = RunFolder(tmp_path, resume=True)
    if resumed.is_finished():
        assert "finished" in resumed.start(old)
        assert {path.name for path in tmp_path.iterdir()} == {"parameters.json", "results.json"}
    else:
        with resumed.working(new) as said:
            assert "starting from the beginning" in said
        assert {path.name for path in tmp_path.iterdir()} == {"parameters.json"}
        assert record(tmp_path)["parameters"] == new


def let_its_process_end(path):
    """Make a lock that of a process of the same machine that has ended."""
    lock = path / ".rgrbm-lock"
    if lock.exists():
        lock.write_text(json.dumps(json.loads(lock.read_text()) | {"started": 1}))


def test_remains_of_writes_that_were_cut_off_are_removed(tmp_path):
    """Those of the process that had the lock, and no other files of similar names."""
    stop(tmp_path, {"J": 1.0})
    folder = RunFolder(tmp_path, resume=True)
    folder.start({"J": 1.0})
    mark = temporary_mark.get()
    assert len(mark) == 17
    folder._claim_checkpoint("part.json")
    for name in (".results.json.", ".loss.png.", "checkpoints/.part.json."):
        (tmp_path / f"{name}{mark}a1b2c3d4").write_bytes(b"half")
    (tmp_path / f".stack-J0.8.{mark}a1b2c3d4" / "old").mkdir(parents=True)
    theirs = [".mine", ".results.json.a1b2c3d4", ".loss.png.a1b2c3d4", ".stack-J0.8.a1b2c3d4"]
    for name in theirs:
        (tmp_path / name).write_text("somebody else's")
    let_its_process_end(tmp_path)
    folder._lock._mine = None  # it has ended
    with RunFolder(tmp_path, resume=True).working({"J": 1.0}):
        assert (tmp_path / ".rgrbm-lock").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        [*theirs, "parameters.json", "checkpoint.safetensors", "checkpoints"]
    )


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
    with pytest.raises(ValueError, match="must be finite or NaN, got inf"):
        RunFolder(tmp_path).save_results({"a": [1.0, {"b": float("inf")}]})


def test_parts_of_a_run_are_worked_out_once(tmp_path):
    worked = []

    def work():
        worked.append(1)
        return {"J": (0.5, float("nan")), "n": len(worked)}

    folder = RunFolder(tmp_path / "run")
    with folder.working({"seed": 0}):
        assert folder.part("first", work) == {"J": [0.5, None], "n": 1}
    resumed = RunFolder(tmp_path / "run", resume=True)
    with resumed.working({"seed": 0}):
        assert resumed.part("first", work) == {"J": [0.5, None], "n": 1}
        assert resumed.part("second", work)["n"] == 2
        kept = resumed.checkpoints / "second.json"
        whole = kept.read_bytes()
        for place in range(len(whole)):  # a flipped bit anywhere
            kept.write_bytes(whole[:place] + bytes([whole[place] ^ 1 << place % 8]) + whole[place + 1 :])
            with pytest.raises(ValueError, match=r"second.json is no part of this run"):
                resumed.part("second", work)
        for broken in (b"", b"[1", b"[" * 100_000, b"{}"):
            kept.write_bytes(broken)
            with pytest.raises(ValueError, match=r"second.json is no part of this run"):
                resumed.part("second", work)
        (resumed.checkpoints / "first.json").replace(kept)  # another part's
        with pytest.raises(ValueError, match="its checksum differs"):
            resumed.part("second", work)
    first = whole.replace(b"second", b"first")
    again = RunFolder(tmp_path / "run", force=True)
    with again.working({"seed": 1}):
        assert again.part("first", work)["n"] == 3
    resumed = RunFolder(tmp_path / "run", resume=True)
    (resumed.checkpoints / "first.json").write_bytes(first)
    with resumed.working({"seed": 1}), pytest.raises(ValueError, match="of a run with other parameters"):
        resumed.part("first", work)


@pytest.mark.parametrize("harm", ["change", "remove", "add", "remove all"])
def test_a_part_is_done_again_when_what_it_left_is_not_as_it_was(tmp_path, harm):
    path = tmp_path / "run"

    def work(folder):
        place = folder._claim("left")
        place.mkdir(exist_ok=True)
        (place / "a").write_bytes(b"a")
        (place / "b").write_bytes(b"b")
        return {"J": 0.5}

    def again():
        """How often a resumed run did the work."""
        done = []
        folder = RunFolder(path, resume=True)
        with folder.working({"seed": 0}):
            results = folder.part("one", lambda: done.append(1) or work(folder), leaves="left")
        assert results == {"J": 0.5}
        return len(done)

    folder = RunFolder(path)
    with folder.working({"seed": 0}):
        folder.part("one", lambda: work(folder), leaves="left")
    assert again() == 0
    changed = path / "left" / "a"
    if harm == "change":
        changed.write_bytes(b"c")
    elif harm == "remove":
        changed.unlink()
    elif harm == "add":
        changed.with_name("c").write_bytes(b"c")
    else:
        shutil.rmtree(path / "left")
    assert again() == 1
    assert again() == 0
    part = path / "checkpoints" / "one.json"
    content = json.loads(part.read_text())
    content["left"] = {"/": {}}
    content["sha256"] = _checksum("one", content["run"], content["results"], content["left"])
    part.write_text(json.dumps(content))
    with pytest.raises(ValueError, match="it names '/', which is no file of the run"):
        again()


@pytest.mark.parametrize("name", ["model.safetensors", "stack/layer-1.safetensors", "stack/stack.json"])
@pytest.mark.parametrize("harm", ["change", "remove"])
def test_a_finished_run_without_its_model_is_not_called_finished(tmp_path, name, harm):
    path = tmp_path / "run"
    rbm = rgrbm.BernoulliRBM(2, n_iter=1, random_state=0).fit(np.eye(4, dtype=np.uint8))
    folder = RunFolder(path)
    with folder.working({"J": 1.0}):
        folder.save_model(rbm)
        folder.save_stack(rgrbm.RBMStack.from_rbms([rbm]), "stack")
        folder.save_results({"a": 1})
    resumed = RunFolder(path, resume=True)
    assert "nothing is left to do" in resumed.start({"J": 1.0})
    if harm == "remove":
        (path / name).unlink()
    else:
        (path / name).write_bytes((path / name).read_bytes() + b" ")
    with pytest.raises(ValueError, match=f"{Path(name).name} is (gone|not as the run wrote it)"):
        resumed.start({"J": 1.0})
    forced = RunFolder(path, force=True)
    with forced.working({"J": 1.0}):  # does the run again
        assert not (path / "results.json").exists()
