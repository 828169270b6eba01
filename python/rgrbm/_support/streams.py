"""From what users call a seed to the keys of the compiled random streams."""

from typing import TypeAlias

import numpy as np

Seed: TypeAlias = int | np.random.SeedSequence | np.random.Generator | np.random.RandomState | None


def seed_sequence(seed: Seed) -> np.random.SeedSequence:
    """Convert a seed to a ``SeedSequence``.

    Integers and sequences give the same sequence each time. Generators are advanced, so that two calls with
    the same generator differ. ``None`` takes entropy from the operating system.

    Raises
    ------
    TypeError
        If ``seed`` is of another type.
    ValueError
        If an integer seed is negative.
    """
    if isinstance(seed, np.random.SeedSequence):
        return seed
    if isinstance(seed, np.random.Generator):
        return np.random.SeedSequence([int(word) for word in seed.integers(2**32, size=4, dtype=np.uint64)])
    if isinstance(seed, np.random.RandomState):
        return np.random.SeedSequence([int(word) for word in seed.randint(2**32, size=4, dtype=np.uint64)])
    if seed is None:
        return np.random.SeedSequence()
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer):
        raise TypeError(
            f"seed must be an int, numpy.random.SeedSequence, Generator, RandomState or None, got {type(seed).__name__}"
        )
    if seed < 0:
        raise ValueError(f"seed must not be negative, got {seed}")
    return np.random.SeedSequence(int(seed))


def key(sequence: np.random.SeedSequence, purpose: int = 0) -> tuple[int, int]:
    """Two 64-bit words that name the streams of one purpose (a kernel that draws from this seed)."""
    child = np.random.SeedSequence(sequence.entropy, spawn_key=(*sequence.spawn_key, purpose))
    first, second = child.generate_state(2, np.uint64)
    return int(first), int(second)
