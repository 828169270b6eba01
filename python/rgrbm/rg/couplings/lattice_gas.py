"""Couplings of a layer between units 0/1, in closed form at every order."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt

from rgrbm.model.parameters import parameters_of
from rgrbm.rg.couplings.effective import (
    EffectiveCouplings,
    Layer,
    coupling_result,
    require_layer_and_order,
    sets_of_units,
)
from rgrbm.rg.couplings.fourier import Sums

Values = npt.NDArray[np.float64]
_VALUES_PER_BLOCK = 2**20


def lattice_gas_couplings(
    rbm: Any,
    layer: Layer = "hidden",
    order: int = 2,
    *,
    triples: npt.ArrayLike | None = None,
    quadruples: npt.ArrayLike | None = None,
) -> EffectiveCouplings:
    """Couplings of −H_λ(v) or −H_λ(h) (Eqs. 13–14) in units 0/1, a "lattice gas".

    K_S is how S acts while all other units are 0: K_ij is the log odds ratio of units i and j given that. It differs
    from 4J_ij of :func:`rgrbm.effective_couplings` wherever there are interactions of three or more units:
    J_S = Σ_{T⊇S} 2^(−|T|) K_T (:func:`rgrbm.rg.couplings.transforms.lattice_gas_to_spin`).

    Parameters
    ----------
    rbm, layer, order, triples, quadruples
        As for :func:`rgrbm.effective_couplings`.

    Returns
    -------
    EffectiveCouplings
        With ``units == "lattice gas"``.

    Raises
    ------
    TypeError
        If ``rbm`` is not a fitted RBM, or another argument of another kind.
    ValueError
        If layer or order is unknown, a set of units is none, or there are too many sets.

    Notes
    -----
    ``K_S = Σ_{T⊆S} (−1)^(|S|−|T|) Σ_a ln(1 + exp(b_a + Σ_{i∈T} W_ia))``, plus the bias for a single unit; the cost is
    O(M N²) for all pairs.

    References
    ----------
    G. Cossu, L. Del Debbio, T. Giani, A. Khamseh & M. Wilson, Phys. Rev. B 100, 064304 (2019).

    Examples
    --------
    >>> import numpy as np
    >>> from rgrbm.model import RBMParameters
    >>> from rgrbm.rg import lattice_gas_couplings
    >>> rbm = RBMParameters(np.full((2, 1), 2.0), np.zeros(2), np.zeros(1))
    >>> x = [np.log1p(np.exp(2.0 * n)) for n in (0, 1, 2)]
    >>> bool(np.isclose(lattice_gas_couplings(rbm, "visible").pairs[0, 1], x[2] - 2 * x[1] + x[0]))
    True
    """
    require_layer_and_order(layer, order)
    p = parameters_of(rbm)
    W, own, b = (
        (p.weights_, p.intercept_visible_, p.intercept_hidden_)
        if layer == "visible"
        else (np.ascontiguousarray(p.weights_.T), p.intercept_hidden_, p.intercept_visible_)
    )
    sets = sets_of_units(len(own), order, triples, quadruples)
    sums = Sums(
        constant=float(np.logaddexp(0, b).sum()),
        fields=own + (np.logaddexp(0, b + W) - np.logaddexp(0, b)).sum(axis=1),
        pairs=_pairs(W, b) if order >= 2 else None,
        larger={size: _larger(W, b, units) for size, units in sets.items()},
    )
    return coupling_result(layer, "lattice gas", sums, sets)


def _pairs(W: Values, b: Values) -> Values:
    pairs = np.zeros((len(W), len(W)))
    empty, single = np.logaddexp(0, b), np.logaddexp(0, b + W)
    for i in range(len(W) - 1):
        # Differences row by row, so that rows that do not hold both units add exactly 0.
        change = np.logaddexp(0, (b + W[i]) + W[i + 1 :]) - single[i + 1 :]
        pairs[i, i + 1 :] = (change - (single[i] - empty)).sum(axis=1)
    return pairs + pairs.T


def _larger(W: Values, b: Values, units: npt.NDArray[np.int64]) -> Values:
    """Inclusion and exclusion over the 2^size subsets of each set."""
    size = units.shape[1]
    values = np.empty(len(units))
    for start in range(0, len(units), per_block := max(1, _VALUES_PER_BLOCK // len(b))):
        block = units[start : start + per_block]
        term = np.zeros((len(block), len(b)))
        for n in range(size + 1):
            for members in combinations(range(size), n):
                x = b + W[block[:, list(members)]].sum(axis=1)
                term += (-1) ** (size - n) * np.logaddexp(0, x)
        values[start : start + per_block] = term.sum(axis=1)
    return values
