"""Safetensors files with JSON metadata: written whole, and read with distrust."""

import hashlib
import json
import os
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from rgrbm._support.atomic import write_atomically
from rgrbm._support.files import parse_json, path_of, require_readable

SCHEMA = 1
_FORMAT = "rgrbm"
_CHECKSUM = "sha256"
_HEAD = {"format", "kind", "schema", "content"}

Tensors = dict[str, npt.NDArray[Any]]


class FileFormatError(ValueError):
    """A file is not what it should be: truncated, of another kind or schema, or contradicting itself."""


def write_tensors(path: str | os.PathLike[str], kind: str, tensors: Tensors, metadata: dict[str, Any]) -> None:
    """Write tensors and metadata as a safetensors file of this ``kind``, whole or not at all.

    Equal content gives equal bytes. The header holds a checksum of everything else.

    Raises
    ------
    OSError
        If the folder does not exist or cannot be written to.
    """
    path = path_of("path", path)
    if not path.absolute().parent.is_dir():
        raise FileNotFoundError(f"cannot write {str(path)!r}: the folder {str(path.parent)!r} does not exist")
    if path.is_dir():
        raise IsADirectoryError(f"cannot write {str(path)!r}: it is a folder; give the name of a file")
    head = {"format": _FORMAT, "kind": kind, "schema": str(SCHEMA), "content": json.dumps(metadata)}
    # safetensors writes the memory as it lies: only C order is right.
    ordered = {name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}
    head[_CHECKSUM] = _checksum(head, ordered)
    write_atomically(path, *_with_sorted_header(save(ordered, metadata=head)))


def _checksum(head: dict[str, str], tensors: Tensors) -> str:
    """SHA-256 of the metadata and of all tensors: names, types, shapes and values."""
    described = [[name, t.dtype.str, list(t.shape)] for name, t in sorted(tensors.items())]
    known = {name: text for name, text in head.items() if name != _CHECKSUM}
    digest = hashlib.sha256(json.dumps([known, described], sort_keys=True).encode())
    for _, tensor in sorted(tensors.items()):
        digest.update(np.ascontiguousarray(tensor).reshape(-1).view(np.uint8).data)
    return digest.hexdigest()


def _with_sorted_header(file: bytes) -> tuple[bytes, memoryview]:
    """Header and tensors of a safetensors file; the library writes the metadata in another order each time."""
    end = 8 + int.from_bytes(file[:8], "little")
    header = json.loads(file[8:end])
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # tensors begin at a multiple of eight bytes
    return len(text).to_bytes(8, "little") + text, memoryview(file)[end:]


def read_tensors(path: str | os.PathLike[str], kind: str) -> tuple[Tensors, dict[str, Any]]:
    """Read a file that :func:`write_tensors` wrote.

    Raises
    ------
    FileFormatError
        If it is not such a file, is damaged, or of another kind or a newer schema.
    OSError
        If it cannot be read.
    """
    file_path = path_of("path", path)
    require_readable(file_path)
    name = str(file_path)
    try:
        with safe_open(name, framework="numpy") as file:
            head = file.metadata() or {}
            _check_head(head, name)
            if head.get("kind") != kind:
                raise FileFormatError(f"{name!r} holds a {head.get('kind')!r}, expected a {kind!r}")
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    except SafetensorError as error:
        raise FileFormatError(f"{name!r} is not a whole safetensors file: {error}") from error
    except (AttributeError, TypeError) as error:  # a type of numbers that NumPy has not
        raise FileFormatError(f"{name!r} has tensors of a type that no model has: {error}") from error
    try:
        metadata = parse_json(head["content"])
    except (ValueError, KeyError) as error:
        raise FileFormatError(f"{name!r} has unreadable metadata: {error}") from error
    if not isinstance(metadata, dict):
        raise FileFormatError(f"{name!r} has metadata of another form")
    _check_sum(head, tensors, name)
    return tensors, metadata


def _check_sum(head: dict[str, str], tensors: Tensors, name: str) -> None:
    if set(head) == _HEAD:
        return  # of a version that wrote no checksum
    if set(head) != _HEAD | {_CHECKSUM} or head[_CHECKSUM] != _checksum(head, tensors):
        raise FileFormatError(f"{name!r} is damaged: its content does not have the checksum that was written with it")


def read_kind(path: str | os.PathLike[str]) -> str:
    """What kind of file :func:`write_tensors` made of this one.

    Raises
    ------
    FileFormatError
        If it is no file of that function, or of a newer schema.
    OSError
        If it cannot be read.
    """
    file_path = path_of("path", path)
    require_readable(file_path)
    name = str(file_path)
    try:
        with safe_open(name, framework="numpy") as file:
            head = file.metadata() or {}
    except SafetensorError as error:
        raise FileFormatError(f"{name!r} is not a whole safetensors file: {error}") from error
    _check_head(head, name)
    return str(head.get("kind"))


def _check_head(head: dict[str, str], name: str) -> None:
    if head.get("format") != _FORMAT:
        raise FileFormatError(f"{name!r} is a safetensors file, but was not written by rgrbm")
    schema = head.get("schema", "")
    if not (schema.isdecimal() and len(schema) < 10):
        raise FileFormatError(f"{name!r} has no schema version")
    if int(schema) > SCHEMA:
        raise FileFormatError(
            f"{name!r} has schema version {schema}; this version of rgrbm reads up to {SCHEMA}: update it"
        )


def require_tensors(
    tensors: Tensors, shapes: dict[str, tuple[int, ...]], name: str, *, nan_allowed: bool = False
) -> None:
    """Check that exactly these tensors are there, with these shapes, one float type and finite values.

    Raises
    ------
    FileFormatError
        Naming the first difference.
    """
    missing, extra = sorted(shapes.keys() - tensors.keys()), sorted(tensors.keys() - shapes.keys())
    if missing:
        raise FileFormatError(f"{name!r} lacks the tensors {missing}")
    if extra:
        raise FileFormatError(f"{name!r} holds unexpected tensors {extra}")
    for key, shape in shapes.items():
        tensor = tensors[key]
        if tensor.shape != shape:
            raise FileFormatError(f"{name!r}: {key} has shape {tensor.shape}, its metadata say {shape}")
        if tensor.dtype not in (np.float32, np.float64):
            raise FileFormatError(f"{name!r}: {key} is of type {tensor.dtype}, expected float32 or float64")
        if not np.all(np.isfinite(tensor) | (nan_allowed & np.isnan(tensor))):
            raise FileFormatError(f"{name!r}: {key} holds values that are not finite")
    if len({tensors[key].dtype for key in shapes}) > 1:
        raise FileFormatError(f"{name!r}: its tensors are of different types")


def require(metadata: dict[str, Any], key: str, kind: type | tuple[type, ...], name: str) -> Any:
    """The entry ``key`` of the metadata, which must be of this type.

    Raises
    ------
    FileFormatError
        If it is missing or of another type.
    """
    value = metadata.get(key)
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise FileFormatError(f"{name!r}: the metadata entry {key!r} is missing or of another type")
    return value


def layer_sizes(metadata: dict[str, Any], name: str) -> tuple[int, int]:
    """Numbers of visible and hidden units in the metadata."""
    return require(metadata, "n_visible", int, name), require(metadata, "n_hidden", int, name)


def parameter_shapes(n_visible: int, n_hidden: int, *, gaussian: bool = False) -> dict[str, tuple[int, ...]]:
    """Shapes of an RBM's parameters, those of Gaussian visible units included if there are such."""
    shapes: dict[str, tuple[int, ...]] = {
        "weights": (n_visible, n_hidden),
        "visible_bias": (n_visible,),
        "hidden_bias": (n_hidden,),
    }
    return shapes | {"log_variance": (n_visible,)} if gaussian else shapes
