"""The compiled trainer of binary RBMs against NumPy, exact enumeration and its own promises (bits, resume, errors)."""

import itertools

import numpy as np
import pytest
from scipy.special import expit, logsumexp
from scipy.stats import chi2

from rbm_models import cd_gradient, exact_cd_gradient, states
from rgrbm._core import kernels
from trainers import DTYPES, TRAINERS, assert_same_bits, binary, everything, options, parameters, run

pytestmark = pytest.mark.usefixtures("one_thread")

KEY = (11, 22)
# Sizes that fill vectors of 16 and words of 64 units exactly, and such that do not.
SIZES = [(1, 1), (5, 3), (16, 16), (17, 33), (64, 32), (70, 100)]


def make_trainer(dtype, x, n_hidden=32, scale=0.1, key=KEY, sample_weight=None):
    trainer = TRAINERS[dtype](*parameters(x.shape[1], n_hidden, dtype, scale=scale), key)
    (trainer.set_data if x.dtype == np.uint8 else trainer.set_real_data)(x, sample_weight)
    return trainer


def flat(gradient):
    return np.concatenate([part.ravel() for part in gradient]).astype(float)


# Gradients


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("centered", [False, True])
@pytest.mark.parametrize(("gradient", "k"), [("cd", 1), ("cd", 3), ("pcd", 2), ("paper", 1)])
def test_mean_gradient_is_its_exact_expectation(dtype, centered, gradient, k):
    # 400 independent draws of the gradient, 17 components (some identically 0), 16 cases. The bound of 6.2
    # standard errors (Student's t, 399 degrees) fails with probability below 1e-9 per component, 1e-6 in all.
    W, c, b = parameters(4, 3, dtype, seed=3)
    x = binary(40, 4, seed=4, density=0.6)
    mu = np.array([0.2, 0.4, 0.6, 0.7], dtype)
    lam = np.array([0.3, 0.5, 0.8], dtype)
    draws = [flat(cd_gradient(x, W, c, b, KEY, i, k, gradient, centered, mu, lam)) for i in range(400)]
    exact = flat(exact_cd_gradient(x, W, c, b, k, gradient, centered, mu, lam))
    error = np.std(draws, axis=0, ddof=1) / np.sqrt(len(draws))
    rounding = 1e-6 if dtype == np.float32 else 1e-14
    assert np.all(np.abs(np.mean(draws, axis=0) - exact) < 6.2 * error + rounding)
    assert np.max(error) < 0.02  # the comparison can distinguish right from wrong


@pytest.mark.parametrize(("gradient", "centered"), [("cd", False), ("cd", True), ("paper", False)])
def test_components_of_the_gradient_have_no_joint_bias(gradient, centered):
    # 10,000 draws, χ² of all 11 components with their covariance; false alarms 1e-5 per case.
    W, c, b = parameters(3, 2, np.float64, scale=0.9)
    x = np.array([[0, 1, 1], [1, 1, 0], [1, 0, 0]], dtype=np.uint8)
    mu, lam = (x.mean(axis=0), np.array([0.4, 0.7])) if centered else (np.zeros(3), np.zeros(2))
    draws = np.array([flat(cd_gradient(x, W, c, b, (9, 9), i, 1, gradient, centered, mu, lam)) for i in range(10_000)])
    deviation = draws.mean(axis=0) - flat(exact_cd_gradient(x, W, c, b, 1, gradient, centered, mu, lam))
    covariance = np.cov(draws, rowvar=False) / len(draws)
    statistic = deviation @ np.linalg.pinv(covariance, rcond=1e-9) @ deviation
    assert chi2.sf(statistic, np.linalg.matrix_rank(covariance)) > 1e-5


def test_many_steps_of_cd_approach_the_gradient_of_the_likelihood():
    """The gradient by enumeration, itself held against finite differences, is the limit k → ∞ of CD-k."""
    W, c, b = parameters(3, 2, np.float64, scale=0.6)
    x = np.array([[0, 1, 1], [1, 1, 0], [1, 0, 0]], dtype=np.uint8)
    V = states(3)

    def minus_free_energy(v, W):
        return v @ c + np.logaddexp(0, v @ W + b).sum(axis=1)

    def log_likelihood(W):
        return minus_free_energy(x, W).mean() - logsumexp(minus_free_energy(V, W))

    log_p = minus_free_energy(V, W)
    model = (V * np.exp(log_p - logsumexp(log_p))[:, None]).T @ expit(V @ W + b)
    gradient = x.T @ expit(x @ W + b) / len(x) - model
    step = 1e-6
    for i, j in itertools.product(range(3), range(2)):
        shift = np.zeros_like(W)
        shift[i, j] = step
        difference = (log_likelihood(W + shift) - log_likelihood(W - shift)) / (2 * step)
        assert gradient[i, j] == pytest.approx(difference, abs=1e-8)
    zero = np.zeros(3), np.zeros(2)
    draws = np.array([cd_gradient(x, W, c, b, (2, 3), i, 20, "cd", False, *zero)[0] for i in range(4_000)])
    stderr = draws.std(axis=0) / np.sqrt(len(draws))
    assert np.all(np.abs(draws.mean(axis=0) - gradient) < 5 * stderr)  # false alarms 4e-6


def test_paper_gradient_leaves_hidden_biases_alone():
    # The hidden biases of Eq. 12 to the letter have no gradient.
    W, c, b = parameters(8, 4, np.float64, scale=0.5)
    x = binary(60, 8)
    assert not cd_gradient(x, W, c, b, KEY, 0, 1, "paper", False, np.zeros(8), np.zeros(4))[2].any()
    trainer = kernels.Trainer64(W, c, b, KEY)
    trainer.set_data(x)
    run(trainer, 5, gradient="paper", centered=False, batch_size=50)
    np.testing.assert_array_equal(trainer.hidden_bias, b)
    assert not np.array_equal(trainer.weights, W)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("n_visible", "n_hidden"), SIZES)
def test_statistics_are_products_of_data_and_probabilities(dtype, n_visible, n_hidden):
    # With visible biases of −50 no unit is reconstructed: v' = 0 and the gradient is known without randomness.
    W, _, b = parameters(n_visible, n_hidden, dtype)
    c = np.full(n_visible, -50, dtype)
    x = binary(150, n_visible, density=0.3)
    mean, offset = np.zeros(n_visible, dtype), np.zeros(n_hidden, dtype)
    W[:] = np.clip(W, -0.1, 0.1)  # keeps v' = 0
    dW, dc, db = cd_gradient(x, W, c, b, KEY, 0, 1, "cd", False, mean, offset)
    p = expit(x @ W.astype(float) + b)
    tolerance = 2e-6 if dtype == np.float32 else 1e-14
    np.testing.assert_allclose(dW, x.T @ p / len(x), rtol=0, atol=tolerance)
    np.testing.assert_allclose(dc, x.mean(axis=0), rtol=0, atol=tolerance)
    np.testing.assert_allclose(db, p.mean(axis=0) - expit(b.astype(float)), rtol=0, atol=tolerance)


def test_batches_of_many_chunks_have_the_same_statistics():
    W, _, b = parameters(20, 10, np.float64, scale=0.1)
    c, x = np.full(20, -50.0), binary(3333, 20)
    dW, _, _ = cd_gradient(x, W, c, b, KEY, 0, 1, "cd", False, np.zeros(20), np.zeros(10))
    np.testing.assert_allclose(dW, x.T @ expit(x @ W + b) / len(x), rtol=1e-12)


# Updates


def test_update_is_gradient_ascent_with_l2_and_momentum():
    x = binary(80, 20)
    W, c, b = parameters(20, 10, np.float64, scale=0.1)
    trainer = kernels.Trainer64(W, c, b, KEY)
    trainer.set_data(x, None)
    velocity = [np.zeros_like(a) for a in (W, c, b)]
    zero = np.zeros(20), np.zeros(10)
    for epoch in range(4):
        gradient = list(cd_gradient(x, W, c, b, KEY, epoch, 1, "cd", False, *zero))
        gradient[0] = gradient[0] - 0.3 * W
        velocity = [0.8 * v + g for v, g in zip(velocity, gradient, strict=True)]
        W, c, b = (a + 0.2 * v for a, v in zip((W, c, b), velocity, strict=True))
        run(trainer, first_epoch=epoch, learning_rate=0.2, l2=0.3, momentum=0.8, batch_size=80, centered=False)
    for mine, theirs in zip((W, c, b), everything(trainer)[:3], strict=True):
        np.testing.assert_allclose(theirs, mine, rtol=1e-11, atol=1e-13)
    for mine, theirs in zip(velocity, everything(trainer)[3:6], strict=True):
        np.testing.assert_allclose(theirs, mine, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("dtype", DTYPES)
def test_l1_is_a_soft_threshold_with_exact_zeros(dtype):
    x = binary(100, 30)
    plain, sparse = make_trainer(dtype, x), make_trainer(dtype, x)
    run(plain, learning_rate=0.1)
    run(sparse, learning_rate=0.1, l1=0.7)
    W = plain.weights.astype(float)
    expected = np.sign(W) * np.maximum(np.abs(W) - 0.07, 0)
    np.testing.assert_allclose(sparse.weights, expected, rtol=0, atol=1e-7 if dtype == np.float32 else 1e-15)
    assert 0.2 < np.mean(sparse.weights == 0) < 0.9
    run(sparse, learning_rate=0.1, l1=100.0)
    assert not sparse.weights.any()


@pytest.mark.parametrize("dtype", DTYPES)
def test_training_learns_pairs_of_equal_units(dtype):
    half = binary(400, 8)
    x = np.repeat(half, 2, axis=1)
    trainer = make_trainer(dtype, x, n_hidden=16, scale=0.01)
    report = run(trainer, 400, learning_rate=0.2, batch_size=50)
    error, norm = report["reconstruction_error"], report["gradient_norm"]
    assert error.dtype == norm.dtype == np.float64
    assert error.shape == norm.shape == (400,)
    assert 0.45 < error[0] < 0.55  # nothing is known at first
    assert error[-10:].mean() < 0.2
    assert np.all(norm > 0)


def test_reported_error_is_that_of_sampled_reconstructions():
    # W = 0: each unit is reconstructed as 1 with probability q whatever the data. 51,200 units a run; bound of
    # 5 standard errors: false alarm 6e-7.
    x = binary(800, 64, density=0.25)
    q = 0.3
    trainer = kernels.Trainer32(
        np.zeros((64, 32), np.float32), np.full(64, np.log(q / (1 - q)), np.float32), np.zeros(32, np.float32), KEY
    )
    trainer.set_data(x, None)
    error = run(trainer, learning_rate=0.0)["reconstruction_error"][0]
    expected = np.where(x == 1, 1 - q, q).mean()
    assert abs(error - expected) < 5 * np.sqrt(q * (1 - q) / x.size)


# Persistent chains


def test_chains_move_by_the_gibbs_kernel():
    # The learning rate is 0, so the chains are plain Gibbs chains of a fixed RBM; after 60 steps 4,096 of them
    # follow p(v). Chi-square with 7 degrees of freedom, false alarm 1e-5.
    W, c, b = parameters(3, 2, np.float64, scale=0.6)
    trainer = kernels.Trainer64(W, c, b, KEY)
    trainer.set_data(np.zeros((4096, 3), np.uint8), None)
    run(trainer, 60, gradient="pcd", learning_rate=0.0, batch_size=4096)
    chains = trainer.state()["chains"]
    assert chains.shape == (4096, 3)
    V = states(3)
    p = np.exp(V @ c + np.logaddexp(0, V @ W + b).sum(axis=1))
    expected = 4096 * p / p.sum()
    counts = np.bincount(chains @ [1, 2, 4], minlength=8)
    assert ((counts - expected) ** 2 / expected).sum() < chi2.isf(1e-5, 7)


# Reproducibility

CASES = [
    {"gradient": "cd", "k": 2, "momentum": 0.5, "l1": 0.01},
    {"gradient": "pcd", "centered": False},
    {"gradient": "pcd", "momentum": 0.7},
    {"gradient": "paper", "shuffle": False},
    {"gradient": "paper", "momentum": 0.5},
]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("batch_size", [7, 100, 2500, 3000])
def test_same_bits_for_any_number_of_threads(dtype, case, batch_size):
    x, results = binary(2500, 70), []
    for n_threads in (1, 2, 3):
        kernels.set_num_threads(n_threads)
        trainer = make_trainer(dtype, x if batch_size > 7 else x[:100])
        report = run(trainer, 2, batch_size=batch_size, **case)
        results.append([*everything(trainer), *report.values()])
    assert_same_bits(results[0], results[1])
    assert_same_bits(results[0], results[2])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("n", [256, 300])  # one chunk of whole parts; parts of unequal sizes
def test_large_layers_have_the_same_bits_for_any_number_of_threads(dtype, case, n):
    # Tables are made anew for each group of samples here, and groups depend on the number of threads.
    x, results = binary(n, 400), []
    for n_threads in (1, 2, 3):
        kernels.set_num_threads(n_threads)
        trainer = TRAINERS[dtype](*parameters(400, 350, dtype, scale=0.05), KEY)
        trainer.set_data(x, None)
        report = run(trainer, 2, batch_size=n, **case)
        results.append([*everything(trainer), *report.values()])
    assert_same_bits(results[0], results[1])
    assert_same_bits(results[0], results[2])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", CASES)
def test_resumed_training_has_the_same_bits(dtype, case):
    x = binary(330, 40)
    whole = make_trainer(dtype, x)
    report = run(whole, 5, **case)
    first = make_trainer(dtype, x)
    run(first, 2, **case)
    second = TRAINERS[dtype](first.weights, first.visible_bias, first.hidden_bias, KEY)
    second.set_data(x, None)
    second.set_state(first.state())
    assert_same_bits(everything(first), everything(second))
    rest = run(second, 3, first_epoch=2, **case)
    assert_same_bits(everything(whole), everything(second))
    for name, values in report.items():
        np.testing.assert_array_equal(rest[name], values[2:])


def test_shuffling_differs_by_epoch_and_meets_each_sample_once():
    # Batches of one sample: the units of the reconstruction are all 0, so the first update of each epoch shows
    # its sample. With W = 0, no randomness is left but the order.
    x = np.eye(16, dtype=np.uint8)
    zero = np.zeros((16, 4)), np.full(16, -50.0), np.zeros(4)
    order = []
    for epoch in range(2):
        trainer = kernels.Trainer64(*zero, KEY)
        trainer.set_data(x, None)
        run(trainer, first_epoch=epoch, learning_rate=1e-3, momentum=0.5, batch_size=1, centered=False)
        order.append(trainer.state()["visible_velocity"])
        # momentum halves the weight of each earlier sample: all powers of two, each once
        np.testing.assert_allclose(np.sort(order[-1]), 0.5 ** np.arange(15.0, -1, -1))
    assert np.any(order[0] != order[1])


# Other kinds of data


def test_zeros_and_ones_are_the_same_data_as_numbers_and_as_bits():
    x = binary(60, 8)
    by_bits, by_products = (make_trainer(np.float64, data, n_hidden=4, scale=0.5) for data in (x, x.astype(float)))
    for trainer in (by_bits, by_products):
        run(trainer, 3, learning_rate=0.1, batch_size=20, centered=False)
    np.testing.assert_allclose(by_products.weights, by_bits.weights, rtol=0, atol=1e-12)


@pytest.mark.parametrize("dtype", DTYPES)
def test_real_data_of_zeros_and_ones_is_binary_data(dtype):
    x = binary(300, 50)
    by_bits, by_products = make_trainer(dtype, x), make_trainer(dtype, x.astype(dtype))
    report = [run(trainer, batch_size=300) for trainer in (by_bits, by_products)]
    # The sums are rounded in another order, which may flip a draw or two of 24,600 but no more.
    np.testing.assert_allclose(by_products.weights, by_bits.weights, rtol=0, atol=1e-3)
    errors = [r["reconstruction_error"][0] for r in report]
    assert abs(errors[0] - errors[1]) < 1e-3


@pytest.mark.parametrize("dtype", DTYPES)
def test_real_data_enters_as_probabilities(dtype):
    x = np.random.default_rng(5).random((200, 30)).astype(dtype)
    W, _, b = parameters(30, 20, dtype, scale=0.05)
    trainer = TRAINERS[dtype](W, np.full(30, -50, dtype), b, KEY)
    trainer.set_real_data(x, None)
    report = run(trainer, learning_rate=1.0, batch_size=200, centered=False)
    p = expit(x @ W.astype(float) + b)
    tolerance = 5e-6 if dtype == np.float32 else 1e-13
    np.testing.assert_allclose(trainer.weights - W, x.T.astype(float) @ p / 200, rtol=0, atol=tolerance)
    np.testing.assert_allclose(trainer.visible_bias + 50, x.mean(axis=0), rtol=0, atol=5e-6)
    assert report["reconstruction_error"][0] == pytest.approx(x.mean(), rel=1e-6)


@pytest.mark.parametrize("dtype", DTYPES)
def test_weights_count_samples(dtype):
    # v' = 0, so the gradient is exact: integer weights are repetitions.
    x, weight = binary(60, 20), np.random.default_rng(6).integers(0, 4, 60).astype(float)
    W, _, b = parameters(20, 10, dtype, scale=0.1)
    results = []
    for data, sample_weight in ((x, weight), (np.repeat(x, weight.astype(int), axis=0), None)):
        trainer = TRAINERS[dtype](W, np.full(20, -50, dtype), b, KEY)
        trainer.set_data(data, sample_weight)
        run(trainer, learning_rate=1.0, batch_size=1000)
        results.append([trainer.weights, trainer.visible_bias, trainer.hidden_bias])
    for weighted, repeated in zip(*results, strict=True):
        np.testing.assert_allclose(weighted, repeated, rtol=0, atol=1e-5 if dtype == np.float32 else 1e-12)


# Bad input


@pytest.mark.parametrize(
    ("x", "weight", "error", "message"),
    [
        (np.zeros((3, 5), np.uint8), None, ValueError, "x must have shape"),
        (np.zeros(4, np.uint8), None, ValueError, "x must have shape"),
        (np.zeros((0, 4), np.uint8), None, ValueError, "at least one sample"),
        (np.full((3, 4), 2, np.uint8), None, ValueError, "0 and 1 only"),
        (np.zeros((3, 4), np.int8), None, TypeError, "set_data"),
        (np.zeros((3, 4)), None, TypeError, "set_data"),
        ([[0, 1, 0, 1]], None, TypeError, "set_data"),
        (np.zeros((3, 4), np.uint8), np.ones(2), ValueError, "sample.weight"),
        (np.zeros((3, 4), np.uint8), np.array([1.0, -1.0, 1.0]), ValueError, "sample.weight"),
        (np.zeros((3, 4), np.uint8), np.array([1.0, np.nan, 1.0]), ValueError, "sample.weight"),
        (np.zeros((3, 4), np.uint8), np.zeros(3), ValueError, "sample.weight"),
    ],
)
def test_bad_data_is_refused(x, weight, error, message):
    trainer = kernels.Trainer32(*parameters(4, 2, np.float32), KEY)
    with pytest.raises(error, match=message):
        trainer.set_data(x, weight)
    with pytest.raises(ValueError, match="set_data must come before run"):
        run(trainer)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("value", [-0.1, 1.1, np.nan])
def test_real_data_outside_the_unit_interval_is_refused(dtype, value):
    trainer = TRAINERS[dtype](*parameters(4, 2, dtype), KEY)
    with pytest.raises(ValueError, match="between 0 and 1"):
        trainer.set_real_data(np.full((3, 4), value, dtype), None)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"batch_size": 0}, "batch_size"),
        ({"k": 0}, "k must"),
        ({"gradient": "unknown"}, "gradient must be"),
        ({"l1": np.zeros(3)}, "l1"),
        ({"learning_rate": np.zeros((1, 1))}, "learning_rate"),
    ],
)
def test_bad_options_are_refused(changes, message):
    trainer = make_trainer(np.float32, binary(10, 4), n_hidden=2)
    with pytest.raises(ValueError, match=message):
        trainer.run(**options(1, **changes))


def test_bad_parameters_are_refused():
    W, c, b = parameters(4, 2, np.float32)
    for arguments, message in (
        ((W[0], c, b), "weights"),
        ((W, b, c), "visible_bias must have shape"),
        ((W[:0], c[:0], b), "at least one visible"),
        ((W, c[None], b), "visible_bias must have shape"),
    ):
        with pytest.raises(ValueError, match=message):
            kernels.Trainer32(*arguments, KEY)
    with pytest.raises(TypeError):
        kernels.Trainer32(W.astype(float), c, b, KEY)


@pytest.mark.parametrize("name", ["weight_velocity", "visible_velocity", "hidden_velocity", "hidden_offset", "chains"])
def test_bad_state_is_refused(name):
    trainer = make_trainer(np.float32, binary(10, 4), n_hidden=2)
    run(trainer, gradient="pcd")
    before = everything(trainer)
    state = trainer.state()
    with pytest.raises(ValueError, match="shape"):
        trainer.set_state(state | {name: np.zeros((1, 1, 1), state[name].dtype)})
    with pytest.raises(TypeError, match="dtype"):
        trainer.set_state(state | {name: state[name].astype(complex)})
    with pytest.raises(KeyError, match=name):
        trainer.set_state({key: value for key, value in state.items() if key != name})
    assert_same_bits(before, everything(trainer))
