"""Parallel tempering: stationary distributions against enumeration where plain chains fail, exchanges, promises."""

import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import chi2

import rgrbm
from rbm_models import random_rbm, states
from rgrbm import BernoulliRBM
from rgrbm._core import kernels
from rgrbm.model import RBMParameters

TRAINERS = {np.float32: kernels.Trainer32, np.float64: kernels.Trainer64}


def two_modes(n=6, m=3, weight=5.0, field=0.25):
    """Strongly coupled ±1 units in a weak field: all up or all down, with probabilities that the field decides."""
    return rgrbm.model.binary_parameters(np.full((n, m), weight / 4), np.full(n, field / 2), np.zeros(m))


def tempered_log_distribution(rbm, base, beta):
    """Log of the unnormalised p_β(v) of every state."""
    v = states(len(base))
    return v @ ((1 - beta) * base + beta * rbm.intercept_visible_) + np.logaddexp(
        0, beta * (rbm.intercept_hidden_ + v @ rbm.weights_)
    ).sum(axis=1)


def frozen_run(rbm, x, n_epochs, dtype=np.float64, **options):
    """Epochs that move the chains only."""
    trainer = TRAINERS[dtype](*(a.astype(dtype) for a in rbm), (5, 6))
    trainer.set_data(x, None)
    report = trainer.run(
        first_epoch=0, learning_rate=np.zeros(n_epochs), l1=np.zeros(n_epochs), l2=0.0, momentum=0.0,
        batch_size=len(x), k=1, centered=False, shuffle=False, **options,
    )  # fmt: skip
    return trainer, report


def chi_square(chains, log_distribution):
    """Statistic and degrees of freedom of the chains' states, those with fewer than 5 expected taken together."""
    counts = np.bincount(chains @ (1 << np.arange(chains.shape[1])), minlength=len(log_distribution))
    expected = len(chains) * np.exp(log_distribution - logsumexp(log_distribution))
    rare = expected < 5
    observed, mean = (np.append(a[~rare], a[rare].sum())[: len(a)] for a in (counts, expected))
    return np.sum((observed - mean) ** 2 / mean), len(mean) - 1


def random_units(n_samples, n_units):
    x = (np.random.default_rng(0).random((n_samples, n_units)) < 0.5).astype(np.uint8)
    x[n_samples // 2 :] = 1 - x[: n_samples // 2]  # means of exactly ½
    return x


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_temperature_has_its_distribution_where_plain_chains_are_stuck(dtype):
    """4,096 chains of 8 temperatures: 8 chi-squares of 1e-7 each, both precisions together fail below 2e-6."""
    rbm, x = two_modes(), random_units(4096, 6)
    trainer, _ = frozen_run(rbm, x, 400, dtype, gradient="pt", n_temperatures=8)
    chains = trainer.state()["chains"].reshape(8, 4096, 6)
    for beta, row in zip(np.linspace(1, 0, 8), chains, strict=True):
        statistic, degrees = chi_square(row, tempered_log_distribution(rbm, np.zeros(6), beta))
        assert statistic < chi2.isf(1e-7, degrees)
    plain, _ = frozen_run(rbm, x, 400, dtype, gradient="pcd")
    statistic, degrees = chi_square(plain.state()["chains"], tempered_log_distribution(rbm, np.zeros(6), 1.0))
    assert statistic > 10 * chi2.isf(1e-7, degrees)


@pytest.mark.parametrize(("n", "m"), [(3, 20), (9, 2)])
def test_distribution_of_random_weights_with_the_datas_own_biases_at_the_hot_end(n, m):
    """Chi-squares of 1e-7 for 5 temperatures of 2 shapes: a false alarm in 1e6."""
    rbm = random_rbm(n, m, 1.5)
    x = (np.random.default_rng(1).random((2048, n)) < np.linspace(0.2, 0.9, n)).astype(np.uint8)
    ones = x.sum(axis=0)
    base = np.log(ones + 0.5) - np.log(2048 - ones + 0.5)
    trainer, _ = frozen_run(rbm, x, 100, gradient="pt", n_temperatures=5)
    for beta, row in zip(np.linspace(1, 0, 5), trainer.state()["chains"].reshape(5, 2048, n), strict=True):
        statistic, degrees = chi_square(row, tempered_log_distribution(rbm, base, beta))
        assert statistic < chi2.isf(1e-7, degrees)


def test_exchange_rate_is_the_expected_one():
    """Two temperatures, all pairs of joint states; 204,800 proposals, 5 standard errors: a false alarm in 1e6."""
    rbm, x = random_rbm(3, 2, 2.0), random_units(2048, 3)
    v, h = states(3), states(2)
    U = (v @ rbm.intercept_visible_)[:, None] + h @ rbm.intercept_hidden_ + v @ rbm.weights_ @ h.T
    cold = np.exp(U - logsumexp(U)).ravel()
    expected = (cold[:, None] * np.minimum(1, np.exp(U.ravel() - U.ravel()[:, None])) / U.size).sum()
    _, report = frozen_run(rbm, x, 120, gradient="pt", n_temperatures=2)
    rate = report["exchange_rate"][20:]
    assert rate.shape == (100,)
    assert abs(rate.mean() - expected) < 5 * rate.std(ddof=1) / 10
    assert rate.std() < 0.03


def test_equal_distributions_always_exchange():
    zero = RBMParameters(np.zeros((4, 3)), np.zeros(4), np.zeros(3))
    _, report = frozen_run(zero, random_units(100, 4), 5, gradient="pt", n_temperatures=3)
    np.testing.assert_array_equal(report["exchange_rate"], 1.0)


@pytest.mark.filterwarnings("ignore:training has hardly moved")
@pytest.mark.parametrize("batch_size", [7, 100, 1300])
def test_same_bits_for_any_number_of_threads_and_after_a_resumption(batch_size, tmp_path):
    x = (np.random.default_rng(1).random((1300, 70)) < 0.4).astype(np.uint8)[: 13 * batch_size]
    options = {
        "n_components": 20, "gradient": "pt", "k": 2, "n_temperatures": 3, "batch_size": batch_size, "random_state": 3,
    }  # fmt: skip
    results = []
    try:
        for threads in (1, 2, 3):
            rgrbm.set_num_threads(threads)
            results.append(BernoulliRBM(n_iter=3, **options).fit(x))
    finally:
        rgrbm.set_num_threads(0)
    BernoulliRBM(n_iter=2, **options).fit(x, checkpoint=tmp_path / "c")
    results.append(BernoulliRBM(n_iter=3, **options).fit(x, checkpoint=tmp_path / "c", resume=True))
    for other in results[1:]:
        np.testing.assert_array_equal(other.components_, results[0].components_)
        np.testing.assert_array_equal(other.h_samples_, results[0].h_samples_)
        np.testing.assert_array_equal(other.history_["exchange_rate"], results[0].history_["exchange_rate"])
    assert results[0].h_samples_.shape == (min(batch_size, len(x)), 20)


def test_weighted_and_real_data_are_learned_from():
    # A half of the samples weighs nothing: the learned means are those of the other half. Bounds far outside the
    # noise of a gradient step of size 0.02 on 100 chains.
    x = np.repeat([[0, 1, 0, 1], [1, 1, 0, 0]], 50, axis=0)
    weight = np.repeat([1.0, 0.0], 50)
    for data in (x.astype(np.uint8), 0.1 + 0.8 * x):
        trainer = kernels.Trainer64(np.zeros((4, 2)), np.zeros(4), np.zeros(2), (1, 2))
        (trainer.set_data if data.dtype == np.uint8 else trainer.set_real_data)(data, weight)
        trainer.run(
            first_epoch=0, learning_rate=np.full(3000, 0.1), l1=np.zeros(3000), l2=0.01, momentum=0.0, batch_size=100,
            k=1, gradient="pt", centered=True, shuffle=True, n_temperatures=3,
        )  # fmt: skip
        model = RBMParameters(trainer.weights, trainer.visible_bias, trainer.hidden_bias)
        np.testing.assert_allclose(rgrbm.likelihood.expectations(model).visible, data[0], atol=0.05)


def test_too_few_temperatures_are_refused():
    with pytest.raises(ValueError, match="n_temperatures"):
        BernoulliRBM(gradient="pt", n_temperatures=1).fit(np.zeros((3, 2)))
    with pytest.raises(ValueError, match="n_temperatures must be at least 2"):
        frozen_run(random_rbm(2, 2, 1.0), random_units(4, 2), 1, gradient="pt", n_temperatures=1)
