"""What a training measured, epoch by epoch."""

import itertools
import time
from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from rgrbm.statistics.notation import or_dash
from rgrbm.statistics.presentation import Presented

Array: TypeAlias = npt.NDArray[np.float64]


class History(Presented):
    """What was measured in each epoch of a training.

    Attributes
    ----------
    n_epochs : int
        Epochs done.
    seconds : float
        Wall-clock time of these epochs, in seconds, over all runs if the training was resumed.
    stopped : {None, "interrupt", "callback", "divergence"}
        Why training ended before its last epoch, if it did.

    Examples
    --------
    >>> from rgrbm.rbm.training import History
    >>> history = History()
    >>> history.append({"reconstruction_error": [0.5, 0.4]}, seconds=0.1)
    >>> history.n_epochs
    2
    >>> history["reconstruction_error"]
    array([0.5, 0.4])
    """

    def __init__(self) -> None:
        self.n_epochs = 0
        self.seconds = 0.0
        self.stopped: Literal["interrupt", "callback", "divergence"] | None = None
        self._chunks: dict[str, list[Array]] = {}
        self._torn = False  # whether columns may be longer than n_epochs: an append has begun, and not ended
        self._arrived: list[dict[str, Array]] = []
        self._known: tuple[int, dict[str, Array], float] | None = None

    def append_from(self, run: Callable[[], dict[str, Array]], known: dict[str, Array]) -> None:
        """Run epochs by a kernel, and append what it measured to what is known of them.

        A signal handler may raise wherever Python's bytecode runs, so also when the kernel is done and nothing has
        been appended. The measurements are therefore put into a list by C code alone, and what is in that list
        :meth:`settle` appends.
        """
        self.settle()
        self._known = self.n_epochs, known, time.perf_counter()
        self._arrived.extend(itertools.starmap(run, [()]))
        self.settle()

    def settle(self) -> None:
        """Append what a kernel has measured, if an exception came before it was."""
        if self._arrived and self._known is not None:
            first, known, started = self._known
            if first == self.n_epochs:
                self.append({**known, **self._arrived[0]}, seconds=time.perf_counter() - started)
            self._arrived.clear()

    def cut(self, n_epochs: int) -> None:
        """Leave out all but the first ``n_epochs``."""
        self._torn = True
        self.n_epochs = min(self.n_epochs, n_epochs)

    def copy(self) -> "History":
        """A history that goes on without this one."""
        return self.first(self.n_epochs)

    def append(self, measured: dict[str, Any], seconds: float = 0.0) -> None:
        """Add the measurements of one or more epochs: a name and an array of equal length for each quantity.

        A quantity is NaN in the epochs in which it was not measured.

        Raises
        ------
        ValueError
            If the arrays differ in length.
        """
        self._mend()
        arrays = {name: np.array(values, dtype=np.float64) for name, values in measured.items()}
        lengths = {len(values) for values in arrays.values()}
        if len(lengths) != 1:
            raise ValueError(f"measurements of the same epochs differ in length: {sorted(lengths)}")
        length = lengths.pop()
        for name in self._chunks.keys() - arrays.keys():
            arrays[name] = np.full(length, np.nan)
        self._torn = True
        for name, values in arrays.items():
            self._column(name).append(values)
        self.seconds += seconds
        self.n_epochs += length
        self._torn = False

    def _mend(self) -> None:
        """Cut all columns to the epochs that count."""
        if not self._torn:
            return
        whole = {name: np.concatenate([*chunks, np.zeros(0)])[: self.n_epochs] for name, chunks in self._chunks.items()}
        self._chunks = {name: [values] for name, values in whole.items() if len(values)}
        self._torn = False

    def first(self, n_epochs: int) -> "History":
        """The first so many epochs, with the time of all, and why training ended."""
        part = History()
        if n_epochs and self.names:
            part.append({name: self[name][:n_epochs] for name in self.names}, seconds=self.seconds)
        part.stopped = self.stopped
        return part

    def record(self, name: str, value: float) -> None:
        """Set one quantity in the last epoch, NaN in all epochs for which nobody set it.

        Raises
        ------
        ValueError
            If there is no epoch yet.
        """
        self._mend()
        if self.n_epochs == 0:
            raise ValueError("there is no epoch yet to record anything for")
        self._column(name)[-1][-1] = value

    def _column(self, name: str) -> list[Array]:
        if name not in self._chunks:
            self._chunks[name] = [np.full(self.n_epochs, np.nan)] if self.n_epochs else []
        return self._chunks[name]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the measured quantities."""
        self._mend()
        return tuple(self._chunks)

    def __getitem__(self, name: str) -> Array:
        """The measurements of one quantity, one value per epoch (read-only)."""
        if name == "epoch":
            return np.arange(1.0, self.n_epochs + 1)
        self._mend()
        chunks = self._chunks[name]
        if len(chunks) > 1:
            chunks[:] = [np.concatenate(chunks)]
        view = chunks[0].view()
        view.flags.writeable = False
        return view

    def last(self) -> dict[str, float]:
        """All quantities in the last epoch."""
        self._mend()
        return {name: float(chunks[-1][-1]) for name, chunks in self._chunks.items()}

    def __len__(self) -> int:
        return self.n_epochs

    def _title(self) -> str:
        stopped = f", stopped by {self.stopped}" if self.stopped else ""
        return f"{self.n_epochs} epochs in {self.seconds:.3g} s{stopped}"

    def _values(self) -> dict[str, Any]:
        return self.last()

    def _table(self) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
        rows = [(name, *(or_dash(float(self[name][at]), ".5g") for at in (0, -1))) for name in self.names]
        return ("quantity", "epoch 1", f"epoch {self.n_epochs}"), rows

    def to_frame(self) -> Any:
        """The history as a pandas ``DataFrame`` with one row per epoch, indexed by the epoch from 1.

        Raises
        ------
        ImportError
            If pandas is not installed.
        """
        import pandas as pd

        index = pd.RangeIndex(1, self.n_epochs + 1, name="epoch")
        return pd.DataFrame({name: self[name].copy() for name in self.names}, index=index)
