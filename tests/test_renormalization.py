"""Decimation of the ring: closed forms, sums over all states, and the numbers of the report."""

from decimal import Decimal, localcontext
from itertools import pairwise

import numpy as np
import pytest

import rgrbm
from rbm_models import states
from rgrbm import decimate, decimation_flow
from rgrbm.exact import ring_log_z
from rgrbm.renormalization import reconstruction_error_decimation_bound

COUPLINGS = [1e-8, 1e-5, 1e-3, 0.1, 0.5, 0.999999, 1.0, 1.000001, 2.5, 10.0, 100.0, 1e4]


def precise(J):
    """½ ln cosh 2J to 50 digits, from e^(2J) without cancellation."""
    with localcontext() as context:
        context.prec = 80
        context.Emax = 10**8
        x = 2 * Decimal(J)
        return float(((x.exp() + (-x).exp()) / 2).ln() / 2)


@pytest.mark.parametrize("J", COUPLINGS)
def test_coupling_to_the_last_digits(J):
    result = decimate(J)
    assert pytest.approx(precise(J), rel=4e-15) == result.J
    assert result.log_A == pytest.approx(np.log(2) + precise(J), rel=4e-15)
    assert decimate(-J) == result


@pytest.mark.parametrize("J", [1e-3, 0.1, 1.0, 3.0])
def test_the_two_formulas_of_the_report_are_one(J):
    # atanh(tanh² J) loses digits where tanh² J is near 1.
    assert pytest.approx(np.arctanh(np.tanh(J) ** 2), rel=1e-15 / (1 - np.tanh(J) ** 4) + 1e-15) == decimate(J).J


def test_value_of_the_report():
    assert pytest.approx(0.66250137, abs=5e-9) == decimate(1.0).J


def test_arrays_keep_their_shape():
    J = np.array([[0.0, 0.5], [-0.5, 40.0]])
    result = decimate(J)
    assert result.J.shape == result.log_A.shape == J.shape
    assert result.J[0, 0] == 0
    assert result.J[0, 1] == result.J[1, 0] == decimate(0.5).J


@pytest.mark.parametrize("J", [-3.0, -0.7, -1e-4, 1e-8, 0.3, 1.0, 2.0, 25.0])
@pytest.mark.parametrize("n", [4, 6, 8, 64, 1024, 2**20])
def test_partition_function_is_kept(n, J):
    renormalized, log_A = decimate(J)
    assert n / 2 * log_A + ring_log_z(renormalized, n // 2) == pytest.approx(ring_log_z(J, n), rel=1e-12)


@pytest.mark.parametrize("J", [-0.7, 0.3, 1.0])
@pytest.mark.parametrize("n", [4, 8, 12])
def test_marginal_of_every_other_spin_by_enumeration(n, J):
    s = 2 * states(n) - 1
    weight = np.exp(J * (s * np.roll(s, 1, axis=1)).sum(axis=1))
    kept = states(n)[:, ::2] @ 2 ** np.arange(n // 2)
    marginal = np.bincount(kept.astype(int), weights=weight)
    renormalized, log_A = decimate(J)
    h = 2 * states(n // 2) - 1
    bonds = (h * np.roll(h, 1, axis=1)).sum(axis=1)
    np.testing.assert_allclose(marginal, np.exp(n / 2 * log_A + renormalized * bonds), rtol=1e-12)


def test_flow_repeats_decimation_and_ends_at_zero():
    flow = decimation_flow(1.0, 40)
    assert flow[0] == 1.0
    for before, after in pairwise(flow):
        assert after == decimate(before).J
    assert np.all(np.diff(flow) <= 0)
    assert flow[-1] == pytest.approx(0, abs=1e-300)
    # tanh J⁽ᵏ⁾ = (tanh J)^(2ᵏ).
    np.testing.assert_allclose(np.tanh(flow[:6]), np.tanh(1.0) ** 2.0 ** np.arange(6), rtol=1e-13)


@pytest.mark.parametrize("J", [0.2, 1.0, 2.0])
def test_reconstruction_error_of_decimation(J):
    # By enumeration: a spin between two neighbours on an open chain of three, drawn twice from its conditional law.
    s = 2 * states(3) - 1
    weight = np.exp(J * (s[:, 0] * s[:, 1] + s[:, 1] * s[:, 2]))
    weight /= weight.sum()
    error = 0.0
    for left in (-1, 1):
        for right in (-1, 1):
            pair = (s[:, 0] == left) & (s[:, 2] == right)
            up = weight[pair & (s[:, 1] == 1)].sum() / weight[pair].sum()
            error += weight[pair].sum() * 2 * up * (1 - up)
    assert reconstruction_error_decimation_bound(J) == pytest.approx(error / 2, rel=1e-12)
    assert reconstruction_error_decimation_bound(1.0) == pytest.approx(0.06645, abs=5e-6)


@pytest.mark.parametrize("J", [np.nan, np.inf, [0.1, -np.inf]])
def test_couplings_must_be_finite(J):
    with pytest.raises(ValueError, match="finite"):
        decimate(J)


def test_number_of_steps_must_not_be_negative():
    with pytest.raises(ValueError, match="negative, got -1"):
        rgrbm.decimation_flow(1.0, -1)
