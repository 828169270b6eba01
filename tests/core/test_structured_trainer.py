"""The trainer of masked, shared and symmetric weights against enumeration, the dense trainer, and its promises."""

import numpy as np
import pytest
from scipy.special import expit

from exact_distributions import chi_square
from rbm_models import exact_cd_gradient
from rgrbm._core import kernels
from rgrbm.likelihood import expectations, log_marginal
from rgrbm.model import RBMParameters
from trainers import DTYPES, assert_same_bits, binary, everything, run

pytestmark = pytest.mark.usefixtures("one_thread")

KEY = (5, 6)
TRAINERS = {np.float32: kernels.StructuredTrainer32, np.float64: kernels.StructuredTrainer64}


def free(n):
    return np.arange(n, dtype=np.int32)


# Classes of weights, visible and hidden biases for 4 × 3 units.
FULL = free(12).reshape(4, 3), free(4), free(3)
MASKED = np.array([[0, -1, 1], [2, 3, -1], [-1, 4, 5], [-1, -1, 6]], dtype=np.int32), free(4), free(3)
SHARED = (
    np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0], [2, 2, 2]], dtype=np.int32),
    np.array([0, 0, 0, 1], dtype=np.int32),
    np.zeros(3, dtype=np.int32),
)
# Visible units that share a bias, with weights to hidden units that do not.
IRREGULAR = (
    np.array([[0, 1, -1], [1, 0, -1], [0, -1, 1], [-1, 1, 0]], dtype=np.int32),
    np.zeros(4, dtype=np.int32),
    np.array([0, 1, 2], dtype=np.int32),
)
STRUCTURES = {"full": FULL, "masked": MASKED, "shared": SHARED, "irregular": IRREGULAR}


def parameters(structure, dtype, seed=0, scale=0.8, symmetric=False):
    classes, visible, hidden = structure
    rng = np.random.default_rng(seed)
    W = np.where(classes < 0, 0, rng.normal(size=classes.max() + 1)[classes]) * scale
    c, b = rng.normal(size=visible.max() + 1)[visible], rng.normal(size=hidden.max() + 1)[hidden]
    if symmetric:
        c, b = -W.sum(1) / 2, -W.sum(0) / 2
    return W.astype(dtype), c.astype(dtype), b.astype(dtype)


def make(structure, dtype, symmetric=False, seed=0, scale=0.8):
    return TRAINERS[dtype](*parameters(structure, dtype, seed, scale, symmetric), *structure, symmetric, KEY)


def class_means(values, classes):
    """Each value replaced by the mean of its class, and by 0 where the class is −1."""
    result = np.zeros(values.shape)
    for c in range(classes.max() + 1):
        result[classes == c] = values[classes == c].mean()
    return result


def projected(gradient, structure, centered, symmetric, mu, lam):
    """What the structure makes of the gradient (∂W, ∂c, ∂b) of free parameters."""
    (dW, dc, db), (classes, visible, hidden) = gradient, structure
    if symmetric:
        dW = class_means(dW - (dc[:, None] + db) / 2, classes)
        return dW, -dW.sum(1) / 2, -dW.sum(0) / 2
    if centered:
        dc, db = class_means(dc, visible), class_means(db, hidden)
        dW = class_means(dW - np.outer(dc, lam) - np.outer(mu, db), classes)
        return dW, class_means(dc - dW @ lam, visible), class_means(db - dW.T @ mu, hidden)
    return class_means(dW, classes), class_means(dc, visible), class_means(db, hidden)


# Gradients


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize(("centered", "symmetric"), [(False, False), (True, False), (True, True)])
@pytest.mark.parametrize(("gradient", "k"), [("cd", 1), ("cd", 3), ("pcd", 2), ("paper", 1)])
def test_mean_gradient_is_its_exact_expectation(dtype, structure, centered, symmetric, gradient, k):
    # 300 draws, at most 19 components, 96 cases. Student's t with 299 degrees of freedom exceeds 6.5 standard errors
    # with probability 3e-10: a false alarm in 1 of 2 million runs.
    structure = STRUCTURES[structure]
    W, c, b = parameters(structure, dtype, symmetric=symmetric)
    x = binary(40, 4, density=0.6)
    mu = class_means(np.array([0.2, 0.4, 0.6, 0.7]), structure[1]).astype(dtype)
    lam = class_means(np.array([0.3, 0.5, 0.8]), structure[2]).astype(dtype)
    draws = [
        np.concatenate(
            [g.ravel() for g in make(structure, dtype, symmetric).gradient(x, i, k, gradient, centered, mu, lam)]
        )
        for i in range(300)
    ]
    exact = exact_cd_gradient(x, W.astype(float), c.astype(float), b.astype(float), k, gradient, False, mu, lam)
    exact = projected(exact, structure, centered, symmetric, mu, lam)
    exact = np.concatenate([g.ravel() for g in exact])
    error = np.std(draws, axis=0, ddof=1) / np.sqrt(len(draws))
    rounding = 1e-6 if dtype == np.float32 else 1e-14
    assert np.all(np.abs(np.mean(draws, axis=0, dtype=float) - exact) < 6.5 * error + rounding)
    assert np.max(error) < 0.03  # the comparison can distinguish right from wrong


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize(("centered", "symmetric"), [(False, False), (True, False), (True, True)])
@pytest.mark.parametrize("batch", [40, 700])  # one chunk, and several
def test_exact_gradient_is_that_of_the_likelihood(dtype, structure, centered, symmetric, batch):
    structure = STRUCTURES[structure]
    W, c, b = parameters(structure, dtype, symmetric=symmetric)
    x = binary(batch, 4, density=0.6)
    mu = class_means(np.array([0.2, 0.4, 0.6, 0.7]), structure[1]).astype(dtype)
    lam = class_means(np.array([0.3, 0.5, 0.8]), structure[2]).astype(dtype)
    mine = make(structure, dtype, symmetric).gradient(x, 0, 1, "exact", centered, mu, lam)
    model = expectations(RBMParameters(W.astype(float), c.astype(float), b.astype(float)))
    p = expit(x @ W.astype(float) + b)
    free = x.T @ p / batch - model.products, x.mean(axis=0) - model.visible, p.mean(axis=0) - model.hidden
    for result, exact in zip(mine, projected(free, structure, centered, symmetric, mu, lam), strict=True):
        np.testing.assert_allclose(result, exact, rtol=0, atol=3e-6 if dtype == np.float32 else 1e-12)


@pytest.mark.parametrize("structure", ["masked", "shared"])
@pytest.mark.parametrize("symmetric", [False, True])
@pytest.mark.parametrize("n_temperatures", [2, 5])
def test_tempered_chains_have_the_distribution_of_the_model(structure, symmetric, n_temperatures):
    # 4,000 chains, each some 40 steps from its start; a test fails by chance with probability 1e-5.
    structure = STRUCTURES[structure]
    trainer = make(structure, np.float64, symmetric, scale=1.5)
    x = binary(4000, 4)
    trainer.set_data(x, None)
    for epoch in range(20):
        run(
            trainer, 1, first_epoch=epoch, learning_rate=0.0, batch_size=4000, gradient="pt", k=2,
            n_temperatures=n_temperatures,
        )  # fmt: skip
    chains = np.asarray(trainer.state()["chains"])[:4000]
    log = log_marginal(RBMParameters(*parameters(structure, np.float64, scale=1.5, symmetric=symmetric)), "visible")
    assert chi_square(np.bincount(chains @ 2 ** np.arange(4), minlength=16), np.exp(log)) > 1e-5


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("gradient", ["cd", "pcd"])
def test_centred_gradient_vanishes_with_the_plain_one(structure, gradient):
    # Of the same draws, the one is a linear function of the other: both have the fixed points of the shared parameters.
    structure, x = STRUCTURES[structure], binary(40, 4, density=0.6)
    classes, visible, hidden = structure
    mu = class_means(np.array([0.2, 0.4, 0.6, 0.7]), visible)
    lam = class_means(np.array([0.3, 0.5, 0.8]), hidden)
    dW, dc, db = make(structure, np.float64).gradient(x, 0, 1, gradient, False, mu, lam)
    result = make(structure, np.float64).gradient(x, 0, 1, gradient, True, mu, lam)
    dW = class_means(dW - np.outer(dc, lam) - np.outer(mu, db), classes)
    expected = dW, class_means(dc - dW @ lam, visible), class_means(db - dW.T @ mu, hidden)
    for mine, theirs in zip(result, expected, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=0, atol=1e-14)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n", [1, 16, 150, 3333])  # parts of tiles, several tiles, several chunks
def test_statistics_are_products_of_data_and_probabilities(dtype, n):
    # With visible biases of −50 no unit is reconstructed: v' = 0 and the gradient is known without randomness.
    classes = np.where(binary(20, 7, seed=2), 0, -1).astype(np.int32)
    classes[classes == 0] = free(np.count_nonzero(classes == 0))
    W = np.where(classes < 0, 0, 0.1).astype(dtype)
    b, x = np.linspace(-1, 1, 7).astype(dtype), binary(n, 20, density=0.3)
    trainer = TRAINERS[dtype](W, np.full(20, -50, dtype), b, classes, free(20), free(7), False, KEY)
    dW, dc, db = trainer.gradient(x, 0, 1, "cd", False, np.zeros(20, dtype), np.zeros(7, dtype))
    p = 1 / (1 + np.exp(-(x @ W.astype(float) + b)))
    tolerance = 2e-6 if dtype == np.float32 else 1e-13
    np.testing.assert_allclose(dW, np.where(classes < 0, 0, x.T @ p / n), rtol=0, atol=tolerance)
    np.testing.assert_allclose(dc, x.mean(axis=0), rtol=0, atol=tolerance)
    np.testing.assert_allclose(db, p.mean(axis=0) - 1 / (1 + np.exp(-b.astype(float))), rtol=0, atol=tolerance)


def test_real_data_of_0_and_1_give_the_same_bits_as_binary_data():
    x = binary(250, 4)
    trainers = [make(MASKED, np.float32) for _ in range(2)]
    trainers[0].set_data(x, None)
    trainers[1].set_real_data(x.astype(np.float32), None)
    reports = [run(trainer, 5, momentum=0.5, l1=1e-3) for trainer in trainers]
    assert_same_bits(everything(trainers[0]), everything(trainers[1]))
    np.testing.assert_allclose(reports[0]["reconstruction_error"], reports[1]["reconstruction_error"])


def test_integer_sample_weights_are_repeated_samples():
    # The data's side of the gradient is free of chance with v' = 0 (visible biases of −50).
    x, weight = binary(60, 4), np.random.default_rng(3).integers(0, 3, 60).astype(float)
    results = []
    for data, weights in ((x, weight), (np.repeat(x, weight.astype(int), axis=0), None)):
        W, _, b = parameters(MASKED, np.float64, scale=0.01)
        trainer = kernels.StructuredTrainer64(W, np.full(4, -50.0), b, *MASKED, False, KEY)
        trainer.set_data(data, weights)
        run(trainer, 1, learning_rate=1.0, batch_size=1000, centered=False)
        results.append(trainer)
    for name in ("weights", "visible_bias", "hidden_bias"):
        np.testing.assert_allclose(getattr(results[0], name), getattr(results[1], name), rtol=1e-12, atol=1e-14)


# Updates


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("symmetric", [False, True])
@pytest.mark.parametrize("gradient", ["cd", "pcd", "pt", "exact"])
def test_structure_is_kept_exactly(structure, symmetric, gradient):
    structure = STRUCTURES[structure]
    trainer = make(structure, np.float32, symmetric)
    trainer.set_data(binary(70, 4, density=0.7), None)
    run(trainer, 30, learning_rate=0.2, momentum=0.5, l1=1e-3, batch_size=20, gradient=gradient)
    W, c, b = trainer.weights, trainer.visible_bias, trainer.hidden_bias
    classes, visible, hidden = structure
    assert not W[classes < 0].any()
    assert np.abs(W[classes >= 0]).max() > 0.01
    for values, of in ((W, classes), (c, visible), (b, hidden)):
        for number in range(of.max() + 1):
            assert len(np.unique(values[of == number])) == 1 or (symmetric and of is not classes)
    if symmetric:
        np.testing.assert_allclose(c, -W.sum(1) / 2, atol=1e-6)
        np.testing.assert_allclose(b, -W.sum(0) / 2, atol=1e-6)


def test_update_is_gradient_ascent_with_l2_and_momentum():
    x = binary(80, 4)
    W, c, b = parameters(SHARED, np.float64)
    trainer = make(SHARED, np.float64)
    trainer.set_data(x, None)
    velocity = [np.zeros_like(a) for a in (W, c, b)]
    zero = np.zeros(4), np.zeros(3)
    for epoch in range(4):
        at = kernels.StructuredTrainer64(W, c, b, *SHARED, False, KEY)
        gradient = list(at.gradient(x, epoch, 1, "cd", False, *zero))
        gradient[0] = gradient[0] - 0.3 * W
        velocity = [0.8 * v + g for v, g in zip(velocity, gradient, strict=True)]
        W, c, b = (a + 0.2 * v for a, v in zip((W, c, b), velocity, strict=True))
        run(trainer, first_epoch=epoch, learning_rate=0.2, l2=0.3, momentum=0.8, batch_size=80, centered=False)
    for mine, theirs in zip((W, c, b, *velocity), everything(trainer)[:6], strict=True):
        np.testing.assert_allclose(theirs, mine, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("l1", [0.0, 0.02])
def test_adam_moves_shared_parameters_and_resumes(l1):
    # Kingma & Ba's algorithm along the shared gradients; L1 with each parameter's own step.
    x, rate, decays = binary(80, 4), 0.05, (0.9, 0.999)
    values = parameters(SHARED, np.float64)
    trainer = make(SHARED, np.float64)
    means = [[np.zeros_like(a) for a in values] for _ in decays]
    for t in range(1, 5):
        at = kernels.StructuredTrainer64(*values, *SHARED, False, KEY)
        gradient = at.gradient(x, t - 1, 1, "cd", False, np.zeros(4), np.zeros(3))
        for mean, decay, power in zip(means, decays, (1, 2), strict=True):
            mean[:] = [decay * m + (1 - decay) * g**power for m, g in zip(mean, gradient, strict=True)]
        pace = [rate / (np.sqrt(s / (1 - decays[1] ** t)) + 1e-8) for s in means[1]]
        values = [a + p * m / (1 - decays[0] ** t) for a, p, m in zip(values, pace, means[0], strict=True)]
        values[0] = np.sign(values[0]) * np.maximum(np.abs(values[0]) - l1 * pace[0], 0)
        values[0][SHARED[0] < 0] = 0
        following = kernels.StructuredTrainer64(
            trainer.weights, trainer.visible_bias, trainer.hidden_bias, *SHARED, False, KEY
        )
        following.set_state(trainer.state())
        following.set_data(x, None)
        options = {"learning_rate": rate, "l1": l1, "momentum": decays[0], "optimizer": "adam"}
        run(following, first_epoch=t - 1, batch_size=80, centered=False, **options)
        trainer = following
    for mine, theirs in zip((*values, *means[0], *means[1]), everything(trainer)[:9], strict=True):
        np.testing.assert_allclose(theirs, mine, rtol=1e-8, atol=1e-10)
    assert trainer.state()["n_updates"] == [4]
    trainer.set_state({name: value for name, value in trainer.state().items() if "square" not in name})
    assert trainer.state()["weight_square"].size == trainer.state()["n_updates"][0] == 0


@pytest.mark.parametrize("dtype", DTYPES)
def test_l1_is_a_soft_threshold_with_exact_zeros(dtype):
    trainers = [make(MASKED, dtype, scale=0.1) for _ in range(2)]
    for trainer, l1 in zip(trainers, (0.0, 0.7), strict=True):
        trainer.set_data(binary(100, 4), None)
        run(trainer, learning_rate=0.1, l1=l1)
    W = trainers[0].weights.astype(float)
    expected = np.sign(W) * np.maximum(np.abs(W) - 0.07, 0)
    np.testing.assert_allclose(trainers[1].weights, expected, rtol=0, atol=1e-7)
    assert 0 < np.count_nonzero(expected) < 7


# Promises


@pytest.mark.parametrize("gradient", ["cd", "pcd", "pt"])
@pytest.mark.parametrize("symmetric", [False, True])
def test_same_bits_for_any_number_of_threads_and_slices(gradient, symmetric):
    classes = np.full((100, 50), -1, dtype=np.int32)
    classes[(2 * np.arange(50)[:, None] + np.arange(3)) % 100, np.arange(50)[:, None]] = free(150).reshape(50, 3)
    structure, x = (classes, free(100), free(50)), binary(2500, 100)
    results = []
    for threads, slices in ((1, 1), (2, 1), (3, 4)):
        kernels.set_num_threads(threads)
        trainer = make(structure, np.float32, symmetric, scale=0.1)
        trainer.set_data(x, None)
        for part in range(slices):  # each by a trainer of its own, from the state of the one before
            following = make(structure, np.float32, symmetric, scale=0.1)
            if part:
                values = trainer.weights, trainer.visible_bias, trainer.hidden_bias
                following = kernels.StructuredTrainer32(*values, *structure, symmetric, KEY)
                following.set_state(trainer.state())
            following.set_data(x, None)
            first, n = part * 4 // slices, 4 // slices
            run(following, n, first_epoch=first, batch_size=1200, gradient=gradient, momentum=0.5, k=2)
            trainer = following
        results.append(everything(trainer))
    assert_same_bits(results[0], results[1])
    assert_same_bits(results[0], results[2])


def test_learns_as_well_as_the_dense_trainer():
    # Two pairs of equal spins, learned by one hidden unit each: the mask's exact solution.
    rng = np.random.default_rng(0)
    x = np.repeat(rng.integers(0, 2, (400, 2)), 2, axis=1).astype(np.uint8)
    classes = np.array([[0, -1], [1, -1], [-1, 2], [-1, 3]], dtype=np.int32)
    trainer = make((classes, free(4), free(2)), np.float64, symmetric=True, scale=0.1)
    trainer.set_data(x, None)
    report = run(trainer, 300, learning_rate=0.5)
    assert report["reconstruction_error"][-1] < 0.05
    assert np.abs(trainer.weights[classes >= 0]).min() > 4


@pytest.mark.parametrize(
    ("position", "value", "message"),
    [
        (0, np.full((4, 3), -1, np.int32), "weight_class"),
        (0, np.full((4, 3), 1, np.int32), "without a gap"),
        (0, np.full((3, 4), 0, np.int32), "must have shape"),
        (1, np.full(4, -1, np.int32), "visible_class"),
        (2, np.full(3, 2**30, np.int32), "hidden_class"),
        (2, np.zeros(4, np.int32), "must have shape"),
    ],
)
def test_bad_classes_are_refused(position, value, message):
    structure = list(FULL)
    structure[position] = value
    with pytest.raises(ValueError, match=message):
        kernels.StructuredTrainer64(*parameters(FULL, np.float64), *structure, False, KEY)
