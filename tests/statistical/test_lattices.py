"""Single-spin updates on any lattice, with a coupling for each axis and a field, against exact distributions.

Seeds are fixed; each test states how often a right sampler would fail it.
"""

import functools
import itertools
import math

import numpy as np
import pytest

from chains import PACKINGS, chains_of_model, is_sequential, packed_chains, packings_of_models, unpacked
from exact_distributions import FALSE_ALARM, chi_square
from rgrbm import IsingModel
from rgrbm.spins import Lattice, spin_energies, spin_log_z

METHODS = ["metropolis", "heat_bath"]
SMALL = [
    IsingModel(6, 0.7, h=0.3),
    IsingModel(6, -0.5, h=0.4),
    IsingModel((2, 3), (0.4, -0.3), h=0.2),
    IsingModel((3, 3), (0.5, 0.2)),
    IsingModel((3, 3), 0.3, h=-0.2),
    IsingModel((2, 4), (0.3, 0.0), h=0.1),
    IsingModel((2, 4), 0.0, h=0.3),
    IsingModel((2, 2, 2), 0.2),
    IsingModel((2, 2, 2), -0.3, h=0.2),
    IsingModel((2, 2, 3), 0.2),
    IsingModel((2, 2, 3), (0.1, 0.2, -0.3), h=0.1),
    IsingModel((3, 3), 0.2, lattice="triangular"),
    IsingModel((3, 3), -0.5, lattice="triangular"),
    IsingModel((3, 3), -0.3, h=0.4, lattice="triangular"),
    IsingModel((3, 4), (0.4, -0.2, 0.1), h=-0.1, lattice="triangular"),
    IsingModel((2, 3), 0.3, lattice="triangular"),
    # All packings can be used of these by heat bath, and of the negative couplings the kernels know no frame.
    IsingModel((2, 2), 0.3),
    IsingModel((2, 2), -0.3),
    IsingModel((2, 2), (0.2, -0.4), h=0.3),
    IsingModel((2, 4), -0.4),
    IsingModel((4, 2), (0.4, -0.3), h=-0.2),
    IsingModel((2, 6), (-0.2, 0.3)),
    IsingModel((2, 2, 2), (0.1, -0.2, 0.3)),
    IsingModel((3, 3), (0.3, -0.3, -0.3), lattice="triangular"),
    # Neither of these has colours.
    IsingModel(7, -0.6),
    IsingModel((3, 4), (-0.3, 0.4), h=0.1),
    IsingModel((3, 2, 2), -0.25),
]
LEVELS = [
    IsingModel((4, 4), (0.5, 0.3)),
    IsingModel((4, 4), (-0.6, 0.3)),
    IsingModel((4, 4), 0.35, h=0.05),
    IsingModel((4, 4), (0.3, 0.4), h=-0.1),
    IsingModel((2, 2, 4), (0.3, 0.2, 0.1)),
    IsingModel((3, 5), -0.4, h=0.2, lattice="triangular"),
    IsingModel((2, 8), -0.4),
    IsingModel((4, 2, 2), (-0.3, 0.2, 0.1), h=0.1),
    IsingModel((3, 6), (0.2, -0.1, 0.3), h=0.1, lattice="triangular"),
    IsingModel((6, 3), 0.25, lattice="triangular"),
]


def numbers(spins):
    """States as rgrbm.spins.spin_energies numbers them."""
    flat = spins.reshape(len(spins), -1)
    return (flat > 0) @ (1 << np.arange(flat.shape[1]))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("model", SMALL, ids=repr)
def test_all_configurations(model, method):
    # 54 tests at 1e-5 each. Chains are independent: one sample from each of 40,960.
    distribution = np.exp(-spin_energies(*model.terms()) - spin_log_z(*model.terms()))
    drawn = model.sample(40_960, method=method, seed=7, n_chains=40_960, burn_in=150, spacing=1)
    assert chi_square(np.bincount(numbers(drawn), minlength=len(distribution)), distribution) > FALSE_ALARM


@pytest.mark.parametrize(("model", "method", "packing"), packings_of_models(SMALL, METHODS), ids=repr)
def test_all_configurations_in_all_packings(model, method, packing):
    # At most 162 tests at 1e-5 each. Nothing but the sweeps of the kernels: no random signs, no frame.
    distribution = np.exp(-spin_energies(*model.terms()) - spin_log_z(*model.terms()))
    chains = chains_of_model(packing, model, 40_960, (7, 8), method)
    chains.align(True)
    chains.sweep(150)
    counts = np.bincount(numbers(unpacked(chains, model.shape)), minlength=len(distribution))
    assert chi_square(counts, distribution) > FALSE_ALARM


def levels_of(model):
    """Number of the level of each state, levels of energy and magnetization together, and their probabilities."""
    energy = spin_energies(*model.terms())
    magnetization = np.bitwise_count(np.arange(len(energy)))
    _, level = np.unique(np.column_stack([energy.round(9), magnetization]), axis=0, return_inverse=True)
    return level.ravel(), np.bincount(level.ravel(), np.exp(-energy - spin_log_z(*model.terms())))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("model", LEVELS, ids=repr)
def test_all_levels(model, method):
    # 20 tests at 1e-5 each.
    level, distribution = levels_of(model)
    drawn = model.sample(40_960, method=method, seed=8, n_chains=40_960, burn_in=250, spacing=1)
    assert chi_square(np.bincount(level[numbers(drawn)], minlength=len(distribution)), distribution) > FALSE_ALARM


@pytest.mark.slow
@pytest.mark.parametrize(("model", "method", "packing"), packings_of_models(LEVELS, METHODS), ids=repr)
def test_all_levels_in_all_packings(model, method, packing):
    # At most 60 tests at 1e-5 each.
    level, distribution = levels_of(model)
    chains = chains_of_model(packing, model, 40_960 if packing == "chains" else 10_240, (8, 9), method)
    chains.sweep(250)
    state = numbers(unpacked(chains, model.shape))
    assert chi_square(np.bincount(level[state], minlength=len(distribution)), distribution) > FALSE_ALARM


def transfer_log_z(model):
    """Ln Z as the trace of the product of transfer matrices from row to row: 2^columns states."""
    rows, columns = model.shape
    along, down, diagonal = model.couplings[1], model.couplings[0], (*model.couplings, 0.0)[2]
    s = np.array(list(itertools.product((-1.0, 1.0), repeat=columns)))
    row = along * (s * np.roll(s, -1, 1)).sum(1) + model.h * s.sum(1)
    matrix = np.exp(down * s @ s.T + diagonal * s @ np.roll(s, -1, 1).T + (row[:, None] + row) / 2)
    scale = np.abs(matrix).max()
    return math.log(np.trace(np.linalg.matrix_power(matrix / scale, rows))) + rows * math.log(scale)


@functools.cache
def layers():
    """All 2¹⁶ states of 4 × 4 spins; one of each class, and the sizes of the classes.

    A class holds the states that translations, reflections and the flip of all spins map on each other.
    """
    states = np.arange(2**16)
    s = (2 * ((states[:, None] >> np.arange(16)) & 1) - 1).reshape(-1, 4, 4).astype(np.int8)
    lowest = states.copy()
    for image in (s, s[:, ::-1], s[:, :, ::-1], s[:, ::-1, ::-1]):
        for i, j, sign in itertools.product(range(4), range(4), (1, -1)):
            moved = (sign * np.roll(image, (i, j), (1, 2))).reshape(-1, 16)
            np.minimum(lowest, (moved > 0) @ (1 << np.arange(16)), out=lowest)
    return s, *np.unique(lowest, return_counts=True)


def cubic_log_z(model):
    """Ln Z of 4 × 4 × 4 sites without field: Tr T⁴ = Σ (T²)², T from layer to layer.

    T is a product over the sites of a layer. States of one class have the same row of T² up to its order.
    """
    between, first, second = model.couplings
    s, representatives, sizes = layers()
    layer = first * (s * np.roll(s, 1, 1)).sum((1, 2)) + second * (s * np.roll(s, 1, 2)).sum((1, 2))
    half = np.exp((layer - layer.max()) / 2)
    total = 0.0
    for state, size in zip(representatives, sizes, strict=True):
        vector = np.exp(between * (s[state].ravel() @ s.reshape(-1, 16).T.astype(float))) * half**2
        for site in range(16):
            pair = vector.reshape(-1, 2, 2**site)
            vector = (math.exp(between) * pair + math.exp(-between) * pair[:, ::-1]).ravel()
        total += size * np.sum((half[state] * vector * half) ** 2)
    return math.log(total) + 4 * layer.max()


def slope(log_z, model, field=False):
    """−⟨H⟩ (without field), or ⟨Σ s⟩, as the slope of ln Z with the couplings or the field, by central differences."""
    step, values = 1e-4, []
    for change in (step, -step):
        J = model.couplings if field else tuple(coupling * (1 + change) for coupling in model.couplings)
        h = model.h + change if field else model.h
        values.append(log_z(IsingModel(model.shape, J, h, lattice=model.lattice.kind)))
    return (values[0] - values[1]) / (2 * step)


def measured(model, method, packing, n_chains, burn_in, n_measured):
    """Means of Σ_a J_a Σ s s′ and Σ s over chains, with standard errors from the spread of independent chains."""
    chains = chains_of_model(packing, model, n_chains, (21, 22), method)
    chains.align(True)
    chains.sweep(burn_in)
    result = chains.measure(n_measured, 5, False)
    sums = np.stack([result["bond_sums"] @ np.array(model.couplings), result["magnetization"]]).mean(axis=1)
    return sums.mean(axis=1), sums.std(axis=1, ddof=1) / math.sqrt(n_chains)


def test_transfer_matrices_against_enumeration():
    for model in (
        IsingModel((3, 4), (0.3, -0.2), h=0.1),
        IsingModel((4, 3), (0.3, -0.2, 0.4), h=0.1, lattice="triangular"),
    ):
        assert transfer_log_z(model) == pytest.approx(spin_log_z(*model.terms()), rel=1e-13)
    # Without bonds between layers, four square lattices; without bonds within, sixteen rings.
    square = IsingModel((4, 4), (0.3, 0.5))
    assert cubic_log_z(IsingModel((4, 4, 4), (0.0, 0.3, 0.5))) == pytest.approx(
        4 * spin_log_z(*square.terms()), rel=1e-13
    )
    assert cubic_log_z(IsingModel((4, 4, 4), (0.4, 0, 0))) == pytest.approx(16 * IsingModel(4, 0.4).log_z(), rel=1e-13)


STRIPS = [
    IsingModel((8, 8), 0.42, h=0.02),  # sequential order, by both methods
    IsingModel((8, 8), -0.4),  # sequential order, by both methods
    IsingModel((8, 8), -0.4, h=0.5),
    IsingModel((8, 8), (0.3, 0.6)),
    IsingModel((10, 8), 0.42),  # sequential order, by both methods
    IsingModel((14, 8), (0.3, 0.5), h=0.02),
    IsingModel((9, 9), 0.26, lattice="triangular"),  # sequential order, by both methods
    IsingModel((9, 9), 0.24, h=0.02, lattice="triangular"),
    IsingModel((9, 9), -0.6, lattice="triangular"),
    IsingModel((12, 9), (0.2, -0.1, 0.3), h=0.1, lattice="triangular"),
    IsingModel((9, 8), (0.3, -0.2, 0.4), h=-0.1, lattice="triangular"),
]


# Fewer chains where each is paid for.
N_STRIPS = {"chains": 2048, "lattice": 512, "sites": 256}


@pytest.mark.slow
@pytest.mark.parametrize(("model", "method", "packing"), packings_of_models(STRIPS, METHODS), ids=repr)
def test_energy_and_magnetization_against_transfer_matrices(model, method, packing):
    # Within 4 standard errors: false alarms 6e-5 for each of some 110 numbers. In random order the magnetization of
    # (0.3, 0.6) needs some 200 sweeps to decorrelate from its aligned start.
    result, stderr = measured(model, method, packing, N_STRIPS[packing], 2500, 40)
    assert abs(result[0] - slope(transfer_log_z, model)) < 4 * stderr[0]
    assert abs(result[1] - slope(transfer_log_z, model, field=True)) < 4 * stderr[1]


@pytest.mark.slow
@pytest.mark.parametrize("J", [(0.2216546,) * 3, (0.1, 0.3, 0.25), (0.1, -0.3, 0.25)])
def test_energy_of_4x4x4_against_the_transfer_matrix(J):
    # Within 4 standard errors: false alarms 6e-5 for each of 15 numbers.
    model = IsingModel((4, 4, 4), J)
    expected = slope(cubic_log_z, model)
    for _, method, packing in packings_of_models([model], METHODS):
        result, stderr = measured(model, method, packing, 4096, 300, 40)
        assert abs(result[0] - expected) < 4 * stderr[0]


# Z = (2 cosh³ K)ᴺ (Σ a_n tanh²ⁿ K)ᴺ on the infinite cubic lattice, N sites: a_0, a_1, … of the high-temperature series
# (Guttmann and Enting, Series studies of the Potts model I, J. Phys. A 26, 807 (1993), hep-lat/9212032).
HIGH_TEMPERATURE = [1, 0, 3, 22, 192, 2046, 24853, 329334, 4649601]


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("method", METHODS)
def test_energy_of_a_cubic_lattice_against_the_published_series(method, packing):
    # At K = 0.13 terms left out are below 1e-9 of the energy, and the correlation length is below one site, so that 16
    # sites are as infinitely many. Within 4 standard errors: false alarms 6e-5 each.
    K = 0.13
    v = math.tanh(K)
    series = np.polynomial.Polynomial([HIGH_TEMPERATURE[n // 2] if n % 2 == 0 else 0 for n in range(17)])
    expected = 3 * v + series.deriv()(v) / series(v) * (1 - v**2)
    model = IsingModel((16, 16, 16), K)
    result, stderr = measured(model, method, packing, 1024 if packing == "chains" else 256, 60, 20)
    assert abs(result[0] / (K * 16**3) - expected) < 4 * stderr[0] / (K * 16**3)


def test_both_methods_agree_on_a_critical_cubic_lattice():
    # Metropolis in sequential order needs sides of 8, for which no exact energy is known. 4 standard errors of each of
    # 15 differences: false alarms 6e-5.
    model = IsingModel((8, 8, 8), 0.2216546)
    n_chains = {"chains": 2048, "lattice": 2048, "sites": 512}
    results = [measured(model, method, name, n_chains[name], 400, 60) for method in METHODS for name in PACKINGS]
    for (result, stderr), (other, other_stderr) in itertools.combinations(results, 2):
        assert abs(result[0] - other[0]) < 4 * math.hypot(stderr[0], other_stderr[0])


@pytest.mark.parametrize("packing", ["chains", "lattice"])
@pytest.mark.parametrize(
    "model",
    [
        IsingModel((6, 8), (0.2, 0.3), h=-0.1),
        IsingModel((6, 8), -0.3),
        IsingModel((4, 6, 8), (0.1, 0.2, 0.3), h=-0.2),
        IsingModel((4, 6, 8), 0.15),
        IsingModel((6, 9), (0.1, 0.2, -0.3), h=0.1, lattice="triangular"),
        IsingModel((6, 9), -0.15, lattice="triangular"),
    ],
    ids=repr,
)
def test_one_sweep_of_heat_bath_against_the_distribution_of_each_site(model, packing):
    # Sites of the first colour are drawn between aligned neighbours: their mean is tanh f. Those of the second see the
    # first redrawn: given their neighbours, each of 65,536 spins deviates from tanh f by a variance of 1 − tanh² f.
    # Largest of all standardized sums over chains: Bonferroni at 1e-5.
    n_chains = 65_536
    chains = chains_of_model(packing, model, n_chains, (5, 6), "heat_bath")
    assert is_sequential(model.shape, model.couplings, model.h, model.lattice.kind, "heat_bath")
    chains.align(True)
    chains.sweep(1)
    spins = unpacked(chains, model.shape).reshape(n_chains, -1)
    colours = model.lattice.colouring().ravel()
    field = np.full(spins.shape, model.h)
    for J, bonds in zip(model.couplings, model.lattice.bonds(), strict=True):
        for here, there in (bonds.T, bonds.T[::-1]):
            # When a site was drawn, neighbours of later colours were still up.
            seen = np.where(colours[there] < colours[here], spins[:, there], 1)
            field[:, here] += J * seen
    mean = np.tanh(field)
    z = (spins - mean).sum(axis=0) / np.sqrt((1 - mean**2).sum(axis=0))
    assert np.abs(z).max() < 5.9 + 0.1 * (model.n_sites > 100)


def test_lattices_have_the_couplings_of_their_axes():
    # A coupling along one axis alone makes rings of that axis: ⟨s s′⟩ = (t + tⁿ⁻¹)/(1 + tⁿ). 5 standard errors.
    for shape, kind in (((6, 4), "hypercubic"), ((4, 6, 8), "hypercubic"), ((3, 6), "triangular")):
        lattice = Lattice(shape, kind)
        for axis in range(lattice.n_axes):
            J = [0.6 if i == axis else 0.0 for i in range(lattice.n_axes)]
            n = math.lcm(*shape) if axis == len(shape) else shape[axis]
            t = math.tanh(0.6)
            for _, method, packing in packings_of_models([IsingModel(shape, J, lattice=kind)], METHODS):
                chains = packed_chains(packing, shape, J, 0.0, 4096, (1, axis), kind, update=method)
                chains.sweep(100)
                bond = chains.bond_sums()[:, axis] / lattice.n_sites
                assert abs(bond.mean() - (t + t ** (n - 1)) / (1 + t**n)) < 5 * bond.std() / 64
