"""Distributions that samplers are held to: all states of small lattices, and whether counts follow them."""

import itertools

import numpy as np
from scipy import stats

FALSE_ALARM = 1e-5


def all_states(sides):
    """Every configuration of ±1, (2ⁿ, *sides), in the order of :func:`state_numbers`."""
    return np.array(list(itertools.product((-1, 1), repeat=int(np.prod(sides)))), np.int8).reshape(-1, *sides)


def state_numbers(spins):
    """The number of each configuration (n, …), the first site counting most."""
    bits = (spins.reshape(len(spins), -1) + 1) // 2
    return bits @ (1 << np.arange(bits.shape[1])[::-1])


def bond_sums(spins, n_axes, *, triangular=False):
    """Σ s s′ over the bonds of each kind, (n, n_bonds): one along each axis, and from (r, c) to (r + 1, c + 1)."""
    lattice = tuple(range(1, n_axes + 1))
    steps = [(axis, -1) for axis in lattice] + ([((1, 2), (-1, -1))] if triangular else [])
    wide = spins.astype(np.int64)
    return np.stack([(wide * np.roll(wide, shift, axis)).sum(lattice) for axis, shift in steps], axis=1)


def boltzmann_distribution(sides, couplings, field=0.0, *, triangular=False):
    """Probabilities of all states."""
    spins = all_states(sides)
    exponent = bond_sums(spins, len(sides), triangular=triangular) @ np.asarray(couplings)
    exponent = exponent + field * spins.reshape(len(spins), -1).sum(1)
    weight = np.exp(exponent - exponent.max())
    return weight / weight.sum()


def chi_square(counts, probabilities):
    """p-value of counts under a distribution; rare states are joined until each is expected at least 5 times."""
    order = np.argsort(probabilities)
    expected, observed = probabilities[order] * counts.sum(), counts[order]
    merged = np.minimum(np.cumsum(expected) // 5, np.sum(expected > 5) + 1).astype(int)
    merged[expected > 5] = merged[expected <= 5].max(initial=0) + 1 + np.arange(np.sum(expected > 5))
    _, group = np.unique(merged, return_inverse=True)
    expected, observed = np.bincount(group, expected), np.bincount(group, observed)
    if expected[0] < 5 and len(expected) > 1:
        expected[1] += expected[0]
        observed[1] += observed[0]
        expected, observed = expected[1:], observed[1:]
    return stats.chi2.sf(np.sum((observed - expected) ** 2 / expected), len(expected) - 1)
