"""A stack of RBMs as a folder: one safetensors file per layer and a JSON file that holds them together.

The folder is written whole or not at all. ``stack.json`` has a digest of each layer's file, so that a layer that was
exchanged or cut short is noticed.
"""

import hashlib
import json
import os
import tempfile
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from rgrbm._support.atomic import naming, temporary_prefix
from rgrbm._support.files import read_json
from rgrbm._support.tensors import FileFormatError, require
from rgrbm.rbm.bernoulli import BernoulliRBM

SCHEMA = 1
_KIND = "rgrbm.RBMStack"
_INDEX = "stack.json"

PathLike = str | os.PathLike[str]


def save_layers(layers: Sequence[BernoulliRBM], folder: PathLike, *, overwrite: bool) -> None:
    """Write fitted layers to a folder; see :meth:`rgrbm.RBMStack.save`.

    Raises
    ------
    FileExistsError
        If the folder exists and is no stack, or may not be overwritten.
    OSError
        If it cannot be written; what was there is then untouched.
    """
    target = Path(folder).absolute()
    _require_free(target, overwrite=overwrite)
    if not target.parent.is_dir():
        raise FileNotFoundError(f"cannot write {str(target)!r}: the folder {str(target.parent)!r} does not exist")
    # The new folder grows beside the old one and takes its name in the end.
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=temporary_prefix(target)) as work:
        grown, old = Path(work) / "new", Path(work) / "old"
        grown.mkdir()
        with naming(target):
            _write(layers, grown)
        if target.exists():
            target.rename(old)
        try:
            grown.rename(target)
        except OSError:
            if old.exists():
                old.rename(target)
            raise


def _require_free(target: Path, *, overwrite: bool) -> None:
    if not target.exists():
        return
    if not (target / _INDEX).is_file():
        raise FileExistsError(f"{str(target)!r} exists and is not a stack of RBMs: choose another folder")
    strangers = [p.name for p in target.iterdir() if p.name != _INDEX and not _is_layer(p)]
    if strangers:
        raise FileExistsError(f"{str(target)!r} holds more than a stack of RBMs ({strangers[0]!r}): choose another")
    if not overwrite:
        raise FileExistsError(f"{str(target)!r} exists already: choose another folder, or overwrite=True")


def _is_layer(path: Path) -> bool:
    return path.is_file() and path.name.startswith("layer-") and path.suffix == ".safetensors"


def _write(layers: Sequence[BernoulliRBM], folder: Path) -> None:
    entries = []
    for k, layer in enumerate(layers, start=1):
        file = folder / f"layer-{k}.safetensors"
        layer.save(file)
        n_visible, n_hidden = layer.weights_.shape
        entries.append({"file": file.name, "n_visible": n_visible, "n_hidden": n_hidden, "sha256": _digest(file)})
    index = {"kind": _KIND, "schema": SCHEMA, "layers": entries}
    (folder / _INDEX).write_text(json.dumps(index, indent=2) + "\n")


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def load_layers(folder: PathLike) -> list[BernoulliRBM]:
    """Read the layers that :func:`save_layers` wrote, from the bottom.

    Raises
    ------
    FileFormatError
        If ``stack.json`` or a layer is missing, broken, of another kind or version, or not of this stack.
    OSError
        If the folder cannot be read.
    """
    path = Path(folder)
    if not path.is_dir():
        raise FileNotFoundError(f"there is no folder {str(path)!r}")
    return [_load_layer(path, k, entry) for k, entry in enumerate(_read_index(path / _INDEX), start=1)]


def _read_index(file: Path) -> list[Any]:
    name = str(file)
    if not file.is_file():
        raise FileFormatError(f"{name!r} is missing: the folder holds no stack of RBMs")
    try:
        index = read_json(file)
    except ValueError as error:
        raise FileFormatError(f"{name!r} is not readable JSON: {error}") from error
    if not isinstance(index, dict) or index.get("kind") != _KIND:
        raise FileFormatError(f"{name!r} does not describe a stack of RBMs")
    if (schema := require(index, "schema", int, name)) > SCHEMA:
        raise FileFormatError(f"{name!r} has schema version {schema}; this version of rgrbm reads up to {SCHEMA}")
    layers: list[Any] = require(index, "layers", list, name)
    if not layers:
        raise FileFormatError(f"{name!r} lists no layers")
    sizes = [(require(e, "n_visible", int, name), require(e, "n_hidden", int, name)) for e in map(_entry(name), layers)]
    for k, (below, above) in enumerate(pairwise(sizes), start=1):
        if below[1] != above[0]:
            raise FileFormatError(
                f"{name!r}: layer {k} has {below[1]} hidden units, layer {k + 1} has {above[0]} visible ones"
            )
    return layers


def _entry(name: str) -> Any:
    def checked(entry: Any) -> dict[str, Any]:
        if not isinstance(entry, dict):
            raise FileFormatError(f"{name!r} does not describe its layers")
        file = require(entry, "file", str, name)
        if Path(file).name != file:
            raise FileFormatError(f"{name!r} names the file {file!r}, which is not in its folder")
        return entry

    return checked


def _load_layer(folder: Path, k: int, entry: dict[str, Any]) -> BernoulliRBM:
    file = folder / entry["file"]
    if not file.is_file():
        raise FileFormatError(f"{str(folder)!r} lacks the file {file.name!r} of layer {k}")
    if _digest(file) != require(entry, "sha256", str, str(folder / _INDEX)):
        raise FileFormatError(f"{str(file)!r} is not the file that {_INDEX} describes: it was changed or exchanged")
    layer = BernoulliRBM.load(file)
    if layer.weights_.shape != (entry["n_visible"], entry["n_hidden"]):
        raise FileFormatError(f"{str(file)!r} has weights of shape {layer.weights_.shape}, {_INDEX} has another shape")
    return layer
