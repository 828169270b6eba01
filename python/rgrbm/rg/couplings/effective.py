"""Effective couplings of a layer: −H_λ (Eqs. 13–14) expanded in the units, exact at any width.

They are those of the model's own marginal p(v) or p(h). What coarse-grained data follow is p(h|v) averaged over the
data; the two distributions agree only where the model's p(v) is that of the data.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import comb
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
import numpy.typing as npt

from rgrbm._support import checks
from rgrbm._support.progress import Progress
from rgrbm.likelihood.enumeration import log_marginal
from rgrbm.model.parameters import spin_parameters
from rgrbm.model.unit_values import binary_states
from rgrbm.rg.couplings import enumeration as _enumerated
from rgrbm.rg.couplings import fourier as _fourier
from rgrbm.rg.couplings.transforms import spin_transform
from rgrbm.spins.values import spin_values
from rgrbm.statistics.presentation import Presented, short_repr

Values = npt.NDArray[np.float64]
Layer = Literal["visible", "hidden"]
Method = Literal["fourier", "walsh-hadamard", "enumeration", "gaussian"]
_MAX_SETS = 5_000_000


class SetCouplings(NamedTuple):
    """Couplings of some sets of units."""

    units: npt.NDArray[np.int64]
    """Units of each set, of shape (n_sets, size)."""
    values: Values
    """Coupling of each set, of shape (n_sets,)."""

    def __repr__(self) -> str:
        return short_repr(self)


@dataclass(frozen=True, repr=False)
class EffectiveCouplings(Presented):
    """−H_λ of a layer as constant + Σ fields + Σ_{i<j} pairs + …, up to some order.

    Attributes
    ----------
    layer : {"visible", "hidden"}
        The layer; the other one is summed over.
    units : {"spin", "lattice gas"}
        Whether the couplings multiply spins ±1 or units 0/1.
    constant : float
        The term without units. With it, the full expansion is the log of the unnormalised marginal
        ``log_marginal(rbm, layer, normalized=False)``.
    fields : ndarray of shape (n_units,)
    pairs : ndarray of shape (n_units, n_units) or None
        Symmetric, with zeros on the diagonal; each pair counts once. None below order 2.
    triples, quadruples : SetCouplings or None
        None below orders 3 and 4.
    """

    layer: str
    units: str
    constant: float
    fields: Values
    pairs: Values | None = None
    triples: SetCouplings | None = None
    quadruples: SetCouplings | None = None

    def minus_energy(self, configurations: npt.ArrayLike) -> Values:
        """The expansion's value −H of configurations.

        Parameters
        ----------
        configurations : array_like of shape (n_samples, n_units)
            Spins ±1 if ``units`` is "spin", else units 0/1.

        Returns
        -------
        ndarray of float64, shape (n_samples,)

        Raises
        ------
        ValueError
            If the shape is another, or a value is none of the two.
        TypeError
            If the values are not real numbers.

        Examples
        --------
        >>> from rgrbm.rg import decimation_rbm
        >>> from rgrbm import effective_couplings
        >>> couplings = effective_couplings(decimation_rbm(8, 1.0, 2.0))
        >>> up, down = couplings.minus_energy([[1, 1, 1, 1], [1, 1, 1, -1]])
        >>> round(float(up - down) / 4, 8)  # two bonds are broken
        0.66250137
        """
        n_units = len(self.fields)
        if self.units == "spin":
            x = spin_values(configurations).astype(np.float64)
            if x.ndim != 2 or x.shape[1] != n_units:
                raise ValueError(f"expected configurations of shape (n_samples, {n_units}), got {x.shape}")
        else:
            x = binary_states(configurations, n_units, "configurations").astype(np.float64)
        value = self.constant + x @ self.fields
        if self.pairs is not None:
            value = value + 0.5 * np.einsum("ni,ni->n", x @ self.pairs, x)
        for sets in (self.triples, self.quadruples):
            if sets is not None:
                value = value + x[:, sets.units].prod(axis=2) @ sets.values
        return np.asarray(value)


def effective_couplings(
    rbm: Any,
    layer: Layer = "hidden",
    order: int = 2,
    method: Method = "fourier",
    *,
    triples: npt.ArrayLike | None = None,
    quadruples: npt.ArrayLike | None = None,
    progress: Progress = None,
) -> EffectiveCouplings:
    """Couplings of −H_λ(v) or −H_λ(h) (Eqs. 13–14) in spins ±1.

    J_S is the mean of −H_λ(s) Π_{i∈S} s_i over all 2ⁿ configurations s, as it is in an Ising model.

    Parameters
    ----------
    rbm : fitted estimator or RBMParameters
        Any object with ``weights_`` (n_visible, n_hidden), ``intercept_visible_`` and ``intercept_hidden_``.
    layer : {"hidden", "visible"}, default="hidden"
        The layer whose couplings are wanted; the other one is summed over.
    order : {1, 2, 3, 4}, default=2
        Largest number of units of a coupling.
    method : {"fourier", "walsh-hadamard", "enumeration", "gaussian"}, default="fourier"
        "fourier" is exact for layers of any size. "walsh-hadamard" sums over all states of the layer, up to 20 units.
        "enumeration" is exact for rows (the weights of one unit of the other layer) of up to 20 weights that are not
        0. "gaussian" replaces the spins outside a set by a Gaussian variable, as published: an approximation for rows
        of many similar weights that is far off for rows of few.
    triples, quadruples : array_like of int, shape (n_sets, 3) and (n_sets, 4), optional
        Sets of units whose couplings are wanted at order 3 and 4. By default all, up to five million.
    progress : bool or callable, optional
        A bar (True), a function of (done, in all), or nothing (False). By default a bar in terminals and notebooks, for
        what takes longer than two seconds.

    Returns
    -------
    EffectiveCouplings

    Raises
    ------
    TypeError
        If ``rbm`` is not a fitted RBM, or another argument of another kind.
    ValueError
        If layer, order or method is unknown, a set of units is none, or the layer is too large for the method.

    Notes
    -----
    The cost of "fourier" is O(M Q N²) for N units, M rows and Q nodes, all pairs being one matrix product. Q is a few
    times √N for rows of N similar weights, and 4(Σ|w| + 20) for rows of few.

    References
    ----------
    The Gaussian formula: A. Decelle, C. Furtlehner, A. J. Navas Gómez & B. Seoane, SciPost Phys. 16, 095 (2024).

    Examples
    --------
    >>> from rgrbm import decimate, effective_couplings
    >>> from rgrbm.rg import decimation_rbm
    >>> couplings = effective_couplings(decimation_rbm(64, J=1.0, K=3.0))
    >>> couplings.pairs[0, :4].round(8)  # the ring at J' = 0.66250137, and nothing else
    array([0.        , 0.66250137, 0.        , 0.        ])
    """
    require_layer_and_order(layer, order)
    checks.choice("method", method, get_args(Method))
    p = spin_parameters(rbm)
    w, own, theta = (
        (p.weights, p.visible_fields, p.hidden_fields)
        if layer == "visible"
        else (np.ascontiguousarray(p.weights.T), p.hidden_fields, p.visible_fields)
    )
    n_units = len(own)
    if method == "walsh-hadamard" and n_units > _enumerated.MAX_UNITS:
        raise ValueError(
            f"the {layer} layer has {n_units} units, 2^{n_units} = {2.0**n_units:.3g} states; "
            f"method='walsh-hadamard' takes at most {_enumerated.MAX_UNITS} units. Use method='fourier' instead."
        )
    sets = sets_of_units(n_units, order, triples, quadruples)
    if method == "walsh-hadamard":
        everything = spin_transform(log_marginal(rbm, layer, normalized=False))
        return coupling_result(layer, "spin", _enumerated.pick(everything, n_units, order, sets), sets)
    if method == "enumeration":
        rows = _enumerated.sum_rows(w, theta, order, sets)
    else:
        rows = _fourier.sum_rows(w, theta, order, sets, gaussian=method == "gaussian", progress=progress)
    total = rows._replace(constant=p.constant + rows.constant, fields=own + rows.fields)
    return coupling_result(layer, "spin", total, sets)


def require_layer_and_order(layer: str, order: int) -> None:
    """Refuse unknown layers and orders."""
    checks.choice("layer", layer, get_args(Layer))
    if checks.integer("order", order) not in (1, 2, 3, 4):
        raise ValueError(f"order must be 1, 2, 3 or 4, got {order!r}")


def sets_of_units(
    n_units: int, order: int, triples: npt.ArrayLike | None, quadruples: npt.ArrayLike | None
) -> dict[int, npt.NDArray[np.int64]]:
    """Sets of 3 and 4 units that are asked for, by their size."""
    sets = {}
    for size, name, given in ((3, "triples", triples), (4, "quadruples", quadruples)):
        if order < size:
            if given is not None:
                raise ValueError(f"{name} need order={size} or more, got order={order}")
        elif given is None:
            if comb(n_units, size) > _MAX_SETS:
                raise ValueError(
                    f"there are {comb(n_units, size):.3g} {name} of {n_units} units, more than {_MAX_SETS:.3g}; "
                    f"name those that you want in {name}="
                )
            every = list(combinations(range(n_units), size))
            sets[size] = np.array(every, dtype=np.int64).reshape(-1, size)
        else:
            sets[size] = _checked_sets(given, size, n_units, name)
    return sets


def _checked_sets(given: npt.ArrayLike, size: int, n_units: int, name: str) -> npt.NDArray[np.int64]:
    checks.numbers(name, given)
    units = np.asarray(given)
    if units.ndim != 2 or units.shape[1] != size or units.dtype.kind not in "iu":
        raise ValueError(f"{name} must be integers of shape (n_sets, {size}), got {units.dtype} of shape {units.shape}")
    ordered = np.sort(units, axis=1)
    wrong = (ordered[:, 0] < 0) | (ordered[:, -1] >= n_units) | (np.diff(ordered, axis=1) == 0).any(axis=1)
    if wrong.any():
        raise ValueError(
            f"{name} need {size} different units from 0 to {n_units - 1}, got {tuple(units[wrong][0].tolist())}"
        )
    return units.astype(np.int64)


def coupling_result(
    layer: str, units: str, sums: _fourier.Sums, sets: dict[int, npt.NDArray[np.int64]]
) -> EffectiveCouplings:
    """Put sums, and the values of the sets that were asked for, into one result."""
    larger = {size: SetCouplings(sets[size], sums.larger[size]) for size in sets}
    return EffectiveCouplings(layer, units, float(sums.constant), sums.fields, sums.pairs, larger.get(3), larger.get(4))
