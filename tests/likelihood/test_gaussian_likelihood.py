"""Likelihoods of models with Gaussian visible units: against mixtures of Gaussians, quadrature and differences."""

import numpy as np
import pytest
from scipy import integrate
from scipy.special import logsumexp
from scipy.stats import chi2, norm

from gaussian_models import hidden_log_weights, log_density, moments, numerical_gradient, random_model
from rbm_models import states
from rgrbm import anneal, log_z
from rgrbm._core import kernels
from rgrbm.likelihood import (
    exact_gradient,
    expectations,
    kl_divergence,
    log_likelihood,
    log_marginal,
    sample_exactly,
)
from rgrbm.model import GaussianParameters, RBMParameters, gaussian_free_energy, gaussian_hidden_free_energy
from rgrbm.model.parameters import parameters_of
from rgrbm.rg import effective_couplings


def parameters(model):
    W, c, b, z = model
    return GaussianParameters(W, c, b, np.exp(z))


@pytest.mark.parametrize(("n", "m"), [(1, 1), (3, 5), (40, 3), (2, 14)])
def test_log_z_is_that_of_the_mixture(n, m):
    model = random_model(n, m, shift=1.0)
    assert log_z(parameters(model)) == pytest.approx(logsumexp(hidden_log_weights(*model)), abs=1e-10)


@pytest.mark.parametrize("m", [1, 3])
def test_log_z_and_density_by_integration(m):
    """Nothing of the closed forms: the energy, summed over h and integrated over u."""
    W, c, b, z = random_model(2, m, seed=4)
    v = np.exp(z)

    def density(*u):
        u = np.array(u)
        energy = ((u - c) ** 2 / (2 * v)).sum() - states(m) @ ((u / v) @ W + b)
        return np.exp(-energy).sum()

    total, error = integrate.dblquad(density, -14, 14, -14, 14, epsabs=1e-9, epsrel=1e-9)
    rbm = parameters((W, c, b, z))
    assert log_z(rbm) == pytest.approx(np.log(total), abs=1e-8 + 2 * error / total)
    x = np.array([[0.3, -1.0], [2.0, 0.5]])
    assert -gaussian_free_energy(x, rbm) == pytest.approx(np.log([density(*u) for u in x]), abs=1e-12)


def test_free_energies_are_those_of_the_mixture():
    model = random_model(4, 3, shift=2.0)
    rbm, x = parameters(model), np.random.default_rng(0).normal(size=(20, 4))
    np.testing.assert_allclose(-gaussian_free_energy(x, rbm) - log_z(rbm), log_density(x, *model), atol=1e-11)
    np.testing.assert_allclose(-gaussian_hidden_free_energy(states(3), rbm), hidden_log_weights(*model), atol=1e-11)
    assert log_likelihood(x, rbm) == pytest.approx(log_density(x, *model).mean(), abs=1e-11)
    assert log_likelihood(x, rbm, log_z=3.0) == pytest.approx(-gaussian_free_energy(x, rbm).mean() - 3.0)


def test_large_means_cost_no_digits():
    W, c, b, z = random_model(4, 3)
    far = 1e6
    moved = parameters((W, c + far, b - far * (np.exp(-z) @ W), z))
    x = np.random.default_rng(0).normal(size=(20, 4))
    np.testing.assert_allclose(
        gaussian_free_energy(x + far, moved) - gaussian_free_energy(x, parameters((W, c, b, z))), 0, atol=1e-7
    )


def test_hidden_marginal():
    model = random_model(4, 5)
    logs = hidden_log_weights(*model)
    np.testing.assert_allclose(log_marginal(parameters(model), "hidden"), logs - logsumexp(logs), atol=1e-11)
    np.testing.assert_allclose(log_marginal(parameters(model), "hidden", normalized=False), logs, atol=1e-11)


@pytest.mark.parametrize(("n", "m"), [(3, 4), (2, 13)])
def test_expectations_are_those_of_the_mixture(n, m):
    model = W, c, _, z = random_model(n, m, shift=1.0)
    got = expectations(parameters(model))
    products, visible, hidden, squares = moments(*model)
    np.testing.assert_allclose(got.products, products, atol=1e-10)
    np.testing.assert_allclose(got.visible, visible, atol=1e-10)
    np.testing.assert_allclose(got.hidden, hidden, atol=1e-12)
    np.testing.assert_allclose(got.visible_products.diagonal(), squares, atol=1e-9)
    logs = hidden_log_weights(*model)
    p, means = np.exp(logs - logsumexp(logs)), c + states(m) @ W.T
    np.testing.assert_allclose(got.visible_products, means.T @ (p[:, None] * means) + np.diag(np.exp(z)), atol=1e-9)
    np.testing.assert_allclose(got.hidden_products, states(m).T @ (p[:, None] * states(m)), atol=1e-12)


@pytest.mark.parametrize("weighted", [False, True])
def test_gradient_is_that_of_differences(weighted):
    model, rng = random_model(3, 4, shift=1.5), np.random.default_rng(1)
    x = rng.normal(size=(30, 3)) + 1.5
    weight = rng.random(30) if weighted else None
    got = exact_gradient(x, parameters(model), sample_weight=weight)
    expected = numerical_gradient(lambda *p: np.average(log_density(x, *p), weights=weight), model)
    assert len(got) == 4
    for a, b in zip(got, expected, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-7)


def test_exact_samples_have_the_distribution():
    # Chi-square over 20 equal parts of each of three projections and of the hidden states' marks: a right program fails
    # once in 1,000 runs.
    model = random_model(3, 3, seed=6, scale=1.5)
    n = 40_000
    x = sample_exactly(parameters(model), n, seed=0)
    assert x.dtype == np.float64
    reference = sample_exactly(parameters(model), 50, seed=1)
    np.testing.assert_array_equal(reference, sample_exactly(parameters(model), 50, seed=1))
    W, c, _, z = model
    logs = hidden_log_weights(*model)
    p, means = np.exp(logs - logsumexp(logs)), c + states(3) @ W.T
    for i in range(3):
        edges = np.linspace(x[:, i].min(), x[:, i].max(), 21)
        cdf = p @ norm.cdf((edges[None, :] - means[:, i : i + 1]) / np.exp(z[i] / 2))
        expected = n * np.diff(np.concatenate([[0], cdf[1:-1], [1]]))
        counts = np.histogram(x[:, i], edges)[0]
        seen = expected > 5
        statistic = np.sum((counts[seen] - expected[seen]) ** 2 / expected[seen])
        assert statistic < chi2.ppf(1 - 1e-3 / 3, seen.sum())


@pytest.mark.parametrize("with_data", [False, True])
def test_annealing_finds_log_z(with_data):
    # 20 seeds; estimates within 4.5 standard errors: a right program fails once in 7,000 runs.
    model = random_model(5, 6, seed=2, shift=3.0)
    rbm, exact = parameters(model), logsumexp(hidden_log_weights(*model))
    x = sample_exactly(rbm, 100, seed=5) if with_data else None
    for seed in range(20):
        result = anneal(rbm, n_chains=300, n_betas=300, x=x, seed=seed)
        assert abs(result.log_z - exact) < 4.5 * result.stderr + 1e-9
        assert result.lower < exact < result.upper or abs(result.log_z - exact) > 2 * result.stderr


def test_bounds_enclose_log_z_on_average():
    """Forward weights are unbiased for Z, reverse ones from exact samples for 1/Z: on average they enclose log Z."""
    model = random_model(4, 5, seed=3, scale=0.8)
    rbm, exact = parameters(model), logsumexp(hidden_log_weights(*model))
    below, above = [], []
    for seed in range(30):  # the mean log weights differ from log Z by many standard errors of 30 runs
        result = anneal(rbm, n_chains=100, n_betas=20, model_samples=sample_exactly(rbm, 100, seed=seed), seed=seed)
        below.append(result.log_weights.mean())
        above.append(result.reverse_log_weights.mean())
    assert np.mean(below) < exact < np.mean(above)


def test_annealing_by_name_and_its_options():
    rbm = parameters(random_model(3, 2))
    assert log_z(rbm, "ais", n_chains=50, n_betas=100, seed=0).log_z == pytest.approx(log_z(rbm), abs=0.2)


def test_same_annealing_for_any_number_of_threads():
    rbm = parameters(random_model(5, 4))
    results = []
    for threads in (1, 2):
        kernels.set_num_threads(threads)
        results.append(anneal(rbm, n_chains=50, n_betas=50, seed=3).log_weights.tobytes())
    kernels.set_num_threads(0)
    assert results[0] == results[1]


def test_models_of_the_other_kind_are_refused():
    rbm = parameters(random_model(3, 2))
    for function in (parameters_of, lambda r: effective_couplings(r, layer="hidden"), lambda r: kl_divergence([1], r)):
        with pytest.raises(TypeError, match="Gaussian"):
            function(rbm)
    with pytest.raises(TypeError, match="no list of states"):
        log_marginal(rbm, "visible")
    with pytest.raises(TypeError, match="Gaussian visible units is needed"):
        gaussian_free_energy([[0.0]], RBMParameters(np.zeros((1, 1)), np.zeros(1), np.zeros(1)))


def test_what_does_not_fit_is_refused():
    W, c, b, z = random_model(3, 2)
    rbm = parameters((W, c, b, z))
    with pytest.raises(ValueError, match=r"x must have shape \(n_samples, 3\), got \(3,\)"):
        log_likelihood([0.0, 1.0, 2.0], rbm)
    with pytest.raises(ValueError, match="NaN or infinity"):
        log_likelihood([[0.0, np.nan, 2.0]], rbm)
    with pytest.raises(TypeError, match="real numbers"):
        log_likelihood([["a", "b", "c"]], rbm)
    with pytest.raises(ValueError, match="variance_ must be positive"):
        log_z(rbm._replace(variance_=np.array([1.0, 0.0, 1.0])))
    with pytest.raises(ValueError, match="variance_ must be positive"):
        log_z(rbm._replace(variance_=np.ones(2)))
    with pytest.raises(ValueError, match="must be finite"):
        log_z(rbm._replace(weights_=np.full((3, 2), np.inf)))
    wide = GaussianParameters(np.zeros((2, 30)), np.zeros(2), np.zeros(30), np.ones(2))
    with pytest.raises(ValueError, match="hidden layer has 30 units"):
        log_z(wide)
    with pytest.raises(ValueError, match="model_samples must have shape"):
        anneal(rbm, model_samples=np.zeros((4, 2)))
