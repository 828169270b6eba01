"""Where Metropolis colour by colour would not be ergodic, found by following all states of small lattices.

The kernels visit sites at random there; docs/sampling.md reports the results.
"""

import numpy as np
import pytest

from rgrbm import IsingModel
from rgrbm.spins import spin_energies


def states_cut_off(model):
    """Number of states from which sweeps colour by colour can never reach the ground state, and their energies."""
    energy, states = spin_energies(*model.terms()), np.arange(2**model.n_sites)
    colours = model.lattice.colouring().ravel()
    reaching = states == np.argmin(energy)
    while True:
        before = reaching
        # One sweep backwards. A flip that does not raise the energy is made always, others may be made or not.
        for site in np.argsort(colours, kind="stable")[::-1]:
            flipped = states ^ (1 << site)
            always = energy[flipped] <= energy + 1e-9
            reaching = np.where(always, reaching[flipped], reaching | reaching[flipped])
        reaching = before | reaching
        if np.array_equal(reaching, before):
            return np.count_nonzero(~reaching), energy[~reaching]


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (IsingModel(8, 0.4), 116),  # of 256: domain walls on rails
        (IsingModel((4, 4), 0.4), 36),  # of 65,536: no spin feels a field
        (IsingModel((4, 4), -0.4), 36),
        (IsingModel((4, 4), (0.4, 0.3)), 16),
        (IsingModel((4, 4), (0.4, 0.0)), 44_800),  # four rings
        (IsingModel((2, 2, 4), 0.4), 16),
        (IsingModel((3, 3), 0.4, lattice="triangular"), 56),  # of 512
        (IsingModel((3, 3), -0.4, lattice="triangular"), 56),
    ],
    ids=repr,
)
def test_without_a_field_some_states_are_cut_off(model, expected):
    n_states, energies = states_cut_off(model)
    assert n_states == expected
    if model.lattice.kind == "hypercubic" and 0 not in model.couplings and len(model.shape) > 1:
        np.testing.assert_allclose(energies, 0, atol=1e-12)


@pytest.mark.parametrize(
    "model",
    [
        IsingModel(8, 0.4, h=0.1),
        IsingModel((4, 4), 0.4, h=0.1),
        IsingModel((4, 4), 0.4, h=0.8),
        IsingModel((4, 4), (0.4, 0.0), h=0.1),
        IsingModel((2, 2, 4), 0.4, h=0.1),
        IsingModel((3, 3), 0.4, h=0.2, lattice="triangular"),
        IsingModel((3, 3), -0.4, h=0.2, lattice="triangular"),
    ],
    ids=repr,
)
def test_with_a_field_none_is(model):
    assert states_cut_off(model)[0] == 0
