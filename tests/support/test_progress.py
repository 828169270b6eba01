"""Who sees the progress of a long call: a terminal after two seconds, a function that was given, nobody else."""

import io
import multiprocessing
import threading

import pytest
from rich.console import Console

from rgrbm import IsingModel
from rgrbm._support import progress
from rgrbm._support.progress import progress_bar, reports


def terminal():
    return Console(file=io.StringIO(), force_terminal=True, width=80, color_system=None)


def drawn(show, *, console=None, seconds=0.0, monkeypatch=None):
    """What ten steps of a call print that lasts so many seconds."""
    console = console or terminal()
    clock = iter(range(100))
    if monkeypatch is not None:
        monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock) * seconds / 10)
    with progress_bar("working", 10, unit="steps", show=show, console=console) as advance:
        for _ in range(10):
            advance(1, "")
    return console.file.getvalue()


def test_a_bar_that_was_asked_for_comes_at_once():
    assert "10/10" in drawn(True)
    assert drawn(False) == ""


@pytest.mark.parametrize(("seconds", "shown"), [(1.0, False), (10.0, True)])
def test_a_bar_that_was_not_asked_for_comes_after_two_seconds(seconds, shown, monkeypatch):
    assert ("10/10" in drawn(None, seconds=seconds, monkeypatch=monkeypatch)) == shown


def test_none_in_pipes():
    pipe = Console(file=io.StringIO(), force_terminal=False)
    assert drawn(True, console=pipe) == ""


def test_unasked_bars_are_not_drawn_within_another(monkeypatch):
    monkeypatch.setattr(progress, "_PATIENCE", 0.0)
    outer, inner = terminal(), terminal()
    with progress_bar("outer", 2, unit="parts", show=True, console=outer) as advance:
        assert drawn(None, console=inner) == ""
        advance(2, "")
    assert "2/2" in outer.file.getvalue()
    assert "10/10" in drawn(None)


def test_unasked_bars_are_not_drawn_by_threads_or_workers(monkeypatch):
    monkeypatch.setattr(progress, "_PATIENCE", 0.0)
    printed = []
    thread = threading.Thread(target=lambda: printed.append(drawn(None)))
    thread.start()
    thread.join()
    monkeypatch.setattr(multiprocessing.current_process(), "_name", "LokyProcess-1")
    assert [*printed, drawn(None)] == ["", ""]


def test_a_function_hears_of_all_steps():
    heard = []
    with progress_bar("working", 4, completed=1, unit="steps", show=lambda *x: heard.append(x)) as advance:
        advance(3, "")
    with reports(lambda *x: heard.append(x), "working", "steps") as report:
        report(1, 2)
    assert heard == [(1, 4), (4, 4), (1, 2)]


@pytest.mark.parametrize("wrong", [1, "yes", 0.5])
def test_anything_else_is_refused(wrong):
    with pytest.raises(TypeError, match="progress must be True, False or a function"):
        IsingModel((4, 4), 0.3).measure(4, seed=0, progress=wrong)
