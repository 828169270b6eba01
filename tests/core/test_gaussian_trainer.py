"""The compiled kernels of Gaussian visible units: against NumPy, mixtures of Gaussians, quadrature and finite
differences of the exact likelihood."""

import numpy as np
import pytest
from scipy.special import expit, logsumexp
from scipy.stats import chi2, kstest

from gaussian_models import hidden_log_weights, hidden_mean, log_density, moments, numerical_gradient, random_model
from gaussian_models import sample as mixture_sample
from rbm_models import states
from rgrbm._core import kernels
from trainers import DTYPES, assert_same_bits, everything, options

pytestmark = pytest.mark.usefixtures("one_thread")

KEY = (11, 22)
TRAINERS = {np.float32: kernels.GaussianTrainer32, np.float64: kernels.GaussianTrainer64}


def make_trainer(model, x=None, dtype=np.float64, learn_variance=True, sample_weight=None, key=KEY, floor=-20.0):
    W, c, b, z = (np.asarray(value, dtype=dtype) for value in model)
    trainer = TRAINERS[dtype](W, c, b, z, np.full(len(z), floor, dtype), learn_variance, key)
    if x is not None:
        trainer.set_real_data(np.asarray(x, dtype=dtype), sample_weight)
    return trainer


def run(trainer, n_epochs=1, **changes):
    return trainer.run(**options(n_epochs, **{"learning_rate": 0.02} | changes))


# Normal numbers


@pytest.mark.parametrize("dtype", DTYPES)
def test_normal_numbers_have_their_distribution(dtype):
    # 2^20 numbers each; Kolmogorov–Smirnov fails a right program once in 10,000 runs, and each of the bounds on
    # moments and correlations, 5 standard errors, once in 1.7 million.
    n = 2**15
    x = kernels.gaussian_sample_visible(
        np.zeros((n, 1), np.uint8), np.zeros((32, 1), dtype), np.zeros(32, dtype), np.ones(32, dtype), KEY, 0
    ).astype(np.float64)
    assert kstest(x.ravel(), "norm").pvalue > 1e-4
    total = x.size
    for power, mean, variance in ((1, 0, 1), (2, 1, 2), (3, 0, 15), (4, 3, 96)):
        assert abs(np.mean(x**power) - mean) < 5 * np.sqrt(variance / total)
    # Columns 16 apart are the two numbers of a pair, which share a radius.
    first, second = x[:, :16].ravel(), x[:, 16:].ravel()
    for power, deviation in ((1, 1.0), (2, 2.0)):
        a, b = (value**power - (power == 2) for value in (first, second))
        assert abs(np.mean(a * b)) < 5 * deviation / np.sqrt(len(a))
    # Neighbouring lanes, and the same lane of the next row.
    for a, b in ((x[:, :-1], x[:, 1:]), (x[:-1], x[1:])):
        assert abs(np.mean(a * b)) < 5 / np.sqrt(a.size)
    # 5.7e-7 of them lie beyond 5: 0.6 on average, more than 7 with probability 1e-7.
    assert np.count_nonzero(np.abs(x) > 5) <= 7
    assert np.isfinite(x).all()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n_visible", [1, 17, 70])
def test_visible_units_have_means_and_variances_of_the_hidden_state(dtype, n_visible):
    n, m = 40_000, 5
    W, c, _, z = random_model(n_visible, m)
    h = np.array([1, 0, 1, 1, 0], dtype=np.uint8)
    variance = np.exp(z)
    x = kernels.gaussian_sample_visible(
        np.tile(h, (n, 1)), W.astype(dtype), c.astype(dtype), variance.astype(dtype), KEY, 1
    )
    assert x.dtype == dtype
    # Up to 70 units, 5 standard errors each: a right program fails once in 10,000 runs.
    assert np.all(np.abs(x.mean(axis=0) - (c + W @ h)) < 5 * np.sqrt(variance / n))
    assert np.all(np.abs(x.var(axis=0) / variance - 1) < 5 * np.sqrt(2 / n))


def test_gibbs_steps_leave_the_model_as_it_is():
    # From exact samples; chi-square over the hidden states, and means and variances of the visible ones: a right
    # program fails once in 1,000 runs.
    model = W, c, b, z = random_model(3, 4)
    n = 50_000
    x, h = kernels.gaussian_gibbs(mixture_sample(n, *model), 3, W, c, b, np.exp(z), KEY, 0)
    log_weights = hidden_log_weights(*model)
    expected = n * np.exp(log_weights - logsumexp(log_weights))
    counts = np.bincount(h @ (1 << np.arange(4)), minlength=16)
    assert np.sum((counts - expected) ** 2 / expected) < chi2.ppf(1 - 5e-4, 15)
    products, mean, _, squares = moments(*model)
    deviation = np.sqrt(squares - mean**2)
    assert np.all(np.abs(x.mean(axis=0) - mean) < 4.5 * deviation / np.sqrt(n))
    np.testing.assert_allclose((x.T @ h) / n, products, atol=5 * np.sqrt(squares.max() / n))


def test_gibbs_gives_the_same_bits_for_any_number_of_threads():
    W, c, b, z = (value.astype(np.float32) for value in random_model(20, 9))
    x = np.random.default_rng(0).normal(size=(500, 20)).astype(np.float32)
    results = []
    for threads in (1, 2, 3):
        kernels.set_num_threads(threads)
        results.append(kernels.gaussian_gibbs(x, 3, W, c, b, np.exp(z), KEY, 0))
    for other in results[1:]:
        assert_same_bits(results[0], other)
    assert np.any(kernels.gaussian_gibbs(x, 3, W, c, b, np.exp(z), KEY, 1)[0] != results[0][0])


# Gradients


def likelihood_gradient(x, model, centered, mu, lam):
    """Direction in which the plain parameters go, from finite differences in the centred ones."""
    W, c, b, z = model
    if not centered:
        mu, lam = np.zeros_like(c), np.zeros_like(b)

    def function(W, c_, b_, z):
        return log_density(x, W, c_ - W @ lam, b_ - (mu * np.exp(-z)) @ W, z).mean()

    values = W, c + W @ lam, b + (mu * np.exp(-z)) @ W, z
    dW, dc, db, dz = numerical_gradient(function, values)
    return dW, dc - dW @ lam, db - (mu * np.exp(-z)) @ (dW - W * dz[:, None]), dz


@pytest.mark.parametrize("centered", [False, True])
@pytest.mark.parametrize(("n", "m"), [(1, 1), (3, 4), (17, 2)])
@pytest.mark.parametrize("shift", [0.0, 3.0])
def test_exact_gradient_is_that_of_the_likelihood(n, m, centered, shift):
    model = random_model(n, m, shift=shift)
    x = np.random.default_rng(3).normal(size=(40, n)) * 1.3 + shift
    lam = np.random.default_rng(4).random(m)
    got = make_trainer(model).gradient(x, 0, 1, "exact", centered, x.mean(axis=0), lam)
    expected = likelihood_gradient(x, model, centered, x.mean(axis=0), lam)
    for a, b in zip(got, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-7)  # what differences of 1e-5 leave


def test_exact_gradient_in_single_precision_with_large_means():
    # u² is 1e6 times the variance: computed from u itself, the gradient would have no right digit.
    W, c, b, z = random_model(6, 5)
    x = np.random.default_rng(3).normal(size=(200, 6)) * 1.3
    mean, lam = x.mean(axis=0), np.full(5, 0.5)
    here = make_trainer((W, c, b, z)).gradient(x, 0, 1, "exact", True, mean, lam)
    far = 1000.0
    moved = W, c + far, b - far * (np.exp(-z) @ W), z  # the same distribution, by c − μ and b + Wᵀμ/σ²
    x32 = (x + far).astype(np.float32)
    there = make_trainer(moved, dtype=np.float32).gradient(
        x32, 0, 1, "exact", True, x32.mean(axis=0, dtype=np.float64).astype(np.float32), lam.astype(np.float32)
    )
    for a, b_ in zip(here[:2] + here[3:], there[:2] + there[3:], strict=True):
        np.testing.assert_allclose(b_, a, atol=5e-3)


def test_fixed_variances_have_no_gradient():
    model = random_model(3, 2)
    x = np.random.default_rng(3).normal(size=(40, 3))
    free = make_trainer(model).gradient(x, 0, 1, "exact", False, x.mean(axis=0), np.zeros(2))
    fixed = make_trainer(model, learn_variance=False).gradient(x, 0, 1, "exact", False, x.mean(axis=0), np.zeros(2))
    assert np.any(free[3] != 0)
    assert not fixed[3].any()
    for a, b in zip(free[:3], fixed[:3], strict=True):
        np.testing.assert_array_equal(a, b)


def cd_gradient(x, model, k):
    """Expectation of the gradient over all Gibbs paths: sums over hidden states, quadrature over two visible ones."""
    W, c, b, z = model
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    weights = weights / weights.sum()
    H = states(len(b))
    grid = np.stack(np.meshgrid(nodes, nodes, indexing="ij"), axis=-1).reshape(-1, 2)
    mass = np.outer(weights, weights).ravel()
    u = (c + H @ W.T)[:, None, :] + np.exp(z / 2) * grid  # (h, node, i)
    p = expit(b + (u / np.exp(z)) @ W)

    def distribution(p):
        return np.prod(np.where(H == 1, p[..., None, :], 1 - p[..., None, :]), axis=-1)

    to_next = np.einsum("q,hqk->hk", mass, distribution(p))
    data = hidden_mean(x, *model)
    start = distribution(data).mean(axis=0) @ np.linalg.matrix_power(to_next, k - 1)
    joint = np.einsum("h,q,hqi,hqj->ij", start, mass, u, p)
    first, second = np.einsum("h,q,hqi->i", start, mass, u), np.einsum("h,q,hqi->i", start, mass, u**2)
    hidden = np.einsum("h,q,hqj->j", start, mass, p)
    dW = x.T @ data / len(x) - joint
    squares = (x**2).mean(axis=0) - second
    mean = x.mean(axis=0) - first
    dz = (squares / 2 - c * mean - (W * dW).sum(axis=1)) / np.exp(z)
    return dW / np.exp(z)[:, None], mean / np.exp(z), data.mean(axis=0) - hidden, dz


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("gradient", ["cd", "pcd"])
@pytest.mark.parametrize("k", [1, 3])
def test_sampled_gradient_has_the_right_mean(dtype, gradient, k):
    # 60 draws from 2,000 samples each. 13 numbers within 5.5 standard errors (t with 59 degrees of freedom): the eight
    # cases together fail a right program once in 10,000 runs.
    model = random_model(2, 3, seed=5)
    x = np.random.default_rng(3).normal(size=(2000, 2)) * 1.5
    zero = np.zeros(3, dtype)
    draws = [
        np.concatenate([value.ravel() for value in make_trainer(model, dtype=dtype, key=(5, index)).gradient(
            x.astype(dtype), index, k, gradient, False, x.mean(axis=0).astype(dtype), zero)])
        for index in range(60)
    ]  # fmt: skip
    expected = np.concatenate([value.ravel() for value in cd_gradient(x, model, k)])
    error = np.std(draws, axis=0, ddof=1) / np.sqrt(60)
    assert np.all(np.abs(np.mean(draws, axis=0) - expected) < 5.5 * error)


def test_tempered_replicas_have_their_distributions():
    # 4,000 chains of 5 replicas after 100 steps, on a model with two modes far apart. Chi-square at each β: a right
    # program fails once in 1,000 runs.
    W = np.array([[3.0, 3.0, 3.0], [2.0, 2.0, 2.0]])
    model = W, np.array([-1.0, 0.5]), np.array([-8.0, -7.5, -9.0]), np.array([0.0, 0.4])
    x = mixture_sample(4000, *model, seed=2)
    trainer = make_trainer(model, x)
    report = run(trainer, gradient="pt", k=100, batch_size=4000, learning_rate=0.0, n_temperatures=5)
    assert 0 < report["exchange_rate"][0] < 1
    chains = trainer.state()["chains"]
    assert chains.shape == (20_000, 3)
    W, c, b, z = model
    H, mu = states(3), x.mean(axis=0)
    shifted = b + (mu * np.exp(-z)) @ W
    for replica, beta in enumerate(np.linspace(1, 0, 5)):
        logs = beta * H @ shifted + ((beta * (c - mu + H @ W.T)) ** 2 / (2 * np.exp(z))).sum(axis=1)
        expected = 4000 * np.exp(logs - logsumexp(logs))
        counts = np.bincount(chains[4000 * replica : 4000 * (replica + 1)] @ (1 << np.arange(3)), minlength=8)
        seen = expected > 5
        statistic = np.sum((counts[seen] - expected[seen]) ** 2 / expected[seen])
        assert statistic < chi2.ppf(1 - 2e-4, seen.sum() - (seen.all()))
        assert counts[~seen].sum() < 60


@pytest.mark.parametrize("dtype", DTYPES)
def test_sample_weights_are_counts(dtype):
    model, rng = random_model(5, 3), np.random.default_rng(0)
    x, counts = rng.normal(size=(30, 5)), rng.integers(1, 4, size=30)
    weighted = make_trainer(model, x, dtype, sample_weight=counts.astype(np.float64))
    repeated = make_trainer(model, np.repeat(x, counts, axis=0), dtype)
    for trainer in (weighted, repeated):
        run(trainer, n_epochs=5, gradient="exact", batch_size=1000, shuffle=False)
    tolerance = 1e-4 if dtype == np.float32 else 1e-12
    for a, b in zip(everything(weighted)[:4], everything(repeated)[:4], strict=True):
        np.testing.assert_allclose(a, b, atol=tolerance)


# Steps


def numpy_steps(model, x, n, rate, momentum, l1, l2, centered, floor):
    """The same ascent in plain NumPy, with the exact gradient: steps of W/σ, c'/σ and z."""
    W, c, b, z = (value.copy() for value in model)
    mu, lam = x.mean(axis=0), hidden_mean(x, *model).mean(axis=0)
    if not centered:
        mu, lam = 0 * mu, 0 * lam
    velocity = [np.zeros_like(value) for value in model]
    for _ in range(n):
        h, v, sd = hidden_mean(x, W, c, b, z), np.exp(z), np.exp(z / 2)
        products, mean, hidden, squares = moments(W, c, b, z)
        d_products, d_mean = x.T @ h / len(x) - products, x.mean(axis=0) - mean
        d_hidden = h.mean(axis=0) - hidden
        product = d_products - np.outer(mu, d_hidden)
        dz = (((x**2).mean(axis=0) - squares) / 2 - c * d_mean - (W * product).sum(axis=1)) / v
        dW = (product - np.outer(d_mean, lam)) / v[:, None] - l2 * W
        gradients = dW * sd[:, None], d_mean / sd, d_hidden, dz
        for at, g in enumerate(gradients):
            velocity[at] = g + momentum * velocity[at]
        couplings, old = W / v[:, None], W
        W = W + rate * sd[:, None] * velocity[0]
        threshold = rate / (1 - momentum) * l1 * v[:, None]
        W = np.sign(W) * np.maximum(np.abs(W) - threshold, 0)
        c = c + rate * sd * velocity[1] - (W - old) @ lam
        z = np.maximum(z + np.clip(rate * velocity[3], -np.log(2), np.log(2)), floor)
        b = b + rate * velocity[2] - mu @ (W / np.exp(z)[:, None] - couplings)
        lam = lam + 0.01 * (h.mean(axis=0) - lam) if centered else lam
    return W, c, b, z


@pytest.mark.parametrize("centered", [False, True])
@pytest.mark.parametrize(("momentum", "l1", "l2"), [(0.0, 0.0, 0.0), (0.6, 0.02, 0.01)])
def test_steps_are_those_of_numpy(centered, momentum, l1, l2):
    model = random_model(4, 3)
    x = np.random.default_rng(1).normal(size=(60, 4)) + 0.5
    trainer = make_trainer(model, x, floor=-0.4)
    run(trainer, n_epochs=7, gradient="exact", batch_size=60, learning_rate=0.1, momentum=momentum, l1=l1, l2=l2,
        centered=centered)  # fmt: skip
    expected = numpy_steps(model, x, 7, 0.1, momentum, l1, l2, centered, -0.4)
    for a, b in zip(everything(trainer)[:4], expected, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-12)


def test_the_unit_of_the_data_does_not_matter():
    # Data times 1,000 give weights, biases and deviations times 1,000 and the same hidden biases.
    W, c, b, z = random_model(4, 3)
    x = np.random.default_rng(1).normal(size=(60, 4)) + 0.5
    scaled = 1000 * W, 1000 * c, b, z + 2 * np.log(1000)
    for changes in ({}, {"optimizer": "adam", "momentum": 0.9}, {"gradient": "pcd", "momentum": 0.5}):
        here, there = make_trainer((W, c, b, z), x), make_trainer(scaled, 1000 * x)
        for trainer in (here, there):
            run(trainer, n_epochs=5, **changes)
        expected = 1000 * here.weights, 1000 * here.visible_bias, here.hidden_bias
        for a, b_ in zip((there.weights, there.visible_bias, there.hidden_bias), expected, strict=True):
            np.testing.assert_allclose(a, b_, rtol=1e-6, atol=1e-7)
        np.testing.assert_allclose(there.log_variance, here.log_variance + 2 * np.log(1000), rtol=1e-7)


def test_variances_move_by_two_at_most_and_stop_at_the_floor():
    W, c, b, z = np.zeros((2, 1)), np.zeros(2), np.zeros(1), np.zeros(2)
    x = np.array([[100.0, 0.0], [-100.0, 0.0]])
    trainer = make_trainer((W, c, b, z), x, floor=-1.0)
    run(trainer, gradient="exact", learning_rate=10.0)
    np.testing.assert_allclose(trainer.log_variance, [np.log(2), -np.log(2)])
    run(trainer, first_epoch=1, gradient="exact", learning_rate=10.0)
    np.testing.assert_allclose(trainer.log_variance, [2 * np.log(2), -1.0])


def test_fixed_variances_stay():
    model = random_model(4, 3)
    trainer = make_trainer(model, np.random.default_rng(1).normal(size=(60, 4)), learn_variance=False)
    run(trainer, n_epochs=3)
    np.testing.assert_array_equal(trainer.log_variance, model[3])
    assert np.any(trainer.weights != model[0])


def test_reconstruction_error_is_the_mean_square_of_what_the_hidden_state_misses():
    # With saturated hidden units their states are known.
    W, c, b, z = np.array([[2.0, -1.0]]), np.array([0.5]), np.array([60.0, -60.0]), np.zeros(1)
    x = np.random.default_rng(0).normal(size=(50, 1))
    report = run(make_trainer((W, c, b, z), x), learning_rate=0.0)
    np.testing.assert_allclose(report["reconstruction_error"][0], np.mean((x - 2.5) ** 2))


# Promises


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("gradient", ["cd", "pcd", "pt", "exact"])
@pytest.mark.parametrize("shape", [(40, 70), (64, 7)])
def test_same_bits_for_any_number_of_threads(dtype, gradient, shape):
    if gradient == "exact" and shape[1] > 10:
        shape = (150, 9)
    model = random_model(*shape, scale=0.1)
    x = np.random.default_rng(0).normal(size=(3000, shape[0]))
    results = []
    for threads in (1, 2, 3):
        kernels.set_num_threads(threads)
        trainer = make_trainer(model, x, dtype, sample_weight=np.arange(3000.0))
        report = run(trainer, n_epochs=2, gradient=gradient, batch_size=1300, momentum=0.5, k=2, n_temperatures=3)
        results.append([*everything(trainer), *report.values()])
    for other in results[1:]:
        assert_same_bits(results[0], other)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("gradient", ["cd", "pcd", "pt", "exact"])
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_resumes_to_the_same_bits(dtype, gradient, optimizer):
    model = random_model(18, 6, scale=0.2, shift=2.0)
    x = 2 + np.random.default_rng(0).normal(size=(130, 18))
    options = {"gradient": gradient, "momentum": 0.5, "optimizer": optimizer, "batch_size": 50, "n_temperatures": 3}
    whole = make_trainer(model, x, dtype)
    run(whole, n_epochs=5, **options)
    first = make_trainer(model, x, dtype)
    run(first, n_epochs=2, **options)
    second = make_trainer((first.weights, first.visible_bias, first.hidden_bias, first.log_variance), x, dtype)
    second.set_state(first.state())
    run(second, n_epochs=3, first_epoch=2, **options)
    assert_same_bits(everything(whole), everything(second))


@pytest.mark.parametrize("gradient", ["cd", "pcd", "pt", "exact"])
def test_training_raises_the_likelihood(gradient):
    model = random_model(6, 4, scale=1.5)
    x = mixture_sample(2000, *model, seed=1)
    start = 0.01 * np.random.default_rng(0).normal(size=(6, 4)), x.mean(axis=0), np.zeros(4), np.log(x.var(axis=0))
    trainer = make_trainer(start, x)
    run(trainer, n_epochs=60, gradient=gradient, learning_rate=0.05)
    before = log_density(x, *start).mean()
    after = log_density(x, *everything(trainer)[:4]).mean()
    best = log_density(x, *model).mean()
    assert after > before + 0.7 * (best - before)


def test_what_does_not_fit_is_refused():
    model = random_model(3, 2)
    trainer = make_trainer(model)
    with pytest.raises(ValueError, match="Gaussian units take real data"):
        trainer.set_data(np.zeros((4, 3), np.uint8))
    with pytest.raises(ValueError, match="finite values only"):
        trainer.set_real_data(np.array([[0.0, np.inf, 0.0]]))
    with pytest.raises(ValueError, match="finite values only"):
        trainer.set_real_data(np.array([[0.0, np.nan, 0.0]]))
    trainer.set_real_data(np.zeros((4, 3)))
    with pytest.raises(ValueError, match="'cd', 'pcd', 'pt' or 'exact' only"):
        run(trainer, gradient="paper")
    with pytest.raises(ValueError, match="log_variance must have shape"):
        kernels.GaussianTrainer64(*model[:3], np.zeros(4), np.zeros(3), True, KEY)
    state = trainer.state()
    with pytest.raises(ValueError, match="chains must have shape"):
        trainer.set_state(state | {"chains": np.zeros((5, 3), np.uint8)})
    with pytest.raises(KeyError, match="log_variance_velocity"):
        trainer.set_state({name: value for name, value in state.items() if name != "log_variance_velocity"})
    wide = make_trainer((np.zeros((2, 41)), np.zeros(2), np.zeros(41), np.zeros(2)), np.zeros((4, 2)))
    with pytest.raises(ValueError, match="hidden layer has more units"):
        run(wide, gradient="exact")


# Sums over hidden states


@pytest.mark.parametrize("n", [1, 3, 12, 14])
def test_up_moments_are_those_of_all_states(n):
    rng = np.random.default_rng(n)
    bonds = np.array([(i, j) for i in range(n) for j in range(i)], dtype=np.int64).reshape(-1, 2)
    J, fields = 0.3 * rng.normal(size=len(bonds)), rng.normal(size=n)
    e = kernels.SpinEnumeration(n, bonds, J, fields)
    log_z = float(logsumexp(e.log_sums(0, e.n_parts)))
    total, pairs = e.up_moments(0, e.n_parts, log_z)
    p, H = np.exp(e.log_weights(0, e.n_parts) - log_z), states(n)
    assert abs(total - 1) < 1e-12
    np.testing.assert_allclose(pairs, H.T @ (p[:, None] * H), atol=1e-12)


def test_annealing_weights_have_the_right_mean():
    # ⟨w⟩ = Z / Z_A: 20,000 chains of 20 steps, within 4.5 standard errors: a right program fails once in 150,000 runs.
    W, c, b, _ = random_model(3, 3, seed=7)
    z = np.zeros(3)
    e = kernels.Annealing(W, c, b, np.zeros((1, 3)), np.zeros(1), True)
    rng = np.random.default_rng(0)
    v, log_weights = e.run(np.linspace(0, 1, 21), 0, KEY, rng.normal(size=(20_000, 3)), np.zeros(20_000))
    # The kernel's distribution has −½y² + c·y where E has −½(y − c)².
    log_z = logsumexp(hidden_log_weights(W, c, b, z)) + (c @ c) / 2
    ratio = np.exp(log_weights + 1.5 * np.log(2 * np.pi) + 3 * np.log(2) - log_z)
    assert abs(ratio.mean() - 1) < 4.5 * ratio.std() / np.sqrt(len(ratio))
    _, mean, _, squares = moments(W, c, b, z)
    weights = ratio / ratio.sum()
    error = np.sqrt((squares - mean**2) * np.sum(weights**2))
    assert np.all(np.abs(weights @ v - mean) < 4.5 * error)


def test_annealing_refuses_values_of_the_wrong_kind():
    W, c, b, _ = random_model(3, 2)
    gaussian, binary = (kernels.Annealing(W, c, b, np.zeros((1, 3)), np.zeros(1), kind) for kind in (True, False))
    with pytest.raises(TypeError, match="real numbers"):
        gaussian.run(np.array([0.0, 1.0]), 0, KEY, np.zeros((4, 3), np.uint8), np.zeros(4))
    with pytest.raises(TypeError, match="0 and 1"):
        binary.run(np.array([0.0, 1.0]), 0, KEY, np.zeros((4, 3)), np.zeros(4))
    with pytest.raises(ValueError, match="finite"):
        gaussian.run(np.array([0.0, 1.0]), 0, KEY, np.full((4, 3), np.nan), np.zeros(4))
