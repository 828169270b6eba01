"""Configurations in words of 512, as many as are blocked at a time."""

from collections.abc import Iterator

import numpy as np

from rgrbm._support.progress import progress_bar
from rgrbm.spins.cluster_sampler import ClusterSampler
from rgrbm.spins.values import Spins

CHAINS = 64
"""Chains of a sampler whose configurations come in words."""
_ROUNDS = 8


def words_of(sampler: ClusterSampler, n_samples: int, spacing: int, what: str = "") -> Iterator[Spins]:
    """Configurations of :data:`CHAINS` chains, 512 at a time, chain after chain, so many sweeps apart.

    There are as many words as ``n_samples`` need, behind a progress bar if they are named.
    """
    n_words = -(-n_samples // (CHAINS * _ROUNDS))
    with progress_bar(what, n_words, unit="words", show=bool(what)) as advance:
        for _ in range(n_words):
            rounds = []
            for _ in range(_ROUNDS):
                sampler.sweep(spacing)
                rounds.append(sampler.spins())
            yield np.stack(rounds, axis=1).reshape(-1, *sampler.lattice.shape)
            advance(1, "")
