"""Dead, saturated and duplicate units that were made by hand, and weights whose modes are known."""

import numpy as np
import pytest

from rgrbm import BernoulliRBM, masks
from rgrbm.diagnostics import hidden_units, weight_summary
from rgrbm.model import RBMParameters

X = np.random.default_rng(0).integers(2, size=(500, 6))


def machine(*units):
    """Hidden units from (filter, bias) of six visible ones."""
    return RBMParameters(
        np.array([w for w, _ in units], float).T, np.zeros(6), np.array([b for _, b in units], dtype=float)
    )


SOFT = ([1, -1, 0.5, 0, 0, 0], 0.0)
OTHER = ([0, 0, 0, 1, -1, 0.5], 0.2)


def test_dead_units_tell_nothing():
    off, on = ([1] * 6, -30), ([1] * 6, 30)
    undecided = ([0] * 6, 0)
    units = hidden_units(machine(SOFT, off, on, undecided, OTHER), X)
    assert units.dead == (1, 2, 3)
    assert units.saturated == ()
    assert units.duplicates == ()
    np.testing.assert_allclose(units.mean_activity[1:4], [0, 1, 0.5], atol=1e-8)


def test_saturated_units_are_switches():
    switch = ([40, 0, 0, 0, 0, 0], -20)
    nearly = ([8, 0, 0, 0, 0, 0], -4)  # p = 0.018 or 0.982
    units = hidden_units(machine(SOFT, switch, nearly), X)
    assert units.saturated == (1,)
    assert units.dead == ()


def test_duplicates_say_the_same_or_the_contrary():
    w, b = np.array(SOFT[0]), SOFT[1]
    opposite = (-w, -b)
    scaled = (1.1 * w, b + 0.05)
    units = hidden_units(machine(SOFT, OTHER, opposite, SOFT, scaled), X)
    assert set(units.duplicates) == {(0, 2, -1), (0, 3, 1), (0, 4, 1), (2, 3, -1), (2, 4, -1), (3, 4, 1)}
    assert units.n_duplicates == 3
    assert hidden_units(machine(SOFT, OTHER), X).n_duplicates == 0


def test_same_activity_by_other_weights_is_no_duplicate():
    # On these data both visible units are the same, so the activities are, but the filters are at right angles.
    same = np.repeat(X[:, :1], 6, axis=1)
    first, second = ([2, 0, 0, 0, 0, 0], 0), ([0, 2, 0, 0, 0, 0], 0)
    assert hidden_units(machine(first, second), same).duplicates == ()


def test_activities_are_counted():
    units = hidden_units(machine(SOFT, OTHER), X)
    counts = units.activities.counts["train"]
    W, _, b = machine(SOFT, OTHER)
    expected = np.histogram(1 / (1 + np.exp(-(X @ W + b))), np.linspace(0, 1, 41))[0]
    np.testing.assert_array_equal(counts, expected)
    assert counts.sum() == 1000


def test_a_single_sample_leaves_all_units_dead():
    assert hidden_units(machine(SOFT, OTHER), X[:1]).dead == (0, 1)


def test_weights():
    rng = np.random.default_rng(1)
    u, v = (np.linalg.qr(rng.normal(size=(n, 3)))[0] for n in (6, 4))
    W = u @ np.diag([5.0, 2.0, 0.5]) @ v.T
    summary = weight_summary(RBMParameters(W, np.zeros(6), np.zeros(4)))
    np.testing.assert_allclose(summary.singular_values, [5, 2, 0.5, 0], atol=1e-12)
    assert summary.rms == pytest.approx(np.sqrt((25 + 4 + 0.25) / 24))
    assert summary.largest == np.abs(W).max()
    assert summary.histogram.counts["weights"].sum() == 24
    assert summary.histogram.edges[[0, -1]].tolist() == [W.min(), W.max()]


def test_weights_that_a_mask_leaves_out_do_not_count():
    rbm = BernoulliRBM(3, mask=masks.ring(6, 3, width=3), n_iter=5, random_state=0).fit(X)
    assert weight_summary(rbm).histogram.counts["weights"].sum() == 9
    assert weight_summary(rbm).rms == pytest.approx(np.sqrt(np.sum(rbm.weights_**2) / 9))


def test_bad_input():
    with pytest.raises(ValueError, match="X must have shape"):
        hidden_units(machine(SOFT), X[:, :5])
    with pytest.raises(TypeError, match="is it fitted"):
        weight_summary(BernoulliRBM(3))
