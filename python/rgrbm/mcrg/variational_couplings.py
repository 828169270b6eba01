"""Renormalized couplings by the variational principle of Wu and Car: a bias that makes block spins uniform."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from rgrbm._support import checks, streams
from rgrbm._support.blas import same_bits
from rgrbm._support.progress import Progress, progress_bar
from rgrbm.mcrg.biased_lattice import biased_chains, require_counting, squared_norms
from rgrbm.mcrg.block_kernels import BlockKernel
from rgrbm.mcrg.hamiltonian_fit import HamiltonianFit
from rgrbm.mcrg.spin_operators import SpinOperator, checked_operators
from rgrbm.spins.lattice import Lattice
from rgrbm.statistics.jackknife import Array, jackknife_stderr

_FIRST_STEP, _STEPS_TO_DECAY, _DECAY = 0.3, 20, 0.6
_PART_OF_FIRST_PASS = 4  # of the samples; Newton's steps from fewer would be noise
_CALL = 0.05  # seconds in compiled code; Ctrl-C waits for twice that
_VALUES = 2**20  # of operators in one call
_UPDATES = 2**24  # of spins in one call, where a number of sweeps can be divided
_REGULARIZATION = 1e-9  # of covariances that are 1 over uniform spins: those of few samples may be singular
_FAR = 10.0  # standard errors of a last Newton step, twice the noise of which is expected


@dataclass(frozen=True, repr=False)
class RenormalizedCouplings(HamiltonianFit):
    """−H′ = Σ_α K′_α S_α of block spins, by :func:`renormalized_couplings`. Printed, it is a table.

    Attributes
    ----------
    operators : tuple of str
        Names.
    couplings, stderr : ndarray of shape (n_operators,)
        K′, and its standard errors by jackknife over chains.
    terms : ndarray of int, shape (n_operators,)
        Products per site in each operator: 2 for the nearest neighbours of the square lattice.
    replicas : ndarray of shape (n_chains, n_operators)
        Couplings without each of the chains.
    shape : tuple of int
        The lattice of block spins.
    kernel : str
        Name of the distribution of block spins.
    history : ndarray of shape (n_steps, n_operators)
        Couplings of the bias after each step of the optimization. They should scatter about their final values.
    """

    shape: tuple[int, ...]
    kernel: str
    history: Array = field(repr=False)

    def to_dict(self) -> dict[str, Any]:
        """Names, couplings, errors, terms, the lattice of block spins and the kernel, ready for a JSON file."""
        return super().to_dict() | {"shape": list(self.shape), "kernel": self.kernel}

    def _title(self) -> str:
        sides = "×".join(map(str, self.shape))
        return f"−H′ of {sides} block spins with {len(self.operators)} operators, {self.kernel}"


@same_bits
def renormalized_couplings(
    shape: int | Sequence[int],
    J: float | Sequence[float],
    kernel: BlockKernel,
    operators: Iterable[SpinOperator],
    *,
    n_chains: int = 64,
    n_steps: int = 400,
    n_samples: int = 400,
    spacing: int = 2,
    seed: streams.Seed = None,
    progress: Progress = None,
) -> RenormalizedCouplings:
    """Couplings of block spins by variational Monte Carlo, without samples of the unbiased lattice.

    For −H = Σ J s s′ and block spins of the distribution T(τ|σ), the renormalized Hamiltonian is H′(τ) = −ln Σ_σ T(τ|σ)
    e^(−H(σ)). A bias V = Σ K S(τ) is added. Ω(K) = ln Σ_τ e^(−H′ − V) is convex. (The functional of Wu and Car has a
    second term, ⟨V⟩ over the target distribution, which is zero for uniform τ.) At its minimum all ⟨S⟩_V = 0, and if
    −H′ is a sum of these operators, K are its couplings, and τ is uniform. The gradient is −⟨S⟩_V, the second
    derivatives are the covariances of S.

    Stochastic gradient steps, scaled by the covariances of uniform spins, are averaged over their second half. Two
    Newton steps from longer runs with a fixed bias follow; the last gives the couplings. Errors are by jackknife over
    the chains. The bias removes order, so that local updates do not slow down at the critical point. Spins are drawn
    with the block spin of their window summed over, which makes the majority rule as fast as soft weights.

    Deep in an ordered phase the chains mix slowly, and errors are too small.

    Operators that are left out change the others less than in :func:`fit_hamiltonian`, as products of spins are
    orthogonal where block spins are uniform.

    Parameters
    ----------
    shape : int or sequence of int
        Of the lattice of spins: a periodic ring, square or cubic lattice.
    J : float or sequence of float
        Coupling of nearest neighbours, of any sign, or one along each axis.
    kernel : MajorityKernel, DecimationKernel or ConvolutionKernel
        The distribution of block spins. Windows must not overlap, weights must be equal.
    operators : iterable of SpinOperator
        Of the block spins; even ones, unless the kernel has a field.
    n_chains : int, default=64
        Independent chains, at least 2; multiples of 32 take no more time than numbers a little below.
    n_steps, n_samples : int, default=400
        Gradient steps, and measurements of each chain with the final bias, at least 4. Standard errors fall with the
        square root of ``n_chains * n_samples``.
    spacing : int, default=2
        Sweeps between measurements, and of each step.
    seed : int, SeedSequence, Generator, RandomState or None, default=None
        Fixes all draws, for any number of threads.
    progress : bool or callable, optional
        A bar (True), a function of (done, in all), or nothing (False). By default a bar in terminals and notebooks, for
        what takes longer than two seconds.

    Returns
    -------
    RenormalizedCouplings

    Warns
    -----
    UserWarning
        If the last Newton step is long, so that the bias was not yet that of the minimum.

    Raises
    ------
    TypeError
        If an argument is of another kind.
    ValueError
        If windows overlap or do not cover the lattice, weights are not equal, an operator is odd, has a site twice on
        the lattice of block spins or has the same products as another, or a number is not finite or out of range.

    References
    ----------
    Y. Wu & R. Car, Phys. Rev. Lett. 119, 220602 (2017).

    Examples
    --------
    Decimation of the ring: J′ = ½ ln cosh 2J, and no other coupling.

    >>> import numpy as np
    >>> from rgrbm.mcrg import RING_OPERATORS, DecimationKernel, renormalized_couplings
    >>> result = renormalized_couplings(32, 0.5, DecimationKernel(), RING_OPERATORS[:2], seed=0)
    >>> nearest, second = result.coupling("nearest"), result.coupling("second")
    >>> abs(nearest.mean - np.log(np.cosh(1.0)) / 2) < 4 * nearest.stderr < 0.02
    True
    >>> abs(second.mean) < 4 * second.stderr
    True
    """
    lattice, couplings = _lattice(shape, J)
    n_chains, n_steps = checks.integer("n_chains", n_chains, 2), checks.integer("n_steps", n_steps, 1)
    n_samples, spacing = checks.integer("n_samples", n_samples, 4), checks.integer("spacing", spacing, 1)
    require_counting(kernel)
    chosen = _checked(operators, len(lattice.shape), kernel)
    coarse = kernel.coarse_shape(lattice.shape)
    norms = squared_norms(coarse, chosen)
    checks.require_memory(n_chains * lattice.n_sites, f"{n_chains} chains of {lattice.n_sites} spins")
    key = streams.key(streams.seed_sequence(seed))
    chains = biased_chains(lattice.shape, couplings, kernel, chosen, n_chains, key)
    first = max(1, n_samples // _PART_OF_FIRST_PASS)
    total = n_steps + first + n_samples + 2 * _equilibration(n_samples)
    with progress_bar("optimizing the bias", total, unit="steps", show=progress) as advance:
        history = _optimized(chains, norms, n_steps, spacing, lambda n: advance(n, ""))
        bias = history[n_steps // 2 :].mean(axis=0)
        for n in (first, n_samples):
            before = bias
            newton = _newton_step(chains, bias, norms, n, spacing, lambda n: advance(n, ""))
            bias = newton.couplings
    stderr = jackknife_stderr(newton.replicas)
    _warn_if_far(chosen, np.abs(bias - before), stderr)
    return RenormalizedCouplings(
        tuple(operator.name for operator in chosen), bias, stderr,
        np.array([len(operator.images) for operator in chosen]), newton.replicas, coarse, kernel.name, history,
    )  # fmt: skip


class _Newton(NamedTuple):
    couplings: Array
    replicas: Array
    """Without each of the chains."""


def _optimized(chains: Any, norms: Array, n_steps: int, spacing: int, advance: Callable[[int], object]) -> Array:
    """Couplings of the bias after each gradient step, (n_steps, n_operators)."""
    history = np.zeros((n_steps, len(norms)))
    bias = np.zeros(len(norms))
    for step in range(n_steps):
        chains.set_bias(bias.tolist())
        rate = _FIRST_STEP * (1 + step / _STEPS_TO_DECAY) ** -_DECAY
        bias = bias + rate * _sampled(chains, 1, spacing)[0].mean(axis=0) / norms
        history[step] = bias
        advance(1)
    return history


def _newton_step(
    chains: Any, bias: Array, norms: Array, n_samples: int, spacing: int, advance: Callable[[int], object]
) -> _Newton:
    """K + Cov⁻¹ ⟨S⟩ from chains with this bias, and the same without each of the chains."""
    chains.set_bias(bias.tolist())
    for values in _samples(chains, _equilibration(n_samples), spacing):
        advance(len(values))
    n_chains, n = chains.n_chains, len(bias)
    sums, squares = np.zeros((n_chains, n)), np.zeros((n_chains, n, n))
    for values in _samples(chains, n_samples, spacing):
        # Sums of integers, exact in any order: the bits do not depend on how many measurements make a part.
        wide = values.transpose(1, 2, 0).astype(np.float64)
        sums += wide.sum(axis=2)
        squares += wide @ wide.transpose(0, 2, 1)
        advance(len(values))
    unit = np.sqrt(norms)  # so that variances are 1 over uniform spins

    def steps(sums: Array, squares: Array, n_chains: int) -> Array:
        means = sums / (unit * n_chains * n_samples)
        covariances = squares / (np.outer(unit, unit) * n_chains * n_samples) - means[:, :, None] * means[:, None, :]
        covariances += _REGULARIZATION * np.eye(n)
        return np.asarray(np.linalg.solve(covariances, means[:, :, None])[:, :, 0] / unit)

    couplings = bias + steps(sums.sum(axis=0, keepdims=True), squares.sum(axis=0, keepdims=True), n_chains)[0]
    replicas = bias + steps(sums.sum(axis=0) - sums, squares.sum(axis=0) - squares, n_chains - 1)
    return _Newton(couplings, replicas)


def _samples(chains: Any, n: int, spacing: int) -> Iterator[npt.NDArray[np.int32]]:
    """N measurements in parts that take a moment each. The values do not depend on how many make a part."""
    part, most = 1, max(1, _VALUES // (chains.n_chains * chains.n_operators))
    while n > 0:
        begin = time.monotonic()
        values = _sampled(chains, min(part, n), spacing)
        part = min(2 * part, most) if time.monotonic() - begin < _CALL else max(part // 2, 1)
        n -= len(values)
        yield values


def _sampled(chains: Any, n: int, spacing: int) -> npt.NDArray[np.int32]:
    """N measurements; many sweeps between them are made in several calls."""
    at_once = max(1, _UPDATES // (chains.n_chains * chains.n_sites))
    if spacing <= at_once:
        return np.asarray(chains.sample(n, spacing))
    values = []
    for _ in range(n):
        for _ in range((spacing - 1) // at_once):
            chains.sample(1, at_once)
        values.append(chains.sample(1, (spacing - 1) % at_once + 1))
    return np.concatenate(values)


def _equilibration(n_samples: int) -> int:
    """Measurements that are left out after the bias has changed a little."""
    return n_samples // 10 + 10


def _lattice(shape: int | Sequence[int], J: float | Sequence[float]) -> tuple[Lattice, tuple[float, ...]]:
    lattice = Lattice(shape)  # type: ignore[arg-type]
    if not (isinstance(J, tuple | list) or (isinstance(J, np.ndarray) and J.ndim)):
        return lattice, (checks.real("the coupling J", J),) * lattice.n_axes
    if np.ndim(J) != 1 or len(J) != lattice.n_axes:
        raise ValueError(f"J must be one coupling, or one for each of {lattice.n_axes} axes, got {J!r}")
    return lattice, tuple(checks.real("each coupling J", coupling) for coupling in J)


def _checked(operators: Iterable[SpinOperator], n_dimensions: int, kernel: BlockKernel) -> tuple[SpinOperator, ...]:
    chosen = checked_operators(operators, n_dimensions)
    if chosen[0].lattice != "hypercubic":
        raise ValueError(f"expected operators of a hypercubic lattice, got those of a {chosen[0].lattice} one")
    odd = [operator.name for operator in chosen if not operator.is_even]
    if odd and kernel.is_symmetric:
        raise ValueError(f"odd couplings are zero without a field, got operators {odd}; leave them out")
    return chosen


def _warn_if_far(operators: Sequence[SpinOperator], steps: Array, stderr: Array) -> None:
    worst = int(np.argmax(steps - _FAR * stderr))
    if steps[worst] > _FAR * stderr[worst]:
        warnings.warn(
            f"the last Newton step changed the coupling {operators[worst].name!r} by {steps[worst]:.2g}, its standard "
            f"error is {stderr[worst]:.2g}: the bias was not yet that of the minimum; take more n_steps or a larger "
            "spacing",
            stacklevel=4,
        )
