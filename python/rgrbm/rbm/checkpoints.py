"""Checkpoints: all that a training needs to go on to the same bits, and the file that holds it."""

import dataclasses
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from rgrbm._support.config import config
from rgrbm._support.tensors import (
    FileFormatError,
    layer_sizes,
    parameter_shapes,
    read_tensors,
    require,
    require_tensors,
    write_tensors,
)
from rgrbm.rbm.files import learned_parameters
from rgrbm.rbm.training import History

Key: TypeAlias = tuple[int, int]
PathLike: TypeAlias = str | os.PathLike[str]

_HISTORY, _STATE = "history.", "state."
_ETERNITY = 1e15  # seconds


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """All that a training needs to go on to the same bits."""

    weights: npt.NDArray[Any]
    visible_bias: npt.NDArray[Any]
    hidden_bias: npt.NDArray[Any]
    trainer_state: dict[str, npt.NDArray[Any]]
    history: History
    key: Key
    sampling_key: Key
    data_digest: str
    configuration: dict[str, Any]
    log_variance: npt.NDArray[Any] | None = None
    log_floor: npt.NDArray[Any] | None = None
    """Of Gaussian visible units: ln σ², and the least that it may be."""

    def parameters(self) -> dict[str, npt.NDArray[Any]]:
        """The parameters that are learned."""
        return learned_parameters(self)

    def replace(self, **changes: Any) -> "Checkpoint":
        """A copy with some fields changed."""
        return dataclasses.replace(self, **changes)


def save_checkpoint(checkpoint: Checkpoint, path: PathLike) -> None:
    """Write a checkpoint, whole or not at all."""
    history = checkpoint.history
    tensors = checkpoint.parameters()
    if checkpoint.log_floor is not None:
        tensors["log_floor"] = checkpoint.log_floor
    tensors |= {_STATE + name: np.asarray(array) for name, array in checkpoint.trainer_state.items()}
    tensors |= {_HISTORY + name: history[name] for name in history.names}
    metadata = {
        "n_visible": len(checkpoint.visible_bias),
        "n_hidden": len(checkpoint.hidden_bias),
        "n_epochs": len(history),
        "seconds": history.seconds,
        "history": list(history.names),
        "state": {name: list(np.shape(array)) for name, array in checkpoint.trainer_state.items()},
        "key": list(checkpoint.key),
        "sampling_key": list(checkpoint.sampling_key),
        "data_digest": checkpoint.data_digest,
        "configuration": checkpoint.configuration,
        "gaussian": checkpoint.log_variance is not None,
        "software": config(),
    }
    write_tensors(path, "checkpoint", tensors, metadata)


def load_checkpoint(path: PathLike) -> Checkpoint:
    """Read a checkpoint.

    Raises
    ------
    FileFormatError
        As :func:`load_model`.
    OSError
        If the file cannot be read.
    """
    name = os.fspath(path)
    tensors, metadata = read_tensors(path, "checkpoint")
    n_epochs = require(metadata, "n_epochs", int, name)
    columns = require(metadata, "history", list, name)
    state = require(metadata, "state", dict, name)
    n_visible, n_hidden = layer_sizes(metadata, name)
    gaussian = metadata.get("gaussian") is True
    shapes = parameter_shapes(n_visible, n_hidden, gaussian=gaussian)
    if gaussian:
        shapes["log_floor"] = (n_visible,)
    require_tensors({key: t for key, t in tensors.items() if not key.startswith((_STATE, _HISTORY))}, shapes, name)
    expected: dict[str, tuple[int, ...]] = {_HISTORY + str(column): (n_epochs,) for column in columns}
    # NaN: not measured in that epoch.
    columns_found = {key: t for key, t in tensors.items() if key.startswith(_HISTORY)}
    require_tensors(columns_found, expected, name, nan_allowed=True)
    stored = {key.removeprefix(_STATE): t for key, t in tensors.items() if key.startswith(_STATE)}
    if {key: list(array.shape) for key, array in stored.items()} != state:
        raise FileFormatError(f"{name!r}: the trainer's state is not the one that its metadata describe")
    history = History()
    if columns:
        history.append(
            {column: tensors[_HISTORY + column] for column in columns},
            seconds=_seconds(metadata, name),
        )
    return Checkpoint(
        weights=tensors["weights"],
        visible_bias=tensors["visible_bias"],
        hidden_bias=tensors["hidden_bias"],
        log_variance=tensors.get("log_variance"),
        log_floor=tensors.get("log_floor"),
        trainer_state=stored,
        history=history,
        key=_key(metadata, "key", name),
        sampling_key=_key(metadata, "sampling_key", name),
        data_digest=require(metadata, "data_digest", str, name),
        configuration=require(metadata, "configuration", dict, name),
    )


def require_writable(path: PathLike, *, overwrite: bool) -> None:
    """Check before long work that its result can be written.

    Raises
    ------
    FileExistsError
        If the file exists and may not be overwritten.
    OSError
        If the folder is missing or cannot be written to.
    """
    path = Path(path).absolute()
    if path.exists() and not overwrite:
        raise FileExistsError(f"{str(path)!r} exists: resume from it, remove it, or choose another file")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"the folder {str(path.parent)!r} does not exist")
    if not os.access(path.parent, os.W_OK):
        raise PermissionError(f"the folder {str(path.parent)!r} cannot be written to")


def _key(metadata: dict[str, Any], key: str, name: str) -> Key:
    words = require(metadata, key, list, name)
    if len(words) != 2 or not all(isinstance(word, int) and 0 <= word < 2**64 for word in words):
        raise FileFormatError(f"{name!r}: the metadata entry {key!r} is not a pair of 64-bit words")
    return words[0], words[1]


def _seconds(metadata: dict[str, Any], name: str) -> float:
    seconds = require(metadata, "seconds", (float, int), name)
    if not 0 <= seconds < _ETERNITY:
        raise FileFormatError(f"{name!r}: the time of its training is {seconds!s:.30} s")
    return float(seconds)
