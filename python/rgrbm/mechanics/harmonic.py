"""Harmonic chains and lattices: exact samples, spectra, and renormalization by decimation."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from rgrbm._support import checks, streams
from rgrbm.statistics.presentation import short_repr

Values = npt.NDArray[np.float64]


class DecimatedChain(NamedTuple):
    """A harmonic chain of half as many sites, and what integrating out the others adds to the free energy."""

    chain: HarmonicLattice
    """The chain of the sites 0, 2, 4, …"""
    log_constant: float
    """ln Z of the finer chain less ln Z of this one: ½ ln(2π/(m + 2κ)) for each site that is gone."""

    def __repr__(self) -> str:
        return short_repr(self)


@dataclass(frozen=True)
class HarmonicLattice:
    """Displacements u on a ring or a periodic square lattice, p(u) ∝ exp(−H), H = Σ ½κ(u_i − u_j)² + Σ ½m u_i².

    The first sum goes over neighbours. A ring of two sites has two springs between them. Temperature is in the units of
    κ and m. In momentum space the modes are independent, of stiffness m + Σ_a 2κ(1 − cos k_a).

    Parameters
    ----------
    shape : int or tuple of one or two int
        Sites of the ring, or of each side of the lattice; at least 2.
    stiffness : float
        κ ≥ 0 of the springs between neighbours.
    on_site : float
        m > 0 of the spring that ties each site to its place. Without it the chain as a whole would drift.

    Raises
    ------
    ValueError
        If a number is out of range.
    TypeError
        If ``shape`` holds anything but integers, or a stiffness is not a number.

    Examples
    --------
    >>> from rgrbm.mechanics import HarmonicLattice
    >>> chain = HarmonicLattice(16, stiffness=1.3, on_site=0.4)
    >>> coarse, constant = chain.decimate()
    >>> coarse.shape, round(coarse.stiffness, 4), round(coarse.on_site, 4)
    ((8,), 0.5633, 0.7467)
    >>> bool(abs(chain.log_z() - coarse.log_z() - constant) < 1e-12)
    True
    """

    shape: tuple[int, ...]
    stiffness: float
    on_site: float

    def __init__(self, shape: int | tuple[int, ...], stiffness: float, on_site: float) -> None:
        sides = tuple(shape) if isinstance(shape, tuple | list) else (shape,)
        if len(sides) not in (1, 2):
            raise ValueError(f"shape must be of one or two sides, got {len(sides)}")
        object.__setattr__(self, "shape", tuple(checks.integer("a side of shape", side, 2) for side in sides))
        object.__setattr__(self, "stiffness", checks.real("stiffness", stiffness, 0))
        object.__setattr__(self, "on_site", checks.real("on_site", on_site, 0))
        if self.on_site == 0:
            raise ValueError(
                "on_site must be positive: without it the chain drifts, and its variance is infinite; got 0"
            )

    @property
    def n_sites(self) -> int:
        """Number of sites."""
        return math.prod(self.shape)

    def stiffness_of_modes(self) -> Values:
        """Stiffness m + Σ_a 2κ(1 − cos k_a) of each mode, of the lattice's shape, in the order of ``numpy.fft.fftn``.

        With masses 1 it is the square of the frequency, ω(k)².
        """
        waves = [2 - 2 * np.cos(2 * np.pi * np.fft.fftfreq(side)) for side in self.shape]
        return np.asarray(self.on_site + self.stiffness * sum(np.ix_(*waves)))

    def correlation(self) -> Values:
        """Covariance ⟨u_0 u_x⟩ of a site with each other, of the lattice's shape."""
        return np.asarray(np.fft.ifftn(1 / self.stiffness_of_modes()).real)

    def covariance(self) -> Values:
        """Covariance (n_sites, n_sites) of all sites, in C order."""
        return self._between_sites(self.correlation())

    def precision(self) -> Values:
        """Matrix A of H = ½ uᵀA u, (n_sites, n_sites), in C order."""
        return self._between_sites(np.fft.ifftn(self.stiffness_of_modes()).real)

    def _between_sites(self, of_distance: Values) -> Values:
        """Matrix (n_sites, n_sites) of what depends on the distance of two sites only."""
        axes = np.indices(self.shape).reshape(len(self.shape), -1)
        distance = tuple((axis[:, None] - axis) % side for axis, side in zip(axes, self.shape, strict=True))
        return np.asarray(of_distance[distance])

    def log_z(self) -> float:
        """Log of Z = ∫ exp(−H) du, in nats; the free energy is −log_z."""
        return float(0.5 * np.log(2 * np.pi / self.stiffness_of_modes()).sum())

    def sample(self, n_samples: int, seed: streams.Seed = None) -> Values:
        """Draw independent configurations: each mode is a normal number, and a Fourier transform adds them.

        Parameters
        ----------
        n_samples : int
            Number of configurations.
        seed : int, SeedSequence, Generator, RandomState or None
            Fixes them.

        Returns
        -------
        ndarray of shape (n_samples, …)
            Displacements; the other axes are those of ``shape``.
        """
        n_samples = checks.integer("n_samples", n_samples, 0)
        checks.require_memory(
            40 * n_samples * self.n_sites, f"{checks.shown(n_samples)} configurations of {self.n_sites} sites"
        )
        generator = np.random.default_rng(streams.key(streams.seed_sequence(seed)))
        noise = generator.standard_normal((n_samples, *self.shape))
        # White noise has a white spectrum, and filtering it leaves it real.
        axes = tuple(range(1, 1 + len(self.shape)))
        filtered = np.fft.fftn(noise, axes=axes) / np.sqrt(self.stiffness_of_modes())
        return np.asarray(np.fft.ifftn(filtered, axes=axes).real)

    @property
    def rapidity(self) -> float:
        """ϑ of a chain, cosh ϑ = 1 + m/2κ: ⟨u_0 u_x⟩ falls as exp(−ϑx), and decimation doubles ϑ; ∞ without springs."""
        self._require_chain("a rapidity")
        # acosh(1 + r/2) = 2 asinh(√r/2) keeps small r.
        return 2 * math.asinh(math.sqrt(self.on_site / self.stiffness) / 2) if self.stiffness else math.inf

    def decimate(self) -> DecimatedChain:
        """Integrate out every other site of a chain, exactly.

        κ' = κ²/(m + 2κ) and m' = m(m + 4κ)/(m + 2κ): the Schur complement of the precision. Springs in series, if
        m = 0.

        Raises
        ------
        ValueError
            If the number of sites is odd or below 4, or the lattice is not a chain: a square lattice grows springs of
            any length.
        """
        self._require_chain("decimation to a chain of the same form")
        n, k, m = self.n_sites, self.stiffness, self.on_site
        if n % 2 or n < 4:
            raise ValueError(f"decimation needs an even number of sites, at least 4, got {n}")
        coarse = HarmonicLattice(n // 2, k * k / (m + 2 * k), m * (m + 4 * k) / (m + 2 * k))
        return DecimatedChain(coarse, 0.25 * n * math.log(2 * math.pi / (m + 2 * k)))

    def _require_chain(self, what: str) -> None:
        if len(self.shape) != 1:
            raise ValueError(f"only a chain has {what}, this lattice has {len(self.shape)} dimensions")
