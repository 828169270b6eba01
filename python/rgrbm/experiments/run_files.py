"""Which files the folder of a run has, and what can be read from them; nothing here writes."""

import os
from pathlib import Path
from typing import Any

from rgrbm._support.files import read_json
from rgrbm.experiments.run_record import RunRecord, read_record


class RunFiles:
    """The files of a run.

    Parameters
    ----------
    path : path-like
        Its folder; it may be missing or empty.

    Attributes
    ----------
    results, model, checkpoint : pathlib.Path
        Files that it has at its end, and while it trains.
    checkpoints : pathlib.Path
        A folder instead, for runs that train several models, with the parts that are done.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self.results = self.path / "results.json"
        self.model = self.path / "model.safetensors"
        self.checkpoint = self.path / "checkpoint.safetensors"
        self.checkpoints = self.path / "checkpoints"
        self._parameters = self.path / "parameters.json"

    def record(self) -> RunRecord | None:
        """The record of the run in the folder; None if there is none, or one of an older version.

        Raises
        ------
        ValueError
            If it is damaged.
        """
        return read_record(self._parameters)

    def is_finished(self) -> bool:
        """Whether the run has come to its end."""
        if not self.results.exists():
            return False
        record = self.record()
        return record is None or not record.replacing

    def has_checkpoint(self) -> bool:
        """Whether a stopped run could go on from something that it has saved."""
        return (
            self.checkpoint.exists()
            or any(self.checkpoints.glob("*.safetensors"))
            or any(self.checkpoints.glob("*.json"))
        )

    def stored_parameters(self) -> dict[str, Any] | None:
        """Parameters that the run in the folder was started with; None if there is no run.

        Raises
        ------
        ValueError
            If they cannot be read, or are missing beside a checkpoint.
        """
        record = self.record()
        if record is not None:
            return record.parameters
        sources = [file for file in (self._parameters, self.results) if file.exists()]
        if not sources:
            if self.has_checkpoint():
                raise ValueError(f"{self.path} holds a checkpoint, but no {self._parameters.name} that it belongs to")
            return None
        try:
            stored = read_json(sources[0])
            stored = stored["parameters"] if sources[0] == self.results else stored
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ValueError(f"the parameters of the run in {self.path} cannot be read: {error}") from error
        if not isinstance(stored, dict):
            raise ValueError(f"the parameters of the run in {self.path} cannot be read: expected an object of JSON")
        return stored

    def load_results(self) -> dict[str, Any]:
        """Read ``results.json``.

        Raises
        ------
        ValueError
            If it is no object of JSON.
        OSError
            If it cannot be read.
        """
        try:
            results = read_json(self.results)
        except ValueError as error:
            raise ValueError(f"{self.results} is no JSON: {error}") from error
        if not isinstance(results, dict):
            raise ValueError(f"{self.results} is no file of results: expected an object of JSON")
        return results
