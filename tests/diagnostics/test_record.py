"""Diagnostics along a training are those of the models it goes through, and leave it as it is."""

import numpy as np
import pytest

from rgrbm import BernoulliRBM, IsingModel, diagnostics, to_binary
from rgrbm.diagnostics import Record, machine
from rgrbm.likelihood import log_likelihood
from rgrbm.model import RBMParameters
from rgrbm.rbm import from_parameters

UNITS = to_binary(IsingModel((10,), J=0.8).sample(160, method="exact", seed=0))
TRAIN, TEST = UNITS[:100], UNITS[100:]
ALL = (
    "log_likelihood", "free_energy_gap", "reconstruction_error", "dead_units", "saturated_units", "duplicate_units",
    "rms_weight", "largest_weight", "largest_singular_value", "tau_int", "r_hat", "nearer",
)  # fmt: skip
QUICK = {"n_chains": 4, "n_steps": 20, "n_samples": 30}


def fit(callbacks, **options):
    rbm = BernoulliRBM(4, n_iter=60, batch_size=50, learning_rate=0.2, random_state=0)
    return rbm.fit(TRAIN, callbacks=callbacks, **options)


def test_columns_are_the_diagnostics_of_that_epochs_model():
    seen = {}

    def keep(progress):
        seen[progress.epoch] = from_parameters(
            RBMParameters(progress.weights, progress.visible_bias, progress.hidden_bias)
        )

    record = Record(*ALL, X_train=TRAIN, X_test=TEST, **QUICK)
    history = fit([keep, record], callback_interval=20).history_
    columns = {name: history[name] for name in history.names}
    for epoch in (20, 40, 60):
        rbm = seen[epoch]
        at = {name: column[epoch - 1] for name, column in columns.items()}
        assert at["log_likelihood_train"] == pytest.approx(log_likelihood(TRAIN, rbm))
        assert at["log_likelihood_test"] == pytest.approx(log_likelihood(TEST, rbm))
        assert at["free_energy_gap"] == pytest.approx(at["log_likelihood_test"] - at["log_likelihood_train"])
        units, weights = diagnostics.hidden_units(rbm, TRAIN), diagnostics.weight_summary(rbm)
        assert at["dead_units"] == len(units.dead)
        assert at["saturated_units"] == len(units.saturated)
        assert at["duplicate_units"] == units.n_duplicates
        assert at["largest_singular_value"] == pytest.approx(weights.singular_values[0])
        assert (at["rms_weight"], at["largest_weight"]) == pytest.approx((weights.rms, weights.largest))
        error = np.mean([np.mean(rbm.reconstruct(TRAIN, seed=s) != TRAIN) for s in range(10)])
        assert at["reconstruction_error_train"] == pytest.approx(error, abs=0.06)
        assert 0 < at["nearer"] < 1
        assert at["tau_int"] >= 0.5
        assert at["r_hat"] > 0.9
    between = np.setdiff1d(np.arange(60), [19, 39, 59])
    for name in ("log_likelihood_train", "r_hat", "nearer", "dead_units"):
        assert np.isnan(columns[name][between]).all()
    assert columns["dead_units"][19] >= columns["dead_units"][59]


def test_training_is_left_as_it_is():
    plain = fit([])
    watched = fit(Record(*ALL, X_train=TRAIN, X_test=TEST, every=30, **QUICK))
    np.testing.assert_array_equal(watched.weights_, plain.weights_)
    np.testing.assert_array_equal(watched.h_samples_, plain.h_samples_)
    assert watched.history_.stopped is None


def test_every_so_many_epochs():
    record = Record("rms_weight", X_train=TRAIN, every=25)
    recorded = fit(record, callback_interval=10).history_["rms_weight"]
    assert (np.flatnonzero(~np.isnan(recorded)) + 1).tolist() == [10, 40]
    again = fit(record, callback_interval=10).history_["rms_weight"]  # a new training begins anew
    np.testing.assert_array_equal(again, recorded)


def test_the_same_random_numbers_each_time():
    record, machine = Record("reconstruction_error", "tau_int", X_train=TRAIN, **QUICK), fit([])
    parameters = machine.weights_, machine.intercept_visible_, machine.intercept_hidden_
    assert record.measure(*parameters) == record.measure(*parameters)
    other = Record("reconstruction_error", "tau_int", X_train=TRAIN, seed=1, **QUICK)
    assert other.measure(*parameters) != record.measure(*parameters)
    assert set(record.measure(*parameters)) == {"reconstruction_error_train", "tau_int"}


def test_annealing_that_gives_up_is_not_a_number(monkeypatch):
    def failing_anneal(*args, **options):
        raise ArithmeticError

    monkeypatch.setattr(machine, "anneal", failing_anneal)
    steep = np.random.default_rng(0).normal(size=(10, 4)) * 50, np.zeros(10), np.zeros(4)
    failing = Record("log_likelihood", X_train=TRAIN, X_test=TEST, exact_up_to=0, n_betas=1)
    assert np.isnan(list(failing.measure(*steep).values())).all()
    assert set(failing.measure(*steep)) == {"log_likelihood_train", "log_likelihood_test"}


def test_diverged_parameters_are_not_a_number():
    record = Record(*ALL, X_train=TRAIN, X_test=TEST, **QUICK)
    measured = record.measure(np.full((10, 4), np.nan), np.zeros(10), np.zeros(4))
    assert np.isnan(list(measured.values())).all()
    assert set(measured) == set(record.measure(np.ones((10, 4)), np.zeros(10), np.zeros(4)))


@pytest.mark.parametrize(
    ("quantities", "options", "error", "message"),
    [
        ((), {}, ValueError, "at least one quantity to record"),
        (("likelihood",), {}, ValueError, "'likelihood' cannot be recorded: expected some of log_likelihood"),
        (("r_hat", "r_hat"), {}, ValueError, "recorded once"),
        (("free_energy_gap",), {}, ValueError, "give X_test"),
        (("r_hat",), {"every": 0}, ValueError, "every must be at least 1"),
        (("r_hat",), {"n_chains": 1}, ValueError, "n_chains must be at least 2"),
        (("r_hat",), {"n_steps": 1.5}, TypeError, "n_steps must be an integer"),
        (("r_hat",), {"X_train": [0, 1]}, ValueError, "X_train must have shape"),
        (("r_hat",), {"X_train": TRAIN * 0.5}, ValueError, "X_train"),
        (("r_hat",), {"X_train": [[0, 1], [1]]}, ValueError, "X_train must be real numbers in rows of one length"),
        (("r_hat",), {"X_train": TRAIN * 1j}, TypeError, "X_train must be real numbers"),
        (("r_hat",), {"X_test": 2 * TEST}, ValueError, "X_test"),
    ],
)
def test_bad_arguments(quantities, options, error, message):
    with pytest.raises(error, match=message):
        Record(*quantities, **{"X_train": TRAIN} | options)


def test_data_of_other_units():
    with pytest.raises(ValueError, match=r"X_train must have shape \(n_samples, 10\), got \(100, 9\)"):
        fit(Record("dead_units", X_train=TRAIN[:, :9]))
