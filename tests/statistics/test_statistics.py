"""Error bars: exact distributions, and coverage on samples whose distribution is known."""

import math
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from scipy import sparse, stats

from rgrbm import IsingModel
from rgrbm.spins import exact
from rgrbm.statistics import or_dash, with_error
from rgrbm.statistics.jackknife import (
    block_bounds,
    block_sums,
    jackknife_stderr,
    leave_one_out,
    mean_and_stderr,
    student_factor,
)
from rgrbm.statistics.ring_correlation import correlation


def test_mean_and_stderr_of_the_textbook():
    values = np.random.default_rng(0).normal(3, 2, size=101)
    estimate = mean_and_stderr(values)
    assert estimate.mean == pytest.approx(values.mean(), rel=1e-14)
    assert estimate.stderr == pytest.approx(stats.sem(values), rel=1e-13)
    assert mean_and_stderr(values.astype(int)).stderr == pytest.approx(stats.sem(values.astype(int)), rel=1e-13)
    assert mean_and_stderr([4, 4, 4]) == (4.0, 0.0)


def test_one_value_has_no_error_and_none_no_mean():
    mean, stderr = mean_and_stderr([2.5])
    assert mean == 2.5
    assert math.isnan(stderr)
    with pytest.raises(ValueError, match="no values"):
        mean_and_stderr([])


@pytest.mark.parametrize(("n_samples", "n_blocks"), [(1, None), (7, None), (200, None), (201, None), (1234, None),
                                                     (10, 3), (10, 10), (10, 99), (11, 2)])  # fmt: skip
def test_blocks_are_of_about_the_same_size_and_lose_nothing(n_samples, n_blocks):
    x = np.random.default_rng(0).normal(size=(n_samples, 3))
    sums, sizes = block_sums(x, n_blocks), block_sums(np.ones(n_samples), n_blocks)
    assert len(sums) == len(sizes) == min(n_samples, n_blocks or 200)
    assert sizes.sum() == n_samples
    assert sizes.max() - sizes.min() <= 1
    edges = np.concatenate([[0], np.cumsum(sizes)]).astype(int)
    expected = [x[i:j].sum(axis=0) for i, j in pairwise(edges)]
    np.testing.assert_allclose(sums, expected, atol=1e-13)


def test_leave_one_out():
    sums = np.random.default_rng(0).normal(size=(6, 2))
    expected = [np.delete(sums, i, axis=0).sum(axis=0) for i in range(6)]
    np.testing.assert_allclose(leave_one_out(sums), expected, atol=1e-14)


@pytest.mark.parametrize("n", [2, 3, 50])
def test_jackknife_of_the_mean_is_its_standard_error(n):
    values = np.random.default_rng(n).exponential(size=(n, 4))
    stderr = jackknife_stderr(leave_one_out(values) / (n - 1))
    np.testing.assert_allclose(stderr, stats.sem(values, axis=0), rtol=1e-12)


def test_jackknife_of_the_mean_over_blocks_is_the_error_of_block_means():
    values = np.random.default_rng(0).normal(size=(300, 2))
    stderr = jackknife_stderr(leave_one_out(block_sums(values, 30)) / 290)
    np.testing.assert_allclose(stderr, stats.sem(values.reshape(30, 10, 2).mean(axis=1), axis=0), rtol=1e-12)


def test_jackknife_scales_and_ignores_constants():
    replicas = np.random.default_rng(0).normal(size=(20, 2, 3))
    assert jackknife_stderr(replicas).shape == (2, 3)
    np.testing.assert_allclose(jackknife_stderr(7 - 3 * replicas), 3 * jackknife_stderr(replicas), rtol=1e-12)
    assert jackknife_stderr(np.full(5, 0.25)) == 0.0


def check_pulls(z, extra_variance):
    """Pulls have mean 0 and variance 1 + extra_variance within 5 standard errors, so one in a million fails."""
    n = len(z)
    assert abs(z.mean()) < 5 * math.sqrt((1 + extra_variance) / n)
    assert abs(np.mean(z**2) - 1 - extra_variance) < 5 * math.sqrt(2 / n) * (1 + extra_variance)


def test_coverage_of_the_jackknife_of_a_nonlinear_estimate():
    # ln of the mean of 400 exponentials (mean 1), in 50 blocks; a Student's t of 49 has variance 49/47. The bias of
    # the logarithm, −1/800, is 0.025 standard errors, far below the 0.16 that 1000 pulls would show.
    x = np.random.default_rng(1).exponential(size=(1000, 400))
    z = []
    for values in x:
        stderr = jackknife_stderr(np.log(leave_one_out(block_sums(values, 50)) / 392))
        z.append(math.log(values.mean()) / stderr)
    check_pulls(np.array(z), 2 / 47)


@pytest.mark.parametrize("n_sites", [1, 2, 5, 8])
def test_correlation_is_the_mean_over_translations_and_samples(n_sites):
    spins = np.random.default_rng(0).choice([-1, 1], size=(30, n_sites)).astype(np.int8)
    value, stderr = correlation(spins, n_sites // 2)
    for x in range(n_sites // 2 + 1):
        per_sample = [np.mean([int(s[i]) * int(s[(i + x) % n_sites]) for i in range(n_sites)]) for s in spins]
        assert value[x] == pytest.approx(np.mean(per_sample), abs=1e-14)
        assert stderr[x] == pytest.approx(stats.sem(per_sample), abs=1e-14)
    assert value[0] == 1
    assert stderr[0] == 0


def test_coverage_of_the_correlation():
    # 600 sets of 100 samples: Student's t of 99 has variance 99/97.
    spins = IsingModel((16,), J=0.6).sample(60_000, method="exact", seed=2).reshape(600, 100, 16)
    expected = exact.ring_correlation(0.6, 16, 3)
    value, stderr = (np.array(x) for x in zip(*(correlation(s, 3) for s in spins), strict=True))
    for x in (1, 2, 3):
        check_pulls((value[:, x] - expected[x]) / stderr[:, x], 2 / 97)


def test_correlation_rejects_bad_input():
    with pytest.raises(ValueError, match="at least two samples"):
        correlation(np.ones((1, 8)), 1)
    with pytest.raises(ValueError, match=r"got \(8,\)"):
        correlation(np.ones(8), 1)
    with pytest.raises(ValueError, match="half the ring, 4, got 5"):
        correlation(np.ones((3, 8)), 5)
    with pytest.raises(ValueError, match="got -1"):
        correlation(np.ones((3, 8)), -1)
    with pytest.raises(TypeError, match=r"max_distance must be an integer, got 1\.0"):
        correlation(np.ones((3, 8)), 1.0)


@pytest.mark.parametrize("wrong", [0, 0.5, np.nan, 2])
def test_the_correlation_is_of_spins(wrong):
    with pytest.raises(ValueError, match=r"expected spins ±1; .*, got the value"):
        correlation([[1, -1, wrong], [1, 1, 1]], 1)
    with pytest.raises(ValueError, match="masked values"):
        correlation(np.ma.masked_equal([[1, -1], [1, 1]], -1), 1)


@pytest.mark.parametrize("of", [mean_and_stderr, block_sums, leave_one_out, jackknife_stderr])
@pytest.mark.parametrize(
    ("values", "error", "message"),
    [
        (["a", "b"], TypeError, "must be real numbers"),
        (np.ones(3, dtype=complex), TypeError, "must be real numbers"),
        (sparse.csr_array(np.eye(2)), TypeError, "give its dense form"),
        ([[1, 2], [3]], ValueError, "in rows of one length"),
        (np.ma.masked_array([1, 2], [0, 1]), ValueError, "must not have masked values"),
    ],
)
def test_values_are_real_numbers(of, values, error, message):
    with pytest.raises(error, match=message):
        of(values)


@pytest.mark.parametrize("of", [block_sums, leave_one_out, jackknife_stderr])
def test_a_single_number_has_no_blocks(of):
    with pytest.raises(ValueError, match="one row for each sample or block"):
        of(2.0)


def test_sums_keep_their_dtype_and_take_lists():
    assert leave_one_out([1, 2, 3]).dtype == int
    np.testing.assert_array_equal(leave_one_out([1, 2, 3]), [5, 4, 3])
    assert block_sums(np.ones((4, 2), dtype=np.float32), 2).dtype == np.float32
    with pytest.raises(ValueError, match="an estimate for each block, got none"):
        jackknife_stderr([])


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: block_bounds(-1), ValueError, "n_samples must not be negative"),
        (lambda: block_bounds(2**60), ValueError, "n_samples must be at most"),
        (lambda: block_bounds(10.0), TypeError, "n_samples must be an integer"),
        (lambda: block_bounds(10, 0), ValueError, "n_blocks must be at least 1"),
        (lambda: student_factor([2, 3]), TypeError, "n_blocks must be an integer"),
        (lambda: or_dash("1", ".3g"), TypeError, "value must be a number"),
        (lambda: or_dash(1.0, None), TypeError, "form must be a str"),
        (lambda: or_dash(1.0, ".3fx"), ValueError, "form must be a format of numbers, such as '.3g', got '.3fx'"),
        (lambda: with_error([1.0], 0.1), TypeError, "value must be a number"),
        (lambda: with_error(1.0, 1j), TypeError, "stderr must be a number"),
    ],
)
def test_numbers_of_another_kind(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_numbers_are_written_whatever_their_type():
    for number in (2, np.int8(2), np.float32(2), np.array(2.0), Fraction(2)):
        assert with_error(number, np.float32(0.5)) == "2.00(50)"
    assert or_dash(3, "d") == "3"
    assert or_dash(math.inf, ".3g") == "inf"
    assert student_factor(10**400) == pytest.approx(1)


@pytest.mark.parametrize("n_blocks", [2, 3, 4, 5, 10, 30])
def test_widened_standard_errors_cover_as_often_as_they_should(n_blocks):
    # 40,000 means: the standard deviation of the share is 0.0023, and 5 of them are allowed.
    x = np.random.default_rng(n_blocks).normal(size=(40_000, n_blocks))
    error = x.std(axis=1, ddof=1) / np.sqrt(n_blocks) * student_factor(n_blocks)
    assert np.mean(np.abs(x.mean(axis=1)) < error) == pytest.approx(0.682689, abs=0.012)


def test_student_factor():
    factors = [student_factor(n) for n in range(2, 300)]
    assert np.all(np.diff(factors) < 0)
    assert factors[0] == pytest.approx(np.tan(np.pi * 0.682689492 / 2), rel=1e-8)  # Cauchy's distribution
    assert 1 < factors[-1] < 1.002
    assert np.isnan([student_factor(0), student_factor(1)]).all()
