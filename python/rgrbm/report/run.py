"""The contents of a run's folder, finished or not."""

import io
import json
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rgrbm.experiments.catalogue import EXPERIMENTS, Experiment
from rgrbm.experiments.run_files import RunFiles
from rgrbm.plots.ring import plot_learning_curve
from rgrbm.rbm.checkpoints import Checkpoint, load_checkpoint
from rgrbm.report.figures import Picture, picture, pictures
from rgrbm.report.grids import Grid, grids_of_tables

_SCHEMA = re.compile(r"rgrbm\.([a-z0-9_-]+)/([0-9]+)")


@dataclass
class Run:
    """A run, read from its folder.

    Attributes
    ----------
    path : pathlib.Path
        The folder.
    command : str
        Name of the experiment, on the command line.
    experiment : Experiment or None
        What this version knows of it; None for an experiment that it does not know.
    parameters : dict
        Of the run, as in JSON.
    results : dict or None
        What it has found; None if it is not finished.
    grids : list of Grid
        Its tables; of an unfinished run, how far it has come.
    pictures : list of Picture
        Its figures.
    remarks : list of str
        What a reader should know before reading on.
    """

    path: Path
    command: str
    experiment: Experiment | None
    parameters: dict[str, Any]
    results: dict[str, Any] | None = None
    grids: list[Grid] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


def read_run(path: str | os.PathLike[str]) -> Run:
    """Read the folder of a run.

    Parameters
    ----------
    path : path-like
        The folder.

    Returns
    -------
    Run

    Raises
    ------
    FileNotFoundError
        If there is no such folder.
    NotADirectoryError
        If it is a file.
    ValueError
        If it holds no run, or its files are broken or somebody else's.
    """
    files = RunFiles(path)
    if not files.path.exists():
        raise FileNotFoundError(f"there is no folder {files.path}")
    if not files.path.is_dir():
        raise NotADirectoryError(f"{files.path} is not the folder of a run, but a file")
    return _finished(files) if files.is_finished() else _unfinished(files)


def _finished(files: RunFiles) -> Run:
    results = files.load_results()
    schema, parameters = results.get("schema"), results.get("parameters")
    named = _SCHEMA.fullmatch(schema) if isinstance(schema, str) else None
    if named is None:
        raise ValueError(f"{files.results} is not of a run: expected a schema like 'rgrbm.ising1d/1', got {schema!r}")
    if not isinstance(parameters, dict):
        raise ValueError(f"{files.results} is not of a run: expected parameters, an object of JSON")
    run = Run(files.path, named[1], None, parameters, results)
    for experiment in EXPERIMENTS:
        if experiment.run.schema == schema:
            run.experiment = experiment
    if run.experiment is None:
        run.remarks.append(
            f"This version of rgrbm has no tables for results of the kind {schema}: below are all numbers as they are."
        )
    else:
        run.grids = _tables(files, run.experiment, results)
    run.pictures = pictures(files.path, results)
    return run


def _tables(files: RunFiles, experiment: Experiment, results: dict[str, Any]) -> list[Grid]:
    try:
        return grids_of_tables(experiment.tables(results))
    except KeyError as error:
        raise ValueError(
            f"{files.results} has not all results of {experiment.run.schema}: {error} is missing"
        ) from None
    except (TypeError, ValueError, IndexError, AttributeError, ArithmeticError) as error:
        raise ValueError(f"{files.results} does not hold results of {experiment.run.schema}: {error}") from error


def _unfinished(files: RunFiles) -> Run:
    parameters = files.stored_parameters()
    if parameters is None:
        raise ValueError(f"{files.path} is not the folder of a run: it has neither results.json nor parameters.json")
    known = [experiment for experiment in EXPERIMENTS if experiment.parameter_names == set(parameters)]
    if not known:
        raise ValueError(f"the run in {files.path} is not finished, and of no experiment that this version knows")
    run = Run(files.path, known[0].command, known[0], parameters)
    trainings = _trainings(files)
    if trainings:
        columns = ["training", "epochs done", "seconds"]
        done = [[name, str(len(x.history)), f"{x.history.seconds:.1f}"] for name, x in trainings.items()]
        run.grids.append(Grid("How far the training has come", columns, [False, True, True], done))
    parts = sorted(path.stem for path in files.checkpoints.glob("*.json"))
    if parts:
        run.grids.append(Grid("Parts that are done", ["part"], [False], [[name] for name in parts]))
    if set(trainings) == {"model"}:
        run.pictures = _learning_curve(trainings["model"])
    return run


def _trainings(files: RunFiles) -> dict[str, Checkpoint]:
    saved = {"model": files.checkpoint} if files.checkpoint.exists() else {}
    saved |= {path.stem: path for path in sorted(files.checkpoints.glob("*.safetensors"))}
    return {name: load_checkpoint(path) for name, path in saved.items()}


def _learning_curve(state: Checkpoint) -> list[Picture]:
    if len(state.history) < 2 or "reconstruction_error" not in state.history.names:
        return []
    figure = plot_learning_curve(state.history["epoch"], state.history["reconstruction_error"])
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=200)
    caption = "Learning curve so far. Reconstruction error of the training set against epochs."
    return [picture("learning curve", buffer.getvalue(), caption)]


def results_text(run: Run) -> bytes:
    """All results as JSON, for a reader of the page who wants every digit."""
    return json.dumps(run.results, indent=2, ensure_ascii=False).encode("utf-8", "replace")
