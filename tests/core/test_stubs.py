"""The committed stubs of the compiled modules say what the modules are."""

import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COMMITTED = ROOT / "python" / "rgrbm" / "_core"


@pytest.fixture(scope="module")
def generated(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stubs")
    runpy.run_path(str(ROOT / "tools" / "make_stubs.py"))["make_stubs"](folder)
    return folder


@pytest.mark.parametrize("name", ["_kernels.pyi", "_cpu.pyi"])
def test_stub_is_up_to_date(generated, name):
    committed = (COMMITTED / name).read_text(encoding="utf-8")
    assert (generated / name).read_text(encoding="utf-8") == committed, "run python tools/make_stubs.py"
