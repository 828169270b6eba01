"""The conditional distributions of binary RBMs and their Gibbs chains, compiled, against NumPy and enumeration."""

import numpy as np
import pytest
from scipy.special import expit

from exact_distributions import FALSE_ALARM, chi_square
from rbm_models import states
from rgrbm._core import kernels
from trainers import DTYPES, assert_same_bits, binary, parameters

pytestmark = pytest.mark.usefixtures("one_thread")

KEY = (11, 22)
# Sizes that fill vectors of 16 and words of 64 units exactly, and such that do not.
SIZES = [(1, 1), (5, 3), (16, 16), (17, 33), (64, 32), (70, 17), (70, 100)]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("n_visible", "n_hidden"), SIZES)
@pytest.mark.parametrize("n", [1, 300])  # few rows are summed one by one, many from tables
def test_probabilities_are_those_of_numpy(dtype, n_visible, n_hidden, n):
    W, c, b = parameters(n_visible, n_hidden, dtype)
    x, h = binary(n, n_visible), binary(n, n_hidden, seed=2)
    tolerance = 2e-6 if dtype == np.float32 else 1e-14
    hidden = kernels.hidden_probabilities(x, W, b)
    visible = kernels.visible_probabilities(h, W, c)
    assert hidden.dtype == visible.dtype == dtype
    np.testing.assert_allclose(hidden, expit(x @ W.astype(float) + b), rtol=0, atol=tolerance)
    np.testing.assert_allclose(visible, expit(h @ W.astype(float).T + c), rtol=0, atol=tolerance)


@pytest.mark.parametrize(
    ("dtype", "bound", "far_bound", "limit"), [(np.float32, 5e-7, 6e-7, 85), (np.float64, 1e-15, 2e-15, 700)]
)
@pytest.mark.parametrize("argument", ["weights", "bias"])
def test_relative_error_of_the_logistic_function(dtype, bound, far_bound, limit, argument):
    # The argument is the bias, or the weights of one unit that is 1. For x < 0 the relative error is that of exp(−x)
    # and a few roundings.
    parts = np.linspace(-limit, limit, 200_001), np.linspace(-80, 80, 20_001), np.linspace(-1, 1, 2_001)
    x = np.concatenate(parts).astype(dtype)
    zero = np.zeros_like(x)
    W, b = (x, zero) if argument == "weights" else (zero, x)
    p = kernels.hidden_probabilities(np.ones((1, 1), np.uint8), W[None, :], b)[0]
    exact = 1 / (1 + np.exp(-x.astype(np.longdouble)))
    error = np.abs(p - exact) / exact
    assert error.max() < far_bound
    assert error[np.abs(x) <= 80].max() < bound


@pytest.mark.parametrize("dtype", DTYPES)
def test_saturated_units(dtype):
    x = np.array([-1e30, -1e4, 1e4, 1e30], dtype)
    p = kernels.hidden_probabilities(np.zeros((1, 1), np.uint8), np.zeros((1, 4), dtype), x)[0]
    np.testing.assert_allclose(p, [0, 0, 1, 1], rtol=0, atol=1e-37)
    h = kernels.sample_hidden(np.ones((1000, 1), np.uint8), x[None, :], np.zeros(4, dtype), KEY, 0)
    np.testing.assert_array_equal(h, np.tile([0, 0, 1, 1], (1000, 1)))


@pytest.mark.parametrize("dtype", DTYPES)
def test_units_are_drawn_with_their_probabilities(dtype):
    # 32 units, each drawn 200,000 times. Bound 5.2 standard errors: all 64 comparisons of the two precisions
    # hold but with probability 64 · 2e-7 ≈ 1.3e-5.
    n, p = 200_000, np.linspace(0.01, 0.99, 32)
    bias = np.log(p / (1 - p)).astype(dtype)
    h = kernels.sample_hidden(np.zeros((n, 1), np.uint8), np.zeros((1, 32), dtype), bias, KEY, 0)
    assert set(np.unique(h)) == {0, 1}
    z = (h.mean(axis=0) - p) / np.sqrt(p * (1 - p) / n)
    assert np.max(np.abs(z)) < 5.2


@pytest.mark.parametrize("dtype", DTYPES)
def test_rare_units_are_neither_lost_nor_too_many(dtype):
    # p = 1e-6 and 1 − 1e-6, 2^24 draws each, mean 16.8: counts outside [2, 45] have probability below 1e-5.
    n, p = 2**20, 1e-6
    bias = np.repeat([np.log(p / (1 - p)), -np.log(p / (1 - p))], 16).astype(dtype)
    h = kernels.sample_hidden(np.zeros((n, 1), np.uint8), np.zeros((1, 32), dtype), bias, KEY, 1)
    for rare in (np.count_nonzero(h[:, :16]), np.count_nonzero(h[:, 16:] == 0)):
        assert 2 <= rare <= 45


def test_units_and_samples_are_drawn_independently():
    # Correlations between units and between neighbouring samples of 40,000 draws; 5 standard errors at 190 + 60 pairs
    # fail a correct program with probability 1.4e-4.
    h = kernels.sample_hidden(
        np.zeros((40_000, 3), np.uint8), np.zeros((3, 20), np.float32), np.zeros(20, np.float32), (5, 6), 0
    )
    spins = 2.0 * h - 1
    assert np.abs((spins.T @ spins / len(h))[np.triu_indices(20, 1)]).max() < 5 / np.sqrt(len(h))
    for lag in (1, 32, 64):
        assert np.abs((spins[lag:] * spins[:-lag]).mean(axis=0)).max() < 5 / np.sqrt(len(h) - lag)


def test_samples_depend_on_key_and_index_only():
    W, c, b = parameters(70, 33, np.float32)
    x = binary(500, 70)
    first = kernels.sample_hidden(x, W, b, KEY, 0)
    np.testing.assert_array_equal(first, kernels.sample_hidden(x, W, b, KEY, 0))
    assert np.any(first != kernels.sample_hidden(x, W, b, KEY, 1))
    assert np.any(first != kernels.sample_hidden(x, W, b, (11, 23), 0))
    kernels.set_num_threads(1)
    one = kernels.gibbs(x, 3, W, c, b, KEY, 5)
    kernels.set_num_threads(2)
    assert_same_bits(one, kernels.gibbs(x, 3, W, c, b, KEY, 5))


@pytest.mark.parametrize("start", ["zeros", "random"])
def test_gibbs_chains_converge_to_the_joint_distribution(start):
    # 60,000 independent chains of a small RBM after 60 steps; chi-square of the last (v, h) pair: h produced v,
    # so the pair follows p(v, h).
    W, c, b = parameters(4, 3, np.float64, scale=0.8)
    v, h = kernels.gibbs(binary(60_000, 4, density=0.5 * (start == "random")), 60, W, c, b, KEY, 0)
    every = states(7)
    V, H = every[:, :4], every[:, 4:]
    joint = np.exp(V @ c + H @ b + np.einsum("si,ij,sj->s", V, W, H))
    counts = np.bincount(np.hstack([v, h]) @ (1 << np.arange(7)), minlength=len(every))
    assert chi_square(counts, joint / joint.sum()) > FALSE_ALARM


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda x, W, c, b: kernels.hidden_probabilities(x, W, c), ValueError, "hidden_bias must have shape"),
        (
            lambda x, W, c, b: kernels.visible_probabilities(binary(3, 3), W, b),
            ValueError,
            "visible_bias must have shape",
        ),
        (lambda x, W, c, b: kernels.visible_probabilities(x, W, c), ValueError, "must have shape"),
        (lambda x, W, c, b: kernels.sample_hidden(binary(3, 4), W, b, KEY, 0), ValueError, "x must have shape"),
        (lambda x, W, c, b: kernels.gibbs(x, 1, W, b, b, KEY, 0), ValueError, "visible_bias must have shape"),
        (lambda x, W, c, b: kernels.hidden_probabilities(x, W.astype(np.float32), b), TypeError, "float"),
        (lambda x, W, c, b: kernels.hidden_probabilities(x, W, b.astype(np.float32)), TypeError, "float"),
    ],
)
def test_wrong_arguments_are_refused(call, error, message):
    with pytest.raises(error, match=message):
        call(binary(3, 5), *parameters(5, 3, np.float64))
