"""The compiled RBM kernels against NumPy, exact enumeration and their own promises (bits, resume, errors)."""

import itertools

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import chi2

from rbm_models import cd_gradient, exact_cd_gradient
from rgrbm._core import kernels

KEY = (11, 22)
DTYPES = [np.float32, np.float64]
TRAINERS = {np.float32: kernels.Trainer32, np.float64: kernels.Trainer64}
# Sizes that fill vectors of 16 and words of 64 units exactly, and such that do not.
SIZES = [(1, 1), (5, 3), (16, 16), (17, 33), (64, 32), (70, 100)]


@pytest.fixture(autouse=True)
def _one_thread():
    kernels.set_num_threads(1)  # the work here is small; tests of threads set their own number
    yield
    kernels.set_num_threads(0)


def parameters(n_visible, n_hidden, dtype, seed=0, scale=0.7):
    rng = np.random.default_rng(seed)
    shapes = [(n_visible, n_hidden), (n_visible,), (n_hidden,)]
    return [(scale * rng.standard_normal(shape)).astype(dtype) for shape in shapes]


def binary(n, n_units, seed=1, density=0.5):
    return (np.random.default_rng(seed).random((n, n_units)) < density).astype(np.uint8)


def all_states(n):
    return np.array(list(itertools.product([0, 1], repeat=n)), dtype=np.uint8)


def make_trainer(dtype, x, n_hidden=32, scale=0.1, key=KEY, sample_weight=None):
    trainer = TRAINERS[dtype](*parameters(x.shape[1], n_hidden, dtype, scale=scale), key)
    (trainer.set_data if x.dtype == np.uint8 else trainer.set_real_data)(x, sample_weight)
    return trainer


def run(trainer, n_epochs=1, **changes):
    options = {
        "first_epoch": 0,
        "learning_rate": 0.05,
        "l1": 0.0,
        "l2": 0.0,
        "momentum": 0.0,
        "batch_size": 100,
        "k": 1,
        "gradient": "cd",
        "centered": True,
        "shuffle": True,
    } | changes
    for name in ("learning_rate", "l1"):
        options[name] = np.full(n_epochs, options[name])
    return trainer.run(**options)


def everything(trainer):
    return [trainer.weights, trainer.visible_bias, trainer.hidden_bias, *trainer.state().values()]


def assert_same_bits(first, second):
    for a, b in zip(first, second, strict=True):
        assert a.dtype == b.dtype
        assert a.shape == b.shape
        assert a.tobytes() == b.tobytes()


# Conditionals


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("n_visible", "n_hidden"), SIZES)
@pytest.mark.parametrize("n", [1, 300])  # few and many samples take different ways through the kernels
def test_probabilities_are_those_of_numpy(dtype, n_visible, n_hidden, n):
    W, c, b = parameters(n_visible, n_hidden, dtype)
    x, h = binary(n, n_visible), binary(n, n_hidden, seed=2)
    tolerance = 5e-6 if dtype == np.float32 else 1e-13  # sums of up to 100 terms of order 1
    hidden = kernels.hidden_probabilities(x, W, b)
    visible = kernels.visible_probabilities(h, W, c)
    assert hidden.dtype == visible.dtype == dtype
    np.testing.assert_allclose(hidden, expit(x @ W.astype(float) + b), rtol=0, atol=tolerance)
    np.testing.assert_allclose(visible, expit(h @ W.astype(float).T + c), rtol=0, atol=tolerance)


@pytest.mark.parametrize(("dtype", "bound", "limit"), [(np.float32, 6e-7, 85), (np.float64, 2e-15, 700)])
def test_sigmoid_meets_its_relative_error_bound(dtype, bound, limit):
    # The bias is the argument. σ(x) for x < 0 is as wrong, relatively, as exp(−x) and a few roundings.
    x = np.linspace(-limit, limit, 200_001).astype(dtype)
    p = kernels.hidden_probabilities(np.zeros((1, 1), np.uint8), np.zeros((1, x.size), dtype), x)[0]
    exact = 1 / (1 + np.exp(-x.astype(np.longdouble)))
    assert float(np.max(np.abs(p - exact) / exact)) < bound


@pytest.mark.parametrize("dtype", DTYPES)
def test_sigmoid_stays_finite_far_out(dtype):
    x = np.array([-1e30, -1e4, 1e4, 1e30], dtype)
    p = kernels.hidden_probabilities(np.zeros((1, 1), np.uint8), np.zeros((1, 4), dtype), x)[0]
    np.testing.assert_allclose(p, [0, 0, 1, 1], rtol=0, atol=1e-37)


@pytest.mark.parametrize("dtype", DTYPES)
def test_units_are_drawn_with_their_probabilities(dtype):
    # 32 units, each drawn 200,000 times. Bound 5.2 standard errors: all 64 comparisons of the two precisions
    # hold but with probability 64 · 2e-7 ≈ 1.3e-5.
    n, p = 200_000, np.linspace(0.01, 0.99, 32)
    bias = np.log(p / (1 - p)).astype(dtype)
    h = kernels.sample_hidden(np.zeros((n, 1), np.uint8), np.zeros((1, 32), dtype), bias, KEY, 0)
    assert set(np.unique(h)) == {0, 1}
    z = (h.mean(axis=0) - p) / np.sqrt(p * (1 - p) / n)
    assert np.max(np.abs(z)) < 5.2


@pytest.mark.parametrize("dtype", DTYPES)
def test_rare_units_are_neither_lost_nor_too_many(dtype):
    # p = 1e-6 and 1 − 1e-6, 2^24 draws each, mean 16.8: counts outside [2, 45] have probability below 1e-5.
    n, p = 2**20, 1e-6
    bias = np.repeat([np.log(p / (1 - p)), -np.log(p / (1 - p))], 16).astype(dtype)
    h = kernels.sample_hidden(np.zeros((n, 1), np.uint8), np.zeros((1, 32), dtype), bias, KEY, 1)
    for rare in (np.count_nonzero(h[:, :16]), np.count_nonzero(h[:, 16:] == 0)):
        assert 2 <= rare <= 45


def test_samples_depend_on_key_and_index_only():
    W, c, b = parameters(70, 33, np.float32)
    x = binary(500, 70)
    first = kernels.sample_hidden(x, W, b, KEY, 0)
    np.testing.assert_array_equal(first, kernels.sample_hidden(x, W, b, KEY, 0))
    assert np.any(first != kernels.sample_hidden(x, W, b, KEY, 1))
    assert np.any(first != kernels.sample_hidden(x, W, b, (11, 23), 0))
    kernels.set_num_threads(1)
    one = kernels.gibbs(x, 3, W, c, b, KEY, 5)
    kernels.set_num_threads(2)
    assert_same_bits(one, kernels.gibbs(x, 3, W, c, b, KEY, 5))


def test_gibbs_chains_converge_to_the_joint_distribution():
    # 40,000 independent chains of a small RBM after 60 steps; chi-square of the last (v, h) pair: h produced v,
    # so the pair follows p(v, h). False alarm with probability 1e-5.
    W, c, b = parameters(3, 2, np.float64, scale=0.6)
    v, h = kernels.gibbs(np.zeros((40_000, 3), np.uint8), 60, W, c, b, KEY, 0)
    states = all_states(5)
    joint = np.exp(states[:, :3] @ c + states[:, 3:] @ b + np.einsum("si,ij,sj->s", states[:, :3], W, states[:, 3:]))
    expected = len(v) * joint / joint.sum()
    counts = np.bincount(np.hstack([v, h]) @ (2 ** np.arange(4, -1, -1)), minlength=32)
    assert ((counts - expected) ** 2 / expected).sum() < chi2.isf(1e-5, 31)


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
    draws = [
        np.concatenate([g.ravel() for g in cd_gradient(x, W, c, b, KEY, i, k, gradient, centered, mu, lam)]).astype(
            float
        )
        for i in range(400)
    ]
    exact = np.concatenate([g.ravel() for g in exact_cd_gradient(x, W, c, b, k, gradient, centered, mu, lam)])
    error = np.std(draws, axis=0, ddof=1) / np.sqrt(len(draws))
    rounding = 1e-6 if dtype == np.float32 else 1e-14
    assert np.all(np.abs(np.mean(draws, axis=0) - exact) < 6.2 * error + rounding)
    assert np.max(error) < 0.02  # the comparison can distinguish right from wrong


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
    np.testing.assert_allclose(sparse.weights, expected, rtol=0, atol=1e-7)
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
    # W = 0: each unit is reconstructed by a coin of probability q whatever the data. 51,200 units a run; bound of
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
    V = all_states(3)
    p = np.exp(V @ c + np.logaddexp(0, V @ W + b).sum(axis=1))
    expected = 4096 * p / p.sum()
    counts = np.bincount(chains @ [4, 2, 1], minlength=8)
    assert ((counts - expected) ** 2 / expected).sum() < chi2.isf(1e-5, 7)


# Reproducibility

CASES = [
    {"gradient": "cd", "k": 2, "momentum": 0.5, "l1": 0.01},
    {"gradient": "pcd", "centered": False},
    {"gradient": "paper", "shuffle": False},
]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("batch_size", [7, 100, 2500])
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
    ("x", "weight", "error"),
    [
        (np.zeros((3, 5), np.uint8), None, ValueError),
        (np.zeros(4, np.uint8), None, ValueError),
        (np.zeros((0, 4), np.uint8), None, ValueError),
        (np.full((3, 4), 2, np.uint8), None, ValueError),
        (np.zeros((3, 4), np.int8), None, TypeError),
        (np.zeros((3, 4)), None, TypeError),
        ([[0, 1, 0, 1]], None, TypeError),
        (np.zeros((3, 4), np.uint8), np.ones(2), ValueError),
        (np.zeros((3, 4), np.uint8), np.array([1.0, -1.0, 1.0]), ValueError),
        (np.zeros((3, 4), np.uint8), np.array([1.0, np.nan, 1.0]), ValueError),
        (np.zeros((3, 4), np.uint8), np.zeros(3), ValueError),
    ],
)
def test_bad_data_is_refused(x, weight, error):
    trainer = kernels.Trainer32(*parameters(4, 2, np.float32), KEY)
    with pytest.raises(error):
        trainer.set_data(x, weight)
    with pytest.raises(ValueError, match="set_data"):
        run(trainer)


@pytest.mark.parametrize("value", [-0.1, 1.1, np.nan])
def test_real_data_outside_the_unit_interval_is_refused(value):
    trainer = kernels.Trainer32(*parameters(4, 2, np.float32), KEY)
    with pytest.raises(ValueError, match="between 0 and 1"):
        trainer.set_real_data(np.full((3, 4), value, np.float32), None)


@pytest.mark.parametrize(
    "changes",
    [{"batch_size": 0}, {"k": 0}, {"gradient": "unknown"}, {"l1": np.zeros(3)}, {"learning_rate": np.zeros((1, 1))}],
)
def test_bad_options_are_refused(changes):
    trainer = make_trainer(np.float32, binary(10, 4), n_hidden=2)
    options = {
        "first_epoch": 0,
        "learning_rate": np.zeros(1),
        "l1": np.zeros(1),
        "l2": 0.0,
        "momentum": 0.0,
        "batch_size": 5,
        "k": 1,
        "gradient": "cd",
        "centered": True,
        "shuffle": True,
    }
    with pytest.raises(ValueError, match=r".+"):
        trainer.run(**(options | changes))


def test_bad_parameters_are_refused():
    W, c, b = parameters(4, 2, np.float32)
    x = binary(3, 4)
    for arguments in ((W[0], c, b), (W, b, c), (W[:0], c[:0], b), (W, c[None], b)):
        with pytest.raises(ValueError, match=r".+"):
            kernels.Trainer32(*arguments, KEY)
    with pytest.raises(TypeError):
        kernels.Trainer32(W.astype(float), c, b, KEY)
    with pytest.raises(ValueError, match="shape"):
        kernels.hidden_probabilities(x, W, c)
    with pytest.raises(ValueError, match="shape"):
        kernels.visible_probabilities(x, W, c)
    with pytest.raises(ValueError, match="shape"):
        kernels.gibbs(x, 1, W, b, b, KEY, 0)
    with pytest.raises(TypeError):
        kernels.hidden_probabilities(x, W, b.astype(float))


@pytest.mark.parametrize("name", ["weight_velocity", "visible_velocity", "hidden_velocity", "hidden_offset", "chains"])
def test_bad_state_is_refused(name):
    trainer = make_trainer(np.float32, binary(10, 4), n_hidden=2)
    run(trainer, gradient="pcd")
    before = everything(trainer)
    state = trainer.state()
    with pytest.raises(ValueError, match="shape"):
        trainer.set_state(state | {name: np.zeros((1, 1, 1), state[name].dtype)})
    with pytest.raises(TypeError):
        trainer.set_state(state | {name: state[name].astype(complex)})
    with pytest.raises(KeyError):
        trainer.set_state({key: value for key, value in state.items() if key != name})
    assert_same_bits(before, everything(trainer))
