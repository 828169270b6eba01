"""Training by the exact gradient: against NumPy, and to the optimum that the penalties ask for."""

import numpy as np
import pytest

import rgrbm
from rbm_models import cd_gradient, random_rbm
from rgrbm import BernoulliRBM
from rgrbm._core import kernels
from rgrbm.likelihood import exact_gradient, expectations
from rgrbm.model import RBMParameters

KEY = (1, 2)
OPTIONS = {"gradient": "exact", "dtype": "float64", "random_state": 0}


def data(n_samples, n_units, seed=1):
    """Noisy copies of two patterns."""
    rng = np.random.default_rng(seed)
    pattern = np.arange(n_units) % 3 == 0
    chosen = np.where(rng.random((n_samples, 1)) < 0.6, pattern, ~pattern)
    return (chosen ^ (rng.random((n_samples, n_units)) < 0.2)).astype(np.uint8)


def parameters(rbm):
    return RBMParameters(rbm.weights_.copy(), rbm.intercept_visible_.copy(), rbm.intercept_hidden_.copy())


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("n", "m"), [(1, 1), (5, 3), (3, 5), (20, 14), (14, 20), (40, 19)])  # 19: parts in two calls
def test_gradient_of_the_trainer_is_the_exact_one(dtype, n, m):
    rbm = RBMParameters(*(a.astype(dtype) for a in random_rbm(n, m, 0.5)))
    x = data(50, n)
    dW, dc, db = exact_gradient(x, rbm)
    zero = np.zeros(n, dtype), np.zeros(m, dtype)
    tolerance = 1e-6 if dtype == np.float32 else 1e-13
    plain = cd_gradient(x, *rbm, KEY, 0, 1, "exact", False, *zero)
    for mine, expected in zip(plain, (dW, dc, db), strict=True):
        np.testing.assert_allclose(mine, expected, rtol=0, atol=tolerance)
    mu, lam = np.linspace(0.2, 0.8, n).astype(dtype), np.linspace(0.6, 0.3, m).astype(dtype)
    dW = dW - np.outer(dc, lam) - np.outer(mu, db)
    centered = cd_gradient(x, *rbm, KEY, 0, 1, "exact", True, mu, lam)
    for mine, expected in zip(centered, (dW, dc - dW @ lam, db - dW.T @ mu), strict=True):
        np.testing.assert_allclose(mine, expected, rtol=0, atol=3 * tolerance * np.sqrt(n * m))


def test_training_is_gradient_ascent():
    x = data(30, 6)
    options = {"n_components": 4, "learning_rate": 0.3, "l2": 0.01, "momentum": 0.7, "centered": False, **OPTIONS}
    p = parameters(BernoulliRBM(n_iter=0, **options).fit(x))
    trained = BernoulliRBM(n_iter=20, batch_size=30, **options).fit(x)
    velocity = [np.zeros_like(a) for a in p]
    for _ in range(20):
        dW, dc, db = exact_gradient(x, p)
        velocity = [0.7 * v + g for v, g in zip(velocity, (dW - 0.01 * p.weights_, dc, db), strict=True)]
        p = RBMParameters(*(a + 0.3 * v for a, v in zip(p, velocity, strict=True)))
    for mine, expected in zip(parameters(trained), p, strict=True):
        np.testing.assert_allclose(mine, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("centered", [False, True])
@pytest.mark.parametrize(
    "optimizer",
    [
        {"optimizer": "sgd", "learning_rate": 1.0},
        {"optimizer": "sgd", "learning_rate": 0.2, "momentum": 0.8},
        {"optimizer": "adam", "learning_rate": 0.01, "learning_rate_schedule": "linear"},
    ],
)
def test_training_ends_at_the_optimum_of_the_penalised_likelihood(centered, optimizer):
    """The conditions of Karush, Kuhn & Tucker hold for W, c and b, whatever the way there."""
    x, l1, l2 = data(200, 6), 0.01, 0.02
    x[:, 0] = np.random.default_rng(0).random(200) < 0.5  # a unit without a part in the patterns
    rbm = BernoulliRBM(
        4, n_iter=6000, batch_size=200, weight_scale=0.5, l1=l1, l2=l2, centered=centered, **optimizer, **OPTIONS
    ).fit(x)
    dW, dc, db = exact_gradient(x, rbm)
    W = rbm.weights_
    assert 0 < np.count_nonzero(W) < W.size
    np.testing.assert_allclose(dc, 0, atol=1e-5)
    np.testing.assert_allclose(db, 0, atol=1e-5)
    kept = W != 0
    np.testing.assert_allclose((dW - l2 * W)[kept], l1 * np.sign(W[kept]), atol=1e-5)
    assert np.all(np.abs(dW[~kept]) <= l1 + 1e-5)


def test_batches_have_the_gradient_of_their_own_samples():
    # Shuffled batches of one: an epoch with a tiny rate adds up all samples' gradients, whatever their order.
    x = data(12, 5)
    rbm = BernoulliRBM(3, n_iter=1, batch_size=1, learning_rate=1e-7, centered=False, **OPTIONS).fit(x)
    start = parameters(BernoulliRBM(3, n_iter=0, **OPTIONS).fit(x))
    for after, before, g in zip(parameters(rbm), start, exact_gradient(x, start), strict=True):
        np.testing.assert_allclose((after - before) / 1e-7, 12 * g, atol=1e-5)


def test_probabilities_as_data_enter_as_they_are():
    x = np.random.default_rng(3).random((20, 5))
    rbm = random_rbm(5, 3, 0.5)
    trainer = kernels.Trainer64(*rbm, KEY)
    trainer.set_real_data(x, None)
    trainer.run(
        first_epoch=0, learning_rate=np.ones(1), l1=np.zeros(1), l2=0.0, momentum=0.0, batch_size=20, k=1,
        gradient="exact", centered=False, shuffle=True,
    )  # fmt: skip
    h = 1 / (1 + np.exp(-(x @ rbm.weights_ + rbm.intercept_hidden_)))
    np.testing.assert_allclose(
        trainer.weights - rbm.weights_, x.T @ h / 20 - expectations(rbm).products, rtol=0, atol=1e-13
    )


def test_same_bits_for_any_number_of_threads_and_after_a_resumption(tmp_path):
    x = data(40, 15)
    options = {"n_components": 14, "batch_size": 15, "l1": 1e-3, **OPTIONS}
    results = []
    try:
        for threads in (1, 2, 3):
            rgrbm.set_num_threads(threads)
            results.append(parameters(BernoulliRBM(n_iter=6, **options).fit(x)))
    finally:
        rgrbm.set_num_threads(0)
    BernoulliRBM(n_iter=2, **options).fit(x, checkpoint=tmp_path / "c")
    results.append(parameters(BernoulliRBM(n_iter=6, **options).fit(x, checkpoint=tmp_path / "c", resume=True)))
    for other in results[1:]:
        assert all(np.array_equal(a, b) for a, b in zip(results[0], other, strict=True))


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_layers_too_large_to_enumerate_are_refused(method):
    rbm = BernoulliRBM(40, gradient="exact")
    with pytest.raises(ValueError, match=r"29 units, 2\^29 = 5.37e\+08 states.*gradient='pt'"):
        getattr(rbm, method)(np.zeros((3, 29)))


def test_kernel_refuses_what_can_never_be_enumerated():
    W, c, b = np.zeros((41, 50)), np.zeros(41), np.zeros(50)
    with pytest.raises(ValueError, match="ever be enumerated"):
        cd_gradient(np.zeros((2, 41), np.uint8), W, c, b, KEY, 0, 1, "exact", False, c, b)
