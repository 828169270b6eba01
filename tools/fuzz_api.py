"""Calls of the public API with wrong arguments: each must end by a result or by an error of the package's own.

    python tools/fuzz_api.py --n 30000 --seed 0

Each call is a valid one (fuzz_calls.py) with one or two arguments replaced by values of another kind, shape, size or
sign. What counts as a finding stands in fuzzing.py.
"""

from __future__ import annotations

import functools
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse

sys.path.insert(0, str(Path(__file__).parent))
import fuzz_calls
import fuzzing


def scalars() -> list[Any]:
    """Values that most arguments cannot have."""
    return [
        None, True, False, 0, -1, 1, 2, 3, -7, 10**6, 2**31, 2**63, 2**70, -(2**70), 0.0, -0.5, 0.5, 1.5, 1e-300,
        1e300, -1e300, float("nan"), float("inf"), float("-inf"), 1j, "", "text", "cd", "0", b"bytes", [], (),
        {}, set(), {1: 2},
        object(), int, len, np.int8(3), np.float32(0.3), np.float64("nan"), np.bool_(True), np.datetime64("2020-01-01"),
        np.array(2), np.array(0.5), np.str_("text"), range(3), iter([1, 2]), slice(3), Ellipsis, 10**400, Path("/"),
    ]  # fmt: skip


def arrays() -> list[Any]:
    """Arrays of every kind that data should not be."""
    rng = np.random.default_rng(0)
    return [
        [1, 2], [[1, -1], [1, 1]], [[1, 2], [3]], ["a", "b"], [None], [[None, 1]], [[0.5, 1]], [float("nan")] * 3,
        [10**400, 1], [1j], [[]], [[], []], [object()], [{}], [True, False], [[2**70]], [-1], [0], [1.5, 2.5],
        np.zeros(0), np.zeros((0, 4)), np.zeros((4, 0)), np.zeros((2, 16)), np.ones((2, 16)), np.full((2, 16), np.nan),
        np.full((3, 16), 0.5), np.full((2, 16), -1), np.full((2, 16), 2), np.full((2, 16), np.inf), np.eye(4),
        np.zeros((2, 2, 2)), np.zeros((1,) * 9), np.ones((2, 16), dtype=complex), np.ones((2, 16), dtype=object),
        np.array([["a"] * 16] * 2), np.array([None] * 16), np.array([b"x"] * 3), np.ones(3, dtype="datetime64[s]"),
        np.ma.masked_array(np.ones((2, 16)), mask=np.eye(2, 16)), np.ma.masked_array([1, -1, 1], mask=[0, 1, 0]),
        np.zeros(3, dtype=[("a", int)]), np.ones((2, 16), dtype=np.float16), np.full((2, 16), 1e300),
        np.full((2, 16), 2**62), np.ones((16, 2)).T, np.ones((2, 32))[:, ::2], np.ones((2, 16))[::-1],
        scipy.sparse.csr_matrix(np.eye(16)), scipy.sparse.csr_array(np.eye(2, 16)), scipy.sparse.coo_matrix(np.eye(3)),
        rng.integers(0, 2, (5, 16)), rng.choice([-1, 1], (5, 16)), rng.choice([-1, 1], (5, 4, 4)),
        rng.normal(size=(5, 16)),
        rng.integers(0, 2, (5, 16)).astype(np.uint64), rng.integers(0, 2, (5, 16)).astype(bool), memoryview(b"abcd"),
        np.broadcast_to(np.float64(1), (10**6, 16)), np.matrix([[1, -1]]),
    ]  # fmt: skip


def mutated(value: Any, rng: np.random.Generator) -> Any:
    """A value in the place of a valid one: of the pools, or the valid one with one thing changed."""
    kind = rng.random()
    if kind < 0.35:
        pool = scalars()
        return pool[rng.integers(len(pool))]
    if kind < 0.65:
        pool = arrays()
        return pool[rng.integers(len(pool))]
    if isinstance(value, np.ndarray) and value.size:
        return _changed_array(value, rng)
    if isinstance(value, bool):
        return rng.choice(["yes", 2, -1.0])  # type: ignore[arg-type]
    if isinstance(value, int | float) and abs(value) < 1e300:
        return value * float(rng.choice([-1, 0.5, 1000, 1e18])) if rng.random() < 0.5 else -int(value)
    if isinstance(value, str):
        return value + "x" if rng.random() < 0.5 else value.upper()
    if isinstance(value, list | tuple):
        changed = [*value, *value][: int(rng.integers(0, 2 * len(value) + 1))]
        return changed if rng.random() < 0.5 else [mutated(v, rng) for v in value]
    return _without_an_attribute(value, rng)


def _changed_array(value: np.ndarray, rng: np.random.Generator) -> Any:
    """The array with a value, its dtype, its shape or its class changed."""
    with np.errstate(all="ignore"):
        changes = [
            lambda: value.astype(rng.choice(["f2", "f8", "i1", "u8", "c16", "O", "U5", "?"])),
            lambda: value[..., :-1],
            lambda: value.ravel(),
            lambda: value[None],
            lambda: value.T,
            lambda: np.ma.masked_array(value, mask=rng.random(value.shape) < 0.1),
            lambda: value.tolist(),
            lambda: scipy.sparse.csr_array(np.atleast_2d(value)),
            lambda: _with_one(value, rng),
            lambda: value[:0],
            lambda: value * float(rng.choice([0.5, -1, 1e30, 0])),
        ]
        try:
            return changes[int(rng.integers(len(changes)))]()
        except (TypeError, ValueError, IndexError):  # not of this array
            return value


def _with_one(value: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    changed = np.array(value, dtype=float)
    changed.flat[int(rng.integers(changed.size))] = rng.choice([np.nan, np.inf, -1e300, 0.5, 2, -3])
    return changed


def _without_an_attribute(value: Any, rng: np.random.Generator) -> Any:
    """An object that looks like the valid one, but one of its arrays is wrong."""
    attributes = {
        n: getattr(value, n) for n in ("weights_", "intercept_visible_", "intercept_hidden_") if hasattr(value, n)
    }
    if not attributes:
        return types.SimpleNamespace()
    name = list(attributes)[int(rng.integers(len(attributes)))]
    if rng.random() < 0.2:
        del attributes[name]
    else:
        attributes[name] = mutated(attributes[name], rng)
    return types.SimpleNamespace(**attributes)


def arguments_of(name: str, seed: int) -> dict[str, Any]:
    """The wrong arguments of one call, always the same ones."""
    rng = np.random.default_rng([seed, *name.encode()])
    arguments = dict(fuzz_calls.calls()[name][1])
    names = list(arguments)
    for _ in range(min(len(names), 1 + int(rng.random() < 0.3))):
        changed = names[int(rng.integers(len(names)))]
        arguments[changed] = mutated(arguments[changed], rng)
    return arguments


def attempt(name: str, seed: int) -> functools.partial[Any]:
    """One wrong call."""
    return functools.partial(fuzz_calls.calls()[name][0], **arguments_of(name, seed))


if __name__ == "__main__":
    import fuzz_api  # its functions are sent to other processes by the name of this module

    if absent := fuzz_calls.missing():
        raise SystemExit(f"no calls of {', '.join(absent)}: add them to fuzz_calls.py")
    fuzzing.run(fuzz_api.attempt, list(fuzz_calls.calls()), __doc__)
