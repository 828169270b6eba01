"""RBMs that are exact, against sums over all states that know nothing of their construction."""

import numpy as np
import pytest
from scipy.special import logsumexp

import rgrbm
from rbm_models import joint, random_rbm, states
from rgrbm.rg import exact_rbms as exact_rbm
from rgrbm.spins import exact

COUPLINGS = [-1.3, -0.2, 0.0, 0.4, 1.0, 3.0]


def log_distribution(n, bonds, J, h=0.0):
    """ln P(s) of all states of a spin model, by brute force."""
    s = 2 * states(n) - 1
    J, h = np.broadcast_to(J, len(bonds)), np.broadcast_to(h, n)
    minus_energy = s @ h + sum(c * s[:, i] * s[:, j] for (i, j), c in zip(bonds, J, strict=True))
    return minus_energy - logsumexp(minus_energy), logsumexp(minus_energy)


def marginals(rbm):
    log_p = joint(rbm)
    log_z = logsumexp(log_p)
    return logsumexp(log_p, axis=1) - log_z, logsumexp(log_p, axis=0) - log_z, log_z


def ring(n):
    return [(i, (i + 1) % n) for i in range(n)]


def test_parameters_in_spins_give_the_same_energy():
    rbm = random_rbm(5, 4, 2.0)
    p = rgrbm.model.spin_parameters(rbm)
    s, t = 2 * states(5) - 1, 2 * states(4) - 1
    log_p = (s @ p.visible_fields)[:, None] + t @ p.hidden_fields + s @ p.weights @ t.T + p.constant
    np.testing.assert_allclose(log_p, joint(rbm), atol=1e-13)
    for back, there in zip(rgrbm.model.binary_parameters(*p[:3]), rbm, strict=True):
        np.testing.assert_allclose(back, there, atol=1e-14)


def test_bonds_of_lattices():
    assert rgrbm.spins.lattice_bonds((5,)).tolist() == [list(bond) for bond in ring(5)]
    square = rgrbm.spins.lattice_bonds((3, 4))
    assert len(square) == 24
    assert np.all(np.bincount(square.ravel()) == 4)
    assert rgrbm.spins.spin_log_z(12, square, 0.3) == pytest.approx(exact.torus_log_z(0.3, 3, 4), rel=1e-12)
    assert np.all(np.bincount(rgrbm.spins.lattice_bonds((2, 3, 4)).ravel()) == 6)


@pytest.mark.parametrize("J", COUPLINGS)
@pytest.mark.parametrize("K", [-2.0, 0.0, 0.7, 4.0])
@pytest.mark.parametrize("n", [2, 4, 6, 10])
def test_hidden_marginal_of_decimation_is_the_decimated_ring_for_every_K(n, J, K):
    _, hidden, log_z = marginals(rgrbm.rg.decimation_rbm(n, J, K))
    m = n // 2
    bonds = ring(m) if m > 1 else []  # a single spin has no neighbour
    np.testing.assert_allclose(hidden, log_distribution(m, bonds, rgrbm.decimate(J).J)[0], atol=1e-11)
    assert exact_rbm.decimation_log_z(n, J, K) == pytest.approx(log_z, abs=1e-11)


def test_visible_marginal_of_decimation_becomes_the_ring():
    distribution = log_distribution(10, ring(10), 1.0)[0]
    divergence = [
        np.exp(distribution) @ (distribution - marginals(rgrbm.rg.decimation_rbm(10, 1.0, K))[0]) for K in (3, 4, 5, 20)
    ]
    np.testing.assert_allclose(np.log(np.divide(divergence[:2], divergence[1:3])), 4, rtol=0.02)  # ∝ e^(−4K)
    assert abs(divergence[3]) < 1e-12


def test_decimation_at_any_size():
    assert exact_rbm.decimation_log_z(2**20, 0.8, 3.0) == pytest.approx(
        2**19 * (np.log(2 * np.cosh(3.0)) - 4.6) + exact.ring_log_z(0.8, 2**20), rel=1e-14
    )
    # A transfer matrix over the hidden units of 64/32, whose states cannot be listed.
    p = rgrbm.model.spin_parameters(rgrbm.rg.decimation_rbm(64, 1.0, 3.0))
    assert np.array_equal(np.sort(p.weights, axis=0)[-3:], np.repeat([[1.0], [1.0], [3.0]], 32, axis=1))
    t = np.array([-1.0, 1.0])
    transfer = 2 * np.cosh(t[:, None] + t) * 2 * np.cosh(3 * t)
    log_z = 32 * np.log(np.linalg.norm(transfer, 2))  # leading eigenvalue, then both
    eigenvalues = np.linalg.eigvals(transfer)
    log_z += np.log(np.sum((eigenvalues / np.linalg.norm(transfer, 2)) ** 32).real)
    assert exact_rbm.decimation_log_z(64, 1.0, 3.0) - p.constant == pytest.approx(log_z, rel=1e-12)


@pytest.mark.parametrize("J", [-300.0, *COUPLINGS, 1e-9, 300.0])
def test_decimation_keeps_the_partition_function_of_rings_of_any_size(J):
    coupling, n = J, 2**20
    while n >= 2:
        step = rgrbm.decimate(coupling)
        after = exact.ring_log_z(step.J, n // 2) + n // 2 * step.log_A
        assert exact.ring_log_z(coupling, n) == pytest.approx(after, rel=1e-14, abs=1e-10)
        coupling, n = step.J, n // 2


@pytest.mark.parametrize("J", COUPLINGS)
def test_bond_rbm_is_the_ring(J):
    n = 7
    distribution, log_z_spins = log_distribution(n, ring(n), J)
    rbm = rgrbm.rg.bond_rbm(n, ring(n), J)
    visible, hidden, log_z = marginals(rbm)
    np.testing.assert_allclose(visible, distribution, atol=1e-12)
    np.testing.assert_allclose(hidden, distribution, atol=1e-12)
    assert abs(rgrbm.likelihood.kl_divergence(np.exp(distribution), rbm)) < 1e-12
    assert exact_rbm.bond_log_z(log_z_spins, n, ring(n), J) == pytest.approx(log_z, abs=1e-11)


def test_bond_rbm_of_any_graph_with_fields():
    rng = np.random.default_rng(0)
    bonds = [(0, 1), (1, 2), (2, 0), (3, 1), (3, 1), (4, 5)]
    J, h = rng.normal(size=6), rng.normal(size=6)
    distribution, log_z_spins = log_distribution(6, bonds, J, h)
    visible, _, log_z = marginals(rgrbm.rg.bond_rbm(6, bonds, J, h))
    np.testing.assert_allclose(visible, distribution, atol=1e-12)
    assert exact_rbm.bond_log_z(log_z_spins, 6, bonds, J, h) == pytest.approx(log_z, abs=1e-11)


def test_bond_rbm_of_strong_and_weak_couplings():
    for J in (1e-12, 400.0):
        w = rgrbm.model.spin_parameters(rgrbm.rg.bond_rbm(2, [(0, 1)], J)).weights
        assert pytest.approx(J, rel=1e-12) == rgrbm.decimate(float(w[0, 0])).J


def square_hidden_distribution(J):
    """Decimated 4×4 torus by its closed-form couplings on the sublattice of even sites."""
    nearest, second, four = (
        np.log(np.cosh(4 * J)) / 4,
        np.log(np.cosh(4 * J)) / 8,
        np.log(np.cosh(4 * J)) / 8 - np.log(np.cosh(2 * J)) / 2,
    )
    kept = [(r, c) for r in range(4) for c in range(4) if (r + c) % 2 == 0]
    s = dict(zip(kept, (2 * states(8) - 1).T, strict=True))
    value = np.zeros(2**8)
    for r in range(4):
        for c in range(4):
            if (r + c) % 2:
                a, b, d, e = (s[(r + x) % 4, (c + y) % 4] for x, y in ((-1, 0), (0, 1), (1, 0), (0, -1)))
                # Two stars share an edge of the new lattice, so that each adds half of the coupling.
                value += nearest / 2 * (a * b + b * d + d * e + e * a) + second * (a * d + b * e) + four * a * b * d * e
    return value - logsumexp(value)


@pytest.mark.parametrize("J", [-0.5, 0.2, 0.44, 1.0])
def test_sublattices_of_the_square_lattice(J):
    bonds = rgrbm.spins.lattice_bonds((4, 4))
    exact_rbm = rgrbm.rg.sublattice_rbm(16, bonds, J)
    visible, hidden, log_z = marginals(exact_rbm.rbm)
    np.testing.assert_allclose(visible, square_hidden_distribution(J), atol=1e-11)
    np.testing.assert_allclose(hidden, square_hidden_distribution(J), atol=1e-11)
    assert log_z - exact_rbm.log_z_offset == pytest.approx(exact.torus_log_z(J, 4, 4), abs=1e-10)
    for K in (0.5, 3.0):
        decimated = rgrbm.rg.lattice_decimation_rbm(16, bonds, J, K)
        np.testing.assert_allclose(
            rgrbm.likelihood.log_marginal(decimated.rbm, "hidden"),
            square_hidden_distribution(J),
            atol=1e-11,
            err_msg=f"K = {K}",
        )
        log_z = rgrbm.log_z(decimated.rbm) - decimated.log_z_offset
        assert log_z == pytest.approx(exact.torus_log_z(J, 4, 4), abs=1e-10)


def test_visible_marginal_of_square_decimation_becomes_the_lattice():
    bonds = rgrbm.spins.lattice_bonds((4, 4))
    P = np.exp(-rgrbm.spins.spin_energies(16, bonds, 0.4) - exact.torus_log_z(0.4, 4, 4))
    divergences = [
        rgrbm.likelihood.kl_divergence(P, rgrbm.rg.lattice_decimation_rbm(16, bonds, 0.4, K).rbm) for K in (1, 3, 6)
    ]
    assert divergences[0] > 0.1
    assert divergences[1] < 1e-3
    assert abs(divergences[2]) < 1e-7


def test_lattice_decimation_of_the_ring_is_decimation():
    for a, b in zip(
        rgrbm.rg.lattice_decimation_rbm(8, ring(8), 0.7, 2.0).rbm, rgrbm.rg.decimation_rbm(8, 0.7, 2.0), strict=True
    ):
        np.testing.assert_allclose(a, b, atol=1e-14)


def test_sublattices_with_fields_and_mixed_bonds():
    rng = np.random.default_rng(1)
    bonds = [(0, 3), (3, 1), (1, 4), (5, 2), (2, 5), (4, 0)]
    J, h = rng.normal(size=6), rng.normal(size=6)
    exact_rbm = rgrbm.rg.sublattice_rbm(6, bonds, J, h)
    distribution, log_z_spins = log_distribution(6, bonds, J, h)
    log_p = joint(exact_rbm.rbm)
    index = (states(len(exact_rbm.visible_sites)) @ (1 << exact_rbm.visible_sites)).astype(int)[:, None] + (
        states(len(exact_rbm.hidden_sites)) @ (1 << exact_rbm.hidden_sites)
    ).astype(int)
    np.testing.assert_allclose(log_p - logsumexp(log_p), distribution[index], atol=1e-12)
    assert logsumexp(log_p) - exact_rbm.log_z_offset == pytest.approx(log_z_spins, abs=1e-12)


def test_bad_input_is_refused():
    for n in (0, 7, -2):
        with pytest.raises(ValueError, match="even"):
            rgrbm.rg.decimation_rbm(n, 1.0, 1.0)
        with pytest.raises(ValueError, match="even"):
            exact_rbm.decimation_log_z(n, 1.0, 1.0)
    with pytest.raises(ValueError, match="finite"):
        rgrbm.rg.decimation_rbm(4, np.nan, 1.0)
    with pytest.raises(ValueError, match="odd length"):
        rgrbm.rg.sublattice_rbm(3, ring(3), 1.0)
    for make in (rgrbm.rg.sublattice_rbm, rgrbm.rg.bond_rbm):
        with pytest.raises(ValueError, match="bond"):
            make(3, [], 1.0)
        with pytest.raises(ValueError, match="two different sites from 0 to 2, got \\(1, 3\\)"):
            make(3, [(0, 1), (1, 3)], 1.0)
        with pytest.raises(ValueError, match="finite"):
            make(3, [(0, 1)], np.inf)
    with pytest.raises(ValueError, match="at least 2"):
        rgrbm.spins.lattice_bonds((4, 1))
    with pytest.raises(ValueError, match="matrix"):
        rgrbm.model.binary_parameters([1.0])
    with pytest.raises(ValueError, match="fields"):
        rgrbm.model.binary_parameters([[1.0, 2.0]], 0.0, [1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match="not negative"):
        rgrbm.rg.inverse_decimation(-0.1)


def test_rings_that_no_memory_holds():
    with pytest.raises(MemoryError, match="hidden units would take"):
        rgrbm.rg.decimation_rbm(2**70, 1.0, 1.0)
