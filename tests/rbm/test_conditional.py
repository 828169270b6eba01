"""Sampling with some units known, against the exact conditional distributions of small models."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

import rgrbm
from exact_distributions import chi_square
from rbm_models import random_rbm, states
from rgrbm.likelihood import exact_means
from rgrbm.model import GaussianParameters, RBMParameters
from rgrbm.rbm import from_parameters

N, M = 6, 4
P = RBMParameters(
    np.random.default_rng(3).normal(0, 1.2, (N, M)),
    np.random.default_rng(4).normal(0, 0.5, N),
    np.random.default_rng(5).normal(0, 0.5, M),
)
Q = GaussianParameters(P.weights_ * 0.7, P.intercept_visible_, P.intercept_hidden_, np.linspace(0.5, 2.0, N))
NAN = np.nan
CLAMP = np.array([1, NAN, 0, NAN, NAN, 1])
# With probability 1e-6 a test of this file fails by chance; seeds are fixed.
FALSE_ALARM = 1e-6


def model(kind="binary", dtype="float64"):
    p = P if kind == "binary" else Q
    rbm = from_parameters(p)
    if dtype == "float32":
        for name in ("components_", "intercept_visible_", "intercept_hidden_"):
            setattr(rbm, name, getattr(rbm, name).astype(np.float32))
        if kind != "binary":
            rbm.log_variance_ = rbm.log_variance_.astype(np.float32)
    return rbm


def joint():
    """All states (v, h), and their probabilities."""
    both = states(N + M).astype(float)
    v, h = both[:, :N], both[:, N:]
    log = v @ P.intercept_visible_ + h @ P.intercept_hidden_ + np.einsum("si,ij,sj->s", v, P.weights_, h)
    p = np.exp(log - log.max())
    return v, h, p / p.sum()


def conditional_of_visible(clamp, clamp_hidden=None):
    """p(v | known) of every visible state, by its number."""
    v, h, p = joint()
    known = ~np.isnan(clamp)
    fits = (v[:, known] == clamp[known]).all(axis=1)
    if clamp_hidden is not None:
        known = ~np.isnan(clamp_hidden)
        fits &= (h[:, known] == clamp_hidden[known]).all(axis=1)
    number = (v @ 2 ** np.arange(N)).astype(int)
    of_state = np.bincount(number, weights=np.where(fits, p, 0), minlength=2**N)
    return of_state / of_state.sum()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("clamp", [CLAMP, np.full(N, NAN), np.where(np.arange(N) == 2, 0, NAN)])
def test_samples_have_the_conditional_distribution(clamp, dtype):
    drawn = model(dtype=dtype).sample(20_000, clamp=clamp, n_steps=60, seed=1)
    known = ~np.isnan(clamp)
    assert (drawn[:, known] == clamp[known]).all()
    numbers = drawn @ 2 ** np.arange(N)
    assert chi_square(np.bincount(numbers, minlength=2**N), conditional_of_visible(clamp)) > FALSE_ALARM


@pytest.mark.parametrize("clamp_hidden", [[1, NAN, 0, NAN], [0, 1, 1, 0], [NAN] * 4])
def test_hidden_units_can_be_clamped_too(clamp_hidden):
    given = np.array(clamp_hidden, dtype=float)
    drawn = model().sample(20_000, clamp=CLAMP, clamp_hidden=given, n_steps=60, seed=2)
    expected = conditional_of_visible(CLAMP, given)
    assert chi_square(np.bincount(drawn @ 2 ** np.arange(N), minlength=2**N), expected) > FALSE_ALARM


@pytest.mark.slow
def test_p_values_of_conditional_samples_are_uniform():
    # Kolmogorov and Smirnov's test of 20 p-values; it alone fails with probability 1e-4.
    from scipy.stats import kstest

    p_values = []
    for seed in range(20):
        clamp = np.where(
            np.random.default_rng(seed).random(N) < 0.4, np.random.default_rng(seed).integers(2, size=N), NAN
        )
        drawn = model().sample(4000, clamp=clamp, n_steps=60, seed=seed)
        p_values.append(
            chi_square(np.bincount(drawn @ 2 ** np.arange(N), minlength=2**N), conditional_of_visible(clamp))
        )
    assert kstest(p_values, "uniform").pvalue > 1e-4


def test_exact_means_are_those_of_enumeration():
    X = np.array([CLAMP, np.full(N, NAN), [0, 1, 0, 1, 1, 0], [NAN, 1, NAN, NAN, NAN, 0]])
    means = exact_means(P, X)
    for row, expected in zip(means, X, strict=True):
        p = conditional_of_visible(expected)
        np.testing.assert_allclose(row, p @ states(N), atol=1e-13)


def test_exact_means_of_gaussian_units():
    # By brute force: p(h | known u) with the missing u integrated out, from the joint normal of each h.
    X = np.array([[0.3, NAN, -1.0, NAN, NAN, 2.0], [NAN] * 6])
    means = exact_means(Q, X)
    H = states(M).astype(float)
    of_h = Q.intercept_visible_ + H @ Q.weights_.T
    log_h = H @ Q.intercept_hidden_ + ((of_h**2 - Q.intercept_visible_**2) / (2 * Q.variance_)).sum(axis=1)
    for row, x in zip(means, X, strict=True):
        known = ~np.isnan(x)
        log = log_h - ((x[known] - of_h[:, known]) ** 2 / (2 * Q.variance_[known])).sum(axis=1)
        p = np.exp(log - log.max())
        np.testing.assert_allclose(row[~known], (p @ of_h / p.sum())[~known], atol=1e-12)
        np.testing.assert_array_equal(row[known], x[known])


def test_exact_means_in_parts(monkeypatch):
    whole = exact_means(P, CLAMP[None])
    monkeypatch.setattr("rgrbm.likelihood.conditional._CELLS_AT_ONCE", 18)
    np.testing.assert_allclose(exact_means(P, CLAMP[None]), whole, rtol=1e-14)


def test_exact_means_of_strong_weights_do_not_overflow():
    strong = RBMParameters(P.weights_ * 400, P.intercept_visible_, P.intercept_hidden_)
    assert np.isfinite(exact_means(strong, CLAMP[None])).all()


@pytest.mark.parametrize("kind", ["binary", "gaussian"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_imputed_means(kind, dtype):
    X = np.tile(CLAMP, (400, 1))
    filled = model(kind, dtype).impute(X, n_steps=600, n_burn_in=100, seed=3)
    assert filled.dtype == dtype
    known = ~np.isnan(CLAMP)
    assert (filled[:, known] == CLAMP[known]).all()
    expected = exact_means(P if kind == "binary" else Q, CLAMP[None])[0]
    pulls = (filled.mean(axis=0) - expected)[~known] / (filled.std(axis=0, ddof=1)[~known] / 20)
    assert np.abs(pulls).max() < 5.5


def test_imputed_gaussian_samples_have_the_right_moments():
    known = ~np.isnan(CLAMP)
    drawn = model("gaussian").impute(np.tile(CLAMP, (20_000, 1)), "sample", n_steps=60, seed=4)
    expected = exact_means(Q, CLAMP[None])[0]
    pulls = (drawn.mean(axis=0) - expected)[~known] / (drawn.std(axis=0)[~known] / np.sqrt(20_000))
    assert np.abs(pulls).max() < 5.5
    # One more Gibbs step leaves the distribution as it is: second moments before and after.
    again = model("gaussian").sample(clamp=np.tile(CLAMP, (20_000, 1)), start=drawn, n_steps=1, seed=5)
    ratio = again.var(axis=0)[~known] / drawn.var(axis=0)[~known]
    np.testing.assert_allclose(ratio, 1, atol=0.08)


@pytest.mark.parametrize("wrap", [
    np.ma.masked_invalid, np.ndarray.tolist, sp.csr_matrix, sp.coo_array, np.asfortranarray,
    lambda x: x.astype(np.float32),
])  # fmt: skip
def test_forms_of_missing_values(wrap):
    X = np.tile(CLAMP, (5, 1))
    expected = model().impute(X, n_steps=20, n_burn_in=2, seed=0)
    np.testing.assert_array_equal(model().impute(wrap(X), n_steps=20, n_burn_in=2, seed=0), expected)


def test_one_row_serves_all_samples():
    expected = model().sample(7, clamp=CLAMP, start=np.zeros(N), n_steps=5, seed=1)
    np.testing.assert_array_equal(
        model().sample(7, clamp=CLAMP[None], start=np.zeros((1, N)), n_steps=5, seed=1), expected
    )
    assert model().sample(clamp=CLAMP[None], start=np.zeros((3, N)), n_steps=5).shape == (3, N)


def test_a_mask_hides_values_of_any_dtype():
    X = np.ma.array(np.zeros((3, N), dtype=np.uint8), mask=np.tile(np.isnan(CLAMP), (3, 1)))
    X.data[:, ~np.isnan(CLAMP)] = CLAMP[~np.isnan(CLAMP)]
    X.data[:, np.isnan(CLAMP)] = 77
    expected = model().impute(np.tile(CLAMP, (3, 1)), n_steps=20, n_burn_in=2, seed=0)
    np.testing.assert_array_equal(model().impute(X, n_steps=20, n_burn_in=2, seed=0), expected)


def test_frames_with_missing_values():
    frame = pd.DataFrame(np.tile(CLAMP, (4, 1)), columns=[f"u{i}" for i in range(N)])
    rbm = rgrbm.BernoulliRBM(3, n_iter=2, random_state=0).fit(frame.fillna(1.0))
    filled = rbm.impute(frame, n_steps=20, n_burn_in=2, seed=0)
    nullable = rbm.impute(frame.astype("Int64"), n_steps=20, n_burn_in=2, seed=0)
    np.testing.assert_array_equal(filled, nullable)
    with pytest.raises(ValueError, match="feature names"):
        rbm.impute(frame.rename(columns={"u0": "other"}))


def test_results_do_not_depend_on_threads_nor_on_unconditional_arguments():
    rbm = model()
    one = rbm.sample(200, clamp=CLAMP, n_steps=30, seed=6)
    rgrbm.set_num_threads(1)
    np.testing.assert_array_equal(rbm.sample(200, clamp=CLAMP, n_steps=30, seed=6), one)
    rgrbm.set_num_threads(0)
    free = rbm.sample(50, n_steps=30, seed=7)
    np.testing.assert_array_equal(rbm.sample(50, n_steps=30, seed=7, clamp=np.full(N, NAN)), free)


def test_chains_start_where_they_are_told_to():
    # Weights that freeze every unit: the state stays that of the start.
    frozen = from_parameters(RBMParameters(np.diag(np.full(4, 60.0)), np.full(4, -30.0), np.full(4, -30.0)))
    start = states(4)
    np.testing.assert_array_equal(frozen.sample(start=start, n_steps=50, seed=0), start)


@pytest.mark.parametrize(("call", "error", "message"), [
    (lambda r: r.sample(clamp=[1, 0]), ValueError, r"clamp must have shape \(6,\) or \(n_samples, 6\), got \(2,\)"),
    (lambda r: r.sample(3, clamp=np.zeros((2, N))), ValueError, "clamp must have one row, or one for each of 3"),
    (lambda r: r.sample(clamp=np.full(N, 0.5)), ValueError, "known visible units must be 0 or 1, got 0.5"),
    (lambda r: r.sample(clamp=-np.ones(N)), ValueError, "to_binary"),
    (lambda r: r.sample(clamp=np.full(N, np.inf)), ValueError, "infinity"),
    (lambda r: r.sample(clamp=["a"] * N), TypeError, "clamp must be real numbers"),
    (lambda r: r.sample(start=CLAMP), ValueError, "start must hold a value for every visible unit"),
    (lambda r: r.sample(clamp_hidden=np.zeros(N)), ValueError, "clamp_hidden must have shape"),
    (lambda r: r.impute(CLAMP), ValueError, "one sample per row"),
    (lambda r: r.impute(CLAMP[None], "median"), ValueError, "method must be one of 'mean', 'sample', got 'median'"),
    (lambda r: r.impute(CLAMP[None], CLAMP), TypeError, "method must be one of 'mean', 'sample'"),
    (lambda r: r.impute([[0, 1], [1]]), ValueError, "X must be real numbers in rows of one length"),
    (lambda r: r.impute(CLAMP[None], n_steps=5, n_burn_in=5), ValueError, "n_burn_in must be below n_steps = 5"),
    (lambda r: exact_means(random_rbm(2, 27, 0.1), [[0, 1]]), ValueError, "at most 26"),
])  # fmt: skip
def test_bad_arguments_are_refused(call, error, message):
    with pytest.raises(error, match=message):
        call(model())
