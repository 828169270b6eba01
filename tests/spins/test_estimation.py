"""Estimates of J against the J of the samples, and their error bars against their scatter.

Pulls (estimate − truth)/error of 60 independent runs have a mean with standard deviation 0.13 and a root mean square
with standard deviation 0.09: bounds at ±0.6 and 1 ± 0.4 are 4.5 of them away, a false alarm in 1e-5 for new seeds.
"""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

import rgrbm
from rgrbm.spins import NoFiniteCouplingError, coupling, sample_checks
from same import require_same

RUNS = 60


def assert_calibrated(pulls):
    assert len(pulls) == RUNS
    assert abs(np.mean(pulls)) < 0.6
    assert 0.6 < np.sqrt(np.mean(np.square(pulls))) < 1.4


@pytest.mark.parametrize("method", ["nearest", "decay", "pseudolikelihood"])
@pytest.mark.parametrize(("n", "J"), [(32, 1.0), (33, -0.7), (12, 0.5)])
def test_estimates_and_errors_on_rings(n, J, method):
    pulls, errors = [], []
    for seed in range(RUNS):
        spins = rgrbm.IsingModel(n, J).sample(1000, method="exact", seed=seed)
        estimate = rgrbm.estimate_coupling(spins, method)
        pulls.append((estimate.J - J) / estimate.stderr)
        errors.append(estimate.stderr)
    assert_calibrated(pulls)
    if method == "nearest" and n > 12:
        # The Cramér–Rao bound of long rings, which the maximum-likelihood estimate reaches; 60 errors of 6% each.
        assert np.mean(errors) == pytest.approx(1 / np.sqrt(1000 * n * (1 - np.tanh(J) ** 2)), rel=0.05)


@pytest.mark.slow
@pytest.mark.parametrize("method", ["nearest", "pseudolikelihood"])
@pytest.mark.parametrize("n_chains", [1, 4, 40])
def test_errors_allow_for_autocorrelation(method, n_chains):
    J, pulls = 0.8, []
    for seed in range(RUNS):
        spins = rgrbm.IsingModel(32, J).sample(
            6000, method="heat_bath", seed=seed, n_chains=n_chains, burn_in=200, spacing=1
        )
        estimate = rgrbm.estimate_coupling(spins, method, n_chains=n_chains)
        pulls.append((estimate.J - J) / estimate.stderr)
        if n_chains == 1:
            assert estimate.tau_int > 1.5
    assert_calibrated(pulls)


@pytest.mark.parametrize("method", ["nearest", "pseudolikelihood"])
def test_square_lattices(method):
    J, pulls = 0.35, []
    for seed in range(RUNS):
        spins = rgrbm.IsingModel((6, 8), J).sample(1024, seed=seed, n_chains=512, burn_in=150, spacing=10)
        estimate = rgrbm.estimate_coupling(spins, method, n_chains=512)
        pulls.append((estimate.J - J) / estimate.stderr)
    assert_calibrated(pulls)


def test_noise_lowers_the_amplitude_of_the_decay_and_leaves_J_alone():
    J, flipped, pulls, amplitudes = 1.0, 0.1, [], []
    for seed in range(RUNS):
        spins = np.array(rgrbm.IsingModel(64, J).sample(1000, method="exact", seed=seed))
        noise = np.random.default_rng(seed).random(spins.shape) < flipped
        noisy = np.where(noise, -spins, spins)
        estimate = rgrbm.estimate_coupling(noisy, "decay")
        pulls.append((estimate.J - J) / estimate.stderr)
        amplitudes.append((estimate.amplitude - (1 - 2 * flipped) ** 2) / estimate.amplitude_stderr)
    assert_calibrated(pulls)
    assert_calibrated(amplitudes)
    assert rgrbm.estimate_coupling(noisy, "nearest").J < 0.7  # what noise does to the other methods
    assert rgrbm.estimate_coupling(noisy, "pseudolikelihood").J < 0.7


def test_the_exact_nearest_neighbour_correlation_is_inverted_exactly():
    # Two of four spins of each sample differ from the next: C = 0, J = 0; and the finite ring for other means.
    mean = np.array([0.6])
    for n in (2, 3, 4, 7, 100):
        J = coupling._nearest((n,), mean)(mean[None])[0, 0]
        t = np.tanh(J)
        assert (t + t ** (n - 1)) / (1 + t**n) == pytest.approx(0.6, abs=1e-12)
    for shape in ((2, 3), (4, 4), (3, 5)):
        J = coupling._nearest(shape, mean)(mean[None])[0, 0]
        n = shape[0] * shape[1]
        bonds = rgrbm.spins.lattice_bonds(shape)
        slope = (rgrbm.spins.spin_log_z(n, bonds, J + 1e-5) - rgrbm.spins.spin_log_z(n, bonds, J - 1e-5)) / 2e-5
        assert slope / (2 * n) == pytest.approx(0.6, abs=1e-8)


def test_pseudolikelihood_is_the_maximum_of_its_definition_on_any_graph():
    rng = np.random.default_rng(0)
    bonds = np.array([(0, 1), (1, 2), (2, 3), (3, 0), (0, 2), (4, 5), (4, 5)])
    spins = rng.choice(np.array([-1, 1], dtype=np.int8), size=(50, 7))
    spins[:, 1] = np.where(rng.random(50) < 0.8, spins[:, 0], spins[:, 1])

    def minus_log(J):
        total = 0.0
        for s in spins.astype(float):
            m = np.zeros(7)
            for i, j in bonds:
                m[i] += s[j]
                m[j] += s[i]
            total += np.sum(np.logaddexp(0, -2 * J * s * m))
        return total

    best = minimize_scalar(minus_log, bracket=(-1, 1), tol=1e-10).x
    assert pytest.approx(best, abs=1e-6) == rgrbm.estimate_coupling(spins, "pseudolikelihood", bonds=bonds).J


def test_pseudolikelihood_finds_the_coupling_of_a_graph():
    bonds = np.array([(i, j) for i in range(8) for j in range(i + 1, 8) if (i + j) % 3])
    J, pulls = 0.15, []
    log_p = -rgrbm.spins.spin_energies(8, bonds, J)
    p = np.exp(log_p - log_p.max())
    for seed in range(RUNS):
        numbers = np.random.default_rng(seed).choice(256, size=1000, p=p / p.sum())
        spins = 2 * ((numbers[:, None] >> np.arange(8)) & 1) - 1
        estimate = rgrbm.estimate_coupling(spins, "pseudolikelihood", bonds=bonds)
        pulls.append((estimate.J - J) / estimate.stderr)
    assert_calibrated(pulls)


def test_ring_correlations_are_those_of_the_definition():
    s = np.random.default_rng(1).choice(np.array([-1, 1], dtype=np.int8), size=(5, 7))
    expected = np.stack([np.mean(s * np.roll(s, -x, axis=1), axis=1) for x in range(4)], axis=1)
    np.testing.assert_allclose(coupling._ring_correlations(s), expected, atol=1e-14)


def test_few_blocks_are_warned_of():
    # Random bonds of chains, each configuration four times: τ = ½ + ¾ + ½ + ¼ = 2, in blocks of at least 31 samples.
    bonds = np.random.default_rng(0).choice([1, 1, 1, -1], size=(60, 16))
    spins = np.repeat(np.cumprod(bonds, axis=1), 4, axis=0)
    with pytest.warns(UserWarning, match="itself uncertain"):
        estimate = rgrbm.estimate_coupling(spins)
    assert 4 <= estimate.n_blocks < 10
    assert estimate.stderr > 0
    with pytest.warns(UserWarning, match="at least 4 blocks; 50 samples .* make 3 blocks: it is NaN"):
        estimate = rgrbm.estimate_coupling(spins[:50])
    assert estimate.n_blocks == 3
    assert np.isnan(estimate.stderr)
    with pytest.warns(UserWarning, match="NaN"):
        estimate = rgrbm.estimate_coupling(spins[:50], "decay", significance=0.5)
    assert np.isnan([estimate.stderr, estimate.amplitude_stderr]).all()


@pytest.mark.parametrize("method", ["nearest", "pseudolikelihood"])
def test_errors_from_few_blocks_cover_as_often_as_they_should(method):
    # 5 independent samples are 5 blocks. Of 300 runs 68.3% are within one error, with a standard deviation of 2.7%.
    model, inside = rgrbm.IsingModel(256, 0.6), 0
    for seed in range(300):
        with pytest.warns(UserWarning, match="itself uncertain"):
            estimate = rgrbm.estimate_coupling(model.sample(5, method="exact", seed=seed), method, n_chains=5)
        assert estimate.n_blocks == 5
        inside += abs(estimate.J - 0.6) < estimate.stderr
    assert 0.55 < inside / 300 < 0.81


def test_frozen_chains_have_no_error():
    # Energy and magnetization never change.
    frozen = np.tile(np.random.default_rng(9).permutation(np.repeat([1, -1], 32)).reshape(8, 8), (100, 1, 1))
    for method in ("nearest", "pseudolikelihood"):
        for n_chains in (1, 4, 50, 100):
            with pytest.warns(UserWarning, match="samples that differ"):
                estimate = rgrbm.estimate_coupling(frozen, method, n_chains=n_chains)
            assert np.isfinite(estimate.J)
            assert np.isnan(estimate.stderr)


@pytest.mark.parametrize("method", ["nearest", "pseudolikelihood"])
@pytest.mark.parametrize("shape", [(8,), (64,), (4, 6)])
@pytest.mark.parametrize("sign", [1, -1])
def test_the_error_is_not_below_what_one_flip_changes(shape, method, sign):
    # 500 aligned samples, one of them with one flipped spin: half as many or twice as many change J by about ¼ to ½.
    spins = np.ones((500, *shape))
    spins.reshape(500, -1)[7, 3] = -1
    spins *= np.where(np.indices(shape).sum(axis=0) % 2, sign, 1)
    spins *= np.where(np.arange(500) % 2, 1, -1).reshape(-1, *[1] * len(shape))
    estimate = rgrbm.estimate_coupling(spins, method, n_chains=500)
    other = spins.copy()
    other[30] = np.where(np.arange(spins[0].size).reshape(shape) == 5, -1, 1) * spins[30]
    assert estimate.stderr > abs(estimate.J - rgrbm.estimate_coupling(other, method, n_chains=500).J)
    assert estimate.stderr < 1


@pytest.mark.parametrize("n", [4, 7, 8, 33])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_decay_needs_correlations_that_decay(n, sign):
    aligned = np.tile(np.where(np.arange(n) % 2, sign, 1), (500, 1)) * np.repeat([1, -1], 250)[:, None]
    if sign < 0 and n % 2:  # the two that are alike go round the ring
        aligned = np.stack([np.roll(row, i) for i, row in enumerate(aligned)])
    one = aligned.copy()
    one[7, 2] *= -1
    for spins in (aligned, one, aligned.astype(float)):
        with pytest.raises(NoFiniteCouplingError, match="needs correlations that decay"):
            rgrbm.estimate_coupling(spins, "decay", n_chains=500)


@pytest.mark.parametrize(("shape", "J"), [((3,), 0.5), ((24,), -0.7), ((4, 6), 0.3), ((5, 4), -0.4)])
def test_ensembles_bring_their_chains_and_lattice(shape, J):
    ensemble = rgrbm.IsingModel(shape, J).ensemble(2000, method="heat_bath", seed=1, n_chains=40)
    for method in ("nearest", "pseudolikelihood"):
        estimate = rgrbm.estimate_coupling(ensemble, method)
        require_same(estimate, rgrbm.estimate_coupling(ensemble.spins, method, n_chains=40))
        assert estimate.n_blocks == 40
        assert abs(estimate.J - J) < 5 * estimate.stderr


@pytest.mark.parametrize(("shape", "lattice", "J"), [
    ((6, 6), "triangular", 0.2), ((6, 6), "triangular", -0.3), ((5, 4), "triangular", 0.1),
    ((4, 4, 4), "hypercubic", 0.15), ((4, 4, 6), "hypercubic", -0.1),
])  # fmt: skip
def test_ensembles_of_other_lattices(shape, lattice, J):
    ensemble = rgrbm.IsingModel(shape, J, lattice=lattice).ensemble(6400, method="heat_bath", seed=2, n_chains=64)
    estimate = rgrbm.estimate_coupling(ensemble, "pseudolikelihood")
    assert abs(estimate.J - J) < 5 * estimate.stderr < 0.05
    bonds = rgrbm.spins.Lattice(shape, lattice).bonds().reshape(-1, 2)
    of_bonds = rgrbm.estimate_coupling(ensemble.spins, "pseudolikelihood", bonds=bonds, n_chains=64)
    require_same(estimate, of_bonds)
    for method, message in (("nearest", "closed form for rings and square"), ("decay", "closed form|is for rings")):
        with pytest.raises(ValueError, match=message):
            rgrbm.estimate_coupling(ensemble, method)


def test_ensembles_without_one_coupling_are_refused():
    def ensemble(*model, **options):
        return rgrbm.IsingModel(*model, **options).ensemble(50, method="heat_bath", burn_in=1, spacing=1, seed=0)

    for made, message in ((ensemble((4, 4), 0.3, 0.3), "h = 0.3"), (ensemble((4, 4), (0.3, 0.2)), "one for each axis")):
        for method in ("nearest", "pseudolikelihood"):
            with pytest.raises(ValueError, match=message):
                rgrbm.estimate_coupling(made, method)
    for options in ({"n_chains": 2}, {"shape": (4, 4)}):
        with pytest.raises(ValueError, match="brings its shape and n_chains"):
            rgrbm.estimate_coupling(ensemble((4, 4), 0.3), **options)


@pytest.mark.parametrize(
    ("shape", "J"),
    [((4, 4), 0.42), ((8, 8), 0.3), ((16, 16), 0.42), ((12, 12), 0.5), ((6, 9), 0.35), ((16, 16), -0.3), ((8, 8), 0.6)],
)
def test_flattened_lattices_need_their_shape(shape, J):
    spins = rgrbm.IsingModel(shape, J).sample(10_000, method="swendsen_wang" if J > 0 else "heat_bath", seed=3)
    flat = spins.reshape(len(spins), -1)
    for method in ("nearest", "decay", "pseudolikelihood"):
        with pytest.raises(ValueError, match=r"must be rings, .* or their shape=\(rows, columns\)"):
            rgrbm.estimate_coupling(flat, method)
    for method in ("nearest", "pseudolikelihood"):
        require_same(
            rgrbm.estimate_coupling(flat, method, shape=shape),
            rgrbm.estimate_coupling(spins, method, shape=list(shape)),
            rgrbm.estimate_coupling(spins, method),
        )
    rgrbm.estimate_coupling(flat, shape=flat.shape[1])  # whoever says that they are rings is believed


@pytest.mark.parametrize(("shape", "lattice"), [((4, 4, 4), "hypercubic"), ((6, 6), "triangular")])
def test_other_flattened_lattices(shape, lattice):
    spins = rgrbm.IsingModel(shape, 0.15, lattice=lattice).sample(10_000, method="heat_bath", seed=4, n_chains=512)
    flat = spins.reshape(len(spins), -1)
    with pytest.raises(ValueError, match="must be rings"):
        rgrbm.estimate_coupling(flat, n_chains=512)
    bonds = rgrbm.spins.Lattice(shape, lattice).bonds().reshape(-1, 2)
    estimate = rgrbm.estimate_coupling(flat, "pseudolikelihood", bonds=bonds, n_chains=512)
    assert abs(estimate.J - 0.15) < 5 * estimate.stderr
    if lattice == "hypercubic":
        assert estimate.J == rgrbm.estimate_coupling(flat, "pseudolikelihood", shape=shape, n_chains=512).J


@pytest.mark.parametrize("n", [4, 5, 16, 25, 64])
@pytest.mark.parametrize("J", [0.0, 0.1, 0.8, 3.0, -0.5, -2.0])
def test_rings_are_taken_for_rings(n, J):
    # Rings without and with noise, of few and many samples. A false alarm needs 8 standard errors.
    for seed, n_samples in enumerate([2, 5, 20, 60, 200, 2000, 20_000]):
        spins = rgrbm.IsingModel(n, J).sample(n_samples, method="exact", seed=seed)
        noise = np.random.default_rng(seed).choice([1, 1, 1, -1], size=spins.shape).astype(np.int8)
        for s in (spins, spins * noise):
            for n_chains in {1, min(40, n_samples), n_samples}:
                sample_checks.require_rings(s, sample_checks.blocks_of(s, n_chains))
                sample_checks.require_no_field(s, n_chains)


@pytest.mark.parametrize("n_chains", [1, 2, 3, 5, 16, 32, 64])
@pytest.mark.parametrize(
    ("shape", "J"), [((64,), 2.0), ((64,), -1.5), ((9,), 3.0), ((6, 6), 0.6), ((8, 8), 0.45), ((4, 4), 0.3)]
)
def test_slow_chains_are_not_taken_for_a_field_or_another_lattice(shape, J, n_chains):
    # Chains that keep their domains and the sign of their magnetization, whether their number is given or not. Of 3,507
    # other sets of samples (random sizes, J of both signs, samplers, chains and spacings) none was refused.
    for seed in range(5):
        spins = rgrbm.IsingModel(shape, J).sample(
            4000, method="heat_bath", seed=seed, n_chains=n_chains, burn_in=20, spacing=1
        )
        for given in {1, n_chains}:
            sample_checks.require_no_field(spins, given)
            sample_checks.require_rings(
                spins if len(shape) == 1 else spins[:, 0], sample_checks.blocks_of(spins, given)
            )


@pytest.mark.parametrize(("shape", "J", "h"), [
    ((4, 4), 0.3, 0.3), ((4, 4), 0.3, -0.1), ((16, 16), 0.3, 0.05), ((64,), 0.5, 0.3), ((8, 8), 0.5, 0.3),
    ((8, 8), -0.3, 0.5), ((64,), 0.0, 0.1),
])  # fmt: skip
def test_samples_in_a_field_are_refused(shape, J, h):
    model = rgrbm.IsingModel(shape, J, h)
    spins = model.sample(5000, method="heat_bath", seed=5, n_chains=100, burn_in=300, spacing=5)
    for method in ("nearest", "pseudolikelihood"):
        with pytest.raises(ValueError, match=r"without a field, .* Draw the samples at h = 0"):
            rgrbm.estimate_coupling(spins, method, n_chains=100)
    flipped = spins * np.random.default_rng(0).choice([1, -1], (100,))[np.arange(5000) % 100].reshape(
        -1, *[1] * len(shape)
    )
    rgrbm.estimate_coupling(flipped, n_chains=100)


def test_one_chain_in_a_field_is_refused_where_it_changes_its_sign():
    spins = rgrbm.IsingModel((4, 4), 0.3, 0.15).sample(40_000, method="heat_bath", seed=6, n_chains=1)
    with pytest.raises(ValueError, match="blocks of samples"):
        rgrbm.estimate_coupling(spins)


def test_bad_input_is_refused():
    good = rgrbm.IsingModel(16, 0.5).sample(50, method="exact", seed=0)
    with pytest.raises(TypeError, match="method must be one of 'nearest', 'decay', 'pseudolikelihood', got array"):
        rgrbm.estimate_coupling(good, np.eye(2))
    for arguments, message in (
        ({"spins": good, "method": "guess"}, "method must be one of 'nearest', 'decay', 'pseudoli"),
        ({"spins": (good + 1) // 2}, "to_spins"),
        ({"spins": good[:1]}, "two samples"),
        ({"spins": good[0]}, "two samples"),
        ({"spins": good[:, :1]}, "2 sites"),
        ({"spins": good, "n_chains": 51}, "n_chains"),
        ({"spins": good, "significance": -1.0}, "significance must not be negative"),
        ({"spins": good, "bonds": [(0, 1)]}, "pseudolikelihood"),
        ({"spins": good, "method": "pseudolikelihood", "bonds": [(0, 16)]}, "two different sites"),
        ({"spins": good, "method": "pseudolikelihood", "bonds": []}, "without bonds"),
        ({"spins": good.reshape(50, 4, 4), "method": "decay"}, "rings"),
        ({"spins": good, "method": "decay", "shape": (4, 4)}, "rings"),
        ({"spins": good, "shape": (4, 5)}, r"\(4, 5\) does not fit an array of shape \(50, 16\)"),
        ({"spins": good, "shape": (2, 2, 2, 2)}, "one, two or three sides"),
        ({"spins": good.reshape(50, 2, 8), "shape": (4, 4)}, "does not fit"),
        ({"spins": good, "shape": (1, 16)}, "2 sites along each axis"),
        ({"spins": good.reshape(50, 2, 2, 4)}, "closed form"),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=message):
            rgrbm.estimate_coupling(**arguments)
    assert issubclass(NoFiniteCouplingError, ValueError)
    aligned = np.ones((50, 16))
    for method, message in (("nearest", "no coupling"), ("pseudolikelihood", "no maximum")):
        with pytest.raises(NoFiniteCouplingError, match=message):
            rgrbm.estimate_coupling(aligned, method)
    odd = np.array([[1, -1, 1], [-1, 1, -1], [1, -1, 1]]) * np.random.default_rng(3).choice([-1, 1], (50, 1, 1))
    with pytest.raises(NoFiniteCouplingError, match="no coupling from -12 to 12"):
        rgrbm.estimate_coupling(odd)
    noise = np.random.default_rng(2).choice([-1, 1], size=(50, 16))
    with pytest.raises(ValueError, match="decay needs two"):
        rgrbm.estimate_coupling(noise, "decay")
