"""Fixtures of the tests of the compiled core."""

import pytest

import rgrbm


@pytest.fixture
def one_thread():
    """One thread for many tiny calls; tests of threads set their own number afterwards."""
    rgrbm.set_num_threads(1)
    yield
    rgrbm.set_num_threads(0)
