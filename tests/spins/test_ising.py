"""IsingModel: reproducibility, provenance, observables and errors (its distributions are tested in statistical/)."""

import math
import tracemalloc

import numpy as np
import pytest

import rgrbm
from chains import is_sequential, packed_chains, possible_packings, unpacked, word_chains
from rgrbm import IsingModel
from rgrbm._core import kernels
from rgrbm._support.tensors import FileFormatError, write_tensors
from rgrbm.spins import Ensemble, Lattice, SingleSpinSampler, equilibration, spin_energies, spin_log_z
from rgrbm.statistics import integrated_autocorrelation_time

LATTICES = [
    *(Lattice(shape) for shape in [(12,), (4, 6), (3, 5), (2, 2), (2, 3, 4), (2, 2, 2), (4, 6, 8)]),
    *(Lattice(shape, "triangular") for shape in [(3, 3), (6, 9), (4, 5), (2, 2)]),
]
METHODS = ["auto", "metropolis", "heat_bath", "wolff", "swendsen_wang", "exact"]


@pytest.mark.parametrize("method", METHODS)
def test_shape_dtype_values(method):
    spins = IsingModel((10,), J=0.5).sample(700, method=method, seed=0)
    assert spins.shape == (700, 10)
    assert spins.dtype == np.int8
    assert set(np.unique(spins)) == {-1, 1}


def test_torus_shape():
    assert IsingModel((4, 6), J=0.3).sample(3, seed=0, burn_in=5, spacing=1).shape == (3, 4, 6)


@pytest.mark.parametrize("method", METHODS)
def test_same_bits_for_any_number_of_threads(method):
    drawn = []
    for threads in (1, 2):
        rgrbm.set_num_threads(threads)
        drawn.append(IsingModel((17,), J=0.8).sample(1300, method=method, seed=3, n_chains=1300))
    rgrbm.set_num_threads(0)
    np.testing.assert_array_equal(*drawn)


def test_seeds():
    model = IsingModel((32,), J=1.0)
    np.testing.assert_array_equal(model.sample(5, seed=1), model.sample(5, seed=1))
    assert not np.array_equal(model.sample(5, seed=1), model.sample(5, seed=2))


def test_burn_in_and_spacing_follow_from_the_autocorrelation_time():
    ensemble = IsingModel((64,), J=1.0).ensemble(600, method="metropolis", seed=0)
    assert ensemble.method == "metropolis"
    assert set(ensemble.tau_int) == {"energy", "abs_magnetization"}
    tau = max(ensemble.tau_int.values())
    assert ensemble.burn_in >= 20 * tau
    assert ensemble.spacing == math.ceil(5 * tau)
    assert "τ_int" in ensemble.summary()
    provenance = ensemble.provenance()
    assert provenance["couplings"] == [1.0]
    assert provenance["entropy"] == "0"


@pytest.mark.parametrize(("packing", "factor"), [("sites", 1), ("chains", 8 / 7)])
def test_relaxation_time_of_metropolis(packing, factor):
    # Random-site Metropolis at J = 1, N = 64 has τ_int ≈ 15 sweeps for the magnetization; the packing "chains" tries
    # each move with probability 7/8.
    sampler = SingleSpinSampler(Lattice((64,)), 1.0, n_chains=512, seed=0, packing=packing)
    sampler.sweep(300)
    tau = integrated_autocorrelation_time(sampler.measure(2000).magnetization).tau_int
    assert 12 * factor < tau < 18 * factor


@pytest.mark.parametrize("packing", ["chains", "sites"])
def test_glauber_relaxation_time(packing):
    # Glauber 1963: the magnetization of the infinite chain relaxes in 1/(1 − tanh 2J) sweeps of heat bath. The sum
    # over discrete sweeps of an exponential of that time is τ_int within a few percent.
    sampler = SingleSpinSampler(Lattice((64,)), 0.5, method="heat_bath", n_chains=512, seed=0, packing=packing)
    sampler.sweep(100)
    tau = integrated_autocorrelation_time(sampler.measure(500).magnetization).tau_int
    assert tau == pytest.approx(1 / (1 - np.tanh(1.0)), rel=0.1)


def test_unresolved_autocorrelation_times_are_told(monkeypatch):
    # Single spins need some 1,000 sweeps at the critical point.
    monkeypatch.setattr(equilibration, "_MOST_SWEEPS", 8)
    with pytest.warns(RuntimeWarning, match="in equilibrium: 8 sweeps do not resolve the autocorrelation time"):
        IsingModel((32, 32), J=0.44).sample(8, method="metropolis", seed=0, n_chains=4, burn_in=1)


def test_progress_is_reported():
    seen = []
    IsingModel((8,), J=0.1).sample(
        4, method="metropolis", seed=0, n_chains=2, burn_in=10, spacing=1, progress=lambda *done: seen.append(done)
    )
    assert (10, 10) in seen  # sweeps of burn-in
    assert seen[-2:] == [(2, 4), (4, 4)]  # samples


def test_energy_and_magnetization():
    model = IsingModel((4,), J=2.0)
    np.testing.assert_array_equal(model.energy([[1, 1, 1, 1], [1, -1, 1, -1]]), [-8.0, 8.0])
    np.testing.assert_array_equal(model.magnetization([[1, 1, 1, 1], [1, -1, 1, 1]]), [1.0, 0.5])
    assert IsingModel((2,), J=1.0).energy([1, 1]) == -2.0  # a double bond
    assert IsingModel((3, 3), J=1.0).energy(np.ones((3, 3))) == -18.0


@pytest.mark.parametrize(
    ("out", "error"),
    [
        (np.empty((6, 12), np.int8), "room for 6 chains, but there are 5"),
        (np.empty((5, 11), np.int8), "out must have shape"),
        (np.empty((5, 12), np.int16), "incompatible"),
        (np.empty((12, 5), np.int8).T, "incompatible"),
        (np.broadcast_to(np.int8(0), (5, 12)), "incompatible|writeable"),
    ],
)
def test_spins_are_written_only_where_they_fit(out, error):
    with pytest.raises((ValueError, TypeError), match=error):
        word_chains((12,), [0.4], 0.0, 5, (1, 2)).unpack(out)


@pytest.mark.parametrize("lattice", LATTICES, ids=str)
def test_packed_observables_agree_with_the_unpacked(lattice):
    J = [0.3, 0.2, -0.1][: lattice.n_axes]
    model = IsingModel(lattice.shape, J, 0.1, lattice=lattice.kind)
    for packing in possible_packings(lattice.shape, J, 0.1, lattice.kind, "heat_bath"):
        chains = packed_chains(packing, lattice.shape, J, 0.1, 700, (1, 2), lattice.kind, update="heat_bath")
        chains.sweep(3)
        spins = unpacked(chains, lattice.shape)
        sums, total = chains.bond_sums(), chains.magnetizations()
        np.testing.assert_array_equal(sums, lattice.bond_sums(spins))
        np.testing.assert_array_equal(total, spins.reshape(700, -1).sum(1))
        energy = model.energy(spins)
        np.testing.assert_allclose(energy, -sums @ np.array(J) - 0.1 * total, rtol=1e-13, atol=1e-13)
        # The energies of all states know the bonds by another way.
        if lattice.n_sites <= 16:
            state = (spins.reshape(700, -1) > 0) @ (1 << np.arange(lattice.n_sites))
            np.testing.assert_allclose(energy, spin_energies(*model.terms())[state], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"shape": (1,), "J": 1.0}, ValueError, "at least 2 spins"),
        ({"shape": (), "J": 1.0}, ValueError, "for a ring or"),
        ({"shape": (4, 4, 1), "J": 1.0}, ValueError, "at least 2 spins"),
        ({"shape": (2, 2, 2, 2), "J": 1.0}, ValueError, "three dimensions, got 4 axes"),
        ({"shape": (8,), "J": 1.0, "lattice": "triangular"}, ValueError, "triangular lattice must be"),
        ({"shape": (8, 8), "J": 1.0, "lattice": "kagome"}, ValueError, "lattice must be one of"),
        ({"shape": (8, 8), "J": (1.0, 1.0, 1.0)}, ValueError, "one for each of 2 axes of bonds"),
        ({"shape": (6, 6), "J": (1.0, 1.0), "lattice": "triangular"}, ValueError, "one for each of 3 axes of bonds"),
        ({"shape": (8, 8), "J": np.ones((2, 1))}, ValueError, "one for each of 2 axes of bonds"),
        ({"shape": (8, 8), "J": [[1, 2], [3]]}, TypeError, r"each coupling J must be a number, got \[1, 2\]"),
        ({"shape": 8, "J": np.array([1, 2])}, ValueError, "one for each of 1 axes of bonds, got array"),
        ({"shape": 8, "J": np.array(8)}, TypeError, "is a ring of 8 spins with the coupling J = 8"),
        ({"shape": (8, 8), "J": (1.0, "1")}, TypeError, "each coupling J must be a number, got '1'"),
        ({"shape": (8, 8), "J": (1.0, float("nan"))}, ValueError, "each coupling J must be finite"),
        ({"shape": (8,), "J": 1.0, "h": "1"}, TypeError, "the field h must be a number"),
        ({"shape": (8,), "J": 1.0, "h": float("inf")}, ValueError, "the field h must be finite"),
        ({"shape": (2**16, 2**16), "J": 1.0}, ValueError, "at most 2\\^31 sites"),
        ({"shape": 2.5, "J": 1.0}, TypeError, "integer"),
        ({"shape": (8.0,), "J": 1.0}, TypeError, r"integer, got 8\.0"),
        ({"shape": (True, 8), "J": 1.0}, TypeError, "integer, got True"),
        ({"shape": (8,), "J": "1"}, TypeError, "the coupling J must be a number, got '1'"),
        ({"shape": (8,), "J": None}, TypeError, "exactly one of J .*, T and beta .* got none"),
        ({"shape": (8,), "J": 1.0, "T": 1.0}, TypeError, "got J and T"),
        ({"shape": (8,), "T": 1.0, "beta": 1.0}, TypeError, "got T and beta"),
        ({"shape": (8,), "T": 0}, ValueError, r"temperature T must be positive, got 0.0; an antiferromagnet has J < 0"),
        ({"shape": (8,), "T": -1.0}, ValueError, "must be positive"),
        ({"shape": (8,), "T": 1e-310}, ValueError, "1/T must be finite"),
        ({"shape": (8,), "T": "2.27"}, TypeError, "temperature T must be a number, got '2.27'"),
        ({"shape": (8,), "T": float("nan")}, ValueError, "temperature T must be finite"),
        ({"shape": (8,), "beta": -0.1}, ValueError, "beta must not be negative"),
        ({"shape": (8, 8), "beta": (0.1, 0.2)}, TypeError, "beta must be a number"),
        ({"shape": (8,), "J": float("nan")}, ValueError, "J must be finite"),
        ({"shape": (8,), "J": float("inf")}, ValueError, "J must be finite"),
    ],
)
def test_bad_models(arguments, error, message):
    with pytest.raises(error, match=message):
        IsingModel(**arguments)


@pytest.mark.parametrize("J", [np.float32(0.5), np.array(0.5), np.int64(1), 1])
def test_couplings_are_numbers_of_any_kind(J):
    assert float(J) == IsingModel((np.int64(8),), J).J


@pytest.mark.parametrize(
    ("model", "method"),
    [
        (IsingModel(8, 0.4), "exact"),
        (IsingModel(7, -0.4), "exact"),
        (IsingModel(8, 0.4, h=0.1), "heat_bath"),
        (IsingModel((4, 4), 0.4), "swendsen_wang"),
        (IsingModel((4, 4), -0.4), "swendsen_wang"),
        (IsingModel((4, 4), (0.4, -0.3)), "swendsen_wang"),
        (IsingModel((3, 4), -0.4), "heat_bath"),
        (IsingModel((4, 4), 0.4, h=0.1), "heat_bath"),
        (IsingModel((3, 3), 0.2, lattice="triangular"), "swendsen_wang"),
        (IsingModel((6, 6), -0.2, lattice="triangular"), "heat_bath"),
        (IsingModel((4, 3), (-0.2, 0.3, -0.1), lattice="triangular"), "swendsen_wang"),
    ],
    ids=repr,
)
def test_the_method_that_suits_a_model(model, method):
    chosen = model.ensemble(3, seed=0, burn_in=5, spacing=1)
    assert chosen.method == method
    np.testing.assert_array_equal(model.sample(3, method=method, seed=0, burn_in=5, spacing=1), chosen.spins)
    moved = {8: "swendsen_wang", 7: "heat_bath"}[model.n_sites] if method == "exact" else method
    assert model.time_series(1, method="auto", seed=0).sampler.method == moved


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"n_samples": 0}, ValueError, "n_samples must be at least 1, got 0"),
        ({"n_samples": 1.5}, TypeError, "n_samples must be an integer, got 1.5"),
        ({"n_samples": "5"}, TypeError, "n_samples must be an integer, got '5'"),
        ({"n_samples": 5, "n_chains": 0}, ValueError, "n_chains"),
        ({"n_samples": 5, "burn_in": -1}, ValueError, "burn_in must not be negative"),
        ({"n_samples": 5, "spacing": -1}, ValueError, "spacing"),
        ({"n_samples": 5, "spacing": 0}, ValueError, "spacing must be at least 1, got 0"),  # the same sample again
        ({"n_samples": 5, "method": "kawasaki"}, ValueError, "method must be one of"),
        ({"n_samples": 5, "method": np.eye(2)}, TypeError, "method must be one of 'auto', .*, got array"),
    ],
)
def test_bad_sampling(arguments, error, message):
    with pytest.raises(error, match=message):
        IsingModel((8,), J=1.0).sample(**arguments)


def test_exact_samples_of_a_torus_are_refused():
    with pytest.raises(ValueError, match="ring only"):
        IsingModel((4, 4), J=1.0).sample(1, method="exact")


@pytest.mark.parametrize(
    "arguments",
    [
        {"n_samples": 3, "n_chains": 10**12, "method": "metropolis"},
        {"n_samples": 10**12},
        {"n_samples": 10**12, "burn_in": 1, "spacing": 1},
        {"n_samples": 512 * 10**10, "method": "exact"},
    ],
)
def test_what_no_memory_can_hold_is_refused_at_once(arguments):
    with pytest.raises(
        MemoryError, match=r"samples and \d+ chains of 8 sites would take \S+ GiB; this process can have"
    ):
        IsingModel((8,), J=1.0).sample(**arguments)


def test_the_pilot_keeps_no_more_than_the_chains_it_looks_at():
    model, n_chains = IsingModel((4,), J=0.1), 512 * 100
    tracemalloc.start()
    model.sample(1, n_chains=n_chains, seed=0)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 5 * 8 * n_chains  # some arrays of a number per chain, not two for each of 64 sweeps


def test_wrong_configurations_are_refused():
    model = IsingModel((4,), J=1.0)
    with pytest.raises(ValueError, match="shape"):
        model.energy([1, 1, 1])
    with pytest.raises(ValueError, match="to_spins"):
        model.energy([0, 1, 1, 0])
    with pytest.raises(ValueError, match="half the ring, 2, got 3"):
        model.correlation(3)
    with pytest.raises(TypeError, match=r"max_distance must be an integer, got 1\.5"):
        model.correlation(1.5)


@pytest.mark.parametrize(
    "arguments",
    [
        ((), [], 0.0, 1),
        ((0, 8), [1.0, 1.0], 0.0, 1),
        ((1,), [1.0], 0.0, 1),
        ((8, 8), [1.0], 0.0, 1),
        ((2, 2, 2, 2), [1.0] * 4, 0.0, 1),
        ((2**21, 2**21, 2**22), [1.0] * 3, 0.0, 1),  # whose number of sites overflows
        ((8,), [float("nan")], 0.0, 1),
        ((8,), [1.0], float("inf"), 1),
        ((8,), [1.0], 0.0, 0),
        ((8,), [1.0] * 3, 0.0, 1, (0, 0), "triangular"),
    ],
)
def test_kernels_refuse_what_would_crash_them(arguments):
    with pytest.raises(ValueError, match=r"must|needs"):
        word_chains(*arguments[:4], (0, 0), *arguments[5:])


def test_kernels_refuse_what_they_do_not_know():
    for wrong in ("kawasaki", kernels.ClusterUpdate.wolff, None):
        with pytest.raises(TypeError, match="incompatible"):
            kernels.WordChains([8], False, wrong, [1.0], 0.0, 1, (0, 0), (False, False, True))
    for chains in (
        word_chains((8, 8), [1.0, 1.0], 0.0, 1, (0, 0)),
        word_chains((8,), [1.0], 0.1, 1, (0, 0)),
    ):
        with pytest.raises(ValueError, match="ring without a field only"):
            chains.sample_exactly()


@pytest.mark.parametrize(
    ("shape", "J", "h", "kind", "metropolis", "heat_bath"),
    [
        ((8,), (1.0,), 0.0, "hypercubic", False, False),
        ((8, 8), (0.4, 0.4), 0.0, "hypercubic", True, True),
        ((8, 8), (0.4, 0.4), 0.1, "hypercubic", True, True),
        ((8, 8), (-0.4, -0.4), 0.0, "hypercubic", True, True),
        ((8, 8), (-0.4, -0.4), 0.1, "hypercubic", False, True),  # frustrated
        ((8, 8), (0.4, 0.3), 0.0, "hypercubic", False, True),  # could fall apart into rings
        ((8, 8), (0.0, 0.0), 0.1, "hypercubic", False, True),
        ((6, 8), (0.4, 0.4), 0.0, "hypercubic", False, True),
        ((8, 9), (0.4, 0.4), 0.0, "hypercubic", False, False),
        ((8, 8, 8), (0.2,) * 3, 0.0, "hypercubic", True, True),
        ((8, 8, 6), (0.2,) * 3, 0.0, "hypercubic", False, True),
        ((7, 8, 8), (0.2,) * 3, 0.0, "hypercubic", False, False),
        ((9, 9), (0.2,) * 3, 0.0, "triangular", True, True),
        ((9, 9), (-0.2,) * 3, 0.0, "triangular", False, True),
        ((6, 9), (0.2,) * 3, 0.0, "triangular", False, True),
        ((8, 8), (0.2,) * 3, 0.0, "triangular", False, False),
    ],
)
def test_order_is_sequential_where_that_is_right(shape, J, h, kind, metropolis, heat_bath):
    for update, expected in (("metropolis", metropolis), ("heat_bath", heat_bath)):
        assert is_sequential(shape, J, h, kind, update) == expected
        lattice = Lattice(shape, kind)
        for packing in ("chains", "sites"):
            sampler = SingleSpinSampler(lattice, J, h, method=update, packing=packing)
            assert sampler.packing == packing
        in_frame = h == 0 and kind == "hypercubic" and max(J) < 0  # that of a ferromagnet, with the same order
        assert in_frame or SingleSpinSampler(lattice, J, h, method=update, packing="chains").is_sequential == expected
        if expected:
            assert SingleSpinSampler(lattice, J, h, method=update, packing="lattice").is_sequential


def test_closed_forms_are_taken_only_where_they_hold():
    for model in (
        IsingModel((4, 4), (0.4, 0.3)),
        IsingModel((4, 4), 0.4, h=0.1),
        IsingModel((4,), 0.4, h=0.1),
        IsingModel((3, 3), 0.4, lattice="triangular"),
        IsingModel((2, 2, 3), 0.4),
    ):
        for ask in (model.log_z, model.free_energy, model.mean_energy_per_site):
            with pytest.raises(ValueError, match="with one J and no field, not for IsingModel"):
                ask()
        with pytest.raises(ValueError, match="ring only, without a field"):
            model.correlation(1)
        with pytest.raises(ValueError, match="ring only, without a field"):
            model.correlation_length()
        with pytest.raises(ValueError, match="ring only, without a field"):
            model.sample(1, method="exact")
        # The sum over all states knows them: with no couplings and no field it counts them.
        n_sites, bonds, couplings, h = model.terms()
        assert spin_log_z(n_sites, bonds, 0 * couplings, 0 * h) == pytest.approx(n_sites * np.log(2))
        assert spin_log_z(n_sites, bonds, couplings, h) > n_sites * np.log(2)
    square = IsingModel((4, 4), (0.4, 0.4))
    assert square.J == 0.4
    assert square.log_z() == pytest.approx(spin_log_z(*square.terms()), rel=1e-13)


@pytest.mark.parametrize(
    "model",
    [IsingModel((4, 4, 4), (0.1, 0.2, 0.3)), IsingModel((3, 6), 0.2, h=-0.3, lattice="triangular")],
    ids=repr,
)
def test_ensembles_of_any_model_are_kept_in_files(model, tmp_path):
    ensemble = model.ensemble(20, method="heat_bath", seed=0)
    ensemble.save(tmp_path / "spins.safetensors")
    loaded = Ensemble.load(tmp_path / "spins.safetensors")
    np.testing.assert_array_equal(loaded.spins, ensemble.spins)
    assert loaded.provenance() == ensemble.provenance()
    assert (loaded.couplings, loaded.h, loaded.lattice) == (model.couplings, model.h, model.lattice.kind)
    again = IsingModel(loaded.shape, loaded.couplings, loaded.h, lattice=loaded.lattice)
    np.testing.assert_array_equal(again.sample(20, method="heat_bath", seed=0), ensemble.spins)
    assert ("J = 0.1 and 0.2 and 0.3" in loaded.summary()) == (model.h == 0)
    assert ("h = -0.3 on a triangular lattice" in loaded.summary()) == (model.h != 0)


def test_files_of_older_versions_have_no_field_and_no_lattice(tmp_path):
    ensemble = IsingModel((4, 4), 0.3).ensemble(9, method="heat_bath", seed=0, burn_in=2, spacing=1)
    metadata = ensemble.provenance() | {"seconds": 1.0}
    del metadata["h"], metadata["lattice"], metadata["couplings"]
    metadata["J"] = 0.3
    packed = np.packbits(ensemble.spins.reshape(9, 16) > 0, axis=1)
    write_tensors(tmp_path / "old.safetensors", "Ensemble", {"spins": packed}, metadata)
    loaded = Ensemble.load(tmp_path / "old.safetensors")
    assert (loaded.couplings, loaded.h, loaded.lattice) == ((0.3, 0.3), 0.0, "hypercubic")


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"couplings": [0.3, "x"]}, r"its couplings are \[0.3, 'x'\]; expected 2 numbers"),
        ({"couplings": [0.3]}, "expected 2 numbers, one for each axis"),
        ({"couplings": None}, "expected 2 numbers"),
        ({"lattice": "kagome"}, "kagome"),
    ],
)
def test_files_whose_model_makes_no_sense_are_refused(tmp_path, entry, message):
    metadata = IsingModel((4, 4), 0.3).ensemble(9, seed=0).provenance() | {"seconds": 1.0}
    packed = np.zeros((9, 2), np.uint8)
    write_tensors(tmp_path / "bad.safetensors", "Ensemble", {"spins": packed}, metadata | entry)
    with pytest.raises(FileFormatError, match=message):
        Ensemble.load(tmp_path / "bad.safetensors")


def test_temperature_instead_of_coupling():
    assert IsingModel((8, 8), T=2.5).couplings == IsingModel((8, 8), beta=0.4).couplings == (0.4, 0.4)
    cold = IsingModel((8,), T=0.5, h=0.1)  # βH = −β (Σ s s′ + h Σ s)
    assert (cold.J, cold.h, cold.T) == (2.0, 0.2, 0.5)
    assert cold.energy(np.ones(8)) == pytest.approx(-(8 + 0.1 * 8) / 0.5)
    assert math.isinf(IsingModel((8,), beta=0).T)
    np.testing.assert_array_equal(
        IsingModel((8, 8), T=2.5).sample(20, seed=1), IsingModel((8, 8), J=0.4).sample(20, seed=1)
    )


def test_axes_with_different_couplings_have_no_single_one():
    model = IsingModel((8, 8), (0.2, 0.3))
    for owner in (model, model.ensemble(5, seed=0)):
        assert owner.couplings == (0.2, 0.3)
        assert not hasattr(owner, "J")
        with pytest.raises(AttributeError, match=r"different couplings, \(0.2, 0.3\): use couplings"):
            _ = owner.J
    assert isinstance(IsingModel((8, 8), (0.3, 0.3)).J, float)


def test_a_side_in_the_place_of_the_coupling():
    with pytest.raises(
        TypeError, match=r"ring of 16 spins with the coupling J = 32. For a square lattice write .*\(16, 32\)"
    ):
        IsingModel(16, 32)
    assert IsingModel(64, 1).J == 1
    assert IsingModel(16, 16.0).J == 16
    assert IsingModel((16, 16), 2).J == 2
