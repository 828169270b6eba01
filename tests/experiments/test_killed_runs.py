"""Runs that are killed at random moments and started again by the same command end in the bits of an undisturbed run.

``RGRBM_KILLS=50 pytest tests/experiments/test_killed_runs.py -s`` tries more of them, and longer runs.
"""

import functools
import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from safetensors.numpy import load_file

from commands import run_command

N_KILLS = int(os.environ.get("RGRBM_KILLS", "3"))
ISING = ("ising1d", "--n-spins", "32", "--n-measured", "5000", "--l1-warmup", "300", "--n-epochs")
FLOW = (
    "flow", "--n-spins", "16", "--n-steps", "2", "--J", "0.8", "--J", "1.2", "--n-train", "2000",
    "--batch-size", "100", "--n-measured", "40000", "--n-flow-steps", "8", "--n-flow-samples", "100", "--n-epochs",
)  # fmt: skip
MNIST = ("mnist", "--n-each", "500", "--n-hidden", "64", "--n-chains", "50", "--n-betas", "500", "--n-epochs")
DATA = "RGRBM_DATA" in os.environ
THIRD = (*MNIST, "100") if DATA else (*ISING, "12000")
SHORT = [(*ISING, "6000"), (*FLOW, "100"), THIRD]  # an odd number: many kills meet each with both signals
LONG = [(*ISING, "60000"), (*FLOW, "1000")]
MANY = N_KILLS > 3
RUNS = [*SHORT, *LONG] if MANY else SHORT


def results_of(folder):
    """All that must be the same: every file's name, every tensor, all results but times and software."""
    names = sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))
    tensors = {name: load_file(folder / name) for name in names if name.endswith(".safetensors")}
    results = json.loads((folder / "results.json").read_text())
    for part in (results, *results.get("flows", ())):
        part.pop("seconds", None)
    del results["software"]
    return names, tensors, results


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """Results and duration of a run; each is done once."""

    @functools.cache
    def run(arguments):
        out = tmp_path_factory.mktemp("undisturbed") / "run"
        started = time.monotonic()
        run_here(arguments, out)
        return results_of(out), time.monotonic() - started

    return run


def run_here(arguments, out):
    done = run_command(*options(arguments, out))
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def options(arguments, out):
    return [*arguments, "--out", str(out), "--threads", "1", "--resume"]


def start(arguments, out):
    command = [sys.executable, "-m", "rgrbm", *options(arguments, out)]
    # A shell that starts the tests in the background has them, and what they start, ignore Ctrl-C.
    obey = functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=obey)


def checkpoints(out):
    """All checkpoints of a run: of one model, or a folder of several models'."""
    return [*out.glob("checkpoint.safetensors"), *out.glob("checkpoints/*.safetensors")]


def attempt(arguments, out, number, delay):
    """Start a run and send it the signal so long after it has begun; true if it came to its end before."""
    process = start(arguments, out)
    began = time.monotonic()
    while process.poll() is None and time.monotonic() < began + 20 and not out.exists():
        time.sleep(0.002)
    try:
        output, errors = process.communicate(timeout=max(delay, 0))
    except subprocess.TimeoutExpired:
        process.send_signal(number)
        output, errors = process.communicate(timeout=120)
    said = (output + errors).splitlines()[-1:] if process.returncode else ""
    print(f"{arguments[0]} {arguments[-1]}: {number.name} at {delay:.2f} s: exit {process.returncode} {said}")
    if number == signal.SIGINT and process.returncode == 130 and not errors:
        # Typer, before the run has said its first word or after its last.
        assert not output or (out / "results.json").exists()
    elif number == signal.SIGINT and process.returncode == 130:
        assert "--resume goes on" in errors
        if "epochs" in errors:  # training had begun
            assert checkpoints(out)
    else:  # a signal while Python itself starts or ends is Python's affair
        assert process.returncode in (0, -number), errors
    return process.returncode == 0


def disturb(arguments, out, number, delays):
    """Kill a run after each of the delays, as long as it has not come to its end."""
    any(attempt(arguments, out, number, delay) for delay in delays)


def finish(arguments, out):
    """Start it again and let it end; here, where Python has started already, if time is short."""
    if not MANY:
        return run_here(arguments, out)
    process = start(arguments, out)
    output, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    return output


def test_killed_runs_end_in_the_same_bits(undisturbed, tmp_path):
    rng = np.random.default_rng(7)
    tasks = []
    for kill in range(N_KILLS):
        arguments = RUNS[kill % len(RUNS)]
        duration = undisturbed(arguments)[1]
        delays = rng.uniform(0, 1.2 * duration, 3 if MANY and rng.random() < 0.3 else 1)
        delays[1:] += 1.5  # Python starts while the folder is there already
        tasks.append((arguments, tmp_path / str(kill), (signal.SIGKILL, signal.SIGINT)[kill % 2], delays))
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda task: disturb(*task), tasks))
    for arguments, out, _, _ in tasks:
        output = finish(arguments, out)
        assert any(word in output for word in ("starting from the beginning", "going on", "is finished"))
        ours, theirs = results_of(out), undisturbed(arguments)[0]
        assert ours[0] == theirs[0]
        assert ours[2] == theirs[2]
        for file, tensors in theirs[1].items():
            assert set(ours[1][file]) == set(tensors)
            for name, tensor in tensors.items():
                np.testing.assert_array_equal(ours[1][file][name], tensor)
