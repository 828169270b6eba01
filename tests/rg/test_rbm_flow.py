"""v → h → v → …: its end against enumeration, its single steps against the exact map, its thermometers."""

import numpy as np
import pytest

from rbm_models import random_rbm, states
from rgrbm import BernoulliRBM, IsingModel, decimate, to_spins
from rgrbm.likelihood import log_marginal
from rgrbm.model import spin_parameters
from rgrbm.plots.flow import plot_learned_flow, plot_rbm_flow
from rgrbm.rg import decimation_rbm, rbm_flow

N, SAMPLES = 8, 20_000
UP = np.ones((SAMPLES, N), dtype=np.int8)
RANDOM = to_spins(np.random.default_rng(0).integers(2, size=(SAMPLES, N)))


def neighbours(p):
    """⟨s_i s_{i+1}⟩ of a distribution over all states."""
    s = to_spins(states(N).astype(int))
    return p @ np.mean(s * np.roll(s, -1, axis=1), axis=1, dtype=float)


def coupling(C):
    """J of the ring with this nearest-neighbour correlation, by bisection of (t + tⁿ⁻¹)/(1 + tⁿ)."""
    low, high = -10.0, 10.0
    for _ in range(60):
        J = (low + high) / 2
        t = np.tanh(J)
        low, high = (J, high) if (t + t ** (N - 1)) / (1 + t**N) < C else (low, J)
    return J


def gibbs_matrix(rbm):
    """p(v′ | v) of a step v → h → v′, by enumeration."""
    v, h = states(rbm.weights_.shape[0]), states(rbm.weights_.shape[1])
    E = (v @ rbm.intercept_visible_)[:, None] + h @ rbm.intercept_hidden_ + v @ rbm.weights_ @ h.T
    to_hidden = np.exp(E - E.max(axis=1, keepdims=True))
    to_visible = np.exp(E - E.max(axis=0))
    return (to_hidden / to_hidden.sum(axis=1, keepdims=True)) @ (to_visible / to_visible.sum(axis=0)).T


@pytest.mark.parametrize("start", [UP, RANDOM], ids=["T = 0", "T = ∞"])
def test_the_end_is_the_models_own_distribution(start):
    """Of the decimating RBM, from both ends; 4 standard errors, missed once in 16,000 times each."""
    rbm = decimation_rbm(N, J=0.8, K=1.0)
    flow = rbm_flow(rbm, start, 60, measure_every=60, seed=1)
    expected = coupling(neighbours(np.exp(log_marginal(rbm, "visible"))))
    assert abs(flow.J[-1] - expected) < 4 * flow.J_stderr[-1]
    np.testing.assert_array_equal(flow.step, [0, 60])


def test_a_better_rbm_ends_nearer_to_the_ring_that_it_decimates():
    """K = 2: p(v) is within e^(−8) of the ring at J."""
    start = IsingModel(N, J=0.8).sample(SAMPLES, method="exact", seed=2)
    flow = rbm_flow(decimation_rbm(N, J=0.8, K=2.5), start, 5, seed=3)
    assert np.all(np.abs(flow.J - 0.8) < 4 * flow.J_stderr + 2e-3)
    assert np.all(np.abs(flow.disagreement) < 4)


def test_every_step_follows_the_exact_map():
    """⟨s s′⟩ after 1, 2, 3 steps of a random RBM, by powers of its transition matrix; fails once in 5,000."""
    rbm = random_rbm(N, 3, 0.7, seed=4)
    flow = rbm_flow(rbm, UP, 3, seed=5)
    p = np.zeros(2**N)
    p[-1] = 1
    assert flow.J[0] == np.inf
    assert np.isnan(flow.J_stderr[0])
    for step in (1, 2, 3):
        p = p @ gibbs_matrix(rbm)
        assert abs(flow.J[step] - coupling(neighbours(p))) < 4 * flow.J_stderr[step]


def test_thermometers_disagree_off_the_ising_ring():
    """Pairs of mostly equal spins that know nothing of the next pair: no Ising ring has such neighbours."""
    spins = np.repeat(RANDOM[:, : N // 2], 2, axis=1)
    spins[np.random.default_rng(1).random(spins.shape) < 0.1] *= -1
    flow = rbm_flow(decimation_rbm(N, 1.0, 1.0), spins, 0, seed=0)
    assert abs(flow.disagreement[0]) > 10
    np.testing.assert_array_equal(flow.spins, spins)


def test_square_lattices():
    spins = IsingModel((4, 4), J=0.3).sample(2000, method="heat_bath", seed=0)
    flow = rbm_flow(random_rbm(16, 4, 0.01), spins, 1, seed=0)
    assert abs(flow.J[0] - 0.3) < 5 * flow.J_stderr[0]
    assert abs(flow.J[1]) < 0.05  # next to no weights: next to random spins
    assert flow.spins.shape == (2000, 4, 4)


def test_seeds_and_steps():
    rbm = decimation_rbm(N, 0.5, 1.0)
    flow = rbm_flow(rbm, UP[:100], 7, measure_every=3, seed=6)
    np.testing.assert_array_equal(flow.step, [0, 3, 6, 7])
    again = rbm_flow(rbm, UP[:100], 7, measure_every=3, seed=6)
    np.testing.assert_array_equal(again.spins, flow.spins)
    assert not np.array_equal(rbm_flow(rbm, UP[:100], 7, seed=7).spins, flow.spins)


def test_fitted_estimators_are_taken():
    rbm = BernoulliRBM(4, n_iter=1, random_state=0).fit((UP[:50] > 0).astype(np.uint8))
    assert rbm_flow(rbm, UP[:50], 2, seed=0).J.shape == (3,)
    assert spin_parameters(rbm).weights.shape == (N, 4)


@pytest.mark.parametrize(
    ("spins", "options", "error", "message"),
    [
        (UP[:19], {}, ValueError, "at least 20 samples"),
        (UP[:30, :6], {}, ValueError, "8 visible units, the samples have 6"),
        (UP[:30] * 0, {}, ValueError, "expected spins ±1; rgrbm.to_spins"),
        (np.ma.masked_equal(UP[:30], UP[0, 0]), {}, ValueError, "got masked values"),
        (UP[:30], {"n_steps": -1}, ValueError, "n_steps"),
        (UP[:30], {"measure_every": [2, 1]}, ValueError, "must ascend to at most n_steps=1"),
        (UP[:30], {"measure_every": [1, 9]}, ValueError, "must ascend to at most n_steps=1"),
        (UP[:30], {"measure_every": 0}, ValueError, "measure_every must be at least 1, got 0"),
        (UP[:30], {"n_steps": 2.0}, TypeError, "n_steps must be an integer"),
        (UP[:30], {"n_steps": 10**15}, MemoryError, "a list of 10+ measurements would take"),
        (UP[:30], {"n_steps": 2**70}, ValueError, "n_steps must be at most"),
        (UP[:30], {"measure_every": [2**70]}, ValueError, "must ascend to at most n_steps=1"),
        (UP[:30], {"rbm": 3}, TypeError, "fitted RBM"),
    ],
)
def test_bad_input(spins, options, error, message):
    with pytest.raises(error, match=message):
        rbm_flow(**{"rbm": decimation_rbm(N, 1.0, 1.0), "spins": spins, "n_steps": 1, "seed": 0} | options)


def test_figure_of_a_flow():
    rbm = decimation_rbm(N, 0.5, 1.0)
    flows = {"T = 0": rbm_flow(rbm, UP[:100], 3, seed=0), "T = ∞": rbm_flow(rbm, RANDOM[:100], 3, seed=0)}
    figure = plot_rbm_flow([0.5, 0.6], [flows, flows])
    left = figure.axes[0]
    assert left.get_xlabel()
    assert left.get_ylabel()
    nearest = left.containers[0]
    np.testing.assert_allclose(nearest.lines[0].get_xydata(), np.stack([range(4), np.tanh(flows["T = 0"].J)], axis=1))
    with pytest.raises(ValueError, match="each of 2 couplings, got 1"):
        plot_rbm_flow([0.5, 0.6], [flows])


def test_measurements_at_chosen_steps():
    rbm = decimation_rbm(N, 0.5, 1.0)
    flow = rbm_flow(rbm, UP[:100], 7, measure_every=[1, 2, 5], seed=6)
    np.testing.assert_array_equal(flow.step, [0, 1, 2, 5, 7])
    assert rbm_flow(rbm, UP[:100], 1, seed=6).J[-1] == flow.J[1]


def test_figure_of_couplings():
    back = {"T = 0": {"step": [0, 1], "J": [None, 1.2]}, "T = ∞": {"step": [0, 1], "J": [0.0, 0.5]}}
    layers = [{"J": 0.66, "J_stderr": 0.01}, {"J": 0.35, "J_stderr": 0.02}, {"J": None, "J_stderr": None}]
    flows = [
        {"J": J, "weights": kind, "layers": layers, "reverse": back} for J in (1.0, 0.5) for kind in ("free", "shared")
    ]
    figure = plot_learned_flow(flows)
    forward, backward = figure.axes
    drawn = [container.lines[0].get_xydata() for container in forward.containers]
    assert len(drawn) == 4
    np.testing.assert_allclose(drawn[0][:2, 1], [0.66, 0.35])
    np.testing.assert_allclose(np.diff(drawn[0][:, 0]), 1)
    np.testing.assert_allclose(forward.lines[0].get_ydata()[:2], [0.5, decimate(0.5).J])
    cold = [line.get_ydata() for line in backward.lines if line.get_markerfacecolor() != "white"]
    assert any(np.array_equal(y, np.tanh([np.inf, 1.2])) for y in cold)
    assert all(axes.get_xlabel() and axes.get_ylabel() for axes in figure.axes)
    with pytest.raises(ValueError, match="no flows"):
        plot_learned_flow([])
