"""Receptive fields of hidden units on a lattice: where they are, how wide, and how units at a distance correlate."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import map_coordinates

from rgrbm._support import checks
from rgrbm.mcrg.spin_operators import lattice_spins
from rgrbm.rg.filters import filter_positions, filter_signs
from rgrbm.spins.values import spin_values
from rgrbm.statistics.jackknife import Array, block_bounds, jackknife_stderr, leave_one_out
from rgrbm.statistics.notation import or_dash, with_error
from rgrbm.statistics.presentation import Presented

_BLOCKS = 50


@dataclass(frozen=True, repr=False)
class ReceptiveFields(Presented):
    """Receptive fields of hidden units on a periodic lattice; lengths in sites.

    Attributes
    ----------
    shape : tuple of int
        The lattice.
    positions : ndarray of shape (n_hidden, n_dimensions)
        Centres, as circular means of the sites along each axis weighted by W²; NaN without weights.
    spreads : ndarray of shape (n_hidden,)
        √(Σ W² d²/Σ W²) with the distances d from the centre, ½ for two equal neighbours.
    n_sites : ndarray of shape (n_hidden,)
        Effective number of sites, (Σ W²)²/Σ W⁴: 1 for one, n for n equal weights.
    signs : ndarray of shape (n_hidden,)
        Sign of the largest weight, 0 without weights.
    """

    shape: tuple[int, ...]
    positions: Array
    spreads: Array
    n_sites: Array
    signs: Array

    def _table(self) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
        positions = [", ".join(or_dash(x, ".2f") for x in position) for position in self.positions.tolist()]
        rows = enumerate(zip(positions, self.spreads, self.n_sites, self.signs, strict=True))
        return ("hidden unit", "position", "spread", "sites", "sign"), [
            (str(unit), position, or_dash(spread, ".3g"), or_dash(n, ".3g"), f"{sign:+.0f}")
            for unit, (position, spread, n, sign) in rows
        ]

    def is_local(self, radius: float) -> npt.NDArray[np.bool_]:
        """Whether each unit has weights, spread by at most this many sites."""
        return np.asarray(self.spreads <= radius)

    def distances(self) -> Array:
        """Distances between the centres of all pairs of units on the torus, of shape (n_hidden, n_hidden)."""
        return np.asarray(np.linalg.norm(self.displacements(), axis=-1))

    def displacements(self) -> Array:
        """The way between the centres of all pairs, the short way around: shape (n_hidden, n_hidden, n_dimensions)."""
        return _shortest(self.positions[:, None, :] - self.positions[None, :, :], self.shape)


@dataclass(frozen=True, repr=False)
class HiddenLatticeCorrelation(Presented):
    """Correlations of hidden spins by the distance of their receptive fields, beside those of the visible spins there.

    Attributes
    ----------
    distance : ndarray of shape (n_bins,)
        Mean distance of the pairs of each bin, in sites.
    n_pairs : ndarray of int, shape (n_bins,)
    hidden, hidden_stderr : ndarray of shape (n_bins,)
        Mean ⟨h h′⟩ of hidden spins ±1, each with the sign of its largest weight; jackknife errors.
    visible : ndarray of shape (n_bins,)
        Mean ⟨s s′⟩ of spins at the same displacements, interpolated between sites.
    """

    distance: Array
    n_pairs: npt.NDArray[np.int64]
    hidden: Array
    hidden_stderr: Array
    visible: Array

    def _table(self) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
        columns = (self.distance, self.n_pairs, self.hidden, self.hidden_stderr, self.visible)
        return ("distance", "pairs", "⟨h h′⟩", "⟨s s′⟩"), [
            (or_dash(x, ".3g"), str(n), with_error(h, error), or_dash(s, ".4g"))
            for x, n, h, error, s in zip(*(column.tolist() for column in columns), strict=True)
        ]


def receptive_fields(weights: npt.ArrayLike, shape: Sequence[int]) -> ReceptiveFields:
    """Position and size of each hidden unit's receptive field.

    Parameters
    ----------
    weights : array_like of shape (n_sites, n_hidden)
        Weights of an RBM, in any units; sites are numbered row by row.
    shape : sequence of int
        The periodic lattice of the visible units, of any number of dimensions.

    Returns
    -------
    ReceptiveFields

    Raises
    ------
    TypeError
        If the weights are not real numbers, or the shape is none.
    ValueError
        If the weights are not those of a lattice of this shape, or not finite.

    Examples
    --------
    >>> import numpy as np
    >>> from rgrbm.rg import receptive_fields
    >>> w = np.zeros((16, 1))
    >>> w[[3, 0]] = -1.0  # sites (0, 3) and (0, 0), which are neighbours around the edge
    >>> fields = receptive_fields(w, (4, 4))
    >>> fields.positions, fields.spreads, fields.n_sites, fields.signs
    (array([[0. , 3.5]]), array([0.5]), array([2.]), array([-1.]))
    """
    sides = checks.integers("shape", shape, 1)
    if not sides:
        raise ValueError("shape must have at least one side, got ()")
    w = checks.numbers("weights", weights)
    if w.ndim != 2 or len(w) != math.prod(sides) or not np.isfinite(w).all():
        raise ValueError(f"expected finite weights of shape ({math.prod(sides)}, n_hidden), got {w.shape}")
    squares, total = w**2, (w**2).sum(axis=0)
    seen = total > 0
    share = squares[:, seen] / total[seen]
    sites = np.indices(sides).reshape(len(sides), -1)
    on_lattice, axes = squares.reshape(*sides, -1), range(len(sides))
    along = [on_lattice.sum(axis=tuple(other for other in axes if other != axis)) for axis in axes]
    positions = np.stack([filter_positions(np.sqrt(marginal)) for marginal in along], axis=1)
    apart = _shortest(sites.T[:, None, :] - positions[None, seen, :], sides)
    spreads, n_sites = np.full(w.shape[1], np.nan), np.zeros(w.shape[1])
    spreads[seen] = np.sqrt(np.sum(share * (apart**2).sum(axis=-1), axis=0))
    n_sites[seen] = 1 / np.sum(share**2, axis=0)
    return ReceptiveFields(sides, positions, spreads, n_sites, filter_signs(w))


def hidden_lattice_correlation(
    spins: npt.ArrayLike, hidden: npt.ArrayLike, fields: ReceptiveFields, *, bin_width: float = 1.0
) -> HiddenLatticeCorrelation:
    """Correlations of hidden spins by the distance of their receptive fields.

    Parameters
    ----------
    spins : array_like of -1 and +1, shape (n_samples, rows, columns) or (n_samples, n_sites)
        Configurations; consecutive ones of a Markov chain next to each other.
    hidden : array_like of -1 and +1, shape (n_samples, n_hidden)
        Hidden spins of each configuration.
    fields : ReceptiveFields
        Receptive fields of the units. Units without weights are left out.
    bin_width : float, default=1
        Width of the bins of distances, in sites.

    Returns
    -------
    HiddenLatticeCorrelation

    Raises
    ------
    TypeError
        If an argument is of another kind.
    ValueError
        If a spin is not ±1 or is masked, the shapes do not fit together, or fewer than two units have weights.
    """
    s, h = lattice_spins(spins), spin_values(hidden)
    width = checks.real("bin_width", bin_width)
    checks.instance("fields", fields, ReceptiveFields)
    if s.shape[1:] != fields.shape or h.shape != (len(s), len(fields.signs)):
        raise ValueError(
            f"fields on a lattice of shape {fields.shape} need spins of shape (n_samples, *{fields.shape}) and hidden "
            f"spins of shape (n_samples, {len(fields.signs)}), got {s.shape} and {h.shape}"
        )
    if width <= 0:
        raise ValueError(f"bin_width must be positive, got {bin_width}")
    units = np.flatnonzero(fields.signs)
    if len(units) < 2:
        raise ValueError(f"correlations need at least two units with weights, got {len(units)}")
    aligned = h[:, units] * fields.signs[units]
    first, second = np.triu_indices(len(units), 1)
    displacement = fields.displacements()[units[first], units[second]]
    distance = np.linalg.norm(displacement, axis=-1)
    number = np.unique(np.floor(distance / width + 0.5), return_inverse=True)[1]
    n_pairs = np.bincount(number)
    bounds = block_bounds(len(s), _BLOCKS)
    products = [aligned[start:end].T @ aligned[start:end] for start, end in itertools.pairwise(bounds.tolist())]
    sums = np.array([np.bincount(number, weights=product[first, second]) / n_pairs for product in products])
    counts = np.diff(bounds)[:, None].astype(np.float64)
    visible = _interpolated(_spin_correlation(s), displacement)
    return HiddenLatticeCorrelation(
        np.bincount(number, weights=distance) / n_pairs,
        n_pairs,
        sums.sum(axis=0) / len(s),
        jackknife_stderr(leave_one_out(sums) / leave_one_out(counts)),
        np.bincount(number, weights=visible) / n_pairs,
    )


def _shortest(displacements: Array, shape: tuple[int, ...]) -> Array:
    """Displacements the short way around."""
    sides = np.array(shape)
    return np.asarray((displacements + sides / 2) % sides - sides / 2)


def _spin_correlation(spins: npt.NDArray[np.int8]) -> Array:
    """⟨s₀ s_d⟩ for every displacement d, averaged over samples and translations."""
    axes = tuple(range(1, spins.ndim))
    power = np.mean(np.abs(np.fft.fftn(spins, axes=axes)) ** 2, axis=0)
    return np.asarray(np.fft.ifftn(power).real / spins[0].size)


def _interpolated(correlation: Array, displacements: Array) -> Array:
    return np.asarray(map_coordinates(correlation, displacements.T, order=1, mode="grid-wrap"))
