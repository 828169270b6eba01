"""What ``parameters.json`` holds: the parameters of a run, and the list of the files that it has written."""

import dataclasses
import json
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from rgrbm._support.files import read_json

_SCHEMA = "rgrbm.run/1"


@dataclass(frozen=True, kw_only=True)
class RunRecord:
    """The record of a run, which marks the folder as a run's.

    Attributes
    ----------
    parameters : dict
        Those that the run was started with.
    files : tuple of str
        Names of all files and folders that the run has written or is about to write, relative to its folder. A run
        overwrites and removes these only.
    replacing : bool
        Whether results and checkpoints of an earlier run are still to be removed.
    results : str or None
        SHA-256 of ``results.json``, once there is one.
    models : dict of str to str
        SHA-256 of the models' files, once there are results.
    """

    parameters: dict[str, Any]
    files: tuple[str, ...] = ()
    replacing: bool = False
    results: str | None = None
    models: dict[str, str] = field(default_factory=dict)

    def digests(self) -> dict[str, str]:
        """SHA-256 of all files of a finished run that are checked."""
        return {**({"results.json": self.results} if self.results else {}), **self.models}

    def replace(self, **changes: Any) -> "RunRecord":
        """A copy with some entries changed."""
        return dataclasses.replace(self, **changes)

    def to_bytes(self) -> bytes:
        """The content of the file."""
        return json.dumps({"schema": _SCHEMA, **dataclasses.asdict(self)}, indent=2).encode() + b"\n"


def read_record(file: Path) -> RunRecord | None:
    """The record of a run; None if the file is missing or is no record.

    Raises
    ------
    ValueError
        If it is a record, but a damaged one.
    """
    try:
        content = read_json(file)
    except (OSError, ValueError):
        return None
    if not isinstance(content, dict) or content.pop("schema", None) != _SCHEMA:
        return None
    try:
        record = RunRecord(**content)
    except TypeError as error:
        raise ValueError(f"{file} is damaged: {error}") from error
    if (
        not isinstance(record.parameters, dict)
        or not isinstance(record.files, list)
        or not all(isinstance(name, str) and is_inside(name) for name in record.files)
        or not isinstance(record.replacing, bool)
        or not isinstance(record.results, str | None)
        or not isinstance(record.models, dict)
        or not all(is_inside(name) for name in record.models)
    ):
        raise ValueError(f"{file} is damaged: it does not hold parameters and names of files in its folder")
    return record.replace(files=tuple(record.files))


def is_inside(name: str) -> bool:
    """Whether a name is that of a file in the folder or one level below."""
    parts = PurePosixPath(name).parts
    return 1 <= len(parts) <= 2 and not name.startswith("/") and ".." not in parts
