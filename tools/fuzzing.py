"""Attempts to break the package, made by the thousand in processes of their own, and what is wrong with their ends.

Allowed are a result, TypeError, ValueError, MemoryError and OSError. Everything else is a finding: another exception,
one with the words of a library below, the end of the process, or a call that, stopped after some seconds as by Ctrl-C,
does not hear it. Calls that had to be stopped are counted: large numbers may be meant.
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
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

ALLOWED = (TypeError, ValueError, MemoryError, OSError)
HEARD = 5  # seconds within which it has to end then, on a busy machine
MEMORY = 6 * 2**30  # bytes that a process may have
STOPPED = "stopped"

Attempt = Callable[[str, int], Callable[[], object]]
"""Makes of a name and a seed, the same each time, what is to be called, before the clock starts.

It is sent to other processes by its own name."""


class TooLongError(BaseException):
    """A call has not ended in time; no ``except Exception`` may take it for its own."""


def finding(attempt: Attempt, name: str, seed: int, longest: int = 5) -> tuple[str, str] | None:
    """Make one attempt, of so many seconds: what is wrong with how it ended, and where; None if nothing is."""
    call = attempt(name, seed)
    signal.alarm(longest)
    began = time.monotonic()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            call()
    except TooLongError as error:
        return STOPPED if time.monotonic() < began + longest + HEARD else "does not stop", where(error)
    except Exception as error:
        signal.alarm(0)
        return None if (kind := kind_of(error)) is None else (kind, where(error))
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
    if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.filename is not None):
        return True  # the system's words say which file
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
    if Path(file).stem.startswith("fuzz_"):  # Python's own "unexpected keyword argument"
        return True
    return "rgrbm" in file and of_kernel and "incompatible function arguments" not in str(error)


def where(error: BaseException) -> str:
    """The package's last line that the error passed through, and what it says."""
    own = [f for f in traceback.extract_tb(error.__traceback__) if "/rgrbm/" in f.filename]
    at = f"{Path(own[-1].filename).name}:{own[-1].lineno}" if own else "?"
    return f"{at} {str(error)[:110]!r}"


def _alarm(number: int, frame: object) -> None:
    raise TooLongError


def _work(attempt: Attempt, longest: int, tasks: Any, answers: Any) -> None:
    signal.signal(signal.SIGALRM, _alarm)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.stdout = sys.stderr = Path("/dev/null").open("w")  # noqa: SIM115
    for task in iter(tasks.recv, None):
        answers.send(finding(attempt, *task, longest))


class Worker:
    """A process that makes attempts; a new one takes its place when it ends."""

    def __init__(self, attempt: Attempt, longest: int) -> None:
        self._context = multiprocessing.get_context("spawn")
        self._longest = longest
        self._attempt = attempt
        self._start()

    def _start(self) -> None:
        self._tasks, tasks = self._context.Pipe()[::-1]
        answers, self._answers = self._context.Pipe(duplex=False)
        self._results = answers
        self._process = self._context.Process(
            target=_work, args=(self._attempt, self._longest, tasks, self._answers), daemon=True
        )
        self._process.start()
        tasks.close()
        self._answers.close()

    def send(self, name: str, seed: int) -> None:
        """Make this attempt."""
        self._tasks.send((name, seed))

    def answer(self) -> tuple[str, str] | None:
        """What was wrong with the attempt that was sent."""
        try:
            if not self._results.poll(20 * self._longest):
                self._process.kill()
            return self._results.recv()  # type: ignore[no-any-return]
        except EOFError:
            self._process.join()
            code = self._process.exitcode
            self._start()
            return "end of the process", f"exit code {code}"


def fuzz(attempt: Attempt, n: int, seed: int, names: list[str], longest: int = 5) -> dict[str, Any]:
    """Make so many attempts, those of all names in turn, in two processes; the findings by kind and place.

    An attempt that has not ended after ``longest`` seconds is stopped.
    """
    workers = [Worker(attempt, longest), Worker(attempt, longest)]
    tasks = [(names[i % len(names)], seed + i // len(names)) for i in range(n)]
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
        "attempts": n,
        "names": len(names),
        "stopped": stopped,
        "findings": dict(kinds.most_common()),
        "places": sorted(
            ([what, where, len(cases), cases[0]] for (what, where), cases in found.items()), key=lambda p: -p[2]
        ),
    }


def run(attempt: Attempt, names: list[str], description: str | None, longest: int = 5) -> None:
    """The command line of a fuzzer: make the attempts, print the findings, and end with 1 if there are any."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=5000, help="how many attempts")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--name", action="append", choices=names, metavar="NAME", help="only these; all by default")
    parser.add_argument("--out", type=Path, help="write the findings to this file, as JSON")
    given = parser.parse_args()
    result = fuzz(attempt, given.n, given.seed, given.name or names, longest)
    print(json.dumps(result["findings"], indent=1))
    if given.out:
        given.out.write_text(json.dumps(result, indent=1) + "\n")
    raise SystemExit(bool(result["findings"]))
