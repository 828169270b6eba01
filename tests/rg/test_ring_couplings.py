"""J' read from couplings, whatever the order and the signs of the hidden units."""

import numpy as np
import pytest

import rgrbm
from rgrbm.model import RBMParameters
from rgrbm.plots import ring as plots

J_PRIME = rgrbm.decimate(1.0).J


def shuffled_decimation(n, seed, extra=0):
    """Hidden units in random order, half of them copies of −v, some without weights."""
    rng = np.random.default_rng(seed)
    w = rgrbm.model.spin_parameters(rgrbm.rg.decimation_rbm(n, 1.0, 2.0)).weights * rng.choice([-1, 1], n // 2)
    w = np.concatenate([w, np.zeros((n, extra))], axis=1)[:, rng.permutation(n // 2 + extra)]
    return rgrbm.model.binary_parameters(w)


@pytest.mark.parametrize("extra", [0, 3])
def test_order_and_signs_do_not_matter(extra):
    rbm = shuffled_decimation(24, 0, extra)
    couplings = rgrbm.rg.ring_couplings(rgrbm.effective_couplings(rbm), rbm.weights_)
    assert pytest.approx(J_PRIME, abs=1e-13) == couplings.J
    assert couplings.J_spread < 1e-13
    assert abs(couplings.largest_other) < 1e-13
    np.testing.assert_allclose(np.diff(couplings.positions), 2, atol=1e-12)
    np.testing.assert_allclose(np.cos(np.pi * couplings.positions), 1, atol=1e-12)
    assert len(couplings.units) == 12
    at = np.rint(couplings.positions).astype(int) % 24
    assert np.all(np.abs(rbm.weights_[at, couplings.units]) == 8)


def test_the_largest_other_coupling_comes_with_its_units_and_sign():
    w = np.eye(12)[:, ::2]
    pairs = np.diag(np.full(5, 0.6), 1)
    pairs[0, 5] = 0.4  # a bond around the ring is no other
    pairs[1, 4], pairs[0, 2] = -0.2, 0.1
    couplings = rgrbm.rg.ring_couplings(pairs + pairs.T, w)
    assert pytest.approx((5 * 0.6 + 0.4) / 6) == couplings.J
    assert couplings.largest_other == -0.2
    assert couplings.largest_other_units == (1, 4)


def test_plot_draws_every_pair():
    rbm = shuffled_decimation(24, 1)
    couplings = rgrbm.rg.ring_couplings(rgrbm.effective_couplings(rbm), rbm.weights_)
    matrix, profile = plots.plot_couplings(couplings.pairs, expected=J_PRIME).axes[:2]
    np.testing.assert_array_equal(matrix.images[0].get_array(), couplings.pairs)
    points = profile.lines[-1].get_xydata()
    assert len(points) == 12 * 11 // 2
    np.testing.assert_allclose(points[points[:, 0] == 1, 1], J_PRIME, atol=1e-12)


def test_bad_input_is_refused():
    rbm = rgrbm.rg.decimation_rbm(12, 1.0, 2.0)
    with pytest.raises(ValueError, match="order=2"):
        rgrbm.rg.ring_couplings(rgrbm.effective_couplings(rbm, order=1), rbm.weights_)
    with pytest.raises(ValueError, match="'hidden'"):
        rgrbm.rg.ring_couplings(rgrbm.effective_couplings(rbm, "visible"), rbm.weights_)
    with pytest.raises(ValueError, match="spins"):
        rgrbm.rg.ring_couplings(rgrbm.rg.lattice_gas_couplings(rbm), rbm.weights_)
    with pytest.raises(ValueError, match=r"\(5, 5\) and \(12, 6\)"):
        rgrbm.rg.ring_couplings(np.zeros((5, 5)), rbm.weights_)
    few = RBMParameters(np.zeros((12, 6)), np.zeros(12), np.zeros(6))
    with pytest.raises(ValueError, match="at least four"):
        rgrbm.rg.ring_couplings(rgrbm.effective_couplings(few), few.weights_)


@pytest.mark.parametrize(
    ("couplings", "weights", "error", "message"),
    [
        (np.eye(4), "cd", TypeError, "weights must be real numbers"),
        (np.eye(4), [[1, 2], [3]], ValueError, "weights must be real numbers in rows of one length"),
        (1j * np.eye(4), np.eye(4), TypeError, "couplings must be real numbers"),
        ([[10**400]], np.eye(4), ValueError, "couplings must be real numbers"),
    ],
)
def test_arguments_of_another_kind(couplings, weights, error, message):
    with pytest.raises(error, match=message):
        rgrbm.rg.ring_couplings(couplings, weights)
