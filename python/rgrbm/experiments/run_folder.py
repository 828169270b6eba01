"""The folder of one run: what is in it, and the promise that nothing there is lost by accident."""

import io
import json
import os
import shutil
from collections.abc import Collection
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from rgrbm._support.atomic import write_atomically
from rgrbm.rbm.estimator import BernoulliRBM
from rgrbm.rbm.stack import RBMStack
from rgrbm.spins.values import Binary


class RunFolder:
    """Where an experiment puts its results, its model, its checkpoint and its figures.

    Parameters
    ----------
    path : path-like
        The folder; made if only its last part is missing.
    force : bool, default=False
        Let results of an earlier run be overwritten.
    resume : bool, default=False
        Go on from the checkpoint of a run that was stopped.

    Raises
    ------
    FileExistsError
        If the folder holds results (or a checkpoint) and neither ``force`` nor ``resume`` was asked for.
    FileNotFoundError
        If the parent folder is missing, or there is nothing to resume.
    NotADirectoryError
        If the path is a file.
    PermissionError
        If the folder cannot be written to.
    """

    def __init__(self, path: str | os.PathLike[str], *, force: bool = False, resume: bool = False) -> None:
        self.path = Path(path)
        self.results = self.path / "results.json"
        self.model = self.path / "model.safetensors"
        self.checkpoint = self.path / "checkpoint.safetensors"
        self.checkpoints = self.path / "checkpoints"  # a folder instead, for runs that train several models
        self.resumes = resume
        self._parameters = self.path / "parameters.json"
        if force and resume:
            raise ValueError("--force starts anew and --resume goes on: choose one of them")
        self._make()
        if resume:
            self._require_checkpoint()
        elif force:
            self.discard_checkpoints()
        else:
            self._refuse_to_overwrite()

    def _make(self) -> None:
        if not self.path.parent.is_dir():
            raise FileNotFoundError(f"the folder {self.path.parent} for the output does not exist")
        if self.path.exists() and not self.path.is_dir():
            raise NotADirectoryError(f"the output {self.path} is not a folder")
        try:
            self.path.mkdir(exist_ok=True)
            probe = self.path / ".rgrbm-write-probe"
            write_atomically(probe, b"")
            probe.unlink()
        except OSError as error:
            raise PermissionError(f"the output folder {self.path} cannot be written to: {error}") from error

    def _require_checkpoint(self) -> None:
        if self.results.exists():
            raise FileExistsError(f"the run in {self.path} is finished: there is nothing to resume")
        if not self._stopped():
            raise FileNotFoundError(f"there is no checkpoint to resume from in {self.path}")

    def _refuse_to_overwrite(self) -> None:
        if self.results.exists():
            raise FileExistsError(f"{self.results} exists already: choose another --out, or --force to overwrite it")
        if self._stopped():
            raise FileExistsError(
                f"{self.path} holds a run that was stopped: --resume goes on with it, --force starts anew"
            )

    def _stopped(self) -> bool:
        return self.checkpoint.exists() or any(self.checkpoints.rglob("*.safetensors"))

    def discard_checkpoints(self) -> None:
        """Remove the checkpoints of a run that is finished or started anew."""
        self.checkpoint.unlink(missing_ok=True)
        if self.checkpoints.is_dir():
            shutil.rmtree(self.checkpoints)

    def parameters(self, given: dict[str, Any], explicit: Collection[str] = ()) -> dict[str, Any]:
        """The parameters of the run: those given, or those that a resumed run was started with.

        Parameters
        ----------
        given : dict
            All parameters of a new run; they are written into the folder.
        explicit : collection of str
            Names of those that the user asked for, as opposed to defaults.

        Raises
        ------
        ValueError
            If a resumed run was started with another value of an explicit parameter.
        """
        if not self.resumes:
            write_atomically(self._parameters, json.dumps(given, indent=2).encode() + b"\n")
            return given
        try:
            stored: dict[str, Any] = json.loads(self._parameters.read_text())
        except (OSError, ValueError) as error:
            raise ValueError(f"the parameters of the run in {self.path} cannot be read: {error}") from error
        if set(stored) != set(given):
            raise ValueError(f"{self._parameters} is of another experiment or version")
        for name in explicit:
            if stored[name] != given[name]:
                raise ValueError(f"the run to be resumed was started with {name} = {stored[name]}, not {given[name]}")
        return stored

    def fit(self, model: BernoulliRBM | RBMStack, data: Binary, name: str = "") -> None:
        """Train a model, with its checkpoints in the folder.

        Parameters
        ----------
        model : BernoulliRBM or RBMStack
            What to train.
        data : ndarray of uint8
            The training set.
        name : str, optional
            Which of several models it is.

        Raises
        ------
        KeyboardInterrupt
            After Ctrl-C, telling how far the training came.
        """
        checkpoint = self.checkpoints / name if name else self.checkpoint
        checkpoint.parent.mkdir(exist_ok=True)
        try:
            model.fit(data, checkpoint=checkpoint, resume=self.resumes)
        except KeyboardInterrupt as interrupt:
            done = getattr(model, "n_iter_", 0)
            said = str(interrupt) or f"training stopped after {done} epochs"
            raise KeyboardInterrupt(f"{name}: {said}" if name else said) from None

    def save_results(self, results: dict[str, Any]) -> None:
        """Write ``results.json``; NaN becomes null, since JSON has none."""
        text = json.dumps(_without_nan(results), indent=2, allow_nan=False, ensure_ascii=False)
        write_atomically(self.results, text.encode() + b"\n")

    def save_figure(self, figure: Figure, name: str) -> None:
        """Write a figure as ``name`` (PNG, 200 dots per inch)."""
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=200)
        write_atomically(self.path / name, buffer.getvalue())


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nan(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(item) for item in value]
    if isinstance(value, float) and value != value:
        return None
    return value
