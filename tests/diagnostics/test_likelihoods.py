"""Log-likelihoods of train and test against enumeration of all states."""

import numpy as np
import pytest

from rbm_models import joint, random_rbm
from rgrbm.diagnostics import log_likelihoods
from rgrbm.likelihood import sample_exactly
from rgrbm.model import RBMParameters

RBM = random_rbm(6, 4, 1.0, seed=1)
LOG_P = np.log(np.exp(joint(RBM)).sum(axis=1)) - np.log(np.exp(joint(RBM)).sum())
TRAIN, TEST = sample_exactly(RBM, 50, seed=0), sample_exactly(RBM, 30, seed=1)


def of_states(x):
    return LOG_P[x @ (1 << np.arange(6))]


def test_exact():
    likelihoods = log_likelihoods(RBM, TRAIN, TEST)
    assert (likelihoods.method, likelihoods.reason) == ("exact", None)
    assert likelihoods.log_z == pytest.approx(np.log(np.exp(joint(RBM)).sum()))
    for data, result in ((TRAIN, likelihoods.train), (TEST, likelihoods.test)):
        expected = of_states(data)
        assert result.mean == pytest.approx(expected.mean())
        assert result.stderr == pytest.approx(expected.std(ddof=1) / np.sqrt(len(data)))
        assert result.lower == result.mean == result.upper
    assert log_likelihoods(RBM, TRAIN).test is None
    assert log_likelihoods(RBM, TRAIN, exact_up_to=4, n_betas=0).method == "exact"


def test_annealed_between_bounds():
    # Within five standard errors of log Z, which the result reports: a false alarm in a million.
    likelihoods = log_likelihoods(RBM, TRAIN, TEST, exact_up_to=3, n_chains=500, n_betas=300, seed=0)
    assert likelihoods.method == "ais"
    assert 0 < likelihoods.log_z_stderr < 0.05
    for data, result in ((TRAIN, likelihoods.train), (TEST, likelihoods.test)):
        assert result.mean == pytest.approx(of_states(data).mean(), abs=5 * likelihoods.log_z_stderr)
        assert result.lower < of_states(data).mean() < result.upper
        assert result.upper - result.lower == pytest.approx(np.ptp(likelihoods.log_z_bounds))
    assert 0 < likelihoods.effective_sample_size <= 500
    assert likelihoods == log_likelihoods(RBM, TRAIN, TEST, exact_up_to=3, n_chains=500, n_betas=300, seed=0)


def test_where_annealing_gives_up_there_is_the_reason():
    steep = random_rbm(12, 8, 30.0, seed=3)
    likelihoods = log_likelihoods(steep, np.eye(12), exact_up_to=0, n_chains=30, n_betas=1, n_modes=0, seed=0)
    assert likelihoods.method == "none"
    assert "annealing failed" in likelihoods.reason
    assert np.isnan(
        [
            likelihoods.log_z,
            *likelihoods.log_z_bounds,
            likelihoods.train.mean,
            likelihoods.train.lower,
            likelihoods.train.stderr,
        ]
    ).all()
    left_out = log_likelihoods(steep, np.eye(12), exact_up_to=0, n_betas=0)
    assert left_out.reason == "annealing was not asked for (n_betas=0)"


def test_bad_input():
    with pytest.raises(ValueError, match=r"X_train must have shape \(n_samples, 6\), got \(2, 5\)"):
        log_likelihoods(RBM, np.ones((2, 5)))
    with pytest.raises(ValueError, match="X_test"):
        log_likelihoods(RBM, TRAIN, 0.5 * TEST)
    with pytest.raises(ValueError, match="n_betas must not be negative"):
        log_likelihoods(RBM, TRAIN, n_betas=-1)
    with pytest.raises(ValueError, match="n_chains must be at least 2"):
        log_likelihoods(RBM, TRAIN, n_chains=1)
    with pytest.raises(TypeError, match="exact_up_to must be an integer"):
        log_likelihoods(RBM, TRAIN, exact_up_to=2.5)
    with pytest.raises(TypeError, match="fitted RBM"):
        log_likelihoods("RBM", TRAIN)
    with pytest.raises(ValueError, match="finite"):
        log_likelihoods(RBMParameters(np.full((6, 1), np.inf), np.zeros(6), np.zeros(1)), TRAIN)
