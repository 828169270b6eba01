"""Values count, not how they lie in memory: any dtype that holds them, byte order, strides, and read-only arrays.

Each function is called with the contiguous copy first. What follows from any other layout of the same values is equal
to the bit, or the same error.
"""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rgrbm
from rbm_models import random_rbm
from rgrbm.rbm import from_parameters
from rgrbm.spins import ClusterSampler, Lattice
from rgrbm.statistics import mean_and_stderr

# Deterministic, so that a failure is one of the change that is tested.
settings.register_profile("layouts", derandomize=True, database=None, deadline=None, max_examples=25)
quick = settings(settings.get_profile("layouts"))

FLOATS = ["f4", "f8", ">f4", ">f8", "longdouble"]
SIGNED = ["i1", "i2", "i4", "i8", ">i2", ">i8", "f2", *FLOATS]
UNSIGNED = ["?", "u1", "u2", "u4", ">u8", *SIGNED]


@st.composite
def laid_out(draw, array, dtypes):
    """A view with the values of an array, between values that are in none of the data."""
    steps = [draw(st.sampled_from([1, 2, 3, -1, -2])) for _ in range(array.ndim)]
    shape = [n * abs(step) for n, step in zip(array.shape, steps, strict=True)]
    axes = draw(st.permutations(range(array.ndim)))  # C, Fortran, and orders between the two
    wide = np.full([shape[axis] for axis in axes], 7, np.dtype(draw(st.sampled_from(dtypes))))
    view = wide.transpose(np.argsort(axes))[tuple(slice(None, None, step) for step in steps)]
    view[...] = array
    view.flags.writeable = draw(st.booleans())
    np.testing.assert_array_equal(view, array)
    return view


def check(function, contiguous, *layouts, may_refuse):
    try:
        expected = function(*contiguous)
    except ValueError as error:
        if not may_refuse:
            raise
        with pytest.raises(ValueError, match=re.escape(str(error))):
            function(*layouts)
        return
    np.testing.assert_array_equal(function(*layouts), expected)


def spins(shape, seed):
    return np.random.default_rng(seed).choice(np.array([-1, 1], np.int8), size=shape)


SQUARE = Lattice((4, 6))


def after_set_spins(values):
    sampler = ClusterSampler(SQUARE, 0.3, n_chains=3, seed=0)
    sampler.set_spins(values)
    return sampler.spins()


TAKE_SPINS = {
    "to_binary": rgrbm.to_binary,
    "energy of one coupling": rgrbm.IsingModel((4, 6), 0.3, h=0.2).energy,
    "energy of two couplings": rgrbm.IsingModel((4, 6), (0.3, -0.7)).energy,
    "energy of triangles": rgrbm.IsingModel((4, 6), 0.3, lattice="triangular").energy,
    "magnetization": rgrbm.IsingModel((4, 6), 0.3).magnetization,
    "set_spins": after_set_spins,
}


@pytest.mark.parametrize("function", TAKE_SPINS.values(), ids=TAKE_SPINS)
@quick
@given(data=st.data())
def test_spins(function, data):
    values = spins((data.draw(st.sampled_from([0, 1, 3, 70])), 4, 6), data.draw(st.integers(0, 3)))
    may_refuse = function is after_set_spins and len(values) != 3
    check(function, [values], data.draw(laid_out(values, SIGNED)), may_refuse=may_refuse)


PARAMETERS = random_rbm(9, 5, 1.0)
RBM = from_parameters(PARAMETERS)
TAKE_UNITS = {
    "to_spins": rgrbm.to_spins,
    "transform": RBM.transform,
    "free_energy": RBM.free_energy,
    "score_samples": lambda x: from_parameters(PARAMETERS, random_state=0).score_samples(x),
    "sample_hidden": lambda x: RBM.sample_hidden(x, seed=0),
    "gibbs": lambda x: RBM.gibbs(x, seed=0),
}


@pytest.mark.parametrize("function", TAKE_UNITS.values(), ids=TAKE_UNITS)
@quick
@given(data=st.data())
def test_units(function, data):
    n = data.draw(st.sampled_from([0, 1, 3, 70]))
    values = np.random.default_rng(data.draw(st.integers(0, 3))).integers(0, 2, size=(n, 9), dtype=np.uint8)
    check(function, [values], data.draw(laid_out(values, UNSIGNED)), may_refuse=n == 0)


@pytest.mark.parametrize("name", ["transform", "free_energy", "score_samples"])
@quick
@given(data=st.data())
def test_probabilities(name, data):
    n = data.draw(st.sampled_from([0, 1, 3, 70]))
    values = np.random.default_rng(data.draw(st.integers(0, 3))).random((n, 9))
    check(TAKE_UNITS[name], [values], data.draw(laid_out(values, ["f8", ">f8"])), may_refuse=n == 0)


@quick
@given(data=st.data())
def test_means(data):
    # Multiples of ⅛, which every dtype holds.
    n = data.draw(st.sampled_from([0, 1, 2, 3, 1000]))
    values = np.random.default_rng(data.draw(st.integers(0, 3))).integers(-40, 40, size=n) / 8
    check(mean_and_stderr, [values], data.draw(laid_out(values, ["f2", *FLOATS])), may_refuse=n == 0)


@quick
@given(data=st.data())
def test_hidden_correlation(data):
    n = data.draw(st.sampled_from([0, 1, 2, 200]))
    hidden = rgrbm.IsingModel((12,), 0.9).sample(200, method="exact", seed=data.draw(st.integers(0, 3)))[:n]
    weights = np.kron(np.eye(12), [[1.5], [1.25]])

    def numbers(hidden, weights):
        result = rgrbm.hidden_correlation(hidden, weights)
        return [result.J, result.J_stderr, *result.correlation]

    layouts = data.draw(laid_out(hidden, SIGNED)), data.draw(laid_out(weights, FLOATS))
    check(numbers, [hidden, weights], *layouts, may_refuse=n < 2)
