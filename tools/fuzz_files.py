"""Files that are damaged, or made to deceive: reading each must give what was written, or an error that says why not.

    python tools/fuzz_files.py --n 9000 --seed 0

One file of a folder that the package wrote is cut off, changed in some bytes, filled with another's content, or
written again with other metadata and the right checksum. What is read from bytes that were changed by chance must
equal what was written: other content is a finding, too, as are those that stand in fuzzing.py. A run that goes on in
such a folder is to end in the numbers of an undisturbed run, or to refuse.
"""

from __future__ import annotations

import functools
import io
import json
import os
import pickle
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from rich.console import Console
from safetensors import safe_open

import rgrbm
from rgrbm import datasets, rbm
from rgrbm._support.tensors import write_tensors
from rgrbm.experiments import flow, ising_1d
from rgrbm.experiments.run_folder import RunFolder
from rgrbm.rbm import checkpoints
from rgrbm.report.page import render
from rgrbm.report.run import read_run
from rgrbm.spins import Ensemble

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]
import fuzzing  # noqa: E402
from tools.reliability.runs import results_of  # noqa: E402

LONGEST = 30  # seconds: a run that goes on takes some on a busy machine
SMALL_1D = {"n_spins": 8, "n_train": 50, "n_test": 50, "n_epochs": 6, "n_measured": 200}
SMALL_FLOW = {
    "J": [0.8], "n_spins": 8, "n_steps": 1, "n_train": 200, "batch_size": 50, "n_epochs": 4, "n_measured": 10_000,
    "n_flow_steps": 1, "n_flow_samples": 20,
}  # fmt: skip
RUNS: dict[str, tuple[Callable[..., Any], Any]] = {  # smaller than those of the tests: thousands of them go on
    "ising1d": (ising_1d.run_ising_1d, ising_1d.Ising1DParameters(**SMALL_1D)),
    "flow": (flow.run_flow, flow.FlowParameters(**SMALL_FLOW)),
}


class OtherContentError(Exception):
    """What was read is not what was written, and nothing said so."""


class Original:
    """A folder as the package wrote it, and how it is read."""

    def __init__(self, folder: Path, read: Callable[[Path], Any], *, exact: bool = True) -> None:
        self.folder = folder
        self.read = read
        self.exact = exact
        """Whether damage must show: not where numbers stand as text, which a reader may edit."""

    @functools.cached_property
    def content(self) -> bytes:
        """What is read from an undamaged copy."""
        with tempfile.TemporaryDirectory() as parent:
            return _fingerprint(self.read(shutil.copytree(self.folder, Path(parent, "run"))))


_save = Figure.savefig


def _quickly(figure: Figure, file: Any, **_: Any) -> None:
    """An empty picture: drawing would take nearly all of the time."""
    _save(Figure((1, 1)), file, format="png", dpi=20)


def _fingerprint(value: Any) -> bytes:
    return pickle.dumps(value)


@functools.cache
def originals() -> dict[str, Original]:
    """Every kind of file or folder that the package reads."""
    Figure.savefig = _quickly  # type: ignore[method-assign]
    root = Path(tempfile.mkdtemp(prefix="originals-"))
    made = {**_models(root), **_runs(root)}
    if "RGRBM_DATA" in os.environ:
        made["MNIST"] = Original(_mnist(root / "mnist"), lambda folder: datasets.load_mnist("test", folder).images)
    for original in made.values():
        original.content  # noqa: B018 - read once, while nothing waits for it
    return made


def _models(root: Path) -> dict[str, Original]:
    bits = np.random.default_rng(0).integers(0, 2, (60, 8)).astype(np.uint8)
    binary = rgrbm.BernoulliRBM(4, n_iter=2, random_state=0).fit(bits)
    mask = np.ones((8, 4), dtype=bool)
    mask[0, 1:] = False
    masked = rgrbm.BernoulliRBM(4, n_iter=2, random_state=0, mask=mask).fit(bits)
    gaussian = rgrbm.GaussianRBM(3, n_iter=2, random_state=0).fit(np.random.default_rng(0).normal(size=(60, 6)))
    stack = rbm.RBMStack([4, 2], rgrbm.BernoulliRBM(n_iter=2), random_state=0).fit(bits)

    def saved(name: str, save: Callable[[Path], object]) -> Path:
        (root / name).mkdir()
        save(root / name)
        return root / name

    def model(folder: Path) -> Any:
        loaded = rbm.load_model(folder / "model.safetensors")
        loaded.transform(bits[:, : loaded.n_features_in_].astype(float))
        return loaded.get_params(), loaded.weights_, loaded.intercept_visible_, loaded.intercept_hidden_

    def trained(folder: Path) -> Any:
        """A training that goes on from its checkpoint."""
        on = rgrbm.BernoulliRBM(4, n_iter=4, random_state=0)
        on.fit(bits, checkpoint=folder / "checkpoint.safetensors", resume=True)
        return on.weights_, on.intercept_visible_, on.intercept_hidden_

    def checkpoint(folder: Path) -> Any:
        read = checkpoints.load_checkpoint(folder / "checkpoint.safetensors")
        return {name: value for name, value in vars(read).items() if name != "seconds"}

    def layers(folder: Path) -> Any:
        return [(layer.weights_, layer.intercept_hidden_) for layer in rbm.RBMStack.load(folder / "stack").rbms_]

    def ensemble(folder: Path) -> Any:
        read = Ensemble.load(folder / "spins.safetensors")
        return read.spins, read.provenance()

    def train(folder: Path) -> None:
        rgrbm.BernoulliRBM(4, n_iter=2, random_state=0).fit(bits, checkpoint=folder / "checkpoint.safetensors")

    sampled = rgrbm.IsingModel((4, 4), J=0.3, h=0.1).ensemble(40, n_chains=4, seed=0)
    return {
        "BernoulliRBM": Original(saved("binary", lambda f: binary.save(f / "model.safetensors")), model),
        "BernoulliRBM, masked": Original(saved("masked", lambda f: masked.save(f / "model.safetensors")), model),
        "GaussianRBM": Original(saved("gaussian", lambda f: gaussian.save(f / "model.safetensors")), model),
        "RBMStack": Original(saved("stack", lambda f: stack.save(f / "stack")), layers, exact=False),
        "Ensemble": Original(saved("ensemble", lambda f: sampled.save(f / "spins.safetensors")), ensemble),
        "checkpoint": Original(saved("checkpoint", train), checkpoint),
        "training that goes on": Original(saved("trained", train), trained),
    }


def _runs(root: Path) -> dict[str, Original]:
    """Folders of runs, finished and at a moment between two of their files."""
    made = {}
    for name in RUNS:
        out = root / name
        moments = _run_with_moments(name, out)
        half = moments[len(moments) // 2]
        made[f"page of {name}"] = Original(out, _page, exact=False)
        made[f"page of {name}, not finished"] = Original(half, _page, exact=False)
        made[f"{name} goes on"] = Original(half, functools.partial(_go_on, name))
    return made


def _go_on(name: str, folder: Path) -> Any:
    run, parameters = RUNS[name]
    where = RunFolder(folder, resume=True)
    try:
        run(parameters, where, Console(file=io.StringIO()))
    finally:
        where.close()
    return results_of(folder)


def _run_with_moments(name: str, out: Path) -> list[Path]:
    """Make the run; copies of its folder after each file that appeared."""
    moments = []
    replace = Path.replace

    def and_keep(path: Path, target: Any) -> Path:
        moved = replace(path, target)
        copy = out.with_name(f"{name}-{len(moments)}")
        shutil.copytree(out, copy, ignore=shutil.ignore_patterns(".rgrbm-lock"))
        moments.append(copy)
        return moved

    Path.replace = and_keep  # type: ignore[method-assign]
    try:
        _go_on(name, out)
    finally:
        Path.replace = replace  # type: ignore[method-assign]
    return moments


def _page(folder: Path) -> str:
    return render(read_run(folder))


def _mnist(folder: Path) -> Path:
    folder.mkdir()
    for path in Path(os.environ["RGRBM_DATA"]).glob("t10k-*"):
        shutil.copy(path, folder)
    return folder


def damaged(content: bytes, rng: np.random.Generator) -> bytes:
    """The content after an accident."""
    n = len(content)
    at, length = int(rng.integers(n + 1)), int(rng.integers(1, 1 + min(64, max(n, 1))))
    noise = rng.bytes(length)
    accidents = [
        lambda: content[:at],
        lambda: b"",
        lambda: content[:at] + noise + content[at + length :],
        lambda: content[:at] + noise + content[at:],
        lambda: content[:at] + content[at + length :],
        lambda: content[:at] + bytes(length) + content[at + length :],
        lambda: content + noise,
        lambda: content[at:] + content[:at],
        lambda: rng.bytes(8) + content[8:],
        lambda: content[: at - 1] + bytes([content[at - 1] ^ 1 << int(rng.integers(8))]) + content[at:] if at else b"",
    ]
    return accidents[int(rng.integers(len(accidents)))]()


VALUES: tuple[Any, ...] = (
    None, True, -1, 0, 1, 2**31, 2**63, 10**30, 0.5, -1e308, float("nan"), float("inf"), "", "text", "../../x", "1e9",
    "\x00", "<script>", [], {}, [[]], [None], {"a": 1}, [1, 2, 3], "a" * 100_000,
)  # fmt: skip


def deceiving(value: Any, rng: np.random.Generator) -> Any:
    """A JSON value with one of its parts replaced, left out, doubled or nested."""
    if isinstance(value, dict) and value and rng.random() < 0.9:
        key = list(value)[int(rng.integers(len(value)))]
        if rng.random() < 0.1:
            return {k: v for k, v in value.items() if k != key}
        return {**value, key: deceiving(value[key], rng)}
    if isinstance(value, list) and value and rng.random() < 0.9:
        k = int(rng.integers(len(value)))
        if rng.random() < 0.1:
            return value[:k] + value[k + 1 :]
        return [*value[:k], deceiving(value[k], rng), *value[k + 1 :]]
    if isinstance(value, int | float) and rng.random() < 0.3:
        return value * [-1, 0.5, 2, 1000][int(rng.integers(4))]
    return VALUES[int(rng.integers(len(VALUES)))]


def _deceive(path: Path, rng: np.random.Generator) -> bool:
    """Write the file again as somebody would who knows the format; False if it is of no such format."""
    if path.suffix == ".json":
        path.write_text(json.dumps(deceiving(json.loads(path.read_text()), rng)))
        return True
    if path.suffix != ".safetensors":
        return False
    with safe_open(path, framework="numpy") as file:
        head = file.metadata()
        tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    content, kind = json.loads(head["content"]), head["kind"]
    if rng.random() < 0.7:
        content = deceiving(content, rng)
    else:
        name = list(tensors)[int(rng.integers(len(tensors)))]
        tensors[name] = _another(tensors[name], rng)
    write_tensors(path, kind, tensors, content)
    return True


def _another(tensor: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    with np.errstate(all="ignore"):
        changes = [
            lambda: tensor.astype(["f2", "f4", "f8", "i1", "i8", "u8", "?"][int(rng.integers(7))]),
            lambda: tensor[:-1],
            lambda: tensor[None],
            lambda: tensor.T.copy(),
            lambda: np.full_like(tensor, np.nan if tensor.dtype.kind == "f" else 1),
            lambda: tensor * tensor.dtype.type(100),
            lambda: np.zeros(0, tensor.dtype),
            lambda: np.array(3.0),
        ]
        return np.asarray(changes[int(rng.integers(len(changes)))]() if tensor.ndim else np.zeros(3))


def attempt(name: str, seed: int) -> functools.partial[None]:
    """One file of a copy damaged, and read."""
    return functools.partial(_read_damaged, originals()[name], np.random.default_rng([seed, *name.encode()]))


def _read_damaged(original: Original, rng: np.random.Generator) -> None:
    with tempfile.TemporaryDirectory() as parent:
        folder = shutil.copytree(original.folder, Path(parent, "run"))
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        path = files[int(rng.integers(len(files)))]
        kind = rng.random()
        by_chance = True
        if kind < 0.03:
            path.unlink()
        elif kind < 0.06:
            others = sorted(p for o in originals().values() for p in o.folder.rglob("*") if p.is_file())
            path.write_bytes(others[int(rng.integers(len(others)))].read_bytes())
            by_chance = False
        elif kind < 0.5 and _deceive(path, rng):
            by_chance = False
        else:
            path.write_bytes(damaged(path.read_bytes(), rng))
        found = original.read(folder)
        if by_chance and original.exact and _fingerprint(found) != original.content:
            raise OtherContentError(f"{path.relative_to(folder)}")


if __name__ == "__main__":
    import fuzz_files  # its functions are sent to other processes by the name of this module

    fuzzing.run(fuzz_files.attempt, list(fuzz_files.originals()), __doc__, LONGEST)
