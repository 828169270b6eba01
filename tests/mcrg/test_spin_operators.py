"""Operators on packed bits against NumPy's rolls; their images against lists made by hand."""

import numpy as np
import pytest

from rgrbm import set_num_threads
from rgrbm.mcrg import EVEN_OPERATORS, ODD_OPERATORS, RING_OPERATORS, SpinOperator, operator_sums


def random_spins(*shape, seed=0):
    return (2 * np.random.default_rng(seed).integers(2, size=shape) - 1).astype(np.int8)


def rolled(spins, operator):
    """Σ_x Σ_images Π s(x + o), the images by rotating and reflecting the sites one after the other."""
    images = set()
    sites = [tuple(site) for site in operator.sites]
    for _ in range(2):
        for _ in range(4):
            least = [min(column) for column in zip(*sites, strict=True)]
            images.add(frozenset(tuple(o - m for o, m in zip(site, least, strict=True)) for site in sites))
            if len(sites[0]) == 2:
                sites = [(column, -row) for row, column in sites]
        sites = [(*site[:-1], -site[-1]) for site in sites]
    axes = tuple(range(1, spins.ndim))
    total = np.zeros(len(spins), dtype=np.int64)
    for image in images:
        product = np.ones(spins.shape, dtype=np.int64)
        for site in image:
            product *= np.roll(spins, [-o for o in site], axis=axes)
        total += product.sum(axis=axes)
    return total


@pytest.mark.parametrize(
    "shape", [(1, 4, 4), (511, 3, 5), (512, 8, 8), (1025, 6, 12), (40, 2, 2), (3, 1, 7), (5, 9, 1)]
)
def test_square_lattices(shape):
    spins = random_spins(*shape)
    operators = EVEN_OPERATORS + ODD_OPERATORS
    expected = np.stack([rolled(spins, operator) for operator in operators], axis=1)
    np.testing.assert_array_equal(operator_sums(spins, operators), expected)


@pytest.mark.parametrize("n_sites", [1, 2, 3, 8, 129])
def test_rings(n_sites):
    spins = random_spins(600, n_sites)
    expected = np.stack([rolled(spins, operator) for operator in RING_OPERATORS], axis=1)
    np.testing.assert_array_equal(operator_sums(spins, RING_OPERATORS), expected)


@pytest.mark.parametrize(
    ("name", "n_images"),
    [
        ("nearest", 2), ("diagonal", 2), ("plaquette", 1), ("third", 2), ("knight", 4), ("diamond", 1), ("tee", 4),
        ("zigzag", 4), ("ell", 8), ("wide diagonal", 2), ("wide square", 1), ("six", 2), ("magnetization", 1),
        ("corner", 4), ("line", 2), ("vee", 4), ("bent line", 8), ("wide corner", 4), ("plus", 1), ("flag", 8),
    ],
)  # fmt: skip
def test_images_are_those_of_the_square(name, n_images):
    operator = next(o for o in EVEN_OPERATORS + ODD_OPERATORS if o.name == name)
    assert len(operator.images) == n_images
    assert operator.is_even == (operator in EVEN_OPERATORS)


def test_no_two_operators_are_the_same():
    for operators in (EVEN_OPERATORS + ODD_OPERATORS, RING_OPERATORS):
        assert len({operator.images for operator in operators}) == len(operators)
        assert len({operator.name for operator in operators}) == len(operators)


def test_any_form_of_a_product_is_the_same_operator():
    one, other = SpinOperator("a", [(0, 0), (1, 2), (0, 1)]), SpinOperator("b", [(5, 7), (3, 6), (4, 7)])
    assert one.images == other.images


def test_the_same_sums_for_any_number_of_threads():
    spins = random_spins(3000, 8, 8)
    results = []
    for n in (1, 3):
        set_num_threads(n)
        results.append(operator_sums(spins, EVEN_OPERATORS))
    set_num_threads(0)
    np.testing.assert_array_equal(*results)


@pytest.mark.parametrize(
    ("spins", "operators", "error", "message"),
    [
        (np.ones((2, 3, 4, 5)), EVEN_OPERATORS, ValueError, "sites in 2 dimensions, the lattice has 3"),
        (np.ones((0, 4, 4)), EVEN_OPERATORS, ValueError, "expected configurations of shape"),
        (np.zeros((2, 4, 4)), EVEN_OPERATORS, ValueError, "expected spins ±1"),
        (np.zeros((2, 4, 4), np.int8), EVEN_OPERATORS, ValueError, "expected spins ±1; rgrbm.to_spins converts"),
        (np.full((2, 4, 4), 3, np.int8), EVEN_OPERATORS, ValueError, "expected spins ±1"),
        (np.ones((2, 8)), EVEN_OPERATORS, ValueError, "'nearest' has sites in 2 dimensions, the lattice has 1"),
        (np.ones((2, 4, 4)), [], ValueError, "at least one operator"),
        (np.ones((2, 4, 4)), ["nearest"], TypeError, "must be of class SpinOperator, got 'nearest'"),
    ],
)
def test_bad_input(spins, operators, error, message):
    with pytest.raises(error, match=message):
        operator_sums(spins, operators)


@pytest.mark.parametrize(
    ("sites", "error", "message"),
    [
        ([], ValueError, "needs sites"),
        ([(0, 0), (1,)], ValueError, "needs sites"),
        ([(0, 0, 0, 0)], ValueError, "needs sites"),
        ([(0, 0), (0, 0)], ValueError, "has a site twice"),
        ([(0, 2**70)], ValueError, "offsets of operator 'x' must be from"),
        ([(0, 0.5)], TypeError, "an offset must be an integer"),
    ],
)
def test_bad_operators(sites, error, message):
    with pytest.raises(error, match=message):
        SpinOperator("x", sites)
