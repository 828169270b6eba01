"""Couplings of every order at once, and the relation between those of spins ±1 and of a lattice gas 0/1.

A function f of n binary units is given by its 2ⁿ values, in the order of the states' numbers (bit i is unit i), and so
are its couplings: number 5 = 0b101 is the coupling of units 0 and 2.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]


def spin_transform(values: npt.ArrayLike) -> Values:
    """Couplings J_S of f(s) = Σ_S J_S Π_{i∈S} s_i in spins ±1, by the Walsh–Hadamard transform.

    Parameters
    ----------
    values : array_like of shape (2**n,)
        f of every state; spin i is +1 where bit i of the state's number is set.

    Returns
    -------
    ndarray of shape (2**n,)
        J_S = 2⁻ⁿ Σ_s f(s) Π_{i∈S} s_i of every set S of units.

    Raises
    ------
    ValueError
        If the number of values is no power of 2.

    Examples
    --------
    >>> from rgrbm.rg.couplings.transforms import spin_transform
    >>> spin_transform([0.7, -0.7, -0.7, 0.7])  # of f = 0.7 s₀ s₁
    array([0. , 0. , 0. , 0.7])
    """
    return _per_bit(values, lambda low, high: ((low + high) / 2, (high - low) / 2))


def lattice_gas_transform(values: npt.ArrayLike) -> Values:
    """Couplings K_S of f(x) = Σ_S K_S Π_{i∈S} x_i in units 0/1, K_S = Σ_{T⊆S} (−1)^(|S|−|T|) f(T).

    Parameters, errors and order of the sets as for :func:`spin_transform`.

    Examples
    --------
    >>> from rgrbm.rg.couplings.transforms import lattice_gas_transform
    >>> lattice_gas_transform([0.0, 1.0, 1.0, 5.0])  # of f = x₀ + x₁ + 3 x₀ x₁
    array([0., 1., 1., 3.])
    """
    return _per_bit(values, lambda low, high: (low, high - low))


def lattice_gas_to_spin(couplings: npt.ArrayLike) -> Values:
    """Spin couplings from those of the lattice gas, J_S = Σ_{T⊇S} 2^(−|T|) K_T.

    Every K of higher order adds to a J: truncating the sum to T = S, that is, J_ij = K_ij/4, is wrong unless there are
    no interactions of more than two units.

    Parameters
    ----------
    couplings : array_like of shape (2**n,)
        K_S of every set S of units.

    Returns
    -------
    ndarray of shape (2**n,)

    Raises
    ------
    ValueError
        If the number of couplings is no power of 2.

    Examples
    --------
    >>> from rgrbm.rg.couplings.transforms import lattice_gas_to_spin
    >>> lattice_gas_to_spin([0.0, 0.0, 0.0, 4.0])  # 4 x₀ x₁ = 1 + s₀ + s₁ + s₀ s₁
    array([1., 1., 1., 1.])
    """
    return _per_bit(couplings, lambda low, high: (low + high / 2, high / 2))


def spin_to_lattice_gas(couplings: npt.ArrayLike) -> Values:
    """Lattice-gas couplings from those of spins, K_S = 2^|S| Σ_{T⊇S} (−1)^(|T|−|S|) J_T.

    Parameters and errors as for :func:`lattice_gas_to_spin`, of which it is the inverse.

    Examples
    --------
    >>> from rgrbm.rg.couplings.transforms import spin_to_lattice_gas
    >>> spin_to_lattice_gas([1.0, 1.0, 1.0, 1.0])
    array([0., 0., 0., 4.])
    """
    return _per_bit(couplings, lambda low, high: (low - high, 2 * high))


def _per_bit(values: npt.ArrayLike, step: Callable[[Values, Values], tuple[Values, Values]]) -> Values:
    """Apply a map of two values, with a unit's bit cleared and set, to one unit after the other."""
    out = np.array(values, dtype=np.float64)
    n_units = out.size.bit_length() - 1
    if out.ndim != 1 or out.size != 1 << n_units:
        raise ValueError(f"one value for each of 2**n states or sets is needed, got an array of shape {out.shape}")
    for unit in range(n_units):
        pairs = out.reshape(-1, 2, 1 << unit)
        pairs[:, 0], pairs[:, 1] = step(pairs[:, 0], pairs[:, 1])
    return out
