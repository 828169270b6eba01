"""Thermometers of the square lattice: temperatures of spins by their energy and by diagonal neighbours.

Energies are those of the finite lattice, exactly; the correlation of diagonal neighbours is a measured curve. In an
Ising model the two agree, in other spins they differ.
"""

import math
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from rgrbm.spins import ClusterSampler, Lattice, Spins
from rgrbm.spins.exact import torus_mean_energy_per_site, torus_specific_heat

_BURN_IN, _SPACING, _CHAINS = 100, 2, 40  # of the measured curve


def diagonal_curve(side: int, n_measured: int, seed: np.random.SeedSequence) -> dict[str, Any]:
    """The correlation of diagonal neighbours at each temperature, by Swendsen and Wang's clusters."""
    T = np.linspace(0.5, 8.0, 76)
    couplings = np.repeat(1 / T, _CHAINS)[:, None] * np.ones(2)
    lattice = Lattice((side, side))
    sampler = ClusterSampler(lattice, couplings, method="swendsen_wang", n_chains=len(couplings), seed=seed)
    sampler.align()
    sampler.sweep(_BURN_IN)
    sums = np.zeros(len(couplings))
    for _ in range(n_measured):
        sampler.sweep(_SPACING)
        sums += diagonal_correlation(sampler.spins())
    return {"T": T.tolist(), "c": (sums / n_measured).reshape(-1, _CHAINS).mean(axis=1).tolist()}


def diagonal_correlation(spins: Spins) -> npt.NDArray[np.float64]:
    """The correlation of diagonal neighbours of each configuration."""
    both = spins * (np.roll(spins, (1, 1), (1, 2)) + np.roll(spins, (1, -1), (1, 2)))
    return np.asarray(both.mean(axis=(1, 2)) / 2)


def energy_per_site(spins: Spins) -> npt.NDArray[np.float64]:
    """Energy per site of each configuration, in units of the coupling."""
    return np.asarray(-(spins * (np.roll(spins, 1, 1) + np.roll(spins, 1, 2))).mean(axis=(1, 2)))


def T_by_diagonal(c: float, curve: dict[str, Any]) -> float | None:
    """The temperature at which diagonal neighbours have this correlation; None above the curve's last."""
    rising = np.array(curve["c"])[::-1]
    if c < rising[0]:
        return None
    return 0.0 if c >= 1 else float(np.interp(c, rising, np.array(curve["T"])[::-1]))


def mean_energy(T: float, side: int) -> float:
    """Mean energy per site of the lattice at a temperature, in units of the coupling."""
    return -2.0 if T == 0 else T * torus_mean_energy_per_site(1 / T, side, side)


def T_by_energy(energy: float, side: int) -> float:
    """The temperature at which the lattice has this mean energy per site."""
    return 0.0 if energy <= -2 else float(np.interp(energy, *_energies(side)))


@cache
def _energies(side: int) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    T = np.arange(0.5, 8.0, 0.02)
    return np.array([mean_energy(float(t), side) for t in T]), T


def energy_sd(T: float | None, side: int) -> float:
    """How much the energy per site of single configurations varies, in an Ising model."""
    return 0.0 if not T else T * math.sqrt(torus_specific_heat(1 / T, side, side)) / side


def temperatures_along(flow: dict[str, Any], curve: dict[str, Any]) -> dict[str, Any]:
    """Temperatures, and their errors, by both thermometers; None where there is none."""
    energy, energy_error = [], []
    for J, stderr in zip(flow["J"], flow["J_stderr"], strict=True):
        hot = J is not None and J - 3 * (stderr or 0) <= 0.02  # T would be anything from 50 to −50
        energy.append(0.0 if J is None else None if hot else 1 / J)
        energy_error.append(None if J is None or hot else (stderr or 0.0) / J**2)
    diagonal, diagonal_error = [], []
    for c, stderr in zip(flow["diagonal"], flow["diagonal_stderr"], strict=True):
        T, low, high = (T_by_diagonal(x, curve) for x in (c, c + stderr, c - stderr))
        diagonal.append(T)
        diagonal_error.append(None if low is None or high is None else (high - low) / 2)
    return {
        "step": flow["step"],
        "energy": energy,
        "energy_stderr": energy_error,
        "diagonal": diagonal,
        "diagonal_stderr": diagonal_error,
    }
