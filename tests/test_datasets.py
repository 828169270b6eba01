"""Data sets: MNIST from folders, caches and mirrors, and ensembles of spins as files."""

import functools
import gzip
import hashlib
import http.server
import os
import threading

import numpy as np
import pooch
import pytest
from safetensors.numpy import load_file, save_file

import rgrbm
from rgrbm import datasets
from rgrbm.datasets import Digits, load_mnist, mnist_splits

N = {"train": 60, "test": 40}


def idx(array):
    head = bytes([0, 0, 8, array.ndim]) + b"".join(n.to_bytes(4, "big") for n in array.shape)
    return head + array.astype(np.uint8).tobytes()


@pytest.fixture
def files(monkeypatch):
    """Small files of MNIST's form, in the place of the real ones; their content by name."""
    rng = np.random.default_rng(0)
    contents, known, shapes = {}, {}, {}
    for split, n in N.items():
        images = rng.integers(0, 256, (n, 28, 28))
        labels = rng.permutation(np.arange(n) % 10)
        names = [file.name for file in datasets._FILES[split]]
        contents |= dict(zip(names, (idx(images), idx(labels)), strict=True))
        known[split] = tuple(datasets._File(name, hashlib.sha256(contents[name]).hexdigest()) for name in names)
        shapes[split] = images.shape
    monkeypatch.setattr(datasets, "_FILES", known)
    monkeypatch.setattr(datasets, "_SHAPES", shapes)
    monkeypatch.delenv("RGRBM_DATA", raising=False)
    return contents


def put(folder, contents, *, packed=False, rename=lambda name: name):
    folder.mkdir(exist_ok=True)
    for name, content in contents.items():
        (folder / (rename(name) + (".gz" if packed else ""))).write_bytes(gzip.compress(content) if packed else content)
    return folder


def check(digits, contents, split):
    images, labels = (contents[file.name] for file in datasets._FILES[split])
    assert digits.images.shape == (N[split], 28, 28)
    assert digits.images.tobytes() == images[16:]
    assert digits.labels.tobytes() == labels[8:]
    assert digits.split == split


# Folders


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("rename", [lambda name: name, lambda name: name.replace("-idx", ".idx")])
@pytest.mark.parametrize("split", ["train", "test"])
def test_a_folder_gives_the_files_under_their_usual_names(files, tmp_path, packed, rename, split):
    folder = put(tmp_path, files, packed=packed, rename=rename)
    check(load_mnist(split, folder), files, split)


def test_the_environment_names_a_folder(files, tmp_path, monkeypatch):
    monkeypatch.setenv("RGRBM_DATA", str(put(tmp_path, files)))
    check(load_mnist("test"), files, "test")
    assert mnist_splits() == ("train", "test")


def test_splits_are_those_at_hand(files, tmp_path):
    assert mnist_splits() == ("train", "test")  # from the network
    only_test = {name: content for name, content in files.items() if name.startswith("t10k")}
    assert mnist_splits(put(tmp_path / "a", only_test)) == ("test",)
    (tmp_path / "b").mkdir()
    with pytest.raises(FileNotFoundError, match="train-images"):
        mnist_splits(tmp_path / "b")
    with pytest.raises(FileNotFoundError, match="has no train-images"):
        load_mnist("train", tmp_path / "a")


@pytest.mark.parametrize(
    ("spoil", "packed", "message"),
    [
        (lambda content: content[:-1], False, "another checksum"),
        (lambda content: content[:-1], True, "another checksum"),
        (lambda content: b"\x00" + content, False, "another checksum"),
        (lambda content: gzip.compress(content)[:-9], False, "not a whole gzip"),
        (lambda content: b"\x1f\x8bnothing", False, "not a whole gzip"),
        (lambda content: b"", False, "another checksum"),
    ],
)
def test_spoiled_files_are_refused(files, tmp_path, spoil, packed, message):
    put(tmp_path, {name: spoil(content) for name, content in files.items()}, packed=packed)
    with pytest.raises(ValueError, match=message):
        load_mnist("test", tmp_path)


def test_an_unknown_split_is_refused():
    with pytest.raises(ValueError, match="split must be one of 'train', 'test'"):
        load_mnist("validation")


# Mirrors


class Mirror(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


@pytest.fixture
def network(files, tmp_path, monkeypatch):
    """A mirror on this machine, after one that has nothing; and an empty cache."""
    served = put(tmp_path / "served", files, packed=True)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Mirror, directory=str(served)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    base = f"http://127.0.0.1:{server.server_port}/"
    monkeypatch.setattr(datasets, "MIRRORS", (base + "nothing/", base))
    monkeypatch.setattr(pooch, "os_cache", lambda name: str(tmp_path / "cache" / name))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    yield served
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_next_mirror_is_tried_and_the_cache_kept(network, files, tmp_path, monkeypatch):
    check(load_mnist("train"), files, "train")
    monkeypatch.setattr(datasets, "MIRRORS", ())
    check(load_mnist("train"), files, "train")  # from the cache
    with pytest.raises(ConnectionError, match=r"--data DIR.*RGRBM_DATA.*cache"):
        load_mnist("test")


def test_a_spoiled_cache_is_mended(network, files, tmp_path):
    load_mnist("train")
    for place in (tmp_path / "cache" / "rgrbm" / "mnist").iterdir():
        place.write_bytes(place.read_bytes()[:100])
    check(load_mnist("train"), files, "train")


def test_a_mirror_that_lies_is_not_believed(network, files, tmp_path):
    for place in network.iterdir():
        place.write_bytes(gzip.compress(b"something else"))
    with pytest.raises(ConnectionError, match="another checksum"):
        load_mnist("train")
    assert not (tmp_path / "cache" / "rgrbm" / "mnist").exists()


# Images


def test_images_become_units():
    images = np.arange(256, dtype=np.uint8).reshape(1, 16, 16)
    digits = Digits(images, np.zeros(1, np.uint8), "test", ".")
    for threshold in (1, 128, 255):
        assert np.array_equal(digits.binary(threshold)[0], np.arange(256) >= threshold)
    for threshold in (0, 256):
        with pytest.raises(ValueError, match="from 1 to 255"):
            digits.binary(threshold)


def test_selection_is_seeded_and_without_repetition(files, tmp_path):
    digits = load_mnist("train", put(tmp_path, files))
    assert np.array_equal(digits.select([3, 1]).labels, [3] * 6 + [1] * 6)
    chosen = digits.select([3, 1], n_each=4, seed=1)
    assert np.array_equal(chosen.labels, [3] * 4 + [1] * 4)
    assert len(np.unique(chosen.images.reshape(8, -1), axis=0)) == 8
    assert np.array_equal(chosen.images, digits.select([3, 1], n_each=4, seed=1).images)
    assert not np.array_equal(chosen.images, digits.select([3, 1], n_each=4, seed=2).images)
    with pytest.raises(ValueError, match="no image of the digit 12"):
        digits.select([12])


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda d: d.binary("128"), TypeError, "threshold must be an integer, got '128'"),
        (lambda d: d.select([]), ValueError, "digits must name at least one digit"),
        (lambda d: d.select("01"), TypeError, "digits must be a sequence of integers"),
        (lambda d: d.select([0.5]), TypeError, "each of digits must be an integer"),
        (lambda d: d.select([0], n_each=-1), ValueError, "n_each must not be negative"),
        (lambda d: d.select([0], seed="a"), TypeError, "seed must be"),
        (lambda d: load_mnist(np.arange(2)), TypeError, "split must be one of"),
        (lambda d: load_mnist("test", 3), TypeError, "data must be a path, got 3"),
    ],
)
def test_wrong_arguments(call, error, message):
    with pytest.raises(error, match=message):
        call(Digits(np.zeros((2, 28, 28), np.uint8), np.zeros(2, np.uint8), "test", "."))


@pytest.mark.skipif("RGRBM_DATA" not in os.environ, reason="needs MNIST's test file in RGRBM_DATA")
def test_the_real_test_file():
    digits = load_mnist("test")
    assert digits.images.shape == (10_000, 28, 28)
    assert np.bincount(digits.labels)[:2].tolist() == [980, 1135]
    assert digits.select([0, 1]).binary().mean() == pytest.approx(0.1225, abs=0.0001)


# Ensembles of spins


@pytest.mark.parametrize(("shape", "method"), [((9,), "exact"), ((16,), "metropolis"), ((4, 5), "heat_bath")])
def test_ensembles_come_back_with_their_provenance(tmp_path, shape, method):
    path = tmp_path / "spins.safetensors"
    ensemble = rgrbm.IsingModel(shape, J=0.4).ensemble(33, method=method, seed=1)
    ensemble.save(path)
    loaded = rgrbm.spins.Ensemble.load(path)
    assert loaded.spins.dtype == np.int8
    assert np.array_equal(loaded.spins, ensemble.spins)
    assert loaded.provenance() == ensemble.provenance()
    assert (loaded.shape, loaded.seconds) == (ensemble.shape, ensemble.seconds)
    with pytest.raises(FileExistsError, match="overwrite"):
        ensemble.save(path)
    ensemble.save(path, overwrite=True)
    again = rgrbm.IsingModel(loaded.shape, loaded.J).sample(
        33, method=method, seed=loaded.entropy, burn_in=loaded.burn_in or None, spacing=loaded.spacing or None
    )
    assert again.shape == loaded.spins.shape


def test_files_of_other_kinds_are_refused(tmp_path):
    path = tmp_path / "spins.safetensors"
    with pytest.raises(FileNotFoundError):
        rgrbm.spins.Ensemble.load(path)
    path.write_bytes(b"nothing")
    with pytest.raises(rgrbm.FileFormatError, match="not a whole safetensors"):
        rgrbm.spins.Ensemble.load(path)
    rbm = rgrbm.BernoulliRBM(n_components=2, n_iter=1, random_state=0).fit(np.eye(4, dtype=np.uint8))
    rbm.save(tmp_path / "model")
    with pytest.raises(rgrbm.FileFormatError, match="expected a 'Ensemble'"):
        rgrbm.spins.Ensemble.load(tmp_path / "model")


def test_spins_that_do_not_fit_the_metadata_are_refused(tmp_path):
    from safetensors import safe_open

    path = tmp_path / "spins.safetensors"
    rgrbm.IsingModel((16,), J=0.4).ensemble(10, method="exact", seed=1).save(path)
    with safe_open(path, framework="numpy") as file:
        metadata = {name: text for name, text in file.metadata().items() if name != "sha256"}
    save_file({"spins": load_file(path)["spins"][:5]}, path, metadata=metadata)
    with pytest.raises(rgrbm.FileFormatError, match="10 configurations of 16 sites"):
        rgrbm.spins.Ensemble.load(path)
