"""Builds: under sanitizers, with counted lines, and as a wheel that others install."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import venv
from pathlib import Path

ROOT = Path(__file__).parents[2]
COMPILERS = re.compile(r"(.*-)?(gcc|g\+\+|cc|c\+\+|clang|clang\+\+|cc1plus|ld|as|cmake|ninja|make)(-[\d.]+)?")
Rows = list[list[str]]


def sanitizers(_n: int) -> Rows:
    """The C++ tests under each sanitizer: what they checked, and how they ended."""
    rows = [["sanitizer", "threads", "C++ tests", "found"]]
    for preset, name, n_threads in (("sanitize", "address, undefined behaviour", 2), ("thread", "thread", 4)):
        for step in (["--preset", preset, f"-DPython_EXECUTABLE={sys.executable}"], ["--build", "--preset", preset]):
            subprocess.run(["cmake", *step], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        environment = {**os.environ, "OMP_NUM_THREADS": str(n_threads)}
        done = subprocess.run(
            ["ctest", "--preset", preset, "--verbose"], cwd=ROOT, env=environment, capture_output=True, text=True
        )
        checked = re.search(r"assertions: *(\d+) \| *(\d+) passed", done.stdout)
        found = "nothing" if done.returncode == 0 else "see the log"
        rows.append([name, str(n_threads), f"{checked[2]} of {checked[1]} assertions" if checked else "?", found])
    return rows


def coverage(_n: int) -> Rows:
    """Lines of Python and C++ that the tests run, from what tools/measure_coverage.sh has left."""
    out = ROOT / "build/coverage"
    python, cpp = (json.loads((out / name).read_text()) for name in ("python.json", "cpp.json"))
    files = {name: entry["summary"] for name, entry in python["files"].items()}
    least = sorted(files, key=lambda name: files[name]["percent_covered"])[:8]
    rows = [["part", "lines", "run", "least covered"]]
    missing = ", ".join(f"{Path(name).name} {files[name]['percent_covered']:.0f}%" for name in least)
    rows.append(
        ["Python", f"{python['totals']['num_statements']:,}", f"{python['totals']['percent_covered']:.1f}%", missing]
    )
    by_cover = sorted(cpp["files"], key=lambda entry: entry["line_percent"] or 0)
    missing = ", ".join(f"{Path(entry['filename']).name} {entry['line_percent']:.0f}%" for entry in by_cover[:8])
    rows.append(["C++", f"{cpp['line_total']:,}", f"{cpp['line_percent']:.1f}%", missing])
    return rows


def wheel(_n: int) -> Rows:
    """Build the source distribution and from it the wheel, repair it, install it without a compiler, and test it."""
    with tempfile.TemporaryDirectory() as work:
        clone, dist = Path(work, "clone"), Path(work, "dist")
        _run("git", "clone", "-q", str(ROOT), str(clone))
        _run(sys.executable, "-m", "build", "--sdist", "-o", str(dist), str(clone))
        sdist = next(dist.glob("*.tar.gz"))
        began = time.monotonic()
        _run(
            sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(dist),
            "-Ccmake.define.RGRBM_ISA_LEVELS=all", str(sdist),
        )  # fmt: skip
        built = time.monotonic() - began
        _run("auditwheel", "repair", "-w", str(dist / "repaired"), str(next(dist.glob("*.whl"))))
        repaired = next((dist / "repaired").glob("*.whl"))
        rows = [
            ["what", "found"],
            ["files of the source distribution that are not in the repository", _strays(sdist) or "none"],
            ["time to compile three instruction sets", f"{built:.0f} s"],
            ["wheel", f"`{repaired.name}`, {repaired.stat().st_size / 2**20:.1f} MiB"],
        ]
        return rows + _tested(repaired, clone, Path(work))


def _strays(sdist: Path) -> str:
    tracked = set(subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True).stdout.splitlines())
    with tarfile.open(sdist) as archive:
        names = {member.name.partition("/")[2] for member in archive if member.isfile()}
    return ", ".join(sorted(names - tracked - {"PKG-INFO"}))


def _tested(package: Path, clone: Path, work: Path) -> Rows:
    venv.create(work / "venv", with_pip=True)
    programs = work / "programs"
    programs.mkdir()
    for folder in ("/usr/bin", "/bin"):
        for program in Path(folder).iterdir():
            if not COMPILERS.fullmatch(program.name) and not (programs / program.name).exists():
                (programs / program.name).symlink_to(program)
    environment = {**os.environ, "PATH": f"{work / 'venv/bin'}:{programs}"}
    began = time.monotonic()
    _run("pip", "install", "-q", str(package), environment=environment)
    installed = time.monotonic() - began
    _run("pip", "install", "-q", f"{package}[test]", "pytest-cov", environment=environment)
    assert shutil.which("cc", path=environment["PATH"]) is None
    assert shutil.which("g++", path=environment["PATH"]) is None
    (ROOT / "build/coverage").mkdir(parents=True, exist_ok=True)
    report = ROOT / "build/coverage/python.json"
    done = subprocess.run(
        ["pytest", "-q", "-m", "slow or not slow", "--cov=rgrbm", f"--cov-report=json:{report}", "--cov-report="],
        cwd=clone, env=environment, capture_output=True, text=True,
    )  # fmt: skip
    print(done.stdout[-3000:])
    return [
        ["`pip install` of the wheel and its dependencies", f"{installed:.0f} s"],
        [
            '`pytest -m "slow or not slow"` from it, without a compiler',
            done.stdout.strip().splitlines()[-1].strip("= "),
        ],
    ]


def _run(*command: str, environment: dict[str, str] | None = None) -> None:
    subprocess.run(command, check=True, env=environment)
