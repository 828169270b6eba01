"""Ground states among alternating patterns, against all states of small lattices."""

import numpy as np
import pytest

from exact_distributions import all_states
from rgrbm import IsingModel
from rgrbm.spins import Lattice
from rgrbm.spins.patterns import bond_signs, ground_state, pattern_spins


@pytest.mark.parametrize(
    ("shape", "kind", "J", "h", "satisfied"),
    [
        ((6,), "hypercubic", (0.5,), 0.0, True),
        ((6,), "hypercubic", (-0.5,), 0.0, True),
        ((5,), "hypercubic", (-0.5,), 0.0, False),
        ((4, 4), "hypercubic", (0.3, -0.2), 0.0, True),
        ((4, 3), "hypercubic", (0.3, -0.2), 0.0, False),
        ((4, 3), "hypercubic", (-0.3, 0.2), 0.0, True),
        ((4, 4), "hypercubic", (-0.3, -0.3), 0.4, False),
        ((4, 4), "hypercubic", (-0.3, -0.3), 2.0, False),
        ((4, 4), "hypercubic", (0.3, 0.3), -0.4, True),
        ((2, 2, 4), "hypercubic", (-0.1, 0.2, -0.3), 0.0, True),
        ((4, 4), "triangular", (-0.2, 0.3, -0.1), 0.0, True),
        ((4, 4), "triangular", (-0.2, -0.2, -0.2), 0.0, False),
    ],
)
def test_the_ground_state_has_the_lowest_energy(shape, kind, J, h, satisfied):
    model = IsingModel(shape, J, h, lattice=kind)
    result = ground_state(model.lattice, J, h)
    assert result.satisfied == satisfied
    sign = -1 if h < 0 and not any(result.pattern) else 1
    energy = model.energy(sign * pattern_spins(shape, result.pattern))
    lowest = model.energy(all_states(shape)).min()
    if satisfied:
        assert energy == pytest.approx(lowest)
        assert energy == pytest.approx(-model.n_sites * (np.abs(J).sum() + abs(h)))
    else:
        assert energy >= lowest - 1e-9


@pytest.mark.parametrize("pattern", [(True, False), (False, True), (True, True), (False, False)])
@pytest.mark.parametrize("kind", ["hypercubic", "triangular"])
def test_signs_of_bonds_are_those_of_the_pattern(pattern, kind):
    lattice = Lattice((4, 6), kind)
    spins = pattern_spins(lattice.shape, pattern)
    np.testing.assert_array_equal(lattice.bond_sums(spins), 24 * np.array(bond_signs(lattice, pattern)))
