"""Files from elsewhere: what is no file, or no JSON that can be read, is refused before it does harm."""

import json
import os
import stat
from pathlib import Path
from typing import Any

from rgrbm._support import checks


def path_of(name: str, value: Any) -> Path:
    """A path, from text or a path.

    Raises
    ------
    TypeError
        If it is neither.
    """
    return Path(checks.instance(name, value, (str, os.PathLike), "path"))


def require_readable(path: Path) -> None:
    """Refuse what cannot be opened, and what would wait for a writer for ever.

    Raises
    ------
    OSError
        If it is missing, a folder, may not be read, or is a pipe, a device or a socket.
    """
    mode = path.stat().st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise OSError(f"{str(path)!r} is no file: it is a pipe, a device or a socket")
    with path.open("rb"):
        pass


def parse_json(text: str | bytes) -> Any:
    """The content of a JSON text.

    Raises
    ------
    ValueError
        If it is none, or nested deeper than Python reads.
    """
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError("too deeply nested") from error


def read_json(path: Path) -> Any:
    """The content of a JSON file.

    Raises
    ------
    ValueError
        If it is no JSON.
    OSError
        If it cannot be read.
    """
    require_readable(path)
    return parse_json(path.read_text(encoding="utf-8"))
