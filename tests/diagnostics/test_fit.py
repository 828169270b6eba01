"""Free energies and reconstruction errors against enumeration."""

import numpy as np
import pytest
from scipy.special import expit

from rbm_models import joint, random_rbm, states
from rgrbm.diagnostics import free_energies, reconstruction_errors

RBM = random_rbm(5, 3, 1.5, seed=4)
RNG = np.random.default_rng(0)
TRAIN, TEST = RNG.integers(2, size=(400, 5)), RNG.integers(2, size=(300, 5))


def test_free_energies_and_their_gap():
    F = -np.log(np.exp(joint(RBM)).sum(axis=1))
    train, test = (F[x @ (1 << np.arange(5))] for x in (TRAIN, TEST))
    result = free_energies(RBM, TRAIN, TEST)
    assert result.train.mean == pytest.approx(train.mean())
    assert result.test.mean == pytest.approx(test.mean())
    assert result.test.stderr == pytest.approx(test.std(ddof=1) / np.sqrt(300))
    assert result.gap.mean == pytest.approx(train.mean() - test.mean())
    assert result.gap.stderr == pytest.approx(np.sqrt(train.var(ddof=1) / 400 + test.var(ddof=1) / 300))
    alone = free_energies(RBM, TRAIN)
    assert (alone.train, alone.test, alone.gap) == (result.train, None, None)


def test_reconstruction_errors():
    W, c, b = RBM
    p_h = expit(TRAIN @ W + b)
    H = states(3)
    distribution = np.prod(np.where(H == 1, p_h[:, None, :], 1 - p_h[:, None, :]), axis=2)
    p_v = distribution @ expit(H @ W.T + c)  # of the drawn reconstruction
    expected = np.where(TRAIN == 1, 1 - p_v, p_v).mean()
    errors = reconstruction_errors(RBM, TRAIN, TEST, n_draws=50, seed=0)
    # 400 · 50 · 5 draws of variance below ¼, the five of a sample correlated: at most 0.0036; five of them.
    assert errors.sampled_train.mean == pytest.approx(expected, abs=0.018)
    thresholded = np.mean((expit(p_h @ W.T + c) >= 0.5) != TRAIN, axis=1)
    assert errors.thresholded_train.mean == pytest.approx(thresholded.mean())
    assert errors.thresholded_train.stderr == pytest.approx(thresholded.std(ddof=1) / 20)
    assert errors.sampled_test.mean == pytest.approx(expected, abs=0.06)
    assert errors == reconstruction_errors(RBM, TRAIN, TEST, n_draws=50, seed=0)
    assert errors != reconstruction_errors(RBM, TRAIN, TEST, n_draws=50, seed=1)
    assert reconstruction_errors(RBM, TRAIN, seed=0).sampled_test is None
    with pytest.raises(ValueError, match="n_draws must be at least 1"):
        reconstruction_errors(RBM, TRAIN, n_draws=0)
