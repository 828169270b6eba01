"""Cubic and triangular lattices: operators, blocks and twisted lattices against plain NumPy, eigenvalues against all
states of the smallest ones, and the number of operators against a count by another way."""

import itertools
import math
from collections import Counter

import numpy as np
import pytest

from rgrbm import IsingModel, set_num_threads
from rgrbm.mcrg import (
    ConvolutionKernel,
    DecimationKernel,
    MajorityKernel,
    MCRGAccumulator,
    SpinOperator,
    TriangleKernel,
    default_operators,
    fit_hamiltonian,
    mcrg,
    operator_classes,
    operator_sums,
)
from rgrbm.mcrg.spin_operators import pack, sums_of
from rgrbm.mcrg.torus import Torus, symmetries
from rgrbm.spins import Lattice, spin_energies

CUBIC = (
    MajorityKernel(2), DecimationKernel(2), ConvolutionKernel(np.full((2, 2, 2), 0.4), 2),
    ConvolutionKernel(np.linspace(-0.2, 0.6, 27).reshape(3, 3, 3), 2),
)  # fmt: skip
TRIANGULAR = (TriangleKernel(), TriangleKernel(0.4))
by_name = {"ids": lambda kernel: kernel.name}


def random_spins(*shape, seed=0):
    return (2 * np.random.default_rng(seed).integers(2, size=shape) - 1).astype(np.int8)


def moves(n, lattice):
    """Functions of a site: rotations and reflections, made of two or three generators."""
    if lattice == "triangular":  # a rotation by 60° of axes at 120°, and a reflection
        generators = [lambda s: (s[0] - s[1], s[0]), lambda s: (s[1], s[0])]
    else:
        generators = [lambda s: (-s[0], *s[1:])]
        generators += [lambda s: (s[1], s[0], *s[2:])] if n > 1 else []
        generators += [lambda s: (*s[1:], s[0])] if n > 2 else []
    identity = tuple(tuple(int(i == j) for j in range(n)) for i in range(n))
    known, new = {identity}, [identity]
    while new:
        images = [tuple(g(s) for s in image) for image in new for g in generators]
        new = list({image for image in images if image not in known})
        known |= set(new)
    # Each is what becomes of the axes.
    return [lambda s, axes=axes: tuple(sum(s[i] * axes[i][j] for i in range(n)) for j in range(n)) for axes in known]


def images_of(operator):
    products = set()
    for move in moves(operator.n_dimensions, operator.lattice):
        sites = [move(site) for site in operator.sites]
        least = [min(column) for column in zip(*sites, strict=True)]
        products.add(frozenset(tuple(np.subtract(site, least).tolist()) for site in sites))
    return products


@pytest.mark.parametrize(
    ("n", "lattice", "order"),
    [(1, "hypercubic", 2), (2, "hypercubic", 8), (3, "hypercubic", 48), (2, "triangular", 12)],
)
def test_symmetries(n, lattice, order):
    found = {tuple(map(tuple, matrix.T.tolist())) for matrix in symmetries(n, lattice)}
    assert len(found) == order
    probe = tuple(range(1, n + 1))
    assert {tuple((np.array(f).T @ probe).tolist()) for f in found} == {move(probe) for move in moves(n, lattice)}


@pytest.mark.parametrize(
    ("shape", "lattice"),
    [((3, 4, 5), "hypercubic"), ((2, 2, 2), "hypercubic"), ((4, 8, 6), "hypercubic"), ((6, 9), "triangular")],
)
def test_operators_against_rolls(shape, lattice):
    spins, operators = random_spins(600, *shape), default_operators(len(shape), lattice)
    axes = tuple(range(1, spins.ndim))
    for operator, sums in zip(operators, operator_sums(spins, operators).T, strict=True):
        expected = 0
        for image in images_of(operator):
            rolled = (np.roll(spins, [-o for o in site], axis=axes) for site in image)
            expected = expected + np.prod(list(rolled), axis=0, dtype=np.int64).sum(axis=axes)
        np.testing.assert_array_equal(sums, expected)


def test_the_nearest_pair_is_the_energy():
    for shape, lattice in (((4, 4, 6), "hypercubic"), ((6, 9), "triangular")):
        spins = random_spins(50, *shape)
        nearest = default_operators(len(shape), lattice)[0]
        assert nearest.name == "nearest"
        bonds = Lattice(shape, lattice).bond_sums(spins).sum(axis=-1)
        np.testing.assert_array_equal(operator_sums(spins, [nearest])[:, 0], bonds)


def count_classes(n_sites, farthest, n, lattice):
    """Burnside's lemma: orbits of sets of sites, all sets of a box counted one by one, by how many images they have."""
    width = math.isqrt(2 * farthest) + 1
    sites = list(itertools.product(range(width + 1), repeat=n))

    def near(a, b):
        d = np.subtract(a, b)
        square = d @ d - (d[0] * d[1] if lattice == "triangular" else 0)
        return square <= farthest

    partners = {a: {b for b in sites if b > a and near(a, b)} for a in sites}

    def sets(chosen, candidates):
        if len(chosen) == n_sites:
            yield chosen
            return
        for site in sorted(candidates):
            yield from sets((*chosen, site), candidates & partners[site])

    anchored = [s for first in sites for s in sets((first,), partners[first]) if not np.min(s, axis=0).any()]
    total = sum(1 / len(images_of(SpinOperator("x", s, lattice))) for s in anchored)
    assert abs(total - round(total)) < 1e-9
    return round(total)


@pytest.mark.parametrize(
    ("n", "lattice", "farthest", "most"),
    [(1, "hypercubic", 9, 4), (2, "hypercubic", 5, 4), (3, "hypercubic", 3, 5), (2, "triangular", 4, 5)],
)
def test_numbers_of_classes(n, lattice, farthest, most):
    for n_sites in range(1, most + 1):
        found = operator_classes(n_sites, farthest, n_dimensions=n, lattice=lattice)
        assert len(found) == count_classes(n_sites, farthest, n, lattice)
        assert len({operator.images for operator in found}) == len(found)
        assert len({operator.name for operator in found}) == len(found)


def test_subsets_of_the_unit_cube():
    """Colourings of the corners of a cube by two colours, up to rotations and reflections: 1, 3, 3, 6, 3, 3, 1, 1."""
    corners = [len(operator_classes(n, 3, n_dimensions=3)) for n in range(1, 9)]
    assert corners == [1, 3, 3, 6, 3, 3, 1, 1]


def test_default_operators():
    for n, lattice in ((3, "hypercubic"), (2, "triangular")):
        operators = default_operators(n, lattice)
        even = [o for o in operators if o.is_even]
        assert operators[: len(even)] == tuple(even)
        assert (even[0].name, operators[len(even)].name) == ("nearest", "magnetization")
        assert len({o.images for o in operators}) == len({o.name for o in operators}) == len(operators)


@pytest.mark.parametrize("kernel", CUBIC, **by_name)
def test_draws_follow_the_probabilities(kernel):
    """Each block spin of one configuration, 20,000 draws: 4 standard errors, fails once in 250 times for 64 sites."""
    spins = random_spins(1, 8, 4, 8, seed=1)
    p = kernel.probabilities(spins)
    assert p.shape == (1, 4, 2, 4)
    drawn = kernel.block(np.repeat(spins, 20_000, axis=0), seed=2)
    difference = (drawn == 1).mean(axis=0) - p[0]
    assert (np.abs(difference) <= 4 * np.sqrt(p[0] * (1 - p[0]) / 20_000) + 1e-12).all()


def test_probabilities_of_windows():
    spins = random_spins(5, 4, 6, 8, seed=3)
    total = spins.reshape(5, 2, 2, 3, 2, 4, 2).sum(axis=(2, 4, 6))
    np.testing.assert_allclose(MajorityKernel(2).probabilities(spins), (1 + np.sign(total)) / 2)
    equal = ConvolutionKernel(np.full((2, 2, 2), 0.3), 2)
    np.testing.assert_allclose(equal.probabilities(spins), 1 / (1 + np.exp(-0.6 * total)))
    np.testing.assert_array_equal(DecimationKernel(2).block(spins), spins[:, ::2, ::2, ::2])


def by_vectors(shape, steps, coarse):
    """Where block spins are: number of the site of each, and two that are at the same site are the same block spin."""
    places = np.indices(coarse.shape).reshape(2, -1).T @ steps
    return np.ravel_multi_index(tuple(places.T), shape, mode="wrap")


@pytest.mark.parametrize("side", [6, 9, 12])
def test_two_steps_of_triangles_are_one_of_three_sites(side):
    kernel, torus = TriangleKernel(), Torus((side, side), "triangular")
    steps = kernel.steps(2)
    once = torus.coarse(steps)
    assert (once.shape, once.shift) == ((side // 3, side), side // 3)
    assert torus.coarse(steps).coarse(steps) == Torus((side // 3, side // 3), "triangular")
    where = by_vectors(torus.shape, steps, once)
    assert len(set(where.tolist())) == side**2 // 3
    # Neighbours on the twisted lattice are at √3 times the distance, in all six directions.
    numbers = {int(site): i for i, site in enumerate(where)}
    for direction in ((1, 0), (0, 1), (1, 1)):
        ahead = once.numbers(np.indices(once.shape).reshape(2, -1).T + np.array(direction))
        o = np.array(direction) @ steps
        assert o @ o - o[0] * o[1] == 3
        rows, columns = np.unravel_index(where, torus.shape)
        sites = (rows + o[0]) % side * side + (columns + o[1]) % side
        assert [numbers[int(site)] for site in sites] == ahead.tolist()


def test_each_site_is_in_one_triangle():
    kernel, torus = TriangleKernel(), Torus((6, 9), "triangular")
    sites = torus.windows(kernel.steps(2), kernel.window(2))
    assert sorted(sites.ravel().tolist()) == list(range(54))


@pytest.mark.parametrize("shape", [(6, 6), (3, 6), (9, 9)])
def test_operators_of_twisted_lattices(shape):
    """Sums on the packed twisted lattice against sites one by one."""
    torus = Torus(shape, "triangular").coarse(TriangleKernel().steps(2))
    spins = random_spins(40, *torus.shape, seed=4)
    operators = default_operators(2, "triangular")
    flat = spins.reshape(len(spins), -1)
    positions = np.indices(torus.shape).reshape(2, -1).T
    for operator, sums in zip(operators, sums_of(pack(spins, torus), operators).T, strict=True):
        expected = 0
        for image in images_of(operator):
            seen = [flat[:, torus.numbers(positions + np.array(site))] for site in image]
            expected = expected + np.prod(seen, axis=0, dtype=np.int64).sum(axis=1)
        np.testing.assert_array_equal(sums, expected)


def all_states(n):
    return (2 * ((np.arange(2**n)[:, None] >> np.arange(n)) & 1) - 1).astype(np.int8)


def exact_eigenvalues(kernel, operators, shape, J):
    """Leading eigenvalues of A⁻¹B with all independent operators, from p(v) p(h | v) over all states of v and h."""
    torus = Torus(shape, kernel.lattice)
    coarse = torus.coarse(kernel.steps(len(shape)))
    lattice = Lattice(shape, kernel.lattice)
    v, h = all_states(torus.n_sites), all_states(coarse.n_sites)
    p = np.exp(-spin_energies(torus.n_sites, lattice.bonds().reshape(-1, 2), J))
    p /= p.sum()
    up = kernel.probabilities(v.reshape(-1, *shape)).reshape(len(v), -1)
    of_block = np.ones((len(v), 1))
    for column in up.T:  # bit k of the number of h is block spin k
        of_block = np.concatenate([of_block * (1 - column)[:, None], of_block * column[:, None]], axis=1)
    joint = p[:, None] * of_block
    fine = operator_sums(v.reshape(-1, *shape), operators).astype(float)
    block = sums_of(pack(h.reshape(-1, *coarse.shape), coarse), operators).astype(float)
    of_h = joint.sum(axis=0)
    A = block.T @ (of_h[:, None] * block) - np.outer(of_h @ block, of_h @ block)
    B = block.T @ (joint.T @ fine) - np.outer(of_h @ block, p @ fine)
    return float(np.abs(np.linalg.eigvals(np.linalg.solve(A, B))).max())


CASES = [
    *((kernel, (2, 2, 4), 0.22, "hypercubic") for kernel in CUBIC[:3]),
    *((kernel, (3, 6), 0.27, "triangular") for kernel in TRIANGULAR),
    *((kernel, (3, 3), 0.27, "triangular") for kernel in TRIANGULAR),
]


@pytest.mark.slow
@pytest.mark.parametrize(("kernel", "shape", "J", "lattice"), CASES)
def test_samples_agree_with_all_states(kernel, shape, J, lattice):
    """The smallest lattices, all independent operators: one of 14 beyond 4 standard errors once in 1,000 times."""
    n = math.prod(shape)
    v = all_states(n)
    energies = spin_energies(n, Lattice(shape, lattice).bonds().reshape(-1, 2), J)
    p = np.exp(-energies) / np.exp(-energies).sum()
    numbers = np.random.default_rng(5).choice(len(v), size=100_000, p=p)
    default = default_operators(len(shape), lattice)
    for sector, count in (("even", 1), ("odd", 1)):
        some = [o for o in default if o.is_even == (sector == "even")][:count]
        expected = exact_eigenvalues(kernel, some, shape, J)
        result = mcrg(v[numbers].reshape(-1, *shape), kernel, operators=some, levels=1, seed=6)
        measured = result.exponent(sector, 1)
        assert abs(measured.eigenvalue - expected) < 4 * measured.eigenvalue_stderr < 0.1 * expected
        assert measured.y == pytest.approx(math.log(measured.eigenvalue) / math.log(kernel.scale))


def test_decimation_of_all_states_is_exact():
    """All 2¹⁶ states of 2 × 2 × 4 with their weights: no sampling."""
    shape, J = (2, 2, 4), 0.22
    v = all_states(16)
    p = np.exp(-spin_energies(16, Lattice(shape).bonds().reshape(-1, 2), J))
    for operators in (default_operators(3)[:1], [SpinOperator("m", [(0, 0, 0)])]):
        accumulator = MCRGAccumulator(DecimationKernel(), shape, operators=operators, levels=1, seed=0)
        accumulator.add(v.reshape(-1, *shape), p / p.sum())
        sector = "even" if operators[0].is_even else "odd"
        expected = exact_eigenvalues(DecimationKernel(), operators, shape, J)
        assert accumulator.result().exponent(sector, 1).eigenvalue == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("shape", "kernel"), [((8, 8, 8), CUBIC[2]), ((12, 12), TRIANGULAR[1]), ((12, 12), TRIANGULAR[0])]
)
def test_the_same_bits_for_any_number_of_threads(shape, kernel):
    spins, results = random_spins(1500, *shape), []
    for n in (1, 3):
        set_num_threads(n)
        results.append(mcrg(spins, kernel, levels=1, seed=0).to_dict())
    set_num_threads(0)
    assert str(results[0]) == str(results[1])


def test_parts_of_samples_with_their_operators():
    spins = random_spins(1024, 8, 8, 8)
    whole, parts = (MCRGAccumulator(CUBIC[2], (8, 8, 8), seed=0) for _ in range(2))
    whole.add(spins)
    for half in (spins[:512], spins[512:]):
        packed = pack(half, Torus((8, 8, 8)))
        parts.add_packed(packed, parts.sums_of_samples(packed))
    assert str(whole.result().to_dict()) == str(parts.result().to_dict())


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: TriangleKernel("w"), TypeError, "weight must be a number"),
        (lambda: TriangleKernel(math.nan), ValueError, "got NaN"),
        (lambda: TriangleKernel().block(np.ones((1, 4, 4))), ValueError, "blocks of 3 sites do not cover"),
        (lambda: TriangleKernel().block(np.ones((1, 6))), ValueError, "triangles needs a lattice of 2 dimensions"),
        (
            lambda: mcrg(np.ones((4, 9, 9)), TriangleKernel(), operators=default_operators(2)),
            ValueError,
            "needs operat",
        ),
        (lambda: MCRGAccumulator(TriangleKernel(), (8, 8)), ValueError, "multiples of its b = 1.732"),
        (lambda: MajorityKernel().block(np.ones((1, 3, 4, 4))), ValueError, "do not cover a lattice of shape"),
        (lambda: operator_classes(2, 10**9), ValueError, "too large in 2 dimensions"),
        (lambda: operator_classes(8, 12, n_dimensions=3), ValueError, "more than 20,000 classes"),
        (lambda: MajorityKernel(11).block(np.ones((1, 11, 11, 11))), ValueError, "got side=11 in 3 dimensions"),
        (lambda: SpinOperator("x", 5), TypeError, "needs a list of sites"),
        (lambda: SpinOperator("x", [0, 1]), TypeError, "needs a list of sites"),
        (lambda: operator_sums(np.ones((1, 6)), default_operators(1)[0]), TypeError, "put it in a list"),
        (lambda: fit_hamiltonian(IsingModel((4, 4), 0.2).ensemble(20, seed=0)), TypeError, "ensemble.spins"),
        (lambda: operator_classes(0, 2), ValueError, "n_sites must be at least 1"),
        (lambda: operator_classes(9, 2), ValueError, "at most 8"),
        (lambda: operator_classes(2, 2.5), TypeError, "must be an integer"),
        (lambda: operator_classes(2, 2, n_dimensions=4), ValueError, "n_dimensions=4"),
        (lambda: operator_classes(2, 2, n_dimensions=3, lattice="triangular"), ValueError, "n_dimensions=3"),
        (lambda: operator_classes(2, 2, lattice="kagome"), ValueError, "lattice must be one of"),
        (lambda: SpinOperator("x", [(0, 0)], "kagome"), ValueError, "lattice must be one of"),
        (lambda: SpinOperator("x", [(0, 0)], np.eye(2)), TypeError, "lattice must be one of"),
        (lambda: default_operators(2, ["triangular"]), TypeError, "lattice must be one of"),
        (lambda: default_operators(np.eye(2)), TypeError, "n_dimensions must be an integer"),
        (lambda: default_operators(4), ValueError, "n_dimensions=4"),
        (lambda: operator_sums(np.ones((1, 6)), 0.5), TypeError, "operators must be a sequence of SpinOperator"),
        (lambda: TriangleKernel(10**400), ValueError, "weight must be finite"),
        (lambda: SpinOperator("x", [(0,)], "triangular"), ValueError, "of a triangular lattice needs sites"),
        (
            lambda: operator_sums(np.ones((1, 6, 6)), default_operators(2) + default_operators(2, "triangular")),
            ValueError,
            "of one kind of lattice",
        ),
    ],
)
def test_bad_input(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_fewer_samples_than_operators_are_no_error():
    for n in range(2, 13):
        exponent = mcrg(random_spins(n, 4, 4, 4), MajorityKernel(), levels=1, seed=0).exponent("even", 1)
        assert not exponent.y_stderr < 0.01  # NaN, or as large as it is uncertain


def test_a_fit_in_three_dimensions():
    """Of all 2⁸ states of 2 × 2 × 2, whose bonds are double, and by default with pairs and four spins."""
    v = all_states(8).reshape(-1, 2, 2, 2)
    p = np.exp(-spin_energies(8, Lattice((2, 2, 2)).bonds().reshape(-1, 2), 0.2))
    nearest = default_operators(3)[:1]
    assert fit_hamiltonian(v, nearest, weights=p / p.sum()).couplings[0] == pytest.approx(0.2)
    spins = IsingModel((6, 6, 6), 0.2).sample(400, method="wolff", seed=0)
    fit = fit_hamiltonian(spins)
    assert len(fit.operators) == 19
    assert abs(fit.coupling("nearest").mean - 0.2) < 5 * fit.coupling("nearest").stderr


def test_names_are_unlike():
    names = Counter(o.name for n in (2, 3) for o in operator_classes(2, 50, n_dimensions=n))
    assert max(names.values()) <= 2  # one of each dimension
