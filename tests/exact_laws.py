"""Counts against laws, for tests of samplers."""

import numpy as np
from scipy import stats

FALSE_ALARM = 1e-5


def chi_square(counts, probabilities):
    """p-value of counts under a law; rare states are put together so that none is expected less than 5 times."""
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
