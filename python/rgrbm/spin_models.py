"""Small spin models on any list of bonds, by enumeration, β = 1."""

import numpy as np
import numpy.typing as npt

from rgrbm import _enumeration as _sums
from rgrbm._core import kernels

Values = npt.NDArray[np.float64]


def spin_log_z(
    n_sites: int,
    bonds: npt.ArrayLike,
    couplings: npt.ArrayLike,
    fields: npt.ArrayLike = 0.0,
    *,
    progress: bool = False,
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
    progress : bool, default=False
        Show a progress bar.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If there are more than 28 spins, or the arrays do not fit together.

    Examples
    --------
    >>> from rgrbm.exact import ring_log_z
    >>> from rgrbm.spin_models import spin_log_z
    >>> abs(spin_log_z(6, [(i, (i + 1) % 6) for i in range(6)], 1.0) - ring_log_z(1.0, 6)) < 1e-12
    True
    """
    _sums.require_sum(n_sites, "the model", "Use exact.py's closed forms or Monte Carlo instead.")
    return _sums.log_sum(_enumeration(n_sites, bonds, couplings, fields), 4, progress)


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

    Examples
    --------
    >>> from rgrbm.spin_models import spin_energies
    >>> spin_energies(2, [(0, 1)], 1.0)
    array([-1.,  1.,  1., -1.])
    """
    _sums.require_array(n_sites, "the model")
    return -_sums.log_weights(_enumeration(n_sites, bonds, couplings, fields), 4)


def _enumeration(
    n_sites: int, bonds: npt.ArrayLike, couplings: npt.ArrayLike, fields: npt.ArrayLike
) -> kernels.SpinEnumeration:
    if n_sites < 1:
        raise ValueError(f"n_sites must be at least 1, got {n_sites}")
    sites = np.asarray(bonds)
    if sites.size == 0:
        sites = np.empty((0, 2), np.int64)
    if sites.ndim != 2 or sites.shape[1] != 2 or sites.dtype.kind not in "iu":
        raise ValueError(f"bonds must be integers of shape (n_bonds, 2), got {sites.dtype} of shape {sites.shape}")
    try:
        J = np.broadcast_to(np.asarray(couplings, dtype=np.float64), (len(sites),))
        h = np.broadcast_to(np.asarray(fields, dtype=np.float64), (n_sites,))
    except ValueError as error:
        raise ValueError(f"couplings and fields need one value, or one per bond and per site: {error}") from error
    return kernels.SpinEnumeration(
        n_sites, np.ascontiguousarray(sites, np.int64), np.ascontiguousarray(J), np.ascontiguousarray(h)
    )
