"""Early stopping on a validation set."""

from types import SimpleNamespace

import numpy as np
import pytest
import scipy.sparse as sp

from rgrbm import BernoulliRBM
from rgrbm.likelihood import log_likelihood
from rgrbm.rbm.callbacks import EarlyStopping

RNG = np.random.default_rng(0)
PATTERN = np.tile([0, 1], 4)


def noisy_patterns(n_samples):
    data = np.where(RNG.random((n_samples, 1)) < 0.5, PATTERN, 1 - PATTERN)
    return (data ^ (RNG.random(data.shape) < 0.2)).astype(np.uint8)


def model_with_bias(epoch, bias):
    """Progress of a training whose units are independent: the score is known in closed form."""
    return SimpleNamespace(
        epoch=epoch,
        weights=np.zeros((2, 3)),
        visible_bias=np.array([bias, bias]),
        hidden_bias=np.zeros(3),
        record=lambda name, value: None,
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


@pytest.mark.parametrize("score", ["pseudo_likelihood", "ais", "exact"])
def test_scores_are_recorded_and_the_best_parameters_restored(score, tmp_path):
    train, validation = noisy_patterns(12), noisy_patterns(200)
    stop = EarlyStopping(validation, score=score, patience=4, interval=20, restore_best=True)
    model = BernoulliRBM(n_components=10, n_iter=2000, learning_rate=0.2, random_state=0)
    model.fit(train, callbacks=[lambda progress: False, stop], callback_interval=10, checkpoint=tmp_path / "c")
    assert stop.epochs_[:3] == [10, 30, 50]
    column = model.history_["validation_score"]
    np.testing.assert_array_equal(np.flatnonzero(~np.isnan(column)) + 1, stop.epochs_)
    np.testing.assert_array_equal(column[~np.isnan(column)], stop.scores_)
    assert model.n_iter_ == stop.best_epoch_ + 80 < 2000
    np.testing.assert_array_equal(model.weights_, stop.best_parameters_["weights"])
    exact = model.score(validation) if score == "pseudo_likelihood" else log_likelihood(validation, model)
    # 100 chains of 1,000 steps on so small a model: a standard error below 0.01.
    assert max(stop.scores_) == pytest.approx(exact, abs=0.1 if score == "ais" else 1e-6)
    # The checkpoint has the last epoch: a training that goes on from it is the one that was never stopped.
    model.set_params(n_iter=400).fit(train, checkpoint=tmp_path / "c", resume=True)
    whole = BernoulliRBM(n_components=10, n_iter=400, learning_rate=0.2, random_state=0).fit(train)
    np.testing.assert_array_equal(model.weights_, whole.weights_)
    assert np.isnan(model.history_["validation_score"][-1])


def test_without_restoring_the_model_is_that_of_the_last_epoch():
    train, stop = noisy_patterns(12), EarlyStopping(noisy_patterns(200), patience=1)
    model = BernoulliRBM(n_components=10, n_iter=2000, learning_rate=0.5, random_state=0).fit(train, callbacks=stop)
    assert model.n_iter_ > stop.best_epoch_
    assert np.any(model.weights_ != stop.best_parameters_["weights"])


def test_bad_arguments():
    with pytest.raises(ValueError, match="patience must be at least 1, got 0"):
        EarlyStopping(np.ones((2, 2)), patience=0)
    with pytest.raises(ValueError, match="interval must be at least 1, got 0"):
        EarlyStopping(np.ones((2, 2)), interval=0)
    with pytest.raises(ValueError, match="score must be one of"):
        EarlyStopping(np.ones((2, 2)), score="reconstruction")
    with pytest.raises(ValueError, match="needs validation data of 0 and 1"):
        EarlyStopping(np.full((2, 2), 0.5), score="exact")
    with pytest.raises(ValueError, match="29 units"):
        BernoulliRBM(40, n_iter=1).fit(np.eye(29), callbacks=EarlyStopping(np.eye(29), score="exact"))
    with pytest.raises(ValueError, match="min_gain must not be negative"):
        EarlyStopping(np.ones((2, 2)), min_gain=-0.1)
    with pytest.raises(ValueError, match="min_gain must be finite"):
        EarlyStopping(np.ones((2, 2)), min_gain=float("nan"))
    with pytest.raises(TypeError, match="patience must be an integer, got '5'"):
        EarlyStopping(np.ones((2, 2)), patience="5")
    with pytest.raises(ValueError, match="to_binary"):
        EarlyStopping([[-1, 1]])
    with pytest.raises(ValueError, match="got masked values"):
        EarlyStopping(np.ma.masked_array(np.ones((2, 2)), mask=np.eye(2)))
    with pytest.raises(TypeError, match="score must be one of"):
        EarlyStopping(np.ones((2, 2)), score=np.arange(2))
    with pytest.raises(ValueError, match="contains NaN"):
        EarlyStopping([[np.nan, 1]])
    with pytest.raises(ValueError, match="validation data have 3 features, the training data 8"):
        BernoulliRBM(n_iter=1).fit(noisy_patterns(5), callbacks=[EarlyStopping(np.ones((2, 3)))])
