"""What ``verbose`` and ``progress`` print: a line for each epoch, or a bar where there is a terminal."""

import re

import numpy as np
import pytest

from rgrbm import BernoulliRBM
from rgrbm.model import energies


@pytest.fixture
def X():
    return np.random.default_rng(0).integers(0, 2, (200, 8), np.uint8)


def lines_of(printed):
    """Epoch, pseudo-likelihood and seconds of each line in scikit-learn's form; nothing else may be printed."""
    form = r"\[BernoulliRBM\] Iteration (\d+), pseudo-likelihood = (-\d+\.\d\d), time = (\d+\.\d\d)s"
    assert printed.err == ""
    results = [re.fullmatch(form, line) for line in printed.out.splitlines()]
    return [(int(m[1]), float(m[2]), float(m[3])) for m in results]


@pytest.fixture
def pipe(monkeypatch):
    """Standard output is none of a terminal, whatever the one is like that the tests run in."""
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)


def test_a_line_an_epoch_in_pipes(X, pipe, capfd):
    rbm = BernoulliRBM(n_components=2, n_iter=3, verbose=1, random_state=0).fit(X)
    lines = lines_of(capfd.readouterr())
    assert [epoch for epoch, _, _ in lines] == [1, 2, 3]
    assert sum(seconds for _, _, seconds in lines) == pytest.approx(rbm.history_.seconds, abs=0.016)
    silent = BernoulliRBM(n_components=2, n_iter=3, random_state=0).fit(X)
    assert capfd.readouterr() == ("", "")
    np.testing.assert_array_equal(rbm.components_, silent.components_)
    np.testing.assert_array_equal(rbm.sample_hidden(X), silent.sample_hidden(X))  # their own streams, too


def test_lines_go_on_where_a_training_was_stopped(X, pipe, capfd):
    rbm = BernoulliRBM(n_components=2, n_iter=2, verbose=True, random_state=0).fit(X)
    rbm.set_params(n_iter=4).fit(X, resume=True)
    resumed = lines_of(capfd.readouterr())
    BernoulliRBM(n_components=2, n_iter=4, verbose=True, random_state=0).fit(X)
    assert [line[:2] for line in resumed] == [line[:2] for line in lines_of(capfd.readouterr())]
    assert sum(seconds for _, _, seconds in resumed) == pytest.approx(rbm.history_.seconds, abs=0.021)


def test_a_bar_alone_leaves_pipes_empty(X, pipe, capfd):
    for verbose in (0, 1):
        BernoulliRBM(n_components=2, n_iter=3, verbose=verbose).fit(X, progress=True)
    assert capfd.readouterr() == ("", "")


def test_progress_decides_before_verbose(X, pipe, capfd):
    epochs = []
    rbm = BernoulliRBM(n_components=2, n_iter=3, verbose=1, random_state=0)
    rbm.fit(X, progress=False)
    rbm.fit(X, progress=lambda done, total: epochs.append((done, total)))
    assert capfd.readouterr() == ("", "")
    assert epochs[0] == (0, 3)
    assert epochs[-1] == (3, 3)
    rbm.set_params(n_iter=5).fit(X, resume=True, progress=lambda done, total: epochs.append((done, total)))
    assert (3, 5) in epochs  # what is done counts
    assert epochs[-1] == (5, 5)


def test_a_bar_in_terminals(X, monkeypatch, capfd):
    monkeypatch.setenv("FORCE_COLOR", "1")  # which rich takes for a terminal
    for fit in ({"verbose": 1}, {"progress": True}):
        BernoulliRBM(n_components=2, n_iter=3, verbose=fit.pop("verbose", 0)).fit(X, **fit)
        out = capfd.readouterr().out
        assert "3/3" in out
        assert "Iteration" not in out


@pytest.mark.filterwarnings("ignore:training has hardly moved")
def test_the_pseudo_likelihood_of_a_line(X, pipe, capfd):
    """The mean of 10,000 estimates is within 5 standard errors of the sum over all units: one false alarm in 10⁶."""
    weights = np.linspace(0.2, 1.8, len(X))
    data, weights = np.tile(X, (10_000 // len(X), 1)), np.tile(weights, 10_000 // len(X))
    rbm = BernoulliRBM(n_components=2, n_iter=1, batch_size=100, verbose=1, random_state=0)
    rbm.fit(data, sample_weight=weights)
    ((_, result, _),) = lines_of(capfd.readouterr())
    p = rbm.intercept_visible_, rbm.intercept_hidden_
    n = data.shape[1]
    flipped = np.array([energies.flipped_log_pseudo_likelihood(X, np.full(len(X), i), rbm.weights_, *p)
                        for i in range(n)])  # fmt: skip
    exact = rbm.score_samples(X)
    np.testing.assert_allclose(flipped.mean(axis=0), exact, rtol=1e-9)
    w = weights[: len(X)] / weights[: len(X)].sum()
    error = np.sqrt((w**2 * flipped.var(axis=0)).sum() / (10_000 // len(X)))
    assert abs(result - w @ exact) < 5 * error + 0.005  # two decimals are printed
