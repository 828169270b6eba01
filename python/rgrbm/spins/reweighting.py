"""Multiple-histogram reweighting: curves between the couplings of recorded runs, their maxima and their crossings.

The observables are those of :mod:`rgrbm.spins.observables`, with e = H/N and m = Σ s/N, at β = 1.
"""

from __future__ import annotations

import itertools
import math
import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq, minimize_scalar

from rgrbm._support import checks
from rgrbm.spins.measurement import Measurement
from rgrbm.spins.multiple_histograms import Histograms, Means, pair_overlap
from rgrbm.spins.recorded_runs import RecordedRun, check_runs, common_blocks, weighted
from rgrbm.statistics.jackknife import Array, Estimate, jackknife_stderr, student_factor
from rgrbm.statistics.presentation import Presented

_FEWEST_SAMPLES = 100.0  # independent ones of each run, and 1/σ² of the free-energy difference between neighbours
_POINTS = 16  # of the grid between neighbouring runs on which maxima and crossings are searched
_CLEAR = 3.0  # standard errors that two curves differ by where the sign of their difference counts

_Function = Callable[[Means, Array, float, int], Array]
_NOTHING = Estimate(math.nan, math.nan)


class Reweighting(Presented):
    r"""Runs at neighbouring couplings, combined to curves as functions of the coupling.

    Parameters
    ----------
    runs : sequence of Measurement or RecordedRun
        Runs of one lattice, in any order; a coupling may occur more than once. Measurements are those of
        :meth:`rgrbm.IsingModel.measure` with ``keep_series=True``. Runs and their chains must be independent: replicas
        that exchange couplings are not.
    n_sites : int, optional
        Number of spins N of the lattice; measurements know it.
    h : float, optional
        Uniform field of all runs: that of the measurements, by default 0 for recorded runs.
    n_blocks : int, default=32
        Most blocks of the jackknife, at least 4.

    Attributes
    ----------
    J : ndarray of shape (n_runs,)
        Couplings of the runs, sorted.
    effective_samples : ndarray of shape (n_runs,)
        Number of independent samples that each run is worth, N_k/(2τ_k).
    overlap : ndarray of shape (n_runs − 1,)
        How much the distributions of Σ s s′ of neighbouring runs overlap: 1 for equal, 0 for disjoint ones.
    gaps : list of (float, float)
        Neighbouring couplings whose runs overlap too little to be combined: runs are missing in between.
    n_blocks : int
        Blocks of the jackknife.
    h : float
    n_sites : int

    Raises
    ------
    ValueError
        If there are no runs, or they cannot be of one lattice with ``n_sites`` sites; if a measurement has no series;
        if a run is worth fewer than 100 independent samples, or is too short for 4 blocks.
    TypeError
        If the runs are no sequence, one is neither a measurement nor a :class:`RecordedRun`, ``n_sites`` is missing, or
        a number is none.
    MemoryError
        If Σ s s′ has too many different values for the memory.
    RuntimeError
        If the free energies do not converge.

    Notes
    -----
    The method is that of Ferrenberg and Swendsen, on the exact histogram of Σ s s′, without bins. It is MBAR (Shirts
    and Chodera) for samples with weights 1/(2τ_k), where τ_k is the integrated autocorrelation time of Σ s s′ in run k.
    Ferrenberg and Swendsen's weights are these, and they are statistically efficient.

    Errors are those of a jackknife that solves for the free energies again without each block. They include Student's
    factor for the number of blocks, and the bias of order 1/n is removed. A block is a group of whole chains; where a
    run has fewer than 8, it is a stretch of a chain, at least 20 autocorrelation times of Σ s s′ and \|Σ s\| long.
    Block b of all runs is left out at the same time.

    Two neighbouring runs are combined if the standard error of the free-energy difference between them is at most 0.1;
    with Gaussian distributions of n samples each this takes couplings within about 2√(2 ln(n/200)) standard deviations
    of each other. Beyond the first and the last run, ⟨Σ s s′⟩ may move by half a standard deviation, as long as the
    relative error of the specific heat is at most 5%.

    References
    ----------
    A. M. Ferrenberg and R. H. Swendsen, Phys. Rev. Lett. 63, 1195 (1989); M. R. Shirts and J. D. Chodera, J. Chem.
    Phys. 129, 124105 (2008).

    Examples
    --------
    >>> from rgrbm import IsingModel
    >>> from rgrbm.spins import Reweighting
    >>> runs = [IsingModel((16, 16), J).measure(200, seed=0, keep_series=True) for J in (0.42, 0.45)]
    >>> reweighting = Reweighting(runs)
    >>> value, stderr = reweighting.curve("energy_per_site", [0.43, 0.44])
    >>> bool(abs(value[1] / 0.44 + 1.4459) < 5 * stderr[1] / 0.44)
    True
    """

    def __init__(
        self,
        runs: Sequence[RecordedRun | Measurement],
        n_sites: int | None = None,
        *,
        h: float | None = None,
        n_blocks: int = 32,
    ) -> None:
        if isinstance(runs, Measurement | RecordedRun):
            raise TypeError("runs must be a sequence, got a single run; pass [run, …], one for each coupling")
        runs = checks.items("runs", runs, "Measurements or RecordedRuns")
        if not runs:
            raise ValueError("reweighting needs at least one run, got none")
        n_sites, h = _sites_and_field([run for run in runs if isinstance(run, Measurement)], n_sites, h)
        given = [_recorded(run) for run in runs]
        self.n_sites, self.h = checks.integer("n_sites", n_sites, 1), checks.real("the field h", h)
        check_runs(given, self.n_sites)
        ordered = [weighted(run) for run in sorted(given, key=lambda run: run.J)]
        self.n_blocks = common_blocks(ordered, checks.integer("n_blocks", n_blocks, 4))
        self.J = np.array([one.run.J for one in ordered])
        self.effective_samples = np.array([one.effective_samples for one in ordered])
        least = int(np.argmin(self.effective_samples))
        if self.effective_samples[least] < _FEWEST_SAMPLES:
            raise ValueError(
                f"each run must be worth at least {_FEWEST_SAMPLES:g} independent samples; that at J = "
                f"{self.J[least]:g} is worth {self.effective_samples[least]:.3g}. Run it longer"
            )
        pairs = [pair_overlap(*pair) for pair in itertools.pairwise(ordered)]
        self.overlap = np.array([overlap for overlap, _ in pairs])
        inverse = 1 / self.effective_samples
        variance = (inverse[1:] + inverse[:-1]) * (1 / np.maximum(self.overlap, 1e-300) - 1)
        cuts = np.flatnonzero(variance > 1 / _FEWEST_SAMPLES) + 1
        self.gaps = [(float(self.J[i - 1]), float(self.J[i])) for i in cuts]
        self._parts = []
        for first, last in zip([0, *cuts], [*cuts, len(ordered)], strict=True):
            differences = [difference for _, difference in pairs[first : last - 1]]
            part = Histograms(ordered[first:last], differences, self.n_sites, self.n_blocks)
            self._parts.append((part.end(-1), part.end(1), part))

    def _title(self) -> str:
        low, high = self.J_range
        return f"curves from J = {low:.5g} to {high:.5g} of {self.n_sites} sites, h = {self.h:g}, runs: {len(self.J)}"

    def _values(self) -> dict[str, Any]:
        return {"J": tuple(self.J.tolist()), "n_blocks": self.n_blocks, "gaps": tuple(self.gaps) or None}

    def _table(self) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
        overlaps = [*(f"{value:.3g}" for value in self.overlap), ""]
        runs = zip(self.J, self.effective_samples, overlaps, strict=True)
        rows = [(f"{J:.6g}", f"{samples:.4g}", overlap) for J, samples, overlap in runs]
        return ("J", "independent samples", "overlap with the next run"), rows

    @property
    def J_range(self) -> tuple[float, float]:
        """The lowest and the highest coupling of curves, a bit beyond the runs; :attr:`gaps` may lie in between."""
        return self._parts[0][0], self._parts[-1][1]

    def curve(self, name: str, J: npt.ArrayLike) -> tuple[Array, Array]:
        r"""An observable as a function of the coupling.

        Parameters
        ----------
        name : str
            "energy_per_site" ⟨e⟩, "specific_heat" N(⟨e²⟩ − ⟨e⟩²), "abs_magnetization" ⟨\|m\|⟩, "m2", "m4", "binder"
            1 − ⟨m⁴⟩/(3⟨m²⟩²), "susceptibility" N(⟨m²⟩ − ⟨m⟩²) with ⟨m⟩ = 0 for h = 0, or "connected_susceptibility"
            N(⟨m²⟩ − ⟨\|m\|⟩²).
        J : array_like of float
            Couplings.

        Returns
        -------
        value, stderr : ndarray, of the shape of J
            NaN, with a warning, where runs are missing: outside of :attr:`J_range` and in :attr:`gaps`. Values at
            neighbouring couplings are of the same samples, and their errors correlated.

        Raises
        ------
        ValueError
            If the observable is unknown or a coupling not finite.
        TypeError
            If the couplings are no numbers, or the name is no text.

        Warns
        -----
        RuntimeWarning
            If runs are missing at a coupling.
        """
        function = _observable(name)
        J = checks.numbers("J", J)
        if not np.isfinite(J).all():
            raise ValueError("each coupling J must be finite")
        value, stderr = np.full((2, J.size), np.nan)
        part_of = self._part_of(J.ravel())
        for which, (_, _, part) in enumerate(self._parts):
            here = part_of == which
            if here.any():
                rows = [self._values_at(function, part, J.ravel()[here], row) for row in range(part.n_rows)]
                value[here], stderr[here] = _jackknife(np.array(rows))
        if (part_of < 0).any():
            low, high = self.J_range
            reason = _missing(self.gaps) if self.gaps else f"runs cover J = {low:.5g} to {high:.5g}; add runs beyond"
            warnings.warn(f"{name} is NaN at {(part_of < 0).sum()} couplings: {reason}", RuntimeWarning, stacklevel=2)
        return value.reshape(J.shape), stderr.reshape(J.shape)

    def maximum(self, name: str) -> tuple[Estimate, Estimate]:
        """Where an observable is largest, and how large it is there.

        Parameters
        ----------
        name : str
            An observable of :meth:`curve`.

        Returns
        -------
        J, value : Estimate
            Each a pair (mean, stderr). NaN, with a warning, if runs are missing in between, or if the maximum lies at
            an end of the range within its error.

        Raises
        ------
        ValueError
            If the observable is unknown.
        TypeError
            If its name is no text.

        Warns
        -----
        RuntimeWarning
            If there is no estimate; it names the reason and what to do.
        """
        function = _observable(name)
        if self.gaps:
            return _none(f"the maximum of {name}", _missing(self.gaps)), _NOTHING
        low, high, part = self._parts[0]
        grid = _grid(low, high, self.J)
        tops = []
        for row in range(part.n_rows):
            values = self._values_at(function, part, grid, row)
            top = int(np.argmax(values))
            if top in (0, len(grid) - 1):
                end = f"it lies at the end of the range, J = {grid[top]:.5g}; add runs beyond"
                return _none(f"the maximum of {name}", end), _NOTHING
            best = minimize_scalar(
                lambda J, row=row: -float(self._values_at(function, part, np.array([J]), row)[0]),
                bounds=(grid[top - 1], grid[top + 1]), method="bounded", options={"xatol": 1e-9},
            )  # fmt: skip
            tops.append((best.x, -best.fun))
        place, value = _jackknife(np.array(tops))
        return Estimate(float(place[0]), float(value[0])), Estimate(float(place[1]), float(value[1]))

    def _part_of(self, J: Array) -> npt.NDArray[np.intp]:
        """Which overlapping runs give the value at each coupling, −1 for none; of two, those with the nearest run."""
        distances = np.array([
            np.where((low <= J) & (high >= J), np.abs(J[:, None] - part.J).min(axis=1), np.inf)
            for low, high, part in self._parts
        ])  # fmt: skip
        return np.where(np.isfinite(distances.min(axis=0)), distances.argmin(axis=0), -1)

    def _values_at(self, function: _Function, part: Histograms, J: Array, row: int) -> Array:
        means = part.means(J, row)
        means["S"] = means["s"] + part.reference
        return function(means, J, self.h, self.n_sites)


def _recorded(run: RecordedRun | Measurement) -> RecordedRun:
    if isinstance(run, RecordedRun):
        return run
    if not isinstance(run, Measurement):
        raise TypeError(f"runs must be Measurements or RecordedRuns, got {type(run).__name__}")
    if run.series is None:
        raise ValueError("a measurement without its series cannot be reweighted: measure with keep_series=True")
    return run.series


def _sites_and_field(
    measurements: Sequence[Measurement], n_sites: int | None, h: float | None
) -> tuple[int | None, float]:
    """The number of sites and the field: those of the measurements, unless they are given."""
    n_sites = None if n_sites is None else checks.integer("n_sites", n_sites, 1)
    h = None if h is None else checks.real("the field h", h)
    models = {(tuple(m.model["shape"]), m.model["lattice"], m.model["h"]) for m in measurements}
    if len(models) > 1:
        raise ValueError(f"all runs must be of one lattice in one field, got {sorted(models)}")
    for shape, _, field in models:
        n_sites = math.prod(shape) if n_sites is None else n_sites
        if n_sites != math.prod(shape) or (h is not None and h != field):
            raise ValueError(
                f"the measurements are of {math.prod(shape)} sites in a field of {field:g}, got n_sites = {n_sites} "
                f"and h = {h}; leave both out"
            )
        return n_sites, field
    if n_sites is None:
        raise TypeError("recorded runs do not know their lattice: give n_sites, its number of sites")
    return n_sites, 0.0 if h is None else h


def binder_crossing(first: Reweighting, second: Reweighting, name: str = "binder") -> Estimate:
    """The coupling at which the curves of two lattices cross.

    Parameters
    ----------
    first, second : Reweighting
        Of two sizes of a lattice, from independent runs.
    name : str, default="binder"
        An observable of :meth:`Reweighting.curve`.

    Returns
    -------
    Estimate
        The coupling J and its standard error, by the jackknife of either; the variances add. NaN, with a warning, if
        the curves do not cross, or cross several times, in the range that both cover. The sign of their difference
        counts where it exceeds 3 standard errors; it must change once.

    Raises
    ------
    TypeError
        If an argument is no Reweighting, or the name no text.
    ValueError
        If the observable is unknown.

    Warns
    -----
    RuntimeWarning
        If there is no estimate; it names the reason and what to do.

    Notes
    -----
    The error is statistical. Lattices of finite size cross near the critical coupling, not at it: on the square lattice
    sides 8 and 16 do so 0.0013 above J_c, 12 and 24 by 0.0005, 16 and 32 by 0.0001 (each ± 0.0001). So compare two
    pairs of sizes.

    References
    ----------
    K. Binder, Z. Phys. B 43, 119 (1981).

    Examples
    --------
    >>> from rgrbm import IsingModel
    >>> from rgrbm.spins import Reweighting, binder_crossing
    >>> def reweighting(side):
    ...     models = [IsingModel((side, side), J) for J in (0.42, 0.44, 0.46)]
    ...     return Reweighting([model.measure(400, seed=side, keep_series=True) for model in models])
    >>> J, stderr = binder_crossing(reweighting(4), reweighting(8))
    >>> bool(abs(J - 0.4407) < 0.02)
    True
    """
    for argument in (first, second):
        if not isinstance(argument, Reweighting):
            raise TypeError(
                f"expected a Reweighting of several runs for each lattice, got {type(argument).__name__}; pass "
                "Reweighting([run, …]), or measurements without series to rgrbm.rg.measured_crossing"
            )
    function, what = _observable(name), f"the crossing of {name}"
    if gaps := dict.fromkeys([*first.gaps, *second.gaps]):
        return _none(what, _missing(gaps))
    (low, high, part), (other_low, other_high, other_part) = first._parts[0], second._parts[0]
    low, high = max(low, other_low), min(high, other_high)
    if low >= high:
        return _none(what, f"the runs cover no common range, {first.J_range} and {second.J_range}; add runs")
    grid = _grid(low, high, np.concatenate([first.J, second.J]))
    (a, a_error), (b, b_error) = first.curve(name, grid), second.curve(name, grid)
    clear = np.abs(a - b) > _CLEAR * np.hypot(a_error, b_error)
    places, signs = grid[clear], np.sign(a - b)[clear]
    changes = np.flatnonzero(np.diff(signs))
    between = f"between J = {low:.5g} and {high:.5g}"
    if not len(changes):
        return _none(what, f"the curves do not clearly cross {between}; run over a wider range, or longer")
    if len(changes) > 1:
        return _none(what, f"the curves cross {len(changes)} times {between}; choose runs over a smaller range")
    ends = float(places[changes[0]]), float(places[changes[0] + 1])

    def difference(J: float | Array, row: int, other_row: int) -> Array:
        at = np.atleast_1d(np.asarray(J, dtype=np.float64))
        return first._values_at(function, part, at, row) - second._values_at(function, other_part, at, other_row)

    inside = np.linspace(*ends, 4 * _POINTS)
    if np.count_nonzero(np.diff(np.sign(difference(inside, 0, 0)))) != 1:
        return _none(what, f"the curves cross several times within their errors near J = {ends[0]:.5g}; run longer")

    def roots(rows: Sequence[tuple[int, int]]) -> Array:
        return np.array([[brentq(lambda J, r=r: difference(J, *r)[0], *ends, xtol=1e-12)] for r in rows])

    value, error = _jackknife(roots([(row, 0) for row in range(part.n_rows)]))
    other, other_error = _jackknife(roots([(0, row) for row in range(other_part.n_rows)]))
    whole = roots([(0, 0)])
    return Estimate(float((value + other - whole)[0, 0]), float(np.hypot(error, other_error)[0]))


def _jackknife(rows: Array) -> tuple[Array, Array]:
    """Values without the bias of 1/n, and errors; the first row is of all blocks, the others lack one block each."""
    replicas = rows[1:]
    n = len(replicas)
    return n * rows[0] - (n - 1) * replicas.mean(axis=0), student_factor(n) * jackknife_stderr(replicas)


def _grid(low: float, high: float, J: Array) -> Array:
    """Couplings from low to high, of a spacing that follows that of the runs."""
    inside = J[np.abs(J - (low + high) / 2) < (high - low) / 2]
    ends = np.unique(np.concatenate([[low], inside, [high]]))
    return np.unique(np.concatenate([[low], *(np.linspace(a, b, _POINTS + 1) for a, b in itertools.pairwise(ends))]))


def _none(what: str, reason: str) -> Estimate:
    warnings.warn(f"{what} cannot be estimated: {reason}", RuntimeWarning, stacklevel=3)
    return _NOTHING


def _missing(gaps: Iterable[tuple[float, float]]) -> str:
    pairs = ", ".join(f"J = {low:g} and {high:g}" for low, high in gaps)
    return f"runs are missing between {pairs}, whose energies overlap too little; add couplings in between"


def _observable(name: str) -> _Function:
    return _OBSERVABLES[checks.choice("the observable", name, _OBSERVABLES)]


def _energy(x: Means, J: Array, h: float, n: int) -> Array:
    return -J * x["S"] / n - h * x["m"]


def _specific_heat(x: Means, J: Array, h: float, n: int) -> Array:
    along = J**2 * (x["s2"] - x["s"] ** 2) / n**2
    crossed = 2 * J * h * (x["sm"] - x["s"] * x["m"]) / n
    return n * (along + crossed + h**2 * (x["m2"] - x["m"] ** 2))


def _susceptibility(x: Means, J: Array, h: float, n: int) -> Array:
    return n * (x["m2"] - x["m"] ** 2) if h else n * x["m2"]


_OBSERVABLES: dict[str, _Function] = {
    "energy_per_site": _energy,
    "specific_heat": _specific_heat,
    "abs_magnetization": lambda x, J, h, n: x["abs_m"],
    "m2": lambda x, J, h, n: x["m2"],
    "m4": lambda x, J, h, n: x["m4"],
    "binder": lambda x, J, h, n: 1 - x["m4"] / (3 * x["m2"] ** 2),
    "susceptibility": _susceptibility,
    "connected_susceptibility": lambda x, J, h, n: n * (x["m2"] - x["abs_m"] ** 2),
}
