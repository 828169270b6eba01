"""Runs that are ended by signals at a random moment, and gone on with: their results beside an undisturbed run's."""

from __future__ import annotations

import collections
import shutil
import signal
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from tools.reliability import runs

SIGNALS = {
    "SIGKILL": [signal.SIGKILL],
    "SIGTERM": [signal.SIGTERM],
    "SIGINT": [signal.SIGINT],
    "SIGHUP": [signal.SIGHUP],
    "SIGINT twice": [signal.SIGINT, signal.SIGINT],
}
PATIENCE = 60  # seconds that a process has to end after its signal
BETWEEN = 0.3  # seconds at most from one Ctrl-C to the next


def measure(n_kills: int, seed: int = 0) -> dict[str, Any]:
    """End runs of all commands by all signals, so many times in all; count what came of it."""
    commands = {**runs.commands(), "report": ["report"]}
    names = list(commands)
    with tempfile.TemporaryDirectory() as folder:
        expected = {}
        for name in names:
            out = Path(folder, name, "run")
            out.parent.mkdir()
            if name == "report":  # of a run that is the same for all
                shutil.copytree(Path(folder, "ising1d", "run"), out)
            began = time.monotonic()
            _finish(commands[name], out)
            expected[name] = runs.results_of(out), time.monotonic() - began
            print(f"{name}: {expected[name][1]:.1f} s undisturbed", flush=True)

        def kill(i: int) -> dict[str, Any]:
            name, kind = names[i % len(names)], list(SIGNALS)[(i // len(names) + i % len(names)) % len(SIGNALS)]
            out = Path(folder, f"{i}", "run")
            out.parent.mkdir()
            if name == "report":
                shutil.copytree(Path(folder, "ising1d", "run"), out)
            rng = np.random.default_rng([seed, i])
            moments = _moments(rng, expected[name][1])
            wrong, ended = [], 0
            for moment in moments:
                came, found = _disturb(commands[name], SIGNALS[kind], moment, rng.uniform(0, BETWEEN), out)
                ended, wrong = ended + came, wrong + found
            wrong += _compare(commands[name], out, expected[name][0])
            return {"command": name, "signal": kind, "moments": moments, "ended": ended, "wrong": wrong}

        with ThreadPoolExecutor(2) as pool:
            kills = []
            for row in pool.map(kill, range(n_kills)):
                kills.append(row)
                print(row, flush=True)
    return _summary(kills)


def _moments(rng: np.random.Generator, duration: float) -> list[float]:
    """Seconds after which the run and, in one case of four, the run that goes on are ended.

    A quarter in the first second, a quarter in the last third, where figures and pages are drawn.
    """
    kind = rng.random()
    first = rng.uniform(0, 1) if kind < 0.25 else rng.uniform(0.66, 1.0) * duration if kind < 0.5 else None
    moments = [float(rng.uniform(0, duration) if first is None else first)]
    return [*moments, float(rng.uniform(0, duration))] if rng.random() < 0.25 else moments


def _disturb(
    arguments: list[str], signals: list[signal.Signals], moment: float, between: float, out: Path
) -> tuple[bool, list[str]]:
    """Start the run and send it signals: whether they came before its end, and what is wrong."""
    process = runs.start(arguments, out)
    try:
        process.communicate(timeout=moment)
        return False, []
    except subprocess.TimeoutExpired:
        pass
    wrong = []
    process.send_signal(signals[0])
    for number in signals[1:]:
        time.sleep(between)
        process.send_signal(number)  # nothing happens if it has ended
    try:
        output, _ = process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        output, _ = process.communicate()
        wrong.append("did not end")
    # A second Ctrl-C may end Python where it is.
    if "Traceback" in output and len(signals) == 1 and process.returncode not in (0, -signals[0]):
        wrong.append(f"a traceback: {output.splitlines()[-1]}")
    time.sleep(0.5)
    if runs.left_over(process.pid):
        wrong.append("processes left over")
    return True, wrong


def _compare(arguments: list[str], out: Path, expected: dict[str, Any]) -> list[str]:
    """Go on to the end: what is not as in an undisturbed run."""
    try:
        _finish(arguments, out)
        found = runs.results_of(out)
    except RuntimeError as error:
        return [str(error)]
    return [f"other {what}" for what in expected if found[what] != expected[what]]


def _finish(arguments: list[str], out: Path) -> None:
    process = runs.start(arguments, out)
    output, _ = process.communicate(timeout=1800)
    if process.returncode != 0:
        raise RuntimeError(f"exit {process.returncode}: {output[-500:]}")


def _summary(kills: list[dict[str, Any]]) -> dict[str, Any]:
    by_command = collections.Counter(k["command"] for k in kills)
    return {
        "kills": sum(k["ended"] for k in kills),
        "runs": len(kills),
        "by_command": dict(by_command),
        "by_signal": dict(collections.Counter(k["signal"] for k in kills)),
        "in_first_second": sum(m < 1 for k in kills for m in k["moments"]),
        "wrong": [k for k in kills if k["wrong"]],
    }
