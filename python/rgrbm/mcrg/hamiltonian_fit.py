"""The couplings of block spins: a Hamiltonian of chosen operators, fitted by pseudo-likelihood."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from rgrbm._support import checks
from rgrbm._support.blas import same_bits
from rgrbm.mcrg.enumerated_operators import default_operators
from rgrbm.mcrg.spin_operators import SpinOperator, checked_operators, lattice_spins
from rgrbm.statistics.jackknife import Array, Estimate, block_bounds, jackknife_stderr
from rgrbm.statistics.notation import with_error
from rgrbm.statistics.presentation import Presented

_STEPS = 50  # of Newton's method; a handful is enough where there is a maximum
_TOLERANCE = 1e-10
_LARGEST_CODE = 2**62


class NoFiniteHamiltonianError(ValueError):
    """No finite couplings fit: the operators are linearly dependent on this lattice, or the spins all but frozen."""


@dataclass(frozen=True, repr=False)
class HamiltonianFit(Presented):
    """−H = Σ_α K_α S_α, as fitted to configurations. Printed, it is a table.

    Attributes
    ----------
    operators : tuple of str
        Names.
    couplings, stderr : ndarray of shape (n_operators,)
        K, and its standard errors by jackknife over blocks of samples.
    terms : ndarray of int, shape (n_operators,)
        Products per site in each operator: 2 for the nearest neighbours of the square lattice.
    replicas : ndarray of shape (n_blocks, n_operators)
        Couplings without each of the blocks.
    """

    operators: tuple[str, ...]
    couplings: Array
    stderr: Array
    terms: npt.NDArray[np.int64]
    replicas: Array = field(repr=False)

    def coupling(self, operator: str) -> Estimate:
        """K of an operator by its name.

        Raises
        ------
        KeyError
            If there is none of that name.
        """
        if operator not in self.operators:
            raise KeyError(f"no operator is named {operator!r}: there are {', '.join(self.operators)}")
        i = self.operators.index(operator)
        return Estimate(float(self.couplings[i]), float(self.stderr[i]))

    def share(self, *operators: str) -> Estimate:
        """What part of the Hamiltonian is other operators than these, Σ_others n K² / Σ n K² with n terms per site.

        Products of spins are orthonormal over uniformly random spins; n K² summed is the variance of H per site there,
        and this the part of it that is left when the operators named are taken away. Zero for a Hamiltonian of the
        operators named alone: the less, the more of the Hamiltonian they are. The squares of statistical errors are
        subtracted, so that noise does not count as couplings.

        Raises
        ------
        KeyError
            If there is none of a name.
        """
        for name in operators:
            self.coupling(name)
        others = ~np.isin(self.operators, operators)

        def ratio(couplings: Array) -> Array:
            squares = self.terms * (couplings**2 - self.stderr**2)
            return np.asarray(squares[..., others].sum(axis=-1) / squares.sum(axis=-1))

        return Estimate(float(ratio(self.couplings)), float(jackknife_stderr(ratio(self.replicas))))

    def _title(self) -> str:
        return f"−H = Σ K S with {len(self.operators)} operators, {len(self.replicas)} blocks of the jackknife"

    def _values(self) -> dict[str, Any]:
        return {name: self.coupling(name) for name in self.operators}

    def _table(self) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
        rows = zip(self.operators, self.terms, strict=True)
        return ("operator", "per site", "K"), [(name, str(n), with_error(*self.coupling(name))) for name, n in rows]

    def to_dict(self) -> dict[str, Any]:
        """Names, couplings, errors and terms, ready for a JSON file."""
        return {
            "operators": list(self.operators),
            "couplings": self.couplings.tolist(),
            "stderr": self.stderr.tolist(),
            "terms": self.terms.tolist(),
        }

    def __str__(self) -> str:
        width = max(map(len, self.operators))
        rows = zip(self.operators, self.terms, self.couplings, self.stderr, strict=True)
        return "\n".join(
            [f"{'operator':<{width}}  per site  K"]
            + [f"{name:<{width}}  {n:>8}  {with_error(float(k), float(error))}" for name, n, k, error in rows]
        )


@same_bits
def fit_hamiltonian(
    spins: npt.ArrayLike,
    operators: Iterable[SpinOperator] | None = None,
    *,
    weights: npt.ArrayLike | None = None,
    n_blocks: int = 50,
) -> HamiltonianFit:
    """The couplings K of −H = Σ_α K_α S_α that make each spin likeliest, given all others.

    Pseudo-likelihood: Σ_x ln p(s_x | rest), p(s_x | rest) = σ(2 Σ_α K_α A_α(x)), where A_α(x) is the sum of those
    products of S_α that hold site x. It is concave, needs no log Z, and is consistent: with more and more samples of a
    Hamiltonian of these operators, K converges to its couplings. Operators that are left out change the K of the
    others.

    Parameters
    ----------
    spins : array_like of -1 and +1, shape (n_samples, n_sites), (n_samples, rows, columns) or with layers
        Configurations of a periodic ring, square, triangular or cubic lattice; consecutive ones of a Markov chain next
        to each other.
    operators : iterable of SpinOperator, optional
        By default the even ones of :func:`rgrbm.mcrg.default_operators` for hypercubic lattices. Those of a triangular
        lattice say that the samples are of one.
    weights : array_like of shape (n_samples,), optional
        How often each configuration counts, at least 0; probabilities for all states of a small lattice.
    n_blocks : int, default=50
        Blocks of consecutive samples of the jackknife, at most one for each sample.

    Returns
    -------
    HamiltonianFit

    Raises
    ------
    ValueError
        If the spins are not ±1 or of another shape, an operator does not fit the lattice, or a weight is negative.
    NoFiniteHamiltonianError
        A ValueError: if operators are linearly dependent on this lattice, or no finite couplings fit.
    TypeError
        If an operator is none, or a weight not a number.

    References
    ----------
    J. Besag, J. R. Stat. Soc. B 36, 192 (1974).

    Examples
    --------
    >>> import rgrbm
    >>> from rgrbm.mcrg import fit_hamiltonian, EVEN_OPERATORS
    >>> spins = rgrbm.IsingModel((16, 16), 0.4).sample(2000, method="swendsen_wang", spacing=3, seed=0)
    >>> fit = fit_hamiltonian(spins, EVEN_OPERATORS[:3])
    >>> abs(fit.coupling("nearest").mean - 0.4) < 0.01
    True
    """
    array = lattice_spins(spins)
    if operators is None:
        operators = [o for o in default_operators(array.ndim - 1) if o.is_even]
    chosen = checked_operators(operators, array.ndim - 1)
    for operator in chosen:
        _require_room(operator, array.shape[1:])
    counts = _checked_weights(weights, len(array))
    bounds = block_bounds(len(array), checks.integer("n_blocks", n_blocks, 1))
    blocks = [
        _distinct(array[first:last], chosen, counts[first:last]) for first, last in itertools.pairwise(bounds.tolist())
    ]
    couplings = np.zeros(len(chosen))
    for _ in range(_STEPS):
        gradients, hessian = _derivatives(blocks, couplings)
        step = _solve(hessian, gradients.sum(axis=0))
        couplings = couplings + step
        if np.abs(step).max() < _TOLERANCE * (1 + np.abs(couplings).max()):
            break
    else:
        raise NoFiniteHamiltonianError(f"no finite couplings fit these spins: {_STEPS} steps came to {couplings}")
    gradients, hessian = _derivatives(blocks, couplings)
    # Without a block the maximum moves by its gradient, to first order (the infinitesimal jackknife).
    replicas = couplings - np.linalg.solve(hessian, gradients.T).T
    return HamiltonianFit(
        tuple(operator.name for operator in chosen),
        couplings,
        jackknife_stderr(replicas) if len(replicas) > 1 else np.full(len(chosen), np.nan),
        np.array([len(operator.images) for operator in chosen]),
        replicas,
    )


def _derivatives(blocks: Sequence[tuple[Array, Array]], couplings: Array) -> tuple[Array, Array]:
    """Gradients of the log pseudo-likelihood of each block, and minus its second derivatives of all."""
    gradients = np.zeros((len(blocks), len(couplings)))
    hessian = np.zeros((len(couplings), len(couplings)))
    for gradient, (products, weights) in zip(gradients, blocks, strict=True):
        against = expit(-2 * products @ couplings)  # probability of the other sign
        gradient += 2 * (weights * against) @ products
        hessian += 4 * (products.T * (weights * against * (1 - against))) @ products
    return gradients, hessian


def _distinct(spins: npt.NDArray[np.int8], operators: tuple[SpinOperator, ...], weights: Array) -> tuple[Array, Array]:
    """Different values of the products with a site, about a thousandth of the sites, and the weight of each."""
    products = products_with_each_site(spins, operators)
    codes = np.zeros(len(products), np.int64)
    for column in products.T:
        span = int(np.ptp(column)) + 1
        if int(codes.max()) >= _LARGEST_CODE // span:
            codes = np.unique(codes, return_inverse=True)[1]
        codes = codes * span + (column - column.min())
    _, first, index = np.unique(codes, return_index=True, return_inverse=True)
    summed = np.bincount(index, weights=np.repeat(weights, spins[0].size))
    return products[first].astype(np.float64), summed.astype(np.float64)


def products_with_each_site(spins: npt.NDArray[np.int8], operators: tuple[SpinOperator, ...]) -> npt.NDArray[np.int16]:
    """A_α(x), the sum of the products that hold site x, of shape (n_samples · n_sites, n_operators)."""
    axes = tuple(range(1, spins.ndim))
    values = np.zeros((len(operators), *spins.shape), np.int16)
    for sums, operator in zip(values, operators, strict=True):
        for image in operator.images:
            product = np.ones_like(spins)
            for site in image:
                product *= np.roll(spins, [-o for o in site], axis=axes)
            for site in image:
                sums += np.roll(product, site, axis=axes)
    return values.reshape(len(operators), -1).T


def _solve(hessian: Array, gradient: Array) -> Array:
    scale = np.sqrt(np.diag(hessian))
    if not scale.all() or np.linalg.cond(hessian / np.outer(scale, scale)) > 1e10:
        raise NoFiniteHamiltonianError(
            "the operators are linearly dependent on this lattice, or the spins are all but frozen: leave some out, or "
            "take a larger lattice"
        )
    return np.asarray(np.linalg.solve(hessian, gradient))


def _require_room(operator: SpinOperator, shape: tuple[int, ...]) -> None:
    """Refuse products that hold a site twice, as their offsets go around the lattice."""
    for image in operator.images:
        if len({tuple(np.mod(site, shape)) for site in image}) < len(image):
            raise ValueError(
                f"operator {operator.name!r} has a site twice on a lattice of shape {shape}; leave it out, or take a "
                "larger lattice"
            )


def _checked_weights(weights: npt.ArrayLike | None, n_samples: int) -> Array:
    if weights is None:
        return np.ones(n_samples)
    values = checks.numbers("weights", weights)
    if values.shape != (n_samples,) or not np.isfinite(values).all() or (values < 0).any() or not values.any():
        raise ValueError(f"weights must be {n_samples} numbers of at least 0, got an array of shape {values.shape}")
    return values
