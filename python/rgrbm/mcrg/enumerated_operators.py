"""Operators of any lattice, enumerated: all products of few spins that are close to each other, one of each class."""

from __future__ import annotations

import functools
import itertools
import math
from typing import get_args

import numpy as np

from rgrbm._support import checks
from rgrbm.mcrg.spin_operators import EVEN_OPERATORS, ODD_OPERATORS, RING_OPERATORS, Product, SpinOperator
from rgrbm.mcrg.torus import Integers, metric, symmetries
from rgrbm.spins.lattice import Kind

_MOST_SITES = 8
_MOST_CANDIDATES, _MOST_CLASSES = 30_000, 20_000
_BASE = 1024  # more than any offset
_WORDS = {1: "one", 2: "pair", 3: "three", 4: "four", 5: "five", 6: "six", 7: "seven", 8: "eight"}


def operator_classes(
    n_sites: int, max_distance_squared: int, *, n_dimensions: int = 2, lattice: Kind = "hypercubic"
) -> tuple[SpinOperator, ...]:
    """Classes of products of n_sites spins within a largest distance, under the lattice's symmetries.

    Two products are of one class if a translation, rotation or reflection takes one into the other.

    Parameters
    ----------
    n_sites : int
        Spins of a product, from 1 to 8.
    max_distance_squared : int
        Largest squared distance of two of them; that of nearest neighbours is 1.
    n_dimensions : int, default=2
        1 for a ring, 2 for a square or triangular lattice, 3 for a cubic one.
    lattice : {"hypercubic", "triangular"}, default="hypercubic"

    Returns
    -------
    tuple of SpinOperator
        In the order of the largest distance within a product, then of the sum of all squared distances. Pairs are
        named by their distance, others by their sites.

    Raises
    ------
    ValueError, TypeError
        If a number is out of range or not an integer, the lattice is unknown, or there are more than 20,000 classes.

    Examples
    --------
    >>> from rgrbm.mcrg import operator_classes
    >>> [operator.name for operator in operator_classes(2, 4)]
    ['nearest', 'pair √2', 'pair 2']
    >>> [len(operator_classes(n, 3, n_dimensions=3)) for n in (2, 3, 4)]
    [3, 3, 6]
    """
    n_sites = checks.integer("n_sites", n_sites, 1)
    max_distance_squared = checks.integer("max_distance_squared", max_distance_squared, 1)
    if n_sites > _MOST_SITES:
        raise ValueError(f"n_sites must be at most {_MOST_SITES}, got {n_sites}")
    n_dimensions = _dimensions(n_dimensions, lattice)
    reach = math.isqrt(2 * max_distance_squared) + 1
    if (2 * reach + 1) ** n_dimensions > _MOST_CANDIDATES:
        raise ValueError(f"max_distance_squared={max_distance_squared} is too large in {n_dimensions} dimensions")
    found: set[Product] = {((0,) * n_dimensions,)}
    for _ in range(n_sites - 1):
        found = {
            product for smaller in found for product in _one_more(smaller, max_distance_squared, n_dimensions, lattice)
        }
        if len(found) > _MOST_CLASSES:
            raise ValueError(
                f"there are more than {_MOST_CLASSES:,} classes of {n_sites} spins or fewer within a squared "
                f"distance of {max_distance_squared}: take fewer spins or a smaller distance"
            )
    ordered = sorted(found, key=lambda product: (*_extent(product, lattice), product))
    return tuple(SpinOperator(_name(product, lattice), product, lattice) for product in ordered)


def default_operators(n_dimensions: int, lattice: Kind = "hypercubic") -> tuple[SpinOperator, ...]:
    """The operators that functions of rgrbm.mcrg take where none are given: even ones, then odd ones.

    :data:`RING_OPERATORS` of a ring, :data:`EVEN_OPERATORS` and :data:`ODD_OPERATORS` of the square lattice, and by
    :func:`operator_classes` those of two more lattices:

    - cubic: pairs up to a distance of √8, three spins up to √5, four up to 2, five up to √3 (19 even, 16 odd);
    - triangular: pairs up to 3, three, four and five spins up to 2 (12 even, 12 odd).

    Parameters
    ----------
    n_dimensions : int
        1, 2 or 3.
    lattice : {"hypercubic", "triangular"}, default="hypercubic"

    Returns
    -------
    tuple of SpinOperator

    Raises
    ------
    TypeError
        If the number of dimensions is not an integer, or the lattice no text.
    ValueError
        If there is no such lattice.

    Examples
    --------
    >>> from rgrbm.mcrg import default_operators
    >>> operators = default_operators(3)
    >>> sum(operator.is_even for operator in operators), operators[1].name
    (19, 'pair √2')
    """
    return _default_operators(_dimensions(n_dimensions, lattice), lattice)


@functools.cache
def _default_operators(n_dimensions: int, lattice: Kind) -> tuple[SpinOperator, ...]:
    if lattice == "hypercubic" and n_dimensions == 1:
        return RING_OPERATORS
    if lattice == "hypercubic" and n_dimensions == 2:
        return EVEN_OPERATORS + ODD_OPERATORS
    # Numbers of spins, and how far apart they are at most.
    sizes = ((2, 8), (4, 4), (1, 1), (3, 5), (5, 3)) if n_dimensions == 3 else ((2, 9), (4, 4), (1, 1), (3, 4), (5, 4))
    classes = [operator_classes(n, far, n_dimensions=n_dimensions, lattice=lattice) for n, far in sizes]
    return tuple(
        sorted(itertools.chain(*classes), key=lambda o: (not o.is_even, *_extent(o.sites, lattice), len(o.sites)))
    )


def _dimensions(n_dimensions: int, lattice: Kind) -> int:
    checks.choice("lattice", lattice, get_args(Kind))
    if checks.integer("n_dimensions", n_dimensions, 1) > 3 or (lattice == "triangular" and n_dimensions != 2):
        raise ValueError(f"a {lattice} lattice cannot have n_dimensions={n_dimensions}")
    return int(n_dimensions)


def _one_more(product: Product, farthest: int, n_dimensions: int, lattice: Kind) -> set[Product]:
    """Classes of the product with one site more, none of which is farther from another."""
    sites = np.array(product)
    reach = math.isqrt(2 * farthest) + 1
    candidates = sites[0] + np.array(list(itertools.product(range(-reach, reach + 1), repeat=n_dimensions)))
    squares = _squares(candidates[:, None, :] - sites, lattice)
    near = ((squares > 0) & (squares <= farthest)).all(axis=1)
    return {_representative(np.vstack([sites, site]), lattice) for site in candidates[near]}


def _representative(sites: Integers, lattice: Kind) -> Product:
    """The first of all images of a product, in the order of their sites."""
    images = sites @ symmetries(sites.shape[1], lattice).transpose(0, 2, 1)
    images -= images.min(axis=1, keepdims=True)
    numbers = images @ _BASE ** np.arange(sites.shape[1])[::-1]  # which order sites as their tuples do
    order = np.argsort(numbers, axis=1)
    first = np.lexsort(np.take_along_axis(numbers, order, axis=1).T[::-1])[0]
    return tuple(tuple(site) for site in images[first][order[first]].tolist())


def _extent(product: Product, lattice: Kind) -> tuple[int, int]:
    """The largest squared distance within a product, and the sum of all."""
    sites = np.array(product)
    squares = _squares(sites[:, None] - sites, lattice)
    return int(squares.max()), int(squares.sum())


def _squares(offsets: Integers, lattice: Kind) -> Integers:
    form = metric(offsets.shape[-1], lattice)
    return np.asarray(np.einsum("...i,ij,...j", offsets, form, offsets) // 2)


def _name(product: Product, lattice: Kind) -> str:
    if len(product) == 1:
        return "magnetization"
    if len(product) == 2:
        square = _extent(product, lattice)[0]
        whole = math.isqrt(square)
        distance = str(whole) if whole * whole == square else f"√{square}"
        # At some distances there are pairs of two classes, such as (0, 5) and (3, 4).
        return "nearest" if square == 1 else f"pair {distance}" + _sites_of_pair(product, square, lattice)
    return f"{_WORDS[len(product)]} " + " ".join("".join(map(str, site)) for site in product)


def _sites_of_pair(product: Product, square: int, lattice: Kind) -> str:
    offset = np.abs(np.subtract(*np.array(product)))
    alone = lattice == "triangular" or square < 9 or len(offset) == 1
    return "" if alone else " (" + ", ".join(map(str, sorted(offset.tolist()))) + ")"
