"""Effective couplings against the definition, closed forms and each other."""

from itertools import combinations

import numpy as np
import pytest

import rgrbm
from rbm_models import joint, random_rbm, states
from rgrbm.model import RBMParameters
from rgrbm.rg.couplings import transforms as transforms


def sparse_rbm(n, m, seed=1):
    rng = np.random.default_rng(seed)
    rbm = random_rbm(n, m, 3.0, seed)
    return rgrbm.model.binary_parameters(np.where(rng.random((n, m)) < 0.25, rbm.weights_, 0.0), 0.3, -0.2)


def saturated_rbm(n, m, seed=2):
    return RBMParameters(np.random.default_rng(seed).choice([-400.0, 400.0], size=(n, m)), np.ones(n), np.ones(m))


MODELS = {
    "random, weak": random_rbm(10, 8, 0.3),
    "random": random_rbm(12, 9, 2.0),
    "random, strong": random_rbm(8, 12, 30.0),
    "wide": random_rbm(14, 3, 1.0),
    "sparse": sparse_rbm(12, 10),
    "saturated": saturated_rbm(10, 7),
    "tiny": random_rbm(6, 5, 1e-5),
    "no weights": RBMParameters(np.zeros((5, 4)), np.ones(5), np.full(4, -2.0)),
    "far fields": RBMParameters(random_rbm(6, 5, 1.0).weights_, np.full(6, 90.0), np.full(5, -90.0)),
    "one unit each": random_rbm(1, 1, 2.0),
}
CASES = [(name, layer) for name in MODELS for layer in ("visible", "hidden")]


def by_definition(rbm, layer):
    """J_S of all sets up to four units: the mean of −H Π s, −H summed without overflow."""
    f = np.logaddexp.reduce(joint(rbm), axis=1 if layer == "visible" else 0)
    n = rbm.weights_.shape[0 if layer == "visible" else 1]
    s = 2 * states(n) - 1
    return {S: np.mean(f * s[:, S].prod(axis=1)) for size in range(5) for S in combinations(range(n), size)}


def as_dict(measured):
    n = len(measured.fields)
    result = {(): measured.constant}
    result |= {(i,): measured.fields[i] for i in range(n)}
    result |= {(i, j): measured.pairs[i, j] for i, j in combinations(range(n), 2)}
    for sets in (measured.triples, measured.quadruples):
        result |= {tuple(S): value for S, value in zip(sets.units.tolist(), sets.values, strict=True)}
    return result


@pytest.mark.parametrize("method", ["fourier", "walsh-hadamard", "enumeration"])
@pytest.mark.parametrize(("name", "layer"), CASES)
def test_exact_methods_agree_with_the_definition_at_all_orders(name, layer, method):
    rbm = MODELS[name]
    expected = by_definition(rbm, layer)
    couplings = as_dict(rgrbm.effective_couplings(rbm, layer, 4, method))
    assert couplings.keys() == expected.keys()
    largest = max(1.0, *np.abs(list(expected.values())))
    for S, value in expected.items():
        # Rounding is relative to the energies that are summed, of which the constant is the mean.
        assert couplings[S] == pytest.approx(value, rel=0, abs=1e-12 * (1 if name != "saturated" else largest)), S


@pytest.mark.parametrize("method", ["fourier", "enumeration"])
@pytest.mark.parametrize(("name", "layer"), CASES)
def test_fourier_and_enumeration_agree_with_walsh_hadamard_to_rounding(name, layer, method):
    rbm = MODELS[name]
    reference = as_dict(rgrbm.effective_couplings(rbm, layer, 4, "walsh-hadamard"))
    couplings = as_dict(rgrbm.effective_couplings(rbm, layer, 4, method))
    energies = abs(reference[()]) + sum(abs(value) for S, value in reference.items() if len(S) == 1)
    difference = max(abs(couplings[S] - value) for S, value in reference.items())
    assert difference < 1e-12 * max(1, energies / 100)


def exact_row(w, S, theta):
    """Coupling of a set by the distribution of the sum of the other spins, for weights that are multiples of ¼."""
    steps = np.rint(4 * np.delete(w, S)).astype(int)
    distribution = np.ones(1)
    for step in np.abs(steps):
        distribution = 0.5 * (np.pad(distribution, (0, 2 * step)) + np.pad(distribution, (2 * step, 0)))
    x = theta + (np.arange(len(distribution)) - len(distribution) // 2) / 4
    total = 0.0
    for t in 2 * states(len(S)) - 1:
        y = x + t @ w[list(S)]
        total += t.prod() * distribution @ np.logaddexp(y, -y) / 2 ** len(S)
    return total


@pytest.mark.parametrize("n", [40, 1000])
def test_wide_rows_against_the_exact_distribution_of_their_sums(n):
    rng = np.random.default_rng(n)
    w = rng.integers(-3, 4, size=(n, 2)) / 4
    theta = np.array([0.3, -20.0])
    sets = {3: [[0, 1, 2], [5, 9, 30]], 4: [[0, 1, 2, 3], [9, 5, 30, 31]]}
    couplings = rgrbm.effective_couplings(
        rgrbm.model.binary_parameters(w, 0.0, theta), "visible", 4, triples=sets[3], quadruples=sets[4]
    )
    constant = rgrbm.model.spin_parameters(rgrbm.model.binary_parameters(w, 0.0, theta)).constant

    def exact(S):
        return sum(exact_row(w[:, a], S, theta[a]) for a in range(2))

    assert couplings.constant - constant == pytest.approx(exact([]), rel=1e-12)
    for i in (0, 7, n - 1):
        assert couplings.fields[i] == pytest.approx(exact([i]), abs=1e-13)
        assert couplings.pairs[i, 3] == pytest.approx(exact([i, 3]), abs=1e-13)
    for result, size in ((couplings.triples, 3), (couplings.quadruples, 4)):
        np.testing.assert_allclose(result.values, [exact(S) for S in sets[size]], rtol=0, atol=1e-13)


def test_hidden_couplings_of_the_decimation_rbm_are_those_of_the_decimated_ring():
    J = 0.9
    couplings = rgrbm.effective_couplings(
        rgrbm.rg.decimation_rbm(256, J, 2.5), order=3, triples=[[0, 1, 2], [7, 9, 50]]
    )
    bond = np.eye(128, k=1) + np.eye(128, k=-1) + np.eye(128, k=127) + np.eye(128, k=-127)
    np.testing.assert_allclose(couplings.pairs, rgrbm.decimate(J).J * bond, atol=1e-13)
    np.testing.assert_allclose(couplings.fields, 0, atol=1e-13)
    np.testing.assert_allclose(couplings.triples.values, 0, atol=1e-13)


def test_visible_couplings_of_the_bond_rbm_are_the_models_own_at_any_size():
    rng = np.random.default_rng(3)
    bonds = rgrbm.spins.lattice_bonds((6, 8))
    J, h = rng.normal(size=len(bonds)), rng.normal(size=48)
    expected = np.zeros((48, 48))
    np.add.at(expected, tuple(bonds.T), J)
    couplings = rgrbm.effective_couplings(rgrbm.rg.bond_rbm(48, bonds, J, h), "visible")
    np.testing.assert_allclose(couplings.pairs, expected + expected.T, atol=1e-13)
    np.testing.assert_allclose(couplings.fields, h, atol=1e-13)


@pytest.mark.parametrize("method", ["fourier", "enumeration"])
def test_square_lattice_decimated_has_the_couplings_of_its_closed_form(method):
    L, J = 8, 0.44
    decimated = rgrbm.rg.lattice_decimation_rbm(L * L, rgrbm.spins.lattice_bonds((L, L)), J, K=2.0)
    unit = {divmod(int(site), L): j for j, site in enumerate(decimated.hidden_sites)}
    star = [unit[0, 2], unit[1, 1], unit[1, 3], unit[2, 2]]  # around the site (1, 2) that is summed over
    couplings = rgrbm.effective_couplings(decimated.rbm, "hidden", 4, method, triples=[star[:3]], quadruples=[star])
    c2, c4 = np.log(np.cosh(2 * J)), np.log(np.cosh(4 * J))
    assert couplings.pairs[star[0], star[1]] == pytest.approx(c4 / 4, abs=1e-13)  # nearest neighbours
    assert couplings.pairs[star[0], star[3]] == pytest.approx(c4 / 8, abs=1e-13)  # second neighbours
    assert couplings.quadruples.values[0] == pytest.approx(c4 / 8 - c2 / 2, abs=1e-13)
    assert abs(couplings.triples.values[0]) < 1e-13
    assert np.sum(np.abs(couplings.pairs) > 1e-12) == 32 * 8


def test_the_gaussian_formula_is_good_for_dense_rows_and_bad_for_sparse_ones():
    sparse = rgrbm.model.binary_parameters([[1.0], [3.0], [1.0]])
    pair = {
        method: rgrbm.effective_couplings(sparse, "visible", 2, method).pairs[0, 2]
        for method in ("fourier", "gaussian", "walsh-hadamard")
    }
    assert pair["fourier"] == pytest.approx(pair["walsh-hadamard"], abs=1e-14)
    assert pair["fourier"] == pytest.approx(0.0305, abs=1e-4)
    assert pair["gaussian"] == pytest.approx(0.246, abs=1e-3)
    dense = rgrbm.model.binary_parameters(np.random.default_rng(4).normal(size=(200, 1)) * 0.2)
    a, b = (rgrbm.effective_couplings(dense, "visible", 2, method).pairs for method in ("fourier", "gaussian"))
    assert np.std(a - b) < 0.01 * np.std(a)


def test_the_gaussian_formula_against_quadrature():
    w, theta = np.array([0.7, -0.4, 1.1, 0.2]), 0.5
    couplings = rgrbm.effective_couplings(
        rgrbm.model.binary_parameters(w[:, None], 0.0, theta), "visible", 2, "gaussian"
    )
    nodes, weight = np.polynomial.hermite_e.hermegauss(80)
    x = np.sqrt(w[2] ** 2 + w[3] ** 2) * nodes
    pair = 0.0
    for a, b in ((1, 1), (1, -1), (-1, 1), (-1, -1)):
        pair += a * b * (weight / weight.sum()) @ np.log(np.cosh(theta + a * w[0] + b * w[1] + x)) / 4
    assert couplings.pairs[0, 1] == pytest.approx(pair, abs=1e-9)  # what 80 quadrature nodes leave


@pytest.mark.parametrize("layer", ["visible", "hidden"])
@pytest.mark.parametrize("name", ["random", "random, strong", "sparse", "saturated"])
def test_lattice_gas_couplings_are_the_inclusion_exclusion_of_the_energies(name, layer):
    rbm = MODELS[name]
    every = transforms.lattice_gas_transform(rgrbm.likelihood.log_marginal(rbm, layer, normalized=False))
    couplings = as_dict(rgrbm.rg.lattice_gas_couplings(rbm, layer, 4))
    scale = max(1.0, np.abs(every).max())
    for S, value in couplings.items():
        assert value == pytest.approx(every[sum(1 << i for i in S)], rel=0, abs=1e-12 * scale), S


def test_spin_couplings_are_sums_over_lattice_gas_couplings():
    rbm = random_rbm(9, 6, 1.5)
    energies = rgrbm.likelihood.log_marginal(rbm, "visible", normalized=False)
    J, K = transforms.spin_transform(energies), transforms.lattice_gas_transform(energies)
    numbers = np.arange(2**9)
    size = np.array([int(S).bit_count() for S in numbers])
    for S in (0, 1, 0b101, 0b10110, 0b111111111):
        above = (numbers & S) == S
        assert np.sum(2.0 ** -size[above] * K[above]) == pytest.approx(J[S], abs=1e-12)
    np.testing.assert_allclose(transforms.lattice_gas_to_spin(K), J, atol=1e-12)
    np.testing.assert_allclose(transforms.spin_to_lattice_gas(J), K, atol=1e-12 * np.abs(K).max())
    pairs = rgrbm.effective_couplings(rbm, "visible").pairs
    truncated = rgrbm.rg.lattice_gas_couplings(rbm, "visible").pairs / 4
    assert np.std(pairs - truncated) > 0.1 * np.std(pairs)  # K_ij/4 is not J_ij


def test_the_expansion_is_the_log_of_the_marginal():
    rbm = random_rbm(7, 4, 1.5)
    x = states(4)
    for result, units in (
        (rgrbm.effective_couplings(rbm, "hidden", 4), 2 * x - 1),
        (rgrbm.rg.lattice_gas_couplings(rbm, "hidden", 4), x),
    ):
        np.testing.assert_allclose(
            result.minus_energy(units), rgrbm.likelihood.log_marginal(rbm, "hidden", normalized=False), atol=1e-12
        )


def test_lower_orders_are_those_of_higher_ones():
    rbm = random_rbm(8, 5, 1.0)
    four = rgrbm.effective_couplings(rbm, "visible", 4)
    one, two = (rgrbm.effective_couplings(rbm, "visible", order) for order in (1, 2))
    assert one.pairs is None
    assert two.triples is None
    np.testing.assert_allclose(one.fields, four.fields, atol=1e-14)
    np.testing.assert_allclose(two.pairs, four.pairs, atol=1e-14)


def test_bad_input_is_refused():
    rbm = random_rbm(24, 5, 1.0)
    for arguments, message in (
        (("middle",), "layer"),
        (("visible", 5), "order"),
        (("visible", 2, "guess"), "'fourier', 'walsh-hadamard'"),
        (("visible", 2, "walsh-hadamard"), r"24 units, 2\^24 = 1\.68e\+07 states.*method='fourier'"),
        (("visible", 2, "enumeration"), r"2\^24 = 1\.68e\+07 states.*method='fourier'"),
    ):
        with pytest.raises(ValueError, match=message):
            rgrbm.effective_couplings(rbm, *arguments)
    big = RBMParameters(np.zeros((500, 2)), np.zeros(500), np.zeros(2))
    for function in (rgrbm.effective_couplings, rgrbm.rg.lattice_gas_couplings):
        with pytest.raises(ValueError, match=r"2\.07e\+07 triples of 500 units.*triples="):
            function(big, "visible", order=3)
        for triples in ([[0, 1, 1]], [[0, 1, 24]], [[-1, 0, 1]], [[0, 1]], [[0.0, 1.0, 2.0]]):
            with pytest.raises(ValueError, match="triples"):
                function(rbm, "visible", order=3, triples=triples)
        with pytest.raises(ValueError, match="order=3"):
            function(rbm, "visible", triples=[[0, 1, 2]])
        with pytest.raises(TypeError, match="fitted"):
            function(object())
    with pytest.raises(ValueError, match=r"nodes.*'enumeration'"):
        rgrbm.effective_couplings(RBMParameters(np.full((2, 1), 1e200), np.zeros(2), np.zeros(1)), "visible")
    with pytest.raises(ValueError, match="states or sets"):
        transforms.spin_transform(np.zeros(3))


def test_the_expansion_takes_the_units_of_its_couplings():
    rbm = random_rbm(7, 4, 1.5)
    spin, gas = rgrbm.effective_couplings(rbm), rgrbm.rg.lattice_gas_couplings(rbm)
    for wrong in ([[0, 1, 1, 0]], [[1, 1, 1, 0.5]], [[1, 1, 1, np.nan]], np.ma.masked_equal([[1, 1, 1, -1]], -1)):
        with pytest.raises(ValueError, match=r"expected spins ±1; rgrbm\.to_spins converts"):
            spin.minus_energy(wrong)
    with pytest.raises(ValueError, match=r"expected configurations of shape \(n_samples, 4\), got \(1, 3\)"):
        spin.minus_energy([[1, 1, 1]])
    with pytest.raises(ValueError, match=r"hold units 0 and 1.*rgrbm\.to_binary"):
        gas.minus_energy([[1, 1, 1, -1]])


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"layer": np.eye(2)}, TypeError, "layer must be one of"),
        ({"order": [1, 2]}, TypeError, "order must be an integer"),
        ({"order": 5}, ValueError, "order must be 1, 2, 3 or 4, got 5"),
        ({"order": 3, "triples": [[0, 1, 2], [3]]}, ValueError, "triples must be real numbers in rows of one length"),
        ({"order": 3, "triples": "012"}, TypeError, "triples must be real numbers"),
    ],
)
def test_arguments_of_another_kind(arguments, error, message):
    for function in (rgrbm.effective_couplings, rgrbm.rg.lattice_gas_couplings):
        with pytest.raises(error, match=message):
            function(random_rbm(4, 4, 1.0), **arguments)
    with pytest.raises(TypeError, match="method must be one of 'fourier'"):
        rgrbm.effective_couplings(random_rbm(4, 4, 1.0), method=np.eye(2))
