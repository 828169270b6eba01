"""The worker processes of a scan end with it, however it ends."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

SCAN = ("--side", "64", "--J", "0.4", "--J", "0.44", "--n-sweeps", "3000000", "--n-jobs", "2")  # minutes

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc")


def descendants(pid):
    """Numbers of the processes that a process has started, and they."""
    children = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = stat.read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue
        if state != "Z":
            children.setdefault(int(parent), []).append(int(stat.parent.name))
    result, left = [], [pid]
    while left:
        left += children.get(left.pop(), [])
        result += [child for child in left if child not in result]
    return result


def seconds_of_work(pid):
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return 0.0 if fields[0] == "Z" else (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGKILL])
def test_workers_end_with_their_scan(tmp_path, number):
    command = [sys.executable, "-m", "rgrbm", "scan", "--out", str(tmp_path / "run"), *SCAN]
    process = subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)
    )
    end = time.monotonic() + 60
    while sum(seconds_of_work(pid) > 1.5 for pid in descendants(process.pid)) < 2:  # two workers are at work
        assert process.poll() is None
        assert time.monotonic() < end
        time.sleep(0.1)
    workers = descendants(process.pid)
    sent = time.monotonic()
    process.send_signal(number)
    errors = process.stderr.read() if number != signal.SIGKILL else ""
    code = process.wait(timeout=30)
    while any(Path(f"/proc/{pid}").exists() and seconds_of_work(pid) for pid in workers):
        assert time.monotonic() < sent + 15, "workers are left"
        time.sleep(0.05)
    process.stderr.close()
    print(f"{number.name}: exit {code}, {time.monotonic() - sent:.1f} s")
    if number == signal.SIGKILL:
        assert code == -number
        assert (tmp_path / "run" / ".rgrbm-lock").exists()
    else:
        assert code == {signal.SIGINT: 130}.get(number, 128 + number)
        assert "Traceback" not in errors
        assert "Warning" not in errors
        assert not (tmp_path / "run" / ".rgrbm-lock").exists()
