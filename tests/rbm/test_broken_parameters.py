"""Parameters that are not finite are refused where they are used or written, not drawn from or kept."""

import numpy as np
import pytest

from rgrbm import BernoulliRBM, GaussianRBM

X = np.random.default_rng(0).integers(0, 2, (50, 6))


def broken(kind, name, value):
    rbm = kind(3, n_iter=2, random_state=0).fit(X)
    getattr(rbm, name)[..., 0] = value
    return rbm


@pytest.mark.parametrize("kind", [BernoulliRBM, GaussianRBM])
@pytest.mark.parametrize("name", ["components_", "intercept_visible_", "intercept_hidden_"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize(
    "use",
    [
        lambda rbm: rbm.transform(X),
        lambda rbm: rbm.sample(3, n_steps=1, seed=0),
        lambda rbm: rbm.sample_hidden(X, seed=0),
        lambda rbm: rbm.sample_visible(np.zeros((2, 3)), seed=0),
        lambda rbm: rbm.reconstruct(X, seed=0),
        lambda rbm: rbm.free_energy(X),
        lambda rbm: rbm.inverse_transform(np.zeros((2, 3))),
    ],
)
def test_use(kind, name, value, use):
    rbm = broken(kind, name, value)
    with pytest.raises(ValueError, match=f"expected finite parameters, got NaN or infinity in {name}"):
        use(rbm)


def test_infinities_of_both_signs():
    rbm = broken(BernoulliRBM, "components_", np.inf)
    rbm.components_[..., 1] = -np.inf
    with pytest.raises(ValueError, match="expected finite parameters"):
        rbm.transform(X)


@pytest.mark.parametrize("kind", [BernoulliRBM, GaussianRBM])
def test_files(kind, tmp_path):
    rbm = broken(kind, "components_", np.nan)
    with pytest.raises(ValueError, match=r"expected finite parameters, got NaN or infinity in .* is not written"):
        rbm.save(tmp_path / "model.safetensors")
    assert list(tmp_path.iterdir()) == []


def test_large_parameters_are_no_broken_ones():
    rbm = BernoulliRBM(3, n_iter=2, random_state=0, dtype="float32").fit(X)
    rbm.components_[:] = 3e37  # finite, though the sum of 18 in single precision is not
    assert rbm.transform(X).shape == (50, 3)


@pytest.mark.parametrize("kind", [BernoulliRBM, GaussianRBM])
def test_refused_data_leave_a_fitted_model_as_it_was(kind):
    X = np.random.default_rng(0).integers(2, size=(40, 5)).astype(float)
    rbm = kind(2, n_iter=2, random_state=0).fit(X)
    before = rbm.components_.copy()
    with pytest.raises(ValueError, match="NaN"):
        rbm.fit(np.full((10, 7), np.nan))
    assert rbm.n_features_in_ == 5
    np.testing.assert_array_equal(rbm.components_, before)
    assert rbm.transform(X).shape == (40, 2)
    fresh = kind(2)
    with pytest.raises(ValueError, match="NaN"):
        fresh.fit(np.full((10, 7), np.nan))
    assert not hasattr(fresh, "n_features_in_")


def test_parameters_set_by_hand_can_draw():
    rbm = BernoulliRBM(2, random_state=3)
    rbm.components_, rbm.intercept_visible_, rbm.intercept_hidden_ = np.zeros((2, 4)), np.zeros(4), np.zeros(2)
    rbm.n_features_in_ = 4
    assert rbm.gibbs(np.zeros((3, 4))).shape == (3, 4)
    assert rbm.sample(2, n_steps=3).shape == (2, 4)


def test_enumerations_of_very_many_units_are_refused_in_words():
    from rgrbm.likelihood import log_marginal, log_z
    from rgrbm.model import RBMParameters

    large = RBMParameters(np.zeros((1100, 1100)), np.zeros(1100), np.zeros(1100))
    with pytest.raises(ValueError, match=r"2\^1100 states"):
        log_z(large)
    with pytest.raises(ValueError, match=r"2\^1100 states"):
        log_marginal(large, "visible")
