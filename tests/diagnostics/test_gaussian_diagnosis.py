"""The diagnosis of a machine with Gaussian visible units, against its definitions on a model that is known."""

import numpy as np
import pytest
from matplotlib.figure import Figure
from sklearn.datasets import load_digits

import rgrbm
from rgrbm import GaussianRBM, diagnose, diagnostics
from rgrbm.diagnostics import Record
from rgrbm.model import GaussianParameters

QUICK = {"n_chains": 6, "n_steps": 40, "n_samples": 60, "n_ais_chains": 50, "n_betas": 300}
DIGITS = load_digits().data[:400]
TRAIN, TEST = DIGITS[:300], DIGITS[300:]


@pytest.fixture(scope="module")
def rbm():
    return GaussianRBM(8, n_iter=20, learning_rate=0.02, random_state=0).fit(TRAIN)


@pytest.fixture(scope="module")
def result(rbm):
    return diagnose(rbm, TRAIN, TEST, seed=1, **QUICK)


def test_parts_are_what_they_say(rbm, result):
    assert (result.machine, result.visible_units, result.n_visible, result.n_hidden) == (
        "GaussianRBM",
        "gaussian",
        64,
        8,
    )
    assert result.log_likelihood.method == "exact"
    assert result.log_likelihood.test.mean == pytest.approx(rgrbm.likelihood.log_likelihood(TEST, rbm))
    difference = result.log_likelihood.train.mean - result.log_likelihood.test.mean
    assert result.free_energy.gap.mean == pytest.approx(-difference)
    deviations = np.sqrt(rbm.variance_)
    means = rbm.transform(TEST) @ rbm.components_ + rbm.intercept_visible_
    error = np.mean(((TEST - means) / deviations) ** 2)
    assert result.reconstruction_error.thresholded_test.mean == pytest.approx(error)
    drawn = np.mean([np.mean(((TEST - rbm.reconstruct(TEST, seed=s)) / deviations) ** 2) for s in range(20)])
    assert result.reconstruction_error.sampled_test.mean == pytest.approx(drawn, rel=0.05)
    singular = np.linalg.svd(rbm.weights_ / deviations[:, None], compute_uv=False)
    np.testing.assert_allclose(result.weights.singular_values, singular)
    assert result.samples.method == "exact"


def test_distances_are_euclidean(rbm):
    machine = diagnostics.machine.machine_of(rbm)
    distances = np.linalg.norm(TEST[:, None] - TRAIN, axis=2)
    np.testing.assert_allclose(machine.nearest(TEST, TRAIN), distances.min(axis=1))
    among = np.linalg.norm(TRAIN[:, None] - TRAIN, axis=2)
    np.fill_diagonal(among, np.inf)
    np.testing.assert_allclose(machine.nearest(TRAIN[:50], TRAIN, same=True), among[:50].min(axis=1))
    copies = diagnostics.nearest_training_samples(rbm, TRAIN[:40], TRAIN, TEST, seed=0)
    assert copies.copies_model == 1
    assert copies.memorised


def test_noise_is_where_sampling_starts(rbm):
    """Means and variances of 20,000 states, each within 6 standard errors: 128 numbers, false alarms below 1e-6."""
    noise = diagnostics.machine.machine_of(rbm).noise(20_000, np.random.SeedSequence(1))
    mean = rbm.intercept_visible_ + rbm.weights_.sum(axis=1) / 2
    variance = rbm.variance_ + (rbm.weights_**2).sum(axis=1) / 4
    assert np.abs((noise.mean(axis=0) - mean) / np.sqrt(variance / 20_000)).max() < 6
    np.testing.assert_allclose(noise.var(axis=0), variance, rtol=6 * np.sqrt(2 / 20_000))


def test_it_prints_and_draws(result):
    text = str(result)
    assert "mean square error, sampled, in σ²" in text
    assert "%" not in text.split("distance")[0]
    assert max(map(len, text.splitlines())) <= 80
    assert isinstance(result.plot(), Figure)
    frame = result.to_frame().set_index(["quantity", "of"])
    assert frame.loc[("log_likelihood", "test"), "value"] == result.log_likelihood.test.mean


def test_annealing_where_there_are_many_units():
    rbm = GaussianRBM(20, n_iter=2, learning_rate=0.01, random_state=0).fit(TRAIN)
    diagnosis = diagnose(rbm, TRAIN, seed=0, **QUICK | {"n_betas": 1000})
    assert diagnosis.log_likelihood.method == "ais"
    exact = rgrbm.likelihood.log_likelihood(TRAIN, rbm)
    assert diagnosis.log_likelihood.train.lower - 0.5 < exact < diagnosis.log_likelihood.train.upper + 0.5
    assert diagnosis.samples.method == "gibbs"


def test_what_is_refused(rbm):
    parameters = GaussianParameters(rbm.weights_, rbm.intercept_visible_, rbm.intercept_hidden_, rbm.variance_)
    with pytest.raises(TypeError, match="expected a fitted GaussianRBM"):
        diagnose(parameters, TRAIN)
    with pytest.raises(ValueError, match="X_train"):
        diagnose(rbm, np.full((2, 64), np.nan))
    binary = (TRAIN > 8).astype(float)
    with pytest.raises(TypeError, match="Record measures RBMs whose visible units are 0 or 1"):
        GaussianRBM(2, n_iter=1).fit(binary, callbacks=Record("tau_int", X_train=binary))
