"""Results that are equal, NaN included: from Python 3.13 on, a dataclass with NaN does not equal itself."""

from dataclasses import asdict

import numpy as np


def require_same(*results):
    """Check that results of one kind have the same fields."""
    first, *others = results
    assert others
    for other in others:
        assert type(other) is type(first)
        np.testing.assert_equal(asdict(other), asdict(first))
