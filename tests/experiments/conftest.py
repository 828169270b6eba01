"""Figures of runs take most of their time, and few tests look at them."""

import base64

import pytest
from matplotlib.figure import Figure

# One white pixel.
_PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEAG7buVgAAAABJRU5ErkJggg=="
)


@pytest.fixture
def real_figures():
    """Asked for by tests that look at the pictures of a run."""


@pytest.fixture(autouse=True)
def quick_figures(request, monkeypatch):
    """Runs within a test save one pixel for each figure; tests/report and tests/plots draw those of all experiments."""
    if "real_figures" not in request.fixturenames:
        monkeypatch.setattr(Figure, "savefig", lambda self, file, **options: file.write(_PIXEL))
