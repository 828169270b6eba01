"""The likeliest weight of blocks against enumeration and a trained RBM; exponents of many kernels that lead to one."""

import itertools
import math

import numpy as np
import pytest

from rgrbm import BernoulliRBM, IsingModel, masks, to_binary
from rgrbm.likelihood import log_likelihood
from rgrbm.mcrg import ConvolutionKernel, MajorityKernel, MCRGAccumulator, common_exponent, likeliest_block_weight
from rgrbm.model import spin_parameters


def drawn(w, side, n_dimensions, n_samples, seed):
    """Independent blocks of the model, p(v) ∝ 2 cosh(w Σv), by enumeration of a block's states."""
    n = side**n_dimensions
    states = 2 * ((np.arange(2**n)[:, None] >> np.arange(n)) & 1) - 1
    p = np.cosh(w * states.sum(axis=1))
    chosen = np.random.default_rng(seed).choice(len(p), size=n_samples, p=p / p.sum())
    return states[chosen].reshape(n_samples, *(side,) * n_dimensions).astype(np.int8)


@pytest.mark.parametrize(("w", "side", "n"), [(0.3, 2, 3), (0.5, 2, 2), (0.8, 4, 1), (0.25, 3, 2)])
def test_the_weight_of_its_own_model(w, side, n):
    """Within 4 standard errors; one of four fails once in 4,000 times."""
    measured = likeliest_block_weight(drawn(w, side, n, 40_000, seed=1), side)
    assert abs(measured.mean - w) < 4 * measured.stderr < 0.1


def test_error_bars_are_true():
    """Pulls of 100 seeds: mean within 4/√100, spread from 0.72 to 1.32; fails once in 5,000 times for each."""
    results = [likeliest_block_weight(drawn(0.5, 2, 2, 2000, seed), 2) for seed in range(100)]
    pulls = [(result.mean - 0.5) / result.stderr for result in results]
    assert abs(np.mean(pulls)) < 0.4
    assert 0.72 < np.std(pulls) < 1.32


def test_it_is_what_training_ends_at():
    spins = IsingModel((4, 4, 4), 0.22).sample(3000, method="wolff", seed=0)
    w = likeliest_block_weight(spins, 2).mean
    units = to_binary(spins).reshape(len(spins), -1)
    mask = masks.lattice((4, 4, 4), 2, 2, shared=True)
    rbm = BernoulliRBM(
        8, mask=mask, symmetric=True, gradient="exact", n_iter=200, batch_size=3000, learning_rate=0.3, momentum=0.9,
        weight_scale=0.1, random_state=0,
    ).fit(units)  # fmt: skip
    weights = spin_parameters(rbm).weights
    assert ConvolutionKernel.from_rbm(rbm, (4, 4, 4), 2, 2).weights.mean() == pytest.approx(w, rel=0.01)
    assert np.abs(weights[weights != 0]).std() < 0.1 * w
    # Its likelihood is no less than that of weights beside it.
    copies = [_equal(rbm, mask, factor * w) for factor in (0.9, 1.0, 1.1)]
    low, best, high = (log_likelihood(units, copy) for copy in copies)
    assert best > max(low, high)


def _equal(rbm, mask, w):
    from rgrbm.model import binary_parameters

    return binary_parameters(np.where(mask > 0, w, 0.0), 0.0, np.zeros(mask.shape[1]))


def test_limits():
    anti = np.indices((4, 4)).sum(axis=0) % 2 * 2 - 1
    assert likeliest_block_weight(anti[None], 2).mean == 0
    assert math.isnan(likeliest_block_weight(np.stack([anti, anti]), 2).stderr)
    assert math.isnan(likeliest_block_weight(drawn(0.5, 2, 2, 1, 0), 2, n_blocks=1).stderr)
    for call, message in (
        (lambda: likeliest_block_weight(np.ones((3, 4, 4)), 2), "all blocks are aligned"),
        (lambda: likeliest_block_weight(np.ones((3, 4, 5)), 2), "do not cover"),
        (lambda: likeliest_block_weight(np.zeros((3, 4, 4)), 2), "spins ±1"),
        (lambda: likeliest_block_weight(np.ones((3, 4, 4)), 1), "side must be at least 2"),
    ):
        with pytest.raises(ValueError, match=message):
            call()


def test_lines_meet_at_the_common_exponent():
    rng = np.random.default_rng(0)
    a = np.linspace(-0.1, 0.1, 7)
    noise = 1e-3 * rng.normal(size=(2, 50, 7))
    one, two = 1.6 + a + noise[0], 1.6 + 0.6 * a + noise[1]
    fit = common_exponent(1.6 + a, 1.6 + 0.6 * a, (one, two))
    assert fit.y.mean == pytest.approx(1.6)
    assert fit.omega.mean == pytest.approx(-math.log2(0.6))
    assert fit.residual < 1e-12
    assert 0 < fit.y.stderr < 0.02
    growing = common_exponent(1.6 + a, 1.6 - 0.5 * a, (one, two))
    assert math.isnan(growing.omega.mean)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([1, 2], [1, 2], ([[1, 2]], [[1, 2]])), "at least three kernels"),
        (([1, 2, 3], [1, 2], ([[1, 2]], [[1, 2]])), "at least three kernels"),
        (([1, 2, 3], [1, 2, 3], ([[1, 2]], [[1, 2]])), "replicas must be two arrays"),
        (([1, 2, math.nan], [1, 2, 3], ([[1, 2, 3]], [[1, 2, 3]])), "must be finite"),
        (([1, 1, 1], [1, 2, 3], ([[1, 2, 3]], [[1, 2, 3]])), "all equal"),
        (([1, 2, 3], [1, 2, 3], ([[1, 2, 3]], [[1, 2, 3]]), 1.0), "above 1"),
    ],
)
def test_bad_input(arguments, message):
    with pytest.raises(ValueError, match=message):
        common_exponent(*arguments)


@pytest.mark.parametrize(
    ("replicas", "message"),
    [
        (0.5, "replicas must be a sequence of two arrays"),
        ("ab", "replicas must be"),
        (["a", "b"], "replicas must be real"),
    ],
)
def test_replicas_of_another_kind(replicas, message):
    with pytest.raises(TypeError, match=message):
        common_exponent([1, 2, 3], [1, 2, 3], replicas)


def test_replicas_are_those_of_the_error_bars():
    spins = IsingModel((16, 16), 0.4407).sample(2000, method="swendsen_wang", spacing=4, seed=0)
    accumulator = MCRGAccumulator(MajorityKernel(), (16, 16), seed=0)
    accumulator.add(spins)
    result = accumulator.result()
    for sector, level in itertools.product(("even", "odd"), (1, 2)):
        replicas = accumulator.replicas(sector, level)
        assert len(replicas) == result.n_blocks
        exponent = result.exponent(sector, level)
        n = len(replicas)
        stderr = math.sqrt((n - 1) / n * ((2.0**replicas - (2.0**replicas).mean()) ** 2).sum())
        assert stderr == pytest.approx(exponent.eigenvalue_stderr, rel=1e-6)
    with pytest.raises(KeyError, match="levels are 1 to 2"):
        accumulator.replicas("even", 3)
