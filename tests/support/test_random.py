"""Seeds and keys: the same seed gives the same streams, different purposes different ones."""

import numpy as np
import pytest

from rgrbm import IsingModel
from rgrbm._support.streams import key, seed_sequence


def test_equal_seeds_give_equal_keys():
    assert key(seed_sequence(7)) == key(seed_sequence(np.random.SeedSequence(7)))


def test_purposes_and_seeds_give_different_keys():
    keys = {key(seed_sequence(seed), purpose) for seed in range(20) for purpose in range(5)}
    assert len(keys) == 100


def test_generators_are_advanced():
    generator = np.random.default_rng(0)
    assert key(seed_sequence(generator)) != key(seed_sequence(generator))
    state = np.random.RandomState(0)
    assert key(seed_sequence(state)) != key(seed_sequence(state))


def test_none_takes_fresh_entropy():
    assert key(seed_sequence(None)) != key(seed_sequence(None))


@pytest.mark.parametrize("seed", ["0", 1.5, True, [1]])
def test_other_types_are_refused(seed):
    with pytest.raises(TypeError, match="seed must be an int"):
        seed_sequence(seed)


def test_negative_seeds_are_refused():
    with pytest.raises(ValueError, match="seed must not be negative, got -1"):
        IsingModel((8,), J=1.0).sample(1, seed=-1)
