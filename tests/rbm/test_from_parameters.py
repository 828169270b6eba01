"""An estimator of given parameters draws from their distribution and keeps them."""

import numpy as np
import pytest
from sklearn.neural_network import BernoulliRBM as SklearnRBM

from rbm_models import joint, random_rbm, states
from rgrbm import load_model, save_model
from rgrbm.model import RBMParameters
from rgrbm.rbm import from_parameters, from_sklearn, to_sklearn
from rgrbm.rg import decimation_rbm


def test_its_chains_have_the_enumerated_distribution():
    parameters = random_rbm(4, 3, 1.0, seed=2)
    rbm = from_parameters(parameters)
    n = 40_000
    samples = rbm.sample(n, n_steps=100, seed=1)
    distribution = np.exp(joint(parameters)).sum(axis=1)
    distribution /= distribution.sum()
    counts = np.bincount(samples @ (1 << np.arange(4)), minlength=16)
    chi2 = np.sum((counts - n * distribution) ** 2 / (n * distribution))
    assert chi2 < 15 + 6 * np.sqrt(30)  # 15 degrees of freedom; a false alarm in 10,000
    np.testing.assert_allclose(rbm.free_energy(states(4).astype(np.uint8)), -np.log(np.exp(joint(parameters)).sum(1)))


def test_parameters_are_copied_and_kept(tmp_path):
    parameters = decimation_rbm(8, J=0.7, K=2.0)
    rbm = from_parameters(parameters, random_state=3)
    before = rbm.weights_.copy()
    parameters.weights_[:] = 0
    np.testing.assert_array_equal(rbm.weights_, before)
    assert (rbm.n_iter_, rbm.n_components, rbm.n_features_in_) == (0, 4, 8)
    rbm.save(tmp_path / "model.safetensors")
    loaded = load_model(tmp_path / "model.safetensors")
    np.testing.assert_array_equal(loaded.weights_, before)
    np.testing.assert_array_equal(loaded.sample(5, n_steps=3, seed=0), rbm.sample(5, n_steps=3, seed=0))
    # Draws without a seed go on from random_state.
    again = from_parameters(rbm, random_state=3)
    np.testing.assert_array_equal(again.sample(5, n_steps=3), from_parameters(rbm, random_state=3).sample(5, n_steps=3))
    assert np.any(again.sample(5, n_steps=3) != from_parameters(rbm, random_state=4).sample(5, n_steps=3))


def test_bad_input():
    with pytest.raises(TypeError, match="fitted RBM is needed"):
        from_parameters(np.zeros((2, 2)))
    with pytest.raises(ValueError, match="need 2 visible and 1 hidden biases"):
        from_parameters(RBMParameters(np.zeros((2, 1)), np.zeros(1), np.zeros(1)))
    with pytest.raises(ValueError, match="must be finite: weights_ holds NaN"):
        from_parameters(RBMParameters(np.full((2, 1), np.nan), np.zeros(2), np.zeros(1)))
    theirs = SklearnRBM(1, n_iter=1).fit(np.eye(2))
    with pytest.raises(TypeError, match="model must be a BernoulliRBM of scikit-learn's, got BernoulliRBM"):
        from_sklearn(from_sklearn(theirs))
    with pytest.raises(TypeError, match="model must be a BernoulliRBM, got 3"):
        to_sklearn(3)
    with pytest.raises(TypeError, match="model must be rgrbm's BernoulliRBM or GaussianRBM, got that of sklearn"):
        save_model(theirs, "rbm.safetensors")
