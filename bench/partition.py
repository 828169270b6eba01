"""Exact log Z of an RBM by enumeration of its smaller layer."""

from collections.abc import Callable
from functools import partial

import numpy as np
from bench.report import Comparison
from bench.timing import available, interleave

import rgrbm as package


def rgrbm(n_visible: int, n_hidden: int) -> Callable[[], float]:
    """``rgrbm.log_z``."""
    rbm = _parameters(n_visible, n_hidden)

    def run() -> float:
        package.log_z(rbm)
        return 2.0**n_hidden

    return run


def numpy_blocks(n_visible: int, n_hidden: int) -> Callable[[], float]:
    """What one writes by hand: blocks of states, a matrix product and logaddexp; a part of the states."""
    rbm = _parameters(n_visible, n_hidden)
    states = (np.arange(2**14)[:, None] >> np.arange(n_hidden)) & 1

    def run() -> float:
        fields = states @ rbm.weights_.T + rbm.intercept_visible_
        np.logaddexp.reduce(np.logaddexp(0, fields).sum(axis=1) + states @ rbm.intercept_hidden_)
        return len(states)

    return run


def _parameters(n_visible: int, n_hidden: int) -> package.model.RBMParameters:
    generator = np.random.default_rng(0)
    shapes = (n_visible, n_hidden), (n_visible,), (n_hidden,)
    return package.model.RBMParameters(*(generator.normal(size=shape) for shape in shapes))


def compare(rounds: int) -> list[Comparison]:
    """64 × 24, all threads."""
    ready = available({"rgrbm": partial(rgrbm, 64, 24), "NumPy in blocks": partial(numpy_blocks, 64, 24)})
    return [Comparison("Exact log Z, 64 × 24, all threads", "ns per state", 1e9, interleave(ready, rounds))]
