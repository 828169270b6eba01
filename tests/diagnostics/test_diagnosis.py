"""The whole diagnosis: its parts are those of the functions, and it prints, draws, and becomes a table or JSON."""

import dataclasses
import json
import sys
from unittest.mock import patch

import numpy as np
import pytest
from matplotlib.figure import Figure
from sklearn.neural_network import BernoulliRBM as SklearnRBM

import rgrbm
from rgrbm import BernoulliRBM, IsingModel, diagnose, diagnostics, to_binary
from rgrbm.diagnostics import machine
from rgrbm.model import RBMParameters
from same import require_same

QUICK = {"n_chains": 6, "n_steps": 40, "n_samples": 60, "n_ais_chains": 50, "n_betas": 300}
UNITS = to_binary(IsingModel((12,), J=0.8).sample(300, method="exact", seed=0))
TRAIN, TEST = UNITS[:200], UNITS[200:]


@pytest.fixture(scope="module")
def rbm():
    return BernoulliRBM(6, n_iter=200, batch_size=50, random_state=0).fit(TRAIN)


@pytest.fixture(scope="module")
def result(rbm):
    return diagnose(rbm, TRAIN, TEST, seed=1, **QUICK)


def test_parts_are_those_of_the_functions(rbm, result):
    assert (result.machine, result.n_visible, result.n_hidden) == ("BernoulliRBM", 12, 6)
    assert (result.n_train, result.n_test) == (200, 100)
    require_same(result.log_likelihood, diagnostics.log_likelihoods(rbm, TRAIN, TEST))
    assert result.log_likelihood.train.mean == pytest.approx(rgrbm.likelihood.log_likelihood(TRAIN, rbm))
    require_same(result.free_energy, diagnostics.free_energies(rbm, TRAIN, TEST))
    # log Z drops out of the gap.
    difference = result.log_likelihood.train.mean - result.log_likelihood.test.mean
    assert result.free_energy.gap.mean == pytest.approx(-difference)
    error = np.mean([np.mean(rbm.reconstruct(TRAIN, seed=s) != TRAIN) for s in range(20)])
    assert result.reconstruction_error.sampled_train.mean == pytest.approx(error, abs=0.015)
    np.testing.assert_array_equal(result.weights.singular_values, diagnostics.weight_summary(rbm).singular_values)
    assert result.hidden_units.dead == diagnostics.hidden_units(rbm, TRAIN).dead
    assert (result.chains.n_chains, result.chains.n_steps, result.chains.n_burn_in) == (6, 40, 20)
    assert result.memory.reference == "test"


def test_energies_of_samples_and_data(rbm, result):
    assert (result.samples.method, result.samples.n_samples, result.samples.n_steps) == ("exact", 60, 0)
    energies = result.samples.energies
    assert {name: counts.sum() for name, counts in energies.counts.items()} == {"train": 200, "test": 100, "model": 60}
    np.testing.assert_array_equal(energies.counts["train"], np.histogram(rbm.free_energy(TRAIN), energies.edges)[0])
    # ⟨F⟩ of exact samples is that of the enumerated distribution, within five standard errors.
    log_p = rgrbm.likelihood.log_marginal(rbm, "visible")
    exact = -np.sum(np.exp(log_p) * (log_p + rgrbm.log_z(rbm)))
    many = diagnose(rbm, TRAIN, seed=2, **QUICK | {"n_samples": 5000}).samples.free_energy
    assert many.mean == pytest.approx(exact, abs=5 * many.stderr)


def test_beyond_enumeration(rbm):
    annealed = diagnose(rbm, TRAIN, seed=1, exact_up_to=5, **QUICK)
    assert annealed.log_likelihood.method == "ais"
    assert (annealed.samples.method, annealed.samples.n_steps) == ("gibbs", 80)
    assert annealed.log_likelihood.test is annealed.free_energy.test is None
    assert annealed.memory.reference == "train"
    exact = rgrbm.likelihood.log_likelihood(TRAIN, rbm)
    assert annealed.log_likelihood.train.lower < exact < annealed.log_likelihood.train.upper


def test_a_known_likelihood_is_taken(rbm):
    known = diagnostics.log_likelihoods(rbm, TRAIN, exact_up_to=0, n_chains=20, n_betas=100, seed=3)
    assert diagnose(rbm, TRAIN, log_likelihood=known, seed=0, **QUICK).log_likelihood is known


def test_same_seed_same_numbers(rbm, result):
    before = rbm.sample(3, n_steps=2, seed=0)
    sequence = np.random.SeedSequence(1)
    assert diagnose(rbm, TRAIN, TEST, seed=sequence, **QUICK).to_dict() == result.to_dict()
    assert diagnose(rbm, TRAIN, TEST, seed=sequence, **QUICK).to_dict() == result.to_dict()  # nothing was spawned
    assert diagnose(rbm, TRAIN, TEST, seed=2, **QUICK).to_dict() != result.to_dict()
    np.testing.assert_array_equal(rbm.sample(3, n_steps=2, seed=0), before)


def test_same_bits_for_any_number_of_threads(rbm, result):
    rgrbm.set_num_threads(2)
    two = diagnose(rbm, TRAIN, TEST, seed=1, **QUICK).to_dict()
    rgrbm.set_num_threads(0)
    assert two == result.to_dict()


def test_the_estimators_own_stream_is_left_alone():
    first, second = (BernoulliRBM(3, n_iter=2, random_state=0).fit(TRAIN) for _ in range(2))
    diagnose(first, TRAIN, seed=0, **QUICK)
    np.testing.assert_array_equal(first.sample(4, n_steps=2), second.sample(4, n_steps=2))


def test_parameters_and_scikit_learn(rbm, result):
    parameters = RBMParameters(rbm.weights_, rbm.intercept_visible_, rbm.intercept_hidden_)
    of_parameters = diagnose(parameters, TRAIN, TEST, seed=1, **QUICK)
    assert of_parameters.log_likelihood.train.mean == pytest.approx(result.log_likelihood.train.mean)
    theirs = SklearnRBM(4, n_iter=3, random_state=0).fit(TRAIN)
    of_theirs = diagnose(theirs, TRAIN, TEST, seed=1, **QUICK)
    assert of_theirs.n_hidden == 4
    assert of_theirs.log_likelihood.train.mean == pytest.approx(
        rgrbm.likelihood.log_likelihood(TRAIN, rgrbm.rbm.from_sklearn(theirs))
    )


def cases(rbm):
    yield diagnose(rbm, TRAIN, TEST, seed=1, **QUICK)
    yield diagnose(rbm, TRAIN, seed=1, exact_up_to=0, **QUICK)
    yield diagnose(rbm, TRAIN[:1], TEST[:1], seed=1, exact_up_to=0, **QUICK | {"n_betas": 0})
    # Large numbers, chains that stay apart, and annealing that gives up.
    steep = RBMParameters(np.full((12, 6), 150.0), np.full(12, -450.0), np.full(6, -900.0))
    with patch.object(machine, "anneal", side_effect=ArithmeticError("annealing failed: the weights are too uneven")):
        yield diagnose(steep, TRAIN, TEST, seed=1, exact_up_to=0, **QUICK | {"n_samples": 1})


def test_text_fits_and_has_every_number_whole(rbm):
    for result in cases(rbm):
        text = str(result)
        assert max(map(len, text.splitlines())) <= 80
        assert all(line.isprintable() for line in text.splitlines())
        assert "nan" not in text
        flat = " ".join(text.split())
        likelihood = result.log_likelihood
        if likelihood.method == "none":
            assert likelihood.reason[:30] in flat
            assert "unknown" in text
        else:
            shown = text.split("log-likelihood, nats per sample")[1].split()[0].split("(")[0]
            assert float(shown) == pytest.approx(likelihood.train.mean, abs=0.51 * 10 ** -len(shown.split(".")[1]))
        assert f"{len(result.hidden_units.dead)} dead, {len(result.hidden_units.saturated)} saturated" in flat
        for name, r_hat in zip(result.chains.quantities, result.chains.r_hat, strict=True):
            line = next(line for line in text.splitlines() if line.startswith(f"  {name} "))
            assert line.split()[-1] == ("infinite" if np.isinf(r_hat) else f"{r_hat:.3f}")
        agree = result.chains.mixed
        assert ("do NOT agree" not in flat) == agree


def test_quantities_that_never_change_have_no_time():
    frozen = RBMParameters(np.zeros((3, 2)), np.array([50.0, -50.0, 50.0]), np.zeros(2))
    diagnosis = diagnose(frozen, np.eye(3), n_steps=10, seed=0)
    assert str(diagnosis).count("unknown (never changed)") == 3
    assert diagnosis.to_dict()["chains"]["tau_int"] == [None, None, None]
    frame = diagnosis.to_frame()
    assert frame[frame.quantity == "tau_int"].value.isna().all()


def test_verdict_on_memory():
    copies = RBMParameters(np.array([[60.0], [-60.0]] * 6), np.array([-30.0, 30.0] * 6), np.zeros(1))
    known = np.array([[1, 0] * 6, [0, 1] * 6])
    assert "MEMORISED" in str(diagnose(copies, known, TEST, seed=0, **QUICK))
    assert "not memorised" in str(diagnose(copies, known[[0, 0, 1, 1]], seed=0, **QUICK))


def test_dict_is_json_and_holds_every_field(rbm):
    for result in cases(rbm):
        content = result.to_dict()
        assert json.loads(json.dumps(content, allow_nan=False)) == content
        assert set(content) == {field.name for field in dataclasses.fields(result)}
    assert content["log_likelihood"]["train"]["mean"] is None  # NaN of the last case
    assert content["chains"]["r_hat"][1] is None  # infinite: no chain leaves its mode
    assert content["chains"]["mixed"] is False


def test_frame(result):
    frame = result.to_frame()
    assert list(frame.columns) == ["quantity", "of", "value", "stderr", "lower", "upper"]
    value = frame.set_index(["quantity", "of"])["value"]
    assert value["log_likelihood", "test"] == result.log_likelihood.test.mean
    assert value["free_energy_gap", "train - test"] == result.free_energy.gap.mean
    assert value["reconstruction_error_thresholded", "train"] == result.reconstruction_error.thresholded_train.mean
    assert value["dead_units", "hidden units"] == len(result.hidden_units.dead)
    assert value["r_hat", "mode 2"] == result.chains.r_hat[2]
    assert value["median_distance_to_training_data", "model"] == result.memory.median_model
    assert not value.index.duplicated().any()
    assert frame["lower"].notna().sum() == 3  # both likelihoods and log Z
    assert frame.dtypes["stderr"] == np.float64


def test_frame_without_pandas(result, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match=r"Diagnosis\.to_frame needs pandas"):
        result.to_frame()


def test_plot(rbm):
    for result in cases(rbm):
        figure = result.plot()
        assert isinstance(figure, Figure)
        assert len(figure.axes) == 6


def test_frozen(result):
    with pytest.raises(dataclasses.FrozenInstanceError):
        result.n_train = 3


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"n_samples": 0}, ValueError, "n_samples must be at least 1"),
        ({"n_steps": 2}, ValueError, "n_steps must be at least 4"),
        ({"n_chains": 1}, ValueError, "n_chains must be at least 2"),
        ({"exact_up_to": -1}, ValueError, "exact_up_to must not be negative"),
        ({"n_betas": "many"}, TypeError, "n_betas must be an integer"),
        ({"seed": "chance"}, TypeError, "seed must be"),
        ({"log_likelihood": -3.0}, TypeError, r"log_likelihood must be a LogLikelihoods, got -3\.0"),
        ({"X_test": [["a"] * 12]}, TypeError, "X_test must be real numbers"),
    ],
)
def test_bad_options(rbm, options, error, message):
    with pytest.raises(error, match=message):
        diagnose(rbm, TRAIN, **options)


def test_bad_machines_and_data(rbm):
    with pytest.raises(TypeError, match="is it fitted"):
        diagnose(BernoulliRBM(2), TRAIN)
    with pytest.raises(TypeError, match="fitted RBM"):
        diagnose(object(), TRAIN)
    with pytest.raises(ValueError, match="finite"):
        diagnose(RBMParameters(np.full((12, 1), np.nan), np.zeros(12), np.zeros(1)), TRAIN)
    with pytest.raises(ValueError, match=r"X_train must have shape \(n_samples, 12\), got \(200, 11\)"):
        diagnose(rbm, TRAIN[:, :11])
    with pytest.raises(ValueError, match="X_test must have shape"):
        diagnose(rbm, TRAIN, TEST[:0])
    with pytest.raises(ValueError, match="X_train"):
        diagnose(rbm, 2.0 * TRAIN - 1)
