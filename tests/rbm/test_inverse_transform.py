"""Visible units given hidden ones: probabilities and means against plain NumPy, and against what is drawn from them."""

import numpy as np
import pytest
from scipy.special import expit

from rgrbm import BernoulliRBM, GaussianRBM

RNG = np.random.default_rng(0)
BINARY = BernoulliRBM(5, n_iter=20, random_state=0).fit(RNG.integers(0, 2, (200, 12)))
GAUSSIAN = GaussianRBM(5, n_iter=20, random_state=0).fit(RNG.normal(size=(200, 12)) * np.arange(1, 13))


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float32, np.float64, bool])
def test_values(dtype):
    H = RNG.integers(0, 2, (7, 5)).astype(dtype)
    inputs = H.astype(float) @ BINARY.components_ + BINARY.intercept_visible_
    np.testing.assert_allclose(BINARY.inverse_transform(H), expit(inputs), rtol=1e-5)
    means = H.astype(float) @ GAUSSIAN.components_ + GAUSSIAN.intercept_visible_
    np.testing.assert_allclose(GAUSSIAN.inverse_transform(H), means, rtol=1e-5)


@pytest.mark.parametrize("rbm", [BINARY, GAUSSIAN], ids=["binary", "gaussian"])
def test_draws_have_these_means(rbm):
    # 12 means of 40,000 draws for each of 2 states: |z| > 5 in one of 24 has a probability of 1.4e-5.
    for h in ([0, 1, 0, 1, 1], [1, 1, 1, 0, 0]):
        drawn = rbm.sample_visible(np.tile(h, (40_000, 1)), seed=1).astype(float)
        error = drawn.std(axis=0) / np.sqrt(len(drawn)) + 1e-9
        assert np.max(np.abs(drawn.mean(axis=0) - rbm.inverse_transform([h])[0]) / error) < 5


@pytest.mark.parametrize("rbm", [BINARY, GAUSSIAN], ids=["binary", "gaussian"])
def test_probabilities_are_a_mean_field(rbm):
    p = RNG.random((3, 5))
    inputs = p @ rbm.components_ + rbm.intercept_visible_
    np.testing.assert_allclose(rbm.inverse_transform(p), expit(inputs) if rbm is BINARY else inputs, rtol=1e-5)


@pytest.mark.parametrize("rbm", [BINARY, GAUSSIAN], ids=["binary", "gaussian"])
@pytest.mark.parametrize(
    ("H", "message"),
    [
        (np.zeros((3, 4)), r"expected hidden states of shape \(n_samples, 5\), got \(3, 4\)"),
        (np.zeros(5), "expected hidden states of shape"),
        (np.full((3, 5), np.nan), "hidden states must be finite numbers"),
        (np.full((3, 5), 1.5), "must lie in"),
        (np.full((3, 5), -1), "Negative values|must lie in"),
        ([[0] * 5, [1]], "hidden states must be real numbers in rows of one length"),
        (np.ones((3, 5), dtype=complex), "hidden states must be real numbers, got complex128"),
        (np.ma.masked_array(np.ones((3, 5)), mask=np.eye(3, 5)), "hidden states must not have masked values"),
    ],
)
def test_bad_input(rbm, H, message):
    with pytest.raises((TypeError, ValueError), match=message):
        rbm.inverse_transform(H)
