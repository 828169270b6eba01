"""Random signs: the symmetries of a model, used rather than waited for.

Without a field a configuration and its mirror image −s are equally likely. In a field an antiferromagnet is the same
after a shift by one site, which exchanges the sublattices. Chains in the ordered phase show neither for a very long
time. So each configuration that is read gets a random sign, or shift, of its own.

A field prefers one of two mirror images, but on a small lattice, or if it is weak, both count. There chains make global
flips between sweeps (:meth:`rgrbm.spins.Sampler.flip_globally`).
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from rgrbm.spins.sampler import Sampler, SpinRecord
from rgrbm.spins.values import Spins

_NEGLIGIBLE = 40.0  # e⁻⁴⁰ is less than any error


def needs_global_flips(sampler: Sampler) -> bool:
    """Whether a field leaves mirror images weights that count: at least e^(−2|h|N) of those of the configurations."""
    return 0 < 2 * abs(sampler.h) * sampler.lattice.n_sites < _NEGLIGIBLE


class Orders(NamedTuple):
    """Σ s and Σ ε s of measurements, float64 of shape (n, n_chains); NaN if there is no Σ ε s."""

    magnetization: npt.NDArray[np.float64]
    staggered: npt.NDArray[np.float64]


def randomized_orders(sampler: Sampler, record: SpinRecord, generator: np.random.Generator) -> Orders:
    """Magnetizations of a record with random signs where the model has none of its own."""
    signs = generator.integers(0, 2, record.magnetization.shape, dtype=np.int8) * 2 - 1
    staggered = np.full(signs.shape, np.nan) if record.staggered is None else np.asarray(record.staggered, np.float64)
    magnetization = np.asarray(record.magnetization, np.float64)
    if sampler.h == 0:
        return Orders(signs * magnetization, signs * staggered)
    return Orders(magnetization, signs * staggered)


def randomized_spins(sampler: Sampler, generator: np.random.Generator) -> Spins:
    """The configurations of a sampler, each with a random sign or shift."""
    spins = sampler.spins()
    chosen = generator.integers(0, 2, sampler.n_chains, dtype=np.int8) == 1
    if sampler.h == 0:
        spins[chosen] *= np.int8(-1)
    elif sampler.order_is_staggered and sampler.staggered_pattern is not None:
        spins[chosen] = np.roll(spins[chosen], 1, axis=1 + sampler.staggered_pattern.index(True))
    return spins
