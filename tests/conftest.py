"""Settings of all tests."""

import signal

import matplotlib as mpl
import pytest

mpl.use("Agg")  # tests need no display


@pytest.fixture
def ctrl_c():
    """Python's own answer to SIGINT: processes started in the background by a script, or by nohup, may ignore it."""
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, previous)
