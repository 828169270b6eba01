"""Free energies, pseudo-likelihoods and the recognition of binary units, compiled, against NumPy."""

import numpy as np
import pytest
from scipy.special import log_expit

from rgrbm._core import kernels
from trainers import binary

pytestmark = pytest.mark.usefixtures("one_thread")

SIZES = [(1, 1), (5, 3), (16, 16), (17, 33), (64, 32), (70, 100), (130, 260)]


def parameters(n, m, scale=1.0):
    rng = np.random.default_rng(n + m)
    return rng.normal(0, scale, (n, m)), rng.normal(0, scale, n), rng.normal(0, scale, m)


def free_energy(x, W, c, b):
    return -x @ c + log_expit(-(x @ W + b)).sum(axis=1)


def pseudo_likelihood(x, W, c, b):
    """Σ_i ln p(x_i | rest), from the free energies of x and of x with unit i flipped."""
    total, here = 0.0, free_energy(x, W, c, b)
    for i in range(x.shape[1]):
        flipped = x.copy()
        flipped[:, i] = 1 - flipped[:, i]
        total = total + log_expit(free_energy(flipped, W, c, b) - here)
    return total


@pytest.mark.parametrize(("n", "m"), SIZES)
@pytest.mark.parametrize("n_samples", [0, 1, 5, 300])
def test_free_energies(n, m, n_samples):
    x, p = binary(n_samples, n), parameters(n, m)
    np.testing.assert_allclose(kernels.free_energy(x, *p), free_energy(x.astype(float), *p), rtol=1e-12, atol=1e-11)


@pytest.mark.parametrize(("n", "m"), SIZES)
@pytest.mark.parametrize("n_samples", [0, 1, 40])
def test_pseudo_likelihoods(n, m, n_samples):
    x, p = binary(n_samples, n), parameters(n, m)
    logs = kernels.PseudoLikelihood(*p, n_samples).logs(x)
    np.testing.assert_allclose(logs, pseudo_likelihood(x.astype(float), *p), rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("scale", [0.0, 1e-9, 30.0, 300.0, 1e4])
def test_pseudo_likelihoods_of_any_weights(scale):
    # From weights that change nothing to those whose exponentials overflow; some units have no weights at all.
    x, (W, c, b) = binary(40, 20), parameters(20, 12, scale)
    W[::3] = 0
    logs = kernels.PseudoLikelihood(W, c, b, 40).logs(x)
    assert np.isfinite(logs).all()
    expected = pseudo_likelihood(x.astype(float), W, c, b)
    np.testing.assert_allclose(logs, expected, rtol=1e-11, atol=1e-9 * max(1, scale))


def test_results_do_not_depend_on_threads_nor_on_other_rows():
    x, p = binary(500, 70), parameters(70, 40)
    one = kernels.PseudoLikelihood(*p, 500).logs(x), kernels.free_energy(x, *p)
    kernels.set_num_threads(4)
    many = kernels.PseudoLikelihood(*p, 500).logs(x), kernels.free_energy(x, *p)
    for a, b in zip(one, many, strict=True):
        np.testing.assert_array_equal(a, b)
    part = kernels.PseudoLikelihood(*p, 500).logs(x[100:150].copy())
    np.testing.assert_allclose(part, one[0][100:150], rtol=1e-13)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.uint8])
@pytest.mark.parametrize("shape", [(0, 3), (1, 1), (3, 5), (700, 130), (300, 1000)])
def test_binary_units_are_recognised(dtype, shape):
    x = binary(*shape)
    copied = kernels.binary_units(x.astype(dtype))
    np.testing.assert_array_equal(copied, x)
    assert copied.dtype == np.uint8
    if x.size:
        for place in (0, x.size // 2, x.size - 1):
            for value in (2, 0.5, -1, np.nan) if dtype != np.uint8 else (2, 255):
                wrong = x.astype(dtype)
                wrong.flat[place] = value
                assert kernels.binary_units(wrong) is None


@pytest.mark.parametrize("n", [1, 7, 8, 9, 16, 63, 64, 65, 200])
def test_units_survive_packing(n):
    # A Gibbs step in which all units are known returns what it was given.
    x, h = binary(90, n), binary(90, 3, seed=1)
    W, c, b = parameters(n, 3)
    all_known = np.full_like(x, 7), np.full_like(h, 255)
    v, again = kernels.gibbs(x, 2, W, c, b, (1, 2), 0, h, *all_known)
    np.testing.assert_array_equal(v, x)
    np.testing.assert_array_equal(again, h)
