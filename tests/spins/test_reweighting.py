"""Reweighting of recorded runs against enumeration, Kaufman's formula and densities of states.

Bounds of 4 or 5 standard errors and fixed seeds: each test would fail by chance in less than one of a thousand seeds,
where it does not say otherwise.
"""

import functools
import math
import warnings

import numpy as np
import pytest
from scipy.optimize import brentq, minimize_scalar

from rgrbm import IsingModel
from rgrbm.spins import ClusterSampler, Lattice, RecordedRun, Reweighting, binder_crossing, exact, spin_energies
from rgrbm.spins.bonds import lattice_bonds
from rgrbm.spins.multiple_histograms import free_energies
from rgrbm.statistics import student_factor

NAMES = (
    "energy_per_site",
    "specific_heat",
    "abs_magnetization",
    "m2",
    "m4",
    "binder",
    "susceptibility",
    "connected_susceptibility",
)


class Enumerated:
    """A small square lattice in a field: all pairs (Σ s s′, Σ s) with their counts."""

    def __init__(self, h=0.0, side=4):
        self.h, self.n = h, side**2
        states = np.arange(2**self.n)
        m = 2 * sum((states >> i) & 1 for i in range(self.n)) - self.n
        s = -np.rint(spin_energies(self.n, lattice_bonds((side, side)), 1.0)).astype(int)
        pairs, counts = np.unique(np.stack([s, m]), axis=1, return_counts=True)
        self.s, self.m, self.log_counts = pairs[0], pairs[1], np.log(counts)

    def weights(self, J):
        w = np.exp((exponent := J * self.s + self.h * self.m + self.log_counts) - exponent.max())
        return w / w.sum()

    def run(self, J, rng, shape=(100, 64)):
        drawn = rng.choice(len(self.s), p=self.weights(J), size=shape)
        return RecordedRun(J, self.s[drawn], self.m[drawn])

    def exact(self, J):
        w = self.weights(J)
        n = self.n
        e, m = -(J * self.s + self.h * self.m) / n, self.m / n
        abs_m, m2, m4 = w @ abs(m), w @ m**2, w @ m**4
        mean = w @ m if self.h else 0.0
        values = (
            w @ e,
            n * (w @ e**2 - (w @ e) ** 2),
            abs_m,
            m2,
            m4,
            1 - m4 / (3 * m2**2),
            n * (m2 - mean**2),
            n * (m2 - abs_m**2),
        )
        return dict(zip(NAMES, values, strict=True))


@functools.cache
def square():
    return Enumerated()


@functools.cache
def clusters(side, couplings, n_sweeps=600, seed=0):
    """Runs of Swendsen and Wang's on a square lattice."""
    runs = []
    for i, J in enumerate(couplings):
        sampler = ClusterSampler(
            Lattice((side, side)), J, method="swendsen_wang", n_chains=64, seed=np.random.SeedSequence([seed, side, i])
        )
        sampler.sweep(100)
        measured = sampler.measure(n_sweeps)
        runs.append(RecordedRun(J, measured.bond_sums.sum(axis=-1), measured.magnetization))
    return Reweighting(runs, side**2)


def pull(curve, truth):
    value, stderr = curve
    return (value - truth) / stderr


@pytest.mark.parametrize("couplings", [(0.4,), (0.3, 0.4), (0.2, 0.3, 0.45), (-0.4, -0.3), (-0.1, 0.0, 0.1)])
@pytest.mark.parametrize("h", [0.0, 0.1])
def test_all_observables_of_4_by_4(couplings, h):
    # 10 couplings × 8 observables × 10 cases, of which some 100 are independent: 5 s.e. with 31 degrees of freedom.
    model = Enumerated(h) if h else square()
    rng = np.random.default_rng(0)
    reweighting = Reweighting([model.run(J, rng) for J in couplings], 16, h=h)
    assert not reweighting.gaps
    J = np.linspace(*reweighting.J_range, 10)
    for name in NAMES:
        truth = np.array([model.exact(x)[name] for x in J])
        if name == "energy_per_site" and h == 0:  # without noise at J = 0
            J, truth = J[abs(J) > 1e-3], truth[abs(J) > 1e-3]
        assert np.all(abs(pull(reweighting.curve(name, J), truth)) < 5), name


@pytest.mark.parametrize("shape", [(64, 64), (4096, 1)])
def test_errors_are_true(shape):
    # 64 chains, and one chain that is cut. Standard deviations of 50 pulls scatter by a tenth, so each of the six is
    # out of [0.75, 1.3] in one of a hundred seeds.
    J = np.array([0.33, 0.37])
    pulls = {name: [] for name in ("energy_per_site", "specific_heat", "binder")}
    for seed in range(50):
        rng = np.random.default_rng([seed, shape[1]])
        reweighting = Reweighting([square().run(x, rng, shape) for x in (0.3, 0.35, 0.4)], 16)
        assert reweighting.n_blocks == 32
        for name in pulls:
            pulls[name].append(pull(reweighting.curve(name, J), [square().exact(x)[name] for x in J]))
    for name, values in pulls.items():
        assert np.all((np.std(values, axis=0) > 0.75) & (np.std(values, axis=0) < 1.3)), name
        assert np.all(abs(np.mean(values, axis=0)) < 0.5), name


def test_errors_are_true_of_correlated_series():
    # Chains that keep a sample with probability 0.9: τ = 9.5. Bounds as above.
    J, pulls = np.array([0.33, 0.37]), []
    for seed in range(50):
        rng = np.random.default_rng(seed)
        runs = []
        for coupling in (0.3, 0.4):
            run = square().run(coupling, rng, (2000, 16))
            last = np.maximum.accumulate(np.where(rng.random(run.bonds.shape) < 0.1, np.arange(2000)[:, None], 0))
            take = functools.partial(np.take_along_axis, indices=last, axis=0)
            runs.append(RecordedRun(coupling, take(run.bonds), take(run.magnetization)))
        reweighting = Reweighting(runs, 16)
        assert reweighting.n_blocks == 16
        np.testing.assert_allclose(reweighting.effective_samples, 2000 * 16 / 19, rtol=0.4)
        pulls.append(pull(reweighting.curve("energy_per_site", J), [square().exact(x)["energy_per_site"] for x in J]))
    assert np.all((np.std(pulls, axis=0) > 0.75) & (np.std(pulls, axis=0) < 1.35))


def test_weights_of_runs_follow_their_autocorrelation():
    # The same samples, each repeated ten times in a row, are worth no more: values must not follow the longer run.
    rng = np.random.default_rng(0)
    first, second = square().run(0.35, rng, (400, 64)), square().run(0.35, rng, (400, 64))
    repeated = RecordedRun(0.35, np.repeat(second.bonds, 10, axis=0), np.repeat(second.magnetization, 10, axis=0))
    both = Reweighting([first, repeated], 16)
    assert both.overlap == pytest.approx(1)
    np.testing.assert_allclose(both.effective_samples, 400 * 64, rtol=0.15)
    half = -0.35 * (first.bonds.mean() + second.bonds.mean()) / 2 / 16
    value, stderr = both.curve("energy_per_site", 0.35)
    assert abs(value - half) < 0.2 * stderr


def test_kaufman():
    reweighting = clusters(16, (0.42, 0.44, 0.46))
    J = np.linspace(0.42, 0.46, 10)
    models = [IsingModel((16, 16), x) for x in J]
    energies = [model.mean_energy_per_site() for model in models]
    assert np.all(abs(pull(reweighting.curve("energy_per_site", J), energies)) < 4)
    assert np.all(abs(pull(reweighting.curve("specific_heat", J), [m.specific_heat() for m in models])) < 4)


def test_maximum_of_the_specific_heat():
    place, height = clusters(16, (0.42, 0.44, 0.46)).maximum("specific_heat")
    best = minimize_scalar(lambda J: -IsingModel((16, 16), J).specific_heat(), bounds=(0.4, 0.5), method="bounded")
    assert abs(place.mean - best.x) < 4 * place.stderr
    assert abs(height.mean + best.fun) < 4 * height.stderr
    assert place.stderr < 0.002
    assert height.stderr < 0.03


def test_crossing_of_two_grids():
    coarse, fine = (0.42, 0.44, 0.45), (0.42, 0.43, 0.435, 0.44, 0.445, 0.45)
    first = binder_crossing(clusters(8, coarse), clusters(16, coarse))
    second = binder_crossing(clusters(8, fine, seed=1), clusters(16, fine, seed=1))
    error = math.hypot(first.stderr, second.stderr)
    assert 0 < error < 0.003
    assert abs(first.mean - second.mean) < 3 * error  # by chance in one of 400 seeds
    other = binder_crossing(clusters(16, coarse), clusters(8, coarse))
    assert other == pytest.approx(first, rel=1e-6)


@pytest.mark.slow
def test_errors_of_maxima_and_crossings_are_true():
    # Bounds as for curves: each of the three standard deviations fails in one of a hundred seeds.
    large, small, couplings = square(), Enumerated(side=3), (0.32, 0.4, 0.48)
    top = minimize_scalar(lambda J: -large.exact(J)["specific_heat"], bounds=(0.3, 0.5), options={"xatol": 1e-9})
    cross = brentq(lambda J: large.exact(J)["binder"] - small.exact(J)["binder"], 0.32, 0.48)
    pulls = []
    for seed in range(50):
        rng = np.random.default_rng(seed)
        first, second = (Reweighting([m.run(J, rng, (200, 64)) for J in couplings], m.n) for m in (large, small))
        place, height = first.maximum("specific_heat")
        J, stderr = binder_crossing(first, second)
        pulls.append([(place[0] - top.x) / place[1], (height[0] + top.fun) / height[1], (J - cross) / stderr])
    assert np.all((np.std(pulls, axis=0) > 0.75) & (np.std(pulls, axis=0) < 1.3))
    assert np.all(abs(np.mean(pulls, axis=0)) < 0.5)


@pytest.mark.parametrize("pair", [(0.2, 0.7), (0.40, 0.50)])
def test_runs_too_far_apart(pair):
    reweighting = clusters(32, pair, 200)
    assert reweighting.gaps == [pair]
    assert reweighting.overlap.shape == (1,)
    assert reweighting.overlap[0] < 0.01
    middle = np.mean(pair)
    for name in NAMES:
        with pytest.warns(RuntimeWarning, match=f"{name} is NaN at 1 couplings: runs are missing between"):
            value, stderr = reweighting.curve(name, [pair[0], middle, pair[1]])
        assert np.isnan(value).tolist() == np.isnan(stderr).tolist() == [False, True, False]
    message = f"runs are missing between J = {pair[0]:g} and {pair[1]:g}.*add couplings in between"
    with pytest.warns(RuntimeWarning, match=f"maximum of specific_heat cannot be estimated: {message}"):
        assert np.isnan(reweighting.maximum("specific_heat")).all()
    with pytest.warns(RuntimeWarning, match=f"crossing of binder cannot be estimated: {message}"):
        assert np.isnan(binder_crossing(clusters(16, (0.42, 0.44, 0.46)), reweighting)).all()
    assert "gaps=" in repr(reweighting)
    for J in pair:
        truth = IsingModel((32, 32), J).mean_energy_per_site()
        assert abs(pull(reweighting.curve("energy_per_site", J), truth)) < 4


def density(side):
    states = exact.density_of_states((side, side))
    return np.array(states.bond_sums), np.array([math.log(count) for count in states.counts])


@pytest.mark.filterwarnings("ignore:.* is NaN at")
@pytest.mark.parametrize("distance", [0.03, 0.05, 0.06, 0.07, 0.08, 0.1, 0.14])
def test_values_at_any_overlap_are_right(distance):
    # Draws from the density of states of 16 × 16 at two couplings, from near to far: what is given is right, and what
    # is not given is too far apart. Standard deviations of 40 pulls scatter by 0.11.
    s, log_counts = density(16)
    J = 0.44 + np.linspace(-0.7, 0.7, 9) * distance
    pulls = []
    for seed in range(40):
        rng = np.random.default_rng([seed, round(1000 * distance)])
        runs = []
        for coupling in (0.44 - distance / 2, 0.44 + distance / 2):
            w = np.exp((x := coupling * s + log_counts) - x.max())
            drawn = rng.choice(s, p=w / w.sum(), size=(25, 64))
            runs.append(RecordedRun(coupling, drawn, 0 * drawn))
        reweighting = Reweighting(runs, 256)
        pulls.append([
            pull(reweighting.curve("energy_per_site", J), [IsingModel((16, 16), x).mean_energy_per_site() for x in J]),
            pull(reweighting.curve("specific_heat", J), [IsingModel((16, 16), x).specific_heat() for x in J]),
        ])  # fmt: skip
    pulls = np.array(pulls)
    given = np.isfinite(pulls)
    assert np.sqrt(np.mean(pulls[given] ** 2)) < 1.25
    assert abs(pulls[given]).max() < 5.5
    middle = given[:, 0, 4].mean()
    assert middle == (1 if distance <= 0.06 else 0 if distance >= 0.1 else middle)


def test_no_run_is_extrapolated_far():
    reweighting = clusters(16, (0.44,))
    low, high = reweighting.J_range
    assert 0.005 < 0.44 - low < 0.05
    assert 0.005 < high - 0.44 < 0.05
    J = np.array([low - 1e-6, low, 0.44, high, high + 1e-6])
    with pytest.warns(RuntimeWarning, match="specific_heat is NaN at 2 couplings: runs cover J = .*add runs beyond"):
        value, _ = reweighting.curve("specific_heat", J)
    assert np.isnan(value).tolist() == [True, False, False, False, True]
    truth = [IsingModel((16, 16), x).specific_heat() for x in J[1:-1]]
    assert np.all(abs(pull(reweighting.curve("specific_heat", J[1:-1]), truth)) < 4)
    # All samples are ground states, which determine nothing at other couplings.
    frozen = RecordedRun(5.0, np.full((10, 64), 512), np.full((10, 64), 256))
    assert Reweighting([frozen], 256).J_range == (5.0, 5.0)
    with pytest.warns(RuntimeWarning, match="end of the range"):
        Reweighting([frozen], 256).maximum("specific_heat")


def test_maximum_at_the_end_and_no_crossing():
    reweighting = clusters(16, (0.42, 0.44, 0.46))
    with pytest.warns(RuntimeWarning, match="maximum of abs_magnetization .* lies at the end of the range"):
        assert np.isnan(reweighting.maximum("abs_magnetization")).all()
    high = clusters(8, (0.55, 0.57))
    with pytest.warns(RuntimeWarning, match="no common range"):
        binder_crossing(reweighting, high)
    with pytest.warns(RuntimeWarning, match="do not clearly cross"):
        binder_crossing(reweighting, clusters(16, (0.42, 0.44, 0.46), seed=1))


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3, 1e6])
@pytest.mark.parametrize("n_runs", [2, 30])
def test_free_energies_of_all_orders(scale, n_runs):
    # Exact expected counts of a Gaussian density of states: the free energies are known, −ln Z_k = −(J_k σ)²/2 − J_k μ.
    levels = np.arange(-400, 401) * 4.0
    sigma = 150.0
    J = np.linspace(0, 3.0 * min(n_runs, 6) / 2 / sigma, n_runs)
    mean = scale / max(J[-1], 1e-9)
    log_density = -(levels**2) / (2 * sigma**2)
    x = np.multiply.outer(J, levels + mean)
    log_z = np.log(np.sum(np.exp(log_density + np.multiply.outer(J, levels)), axis=1)) + J * mean
    n = np.linspace(1e4, 2e4, n_runs)
    counts = np.exp(log_density + x - log_z[:, None]).T @ n
    truth = log_z[0] - log_z
    for start in (truth * 0.9, np.linspace(0, -scale, n_runs)):
        a = free_energies(x, n, counts, start)
        np.testing.assert_allclose(a, truth, rtol=1e-10, atol=1e-9)


def test_order_of_runs_and_equal_couplings():
    rng = np.random.default_rng(0)
    runs = [square().run(J, rng) for J in (0.3, 0.4, 0.3)]
    J = np.linspace(0.3, 0.4, 5)
    first, second = Reweighting(runs, 16), Reweighting(runs[::-1], 16)
    np.testing.assert_array_equal(first.J, [0.3, 0.3, 0.4])
    for name in NAMES:
        np.testing.assert_allclose(first.curve(name, J), second.curve(name, J), rtol=1e-9)
    value, stderr = first.curve("energy_per_site", 0.35)
    assert value.shape == stderr.shape == ()
    assert first.curve("energy_per_site", np.full((2, 3), 0.35))[0].shape == (2, 3)


def test_one_run_at_its_own_coupling_is_the_plain_mean():
    run = square().run(0.35, np.random.default_rng(0))
    reweighting = Reweighting([run], 16)
    value, stderr = reweighting.curve("energy_per_site", 0.35)
    blocks = -0.35 * run.bonds.reshape(100, 32, 2).mean(axis=(0, 2)) / 16
    assert value == pytest.approx(blocks.mean(), rel=1e-12)
    assert stderr == pytest.approx(student_factor(32) * blocks.std(ddof=1) / math.sqrt(32), rel=1e-9)
    m2 = (run.magnetization / 16) ** 2
    assert reweighting.curve("susceptibility", 0.35)[0] == pytest.approx(16 * m2.mean())


def test_uneven_chains_and_few_of_them():
    # 100, 9 and 2 chains: 9 blocks of whole chains, which the two are cut into as well.
    rng = np.random.default_rng(0)
    runs = [square().run(J, rng, shape) for J, shape in ((0.3, (50, 100)), (0.35, (400, 9)), (0.4, (2000, 2)))]
    reweighting = Reweighting(runs, 16)
    assert reweighting.n_blocks == 9
    J = np.array([0.32, 0.38])
    assert np.all(
        abs(pull(reweighting.curve("energy_per_site", J), [square().exact(x)["energy_per_site"] for x in J])) < 6
    )  # t₈
    assert Reweighting(runs[2:], 16, n_blocks=5).n_blocks == 5


def zeros(shape=(10, 64), dtype=np.int64):
    return np.zeros(shape, dtype)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((math.nan, zeros(), zeros()), ValueError, "the coupling J of a run must be finite, got nan"),
        (("0.4", zeros(), zeros()), TypeError, "the coupling J of a run must be a number"),
        ((0.4, zeros((10, 64, 2)), zeros()), ValueError, r"bonds must have shape \(n_sweeps, n_chains\)"),
        ((0.4, zeros(640), zeros(640)), ValueError, r"bonds must have shape \(n_sweeps, n_chains\)"),
        ((0.4, zeros((0, 64)), zeros((0, 64))), ValueError, "not be empty"),
        ((0.4, zeros(), zeros((11, 64))), ValueError, r"same configurations, got shapes \(10, 64\) and \(11, 64\)"),
        ((0.4, zeros(dtype=float), zeros()), TypeError, "bonds must be integers, got float64"),
        ((0.4, zeros(), zeros(dtype=bool)), TypeError, "magnetization must be integers, got bool"),
    ],
)
def test_bad_runs(arguments, error, message):
    with pytest.raises(error, match=message):
        RecordedRun(*arguments)


def good():
    return RecordedRun(0.4, zeros(), zeros())


@pytest.mark.parametrize(
    ("runs", "options", "error", "message"),
    [
        ([], {}, ValueError, "at least one run, got none"),
        ([(0.4, zeros(), zeros())], {}, TypeError, "must be Measurements or RecordedRuns, got tuple"),
        ([good()], {"n_sites": None}, TypeError, "recorded runs do not know their lattice: give n_sites"),
        ([good()], {"n_sites": 0}, ValueError, "n_sites must be at least 1"),
        ([good()], {"n_sites": 15}, ValueError, "Σ s of 15 spins must be odd"),
        ([RecordedRun(0.4, zeros(), zeros() + 18)], {}, ValueError, r"\|Σ s\| = 18 at J = 0.4 exceeds"),
        ([good(), RecordedRun(0.4, zeros() + 1, zeros())], {}, ValueError, "all even or all odd"),
        ([good()], {"h": math.inf}, ValueError, "the field h must be finite"),
        ([good()], {"n_blocks": 3}, ValueError, "n_blocks must be at least 4"),
        ([RecordedRun(0.4, zeros((1, 64)), zeros((1, 64)))], {}, ValueError, "at J = 0.4 is worth 64. Run it longer"),
        ([RecordedRun(0.4, zeros((50, 3)), zeros((50, 3)))], {}, None, None),
        ([RecordedRun(0.4, zeros((19, 3)), zeros((19, 3)))], {}, ValueError, "at least 4 independent blocks"),
    ],
)
def test_bad_arguments(runs, options, error, message):
    if error is None:
        assert Reweighting(runs, 16).n_blocks >= 4
        return
    with pytest.raises(error, match=message):
        Reweighting(runs, **({"n_sites": 16} | options))


def measured(shape=(4, 4), J=0.4, h=0.0, **options):
    return IsingModel(shape, J, h).measure(50, seed=0, n_chains=64, **options)


def test_measurements_know_their_lattice_and_field():
    runs = [measured(J=J, h=0.1, keep_series=True) for J in (0.38, 0.4)]
    known = Reweighting(runs)
    assert (known.n_sites, known.h) == (16, 0.1)
    given = Reweighting([run.series for run in runs], 16, h=0.1)
    np.testing.assert_array_equal(known.curve("binder", 0.39), given.curve("binder", 0.39))
    np.testing.assert_array_equal(Reweighting([runs[0], runs[1].series]).J, known.J)


@pytest.mark.parametrize(
    ("runs", "options", "message"),
    [
        ([measured()], {}, "measure with keep_series=True"),
        ([measured(keep_series=True), measured((4, 6), keep_series=True)], {}, "of one lattice in one field"),
        ([measured(keep_series=True), measured(h=0.1, keep_series=True)], {}, "of one lattice in one field"),
        ([measured(keep_series=True)], {"n_sites": 15}, "are of 16 sites in a field of 0, got n_sites = 15"),
        ([measured(keep_series=True)], {"h": 0.1}, "in a field of 0, got n_sites = 16 and h = 0.1"),
    ],
)
def test_measurements_that_cannot_be_combined(runs, options, message):
    with pytest.raises(ValueError, match=message):
        Reweighting(runs, **options)


def test_bad_questions():
    reweighting = Reweighting([good()], 16)
    for ask in (lambda name: reweighting.curve(name, 0.4), reweighting.maximum):
        with pytest.raises(ValueError, match=r"the observable must be one of .*'energy_per_site'.*, got 'entropy'"):
            ask("entropy")
    for name in (np.eye(2), {}):
        with pytest.raises(TypeError, match="the observable must be one of 'energy_per_site', "):
            binder_crossing(reweighting, reweighting, name)
    for runs in (0.5, "runs"):
        with pytest.raises(TypeError, match="runs must be a sequence of Measurements or RecordedRuns, got"):
            Reweighting(runs, 16)
    with pytest.raises(TypeError, match="n_sites must be an integer, got array"):
        Reweighting([good()], np.eye(2))
    with pytest.raises(ValueError, match="the observable must be one of"):
        binder_crossing(reweighting, reweighting, "entropy")
    with pytest.raises(ValueError, match="each coupling J must be finite"):
        reweighting.curve("energy_per_site", [0.4, math.nan])
    with pytest.raises(TypeError, match="J must be real numbers"):
        reweighting.curve("energy_per_site", "0.4")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert reweighting.curve("energy_per_site", [])[0].shape == (0,)
