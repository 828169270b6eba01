"""Decimation by any factor, beside sums over all states; and runs with other numbers of hidden units."""

import itertools
import json
import math

import numpy as np
import pytest

from commands import run_command
from rgrbm.experiments.ring_decimation import decimated_coupling, decimation_reconstruction_error
from rgrbm.rg.decimation import decimate


@pytest.mark.parametrize("factor", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("J", [0.0, 1e-3, 0.4, -1.0, 3.0])
def test_the_coupling_gives_the_correlation_of_the_kept_spins(J, factor):
    assert math.tanh(decimated_coupling(J, factor)) == pytest.approx(math.tanh(abs(J)) ** factor, rel=1e-12)


@pytest.mark.parametrize("J", [1e-3, 0.5, 1.0, 5.0, 19.99, 20.01, 50.0, 400.0])
def test_twice_by_two_is_by_four(J):
    assert decimated_coupling(J, 4) == pytest.approx(decimate(decimate(J).J).J, rel=1e-9)


@pytest.mark.parametrize("factor", [2, 3, 4, 5])
@pytest.mark.parametrize("J", [0.3, -0.8, 1.5])
def test_the_reconstruction_error_is_that_of_two_draws_between_kept_spins(J, factor):
    """All states of a segment between two kept spins, whose ends have the distribution of the infinite ring."""
    states = np.array(list(itertools.product((-1, 1), repeat=factor + 1)))
    weights = np.exp(J * np.sum(states[:, 1:] * states[:, :-1], axis=1))
    weights /= weights.sum()
    error = 0.0
    for ends in itertools.product((-1, 1), repeat=2):
        chosen = (states[:, [0, -1]] == ends).all(axis=1)
        p_ends = weights[chosen].sum()
        up = weights[chosen] @ (states[chosen, 1:-1] > 0) / p_ends
        error += p_ends * np.sum(2 * up * (1 - up)) / factor
    assert decimation_reconstruction_error(J, factor) == pytest.approx(error, rel=1e-12)


def test_limits_of_the_reconstruction_error():
    assert decimation_reconstruction_error(1.0, 1) == 0.0
    assert decimation_reconstruction_error(0.0, 4) == pytest.approx(0.375)
    assert decimation_reconstruction_error(400.0, 4) == 0.0
    assert decimation_reconstruction_error(20.01, 3) == pytest.approx(
        math.exp(-0.04) * decimation_reconstruction_error(19.99, 3), rel=1e-9
    )


def run(tmp_path, n_hidden):
    done = run_command(
        "ising1d", "--n-hidden", str(n_hidden), "--n-spins", "32", "--J", "1.3", "--n-epochs", "3000",
        "--l1-warmup", "300", "--n-measured", "20000", "--out", str(tmp_path / "run"),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads((tmp_path / "run" / "results.json").read_text()), done.stdout


def test_a_quarter_as_many_hidden_units_are_compared_with_decimation_by_four(tmp_path):
    results, text = run(tmp_path, 8)
    J, c = results["J_renormalized"], results["correlation"]
    assert J["factor"] == 4
    assert J["exact"] == pytest.approx(math.atanh(math.tanh(1.3) ** 4))
    assert J["hidden"] == pytest.approx(J["exact"], rel=0.25)
    assert c["distance"] == [1, 2, 3, 4]
    deviations = np.subtract(c["ising_renormalized"], c["exact"]) / c["ising_renormalized_stderr"]
    assert np.all(np.abs(deviations) < 5)
    assert c["hidden"][0] == pytest.approx(c["exact"][0], rel=0.25)
    assert results["reconstruction_error_decimation_bound"] == decimation_reconstruction_error(1.3, 4)
    assert "decimation by 4" in text


@pytest.mark.parametrize(("n_hidden", "reason"), [(12, "32 / 12 is none"), (1, "a single hidden unit is no ring")])
def test_without_a_decimation_of_that_size_nothing_is_called_exact(n_hidden, reason, tmp_path):
    results, text = run(tmp_path, n_hidden)
    J = results["J_renormalized"]
    assert (J["factor"], J["exact"], J["hidden"]) == (None, None, None)
    assert results["correlation"] is None
    assert results["reconstruction_error_decimation_bound"] is None
    assert reason in J["reason"]
    assert reason in " ".join(text.split())
    assert not (tmp_path / "run" / "correlation.png").exists()
    assert run_command("report", str(tmp_path / "run")).returncode == 0
