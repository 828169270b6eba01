"""Spin models on any list of bonds, β = 1, by enumeration of all states."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rgrbm._core import kernels
from rgrbm._support import checks
from rgrbm._support.enumeration import log_sum, log_weights, require_array, require_sum
from rgrbm._support.progress import Progress
from rgrbm.spins.bonds import bond_arrays

Values = npt.NDArray[np.float64]


def spin_log_z(
    n_sites: int,
    bonds: npt.ArrayLike,
    couplings: npt.ArrayLike,
    fields: npt.ArrayLike = 0.0,
    *,
    progress: Progress = None,
) -> float:
    """Log of the partition function of H(s) = −Σ_b J_b s_i s_j − Σ_i h_i s_i over all 2ⁿ states.

    Parameters
    ----------
    n_sites : int
        Number of spins, at most 28.
    bonds : array_like of int, shape (n_bonds, 2)
        The two sites of each bond, numbered from 0. A bond that is named twice counts twice.
    couplings : float or array_like of shape (n_bonds,)
        Coupling J_b of each bond.
    fields : float or array_like of shape (n_sites,), default=0
        Field h_i on each spin.
    progress : bool or callable, optional
        A bar (True), a function of (done, in all), or nothing (False). By default a bar in terminals and notebooks, for
        what takes longer than two seconds.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If there are more than 28 spins, or the arrays do not fit together.
    TypeError
        If the number of spins is not an integer, or a bond, coupling or field is not of numbers.

    Examples
    --------
    >>> from rgrbm.spins.exact import ring_log_z
    >>> from rgrbm.spins import spin_log_z
    >>> abs(spin_log_z(6, [(i, (i + 1) % 6) for i in range(6)], 1.0) - ring_log_z(1.0, 6)) < 1e-12
    True
    """
    n_sites = checks.integer("n_sites", n_sites, 1)
    require_sum(n_sites, "the model", "Use the closed forms of rgrbm.spins.exact or Monte Carlo instead.")
    return log_sum(_enumeration(n_sites, bonds, couplings, fields), 4, progress)


def spin_energies(n_sites: int, bonds: npt.ArrayLike, couplings: npt.ArrayLike, fields: npt.ArrayLike = 0.0) -> Values:
    """Energies H(s) of all 2ⁿ states; bit i of a state's number is set where spin i is +1.

    Parameters as for :func:`spin_log_z`.

    Returns
    -------
    ndarray of shape (2**n_sites,)

    Raises
    ------
    ValueError
        If there are more than 26 spins, or the arrays do not fit together.
    TypeError
        If the number of spins is not an integer, or a bond, coupling or field is not of numbers.

    Examples
    --------
    >>> from rgrbm.spins import spin_energies
    >>> spin_energies(2, [(0, 1)], 1.0)
    array([-1.,  1.,  1., -1.])
    """
    n_sites = checks.integer("n_sites", n_sites, 1)
    require_array(n_sites, "the model")
    return -log_weights(_enumeration(n_sites, bonds, couplings, fields), 4)


def _enumeration(
    n_sites: int, bonds: npt.ArrayLike, couplings: npt.ArrayLike, fields: npt.ArrayLike
) -> kernels.SpinEnumeration:
    return kernels.SpinEnumeration(n_sites, *bond_arrays(n_sites, bonds, couplings, fields))
