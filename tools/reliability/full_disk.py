"""A disk that is full at some moment of a run: what the run says, and whether it goes on once there is room."""

from __future__ import annotations

import contextlib
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from tools.reliability import runs


def measure(n_sizes: int) -> dict[str, Any]:
    """Run on disks of so many sizes, from a page of memory to nearly what the run needs; needs the right to mount."""
    arguments = runs.commands()["ising1d"]
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "undisturbed")
        _run(arguments, out)
        expected = runs.results_of(out)
        needed = sum(path.stat().st_size for path in out.rglob("*"))
        rows = []
        for size in np.geomspace(8192, needed, n_sizes, endpoint=False).astype(int):
            rows.append(_on_disk(arguments, int(size), expected))
            print(rows[-1], flush=True)
    return {"needed": needed, "sizes": rows, "wrong": [row for row in rows if row["wrong"]]}


def _on_disk(arguments: list[str], size: int, expected: dict[str, Any]) -> dict[str, Any]:
    wrong = []
    with _disk(size) as disk:
        returned, output = _run(arguments, disk / "run", check=False)
        last = (output.strip().splitlines() or [""])[-1]
        if returned == 0:
            wrong.append("ended well on a full disk")
        if "Traceback" in output:
            wrong.append("a traceback")
        if f"No space left on device: '{disk}" not in output.replace("\n", " "):
            wrong.append("does not say what is wrong and where")
        subprocess.run(["mount", "-o", "remount,size=1g", str(disk)], check=True)
        returned, output = _run(arguments, disk / "run", check=False)
        if returned != 0:
            wrong.append(f"does not go on: {output[-300:]}")
        elif runs.results_of(disk / "run") != expected:
            wrong.append("other results")
    return {"bytes": size, "said": last.replace(str(disk), "DISK"), "wrong": wrong}


@contextlib.contextmanager
def _disk(size: int) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], check=True)
        try:
            yield Path(folder)
        finally:
            subprocess.run(["umount", "-l", folder], check=True)


def _run(arguments: list[str], out: Path, *, check: bool = True) -> tuple[int, str]:
    process = runs.start(arguments, out)
    output, _ = process.communicate(timeout=600)
    if check and process.returncode != 0:
        raise RuntimeError(output)
    return process.returncode, output
