"""Block spins: probabilities against plain NumPy, draws against probabilities, for any number of threads."""

import numpy as np
import pytest
from scipy import stats

from rgrbm import BernoulliRBM, masks, set_num_threads, to_binary, to_spins
from rgrbm.mcrg import ConvolutionKernel, DecimationKernel, MajorityKernel
from rgrbm.model import RBMParameters, binary_parameters


def random_spins(*shape, seed=0):
    return (2 * np.random.default_rng(seed).integers(2, size=shape) - 1).astype(np.int8)


def random_weights(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape) / 2


SQUARE = [
    DecimationKernel(2), DecimationKernel(3), MajorityKernel(2), MajorityKernel(3), MajorityKernel(4),
    ConvolutionKernel(random_weights(2, 2), 2), ConvolutionKernel(random_weights(3, 3), 3),
    ConvolutionKernel(random_weights(4, 4), 2), ConvolutionKernel(random_weights(3, 5), 4, field=0.3),
]  # fmt: skip
RING = [DecimationKernel(2), MajorityKernel(2), MajorityKernel(3), ConvolutionKernel(random_weights(3), 2)]
by_name = {"ids": lambda kernel: kernel.name}


def site_by_site(kernel, spins):
    """p(h = +1 | v) by loops over block spins and sites, which know nothing of arrays that are rolled."""
    b, ring = kernel.scale, spins.ndim == 2
    v = spins[:, None, :] if ring else spins
    rows, columns = v.shape[1:]
    p = np.empty((len(v), rows if ring else rows // b, columns // b))
    for i, j in np.ndindex(p.shape[1:]):
        top = i * (1 if ring else b)
        if isinstance(kernel, DecimationKernel):
            p[:, i, j] = v[:, top, j * b] > 0
        elif isinstance(kernel, MajorityKernel):
            total = v[:, top : top + (1 if ring else b), j * b : (j + 1) * b].sum(axis=(1, 2), dtype=int)
            p[:, i, j] = np.where(total == 0, 0.5, total > 0)
        else:
            w = kernel.weights.reshape(-1, kernel.weights.shape[-1])
            x = np.full(len(v), kernel.field)
            for (k, m), weight in np.ndenumerate(w):
                row = (top + k - (w.shape[0] - 1) // 2) % rows
                x += weight * v[:, row, (j * b + m - (w.shape[1] - 1) // 2) % columns]
            p[:, i, j] = np.exp(x) / (2 * np.cosh(x))
    return p[:, 0] if ring else p


@pytest.mark.parametrize("kernel", SQUARE, **by_name)
@pytest.mark.parametrize("shape", [(12, 12), (24, 12)])
def test_distributions_on_the_square_lattice(kernel, shape):
    spins = random_spins(20, *shape)
    np.testing.assert_allclose(kernel.probabilities(spins), site_by_site(kernel, spins), atol=1e-14)


@pytest.mark.parametrize("kernel", RING, **by_name)
def test_distributions_on_the_ring(kernel):
    spins = random_spins(20, 12)
    np.testing.assert_allclose(kernel.probabilities(spins), site_by_site(kernel, spins), atol=1e-14)


@pytest.mark.parametrize(
    ("kernel", "shape"), [*((k, (12, 12)) for k in SQUARE), *((k, (24,)) for k in RING)], ids=lambda x: str(x)[:40]
)
def test_draws_follow_the_distribution(kernel, shape):
    """Many draws for each of a few configurations, each block spin by itself: chi-square at 1e-4 for a kernel."""
    n = 20_000
    spins = random_spins(6, *shape, seed=1)
    p = kernel.probabilities(spins)
    drawn = kernel.block(np.repeat(spins, n, axis=0), seed=2)
    assert drawn.dtype == np.int8
    assert drawn.shape == (6 * n, *p.shape[1:])
    up = (drawn.reshape(6, n, -1) > 0).sum(axis=1)
    p = p.reshape(6, -1)
    certain = (p == 0) | (p == 1)
    np.testing.assert_array_equal(up[certain], n * p[certain])
    free = ~certain & (n * p * (1 - p) > 20)
    if free.any():
        chi2 = ((up - n * p)[free] ** 2 / (n * p * (1 - p))[free]).sum()
        assert 5e-5 < stats.chi2.sf(chi2, free.sum()) < 1 - 5e-5


@pytest.mark.parametrize("kernel", [MajorityKernel(2), ConvolutionKernel(np.full((2, 2), 0.2), 2)], **by_name)
def test_draws_are_independent(kernel):
    """Correlations between block spins and between neighbouring samples, given v: 5 of 1/√n, missed once in 10,000."""
    spins = np.tile(np.array([[1, -1], [-1, 1]], dtype=np.int8), (1, 4, 4))
    n = 100_000
    drawn = kernel.block(np.repeat(spins, n, axis=0), seed=3).reshape(n, -1).astype(float)
    correlation = drawn.T @ drawn / n - np.eye(16)
    assert np.abs(correlation).max() < 5 / np.sqrt(n)
    for lag in (1, 64, 512):
        assert abs(np.mean(drawn[lag:] * drawn[:-lag])) < 5 / np.sqrt(drawn[lag:].size)


def test_seeds_and_threads():
    spins = random_spins(3000, 8, 8)
    for kernel in (MajorityKernel(), ConvolutionKernel(random_weights(4, 4), 2)):
        drawn = kernel.block(spins, seed=4)
        set_num_threads(3)
        np.testing.assert_array_equal(kernel.block(spins, seed=4), drawn)
        set_num_threads(0)
        assert not np.array_equal(kernel.block(spins, seed=5), drawn)


def test_strong_weights_are_a_majority():
    spins = random_spins(500, 8, 8)
    result = ConvolutionKernel(np.full((2, 2), 50.0), 2).probabilities(spins)
    np.testing.assert_allclose(result, MajorityKernel().probabilities(spins), atol=1e-80)


def test_kernels_are_frozen():
    weights = np.ones((2, 2))
    kernel = ConvolutionKernel(weights, 2)
    weights[0, 0] = 5
    assert kernel.weights[0, 0] == 1
    with pytest.raises(ValueError, match="read-only"):
        kernel.weights[0, 0] = 2
    with pytest.raises(AttributeError):
        kernel.stride = 3


@pytest.mark.parametrize(("shape", "width", "stride"), [((8, 8), 2, 2), ((8, 8), 4, 2), ((9, 9), 3, 3), ((12,), 3, 2)])
def test_kernel_of_an_rbm(shape, width, stride):
    """Trained with a shared mask, its hidden probabilities are the kernel's, on the lattice that it was trained on."""
    spins = random_spins(300, *shape)
    x = to_binary(spins).reshape(300, -1)
    mask = masks.lattice(shape, width, stride, shared=True)
    rbm = BernoulliRBM(mask.shape[1], mask=mask, symmetric=True, n_iter=3, learning_rate=0.5, random_state=0).fit(x)
    kernel = ConvolutionKernel.from_rbm(rbm, shape, width, stride)
    assert kernel.weights.shape == (width,) * len(shape)
    assert np.ptp(kernel.weights) > 1e-3
    assert kernel.is_symmetric
    expected = rbm.transform(x)
    if rbm.weights_[:, 0].sum() < 0:
        expected = 1 - expected  # block spins point the way of their window
    assert kernel.weights.sum() > 0
    np.testing.assert_allclose(kernel.probabilities(spins).reshape(300, -1), expected, atol=2e-6)
    assert kernel.block(np.tile(spins, (1, *(3,) * len(shape))), seed=0).shape[1] == 3 * shape[0] // stride


def test_kernel_of_given_parameters_keeps_the_field():
    kernel = ConvolutionKernel(random_weights(3, 3) + 1, 2, field=0.4)
    w = np.zeros((36, 9))
    mask = masks.lattice((6, 6), 3, 2, shared=True)
    for number, value in enumerate(kernel.weights.ravel(), start=1):
        w[mask == number] = value
    result = ConvolutionKernel.from_rbm(binary_parameters(w, 0.1, 0.4), (6, 6), 3, 2)
    np.testing.assert_allclose(result.weights, kernel.weights, atol=1e-14)
    assert result.field == pytest.approx(0.4, abs=1e-14)
    assert not result.is_symmetric
    flipped = ConvolutionKernel.from_rbm(binary_parameters(-w, 0.1, -0.4), (6, 6), 3, 2)
    np.testing.assert_allclose(flipped.weights, kernel.weights, atol=1e-14)
    assert flipped.field == pytest.approx(0.4, abs=1e-14)
    w[0, 0] += 1e-3
    with pytest.raises(ValueError, match="do not share their weights"):
        ConvolutionKernel.from_rbm(binary_parameters(w, 0.1, 0.4), (6, 6), 3, 2)
    w[0, 0] -= 1e-3
    w[14, 0] += 1e-3
    with pytest.raises(ValueError, match="weights outside of its windows"):
        ConvolutionKernel.from_rbm(binary_parameters(w, 0.1, 0.4), (6, 6), 3, 2)
    with pytest.raises(ValueError, match="do not share their weights and fields"):
        ConvolutionKernel.from_rbm(binary_parameters(w * 0 + (mask > 0), 0.1, np.arange(9)), (6, 6), 3, 2)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: MajorityKernel(1), ValueError, "side must be at least 2"),
        (lambda: MajorityKernel(33), ValueError, "at most 1024 spins"),
        (lambda: MajorityKernel(2.0), TypeError, "side must be an integer"),
        (lambda: DecimationKernel(1), ValueError, "stride must be at least 2"),
        (lambda: ConvolutionKernel(np.ones((2, 2)), 1), ValueError, "stride must be at least 2"),
        (lambda: ConvolutionKernel(np.ones((1, 2, 1, 2)), 2), ValueError, "one to three dimensions"),
        (lambda: ConvolutionKernel([[np.inf]], 2), ValueError, "weights must be finite"),
        (lambda: ConvolutionKernel("w", 2), TypeError, "weights must be real numbers"),
        (lambda: ConvolutionKernel([[1.0]], 2, "f"), TypeError, "field must be a number"),
        (lambda: MajorityKernel().block(np.ones((1, 6, 5))), ValueError, r"do not cover a lattice of shape \(6, 5\)"),
        (lambda: MajorityKernel().block(np.zeros((1, 6, 6))), ValueError, "expected spins ±1"),
        (lambda: MajorityKernel().probabilities(np.ones((1, 5))), ValueError, "do not cover"),
        (lambda: ConvolutionKernel(np.ones(2), 2).block(np.ones((1, 4, 4))), ValueError, "a lattice of 1 dimensions"),
        (lambda: ConvolutionKernel.from_rbm(3, (4, 4), 2, 2), TypeError, "a fitted RBM is needed"),
        (lambda: ConvolutionKernel.from_rbm(3, 0.5, 2, 2), TypeError, "shape must be a sequence of integers"),
        (lambda: DecimationKernel(2**70), ValueError, "stride must be at most 2147483647"),
        (lambda: MajorityKernel().coarse_shape("44"), TypeError, "shape must be a sequence of integers"),
        (lambda: MajorityKernel().coarse_shape((4, 4.0)), TypeError, "each of shape must be an integer"),
        (lambda: MajorityKernel().coarse_shape((4,) * 4), ValueError, r"shape must be \(n_sites,\), \(rows, columns\)"),
        (
            lambda: ConvolutionKernel.from_rbm(binary_parameters(np.ones((4, 1))), (4, 4), 2, 2),
            ValueError,
            "16 visible and 4 hidden units, the RBM has",
        ),
        (
            lambda: ConvolutionKernel.from_rbm(binary_parameters(np.ones((4, 1))), (4, 4), 2, 3),
            ValueError,
            "do not fit a lattice",
        ),
    ],
)
def test_bad_input(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_units_need_conversion():
    binary = to_binary(random_spins(4, 4, 4))
    with pytest.raises(ValueError, match="spins ±1"):
        MajorityKernel().block(binary)
    assert MajorityKernel().block(to_spins(binary)).shape == (4, 2, 2)


def test_rounding_of_large_windows_in_single_precision():
    """Fields are sums over a window, and rounded as such: by more than 10⁻⁵ of a weight."""
    width, shape = 8, (16, 16)
    mask = masks.lattice(shape, width, 2, shared=True)
    values = np.random.default_rng(0).normal(0.05, 0.01, width**2)
    w = np.where(mask > 0, np.concatenate([[0], values])[mask], 0)
    hidden = -w.sum(axis=0) / 2
    hidden = hidden + 4e-5 * np.abs(values).max() * np.linspace(-1, 1, len(hidden))
    rbm = RBMParameters(w, -w.sum(axis=1) / 2, hidden)
    kernel = ConvolutionKernel.from_rbm(rbm, shape, width, 2)
    assert kernel.field == 0
    np.testing.assert_allclose(kernel.weights.ravel() * 4, values * np.sign(values.sum()), rtol=1e-12)
