"""Early stopping on a validation set."""

from types import SimpleNamespace

import numpy as np
import pytest
import scipy.sparse as sp

from rgrbm import BernoulliRBM
from rgrbm.callbacks import EarlyStopping

RNG = np.random.default_rng(0)
PATTERN = np.tile([0, 1], 4)


def noisy_patterns(n_samples):
    data = np.where(RNG.random((n_samples, 1)) < 0.5, PATTERN, 1 - PATTERN)
    return (data ^ (RNG.random(data.shape) < 0.2)).astype(np.uint8)


def model_with_bias(epoch, bias):
    """Progress of a training whose units are independent: the score is known in closed form."""
    return SimpleNamespace(
        epoch=epoch, weights=np.zeros((2, 3)), visible_bias=np.array([bias, bias]), hidden_bias=np.zeros(3)
    )


@pytest.mark.parametrize("convert", [np.asarray, sp.csr_array])
def test_scores_patience_and_best_parameters(convert):
    stop = EarlyStopping(convert(np.ones((4, 2), dtype=np.uint8)), patience=2)
    answers = [stop(model_with_bias(epoch, bias)) for epoch, bias in enumerate([0, 1, 0.5, 2, 1, 1.5])]
    assert answers == [False, False, False, False, False, True]
    np.testing.assert_allclose(stop.scores_, -2 * np.logaddexp(0, -np.array([0, 1, 0.5, 2, 1, 1.5])))
    assert stop.epochs_ == [0, 1, 2, 3, 4, 5]
    assert stop.best_epoch_ == 3
    np.testing.assert_array_equal(stop.best_parameters_["visible_bias"], [2, 2])


def test_small_gains_do_not_count():
    stop = EarlyStopping(np.ones((4, 2)), patience=2, min_gain=0.5)
    assert [stop(model_with_bias(e, b)) for e, b in enumerate([0, 0.1, 0.2])] == [False, False, True]


def test_stops_a_training_that_overfits():
    train, validation = noisy_patterns(12), noisy_patterns(200)
    stop = EarlyStopping(validation, patience=5)
    model = BernoulliRBM(n_components=30, n_iter=5000, learning_rate=0.2, random_state=0)
    model.fit(train, callbacks=[stop], callback_interval=10)
    assert model.history_.stopped == "callback"
    assert model.n_iter_ == stop.best_epoch_ + 50 == stop.epochs_[-1]
    assert model.score(validation) == pytest.approx(stop.scores_[-1])
    assert max(stop.scores_) > stop.scores_[-1]


def test_bad_arguments():
    with pytest.raises(ValueError, match="patience must be at least 1"):
        EarlyStopping(np.ones((2, 2)), patience=0)
    with pytest.raises(ValueError, match="min_gain must not be negative"):
        EarlyStopping(np.ones((2, 2)), min_gain=float("nan"))
    with pytest.raises(ValueError, match="to_binary"):
        EarlyStopping([[-1, 1]])
    with pytest.raises(ValueError, match="contains NaN"):
        EarlyStopping([[np.nan, 1]])
    with pytest.raises(ValueError, match="validation data have 3 features, the training data 8"):
        BernoulliRBM(n_iter=1).fit(noisy_patterns(5), callbacks=[EarlyStopping(np.ones((2, 3)))])
