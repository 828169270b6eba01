"""Monte Carlo renormalization against exact distributions: rings in closed form, 4×4 → 2×2 over all 2¹⁶ states."""

import json

import numpy as np
import pytest

from rgrbm import IsingModel
from rgrbm.mcrg import (
    EVEN_OPERATORS,
    ODD_OPERATORS,
    RING_OPERATORS,
    ConvolutionKernel,
    DecimationKernel,
    MajorityKernel,
    MCRGAccumulator,
    SpinOperator,
    TriangleKernel,
    mcrg,
    operator_sums,
)
from rgrbm.mcrg.linearized_rg import independent_operators, leading_eigenvalues, linearized
from rgrbm.spins import ClusterSampler, Ensemble, Lattice
from rgrbm.statistics import StreamedMoments

J_C = np.log(1 + np.sqrt(2)) / 2
KERNELS = [
    DecimationKernel(2), MajorityKernel(2),
    ConvolutionKernel([[0.4, 0.6], [0.5, 0.3]], 2),
    ConvolutionKernel([[0.1, 0.3, 0.1], [0.3, 0.9, 0.3], [0.1, 0.3, 0.1]], 2),
    ConvolutionKernel(np.outer([0.2, 0.7, 0.7, 0.2], [0.2, 0.7, 0.7, 0.2]), 2),
]  # fmt: skip
by_name = {"ids": lambda kernel: kernel.name}


def all_states(*shape):
    n = int(np.prod(shape))
    bits = (np.arange(2**n)[:, None] >> np.arange(n)) & 1
    return (2 * bits - 1).astype(np.int8).reshape(-1, *shape)


def boltzmann(states, J):
    axes = tuple(range(1, states.ndim))
    bonds = sum((states * np.roll(states, 1, axis)).sum(axis=axes, dtype=float) for axis in axes)
    p = np.exp(J * bonds)
    return p / p.sum()


def exact_eigenvalues(kernel, operators, shape, J):
    """Leading eigenvalue of A⁻¹B with the first 1, 2, … operators, from p(v) p(h | v) over all states of v and h."""
    v = all_states(*shape)
    p = boltzmann(v, J)
    h = all_states(*kernel.coarse_shape(shape))
    up = kernel.probabilities(v).reshape(len(v), 1, -1)
    joint = p[:, None] * np.where(h.reshape(1, len(h), -1) > 0, up, 1 - up).prod(axis=2)
    fine, coarse = (operator_sums(s, operators).astype(float) for s in (v, h))
    of_h = joint.sum(axis=0)
    A = coarse.T @ (of_h[:, None] * coarse) - np.outer(of_h @ coarse, of_h @ coarse)
    B = coarse.T @ joint.T @ fine - np.outer(of_h @ coarse, p @ fine)
    return [float(np.abs(np.linalg.eigvals(np.linalg.inv(A[:n, :n]) @ B[:n, :n])).max()) for n in range(1, len(A) + 1)]


@pytest.mark.parametrize("n_sites", [8, 12, 16])
@pytest.mark.parametrize("J", [0.3, 1.0])
def test_decimation_of_the_ring_is_exact(n_sites, J):
    """tanh 2J for the coupling and 1 + tanh 2J for the field, at every size: all states with their weights."""
    if n_sites == 8 and J == 1.0:  # ring of 4 after the step, all the same
        n_sites = 6
    states = all_states(n_sites)
    accumulator = MCRGAccumulator(
        DecimationKernel(), (n_sites,), operators=(RING_OPERATORS[0], SpinOperator("m", [(0,)])), levels=1, seed=0
    )
    accumulator.add(states, boltzmann(states, J))
    result = accumulator.result()
    assert result.exponent("even", 1).eigenvalue == pytest.approx(np.tanh(2 * J), rel=1e-10)
    assert result.exponent("odd", 1).eigenvalue == pytest.approx(1 + np.tanh(2 * J), rel=1e-10)


def test_decimation_of_all_states_is_exact_at_every_number_of_operators():
    """All 2¹⁶ states of 4×4 with their weights, beside matrices that NumPy makes of them."""
    states = all_states(4, 4)
    operators = EVEN_OPERATORS[:3] + ODD_OPERATORS[:2]
    accumulator = MCRGAccumulator(DecimationKernel(), (4, 4), operators=operators, levels=1, seed=0)
    accumulator.add(states, boltzmann(states, J_C))
    result = accumulator.result()
    for sector, some in (("even", operators[:3]), ("odd", operators[3:])):
        expected = exact_eigenvalues(DecimationKernel(), some, (4, 4), J_C)
        results = [result.exponent(sector, 1, n).eigenvalue for n in range(1, len(some) + 1)]
        np.testing.assert_allclose(results, expected, rtol=1e-12)


@pytest.fixture(scope="module")
def drawn_exactly():
    """Independent samples of 4×4 from their distribution over all states."""
    states = all_states(4, 4)
    numbers = np.random.default_rng(5).choice(len(states), size=100_000, p=boltzmann(states, J_C))
    return states[numbers]


@pytest.mark.parametrize("kernel", KERNELS, **by_name)
def test_samples_agree_with_all_states(kernel, drawn_exactly):
    """4×4 → 2×2: 5 eigenvalues of each kernel within 4 standard errors; one of 25 is missed once in 600 times."""
    operators = EVEN_OPERATORS[:3] + ODD_OPERATORS[:2]
    result = mcrg(drawn_exactly, kernel, operators=operators, levels=1, seed=6)
    for sector, some in (("even", operators[:3]), ("odd", operators[3:])):
        for n, expected in enumerate(exact_eigenvalues(kernel, some, (4, 4), J_C), start=1):
            measured = result.exponent(sector, 1, n)
            assert abs(measured.eigenvalue - expected) < 4 * measured.eigenvalue_stderr < 0.1 * expected
            assert measured.y == pytest.approx(np.log2(measured.eigenvalue))
            assert measured.y_stderr == pytest.approx(measured.eigenvalue_stderr / measured.eigenvalue / np.log(2))


def test_a_second_level_starts_from_the_first():
    """8 ring sites → 4 → 2 by decimation with all weights: the second step is the first at J′."""
    states, J = all_states(16), 0.8
    accumulator = MCRGAccumulator(DecimationKernel(), (16,), operators=RING_OPERATORS[:1], levels=2, seed=0)
    accumulator.add(states, boltzmann(states, J))
    renormalized = np.log(np.cosh(2 * J)) / 2
    measured = accumulator.result().exponent("even", 2).eigenvalue
    assert measured == pytest.approx(np.tanh(2 * renormalized), rel=1e-10)


def test_error_bars_are_true():
    """Pulls of 60 independent runs: mean within 4/√60, spread from 0.7 to 1.35; fails once in 10,000 times for each."""
    states = all_states(4, 4)
    p, kernel = boltzmann(states, J_C), MajorityKernel()
    even, odd = (exact_eigenvalues(kernel, some[:2], (4, 4), J_C)[-1] for some in (EVEN_OPERATORS, ODD_OPERATORS))
    rng, pulls = np.random.default_rng(7), []
    for seed in range(60):
        spins = states[rng.choice(len(states), size=4000, p=p)]
        result = mcrg(spins, kernel, operators=EVEN_OPERATORS[:2] + ODD_OPERATORS[:2], levels=1, seed=seed)
        results = [result.exponent(sector, 1) for sector in ("even", "odd")]
        pulls.append([(f.eigenvalue - e) / f.eigenvalue_stderr for f, e in zip(results, (even, odd), strict=True)])
    assert np.all(np.abs(np.mean(pulls, axis=0)) < 4 / np.sqrt(60))
    assert np.all((np.std(pulls, axis=0) > 0.7) & (np.std(pulls, axis=0) < 1.35))


def test_the_critical_square_lattice():
    """64² at J_c by majority: y_T within 1% of 1 and y_h within 0.1% of 15/8 after two steps, and after three.

    Standard errors are 0.35% and 0.008% at two steps, so that a right program fails about once in 100 times for y_T;
    y_h, which a third step leaves an error of 0.02%, once in 10,000.
    """
    sampler = ClusterSampler(Lattice((64, 64)), J_C, method="swendsen_wang", n_chains=64, seed=1)
    sampler.sweep(100)
    accumulator = MCRGAccumulator(MajorityKernel(), (64, 64), levels=3, seed=1)
    for _ in range(100):
        parts = []
        for _ in range(8):
            sampler.sweep(5)
            parts.append(sampler.spins())
        accumulator.add(np.stack(parts, axis=1).reshape(-1, 64, 64))  # chain after chain
    result = accumulator.result()
    assert result.n_samples == 51_200
    for level in (2, 3):
        assert abs(result.y_t(level).mean - 1) < 0.01
        assert abs(result.y_h(level).mean / 1.875 - 1) < 0.001
        assert result.nu(level).mean == pytest.approx(1 / result.y_t(level).mean)
        assert result.nu(level).stderr == pytest.approx(result.y_t(level).stderr / result.y_t(level).mean ** 2)
    # A start far from the fixed point and few operators are not included in the errors.
    assert result.y_t(1, 1).mean < 0.93
    assert result.y_h(1).mean > 1.88


def random_spins(*shape, seed=0):
    return (2 * np.random.default_rng(seed).integers(2, size=shape) - 1).astype(np.int8)


def test_parts_of_whole_words_make_no_difference():
    spins = random_spins(2500, 8, 8)
    whole, parts = (MCRGAccumulator(MajorityKernel(), (8, 8), levels=2, seed=1) for _ in range(2))
    whole.add(spins)
    for first in (0, 512, 1536):
        parts.add(spins[first : {0: 512, 512: 1536, 1536: 2500}[first]])
    assert (
        parts.result().to_dict()
        == whole.result().to_dict()
        == mcrg(spins, MajorityKernel(), levels=2, seed=1).to_dict()
    )
    assert whole.n_samples == 2500
    again = mcrg(spins, MajorityKernel(), levels=2, seed=2)
    assert again.to_dict() != whole.result().to_dict()


def test_interrupted_samples_are_not_added(monkeypatch):
    """Neither to one of the sectors, nor as draws: added again, they give the same bits."""
    spins = IsingModel((8, 8), J=0.4).sample(1500, method="swendsen_wang", seed=0)
    accumulator, undisturbed = (MCRGAccumulator(MajorityKernel(), (8, 8), levels=2, seed=1) for _ in range(2))
    undisturbed.add(spins[:700])
    undisturbed.add(spins[700:])
    accumulator.add(spins[:700])
    add, n_calls = StreamedMoments.add, []

    def interrupted(self, *arguments):
        n_calls.append(1)
        if len(n_calls) == 2:
            raise KeyboardInterrupt
        add(self, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(StreamedMoments, "add", interrupted)
        with pytest.raises(KeyboardInterrupt):
            accumulator.add(spins[700:])
    assert accumulator.n_samples == accumulator.moments("even").weights.sum() == 700
    accumulator.add(spins[700:])
    for sector in ("even", "odd"):
        for found, right in zip(accumulator.moments(sector), undisturbed.moments(sector), strict=True):
            np.testing.assert_array_equal(found, right)


@pytest.mark.filterwarnings("ignore:.*written in turn")
def test_chains_of_an_ensemble_stay_together():
    """Each of 500 chains repeats one sample: the error must be that of 500 samples, not of 5,000 (3.2 times less)."""
    states = all_states(4, 4)
    some = states[np.random.default_rng(3).choice(len(states), size=500, p=boltzmann(states, 0.3))]
    repeated = np.tile(some, (10, 1, 1))
    ensemble = Ensemble(repeated, (4, 4), 0.3, "heat_bath", 0, 500, 1, 1, {}, 0.0)
    options = {"operators": EVEN_OPERATORS[:1], "levels": 1, "seed": 0}
    honest, naive, of_500 = (
        mcrg(spins, DecimationKernel(), **options).exponents[0] for spins in (ensemble, repeated, some)
    )
    assert honest.eigenvalue == pytest.approx(naive.eigenvalue, rel=1e-12)
    assert honest.eigenvalue_stderr == pytest.approx(of_500.eigenvalue_stderr, rel=0.25)


def test_dependent_operators_are_left_out():
    """On 2×2 three even sums are independent, and two odd ones: further ones change nothing."""
    states = all_states(4, 4)
    accumulator = MCRGAccumulator(DecimationKernel(), (4, 4), levels=1, seed=0)
    accumulator.add(states, boltzmann(states, J_C))
    result = accumulator.result()
    assert [len(step.operators) for step in result.steps] == [3, 2]
    assert result.steps[0].operators == ("nearest", "diagonal", "plaquette")
    assert result.matrix("even", 1).shape == (3, 3)
    results = [result.exponent("even", 1, n).eigenvalue for n in range(1, len(EVEN_OPERATORS) + 1)]
    assert results[3:] == results[2:3] * (len(results) - 3)
    assert results[2] != results[1] != results[0]


def test_linear_algebra():
    rng = np.random.default_rng(0)
    root = rng.normal(size=(4, 3))
    A = root @ root.T + np.diag([0, 0, 0, 0.0])
    np.testing.assert_array_equal(independent_operators(A), [0, 1, 2])
    A = np.pad(A[:3, :3], ((1, 0), (1, 0)))
    np.testing.assert_array_equal(independent_operators(A), [1, 2, 3])
    T = rng.normal(size=(2, 3, 3))
    A = root[:3].T @ root[:3]
    np.testing.assert_allclose(linearized(np.stack([A, A]), A @ T), T)
    np.testing.assert_allclose(leading_eigenvalues(np.diag([0.5, 3.0, -1.0])), 3.0)


def test_forms_of_a_result():
    spins = IsingModel((16,), 0.5).sample(500, method="exact", seed=1)
    result = mcrg(spins, DecimationKernel(), seed=0)
    assert result.even_operators == ("nearest", "second", "third", "four")
    frame = result.to_frame()
    assert len(frame) == len(result.exponents) == 2 * 6
    assert set(frame["sector"]) == {"even", "odd"}
    assert json.loads(json.dumps(result.to_dict()))["exponents"][0]["eigenvalue"] == result.exponents[0].eigenvalue
    text = str(result)
    assert "500 samples of 16" in text
    assert "→ 4" in text
    for name in result.even_operators + result.odd_operators:
        assert name in text
    with pytest.raises(KeyError, match="no even exponent of level 3"):
        result.y_t(3)
    with pytest.raises(KeyError, match="no odd matrix of level 9"):
        result.matrix("odd", 9)


def test_one_sample_has_no_error_and_none_no_result():
    accumulator = MCRGAccumulator(DecimationKernel(), (8,), levels=1)
    with pytest.raises(ValueError, match="at least two samples, there are 0"):
        accumulator.result()
    up = mcrg(np.ones((30, 8)), DecimationKernel(), operators=RING_OPERATORS[:1], levels=1)
    assert np.isnan(up.exponents[0].y)
    assert up.to_dict()["exponents"][0]["y"] is None
    assert "–" in str(up)


SPINS = np.ones((4, 8, 8), np.int8)


@pytest.mark.filterwarnings("ignore:.*written in turn")
@pytest.mark.parametrize(("shape", "J"), [((8, 8), 0.44), ((16, 16), 0.42), ((8, 8), -0.3), ((8, 16), 0.5)])
def test_flattened_lattices_need_their_shape(shape, J):
    spins = IsingModel(shape, J).sample(8192, method="heat_bath", seed=0, n_chains=512, burn_in=300, spacing=10)
    flat = spins.reshape(len(spins), -1)
    with pytest.raises(ValueError, match="must be rings"):
        mcrg(flat, MajorityKernel(), n_chains=512)
    with pytest.raises(ValueError, match="must be rings"):  # of one chain, or independent samples
        mcrg(flat[np.random.default_rng(0).permutation(8192)], MajorityKernel())
    for options in ({}, {"n_chains": 512}):
        result = mcrg(flat, MajorityKernel(), levels=1, shape=shape, seed=1, **options)
        assert result.to_dict() == mcrg(spins, MajorityKernel(), levels=1, seed=1, **options).to_dict()
    assert mcrg(flat, DecimationKernel(), levels=1, shape=flat.shape[1]).shape == (flat.shape[1],)


def test_arrays_with_n_chains_are_put_in_the_order_of_chains():
    made = IsingModel((64,), 0.6).ensemble(1200, method="heat_bath", seed=0, n_chains=40)
    options = {"operators": RING_OPERATORS[:2], "levels": 1, "seed": 1}
    result = mcrg(made.spins, DecimationKernel(), n_chains=40, **options)
    assert result.to_dict() == mcrg(made, DecimationKernel(), **options).to_dict()
    for wrong in ({"n_chains": 40}, {"shape": (64,)}):
        with pytest.raises(ValueError, match="brings its shape and n_chains"):
            mcrg(made, DecimationKernel(), **wrong)


@pytest.mark.parametrize(("shape", "J", "h"), [((64,), 0.5, 0.3), ((8, 8), 0.3, -0.1), ((16, 16), 0.4, 0.05)])
def test_samples_in_a_field_are_refused(shape, J, h):
    spins = IsingModel(shape, J, h).sample(4000, method="heat_bath", seed=0, n_chains=100)
    kernel = DecimationKernel() if len(shape) == 1 else MajorityKernel()
    with pytest.raises(ValueError, match="without a field"):
        mcrg(spins, kernel, n_chains=100)
    free = IsingModel(shape, J).sample(4000, method="heat_bath", seed=0, n_chains=100)
    mcrg(free, kernel, n_chains=100)


@pytest.mark.parametrize(("shape", "b", "message"), [
    ((31, 31), 2, "multiples of its b = 2; the lattice has the shape .31, 31."), ((8, 9), 2, "multiples of its b = 2"),
    ((16, 16), 3, "multiples of its b = 3"), ((4, 4), 2, "at least 4 sites .* it leaves .2, 2.: choose levels"),
    ((6, 12), 2, "it leaves .3, 6.: choose levels"), ((9, 9), 3, "it leaves .3, 3.: choose levels"),
])  # fmt: skip
def test_lattices_without_a_step_say_why(shape, b, message):
    spins = np.random.default_rng(0).choice(np.array([-1, 1], np.int8), (5, *shape))
    for call in (lambda: mcrg(spins, MajorityKernel(b)), lambda: MCRGAccumulator(MajorityKernel(b), shape)):
        with pytest.raises(ValueError, match=message):
            call()


def ensemble(*model, **options):
    return IsingModel(*model, **options).ensemble(5, method="heat_bath", burn_in=1, spacing=1, seed=0)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: mcrg(SPINS, "majority"), TypeError, "kernel must be a BlockKernel, got 'majority'"),
        (
            lambda: mcrg(SPINS, ConvolutionKernel(np.ones((2, 2)), 2, 0.1)),
            ValueError,
            "expected a kernel without a field",
        ),
        (
            lambda: mcrg(SPINS, MajorityKernel(3)),
            ValueError,
            "multiples of its b = 3; the lattice has the shape \\(8, 8\\)",
        ),
        (lambda: mcrg(SPINS, MajorityKernel(3), levels=1), ValueError, "do not cover a lattice"),
        (lambda: mcrg(SPINS, MajorityKernel(), levels=4), ValueError, "do not cover a lattice"),
        (lambda: mcrg(SPINS, MajorityKernel(), levels=1.0), TypeError, "levels must be an integer"),
        (lambda: mcrg(SPINS, MajorityKernel(), operators=RING_OPERATORS), ValueError, "the lattice has 2"),
        (lambda: mcrg(SPINS, MajorityKernel(), n_chains=5), ValueError, "n_chains must be from 1 to .* 4, got 5"),
        (lambda: mcrg(SPINS, MajorityKernel(), n_chains=1.0), TypeError, "n_chains must be an integer"),
        (lambda: mcrg(SPINS, MajorityKernel(), shape=(4, 16)), ValueError, "does not fit"),
        (lambda: mcrg(SPINS, MajorityKernel(), shape=(8, "8")), TypeError, "each side of the shape"),
        (
            lambda: mcrg(SPINS.reshape(4, 64), MajorityKernel(), shape=(4, 4, 4)),
            ValueError,
            "it leaves .2, 2, 2.: choose levels",
        ),
        (lambda: mcrg(SPINS * 0, MajorityKernel()), ValueError, "expected spins ±1"),
        (lambda: mcrg(SPINS[0, 0], MajorityKernel()), ValueError, "expected configurations of shape"),
        (lambda: mcrg(SPINS[:1], MajorityKernel()), ValueError, "at least two samples"),
        (lambda: mcrg(ensemble((8, 8), 0.1, h=0.5), MajorityKernel()), ValueError, "in a field even and odd"),
        (
            lambda: mcrg(ensemble((8, 8), 0.1, lattice="triangular"), MajorityKernel(), operators=EVEN_OPERATORS),
            ValueError,
            "'nearest' is one of a hypercubic lattice, the ensemble is of a triangular one",
        ),
        (
            lambda: mcrg(SPINS, TriangleKernel(), operators=EVEN_OPERATORS),
            ValueError,
            "needs operators of that lattice",
        ),
        (lambda: mcrg(ensemble((4, 4, 4), 0.1), MajorityKernel()), ValueError, "it leaves .2, 2, 2.: choose levels"),
        (lambda: MCRGAccumulator(MajorityKernel(), (4, 4, 4, 4)), ValueError, "shape must be"),
        (lambda: MCRGAccumulator(MajorityKernel(), np.array(0.5)), TypeError, "shape must be a sequence of integers"),
        (lambda: MCRGAccumulator("majority", (8, 8)), TypeError, "kernel must be a BlockKernel, got 'majority'"),
        (lambda: mcrg(SPINS, MajorityKernel(), operators=0.5), TypeError, "operators must be a sequence"),
        (lambda: mcrg(SPINS, MajorityKernel(), operators=EVEN_OPERATORS[0]), TypeError, "operators must be a seq"),
        (lambda: MCRGAccumulator(MajorityKernel(), (8, 8)).add(SPINS[:, :4]), ValueError, "expected samples of shape"),
        (lambda: MCRGAccumulator(MajorityKernel(), (8, 8)).add(SPINS, [1, 2]), ValueError, "weights must be 4 finite"),
        (lambda: MCRGAccumulator(MajorityKernel(), (8, 8)).add(SPINS, [1, 1, 1, -1]), ValueError, "weights must be 4"),
        (lambda: MCRGAccumulator(MajorityKernel(), (8, 8), n_blocks=1), ValueError, "n_blocks must be at least 2"),
    ],
)
def test_bad_input(call, error, message):
    with pytest.raises(error, match=message):
        call()
