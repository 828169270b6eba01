"""Small runs of all commands, and what of their folders must be the same however often they were disturbed."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

from safetensors.numpy import load_file

sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))
import small_runs

_DATE = re.compile(r"\d\d \w+ \d{4}, \d\d:\d\d UTC")  # when a page was drawn
SCAN = ["scan", "--side", "8", "--side", "12", "--J", "0.42", "--J", "0.45", "--n-sweeps", "2000", "--n-jobs", "2"]


def commands() -> dict[str, list[str]]:
    """The command line of a small run of each command that keeps files; mnist needs its data."""
    lines = {name: [name, *_options(parameters)] for name, (_, parameters) in small_runs.RUNS.items()}
    if "RGRBM_DATA" not in os.environ:
        del lines["mnist"]
    return {**lines, "scan": SCAN}


def _options(parameters: Any) -> list[str]:
    line = []
    for field in fields(parameters):
        value = getattr(parameters, field.name)
        if field.metadata["positional"]:
            line.append(str(value))
        elif isinstance(value, bool):
            line += [f"--{field.name.replace('_', '-')}"] if value else []
        else:
            for one in value if isinstance(value, list | tuple) else [value]:
                line += [] if one is None else [f"--{field.name.replace('_', '-')}", str(one)]
    return line


def start(arguments: list[str], out: Path) -> subprocess.Popen[str]:
    """Begin or go on with a run, or draw a run's page, in a session of its own that obeys signals as in a terminal."""
    end = [str(out)] if arguments == ["report"] else ["--out", str(out), "--threads", "1", "--resume"]
    return subprocess.Popen(
        [sys.executable, "-m", "rgrbm", *arguments, *end],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        preexec_fn=_obey,
    )


def _obey() -> None:
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


def results_of(folder: Path) -> dict[str, Any]:
    """All that must be the same: files' names, pages, every tensor's bits, all results but times and software."""
    names = sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))
    tensors = {
        f"{name}:{key}": (str(tensor.dtype), tensor.shape, tensor.tobytes())
        for name in names
        if name.endswith(".safetensors")
        for key, tensor in load_file(folder / name).items()
    }
    pages = [_DATE.sub("", path.read_text().replace(str(folder), "")) for path in folder.glob("*.html")]
    results = _timeless(json.loads((folder / "results.json").read_text()))
    return {"names": names, "tensors": tensors, "pages": pages, "results": results}


def _timeless(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _timeless(v) for k, v in value.items() if k not in ("seconds", "software")}
    return [_timeless(v) for v in value] if isinstance(value, list) else value


def left_over(session: int) -> list[int]:
    """Processes of a session that still run."""
    alive = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields_ = stat.read_text().rpartition(")")[2].split()
        except OSError:  # it has just ended
            continue
        if int(fields_[3]) == session and fields_[0] != "Z":
            alive.append(int(stat.parent.name))
    return alive
