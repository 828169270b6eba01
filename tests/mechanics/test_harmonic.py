"""The harmonic chain and lattice against linear algebra, and its decimation."""

import math

import numpy as np
import pytest

from rgrbm.mechanics import HarmonicLattice

CHAINS = [(16, 1.3, 0.4), (32, 5.0, 0.001), (48, 1e-3, 2.0), (16, 1e6, 1.0), (64, 0.0, 1.0)]


@pytest.mark.parametrize(("n", "kappa", "m"), CHAINS)
def test_three_decimations_are_schur_complements(n, kappa, m):
    chain = HarmonicLattice(n, kappa, m)
    for _ in range(3):
        coarse, constant = chain.decimate()
        kept, gone = np.arange(0, chain.n_sites, 2), np.arange(1, chain.n_sites, 2)
        A = chain.precision()
        schur = A[np.ix_(kept, kept)] - A[np.ix_(kept, gone)] @ np.linalg.solve(A[np.ix_(gone, gone)], A[gone][:, kept])
        np.testing.assert_allclose(coarse.precision(), schur, atol=1e-12 * np.abs(A).max())
        assert chain.log_z() == pytest.approx(coarse.log_z() + constant, rel=1e-12, abs=1e-12)
        if kappa:
            assert coarse.rapidity == pytest.approx(2 * chain.rapidity, rel=1e-12)
            r, coarse_r = chain.on_site / chain.stiffness, coarse.on_site / coarse.stiffness
            assert coarse_r == pytest.approx(r * (r + 4), rel=1e-12)
        chain = coarse


@pytest.mark.parametrize("shape", [(16,), (2,), (5,), (4, 6), (2, 2), (5, 3)])
def test_spectrum_covariance_and_log_z_are_those_of_the_matrix(shape):
    lattice = HarmonicLattice(shape, 1.3, 0.4)
    n = lattice.n_sites
    matrix = 0.4 * np.eye(n)
    sites = np.arange(n).reshape(shape)
    for axis in range(len(shape)):
        for i, j in zip(sites.ravel(), np.roll(sites, -1, axis=axis).ravel(), strict=True):
            matrix[i, i] += 1.3
            matrix[j, j] += 1.3
            matrix[i, j] -= 1.3
            matrix[j, i] -= 1.3
    np.testing.assert_allclose(lattice.precision(), matrix, atol=1e-12)
    np.testing.assert_allclose(lattice.covariance(), np.linalg.inv(matrix), atol=1e-12)
    np.testing.assert_allclose(np.sort(lattice.stiffness_of_modes().ravel()), np.linalg.eigvalsh(matrix), atol=1e-12)
    assert lattice.log_z() == pytest.approx(0.5 * n * np.log(2 * np.pi) - 0.5 * np.linalg.slogdet(matrix)[1], rel=1e-12)


def test_correlation_is_the_closed_form():
    chain = HarmonicLattice(16, 1.3, 0.4)
    t, x = chain.rapidity, np.arange(16)
    closed = (np.exp(-t * x) + np.exp(-t * (16 - x))) / ((1 - np.exp(-16 * t)) * 2 * 1.3 * math.sinh(t))
    np.testing.assert_allclose(chain.correlation(), closed, rtol=1e-12)
    assert chain.log_z() == pytest.approx(8 * math.log(2 * math.pi / 1.3) - math.log(2 * math.sinh(8 * t)), rel=1e-12)


@pytest.mark.parametrize("shape", [(16,), (4, 4)])
def test_samples_have_the_covariance(shape):
    """Pulls of variances and neighbour correlations over 50 seeds: mean within ±0.4, deviation in [0.8, 1.25]."""
    lattice, n = HarmonicLattice(shape, 1.3, 0.4), 2000
    exact = lattice.covariance()
    pulls = []
    for seed in range(50):
        u = lattice.sample(n, seed).reshape(n, -1)
        for i, j in ((0, 0), (0, 1)):
            pulls.append(
                (np.mean(u[:, i] * u[:, j]) - exact[i, j]) / np.sqrt((exact[i, i] ** 2 + exact[i, j] ** 2) / n)
            )
    # 100 pulls, of 2 for each seed: a normal sample leaves these bounds once in some 1,000 times.
    assert abs(np.mean(pulls)) < 0.4
    assert 0.8 < np.std(pulls) < 1.25


def test_samples_are_those_of_the_seed():
    lattice = HarmonicLattice(8, 1.0, 1.0)
    np.testing.assert_array_equal(lattice.sample(5, seed=1), lattice.sample(5, seed=1))
    assert not np.array_equal(lattice.sample(5, seed=1), lattice.sample(5, seed=2))
    assert lattice.sample(0).shape == (0, 8)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((16, -1.0, 0.4), ValueError, "stiffness must not be negative"),
        ((16, 1.0, -0.4), ValueError, "on_site must not be negative"),
        ((16, 1.0, 0.0), ValueError, "on_site must be positive: without it the chain drifts"),
        ((16, np.nan, 0.4), ValueError, "stiffness must be finite"),
        ((1, 1.0, 0.4), ValueError, "a side of shape must be at least 2"),
        ((4.0, 1.0, 0.4), TypeError, "integer"),
        (((2, 2, 2), 1.0, 0.4), ValueError, "one or two sides"),
        ((16, "stiff", 0.4), TypeError, "stiffness must be a number"),
    ],
)
def test_bad_input_is_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        HarmonicLattice(*arguments)


def test_what_has_no_decimation_is_refused():
    with pytest.raises(ValueError, match="even number of sites, at least 4, got 7"):
        HarmonicLattice(7, 1.0, 1.0).decimate()
    with pytest.raises(ValueError, match="only a chain has decimation"):
        HarmonicLattice((4, 4), 1.0, 1.0).decimate()
    with pytest.raises(MemoryError, match="configurations of 16 sites"):
        HarmonicLattice(16, 1.0, 1.0).sample(10**13)
