"""Decimation of the ring against arithmetic of 60 digits and against enumeration."""

import decimal
import math
from decimal import Decimal

import numpy as np
import pytest
from scipy.special import expit

import rgrbm
from rbm_models import states
from rgrbm import decimate
from rgrbm.rg import decimation_rbm
from rgrbm.rg.decimation import decimation_flow, inverse_decimation, reconstruction_error_decimation_bound
from rgrbm.spins import exact

COUPLINGS = [1e-8, 1e-5, 1e-3, 0.1, 0.3, 0.5, 0.99, 1 - 2**-53, 1.0, 1 + 2**-52, 1.01, 2.0, 10.0, 20.0, 400.0, 1e4]


def precise(J):
    """J' = ½ ln cosh 2J of the very number J, to some 40 digits."""
    with decimal.localcontext(prec=60):
        e = (2 * Decimal(J)).exp()
        return ((e + 1 / e) / 2).ln() / 2


def precise_artanh(J):
    """J' = artanh(tanh² J), to some 30 digits for J up to 10 (beyond, tanh is too near to 1)."""
    with decimal.localcontext(prec=60):
        e = (2 * Decimal(J)).exp()
        square = ((e - 1) / (e + 1)) ** 2
        return ((1 + square) / (1 - square)).ln() / 2


def ring_weights(J, n):
    """Boltzmann weights of all states of the ring, divided by the largest possible, (2**n,); and the states."""
    s = 2 * states(n) - 1
    return np.exp(J * np.sum(s * np.roll(s, 1, axis=1), axis=1) - abs(J) * n), s


@pytest.mark.parametrize("J", COUPLINGS)
def test_coupling_and_constant_keep_all_digits(J):
    expected = precise(J)
    for coupling in (J, -J):
        decimated = decimate(coupling)
        assert abs(Decimal(decimated.J) / expected - 1) < Decimal("1e-15")
        with decimal.localcontext(prec=60):
            assert abs(Decimal(decimated.log_A) / (Decimal(2).ln() + expected) - 1) < Decimal("1e-15")


@pytest.mark.parametrize("J", [J for J in COUPLINGS if J <= 10])
def test_the_two_forms_of_the_report_are_one(J):
    assert abs(precise(J) / precise_artanh(J) - 1) < Decimal("1e-25")
    assert abs(Decimal(decimate(J).J) / precise_artanh(J) - 1) < Decimal("1e-15")


def test_value_of_the_report():
    assert pytest.approx(0.66250137, abs=5e-9) == decimate(1.0).J


def test_arrays_and_numbers_agree():
    J = np.array([COUPLINGS, [-x for x in COUPLINGS]])
    decimated = decimate(J)
    assert decimated.J.shape == decimated.log_A.shape == J.shape
    for index in np.ndindex(J.shape):
        one = decimate(float(J[index]))
        assert type(one.J) is type(one.log_A) is float
        assert (decimated.J[index], decimated.log_A[index]) == pytest.approx(tuple(one), rel=4e-16)


def test_no_coupling_stays_none():
    assert decimate(0.0) == (0.0, math.log(2))


@pytest.mark.parametrize("J", [math.nan, math.inf, -math.inf, [0.1, math.nan]])
def test_the_coupling_must_be_finite(J):
    with pytest.raises(ValueError, match="must be finite"):
        decimate(J)


@pytest.mark.parametrize("J", [-300.0, -2.0, -1.0, -0.3, -1e-6, 0.0, 1e-8, 0.05, 0.5, 1.0, 3.0, 20.0, 1e3])
@pytest.mark.parametrize("n", [2, 4, 6, 10, 64, 100, 1000, 2**15, 2**20])
def test_partition_function_is_preserved(J, n):
    renormalized, log_A = decimate(J)
    assert n // 2 * log_A + exact.ring_log_z(renormalized, n // 2) == pytest.approx(exact.ring_log_z(J, n), rel=1e-12)


@pytest.mark.parametrize("J", [-1.0, -0.3, 0.0, 1e-4, 0.3, 1.0, 2.5])
@pytest.mark.parametrize("n", [2, 4, 6, 8, 10, 12])
def test_marginal_of_every_other_spin_is_the_renormalized_ring(J, n):
    weights, s = ring_weights(J, n)
    kept = ((s[:, ::2] + 1) / 2 @ 2 ** np.arange(n // 2)).astype(int)
    marginal = np.bincount(kept, weights=weights)
    renormalized, log_A = decimate(J)
    coarse, _ = ring_weights(renormalized, n // 2)
    constant = math.exp(n // 2 * (log_A + renormalized) - n * abs(J))
    np.testing.assert_allclose(constant * coarse, marginal, rtol=1e-13)


@pytest.mark.parametrize("J", [1e-300, 1e-16, *COUPLINGS])
def test_inverse_keeps_all_digits(J):
    # K = ½ arcosh(e^(2J)), cosh⁻¹ y = ln(y + √(y² − 1)), of the very number J.
    with decimal.localcontext(prec=700):
        y = (2 * Decimal(J)).exp()
        expected = (y + (y * y - 1).sqrt()).ln() / 2
        assert abs(Decimal(inverse_decimation(J)) / expected - 1) < Decimal("1e-15")


def test_inverse_rejects_what_decimation_cannot_give():
    assert inverse_decimation(0.0) == 0.0
    for J in (-1e-3, math.nan, math.inf, [0.1, -0.1]):
        with pytest.raises(ValueError, match="finite and not negative"):
            inverse_decimation(J)


@pytest.mark.parametrize("J", [-1.0, 0.2, 1.0, 4.0])
def test_flow_squares_the_hyperbolic_tangent(J):
    flow = decimation_flow(J, 8)
    assert flow.shape == (9,)
    assert flow[0] == J
    assert flow[1] == decimate(J).J
    with decimal.localcontext(prec=600):
        e = (2 * Decimal(J)).exp()
        t = (e - 1) / (e + 1)
        for result in flow[1:]:
            t *= t
            expected = ((1 + t) / (1 - t)).ln() / 2
            # Each step multiplies the relative error by dlnJ'/dlnJ ≤ 2: at most 2⁸ roundings in the end.
            assert abs(Decimal(result) / expected - 1) < Decimal("6e-14")


def test_flow_falls_to_zero_and_no_lower():
    flow = decimation_flow(3.0, 40)
    assert np.all(np.diff(flow) <= 0)
    assert flow[-1] == 0.0
    np.testing.assert_array_equal(decimation_flow(0.7, 0), [0.7])


def test_flow_halves_the_correlation_length():
    lengths = [exact.ring_correlation_length(J) for J in decimation_flow(2.0, 5)]
    np.testing.assert_allclose(lengths[:-1], 2 * np.array(lengths[1:]), rtol=1e-12)


def test_flow_rejects_bad_arguments():
    for of in (rgrbm.decimate, rgrbm.rg.inverse_decimation, lambda J: rgrbm.rg.decimation_flow(J, 2)):
        with pytest.raises(TypeError, match="J must be"):
            of("1")
    with pytest.raises(ValueError, match="n_steps must not be negative, got -1"):
        decimation_flow(1.0, -1)
    with pytest.raises(MemoryError, match="a flow of 1000000000000000000 steps"):
        decimation_flow(1.0, 10**18)
    for J in ("1", [1.0, 2.0], None):
        with pytest.raises(TypeError, match="J must be a number"):
            reconstruction_error_decimation_bound(J)


def test_flow_stays_where_it_has_come_to_rest():
    flow = decimation_flow(1.0, 10**6)
    assert flow.shape == (10**6 + 1,)
    assert flow[1:20].tolist() == [decimate(J).J for J in flow[:19].tolist()]
    assert not flow[20:].any()
    assert decimation_flow(-1e300, 3).tolist() == [-1e300, 1e300, 1e300, 1e300]
    with pytest.raises(ValueError, match="must be finite"):
        decimation_flow(math.nan, 1)


@pytest.mark.parametrize("J", [-1.0, 0.0, 0.1, 0.5, 1.0, 2.0])
def test_reconstruction_error_from_its_definition(J):
    # In the infinite ring three neighbours have the distribution of an open chain; the middle one is drawn anew.
    s = 2 * states(3) - 1
    distribution = np.exp(J * (s[:, 0] * s[:, 1] + s[:, 1] * s[:, 2]))
    distribution /= distribution.sum()
    redrawn = expit(2 * J * (s[:, 0] + s[:, 2]))  # probability of +1
    wrong = np.where(s[:, 1] > 0, 1 - redrawn, redrawn)
    assert reconstruction_error_decimation_bound(J) == pytest.approx(distribution @ wrong / 2, rel=1e-13)


def test_reconstruction_error_of_the_rbm_that_decimates():
    # K = 10 copies every other spin, but for e^(−2K); the ring of 12 differs from the infinite one by tanh¹⁰ J.
    n, J = 12, 0.2
    rbm, v, h = decimation_rbm(n, J, 10.0), states(n), states(n // 2)
    distribution, _ = ring_weights(J, n)
    on = expit(v @ rbm.weights_ + rbm.intercept_hidden_)
    given = np.prod(np.where(h[None] > 0, on[:, None], 1 - on[:, None]), axis=2)
    reconstructed = given @ expit(h @ rbm.weights_.T + rbm.intercept_visible_)
    error = distribution / distribution.sum() @ np.mean(np.where(v > 0, 1 - reconstructed, reconstructed), axis=1)
    assert reconstruction_error_decimation_bound(J) == pytest.approx(error, abs=2e-7)


def test_reconstruction_error_of_the_report():
    assert reconstruction_error_decimation_bound(1.0) == pytest.approx(0.06645, abs=5e-6)
    assert reconstruction_error_decimation_bound(0.0) == 0.25
    assert reconstruction_error_decimation_bound(1e4) == 0.0


@pytest.mark.parametrize("J", [-300.0, -20.0, 8.0, 18.0, 20.0, 100.0])
def test_small_reconstruction_errors_keep_their_digits(J):
    # ½ [P_eq 2p(1 − p) + (1 − P_eq)/2] → e^(−2|J|)/2, the next term of order e^(−4|J|) ≤ 1.3e-14 at 8.
    assert reconstruction_error_decimation_bound(J) == pytest.approx(math.exp(-2 * abs(J)) / 2, rel=1e-6)
    assert reconstruction_error_decimation_bound(J) == reconstruction_error_decimation_bound(-J)
