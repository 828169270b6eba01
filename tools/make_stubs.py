"""Write the typed stub of the kernels, from the module as it is installed.

Usage: python tools/make_stubs.py [FOLDER]; by default python/rgrbm/_core of this checkout. The builds for each
instruction set have the same interface: one stub. That of _cpu, a function without pybind11, is written by hand.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from rgrbm._core import kernels

DEFAULT_FOLDER = Path(__file__).parents[1] / "python" / "rgrbm" / "_core"


def _stub(module: str) -> str:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pybind11_stubgen", "--exit-code", "--output-dir", folder, module]
        subprocess.run(command, check=True, capture_output=True, text=True)
        text = (Path(folder) / Path(*module.split("."))).with_suffix(".pyi").read_text(encoding="utf-8")
    # Values of constants (version, compiler, instruction set) differ between builds: their types do not.
    text = re.sub(r"^(\w+: str) = .*$", r"\1", text, flags=re.MULTILINE)
    return text.replace(module, "rgrbm._core._kernels")


def make_stubs(folder: Path) -> None:
    """Write the stub into ``folder``."""
    (folder / "_kernels.pyi").write_text(_stub(kernels.__name__), encoding="utf-8")


if __name__ == "__main__":
    make_stubs(Path(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT_FOLDER)
