"""Mean-field modes of an RBM against enumeration."""

import numpy as np
import pytest

import rgrbm
from rgrbm._core import kernels
from rgrbm.likelihood.mean_field import LayerModel, ModeSearch, settled
from rgrbm.model import GaussianParameters, RBMParameters


def random_layers(n, m, scale, *, gaussian=False, seed=0):
    rng = np.random.default_rng(seed)
    return LayerModel(rng.normal(0, scale, (n, m)), rng.normal(size=n), rng.normal(size=m), gaussian)


def exact_log_z(model):
    """That of exp(b·h + c·y + y·W·h), without ½ ln 2π for each Gaussian unit."""
    if not model.gaussian:
        return rgrbm.log_z(RBMParameters(model.weights, model.visible_bias, model.hidden_bias))
    n = len(model.visible_bias)
    # E of a GaussianRBM has ½ (y − c)² in place of ½ y² − c·y, and its hidden units feel c·W in addition.
    own = GaussianParameters(model.weights, model.visible_bias, model.hidden_bias, np.ones(n))
    return rgrbm.log_z(own) + 0.5 * model.visible_bias @ model.visible_bias - 0.5 * n * np.log(2 * np.pi)


@pytest.mark.parametrize("gaussian", [False, True])
@pytest.mark.parametrize("scale", [0.0, 0.3, 3.0, 30.0])
def test_bounds_are_below_log_z_and_exact_without_weights(gaussian, scale):
    model = random_layers(9, 7, scale, gaussian=gaussian)
    exact = exact_log_z(model)
    hidden = np.random.default_rng(1).random((50, 7))
    assert np.all(model.bound(hidden) <= exact + 1e-9)
    modes = settled(model, hidden)
    assert modes.bounds[0] <= exact + 1e-9
    if scale == 0:
        assert modes.bounds[0] == pytest.approx(exact, rel=1e-12)
        assert len(modes.bounds) == 1


@pytest.mark.parametrize("gaussian", [False, True])
def test_iterations_raise_the_bound_and_end_at_fixed_points(gaussian):
    model = random_layers(12, 8, 1.0, gaussian=gaussian)
    hidden = np.random.default_rng(1).random((40, 8))
    for start in hidden:
        modes = settled(model, start[None])
        assert modes.bounds[0] >= model.bound(start[None])[0]
        again = model.hidden_means(model.visible_input(modes.hidden))
        np.testing.assert_allclose(again, modes.hidden, atol=1e-3)


def all_states(m):
    return ((np.arange(2**m)[:, None] >> np.arange(m)) & 1).astype(float)


def searched(model, seed, states=None):
    search = ModeSearch(model, np.random.default_rng(seed))
    if states is not None:
        search.add_visible(states)
    search.explore()
    return search


@pytest.mark.parametrize("gaussian", [False, True])
@pytest.mark.parametrize(("n", "m"), [(20, 10), (1, 10), (33, 1), (40, 12)])
def test_climbing_ends_where_no_single_change_leads_higher(n, m, gaussian):
    model = random_layers(n, m, 2.0, gaussian=gaussian)
    ascent = kernels.ModeAscent(model.weights, model.visible_bias, model.hidden_bias, gaussian)
    starts = all_states(m)[::3]
    ends = ascent.climb(starts.astype(np.uint8)).astype(float)
    bounds = model.bound(ends)
    assert np.all(bounds >= model.bound(starts) - 1e-9)
    for j in range(m):
        neighbours = ends.copy()
        neighbours[:, j] = 1 - neighbours[:, j]
        assert np.all(model.bound(neighbours) <= bounds + 1e-6)


@pytest.mark.parametrize("gaussian", [False, True])
def test_the_search_finds_every_summit_that_matters(gaussian):
    """Of all 4,096 hidden states those above their neighbours, within ten nats of the best, are known."""
    for seed in range(5):
        model = random_layers(20, 12, 6.0, gaussian=gaussian, seed=seed)
        bounds, number = model.bound(all_states(12)), np.arange(4096)
        summit = np.all([bounds > bounds[number ^ (1 << j)] for j in range(12)], axis=0) & (bounds > bounds.max() - 10)
        assert summit.any()
        modes = searched(model, seed).modes(4096)
        for state in all_states(12)[summit]:
            assert np.abs(modes.hidden - state).max(axis=1).min() < 0.5
        assert modes.bounds[0] >= bounds.max() - 1e-6


def test_modes_are_in_order_and_each_there_once():
    model = random_layers(20, 12, 2.0)
    modes = searched(model, 1, np.ones((3, 20))).modes(64)
    assert np.all(np.diff(modes.bounds) <= 0)
    assert len(np.unique(modes.hidden.round(1), axis=0)) == len(modes.hidden)


def test_the_same_states_for_any_number_of_threads():
    model = random_layers(60, 30, 2.0)
    ends = []
    try:
        for threads in (1, 3):
            rgrbm.set_num_threads(threads)
            ends.append(searched(model, 2).modes(64).hidden)
    finally:
        rgrbm.set_num_threads(0)
    np.testing.assert_array_equal(*ends)


def test_bad_states_are_refused():
    ascent = kernels.ModeAscent(np.zeros((3, 2)), np.zeros(3), np.zeros(2), False)
    with pytest.raises(ValueError, match="hidden must have shape"):
        ascent.climb(np.zeros((1, 3), np.uint8))
    with pytest.raises(ValueError, match="0 and 1 only"):
        ascent.climb(np.full((1, 2), 2, np.uint8))
    with pytest.raises(ValueError, match="finite"):
        kernels.ModeAscent(np.full((3, 2), np.nan), np.zeros(3), np.zeros(2), False)
