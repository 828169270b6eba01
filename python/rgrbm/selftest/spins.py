"""Samplers of spins against all states of small lattices, and their bits against recorded ones."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from rgrbm.mcrg import ConvolutionKernel
from rgrbm.mechanics import BistableChain
from rgrbm.selftest.result import CheckResult, by_bits, by_statistics, chi_square
from rgrbm.selftest.states import all_units, numbers_of
from rgrbm.spins import ClusterSampler, Lattice, SingleSpinSampler

_CHAINS = 20_000  # independent: only their last states are counted
_SWEEPS = {"metropolis": 60, "heat_bath": 60, "swendsen_wang": 20, "wolff": 60}
_CASES = (((8,), 0.6, 0.1), ((3, 3), 0.3, 0.0), ((2, 2, 2), 0.12, 0.2))  # shape, J, h
# First 16 hexadecimal digits of SHA-256 of spins as int8. Samplers use integers only: every build has these bits.
RECORDED = {
    "metropolis": "0fff15516bda1868",
    "heat_bath": "4f85c4e2e88aa3c2",
    "swendsen_wang": "9b1c788c1165c72e",
    "wolff": "11162f8b6e53bdb4",
}

Values = npt.NDArray[np.float64]


def checks(seed: int) -> Iterator[tuple[str, Callable[[], CheckResult]]]:
    """Names and checks, to be made one after the other; the seed is that of all samples but those of recorded bits."""
    for method in _SWEEPS:
        for shape, J, h in _CASES:
            name = f"{method.replace('_', ' ')}, {'×'.join(map(str, shape))}" + (f", h = {h:g}" if h else "")
            yield name, functools.partial(_sampler, name, method, shape, J, h, seed)
    yield "block spins, 2×2×2", functools.partial(_block_spins, seed)
    yield "bistable chain", functools.partial(_bistable, seed)
    for method in RECORDED:
        yield f"bits of {method.replace('_', ' ')}", functools.partial(_bits, method)


def boltzmann(shape: tuple[int, ...], J: float, h: float) -> Values:
    """Probabilities of all states of a periodic hypercubic lattice, by NumPy's rolls."""
    n = int(np.prod(shape))
    s = (2 * all_units(n) - 1).reshape(-1, *shape)
    axes = tuple(range(1, s.ndim))
    log_p = h * s.sum(axis=axes) + J * sum((s * np.roll(s, 1, axis)).sum(axis=axes) for axis in axes)
    p = np.exp(log_p - log_p.max())
    return np.asarray(p / p.sum())


def _make(method: str, shape: tuple[int, ...], J: float, h: float, n_chains: int, seed: int) -> Any:
    kind = ClusterSampler if method in ("wolff", "swendsen_wang") else SingleSpinSampler
    sampler: Any = kind(Lattice(shape), J, h, method=method, n_chains=n_chains, seed=seed)  # type: ignore[arg-type]
    if method == "wolff":
        sampler.clusters_per_sweep = 4
    return sampler


def _sampler(name: str, method: str, shape: tuple[int, ...], J: float, h: float, seed: int) -> CheckResult:
    sampler = _make(method, shape, J, h, _CHAINS, seed)
    sampler.sweep(_SWEEPS[method])
    return by_statistics(f"{name}: all states", chi_square(numbers_of(sampler.spins()), boltzmann(shape, J, h)))


def _block_spins(seed: int) -> CheckResult:
    kernel = ConvolutionKernel(np.linspace(-0.2, 0.6, 8).reshape(2, 2, 2), 2)
    spins = np.random.default_rng(0).choice(np.array([-1, 1], np.int8), size=(1, 2, 2, 4))
    p = 1 / (1 + np.exp(-2 * np.array([(kernel.weights * spins[0, :, :, k : k + 2]).sum() for k in (0, 2)])))
    joint = np.array([(1 - p[0]) * (1 - p[1]), p[0] * (1 - p[1]), (1 - p[0]) * p[1], p[0] * p[1]])
    drawn = kernel.block(np.repeat(spins, 40_000, axis=0), seed=seed)
    return by_statistics("block spins, 2×2×2: their distribution", chi_square(numbers_of(drawn), joint))


def _bistable(seed: int) -> CheckResult:
    """Signs of two neighbours, against probabilities by a sum over a grid."""
    n, barrier, kappa = 3, 1.0, 1.0
    grid = np.linspace(-3, 3, 240)  # 0 is no point of it
    weight = np.exp(-barrier * (grid**2 - 1) ** 2)
    transfer = np.exp(-0.5 * kappa * (grid[:, None] - grid) ** 2) * np.sqrt(weight[:, None] * weight)
    two = transfer * (transfer @ transfer)  # sites 0 and 1 of a ring of three
    signs = (grid < 0).astype(float), (grid > 0).astype(float)
    joint = np.array([first @ two @ second for second in signs for first in signs])
    u = BistableChain(n, barrier, kappa).metropolis(_CHAINS, 100, seed=seed)
    numbers = numbers_of(np.where(u[:, :2] > 0, 1, -1).astype(np.int8))
    return by_statistics("bistable chain: signs of two sites", chi_square(numbers, joint / joint.sum()))


def bits_of(method: str) -> str:
    """The digits of this build, to compare with RECORDED."""
    sampler = _make(method, (16, 16), 0.44, 0.0, 40, 7)
    sampler.sweep(20)
    return hashlib.sha256(np.ascontiguousarray(sampler.spins(), dtype=np.int8).tobytes()).hexdigest()[:16]


def _bits(method: str) -> CheckResult:
    return by_bits(f"{method.replace('_', ' ')}, 16×16: recorded bits", bits_of(method) == RECORDED[method])
