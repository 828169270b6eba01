"""GaussianRBM as an estimator: scikit-learn's checks, its distribution, training, resumption, files, bad input."""

import re

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.utils.estimator_checks import check_estimator

import rgrbm
from gaussian_models import hidden_mean, log_density
from rgrbm import BernoulliRBM, FileFormatError, GaussianRBM
from rgrbm._core import kernels
from rgrbm.likelihood import log_likelihood, log_marginal, sample_exactly
from rgrbm.model import GaussianParameters
from rgrbm.rbm import EarlyStopping


def mixture():
    """Eight Gaussians in five dimensions: a model whose hidden units are independent, with known parameters."""
    variance = np.array([0.5, 1.0, 0.7, 0.3, 2.0])
    directions = np.linalg.qr(np.random.default_rng(0).normal(size=(5, 3)))[0]
    W = np.sqrt(variance)[:, None] * directions * np.array([4.0, 3.0, 5.0])
    c = np.array([-1.0, 0.0, 2.0, 1.0, 5.0])
    couplings = W / variance[:, None]
    b = -couplings.T @ c - 0.5 * np.diag(couplings.T @ W) + np.array([0.0, 0.5, -0.8])
    return GaussianParameters(W, c, b, variance)


def data(n=300, seed=0):
    return sample_exactly(mixture(), n, seed=seed)


def arguments(rbm):
    return rbm.weights_, rbm.intercept_visible_, rbm.intercept_hidden_, rbm.log_variance_


def assert_same(first, second):
    for a, b in zip(arguments(first), arguments(second), strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)


# As an estimator


def test_check_estimator():
    """All of scikit-learn's checks."""
    why = "weights are repetitions in distribution, not in the numbers drawn: see test_gaussian_trainer.py"
    by_chance = {"check_sample_weight_equivalence_on_dense_data": why}
    results = check_estimator(GaussianRBM(n_components=5), on_skip=None, expected_failed_checks=by_chance)
    skipped = [result["check_name"] for result in results if result["status"] not in ("passed", "xfail")]
    assert skipped in ([], ["check_array_api_input"])  # skipped unless SCIPY_ARRAY_API is set


@pytest.mark.parametrize(
    ("gradient", "n_iter", "gap"), [("exact", 60, 0.005), ("cd", 60, 0.005), ("pcd", 60, 0.005), ("pt", 30, 0.01)]
)
def test_reaches_the_likelihood_of_a_known_mixture(gradient, n_iter, gap):
    """The bound is 0.02 nats per sample; these seeds come to some 0.001, on samples not trained on."""
    true = mixture()
    assert np.exp(log_marginal(true, "hidden")).min() > 0.05  # none of the eight is negligible
    X, unseen = data(20_000, seed=1), data(20_000, seed=2)
    rbm = GaussianRBM(
        3, gradient=gradient, optimizer="adam", learning_rate=0.01, batch_size=200,
        n_iter=n_iter, learning_rate_schedule="linear", n_temperatures=4, random_state=0,
    ).fit(X)  # fmt: skip
    assert log_likelihood(unseen, true) - log_likelihood(unseen, rbm) < gap
    assert rbm.score(unseen) == pytest.approx(log_likelihood(unseen, rbm), abs=1e-9)
    np.testing.assert_allclose(rbm.variance_, true.variance_, rtol=0.05)


def test_fixed_variances_are_kept():
    variance = np.array([0.5, 1.0, 0.7, 0.3, 2.0])
    rbm = GaussianRBM(3, variance=variance, learn_variance=False, n_iter=3, random_state=0).fit(data())
    np.testing.assert_allclose(rbm.variance_, variance, rtol=1e-14)
    one = GaussianRBM(3, variance=0.25, learn_variance=False, n_iter=3, random_state=0).fit(data())
    np.testing.assert_allclose(one.variance_, np.full(5, 0.25), rtol=1e-14)


def test_methods_follow_the_parameters():
    X = data(50)
    rbm = GaussianRBM(4, n_iter=20, batch_size=50, random_state=0).fit(X)
    W, c, b, z = arguments(rbm)
    np.testing.assert_allclose(rbm.transform(X), hidden_mean(X, W, c, b, z), atol=1e-12)
    np.testing.assert_allclose(rbm.score_samples(X), log_density(X, W, c, b, z), atol=1e-10)
    assert rbm.score(X) == pytest.approx(log_density(X, W, c, b, z).mean())
    np.testing.assert_allclose(rbm.free_energy(X), -rbm.score_samples(X) - rgrbm.log_z(rbm), atol=1e-9)
    assert rbm.free_energy_hidden(np.eye(4)).shape == (4,)
    assert rbm.h_samples_.shape == (50, 4)
    # 20,000 draws each, 5 standard errors of 13 numbers: a right program fails once in 100,000 runs.
    n = 20_000
    p = rbm.transform(X[:1])[0]
    h = rbm.sample_hidden(np.repeat(X[:1], n, axis=0), seed=1)
    assert np.all(np.abs(h.mean(axis=0) - p) <= 5 * np.sqrt(p * (1 - p) / n) + 1e-12)
    for state in ([1, 0, 1, 0], [0.5, 0.25, 1.0, 0.0]):
        u = rbm.sample_visible(np.repeat([state], n, axis=0), seed=2)
        assert np.all(np.abs(u.mean(axis=0) - (c + W @ state)) < 5 * np.sqrt(rbm.variance_ / n))
    assert rbm.gibbs(X).shape == rbm.reconstruct(X).shape == X.shape
    assert np.any(rbm.gibbs(X) != rbm.gibbs(X))
    np.testing.assert_array_equal(rbm.reconstruct(X, seed=3), rbm.gibbs(X, seed=3))


def test_chains_sample_the_model():
    # Means and variances of 20,000 chains within 5 standard errors: a right program fails once in 100,000 runs.
    rbm = GaussianRBM(3, n_iter=5, random_state=0).fit(data(1000))
    x, exact = rbm.sample(20_000, n_steps=200, seed=0), rgrbm.likelihood.expectations(rbm)
    variance = exact.visible_products.diagonal() - exact.visible**2
    assert np.all(np.abs(x.mean(axis=0) - exact.visible) < 5 * np.sqrt(variance / 20_000))
    assert np.all(np.abs(x.var(axis=0) / variance - 1) < 0.06)


def test_score_of_a_wide_layer_is_annealed():
    rbm = GaussianRBM(22, n_iter=2, random_state=0).fit(data())
    assert rbm.score(data()) == pytest.approx(log_likelihood(data(), rbm), abs=0.05)  # 2²² states
    before = rbm.score(data())
    rbm.intercept_visible_ = rbm.intercept_visible_ + 1
    assert rbm.score(data()) != before  # log Z is estimated anew for other parameters


def test_features_in_other_units_are_learned_alike():
    units = np.array([1e-4, 1.0, 1e3, 1e5, 10.0])
    X = data()
    here, there = (GaussianRBM(3, n_iter=5, random_state=0).fit(x) for x in (X, X * units))
    np.testing.assert_allclose(there.components_, here.components_ * units, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(there.variance_, here.variance_ * units**2, rtol=1e-6)
    assert there.score(X * units) == pytest.approx(here.score(X) - np.log(units).sum(), abs=1e-6)


def test_constant_features_have_a_floor():
    X = data()
    X = np.column_stack([X, np.full(len(X), 7.3), np.zeros(len(X))])
    for options in ({}, {"gradient": "pcd", "optimizer": "adam"}, {"dtype": "float32"}):
        rbm = GaussianRBM(3, n_iter=20, random_state=0, **options).fit(X)
        scale = X.var(axis=0)[:5].mean()
        assert np.all(rbm.variance_[5:] >= 1e-6 * scale * (1 - 1e-4))
        assert np.all(rbm.variance_[5:] < 1e-4 * scale)
        np.testing.assert_allclose(rbm.sample_visible(np.eye(3), seed=0)[:, 5], 7.3, atol=0.1)
        assert np.isfinite(rbm.score(X))
    constant = GaussianRBM(2, n_iter=3, random_state=0).fit(np.ones((10, 2)))
    assert np.isfinite(constant.score(np.ones((10, 2))))


# Data


def test_integers_are_numbers():
    X = np.random.default_rng(0).integers(-50, 50, size=(40, 3))
    assert_same(*(GaussianRBM(2, n_iter=3, random_state=0).fit(x) for x in (X, X.astype(np.float64))))


@pytest.mark.parametrize(
    ("dtype", "expected"), [("float32", np.float32), ("float64", np.float64), ("uint8", np.float32)]
)
def test_precision_follows_the_data(dtype, expected):
    rbm = GaussianRBM(2, n_iter=2, random_state=0).fit((50 + 20 * data(20)).clip(0, 255).astype(dtype))
    assert all(value.dtype == expected for value in arguments(rbm))
    assert GaussianRBM(2, dtype="float64", n_iter=1).fit(data(20).astype(np.float32)).components_.dtype == np.float64


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (np.array([[0.0, np.nan], [1.0, 2.0]]), "contains NaN"),
        (np.array([[0.0, np.inf], [1.0, 2.0]]), "contains infinity"),
        (np.array([0.0, 1.0]), "Expected 2D array"),
        (np.zeros((0, 3)), "0 sample"),
        (np.array([[1e200, 0.0], [0.0, 1.0]]), "too large for float64"),
        (np.array([["a", "b"]]), "not compatible with arrays of bytes/strings"),
        ([[10**400, 1]], "X must be real numbers"),
    ],
)
def test_bad_data_is_refused(X, message):
    with pytest.raises(ValueError, match=message):
        GaussianRBM(2).fit(X)


def test_numbers_beyond_single_precision_are_refused():
    with pytest.raises(ValueError, match="too large for float32"):
        GaussianRBM(2, dtype="float32").fit(np.array([[1e60, 0.0], [0.0, 1.0]]))


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"gradient": "paper"}, "'gradient' parameter"),
        ({"variance": 0.0}, "'variance' parameter"),
        ({"variance": [1.0, 2.0]}, "one for each of 5 features"),
        ({"variance": [1.0, 2.0, -1.0, 1.0, 1.0]}, "must be positive"),
        ({"min_variance": 0.0}, "'min_variance' parameter"),
        ({"learn_variance": "yes"}, "'learn_variance' parameter"),
        ({"gradient": "exact", "n_components": 30}, "the hidden layer has 30 units"),
    ],
)
def test_bad_parameters_are_refused(parameters, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        GaussianRBM(**{"n_components": 3} | parameters).fit(data())


def test_methods_refuse_what_does_not_fit():
    with pytest.raises(NotFittedError):
        GaussianRBM(2).transform(data())
    rbm = GaussianRBM(2, n_iter=1).fit(data())
    with pytest.raises(ValueError, match="4 features"):
        rbm.score_samples(np.zeros((3, 4)))
    with pytest.raises(ValueError, match="contains NaN"):
        rbm.transform(np.full((2, 5), np.nan))
    with pytest.raises(ValueError, match=r"expected hidden states of shape \(n_samples, 2\)"):
        rbm.sample_visible(np.zeros((3, 3)))
    with pytest.raises(ValueError, match=r"in \[0, 1\].*Scale or threshold them\.$"):  # there is no clip to name
        rbm.sample_visible(np.full((3, 2), 2.0))
    for method in (rbm.fit, rbm.transform):
        with pytest.raises(ValueError, match=r"one sample per row.* got shape \(2, 5, 1\)\. Flatten"):
            method(np.zeros((2, 5, 1)))
    with pytest.raises(ValueError, match="got masked values"):
        rbm.transform(np.ma.masked_equal(np.eye(5), 0))
    with pytest.raises(TypeError, match=r"^GaussianRBM\.sample_visible\(\) missing"):
        rbm.sample_visible()
    with pytest.raises(TypeError, match="Gaussian"):
        BernoulliRBM(2).fit(np.eye(5), start=rbm)
    with pytest.raises(TypeError, match="no variance_"):
        GaussianRBM(2).fit(data(), start=BernoulliRBM(2, n_iter=0).fit(np.eye(5)))
    with pytest.raises(ValueError, match="start must have weights of shape"):
        GaussianRBM(3).fit(data(), start=rbm)


def test_training_starts_from_given_parameters():
    first = GaussianRBM(3, n_iter=4, random_state=0).fit(data())
    same = GaussianRBM(3, n_iter=0).fit(data(), start=first)
    np.testing.assert_allclose(same.components_, first.components_)
    np.testing.assert_allclose(same.variance_, first.variance_, rtol=1e-14)


# Training that is stopped, checkpoints and files


@pytest.mark.parametrize("gradient", ["cd", "pcd", "pt", "exact"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_resumed_training_ends_in_the_same_bits(tmp_path, gradient, dtype):
    X, weight = data(), np.random.default_rng(0).random(300)
    settings = {"gradient": gradient, "dtype": dtype, "momentum": 0.5, "random_state": 1, "n_temperatures": 3}
    whole = GaussianRBM(3, n_iter=6, **settings).fit(X, sample_weight=weight)
    in_memory = GaussianRBM(3, n_iter=2, **settings).fit(X, sample_weight=weight)
    in_memory.set_params(n_iter=6).fit(X, sample_weight=weight, resume=True)
    assert_same(whole, in_memory)
    np.testing.assert_array_equal(whole.h_samples_, in_memory.h_samples_)
    file = tmp_path / "state.safetensors"
    GaussianRBM(3, n_iter=2, **settings).fit(X, sample_weight=weight, checkpoint=file)
    from_file = GaussianRBM(3, n_iter=6, **settings).fit(X, sample_weight=weight, checkpoint=file, resume=True)
    assert_same(whole, from_file)


def test_resumption_refuses_other_settings():
    rbm = GaussianRBM(3, n_iter=2, random_state=0, variance=[1.0, 1.0, 1.0, 1.0, 1.0]).fit(data())
    rbm.set_params(variance=np.full(5, 2.0), n_iter=4)
    with pytest.raises(ValueError, match="cannot resume: the training was started with variance"):
        rbm.fit(data(), resume=True)
    with pytest.raises(ValueError, match="other data"):
        rbm.set_params(variance=np.ones(5)).fit(data(seed=1), resume=True)


@pytest.mark.filterwarnings("ignore:training has hardly moved")
def test_same_bits_for_any_number_of_threads():
    X = data(2000)
    results = []
    for threads in (1, 2):
        kernels.set_num_threads(threads)
        results.append(GaussianRBM(40, n_iter=3, batch_size=500, random_state=0).fit(X))
    kernels.set_num_threads(0)
    assert_same(*results)


def test_partial_fit_goes_on():
    X = data()
    rbm = GaussianRBM(3, random_state=0)
    for batch in np.split(X, 3):
        rbm.partial_fit(batch)
    assert rbm.n_iter_ == 3
    assert np.isfinite(rbm.score(X))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_files_hold_the_whole_model(tmp_path, dtype):
    file = tmp_path / "model.safetensors"
    rbm = GaussianRBM(3, n_iter=2, dtype=dtype, variance=np.ones(5), random_state=0).fit(data())
    rgrbm.save_model(rbm, file)
    for loaded in (rgrbm.load_model(file), GaussianRBM.load(file)):
        assert isinstance(loaded, GaussianRBM)
        assert_same(rbm, loaded)
        assert loaded.get_params() == rbm.get_params() | {"variance": [1.0] * 5}
        assert loaded.n_iter_ == 2
        np.testing.assert_array_equal(loaded.h_samples_, rbm.h_samples_)
        assert loaded.score(data()) == rbm.score(data())
    with pytest.raises(FileFormatError, match="holds a 'GaussianRBM', expected a 'BernoulliRBM'"):
        BernoulliRBM.load(file)
    binary = tmp_path / "binary.safetensors"
    BernoulliRBM(2, n_iter=1).fit(np.eye(3)).save(binary)
    with pytest.raises(FileFormatError, match="holds a 'BernoulliRBM', expected a 'GaussianRBM'"):
        GaussianRBM.load(binary)
    assert isinstance(rgrbm.load_model(binary), BernoulliRBM)


def test_files_without_variances_are_refused(tmp_path):
    from rgrbm._support.tensors import read_tensors, write_tensors

    file = tmp_path / "model.safetensors"
    GaussianRBM(3, n_iter=1).fit(data()).save(file)
    tensors, metadata = read_tensors(file, "GaussianRBM")
    lacking = {name: value for name, value in tensors.items() if name != "log_variance"}
    write_tensors(file, "GaussianRBM", lacking, metadata)
    with pytest.raises(FileFormatError, match="lacks the tensors"):
        rgrbm.load_model(file)
    write_tensors(file, "GaussianRBM", tensors | {"log_variance": np.full(5, np.nan)}, metadata)
    with pytest.raises(FileFormatError, match="not finite"):
        rgrbm.load_model(file)


# Callbacks


@pytest.mark.parametrize("score", ["exact", "ais"])
def test_early_stopping(score):
    stop = EarlyStopping(data(seed=3), score=score, patience=2, restore_best=True, gaussian=True)
    rbm = GaussianRBM(3, n_iter=40, learning_rate=0.3, batch_size=10, random_state=0)
    rbm.fit(data(60), callbacks=[stop], callback_interval=2)
    assert len(stop.scores_) >= 3
    assert set(stop.best_parameters_) == {"weights", "visible_bias", "hidden_bias", "log_variance"}
    np.testing.assert_array_equal(rbm.log_variance_, stop.best_parameters_["log_variance"])
    if score == "exact":
        assert log_likelihood(data(seed=3), rbm) == pytest.approx(max(stop.scores_))


def test_early_stopping_refuses_the_wrong_kind():
    with pytest.raises(ValueError, match="no pseudo-likelihood"):
        EarlyStopping(data(), gaussian=True)
    with pytest.raises(ValueError, match="made for a GaussianRBM"):
        BernoulliRBM(2).fit(np.eye(5), callbacks=[EarlyStopping(data(), score="exact", gaussian=True)])
    with pytest.raises(ValueError, match="made for a model with binary units"):
        GaussianRBM(2).fit(data(), callbacks=[EarlyStopping(np.eye(5), score="exact")])


def test_clones_and_repr():
    rbm = GaussianRBM(3, variance=0.5)
    assert clone(rbm).get_params() == rbm.get_params()
    assert repr(rbm) == "GaussianRBM(n_components=3, variance=0.5)"


@pytest.mark.parametrize("gradient", ["cd", "pcd"])
def test_variances_that_run_away_are_named_once(gradient):
    X = np.random.default_rng(0).normal(size=(300, 16)) @ np.random.default_rng(1).normal(size=(16, 16))
    rbm = GaussianRBM(8, gradient=gradient, optimizer="adam", learning_rate=1.0, n_iter=60, random_state=0)
    with pytest.warns(ConvergenceWarning, match="a variance is|its largest weight is|a bias is not finite") as seen:
        rbm.fit((X - X.mean(axis=0)) / X.std(axis=0))
    assert len([one for one in seen if one.category is ConvergenceWarning]) == 1
    assert rbm.history_.stopped == "divergence"
    assert all(np.isfinite(value).all() for value in arguments(rbm))
    assert (rbm.variance_ < 1e4).all()


def test_features_far_from_zero_are_warned_of():
    z = 5 * np.random.default_rng(0).normal(size=(300, 3))
    with pytest.warns(
        UserWarning, match=r"feature 0 is 1e\+07 ± [45]\.\d+: float32 keeps too few digits.*Subtract the mean"
    ):
        GaussianRBM(2, n_iter=2, random_state=0).fit((z + 1e7).astype(np.float32))
    for data in (z + 1e7, (z + 1e5).astype(np.float32), z.astype(np.float32)):  # none of these
        GaussianRBM(2, n_iter=2, random_state=0).fit(data)
