"""Annealed importance sampling against enumeration and closed forms."""

import warnings

import numpy as np
import pytest

import rgrbm
from rbm_models import random_rbm
from rgrbm.likelihood import annealing
from rgrbm.model import GaussianParameters, RBMParameters
from rgrbm.rg import decimation_rbm
from rgrbm.rg.exact_rbms import decimation_log_z


def trained_rbm(seed):
    """An RBM trained on samples of a ring at a random coupling, and its data."""
    J = np.random.default_rng(seed).uniform(0.3, 1.2)
    x = rgrbm.to_binary(rgrbm.IsingModel(20, J).sample(400, method="exact", seed=seed))
    rbm = rgrbm.BernoulliRBM(n_components=12, n_iter=400, batch_size=100, learning_rate=0.1, random_state=seed)
    return x, rbm.fit(x)


def test_bounds_hold_the_exact_value_in_95_of_100_trained_models():
    # lower = estimate − 2σ misses with probability 2.3%; the upper bound, from the reverse chains, far less often:
    # fewer than 95 hits would come with probability 3% for a new set of seeds.
    hits, errors = 0, []
    for seed in range(100):
        x, rbm = trained_rbm(seed)
        exact = rgrbm.log_z(rbm)
        result = rgrbm.log_z(rbm, "ais", n_chains=100, n_betas=200, x=x, seed=seed)
        hits += result.lower <= exact <= result.upper
        errors.append((result.log_z - exact) / result.stderr)
    assert hits >= 95
    # The standard error is one: the mean of 100 normal errors lies within ±0.45, their deviation within 1 ± 0.32,
    # but for 1e-5.
    assert abs(np.mean(errors)) < 0.45
    assert abs(np.std(errors) - 1) < 0.32


def test_weights_are_unbiased_in_both_directions():
    # Fast annealing, so that the weights vary; then their mean must still be Z exactly.
    rbm = random_rbm(7, 4, 1.0)
    exact, n = rgrbm.log_z(rbm), 40_000
    x = rgrbm.likelihood.sample_exactly(rbm, n, seed=1)
    result = rgrbm.anneal(rbm, n_chains=n, n_betas=4, x=x[:50], model_samples=x, seed=2)
    for log_ratio in (result.log_weights - exact, exact - result.reverse_log_weights):
        w = np.exp(log_ratio)
        # 4.5 standard errors: 7e-6 for each direction.
        assert abs(w.mean() - 1) < 4.5 * w.std() / np.sqrt(n)
        assert w.std() > 0.05


def test_forward_is_low_and_reverse_is_high_on_average():
    rbm = decimation_rbm(12, 1.0, 2.5)
    exact = rgrbm.log_z(rbm)
    x = rgrbm.likelihood.sample_exactly(rbm, 2000, seed=3)
    result = rgrbm.anneal(rbm, n_chains=2000, n_betas=20, model_samples=x, seed=4)
    # E ln w ≤ ln Z ≤ E ln w_reverse; here they are many standard errors apart.
    for values, sign in ((result.log_weights, -1), (result.reverse_log_weights, 1)):
        assert sign * (values.mean() - exact) > 5 * values.std() / np.sqrt(2000)


def test_closed_form_of_a_model_too_large_to_enumerate():
    exact = decimation_log_z(64, 1.0, 2.0)
    result = rgrbm.log_z(decimation_rbm(64, 1.0, 2.0), "ais", n_betas=2000, seed=0)
    assert result.lower < exact < result.upper
    assert result.upper - result.lower < 0.3
    assert result.effective_sample_size > 100


def test_same_bits_for_any_number_of_threads_and_seeds_that_matter():
    rbm = random_rbm(12, 8, 0.5)
    try:
        results = []
        for threads in (1, 3):
            rgrbm.set_num_threads(threads)
            results.append(rgrbm.anneal(rbm, n_chains=50, n_betas=30, seed=5))
    finally:
        rgrbm.set_num_threads(0)
    assert np.array_equal(results[0].log_weights, results[1].log_weights)
    assert np.array_equal(results[0].reverse_log_weights, results[1].reverse_log_weights)
    assert rgrbm.anneal(rbm, n_chains=50, n_betas=30, seed=6).log_z != results[0].log_z


def test_slices_of_the_schedule_change_nothing(monkeypatch):
    rbm = random_rbm(12, 8, 0.5)
    whole = rgrbm.anneal(rbm, n_chains=50, n_betas=31, seed=5)
    monkeypatch.setattr(annealing, "_WORK_PER_CALL", 1)
    sliced = rgrbm.anneal(rbm, n_chains=50, n_betas=31, seed=5)
    np.testing.assert_allclose(sliced.log_weights, whole.log_weights, rtol=1e-13)
    np.testing.assert_allclose(sliced.reverse_log_weights, whole.reverse_log_weights, rtol=1e-13)


def test_independent_units_are_exact_at_once():
    # With W = 0 and the base biases equal to the model's, all weights are Z.
    x = np.array([[1, 0, 1], [1, 1, 0]])
    base = np.log([2.5, 1.5, 1.5]) - np.log([0.5, 1.5, 1.5])
    result = rgrbm.anneal(
        RBMParameters(np.zeros((3, 2)), base, np.zeros(2)), x=x, n_modes=0, n_chains=20, n_betas=3, seed=0
    )
    assert result.log_z == pytest.approx(np.logaddexp(0, base).sum() + 2 * np.log(2), rel=1e-14)
    assert result.effective_sample_size == pytest.approx(20)


def test_one_chain_warns_that_it_has_no_error_bar():
    with pytest.warns(UserWarning, match="without an error bar"):
        result = rgrbm.anneal(random_rbm(6, 4, 0.5), n_chains=1, n_betas=50, seed=0)
    assert np.isnan(result.stderr)
    assert np.isnan(result.lower)
    assert np.isnan(result.upper)
    assert np.isfinite(result.log_z)


def test_few_effective_samples_are_refused():
    # A model of strong couplings, annealed in two steps.
    with pytest.raises(ArithmeticError, match=r"independent samples.*n_betas=2"):
        rgrbm.anneal(random_rbm(40, 40, 3.0), n_modes=0, n_chains=100, n_betas=2, seed=0)


def test_bad_input_is_refused():
    rbm = random_rbm(6, 4, 0.5)
    for options in ({"n_chains": 0}, {"n_betas": 0}):
        with pytest.raises(ValueError, match="at least 1"):
            rgrbm.anneal(rbm, **options)
    with pytest.raises(ValueError, match="n_modes must not be negative"):
        rgrbm.anneal(rbm, n_modes=-1)
    for options in ({"n_chains": 10**15}, {"n_betas": 10**15}):
        with pytest.raises(MemoryError, match=r"chains of 6 units and \d+ steps would take \S+ GiB"):
            rgrbm.anneal(rbm, **options)
    with pytest.raises(TypeError, match=r"n_chains must be an integer, got 2\.5"):
        rgrbm.anneal(rbm, n_chains=2.5)
    for name in ("x", "model_samples"):
        with pytest.raises(ValueError, match=f"{name} must have shape"):
            rgrbm.anneal(rbm, **{name: np.zeros((3, 5))})
        with pytest.raises(ValueError, match="to_binary"):
            rgrbm.anneal(rbm, **{name: -np.ones((3, 6))})
    with pytest.raises(TypeError, match="fitted"):
        rgrbm.anneal(rgrbm.BernoulliRBM())


def test_saturated_weights_stay_finite():
    # Log Z is 16,800: a step of β adds 3.4 nats, the log weights spread by 1.6, and 20 chains would be refused.
    rbm = RBMParameters(np.full((6, 4), 700.0), np.zeros(6), np.zeros(4))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = rgrbm.anneal(rbm, n_chains=200, n_betas=5000, seed=0)
    assert result.log_z == pytest.approx(rgrbm.log_z(rbm), abs=5 * max(result.stderr, 1e-9))


def two_modes(n_visible=30, n_hidden=8, strength=5.0):
    """An RBM of two separate modes, all units near 1 (with most of the mass) or near 0; its log Z is exact."""
    weights = np.full((n_visible, n_hidden), strength / n_hidden)
    visible_bias = np.full(n_visible, -strength / 2)
    return RBMParameters(weights, visible_bias, np.full(n_hidden, -strength * n_visible / n_hidden / 2 + 0.1))


def test_modes_hold_log_z_that_one_start_misses():
    """From the wrong mode's means, chains and bounds miss the right one; from one near each mode, they hold log Z."""
    rbm, rng = two_modes(), np.random.default_rng(0)
    exact = rgrbm.log_z(rbm)
    wrong = (rng.random((100, 30)) < 0.01).astype(np.uint8)
    assert rgrbm.anneal(rbm, x=wrong, n_modes=0, n_betas=1000, seed=1).upper < exact - 0.5
    for x in (wrong, None):
        annealed = rgrbm.anneal(rbm, x=x, n_betas=1000, seed=1)
        # The lower bound is 2 standard errors down: other seeds would miss it in 5 of 100 tests.
        assert annealed.mean_field_bound <= annealed.lower < exact < annealed.upper
        assert abs(annealed.log_z - exact) < 4 * annealed.stderr + 0.01


def test_log_z_of_a_long_trained_model():
    """Persistent chains of a high rate on noisy stripes: modes far apart, of which one start sees few."""
    rng = np.random.default_rng(0)
    x = np.repeat(np.eye(4, dtype=np.uint8), 9, axis=1).repeat(25, axis=0) ^ (rng.random((100, 36)) < 0.1)
    rbm = rgrbm.BernoulliRBM(12, gradient="pcd", n_iter=400, batch_size=10, learning_rate=0.1, random_state=0)
    exact = rgrbm.log_z(rbm.fit(x))
    pulls = []
    for seed in range(20):
        annealed = rgrbm.anneal(rbm, x=x if seed % 2 else None, n_betas=200, seed=seed)
        assert abs(annealed.log_z - exact) < 0.2
        pulls.append((annealed.log_z - exact) / annealed.stderr)
    # The mean of 20 normal numbers lies within ±1.0 and their deviation below 1.75, but for 1e-5 each.
    assert abs(np.mean(pulls)) < 1.0
    assert np.std(pulls) < 1.75


@pytest.mark.parametrize("n_modes", [0, 3, 64])
def test_the_mean_weight_of_a_mixture_is_right(n_modes):
    """Weights are unbiased from the first step on, whatever the start: few betas, many chains."""
    rng = np.random.default_rng(2)
    rbm = RBMParameters(rng.normal(0, 2.0, (8, 6)), rng.normal(0, 0.5, 8), rng.normal(0, 0.5, 6))
    x = rng.integers(2, size=(3, 8), dtype=np.uint8)
    annealed = rgrbm.anneal(rbm, x=x, n_modes=n_modes, n_betas=3, n_chains=40_000, seed=3)
    # 4.5 standard errors of the log of a mean: once in 100,000.
    assert abs(annealed.log_z - rgrbm.log_z(rbm)) < 4.5 * annealed.stderr
    backward = -np.log(np.mean(np.exp(-annealed.reverse_log_weights + annealed.reverse_log_weights.min())))
    assert backward + annealed.reverse_log_weights.min() == pytest.approx(rgrbm.log_z(rbm), abs=0.1)


def test_gaussian_units_of_separate_modes():
    """Four clusters that the means of data and one start do not separate; log Z is exact by sums over hidden units."""
    rng = np.random.default_rng(1)
    rbm = GaussianParameters(4 * rng.normal(size=(6, 8)), np.zeros(6), rng.normal(size=8), np.full(6, 0.3))
    exact = rgrbm.log_z(rbm)
    for seed in range(5):
        annealed = rgrbm.anneal(rbm, n_betas=1000, seed=seed)
        assert abs(annealed.log_z - exact) < 4.5 * annealed.stderr
        assert annealed.stderr < 0.2
        assert annealed.mean_field_bound <= exact + 1e-9


def test_progress_counts_the_steps_of_both_directions(monkeypatch):
    monkeypatch.setattr(annealing, "_WORK_PER_CALL", 1)
    seen = []
    rbm = random_rbm(6, 4, 0.5)
    watched = rgrbm.anneal(rbm, n_chains=20, n_betas=5, seed=0, progress=lambda *counts: seen.append(counts))
    assert seen == [(20 * step, 200) for step in range(11)]
    assert watched.log_z == rgrbm.anneal(rbm, n_chains=20, n_betas=5, seed=0, progress=False).log_z
    with pytest.raises(TypeError, match="progress must be True, False or a function"):
        rgrbm.anneal(rbm, n_betas=5, progress="bar")
