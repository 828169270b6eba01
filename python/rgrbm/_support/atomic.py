"""Files that are either written whole or not at all."""

import contextlib
import contextvars
import os
import tempfile
from collections.abc import Iterator
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
        If the folder does not exist, cannot be written to or is full, with the file's name; an existing file is then
        untouched.
    """
    path = Path(path)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=temporary_prefix(path))
    try:
        with naming(path):
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


@contextlib.contextmanager
def naming(path: Path) -> Iterator[None]:
    """Context whose errors of the system name this file: that of a full disk names none, and others a temporary one."""
    try:
        yield
    except OSError as error:
        if error.errno is None:
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
