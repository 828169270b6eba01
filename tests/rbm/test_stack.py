"""Stacks of RBMs: greedy training on sampled hidden states, sampling up and down, and files that are whole."""

import json
import os
import signal
import threading

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.utils.estimator_checks import check_estimator

import rgrbm
from rgrbm import BernoulliRBM, FileFormatError, RBMStack

SPINS = rgrbm.IsingModel(16, J=1.0).sample(300, method="exact", seed=0)
X = rgrbm.to_binary(SPINS)
TEMPLATE = BernoulliRBM(n_iter=6, batch_size=50, learning_rate=0.3)


@pytest.fixture(scope="module")
def fitted():
    return RBMStack((8, 4, 2), rbm=TEMPLATE, random_state=1).fit(X)


def weights(stack):
    return [layer.weights_ for layer in stack.rbms_]


def assert_same(ours, theirs):
    assert len(ours.rbms_) == len(theirs.rbms_)
    for a, b in zip(ours.rbms_, theirs.rbms_, strict=True):
        np.testing.assert_array_equal(a.weights_, b.weights_)
        np.testing.assert_array_equal(a.intercept_visible_, b.intercept_visible_)
        np.testing.assert_array_equal(a.intercept_hidden_, b.intercept_hidden_)


def test_check_estimator():
    estimator = RBMStack((3, 2), rbm=BernoulliRBM(clip=True), random_state=0)
    results = check_estimator(estimator, on_skip=None)
    assert {result["status"] for result in results} <= {"passed", "skipped"}


def test_parameters_are_those_of_scikit_learn(fitted):
    stack = RBMStack((4,), rbm=BernoulliRBM(l1=0.1))
    assert stack.get_params()["rbm__l1"] == 0.1
    stack.set_params(rbm__l1=0.2)
    assert stack.rbm.l1 == 0.2
    copy = clone(fitted)
    assert not hasattr(copy, "rbms_")
    assert_same(copy.fit(X), fitted)
    assert fitted.get_feature_names_out().tolist() == ["rbmstack0", "rbmstack1"]


def test_each_layer_learns_states_sampled_from_the_one_below(fitted):
    data = X
    for layer in fitted.rbms_:
        alone = clone(layer).fit(data)
        np.testing.assert_array_equal(alone.weights_, layer.weights_)
        data = alone.sample_hidden(data)
        assert set(np.unique(data)) <= {0, 1}


def test_layers_have_seeds_of_their_own(fitted):
    assert len({layer.random_state for layer in fitted.rbms_}) == 3
    other = RBMStack((8, 4, 2), rbm=TEMPLATE, random_state=2).fit(X)
    assert not np.array_equal(weights(other)[0], weights(fitted)[0])


def test_a_template_for_each_layer():
    templates = [BernoulliRBM(n_iter=2), BernoulliRBM(n_iter=3)]
    stack = RBMStack((4, 2), rbm=templates, random_state=0).fit(X)
    assert [layer.n_iter_ for layer in stack.rbms_] == [2, 3]
    assert not hasattr(templates[0], "components_")


def test_transform_is_that_of_the_layers_one_after_the_other(fitted):
    p = X
    for layer in fitted.rbms_:
        p = layer.transform(p)
    np.testing.assert_array_equal(fitted.transform(X), p)


def test_sampling_follows_the_conditional_distribution(fitted):
    """Frequencies of all states of layer 2 against the sum over layer 1, by χ²; fails once in 10⁵ right programs."""
    v, n = X[:1], 40_000
    first, second = fitted.rbms_[:2]
    below = ((np.arange(256)[:, None] >> np.arange(8)) & 1).astype(np.uint8)
    p1 = first.transform(v)[0]
    weight = np.prod(np.where(below, p1, 1 - p1), axis=1)
    p2 = second.transform(below)
    above = ((np.arange(16)[:, None] >> np.arange(4)) & 1).astype(bool)
    expected = n * weight @ np.prod(np.where(above[None], p2[:, None], 1 - p2[:, None]), axis=2)
    sampled = fitted.sample_hidden(np.repeat(v, n, axis=0), seed=3, layer=2)
    counts = np.bincount(sampled @ (1 << np.arange(4)), minlength=16)
    assert np.sum((counts - expected) ** 2 / expected) < 50.5  # of χ² with 15 degrees of freedom


def test_one_seed_gives_one_path(fitted):
    layers = list(fitted.sample_layers(X, seed=5))
    assert [h.shape[1] for h in layers] == [8, 4, 2]
    for k, h in enumerate(layers, start=1):
        np.testing.assert_array_equal(fitted.sample_hidden(X, seed=5, layer=k), h)
    np.testing.assert_array_equal(fitted.sample_hidden(X, seed=5), layers[-1])
    assert not np.array_equal(fitted.sample_hidden(X), fitted.sample_hidden(X))


def test_reconstruction_keeps_what_the_layers_keep():
    """Layers that copy every other spin give those spins back: their weights leave less than 10⁻⁸ to chance."""
    bottom, top = copying_rbm(8), copying_rbm(4)
    stack = RBMStack.from_rbms([bottom, top])
    data = np.random.default_rng(0).integers(2, size=(200, 8), dtype=np.uint8)
    np.testing.assert_array_equal(stack.reconstruct(data, seed=0)[:, ::4], data[:, ::4])
    np.testing.assert_array_equal(stack.reconstruct(data, seed=0, layer=1)[:, ::2], data[:, ::2])
    lost = stack.reconstruct(data, seed=0)[:, 2::4] != data[:, 2::4]
    assert abs(lost.mean() - 0.5) < 5 * 0.5 / np.sqrt(lost.size)
    np.testing.assert_allclose(stack.receptive_fields(), 100 * np.eye(8)[:, ::4])


def copying_rbm(n_visible):
    """Hidden unit j copies visible unit 2j, with a weight of 10 in ±1 units."""
    rbm = BernoulliRBM(n_visible // 2, n_iter=0, random_state=0).fit(np.zeros((2, n_visible), dtype=np.uint8))
    parameters = rgrbm.model.binary_parameters(10 * np.eye(n_visible)[:, ::2])
    rbm.components_ = parameters.weights_.T
    rbm.intercept_visible_, rbm.intercept_hidden_ = parameters.intercept_visible_, parameters.intercept_hidden_
    return rbm


def test_receptive_fields_are_products_of_weights(fitted):
    w1, w2, w3 = weights(fitted)
    np.testing.assert_allclose(fitted.receptive_fields(1), w1 / 4, rtol=1e-6)
    np.testing.assert_allclose(fitted.receptive_fields(), w1 @ w2 @ w3 / 64, rtol=1e-4, atol=1e-9)


@pytest.mark.usefixtures("ctrl_c")
@pytest.mark.parametrize("with_checkpoint", [False, True])
def test_interrupted_training_goes_on_to_the_same_bits(tmp_path, with_checkpoint):
    template = BernoulliRBM(n_iter=3000, batch_size=50)
    whole = RBMStack((8, 4), rbm=template, random_state=0).fit(X)
    stopped = RBMStack((8, 4), rbm=template, random_state=0)
    folder = tmp_path / "checkpoints" if with_checkpoint else None
    timer = threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt, match=r"layer \d of 2"):
        stopped.fit(X, checkpoint=folder)
    timer.join()
    assert sum(layer.n_iter_ for layer in stopped.rbms_) < 6000
    assert_same(clone(stopped).fit(X, resume=True, checkpoint=folder) if folder else stopped.fit(X, resume=True), whole)


def test_what_cannot_be_resumed(tmp_path):
    stack = RBMStack((8, 4), rbm=TEMPLATE, random_state=0)
    with pytest.raises(ValueError, match="nothing to resume"):
        stack.fit(X, resume=True)
    stack.fit(X, checkpoint=tmp_path)
    with pytest.raises(FileExistsError, match=r"layer-1\.checkpoint"):
        stack.fit(X, checkpoint=tmp_path)
    with pytest.raises(ValueError, match="other data"):
        stack.fit(1 - X, checkpoint=tmp_path, resume=True)
    with pytest.raises(ValueError, match="random_state"):
        clone(stack).set_params(random_state=1).fit(X, checkpoint=tmp_path, resume=True)
    with pytest.raises(ValueError, match="started with k=1"):
        clone(stack).set_params(rbm__k=2).fit(X, checkpoint=tmp_path, resume=True)
    with pytest.raises(FileNotFoundError, match="does not exist"):
        stack.fit(X, checkpoint=tmp_path / "no" / "such")


@pytest.mark.parametrize("n_components", [(), (4, 0), (4, 2.5), (True, 2), ("a",), 0, 2.5, True, np.array(3.0)])
def test_bad_sizes(n_components):
    with pytest.raises((TypeError, ValueError), match="n_components"):
        RBMStack(n_components).fit(X)


@pytest.mark.parametrize("n_components", [np.int64(3), np.array([3]), [np.uint8(3)]])
def test_sizes_of_numpy(n_components):
    assert RBMStack(n_components, rbm=TEMPLATE).fit(X).transform(X).shape == (len(X), 3)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda s: s.receptive_fields(1.5), TypeError, r"layer must be an integer, got 1\.5"),
        (lambda s: s.sample_hidden(X, layer=True), TypeError, "layer must be an integer, got True"),
        (lambda s: s.reconstruct(X, layer=np.arange(2)), TypeError, "layer must be an integer"),
        (lambda s: RBMStack.from_rbms(3), TypeError, "rbms must be a sequence of BernoulliRBM, got 3"),
        (lambda s: RBMStack.from_rbms([s]), TypeError, "each of rbms must be a BernoulliRBM, got RBMStack"),
        (lambda s: RBMStack((3,), BernoulliRBM(n_iter=True)).fit(X), ValueError, "'n_iter' .* Got True"),
        (lambda s: RBMStack((3,)).fit(X, checkpoint_interval=np.nan), ValueError, "checkpoint_interval must be finite"),
        (lambda s: RBMStack((3,)).fit(X, checkpoint_interval="1"), TypeError, "checkpoint_interval must be a number"),
    ],
)
def test_bad_arguments(fitted, call, error, message):
    with pytest.raises(error, match=message):
        call(fitted)


def test_bad_templates_and_layers(fitted):
    with pytest.raises(ValueError, match="3 layers need as many"):
        RBMStack((8, 4, 2), rbm=[TEMPLATE]).fit(X)
    with pytest.raises(TypeError, match="must be a BernoulliRBM, got int"):
        RBMStack((8,), rbm=[3]).fit(X)
    with pytest.raises(NotFittedError):
        RBMStack((4,)).transform(X)
    with pytest.raises(NotFittedError):
        RBMStack.from_rbms([TEMPLATE])
    with pytest.raises(ValueError, match="at least one"):
        RBMStack.from_rbms([])
    with pytest.raises(ValueError, match="layer 1 has 8 hidden units, but layer 2 has 4 visible"):
        RBMStack.from_rbms([fitted.rbms_[0], fitted.rbms_[2]])
    with pytest.raises(ValueError, match="layers 1 to 3, got layer=4"):
        fitted.sample_hidden(X, layer=4)
    with pytest.raises(ValueError, match="layer=0"):
        fitted.receptive_fields(0)
    with pytest.raises(ValueError, match="to_binary"):
        fitted.sample_hidden(SPINS)


def test_files(fitted, tmp_path):
    folder = tmp_path / "stack"
    fitted.save(folder)
    assert sorted(p.name for p in folder.iterdir()) == [*(f"layer-{k}.safetensors" for k in (1, 2, 3)), "stack.json"]
    assert [p.name for p in tmp_path.iterdir()] == ["stack"]
    loaded = RBMStack.load(folder)
    assert_same(loaded, fitted)
    np.testing.assert_array_equal(loaded.sample_hidden(X, seed=1), fitted.sample_hidden(X, seed=1))
    assert loaded.n_components == (8, 4, 2)


def test_files_are_not_overwritten_by_accident(fitted, tmp_path):
    folder = tmp_path / "stack"
    fitted.save(folder)
    with pytest.raises(FileExistsError, match="overwrite=True"):
        fitted.save(folder)
    other = RBMStack((5,), rbm=TEMPLATE, random_state=0).fit(X)
    other.save(folder, overwrite=True)
    assert_same(RBMStack.load(folder), other)
    assert not (folder / "layer-3.safetensors").exists()
    (folder / "thesis.tex").write_text("")
    with pytest.raises(FileExistsError, match=r"thesis\.tex"):
        fitted.save(folder, overwrite=True)
    with pytest.raises(FileExistsError, match="not a stack"):
        fitted.save(tmp_path, overwrite=True)
    with pytest.raises(FileNotFoundError, match="does not exist"):
        fitted.save(tmp_path / "no" / "such")


def test_a_failed_save_leaves_the_old_stack(fitted, tmp_path, monkeypatch):
    fitted.save(tmp_path / "stack")

    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr("rgrbm.rbm.BernoulliRBM.save", fail)
    with pytest.raises(OSError, match="disk full"):
        fitted.save(tmp_path / "stack", overwrite=True)
    assert_same(RBMStack.load(tmp_path / "stack"), fitted)
    assert [p.name for p in tmp_path.iterdir()] == ["stack"]


def edit(folder, change):
    index = json.loads((folder / "stack.json").read_text())
    change(index)
    (folder / "stack.json").write_text(json.dumps(index))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda f: (f / "stack.json").unlink(), "is missing"),
        (lambda f: (f / "stack.json").write_text("{"), "not readable JSON"),
        (lambda f: (f / "stack.json").write_text("[]"), "does not describe a stack"),
        (lambda f: edit(f, lambda i: i.update(schema=99)), "schema version 99"),
        (lambda f: edit(f, lambda i: i.update(layers=[])), "no layers"),
        (lambda f: edit(f, lambda i: i.update(layers=[1])), "does not describe its layers"),
        (lambda f: edit(f, lambda i: i["layers"].pop(1)), "layer 1 has 8 hidden units, layer 2 has 4"),
        (lambda f: edit(f, lambda i: i["layers"][0].update(file="../x")), "not in its folder"),
        (lambda f: (f / "layer-2.safetensors").unlink(), r"lacks the file 'layer-2\.safetensors' of layer 2"),
        (lambda f: (f / "layer-2.safetensors").write_bytes(b"cut"), "changed or exchanged"),
        (lambda f: edit(f, lambda i: i["layers"][0].update(n_visible=15)), "has another shape"),
    ],
)
def test_broken_files(fitted, tmp_path, damage, message):
    folder = tmp_path / "stack"
    fitted.save(folder)
    damage(folder)
    with pytest.raises(FileFormatError, match=message):
        RBMStack.load(folder)


def test_missing_folders(tmp_path):
    with pytest.raises(FileNotFoundError, match="no folder"):
        RBMStack.load(tmp_path / "nothing")


def test_each_layer_reports_its_epochs():
    epochs = []
    layers = RBMStack((4, 2), rbm=BernoulliRBM(n_iter=3), random_state=0)
    layers.fit(np.eye(6, dtype=np.uint8), progress=lambda done, total: epochs.append((done, total)))
    assert [epoch for epoch in epochs if epoch[0] in (0, 3)] == [(0, 3), (3, 3)] * 2
