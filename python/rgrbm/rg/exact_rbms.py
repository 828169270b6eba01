"""RBMs that are exact: whose marginals are known Ising models, with log Z in closed form at any size.

Three constructions, all on lists of bonds. *Decimation*: visible spins on all sites, hidden ones are copies of one
sublattice; the hidden marginal is the decimated model. *Bonds*: one hidden unit on each bond; the visible marginal is
the model itself. *Sublattices*: one sublattice visible, the other hidden; the joint distribution is the model itself.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from rgrbm._support import checks
from rgrbm.model.parameters import RBMParameters, binary_parameters, spin_parameters
from rgrbm.rg.decimation import inverse_decimation
from rgrbm.spins.bonds import bond_arrays, lattice_bonds, two_sublattices
from rgrbm.spins.exact import ring_log_z
from rgrbm.statistics.presentation import short_repr

Values = npt.NDArray[np.float64]
Sites = npt.NDArray[np.int64]


def decimation_rbm(n_visible: int, J: float, K: float) -> RBMParameters:
    """The RBM that decimates the Ising ring: N/2 hidden units with ±1 weights (J, K, J), at stride 2.

    Hidden unit j is tied by K to the visible spin 2j, whose copy it becomes as K → ∞, and by J to the spins 2j ± 1.
    Its hidden marginal is the ring of N/2 spins at J' = ½ ln cosh 2J for *every* K; its visible marginal tends to the
    ring of N spins at J as K → ∞, with a divergence ∝ e^(−4K).

    Parameters
    ----------
    n_visible : int
        Number of visible units N, even.
    J, K : float
        Outer and central weight, in ±1 units.

    Returns
    -------
    RBMParameters
        In 0/1 units, without fields in ±1 units.

    Raises
    ------
    ValueError
        If ``n_visible`` is odd or not positive, or a weight is not finite.
    TypeError
        If ``n_visible`` is not an integer, or a weight not a number.

    Examples
    --------
    >>> import numpy as np
    >>> from rgrbm import decimate
    >>> from rgrbm.rg import decimation_rbm
    >>> from rgrbm.likelihood import log_marginal
    >>> log_p = log_marginal(decimation_rbm(8, J=1.0, K=0.3), "hidden")  # of the ring of 4 spins at J'
    >>> bool(np.isclose((log_p[0b1111] - log_p[0b1110]) / 4, decimate(1.0).J))
    True
    """
    n_visible, J, K = _require_even(n_visible), checks.real("J", J), checks.real("K", K)
    checks.require_memory(4 * n_visible**2, f"an RBM of {n_visible} visible and {n_visible // 2} hidden units")
    site = np.arange(0, n_visible, 2)
    w = np.zeros((n_visible, n_visible // 2))
    w[site, site // 2] = K
    for neighbour in (site - 1, site + 1):  # one and the same for two spins, which have a double bond
        w[neighbour % n_visible, site // 2] += J
    return binary_parameters(w)


def decimation_log_z(n_visible: int, J: float, K: float) -> float:
    """Log Z of :func:`decimation_rbm`, (N/2) ln(2 cosh K) + ln Z_ring(J, N) and the constant of 0/1 units.

    Raises
    ------
    ValueError
        If ``n_visible`` is odd or not positive, or a weight is not finite.
    TypeError
        If ``n_visible`` is not an integer, or a weight not a number.

    Examples
    --------
    >>> from rgrbm.rg import decimation_rbm
    >>> from rgrbm import log_z
    >>> from rgrbm.rg.exact_rbms import decimation_log_z
    >>> abs(decimation_log_z(12, 1.0, 2.0) - log_z(decimation_rbm(12, 1.0, 2.0))) < 1e-10
    True
    """
    n_visible, J, K = _require_even(n_visible), checks.real("J", J), checks.real("K", K)
    n_hidden = n_visible // 2
    return float(n_hidden * np.logaddexp(K, -K) + ring_log_z(J, n_visible) - n_hidden * (2 * J + K))


def _require_even(n_visible: int) -> int:
    n = checks.integer("n_visible", n_visible)
    if n < 2 or n % 2:
        raise ValueError(f"decimation by half needs an even number of visible units, at least 2, got {n}")
    return n


class SublatticeRBM(NamedTuple):
    """An RBM on a bipartite lattice, and which site each of its units is."""

    rbm: RBMParameters
    """Parameters in 0/1 units."""
    visible_sites: Sites
    """Site of each visible unit, of shape (n_visible,)."""
    hidden_sites: Sites
    """Site of each hidden unit, of shape (n_hidden,)."""
    log_z_offset: float
    """ln Z of the RBM − ln Z of the spin model."""

    def __repr__(self) -> str:
        return short_repr(self)


def sublattice_rbm(
    n_sites: int, bonds: npt.ArrayLike, couplings: npt.ArrayLike, fields: npt.ArrayLike = 0.0
) -> SublatticeRBM:
    """Any Ising model on a bipartite lattice as an RBM: one sublattice visible, the other hidden.

    The joint distribution *is* the model, and both marginals are the model decimated by half. On the square lattice at
    K their couplings are K_nn' = ¼ ln cosh 4K, K_nnn' = ⅛ ln cosh 4K and K_4' = ⅛ ln cosh 4K − ½ ln cosh 2K.

    Parameters
    ----------
    n_sites : int
        Number of spins.
    bonds : array_like of int, shape (n_bonds, 2)
        As for :func:`rgrbm.spins.spin_log_z`, for instance from :func:`rgrbm.spins.lattice_bonds`. In each
        connected part of the lattice, the sublattice of the site with the lowest number is visible.
    couplings : float or array_like of shape (n_bonds,)
        Couplings of either sign.
    fields : float or array_like of shape (n_sites,), default=0
        Fields on the spins.

    Returns
    -------
    SublatticeRBM

    Raises
    ------
    ValueError
        If the lattice has a loop of odd length, or no bonds, or the arrays do not fit together.
    TypeError
        If the number of sites is not an integer, or a coupling or field not a number.

    Examples
    --------
    >>> from rgrbm.spins import lattice_bonds, spin_log_z
    >>> from rgrbm import log_z
    >>> from rgrbm.rg import sublattice_rbm
    >>> bonds = lattice_bonds((4, 4))
    >>> exact_rbm = sublattice_rbm(16, bonds, 0.4)
    >>> abs(log_z(exact_rbm.rbm) - exact_rbm.log_z_offset - spin_log_z(16, bonds, 0.4)) < 1e-10
    True
    """
    sites, J, h = bond_arrays(n_sites, bonds, couplings, fields)
    visible, hidden, between = _sublattice_weights(n_sites, sites, J)
    rbm = binary_parameters(between, h[visible], h[hidden])
    return SublatticeRBM(rbm, visible, hidden, spin_parameters(rbm).constant)


def lattice_decimation_rbm(n_sites: int, bonds: npt.ArrayLike, couplings: npt.ArrayLike, K: float) -> SublatticeRBM:
    """The RBM that decimates any bipartite Ising model by half: :func:`decimation_rbm` on a list of bonds.

    All sites are visible. Each hidden unit is tied by K to one site of the sublattice of site 0 and by the model's
    couplings to that site's neighbours. The hidden marginal is the decimated model for every K, the visible one tends
    to the model itself as K → ∞.

    Parameters
    ----------
    n_sites, bonds, couplings
        As for :func:`sublattice_rbm`.
    K : float
        Weight between a hidden unit and the site that it copies, in ±1 units.

    Returns
    -------
    SublatticeRBM
        ``hidden_sites`` are the sites that the hidden units copy.

    Raises
    ------
    ValueError, TypeError
        As for :func:`sublattice_rbm`; K must be a finite number.

    Examples
    --------
    >>> from rgrbm.spins import lattice_bonds
    >>> from rgrbm.rg import lattice_decimation_rbm
    >>> lattice_decimation_rbm(16, lattice_bonds((4, 4)), 0.4, K=3.0).rbm.weights_.shape
    (16, 8)
    """
    sites, J, _ = bond_arrays(n_sites, bonds, couplings, 0.0)
    copied, others, between = _sublattice_weights(n_sites, sites, J)
    w = np.zeros((n_sites, len(copied)))
    w[others] = between.T
    w[copied, np.arange(len(copied))] = K = checks.real("K", K)
    rbm = binary_parameters(w)
    offset = len(copied) * float(np.logaddexp(K, -K)) + spin_parameters(rbm).constant
    return SublatticeRBM(rbm, np.arange(n_sites), copied, offset)


def _sublattice_weights(n_sites: int, sites: Sites, J: Values) -> tuple[Sites, Sites, Values]:
    """Sites of the two sublattices and the couplings between them; repeated bonds add up."""
    first, second = two_sublattices(n_sites, sites)
    if not len(second):
        raise ValueError("without bonds, there is no second sublattice")
    rank = np.empty(n_sites, dtype=np.int64)
    rank[first], rank[second] = np.arange(len(first)), np.arange(len(second))
    from_first = np.isin(sites[:, 0], first)
    w = np.zeros((len(first), len(second)))
    ends = np.where(from_first[:, None], sites, sites[:, ::-1])
    np.add.at(w, (rank[ends[:, 0]], rank[ends[:, 1]]), J)
    return first, second, w


def bond_rbm(
    n_sites: int, bonds: npt.ArrayLike, couplings: npt.ArrayLike, fields: npt.ArrayLike = 0.0
) -> RBMParameters:
    """Any Ising model as the visible marginal of an RBM with one hidden unit for each bond.

    The weights of a bond's unit are w = ½ arcosh(e^(2|J|)) on one of its spins and ±w, with the sign of J, on the
    other. So J is the coupling that decimation makes of w: this is the inverse of the renormalization group.

    Parameters
    ----------
    n_sites, bonds, couplings, fields
        As for :func:`rgrbm.spins.spin_log_z`: any graph, couplings of either sign.

    Returns
    -------
    RBMParameters
        In 0/1 units, with ``n_sites`` visible units and a hidden one per bond. Its log Z: :func:`bond_log_z`.

    Raises
    ------
    ValueError
        If there are no bonds or the arrays do not fit together.
    TypeError
        If the number of sites is not an integer, or a coupling or field not a number.

    Examples
    --------
    >>> import numpy as np
    >>> from rgrbm.rg import bond_rbm
    >>> from rgrbm.likelihood import kl_divergence
    >>> from rgrbm.spins import lattice_bonds, spin_energies, spin_log_z
    >>> bonds = lattice_bonds((8,))
    >>> P = np.exp(-spin_energies(8, bonds, -0.7) - spin_log_z(8, bonds, -0.7))
    >>> abs(kl_divergence(P, bond_rbm(8, bonds, -0.7))) < 1e-12
    True
    """
    sites, J, h = bond_arrays(n_sites, bonds, couplings, fields)
    if not len(sites):
        raise ValueError("an RBM needs at least one hidden unit, that is, one bond")
    size, unit = np.asarray(inverse_decimation(np.abs(J))), np.arange(len(sites))
    w = np.zeros((n_sites, len(sites)))
    w[sites[:, 0], unit] = size
    w[sites[:, 1], unit] = np.copysign(size, J)
    return binary_parameters(w, h)


def bond_log_z(
    spin_log_z: float, n_sites: int, bonds: npt.ArrayLike, couplings: npt.ArrayLike, fields: npt.ArrayLike = 0.0
) -> float:
    """Log Z of :func:`bond_rbm` from that of the spin model, ln Z + Σ_b (ln 2 + abs J_b) and the constant of 0/1 units.

    Parameters
    ----------
    spin_log_z : float
        ln Z of the spin model, for instance from :func:`rgrbm.spins.exact.torus_log_z`.
    n_sites, bonds, couplings, fields
        As for :func:`bond_rbm`.

    Raises
    ------
    ValueError, TypeError
        As for :func:`bond_rbm`; the ln Z given must be a finite number.

    Examples
    --------
    >>> from rgrbm.rg import bond_rbm
    >>> from rgrbm.spins import lattice_bonds
    >>> from rgrbm import log_z
    >>> from rgrbm.spins.exact import torus_log_z
    >>> from rgrbm.rg.exact_rbms import bond_log_z
    >>> bonds = lattice_bonds((4, 4))
    >>> abs(bond_log_z(torus_log_z(0.4, 4, 4), 16, bonds, 0.4) - log_z(bond_rbm(16, bonds, 0.4))) < 1e-10
    True
    """
    sites, J, _ = bond_arrays(n_sites, bonds, couplings, fields)
    constant = spin_parameters(bond_rbm(n_sites, bonds, couplings, fields)).constant
    return float(checks.real("spin_log_z", spin_log_z) + len(sites) * np.log(2) + np.abs(J).sum() + constant)


def ring_bond_rbm(n_sites: int, J: float) -> RBMParameters:
    """:func:`bond_rbm` of the ring: both of its marginals are the ring of ``n_sites`` spins at J, of either sign.

    Raises
    ------
    ValueError
        If there are fewer than two sites, or J is not finite.

    Examples
    --------
    >>> import numpy as np
    >>> from rgrbm.likelihood import log_marginal
    >>> from rgrbm.rg.exact_rbms import ring_bond_rbm
    >>> rbm = ring_bond_rbm(6, 0.8)
    >>> bool(np.allclose(np.sort(log_marginal(rbm, "visible")), np.sort(log_marginal(rbm, "hidden"))))
    True
    """
    return bond_rbm(n_sites, lattice_bonds((n_sites,)), J)
