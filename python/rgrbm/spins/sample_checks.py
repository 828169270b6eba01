"""Whether plain arrays of spins can be what they are taken for: rings, and samples without a field.

Both are checks by statistics. They refuse what is certain to be something else and let pass whatever is in doubt.
"""

import math
import warnings
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import bdtr, ndtr, stdtrit

from rgrbm._support import checks
from rgrbm.statistics.autocorrelation import autocorrelation_function, integrated_autocorrelation_time
from rgrbm.statistics.jackknife import block_bounds

Values = npt.NDArray[np.float64]
Spins = npt.NDArray[np.int8]

MANY_CHAINS = 20
"""Chains from which on each of them is a block of a jackknife."""
FEWEST_BLOCKS = 10
"""Blocks below which a standard error is uncertain, with a warning."""
MORE_SAMPLES = "Take more samples, or more chains (say so by n_chains)"
"""What such a warning ends with."""

_MOST_BLOCKS = 200
_BLOCK_TIMES = 20  # length of a block in autocorrelation times; ends of blocks then correlate by a few percent at most
_VALUES_AT_ONCE = 2**22
_ERRORS = 8.0  # standard errors; with few blocks the quantile of Student's t of the same probability, 6e-16
_LEAST_RISE = 0.02  # of what is missing from perfect correlation
_RETURN = 0.3  # autocorrelation at a lag beyond the window that shows interleaved chains
_COMB = 0.2  # by which autocorrelations of interleaved chains rise at multiples of their number, above those beside
_DOUBTFUL = 5.0  # standard errors for a warning
_BLOCKS_OF_DOUBT = 40  # for these, whatever the autocorrelation time: differences of near distances decorrelate soon
_CHANCE = 1e-9  # of signs of magnetizations without a field
_LEAST_BIAS = 0.3  # share of ⟨m⟩² in ⟨m²⟩


class Blocks(NamedTuple):
    """Blocks of samples that are as good as independent.

    Attributes
    ----------
    n_blocks : int
        How many there are, of samples in the order of their chains.
    tau_int : float
        Integrated autocorrelation time of the samples of a chain, the larger one of energy and magnetization, with or
        without its sign. NaN if both are constant.
    independent : bool
        Whether the blocks certainly are: chains are many, or long and of known autocorrelation.
    n_chains : int
        Interleaved chains.
    """

    n_blocks: int
    tau_int: float
    independent: bool
    n_chains: int


def by_chain(n_samples: int, n_chains: int) -> npt.NDArray[np.intp]:
    """Order of samples of which sample i comes from chain i modulo ``n_chains``: chain after chain."""
    return np.argsort(np.arange(n_samples) % n_chains, kind="stable")


def bond_means(s: Spins) -> Values:
    """Mean of s_i s_j over the nearest neighbours of each sample, on a periodic hypercubic lattice."""
    axes = tuple(range(1, s.ndim))
    return np.asarray(
        np.mean([np.mean(s * np.roll(s, -1, axis=axis), axis=axes, dtype=np.float64) for axis in axes], axis=0)
    )


def blocks_of(s: Spins, n_chains: int, *, signed: bool = False) -> Blocks:
    """Blocks for a jackknife: chains if there are many, else stretches of at least 20 (τ_int − ½) samples.

    What is even in the spins does not depend on the sign of the magnetization, which an ordered phase keeps for very
    long. Blocks whose signs must be independent are ``signed``.
    """
    n_steps = len(s) // n_chains
    m = s.reshape(len(s), -1).mean(axis=1, dtype=np.float64)
    series = [x[: n_steps * n_chains].reshape(n_steps, n_chains) for x in (bond_means(s), m if signed else np.abs(m))]
    # Of single samples of chains, ½.
    times = [integrated_autocorrelation_time(x) for x in series] if n_steps > 1 else []
    tau_int = max((t.tau_int for t in times if not math.isnan(t.tau_int)), default=math.nan if times else 0.5)
    if n_chains >= MANY_CHAINS:
        return Blocks(n_chains, tau_int, True, n_chains)
    if math.isnan(tau_int):
        return Blocks(n_chains, tau_int, False, n_chains)
    length = 1 + math.ceil(_BLOCK_TIMES * (tau_int - 0.5))
    independent = n_steps > 1 and all(time.reliable for time in times)
    independent = independent and not any(_returns(x, time.window) for x, time in zip(series, times, strict=True))
    return Blocks(max(2, min(_MOST_BLOCKS, len(s) // length)), tau_int, independent, n_chains)


def _returns(series: Values, window: int) -> bool:
    """Whether correlations return beyond the window, as those of slow interleaved chains do."""
    beyond = autocorrelation_function(series)[window + 1 : len(series) // 2]
    return bool(len(beyond) and beyond.max() > _RETURN)


class _RingCorrelation:
    """⟨s₀ sₓ⟩ of rows of spins at x = 0 … n/2, with errors by blocks."""

    def __init__(self, s: Spins, blocks: Blocks, least_blocks: int = 2) -> None:
        n_samples, self.n = s.shape
        self.n_blocks = max(min(least_blocks, n_samples), min(blocks.n_blocks, _MOST_BLOCKS, n_samples))
        correlations, self._weights = _block_correlations(s[by_chain(n_samples, blocks.n_chains)], self.n_blocks)
        self.mean = self._weights @ correlations
        self.size, self._replicas = np.abs(self.mean), correlations * np.sign(self.mean)

    def rises(self, low: int, high: int, errors: float) -> bool:
        """Whether |⟨s₀ sₓ⟩| is larger at ``high`` than at ``low``, by 2% of what is missing there and so many errors.

        With few blocks, by the quantile of Student's t of the same probability.
        """
        rise = float(self.size[high] - self.size[low])
        if rise <= _LEAST_RISE * (1 - self.size[low]):
            return False
        deviations = self._replicas[:, high] - self._replicas[:, low] - rise
        stderr = math.sqrt(self.n_blocks / (self.n_blocks - 1) * float(self._weights**2 @ deviations**2))
        quantile = -float(stdtrit(self.n_blocks - 1, ndtr(-errors)))
        return 1e-12 < quantile * stderr < rise


def require_rings(s: Spins, blocks: Blocks) -> None:
    """Refuse rows of spins that are certainly not rings: of a ring, |⟨s₀ sₓ⟩| decreases with x up to half the ring.

    Noise that flips spins lowers all of it and keeps the order. A lattice written row after row has correlations that
    rise again at the length of a row, where neighbours of different rows are.

    Raises
    ------
    ValueError
        If |⟨s₀ sₓ⟩| certainly rises with x: by 2% of 1 − |⟨s₀ sₓ⟩| and by more than what has a probability of 6e-16.

    Warns
    -----
    UserWarning
        If that is only likely: a peak at a length that divides the row, five standard errors above those beside it.
    """
    if s.ndim != 2 or s.shape[1] < 4:
        return
    correlation = _RingCorrelation(s, blocks)
    size, n = correlation.size, correlation.n
    lowest, worst = 1, (0.0, 0, 0)
    for x in range(2, n // 2 + 1) if blocks.independent else ():
        if correlation.rises(lowest, x, _ERRORS):
            worst = max(worst, (float(size[x] - size[lowest]), x, lowest))
        if size[x] < size[lowest]:
            lowest = x
    if worst[1]:
        _, x, lowest = worst
        mean = correlation.mean
        square = f"; {n} sites may be a lattice of {math.isqrt(n)}×{math.isqrt(n)}" if math.isqrt(n) ** 2 == n else ""
        raise ValueError(
            f"spins of shape (n_samples, n_sites) must be rings, whose correlation falls with the distance up to half "
            f"the ring; here it is {mean[lowest]:.3f} at distance {lowest} and {mean[x]:.3f} at {x}{square}. Pass "
            f"configurations of other lattices as (n_samples, rows, columns), or their shape=(rows, columns); "
            f"shape=({n},) takes the rows for rings all the same"
        )

    _warn_of_rows(correlation if blocks.n_blocks >= _BLOCKS_OF_DOUBT else _RingCorrelation(s, blocks, _BLOCKS_OF_DOUBT))


def _warn_of_rows(correlation: _RingCorrelation) -> None:
    """Warn where the correlation peaks at a length that divides the ring, as that of flattened lattices does."""
    n = correlation.n
    for x in range(3, n // 2 + 1):
        beside = [y for y in (x - 1, x + 1) if y <= n // 2]
        if n % x == 0 and all(correlation.rises(y, x, _DOUBTFUL) for y in beside):
            warnings.warn(
                f"rows of {n} spins are taken for rings, but their correlation is {correlation.mean[x]:.3f} at "
                f"distance {x}, and {correlation.mean[x - 1]:.3f} at {x - 1}: are they flattened lattices with rows of "
                f"{x}? Then pass shape=({n // x}, {x}); shape=({n},) says that they are rings",
                stacklevel=4,
            )
            return


def warn_of_interleaved_chains(s: Spins, n_chains: int) -> None:
    """Warn where samples of one chain are correlated at multiples of a lag, and less at the lags beside.

    Samples of several chains in turn are, whose autocorrelation time would be too small.
    """
    if n_chains > 1 or len(s) < 16:
        return
    lags, least = np.arange(2, len(s) // 4), max(_COMB, 5 / math.sqrt(len(s)))
    for series in (bond_means(s), np.abs(s.reshape(len(s), -1).mean(axis=1))):
        rho = autocorrelation_function(series)
        beside, beyond = (rho[n * lags] - np.maximum(abs(rho[n * lags - 1]), abs(rho[n * lags + 1])) for n in (1, 2))
        comb = lags[(beside > least) & (beyond > least / 2)]
        if len(comb):
            warnings.warn(
                f"samples correlate with those {comb[0]} after them ({rho[comb[0]]:.2f}) more than with those between: "
                f"if {comb[0]} chains were written in turn, pass n_chains={comb[0]}, or errors are too small",
                stacklevel=3,
            )
            return


def _block_correlations(s: Spins, n_blocks: int) -> tuple[Values, Values]:
    """Mean of s_i s_{i+x} for x = 0 … n/2 over each block of consecutive samples, and the blocks' shares of samples."""
    n = s.shape[1]
    bounds = block_bounds(len(s), n_blocks)
    power = np.zeros((n_blocks, n // 2 + 1))
    at_once = max(1, _VALUES_AT_ONCE // n)
    for block, (start, end) in enumerate(pairwise(bounds.tolist())):
        for first in range(start, end, at_once):
            power[block] += (np.abs(np.fft.rfft(s[first : min(first + at_once, end)], axis=1)) ** 2).sum(axis=0)
    counts = np.diff(bounds)
    correlations = np.fft.irfft(power / counts[:, None], n=n, axis=1)[:, : n // 2 + 1] / n
    return correlations, counts / len(s)


def require_no_field(s: Spins, n_chains: int) -> None:
    """Refuse samples that were certainly drawn in a field: magnetizations have one sign where both are as likely.

    The units are chains, if there are 20 or more, else blocks in which the magnetization has both signs: a block all of
    one sign may be of an ordered phase that the chain does not leave.

    Raises
    ------
    ValueError
        If ⟨m⟩² is above 30% of ⟨m²⟩, and the signs of the units' magnetizations have a probability below 1e-9 (all
        equal, of 31 or more).
    """
    blocks = blocks_of(s, n_chains, signed=True)
    if not blocks.independent:
        return
    m = s.reshape(len(s), -1).mean(axis=1, dtype=np.float64)[by_chain(len(s), blocks.n_chains)]
    if m.mean() ** 2 <= _LEAST_BIAS * np.mean(m**2):
        return
    starts = block_bounds(len(m), blocks.n_blocks)[:-1]
    means = np.add.reduceat(m, starts)
    if blocks.n_chains < MANY_CHAINS:
        means = means[(np.minimum.reduceat(m, starts) < 0) & (np.maximum.reduceat(m, starts) > 0)]
    n_up, n_down = int((means > 0).sum()), int((means < 0).sum())
    if n_up + n_down and 2 * bdtr(min(n_up, n_down), n_up + n_down, 0.5) < _CHANCE:
        what = "chains" if blocks.n_chains >= MANY_CHAINS else "blocks of samples"
        raise ValueError(
            f"the samples must be of a model without a field, where magnetizations of both signs are equally likely; "
            f"here the mean is {m.mean():.3f}, and it is positive in {n_up} and negative in {n_down} {what}. Draw the "
            f"samples at h = 0; if all chains merely started in the same phase, flip each one with probability 1/2"
        )


def sides_of(shape: int | Sequence[int], given: tuple[int, ...]) -> tuple[int, ...]:
    """Sides of a lattice as integers, which the shape of an array of configurations fits.

    Raises
    ------
    TypeError
        If a side is not an integer.
    ValueError
        If an array of shape ``given`` holds no configurations of that shape, flattened or not.
    """
    several: Any = shape if isinstance(shape, Sequence) and not isinstance(shape, str) else (shape,)
    sides = tuple(checks.integer("each side of the shape", side, 1) for side in several)
    if len(sides) not in (1, 2, 3) or given[1:] not in (sides, (math.prod(sides),)):
        raise ValueError(
            f"shape must be the one, two or three sides of a lattice, whose configurations are the rows of an array "
            f"(n_samples, n_sites); {sides} does not fit an array of shape {given}"
        )
    return sides
