"""Trainings with other seeds beside a run's own: the same numbers as runs of their own, resumed, summed up in lines."""

import io
import math
from dataclasses import replace

import pytest
from rich.console import Console

from rgrbm.experiments import ising_1d, mnist, seeds
from rgrbm.experiments.run_folder import RunFolder
from small_runs import RUNS, use_made_up_digits


def run(name, folder, **changes):
    function, parameters = RUNS[name]
    return function(replace(parameters, **changes), folder, Console(file=io.StringIO()))


@pytest.mark.parametrize("name", ["ising1d", "mnist"])
def test_other_seeds_are_those_of_runs_of_their_own(name, tmp_path, monkeypatch):
    use_made_up_digits(monkeypatch)
    several = run(name, RunFolder(tmp_path / "several"), seed=3, n_seeds=2, n_jobs=1)["seeds"]
    assert [one["seed"] for one in several] == [3, 4]
    alone = run(name, RunFolder(tmp_path / "alone"), seed=4)
    assert "seeds" not in alone
    assert several[1]["reconstruction_error"] == alone["reconstruction_error"] != several[0]["reconstruction_error"]
    if name == "ising1d":
        assert several[1]["unique_visible"] == alone["unique_visible"]
        J = math.nan if several[1]["J"] is None else several[1]["J"]
        assert pytest.approx(alone["J_renormalized"]["hidden"], nan_ok=True) == J


def test_seeds_that_are_done_are_not_trained_again(tmp_path, monkeypatch):
    parameters = replace(RUNS["ising1d"][1], n_seeds=4, n_jobs=1)

    def broken(p):
        if p.seed == 3:
            raise RuntimeError("the machine went down")
        return ising_1d._measure_seed(p)

    folder = RunFolder(tmp_path / "run")
    folder.start({}, ())
    with pytest.raises(RuntimeError, match="went down"):
        seeds.other_seeds(broken, parameters, folder)
    trained = []

    def counted(p):
        trained.append(p.seed)
        return ising_1d._measure_seed(p)

    folder.close()
    again = RunFolder(tmp_path / "run", resume=True)
    again.start({}, ())
    assert [one["seed"] for one in seeds.other_seeds(counted, parameters, again)] == [1, 2, 3]
    assert trained == [3]


def test_two_processes_give_the_same_numbers(tmp_path):
    results = []
    for n_jobs in (1, 2):
        folder = RunFolder(tmp_path / str(n_jobs))
        folder.start({}, ())
        results.append(
            seeds.other_seeds(ising_1d._measure_seed, replace(RUNS["ising1d"][1], n_seeds=4, n_jobs=n_jobs), folder)
        )
    assert len(results[0]) == 3
    assert repr(results[0]) == repr(results[1])


def test_lines():
    several = [{"J": 0.5}, {"J": 0.7}, {"J": None}, {"J": float("nan")}]
    assert seeds.lines_of_seeds(several, {"J": "J′"}) == ["2 seeds: J′ 0.60(10), spread 0.14; no value for 2 seeds"]
    assert seeds.lines_of_seeds([{"J": None}], {"J": "J′"}) == []
    assert seeds.lines_of_seeds([], {"J": "J′"}) == []


@pytest.mark.parametrize("kind", [ising_1d.Ising1DParameters, mnist.MNISTParameters])
def test_bad_numbers_of_seeds_are_refused(kind):
    with pytest.raises(ValueError, match="n_seeds must be at least 1, got 0"):
        kind(n_seeds=0)
    with pytest.raises(ValueError, match="n_jobs must be at least 0"):
        kind(n_jobs=-1)
