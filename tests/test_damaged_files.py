"""Damaged files of all kinds: a short replay of tools/fuzz_files.py, and that it finds what is wrong."""

import sys
from pathlib import Path

import pytest
from matplotlib.figure import Figure

sys.path.insert(0, str(Path(__file__).parents[1] / "tools"))
import fuzz_files
import fuzzing


@pytest.fixture
def whole_pictures():
    """The fuzzer makes pictures empty, in this process for these tests only."""
    saved = Figure.savefig
    yield
    Figure.savefig = saved


@pytest.mark.parametrize("rounds", [2, pytest.param(20, marks=pytest.mark.slow)])
def test_damaged_files_are_read_as_written_or_refused(rounds, whole_pictures):
    names = list(fuzz_files.originals())
    n = rounds * len(names)
    found = fuzzing.fuzz(fuzz_files.attempt, n, 100 * rounds, names, fuzz_files.LONGEST)
    assert found["findings"] == {}, found["places"]


def test_what_is_wrong_is_found(tmp_path, monkeypatch):
    """A reader that checks nothing."""
    (tmp_path / "text").write_text("content")
    trusting = fuzz_files.Original(tmp_path, lambda folder: (folder / "text").read_bytes().decode("latin-1"))
    parsing = fuzz_files.Original(tmp_path, lambda folder: {"content": 1}[(folder / "text").read_text("latin-1")])
    monkeypatch.setattr(fuzz_files, "originals", lambda: {"trusting": trusting, "parsing": parsing})
    for name, kind in (("trusting", "OtherContentError"), ("parsing", "KeyError")):
        found = [fuzzing.finding(fuzz_files.attempt, name, seed) for seed in range(20)]
        assert {what for what, _ in filter(None, found)} == {kind}
