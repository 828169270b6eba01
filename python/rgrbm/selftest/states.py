"""All states of a few units, and the numbers of states: bit k of a number is unit k."""

import numpy as np
import numpy.typing as npt


def all_units(n: int) -> npt.NDArray[np.float64]:
    """All states 0/1 of n units, shape (2^n, n)."""
    return ((np.arange(2**n)[:, None] >> np.arange(n)) & 1).astype(float)


def numbers_of(units: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """The number of each state, of units (n_states, …) that are on where they are above 0: units 0/1, or spins ±1."""
    on = np.asarray(units)
    flat = on.reshape(len(on), -1) > 0
    return flat.astype(np.int64) @ (1 << np.arange(flat.shape[1]))
