"""The folder of one run: what is in it, and the promise that nothing there is lost by accident."""

import io
import json
import os
import shutil
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any

from rgrbm._support.atomic import write_atomically
from rgrbm.experiments.run_files import RunFiles
from rgrbm.spins.values import Binary

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from rgrbm.rbm.bernoulli import BernoulliRBM


class RunFolder(RunFiles):
    """Where an experiment puts its results, its model, its checkpoint and its figures.

    Parameters
    ----------
    path : path-like
        The folder; made if only its last part is missing.
    force : bool, default=False
        Start anew, whatever an earlier run has left.
    resume : bool, default=False
        Go on with a run that was stopped, wherever that was: from its checkpoint, from the beginning if it saved
        nothing, not at all if it is finished. A job that is started again by the same command says this each time.

    Raises
    ------
    FileExistsError
        If the folder holds results (or a checkpoint) and neither ``force`` nor ``resume`` was asked for.
    FileNotFoundError
        If the parent folder is missing.
    NotADirectoryError
        If the path is a file.
    PermissionError
        If the folder cannot be written to.
    ValueError
        If both ``force`` and ``resume`` were asked for.

    Notes
    -----
    A kill at any moment leaves a folder that can be resumed. All files appear whole or not at all. The first of a run
    is ``parameters.json``; ``results.json`` comes when all else is written, and marks it as finished; checkpoints are
    removed after that. Parameters that take the place of another run's wait in ``.starting.json`` until that run's
    results and checkpoints are gone, so that these are never taken for the new run's.
    """

    def __init__(self, path: str | os.PathLike[str], *, force: bool = False, resume: bool = False) -> None:
        super().__init__(path)
        self.figures: dict[str, str] = {}  # those saved, each with its caption
        self.resumes = resume
        if force and resume:
            raise ValueError("--force starts anew and --resume goes on: choose one of them")
        if not self.path.parent.is_dir():
            raise FileNotFoundError(f"the folder {self.path.parent} for the output does not exist")
        if self.path.exists() and not self.path.is_dir():
            raise NotADirectoryError(f"the output {self.path} is not a folder")
        if resume and self.is_finished():
            return  # and may be kept where nobody can write
        self._require_writable()
        if not (resume or force):
            self._refuse_to_overwrite()

    def _require_writable(self) -> None:
        try:
            self.path.mkdir(exist_ok=True)
            probe = self.path / ".rgrbm-write-probe"
            write_atomically(probe, b"")
            probe.unlink(missing_ok=True)
        except OSError as error:
            raise PermissionError(f"the output folder {self.path} cannot be written to: {error}") from error

    def _refuse_to_overwrite(self) -> None:
        if self.results.exists():
            raise FileExistsError(f"{self.results} exists already: choose another --out, or --force to overwrite it")
        if self.has_checkpoint():
            raise FileExistsError(
                f"{self.path} holds a run that was stopped: --resume goes on with it, --force starts anew"
            )

    def discard_checkpoints(self) -> None:
        """Remove the checkpoints of a run that is finished or started anew."""
        self.checkpoint.unlink(missing_ok=True)
        if self.checkpoints.is_dir():
            shutil.rmtree(self.checkpoints)

    def parameters(self, given: dict[str, Any], explicit: Collection[str] = ()) -> dict[str, Any]:
        """The parameters to run with: those given, or for a resumed run those that it was started with.

        Parameters
        ----------
        given : dict
            All parameters.
        explicit : collection of str
            Names of those that the user asked for, as opposed to defaults: these stay as given.

        Raises
        ------
        ValueError
            If the parameters of a run to be resumed cannot be read, or are those of another experiment.
        """
        stored = self.stored_parameters() if self.resumes else None
        if stored is None:
            return given
        if set(stored) != set(given):
            raise ValueError(f"the run in {self.path} is of another experiment or version")
        return stored | {name: given[name] for name in explicit}

    def start(self, parameters: dict[str, Any]) -> str:
        """Begin a run or go on with it.

        Parameters
        ----------
        parameters : dict
            Those of the run; they are written before anything else.

        Returns
        -------
        str
            What there is to say of it, nothing for a new run.

        Raises
        ------
        ValueError
            If a run to be resumed was started with other parameters.
        """
        stored = self.stored_parameters() if self.resumes else None
        if stored is not None:
            _require_same(stored, parameters)
        if self.is_finished() and self.resumes:
            return f"the run in {self.path} is finished: nothing is left to do"
        self._remove_remains()
        if stored is None or self._starting.exists():
            write_atomically(self._starting, json.dumps(parameters, indent=2).encode() + b"\n")
            self.results.unlink(missing_ok=True)
            self.discard_checkpoints()
            self._starting.replace(self._parameters)
        if not self.resumes:
            return ""
        if self.has_checkpoint():
            return f"going on with the run in {self.path}"
        return f"no checkpoint in {self.path}: starting from the beginning"

    def _remove_remains(self) -> None:
        """Remove temporary files of writes that were cut off: nobody else would."""
        for pattern in (".*.json.*", ".*.png.*", ".*.html.*", ".*.safetensors.*", ".stack-*.*", ".rgrbm-write-probe.*"):
            for remains in self.path.glob(pattern):
                if remains.is_dir():
                    shutil.rmtree(remains)
                else:
                    remains.unlink(missing_ok=True)

    def fit(self, model: "BernoulliRBM", data: Binary, name: str = "", *, start: Any = None) -> None:
        """Train a model, with its checkpoints in the folder, and a progress bar where there is a terminal.

        Parameters
        ----------
        model : BernoulliRBM
            What to train.
        data : ndarray of uint8
            The training set.
        name : str, optional
            Which of several models it is.
        start : fitted RBM or RBMParameters, optional
            Whose parameters training begins with.

        Raises
        ------
        KeyboardInterrupt
            After Ctrl-C, telling how far the training came.
        """
        checkpoint = self.checkpoints / f"{name}.safetensors" if name else self.checkpoint
        checkpoint.parent.mkdir(exist_ok=True)
        try:
            model.fit(data, start=start, checkpoint=checkpoint, resume=self.resumes, progress=True)
        except KeyboardInterrupt as interrupt:
            said = str(interrupt)
            if not said and hasattr(model, "n_iter_"):
                said = f"{model.n_iter_} of {model.n_iter} epochs are done"
            raise KeyboardInterrupt(f"{name}: {said}" if name and said else said) from None

    def part(self, name: str, work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """What one part of a run has found, kept beside the checkpoints: a resumed run does not work it out again."""
        found = self.kept_part(name)
        return self.keep_part(name, work()) if found is None else found

    def kept_part(self, name: str) -> dict[str, Any] | None:
        """What a run that is resumed has kept of a part; None if nothing.

        Raises
        ------
        ValueError
            If the file of that part holds something else.
        """
        kept = self.checkpoints / f"{name}.json"
        if not self.resumes or not kept.exists():
            return None
        try:
            return dict(json.loads(kept.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError) as error:
            raise ValueError(f"{kept} is no part of a run: {error}") from error

    def keep_part(self, name: str, found: dict[str, Any]) -> dict[str, Any]:
        """Keep what one part of a run has found, and return it as it will be read."""
        as_read: dict[str, Any] = json.loads(json.dumps(_without_nan(found), allow_nan=False))
        self.checkpoints.mkdir(exist_ok=True)
        write_atomically(self.checkpoints / f"{name}.json", json.dumps(as_read).encode())
        return as_read

    def save_results(self, results: dict[str, Any]) -> None:
        """Write ``results.json``; NaN becomes null, since JSON has none."""
        text = json.dumps(_without_nan(results), indent=2, allow_nan=False, ensure_ascii=False)
        write_atomically(self.results, text.encode() + b"\n")

    def save_figure(self, figure: "Figure", name: str, caption: str = "") -> None:
        """Write a figure as ``name`` (PNG, 200 dots per inch); the caption's first sentence is what it is called."""
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=200)
        write_atomically(self.path / name, buffer.getvalue())
        self.figures[name] = caption


def _require_same(stored: dict[str, Any], parameters: dict[str, Any]) -> None:
    given = json.loads(json.dumps(parameters))  # tuples are lists there
    if set(stored) != set(given):
        raise ValueError("the run to be resumed is of another experiment or version")
    for name, value in given.items():
        if stored[name] != value:
            raise ValueError(f"the run to be resumed was started with {name} = {stored[name]}, not {value}")


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nan(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(item) for item in value]
    if isinstance(value, float) and value != value:
        return None
    return value
