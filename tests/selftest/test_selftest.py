"""The self-test passes here, and fails where something is wrong."""

import json

import numpy as np
import pytest

from commands import run_command
from rgrbm.selftest import SelfTest, machines, self_test, spins
from rgrbm.selftest.result import CheckResult, by_error, by_statistics, chi_square


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    out = tmp_path_factory.mktemp("selftest") / "found.json"
    return run_command("selftest", "--out", str(out)), out


def test_this_build_passes(finished):
    done, out = finished
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(out.read_text())
    assert found["passed"]
    assert len(found["checks"]) == len(list(spins.checks(1))) + len(list(machines.checks(1)))
    assert {"instruction_set", "threads", "compiler", "system", "python"} <= set(found["software"])
    assert f"all {len(found['checks'])} checks passed" in " ".join(done.stdout.split())


def test_a_file_is_not_overwritten(finished, monkeypatch):
    _, out = finished
    before = out.read_bytes()
    again = run_command("selftest", "--out", str(out))
    assert again.returncode == 2
    assert "--force overwrites it" in again.stderr
    assert out.read_bytes() == before


def test_what_is_wrong_is_found(monkeypatch, capsys):
    """Probabilities of another coupling, other bits, another gradient: each fails, and the command says so."""
    right = spins.boltzmann
    monkeypatch.setattr(spins, "boltzmann", lambda shape, J, h: right(shape, J + 0.05, h))
    monkeypatch.setitem(spins.RECORDED, "metropolis", "0" * 16)
    monkeypatch.setattr(machines, "log_z", lambda rbm: 1.0)
    monkeypatch.setattr(spins, "_SWEEPS", {"heat_bath": 60})
    done = run_command("selftest")
    assert done.returncode == 1
    result = self_test()
    failed = {check.name for check in result.checks if not check.passed}
    assert {"heat bath, 8, h = 0.1: all states", "heat bath, 3×3: all states"} <= failed
    assert {"metropolis, 16×16: recorded bits", "log Z: all states, relative"} <= failed
    assert not result.passed
    assert "FAILED" in str(result)
    assert f"{len(failed)} of {len(result.checks)} checks FAILED" in " ".join(done.stdout.split())


def test_chi_square():
    rng = np.random.default_rng(0)
    p = np.array([0.5, 0.3, 0.2 - 1e-5, 1e-5])
    p_values = [chi_square(rng.choice(4, size=2000, p=p), p) for _ in range(300)]
    assert 0.4 < np.mean(p_values) < 0.6
    assert chi_square(rng.choice(4, size=2000, p=[0.4, 0.4, 0.2, 0]), p) < 1e-7


def test_results():
    assert by_statistics("x", 1e-9).passed is False
    assert by_error("x", float("nan"), 1.0).passed is False
    assert CheckResult("x", "bits", 1.0, True).shown == "the same"
    assert SelfTest((), {}).passed
