"""The bistable (φ⁴) chain: exact results by its transfer operator, and samples."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from rgrbm._core import kernels
from rgrbm._support import checks, streams
from rgrbm._support.blas import same_bits
from rgrbm.statistics.presentation import short_repr

Values = npt.NDArray[np.float64]

_OUTERMOST = 40.0  # of λ(u² − 1)² where the grid ends: e^(−40) of the density is left out
_POINTS_PER_WIDTH = 2.5  # of the narrowest well: the trapezoid rule errs by exp(−2π² 2.5²), nothing
_MOST_POINTS = 4000
_SWEEPS_FROM_GRID = 20
_STEP = 2.5  # half-width of Metropolis steps, in deviations within a well
_LARGEST_LOG = 709  # of a float64
_SUMS = 2001  # of two neighbours' displacements, between which conditional means are interpolated


class TruncatedDecimation(NamedTuple):
    """The bistable chain that is closest to every other site of a finer one, and how far it is from these."""

    chain: BistableChain
    """λ' and κ' of half as many sites."""
    divergence: float
    """KL divergence of the exact distribution of the kept sites from this chain, in nats per kept site."""
    J_exact: float
    """J_eff of the kept sites, ½ ln cosh 2J_eff; that of ``chain`` differs."""

    def __repr__(self) -> str:
        return short_repr(self)


@dataclass(frozen=True)
class BistableChain:
    """Displacements u on a ring, p(u) ∝ exp(−H), H = Σ λ(u_i² − 1)² + Σ ½κ(u_i − u_{i+1})².

    Each site is a spring of two rests, u = ±1, with a barrier λ between them. The transfer operator
    T(x, y) = exp(−½V(x) − ½V(y) − ½κ(x − y)²), V(u) = λ(u² − 1)², on a uniform grid gives all results to rounding.

    Parameters
    ----------
    n_sites : int
        Sites of the ring, at least 2; two sites have two springs between them.
    barrier : float
        λ > 0, in units of the temperature.
    stiffness : float
        κ ≥ 0 of the springs between neighbours, in units of the temperature.

    Raises
    ------
    ValueError
        If a number is out of range, or so large that the grid would be too fine.
    TypeError
        If ``n_sites`` is not an integer, or another is not a number.

    Examples
    --------
    >>> from rgrbm.mechanics import BistableChain
    >>> chain = BistableChain(16, barrier=1.0, stiffness=1.0)
    >>> round(chain.J_eff, 8), round(chain.correlation_length, 8)
    (0.58654899, 1.5630402)
    """

    n_sites: int
    barrier: float
    stiffness: float

    def __post_init__(self) -> None:
        """Check the numbers."""
        object.__setattr__(self, "n_sites", checks.integer("n_sites", self.n_sites, 2))
        object.__setattr__(self, "barrier", checks.real("barrier", self.barrier, 0))
        object.__setattr__(self, "stiffness", checks.real("stiffness", self.stiffness, 0))
        if self.barrier == 0:
            raise ValueError("barrier must be positive: without it nothing holds the chain; got 0")
        if self._n_points > _MOST_POINTS:
            raise ValueError(
                f"a grid of {self._n_points:,} points would be needed, more than {_MOST_POINTS:,}: "
                f"barrier={self.barrier:g} or stiffness={self.stiffness:g} is too large"
            )

    @property
    def _edge(self) -> float:
        return math.sqrt(1 + math.sqrt(_OUTERMOST / self.barrier))

    @property
    def _n_points(self) -> int:
        # The curvature at a rest is V'' + 2κ = 8λ + 2κ, and more towards the edge, where the density is negligible.
        width = 1 / math.sqrt(8 * self.barrier + 4 * self.stiffness)
        return max(120, math.ceil(2 * self._edge / width * _POINTS_PER_WIDTH))

    @cached_property
    def _grid(self) -> Values:
        return np.linspace(-self._edge, self._edge, self._n_points)

    @cached_property
    def _log_operator(self) -> Values:
        """Log of the transfer operator times the spacing, so that its powers are integrals over sites."""
        u = self._grid
        well = 0.5 * self.barrier * (u**2 - 1) ** 2
        coupling = 0.5 * self.stiffness * (u[:, None] - u) ** 2
        return np.asarray(math.log(u[1] - u[0]) - well[:, None] - well - coupling)

    @cached_property
    def _spectrum(self) -> tuple[Values, Values]:
        """Eigenvalues, the largest first, and eigenvectors in the same order."""
        values, vectors = np.linalg.eigh(np.exp(self._log_operator))
        order = np.argsort(-np.abs(values))
        return values[order], vectors[:, order]

    def eigenvalues(self, n: int = 10) -> Values:
        """The n largest eigenvalues λ_0 > λ_1 > … of the transfer operator."""
        return self._spectrum[0][: checks.integer("n", n, 1)].copy()

    def log_z(self) -> float:
        """Log of Z = ∫ exp(−H) du = Σ λ_k^N, in nats; the free energy is −log_z."""
        values = self._spectrum[0]
        ratio = values / values[0]
        return float(self.n_sites * math.log(values[0]) + math.log(np.sum(ratio**self.n_sites)))

    @property
    def J_eff(self) -> float:
        """Coupling of the Ising chain with the same decay, tanh J_eff = λ_1/λ_0; 0 without springs."""
        values = self._spectrum[0]
        return math.atanh(max(0.0, float(values[1] / values[0]))) if self.stiffness else 0.0

    @property
    def correlation_length(self) -> float:
        """ξ = 1/ln(λ_0/λ_1) of the infinite chain; 0 without springs. Decimation halves it, exactly."""
        values = self._spectrum[0]
        return 1 / math.log(values[0] / values[1]) if self.stiffness else 0.0

    def decimate(self) -> TruncatedDecimation:
        """Integrate out every other site, and fit a bistable chain to what is left.

        Decimation is exact in the transfer operator, T → T², but T² is no bistable chain's: couplings of other forms
        appear. This gives the λ' and κ' with the same ⟨(u² − 1)²⟩ and ⟨(u_0 − u_1)²⟩, which are the most likely ones,
        for the infinite chain.

        Raises
        ------
        ValueError
            If the number of sites is odd or below 4, or there are no springs.
        ArithmeticError
            If no bistable chain has these two means.

        Examples
        --------
        >>> from rgrbm.mechanics import BistableChain
        >>> coarse = BistableChain(16, barrier=1.0, stiffness=1.0).decimate()
        >>> round(coarse.J_exact, 4), round(coarse.chain.J_eff, 3)
        (0.2857, 0.333)
        """
        if self.n_sites % 2 or self.n_sites < 4:
            raise ValueError(f"decimation needs an even number of sites, at least 4, got {self.n_sites}")
        if self.stiffness == 0:
            raise ValueError("a chain without springs has no decimation: its sites are independent")
        from scipy.optimize import minimize

        values = self._spectrum[0]
        squared, pairs, well, stretch = self._pairs(2)

        def cross_entropy(log_parameters: Values) -> tuple[float, Values]:
            barrier, stiffness = np.exp(log_parameters)
            fitted = BistableChain(self.n_sites, float(barrier), float(stiffness))
            _, _, own_well, own_stretch = fitted._pairs(1)
            value = barrier * well + 0.5 * stiffness * stretch + math.log(fitted.eigenvalues(1)[0])
            return value, np.array([barrier * (well - own_well), 0.5 * stiffness * (stretch - own_stretch)])

        start, edge = np.log([self.barrier, 0.5 * self.stiffness]), math.log(30.0)
        bounds = [(x - edge, x + edge) for x in start]
        options = {"ftol": 1e-15, "gtol": 1e-10}
        found = minimize(cross_entropy, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options)
        if any(min(x - low, high - x) < 1e-6 for x, (low, high) in zip(found.x, bounds, strict=True)):
            raise ArithmeticError("no bistable chain is close to every other site of this one")
        barrier, stiffness = np.exp(found.x)
        # ln T² is without the spacing of one of its two integrals: that of the kept site.
        log_squared = np.log(np.maximum(squared, np.finfo(float).tiny)) - math.log(self._grid[1] - self._grid[0])
        entropy = 2 * math.log(values[0]) - float(np.sum(pairs * log_squared))
        chain = BistableChain(self.n_sites // 2, float(barrier), float(stiffness))
        return TruncatedDecimation(chain, float(found.fun) - entropy, math.atanh(float((values[1] / values[0]) ** 2)))

    def _pairs(self, distance: int) -> tuple[Values, Values, float, float]:
        """Of sites at a distance in the infinite chain: Tᵈ, p(x, y), ⟨(x² − 1)²⟩ and ⟨(x − y)²⟩."""
        u, (values, vectors) = self._grid, self._spectrum
        power = np.linalg.matrix_power(np.exp(self._log_operator), distance)
        pairs = vectors[:, 0, None] * power * vectors[:, 0] / values[0] ** distance
        well = float(np.sum(pairs.sum(axis=1) * (u**2 - 1) ** 2))
        return power, pairs, well, float(np.sum(pairs * (u[:, None] - u) ** 2))

    def correlation(self, power: int = 1) -> Values:
        """⟨u_0^power u_x^power⟩ for x = 0 … n_sites − 1; symmetric, so that odd powers need no mean.

        Parameters
        ----------
        power : int, default=1
            1 for displacements; 2 for their squares.

        Raises
        ------
        TypeError
            If the power is not an integer.
        ValueError
            If it is below 1, or so large that powers of displacements overflow.
        """
        power, most = checks.integer("power", power, 1), int(_LARGEST_LOG / math.log(self._edge))
        if power > most:
            raise ValueError(f"power must be at most {most}, where it overflows, got {checks.shown(power)}")
        values, vectors = self._spectrum
        ratio = values / values[0]
        moment = vectors.T @ (self._grid[:, None] ** power * vectors)
        n, weight = self.n_sites, np.sum(ratio**self.n_sites)
        distances = np.arange(n)
        powers = ratio[None, :] ** distances[:, None]
        # Tr(m Tˣ m Tⁿ⁻ˣ) / Tr Tⁿ
        rest = ratio[None, :] ** (n - distances[:, None])
        return np.asarray(np.einsum("kl,xl,xk->x", moment**2, powers, rest) / weight)

    def energy_at(self, u: npt.ArrayLike) -> Values:
        """H of configurations (…, n_sites)."""
        x = checks.numbers("u", u)
        if x.ndim == 0 or x.shape[-1] != self.n_sites:
            raise ValueError(f"u must have shape (…, {self.n_sites}), got {x.shape}")
        wells = self.barrier * (x**2 - 1) ** 2
        return np.asarray((wells + 0.5 * self.stiffness * (x - np.roll(x, -1, axis=-1)) ** 2).sum(axis=-1))

    def log_density(self, u: npt.ArrayLike) -> Values:
        """Ln p(u) = −H − ln Z of configurations (…, n_sites), in nats."""
        return -self.energy_at(u) - self.log_z()

    def mean_between(self, left: npt.ArrayLike, right: npt.ArrayLike) -> Values:
        """⟨u_i | u_{i−1}, u_{i+1}⟩: the mean of a site between two known neighbours, from its exact distribution.

        Parameters
        ----------
        left, right : array_like
            Displacements of the neighbours, of shapes that broadcast.

        Raises
        ------
        TypeError
            If they are not real numbers.
        ValueError
            If they are masked or not finite, or their shapes do not broadcast.
        """
        a, b = checks.numbers("left", left), checks.numbers("right", right)
        if any(m != n and 1 not in (m, n) for m, n in zip(a.shape[::-1], b.shape[::-1], strict=False)):
            raise ValueError(f"left and right must have shapes that broadcast, got {a.shape} and {b.shape}")
        # Only the sum of both matters: −V(u) − κu² + κu(left + right).
        both = np.asarray(a + b)
        if not np.isfinite(both).all():
            raise ValueError("left and right must be finite")
        if both.size <= _SUMS:
            return self._means_given(both.ravel()).reshape(both.shape)
        table = np.linspace(both.min(), both.max(), _SUMS)
        return np.asarray(np.interp(both, table, self._means_given(table)))

    def _means_given(self, sums: Values) -> Values:
        """Means of a site between neighbours whose displacements have these sums."""
        u, k = self._grid, self.stiffness
        log_p = -self.barrier * (u**2 - 1) ** 2 - k * u**2 + k * sums[:, None] * u
        p = np.exp(log_p - log_p.max(axis=1, keepdims=True))
        return np.asarray(p @ u / p.sum(axis=1))

    def sample(self, n_samples: int, seed: streams.Seed = None) -> Values:
        """Draw independent configurations from the transfer operator.

        Sites are drawn one after another on the grid, each given the one before and what is to come. Some Metropolis
        sweeps, which leave the distribution as it is, then take them off the grid.

        Parameters
        ----------
        n_samples : int
            Number of configurations.
        seed : int, SeedSequence, Generator, RandomState or None
            Fixes them, whatever the number of threads.

        Returns
        -------
        ndarray of shape (n_samples, n_sites)
            Displacements.
        """
        n_samples = checks.integer("n_samples", n_samples, 0)
        checks.require_memory(
            24 * n_samples * self.n_sites, f"{checks.shown(n_samples)} configurations of {self.n_sites} sites"
        )
        sequence = streams.seed_sequence(seed)
        if n_samples == 0:
            return np.empty((0, self.n_sites))
        on_grid = self._grid[self._drawn(n_samples, np.random.default_rng(streams.key(sequence)))]
        return self._swept(on_grid, _SWEEPS_FROM_GRID, streams.key(sequence, 1))

    def metropolis(self, n_chains: int, n_sweeps: int, seed: streams.Seed = None) -> Values:
        """Run Metropolis chains from random wells, and return their ends.

        Parameters
        ----------
        n_chains, n_sweeps : int
            Independent chains, and sweeps of each.
        seed : int, SeedSequence, Generator, RandomState or None
            Fixes them, whatever the number of threads.

        Returns
        -------
        ndarray of shape (n_chains, n_sites)
            Displacements.
        """
        n_chains, n_sweeps = checks.integer("n_chains", n_chains, 1), checks.integer("n_sweeps", n_sweeps, 0)
        checks.require_memory(24 * n_chains * self.n_sites, f"{checks.shown(n_chains)} chains of {self.n_sites} sites")
        sequence = streams.seed_sequence(seed)
        generator = np.random.default_rng(streams.key(sequence))
        start = generator.choice(np.array([-1.0, 1.0]), size=(n_chains, self.n_sites))
        return self._swept(start, n_sweeps, streams.key(sequence, 1))

    def _swept(self, start: Values, n_sweeps: int, key: tuple[int, int]) -> Values:
        chains = kernels.BistableChains(self.n_sites, self.barrier, self.stiffness, len(start), key, start)
        chains.set_step(_STEP / math.sqrt(8 * self.barrier + 2 * self.stiffness))
        chains.sweeps(n_sweeps)
        return np.asarray(chains.states())

    @same_bits
    def _drawn(self, n_samples: int, generator: np.random.Generator) -> npt.NDArray[np.intp]:
        """Grid points of each site: the first from the diagonal of Tⁿ, the others from T(x, y) Tʳ(y, first)."""
        operator = np.exp(self._log_operator - self._log_operator.max())
        powers = [np.eye(len(operator))]  # Tʳ, scaled
        for _ in range(self.n_sites):
            power = powers[-1] @ operator
            powers.append(power / power.max())
        points = np.empty((n_samples, self.n_sites), dtype=np.intp)
        first = np.cumsum(np.diag(powers[-1]))
        points[:, 0] = np.searchsorted(first, generator.random(n_samples) * first[-1])
        chosen = np.argsort(points[:, 0], kind="stable")  # samples of the same first site share the bridges back
        for site in range(1, self.n_sites):
            back = powers[self.n_sites - site]
            for part in np.array_split(chosen, max(1, n_samples // 4096)):
                p = operator[points[part, site - 1]] * back[:, points[part, 0]].T
                p = np.cumsum(p, axis=1)
                u = generator.random((len(part), 1)) * p[:, -1:]
                points[part, site] = np.minimum((p < u).sum(axis=1), len(operator) - 1)
        return points
