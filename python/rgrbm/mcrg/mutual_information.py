"""Block spins with the most information about their surroundings: real-space mutual information, by counting."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import expit, xlogy

from rgrbm._support import checks, streams
from rgrbm._support.blas import same_bits
from rgrbm.mcrg.block_kernels import BlockKernel, checked_stride
from rgrbm.mcrg.convolution_kernel import ConvolutionKernel, upward_kernel
from rgrbm.mcrg.spin_operators import lattice_spins
from rgrbm.mcrg.torus import orbits as orbits_of
from rgrbm.statistics.jackknife import Array
from rgrbm.statistics.presentation import Presented, fields_of

LARGEST_WEIGHT = 8.0  # a block spin goes against its window once in 10⁷
_MOST_SITES = 24  # of window and surroundings: a table of 2²⁴ numbers
_MOST_AROUND = 12
_CONFIGURATIONS = 2**22  # sites counted at a time

Sites = tuple[tuple[int, ...], ...]


@dataclass(frozen=True, repr=False)
class BlockSurroundings(Presented):
    """How often each state V of a window of spins occurs with each state E of spins around it.

    Attributes
    ----------
    window, around : tuple of tuples of int
        Sites, as offsets from the position of the block spin: (row, column), or (site,) on a ring.
    joint : ndarray of shape (2**n_window, 2**n_around)
        p(V, E). Bit k of a state is set where spin k is +1.
    """

    window: Sites
    around: Sites
    joint: Array = field(repr=False)

    def _values(self) -> dict[str, Any]:
        return fields_of(self) | {"joint": self.joint, "information": self.information}

    @property
    def information(self) -> float:
        """I(V : E) in nats, which no block spin can exceed.

        An estimate from n independent samples is too large by about (number of states)/2n.
        """
        return _information(self.joint)

    def information_of(self, kernel: BlockKernel) -> float:
        """I(h : E) in nats of the block spin that a kernel makes of the window.

        Raises
        ------
        ValueError
            If the kernel depends on a spin outside of the window.
        """
        states = _states(len(self.window))
        if kernel.lattice != "hypercubic":
            raise ValueError(f"windows are boxes of a hypercubic lattice, {kernel.name} has others")
        side = int(kernel.scale) * (1 + max(abs(o) for site in self.window for o in site))
        up = []
        for outside in (1, -1):
            lattice = np.full((len(states), *(side,) * len(self.window[0])), outside, np.int8)
            lattice[(slice(None), *np.transpose(self.window))] = states
            up.append(kernel.probabilities(lattice).reshape(len(states), -1)[:, 0])
        if np.abs(up[0] - up[1]).max() > 1e-12:
            raise ValueError(
                f"{kernel.name} depends on spins outside of the window {self.window}; count with a larger width"
            )
        return _information(np.stack([up[0] @ self.joint, (1 - up[0]) @ self.joint]))


@dataclass(frozen=True, repr=False)
class InformativeKernel(Presented):
    """The kernel of maximal information, by :func:`most_informative_kernel`.

    Attributes
    ----------
    kernel : ConvolutionKernel
    information : float
        I(h : E) in nats.
    """

    kernel: ConvolutionKernel
    information: float


def count_surroundings(
    spins: npt.ArrayLike, width: int, *, buffer: int = 1, around: Sequence[Sequence[int]] | None = None
) -> BlockSurroundings:
    """Count the states of windows and of their surroundings, at every position on a lattice.

    Parameters
    ----------
    spins : array_like of -1 and +1, shape (n_samples, n_sites), (n_samples, rows, columns) or with layers
        Configurations of a periodic ring, square or cubic lattice, whose distribution is the same in all directions and
        at all positions.
    width : int
        The window has ``width`` sites along each axis, placed as by :class:`rgrbm.mcrg.ConvolutionKernel`.
    buffer : int, default=1
        Sites between the window and its surroundings. Without a buffer, fluctuations on the scale of a site would count
        as information. A coarse Hamiltonian needs the information beyond the buffer only.
    around : sequence of tuples of int, optional
        Sites of the surroundings, as offsets from the position of the block spin. By default all sites at a distance of
        buffer + 1 sites from the window, or every second, third, … of them such that they are 12 at most. In three
        dimensions, half of the 4 sites amid each face of the box of these sites.

    Returns
    -------
    BlockSurroundings

    Raises
    ------
    ValueError
        If the spins are not ±1 or of another shape, window and surroundings do not fit the lattice, share a site, or
        have more than 24 sites.
    TypeError
        If a number is not an integer, or the surroundings are no sequence of sites.

    References
    ----------
    M. Koch-Janusz, Z. Ringel, Nat. Phys. 14, 578 (2018); P. M. Lenggenhager et al., Phys. Rev. X 10, 011037 (2020).

    Examples
    --------
    A spin of the ring has as much information about its neighbours as two spins at a distance of two have about each
    other, or more:

    >>> import rgrbm
    >>> from rgrbm.mcrg import count_surroundings, DecimationKernel
    >>> spins = rgrbm.IsingModel(64, J=1.0).sample(20_000, method="exact", seed=0)
    >>> counts = count_surroundings(spins, width=2, buffer=1)
    >>> counts.around
    ((-2,), (3,))
    >>> round(counts.information_of(DecimationKernel()), 2), round(counts.information, 2)
    (0.25, 0.32)
    """
    array = lattice_spins(spins)
    width, buffer = checks.integer("width", width, 1), checks.integer("buffer", buffer, 0)
    n = array.ndim - 1
    if around is None:
        if any(side < width + 2 * buffer + 1 for side in array.shape[1:]):
            raise ValueError(
                f"window, buffer and surroundings do not fit a lattice of shape {array.shape[1:]}: it is periodic, and "
                f"sides must be at least width + 2 buffer + 1 = {width + 2 * buffer + 1}"
            )
        chosen = _ring_around(width, buffer, n)
    else:
        sites = checks.items("around", around, "sites")
        chosen = tuple(tuple(checks.integer("an offset", o) for o in checks.items("each site", s)) for s in sites)
    _require_few(width**n + len(chosen))
    window = _window(width, n)
    _require_room(window + chosen, array.shape[1:])
    counts = np.zeros(2 ** len(window + chosen))
    part = max(1, _CONFIGURATIONS // array[0].size)
    for start in range(0, len(array), part):
        up = (array[start : start + part] > 0).astype(np.int32)
        code = np.zeros_like(up)
        for bit, site in enumerate((*chosen, *window)):
            code |= np.roll(up, [-o for o in site], axis=tuple(range(1, up.ndim))) << bit
        counts += np.bincount(code.ravel(), minlength=len(counts))
    return BlockSurroundings(window, chosen, (counts / counts.sum()).reshape(2 ** len(window), -1))


@same_bits
def most_informative_kernel(
    surroundings: BlockSurroundings,
    stride: int = 2,
    *,
    lattice_symmetric: bool = False,
    n_starts: int = 8,
    seed: int = 0,
) -> InformativeKernel:
    """The weights w of p(h = +1 | V) = σ(2 w·V) with the largest mutual information I(h : E).

    I is convex in the distribution p(h | V), so a deterministic one has the largest I. Weights therefore grow until σ
    is a step; here their bound is 8. The result is a linear threshold rule, which is random only where the sum is 0.

    Parameters
    ----------
    surroundings : BlockSurroundings
        By :func:`count_surroundings`.
    stride : int, default=2
        Stride of the kernel that is returned.
    lattice_symmetric : bool, default=False
        Equal weights for sites that a reflection or rotation of the window takes into each other.
    n_starts : int, default=8
        Number of maximisations; the best one is returned. The first starts from equal weights, the others from random
        ones.
    seed : int, default=0
        Fixes the random weights.

    Returns
    -------
    InformativeKernel
        Its weights have a positive sum.

    Raises
    ------
    TypeError
        If an argument is of another kind.
    ValueError
        If a number is out of range.

    References
    ----------
    M. Koch-Janusz, Z. Ringel, Nat. Phys. 14, 578 (2018).

    Examples
    --------
    On the ring it is decimation:

    >>> import rgrbm
    >>> from rgrbm.mcrg import count_surroundings, most_informative_kernel
    >>> spins = rgrbm.IsingModel(64, J=1.0).sample(20_000, method="exact", seed=0)
    >>> best = most_informative_kernel(count_surroundings(spins, width=2))
    >>> w = best.kernel.weights
    >>> bool(abs(w).min() < 0.5 * abs(w).max()), round(best.information, 2)
    (True, 0.25)
    """
    n = len(checks.instance("surroundings", surroundings, BlockSurroundings).window)
    stride, lattice_symmetric = checked_stride(stride), checks.flag("lattice_symmetric", lattice_symmetric)
    n_starts = checks.integer("n_starts", n_starts, 1)
    states = _states(n).astype(np.float64)
    orbits = orbits_of(surroundings.window) if lattice_symmetric else np.arange(n)
    tied = states @ np.eye(orbits.max() + 1)[orbits]
    p_window, p_around = surroundings.joint.sum(axis=1), surroundings.joint.sum(axis=0)

    def loss(w: Array) -> tuple[float, Array]:
        up = expit(2 * tied @ w)
        with_up = up @ surroundings.joint
        total = float(up @ p_window)
        with_down = np.maximum(p_around - with_up, 0)  # rounding may leave less than nothing
        information = _information(np.stack([with_up, with_down]))
        seen = p_around > 0
        odds: Array = np.zeros(len(surroundings.joint[0]))
        odds[seen] = np.log(_positive(with_up[seen]) / _positive(with_down[seen]))
        slope = surroundings.joint @ odds - p_window * np.log(_positive(total) / _positive(1 - total))
        return -information, -(tied.T @ (slope * 2 * up * (1 - up)))

    rng = np.random.default_rng(streams.seed_sequence(seed))
    n_weights, best = tied.shape[1], None
    for start in range(n_starts):
        first = np.full(n_weights, 0.5) if start == 0 else rng.normal(0, 0.7, n_weights)
        bounds = [(-LARGEST_WEIGHT, LARGEST_WEIGHT)] * n_weights
        optimum = minimize(loss, first, jac=True, method="L-BFGS-B", bounds=bounds)
        if np.isfinite(optimum.fun) and (best is None or optimum.fun < best.fun - 1e-9):
            best = optimum
    assert best is not None
    width = round(n ** (1 / len(surroundings.window[0])))
    kernel = upward_kernel(best.x[orbits].reshape((width,) * len(surroundings.window[0])), stride)
    return InformativeKernel(kernel, -float(best.fun))


def _information(joint: Array) -> float:
    """Σ p ln p/(p p), over rows and columns of a table."""
    rows, columns = joint.sum(axis=1), joint.sum(axis=0)
    return float(xlogy(joint, joint).sum() - xlogy(rows, rows).sum() - xlogy(columns, columns).sum())


def _positive(p: npt.ArrayLike) -> Array:
    return np.maximum(p, np.finfo(np.float64).tiny)


def _states(n: int) -> npt.NDArray[np.int8]:
    """All states ±1 of n spins, bit k of their number being spin k."""
    return (2 * ((np.arange(2**n)[:, None] >> np.arange(n)) & 1) - 1).astype(np.int8)


def _window(width: int, n_dimensions: int) -> Sites:
    along = range(-((width - 1) // 2), width - (width - 1) // 2)
    return tuple(itertools.product(along, repeat=n_dimensions))


def _ring_around(width: int, buffer: int, n_dimensions: int) -> Sites:
    """Sites just beyond the buffer, in their order around the window, thinned to at most 12."""
    first, last = -((width - 1) // 2) - buffer - 1, width - (width - 1) // 2 + buffer
    if n_dimensions == 1:
        return (first,), (last,)
    along = range(first, last)
    if n_dimensions == 3:
        # Half of the 4 sites amid each face, so that they are as far from all spins of the window.
        middle = (0, 1) if width % 2 == 0 else (-1, 0)
        faces = itertools.product(range(3), (first, last), middle, middle)
        sites = [tuple(np.insert([i, j], axis, far).tolist()) for axis, far, i, j in faces]
        return tuple(site for site in sites if sum(site) % 2 == 0)
    ring = [(first, o) for o in along] + [(o, last) for o in along]
    ring += [(last, first + last - o) for o in along] + [(first + last - o, first) for o in along]
    return tuple(ring[:: -(-len(ring) // _MOST_AROUND)])


def _require_few(n_sites: int) -> None:
    if n_sites > _MOST_SITES:
        raise ValueError(f"window and surroundings can have {_MOST_SITES} sites together, got {n_sites}")


def _require_room(sites: Sites, shape: tuple[int, ...]) -> None:
    if any(len(site) != len(shape) for site in sites):
        raise ValueError(f"the surroundings need sites of {len(shape)} dimensions, as the lattice of shape {shape}")
    if len({tuple(np.mod(site, shape)) for site in sites}) < len(sites):
        raise ValueError(f"window and surroundings do not fit a lattice of shape {shape}, or share a site")
