"""Runs to report on."""

import pytest

from small_runs import RUNS, run_small


@pytest.fixture(scope="session", params=RUNS)
def finished(request, tmp_path_factory):
    """The folder of a finished run of each experiment."""
    path = tmp_path_factory.mktemp("runs") / request.param
    run_small(request.param, path)
    return path


@pytest.fixture(scope="session")
def ising(tmp_path_factory):
    """The folder of a finished run, for tests that one experiment is enough for; not to be changed."""
    path = tmp_path_factory.mktemp("runs") / "ising"
    run_small("ising1d", path)
    return path
