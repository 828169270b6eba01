"""SingleSpinSampler in all its packings: frames, couplings of each chain, states, pickles, shapes and errors."""

import pickle

import numpy as np
import pytest

import rgrbm
from chains import PACKINGS
from rgrbm import IsingModel
from rgrbm.spins import ClusterSampler, Lattice, SingleSpinSampler
from rgrbm.spins.methods import is_frustrated

CASES = [
    (Lattice((12,)), 0.5, 0.0),
    (Lattice((12,)), -0.5, 0.0),
    (Lattice((8, 10)), 0.4, 0.0),
    (Lattice((8, 10)), -0.4, 0.0),
    (Lattice((8, 10)), -0.4, 0.3),
    (Lattice((8, 10)), (0.4, -0.3), 0.0),
    (Lattice((5, 7)), -0.4, 0.0),
    (Lattice((4, 6, 8)), (-0.1, 0.2, -0.3), 0.0),
    (Lattice((4, 6, 8)), -0.2, 0.1),
    (Lattice((12, 6), "triangular"), (0.3, -0.3, -0.3), 0.0),
    (Lattice((9, 12), "triangular"), (0.2, -0.1, 0.3), 0.1),
    (Lattice((4, 5), "triangular"), 0.2, 0.0),
]
KINDS = [*PACKINGS, "wolff", "swendsen_wang"]


def make(kind, lattice, J, h, n_chains=5, seed=1):
    """A sampler of a kind; none where colours cannot be visited in sequential order."""
    if kind not in PACKINGS:
        return ClusterSampler(lattice, J, h, method=kind, n_chains=n_chains, seed=seed)
    if kind == "lattice" and (lattice.colouring() is None or len(lattice.shape) == 1):
        with pytest.raises(ValueError, match="colours that may be visited in sequential order"):
            SingleSpinSampler(lattice, J, h, method="heat_bath", packing=kind)
        pytest.skip("sites must be visited in random order")
    return SingleSpinSampler(lattice, J, h, method="heat_bath", n_chains=n_chains, seed=seed, packing=kind)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("lattice", "J", "h"), CASES, ids=str)
def test_records_are_those_of_the_spins(lattice, J, h, kind):
    sampler = make(kind, lattice, J, h)
    record = sampler.measure(3, spacing=2)
    spins = sampler.spins()
    axes = tuple(range(1, spins.ndim))
    wide = spins.astype(int)
    for result, expected in (
        (record.bond_sums[-1], lattice.bond_sums(spins)),
        (sampler.bond_sums(), lattice.bond_sums(spins)),
        (record.magnetization[-1], wide.sum(axes)),
        (sampler.magnetizations(), wide.sum(axes)),
    ):
        np.testing.assert_array_equal(result, expected)
    order = wide
    if sampler.staggered_pattern is None:
        assert record.staggered is None
        with pytest.raises(ValueError, match="not made of two sublattices"):
            sampler.staggered_magnetizations()
    else:
        indices = np.indices(lattice.shape)
        signs = 1 - 2 * (sum(i for i, odd in zip(indices, sampler.staggered_pattern, strict=True) if odd) % 2)
        np.testing.assert_array_equal(record.staggered[-1], (wide * signs).sum(axes))
        np.testing.assert_array_equal(sampler.staggered_magnetizations(), (wide * signs).sum(axes))
        order = wide * signs if h == 0 and sampler.order_is_staggered else wide
    power = np.abs(np.fft.fftn(order, axes=axes)) ** 2
    for d in range(len(lattice.shape)):
        wave = power[(slice(None), *(int(d == other) for other in range(len(lattice.shape))))]
        np.testing.assert_allclose(record.structure[-1, :, d], wave, rtol=1e-10, atol=1e-8)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("lattice", "J", "h"), CASES, ids=str)
def test_states_and_pickles_go_on_to_the_same_bits(lattice, J, h, kind):
    sampler, other = make(kind, lattice, J, h), make(kind, lattice, J, h, seed=2)
    sampler.sweep(4)
    again, state = pickle.loads(pickle.dumps(sampler)), sampler.state()
    kept = pickle.loads(pickle.dumps(state))
    before = sampler.spins()
    np.testing.assert_array_equal(again.spins(), before)
    expected = sampler.measure(3)
    other.restore(kept)
    np.testing.assert_array_equal(other.spins(), before)
    sampler.restore(state)
    for each in (again, other, sampler):
        measured = each.measure(3)
        np.testing.assert_array_equal(measured.bond_sums, expected.bond_sums)
        np.testing.assert_array_equal(measured.magnetization, expected.magnetization)
        np.testing.assert_array_equal(each.spins(), again.spins())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("lattice", "J", "h"), CASES, ids=str)
def test_chains_start_from_given_spins_and_from_a_ground_state(lattice, J, h, kind):
    sampler = make(kind, lattice, J, h)
    spins = np.random.default_rng(0).choice(np.array([-1, 1], np.int8), size=(5, *lattice.shape))
    sampler.set_spins(spins)
    np.testing.assert_array_equal(sampler.spins(), spins)
    np.testing.assert_array_equal(sampler.bond_sums(), lattice.bond_sums(spins))
    sampler.set_spins(spins[0])
    np.testing.assert_array_equal(sampler.spins(), np.broadcast_to(spins[0], spins.shape))
    sampler.align()
    model = IsingModel(lattice.shape, J, h, lattice=lattice.kind)
    if not is_frustrated(model) and h == 0:
        energy = model.energy(sampler.spins())
        np.testing.assert_allclose(energy, -lattice.n_sites * np.abs(model.couplings).sum(), rtol=1e-13)


@pytest.mark.parametrize("packing", PACKINGS)
def test_same_bits_for_any_number_of_threads(packing):
    drawn = []
    for threads in (1, 2):
        rgrbm.set_num_threads(threads)
        sampler = SingleSpinSampler(Lattice((512, 512)), 0.44, n_chains=2, seed=1, packing=packing)
        sampler.sweep(3)
        drawn.append(sampler.spins())
    rgrbm.set_num_threads(0)
    np.testing.assert_array_equal(*drawn)


def test_the_packing_is_chosen():
    assert SingleSpinSampler(Lattice((64, 64)), 0.4, n_chains=512).packing == "chains"
    assert SingleSpinSampler(Lattice((512, 512)), 0.4).packing == "lattice"
    assert SingleSpinSampler(Lattice((65, 65)), 0.4).packing == "sites"
    assert SingleSpinSampler(Lattice((4096,)), 0.4).packing == "sites"
    different = np.array([[0.3], [0.4]]) * np.ones((2, 2))
    assert SingleSpinSampler(Lattice((64, 64)), different, n_chains=2).packing == "lattice"
    with pytest.raises(ValueError, match="packing='chains' needs one coupling for all chains"):
        SingleSpinSampler(Lattice((64, 64)), different, n_chains=2, packing="chains")


def test_other_couplings():
    lattice = Lattice((8, 8))
    for packing in PACKINGS:
        sampler = SingleSpinSampler(lattice, 0.1, n_chains=4, seed=0, packing=packing)
        sampler.sweep(2)
        before = sampler.spins()
        sampler.set_couplings(np.repeat([[0.2], [0.3], [0.2], [0.1]], 2, axis=1))
        np.testing.assert_array_equal(sampler.spins(), before)
        assert sampler.packing == ("sites" if packing == "sites" else sampler.packing)
        sampler.set_couplings((0.2, 0.3))  # by Metropolis in random order
        np.testing.assert_array_equal(sampler.spins(), before)
        assert not sampler.is_sequential
        sampler.sweep(3)
    antiferromagnet = SingleSpinSampler(lattice, -0.3, seed=0)
    antiferromagnet.set_couplings((-0.1, -0.4))
    with pytest.raises(ValueError, match="other signs need another sampler"):
        antiferromagnet.set_couplings(0.3)
    in_a_field = SingleSpinSampler(lattice, -0.3, 0.1, seed=0)
    in_a_field.set_couplings(0.3)


def test_states_of_other_samplers_are_refused():
    state = SingleSpinSampler(Lattice((8, 8)), 0.4, packing="sites").state()
    for other in (
        SingleSpinSampler(Lattice((8, 8)), 0.4, packing="lattice"),
        SingleSpinSampler(Lattice((8, 8)), 0.4, 0.1, packing="sites"),
        SingleSpinSampler(Lattice((8, 8)), -0.4, packing="sites"),
        SingleSpinSampler(Lattice((8, 8)), 0.4, method="heat_bath", packing="sites"),
        SingleSpinSampler(Lattice((8, 8)), 0.4, n_chains=2, packing="sites"),
        SingleSpinSampler(Lattice((4, 16)), 0.4, packing="sites"),
        ClusterSampler(Lattice((8, 8)), 0.4),
    ):
        with pytest.raises(ValueError, match="this state is that of"):
            other.restore(state)
        with pytest.raises(ValueError, match="expected the state of a sampler"):
            other.restore(3)
        with pytest.raises(ValueError, match="expected the state of a sampler"):
            other.restore(np.eye(2))


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"method": "wolff"}, ValueError, "method must be one of"),
        ({"packing": "words"}, ValueError, "packing must be one of"),
        ({"packing": np.eye(2)}, TypeError, "packing must be one of"),
        ({"packing": "lattice", "J": (0.1, 0.2)}, ValueError, "packing='lattice' needs colours"),
        ({"method": np.ones(2)}, TypeError, "method must be one of"),
        ({"lattice": (16, 16)}, TypeError, r"lattice must be a Lattice, got \(16, 16\)"),
        ({"n_chains": 0}, ValueError, "n_chains must be at least 1, got 0"),
        ({"n_chains": 1.5}, TypeError, "n_chains must be an integer"),
        ({"n_chains": 10**13}, MemoryError, "chains of 256 sites would take"),
        ({"J": (0.1, 0.2, 0.3)}, ValueError, r"J must be a number or have shape \(2,\) or \(1, 2\), got \(3,\)"),
        ({"J": "0.4"}, TypeError, "J must be real numbers"),
        ({"J": np.nan}, ValueError, "each coupling J must be finite"),
        ({"h": np.inf}, ValueError, "the field h must be finite"),
        ({"seed": -1}, ValueError, "seed must not be negative"),
    ],
)
def test_bad_arguments(arguments, error, message):
    given = {"lattice": Lattice((16, 16)), "J": 0.4} | arguments
    with pytest.raises(error, match=message):
        SingleSpinSampler(**given)


@pytest.mark.parametrize("packing", PACKINGS)
def test_bad_spins(packing):
    sampler = SingleSpinSampler(Lattice((8, 8)), 0.4, n_chains=2, packing=packing)
    with pytest.raises(ValueError, match="expected spins of shape"):
        sampler.set_spins(np.ones((3, 8, 8)))
    with pytest.raises(ValueError, match="to_spins converts"):
        sampler.set_spins(np.zeros((8, 8)))
