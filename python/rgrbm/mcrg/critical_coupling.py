"""The critical coupling by matching two lattices: at J_c, both have the same distribution at the same size."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from rgrbm._support import checks, streams
from rgrbm.mcrg.block_kernels import BlockKernel
from rgrbm.mcrg.enumerated_operators import default_operators
from rgrbm.mcrg.linearized_rg import covariances
from rgrbm.mcrg.monte_carlo_rg import MCRGAccumulator, by_chains
from rgrbm.mcrg.spin_operators import SpinOperator, checked_operators
from rgrbm.mcrg.torus import Torus
from rgrbm.spins.ensemble import Ensemble
from rgrbm.spins.lattice import Kind
from rgrbm.statistics.jackknife import Array, Estimate, jackknife_stderr, leave_one_out
from rgrbm.statistics.notation import with_error
from rgrbm.statistics.presentation import Presented


@dataclass(frozen=True, repr=False)
class MatchedCoupling(Presented):
    """The critical coupling by one operator at one level.

    Attributes
    ----------
    level : int
        Blockings of the larger lattice; the smaller one has one less.
    shape : tuple of int
        The lattice on which the two are compared.
    operator : str
    difference, difference_stderr : float
        ⟨S⟩ of the larger lattice less that of the smaller one, per site.
    J_c, J_c_stderr : float
        Where that would vanish, to first order, and its standard error.
    """

    level: int
    shape: tuple[int, ...]
    operator: str
    difference: float
    difference_stderr: float
    J_c: float
    J_c_stderr: float


@dataclass(frozen=True, repr=False)
class CouplingMatch(Presented):
    """Critical couplings by :func:`rgrbm.mcrg.match_critical_coupling`. Printed, it is a table.

    Attributes
    ----------
    J : float
        Coupling of the samples.
    kernel : str
    matches : tuple of MatchedCoupling
        For each level and operator.
    """

    J: float
    kernel: str
    matches: tuple[MatchedCoupling, ...]

    def J_c(self, level: int, operator: str = "nearest") -> Estimate:
        """The critical coupling by an operator at a level.

        Raises
        ------
        KeyError
            If there is none.
        """
        for match in self.matches:
            if (match.level, match.operator) == (level, operator):
                return Estimate(match.J_c, match.J_c_stderr)
        raise KeyError(f"operator {operator!r} was not matched at level {level}")

    def to_dict(self) -> dict[str, Any]:
        """All of it, ready for a JSON file."""
        rows = [asdict(match) | {"shape": list(match.shape)} for match in self.matches]
        return {"J": self.J, "kernel": self.kernel, "matches": rows}

    def to_frame(self) -> Any:
        """The matches as a pandas DataFrame.

        Raises
        ------
        ImportError
            If pandas is not installed.
        """
        import pandas as pd

        return pd.DataFrame([asdict(match) for match in self.matches])

    def __str__(self) -> str:
        header, rows = self._table()
        width = max(len(row[0]) for row in (header, *rows))
        lines = [f"{row[0]:<{width}}" + "".join(f"{cell:>16}" for cell in row[1:]) for row in (header, *rows)]
        return "\n".join([self._title(), "", *lines])

    def _title(self) -> str:
        return f"{self.kernel}: samples at J = {self.J:.6f}"

    def _values(self) -> dict[str, Any]:
        of_all = {(match.level, match.operator): match for match in self.matches}
        return {f"J_c({level}, {name!r})": Estimate(m.J_c, m.J_c_stderr) for (level, name), m in of_all.items()}

    def _table(self) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
        shapes = dict(sorted((match.level, "×".join(map(str, match.shape))) for match in self.matches))
        operators = dict.fromkeys(match.operator for match in self.matches)
        rows = [(name, *(with_error(*self.J_c(level, name)) for level in shapes)) for name in operators]
        return ("J_c from", *(f"on {shape}" for shape in shapes.values())), rows


def match_critical_coupling(
    large: npt.ArrayLike | Ensemble,
    small: npt.ArrayLike | Ensemble,
    kernel: BlockKernel,
    *,
    J: float | None = None,
    operators: Iterable[SpinOperator] | None = None,
    levels: int | None = None,
    seed: streams.Seed = None,
) -> CouplingMatch:
    """The critical coupling of the Ising model, by comparing blocked lattices of two sizes.

    A lattice of side b L after n steps and one of side L after n − 1 have the same size. At J_c they have the same
    distribution if n is large enough that both are near the fixed point. Away from J_c, ⟨S⟩ differs. The difference and
    its derivative give J_c = J − Δ⟨S⟩ / (∂⟨S⟩_large/∂J − ∂⟨S⟩_small/∂J), with ∂⟨S⟩/∂J = ⟨S S₁⟩ − ⟨S⟩⟨S₁⟩ and S₁ the sum
    over bonds of the samples themselves.

    Parameters
    ----------
    large, small : Ensemble, or array_like of -1 and +1, shape ``(n_samples, *shape)``
        Independent samples at the same J without a field, with sides b L and L. Rows of an array of shape
        ``(n_samples, n_sites)`` are rings.
    kernel : BlockKernel
        The distribution of block spins, of b sites.
    J : float, optional
        Coupling of the samples; by default that of the ensembles. The method is of first order, so J must be near J_c.
    operators : iterable of SpinOperator, optional
        Even operators to compare; by default those of :func:`rgrbm.mcrg.mcrg`.
    levels : int, optional
        Steps of the larger lattice, by default as many as leave four sites along each axis.
    seed : int, SeedSequence, Generator, RandomState or None, default=None
        Fixes the draws of block spins.

    Returns
    -------
    CouplingMatch

    Raises
    ------
    TypeError, ValueError
        As of :class:`rgrbm.mcrg.MCRGAccumulator`; if the sides do not differ by b, no J is given or two different ones,
        or an operator is odd. As of :func:`rgrbm.mcrg.mcrg`, if samples have a field or rows are no rings.

    References
    ----------
    K. G. Wilson, in *Recent Developments in Gauge Theories* (1980); R. H. Swendsen, in *Real-Space Renormalization*
    (1982).

    Examples
    --------
    >>> from rgrbm import IsingModel
    >>> from rgrbm.mcrg import MajorityKernel, match_critical_coupling
    >>> large, small = (IsingModel((L, L), J=0.43).ensemble(4000, method="heat_bath", seed=0) for L in (8, 4))
    >>> abs(match_critical_coupling(large, small, MajorityKernel(), seed=0).J_c(1).mean - 0.4407) < 0.02
    True
    """
    checks.instance("kernel", kernel, BlockKernel)
    J = _common_coupling(J, large, small)
    arrays = by_chains(large), by_chains(small)
    sides = [array.shape[1:] for array in arrays]
    large_torus, small_torus = (Torus(shape, kernel.lattice) for shape in sides)
    if large_torus.coarse_or_none(kernel.steps(len(sides[0]))) != small_torus:
        raise ValueError(
            f"the larger lattice must have {kernel.scale:.4g} times the sides of the smaller one, got shapes "
            f"{sides[0]} and {sides[1]}"
        )
    measured = _with_nearest(operators, arrays[0].ndim - 1, kernel.lattice)
    seeds = _two_seeds(streams.seed_sequence(seed))
    larger = MCRGAccumulator(kernel, arrays[0].shape[1:], operators=measured, levels=levels, seed=seeds[0])
    smaller = MCRGAccumulator(kernel, arrays[1].shape[1:], operators=measured, levels=larger.levels - 1, seed=seeds[1])
    larger.add(arrays[0])
    smaller.add(arrays[1])
    of_larger, of_smaller = _response(larger), _response(smaller)
    matches = [
        _matched(J, level, larger.shapes[level], operator.name, of_larger.at(level, i), of_smaller.at(level - 1, i))
        for level in range(1, larger.levels + 1)
        for i, operator in enumerate(measured)
    ]
    return CouplingMatch(J, kernel.name, tuple(matches))


class _Response(NamedTuple):
    """Means of operators and their derivatives by J: of all samples, then of all but one block for each block."""

    means: Array
    """Shape (1 + n_blocks, n_levels, n_operators)."""
    slopes: Array

    def at(self, level: int, operator: int) -> _Response:
        return _Response(self.means[:, level, operator], self.slopes[:, level, operator])


def _response(accumulator: MCRGAccumulator) -> _Response:
    """Of operators whose first is the sum over bonds."""
    moments = accumulator.moments("even")
    covariance = covariances(moments, centred=True)
    left = [moments.sums.sum(axis=0) / moments.weights.sum()]
    if len(covariance.replicas):
        left += list(leave_one_out(moments.sums) / leave_one_out(moments.weights)[:, None])
    shape = (len(left), accumulator.levels + 1, -1)
    slopes = np.concatenate([covariance.all[None, :, 0], covariance.replicas[:, :, 0]])
    return _Response(np.reshape(left, shape), slopes.reshape(shape))


def _matched(
    J: float, level: int, shape: tuple[int, ...], name: str, large: _Response, small: _Response
) -> MatchedCoupling:
    """J_c from one operator; the errors of the two lattices are independent."""

    def of(means: Array, slopes: Array) -> Array:
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.stack([means / math.prod(shape), J - means / slopes])

    whole = of(large.means[0] - small.means[0], large.slopes[0] - small.slopes[0])
    replicas = (
        of(large.means[1:] - small.means[0], large.slopes[1:] - small.slopes[0]),
        of(large.means[0] - small.means[1:], large.slopes[0] - small.slopes[1:]),
    )
    errors = [jackknife_stderr(r.T) if r.shape[1] > 1 else np.full(2, math.nan) for r in replicas]
    (difference, J_c), (difference_stderr, J_c_stderr) = whole, np.hypot(*errors)
    return MatchedCoupling(
        level, shape, name, float(difference), float(difference_stderr), float(J_c), float(J_c_stderr)
    )


def _with_nearest(
    operators: Iterable[SpinOperator] | None, n_dimensions: int, lattice: Kind
) -> tuple[SpinOperator, ...]:
    """Even operators, the sum over bonds first, which the derivative by J needs."""
    checked = None if operators is None else checked_operators(operators, n_dimensions)
    default = default_operators(n_dimensions, checked[0].lattice if checked else lattice)
    nearest, checked = default[0], checked or default
    odd = [o.name for o in checked if not o.is_even]
    if odd and operators is not None:
        raise ValueError(f"odd operators have no mean to compare, got {odd}")
    return (nearest, *(o for o in checked if o.is_even and o.images != nearest.images))


def _common_coupling(J: float | None, *samples: npt.ArrayLike | Ensemble) -> float:
    """The J of ensembles, or the one that is given."""
    ensembles = [s for s in samples if isinstance(s, Ensemble)]
    for ensemble in ensembles:
        if len(set(ensemble.couplings)) > 1:
            raise ValueError(f"one coupling is matched, the ensembles have one for each axis: {ensemble.couplings}")
    known = {ensemble.J for ensemble in ensembles}
    if J is not None:
        known.add(checks.real("J", J))
    if len(known) != 1:
        what = "different ones" if known else "none"
        raise ValueError(f"both lattices need the same J, given by ensembles or as J=; got {what}: {sorted(known)}")
    (common,) = known
    return common


def _two_seeds(sequence: np.random.SeedSequence) -> list[np.random.SeedSequence]:
    """Two sequences from one, which stays as it is."""
    return [np.random.SeedSequence(sequence.entropy, spawn_key=(*sequence.spawn_key, i)) for i in range(2)]
