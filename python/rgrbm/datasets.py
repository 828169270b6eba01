"""Data sets: handwritten digits, from a folder or from the network, checked by their content."""

import gzip
import hashlib
import os
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple, cast

import numpy as np
import numpy.typing as npt

from rgrbm._support import checks, streams
from rgrbm._support.atomic import write_atomically
from rgrbm.statistics.presentation import Presented

Bytes = npt.NDArray[np.uint8]
PathLike = str | os.PathLike[str]
Split = Literal["train", "test"]

MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "https://systemds.apache.org/assets/datasets/mnist/",
)


class _File(NamedTuple):
    name: str
    sha256: str  # of what is inside the .gz: mirrors pack it differently


_FILES = {
    "train": (
        _File("train-images-idx3-ubyte", "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"),
        _File("train-labels-idx1-ubyte", "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"),
    ),
    "test": (
        _File("t10k-images-idx3-ubyte", "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"),
        _File("t10k-labels-idx1-ubyte", "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"),
    ),
}
_SHAPES = {"train": (60_000, 28, 28), "test": (10_000, 28, 28)}
_IDX_HEAD = 4  # bytes of the magic number: 0, 0, the type (8: unsigned bytes), the number of dimensions


@dataclass(frozen=True, repr=False)
class Digits(Presented):
    """Grey images of handwritten digits.

    Attributes
    ----------
    images : ndarray of uint8, shape (n, 28, 28)
        Grey values, 0 (paper) to 255 (ink).
    labels : ndarray of uint8, shape (n,)
        The digits.
    split : {"train", "test"}
        Which of MNIST's two files they are from.
    source : str
        The folder that the file was read from.
    """

    images: Bytes
    labels: Bytes
    split: Split
    source: str

    def binary(self, threshold: int = 128) -> Bytes:
        """The images as binary units.

        Parameters
        ----------
        threshold : int, default=128
            Grey values from here on are 1, from 1 to 255.

        Returns
        -------
        ndarray of uint8, shape (n, 784)
            Units 0 and 1, row by row.

        Raises
        ------
        TypeError
            If the threshold is not an integer.
        ValueError
            If it is out of range.

        Examples
        --------
        >>> import numpy as np
        >>> from rgrbm.datasets import Digits
        >>> grey = Digits(np.array([[[0, 127], [128, 255]]], dtype=np.uint8), np.zeros(1, np.uint8), "test", ".")
        >>> grey.binary()
        array([[0, 0, 1, 1]], dtype=uint8)
        """
        if not 1 <= checks.integer("threshold", threshold) <= 255:
            raise ValueError(f"threshold must be a grey value from 1 to 255, got {threshold}")
        return (self.images >= threshold).reshape(len(self.images), -1).astype(np.uint8)

    def select(self, digits: Sequence[int], n_each: int | None = None, seed: int = 0) -> "Digits":
        """The images of some digits.

        Parameters
        ----------
        digits : sequence of int
            Which digits.
        n_each : int, optional
            Draw so many images of each digit at random, without repetition; fewer where there are fewer. All by
            default.
        seed : int, default=0
            Fixes the draw.

        Returns
        -------
        Digits
            One digit after the other.

        Raises
        ------
        TypeError
            If a digit or ``n_each`` is not an integer, or the seed is none.
        ValueError
            If there is no digit or no image of one, or ``n_each`` is negative.

        Examples
        --------
        >>> import numpy as np
        >>> from rgrbm.datasets import Digits
        >>> digits = Digits(np.zeros((5, 28, 28), np.uint8), np.array([3, 1, 0, 1, 1], np.uint8), "test", ".")
        >>> digits.select([0, 1], n_each=2).labels
        array([0, 1, 1], dtype=uint8)
        """
        if not (numbers := checks.integers("digits", digits)):
            raise ValueError("digits must name at least one digit, got none")
        n_each = None if n_each is None else checks.integer("n_each", n_each, 0)
        generator = np.random.default_rng(streams.seed_sequence(seed))
        chosen = []
        for digit in numbers:
            of_digit = np.flatnonzero(self.labels == digit)
            if not len(of_digit):
                raise ValueError(
                    f"there is no image of the digit {digit} among {len(self.labels)}: choose digits that occur"
                )
            chosen.append(of_digit if n_each is None else generator.permutation(of_digit)[:n_each])
        index = np.concatenate(chosen)
        return Digits(self.images[index], self.labels[index], self.split, self.source)


def load_mnist(split: Split = "train", data: PathLike | None = None) -> Digits:
    """MNIST's images of handwritten digits.

    Looked for in the folder ``data``, or else in the one that the environment variable ``RGRBM_DATA`` names, or else
    in the user's cache, where they are put from the network if they are not there. Files may be plain or gzipped,
    under their usual names (``t10k-images-idx3-ubyte`` or ``t10k-images.idx3-ubyte``, …).

    Parameters
    ----------
    split : {"train", "test"}, default="train"
        The file of 60,000 images or that of 10,000.
    data : path, optional
        A folder with the files; the network is then not tried.

    Returns
    -------
    Digits

    Raises
    ------
    FileNotFoundError
        If the folder lacks the files.
    TypeError
        If ``split`` is no text, or ``data`` no path.
    ValueError
        If ``split`` is unknown, or a file's content is not that of MNIST.
    ConnectionError
        If no mirror gave the files.

    Examples
    --------
    >>> from rgrbm.datasets import load_mnist
    >>> digits = load_mnist("test")  # doctest: +SKIP
    >>> digits.images.shape  # doctest: +SKIP
    (10000, 28, 28)
    """
    checks.choice("split", split, _FILES)
    data = _folder(data)
    if data:
        folder = Path(data)
        images, labels = (_read(_find(folder, file), file) for file in _FILES[split])
    else:
        import pooch

        folder = Path(pooch.os_cache("rgrbm")) / "mnist"
        images, labels = (_cached(folder, file) for file in _FILES[split])
    shape = _SHAPES[split]
    return Digits(_array(images, shape), _array(labels, shape[:1]), split, str(folder))


def mnist_splits(data: PathLike | None = None) -> tuple[Split, ...]:
    """Which of MNIST's files are available: those in the folder, or both where there is no folder.

    Raises
    ------
    TypeError
        If ``data`` is no path.
    FileNotFoundError
        If the folder has neither.

    Examples
    --------
    >>> from rgrbm.datasets import mnist_splits
    >>> mnist_splits("/no/such/folder")
    Traceback (most recent call last):
    ...
    FileNotFoundError: no MNIST file in '/no/such/folder': expected train-images-idx3-ubyte (plain or .gz) and so on
    """
    data = _folder(data)
    splits = tuple(cast("Split", s) for s in _FILES if not data or all(any(_paths(Path(data), f)) for f in _FILES[s]))
    if not splits:
        raise FileNotFoundError(
            f"no MNIST file in {os.fspath(data or '')!r}: expected {_FILES['train'][0].name} (plain or .gz) and so on"
        )
    return splits


def _folder(data: PathLike | None) -> PathLike | None:
    """The folder that is given, or else that of the environment."""
    if data is not None and not isinstance(data, str | os.PathLike):
        raise TypeError(f"data must be a path, got {checks.shown(data)}")
    return data or os.environ.get("RGRBM_DATA")


def _paths(folder: Path, file: _File) -> Iterator[Path]:
    """Where the file is in the folder, under any of its usual names."""
    for name in (file.name, file.name.replace("-idx", ".idx")):
        for suffix in ("", ".gz"):
            if (folder / (name + suffix)).is_file():
                yield folder / (name + suffix)


def _find(folder: Path, file: _File) -> Path:
    path = next(_paths(folder, file), None)
    if path is None:
        raise FileNotFoundError(f"the folder {str(folder)!r} has no {file.name} (plain or .gz)")
    return path


def _read(path: Path, file: _File) -> bytes:
    content = _unpacked(path.read_bytes(), str(path))
    if hashlib.sha256(content).hexdigest() != file.sha256:
        raise ValueError(f"{str(path)!r} is not MNIST's {file.name}: its content has another checksum")
    return content


def _unpacked(content: bytes, name: str) -> bytes:
    if not content.startswith(b"\x1f\x8b"):
        return content
    try:
        return gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(f"{name!r} is not a whole gzip file: {error}") from error


def _cached(folder: Path, file: _File) -> bytes:
    """The content from the cache, or from the first mirror that gives it."""
    path = folder / f"{file.name}.gz"
    if path.is_file():
        try:
            return _read(path, file)
        except ValueError:
            path.unlink()  # spoiled: fetch it again
    problems = []
    for mirror in MIRRORS:
        try:
            content = _fetched(mirror + file.name + ".gz", file)
        except (OSError, ValueError) as error:  # errors of the network are OSErrors
            problems.append(f"{mirror}: {error}")
            continue
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(path, gzip.compress(content, mtime=0))
        return content
    raise ConnectionError(
        f"no mirror gave {file.name}. Either give a folder that holds MNIST's files (--data DIR, data=DIR, or "
        f"the environment variable RGRBM_DATA), or put {file.name}.gz into {str(folder)!r} from a machine with a "
        "network. Tried " + "; ".join(problems)
    )


def _fetched(url: str, file: _File) -> bytes:
    import pooch

    with tempfile.TemporaryDirectory() as folder:
        packed = Path(folder) / "packed.gz"
        pooch.HTTPDownloader()(url, str(packed), None)
        return _read(packed, file)


def _array(content: bytes, shape: tuple[int, ...]) -> Bytes:
    """What an IDX file holds; the checksum was right, and so is its head."""
    start = _IDX_HEAD + 4 * len(shape)
    return np.frombuffer(content, dtype=np.uint8, offset=start).reshape(shape)
