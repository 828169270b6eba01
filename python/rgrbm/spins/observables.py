"""What is measured of a spin model: the quantities that follow from means over configurations.

With e = H/N, m = Σ s/N and s = Σ ε s/N of one configuration on N sites, ε = ±1 alternating between sites, and β = 1:

- energy ⟨e⟩, specific heat N(⟨e²⟩ − ⟨e⟩²), magnetization ⟨m⟩, ⟨|m|⟩, ⟨m²⟩, ⟨m⁴⟩;
- susceptibility N(⟨m²⟩ − ⟨m⟩²), where ⟨m⟩ = 0 exactly without a field, and the connected one N(⟨m²⟩ − ⟨|m|⟩²), which
  has a peak near the transition of a finite lattice;
- Binder's cumulant 1 − ⟨m⁴⟩/(3⟨m²⟩²), whose curves for different sizes cross near criticality (K. Binder, Z. Phys. B
  43, 119 (1981));
- on lattices of two sublattices the staggered magnetization ⟨|s|⟩, its susceptibility N⟨s²⟩ and its Binder cumulant:
  what ⟨|m|⟩, χ and U are to a ferromagnet, these are to an antiferromagnet. ⟨s⟩ = 0 exactly, as a shift by one site
  exchanges the sublattices;
- correlation ⟨s₀ sₓ⟩ along the axes, and the second-moment correlation length √(χ/S(k) − 1)/|k̂| along each dimension,
  where S(k) is the structure factor at the smallest wave vector along it, k̂² = 4 sin²(π/L), and 4/3 of that on the
  triangular lattice, whose rows are √3/2 apart (F. Cooper, B. Freedman, D. Preston, Nucl. Phys. B 210, 210 (1982)). It
  is that of ε s for an antiferromagnet without a field.

Cluster updates provide improved estimators of ⟨m²⟩ and S(k), of smaller variance; they are used where available, but
not where ⟨m²⟩ is compared with ⟨|m|⟩ or ⟨m⁴⟩ of the same spins, since their noise is the same and cancels.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rgrbm.spins.block_sums import MOMENTS, BlockSums, Means
from rgrbm.spins.lattice import Lattice
from rgrbm.spins.sampler import Sampler, SpinRecord
from rgrbm.spins.symmetry import Orders
from rgrbm.spins.values import Spins
from rgrbm.statistics.jackknife import Array, Estimate, jackknife_stderr, student_factor

_FEWEST_BLOCKS = 4  # for an error


def measured_values(sampler: Sampler, record: SpinRecord, orders: Orders) -> dict[str, Array]:
    """All columns of the sums over blocks, each an array of shape (n, n_chains)."""
    n, couplings = sampler.lattice.n_sites, sampler.couplings[0]
    m, s = orders.magnetization / n, orders.staggered / n
    e = -(record.bond_sums @ couplings + sampler.h * orders.magnetization) / n
    values = {"n": np.ones_like(e), "e": e, "e2": e**2}
    for name, order in (("m", m), ("s", s)):
        values |= {name: order, f"abs_{name}": np.abs(order), f"{name}2": order**2, f"{name}4": order**4}
    assert set(values) == {"n", *MOMENTS}
    values["improved_order2"] = record.improved_square / n**2
    assert record.structure is not None
    for d in range(len(sampler.lattice.shape)):
        values[f"structure{d}"] = record.structure[..., d] / n
        values[f"improved_structure{d}"] = record.improved_structure[..., d] / n
    return values


def correlations(spins: Spins) -> Array:
    """Correlations of each configuration along the axes.

    Parameters
    ----------
    spins : ndarray of int8, shape ``(n, *shape)``
        Configurations.

    Returns
    -------
    ndarray of shape (n, min(shape) // 2 + 1)
        Mean of s(r) s(r + x) over sites r and axes, for x = 0 … half the shortest side.
    """
    shape, n = spins.shape[1:], len(spins)
    n_distances = min(shape) // 2 + 1
    total = np.zeros((n, n_distances))
    for axis, side in enumerate(shape):
        spectrum = np.fft.rfft(np.moveaxis(spins, axis + 1, -1).astype(np.float32), axis=-1)
        power = np.mean((spectrum.real**2 + spectrum.imag**2).reshape(n, -1, spectrum.shape[-1]), axis=1)
        total += np.fft.irfft(power, n=side, axis=-1)[:, :n_distances] / side
    return np.asarray(total / len(shape))


@dataclass(frozen=True)
class Setting:
    """What observables depend on beside the means.

    Attributes
    ----------
    lattice : Lattice
    couplings : tuple of float
        Of each axis of bonds.
    h : float
        The field.
    order : {"m", "s"}
        Of which order structure factors and improved estimators are.
    """

    lattice: Lattice
    couplings: tuple[float, ...]
    h: float
    order: str

    @classmethod
    def of(cls, sampler: Sampler) -> Setting:
        """That of chains with the same couplings."""
        staggered = sampler.h == 0 and sampler.order_is_staggered
        return cls(sampler.lattice, tuple(sampler.couplings[0].tolist()), sampler.h, "s" if staggered else "m")

    @property
    def n_sites(self) -> int:
        """Number of spins."""
        return self.lattice.n_sites


def _better(x: Means, improved: str, plain: str) -> Array:
    """The improved estimator where there is one."""
    return np.where(np.isnan(x[improved]), x[plain], x[improved])


def _second_moment(x: Means, setting: Setting, order: str) -> Array:
    return _better(x, "improved_order2", f"{order}2") if order == setting.order else x[f"{order}2"]


def _susceptibility(x: Means, setting: Setting) -> Array:
    if setting.h == 0:
        return np.asarray(setting.n_sites * _second_moment(x, setting, "m"))
    return np.asarray(setting.n_sites * (x["m2"] - x["m"] ** 2))


def _order_susceptibility(x: Means, setting: Setting) -> Array:
    if setting.order == "m":
        return _susceptibility(x, setting)
    return np.asarray(setting.n_sites * _second_moment(x, setting, "s"))


def wave_number(lattice: Lattice, dimension: int) -> float:
    """|k̂| of the smallest wave along a dimension: 2 sin(π/L), or 2/√3 of that on the triangular lattice."""
    stretch = 2 / math.sqrt(3) if lattice.kind == "triangular" else 1.0
    return 2 * math.sin(math.pi / lattice.shape[dimension]) * stretch


def _length(susceptibility: Array, structure: Array, wave: float) -> Array:
    """NaN where fluctuations at the smallest wave vector exceed those of the whole, or where there are none."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.sqrt(np.where(structure > 1e-12, susceptibility / structure - 1, np.nan)) / wave)


def _axis_length(x: Means, setting: Setting, dimension: int) -> Array:
    structure = _better(x, f"improved_structure{dimension}", f"structure{dimension}")
    return _length(_order_susceptibility(x, setting), structure, wave_number(setting.lattice, dimension))


def _correlation_length(x: Means, setting: Setting) -> Array:
    """Of the structure factor's mean over the dimensions of the longest side; NaN if these are not equivalent."""
    shape = setting.lattice.shape
    longest = [d for d, side in enumerate(shape) if side == max(shape)]
    if len(set(setting.couplings)) > 1:
        return np.full_like(x["e"], np.nan)
    structure = np.mean([_better(x, f"improved_structure{d}", f"structure{d}") for d in longest], axis=0)
    return _length(_order_susceptibility(x, setting), structure, wave_number(setting.lattice, longest[0]))


def _binder(second: Array, fourth: Array) -> Array:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(second > 1e-300, 1 - fourth / (3 * second**2), np.nan))


OBSERVABLES: dict[str, Callable[[Means, Setting], Array]] = {
    "energy_per_site": lambda x, of: x["e"],
    "specific_heat": lambda x, of: of.n_sites * (x["e2"] - x["e"] ** 2),
    "magnetization": lambda x, of: x["m"],
    "abs_magnetization": lambda x, of: x["abs_m"],
    "m2": lambda x, of: x["m2"],
    "m4": lambda x, of: x["m4"],
    "binder": lambda x, of: _binder(x["m2"], x["m4"]),
    "susceptibility": _susceptibility,
    "connected_susceptibility": lambda x, of: of.n_sites * (x["m2"] - x["abs_m"] ** 2),
    "staggered_magnetization": lambda x, of: x["abs_s"],
    "staggered_susceptibility": lambda x, of: of.n_sites * _second_moment(x, of, "s"),
    "staggered_binder": lambda x, of: _binder(x["s2"], x["s4"]),
    "correlation_length": _correlation_length,
}
"""Each observable as a function of means and of the model."""


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
        Without the leading axis. The error is widened by Student's factor for few blocks, and NaN for fewer than four.

    References
    ----------
    B. Efron, *The Jackknife, the Bootstrap and Other Resampling Plans* (1982).
    """
    whole, without_one = sums.means()
    value, replicas = np.asarray(function(whole))[0], np.asarray(function(without_one))
    n = len(replicas)
    factor = student_factor(n) if n >= _FEWEST_BLOCKS else np.nan
    return np.asarray(n * value - (n - 1) * replicas.mean(axis=0)), factor * jackknife_stderr(replicas)


def _estimate(sums: BlockSums, setting: Setting, function: Callable[[Means, Setting], Array]) -> Estimate:
    value, stderr = (float(x) for x in estimate(sums, lambda means: function(means, setting)))
    # What never changed has no error that could be estimated, unless nothing could change it.
    is_free = setting.h == 0 and not any(setting.couplings)
    return Estimate(value, math.nan if stderr == 0 and not is_free else stderr)


def estimate_observables(sums: BlockSums, setting: Setting) -> dict[str, Estimate]:
    """All of :data:`OBSERVABLES` with their errors."""
    return {name: _estimate(sums, setting, function) for name, function in OBSERVABLES.items()}


def estimate_axis_lengths(sums: BlockSums, setting: Setting) -> tuple[Estimate, ...]:
    """The second-moment correlation length along each dimension, in sites."""
    return tuple(
        _estimate(sums, setting, lambda means, of, d=d: _axis_length(means, of, d))  # type: ignore[misc]
        for d in range(len(setting.lattice.shape))
    )
