"""What is measured of a spin model: sums over blocks of configurations, and the quantities that follow from them.

With e = H/N and m = Σ s/N of one configuration on N sites, and β = 1:

- energy ⟨e⟩, specific heat N(⟨e²⟩ − ⟨e⟩²), magnetization ⟨m⟩, ⟨|m|⟩, ⟨m²⟩, ⟨m⁴⟩;
- susceptibility N⟨m²⟩, right where the symmetry is not broken, and the connected one N(⟨m²⟩ − ⟨|m|⟩²), which has a
  peak near the transition of a finite lattice;
- Binder's cumulant 1 − ⟨m⁴⟩/(3⟨m²⟩²), whose curves for different sizes cross near criticality (K. Binder, Z. Phys. B
  43, 119 (1981));
  Clusters tell ⟨m²⟩ and S(k) with less noise (improved estimators), and are asked where they can; not where ⟨m²⟩ is
  compared with ⟨|m|⟩ or ⟨m⁴⟩ of the same spins, since their noise is the same and cancels;
- correlation ⟨s₀ sₓ⟩ along the axes, and the second-moment correlation length √(N⟨m²⟩/S(k) − 1)/(2 sin(π/L)), where
  S(k) is the structure factor at the smallest wave vector 2π/L (F. Cooper, B. Freedman, D. Preston, Nucl. Phys. B 210,
  210 (1982)).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rgrbm.spins.values import Spins
from rgrbm.statistics.jackknife import Array, Estimate, jackknife_stderr, leave_one_out

MOMENTS = ("n", "e", "e2", "m", "abs_m", "m2", "m4")
"""Columns of the sums over configurations; "n" counts them."""


def moments(energies: Array, magnetizations: Array) -> Array:
    """The columns of :data:`MOMENTS` of each configuration, from H/N and Σ s/N, shape (n, 7)."""
    e, m = energies, magnetizations
    return np.stack([np.ones_like(e), e, e**2, m, np.abs(m), m**2, m**4], axis=1)


def correlations(spins: Spins) -> tuple[Array, Array]:
    """Correlations of each configuration along the axes, and its structure factor at the smallest wave vectors.

    Parameters
    ----------
    spins : ndarray of int8, shape (n, *shape)
        Configurations.

    Returns
    -------
    correlation : ndarray of shape (n, min(shape) // 2 + 1)
        Mean of s(r) s(r + x) over sites r and axes, for x = 0 … half the shortest side.
    structure_factor : ndarray of shape (n,)
        |Σ s(r) e^(ikr)|²/N at k = 2π/L along an axis of the longest side L, a mean over such axes.
    """
    shape, n = spins.shape[1:], len(spins)
    n_distances = min(shape) // 2 + 1
    total, factors = np.zeros((n, n_distances)), []
    for axis, side in enumerate(shape):
        lines = np.moveaxis(spins, axis + 1, -1).astype(np.float32)
        spectrum = np.fft.rfft(lines, axis=-1)
        power = np.mean((spectrum.real**2 + spectrum.imag**2).reshape(n, -1, spectrum.shape[-1]), axis=1)
        total += np.fft.irfft(power, n=side, axis=-1)[:, :n_distances] / side
        if side == max(shape):
            wave = lines.reshape(n, -1, side).sum(axis=1) @ np.exp(2j * np.pi * np.arange(side) / side)
            factors.append(np.abs(wave) ** 2 / spins[0].size)
    return total / len(shape), np.mean(factors, axis=0)


Means = dict[str, Array]


@dataclass(frozen=True)
class BlockSums:
    """Sums over blocks of configurations that are as good as independent of each other.

    Attributes
    ----------
    moments : ndarray of shape (n_blocks, 7)
        Σ of :data:`MOMENTS`.
    improved : ndarray of shape (n_blocks, 3)
        Number of configurations, and Σ of the improved estimators of m² and S(k) by clusters; NaN without.
    correlations : ndarray of shape (n_blocks, 2 + n_distances)
        How many configurations were looked at for correlations, Σ of their structure factors, Σ of their correlations.
    """

    moments: Array
    improved: Array
    correlations: Array

    def means(self) -> tuple[Means, Means]:
        """Means over all blocks, each an array of shape (1, …), and over all blocks but one, of shape (n_blocks, …)."""
        sums = self.moments, self.improved, self.correlations
        return _means(*(x.sum(axis=0)[None] for x in sums)), _means(*(leave_one_out(x) for x in sums))


def _means(moments: Array, improved: Array, correlations: Array) -> Means:
    found = {name: moments[:, i] / moments[:, 0] for i, name in enumerate(MOMENTS) if i}
    with np.errstate(invalid="ignore"):  # no correlations were asked for
        structure = correlations[:, 1] / correlations[:, 0]
        found["correlation"] = correlations[:, 2:] / correlations[:, :1]
    better = improved[:, 1:] / improved[:, :1]
    found["improved_m2"] = np.where(np.isnan(better[:, 0]), found["m2"], better[:, 0])
    found["structure_factor"] = np.where(np.isnan(better[:, 1]), structure, better[:, 1])
    return found


def _correlation_length(x: Means, n_sites: int, side: int) -> Array:
    """NaN where fluctuations at the smallest wave vector exceed those of the whole, as noise can have it."""
    with np.errstate(invalid="ignore"):
        ratio = n_sites * x["improved_m2"] / x["structure_factor"]
        return np.asarray(np.sqrt(ratio - 1) / (2 * np.sin(np.pi / side)))


OBSERVABLES: dict[str, Callable[[Means, int, int], Array]] = {
    "energy": lambda x, n, side: x["e"],
    "specific_heat": lambda x, n, side: n * (x["e2"] - x["e"] ** 2),
    "magnetization": lambda x, n, side: x["m"],
    "abs_magnetization": lambda x, n, side: x["abs_m"],
    "m2": lambda x, n, side: x["m2"],
    "m4": lambda x, n, side: x["m4"],
    "binder": lambda x, n, side: 1 - x["m4"] / (3 * x["m2"] ** 2),
    "susceptibility": lambda x, n, side: n * x["improved_m2"],
    "connected_susceptibility": lambda x, n, side: n * (x["m2"] - x["abs_m"] ** 2),
    "correlation_length": _correlation_length,
}
"""Each observable as a function of means, of the number of sites, and of the longest side."""


def estimate(sums: BlockSums, function: Callable[[Means], npt.ArrayLike]) -> tuple[Array, Array]:
    """A function of means and its standard error, by the jackknife over blocks, which also takes out the bias of 1/n.

    Parameters
    ----------
    sums : BlockSums
        Of at least two blocks.
    function : callable
        From a dict of means, each with a leading axis, to an array with the same leading axis.

    Returns
    -------
    value, stderr : ndarray
        Without the leading axis.

    References
    ----------
    B. Efron, *The Jackknife, the Bootstrap and Other Resampling Plans* (1982).
    """
    whole, without_one = sums.means()
    value, replicas = np.asarray(function(whole))[0], np.asarray(function(without_one))
    n = len(replicas)
    return np.asarray(n * value - (n - 1) * replicas.mean(axis=0)), jackknife_stderr(replicas)


def estimate_observables(sums: BlockSums, shape: tuple[int, ...]) -> dict[str, Estimate]:
    """All of :data:`OBSERVABLES` with their errors."""
    n_sites, side = int(np.prod(shape)), max(shape)
    found = {}
    for name, function in OBSERVABLES.items():
        value, stderr = estimate(sums, lambda means, f=function: f(means, n_sites, side))  # type: ignore[misc]
        found[name] = Estimate(float(value), float(stderr))
    return found
