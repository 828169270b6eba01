"""What a training measured, epoch by epoch."""

from collections.abc import Sequence
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

    def append(self, measured: dict[str, Any], seconds: float = 0.0) -> None:
        """Add the measurements of one or more epochs: a name and an array of equal length for each quantity.

        A quantity is NaN in the epochs in which it was not measured.

        Raises
        ------
        ValueError
            If the arrays differ in length.
        """
        arrays = {name: np.array(values, dtype=np.float64) for name, values in measured.items()}
        lengths = {len(values) for values in arrays.values()}
        if len(lengths) != 1:
            raise ValueError(f"measurements of the same epochs differ in length: {sorted(lengths)}")
        length = lengths.pop()
        for name in self._chunks.keys() - arrays.keys():
            arrays[name] = np.full(length, np.nan)
        for name, values in arrays.items():
            self._column(name).append(values)
        self.n_epochs += length
        self.seconds += seconds

    def first(self, n_epochs: int) -> "History":
        """The first so many epochs, with the time of all, and why training ended."""
        part = History()
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
        return tuple(self._chunks)

    def __getitem__(self, name: str) -> Array:
        """The measurements of one quantity, one value per epoch (read-only)."""
        if name == "epoch":
            return np.arange(1.0, self.n_epochs + 1)
        chunks = self._chunks[name]
        if len(chunks) > 1:
            chunks[:] = [np.concatenate(chunks)]
        view = chunks[0].view()
        view.flags.writeable = False
        return view

    def last(self) -> dict[str, float]:
        """All quantities in the last epoch."""
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
