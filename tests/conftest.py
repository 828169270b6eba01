"""Settings of all tests."""

import os
import signal

if "PYTEST_XDIST_WORKER" in os.environ:
    # The workers share the cores: threads of the BLAS and of the kernels would only wait for each other. Set before
    # NumPy is imported, which reads them once; tests of several threads ask for them.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import matplotlib as mpl
import pytest

mpl.use("Agg")  # tests need no display


@pytest.fixture
def ctrl_c():
    """Python's own answer to SIGINT: processes started in the background by a script, or by nohup, may ignore it."""
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, previous)
