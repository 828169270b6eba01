"""ClusterSampler: the unit of its sweeps, reproducibility, shapes and errors (distributions: statistical/)."""

import numpy as np
import pytest

import rgrbm
from rgrbm.spins import ClusterSampler, Lattice

SQUARE = Lattice((16, 16))


@pytest.mark.parametrize("J", [0.1, 0.4, 0.6])
def test_a_sweep_of_wolff_turns_all_sites_on_average(J):
    sampler = ClusterSampler(SQUARE, J, n_chains=32, seed=0)
    n = sampler.calibrate()
    assert sampler.clusters_per_sweep == n
    flipped = n * sampler.measure(200).cluster_size.mean()
    # Up to the error of the calibration's last rounds, and to whole numbers: at J = 0.6 two clusters flip too much.
    assert flipped == pytest.approx(256, rel=0.15 if n > 5 else 0.5)


def test_the_unit_is_the_lattice_s_alone_and_reproducible():
    one, same = (ClusterSampler(SQUARE, 0.4, n_chains=8, seed=3) for _ in range(2))
    assert one.calibrate() == same.calibrate()
    np.testing.assert_array_equal(one.spins(), same.spins())
    assert ClusterSampler(SQUARE, 0.4, method="swendsen_wang").calibrate() == 1


@pytest.mark.parametrize("method", ["wolff", "swendsen_wang"])
def test_same_bits_for_any_number_of_threads(method):
    drawn = []
    for threads in (1, 2):
        rgrbm.set_num_threads(threads)
        sampler = ClusterSampler(
            Lattice((6, 9), "triangular"), (0.2, 0.3, 0.1), 0.05, method=method, n_chains=20, seed=1
        )
        sampler.calibrate()
        sampler.sweep(10)
        drawn.append(sampler.spins())
    rgrbm.set_num_threads(0)
    np.testing.assert_array_equal(*drawn)


def test_measured_sums_are_those_of_the_spins():
    lattice = Lattice((4, 3, 5))
    sampler = ClusterSampler(lattice, (0.1, 0.2, 0.3), method="swendsen_wang", n_chains=6, seed=0)
    measured = sampler.measure(3, spacing=2)
    spins = sampler.spins()
    np.testing.assert_array_equal(measured.bond_sums[-1], lattice.bond_sums(spins))
    np.testing.assert_array_equal(sampler.bond_sums(), lattice.bond_sums(spins))
    np.testing.assert_array_equal(measured.magnetization[-1], spins.reshape(6, -1).sum(1))
    assert measured.structure.shape == measured.improved_structure.shape == (3, 6, 3)
    assert np.isnan(measured.cluster_size).all()
    sampler.align()
    assert (sampler.magnetizations() == 60).all()


def test_couplings_of_each_chain():
    # At J = 2 a spin is against its neighbours with probability e⁻¹⁶; at J = 0 |M| < 128 is 8 standard deviations.
    sampler = ClusterSampler(SQUARE, [[2.0, 2.0], [0.0, 0.0]], n_chains=2, method="swendsen_wang", seed=0)
    sampler.align()
    sampler.sweep(5)
    strong, weak = np.abs(sampler.magnetizations())
    assert strong > 250
    assert weak < 128
    sampler.align()
    sampler.set_couplings([[0.0, 0.0], [2.0, 2.0]])
    sampler.sweep(5)
    weak, strong = np.abs(sampler.magnetizations())
    assert strong > 250
    assert weak < 128


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"method": "metropolis"}, ValueError, "method must be one of"),
        ({"method": np.ones(2)}, TypeError, "method must be one of"),
        ({"lattice": (16, 16)}, TypeError, r"lattice must be a Lattice, got \(16, 16\)"),
        ({"n_chains": 0}, ValueError, "n_chains must be at least 1, got 0"),
        ({"n_chains": 1.5}, TypeError, "n_chains must be an integer"),
        ({"n_chains": 10**12}, MemoryError, "chains of 256 sites would take"),
        ({"J": (0.1, 0.2, 0.3)}, ValueError, r"J must be a number or have shape \(2,\) or \(1, 2\), got \(3,\)"),
        ({"J": "0.4"}, TypeError, "J must be real numbers"),
        ({"J": np.nan}, ValueError, "each coupling J must be finite"),
        ({"h": np.inf}, ValueError, "the field h must be finite"),
        ({"seed": -1}, ValueError, "seed must not be negative"),
    ],
)
def test_bad_arguments(arguments, error, message):
    given = {"lattice": SQUARE, "J": 0.4} | arguments
    with pytest.raises(error, match=message):
        ClusterSampler(**given)


def test_bad_calls():
    sampler = ClusterSampler(SQUARE, 0.4)
    with pytest.raises(ValueError, match="n must not be negative, got -1"):
        sampler.sweep(-1)
    with pytest.raises(TypeError, match="n must be an integer"):
        sampler.measure(0.5)
    with pytest.raises(ValueError, match="spacing must be at least 1"):
        sampler.measure(1, spacing=0)
    with pytest.raises(MemoryError, match="measurements of 1 chains would take"):
        sampler.measure(10**13)
    with pytest.raises(ValueError, match="each coupling J must be finite"):
        sampler.set_couplings(np.inf)
