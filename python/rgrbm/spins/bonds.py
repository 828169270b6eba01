"""The bonds of spin models: of periodic lattices, and any list of them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from rgrbm._support import checks

Values = npt.NDArray[np.float64]
Bonds = npt.NDArray[np.int64]

_BYTES_PER_SITE = 80  # of a list of its neighbours, and its sublattice


def lattice_bonds(shape: Sequence[int]) -> Bonds:
    """Nearest-neighbour bonds of a periodic hypercubic lattice: a ring, a square lattice, or more dimensions.

    :meth:`rgrbm.spins.Lattice.bonds` keeps them apart by axis, and knows the triangular lattice.

    Parameters
    ----------
    shape : sequence of int
        Number of sites along each axis, at least 2. Two sites along an axis have a double bond, named twice.

    Returns
    -------
    ndarray of int64, shape (n_dimensions * n_sites, 2)
        Sites are numbered row by row.

    Raises
    ------
    TypeError
        If the shape is no sequence, or a side not an integer.
    ValueError
        If a side is shorter than 2.
    MemoryError
        If the bonds need more memory than there is.

    Examples
    --------
    >>> from rgrbm.spins import lattice_bonds
    >>> lattice_bonds((3,)).tolist()
    [[0, 1], [1, 2], [2, 0]]
    """
    sides = tuple(checks.integer("each side of the shape", side) for side in checks.items("shape", shape, "integers"))
    if not sides or min(sides) < 2:
        raise ValueError(f"a periodic lattice needs at least 2 sites along each axis, got the shape {sides}")
    n_bonds = len(sides) * math.prod(sides)
    checks.require_memory(3 * 16 * n_bonds, f"a list of {n_bonds} bonds")
    return np.concatenate([bonds_along(sides, direction) for direction in np.eye(len(sides), dtype=int).tolist()])


def bonds_along(shape: Sequence[int], direction: Sequence[int]) -> Bonds:
    """Bonds from each site of a periodic lattice to the one that lies a step ahead, shape (n_sites, 2).

    Examples
    --------
    >>> from rgrbm.spins.bonds import bonds_along
    >>> bonds_along((2, 2), (0, 1)).tolist()
    [[0, 1], [1, 0], [2, 3], [3, 2]]
    """
    sites = np.arange(np.prod(shape), dtype=np.int64).reshape(shape)
    ahead = np.roll(sites, [-step for step in direction], range(len(shape)))
    return np.stack([sites, ahead], axis=-1).reshape(-1, 2)


def two_sublattices(n_sites: int, bonds: npt.ArrayLike) -> tuple[Bonds, Bonds]:
    """Sites of the two sublattices of a bipartite lattice, the first with the lowest site of each connected part.

    Raises
    ------
    ValueError
        If there is a loop of odd length, or a bond is out of range.
    TypeError
        If the number of sites or the bonds are not integers.
    MemoryError
        If the sites need more memory than there is.

    Examples
    --------
    >>> from rgrbm.spins.bonds import lattice_bonds, two_sublattices
    >>> two_sublattices(4, lattice_bonds((4,)))
    (array([0, 2]), array([1, 3]))
    """
    sites, _, _ = bond_arrays(n_sites, bonds, 0.0, 0.0)
    checks.require_memory(_BYTES_PER_SITE * n_sites, f"neighbours of {n_sites} sites")
    neighbours: list[list[int]] = [[] for _ in range(n_sites)]
    for i, j in sites.tolist():
        neighbours[i].append(j)
        neighbours[j].append(i)
    side = np.full(n_sites, -1)
    for root in range(n_sites):
        if side[root] >= 0:
            continue
        side[root], front = 0, [root]
        while front:
            i = front.pop()
            for j in neighbours[i]:
                if side[j] < 0:
                    side[j] = 1 - side[i]
                    front.append(j)
                elif side[j] == side[i]:
                    raise ValueError(f"the lattice is not bipartite: sites {i} and {j} are on a loop of odd length")
    return np.flatnonzero(side == 0), np.flatnonzero(side == 1)


def bond_arrays(
    n_sites: int, bonds: npt.ArrayLike, couplings: npt.ArrayLike, fields: npt.ArrayLike
) -> tuple[Bonds, Values, Values]:
    """Bonds (n_bonds, 2), couplings (n_bonds,) and fields (n_sites,) as contiguous arrays, checked.

    Raises
    ------
    ValueError
        If their shapes do not fit together, a bond ties a site to itself or to none, or a value is masked or
        not finite.
    TypeError
        If the number of sites is not an integer, or a bond, coupling or field is not of numbers.
    MemoryError
        If the fields need more memory than there is.
    """
    n_sites = checks.integer("n_sites", n_sites, 1)
    checks.require_memory(8 * n_sites, f"fields of {n_sites} sites")
    sites = checks.numbers("bonds", bonds, dtype=None)
    if sites.size == 0:
        sites = np.empty((0, 2), np.int64)
    if sites.ndim != 2 or sites.shape[1] != 2 or sites.dtype.kind not in "iu":
        raise ValueError(f"bonds must be integers of shape (n_bonds, 2), got {sites.dtype} of shape {sites.shape}")
    wrong = (sites < 0).any(axis=1) | (sites >= n_sites).any(axis=1) | (sites[:, 0] == sites[:, 1])
    if wrong.any():
        raise ValueError(
            f"a bond needs two different sites from 0 to {n_sites - 1}, got {tuple(sites[wrong][0].tolist())}"
        )
    try:
        J = np.broadcast_to(checks.numbers("couplings", couplings), (len(sites),))
        h = np.broadcast_to(checks.numbers("fields", fields), (n_sites,))
    except ValueError as error:
        raise ValueError(f"couplings and fields need one value, or one per bond and per site: {error}") from error
    if not (np.isfinite(J).all() and np.isfinite(h).all()):
        raise ValueError("couplings and fields must be finite")
    return np.ascontiguousarray(sites, np.int64), np.ascontiguousarray(J), np.ascontiguousarray(h)
