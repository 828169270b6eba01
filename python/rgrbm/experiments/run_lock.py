"""One process at a time in the folder of a run."""

import contextlib
import json
import os
import secrets
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rgrbm._support.atomic import naming, temporary_mark
from rgrbm._support.files import parse_json

try:
    import fcntl
except ImportError:  # not on Windows
    fcntl = None  # type: ignore[assignment]

_SCHEMA = "rgrbm.lock/1"


class RunLock:
    """A file ``.rgrbm-lock`` that names the process that works in a folder.

    The lock of a process that has ended without removing it is recognised on the same machine, and taken over. The
    temporary files of that process are then removed; the lock has the mark that their names bear.

    Parameters
    ----------
    folder : pathlib.Path
        The folder.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / ".rgrbm-lock"
        self._folder = folder
        self._mine: dict[str, Any] | None = None

    def require_free(self) -> None:
        """Check that no process works in the folder.

        Raises
        ------
        BlockingIOError
            If one does.
        FileExistsError
            If a file of the lock's name is something else.
        """
        holder = self._holder()
        if holder and _may_live(holder):
            raise self._refusal(holder)

    def acquire(self) -> None:
        """Take the lock; nothing happens if it is held by this object.

        Raises
        ------
        BlockingIOError
            If another process has it, or another object of this process.
        FileExistsError
            If a file of the lock's name is something else.
        OSError
            If it cannot be written.
        """
        if self._mine:
            return
        mine = {"schema": _SCHEMA, **_process(os.getpid()), "mark": secrets.token_hex(8)}
        with _alone_in(self._folder):
            self.require_free()
            self._remove_remains()
            try:
                handle = os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666)
            except FileExistsError:
                raise self._refusal(self._holder() or {}) from None
            with naming(self.path), os.fdopen(handle, "wb") as file:
                file.write(json.dumps(mine).encode() + b"\n")
        self._mine = mine
        temporary_mark.set(mine["mark"] + "-")

    def release(self) -> None:
        """Remove the lock if it is this object's."""
        mine, self._mine = self._mine, None
        if mine is None or mine["pid"] != os.getpid():  # a fork is not the holder
            return
        temporary_mark.set("")
        with contextlib.suppress(OSError):
            if self._holder() == mine:
                self.path.unlink()

    def _holder(self) -> dict[str, Any] | None:
        """What the lock file says; nothing if there is none, or if its process ended before it wrote anything."""
        try:
            text = self.path.read_bytes()
        except FileNotFoundError:
            return None
        if not text:
            return {}
        try:
            holder = parse_json(text)
        except ValueError:
            holder = None
        if not isinstance(holder, dict) or holder.get("schema") != _SCHEMA or not isinstance(holder.get("pid"), int):
            raise FileExistsError(
                f"{self.path} is in the way: it is no lock of a run; move it, or choose another --out"
            )
        return holder

    def _remove_remains(self) -> None:
        """Remove the lock of a process that has ended, and the temporary files that it has left."""
        holder = self._holder()
        if holder is None:
            return
        mark = str(holder.get("mark", ""))
        if len(mark) == 16 and mark.isalnum():
            for folder in (self._folder, self._folder / "checkpoints"):
                for remains in folder.glob(f".*.{mark}-*"):
                    if remains.is_dir() and not remains.is_symlink():
                        shutil.rmtree(remains)
                    else:
                        remains.unlink(missing_ok=True)
        self.path.unlink(missing_ok=True)

    def _refusal(self, holder: dict[str, Any]) -> BlockingIOError:
        pid, host = holder.get("pid", "?"), holder.get("host", "?")
        text = f"{self._folder} is in use by process {pid} on {host}: wait for its end, or choose another --out"
        if not _is_here(holder):
            text += f" (whether it still runs is not visible from here; if it does not, remove {self.path})"
        return BlockingIOError(text)


@contextlib.contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Let no other process of this machine take a lock in the folder meanwhile."""
    if fcntl is None:
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # where the file system has no such locks
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _process(pid: int) -> dict[str, Any]:
    """What distinguishes a process from all others, of other machines and of other times."""
    return {"pid": pid, "host": socket.gethostname(), "started": _started(pid), "boot": _boot(), "space": _pid_space()}


def _started(pid: int) -> int | None:
    """Start of a process in clock ticks since that of the machine; 0 if it has ended, None if the system hides it."""
    try:
        state, *fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return 0 if state in "ZX" else int(fields[18])
    except (OSError, ValueError, IndexError):
        return None


def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def _pid_space() -> str:
    """The namespace that numbers of processes are of: containers have their own."""
    try:
        return str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        return ""


def _is_here(holder: dict[str, Any]) -> bool:
    """Whether the process of a lock is, or was, one of this machine and its present numbering."""
    if holder.get("host") != socket.gethostname():
        return False
    return holder.get("boot") != _boot() or holder.get("space") == _pid_space()


def _may_live(holder: dict[str, Any]) -> bool:
    """Whether the process of a lock may still run."""
    if not _is_here(holder):
        return True
    if holder.get("boot") != _boot():
        return False
    if os.name == "nt":
        return True  # os.kill would end the process there
    try:
        os.kill(holder["pid"], 0)
    except PermissionError:
        pass  # of another user
    except (ProcessLookupError, OverflowError):
        return False
    started = _started(holder["pid"])
    return started is None or holder.get("started") is None or started == holder["started"]
