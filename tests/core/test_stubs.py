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


def test_stub_is_up_to_date(generated):
    committed = (COMMITTED / "_kernels.pyi").read_text(encoding="utf-8")
    assert (generated / "_kernels.pyi").read_text(encoding="utf-8") == committed, "run python tools/make_stubs.py"
