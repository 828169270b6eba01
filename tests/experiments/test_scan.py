"""rgrbm scan: its numbers against exact distributions, tasks that survive, here and on a Dask cluster of processes."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from typer.testing import CliRunner

from rgrbm.cli import app
from rgrbm.experiments.run_folder import RunFolder
from rgrbm.experiments.scan import Task, _measure, measurement_of
from rgrbm.experiments.scan_parameters import ScanParameters
from rgrbm.spins.exact import CRITICAL_COUPLING

POINTS = ("--side", "4", "--side", "6", "--J", "0.3", "--J", "0.4", "--J", "0.5", "--n-chains", "16")
SMALL = (*POINTS, "--n-sweeps", "200")
LONGER = (*POINTS, "--n-sweeps", "8000", "--n-seeds", "2")  # long enough for something to happen to it


def scan(out, *options):
    return CliRunner().invoke(app, ["scan", "--out", str(out), "--n-jobs", "1", *options])


def results_of(out):
    """The results, but for times and software."""
    results = json.loads((out / "results.json").read_text())
    del results["software"]
    for task in results["tasks"]:
        del task["seconds"]
    return results


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    out = tmp_path_factory.mktemp("scan") / "run"
    done = scan(out, *SMALL)
    assert done.exit_code == 0, done.output
    return done, results_of(out), out


def test_what_a_scan_finds(undisturbed):
    done, results, out = undisturbed
    assert [(task["side"], task["J"]) for task in results["tasks"]] == [(n, J) for n in (4, 6) for J in (0.3, 0.4, 0.5)]
    for task in results["tasks"]:
        # 4.5 standard errors, 6 tasks: a right program fails once in 25,000.
        energy = np.interp(task["J"], results["exact"]["J"], results["exact"]["energy_per_site"][str(task["side"])])
        assert abs(task["energy_per_site"][0] - energy) < 4.5 * task["energy_per_site"][1]
        assert measurement_of(task | {"seconds": 0.0}).energy_per_site.mean == task["energy_per_site"][0]
    assert results["exact"]["J_critical"] == CRITICAL_COUPLING
    assert (out / "scan.png").stat().st_size > 10_000
    assert "Binder's cumulants of 4 and 6 cross at J" in done.output
    assert not (out / "checkpoints").exists()


def test_seeds_and_other_lattices(tmp_path):
    options = (
        "--lattice",
        "triangular",
        "--side",
        "3",
        "--J",
        "0.2",
        "--h",
        "0.1",
        "--n-seeds",
        "2",
        "--n-sweeps",
        "50",
    )
    done = scan(tmp_path / "run", *options)
    assert done.exit_code == 0, done.output
    results = results_of(tmp_path / "run")
    first, second = results["tasks"]
    assert first["seed"] != second["seed"]
    assert first["energy_per_site"] != second["energy_per_site"]
    assert results["exact"] == {}
    assert results["J_critical"] == []


def test_a_broken_scan_goes_on(undisturbed, tmp_path):
    """With the tasks that it had finished, whatever became of them since; in two processes, to the same bits."""
    _, expected, finished = undisturbed
    out = tmp_path / "run"
    # The results leave out the time series of a task, which its checkpoint has.
    parameters = ScanParameters(side=[4, 6], J=[0.3, 0.4, 0.5], n_chains=16, n_sweeps=200)
    task = Task(4, 0.5, 0)
    kept = _measure(parameters, task)
    assert "series" in kept
    folder = RunFolder(out)
    with folder.working(json.loads((finished / "parameters.json").read_text())["parameters"]):
        folder.keep_part(task.name, kept | {"marked": True})
    done = CliRunner().invoke(app, ["scan", "--out", str(out), "--n-jobs", "2", "--resume"])
    assert done.exit_code == 0, done.output
    assert "going on" in done.output
    part = results_of(out)
    assert part["tasks"][2].pop("marked")  # not done again
    assert part == expected
    assert "is finished" in scan(out, "--resume").output


def test_the_scan_of_another_run(undisturbed, tmp_path):
    out = tmp_path / "run"
    folder = RunFolder(out)
    with folder.working(json.loads((undisturbed[2] / "parameters.json").read_text())["parameters"]):
        folder.keep_part("side4-J0.3-seed0", {})
    (out / "checkpoints" / "side4-J0.3-seed0.json").write_text("[")
    refused = scan(out, "--resume", "--n-sweeps", "300")
    assert refused.exit_code == 2
    assert "was started with n_sweeps = 200, not 300" in refused.stderr
    refused = scan(out, "--resume")
    assert refused.exit_code == 2
    assert "is no part of this run" in refused.stderr


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--side", "1"), "must have at least 2 spins"),
        (("--n-axes", "4"), "got 4 axes"),
        (("--side", "8", "--side", "8"), "each side must be given once"),
        (("--J", "nan"), "must be finite"),
        (("--method", "exact"), "method"),
        (("--n-chains", "3"), "must be an even number"),
        (("--n-sweeps", "1"), "n_sweeps must be at least 2"),
        (("--scheduler", "tcp://127.0.0.1:9"), "no Dask scheduler answers"),
        (("--scheduler", "nonsense://"), "no Dask scheduler answers"),
    ],
)
def test_bad_input(options, message, tmp_path):
    refused = scan(tmp_path / "run", *options)
    assert refused.exit_code == 2
    assert message in refused.stderr
    assert not (tmp_path / "run" / "results.json").exists()


class Cluster:
    """A scheduler and two workers of Dask, each a process of its own, on the loopback interface."""

    def __init__(self, folder):
        self._file = folder / "scheduler.json"
        options = ("--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(self._file))
        self.scheduler = self._start("dask_scheduler", *options)
        wait_for(self._file.exists)
        wait_for(lambda: self._file.read_text().strip().endswith("}"))
        self.address = json.loads(self._file.read_text())["address"]
        self.workers = [self._worker(folder) for _ in range(2)]

    def _worker(self, folder):
        options = ("--no-nanny", "--nthreads", "1", "--no-dashboard", "--local-directory", str(folder))
        return self._start("dask_worker", self.address, *options)

    def _start(self, program, *options):
        command = [sys.executable, "-m", f"distributed.cli.{program}", *options]
        return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def close(self):
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait()


def wait_for(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.fixture
def cluster(tmp_path):
    pytest.importorskip("distributed")
    cluster = Cluster(tmp_path)
    yield cluster
    cluster.close()


def scan_there(cluster, out, *options):
    command = [sys.executable, "-m", "rgrbm", "scan", "--out", str(out), "--scheduler", cluster.address, *options]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ))


def n_kept(out):
    return len(list((out / "checkpoints").glob("*.json")))


def test_a_worker_is_killed(cluster, tmp_path):
    """In the middle of a scan on a cluster: nothing is lost, nothing counted twice, and the bits are those of here."""
    out = tmp_path / "there"
    process = scan_there(cluster, out, *LONGER)
    wait_for(lambda: n_kept(out) >= 2 or process.poll() is not None)
    assert process.poll() is None, process.communicate()
    cluster.workers[0].send_signal(signal.SIGKILL)
    _, errors = process.communicate(timeout=200)
    assert process.returncode == 0, errors
    here = scan(tmp_path / "here", *LONGER)
    assert here.exit_code == 0
    there = results_of(out)
    assert len(there["tasks"]) == 12
    assert there == results_of(tmp_path / "here")


def test_the_scheduler_dies(cluster, tmp_path):
    """What was measured is kept, and a scan goes on without it."""
    out = tmp_path / "run"
    process = scan_there(cluster, out, *LONGER)
    wait_for(lambda: n_kept(out) >= 2 or process.poll() is not None)
    assert process.poll() is None, process.communicate()
    cluster.scheduler.send_signal(signal.SIGKILL)
    output, errors = process.communicate(timeout=200)
    assert process.returncode == 2, (output, errors)
    assert "was lost" in errors.splitlines()[-1]
    assert n_kept(out) >= 2
    assert not (out / "results.json").exists()
    done = scan(out, "--resume")
    assert done.exit_code == 0, done.output
    assert len(results_of(out)["tasks"]) == 12
