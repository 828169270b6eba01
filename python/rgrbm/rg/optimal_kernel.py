"""Kadanoff's choice of the kernel on the ring: the λ of least |ΔF|, found by optimisation."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import logsumexp

from rgrbm._support import checks, streams
from rgrbm.likelihood.enumeration import exact_gradient
from rgrbm.model.parameters import RBMParameters, binary_parameters
from rgrbm.rg.couplings.effective import effective_couplings
from rgrbm.rg.ring_couplings import ring_couplings
from rgrbm.rg.variational import free_energy_difference
from rgrbm.spins import lattice_bonds, spin_energies

Values = npt.NDArray[np.float64]
_MAX_SPINS = 16


class OptimalKernel(NamedTuple):
    """The best kernel that was found, and what it makes of the ring."""

    filter: Values
    """Weights w of one hidden unit in ±1 units, of shape (width,); the largest is positive."""
    delta_f: float
    """ΔF = F^RG − F of the "centred" kernel, in nats; −KL(P‖p_λ)."""
    J_renormalized: float
    """Nearest-neighbour coupling of the hidden layer's effective Hamiltonian."""
    largest_other: float
    """Its largest other pair coupling."""
    rbm: RBMParameters
    """The kernel's RBM, in 0/1 units."""


def optimal_ring_kernel(
    n_spins: int,
    J: float,
    *,
    width: int = 3,
    max_weight: float = 4.0,
    n_starts: int = 5,
    seed: streams.Seed = 0,
) -> OptimalKernel:
    """Minimise ``|ΔF|`` over kernels that are the same for every block of two spins of the Ising ring.

    Each of N/2 hidden units has the same filter of ``width`` weights, centred on every other spin, and no fields. What
    is minimised is ``|F^RG − F|`` of the "centred" kernel of :mod:`rgrbm.variational`, T = −E + H − ⟨…⟩ with
    ⟨ln Σ_h e^T⟩ = 0 in the ring's ensemble. A kernel that satisfies Σ_h e^T = 1 by construction, such as Eq. 15's own,
    would have ΔF = 0 at *every* λ and leave nothing to minimise; one without any such condition can reach ΔF = 0 by an
    additive constant.

    The optimum is decimation: the filter (J, K, J) with K as large as ``max_weight`` lets it be, J' = ½ ln cosh 2J, and
    no other couplings. It is also the RBM of maximal likelihood, since here ΔF = −KL(P‖p_λ).

    Parameters
    ----------
    n_spins : int
        Spins of the ring, even, from 8 to 16.
    J : float
        Coupling.
    width : int, default=3
        Weights of the filter, at most ``n_spins``.
    max_weight : float, default=4
        Bound on ``|w|``: at the exact optimum the central weight is infinite.
    n_starts : int, default=5
        Random starts; the best end is returned. Some end in worse, local optima.
    seed : int, SeedSequence, Generator, RandomState or None
        Fixes the starts.

    Returns
    -------
    OptimalKernel

    Raises
    ------
    ValueError
        If a parameter is out of range.
    TypeError
        If a parameter is not an integer, or not a number, where one is meant.

    References
    ----------
    L. P. Kadanoff, A. Houghton & M. C. Yalabik, J. Stat. Phys. 14, 171 (1976), for the principle.

    Examples
    --------
    >>> from rgrbm.rg.optimal_kernel import optimal_ring_kernel
    >>> found = optimal_ring_kernel(8, 1.0)
    >>> found.filter.round(2), round(found.J_renormalized, 2)
    (array([1., 4., 1.]), 0.66)
    """
    _check(n_spins, J, width, max_weight, n_starts)
    H = spin_energies(n_spins, lattice_bonds((n_spins,)), J)
    P = np.exp(-H - logsumexp(-H))
    states = (np.arange(2**n_spins)[:, None] >> np.arange(n_spins)) & 1

    def objective(filter_: Values) -> tuple[float, Values]:
        rbm = _ring_rbm(filter_, n_spins)
        slope = _ring_slope(exact_gradient(states, rbm, sample_weight=P), width)
        return -free_energy_difference(rbm, H), -slope

    generator = np.random.default_rng(streams.seed_sequence(seed))
    ends = [
        minimize(objective, start, jac=True, method="L-BFGS-B", bounds=[(-max_weight, max_weight)] * width)
        for start in generator.uniform(-1, 1, size=(n_starts, width)) * min(1.0, max_weight)
    ]
    best = min(ends, key=lambda end: float(end.fun)).x
    best = np.asarray(best * np.sign(best[np.argmax(np.abs(best))]))
    rbm = _ring_rbm(best, n_spins)
    read = ring_couplings(effective_couplings(rbm), rbm.weights_)
    return OptimalKernel(best, free_energy_difference(rbm, H), read.J, read.largest_other, rbm)


def _check(n_spins: int, J: float, width: int, max_weight: float, n_starts: int) -> None:
    for name, count, low in (("n_spins", n_spins, None), ("width", width, 1), ("n_starts", n_starts, 1)):
        checks.integer(name, count, low)
    for name, number in (("the coupling J", J), ("max_weight", max_weight)):
        checks.real(name, number)
    if n_spins % 2 or not 8 <= n_spins <= _MAX_SPINS:
        raise ValueError(
            f"n_spins must be even, from 8 to {_MAX_SPINS} (each step sums over all 2^{n_spins} states), got {n_spins}"
        )
    if width > n_spins:
        raise ValueError(f"width must be at most n_spins = {n_spins}, got {width}")
    if max_weight <= 0:
        raise ValueError(f"max_weight must be positive, got {max_weight}")


def _sites(n_spins: int, width: int) -> npt.NDArray[np.int64]:
    """Site under each weight of each hidden unit's filter, (n_hidden, width)."""
    return (np.arange(0, n_spins, 2)[:, None] + np.arange(width) - width // 2) % n_spins


def _ring_rbm(filter_: Values, n_spins: int) -> RBMParameters:
    w = np.zeros((n_spins, n_spins // 2))
    np.add.at(w, (_sites(n_spins, len(filter_)), np.arange(n_spins // 2)[:, None]), filter_)
    return binary_parameters(w)


def _ring_slope(gradient: tuple[Values, Values, Values], width: int) -> Values:
    """Derivative with respect to the filter, by W = 4w, c = −2 Σ_j w and b = −2 Σ_i w."""
    weights, visible, hidden = gradient
    slope = 4 * weights - 2 * visible[:, None] - 2 * hidden
    n_spins, n_hidden = slope.shape
    return np.asarray(slope[_sites(n_spins, width), np.arange(n_hidden)[:, None]].sum(axis=0))
