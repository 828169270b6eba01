"""show_config, set_num_threads and the choice of the instruction set."""

import os
import subprocess
import sys

import pytest

import rgrbm
from rgrbm._core import available_isas, kernels
from rgrbm._support.config import config


@pytest.fixture(autouse=True)
def _default_threads():
    yield
    rgrbm.set_num_threads(0)


def _import_with_isa(isa):
    code = "from rgrbm._core import kernels; print(kernels.isa)"
    environment = {**os.environ, "RGRBM_ISA": isa}
    return subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)


def test_show_config_prints_every_entry(capsys):
    rgrbm.show_config()
    assert capsys.readouterr().out.splitlines() == [f"{name}: {value}" for name, value in config().items()]


def test_package_and_kernels_have_one_version():
    assert config()["rgrbm"] == kernels.version


def test_set_num_threads():
    rgrbm.set_num_threads(1)
    assert kernels.num_threads() == 1
    rgrbm.set_num_threads(3)
    assert kernels.num_threads() == (3 if kernels.has_openmp() else 1)


def test_set_num_threads_refuses_negative_numbers():
    with pytest.raises(ValueError, match=r"must be 0 \(default\) or more, got -1"):
        rgrbm.set_num_threads(-1)
    with pytest.raises(TypeError, match="the number of threads must be an integer, got '2'"):
        rgrbm.set_num_threads("2")


@pytest.mark.parametrize("isa", available_isas())
def test_isa_can_be_forced(isa):
    assert _import_with_isa(isa).stdout.strip() == isa


def test_unknown_isa_is_refused_and_names_the_available_ones():
    run = _import_with_isa("v9")
    assert run.returncode != 0
    assert (
        f"RGRBM_ISA='v9' cannot be used: this installation and processor offer {', '.join(available_isas())}"
        in run.stderr
    )
