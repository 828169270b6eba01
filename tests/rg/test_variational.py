"""Variational renormalization against brute force, and what ΔF shows and does not show."""

import numpy as np
import pytest
from scipy.special import logsumexp

import rgrbm
from rbm_models import joint, random_rbm, states
from rgrbm.mcrg.convolution_kernel import window_sites
from rgrbm.mcrg.kadanoff_kernel import Divergence
from rgrbm.model import RBMParameters
from rgrbm.rg import optimal_kernel, variational


def ring_energies(n, J):
    return rgrbm.spins.spin_energies(n, rgrbm.spins.lattice_bonds((n,)), J)


def random_energies(n, seed=0):
    return 2 * np.random.default_rng(seed).normal(size=2**n)


def log_kernels(rbm, H):
    """T(v, h) of the three kernels, by brute force."""
    minus_E = joint(rbm)
    log_P = -H - logsumexp(-H)
    raw = minus_E + H[:, None]
    return {
        "conditional": minus_E - logsumexp(minus_E, axis=1)[:, None],
        "unnormalized": raw,
        "centred": raw - np.exp(log_P) @ logsumexp(raw, axis=1),
    }


@pytest.mark.parametrize(("n", "m"), [(5, 4), (4, 6), (13, 3), (2, 13)])
@pytest.mark.parametrize("scale", [1.0, 20.0])
@pytest.mark.parametrize("kernel", ["conditional", "unnormalized", "centred"])
def test_everything_follows_from_the_kernel(n, m, scale, kernel):
    rbm, H = random_rbm(n, m, scale), random_energies(n)
    T = log_kernels(rbm, H)[kernel]
    expected = -logsumexp(T - H[:, None], axis=0)
    tolerance = 1e-12 * max(1, abs(T).max())
    np.testing.assert_allclose(rgrbm.rg.rg_hamiltonian(rbm, H, kernel), expected, rtol=0, atol=tolerance)
    difference = -logsumexp(-expected) + logsumexp(-H)
    assert rgrbm.rg.free_energy_difference(rbm, H, kernel) == pytest.approx(difference, abs=tolerance)
    log_trace = np.abs(logsumexp(T, axis=1))
    result = rgrbm.rg.trace_condition_error(rbm, H, kernel)
    assert result.max == pytest.approx(log_trace.max(), abs=tolerance)
    assert result.mean == pytest.approx(np.exp(-H - logsumexp(-H)) @ log_trace, abs=tolerance)


def test_equation_15_holds_pointwise():
    rbm = random_rbm(6, 5, 2.0)
    minus_E = joint(rbm)
    T = minus_E - rgrbm.likelihood.log_marginal(rbm, "visible", normalized=False)[:, None]  # −E + H_λ(v)
    v, h = np.repeat(states(6), 32, axis=0), np.tile(states(5), (64, 1))
    np.testing.assert_allclose(variational.log_conditional(rbm, v, h), T.ravel(), atol=1e-12)


def test_a_kernel_that_ignores_the_spins_has_no_delta_f_either():
    # The trap: h independent of v, and yet F^RG = F to rounding.
    blind = RBMParameters(np.zeros((8, 4)), np.zeros(8), np.linspace(-1, 1, 4))
    H = ring_energies(8, 1.0)
    assert abs(rgrbm.rg.free_energy_difference(blind, H, "conditional")) < 1e-12
    assert rgrbm.rg.trace_condition_error(blind, H, "conditional").max < 1e-12
    good = rgrbm.rg.decimation_rbm(8, 1.0, 5.0)
    assert abs(rgrbm.rg.free_energy_difference(good, H, "conditional")) < 1e-12
    # The centred kernel distinguishes them.
    assert rgrbm.rg.free_energy_difference(blind, H) < -1
    assert -1e-5 < rgrbm.rg.free_energy_difference(good, H) < 0


@pytest.mark.parametrize("seed", range(5))
def test_centred_delta_f_is_minus_the_divergence(seed):
    rbm, H = random_rbm(6, 4, 1.0, seed), random_energies(6, seed)
    P = np.exp(-H - logsumexp(-H))
    assert rgrbm.rg.free_energy_difference(rbm, H) == pytest.approx(-rgrbm.likelihood.kl_divergence(P, rbm), abs=1e-12)


def test_push_forward_and_model_marginal_agree_only_where_the_model_is_the_data():
    J_prime = rgrbm.decimate(1.0)
    H = ring_energies(8, 1.0)
    expected = ring_energies(4, J_prime.J) - 4 * J_prime.log_A
    np.testing.assert_allclose(rgrbm.rg.rg_hamiltonian(rgrbm.rg.decimation_rbm(8, 1.0, 30.0), H), expected, atol=1e-9)
    loose = rgrbm.rg.decimation_rbm(8, 1.0, 1.0)
    marginal = rgrbm.rg.rg_hamiltonian(loose, H, "unnormalized")
    np.testing.assert_allclose(marginal - marginal[0], expected - expected[0], atol=1e-12)
    pushed = rgrbm.rg.rg_hamiltonian(loose, H)
    assert np.max(np.abs(pushed - pushed[0] - expected + expected[0])) > 0.05


def test_sampled_hamiltonian_agrees_with_the_exact_one():
    rbm = rgrbm.rg.decimation_rbm(8, 1.0, 1.0)
    v = rgrbm.to_binary(rgrbm.IsingModel(8, 1.0).sample(100_000, method="exact", seed=1))
    F = -rgrbm.spins.spin_log_z(8, rgrbm.spins.lattice_bonds((8,)), 1.0)
    H, stderr = rgrbm.rg.sampled_rg_hamiltonian(rbm, v, states(4), free_energy=F)
    exact = rgrbm.rg.rg_hamiltonian(rbm, ring_energies(8, 1.0))
    assert np.all(stderr < 0.1)
    pull = (H - exact) / stderr
    assert np.max(np.abs(pull)) < 4.5  # false alarm below 16 · 7e-6 = 1e-4
    # 16 correlated pulls: half of them all beyond 2 or all below ¼ would show a wrong error bar.
    assert 0.25 < np.sqrt(np.mean(pull**2)) < 2


def test_a_configuration_without_support_has_an_infinite_error():
    rbm = rgrbm.model.binary_parameters([[200.0]])
    H, stderr = rgrbm.rg.sampled_rg_hamiltonian(rbm, np.array([[1], [0], [0]]), np.array([[1], [0]]))
    assert stderr[0] == np.inf
    assert np.isfinite(stderr[1])
    np.testing.assert_allclose(H, [np.log(3), np.log(1.5)])


@pytest.mark.parametrize(("width", "J"), [(3, 1.0), (4, 0.6), (5, 1.0), (3, -0.8)])
def test_the_kernel_of_least_delta_f_is_decimation(width, J):
    optimum = optimal_kernel.optimal_ring_kernel(10, J, width=width, max_weight=5.0)
    assert -1e-4 < optimum.delta_f < 0
    # (J, K, J) with K at its bound, and nothing more, wherever in the filter it is.
    centre = int(np.argmax(optimum.filter))
    expected = np.zeros(width + 2)
    expected[centre : centre + 3] = J, 5.0, J
    np.testing.assert_allclose(optimum.filter, expected[1:-1], atol=0.01)
    assert optimum.J_renormalized == pytest.approx(rgrbm.decimate(J).J, abs=0.005)
    assert abs(optimum.largest_other) < 0.005


@pytest.mark.parametrize(("shape", "width"), [((8,), 4), ((4, 4), 3), ((4, 2), 2)])
def test_divergence_of_a_window(shape, width):
    """It is minus ΔF of the RBM with that window, as :func:`free_energy_difference` finds it, and has its slope."""
    J, n_sites = 0.7, int(np.prod(shape))
    H = rgrbm.spins.spin_energies(n_sites, rgrbm.spins.lattice_bonds(shape), J)
    sites = window_sites(shape, width, 2)
    divergence = Divergence(shape, J, width, 2)

    def delta_f(weights):
        w = np.zeros((n_sites, len(sites)))
        np.add.at(w, (sites, np.arange(len(sites))[:, None]), weights)
        return rgrbm.rg.free_energy_difference(rgrbm.model.binary_parameters(w), H)

    weights = np.random.default_rng(0).normal(0, 0.5, sites.shape[1])
    value, slope = divergence(weights)
    assert value == pytest.approx(-delta_f(weights), abs=1e-12)
    for k, step in enumerate(1e-5 * np.eye(len(weights))):
        assert (divergence(weights + step)[0] - divergence(weights - step)[0]) / 2e-5 == pytest.approx(
            slope[k], abs=1e-8
        )


def test_block_spins_of_the_torus():
    """The optimum is one for all starts, symmetric, and better than its neighbours."""
    optimum = rgrbm.mcrg.optimal_block_kernel((4, 4), 0.44, width=3, n_starts=2, seed=1)
    again = rgrbm.mcrg.optimal_block_kernel((4, 4), 0.44, width=3, n_starts=2, seed=2)
    w = optimum.kernel.weights
    np.testing.assert_allclose(again.kernel.weights, w, atol=2e-3)
    np.testing.assert_allclose(w, w.T, atol=2e-3)
    np.testing.assert_allclose(w, w[::-1], atol=2e-3)
    assert optimum.delta_f == pytest.approx(again.delta_f, abs=1e-7)
    divergence = Divergence((4, 4), 0.44, 3, 2)
    for step in 0.05 * np.eye(9):
        assert divergence(w.ravel() + step)[0] > -optimum.delta_f
    with pytest.raises(ValueError, match="do not fit"):
        rgrbm.mcrg.optimal_block_kernel((4, 4), 0.44, width=5)
    with pytest.raises(ValueError, match="16 sites at most"):
        rgrbm.mcrg.optimal_block_kernel((6, 4), 0.44)


def test_bad_input_is_refused():
    rbm, H = random_rbm(4, 3, 1.0), np.zeros(16)
    for function in (rgrbm.rg.rg_hamiltonian, rgrbm.rg.free_energy_difference, rgrbm.rg.trace_condition_error):
        with pytest.raises(ValueError, match="kernel"):
            function(rbm, H, "best")
        with pytest.raises(ValueError, match=r"shape \(16,\)"):
            function(rbm, np.zeros(8))
        with pytest.raises(ValueError, match="finite"):
            function(rbm, np.full(16, np.nan))
        with pytest.raises(TypeError, match="fitted"):
            function(object(), H)
        with pytest.raises(ValueError, match=r"2\^30.*states"):
            function(RBMParameters(np.zeros((30, 2)), np.zeros(30), np.zeros(2)), H)
    with pytest.raises(ValueError, match=r"2\^29.*sampled_rg_hamiltonian"):
        rgrbm.rg.rg_hamiltonian(RBMParameters(np.zeros((4, 25)), np.zeros(4), np.zeros(25)), H)
    with pytest.raises(ValueError, match="pairs"):
        variational.log_conditional(rbm, np.zeros((2, 4)), np.zeros((3, 3)))
    with pytest.raises(ValueError, match="to_binary"):
        variational.log_conditional(rbm, -np.ones((2, 4)), np.zeros((2, 3)))
    with pytest.raises(ValueError, match="two samples"):
        rgrbm.rg.sampled_rg_hamiltonian(rbm, np.zeros((1, 4)), np.zeros((1, 3)))
    for arguments, message in (
        ((9, 1.0), "n_spins"), ((18, 1.0), r"2\^18"), ((8, np.inf), "finite"), ((8, 1.0, 9), "width"),
        ((8, 1.0, 3, 0.0), "max_weight"), ((8, 1.0, 3, 1.0, 0), "n_starts"),
    ):  # fmt: skip
        names = ("n_spins", "J", "width", "max_weight", "n_starts")
        with pytest.raises(ValueError, match=message):
            optimal_kernel.optimal_ring_kernel(**dict(zip(names, arguments, strict=False)))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda rbm: rgrbm.rg.rg_hamiltonian(rbm, np.zeros(8), np.eye(2)),
            TypeError,
            "kernel must be one of 'conditional'",
        ),
        (
            lambda rbm: rgrbm.rg.rg_hamiltonian(rbm, np.zeros(8), "best"),
            ValueError,
            "kernel must be one of 'conditional'",
        ),
        (
            lambda rbm: rgrbm.rg.sampled_rg_hamiltonian(rbm, np.zeros((2, 3)), np.zeros((1, 2)), free_energy=[1, 2]),
            TypeError,
            "free_energy must be a number",
        ),
        (lambda rbm: rgrbm.mcrg.optimal_block_kernel(0.5, 0.4), TypeError, "shape must be a sequence of integers"),
        (lambda rbm: rgrbm.mcrg.optimal_block_kernel((4,), 0.4, n_starts=2**70), MemoryError, "starts of"),
    ],
)
def test_arguments_of_another_kind(call, error, message):
    with pytest.raises(error, match=message):
        call(random_rbm(3, 2, 1.0))
