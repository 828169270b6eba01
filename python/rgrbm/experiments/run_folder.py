"""The folder of one run: what is in it, and the promise that nothing there is lost by accident."""

import contextlib
import hashlib
import io
import json
import math
import os
import tempfile
import weakref
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rgrbm._support.atomic import write_atomically
from rgrbm._support.files import read_json
from rgrbm.experiments.run_files import RunFiles
from rgrbm.experiments.run_lock import RunLock
from rgrbm.experiments.run_record import RunRecord, is_inside
from rgrbm.spins.values import Binary

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from rgrbm.rbm.bernoulli import BernoulliRBM
    from rgrbm.rbm.stack import RBMStack


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
        If the folder holds results (or a checkpoint) and neither ``force`` nor ``resume`` was asked for, or if a file
        of another origin has a name that the run needs.
    BlockingIOError
        If another process works in the folder.
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
    A run overwrites and removes only files that it wrote itself, or that an earlier run in the folder wrote. The list
    of these is in ``parameters.json``, the first file of a run, and a name is entered before its file is written. A
    file of another origin is never touched: where it has a name that the run needs, the run is refused. One process
    works in a folder at a time (:class:`rgrbm.experiments.run_lock.RunLock`).

    A kill at any moment leaves a folder that can be resumed. All files appear whole or not at all. ``results.json``
    comes when all else is written, and marks the run as finished; checkpoints are removed after that. A run that
    takes the place of another says so in ``parameters.json`` until the results and checkpoints of the other are gone,
    so that these are never taken for the new run's.
    """

    def __init__(self, path: str | os.PathLike[str], *, force: bool = False, resume: bool = False) -> None:
        super().__init__(path)
        self.figures: dict[str, str] = {}  # those saved, each with its caption
        self.resumes = resume
        self._forced = force
        self._lock = RunLock(self.path)
        self._written: RunRecord | None = None  # from start() on, what parameters.json holds
        self._unlisted: set[str] = set()  # files that were written without a start
        if force and resume:
            raise ValueError("--force starts anew and --resume goes on: choose one of them")
        if not self.path.parent.is_dir():
            raise FileNotFoundError(f"the folder {self.path.parent} for the output does not exist")
        if self.path.exists() and not self.path.is_dir():
            raise NotADirectoryError(f"the output {self.path} is not a folder")
        if resume and self.is_finished():
            return  # and may be kept where nobody can write
        self._require_writable()
        self._lock.require_free()
        self._require_place()
        weakref.finalize(self, self._lock.release)

    def close(self) -> None:
        """Let other processes work in the folder."""
        self._lock.release()

    def _require_writable(self) -> None:
        try:
            self.path.mkdir(exist_ok=True)
            with tempfile.TemporaryFile(dir=self.path):
                pass
        except OSError as error:
            raise PermissionError(f"the output folder {self.path} cannot be written to: {error}") from error

    def _require_place(self, patterns: Collection[str] = ()) -> None:
        """Check that no file of another origin is in the way, and no run that is to be kept."""
        record = self.record()
        known = {*record.files, self._parameters.name} if record else set()
        for name in (self._parameters.name, self.results.name, self.checkpoint.name, self.checkpoints.name):
            if name not in known and os.path.lexists(self.path / name):
                raise _in_the_way(self.path / name)
        if self.checkpoints.is_symlink():
            raise _in_the_way(self.checkpoints)
        for path in sorted(path for pattern in patterns for path in self.path.glob(pattern)):
            if path.name not in known:
                raise _in_the_way(path)
        if self.resumes or self._forced:
            return
        if self.results.exists():
            raise FileExistsError(f"{self.results} exists already: choose another --out, or --force to overwrite it")
        if self.has_checkpoint():
            raise FileExistsError(
                f"{self.path} holds a run that was stopped: --resume goes on with it, --force starts anew"
            )

    def has_checkpoint(self) -> bool:
        """Whether a stopped run could go on from something that it has saved."""
        record = self._written or self.record()
        names = [name for name in record.files if _is_checkpoint(name)] if record else []
        return any((self.path / name).is_file() for name in names)

    def _write_record(self, record: RunRecord) -> None:
        write_atomically(self._parameters, record.to_bytes())
        self._written = record

    def _claim(self, name: str, **changes: Any) -> Path:
        """Enter a file that is about to be written into the list, unless it is there already.

        Raises
        ------
        FileExistsError
            If there is such a file and it is not on the list.
        """
        path, record = self.path / name, self._written
        listed = record.files if record else self._unlisted
        if name not in listed and os.path.lexists(path):
            raise _in_the_way(path)
        if record is None:
            self._unlisted.add(name)
        elif name not in listed or changes:
            self._write_record(record.replace(files=tuple(dict.fromkeys((*record.files, name))), **changes))
        return path

    def _discard(self, names: Collection[str], **changes: Any) -> None:
        """Remove files that are on the list, and then from the list."""
        if (record := self._written) is None:
            return
        gone = set()
        for name in sorted(set(record.files) & set(names), reverse=True):  # a folder after what is in it
            path = self.path / name
            if path.is_dir() and not path.is_symlink():
                with contextlib.suppress(OSError):  # it holds files of another origin
                    path.rmdir()
            else:
                path.unlink(missing_ok=True)
            if not os.path.lexists(path):
                gone.add(name)
        if gone or changes:
            self._write_record(record.replace(files=tuple(n for n in record.files if n not in gone), **changes))

    def discard_checkpoints(self) -> None:
        """Remove the checkpoints of a run that is finished."""
        self._discard(self._names_of_checkpoints())

    def _names_of_checkpoints(self) -> list[str]:
        names = self._written.files if self._written else ()
        return [name for name in names if _is_checkpoint(name)]

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

    def start(self, parameters: dict[str, Any], writes: Collection[str] = ()) -> str:
        """Begin a run or go on with it. From here on, other processes are kept out, until :meth:`close`.

        Parameters
        ----------
        parameters : dict
            Those of the run; they are written before anything else.
        writes : collection of str
            Names, or patterns of names, of files that the run will write at its end: if files of another origin are in
            the way, it is better to know now.

        Returns
        -------
        str
            A line about a run that is resumed; empty for a new run.

        Raises
        ------
        ValueError
            If a run to be resumed was started with other parameters, or its results were changed since.
        BlockingIOError
            If another process works in the folder.
        FileExistsError
            If a file of another origin is in the way.
        """
        if self._is_done(parameters):
            self._tidy()
            return f"the run in {self.path} is finished: nothing is left to do"
        self._lock.acquire()
        try:
            if self._is_done(parameters):  # in the meantime
                self.close()
                return f"the run in {self.path} is finished: nothing is left to do"
            self._require_place(writes)
            return self._begin(parameters)
        except BaseException:
            self.close()
            raise

    @contextlib.contextmanager
    def working(self, parameters: dict[str, Any], writes: Collection[str] = ()) -> Iterator[str]:
        """Context of a run: :meth:`start`, whose line it yields, and :meth:`close` however the work ends."""
        message = self.start(parameters, writes)
        try:
            yield message
        finally:
            self.close()

    def _is_done(self, parameters: dict[str, Any]) -> bool:
        """Whether the run is one to be resumed, the same, and finished."""
        if not self.resumes:
            return False
        if (stored := self.stored_parameters()) is not None:
            _require_same(stored, parameters)
        if not self.is_finished():
            return False
        record = self.record()
        for name, digest in record.digests().items() if record else ():
            if not (file := self.path / name).is_file() or _sha256(file.read_bytes()) != digest:
                what = "is gone" if not os.path.lexists(file) else "is not as the run wrote it: its checksum differs"
                raise ValueError(f"{file} {what}; --force does the run again")
        return True

    def _tidy(self) -> None:
        """Remove what a run that was killed between its last steps has left, where that is possible."""
        if (record := self.record()) is None or not (self._lock.path.exists() or self.has_checkpoint()):
            return
        with contextlib.suppress(OSError):  # a folder that cannot be written to, or a process in its last step
            self._lock.acquire()
            try:
                self._written = record
                self.discard_checkpoints()
            finally:
                self.close()

    def _begin(self, parameters: dict[str, Any]) -> str:
        earlier = self.record()
        files = tuple(name for name in earlier.files if os.path.lexists(self.path / name)) if earlier else ()
        if earlier and self.resumes:
            self._written = earlier.replace(files=files)
        else:
            replaced = any(name == self.results.name or _is_checkpoint(name) for name in files)
            self._write_record(RunRecord(parameters=parameters, files=files, replacing=replaced))
        if self._written and self._written.replacing:
            self._discard([self.results.name, *self._names_of_checkpoints()], replacing=False, results=None, models={})
        if not self.resumes:
            return ""
        if self.has_checkpoint():
            return f"going on with the run in {self.path}"
        return f"no checkpoint in {self.path}: starting from the beginning"

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
            After Ctrl-C; the message says how far the training came.
        """
        checkpoint = self._claim_checkpoint(f"{name}.safetensors" if name else "")
        try:
            model.fit(data, start=start, checkpoint=checkpoint, resume=self.resumes, progress=True)
        except KeyboardInterrupt as interrupt:
            message = str(interrupt)
            if not message and hasattr(model, "n_iter_"):
                message = f"{model.n_iter_} of {model.n_iter} epochs are done"
            raise KeyboardInterrupt(f"{name}: {message}" if name and message else message) from None

    def _claim_checkpoint(self, name: str) -> Path:
        """The file of one of several checkpoints, or the only one."""
        if not name:
            return self._claim(self.checkpoint.name)
        self._claim(self.checkpoints.name).mkdir(exist_ok=True)
        return self._claim(f"{self.checkpoints.name}/{name}")

    def part(self, name: str, work: Callable[[], dict[str, Any]], *, leaves: str = "") -> dict[str, Any]:
        """Results of one part of a run, kept beside the checkpoints: a resumed run does not compute them again.

        Where the work also ``leaves`` a file or a folder, it is done again if that is gone, or not as it was.
        """
        results = self.kept_part(name)
        return self.keep_part(name, work(), leaves=leaves) if results is None else results

    def kept_part(self, name: str) -> dict[str, Any] | None:
        """What a run that is resumed has kept of a part; None if nothing.

        Raises
        ------
        ValueError
            If the file of that part is damaged, or of a run with other parameters.
        """
        file = f"{self.checkpoints.name}/{name}.json"
        kept = self.path / file
        if not self.resumes or not kept.exists():
            return None
        if self._written and file not in self._written.files:
            raise _in_the_way(kept)
        try:
            content = read_json(kept)
            results = content["results"]
            if content["run"] != self._identity():
                raise ValueError("it is of a run with other parameters")
            left = dict(content.get("left", {}))
            if content["sha256"] != _checksum(name, content["run"], results, *([left] if left else [])):
                raise ValueError("it is damaged: its checksum differs")
            if others := [what for what in left if not is_inside(what)]:
                raise ValueError(f"it names {others[0]!r}, which is no file of the run")
            return dict(results) if all(self._digests(what) == digests for what, digests in left.items()) else None
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise ValueError(f"{kept} is no part of this run: {error}") from error

    def keep_part(self, name: str, results: dict[str, Any], *, leaves: str = "") -> dict[str, Any]:
        """Keep the results of one part of a run, and return them as they will be read."""
        as_read: dict[str, Any] = json.loads(json.dumps(_without_nan(results), allow_nan=False))
        run = self._identity()
        content = {"run": run, "sha256": _checksum(name, run, as_read), "results": as_read}
        if leaves:
            left = {leaves: self._digests(leaves)}
            content |= {"sha256": _checksum(name, run, as_read, left), "left": left}
        write_atomically(self._claim_checkpoint(f"{name}.json"), json.dumps(content).encode())
        return as_read

    def _digests(self, name: str, ends: tuple[str, ...] = ("",)) -> dict[str, str]:
        """Digests of a file's content, or of all in a folder, by their names; of those alone with such ends."""
        path = self.path / name
        files = [file for file in sorted([path, *path.rglob("*")]) if file.name.endswith(ends) and file.is_file()]
        return {str(file.relative_to(self.path)): _sha256(file.read_bytes()) for file in files}

    def _identity(self) -> str:
        """The identity of a run: a digest of its parameters, the seed among them."""
        return _checksum(self._written.parameters if self._written else {})

    def save_results(self, results: dict[str, Any]) -> None:
        """Write ``results.json``; NaN becomes null, since JSON has none."""
        text = json.dumps(_without_nan(results), indent=2, allow_nan=False, ensure_ascii=False)
        content = text.encode() + b"\n"
        changes = {"results": _sha256(content), "models": self._models()}
        write_atomically(self._claim(self.results.name, **changes), content)

    def _models(self) -> dict[str, str]:
        """Digests of the models that the run has written."""
        names = [name for name in (self._written.files if self._written else ()) if not _is_checkpoint(name)]
        return {
            path: digest
            for name in names
            for path, digest in self._digests(name, (".safetensors", "stack.json")).items()
        }

    def save_model(self, model: "BernoulliRBM") -> None:
        """Write ``model.safetensors``."""
        model.save(self._claim(self.model.name))

    def save_stack(self, stack: "RBMStack", name: str) -> None:
        """Write a stack of RBMs to a folder of this name."""
        stack.save(self._claim(name), overwrite=True)

    def save_figure(self, figure: "Figure", name: str, caption: str = "") -> None:
        """Write a figure as ``name`` (PNG, 200 dots per inch); the caption's first sentence is what it is called."""
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=200)
        write_atomically(self._claim(name), buffer.getvalue())
        self.figures[name] = caption


def _in_the_way(path: Path) -> FileExistsError:
    return FileExistsError(f"{path} is in the way: no run in this folder wrote it; move it, or choose another --out")


def _is_checkpoint(name: str) -> bool:
    return name in ("checkpoint.safetensors", "checkpoints") or name.startswith("checkpoints/")


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _checksum(*content: Any) -> str:
    return _sha256(json.dumps(content, sort_keys=True).encode())


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
    if isinstance(value, float) and math.isinf(value):
        raise ValueError(f"results must be finite or NaN, got {value}: JSON has no infinity")
    return None if isinstance(value, float) and value != value else value
