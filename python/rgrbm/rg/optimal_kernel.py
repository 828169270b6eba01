"""Kadanoff's choice of the kernel on the ring: the λ of least |ΔF|, by optimisation."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from rgrbm._support import checks, streams
from rgrbm.mcrg.convolution_kernel import window_sites
from rgrbm.mcrg.kadanoff_kernel import optimal_block_kernel
from rgrbm.model.parameters import RBMParameters, binary_parameters
from rgrbm.rg.couplings.effective import effective_couplings
from rgrbm.rg.couplings_along_ring import ring_couplings
from rgrbm.statistics.presentation import short_repr

Values = npt.NDArray[np.float64]
_MAX_SPINS = 16


class OptimalKernel(NamedTuple):
    """The kernel of least ``|ΔF|`` on the ring, and the couplings of its hidden spins."""

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

    def __repr__(self) -> str:
        return short_repr(self)


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

    Each of N/2 hidden units has the same filter of ``width`` weights, centred on every other spin, and no fields:
    :func:`rgrbm.mcrg.optimal_block_kernel`, which says what is minimised.

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
        Number of random starts. Some end in local optima; the best result is returned.
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
    >>> optimum = optimal_ring_kernel(8, 1.0)
    >>> optimum.filter.round(2), round(optimum.J_renormalized, 2)
    (array([1., 4., 1.]), 0.66)
    """
    _check(n_spins)
    optimum = optimal_block_kernel(
        (n_spins,), J, width=width, stride=2, max_weight=max_weight, n_starts=n_starts, seed=seed
    )
    best = optimum.kernel.weights
    best = best * np.sign(best[np.argmax(np.abs(best))])
    rbm = _ring_rbm(best, n_spins)
    read = ring_couplings(effective_couplings(rbm), rbm.weights_)
    return OptimalKernel(best, optimum.delta_f, read.J, read.largest_other, rbm)


def _check(n_spins: int) -> None:
    checks.integer("n_spins", n_spins)
    if n_spins % 2 or not 8 <= n_spins <= _MAX_SPINS:
        raise ValueError(
            f"n_spins must be even, from 8 to {_MAX_SPINS} (each step sums over all 2^{n_spins} states), got {n_spins}"
        )


def _ring_rbm(filter_: Values, n_spins: int) -> RBMParameters:
    w = np.zeros((n_spins, n_spins // 2))
    np.add.at(w, (window_sites((n_spins,), len(filter_), 2), np.arange(n_spins // 2)[:, None]), filter_)
    return binary_parameters(w)
