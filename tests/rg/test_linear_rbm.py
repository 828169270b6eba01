"""RBMs of Gaussian units: gradients, closed forms, and the renormalization that training ends at."""

import numpy as np
import pytest

from rgrbm.mechanics import HarmonicLattice
from rgrbm.rg import (
    LinearRBM,
    fit_linear_rbm,
    harmonic_decimation_rbm,
    principal_angles,
    principal_divergence,
    principal_rbm,
)

CHAIN = HarmonicLattice(16, 1.3, 0.4)  # of docs/mechanics.md


def random_model(n=6, m=3, seed=0):
    rng = np.random.default_rng(seed)
    return LinearRBM(0.3 * rng.normal(size=(n, m)), 1 + rng.random(n), 1 + rng.random(m))


def random_covariance(n=6, seed=1):
    a = np.random.default_rng(seed).normal(size=(n, 2 * n))
    return a @ a.T / n


def test_precisions_and_log_z_are_those_of_the_joint_distribution():
    rbm = random_model()
    joint = np.block([[np.diag(rbm.visible_stiffness), -rbm.weights], [-rbm.weights.T, np.diag(rbm.hidden_stiffness)]])
    covariance = np.linalg.inv(joint)
    np.testing.assert_allclose(np.linalg.inv(rbm.visible_precision), covariance[:6, :6], atol=1e-12)
    np.testing.assert_allclose(np.linalg.inv(rbm.hidden_precision), covariance[6:, 6:], atol=1e-12)
    assert rbm.log_z() == pytest.approx(4.5 * np.log(2 * np.pi) - 0.5 * np.linalg.slogdet(joint)[1], rel=1e-12)


def test_gradient_is_that_of_finite_differences():
    rbm, data, step = random_model(), random_covariance(), 1e-5
    gradient = rbm.gradient(data)
    for name in rbm._fields:
        for place in np.ndindex(getattr(rbm, name).shape):
            values = []
            for sign in (1, -1):
                changed = getattr(rbm, name).copy()
                changed[place] += sign * step
                values.append(rbm._replace(**{name: changed}).log_likelihood(data))
            difference = (values[0] - values[1]) / (2 * step)
            assert getattr(gradient, name)[place] == pytest.approx(difference, rel=1e-6, abs=1e-8)


def test_divergence_is_zero_for_its_own_covariance():
    rbm = random_model()
    own = np.linalg.inv(rbm.visible_precision)
    assert rbm.divergence(own) == pytest.approx(0, abs=1e-12)
    assert np.abs(np.concatenate([np.ravel(part) for part in rbm.gradient(own)])).max() < 1e-12
    assert rbm.divergence(random_covariance()) > 0


@pytest.mark.parametrize(
    ("lattice", "n_hidden"),
    [(CHAIN, 8), (CHAIN, 7), (CHAIN, 1), (HarmonicLattice(15, 0.5, 1.0), 5), (HarmonicLattice((4, 4), 1.0, 0.2), 5)],
)
def test_equal_stiffness_ends_at_the_long_waves(lattice, n_hidden):
    data = lattice.covariance()
    closed, trained = principal_rbm(data, n_hidden), fit_linear_rbm(data, n_hidden, seed=0)
    assert closed.divergence(data) == pytest.approx(principal_divergence(data, n_hidden), rel=1e-10)
    assert trained.divergence(data) == pytest.approx(closed.divergence(data), rel=1e-6)
    assert np.ptp(trained.visible_stiffness) == 0
    # The softest modes, with those of equal stiffness as the last one kept: the learned space lies within theirs.
    stiffness, modes = np.linalg.eigh(lattice.precision())
    allowed = modes[:, stiffness < stiffness[n_hidden - 1] + 1e-9]
    assert principal_angles(trained.weights, allowed).max() < 1e-4


def test_the_divergence_is_the_known_one():
    assert principal_divergence(CHAIN.covariance(), 8) == pytest.approx(0.0838, abs=5e-5)


@pytest.mark.parametrize("seed", range(3))
def test_stiffness_of_its_own_ends_at_decimation(seed):
    data = CHAIN.covariance()
    trained = fit_linear_rbm(data, 8, equal_stiffness=False, seed=seed)
    assert trained.divergence(data) < 1e-8
    copied = np.flatnonzero(trained.visible_stiffness > 1e3)
    assert len(set(copied % 2)) == 1
    assert len(copied) == 8
    others = np.setdiff1d(np.arange(16), copied)
    np.testing.assert_allclose(trained.visible_stiffness[others], CHAIN.on_site + 2 * CHAIN.stiffness, rtol=1e-3)


def test_exact_decimation_for_any_sharpness():
    data, coarse = CHAIN.covariance(), CHAIN.decimate().chain
    divergences = []
    for s in (0.5, 10.0, 100.0, 1000.0):
        rbm = harmonic_decimation_rbm(CHAIN, s)
        np.testing.assert_allclose(rbm.hidden_precision, coarse.precision(), atol=1e-10)
        divergences.append(rbm.divergence(data))
    assert divergences[-1] == pytest.approx(1.8e-5, rel=0.02)
    assert divergences[-2] / divergences[-1] == pytest.approx(100, rel=0.05)
    smallest = HarmonicLattice(4, 1.0, 1.0)
    np.testing.assert_allclose(
        harmonic_decimation_rbm(smallest, 1.0).hidden_precision, smallest.decimate().chain.precision(), atol=1e-12
    )


def test_reconstruction_is_the_conditional_mean():
    rbm = random_model()
    joint = np.block([[np.diag(rbm.visible_stiffness), -rbm.weights], [-rbm.weights.T, np.diag(rbm.hidden_stiffness)]])
    covariance = np.linalg.inv(joint)
    h = np.random.default_rng(3).normal(size=(5, 3))
    exact = h @ np.linalg.solve(covariance[6:, 6:], covariance[6:, :6])
    np.testing.assert_allclose(rbm.reconstruct(h), exact, atol=1e-12)


def test_angles():
    e = np.eye(4)
    np.testing.assert_allclose(principal_angles(e[:, :2], e[:, 1:3]), [0, np.pi / 2], atol=1e-12)
    tilted = np.array([[1.0], [1e-9], [0], [0]])
    np.testing.assert_allclose(principal_angles(e[:, :1], tilted), [1e-9], rtol=1e-6)
    np.testing.assert_allclose(principal_angles(tilted, e), [0], atol=1e-12)


def test_bad_input_is_refused():
    data = CHAIN.covariance()
    for function in (principal_rbm, principal_divergence, fit_linear_rbm):
        with pytest.raises(ValueError, match="n_hidden must be below the number of visible units, 16, got 16"):
            function(data, 16)
        with pytest.raises(ValueError, match="n_hidden must be at least 1"):
            function(data, 0)
        with pytest.raises(ValueError, match="covariance must have shape"):
            function(data[:3], 2)
        with pytest.raises(ValueError, match="positive definite"):
            function(data - np.eye(16), 2)
        with pytest.raises(ValueError, match="finite and symmetric"):
            function(np.triu(data), 2)
        with pytest.raises(ValueError, match="finite and symmetric"):
            function(np.full((4, 4), np.nan), 2)
    with pytest.raises(ValueError, match="too large for the stiffnesses"):
        LinearRBM(np.eye(3)[:, :1] * 5, np.ones(3), np.ones(1)).log_z()
    with pytest.raises(ValueError, match=r"shape \(6, 6\)"):
        random_model().divergence(data)
    with pytest.raises(ValueError, match="sharpness must be positive"):
        harmonic_decimation_rbm(CHAIN, 0)
    with pytest.raises(ValueError, match="even number of sites"):
        harmonic_decimation_rbm(HarmonicLattice(5, 1.0, 1.0), 1.0)
    with pytest.warns(UserWarning, match="has not converged in 1 steps"):
        fit_linear_rbm(data, 4, max_iter=1, seed=0)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: harmonic_decimation_rbm(np.eye(4), 1.0), TypeError, "chain must be a HarmonicLattice"),
        (
            lambda: fit_linear_rbm(np.eye(4), 2, equal_stiffness="yes"),
            TypeError,
            "equal_stiffness must be True or False",
        ),
        (lambda: principal_angles("w", np.eye(2)), TypeError, "weights must be real numbers"),
        (lambda: principal_angles(np.eye(2), np.full((2, 1), np.nan)), ValueError, "modes must be finite, got"),
        (lambda: principal_angles(np.eye(2), np.ones(2)), ValueError, r"modes must have shape \(any, any\)"),
    ],
)
def test_arguments_of_another_kind(call, error, message):
    with pytest.raises(error, match=message):
        call()
