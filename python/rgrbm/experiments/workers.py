"""Tasks side by side: in processes here, or by the workers of a Dask cluster, through joblib."""

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from joblib import Parallel, delayed, parallel_config

_PATIENCE = 10  # seconds for a scheduler to answer


def done_anywhere(
    work: Callable[..., Any], tasks: Sequence[tuple[Any, ...]], n_jobs: int = 0, scheduler: str = ""
) -> Iterator[Any]:
    """Do tasks side by side and yield what each returns, as soon as it is there, in any order.

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
    with _place(n_jobs, scheduler):
        yield from Parallel(return_as="generator_unordered")(delayed(work)(*task) for task in tasks)


@contextlib.contextmanager
def _place(n_jobs: int, scheduler: str) -> Iterator[None]:
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
                raise ConnectionError(f"{lost}; what was found is kept, --resume goes on") from error
            raise
