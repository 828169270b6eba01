"""Example 1 of the report, in a quarter of its epochs: the claims that the software makes about it."""

import json

import numpy as np
import pytest

from rgrbm.experiments.ising_1d import Ising1DParameters, run_ising_1d
from rgrbm.experiments.run_folder import RunFolder


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = RunFolder(tmp_path_factory.mktemp("example1"))
    run_ising_1d(Ising1DParameters(n_epochs=40_000, l1_warmup=10_000), folder)
    return json.loads(folder.results.read_text())


def test_reconstruction(results):
    # The report: about 0.14; perfect decimation: 0.0664. Over seeds 0.078 to 0.083 were met in as many epochs.
    assert results["reconstruction_error"] <= 0.088
    assert results["reconstruction_error"] > results["reconstruction_error_decimation_bound"] - 0.01


def test_no_symmetry_is_broken(results):
    for magnetization in results["magnetization"].values():
        assert abs(magnetization["mean"]) < 4 * magnetization["stderr"]


def test_every_hidden_unit_has_a_visible_one_of_its_own(results):
    assert results["unique_visible"] >= 31


def test_renormalized_coupling(results):
    J = results["J_renormalized"]
    assert J["exact"] == pytest.approx(0.66250137)
    assert J["hidden"] == pytest.approx(J["exact"], rel=0.05)
    assert 0.9 < J["amplitude"] < 1.1


def test_simulated_renormalized_ring(results):
    c = results["correlation"]
    off = np.subtract(c["ising_renormalized"], c["exact"]) / c["ising_renormalized_stderr"]
    assert np.all(np.abs(off) < 4)
