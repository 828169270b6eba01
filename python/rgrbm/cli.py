"""The command line: ``rgrbm ising1d`` and the other commands. Each runs one experiment."""

import functools
import inspect
from collections.abc import Callable
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

import typer

from rgrbm.experiments.catalogue import EXPERIMENTS, Experiment
from rgrbm.experiments.options import names_of_execution, names_of_positional

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain: rich's table of options calls flags <bool> and has a column for their --no-…
    context_settings={"help_option_names": ["-h", "--help"]},
)

_BAD_INPUT, _INTERRUPTED = 2, 130

_COMMON = {
    "out": (Path, None, "Folder for results, model, checkpoint and figures."),
    "threads": (int, 0, "Threads of the kernels, 0 for all. Results do not depend on it."),
    "force": (bool, False, "Overwrite the results of an earlier run."),
    "resume": (bool, False, "Go on with a stopped run, to the same bits; start it if there is none."),
}


def _exits_cleanly(command: Callable[..., None]) -> Callable[..., None]:
    """Report errors of bad input as one line on stderr and an exit code."""

    @functools.wraps(command)
    def wrapped(*args: Any, **kwargs: Any) -> None:
        try:
            command(*args, **kwargs)
        except (ValueError, TypeError, OSError, MemoryError) as error:
            _print_error(f"rgrbm: {error}", style="red")
            raise typer.Exit(_BAD_INPUT) from error
        except KeyboardInterrupt as interrupt:
            message = f"stopped: {str(interrupt) or 'what was saved is kept'}; --resume goes on"
            _print_error(message)
            raise typer.Exit(_INTERRUPTED) from None

    return wrapped


def _print_error(text: str, style: str | None = None) -> None:
    from rich.console import Console

    Console(stderr=True).print(text, style=style, markup=False, highlight=False, soft_wrap=True)


def _option(name: str, kind: Any, default: Any, help_text: str) -> inspect.Parameter:
    flag = f"--{name.replace('_', '-')}"
    declaration = f"{flag}/--no-{flag[2:]}" if kind is bool else flag
    read = None if _single(kind) in (bool, str, Path) else _reader(flag, kind)
    metavar = read and f"<{read.__name__}>"
    written: Any = _written_as(kind)
    annotation: Any = Annotated[written, typer.Option(declaration, help=help_text, parser=read, metavar=metavar)]
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def _argument(name: str, kind: Any, help_text: str) -> inspect.Parameter:
    """A parameter that is given by its place, always."""
    read = _reader(name, kind)
    argument = typer.Argument(help=help_text, parser=read, metavar=name.upper(), show_default=False)
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=Annotated[_written_as(kind), argument])


def _single(kind: Any) -> Any:
    """What one value is: T of T | None and of list[T]."""
    inner = [argument for argument in get_args(kind) if argument is not type(None)]
    return kind if not inner or get_origin(kind) is Literal else _single(inner[0])


def _written_as(kind: Any) -> Any:
    """A type that typer reads, with text in place of literals."""
    one = str if get_origin(_single(kind)) is Literal else _single(kind)
    if get_origin(kind) is list:
        return list[one]  # type: ignore[valid-type]
    return one | None if type(None) in get_args(kind) else one


def _reader(flag: str, kind: Any) -> Callable[[Any], Any]:
    """What reads a value of a number or of several choices, and ends with one line where it is none."""
    one = _single(kind)
    choices = get_args(one) if get_origin(one) is Literal else ()
    expected = f"one of {', '.join(choices)}" if choices else {int: "an integer", float: "a number"}[one]

    def read(given: Any) -> Any:
        try:
            value = str(given) if choices else one(given)
        except ValueError:
            value = None
        if value is None or (choices and value not in choices):
            _print_error(f"rgrbm: {flag} must be {expected}, got {given!r}", style="red")
            raise typer.Exit(_BAD_INPUT)
        return value

    read.__name__ = "|".join(choices) or one.__name__
    return read


def _source(context: typer.Context, name: str) -> str:
    """Where a parameter's value came from, as click names it; its classes differ between versions."""
    source = context.get_parameter_source(name)
    return "" if source is None else source.name


def _add_experiment(experiment: Experiment) -> None:
    """Add the command of an experiment: one option per field of its parameters, and the common ones."""
    name, parameters = experiment.command, experiment.parameters
    positional = names_of_positional(parameters)
    options = [
        _argument(f.name, f.type, f.metadata["help"])
        if f.name in positional
        else _option(f.name, f.type, None if f.default is MISSING else f.default, f.metadata["help"])
        for f in fields(parameters)
    ]
    common = {**_COMMON, "out": (Path, Path("-".join(["rgrbm", *(positional or [name])])), _COMMON["out"][2])}
    options += [_option(key, *rest) for key, rest in common.items()]

    def command(context: typer.Context, **given: Any) -> None:
        from rgrbm._support.config import set_num_threads
        from rgrbm.experiments.run_folder import RunFolder

        out, threads, force, resume = (given.pop(key) for key in _COMMON)
        if positional and _source(context, "out") == "DEFAULT":
            out = Path("-".join(["rgrbm", *(given[key] for key in positional)]))
        set_num_threads(threads)
        folder = RunFolder(out, force=force, resume=resume)
        explicit = {key for key in given if _source(context, key) == "COMMANDLINE"}
        execution = {key: given.pop(key) for key in names_of_execution(parameters)}
        chosen = folder.parameters(given, explicit - set(execution))
        experiment.run(parameters(**chosen, **execution), folder)

    context_parameter = inspect.Parameter("context", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)
    command.__signature__ = inspect.Signature([context_parameter, *options])  # type: ignore[attr-defined]
    command.__annotations__ = {p.name: p.annotation for p in [context_parameter, *options]}
    duration = parameters().plan().duration
    command.__doc__ = f"{experiment.summary}\n\nThe defaults take {duration} on two cores."
    app.command(name, short_help=experiment.summary)(_exits_cleanly(command))  # or the list of commands would cut it


for _experiment in EXPERIMENTS:
    _add_experiment(_experiment)


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"rgrbm {version('rgrbm')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and exit.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    """Sample spin models, train RBMs on them, and see what renormalization they have learned."""


@app.command(short_help="Write a page that shows a run: figures, numbers, how to repeat it.")
@_exits_cleanly
def report(
    run: Annotated[Path, typer.Argument(help="Folder of a run, finished or not.", show_default=False)],
    out: Annotated[
        Path | None, typer.Option("--out", help="The page; by default report.html in that folder.", show_default=False)
    ] = None,
    force: Annotated[
        bool, typer.Option("--force/--no-force", help="Overwrite a file that is no report as well.")
    ] = False,
) -> None:
    """Write a page that shows a run: results, figures, parameters, how to repeat it."""
    from rgrbm.report import write_report

    print(write_report(run, out, force=force))


@app.command()
def info() -> None:
    """Show version, instruction set, threads and libraries."""
    from rgrbm._support.config import show_config

    show_config()


@app.command(short_help="Check samplers, training and bits of this build on this machine.")
@_exits_cleanly
def selftest(
    out: Annotated[
        Path | None, typer.Option("--out", help="A JSON file to attach to a report of a bug.", show_default=False)
    ] = None,
    threads: Annotated[int, typer.Option("--threads", help=_COMMON["threads"][2])] = 0,
    force: Annotated[bool, typer.Option("--force/--no-force", help="Overwrite that file.")] = False,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of all samples.")] = 1,
) -> None:
    """Check samplers against exact distributions, training against sums over states, and bits, in half a minute."""
    from rgrbm._support.config import set_num_threads
    from rgrbm.selftest.report import run_and_show

    set_num_threads(threads)
    if not run_and_show(out, force=force, seed=seed):
        raise typer.Exit(1)
