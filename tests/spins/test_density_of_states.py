"""Densities of states: against all configurations, published integers, and Kaufman's formula."""

import itertools
import math

import numpy as np
import pytest
from scipy.special import comb

from rgrbm.spins import exact
from rgrbm.spins.exact.broken_bonds import broken_bond_counts


def brute_force(shape):
    """Counts of Σ s s′ from a plain list of all configurations."""
    spins = np.array(list(itertools.product((-1, 1), repeat=math.prod(shape))), dtype=np.int8).reshape(-1, *shape)
    axes = range(1, len(shape) + 1)
    bond_sums = sum((spins * np.roll(spins, 1, axis)).sum(axis=tuple(axes), dtype=np.int64) for axis in axes)
    values, counts = np.unique(bond_sums, return_counts=True)
    return dict(zip(values.tolist(), counts.tolist(), strict=True))


@pytest.mark.parametrize(
    "shape",
    [
        (2,),
        (3,),
        (9,),
        (2, 2),
        (2, 3),
        (3, 2),
        (3, 3),
        (3, 4),
        (4, 4),
        (5, 3),
        (2, 8),
        (2, 2, 2),
        (2, 3, 3),
        (2, 2, 2, 2),
    ],
)
def test_all_configurations(shape):
    states = exact.density_of_states(shape)
    assert dict(zip(states.bond_sums.tolist(), states.counts, strict=True)) == brute_force(shape)
    assert states.shape == shape
    assert np.all(np.diff(states.bond_sums) > 0)


def test_enumeration_in_parts():
    # 24 spins, of which 3 are fixed one after the other: the same as 4 of another order of the axes, and 2²⁴ in all.
    result, other = exact.density_of_states((2, 3, 4)), exact.density_of_states((4, 2, 3))
    assert result.counts == other.counts
    assert sum(result.counts) == 2**24
    assert result.counts[-1] == 2
    # Moments of independent spins: ⟨B²⟩ = Σ (bonds between two sites)², with double bonds along the side of 2.
    moment = sum(count * int(b) ** 2 for b, count in zip(result.bond_sums, result.counts, strict=True))
    assert moment == 2**24 * (12 * 4 + 24 + 24)


def test_beale_32_by_32():
    # P. D. Beale, Phys. Rev. Lett. 76, 78 (1996), and spot.colorado.edu/~beale/IsingExactMathematica.html
    published = {
        0: 2, 4: 2048, 6: 4096, 8: 1057792, 10: 4218880, 12: 371621888, 14: 2191790080, 16: 100903637504,
        18: 768629792768, 32: 122868315209973770496, 64: 3523173455605142701375696893142359104,
    }  # fmt: skip
    counts = broken_bond_counts(32, 32)
    assert {k: counts[k] for k in published} == published
    assert str(counts[1024]).startswith("6342873169001916568766443273025000331593063924436135196680443689656478072741")
    assert sum(counts) == 2**1024
    assert counts == counts[::-1]


def test_zero_energy_states():
    # The sequence A364781 of the On-Line Encyclopedia of Integer Sequences: as many bonds broken as not.
    for shape, expected in {
        (2, 4): 100, (3, 4): 1346, (4, 4): 20524, (6, 5): 226137622, (6, 6): 13172279424, (7, 6): 777714553240,
        (8, 7): 10990445640557042, (8, 8): 2627978003957146636,
    }.items():  # fmt: skip
        states = exact.density_of_states(shape)
        assert states.counts[states.bond_sums.tolist().index(0)] == expected


@pytest.mark.parametrize("shape", [(16, 16), (5, 17), (8, 11), (13, 13), (2, 40)])
def test_moments_are_those_of_free_spins_and_of_kaufman(shape):
    states, n = exact.density_of_states(shape), math.prod(shape)
    assert sum(states.counts) == 2**n
    if shape[0] % 2 == shape[1] % 2 == 0:
        assert states.counts == states.counts[::-1]
    assert sum(c * int(b) for b, c in zip(states.bond_sums, states.counts, strict=True)) == 0
    square = sum(c * int(b) ** 2 for b, c in zip(states.bond_sums, states.counts, strict=True))
    assert square == 2**n * n * sum(2 if side == 2 else 1 for side in shape)
    for J in (-2.0, -0.44, 0.0, 0.3, exact.CRITICAL_COUPLING, 0.7, 3.0):
        assert states.log_z(J) == pytest.approx(exact.torus_log_z(J, *shape), rel=1e-13)
        assert states.mean_energy_per_site(J) == pytest.approx(exact.torus_mean_energy_per_site(J, *shape), rel=1e-11)
        assert states.specific_heat(J) == pytest.approx(exact.torus_specific_heat(J, *shape), rel=1e-10, abs=1e-11)
        assert states.probabilities(J).sum() == pytest.approx(1)


def test_ring_of_any_length():
    states = exact.density_of_states(401)
    assert sum(states.counts) == 2**401
    assert states.log_z(0.8) == pytest.approx(exact.ring_log_z(0.8, 401), rel=1e-14)
    assert states.specific_heat(-0.8) == pytest.approx(exact.ring_specific_heat(-0.8, 401), rel=1e-12)
    assert states.counts[-1] == 2
    assert states.counts[-2] == 2 * comb(401, 2, exact=True)


def test_bad_input():
    with pytest.raises(ValueError, match="at least 2 sites along each axis"):
        exact.density_of_states((1, 4))
    with pytest.raises(TypeError, match="each side of the shape must be an integer"):
        exact.density_of_states((4.0, 4))
    with pytest.raises(ValueError, match=r"at most 28 sites; got 36, of shape \(3, 3, 4\)"):
        exact.density_of_states((3, 3, 4))
    with pytest.raises(ValueError, match="J must be finite"):
        exact.density_of_states((2, 2)).log_z(math.inf)
