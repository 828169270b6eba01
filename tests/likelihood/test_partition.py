"""Exact sums against brute force, closed forms and finite differences."""

import re

import numpy as np
import pytest
import scipy.sparse
from scipy.special import expit, logsumexp

import rgrbm
from rbm_models import joint, random_rbm, states
from rgrbm._core import kernels
from rgrbm._support import enumeration as support_enumeration
from rgrbm.likelihood import enumeration as partition
from rgrbm.model import RBMParameters, free_energy, log_pseudo_likelihood
from rgrbm.rg import decimation_rbm
from rgrbm.rg.exact_rbms import decimation_log_z
from rgrbm.spins import exact

SHAPES = [(1, 1), (1, 9), (9, 1), (3, 5), (5, 4), (8, 8), (11, 10), (10, 6)]


@pytest.mark.parametrize(("n", "m"), SHAPES)
@pytest.mark.parametrize("scale", [0.1, 2.0, 30.0])
def test_log_z_and_marginals_are_those_of_the_joint_distribution(n, m, scale):
    rbm = random_rbm(n, m, scale)
    log_p = joint(rbm)
    log_z = logsumexp(log_p)
    tolerance = 1e-13 * max(1, abs(log_p).max())
    assert abs(rgrbm.log_z(rbm) - log_z) < tolerance
    np.testing.assert_allclose(
        rgrbm.likelihood.log_marginal(rbm, "visible"), logsumexp(log_p, axis=1) - log_z, rtol=0, atol=2 * tolerance
    )
    np.testing.assert_allclose(
        rgrbm.likelihood.log_marginal(rbm, "hidden", normalized=False), logsumexp(log_p, axis=0), rtol=0, atol=tolerance
    )


# Low bits that share a block: 8 with one group of units, 8 with many, fewer, and none.
@pytest.mark.parametrize(
    ("m", "scale", "low_bits"), [(20, 1, 8), (300, 5, 8), (40, 60, 8), (40, 110, 5), (40, 700, 0), (1500, 0.5, 8)]
)
def test_every_way_of_summing_a_block(m, scale, low_bits):
    rng = np.random.default_rng(1)
    # Saturated weights: ± scale, so that the number of low bits is certain.
    matrix = rng.choice([-1.0, 1.0], size=(13, m)) * scale
    own, other = rng.normal(size=13), rng.normal(size=m) * scale
    e = kernels.LayerEnumeration(matrix, own, other)
    assert e.low_bits == low_bits
    x = states(13)
    log_p = x @ own + np.logaddexp(0, other + x @ matrix).sum(axis=1)
    parts = e.log_sums(0, e.n_parts)
    expected = logsumexp(log_p.reshape(e.n_parts, e.part_size), axis=1)
    np.testing.assert_allclose(parts, expected, rtol=1e-14)
    np.testing.assert_allclose(e.log_weights(0, e.n_parts), log_p, rtol=1e-14, atol=1e-14 * abs(log_p).max())


@pytest.mark.parametrize("sign", [1, -1])
def test_saturated_weights_neither_overflow_nor_lose_the_sum(sign):
    n, m = 12, 9
    rbm = RBMParameters(np.full((n, m), sign * 700.0), np.zeros(n), np.zeros(m))
    k, j = np.arange(n + 1), np.arange(m + 1)
    # Z depends on the numbers of units that are 1 only.
    log_choose = [np.array([np.sum(np.log(np.arange(1, t + 1))) for t in range(x + 1)]) for x in (n, m)]
    binomials = [c[-1] - c - c[::-1] for c in log_choose]
    expected = logsumexp(binomials[0][:, None] + binomials[1] + sign * 700.0 * k[:, None] * j)
    assert abs(rgrbm.log_z(rbm) / expected - 1) < 1e-14


@pytest.mark.parametrize("n", [8, 16, 24])
@pytest.mark.parametrize("K", [0.5, 3.0, 8.0])
def test_log_z_of_the_decimation_rbm_in_closed_form(n, K):
    assert rgrbm.log_z(decimation_rbm(n, 1.0, K)) == pytest.approx(decimation_log_z(n, 1.0, K), rel=1e-13)


def test_hidden_marginal_of_the_decimation_rbm_is_the_decimated_ring():
    n, J = 16, 1.0
    m = n // 2
    ring = -rgrbm.spins.spin_energies(m, [(i, (i + 1) % m) for i in range(m)], rgrbm.decimate(J)[0])
    expected = ring - logsumexp(ring)
    for K in (0.7, 4.0):
        np.testing.assert_allclose(
            rgrbm.likelihood.log_marginal(decimation_rbm(n, J, K), "hidden"), expected, atol=1e-12
        )


@pytest.mark.parametrize(("n", "m"), [(6, 4), (4, 6), (14, 5), (1, 1)])
@pytest.mark.parametrize("scale", [1.0, 20.0])
def test_expectations_are_those_of_the_joint_distribution(n, m, scale):
    rbm = random_rbm(n, m, scale)
    p = np.exp(joint(rbm) - logsumexp(joint(rbm)))
    v, h = states(n), states(m)
    result = rgrbm.likelihood.expectations(rbm)
    np.testing.assert_allclose(result.visible, p.sum(axis=1) @ v, atol=1e-12)
    np.testing.assert_allclose(result.hidden, p.sum(axis=0) @ h, atol=1e-12)
    np.testing.assert_allclose(result.products, v.T @ p @ h, atol=1e-12)


@pytest.mark.parametrize(("n", "m"), [(7, 4), (4, 7)])
def test_exact_gradient_is_the_slope_of_the_log_likelihood(n, m):
    rbm = random_rbm(n, m, 1.0)
    x = np.random.default_rng(2).integers(2, size=(20, n))
    step = 1e-5
    for parameter, gradient in enumerate(rgrbm.likelihood.exact_gradient(x, rbm)):
        for index in np.ndindex(gradient.shape):
            sides = []
            for sign in (1, -1):
                moved = [value.copy() for value in rbm]
                moved[parameter][index] += sign * step
                sides.append(rgrbm.likelihood.log_likelihood(x, RBMParameters(*moved)))
            # Central differences: error of order step² = 1e-10, rounding 1e-15/step = 1e-10.
            assert (sides[0] - sides[1]) / (2 * step) == pytest.approx(gradient[index], abs=2e-9)


def test_exact_gradient_weighs_samples():
    rbm = random_rbm(5, 3, 1.0)
    x = np.random.default_rng(3).integers(2, size=(4, 5))
    repeated = rgrbm.likelihood.exact_gradient(np.repeat(x, [1, 2, 0, 3], axis=0), rbm)
    for a, b in zip(rgrbm.likelihood.exact_gradient(x, rbm, sample_weight=[0.5, 1, 0, 1.5]), repeated, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-14)


def test_log_likelihood_and_divergence_agree_with_the_marginal():
    rbm = random_rbm(6, 4, 2.0)
    log_p = logsumexp(joint(rbm), axis=1) - logsumexp(joint(rbm))
    x = states(6)[[3, 17, 17, 60]]
    assert rgrbm.likelihood.log_likelihood(x, rbm) == pytest.approx(log_p[[3, 17, 17, 60]].mean(), rel=1e-12)
    assert rgrbm.likelihood.log_likelihood(x, rbm, log_z=0) == pytest.approx(
        rgrbm.likelihood.log_likelihood(x, rbm) + rgrbm.log_z(rbm)
    )
    P = np.random.default_rng(4).dirichlet(np.full(64, 0.1))
    assert rgrbm.likelihood.kl_divergence(P, rbm) == pytest.approx(np.sum(P * (np.log(P) - log_p)), rel=1e-12)
    assert abs(rgrbm.likelihood.kl_divergence(np.exp(log_p), rbm)) < 1e-12


def test_divergence_of_the_decimation_rbm_from_the_ring():
    # The ring at J = 1, N = 12: measured by an independent enumeration for the filters (J, K, J).
    n = 12
    energies = rgrbm.spins.spin_energies(n, [(i, (i + 1) % n) for i in range(n)], 1.0)
    P = np.exp(-energies - exact.ring_log_z(1.0, n))
    divergences = [rgrbm.likelihood.kl_divergence(P, decimation_rbm(n, 1.0, K)) for K in (1, 2, 3, 4)]
    np.testing.assert_allclose(divergences, [0.42, 0.026, 7e-4, 1.4e-5], rtol=0.06)


def test_gradient_ascent_reaches_a_better_model_each_step():
    x = rgrbm.to_binary(rgrbm.IsingModel(8, 1.0).sample(500, method="exact", seed=1))
    rbm = random_rbm(8, 4, 0.1)
    scores = []
    for _ in range(30):
        scores.append(rgrbm.likelihood.log_likelihood(x, rbm))
        rbm = RBMParameters(*(a + 0.05 * g for a, g in zip(rbm, rgrbm.likelihood.exact_gradient(x, rbm), strict=True)))
    assert np.all(np.diff(scores) > 0)


def test_same_bits_for_any_number_of_threads_and_any_slices(monkeypatch):
    rbm = random_rbm(20, 17, 1.0)
    x = np.random.default_rng(5).integers(2, size=(10, 20))
    results = []
    try:
        for threads in (1, 2, 5):
            rgrbm.set_num_threads(threads)
            results.append((rgrbm.log_z(rbm), rgrbm.likelihood.exact_gradient(x, rbm)))
    finally:
        rgrbm.set_num_threads(0)
    for log_z, gradient in results[1:]:
        assert log_z == results[0][0]
        assert all(np.array_equal(a, b) for a, b in zip(gradient, results[0][1], strict=True))
    monkeypatch.setattr(support_enumeration, "_WORK_PER_CALL", 1)
    assert rgrbm.log_z(rbm) == results[0][0]


def test_exact_samples_follow_the_marginal():
    for n, m in ((4, 7), (7, 4)):
        rbm = random_rbm(n, m, 1.0)
        x = rgrbm.likelihood.sample_exactly(rbm, 20_000, seed=6)
        counts = np.bincount(x @ (1 << np.arange(n)), minlength=2**n)
        expected = 20_000 * np.exp(rgrbm.likelihood.log_marginal(rbm, "visible"))
        order = np.argsort(expected)[::-1]
        rest = order[expected[order] < 5]
        kept = order[expected[order] >= 5]
        observed, mean = (np.append(a[kept], a[rest].sum()) for a in (counts, expected))
        chi2 = np.sum((observed - mean) ** 2 / np.maximum(mean, 1e-12))
        # χ² has mean k and variance 2k: above k + 5√(2k) with probability below 1e-5.
        assert chi2 < len(kept) + 5 * np.sqrt(2 * len(kept))


@pytest.mark.parametrize("n", [1, 2, 5, 12, 13, 15])
def test_spin_energies_and_log_z_on_random_bonds(n):
    rng = np.random.default_rng(n)
    bonds = [(i, j) for i in range(n) for j in range(n) if i != j and rng.random() < 0.4]  # some of them twice
    J, h = rng.normal(size=len(bonds)) * 3, rng.normal(size=n)
    s = 2 * states(n) - 1
    expected = -s @ h
    for (i, j), coupling in zip(bonds, J, strict=True):
        expected = expected - coupling * s[:, i] * s[:, j]
    energies = rgrbm.spins.spin_energies(n, bonds, J, h)
    np.testing.assert_allclose(energies, expected, atol=1e-12 * max(1, abs(expected).max()))
    assert rgrbm.spins.spin_log_z(n, bonds, J, h) == pytest.approx(logsumexp(-expected), rel=1e-13)


@pytest.mark.parametrize("J", [-2.0, -0.3, 0.0, 0.7, 300.0])
def test_log_z_of_rings_and_tori_in_closed_form(J):
    ring = [(i, (i + 1) % 20) for i in range(20)]
    assert rgrbm.spins.spin_log_z(20, ring, J) == pytest.approx(exact.ring_log_z(J, 20), rel=1e-12)
    torus = [(4 * r + c, site) for r in range(4) for c in range(4)
             for site in (4 * ((r + 1) % 4) + c, 4 * r + (c + 1) % 4)]  # fmt: skip
    assert rgrbm.spins.spin_log_z(16, torus, J) == pytest.approx(exact.torus_log_z(J, 4, 4), rel=1e-12)


def test_decimation_keeps_the_partition_function():
    n, J = 20, 0.8
    J_new, log_a = rgrbm.decimate(J)
    ring = [(i, (i + 1) % n) for i in range(n)]
    half = [(i, (i + 1) % (n // 2)) for i in range(n // 2)]
    decimated = rgrbm.spins.spin_log_z(n // 2, half, J_new) + n / 2 * log_a
    assert rgrbm.spins.spin_log_z(n, ring, J) == pytest.approx(decimated, abs=1e-10)


def test_too_large_sums_are_refused_with_what_to_use_instead():
    rbm = RBMParameters(np.zeros((40, 30)), np.zeros(40), np.zeros(30))
    with pytest.raises(ValueError, match=r"2\^30 = 1\.07e\+09 states.*method='ais'"):
        rgrbm.log_z(rbm)
    with pytest.raises(ValueError, match=r"2\^30.*states"):
        rgrbm.likelihood.expectations(rbm)
    with pytest.raises(ValueError, match=r"2\^40 = 1\.1e\+12 states to list"):
        rgrbm.likelihood.log_marginal(rbm, "visible")
    with pytest.raises(ValueError, match=r"2\^29.*Monte Carlo"):
        rgrbm.spins.spin_log_z(29, [], 1.0)
    with pytest.raises(ValueError, match=r"2\^27"):
        rgrbm.spins.spin_energies(27, [], 1.0)


def test_bad_input_is_refused():
    good = random_rbm(4, 3, 1.0)
    with pytest.raises(TypeError, match="fitted"):
        rgrbm.log_z(rgrbm.BernoulliRBM())
    with pytest.raises(ValueError, match="biases"):
        rgrbm.log_z(RBMParameters(np.zeros((4, 3)), np.zeros(3), np.zeros(3)))
    with pytest.raises(ValueError, match="finite"):
        rgrbm.log_z(RBMParameters(np.full((4, 3), np.nan), np.zeros(4), np.zeros(3)))
    with pytest.raises(ValueError, match="matrix"):
        rgrbm.log_z(RBMParameters(np.zeros((4, 0)), np.zeros(4), np.zeros(0)))
    with pytest.raises(ValueError, match="method"):
        rgrbm.log_z(good, "guess")
    with pytest.raises(TypeError, match="n_chains"):
        rgrbm.log_z(good, "exact", n_chains=3)
    with pytest.raises(ValueError, match="layer"):
        rgrbm.likelihood.log_marginal(good, "middle")
    with pytest.raises(ValueError, match="to_binary"):
        rgrbm.likelihood.log_likelihood(-np.ones((2, 4)), good)
    with pytest.raises(ValueError, match=r"shape \(n_samples, 4\)"):
        rgrbm.likelihood.exact_gradient(np.zeros((2, 5)), good)
    for weight in ([1.0], [0.0, 0.0], [-1.0, 2.0], [np.nan, 1.0]):
        with pytest.raises(ValueError, match="sample_weight"):
            rgrbm.likelihood.exact_gradient(np.zeros((2, 4)), good, sample_weight=weight)
    for P in (np.ones(16), np.ones(8) / 8, np.append(np.zeros(14), [-1, 2])):
        with pytest.raises(ValueError, match="probabilities"):
            rgrbm.likelihood.kl_divergence(P, good)
    for wrong in (["a"] * 16, ["1"] * 16, [1j] * 16):
        with pytest.raises(TypeError, match="probabilities must be real numbers"):
            rgrbm.likelihood.kl_divergence(wrong, good)
    with pytest.raises(TypeError, match="sample_weight must be real numbers"):
        rgrbm.likelihood.exact_gradient(np.zeros((2, 4)), good, sample_weight=["1", "2"])
    with pytest.raises(TypeError, match="weights_ must be real numbers"):
        rgrbm.log_z(RBMParameters([["1"]], [0.0], [0.0]))
    with pytest.raises(TypeError, match="weights must be real numbers"):
        rgrbm.model.binary_parameters([["1"]])
    with pytest.raises(TypeError, match="hidden_fields must be real numbers"):
        rgrbm.model.binary_parameters([[1.0]], 0.0, "1")
    with pytest.raises(ValueError, match="n_samples must not be negative"):
        rgrbm.likelihood.sample_exactly(good, -1)
    with pytest.raises(MemoryError, match=r"samples of 4 units would take \S+ GiB"):
        rgrbm.likelihood.sample_exactly(good, 10**13)
    for name in ("couplings", "fields"):
        with pytest.raises(TypeError, match=f"{name} must be real numbers"):
            rgrbm.spins.spin_log_z(3, [(0, 1)], **{"couplings": 1.0} | {name: "1"})
    with pytest.raises(TypeError, match="side of the shape must be an integer"):
        rgrbm.spins.lattice_bonds((4.5,))
    for bonds in ([(0, 0)], [(0, 3)], [(-1, 0)], [(0, 1, 2)], [(0.5, 1)]):
        with pytest.raises(ValueError, match="bond"):
            rgrbm.spins.spin_log_z(3, bonds, 1.0)
    with pytest.raises(ValueError, match="couplings and fields"):
        rgrbm.spins.spin_log_z(3, [(0, 1)], [1.0, 2.0])
    with pytest.raises(ValueError, match="at least 1"):
        rgrbm.spins.spin_log_z(0, [], 1.0)
    e = kernels.LayerEnumeration(np.zeros((3, 2)), np.zeros(3), np.zeros(2))
    for first, count in ((0, 2), (2, 0), (2**63, 2**63)):
        with pytest.raises(ValueError, match="parts"):
            e.log_sums(first, count)


def test_a_trained_estimator_is_accepted():
    x = rgrbm.to_binary(rgrbm.IsingModel(10, 1.0).sample(200, method="exact", seed=0))
    rbm = rgrbm.BernoulliRBM(n_components=5, n_iter=5, random_state=0).fit(x)
    p = partition.parameters_of(rbm)
    assert rgrbm.log_z(rbm) == pytest.approx(logsumexp(joint(p)), rel=1e-12)
    assert rgrbm.likelihood.log_likelihood(x, rbm) == pytest.approx(
        np.mean(-rbm.free_energy(x)) - rgrbm.log_z(rbm), rel=1e-6
    )
    np.testing.assert_allclose(expit(x @ p.weights_ + p.intercept_hidden_), rbm.transform(x), atol=1e-6)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.ones((2, 4), int) - 2 * np.eye(2, 4, dtype=int), "got spins ±1. Convert them with rgrbm.to_binary"),
        (np.full((2, 4), 0.5), "units 0 and 1, got the value 0.5. Threshold or draw"),
        (np.full((2, 4), np.nan), "units 0 and 1, got the value nan. Leave samples with missing values out"),
        (np.zeros((3, 2, 2)), "must have shape (n_samples, 4), got (3, 2, 2). Flatten lattices and images"),
        (np.ones((2, 4), dtype=complex), "x must be real numbers, got complex128"),
        (np.array([["1"] * 4]), "x must be real numbers"),
        ([[0, 1, 0, 1], [1]], "x must be real numbers in rows of one length"),
        (scipy.sparse.csr_array(np.ones((2, 4), dtype=complex)), "x must hold units 0 and 1, got complex128"),
    ],
)
def test_data_that_are_no_units_are_refused(x, message):
    with pytest.raises((TypeError, ValueError), match=re.escape(message)):
        rgrbm.likelihood.log_likelihood(x, RBMParameters(np.zeros((4, 2)), np.zeros(4), np.zeros(2)))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda r: rgrbm.log_z(r, np.arange(2)), TypeError, "method must be one of 'exact', 'ais'"),
        (lambda r: rgrbm.likelihood.log_marginal(r, np.arange(2)), TypeError, "layer must be one of"),
        (lambda r: rgrbm.likelihood.log_marginal(r, "hidden", normalized="no"), TypeError, "normalized must be True"),
        (lambda r: rgrbm.likelihood.log_likelihood([[0] * 4], r, log_z="3"), TypeError, "log_z must be a number"),
        (lambda r: rgrbm.likelihood.log_likelihood([[0] * 4], r, log_z=np.nan), ValueError, "log_z must be finite"),
        (lambda r: rgrbm.anneal(r, reverse=np.arange(2)), TypeError, "reverse must be True or False"),
        (lambda r: rgrbm.log_z(r._replace(weights_=np.full((4, 2), np.nan))), ValueError, "weights_ holds NaN"),
        (lambda r: rgrbm.log_z(r._replace(intercept_hidden_=["a"])), TypeError, "intercept_hidden_ must be real"),
    ],
)
def test_wrong_arguments_are_named(call, error, message):
    with pytest.raises(error, match=message):
        call(RBMParameters(np.zeros((4, 2)), np.zeros(4), np.zeros(2)))


W, B, C = np.array([[0.5, -1.0], [2.0, 0.1], [0.0, 1.0]]), np.array([0.1, 0.2, -0.3]), np.array([1.0, -1.0])
UNITS = np.array([[0, 1, 1], [1, 0, 0]], dtype=np.uint8)


@pytest.mark.parametrize("function", [free_energy, log_pseudo_likelihood])
def test_energies_of_units_in_any_form(function):
    expected = function(UNITS, W, B, C)
    forms = [UNITS.tolist(), UNITS.astype(bool), UNITS.astype(float), UNITS.astype(object)]
    forms += [kind(UNITS) for kind in (scipy.sparse.csr_array, scipy.sparse.coo_matrix, scipy.sparse.lil_array)]
    for units in forms:
        np.testing.assert_allclose(function(units, W.tolist(), list(B), tuple(C)), expected, rtol=1e-14)


@pytest.mark.parametrize("function", [free_energy, log_pseudo_likelihood])
@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((0.5, W, B, C), ValueError, r"units must have shape \(any, 3\), got \(\)"),
        ((["a"], W, B, C), TypeError, "units must be real numbers"),
        ((UNITS * 2, W, B, C), ValueError, "units must be 0 and 1, or probabilities, got values from 0 to 2"),
        ((np.full((2, 3), np.nan), W, B, C), ValueError, "units must be 0 and 1"),
        ((np.ma.masked_array(UNITS, mask=UNITS), W, B, C), ValueError, "units must not have masked values, got 3"),
        ((scipy.sparse.csr_array(UNITS * 1j), W, B, C), TypeError, "units must be real numbers, got complex128"),
        ((UNITS, W[0], B, C), ValueError, r"weights must have shape \(any, any\), got \(2,\)"),
        ((UNITS, np.zeros((3, 0)), B, []), ValueError, "weights must be of at least one unit"),
        ((UNITS, W, "bias", C), TypeError, "bias must be real numbers"),
        ((UNITS, W, B, B), ValueError, r"bias must have shape \(2,\), got \(3,\)"),
    ],
)
def test_energies_of_what_are_no_units(function, arguments, error, message):
    with pytest.raises(error, match=message):
        function(*arguments)


def test_progress_of_a_sum_ends_with_all_states():
    seen = []
    rgrbm.log_z(
        RBMParameters(np.zeros((16, 16)), np.zeros(16), np.zeros(16)), progress=lambda *counts: seen.append(counts)
    )
    assert seen[0] == (0, 2**16)
    assert seen[-1] == (2**16, 2**16)
