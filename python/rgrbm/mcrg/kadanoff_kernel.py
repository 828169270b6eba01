"""Kadanoff's choice of a block spin: the kernel of least |ΔF| on a small lattice, by enumeration."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import logsumexp

from rgrbm._support import checks, streams
from rgrbm._support.blas import same_bits
from rgrbm.mcrg.convolution_kernel import ConvolutionKernel, upward_kernel, window_sites
from rgrbm.spins import lattice_bonds, spin_energies
from rgrbm.statistics.presentation import short_repr

Values = npt.NDArray[np.float64]
_MAX_SPINS = 16


class OptimalBlockKernel(NamedTuple):
    """The kernel of least ``|ΔF|``, by :func:`optimal_block_kernel`."""

    kernel: ConvolutionKernel
    """Its weights have a positive sum."""
    delta_f: float
    """ΔF = F^RG − F of the "centred" kernel, in nats; −KL(P‖p_λ)."""

    def __repr__(self) -> str:
        return short_repr(self)


@same_bits
def optimal_block_kernel(
    shape: Sequence[int],
    J: float,
    *,
    width: int = 3,
    stride: int = 2,
    max_weight: float = 4.0,
    n_starts: int = 5,
    seed: streams.Seed = 0,
) -> OptimalBlockKernel:
    """Minimise ``|ΔF|`` over kernels that are the same for every block of the Ising ring or square lattice.

    Each block spin has the same window of weights and no field. What is minimised is ``|F^RG − F|`` of the "centred"
    kernel of :func:`rgrbm.rg.free_energy_difference`, T = −E + H − ⟨…⟩ with ⟨ln Σ_h e^T⟩ = 0 in the lattice's ensemble.
    A kernel that satisfies Σ_h e^T = 1 by construction, such as Eq. 15's own, would have ΔF = 0 at *every* λ and leave
    nothing to minimise; one without any such condition can reach ΔF = 0 by an additive constant.

    Here ΔF = −KL(P‖p_λ), with p_λ(v) ∝ Π_j 2 cosh(Σ w v): the optimum is the RBM of maximal likelihood.

    Parameters
    ----------
    shape : sequence of int
        ``(n_sites,)`` or ``(rows, columns)``, periodic, with 16 sites at most.
    J : float
        Coupling.
    width, stride : int
        Of the window, the same along each axis, placed as by :class:`rgrbm.mcrg.ConvolutionKernel`.
    max_weight : float, default=4
        Bound on ``|w|``, as some weights would be infinite at the optimum.
    n_starts : int, default=5
        Number of random starts. Some end in local optima; the best result is returned.
    seed : int, SeedSequence, Generator, RandomState or None
        Fixes the starts.

    Returns
    -------
    OptimalBlockKernel

    Raises
    ------
    ValueError
        If a parameter is out of range, or the windows do not fit the lattice.
    TypeError
        If a parameter is not an integer, or not a number, where one is meant.
    MemoryError
        If the starts are too many for memory.

    References
    ----------
    L. P. Kadanoff, A. Houghton & M. C. Yalabik, J. Stat. Phys. 14, 171 (1976), for the principle.

    Examples
    --------
    >>> from rgrbm.mcrg import optimal_block_kernel
    >>> optimal_block_kernel((4, 4), J=0.4407, width=2).kernel.weights.round(2)
    array([[1.32, 1.32],
           [1.32, 1.32]])
    """
    sides = checks.integers("shape", shape, 2)
    width, stride = checks.integer("width", width, 1), checks.integer("stride", stride, 2)
    n_starts = checks.integer("n_starts", n_starts, 1)
    J, max_weight = checks.real("the coupling J", J), checks.real("max_weight", max_weight)
    if len(sides) not in (1, 2) or math.prod(sides) > _MAX_SPINS:
        raise ValueError(
            f"the lattice has one or two dimensions and {_MAX_SPINS} sites at most, as each step sums over all states, "
            f"got shape {sides}"
        )
    if max_weight <= 0:
        raise ValueError(f"max_weight must be positive, got {max_weight}")
    generator = np.random.default_rng(streams.seed_sequence(seed))
    divergence = Divergence(sides, J, width, stride)
    n_weights = width ** len(sides)
    checks.require_memory(8 * n_starts * n_weights, f"{n_starts} starts of {n_weights} weights")
    ends = [
        minimize(divergence, start, jac=True, method="L-BFGS-B", bounds=[(-max_weight, max_weight)] * n_weights)
        for start in generator.uniform(-1, 1, size=(n_starts, n_weights)) * min(1.0, max_weight)
    ]
    best = min(ends, key=lambda end: float(end.fun))
    return OptimalBlockKernel(upward_kernel(best.x.reshape((width,) * len(sides)), stride), -float(best.fun))


class Divergence:
    """KL(P‖p_λ) of the Ising model and the RBM of a window, and its slope, as functions of the window's weights."""

    def __init__(self, shape: tuple[int, ...], J: float, width: int, stride: int) -> None:
        sites = window_sites(shape, width, stride)
        n_sites = int(np.prod(shape))
        half = np.arange(2 ** (n_sites - 1))  # the last spin down: the others are these with all spins flipped
        log_p = -spin_energies(n_sites, lattice_bonds(shape), J)[half]
        self.log_p = log_p - logsumexp(log_p)
        self.p = np.exp(self.log_p)
        spins = 2.0 * ((half[:, None] >> np.arange(n_sites)) & 1) - 1
        self.seen = spins[:, sites]

    def __call__(self, weights: Values) -> tuple[float, Values]:
        """The divergence in nats, and its derivatives."""
        fields = self.seen @ weights
        log_model = np.logaddexp(fields, -fields).sum(axis=1)
        log_model -= logsumexp(log_model)
        slope = np.einsum("v,vj,vjk->k", np.exp(log_model) - self.p, np.tanh(fields), self.seen, optimize=True)
        return float(self.p @ (self.log_p - log_model)), slope
