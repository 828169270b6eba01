"""fit(X, sample_weight=…): weights are repetitions, and only their ratios matter."""

import numpy as np
import pytest

from rgrbm import BernoulliRBM
from rgrbm.likelihood import exact_gradient, log_likelihood, log_marginal

EXACT = {"n_components": 3, "gradient": "exact", "dtype": "float64", "batch_size": 1000, "random_state": 0}
X = np.repeat(np.random.default_rng(0).random((30, 3)) < 0.4, 2, axis=1).astype(np.uint8)  # pairs of equal units
WEIGHT = np.random.default_rng(1).integers(0, 4, 30).astype(float)


def parameters(rbm):
    return np.concatenate([rbm.components_.ravel(), rbm.intercept_visible_, rbm.intercept_hidden_])


@pytest.mark.parametrize("centered", [False, True])
@pytest.mark.parametrize("convert", [np.asarray, lambda x: 0.05 + 0.9 * x])
def test_weights_are_repetitions(centered, convert):
    """The same distribution at the optimum, by the exact gradient, so that there is no chance in it."""
    data, options = convert(X), {"n_iter": 12_000, "learning_rate": 1.0, "l2": 0.01, "centered": centered, **EXACT}
    weighted = log_marginal(BernoulliRBM(**options).fit(data, sample_weight=WEIGHT), "visible")
    repeated = log_marginal(BernoulliRBM(**options).fit(np.repeat(data, WEIGHT.astype(int), axis=0)), "visible")
    np.testing.assert_allclose(weighted, repeated, rtol=0, atol=1e-6)
    assert np.abs(weighted - log_marginal(BernoulliRBM(**options).fit(data), "visible")).max() > 0.05


def test_training_with_weights_follows_the_weighted_likelihood():
    rbm = BernoulliRBM(n_iter=6000, learning_rate=1.0, l2=0.02, **EXACT).fit(X, sample_weight=WEIGHT)
    dW, dc, db = exact_gradient(X, rbm, sample_weight=WEIGHT)
    np.testing.assert_allclose(dW, 0.02 * rbm.weights_, atol=1e-6)
    np.testing.assert_allclose(dc, 0, atol=1e-6)
    np.testing.assert_allclose(db, 0, atol=1e-6)


@pytest.mark.parametrize("gradient", ["cd", "pcd", "pt", "exact"])
def test_only_ratios_matter_and_small_batches_are_divided_by_their_own_weight(gradient):
    options = EXACT | {"gradient": gradient, "batch_size": 4, "n_iter": 20}
    one = BernoulliRBM(**options).fit(X, sample_weight=WEIGHT)
    other = BernoulliRBM(**options).fit(X, sample_weight=0.25 * WEIGHT)  # a power of 2: the same bits
    np.testing.assert_array_equal(parameters(one), parameters(other))


@pytest.mark.parametrize("gradient", ["cd", "pcd", "pt"])
def test_samples_without_weight_are_not_learned(gradient):
    patterns = np.repeat([[1, 1, 0, 0], [0, 0, 1, 1]], 100, axis=0).astype(np.uint8)
    rbm = BernoulliRBM(2, gradient=gradient, n_iter=300, batch_size=20, random_state=0)
    rbm.fit(patterns, sample_weight=np.repeat([1.0, 0.0], 100))
    assert log_likelihood(patterns[:1], rbm) > -0.5 > -4 > log_likelihood(patterns[-1:], rbm)


def test_a_training_is_not_resumed_with_other_weights(tmp_path):
    path, rbm = tmp_path / "c", BernoulliRBM(n_iter=2, **EXACT)
    whole = BernoulliRBM(n_iter=4, **EXACT).fit(X, sample_weight=WEIGHT)
    rbm.fit(X, sample_weight=WEIGHT, checkpoint=path)
    rbm.set_params(n_iter=4)
    for other in (None, WEIGHT + 1):
        with pytest.raises(ValueError, match=r"other data \(or sample weights\)"):
            rbm.fit(X, sample_weight=other, checkpoint=path, resume=True)
    np.testing.assert_array_equal(
        parameters(rbm.fit(X, sample_weight=WEIGHT, checkpoint=path, resume=True)), parameters(whole)
    )


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        (np.ones(29), r"shape \(30,\), got \(29,\)"),
        (np.ones((30, 1)), "shape"),
        (-np.ones(30), "not negative"),
        (np.zeros(30), "not all zero"),
        (np.full(30, np.nan), "finite"),
        (np.full(30, 1e308), "finite"),
        (np.ma.masked_array(np.ones(30), mask=np.arange(30) == 3), "must not have masked values, got 1"),
    ],
)
def test_bad_weights_are_refused(weight, message):
    with pytest.raises(ValueError, match=message):
        BernoulliRBM().fit(X, sample_weight=weight)
