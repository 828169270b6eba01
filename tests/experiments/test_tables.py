"""Tables of results have every number whole, however narrow the console."""

import io
import re

import pytest
from rich.console import Console
from rich.table import Table

from rgrbm.experiments import experiment, ising_1d, run_folder
from rgrbm.experiments.catalogue import EXPERIMENTS
from rgrbm.experiments.comparison import show
from rgrbm.experiments.run_files import RunFiles
from small_runs import RUNS, run_small


@pytest.fixture(scope="module", params=RUNS)
def shown(request, tmp_path_factory):
    """What a run asked to be shown."""
    kept = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(experiment, "show", lambda console, *parts: kept.extend(parts))
        run_small(request.param, tmp_path_factory.mktemp("run"))
    return kept


def numbers(table):
    cells = [cell for column in table.columns if column.justify == "right" for cell in column.cells]
    assert len(cells) > 5
    assert all(isinstance(cell, str) for cell in cells)
    return cells


def printed(parts, width, *, terminal):
    console = Console(file=io.StringIO(), width=width, force_terminal=terminal, color_system=None)
    show(console, *parts)
    return console.file.getvalue()


@pytest.mark.parametrize(("width", "terminal"), [(200, True), (80, True), (80, False), (60, False), (30, True)])
def test_every_number_is_whole(shown, width, terminal):
    tables = [part for part in shown if isinstance(part, Table)]
    assert tables
    text = printed(shown, width, terminal=terminal)
    assert "…" not in text.replace(" … ", " ")  # an interval's
    for table in tables:
        for number in numbers(table):
            assert re.search(rf"(?<![\w.+-]){re.escape(number)}(?![\w.(%])", text), number
        # Each row's last column is on one line with its number: all of them are where they belong.
        assert all(cell in text for cell in table.columns[-1].cells)


def test_tables_fit_into_eighty_columns(shown):
    assert max(map(len, printed(shown, 80, terminal=True).splitlines())) <= 80


def text_of(parts):
    return printed(parts, 200, terminal=True)


@pytest.mark.parametrize("name", RUNS)
def test_tables_are_the_same_from_the_file(name, tmp_path, monkeypatch):
    """What was measured and what ``results.json`` holds, where NaN is null, look alike."""
    kept = []
    monkeypatch.setattr(experiment, "show", lambda console, *parts: kept.extend(parts))
    run_small(name, tmp_path / "run")
    (listed,) = (one for one in EXPERIMENTS if one.command == name)
    folder = RunFiles(tmp_path / "run")
    results = folder.load_results()
    assert results["schema"] == listed.run.schema
    assert set(results["parameters"]) == listed.parameter_names
    assert text_of(listed.tables(results)) == text_of(kept)
    assert set(results["figures"]) == {path.name for path in folder.path.glob("*.png")}
    assert all(len(caption) > 20 for caption in results["figures"].values())


def test_what_could_not_be_told_is_a_dash(tmp_path):
    """On few samples J′ has no value: NaN here, null in the file."""
    results = {
        "magnetization": {"data": {"mean": 0.1, "stderr": 0.02}, "reconstruction": {"mean": 0.1, "stderr": None}},
        "J_renormalized": {"exact": 0.66, "hidden": None, "hidden_stderr": None, "amplitude": None},
        "correlation": {
            "distance": [1, 2, 3], "hidden": [None] * 3, "hidden_stderr": [None] * 3, "exact": [0.5, 0.3, 0.1]
        },
        "seconds": {"sample": 1.0, "train": 1.0, "analyse": 1.0}, "n_hidden": 8, "unique_visible": 7,
        "reconstruction_error": 0.1, "reconstruction_error_decimation_bound": 0.1,
    }  # fmt: skip
    folder = run_folder.RunFolder(tmp_path)
    folder.save_results(results)
    table = ising_1d.tables(results)[0]
    here = list(table.columns[2].cells)
    assert here[1:6] == ["0.100(20)", "0.1", "7 of 8", "–", "–"]
    nan = {"hidden": float("nan"), "hidden_stderr": float("nan"), "amplitude": float("nan")}
    measured = results | {"J_renormalized": results["J_renormalized"] | nan}
    assert text_of(ising_1d.tables(measured)) == text_of(ising_1d.tables(folder.load_results()))
