"""Measure what the package survives, and write docs/reliability.md from what was measured.

    python -m tools.reliability interrupts kills full_disk fuzz samplers selftest   # some of them, or all
    python -m tools.reliability page                                               # the page alone

What each part has measured is kept in tools/reliability/measured, with the machine and the date.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tools.reliability import builds, full_disk, interrupts, kills, samplers
from tools.reliability.page import page

ROOT = Path(__file__).parents[2]
MEASURED = Path(__file__).parent / "measured"


def fuzz(n: int) -> Any:
    """Wrong calls of the API."""
    return _fuzzed("fuzz_api.py", n)


def files(n: int) -> Any:
    """Damaged files."""
    return _fuzzed("fuzz_files.py", n)


def _fuzzed(tool: str, n: int) -> Any:
    out = MEASURED / f"{tool}.part"
    subprocess.run([sys.executable, str(ROOT / "tools" / tool), "--n", str(n), "--out", str(out)], check=False)
    found = json.loads(out.read_text())
    out.unlink()
    return found


def selftest(n: int) -> Any:
    """The self-test on all instruction sets that the machine runs."""
    from rgrbm._core import available_isas

    found = {}
    for isa in available_isas():
        out = MEASURED / f"selftest-{isa}.part"
        environment = {**os.environ, "RGRBM_ISA": isa}
        line = [sys.executable, "-m", "rgrbm", "selftest", "--force", "--seed", str(n), "--out", str(out)]
        subprocess.run(line, env=environment, check=False)
        result = json.loads(out.read_text())
        out.unlink()
        found[isa] = {
            "passed": sum(check["passed"] for check in result["checks"]),
            "checks": len(result["checks"]),
            "least_p_value": min(c["value"] for c in result["checks"] if c["measure"] == "p-value"),
            "seconds": sum(check["seconds"] for check in result["checks"]),
        }
    return found


PARTS: dict[str, tuple[Callable[[int], Any], int]] = {
    "interrupts": (interrupts.measure, 5),
    "kills": (kills.measure, 200),
    "full_disk": (full_disk.measure, 20),
    "fuzz": (fuzz, 30_000),
    "files": (files, 9_000),
    "samplers": (samplers.measure, 100),
    "selftest": (selftest, 1),
    "sanitizers": (builds.sanitizers, 1),
    "wheel": (builds.wheel, 1),
    "coverage": (builds.coverage, 1),
}


def main() -> None:
    """Measure the parts that were asked for, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, "page", []], help="by default all")
    parser.add_argument("--n", type=int, help="how often, in place of the number that the page is made with")
    given = parser.parse_args()
    MEASURED.mkdir(exist_ok=True)
    for name in given.parts or PARTS:
        if name == "page":
            continue
        measure, n = PARTS[name]
        record = {"n": given.n or n, "measured": measure(given.n or n), "on": _machine()}
        (MEASURED / f"{name}.json").write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n")
    records = {path.stem: json.loads(path.read_text()) for path in sorted(MEASURED.glob("*.json"))}
    (ROOT / "docs/reliability.md").write_text(page(records))


def _machine() -> dict[str, Any]:
    from rgrbm._support.config import config

    processor = platform.processor() or platform.machine()
    for line in Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else ():
        if line.startswith("model name"):
            processor = line.partition(":")[2].strip()
            break
    software = config()
    return {
        "date": datetime.date.today().isoformat(),
        "processor": f"{processor}, {os.cpu_count()} cores",
        "system": platform.platform(),
        "python": platform.python_version(),
        **{name: software[name] for name in ("rgrbm", "instruction_set", "compiler", "numpy")},
    }


if __name__ == "__main__":
    main()
