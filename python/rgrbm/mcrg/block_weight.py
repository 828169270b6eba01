"""The weight that an RBM of equal weights learns of blocks of spins: its likelihood is a sum over counts."""

from __future__ import annotations

import itertools
import math

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.special import gammaln

from rgrbm._support import checks
from rgrbm.mcrg.spin_operators import lattice_spins
from rgrbm.statistics.jackknife import Array, Estimate, block_bounds, jackknife_stderr, leave_one_out

_BOUND = 20.0  # a weight as good as infinite: e⁻⁴⁰


def likeliest_block_weight(spins: npt.ArrayLike, side: int, *, n_blocks: int = 50) -> Estimate:
    """The w of maximal likelihood of the RBM whose hidden units each see one block of spins, all by the same weight.

    The RBM has no fields, and its blocks do not overlap: p(v) ∝ Π_blocks 2 cosh(w M), M being the sum over a block of n
    spins. The likelihood is largest where ⟨M tanh wM⟩ of the samples equals that of the model, Σ_M C(n, (n+M)/2)
    cosh(wM) M tanh(wM) / Σ_M C cosh(wM). The block spin p(h | v) ∝ exp(w h M) of this w is the one that training with
    ``mask=masks.lattice(shape, side, side, shared=True)`` ends at.

    Parameters
    ----------
    spins : array_like of -1 and +1, shape (n_samples, n_sites), (n_samples, rows, columns) or with layers
        Configurations of a periodic hypercubic lattice; consecutive ones of a Markov chain next to each other.
    side : int
        Sites of a block along each axis; it must divide the sides of the lattice.
    n_blocks : int, default=50
        Jackknife blocks (of consecutive samples), at most one for each sample.

    Returns
    -------
    Estimate
        w ≥ 0 in ±1 units, and its standard error; 0 without an error for blocks that are less aligned than independent
        spins.

    Raises
    ------
    ValueError
        If the spins are not ±1 or of another shape, blocks do not cover the lattice, or all blocks are aligned, where w
        would be infinite.
    TypeError
        If a number is not an integer.

    Examples
    --------
    >>> from rgrbm import IsingModel
    >>> from rgrbm.mcrg import likeliest_block_weight
    >>> spins = IsingModel((16, 16), 0.4407).sample(500, method="swendsen_wang", spacing=5, seed=0)
    >>> round(likeliest_block_weight(spins, 2).mean, 1)
    1.2
    """
    array = lattice_spins(spins)
    side = checks.integer("side", side, 2)
    n_blocks = checks.integer("n_blocks", n_blocks, 1)
    shape = array.shape[1:]
    if any(n % side for n in shape):
        raise ValueError(f"blocks of side {side} do not cover a lattice of shape {shape}")
    n = side ** len(shape)
    sums = array.reshape(len(array), *(k for length in shape for k in (length // side, side)))
    up = (sums.sum(axis=tuple(range(2, sums.ndim, 2)), dtype=np.int64).reshape(len(array), -1) + n) // 2
    bounds = block_bounds(len(array), n_blocks)
    counts = np.array([np.bincount(up[a:b].ravel(), minlength=n + 1) for a, b in itertools.pairwise(bounds)])
    whole = _weight(counts.sum(axis=0))
    if len(counts) == 1 or whole == 0:
        return Estimate(whole, math.nan)
    replicas = np.array([_weight(left) for left in leave_one_out(counts)])
    return Estimate(whole, float(jackknife_stderr(replicas)))


def _weight(counts: Array) -> float:
    n = len(counts) - 1
    m = np.arange(-n, n + 1, 2)
    p = counts / counts.sum()
    if p[0] + p[-1] == 1:
        raise ValueError("all blocks are aligned: no finite weight is the likeliest")
    k = np.arange(n + 1)
    log_multiplicity = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)

    def excess(w: float) -> float:
        log_model = log_multiplicity + np.logaddexp(w * m, -w * m)
        model = np.exp(log_model - log_model.max())
        return float((model / model.sum() - p) @ (m * np.tanh(w * m)))

    smallest = 1e-9
    if excess(smallest) >= 0:  # ⟨M²⟩ is that of independent spins, or less
        return 0.0
    return float(brentq(excess, smallest, _BOUND))
