"""BernoulliRBM as an estimator: what scikit-learn's users and tools expect of it, and what it adds."""

import inspect
import os
import pickle
import re
import signal
import threading
import time

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.special import expit
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import BernoulliRBM as SklearnRBM
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import check_estimator

import rgrbm
from rgrbm import BernoulliRBM
from rgrbm.model import RBMParameters

N_VISIBLE, N_HIDDEN = 8, 3


def two_patterns(n_samples=200, flip=0.05, seed=0):
    """Samples of one of two complementary patterns, each unit flipped with a small probability."""
    rng = np.random.default_rng(seed)
    pattern = np.tile([0, 1], N_VISIBLE // 2)
    data = np.where(rng.random((n_samples, 1)) < 0.5, pattern, 1 - pattern)
    return (data ^ (rng.random(data.shape) < flip)).astype(np.uint8)


@pytest.fixture(scope="module")
def X():
    return two_patterns()


@pytest.fixture(scope="module")
def fitted(X):
    return BernoulliRBM(n_components=N_HIDDEN, n_iter=50, random_state=0).fit(X)


def random_model(seed=0, n_visible=5, n_hidden=4):
    """A model with given, not trained, parameters."""
    rng = np.random.default_rng(seed)
    theirs = SklearnRBM(n_components=n_hidden, n_iter=0, random_state=seed).fit(np.zeros((2, n_visible)))
    theirs.components_ = rng.normal(size=(n_hidden, n_visible))
    theirs.intercept_hidden_ = rng.normal(size=n_hidden)
    theirs.intercept_visible_ = rng.normal(size=n_visible)
    return rgrbm.rbm.from_sklearn(theirs), theirs


def all_states(n):
    return ((np.arange(2**n)[:, None] >> np.arange(n)) & 1).astype(np.uint8)


# A drop-in for scikit-learn


def test_check_estimator():
    """All of scikit-learn's checks. They feed real numbers of any size, which only clip=True lets pass."""
    why = "weights are repetitions in distribution, not in the numbers drawn: see test_sample_weight.py"
    by_chance = {f"check_sample_weight_equivalence_on_{kind}_data": why for kind in ("dense", "sparse")}
    results = check_estimator(BernoulliRBM(clip=True), on_skip=None, expected_failed_checks=by_chance)
    skipped = [result["check_name"] for result in results if result["status"] not in ("passed", "xfail")]
    assert skipped in ([], ["check_array_api_input"])  # skipped unless SCIPY_ARRAY_API is set


def test_constructor_takes_scikit_learns_parameters_with_its_defaults():
    ours = inspect.signature(BernoulliRBM).parameters
    for name, theirs in inspect.signature(SklearnRBM).parameters.items():
        assert ours[name].default == theirs.default
        assert ours[name].kind == theirs.kind


def test_has_scikit_learns_methods_with_compatible_signatures():
    for name, theirs in inspect.getmembers(SklearnRBM, inspect.isfunction):
        if name.startswith("_"):
            continue
        ours = inspect.signature(getattr(BernoulliRBM, name)).parameters
        wanted = inspect.signature(theirs).parameters
        assert list(ours)[: len(wanted)] == list(wanted), name


def test_has_scikit_learns_attributes_in_the_same_shapes(X, fitted):
    theirs = SklearnRBM(n_components=N_HIDDEN, n_iter=1).fit(X)
    for name in vars(theirs):
        if name.endswith("_") and not name.startswith("_"):
            assert np.shape(getattr(fitted, name)) == np.shape(getattr(theirs, name)), name
    assert fitted.n_features_in_ == N_VISIBLE
    assert set(np.unique(fitted.h_samples_)) <= {0, 1}


@pytest.mark.parametrize("convert", [np.asarray, sp.csr_array, sp.csr_matrix, sp.csc_array, sp.coo_array])
@pytest.mark.parametrize("kind", ["binary", "probabilities"])
def test_transform_and_free_energy_agree_with_scikit_learn(convert, kind):
    ours, theirs = random_model()
    data = all_states(5).astype(float)
    if kind == "probabilities":
        data *= np.random.default_rng(1).random(data.shape)
    np.testing.assert_allclose(ours.transform(convert(data)), theirs.transform(data), rtol=1e-12)
    np.testing.assert_allclose(ours.free_energy(convert(data)), theirs._free_energy(data), rtol=1e-12)


def test_score_samples_is_the_mean_of_scikit_learns():
    """theirs takes one random unit per sample. 5σ on 32 samples: a false alarm in 1 of 50,000 seeds."""
    ours, theirs = random_model()
    data = all_states(5)
    draws = []
    for seed in range(2000):
        theirs.random_state = seed
        draws.append(theirs.score_samples(data.astype(float)))
    mean, error = np.mean(draws, axis=0), np.std(draws, axis=0) / np.sqrt(len(draws))
    assert np.all(np.abs(ours.score_samples(data) - mean) < 5 * error)


def test_score_samples_from_the_definition():
    model, _ = random_model()
    data = all_states(5)
    p = np.exp(-model.free_energy(data))
    expected = np.zeros(len(data))
    for unit in range(5):
        flipped = data.copy()
        flipped[:, unit] ^= 1
        expected += np.log(p / (p + np.exp(-model.free_energy(flipped))))
    np.testing.assert_allclose(model.score_samples(data), expected, rtol=1e-12)
    np.testing.assert_allclose(model.score_samples(sp.csr_array(data)), expected, rtol=1e-12)
    assert model.score(data) == pytest.approx(expected.mean())


def test_score_samples_in_blocks(monkeypatch):
    model, _ = random_model()
    data = all_states(5)
    whole = model.score_samples(data)
    monkeypatch.setattr("rgrbm.model.energies._CELLS_AT_ONCE", 3 * 20)
    np.testing.assert_allclose(model.score_samples(data), whole, rtol=1e-13)


def test_pseudo_likelihood_of_many_and_strong_units_stays_finite():
    rng = np.random.default_rng(0)
    theirs = SklearnRBM(n_components=2000, n_iter=0).fit(np.zeros((2, 3)))
    theirs.components_ = 50 * rng.normal(size=(2000, 3))
    model = rgrbm.rbm.from_sklearn(theirs)
    x = all_states(3)
    assert np.all(np.isfinite(model.score_samples(x)))
    np.testing.assert_allclose(model.free_energy(x), theirs._free_energy(x.astype(float)), rtol=1e-12)


def test_pickle_and_clone(fitted, X):
    copy = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(copy.transform(X), fitted.transform(X))
    np.testing.assert_array_equal(copy.history_["reconstruction_error"], fitted.history_["reconstruction_error"])
    longer = {"n_iter": 60}
    np.testing.assert_array_equal(
        copy.set_params(**longer).fit(X, resume=True).components_,
        clone(fitted).set_params(**longer).fit(X).components_,
    )
    fresh = clone(fitted)
    assert fresh.get_params() == fitted.get_params()
    with pytest.raises(NotFittedError):
        fresh.transform(X)


def test_pipeline_and_grid_search(X):
    y = X[:, 0]
    pipeline = make_pipeline(
        BernoulliRBM(n_components=4, learning_rate=0.3, n_iter=30, random_state=0), LogisticRegression()
    )
    assert pipeline.fit(X, y).score(X, y) > 0.9
    search = GridSearchCV(
        BernoulliRBM(n_iter=20, random_state=0), {"n_components": [1, 4], "learning_rate": [1e-6, 0.3]}, cv=2
    ).fit(X)
    assert search.best_params_["learning_rate"] == 0.3


def test_frames_names_and_set_output(X):
    pd = pytest.importorskip("pandas")
    pl = pytest.importorskip("polars")
    names = [f"s{i}" for i in range(N_VISIBLE)]
    model = BernoulliRBM(n_components=N_HIDDEN, random_state=0)
    plain = clone(model).fit(X).transform(X)
    for frame in (pd.DataFrame(X, columns=names), pl.DataFrame(X, schema=names)):
        model = clone(model).fit(frame)
        np.testing.assert_array_equal(model.feature_names_in_, names)
        np.testing.assert_array_equal(model.transform(frame), plain)
        for library, kind in (("pandas", pd.DataFrame), ("polars", pl.DataFrame)):
            output = model.set_output(transform=library).transform(frame)
            assert isinstance(output, kind)
            assert list(output.columns) == [f"bernoullirbm{j}" for j in range(N_HIDDEN)]
    np.testing.assert_array_equal(model.get_feature_names_out(), [f"bernoullirbm{j}" for j in range(N_HIDDEN)])
    with pytest.raises(ValueError, match="feature names should match"):
        model.transform(pd.DataFrame(X, columns=names[::-1]))


@pytest.mark.parametrize(
    ("given", "trained"),
    [
        ("uint8", "float32"),
        ("bool", "float32"),
        ("float32", "float32"),
        ("float64", "float64"),
        ("int64", "float64"),
    ],
)
def test_precision_follows_the_data_unless_asked_for(X, given, trained):
    model = BernoulliRBM(n_components=N_HIDDEN, random_state=0).fit(X.astype(given))
    for name in ("components_", "intercept_hidden_", "intercept_visible_", "h_samples_"):
        assert getattr(model, name).dtype == trained
    assert model.transform(X.astype(given)).dtype == trained
    other = {"float32": "float64", "float64": "float32"}[trained]
    assert model.set_params(dtype=other).fit(X.astype(given)).components_.dtype == other


@pytest.mark.parametrize("convert", [sp.csr_array, sp.csr_matrix, sp.csc_array, np.asfortranarray, list])
def test_same_model_from_any_container(X, convert):
    model = BernoulliRBM(n_components=N_HIDDEN, random_state=0, dtype="float64")
    expected = clone(model).fit(X).components_
    np.testing.assert_array_equal(clone(model).fit(convert(X)).components_, expected)


# Training


def test_learns_two_patterns(X, fitted):
    """Each unit is flipped in 5% of the data; a model that knows the patterns reconstructs all but these."""
    assert np.mean(fitted.reconstruct(X, seed=0) != X) < 0.12
    untrained = BernoulliRBM(n_components=N_HIDDEN, n_iter=0, random_state=0).fit(X)
    assert fitted.score(X) > untrained.score(X) + 2
    assert fitted.history_["reconstruction_error"][-5:].mean() < 0.12


@pytest.mark.parametrize("gradient", ["cd", "pcd"])
@pytest.mark.parametrize("centered", [True, False])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_every_gradient_improves_the_likelihood(X, gradient, centered, dtype):
    model = BernoulliRBM(
        n_components=N_HIDDEN, n_iter=80, random_state=1, gradient=gradient, centered=centered, dtype=dtype
    )
    gain = model.fit(X).score(X) - clone(model).set_params(n_iter=0).fit(X).score(X)
    assert gain > 1.5
    assert model.components_.dtype == dtype


def test_papers_gradient_leaves_hidden_biases_alone(X):
    model = BernoulliRBM(n_components=N_HIDDEN, gradient="paper", centered=False, random_state=0).fit(X)
    np.testing.assert_array_equal(model.intercept_hidden_, 0)


def test_initial_parameters(X):
    model = BernoulliRBM(n_components=2000, n_iter=0, weight_scale=0.3, random_state=0, dtype="float64").fit(X)
    ones = X.sum(axis=0)
    np.testing.assert_allclose(model.intercept_visible_, np.log((ones + 0.5) / (len(X) - ones + 0.5)))
    np.testing.assert_array_equal(model.intercept_hidden_, 0)
    # 16,000 normal numbers: 5 standard errors of the standard deviation are 0.3 * 5 / sqrt(32,000) = 0.0084
    assert model.components_.std() == pytest.approx(0.3, abs=0.0084)
    assert model.weights_.shape == (N_VISIBLE, 2000)
    np.testing.assert_array_equal(model.weights_, model.components_.T)


def test_l1_gives_exact_zeros_and_warmup_lets_weights_grow(X):
    model = BernoulliRBM(n_components=N_HIDDEN, n_iter=200, batch_size=200, learning_rate=0.5, random_state=0)
    assert not np.any(clone(model).fit(X).components_ == 0)
    pinned = clone(model).set_params(l1=0.05).fit(X)
    assert np.all(pinned.components_ == 0)
    grown = clone(model).set_params(l1=0.05, l1_warmup=150).fit(X)
    assert np.any(grown.components_ != 0)
    np.testing.assert_allclose(grown.history_["l1"][[0, 75, 150, 199]], [0, 0.025, 0.05, 0.05])


def test_l2_shrinks_weights(X):
    model = BernoulliRBM(n_components=N_HIDDEN, n_iter=100, random_state=0)
    free, shrunk = clone(model).fit(X), clone(model).set_params(l2=0.3).fit(X)
    assert np.linalg.norm(shrunk.components_) < 0.5 * np.linalg.norm(free.components_)


def test_history(fitted):
    assert len(fitted.history_) == fitted.n_iter_ == 50
    assert np.all(fitted.history_["learning_rate"] == 0.1)
    error = fitted.history_["reconstruction_error"]
    assert np.all((error >= 0) & (error <= 1))
    assert np.all(fitted.history_["gradient_norm"] > 0)


def test_random_state(X):
    def weights(random_state):
        return BernoulliRBM(n_components=N_HIDDEN, random_state=random_state).fit(X).components_

    np.testing.assert_array_equal(weights(3), weights(3))
    np.testing.assert_array_equal(weights(np.random.SeedSequence(3)), weights(3))
    np.testing.assert_array_equal(weights(np.random.default_rng(1)), weights(np.random.default_rng(1)))
    assert np.any(weights(3) != weights(4))
    assert np.any(weights(None) != weights(None))
    for generator in (np.random.RandomState(1), np.random.default_rng(1)):
        assert np.any(weights(generator) != weights(generator))
    assert weights(2**80).shape == (N_HIDDEN, N_VISIBLE)


def test_same_bits_for_any_number_of_threads(X):
    def weights():
        return BernoulliRBM(n_components=40, batch_size=100, random_state=0).fit(X).components_

    try:
        rgrbm.set_num_threads(1)
        one = weights()
        rgrbm.set_num_threads(2)
        np.testing.assert_array_equal(weights(), one)
    finally:
        rgrbm.set_num_threads(0)


def test_partial_fit(X):
    model = BernoulliRBM(n_components=N_HIDDEN, random_state=0)
    for _ in range(40):
        for batch in np.array_split(X, 10):
            assert model.partial_fit(batch) is model
    assert model.n_iter_ == 400
    assert model.score(X) > BernoulliRBM(n_components=N_HIDDEN, n_iter=0).fit(X).score(X) + 1.5
    again = BernoulliRBM(n_components=N_HIDDEN, random_state=0)
    for _ in range(40):
        for batch in np.array_split(X, 10):
            again = pickle.loads(pickle.dumps(again.partial_fit(batch)))
    np.testing.assert_array_equal(again.components_, model.components_)
    with pytest.raises(ValueError, match="X has 5 features, but BernoulliRBM is expecting 8"):
        model.partial_fit(X[:, :5])


def test_partial_fit_starts_from_the_parameters_as_they_are(X):
    model = BernoulliRBM(n_components=N_HIDDEN, random_state=0, learning_rate=1e-12).fit(X)
    model.components_ = np.full_like(model.components_, 2.0)
    np.testing.assert_allclose(model.partial_fit(X).components_, 2.0, rtol=1e-6)


# Sampling


def test_conditionals_are_sampled_with_their_probabilities():
    """400 units of 8 kinds × 5,000 draws; 5.5σ over 8 frequencies: a false alarm in 1 of 3 million seeds."""
    model, _ = random_model(n_visible=4, n_hidden=4)
    n = 5000
    for draw, given, p in (
        (model.sample_hidden, [1, 0, 1, 1], model.transform([[1, 0, 1, 1]])[0]),
        (
            model.sample_visible,
            [0, 1, 1, 0],
            expit(np.array([0, 1, 1, 0]) @ model.components_ + model.intercept_visible_),
        ),
    ):
        for values in (np.tile(given, (n, 1)), np.tile(given, (n, 1)) * (1 - 1e-12)):
            sample = draw(values, seed=5)
            assert sample.dtype == np.uint8
            assert set(np.unique(sample)) <= {0, 1}
            assert np.all(np.abs(sample.mean(axis=0) - p) < 5.5 * np.sqrt(p * (1 - p) / n))


def test_samples_follow_the_exact_distribution():
    """Chi-square of all 2^4 states, 20,000 independent chains; threshold at a false-alarm rate of 1e-6."""
    from scipy.stats import chi2

    model, _ = random_model(seed=2, n_visible=4, n_hidden=3)
    p = np.exp(-model.free_energy(all_states(4)))
    p /= p.sum()
    n = 20_000
    counts = np.bincount(model.sample(n, n_steps=60, seed=1) @ (1 << np.arange(4)), minlength=16)
    assert np.sum((counts - n * p) ** 2 / (n * p)) < chi2.isf(1e-6, 15)


def test_samples_do_not_depend_on_how_the_chains_are_cut(monkeypatch):
    model, _ = random_model()
    whole = model.sample(10, n_steps=7, seed=3)
    np.testing.assert_array_equal(model.sample(10, n_steps=7, seed=3), whole)
    assert np.any(model.sample(10, n_steps=7, seed=4) != whole)
    monkeypatch.setattr("rgrbm.rbm.gibbs_chains._WORK_PER_CALL", 2 * 20 * 10 * 2)
    assert model.sample(10, n_steps=7, seed=3).shape == whole.shape


def test_both_free_energies_have_the_same_partition_function():
    model, _ = random_model(n_visible=5, n_hidden=4)
    log_z = [
        np.logaddexp.reduce(-model.free_energy(all_states(5))),
        np.logaddexp.reduce(-model.free_energy_hidden(all_states(4))),
    ]
    v, h = all_states(5).astype(float), all_states(4).astype(float)
    energy = -(v @ model.weights_ @ h.T + (v @ model.intercept_visible_)[:, None] + h @ model.intercept_hidden_)
    np.testing.assert_allclose(log_z, np.logaddexp.reduce(-energy, axis=None), rtol=1e-12)


def test_draws_without_a_seed_differ_and_repeat_with_the_fit(X):
    def draws():
        model = BernoulliRBM(n_components=N_HIDDEN, random_state=0).fit(X)
        return [
            model.gibbs(X),
            model.gibbs(X),
            model.reconstruct(X),
            model.sample_hidden(X),
            model.sample(20),
        ]

    first, second = draws(), draws()
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a, b)
    assert np.any(first[0] != first[1])
    assert first[0].dtype == bool
    assert first[0].shape == X.shape


def test_gibbs_and_reconstruct_are_one_step():
    model, _ = random_model()
    v = all_states(5)
    for start in (v, np.full((20, 5), 0.5), sp.csr_array(v.astype(float))):
        step, reconstruction = model.gibbs(start, seed=3), model.reconstruct(start, seed=3)
        assert (step.dtype, reconstruction.dtype) == (bool, np.uint8)
        np.testing.assert_array_equal(step, reconstruction)
        np.testing.assert_array_equal(step, model.gibbs(start, 3))
        assert np.any(step != model.gibbs(start, seed=4))


def test_samples_are_the_same_whoever_watches(monkeypatch):
    model, _ = random_model(n_visible=5, n_hidden=2)
    monkeypatch.setattr("rgrbm.rbm.gibbs_chains._WORK_PER_CALL", 2 * 10 * 10 * 3)
    seen = []
    watched = model.sample(10, n_steps=7, seed=3, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(3, 7), (6, 7), (7, 7)]
    np.testing.assert_array_equal(watched, model.sample(10, n_steps=7, seed=3, progress=False))
    with pytest.raises(TypeError, match="progress must be True, False or a function"):
        model.sample(10, n_steps=7, progress="bar")


def test_pythons_own_errors_do_not_name_base_classes(fitted, X):
    with pytest.raises(TypeError, match=r"^BernoulliRBM\.sample_visible\(\) missing"):
        fitted.sample_visible()
    with pytest.raises(TypeError, match=r"^RBM\.gibbs\(\) got an unexpected keyword argument 'state'"):
        fitted.gibbs(X, state=0)
    with pytest.raises(TypeError, match=r"^RBM\.fit\(\) got an unexpected keyword argument 'epochs'"):
        fitted.fit(X, epochs=3)


def test_gibbs_takes_its_own_result_and_probabilities():
    model, _ = random_model()
    v = all_states(5)
    for _ in range(3):
        v = model.gibbs(v)
    assert set(np.unique(model.gibbs(np.full((20, 5), 0.5)))) <= {False, True}


# Resuming and interrupts


@pytest.mark.parametrize("gradient", ["cd", "pcd"])
@pytest.mark.parametrize("options", [{}, {"momentum": 0.5, "l1": 1e-3, "l1_warmup": 10, "dtype": "float64"}])
def test_a_resumed_training_has_the_same_bits(X, gradient, options):
    options = {
        "n_components": N_HIDDEN,
        "gradient": gradient,
        "random_state": 5,
        "k": 2,
        "batch_size": 30,
        **options,
    }
    whole = BernoulliRBM(n_iter=31, **options).fit(X)
    parts = BernoulliRBM(n_iter=7, **options).fit(X)
    parts.set_params(n_iter=8).fit(X, resume=True)
    parts.set_params(n_iter=31).fit(X, resume=True)
    for name in ("components_", "intercept_hidden_", "intercept_visible_", "h_samples_"):
        np.testing.assert_array_equal(getattr(parts, name), getattr(whole, name))
    for name in whole.history_.names:
        np.testing.assert_array_equal(parts.history_[name], whole.history_[name])


def test_an_interrupted_fit_is_fitted_and_goes_on_to_the_same_bits(X):
    def interrupt(progress):
        if progress.epoch == 4:
            raise KeyboardInterrupt

    model = BernoulliRBM(n_components=N_HIDDEN, n_iter=12, random_state=0)
    whole = clone(model).fit(X)
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, callbacks=[interrupt])
    assert model.n_iter_ == 4
    assert model.history_.stopped == "interrupt"
    assert model.transform(X).shape == (len(X), N_HIDDEN)
    model.fit(X, resume=True)
    assert model.history_.stopped is None
    np.testing.assert_array_equal(model.components_, whole.components_)


@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_ends_a_long_training_soon_and_leaves_it_ready_to_go_on(X):
    model = BernoulliRBM(n_components=N_HIDDEN, n_iter=10**6, random_state=0)
    timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        model.fit(X)
    assert time.monotonic() - started < 10
    done = model.n_iter_
    assert 0 < done < 10**6
    model.set_params(n_iter=done + 5).fit(X, resume=True)
    np.testing.assert_array_equal(model.components_, clone(model).set_params(n_iter=done + 5).fit(X).components_)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"learning_rate": 1e30}, r"its largest weight is \d\.\d+e\+29"),
        ({"learning_rate": 1e5, "gradient": "pcd"}, "its largest weight is"),
        ({"learning_rate": 0.1, "l2": 1e3, "batch_size": 1}, "its largest weight is"),
        ({"learning_rate": 1e38, "dtype": "float32"}, "its largest weight is"),
        ({"mask": np.ones((N_VISIBLE, N_HIDDEN), bool), "learning_rate": 1e30}, "its largest weight is"),
    ],
)
def test_training_that_diverges_is_named_once(X, options, reason):
    model = BernoulliRBM(n_components=N_HIDDEN, n_iter=20, random_state=0).set_params(**options)
    with pytest.warns(ConvergenceWarning) as warnings_seen:
        model.fit(X, callbacks=[lambda progress: None])
    assert len(warnings_seen) == 1
    assert warnings_seen[0].filename == __file__
    assert re.match(rf"training has diverged by epoch 1: {reason}", str(warnings_seen[0].message))


def test_divergence_in_late_epochs_is_named_with_the_epoch(X):
    rates = np.r_[np.ones(50), np.full(10, 1e8)]
    model = BernoulliRBM(n_components=N_HIDDEN, n_iter=60, learning_rate_schedule=rates, random_state=0)
    with pytest.warns(ConvergenceWarning, match=r"by epoch (5[1-9]|60): .* Lower the learning rate"):
        model.fit(X)


def test_the_last_good_parameters_are_kept(X, tmp_path):
    rates = np.r_[np.ones(30), np.full(10, 1e8)]
    model = BernoulliRBM(n_components=N_HIDDEN, n_iter=40, learning_rate_schedule=rates, random_state=0)
    with pytest.warns(ConvergenceWarning, match=r"the parameters kept are those after \d+ epoch") as seen:
        model.fit(X, checkpoint=tmp_path / "c", callbacks=[lambda progress: None])
    kept = int(re.search(r"those after (\d+) epoch", str(seen[0].message))[1])
    assert kept <= 30
    assert model.history_.stopped == "divergence"
    assert model.n_iter_ == len(model.history_) == kept
    until = clone(model).set_params(n_iter=kept, learning_rate_schedule="constant").fit(X)
    np.testing.assert_array_equal(model.components_, until.components_)
    np.testing.assert_array_equal(model.intercept_visible_, until.intercept_visible_)
    model.save(tmp_path / "model.safetensors")  # refuses parameters that are not finite


def test_divergence_in_updates_one_by_one_is_named_once(X):
    model = BernoulliRBM(n_components=N_HIDDEN, random_state=0).partial_fit(X)
    model.set_params(learning_rate=1e9)
    with pytest.warns(ConvergenceWarning, match="diverged by epoch 2") as warnings_seen:
        model.partial_fit(X)
    assert warnings_seen[0].filename == __file__
    model.partial_fit(X)


def test_trainings_that_did_not_begin_are_named_once_with_numbers():
    X = np.random.default_rng(0).integers(2, size=(600, 8), dtype=np.uint8)
    lazy = BernoulliRBM(4, learning_rate=1e-4, batch_size=300, n_iter=3, random_state=0)
    with pytest.warns(ConvergenceWarning, match=r"hardly moved .* in 6 updates at a learning rate of 0.0001") as seen:
        lazy.fit(X)
    assert len(seen) == 1
    assert seen[0].filename == __file__
    with pytest.warns(ConvergenceWarning, match="all weights are 0 after training: lower l1"):
        BernoulliRBM(4, l1=1.0, n_iter=3, random_state=0).fit(X)
    # No warning: few samples, a given start, no epochs, a training that goes on.
    lazy.fit(X[:100])
    start = lazy.weights_.copy()
    clone(lazy).fit(X, start=RBMParameters(start, np.zeros(8), np.zeros(4)))
    clone(lazy).set_params(n_iter=0).fit(X)
    lazy.set_params(n_iter=4).fit(X[:100], resume=True)


def test_weights_that_data_without_noise_ask_for_are_no_divergence():
    # Likelihoods without a maximum: weights grow for ever, but by the logarithm of the number of updates.
    X = np.repeat(np.eye(8, dtype=np.uint8), 20, axis=0)
    for options in ({"gradient": "exact"}, {"gradient": "pcd"}, {"optimizer": "adam"}):
        model = BernoulliRBM(n_components=8, learning_rate=2.0, n_iter=2000, batch_size=160, random_state=0)
        model.set_params(**options | ({"learning_rate": 0.01} if "optimizer" in options else {})).fit(X)
        assert np.abs(model.components_).max() < 100


def test_an_error_in_a_callback_loses_nothing(X):
    def fail(progress):
        raise RuntimeError("callback failed")

    model = BernoulliRBM(n_components=N_HIDDEN, n_iter=5, random_state=0)
    with pytest.raises(RuntimeError, match="callback failed"):
        model.fit(X, callbacks=[fail])
    assert model.n_iter_ == 1
    whole = clone(model).fit(X)
    np.testing.assert_array_equal(model.fit(X, resume=True).components_, whole.components_)


def test_a_callback_can_stop_training(X):
    model = BernoulliRBM(n_components=N_HIDDEN, n_iter=50, random_state=0)
    model.fit(X, callbacks=lambda progress: progress.epoch >= 6, callback_interval=3)
    assert model.n_iter_ == 6
    assert model.history_.stopped == "callback"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"k": 3}, r"started with k=1 \(now 3\)"),
        ({"n_components": 4}, r"started with n_components=3 \(now 4\)"),
        ({"learning_rate": 0.2}, "learning_rate .* differs from that of the epochs done"),
        ({"learning_rate_schedule": "linear"}, "learning_rate .* differs"),
        ({"l1": 0.2}, "l1 .* differs"),
        ({"n_iter": 2}, "5 epochs are done, more than n_iter=2"),
        ({"random_state": 1}, "another random_state"),
    ],
)
def test_resuming_with_another_configuration_is_refused(X, change, message):
    model = BernoulliRBM(n_components=N_HIDDEN, n_iter=5, random_state=0).fit(X)
    before = model.components_.copy()
    with pytest.raises(ValueError, match=message):
        model.set_params(**change).fit(X, resume=True)
    np.testing.assert_array_equal(model.components_, before)


def test_resuming_with_other_data_is_refused(X):
    model = BernoulliRBM(n_components=N_HIDDEN, n_iter=2, random_state=0).fit(X)
    with pytest.raises(ValueError, match="started with other data"):
        model.set_params(n_iter=3).fit(1 - X, resume=True)
    with pytest.raises(ValueError, match="nothing to resume"):
        BernoulliRBM().fit(X, resume=True)


# Bad input


BAD_DATA = [
    (2 * two_patterns().astype(np.int8) - 1, "to_binary"),
    (2.0 * two_patterns() - 1, "to_binary"),
    (sp.csr_array(2.0 * two_patterns() - 1), "to_binary"),
    (np.where(two_patterns() == 1, np.nan, 0), "contains NaN"),
    (np.where(two_patterns() == 1, np.inf, 0), "contains infinity"),
    (255 * two_patterns(), r"Values above 1 .* from 0 to 255.*clip=True"),
    (sp.csr_array(255.0 * two_patterns()), r"Values above 1 .* from 0 to 255"),
    (two_patterns() - 0.5, r"Negative values .* from -0\.5 to 0\.5"),
    (two_patterns()[0], "Expected 2D array, got 1D array"),
    (np.zeros((0, 8)), r"0 sample\(s\)"),
    (np.zeros((3, 0)), r"0 feature\(s\)"),
    (np.zeros((2, 2, 2)), r"one sample per row.* got shape \(2, 2, 2\)\. Flatten .* X\.reshape\(len\(X\), -1\)"),
    (np.ma.masked_equal(two_patterns(), 0), "got masked values"),
    (np.full((2, 2), "a"), "(?i)could not convert|dtype='numeric'"),
    (np.full((2, 2), 1j), "Complex data not supported"),
]


@pytest.mark.parametrize(("data", "message"), BAD_DATA)
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_bad_data(data, message, method):
    with pytest.raises(ValueError, match=message):
        getattr(BernoulliRBM(n_components=2), method)(data)


@pytest.mark.parametrize(("data", "message"), BAD_DATA)
@pytest.mark.parametrize("method", ["transform", "gibbs", "score_samples", "free_energy", "reconstruct"])
def test_bad_data_after_fit(fitted, data, message, method):
    with pytest.raises(ValueError, match=message):
        getattr(fitted, method)(data)


@pytest.mark.parametrize("method", ["transform", "gibbs", "score_samples", "free_energy", "sample_hidden"])
def test_wrong_number_of_features(fitted, X, method):
    with pytest.raises(ValueError, match="X has 7 features, but BernoulliRBM is expecting 8"):
        getattr(fitted, method)(X[:, :7])


@pytest.mark.parametrize(
    ("hidden", "message"),
    [
        ([[0, 1]], r"shape \(n_samples, 3\), got \(1, 2\)"),
        ([0, 1, 1], r"got \(3,\)"),
        ([[0, 1, np.nan]], "finite"),
        ([["a", "b", "c"]], "hidden states must be real numbers"),
        ([[0, 1, 2]], "Values above 1 in data passed to the hidden units.* or set clip=True"),
        ([[-1, 1, 1]], "to_binary"),
    ],
)
@pytest.mark.parametrize("method", ["sample_visible", "free_energy_hidden"])
def test_bad_hidden_states(fitted, hidden, message, method):
    with pytest.raises((TypeError, ValueError), match=message):
        getattr(fitted, method)(hidden)


@pytest.mark.parametrize(
    "parameters",
    [
        {"n_components": 0}, {"n_components": 2.5}, {"learning_rate": 0}, {"learning_rate": -1.0},
        {"learning_rate": float("nan")}, {"learning_rate": float("inf")}, {"batch_size": 0}, {"n_iter": -1},
        {"random_state": -1}, {"random_state": "a"}, {"gradient": "ml"}, {"k": 0}, {"centered": "yes"},
        {"l1": -0.1}, {"l1": float("nan")}, {"l1": float("inf")}, {"l1_warmup": -1}, {"l2": -0.1},
        {"momentum": 1.0}, {"momentum": -0.1}, {"learning_rate_schedule": "quadratic"}, {"weight_scale": -1},
        {"shuffle": None}, {"dtype": "float16"}, {"clip": 2}, {"n_iter": True}, {"k": np.True_}, {"l2": False},
        {"learning_rate": 10**400}, {"batch_size": 10**400}, {"l1_warmup": 2**70},
    ],
)  # fmt: skip
def test_bad_parameters(X, parameters):
    (name,) = parameters
    with pytest.raises(ValueError, match=f"'{name}' parameter of BernoulliRBM must be"):
        BernoulliRBM(**parameters).fit(X)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"callbacks": 3}, TypeError, "callbacks must be a sequence of functions, got 3"),
        ({"resume": "yes"}, TypeError, "resume must be True or False, got 'yes'"),
        ({"callbacks": [len, "stop"]}, TypeError, "callbacks must be functions, got 'stop'"),
        ({"checkpoint_interval": float("nan")}, ValueError, "checkpoint_interval must be finite, got nan"),
        ({"checkpoint_interval": -1}, ValueError, "checkpoint_interval must not be negative"),
        ({"X": [[10**400, 1]]}, ValueError, "X must be real numbers"),
    ],
)
def test_bad_arguments_of_fit(X, options, error, message):
    with pytest.raises(error, match=message):
        BernoulliRBM(2, n_iter=1).fit(**{"X": X} | options)


def test_too_many_hidden_units(X):
    with pytest.raises(MemoryError, match=r"weights of 8 visible and \d+ hidden units would take"):
        BernoulliRBM(2**70).fit(X)


def test_bad_arguments(X, fitted):
    with pytest.raises(ValueError, match="callback_interval must be at least 1"):
        BernoulliRBM().fit(X, callback_interval=0)
    with pytest.raises(ValueError, match=r"expected shape \(10,\), got \(3,\)"):
        BernoulliRBM(learning_rate_schedule=[1, 1, 1]).fit(X)
    for options in ({"n_samples": 0}, {"n_steps": 0}):
        with pytest.raises(ValueError, match="must be at least 1"):
            fitted.sample(**options)
    with pytest.raises(TypeError, match="n_steps must be an integer, got '7'"):
        fitted.sample(n_steps="7")
    with pytest.raises(TypeError, match=r"callback_interval must be an integer, got 0\.5"):
        BernoulliRBM().fit(X, callback_interval=0.5)
    with pytest.raises(MemoryError, match=r"chains of 8 visible units would take \S+ GiB"):
        fitted.sample(10**13)
    with pytest.raises(MemoryError, match=r"the history of 10+ epochs would take \S+ GiB"):
        BernoulliRBM(n_iter=10**15).fit(X)
    with pytest.raises(TypeError, match="seed must be"):
        fitted.sample(seed="a")


@pytest.mark.parametrize(
    "call", ["transform", "gibbs", "score_samples", "score", "free_energy", "reconstruct", "sample_hidden"]
)
def test_not_fitted(X, call):
    with pytest.raises(NotFittedError):
        getattr(BernoulliRBM(), call)(X)
    for name, argument in (("sample", 1), ("sample_visible", [[1]]), ("free_energy_hidden", [[1]])):
        with pytest.raises(NotFittedError):
            getattr(BernoulliRBM(), name)(argument)


def test_unusual_but_good_data():
    model = BernoulliRBM(n_components=2, n_iter=3, random_state=0)
    for data in (
        np.ones((5, 1), dtype=np.uint8),  # one constant feature
        np.zeros((1, 4), dtype=np.uint8),  # one sample
        np.ones((3, 4)),  # fewer samples than a batch
        np.array([[0.5, 1.0], [0.25, 0.0]]),  # probabilities
        -np.zeros((2, 2)),
    ):
        assert np.all(np.isfinite(clone(model).fit(data).transform(data)))


def test_clip():
    data = np.random.default_rng(0).normal(0.5, 1, (40, 4))
    model = BernoulliRBM(n_components=2, n_iter=3, random_state=0)
    clipped = clone(model).set_params(clip=True).fit(data)
    np.testing.assert_array_equal(clipped.components_, model.fit(np.clip(data, 0, 1)).components_)
    np.testing.assert_array_equal(clipped.transform(data), model.transform(np.clip(data, 0, 1)))
    np.testing.assert_allclose(clipped.transform(sp.csr_array(data)), clipped.transform(data), rtol=1e-12)
    with pytest.raises(ValueError, match="to_binary"):
        clipped.transform([[-1, 1, 1, -1]])


def test_data_are_left_unchanged():
    for clip in (False, True):
        for convert in (np.asarray, sp.csr_array):
            data = np.random.default_rng(0).random((10, 4)) + (clip and 0.5)
            given = convert(data.copy())
            model = BernoulliRBM(n_components=2, random_state=0, clip=clip).fit(given)
            model.score_samples(given)
            np.testing.assert_array_equal(given.toarray() if sp.issparse(given) else given, data)


def test_every_parameter_is_documented_with_its_default():
    documentation = inspect.getdoc(BernoulliRBM)
    for name, parameter in inspect.signature(BernoulliRBM).parameters.items():
        default = parameter.default
        shown = f'"{default}"' if isinstance(default, str) else str(default)
        assert re.search(rf"^{name} : .*default={re.escape(shown)}$", documentation, re.MULTILINE), name


# Training that starts from given parameters


def given(n, m, seed=0):
    rng = np.random.default_rng(seed)
    return RBMParameters(rng.normal(size=(n, m)), rng.normal(size=n), rng.normal(size=m))


def test_training_starts_from_given_parameters():
    X, start = np.eye(6, dtype=np.uint8), given(6, 3)
    still = BernoulliRBM(3, n_iter=0, dtype="float64").fit(X, start=start)
    np.testing.assert_array_equal(still.weights_, start.weights_)
    np.testing.assert_array_equal(still.intercept_visible_, start.intercept_visible_)
    np.testing.assert_array_equal(still.intercept_hidden_, start.intercept_hidden_)
    # Full batches, the exact gradient and no memory: twice four epochs are eight.
    options = {"batch_size": 6, "gradient": "exact", "centered": False, "learning_rate": 1.0, "dtype": "float64"}
    first = BernoulliRBM(3, n_iter=4, **options).fit(X, start=start)
    second = BernoulliRBM(3, n_iter=4, **options).fit(X, start=first)
    whole = BernoulliRBM(3, n_iter=8, **options).fit(X, start=start)
    np.testing.assert_allclose(second.weights_, whole.weights_, rtol=1e-12)
    assert np.abs(whole.weights_ - start.weights_).max() > 0.1


def test_a_mask_is_imposed_on_the_start():
    mask = rgrbm.masks.ring(6, 3, width=3)
    rbm = BernoulliRBM(3, n_iter=0, mask=mask, symmetric=True, dtype="float64").fit(np.eye(6), start=given(6, 3))
    np.testing.assert_array_equal(rbm.weights_ != 0, mask)
    np.testing.assert_allclose(rbm.intercept_hidden_, -rbm.weights_.sum(axis=0) / 2)


def test_a_start_must_fit():
    X = np.eye(6, dtype=np.uint8)
    with pytest.raises(ValueError, match=r"weights of shape \(6, 3\), got \(6, 4\)"):
        BernoulliRBM(3).fit(X, start=given(6, 4))
    with pytest.raises(TypeError, match="a fitted RBM is needed"):
        BernoulliRBM(3).fit(X, start=BernoulliRBM(3))


@pytest.mark.parametrize("dtype", ["<f4", ">f4"])
def test_single_precision_of_either_byte_order(X, dtype):
    """Data of float32 are trained in float32, to the same bits."""
    one, other = (BernoulliRBM(3, n_iter=2, random_state=0).fit(X.astype(kind)) for kind in (np.float32, dtype))
    assert other.weights_.dtype == np.float32
    np.testing.assert_array_equal(one.weights_, other.weights_)
