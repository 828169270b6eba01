"""Papers reproduced: each runs, compares, draws and can be repeated; the one command that runs them."""

import importlib
import io
import json
from typing import get_args

import pytest
from rich.console import Console

from commands import run_command
from rgrbm.experiments.reproduce import run_reproduce, tables
from rgrbm.experiments.reproduce_parameters import PAPERS, PaperName, ReproduceParameters
from rgrbm.experiments.run_folder import RunFolder
from rgrbm.report.command_line import command_line
from small_runs import use_small_papers

NAMES = get_args(PaperName)


def test_every_paper_has_sizes_and_a_plan():
    assert set(PAPERS) == set(NAMES)
    for name in NAMES:
        script = importlib.import_module(f"rgrbm.experiments.papers.{name}")
        assert set(script.SIZES) == {"quick", "default", "full"}
        assert "arXiv" in script.__doc__
        plan = ReproduceParameters(paper=name).plan()
        assert plan.seconds <= 300  # five minutes
        assert len(f"{plan.work}: {plan.duration}") <= 80


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_quick_run(tmp_path, name):
    out = io.StringIO()
    results = run_reproduce(
        ReproduceParameters(paper=name, quick=True), RunFolder(tmp_path / "run"), Console(file=out, width=80)
    )
    assert json.loads(json.dumps(results, allow_nan=False)) == json.loads((tmp_path / "run/results.json").read_text())
    assert (tmp_path / "run" / f"{name}.png").stat().st_size > 0
    assert {"quantity", "published", "here", "stderr", "exact"} == set(results["comparison"][0])
    assert any(row["exact"] is not None for row in results["comparison"])
    assert len(tables(results)) >= 2
    assert results["title"] in " ".join(out.getvalue().split())


def test_the_same_bits_again(tmp_path, monkeypatch):
    use_small_papers(monkeypatch)
    parameters = ReproduceParameters(paper="cossu2019", quick=True, n_jobs=1)
    first, second = (
        run_reproduce(parameters, RunFolder(tmp_path / name), Console(file=io.StringIO())) for name in "ab"
    )
    assert first["comparison"] == second["comparison"]


def test_the_folder_is_named_after_the_paper(tmp_path, monkeypatch):
    use_small_papers(monkeypatch)
    monkeypatch.chdir(tmp_path)
    done = run_command("reproduce", "cossu2019", "--quick", "--n-jobs", "1")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "rgrbm-cossu2019" / "results.json").exists()
    again = run_command("reproduce", "cossu2019", "--quick", "--n-jobs", "1", "--resume")
    assert again.returncode == 0
    other = run_command("reproduce", "iso2018", "--out", "rgrbm-cossu2019", "--resume")
    assert other.returncode == 2
    assert "paper" in other.stderr


def test_the_command_is_written_as_it_is_given():
    parameters = {"paper": "iso2018", "full": True, "seed": 3}
    words = command_line("reproduce", parameters, "out")
    assert " ".join(words) == "rgrbm reproduce iso2018 --full --seed 3 --out out"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nothing",), "paper must be one of"),
        (("iso2018", "--full", "--quick"), "either full or quick"),
        (("iso2018", "--seed", "-1"), "seed must be at least 0"),
    ],
)
def test_bad_input(tmp_path, arguments, message):
    done = run_command("reproduce", *arguments, "--out", str(tmp_path / "x"))
    assert done.returncode == 2
    assert message in done.stderr
