"""Adam against the algorithm of Kingma & Ba in NumPy."""

import numpy as np
import pytest

from rbm_models import cd_gradient
from rgrbm import BernoulliRBM
from rgrbm._core import kernels

KEY = (3, 4)
TRAINERS = {np.float32: kernels.Trainer32, np.float64: kernels.Trainer64}


def options(n_epochs, **changes):
    return {
        "first_epoch": 0, "learning_rate": np.full(n_epochs, 0.05), "l1": np.zeros(n_epochs), "l2": 0.0,
        "momentum": 0.9, "batch_size": 80, "k": 1, "gradient": "cd", "centered": False, "shuffle": True,
        "optimizer": "adam",
    } | changes  # fmt: skip


def start(dtype, n_visible=20, n_hidden=10):
    rng = np.random.default_rng(0)
    x = (rng.random((80, n_visible)) < 0.4).astype(np.uint8)
    shapes = (n_visible, n_hidden), (n_visible,), (n_hidden,)
    p = [(0.1 * rng.normal(size=shape)).astype(dtype) for shape in shapes]
    trainer = TRAINERS[dtype](*p, KEY)
    trainer.set_data(x, None)
    return trainer, x, p


def of(trainer):
    return trainer.weights, trainer.visible_bias, trainer.hidden_bias


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float32, 2e-5), (np.float64, 1e-12)])
@pytest.mark.parametrize("decay", [0.0, 0.9])
def test_updates_are_those_of_kingma_and_ba(dtype, tolerance, decay):
    trainer, x, _ = start(dtype)
    mean, square = [0.0] * 3, [0.0] * 3
    zero = np.zeros(20, dtype), np.zeros(10, dtype)
    for t in range(1, 6):
        gradient = list(cd_gradient(x, *of(trainer), KEY, t, 1, "cd", False, *zero))
        gradient[0] = gradient[0] - 0.3 * trainer.weights
        expected = []
        for i, (value, g) in enumerate(zip(of(trainer), gradient, strict=True)):
            mean[i] = decay * mean[i] + (1 - decay) * g
            square[i] = 0.999 * square[i] + 0.001 * g**2
            root = np.sqrt(square[i] / (1 - 0.999**t))
            expected.append(value + 0.05 * mean[i] / (1 - decay**t) / (root + 1e-8))
        trainer.run(**options(1, first_epoch=t, l2=0.3, momentum=decay))
        for mine, theirs in zip(of(trainer), expected, strict=True):
            np.testing.assert_allclose(mine, theirs, rtol=0, atol=tolerance)
    state = trainer.state()
    assert state["n_updates"] == [5]
    np.testing.assert_allclose(state["weight_square"], square[0], rtol=1e-3, atol=1e-12)


def test_l1_takes_the_step_of_each_weight():
    plain, _, _ = start(np.float64)
    sparse, x, p = start(np.float64)
    plain.run(**options(1))
    sparse.run(**options(1, l1=np.full(1, 0.02)))
    g = cd_gradient(x, *p, KEY, 0, 1, "cd", False, np.zeros(20), np.zeros(10))[0]
    step = 0.05 / (np.abs(g) + 1e-8)  # the first root is |g|
    W = plain.weights
    np.testing.assert_allclose(sparse.weights, np.sign(W) * np.maximum(np.abs(W) - step * 0.02, 0), atol=1e-12)
    assert 0 < np.count_nonzero(sparse.weights) < W.size


def test_centred_updates_are_those_of_the_centred_parameters():
    """W, c + Wλ and b + Wᵀμ follow Adam with their own gradients ⟨(v − μ)(h − λ)ᵀ⟩, Δ⟨v⟩ and Δ⟨h⟩."""
    trainer, x, p = start(np.float64)
    mu, lam = x.mean(axis=0), (1 / (1 + np.exp(-(x @ p[0] + p[2])))).mean(axis=0)
    dW, dc, db = cd_gradient(x, *p, KEY, 0, 1, "cd", True, mu, lam)
    gradient = dW, dc + dW @ lam, db + dW.T @ mu
    change = [0.05 * g / (np.abs(g) + 1e-8) for g in gradient]
    trainer.run(**options(1, centered=True))
    expected = [p[0] + change[0], p[1] + change[1] - change[0] @ lam, p[2] + change[2] - change[0].T @ mu]
    for mine, theirs in zip(of(trainer), expected, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=0, atol=1e-10)


@pytest.mark.parametrize("gradient", ["cd", "pt"])
def test_a_resumed_training_has_the_same_bits(tmp_path, gradient):
    x = (np.random.default_rng(1).random((50, 9)) < 0.4).astype(np.uint8)
    settings = {"n_components": 5, "optimizer": "adam", "learning_rate": 0.01, "gradient": gradient, "random_state": 2}
    whole = BernoulliRBM(n_iter=9, **settings).fit(x)
    BernoulliRBM(n_iter=4, **settings).fit(x, checkpoint=tmp_path / "file")
    rest = BernoulliRBM(n_iter=9, **settings).fit(x, checkpoint=tmp_path / "file", resume=True)
    np.testing.assert_array_equal(whole.components_, rest.components_)
    np.testing.assert_array_equal(whole.intercept_visible_, rest.intercept_visible_)


def test_memory_is_that_of_the_paper_unless_asked_for():
    x = (np.random.default_rng(1).random((50, 9)) < 0.4).astype(np.uint8)
    common = {"n_components": 5, "optimizer": "adam", "random_state": 2}
    by_default = BernoulliRBM(**common).fit(x)
    np.testing.assert_array_equal(by_default.components_, BernoulliRBM(momentum=0.9, **common).fit(x).components_)
    assert np.any(by_default.components_ != BernoulliRBM(momentum=0.0, **common).fit(x).components_)


def test_averages_are_discarded_by_another_optimizer():
    trainer, _, _ = start(np.float64)
    trainer.run(**options(2))
    assert trainer.state()["weight_square"].shape == (20, 10)
    trainer.run(**options(1, optimizer="sgd", momentum=0.0))
    state = trainer.state()
    assert state["weight_square"].size == state["n_updates"][0] == 0
    with pytest.raises(ValueError, match="optimizer must be 'sgd' or 'adam'"):
        trainer.run(**options(1, optimizer="newton"))
