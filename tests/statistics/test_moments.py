"""Moments of spins, block by block."""

import numpy as np
import pytest
from scipy import sparse

from rgrbm import IsingModel
from rgrbm.statistics import SpinMoments, spin_moments


def test_moments_are_sums_over_blocks():
    blocks = [IsingModel(8, J=0.5).sample(n, method="exact", seed=n) for n in (3, 7)]
    moments = spin_moments(blocks)
    np.testing.assert_array_equal(moments.n_samples, [3, 7])
    for block, total, products in zip(blocks, moments.sums, moments.products, strict=True):
        np.testing.assert_array_equal(total, block.sum(axis=0))
        np.testing.assert_array_equal(products, block.astype(int).T @ block)
    parts = SpinMoments.concatenate([spin_moments(blocks[:1]), spin_moments(blocks[1:])])
    for ours, theirs in zip(parts, moments, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_bad_input():
    with pytest.raises(ValueError, match="no blocks"):
        spin_moments([])
    with pytest.raises(ValueError, match="same units"):
        spin_moments([np.ones((2, 3)), np.ones((2, 4))])


@pytest.mark.parametrize("wrong", [0, 0.5, 2, -2, np.nan, np.inf])
def test_values_that_are_no_spins(wrong):
    with pytest.raises(ValueError, match=r"expected spins ±1; rgrbm\.to_spins converts .*, got the value"):
        spin_moments([np.ones((2, 3)), np.array([[1, -1, wrong]])])


def test_masked_values_and_text_are_no_spins():
    with pytest.raises(ValueError, match="got masked values; leave these samples out"):
        spin_moments([np.ma.masked_equal([[1, -1]], -1)])
    with pytest.raises(TypeError, match="spins must be real numbers, got <U1"):
        spin_moments([[["1", "1"]]])


@pytest.mark.parametrize("blocks", [None, 3, np.array(2), sparse.csr_array(np.eye(2))])
def test_what_holds_no_blocks(blocks):
    with pytest.raises(TypeError, match="blocks must be a sequence of arrays of spins, got"):
        spin_moments(blocks)


def test_blocks_are_taken_one_by_one():
    moments = spin_moments(np.full((2, 3), sign) for sign in (1, -1))
    np.testing.assert_array_equal(moments.sums, [[2, 2, 2], [-2, -2, -2]])
