"""The frame of every run: it claims the folder, announces the work, keeps the results, and shows them."""

import functools
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any, Protocol, TypeAlias, TypeVar

from rich.console import Console
from rich.table import Table

from rgrbm._support.config import config
from rgrbm.experiments.announcements import announce_files, announce_work
from rgrbm.experiments.options import names_of_execution
from rgrbm.experiments.results_table import show
from rgrbm.experiments.run_folder import RunFolder

Parameters = TypeVar("Parameters", contravariant=True)
Report: TypeAlias = tuple[dict[str, Any], Sequence[Table | str]]  # the results, and how to show them


class Run(Protocol[Parameters]):
    """An experiment as :func:`experiment` makes it."""

    schema: str
    writes: Sequence[str]

    def __call__(  # noqa: D102
        self, parameters: Parameters, folder: RunFolder, console: Console | None = None
    ) -> dict[str, Any]: ...


def experiment(
    schema: str, *, writes: Sequence[str] = ()
) -> Callable[[Callable[[Parameters, RunFolder, Console], Report]], Run[Parameters]]:
    """Make a run of a function that trains and measures.

    Parameters
    ----------
    schema : str
        Name and version of what is in ``results.json``.
    writes : sequence of str, optional
        Names of all other files that the run leaves in its folder, or patterns of names.

    Returns
    -------
    callable
        A decorator. What it makes takes ``parameters`` (a dataclass with a ``seed``), ``folder`` (where results,
        models, checkpoints and figures go) and optionally ``console`` (where to print), and returns what is in
        ``results.json``. It raises what the function does: ValueError for parameters out of their range and those
        that disagree with the run to be resumed, OSError for files, and KeyboardInterrupt after Ctrl-C, with the
        state of training in the folder.
    """

    def decorate(work: Callable[[Parameters, RunFolder, Console], Report]) -> Run[Parameters]:
        @functools.wraps(work)
        def run(parameters: Parameters, folder: RunFolder, console: Console | None = None) -> dict[str, Any]:
            console = console or Console()
            given = asdict(parameters)  # type: ignore[call-overload]  # a dataclass
            given = {name: value for name, value in given.items() if name not in names_of_execution(parameters)}
            with folder.working(given, writes) as message:
                if message:
                    console.print(message, highlight=False, markup=False, soft_wrap=True)
                if folder.is_finished():
                    return folder.load_results()
                announce_work(console, parameters, folder)
                result, shown = work(parameters, folder, console)
                results = {"schema": schema, "seed": given["seed"], "parameters": given, **result}
                results |= {"figures": folder.figures, "software": config()}
                folder.save_results(results)
                folder.discard_checkpoints()
            show(console, *shown)
            announce_files(console, folder)
            return results

        run.schema = schema  # type: ignore[attr-defined]
        run.writes = writes  # type: ignore[attr-defined]
        return run  # type: ignore[return-value]  # which has both now

    return decorate
