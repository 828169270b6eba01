"""Calls of the public API with wrong arguments: each must end by a result or by an error of the package's own.

    python tools/fuzz_api.py --calls 30000 --seed 0

Each call is a valid one (fuzz_calls.py) with one or two arguments replaced by values of another kind, shape, size or
sign. Allowed are a result, TypeError, ValueError, MemoryError, and OSError for paths. Everything else is a finding:
another exception, one with the words of a library below, the end of the process, or a call that, stopped after some
seconds as by Ctrl-C, does not hear it. Calls that had to be stopped are counted: large numbers may be meant.
"""

from __future__ import annotations

import argparse
import collections
import dis
import json
import multiprocessing
import resource
import signal
import sys
import time
import traceback
import types
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse

sys.path.insert(0, str(Path(__file__).parent))
import fuzz_calls

ALLOWED = (TypeError, ValueError, MemoryError, OSError)
LONGEST = 5  # seconds after which a call is stopped
HEARD = 5  # seconds within which it has to end then, on a busy machine
MEMORY = 6 * 2**30  # bytes that a process may have


STOPPED = "stopped"


class TooLongError(BaseException):
    """A call has not ended in time; no ``except Exception`` may take it for its own."""


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


def finding(name: str, seed: int) -> tuple[str, str] | None:
    """Make one call: what is wrong with how it ended, and where; None if nothing is."""
    arguments = arguments_of(name, seed)
    began = time.monotonic()
    signal.alarm(LONGEST)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fuzz_calls.calls()[name][0](**arguments)
    except TooLongError as error:
        return STOPPED if time.monotonic() < began + LONGEST + HEARD else "does not stop", _where(error)
    except Exception as error:
        signal.alarm(0)
        return None if (kind := kind_of(error)) is None else (kind, _where(error))
    finally:
        signal.alarm(0)
    return None


def kind_of(error: Exception) -> str | None:
    """What is wrong with an exception; None if nothing is."""
    if not isinstance(error, ALLOWED):
        return type(error).__name__
    return None if _has_words_of_its_own(error) else f"{type(error).__name__}, words of a library"


def _has_words_of_its_own(error: BaseException) -> bool:
    """Whether the error was raised by a statement of the package, by scikit-learn's checks, or by a kernel."""
    if isinstance(error, MemoryError):
        return True
    frames = list(traceback.walk_tb(error.__traceback__))
    frame, _ = frames[-1]
    file = frame.f_code.co_filename
    if "sklearn" in file:  # says which parameter or X is wrong
        return True
    last = error.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    assert last is not None
    raised = {i.offset: i.opname for i in dis.get_instructions(frame.f_code)}.get(last.tb_lasti) in (
        "RAISE_VARARGS",
        "RERAISE",
    )
    if "rgrbm" in file and raised:
        return True
    line = traceback.extract_tb(error.__traceback__)[-1].line or ""
    of_kernel = any(word in line for word in ("kernels.", "trainer.", "_chains.", "_clusters.", "_spins."))
    if file.endswith(("fuzz_calls.py", "fuzz_api.py")):  # Python's own "unexpected keyword argument"
        return True
    return "rgrbm" in file and of_kernel and "incompatible function arguments" not in str(error)


def _where(error: BaseException) -> str:
    own = [f for f in traceback.extract_tb(error.__traceback__) if "/rgrbm/" in f.filename]
    at = f"{Path(own[-1].filename).name}:{own[-1].lineno}" if own else "?"
    return f"{at} {str(error)[:110]!r}"


def _alarm(number: int, frame: object) -> None:
    raise TooLongError


def _work(tasks: Any, answers: Any) -> None:
    signal.signal(signal.SIGALRM, _alarm)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.stdout = sys.stderr = Path("/dev/null").open("w")  # noqa: SIM115
    fuzz_calls.calls()
    for task in iter(tasks.recv, None):
        answers.send(finding(*task))


class Worker:
    """A process that makes calls; a new one takes its place when it ends."""

    def __init__(self) -> None:
        self._context = multiprocessing.get_context("spawn")
        self._start()

    def _start(self) -> None:
        self._tasks, tasks = self._context.Pipe()[::-1]
        answers, self._answers = self._context.Pipe(duplex=False)
        self._results = answers
        self._process = self._context.Process(target=_work, args=(tasks, self._answers), daemon=True)
        self._process.start()
        tasks.close()
        self._answers.close()

    def send(self, name: str, seed: int) -> None:
        """Make this call."""
        self._tasks.send((name, seed))

    def answer(self) -> tuple[str, str] | None:
        """What was wrong with the call that was sent."""
        try:
            if not self._results.poll(20 * LONGEST):
                self._process.kill()
            return self._results.recv()  # type: ignore[no-any-return]
        except EOFError:
            self._process.join()
            code = self._process.exitcode
            self._start()
            return "end of the process", f"exit code {code}"


def fuzz(n_calls: int, seed: int, names: list[str]) -> dict[str, Any]:
    """Make so many calls in two processes; the findings by kind and place."""
    workers = [Worker(), Worker()]
    tasks = [(names[i % len(names)], seed + i // len(names)) for i in range(n_calls)]
    found: dict[tuple[str, str], list[Any]] = collections.defaultdict(list)
    for start in range(0, len(tasks), len(workers)):
        part = tasks[start : start + len(workers)]
        for worker, task in zip(workers, part, strict=False):
            worker.send(*task)
        for worker, task in zip(workers, part, strict=False):
            if (result := worker.answer()) is not None:
                key = result[0], result[1].split(" ")[0]
                found[key].append([*task, result[1]])
                if len(found[key]) == 1 and key[0] != STOPPED:
                    print(*result, *task, flush=True)
    stopped = sum(len(found.pop(key)) for key in list(found) if key[0] == STOPPED)
    kinds: collections.Counter[str] = collections.Counter()
    for (what, _), cases in found.items():
        kinds[what] += len(cases)
    return {
        "calls": n_calls,
        "callables": len(names),
        "stopped": stopped,
        "findings": dict(kinds.most_common()),
        "places": sorted(
            ([what, where, len(cases), cases[0]] for (what, where), cases in found.items()), key=lambda p: -p[2]
        ),
    }


def main() -> None:
    """Fuzz, print the findings, and end with 1 if there are any."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--name", action="append", help="a call of fuzz_calls.py; all by default")
    parser.add_argument("--out", type=Path, help="write the findings to this file, as JSON")
    given = parser.parse_args()
    if absent := fuzz_calls.missing():
        raise SystemExit(f"no calls of {', '.join(absent)}: add them to fuzz_calls.py")
    result = fuzz(given.calls, given.seed, given.name or list(fuzz_calls.calls()))
    print(json.dumps(result["findings"], indent=1))
    if given.out:
        given.out.write_text(json.dumps(result, indent=1) + "\n")
    raise SystemExit(bool(result["findings"]))


if __name__ == "__main__":
    main()
