"""Mixing of Gibbs chains against the transition matrix of small RBMs."""

import numpy as np
import pytest
from scipy.special import expit

from rbm_models import joint, random_rbm, states
from rgrbm.diagnostics import run_chains
from rgrbm.model import RBMParameters, binary_parameters


def transition(rbm):
    """Gibbs transition matrix of all visible states, and their distribution."""
    W, c, b = rbm
    V, H = states(len(c)), states(len(b))
    p_h, p_v = expit(V @ W + b), expit(H @ W.T + c)
    to_h = np.prod(np.where(H[None] == 1, p_h[:, None], 1 - p_h[:, None]), axis=2)
    to_v = np.prod(np.where(V[None] == 1, p_v[:, None], 1 - p_v[:, None]), axis=2)
    distribution = np.exp(joint(rbm)).sum(axis=1)
    return to_h @ to_v, distribution / distribution.sum()


def exact_tau(rbm, values):
    """½ + Σ ρ(t) over all t ≥ 1, from (1 − T)⁻¹ on what is orthogonal to the distribution."""
    T, distribution = transition(rbm)
    f = values - distribution @ values
    summed = np.linalg.solve(np.eye(len(T)) - T + distribution, T @ f)
    return 0.5 + (distribution * f) @ summed / (distribution @ f**2)


def allowed(tau, n):
    """Four of Sokal's relative errors, and e⁻⁶ that the window leaves out; a false alarm in 10,000."""
    return 4 * np.sqrt(2 * (12 * tau + 1) / n) + 0.02


@pytest.mark.parametrize("w", [0.3, 1.0, 1.5])
def test_two_states_have_the_time_of_the_second_eigenvalue(w):
    rbm = binary_parameters([[w]])
    second = np.tanh(w) ** 2
    np.testing.assert_allclose(np.sort(np.linalg.eigvals(transition(rbm)[0]).real), [second, 1])
    tau = 0.5 * (1 + second) / (1 - second)
    chains = run_chains(rbm, [[0], [1]], n_chains=100, n_steps=2000, seed=0)
    assert chains.quantities == ("free energy", "mode 1")
    assert chains.tau_int[1] == pytest.approx(tau, rel=allowed(tau, 200_000))
    assert chains.reliable[1]
    assert chains.mixed
    assert max(chains.r_hat) == pytest.approx(1, abs=0.02)
    # Correlations deviate by about √(2τ/n), 0.007 at most.
    np.testing.assert_allclose(chains.autocorrelation[1, :4], second ** np.arange(4), atol=0.03)
    assert chains.autocorrelation.shape == (2, 101)


def test_a_small_machine_has_its_exact_times():
    rbm = random_rbm(5, 3, 1.2, seed=6)
    V = states(5)
    second = np.sort(np.linalg.eigvals(transition(rbm)[0]).real)[-2]
    modes = np.linalg.svd(rbm.weights_)[0][:, :3]
    values = [-np.log(np.exp(joint(rbm)).sum(axis=1)), *(V @ modes).T]
    chains = run_chains(rbm, V, n_chains=64, n_steps=3000, seed=0)
    assert len(chains.tau_int) == 4
    for tau, f in zip(chains.tau_int, values, strict=True):
        exact = exact_tau(rbm, f)
        assert exact < 0.5 * (1 + second) / (1 - second) + 1e-9  # which no observable exceeds
        assert tau == pytest.approx(exact, rel=allowed(exact, 64 * 3000))
    assert chains.mixed


def test_chains_that_stay_in_their_modes_are_found_out():
    # Two modes, all on and all off, which no chain leaves: data start in one, noise ends in both.
    rbm = binary_parameters(np.full((10, 4), 1.5))
    chains = run_chains(rbm, np.ones((20, 10)), n_chains=20, n_steps=200, seed=0)
    assert not chains.mixed
    assert chains.r_hat[1] > 3
    assert not chains.reliable[1]
    assert chains.r_hat[0] < 1.1  # the free energy is that of both modes, and sees nothing


def test_frozen_chains():
    frozen = RBMParameters(np.zeros((3, 2)), np.array([50.0, -50.0, 50.0]), np.zeros(2))
    chains = run_chains(frozen, np.eye(3), n_steps=10, seed=0)
    assert chains.r_hat == (1.0, 1.0, 1.0)
    assert chains.mixed
    assert np.isnan(chains.tau_int).all()
    assert chains.reliable == (False, False, False)


def test_same_seed_same_chains():
    rbm = random_rbm(5, 3, 1.0)
    options = {"n_chains": 7, "n_steps": 20, "n_burn_in": 0}
    first, again, other = (run_chains(rbm, np.eye(5), seed=seed, **options) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first.autocorrelation, again.autocorrelation)
    assert first.tau_int == again.tau_int
    assert np.any(first.autocorrelation != other.autocorrelation)
    assert (first.n_chains, first.n_burn_in, first.n_steps) == (7, 0, 20)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"n_chains": 1}, ValueError, "n_chains must be at least 2"),
        ({"n_steps": 3}, ValueError, "n_steps must be at least 4"),
        ({"n_burn_in": -1}, ValueError, "n_burn_in must not be negative"),
        ({"n_steps": 10.0}, TypeError, "n_steps must be an integer"),
        ({"n_steps": 10**150}, MemoryError, "32 chains of 10+ steps would take"),
        ({"n_burn_in": 2**62}, MemoryError, r"the seeds of \d+ steps would take"),
    ],
)
def test_bad_input(options, error, message):
    with pytest.raises(error, match=message):
        run_chains(random_rbm(4, 2, 1.0), np.eye(4), **options)
    with pytest.raises(ValueError, match="X_train"):
        run_chains(random_rbm(4, 2, 1.0), np.eye(5))


def test_progress_counts_the_steps():
    """Burn-in and measured steps; and the results are the same bits with and without."""
    calls = []
    rbm, X = random_rbm(4, 3, 1.0), np.eye(4)

    def report(done, total):
        calls.append((done, total))

    shown = run_chains(rbm, X, n_steps=40, seed=0, progress=report)
    silent = run_chains(rbm, X, n_steps=40, seed=0, progress=False)
    assert calls == [(k, 60) for k in range(21)] + [(52, 60), (60, 60)]
    np.testing.assert_array_equal(shown.autocorrelation, silent.autocorrelation)
    with pytest.raises(TypeError, match="progress must be True, False or a function"):
        run_chains(rbm, X, progress="bar")
