"""Files that are either written whole or not at all."""

import contextlib
import contextvars
import os
import tempfile
from pathlib import Path

temporary_mark: contextvars.ContextVar[str] = contextvars.ContextVar("temporary_mark", default="")
"""Part of the names of temporary files; who sets it can recognise those that a kill has left."""


def temporary_prefix(path: Path) -> str:
    """What the name of a temporary file or folder begins with that will become ``path``."""
    return f".{path.name}.{temporary_mark.get()}"


def write_atomically(path: str | os.PathLike[str], *content: bytes | memoryview) -> None:
    """Write ``content`` to ``path`` through a temporary file in the same folder, renamed in the end.

    Raises
    ------
    OSError
        If the folder does not exist or cannot be written to; an existing file is then untouched.
    """
    path = Path(path)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=temporary_prefix(path))
    try:
        with os.fdopen(handle, "wb") as file:
            file.writelines(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o666 & ~_umask())  # a plain file's mode, not the private one of mkstemp
        Path(temporary).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(temporary).unlink()
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
