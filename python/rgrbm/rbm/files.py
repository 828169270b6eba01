"""Records of fitted RBMs, and the files that hold them.

Files are safetensors (no pickle: a file from elsewhere cannot run code) with metadata in JSON, and can be
read by ``safetensors.torch.load_file``. They are written whole or not at all.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

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

PathLike = str | os.PathLike[str]
GAUSSIAN = "GaussianRBM"
"""The kind of estimator whose records hold variances."""


@dataclass(frozen=True, kw_only=True)
class ModelRecord:
    """A fitted RBM as plain data, of which its estimator can be made again."""

    kind: str
    """Name of the estimator's class."""
    parameters: dict[str, Any]
    """The estimator's parameters as JSON keeps them; the mask is an array of its own."""
    weights: npt.NDArray[Any]
    visible_bias: npt.NDArray[Any]
    hidden_bias: npt.NDArray[Any]
    hidden_samples: npt.NDArray[Any]
    n_epochs: int
    feature_names: list[str] | None
    mask: npt.NDArray[Any] | None = None
    log_variance: npt.NDArray[Any] | None = None
    """Of Gaussian visible units."""

    def fitted(self) -> dict[str, npt.NDArray[Any]]:
        """The parameters that were learned."""
        return learned_parameters(self)


def learned_parameters(record: Any) -> dict[str, npt.NDArray[Any]]:
    """Of a record or a checkpoint, those that its model has."""
    names = ("weights", "visible_bias", "hidden_bias", "log_variance")
    return {name: value for name in names if (value := getattr(record, name)) is not None}


def plain_parameters(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """An estimator's parameters as JSON keeps them: no mask, no generator, no function."""
    plain = dict(parameters)
    if "mask" in plain:
        plain["mask"] = None
    if not isinstance(plain["random_state"], int | np.integer):
        plain["random_state"] = None
    schedule = plain["learning_rate_schedule"]
    if callable(schedule):
        plain["learning_rate_schedule"] = "constant"
    elif not isinstance(schedule, str):
        plain["learning_rate_schedule"] = np.asarray(schedule, dtype=np.float64).tolist()
    return {
        name: value.tolist() if isinstance(value, np.generic | np.ndarray) else value for name, value in plain.items()
    }


def write_model(record: ModelRecord, path: PathLike) -> None:
    """Write a record, whole or not at all.

    Raises
    ------
    ValueError
        If a parameter is not finite: the file could not be read again.
    OSError
        If the file cannot be written.
    """
    for name, tensor in record.fitted().items():
        if not np.isfinite(tensor).all():
            raise ValueError(
                f"expected finite parameters, got NaN or infinity in {name}; {os.fspath(path)!r} is not written"
            )
    n_visible, n_hidden = record.weights.shape
    metadata = {
        "n_visible": n_visible,
        "n_hidden": n_hidden,
        "n_hidden_samples": len(record.hidden_samples),
        "n_epochs": record.n_epochs,
        "parameters": record.parameters,
        "feature_names": record.feature_names,
        "masked": record.mask is not None,
        "software": config(),
    }
    tensors = record.fitted() | {"hidden_samples": record.hidden_samples}
    if record.mask is not None:
        tensors["mask"] = record.mask
    write_tensors(path, record.kind, tensors, metadata)


def read_model(path: PathLike, kind: str) -> ModelRecord:
    """Read a record of this kind.

    Raises
    ------
    FileFormatError
        If the file is truncated or oversized, of another kind or a newer schema, lacks tensors or holds others, or
        if metadata and tensors contradict each other.
    OSError
        If the file cannot be read.
    """
    name = os.fspath(path)
    tensors, metadata = read_tensors(path, kind)
    n_visible, n_hidden = layer_sizes(metadata, name)
    n_samples = require(metadata, "n_hidden_samples", int, name)
    mask = tensors.pop("mask", None) if metadata.get("masked") else None
    if metadata.get("masked") and mask is None:
        raise FileFormatError(f"{name!r} lacks the mask that its metadata name")
    shapes = parameter_shapes(n_visible, n_hidden, gaussian=kind == GAUSSIAN)
    require_tensors(tensors, shapes | {"hidden_samples": (n_samples, n_hidden)}, name)
    names = metadata.get("feature_names")
    if names is not None and (not isinstance(names, list) or len(names) != n_visible):
        raise FileFormatError(f"{name!r}: its feature names do not fit {n_visible} visible units")
    return ModelRecord(
        kind=kind,
        parameters=require(metadata, "parameters", dict, name),
        **tensors,
        mask=mask,
        n_epochs=require(metadata, "n_epochs", int, name),
        feature_names=names,
    )
