"""The coupling J of an Ising model from samples, with standard errors that allow for autocorrelation."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from scipy.optimize import brentq, least_squares

from rgrbm._support import checks
from rgrbm.spins import exact
from rgrbm.spins.bonds import bond_arrays, lattice_bonds
from rgrbm.spins.ensemble import Ensemble
from rgrbm.spins.lattice import Lattice
from rgrbm.spins.sample_checks import (
    FEWEST_BLOCKS,
    MORE_SAMPLES,
    blocks_of,
    bond_means,
    by_chain,
    require_no_field,
    require_rings,
    sides_of,
    warn_of_interleaved_chains,
)
from rgrbm.spins.values import spin_values
from rgrbm.statistics.jackknife import Estimate, block_sums, jackknife_stderr, leave_one_out, student_factor
from rgrbm.statistics.presentation import Presented, fields_of

Values = npt.NDArray[np.float64]
Spins = npt.NDArray[np.int8]
Estimator = Callable[[Values], Values]  # linear around the mean statistics, for the replicas of a jackknife
Method = Literal["nearest", "decay", "pseudolikelihood"]

_LARGEST_J = 12.0  # one bond in 10¹⁰ is broken there
_ROUNDING = 1e-14  # of a nearest-neighbour correlation; ground states have that of the largest J, to rounding
_VALUES_PER_BLOCK = 2**22
_LEAST_BLOCKS = 4  # below, no standard error
_LEAST_DECAY = 3.0  # standard errors by which correlations must decay


class NoFiniteCouplingError(ValueError):
    """No finite J fits the samples: neighbours are as aligned as the lattice allows, or more than any J would have."""


@dataclass(frozen=True, repr=False)
class CouplingEstimate(Presented):
    """A coupling estimated from samples.

    Attributes
    ----------
    J, stderr : float
        The coupling and its standard error, NaN where the samples do not determine it.
    method : str
        "nearest", "decay" or "pseudolikelihood".
    n_blocks : int
        Blocks of samples in the jackknife.
    tau_int : float
        Integrated autocorrelation time of the samples of a chain, in samples; ½ for independent ones, NaN if energy
        and magnetization are constant.
    amplitude, amplitude_stderr : float
        For "decay", a in C(x) = a·C_ring(x): 1 for the spins of a ring, less where noise covers them. Else NaN.
    """

    J: float
    stderr: float
    method: str
    n_blocks: int
    tau_int: float
    amplitude: float = math.nan
    amplitude_stderr: float = math.nan

    def _values(self) -> dict[str, Any]:
        values = fields_of(self) | {"J": Estimate(self.J, self.stderr)}
        if math.isnan(self.amplitude):
            del values["amplitude"]
        return {name: value for name, value in values.items() if name != "stderr"}


def estimate_coupling(
    spins: npt.ArrayLike | Ensemble,
    method: Method = "nearest",
    *,
    shape: int | Sequence[int] | None = None,
    bonds: npt.ArrayLike | None = None,
    n_chains: int | None = None,
    significance: float = 5.0,
) -> CouplingEstimate:
    """Coupling J of an Ising model without fields, from samples of its spins.

    Parameters
    ----------
    spins : Ensemble, or array_like of -1 and +1, shape ``(n_samples, n_sites)`` or ``(n_samples, *shape)``
        Samples of a periodic lattice in equilibrium and without a field, consecutive ones of a Markov chain next to
        each other (but see ``n_chains``). An ensemble brings its lattice, of any kind, and its number of chains. Rows
        of an array are rings, if ``shape`` is not given, and have two, three or four axes: rings, square and cubic
        lattices.
    method : {"nearest", "decay", "pseudolikelihood"}, default="nearest"
        "nearest" inverts the exact nearest-neighbour correlation of the finite ring, (t + tⁿ⁻¹)/(1 + tⁿ) with
        t = tanh J, or Kaufman's of the torus: the maximum-likelihood estimate. "decay" fits a·(tˣ + tⁿ⁻ˣ)/(1 + tⁿ)
        to the correlations of the ring. Noise that flips spins independently, as that of the map v → h does, only
        lowers the amplitude a and leaves this J alone, while it makes the other two too small. "pseudolikelihood"
        maximises Σ_i ln p(s_i | all others), on any lattice.
    shape : int or sequence of int, optional
        Sides of the lattice of which configurations were flattened to ``(n_samples, n_sites)``, row after row:
        ``(rows, columns)``, or ``(layers, rows, columns)``. ``(n_sites,)`` states that they are rings, which is then
        not checked.
    bonds : array_like of int, shape (n_bonds, 2), optional
        For "pseudolikelihood": the lattice, if it is not the periodic one of the spins' shape, for instance
        ``Lattice(shape, "triangular").bonds().reshape(-1, 2)``. Sites are numbered row by row.
    n_chains : int, optional
        Number of interleaved chains: sample i comes from chain i modulo ``n_chains``, as in
        :class:`rgrbm.spins.Ensemble`. Blocks of the jackknife then do not mix chains. By default one, or as many as the
        ensemble has.
    significance : float, default=5
        For "decay": correlations are fitted from distance 1 up to the first that is not so many standard errors from
        0.

    Returns
    -------
    CouplingEstimate

    Raises
    ------
    ValueError
        If the spins are not ±1 or fewer than two samples, the method is unknown or not meant for the lattice, a number
        is out of range, or for "decay" fewer than two distances have significant correlations. If an ensemble has a
        field or several couplings; if an array was certainly drawn in a field, or its rows are certainly not rings.
    NoFiniteCouplingError
        A ValueError: no finite J fits, as where all neighbours are aligned, or correlations do not decay.
    TypeError
        If the spins are not real numbers, ``n_chains``, a side or a bond is not an integer, ``significance`` is not a
        number, or ``method`` no text.

    Warns
    -----
    UserWarning
        If the samples make fewer than ten independent blocks, so that the error is itself uncertain, or
        fewer than four, or never change: the standard error is then NaN. If an array seems to hold flattened lattices
        and ``shape`` is not given, or interleaved chains and ``n_chains`` is not given.

    Notes
    -----
    Errors are jackknifed over blocks of at least 20 (τ_int − ½) samples, τ_int being the larger of the times of the
    energy and of the magnetization without its sign; from 20 chains on, each chain is a block. They are widened by
    :func:`rgrbm.statistics.student_factor`, and at least what one flipped spin would change in aligned samples.

    Plain arrays do not say whether they were drawn in a field, for which the estimate would be wrong. They are refused
    where chance is excluded: magnetizations of at least 31 chains, or of 31 blocks in each of which the magnetization
    changes its sign, all have the same sign. Rows are refused as rings where their correlation certainly rises with the
    distance; that of a ring falls, with or without noise. Neither check sees weak effects, nor do they refuse slow
    interleaved chains if ``n_chains`` is not given. So draw samples without a field, and give lattices their shape.

    Examples
    --------
    >>> from rgrbm import IsingModel, estimate_coupling
    >>> spins = IsingModel(64, J=1.0).sample(2000, method="exact", seed=0)
    >>> estimate = estimate_coupling(spins)
    >>> bool(abs(estimate.J - 1) < 4 * estimate.stderr), round(estimate.stderr, 3)
    (True, 0.004)
    """
    checks.choice("method", method, get_args(Method))
    if bonds is not None and method != "pseudolikelihood":
        raise ValueError(f"method={method!r} knows its lattice; bonds are for method='pseudolikelihood'")
    significance = checks.real("significance", significance, 0)
    if isinstance(spins, Ensemble):
        if shape is not None or n_chains is not None:
            raise ValueError("an ensemble brings its shape and n_chains; give neither, or pass its spins as an array")
        bonds = _bonds_of(spins, method, bonds)
        s, chains = _checked(spins.spins, spins.n_chains, None), spins.n_chains
    else:
        chains = checks.integer("n_chains", 1 if n_chains is None else n_chains)
        s = _checked(spins, chains, shape)
        if shape is None and bonds is None:
            require_rings(s, blocks_of(s, chains))
    estimate = coupling_of(s, method, bonds=bonds, n_chains=chains, significance=significance)
    if not isinstance(spins, Ensemble):  # after the estimate: spins that are all aligned have no coupling, in no field
        require_no_field(s, chains)
        warn_of_interleaved_chains(s, chains)
    _warn(estimate, len(s))
    return estimate


def coupling_of(
    s: Spins, method: Method, *, bonds: npt.ArrayLike | None = None, n_chains: int = 1, significance: float = 5.0
) -> CouplingEstimate:
    """As :func:`estimate_coupling`, of spins that are known to be good: nothing is checked, and nothing warned of.

    For samples on their way to equilibrium, which may all have the same sign.
    """
    per_sample = _statistics(s, method, bonds)
    n_blocks, tau_int, *_ = blocks_of(s, n_chains)
    sums = block_sums(per_sample[by_chain(len(s), n_chains)], n_blocks)
    counts = block_sums(np.ones(len(s)), n_blocks)[:, None]
    mean = per_sample.mean(axis=0)
    replicas = leave_one_out(sums) / leave_one_out(counts) if n_blocks > 1 else mean[None]
    fit = _fit(method, s.shape[1:], mean, replicas, significance)
    J, *amplitude = fit(mean[None])[0]
    # Samples that are all alike scatter as little as one sample does: they have no error.
    known = n_blocks >= _LEAST_BLOCKS and np.ptp(per_sample, axis=0).max() > 1e-12
    stderr, *amplitude_stderr = jackknife_stderr(fit(replicas)) * (student_factor(n_blocks) if known else math.nan)
    # Not max(), which may drop a NaN.
    stderr = np.maximum(stderr, abs(fit(_one_flipped(method, mean, s))[0, 0] - J)) if known else stderr
    return CouplingEstimate(
        float(J), float(stderr), method, n_blocks, tau_int, *map(float, (*amplitude, *amplitude_stderr))
    )


def _warn(result: CouplingEstimate, n_samples: int) -> None:
    if result.n_blocks >= FEWEST_BLOCKS and not math.isnan(result.stderr):
        return
    made = f"{n_samples} samples with an autocorrelation time of {result.tau_int:.3g} make {result.n_blocks} blocks"
    if math.isnan(result.tau_int) or (result.n_blocks >= _LEAST_BLOCKS and math.isnan(result.stderr)):
        text = "a standard error needs samples that differ; these all have the same energy (frozen chains?): it is NaN"
    elif result.n_blocks < _LEAST_BLOCKS:
        text = f"a standard error needs at least {_LEAST_BLOCKS} blocks; {made}: it is NaN. {MORE_SAMPLES}"
    else:
        uncertain = 1 / math.sqrt(2 * (result.n_blocks - 1))
        text = f"{made}: the standard error is itself uncertain by about {uncertain:.0%}. {MORE_SAMPLES}"
    warnings.warn(text, stacklevel=3)


def _bonds_of(ensemble: Ensemble, method: str, bonds: npt.ArrayLike | None) -> npt.ArrayLike | None:
    """Bonds of an ensemble's lattice if it is not hypercubic. Refuses models with a field or several couplings."""
    if ensemble.h != 0:
        raise ValueError(
            f"samples without a field are needed to estimate a coupling; the ensemble has h = {ensemble.h:g}. "
            "Draw it at h = 0"
        )
    if len(set(ensemble.couplings)) > 1:
        raise ValueError(
            f"one coupling is estimated; the ensemble has one for each axis, {ensemble.couplings}. "
            "Draw it with a single J"
        )
    if ensemble.lattice == "hypercubic":
        return bonds
    if method != "pseudolikelihood":
        raise ValueError(
            f"method={method!r} has a closed form for rings and square lattices; the ensemble is of a "
            f"{ensemble.lattice} lattice. Use method='pseudolikelihood'"
        )
    lattice = Lattice(ensemble.shape, ensemble.lattice)  # type: ignore[arg-type]
    return lattice.bonds().reshape(-1, 2) if bonds is None else bonds


def _checked(spins: npt.ArrayLike, n_chains: int, shape: int | Sequence[int] | None) -> Spins:
    s = spin_values(spins)
    if s.ndim not in (2, 3, 4) or len(s) < 2:
        chains = ". Join the axes of chains and time: spins.reshape(-1, *sides)" if s.ndim > 4 else ""
        raise ValueError(
            f"expected at least two samples, of shape (n_samples, n_sites) or (n_samples, rows, columns), got "
            f"{s.shape}{chains}"
        )
    if shape is not None:
        s = s.reshape(len(s), *sides_of(shape, s.shape))
    if min(s.shape[1:]) < 2:
        raise ValueError(f"a periodic lattice needs at least 2 sites along each axis, got {s.shape[1:]}")
    if not 1 <= n_chains <= len(s):
        raise ValueError(f"n_chains must be from 1 to the number of samples, {len(s)}, got {n_chains}")
    return np.ascontiguousarray(s)


def _statistics(s: Spins, method: str, bonds: npt.ArrayLike | None) -> Values:
    """The statistics of each sample whose means over samples determine J, of shape (n_samples, n_statistics)."""
    if method == "nearest":
        if s.ndim > 3:
            raise ValueError(
                f"method='nearest' has a closed form for rings and square lattices; the spins have the shape "
                f"{s.shape[1:]}. Use method='pseudolikelihood'; if the first axes are chains and time, join them by "
                f"spins.reshape(-1, *{s.shape[2:]})"
            )
        return bond_means(s)[:, None]
    if method == "decay":
        if s.ndim != 2:
            raise ValueError("method='decay' is for rings; use 'nearest' or 'pseudolikelihood' for other lattices")
        return _ring_correlations(s)
    lattice = lattice_bonds(s.shape[1:]) if bonds is None else bonds
    return _neighbour_statistics(s.reshape(len(s), -1), lattice)


def _one_flipped(method: str, mean: Values, s: Spins) -> Values:
    """Mean statistics with one spin flipped in a sample where all are aligned, or were so: a row, for an estimator."""
    n_sites = s[0].size
    changed = mean.copy()
    if method == "pseudolikelihood":
        # Statistics are sums over sites: the spin's own term and those of its z neighbours, which have z − 2 then.
        z = len(mean) - 2
        changed[0] -= np.copysign(4 * z / len(s), mean[0])
        changed[1 + z] -= z / len(s)
        changed[1 + abs(z - 2)] += z / len(s)
    elif method == "nearest":
        changed -= np.copysign(4 / (n_sites * len(s)), mean)
    else:
        changed[1] -= np.copysign(4 / (n_sites * len(s)), mean[1])
    return changed[None]


def _fit(
    method: str, shape: tuple[int, ...], mean: Values, replicas: Values, significance: float
) -> Callable[[Values], Any]:
    """The estimator: from rows of mean statistics to rows of J (and of the amplitude)."""
    if method == "nearest":
        return _nearest(shape, mean)
    if method == "pseudolikelihood":
        return _pseudolikelihood(mean)
    return _decay(shape[0], mean, replicas, significance)


def _nearest(shape: tuple[int, ...], mean: Values) -> Estimator:
    """J from the mean nearest-neighbour correlation C, by the exact C(J) of the finite lattice."""

    def excess(J: float) -> float:
        return _bond_mean(J, shape) - float(mean[0])

    if excess(-_LARGEST_J) > -_ROUNDING or excess(_LARGEST_J) < _ROUNDING:
        raise NoFiniteCouplingError(
            f"no coupling from {-_LARGEST_J:g} to {_LARGEST_J:g} has the nearest-neighbour correlation {mean[0]:.6g} "
            f"on a lattice of shape {shape}"
        )
    J = float(brentq(excess, -_LARGEST_J, _LARGEST_J, xtol=1e-13, rtol=1e-14))
    step = 1e-4 * (1 + abs(J))
    slope = (_bond_mean(J + step, shape) - _bond_mean(J - step, shape)) / (2 * step)
    return lambda rows: np.asarray(J + (rows - mean) / slope)


def _bond_mean(J: float, shape: tuple[int, ...]) -> float:
    if len(shape) == 1:
        return float(exact.ring_correlation(J, shape[0], 1)[1])
    if J == 0:
        return 0.0
    return -exact.torus_mean_energy_per_site(J, *shape) / (2 * J)


def _ring_correlations(s: Spins) -> Values:
    """Mean of s_i s_{i+x} over each sample's sites, (n_samples, n_sites // 2 + 1)."""
    n_samples, n = s.shape
    out = np.empty((n_samples, n // 2 + 1))
    for start in range(0, n_samples, per_block := max(1, _VALUES_PER_BLOCK // n)):
        block = slice(start, start + per_block)
        spectrum = np.abs(np.fft.rfft(s[block], axis=1)) ** 2
        out[block] = np.fft.irfft(spectrum, n=n, axis=1)[:, : n // 2 + 1] / n
    return out


def _decay(n: int, mean: Values, replicas: Values, significance: float) -> Estimator:
    """J and amplitude a from C(x) = a (tˣ + tⁿ⁻ˣ)/(1 + tⁿ), by least squares weighted with the errors of C(x)."""
    stderr = jackknife_stderr(replicas)
    weak = np.abs(mean[1:]) < significance * stderr[1:]
    last = int(np.argmax(weak)) if weak.any() else len(weak)
    x = np.arange(1, last + 1)
    if last < 2:
        raise ValueError(
            f"correlations beyond {significance:g} standard errors at {last} distances only; a decay needs two"
        )
    # Relative to the ground state, (−1)ˣ (1 − 2x/n) on odd rings for J < 0, only excitations make correlations decay.
    ground = 1 - 2 * x / n if mean[1] < 0 and n % 2 else np.ones(last)
    relative = (np.abs(rows[..., [1, last]]) / ground[[0, -1]] for rows in (mean, replicas))
    of_mean, of_replicas = (rows[..., 0] - rows[..., 1] for rows in relative)
    if of_mean <= _LEAST_DECAY * jackknife_stderr(of_replicas) + _ROUNDING:
        raise NoFiniteCouplingError(
            f"method='decay' needs correlations that decay; from distance 1 to {last} they do so by {of_mean:.2g}, not "
            f"more than {_LEAST_DECAY:g} standard errors, so that no coupling is too large. Take more samples, or "
            "method='nearest' if the spins are without noise"
        )
    value = mean[x]
    error = np.maximum(stderr[x], 1e-9)  # spins that never differ have no error

    def model(parameters: Values) -> Values:
        t = np.tanh(parameters[0])
        return np.asarray(parameters[1] * (t**x + t ** (n - x)) / (1 + t**n))

    ratio = np.clip(value[1] / value[0], -0.999, 0.999)
    start = np.array([np.arctanh(np.copysign(abs(ratio), value[0])), 1.0])
    fit = least_squares(lambda p: (model(p) - value) / error, start, xtol=1e-14, ftol=1e-14, gtol=1e-14)
    if abs(fit.x[0]) > _LARGEST_J:
        raise NoFiniteCouplingError(
            f"no coupling from {-_LARGEST_J:g} to {_LARGEST_J:g} has the decay of these correlations"
        )
    # The weighted pseudoinverse carries each replica's deviation over to the parameters.
    carry = np.linalg.pinv(fit.jac) / error
    return lambda rows: np.asarray(fit.x + (rows[:, x] - value) @ carry.T)


def _neighbour_statistics(s: Spins, bonds: npt.ArrayLike) -> Values:
    """Of each sample, Σ s_i m_i and the number of sites with |m_i| = 0, 1, 2, …; m_i is the sum of i's neighbours."""
    n_samples, n = s.shape
    sites, _, _ = bond_arrays(n, bonds, 0.0, 0.0)
    if not len(sites):
        raise ValueError("without bonds there is no coupling to estimate")
    i, j = sites.T
    ones = np.ones(2 * len(sites), dtype=np.float32)
    adjacency = sp.csr_matrix((ones, (np.r_[i, j], np.r_[j, i])), shape=(n, n))
    degree = int(adjacency.sum(axis=0).max())
    out = np.empty((n_samples, degree + 2))
    for start in range(0, n_samples, per_block := max(1, _VALUES_PER_BLOCK // n)):
        block = slice(start, start + per_block)
        m = np.asarray(s[block].astype(np.float32) @ adjacency)
        out[block, 0] = (s[block] * m).sum(axis=1)
        for k in range(degree + 1):
            out[block, 1 + k] = np.count_nonzero(np.abs(m) == k, axis=1)
    return out


def _pseudolikelihood(mean: Values) -> Estimator:
    """J that solves Σ_i m_i (s_i − tanh J m_i) = 0, the maximum of Σ_i ln p(s_i | all others)."""
    k = np.arange(len(mean) - 1)

    def excess(J: float) -> float:
        return float(mean[0] - mean[1:] @ (k * np.tanh(J * k)))

    if excess(_LARGEST_J) >= 0 or excess(-_LARGEST_J) <= 0:
        raise NoFiniteCouplingError(
            "all spins are as their neighbours would have them: the pseudo-likelihood has no maximum"
        )
    J = float(brentq(excess, -_LARGEST_J, _LARGEST_J, xtol=1e-13, rtol=1e-14))

    def newton(rows: Values) -> Values:
        tanh = np.tanh(J * k)
        residual = rows[:, 0] - rows[:, 1:] @ (k * tanh)
        return np.asarray(J + residual / (rows[:, 1:] @ (k**2 * (1 - tanh**2))))[:, None]

    return newton
