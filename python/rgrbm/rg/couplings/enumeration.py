"""Spin couplings by sums over states: of the whole layer, or row by row where rows have few weights."""

import numpy as np
import numpy.typing as npt

from rgrbm.rg.couplings.fourier import Sets, Sums
from rgrbm.rg.couplings.transforms import spin_transform

Values = npt.NDArray[np.float64]

MAX_UNITS = 20
"""Largest number of units whose 2ⁿ couplings are computed, and largest number of weights of an enumerated row."""


def pick(couplings: Values, n_units: int, order: int, sets: Sets) -> Sums:
    """Those couplings of all 2ⁿ that are asked for."""
    bit = 1 << np.arange(n_units)
    pairs = None
    if order >= 2:
        pairs = couplings[bit[:, None] | bit]
        np.fill_diagonal(pairs, 0.0)
    return Sums(
        constant=float(couplings[0]),
        fields=couplings[bit],
        pairs=pairs,
        larger={size: couplings[bit[units].sum(axis=1)] for size, units in sets.items()},
    )


def sum_rows(weights: Values, theta: Values, order: int, sets: Sets) -> Sums:
    """Couplings of Σ_a ln 2cosh(θ_a + Σ_i w_ia s_i), for weights (n_units, n_rows) of few per row."""
    n_units, n_rows = weights.shape
    constant, fields = 0.0, np.zeros(n_units)
    pairs = np.zeros((n_units, n_units)) if order >= 2 else None
    larger = {size: np.zeros(len(units)) for size, units in sets.items()}
    most = int(np.count_nonzero(weights, axis=0).max())
    if most > MAX_UNITS:
        raise ValueError(
            f"a row has {most} weights, 2^{most} = {2.0**most:.3g} states to sum over; method='enumeration' takes at "
            f"most {MAX_UNITS}. Use method='fourier' instead."
        )
    for a in range(n_rows):
        support = np.flatnonzero(weights[:, a])
        within, inside = _sets_within(sets, support, n_units)
        row = pick(spin_transform(_log_2cosh(weights[support, a], theta[a])), len(support), order, inside)
        constant += row.constant
        fields[support] += row.fields
        if pairs is not None and row.pairs is not None:
            pairs[np.ix_(support, support)] += row.pairs
        for size, which in within.items():
            larger[size][which] += row.larger[size]
    return Sums(constant, fields, pairs, larger)


def _sets_within(
    sets: Sets, support: npt.NDArray[np.int64], n_units: int
) -> tuple[dict[int, npt.NDArray[np.int64]], dict[int, npt.NDArray[np.int64]]]:
    """Numbers of the sets that lie within a row, and their units' positions in it."""
    position = np.full(n_units, -1)
    position[support] = np.arange(len(support))
    within, inside = {}, {}
    for size, units in sets.items():
        positions = position[units]
        within[size] = np.flatnonzero((positions >= 0).all(axis=1))
        inside[size] = positions[within[size]]
    return within, inside


def _log_2cosh(weights: Values, theta: float) -> Values:
    """Ln 2cosh(θ + Σ w s) of all states of s."""
    x = np.array([theta - weights.sum()])
    for w in weights:
        x = np.concatenate([x, x + 2 * w])
    return np.asarray(np.logaddexp(x, -x))
