"""Models and checkpoints in files: nothing is lost, nothing half-written, nothing foreign believed."""

import json
import os
import struct

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.neural_network import BernoulliRBM as SklearnRBM

import rgrbm
from rgrbm import BernoulliRBM, FileFormatError, load_model, save_model
from rgrbm._support.atomic import write_atomically
from rgrbm.rbm import from_sklearn, to_sklearn
from rgrbm.rbm.checkpoints import load_checkpoint

RNG = np.random.default_rng(0)
X = (RNG.random((60, 6)) < 0.3).astype(np.uint8)


@pytest.fixture(scope="module")
def fitted():
    return BernoulliRBM(n_components=4, n_iter=5, l1=1e-3, random_state=0).fit(X)


@pytest.fixture
def model_file(fitted, tmp_path):
    path = tmp_path / "model.safetensors"
    fitted.save(path)
    return path


@pytest.fixture
def checkpoint_file(tmp_path):
    path = tmp_path / "checkpoint.safetensors"
    BernoulliRBM(n_components=4, n_iter=5, momentum=0.5, random_state=0).fit(X, checkpoint=path)
    return path


def read_header(path):
    content = path.read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    return json.loads(content[8 : 8 + length])


def rewrite(path, *, tensors=None, head=None, content=None):
    """Write the file again with changed tensors, head (the strings) or content (the JSON in it)."""
    metadata = read_header(path)["__metadata__"]
    changed = json.loads(metadata["content"])
    changed.update(content or {})
    metadata["content"] = json.dumps({name: value for name, value in changed.items() if value is not ...})
    del metadata["sha256"]  # as in files of versions without it
    metadata.update(head or {})
    every = load_file(path)
    every.update(tensors or {})
    save_file({name: t for name, t in every.items() if t is not None}, path, metadata=metadata)


def test_equal_models_are_equal_bytes(fitted, tmp_path):
    files = [tmp_path / str(k) for k in range(8)]
    for file in files:
        fitted.save(file)
    assert len({file.read_bytes() for file in files}) == 1
    assert list(read_header(files[0])["__metadata__"]) == ["content", "format", "kind", "schema", "sha256"]


@pytest.mark.parametrize("file", ["model_file", "checkpoint_file"])
def test_a_flipped_bit_is_noticed(file, request):
    """One bit of each byte, one byte after the other."""
    path = request.getfixturevalue(file)
    load = load_model if file == "model_file" else load_checkpoint
    whole = path.read_bytes()
    rng = np.random.default_rng(3)
    for position in range(len(whole)):
        damaged = bytearray(whole)
        damaged[position] ^= 1 << int(rng.integers(8))
        path.write_bytes(damaged)
        with pytest.raises(FileFormatError):
            load(path)
    path.write_bytes(whole)
    load(path)


def test_the_checkpoint_of_another_seed_is_refused(tmp_path):
    """Whether the seed is an integer or a sequence."""
    for seeds in ((0, 1), (np.random.SeedSequence(0), np.random.SeedSequence(0, spawn_key=(1,)))):
        path = tmp_path / "checkpoint.safetensors"
        ours, theirs = (BernoulliRBM(n_components=4, n_iter=5, random_state=seed) for seed in seeds)
        ours.fit(X, checkpoint=path)
        with pytest.raises(ValueError, match="another random_state"):
            theirs.fit(X, checkpoint=path, resume=True)
        ours.fit(X, checkpoint=path, resume=True)
        path.unlink()


# Round trips


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_loaded_model_is_the_saved_one(tmp_path, dtype):
    model = BernoulliRBM(n_components=4, n_iter=5, random_state=0, dtype=dtype).fit(X)
    model.save(tmp_path / "model")
    loaded = BernoulliRBM.load(tmp_path / "model")
    for name in ("components_", "intercept_hidden_", "intercept_visible_", "h_samples_"):
        np.testing.assert_array_equal(getattr(loaded, name), getattr(model, name))
        assert getattr(loaded, name).dtype == dtype
    assert loaded.get_params() == model.get_params()
    assert loaded.n_features_in_ == 6
    assert loaded.n_iter_ == 5
    np.testing.assert_array_equal(loaded.transform(X), model.transform(X))
    np.testing.assert_array_equal(loaded.reconstruct(X, seed=1), model.reconstruct(X, seed=1))
    assert loaded.gibbs(X).shape == X.shape
    assert list(loaded.get_feature_names_out()) == list(model.get_feature_names_out())


def test_loaded_and_converted_models_can_be_trained_further(model_file, fitted):
    for model in (load_model(model_file), from_sklearn(to_sklearn(fitted))):
        with pytest.raises(ValueError, match="nothing to resume"):
            model.fit(X, resume=True)
        model.set_params(learning_rate=1e-9).partial_fit(X)
        np.testing.assert_allclose(model.components_, fitted.components_, rtol=1e-4, atol=1e-7)
        model.fit(X)


def test_feature_names_are_kept(tmp_path):
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(X, columns=list("abcdef"))
    BernoulliRBM(n_components=2).fit(frame).save(tmp_path / "model")
    loaded = load_model(tmp_path / "model")
    assert list(loaded.feature_names_in_) == list("abcdef")
    loaded.transform(frame)
    with pytest.raises(ValueError, match="feature names should match"):
        loaded.transform(frame[list("fedcba")])


@pytest.mark.parametrize(
    ("parameters", "kept"),
    [
        ({"random_state": np.random.RandomState(0)}, {"random_state": None}),
        ({"random_state": np.random.default_rng(0)}, {"random_state": None}),
        ({"random_state": np.int64(3)}, {"random_state": 3}),
        ({"learning_rate": np.float64(0.25)}, {"learning_rate": 0.25}),
        ({"learning_rate_schedule": lambda e: 1.0}, {"learning_rate_schedule": "constant"}),
        ({"learning_rate_schedule": np.ones(10)}, {"learning_rate_schedule": [1.0] * 10}),
        ({"gradient": "pcd", "clip": True}, {"gradient": "pcd", "clip": True}),
    ],
)
def test_parameters_in_files(tmp_path, parameters, kept):
    BernoulliRBM(n_components=2, **parameters).fit(X).save(tmp_path / "model")
    loaded = load_model(tmp_path / "model").get_params()
    assert {name: loaded[name] for name in kept} == kept


def test_torch_reads_models(model_file, fitted):
    torch = pytest.importorskip("torch")
    from safetensors.torch import load_file as load_torch

    tensors = load_torch(model_file)
    visible = torch.tensor(X, dtype=torch.float32)
    p = torch.sigmoid(visible @ tensors["weights"] + tensors["hidden_bias"])
    np.testing.assert_allclose(p.numpy(), fitted.transform(X), rtol=1e-5)


def test_metadata_are_json(model_file):
    metadata = read_header(model_file)["__metadata__"]
    assert metadata["format"] == "rgrbm"
    assert metadata["schema"] == "1"
    content = json.loads(metadata["content"])
    assert (content["n_visible"], content["n_hidden"]) == (6, 4)
    assert content["parameters"]["l1"] == 1e-3
    assert content["software"]["rgrbm"]


# Files that are not what they should be


DAMAGES = {
    "empty": lambda content: b"",
    "truncated in the header": lambda content: content[:40],
    "truncated in the tensors": lambda content: content[:-1],
    "oversized": lambda content: content + b"\0",
    "text": lambda content: b"not a model at all, but long enough to look like one",
    "pickle": lambda content: b"\x80\x04\x95" + content[3:],
    "a header longer than the file": lambda content: struct.pack("<Q", 2**40) + content[8:],
    "a header that is no JSON": lambda content: content[:8] + b"x" * 20 + content[28:],
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_damaged_files_are_refused(model_file, checkpoint_file, damage):
    for path, read in ((model_file, load_model), (checkpoint_file, resume_from)):
        path.write_bytes(damage(path.read_bytes()))
        before = path.read_bytes()
        with pytest.raises(FileFormatError, match="is not a whole safetensors file"):
            read(path)
        assert path.read_bytes() == before


def resume_from(path, **parameters):
    options = {"n_components": 4, "n_iter": 8, "momentum": 0.5, "random_state": 0, **parameters}
    return BernoulliRBM(**options).fit(X, checkpoint=path, resume=True)


LIES = [
    ({"head": {"format": "other"}}, "was not written by rgrbm"),
    ({"head": {"schema": "2"}}, "schema version 2; this version of rgrbm reads up to 1"),
    ({"head": {"schema": "new"}}, "has no schema version"),
    ({"head": {"kind": "Ensemble"}}, "holds a 'Ensemble', expected a"),
    ({"head": {"content": "{"}}, "unreadable metadata"),
    ({"head": {"content": "[]"}}, "metadata of another form"),
    ({"head": {"content": "[" * 100_000 + "]" * 100_000}}, "unreadable metadata: too deeply nested"),
    ({"head": {"content": '{"n_visible": 1' + "0" * 5000 + "}"}}, "unreadable metadata"),
    ({"head": {"schema": "1" * 5000}}, "has no schema version"),
    ({"tensors": {"weights": None}}, r"lacks the tensors \['weights'\]"),
    ({"tensors": {"mask": np.ones(3, dtype=np.float32)}}, r"unexpected tensors \['mask'\]"),
    ({"content": {"n_visible": 7}}, r"has shape \(6, 4\), its metadata say \(7, 4\)"),
    ({"content": {"n_hidden": 5}}, r"has shape \(6, 4\), its metadata say \(6, 5\)"),
    ({"content": {"n_hidden": "4"}}, "'n_hidden' is missing or of another type"),
    ({"content": {"n_visible": ...}}, "'n_visible' is missing or of another type"),
    ({"content": {"n_visible": True}}, "'n_visible' is missing or of another type"),
    ({"tensors": {"weights": np.zeros((4, 6), dtype=np.float32)}}, r"has shape \(4, 6\)"),
    ({"tensors": {"weights": np.zeros((6, 4), dtype=np.int32)}}, "of type int32"),
    ({"tensors": {"weights": np.zeros((6, 4), dtype=np.float64)}}, "of different types"),
    ({"tensors": {"weights": np.full((6, 4), np.nan, dtype=np.float32)}}, "not finite"),
    ({"tensors": {"hidden_bias": np.full(4, np.inf, dtype=np.float32)}}, "not finite"),
]


@pytest.mark.parametrize(("lie", "message"), LIES)
def test_lies_in_models_and_checkpoints(model_file, checkpoint_file, lie, message):
    for path, read in ((model_file, load_model), (checkpoint_file, resume_from)):
        rewrite(path, **lie)
        with pytest.raises(FileFormatError, match=message):
            read(path)


@pytest.mark.parametrize(
    ("lie", "message"),
    [
        ({"content": {"parameters": {"depth": 3}}}, "unknown or invalid parameters"),
        (
            {"content": {"parameters": {"n_components": 4, "learning_rate": -1}}},
            "unknown or invalid parameters",
        ),
        ({"content": {"parameters": {"n_components": 5}}}, "contradicts 4 hidden units"),
        ({"content": {"parameters": None}}, "'parameters' is missing or of another type"),
        ({"content": {"feature_names": ["a"]}}, "feature names do not fit 6 visible units"),
        ({"content": {"n_hidden_samples": 3}}, "hidden_samples has shape"),
        ({"content": {"n_epochs": None}}, "'n_epochs' is missing"),
    ],
)
def test_lies_in_models(model_file, lie, message):
    rewrite(model_file, **lie)
    with pytest.raises(FileFormatError, match=message):
        load_model(model_file)


@pytest.mark.parametrize(
    ("lie", "message"),
    [
        ({"content": {"n_epochs": 6}}, r"has shape \(5,\), its metadata say \(6,\)"),
        ({"content": {"key": [1]}}, "not a pair of 64-bit words"),
        ({"content": {"key": [1, -1]}}, "not a pair of 64-bit words"),
        ({"content": {"state": {}}}, "not the one that its metadata describe"),
        ({"tensors": {"state.more": np.zeros(3)}}, "not the one that its metadata describe"),
        ({"tensors": {"history.l1": None}}, r"lacks the tensors \['history.l1'\]"),
        ({"content": {"configuration": []}}, "'configuration' is missing or of another type"),
    ],
)
def test_lies_in_checkpoints(checkpoint_file, lie, message):
    rewrite(checkpoint_file, **lie)
    with pytest.raises(FileFormatError, match=message):
        resume_from(checkpoint_file)


def test_kinds_are_not_mixed_up(model_file, checkpoint_file):
    with pytest.raises(FileFormatError, match="holds a 'checkpoint', expected a 'BernoulliRBM'"):
        load_model(checkpoint_file)
    with pytest.raises(FileFormatError, match="holds a 'BernoulliRBM', expected a 'checkpoint'"):
        resume_from(model_file)


def test_foreign_safetensors(tmp_path):
    save_file({"weights": np.zeros((2, 2), dtype=np.float32)}, tmp_path / "foreign")
    with pytest.raises(FileFormatError, match="was not written by rgrbm"):
        load_model(tmp_path / "foreign")


def test_missing_files_and_folders(tmp_path, fitted):
    with pytest.raises(FileNotFoundError):
        load_model(tmp_path / "nothing")
    with pytest.raises(OSError, match="directory"):
        load_model(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"the folder .* does not exist"):
        fitted.save(tmp_path / "missing" / "model")
    with pytest.raises(NotFittedError):
        BernoulliRBM().save(tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("path", [None, 3.5, ["model"]])
def test_what_is_no_path(fitted, path):
    for call in (load_model, fitted.save):
        with pytest.raises(TypeError, match=r"^path must be a path, got"):
            call(path)
    if path is not None:
        with pytest.raises(TypeError, match=r"^checkpoint must be a path, got"):
            BernoulliRBM().fit(X, checkpoint=path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names")
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="is no file: it is a pipe"):
        load_model(tmp_path / "pipe")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_read_only_folders(tmp_path, fitted):
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(PermissionError):
            fitted.save(tmp_path / "model")
        with pytest.raises(PermissionError, match="cannot be written to"):
            BernoulliRBM().fit(X, checkpoint=tmp_path / "checkpoint")
    finally:
        tmp_path.chmod(0o700)


def test_a_failed_write_keeps_the_old_file(model_file, fitted, monkeypatch):
    before = model_file.read_bytes()

    def fail(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match=f"No space left on device: '{model_file}'"):
        fitted.save(model_file)
    assert model_file.read_bytes() == before
    assert list(model_file.parent.iterdir()) == [model_file]


def test_an_interrupted_write_keeps_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "file"
    write_atomically(path, b"old")

    def interrupt(descriptor):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_load_refuses_other_classes(model_file):
    class Other(BernoulliRBM):
        pass

    with pytest.raises(TypeError, match="holds a BernoulliRBM, not a Other"):
        Other.load(model_file)


# Checkpoints


@pytest.mark.parametrize("gradient", ["cd", "pcd"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_resuming_from_a_checkpoint_gives_the_same_bits(tmp_path, gradient, dtype):
    model = BernoulliRBM(
        n_components=4,
        n_iter=20,
        gradient=gradient,
        momentum=0.5,
        l1=1e-3,
        l1_warmup=8,
        random_state=3,
        dtype=dtype,
    )
    whole = clone(model).fit(X)
    path = tmp_path / "checkpoint"
    clone(model).set_params(n_iter=6).fit(X, checkpoint=path)
    resumed = clone(model).fit(X, checkpoint=path, resume=True)
    for name in ("components_", "intercept_hidden_", "intercept_visible_", "h_samples_"):
        np.testing.assert_array_equal(getattr(resumed, name), getattr(whole, name))
    for name in whole.history_.names:
        np.testing.assert_array_equal(resumed.history_[name], whole.history_[name])
    again = clone(model).fit(X, checkpoint=path, resume=True)  # nothing left to do
    np.testing.assert_array_equal(again.components_, whole.components_)


def test_an_unseeded_training_is_resumed_with_its_own_seed(tmp_path):
    path = tmp_path / "checkpoint"
    model = BernoulliRBM(n_components=4, n_iter=3)
    model.fit(X, checkpoint=path)
    in_memory = model.set_params(n_iter=9).fit(X, resume=True)
    from_file = BernoulliRBM(n_components=4, n_iter=9).fit(X, checkpoint=path, resume=True)
    np.testing.assert_array_equal(from_file.components_, in_memory.components_)


def test_an_interrupted_training_leaves_a_checkpoint_to_resume(tmp_path):
    def interrupt(progress):
        if progress.epoch == 4:
            raise KeyboardInterrupt

    path = tmp_path / "checkpoint"
    model = BernoulliRBM(n_components=4, n_iter=10, random_state=0)
    whole = clone(model).fit(X)
    with pytest.raises(KeyboardInterrupt):
        clone(model).fit(X, checkpoint=path, callbacks=[interrupt])
    resumed = clone(model).fit(X, checkpoint=path, resume=True)
    np.testing.assert_array_equal(resumed.components_, whole.components_)


def test_checkpoints_are_written_as_training_goes(tmp_path):
    path = tmp_path / "checkpoint"
    seen = []

    def read(progress):
        seen.append(json.loads(read_header(path)["__metadata__"]["content"])["n_epochs"] if path.exists() else 0)

    BernoulliRBM(n_components=4, n_iter=4).fit(X, checkpoint=path, checkpoint_interval=0.0, callbacks=[read])
    assert seen == [0, 1, 2, 3]


def test_resume_without_a_file_starts_anew(tmp_path):
    model = BernoulliRBM(n_components=4, n_iter=3, random_state=0)
    started = clone(model).fit(X, checkpoint=tmp_path / "checkpoint", resume=True)
    np.testing.assert_array_equal(started.components_, clone(model).fit(X).components_)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"k": 2}, r"started with k=1 \(now 2\)"),
        ({"momentum": 0.25}, r"started with momentum=0.5 \(now 0.25\)"),
        ({"dtype": "float64"}, "dtype=None"),
        ({"learning_rate": 0.05}, "learning_rate"),
        ({"random_state": 7}, "another random_state"),
        ({"n_iter": 4}, "5 epochs are done, more than n_iter=4"),
    ],
)
def test_a_changed_configuration_is_refused(checkpoint_file, change, message):
    before = checkpoint_file.read_bytes()
    with pytest.raises(ValueError, match=message):
        resume_from(checkpoint_file, **change)
    assert checkpoint_file.read_bytes() == before


def test_other_data_are_refused(checkpoint_file):
    model = BernoulliRBM(n_components=4, n_iter=8, momentum=0.5, random_state=0)
    for data in (X[:-1], 1 - X, X * 0.5):
        with pytest.raises(ValueError, match="started with other data"):
            model.fit(data, checkpoint=checkpoint_file, resume=True)


def test_an_existing_checkpoint_is_not_overwritten_and_folders_are_checked_first(checkpoint_file):
    before = checkpoint_file.read_bytes()
    with pytest.raises(FileExistsError, match="resume from it"):
        BernoulliRBM().fit(X, checkpoint=checkpoint_file)
    assert checkpoint_file.read_bytes() == before
    model = BernoulliRBM()
    with pytest.raises(FileNotFoundError, match="does not exist"):
        model.fit(X, checkpoint=checkpoint_file.parent / "missing" / "checkpoint")
    assert not hasattr(model, "components_")  # refused before the work, not after


# scikit-learn


def test_from_scikit_learn():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(X.astype(float), columns=list("abcdef"))
    theirs = SklearnRBM(n_components=3, learning_rate=0.2, batch_size=7, n_iter=4, random_state=1).fit(frame)
    ours = from_sklearn(theirs)
    np.testing.assert_allclose(ours.transform(frame), theirs.transform(frame), rtol=1e-12)
    assert list(ours.feature_names_in_) == list("abcdef")
    for name, value in theirs.get_params().items():
        assert getattr(ours, name) == value
    ours.components_[:] = 0
    assert np.any(theirs.components_ != 0)  # a copy
    clone(ours).fit(frame)


def test_to_scikit_learn_and_back(fitted, tmp_path):
    theirs = to_sklearn(fitted)
    np.testing.assert_allclose(theirs.transform(X.astype(np.float32)), fitted.transform(X), rtol=1e-5)
    assert list(theirs.get_feature_names_out()) == list(fitted.get_feature_names_out())
    assert theirs.gibbs(X).shape == X.shape
    theirs.partial_fit(X.astype(float))
    back = from_sklearn(to_sklearn(fitted))
    for name in ("components_", "intercept_hidden_", "intercept_visible_", "h_samples_"):
        np.testing.assert_array_equal(getattr(back, name), getattr(fitted, name))
    assert back.components_.dtype == np.float32
    back.save(tmp_path / "model")
    np.testing.assert_array_equal(load_model(tmp_path / "model").components_, fitted.components_)


def test_seeds_that_scikit_learn_does_not_know():
    theirs = to_sklearn(BernoulliRBM(n_components=2, random_state=np.random.default_rng(0)).fit(X))
    assert theirs.random_state is None
    theirs.fit(X)


@pytest.mark.parametrize(
    ("convert", "model"), [(from_sklearn, SklearnRBM()), (to_sklearn, BernoulliRBM()), (save_model, None)]
)
def test_conversions_need_fitted_models(convert, model, tmp_path):
    with pytest.raises(NotFittedError):
        convert(model) if model is not None else save_model(BernoulliRBM(), tmp_path / "model")


def test_error_class():
    assert issubclass(rgrbm.FileFormatError, ValueError)


def test_a_folder_is_no_file(tmp_path):
    model = BernoulliRBM(2, n_iter=1, random_state=0).fit(np.eye(4, dtype=np.uint8))
    with pytest.raises(IsADirectoryError, match="it is a folder"):
        model.save(tmp_path)


def test_models_of_other_packages_are_named():
    other = SklearnRBM(2, n_iter=1).fit(np.eye(4))
    with pytest.raises(TypeError, match=r"must be rgrbm's BernoulliRBM or GaussianRBM, got that of sklearn"):
        save_model(other, "model.safetensors")


@pytest.mark.parametrize("seconds", [float("inf"), float("nan"), -1, 10**400])
def test_a_checkpoint_of_an_impossible_time_is_refused(checkpoint_file, seconds):
    """It would end in results that no file can hold."""
    whole = checkpoint_file.read_bytes()
    rewrite(checkpoint_file, content={"seconds": seconds})
    with pytest.raises(FileFormatError, match="the time of its training is"):
        load_checkpoint(checkpoint_file)
    checkpoint_file.write_bytes(whole)
