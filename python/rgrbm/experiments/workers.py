"""Tasks side by side: in processes here, or by the workers of a Dask cluster, through joblib."""

import contextlib
import os
import signal
import threading
import time
import warnings
from collections.abc import Callable, Generator, Iterator, Sequence
from types import FrameType
from typing import Any

from joblib import Parallel, delayed, parallel_config

_PATIENCE = 10  # seconds for a scheduler to answer
_WATCH = 1.0  # seconds between two checks of a worker whether its parent lives
_ENDING = [number for name in ("SIGTERM", "SIGHUP") if (number := getattr(signal, name, None)) is not None]


def done_anywhere(
    work: Callable[..., Any], tasks: Sequence[tuple[Any, ...]], n_jobs: int = 0, scheduler: str = ""
) -> Generator[Any, None, None]:
    """Do tasks side by side and yield what each returns, as soon as it is there, in any order.

    Workers end when the generator is closed, when this process is ended by SIGTERM or SIGHUP (it then raises
    SystemExit), and a second or two after it was killed.

    Parameters
    ----------
    work : callable
        A function of a module, which can be sent elsewhere; tasks that a lost worker had begun are done again, so that
        it should have no other effect than its result.
    tasks : sequence of tuple
        Its arguments.
    n_jobs : int, default=0
        Processes at a time; 0 for as many as there are cores. With one, all is done in this process.
    scheduler : str, optional
        Address of a Dask scheduler, as ``tcp://10.0.0.1:8786``, whose workers do the work instead.

    Raises
    ------
    ConnectionError
        If the scheduler cannot be reached, has no workers, or is lost.
    ImportError
        If it takes Dask and that is not installed.
    """
    if not tasks:
        return
    if not scheduler:
        work, tasks = _watching, [(os.getpid(), work, *task) for task in tasks]
    with _backend(n_jobs, scheduler), _ending_by_exception(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=UserWarning, module="joblib")  # of results that nobody fetched
        done = Parallel(return_as="generator_unordered")(delayed(work)(*task) for task in tasks)
        with contextlib.closing(done):
            yield from done


def _watching(parent: int, work: Callable[..., Any], *task: Any) -> Any:
    """Do a task; in a worker of a process that has gone, end it."""
    if os.getpid() != parent and not any(thread.name == _watch.__name__ for thread in threading.enumerate()):
        threading.Thread(target=_watch, args=(parent,), name=_watch.__name__, daemon=True).start()
    return work(*task)


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_WATCH)
    os._exit(1)


@contextlib.contextmanager
def _ending_by_exception() -> Iterator[None]:
    """Let signals that end the process raise SystemExit, so that what was begun is cleaned up.

    Handlers exist in the main thread only, and those of others, like signals that are ignored, stay as they are.
    """

    def end(number: int, frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    ours = []
    if threading.current_thread() is threading.main_thread():
        ours = [number for number in _ENDING if signal.getsignal(number) is signal.SIG_DFL]
    for number in ours:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, signal.SIG_DFL)


@contextlib.contextmanager
def _backend(n_jobs: int, scheduler: str) -> Iterator[None]:
    if scheduler:
        with _on_dask(scheduler):
            yield
    else:
        n_jobs = n_jobs or len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else n_jobs or -1
        with parallel_config(backend="loky", n_jobs=n_jobs):
            yield


@contextlib.contextmanager
def _on_dask(scheduler: str) -> Iterator[None]:
    try:
        from distributed import Client
    except ImportError as error:
        raise ImportError('a Dask scheduler takes the extra "rgrbm[distributed]": pip install it') from error
    try:
        client = Client(scheduler, timeout=_PATIENCE, set_as_default=True)  # type: ignore[no-untyped-call, unused-ignore]
    except (OSError, ValueError, TypeError) as error:
        raise ConnectionError(f"no Dask scheduler answers at {scheduler!r} within {_PATIENCE} s: {error}") from error
    with client:
        if not client.scheduler_info(n_workers=-1)["workers"]:
            raise ConnectionError(f"the Dask scheduler at {scheduler!r} has no workers")
        try:
            with parallel_config(backend="dask", wait_for_workers_timeout=_PATIENCE):
                yield
        except Exception as error:
            if client.status != "running" or type(error).__module__.split(".")[0] in ("distributed", "concurrent"):
                lost = f"the Dask cluster at {scheduler!r} was lost: {error!r}"
                raise ConnectionError(f"{lost}; what was measured is kept, --resume goes on") from error
            raise
