"""Parts of a run side by side: each is kept as soon as it is there, and a resumed run does not do it again."""

import contextlib
from collections.abc import Callable, Mapping
from typing import Any

from rgrbm._core import kernels
from rgrbm._support.config import set_num_threads
from rgrbm._support.progress import progress_bar
from rgrbm.experiments.run_folder import RunFolder
from rgrbm.experiments.workers import done_anywhere

Part = dict[str, Any]


def parts_side_by_side(
    folder: RunFolder,
    work: Callable[..., Part],
    tasks: Mapping[str, tuple[Any, ...]],
    what: str,
    unit: str,
    *,
    n_jobs: int = 0,
    scheduler: str = "",
    is_whole: Callable[[Part], bool] = bool,
    notes: Mapping[str, str] | None = None,
) -> dict[str, Part]:
    """Do what is left of the tasks, each with one thread, behind a progress bar.

    Parameters
    ----------
    folder : RunFolder
        Keeps the parts.
    work : callable
        A function of a module, which can be sent elsewhere; it returns what is to be kept, ready for JSON.
    tasks : mapping of str to tuple
        Arguments of ``work`` by the names of the parts, in the order in which they are begun.
    what, unit : str
        Of the progress bar.
    n_jobs, scheduler
        As of :func:`~rgrbm.experiments.workers.done_anywhere`.
    is_whole : callable, optional
        Whether a part that was kept has all that it should; if not, it is done again.
    notes : mapping of str to str, optional
        What the progress bar says of a part; by default its name.

    Returns
    -------
    dict
        The parts by their names, in the order of the tasks.
    """
    kept = {name: folder.kept_part(name) for name in tasks}
    done = {name: part for name, part in kept.items() if part is not None and is_whole(part)}
    left = [(name, work, *arguments) for name, arguments in tasks.items() if name not in done]
    with (
        contextlib.closing(done_anywhere(_with_one_thread, left, n_jobs, scheduler)) as finished,
        progress_bar(what, len(tasks), completed=len(done), unit=unit, show=True) as advance,
    ):
        for name, part in finished:
            done[name] = folder.keep_part(name, part)
            advance(1, (notes or {}).get(name, name))
    return {name: done[name] for name in tasks}


def _with_one_thread(name: str, work: Callable[..., Part], *arguments: Any) -> tuple[str, Part]:
    threads = kernels.num_threads()
    set_num_threads(1)  # the other cores do other parts
    try:
        return name, work(*arguments)
    finally:
        set_num_threads(threads)
