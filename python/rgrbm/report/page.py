"""The page of a run: one file of HTML with all that it shows inside, and no script."""

import base64
import datetime
import functools
import os
from dataclasses import fields
from pathlib import Path
from typing import Any

import jinja2
import markupsafe

from rgrbm._support.atomic import write_atomically
from rgrbm._support.config import config
from rgrbm.experiments.options import names_of_positional
from rgrbm.report.command_line import command_line, defaults, differing
from rgrbm.report.grids import Branch, Grid, branch, readable, shown
from rgrbm.report.run import Run, read_run, results_text

_MARK = '<meta name="generator" content="rgrbm report'  # in the template: marks a page of ours
_SHOWN_ELSEWHERE = ("schema", "seed", "parameters", "software", "figures")
_DIAGNOSIS = "diagnosis.png"


def write_report(
    run: str | os.PathLike[str], out: str | os.PathLike[str] | None = None, *, force: bool = False
) -> Path:
    """Write a page that shows a run: its results, figures, parameters and versions, and how to repeat it.

    Parameters
    ----------
    run : path-like
        Folder of a run, such as ``rgrbm ising1d`` writes; of one that is not finished, the page shows how far it is.
    out : path-like, optional
        The page; by default ``report.html`` in the folder. An older report is replaced.
    force : bool, default=False
        Replace it even if it is a file of another kind.

    Returns
    -------
    pathlib.Path
        The page: one file of HTML that loads nothing, from the network or otherwise.

    Raises
    ------
    FileExistsError
        If the file exists and is not a report.
    FileNotFoundError
        If the run or the folder for the page does not exist.
    ValueError
        If the folder holds no run or one that cannot be read, or the name of the page does not end in .html.
    OSError
        If files cannot be read or written.
    """
    target = Path(run) / "report.html" if out is None else Path(out)
    if out is not None:
        _require_place(target)
    _require_ours(target, force=force)
    content = render(read_run(run)).encode("utf-8", "replace")
    try:
        write_atomically(target, content)
    except OSError as error:
        raise type(error)(f"the report {target} cannot be written: {error}") from error
    return target


def _require_place(target: Path) -> None:
    if target.suffix not in (".html", ".htm"):
        raise ValueError(f"the report is a page: its name must end in .html, got {str(target)!r}")
    if not target.parent.is_dir():
        raise FileNotFoundError(f"the folder {target.parent} for the report does not exist")


def _require_ours(target: Path, *, force: bool) -> None:
    if target.is_dir():
        raise IsADirectoryError(f"the report {target} would be a file, but is a folder")
    if force or not target.exists():
        return
    with target.open("rb") as file:
        head = file.read(1000)
    if _MARK.encode() not in head:
        raise FileExistsError(f"{target} exists and is no report: choose another --out, or --force to overwrite it")


def render(run: Run) -> str:
    """The page of a run, as HTML."""
    results = run.results or {}
    software = results.get("software")
    return _template().render(
        run=run,
        name=run.path.resolve().name,
        about=_about(run),
        figures=[one for one in run.pictures if one.name != _DIAGNOSIS],
        diagnosis=_diagnosis(results),
        diagnosis_figures=[one for one in run.pictures if one.name == _DIAGNOSIS],
        parameters=_parameters(run),
        commands=_commands(run),
        software=_software(software) if isinstance(software, dict) else None,
        everything=branch("All numbers", {k: v for k, v in results.items() if k not in _SHOWN_ELSEWHERE}),
        download=base64.b64encode(results_text(run)).decode(),
        made=datetime.datetime.now(datetime.UTC).strftime("%d %B %Y, %H:%M UTC"),
        version=config()["rgrbm"],
    )


@functools.cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("rgrbm.report", "."),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["breakable"] = _breakable
    return environment.get_template("page.html.jinja")


def _breakable(name: str) -> markupsafe.Markup:
    """Text that may be broken into lines after an underscore."""
    return markupsafe.escape(name).replace("_", markupsafe.Markup("_<wbr>"))


def _about(run: Run) -> str:
    """What the experiment does, as the command line has it."""
    return run.experiment.summary if run.experiment else ""


def _diagnosis(results: dict[str, Any]) -> Branch | None:
    part = results.get("diagnosis")
    if part is None:
        return None
    return branch("Diagnostics", readable(part if isinstance(part, dict) else {"diagnosis": part}))


def _parameters(run: Run) -> Grid:
    if run.experiment is None:
        rows = [[name, shown(value)] for name, value in run.parameters.items()]
        return Grid("What the run was asked for", ["parameter", "value"], [False, True], rows)
    help_of = {field.name: field.metadata.get("help", "") for field in fields(run.experiment.parameters)}
    default = defaults(run.experiment)
    part = Grid("What the run was asked for", ["parameter", "value"], [False, True], [])
    for name, value in run.parameters.items():
        usual = default.get(name, value)
        part.rows.append([name, shown(value)])
        part.hints.append(help_of.get(name, ""))
        part.asides.append("" if usual == value else f"by default {shown(usual)}")
    return part


def _commands(run: Run) -> list[tuple[str, list[str]]]:
    """Command lines with what each is for."""
    if run.results is None:
        return [("Go on with the run, to the bits that it would have had undisturbed:", _resuming(run))]
    out = f"{run.path.resolve().name}-again"
    every = command_line(run.command, run.parameters, out)
    if run.experiment is None:
        return [("Do the same again, where the version has this experiment:", every)]
    few = command_line(run.command, differing(run.experiment, run.parameters), out)
    return [("Do the same again:", few), ("The same with every parameter written out:", every)]


def _resuming(run: Run) -> list[str]:
    always = names_of_positional(run.experiment.parameters) if run.experiment else ()
    given = {name: run.parameters[name] for name in always}
    return [*command_line(run.command, given, str(run.path)), "--resume"]


def _software(software: dict[str, Any]) -> Grid:
    rows = [[name.replace("_", " "), shown(value)] for name, value in software.items()]
    return Grid("What the run was made with", ["software", "version"], [False, True], rows)
