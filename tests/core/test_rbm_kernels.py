"""The compiled RBM kernels against plain NumPy and exact expectations."""

import itertools

import numpy as np
import pytest
from scipy.special import expit, logsumexp

import rgrbm
from rbm_models import cd_gradient
from rgrbm._core import kernels

DTYPES = [np.float32, np.float64]
SIZES = [(5, 3), (64, 32), (70, 17), (16, 16)]


@pytest.fixture(autouse=True)
def _one_thread():
    """Many tiny calls: one thread each, but for the tests that set their own number."""
    rgrbm.set_num_threads(1)
    yield
    rgrbm.set_num_threads(0)


def random_rbm(n_visible, n_hidden, dtype=np.float64, scale=0.5, seed=0):
    generator = np.random.default_rng(seed)
    return (
        (scale * generator.normal(size=(n_visible, n_hidden))).astype(dtype),
        (scale * generator.normal(size=n_visible)).astype(dtype),
        (scale * generator.normal(size=n_hidden)).astype(dtype),
    )


def random_bits(*shape, seed=0):
    return np.random.default_rng(seed).integers(0, 2, size=shape, dtype=np.uint8)


def all_states(n):
    return np.array(list(itertools.product((0, 1), repeat=n)), dtype=np.uint8)


def trainer(parameters, key=(1, 2)):
    kind = kernels.Trainer32 if parameters[0].dtype == np.float32 else kernels.Trainer64
    return kind(*parameters, key)


def options(n_epochs=1, **changes):
    values = {
        "first_epoch": 0, "learning_rate": np.full(n_epochs, 0.1), "l1": np.zeros(n_epochs), "l2": 0.0,
        "momentum": 0.0, "batch_size": 50, "k": 1, "gradient": "cd", "centered": False, "shuffle": True,
    }  # fmt: skip
    return values | changes


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("n_samples", [1, 200])  # few rows are summed one by one, many from tables
def test_probabilities_against_numpy(size, dtype, n_samples):
    W, c, b = random_rbm(*size, dtype)
    x, h = random_bits(n_samples, size[0]), random_bits(n_samples, size[1], seed=1)
    tolerance = 2e-6 if dtype == np.float32 else 1e-14
    np.testing.assert_allclose(kernels.hidden_probabilities(x, W, b), expit(x @ W + b), atol=tolerance)
    np.testing.assert_allclose(kernels.visible_probabilities(h, W, c), expit(h @ W.T + c), atol=tolerance)


@pytest.mark.parametrize(("dtype", "bound"), [(np.float32, 5e-7), (np.float64, 1e-15)])
def test_error_of_the_logistic_function(dtype, bound):
    # One visible unit at 1, and hidden units whose weights run over the whole range of arguments.
    arguments = np.concatenate([np.linspace(-80, 80, 20_001), np.linspace(-1, 1, 2_001)]).astype(dtype)
    p = kernels.hidden_probabilities(np.ones((1, 1), np.uint8), arguments[None, :], np.zeros_like(arguments))[0]
    exact = expit(arguments.astype(np.longdouble))
    assert np.max(np.abs(p - exact) / exact) < bound


@pytest.mark.parametrize("dtype", DTYPES)
def test_saturated_units(dtype):
    W = np.array([[1e4, -1e4]], dtype=dtype)
    x = np.ones((1000, 1), np.uint8)
    assert np.array_equal(kernels.sample_hidden(x, W, np.zeros(2, dtype), (1, 1), 0), np.tile([1, 0], (1000, 1)))


@pytest.mark.parametrize("dtype", DTYPES)
def test_sampling_frequencies(dtype):
    # 20 units of 100,000 draws each, 5 standard errors: false alarms 1e-5.
    b = np.linspace(-4, 4, 20).astype(dtype)
    h = kernels.sample_hidden(np.zeros((100_000, 3), np.uint8), np.zeros((3, 20), dtype), b, (3, 4), 0)
    p = expit(b.astype(float))
    assert np.all(np.abs(h.mean(axis=0) - p) < 5 * np.sqrt(p * (1 - p) / len(h)))


def test_units_and_samples_are_drawn_independently():
    # Correlations between units and between neighbouring samples of 40,000 draws; 5 standard errors at 190 + 20 pairs.
    h = kernels.sample_hidden(
        np.zeros((40_000, 3), np.uint8), np.zeros((3, 20), np.float32), np.zeros(20, np.float32), (5, 6), 0
    )
    spins = 2.0 * h - 1
    assert np.abs((spins.T @ spins / len(h))[np.triu_indices(20, 1)]).max() < 5 / np.sqrt(len(h))
    for lag in (1, 32, 64):
        assert np.abs((spins[lag:] * spins[:-lag]).mean(axis=0)).max() < 5 / np.sqrt(len(h) - lag)


def test_indices_have_their_own_random_numbers():
    W, _, b = random_rbm(5, 30)
    x = random_bits(40, 5)
    first = kernels.sample_hidden(x, W, b, (1, 2), 0)
    assert np.array_equal(first, kernels.sample_hidden(x, W, b, (1, 2), 0))
    assert not np.array_equal(first, kernels.sample_hidden(x, W, b, (1, 2), 1))


def test_gibbs_chain_reaches_the_exact_distribution():
    # Total variation of 60,000 independent chains from the model's p(v) over 16 states: its expectation is about
    # ½ √(2·16/(π·60,000)) = 0.0065; the bound is six times that of the mean, met but by a wrong chain.
    W, c, b = random_rbm(4, 3, scale=0.8)
    v, _ = kernels.gibbs(random_bits(60_000, 4), 60, W, c, b, (7, 8), 0)
    states = all_states(4)
    log_p = states @ c + np.logaddexp(0, states @ W + b).sum(axis=1)
    p = np.exp(log_p - logsumexp(log_p))
    frequency = np.bincount(v @ (1 << np.arange(4)[::-1]), minlength=16) / len(v)
    assert np.abs(frequency - p).sum() / 2 < 0.02


def exact_cd1(x, W, c, b, mu, lam, centered, paper):
    """Expectation of the CD-1 gradient over all hidden and visible states."""
    dW, dc, db = np.zeros_like(W), np.zeros_like(c), np.zeros_like(b)
    hidden, visible = all_states(len(b)).astype(float), all_states(len(c)).astype(float)
    for v in x.astype(float):
        p = expit(v @ W + b)
        weight_h = np.prod(np.where(hidden == 1, p, 1 - p), axis=1)
        for h, w_h in zip(hidden, weight_h, strict=True):
            q = expit(h @ W.T + c)
            weight_v = w_h * np.prod(np.where(visible == 1, q, 1 - q), axis=1)
            for u, w in zip(visible, weight_v, strict=True):
                p_u = h if paper else expit(u @ W + b)
                p_v = h if paper else p
                dW += w * (np.outer(v - mu, p_v - lam) - np.outer(u - mu, p_u - lam))
                dc += w * (v - u)
                db += w * (p_v - p_u)
    dW, dc, db = dW / len(x), dc / len(x), db / len(x)
    return (dW, dc - dW @ lam, db - mu @ dW) if centered else (dW, dc, db)


@pytest.mark.parametrize(("gradient", "centered"), [("cd", False), ("cd", True), ("paper", False)])
def test_mean_of_cd1_is_its_exact_expectation(gradient, centered):
    # 10,000 draws, χ² of all 11 components with their covariance; false alarms 1e-5 per case.
    from scipy.stats import chi2

    W, c, b = random_rbm(3, 2, scale=0.9)
    x = np.array([[0, 1, 1], [1, 1, 0], [1, 0, 0]], dtype=np.uint8)
    mu, lam = (x.mean(axis=0), np.array([0.4, 0.7])) if centered else (np.zeros(3), np.zeros(2))
    draws = np.array([
        np.concatenate([
            part.ravel() for part in cd_gradient(x, W, c, b, (9, 9), i, 1, gradient, centered, mu, lam)
        ])
        for i in range(10_000)
    ])  # fmt: skip
    exact = np.concatenate([part.ravel() for part in exact_cd1(x, W, c, b, mu, lam, centered, gradient == "paper")])
    off = draws.mean(axis=0) - exact
    covariance = np.cov(draws, rowvar=False) / len(draws)
    assert chi2.sf(off @ np.linalg.pinv(covariance, rcond=1e-9) @ off, np.linalg.matrix_rank(covariance)) > 1e-5
    if gradient == "paper":
        assert np.all(draws[:, -2:] == 0)  # the hidden biases of Eq. 12 to the letter have no gradient


def test_many_steps_of_cd_approach_the_gradient_of_the_likelihood():
    """The gradient by enumeration, itself held against finite differences, is the limit k → ∞ of CD-k."""
    W, c, b = random_rbm(3, 2, scale=0.6)
    x = np.array([[0, 1, 1], [1, 1, 0], [1, 0, 0]], dtype=np.uint8)
    states = all_states(3)

    def log_likelihood(W, c, b):
        def minus_free_energy(v):
            return v @ c + np.logaddexp(0, v @ W + b).sum(axis=1)

        return minus_free_energy(x).mean() - logsumexp(minus_free_energy(states))

    log_p = states @ c + np.logaddexp(0, states @ W + b).sum(axis=1)
    p = np.exp(log_p - logsumexp(log_p))
    model = (states * p[:, None]).T @ expit(states @ W + b)
    gradient = x.T @ expit(x @ W + b) / len(x) - model
    step = 1e-6
    for i, j in itertools.product(range(3), range(2)):
        shift = np.zeros_like(W)
        shift[i, j] = step
        difference = (log_likelihood(W + shift, c, b) - log_likelihood(W - shift, c, b)) / (2 * step)
        assert gradient[i, j] == pytest.approx(difference, abs=1e-8)
    zero = np.zeros(3), np.zeros(2)
    draws = np.array([
        cd_gradient(x, W, c, b, (2, 3), i, 20, "cd", False, *zero)[0] for i in range(4_000)
    ])  # fmt: skip
    stderr = draws.std(axis=0) / np.sqrt(len(draws))
    assert np.all(np.abs(draws.mean(axis=0) - gradient) < 5 * stderr)  # false alarms 4e-6


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("gradient", ["cd", "pcd", "paper"])
@pytest.mark.parametrize("batch_size", [7, 100, 300, 2000])
def test_same_bits_for_any_number_of_threads(dtype, gradient, batch_size):
    x = random_bits(300, 40)
    ends = []
    for threads in (1, 2, 3):
        rgrbm.set_num_threads(threads)
        t = trainer(random_rbm(40, 20, dtype, scale=0.1))
        t.set_data(x)
        report = t.run(**options(4, batch_size=batch_size, gradient=gradient, centered=True, momentum=0.5))
        ends.append((t.weights, t.visible_bias, t.hidden_bias, report["reconstruction_error"]))
    for other in ends[1:]:
        for a, b in zip(ends[0], other, strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("gradient", ["cd", "pcd"])
def test_runs_can_be_cut_and_resumed(gradient):
    x = random_bits(90, 20)
    settings = {"batch_size": 30, "gradient": gradient, "centered": True, "momentum": 0.7}
    whole = trainer(random_rbm(20, 10, scale=0.1))
    whole.set_data(x)
    whole.run(**options(6, **settings))
    first = trainer(random_rbm(20, 10, scale=0.1))
    first.set_data(x)
    first.run(**options(2, **settings))
    second = trainer((first.weights, first.visible_bias, first.hidden_bias))
    second.set_data(x)
    second.set_state(first.state())
    second.run(**options(4, **settings, first_epoch=2))
    np.testing.assert_array_equal(whole.weights, second.weights)
    np.testing.assert_array_equal(whole.hidden_bias, second.hidden_bias)


def test_l1_gives_exact_zeros_and_shrinks_by_the_threshold():
    W, c, b = random_rbm(20, 10, scale=0.05)
    x = random_bits(50, 20)
    plain, sparse = trainer((W, c, b)), trainer((W, c, b))
    for t, l1 in ((plain, 0.0), (sparse, 0.4)):
        t.set_data(x)
        t.run(**options(1, l1=np.full(1, l1)))
    expected = np.sign(plain.weights) * np.maximum(np.abs(plain.weights) - 0.1 * 0.4, 0)
    np.testing.assert_allclose(sparse.weights, expected, atol=1e-15)
    assert 0 < np.mean(sparse.weights == 0) < 1


def test_l2_and_momentum():
    W, c, b = random_rbm(20, 10, scale=0.3)
    x = random_bits(50, 20)
    ends = {}
    for name, changes in {"plain": {}, "l2": {"l2": 0.1}}.items():
        t = trainer((W, c, b))
        t.set_data(x)
        t.run(**options(1, **changes))
        ends[name] = t.weights
    np.testing.assert_allclose(ends["l2"], ends["plain"] - 0.1 * 0.1 * W, atol=1e-14)
    t = trainer((W, c, b))
    t.set_data(x)
    t.run(**options(1, momentum=0.5))
    np.testing.assert_allclose(t.state()["weight_velocity"], (t.weights - W) / 0.1, atol=1e-13)


def test_sample_weights_are_repetitions():
    # A weight of 0 leaves a sample out; the gradient's scale is that of the weights' mean.
    x = random_bits(40, 12)
    weight = np.r_[np.ones(20), np.zeros(20)]
    mean = np.zeros(12), np.zeros(6)
    W, c, b = random_rbm(12, 6)
    t = trainer((W, c, b))
    t.set_data(x, weight)
    t.run(**options(1, batch_size=40, learning_rate=np.ones(1)))
    draws = np.array([
        cd_gradient(x[:20], W, c, b, (1, 2), i, 1, "cd", False, *mean)[1] for i in range(400)
    ])  # fmt: skip
    # One draw of the weighted gradient lies where draws of the repeated samples do: 6 standard deviations.
    assert np.all(np.abs(t.visible_bias - c - draws.mean(axis=0)) < 6 * draws.std(axis=0) + 1e-12)


def test_probabilities_as_data():
    # With weights 0 the reconstruction does not depend on the data, and ∇c = ⟨x⟩ − ⟨v̂⟩ holds exactly for the data's
    # part; 6 standard errors for the reconstruction's.
    x = np.random.default_rng(0).random((500, 8))
    t = trainer((np.zeros((8, 4)), np.zeros(8), np.zeros(4)))
    t.set_real_data(x)
    t.run(**options(1, batch_size=500, learning_rate=np.ones(1)))
    assert np.all(np.abs(t.visible_bias - (x.mean(axis=0) - 0.5)) < 6 * 0.5 / np.sqrt(500))
    binary = random_bits(60, 8)
    ends = []
    for real in (False, True):
        t = trainer(random_rbm(8, 4))
        t.set_real_data(binary.astype(float)) if real else t.set_data(binary)
        t.run(**options(3, batch_size=20))
        ends.append(t.weights)
    np.testing.assert_allclose(*ends, atol=1e-12)  # zeros and ones are the same data either way


def test_paper_gradient_leaves_hidden_biases_alone():
    W, c, b = random_rbm(8, 4)
    t = trainer((W, c, b))
    t.set_data(random_bits(60, 8))
    t.run(**options(5, gradient="paper"))
    np.testing.assert_array_equal(t.hidden_bias, b)
    assert not np.array_equal(t.weights, W)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda W, c, b: kernels.Trainer64(W, b, c, (0, 0)), "visible_bias must have shape"),
        (lambda W, c, b: trainer((W, c, b)).set_data(np.zeros((3, 4), np.uint8)), "x must have shape"),
        (lambda W, c, b: trainer((W, c, b)).set_data(np.full((3, 5), 2, np.uint8)), "0 and 1 only"),
        (lambda W, c, b: trainer((W, c, b)).set_data(np.zeros((0, 5), np.uint8)), "at least one sample"),
        (lambda W, c, b: trainer((W, c, b)).set_real_data(np.full((3, 5), np.nan)), "between 0 and 1"),
        (lambda W, c, b: trainer((W, c, b)).run(**options(1)), "set_data must come before run"),
        (lambda W, c, b: kernels.sample_hidden(np.zeros((2, 4), np.uint8), W, b, (0, 0), 0), "x must have shape"),
        (lambda W, c, b: kernels.gibbs(np.zeros((2, 5), np.uint8), 1, W, b, b, (0, 0), 0), "visible_bias"),
    ],
)
def test_wrong_shapes_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call(*random_rbm(5, 3))


def test_wrong_types_are_refused():
    W, c, b = random_rbm(5, 3)
    with pytest.raises(TypeError):
        trainer((W, c, b)).set_data(np.zeros((3, 5)))
    with pytest.raises(TypeError):
        kernels.hidden_probabilities(np.zeros((3, 5), np.uint8), W.astype(np.float32), b)
    t = trainer((W, c, b))
    t.set_data(random_bits(10, 5))
    with pytest.raises(ValueError, match="gradient must be"):
        t.run(**options(1, gradient="exactly"))
    with pytest.raises(KeyError, match="hidden_offset"):
        t.set_state({k: v for k, v in t.state().items() if k != "hidden_offset"})
    with pytest.raises(TypeError, match="dtype"):
        t.set_state(t.state() | {"chains": np.zeros((2, 5))})
