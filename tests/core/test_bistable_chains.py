"""Metropolis chains of the bistable ring: against its transfer operator, against plain NumPy, and the same bits."""

import numpy as np
import pytest

import rgrbm
from rgrbm._core import kernels

# Each of some 250 statistics below must agree within 4.5 standard errors: a correct program fails once in 600 seeds.
BOUND = 4.5


def random_start(n_chains, n_sites, seed=1):
    rng = np.random.default_rng(seed)
    return rng.choice([-1.0, 1.0], (n_chains, n_sites)) + 0.1 * rng.standard_normal((n_chains, n_sites))


def make(n_sites, lambda_, kappa, n_chains, *, key=(1, 2), width=0.8, start=None):
    start = random_start(n_chains, n_sites) if start is None else start
    chains = kernels.BistableChains(n_sites, lambda_, kappa, n_chains, key, start)
    chains.set_step(width)
    return chains


class Ring:
    """Exact expectations: Z = tr Tⁿ, T(x, y) = exp(−½ V(x) − ½ V(y) − ½ κ (x − y)²), on a uniform grid."""

    def __init__(self, n_sites, lambda_, kappa):
        self.n = n_sites
        self.x = np.linspace(-4, 4, 200)
        half = 0.5 * lambda_ * (self.x**2 - 1) ** 2
        transfer = np.exp(-half[:, None] - half - 0.5 * kappa * (self.x[:, None] - self.x) ** 2)
        self.transfer = transfer / np.linalg.norm(transfer, 2)
        marginal = np.diag(self.power(n_sites))
        self.z = marginal.sum()
        self.marginal = marginal / self.z

    def power(self, m):
        return np.linalg.matrix_power(self.transfer, m)

    def product(self, distance):
        """⟨u_i u_(i+distance)⟩."""
        if distance == 0:
            return self.marginal @ self.x**2
        pair = self.power(distance) * self.power(self.n - distance).T
        return self.x @ pair @ self.x / self.z

    def bins(self, n_bins):
        """Edges halfway between points of the grid, in bins of about equal probability, and their probabilities."""
        last = np.unique(np.searchsorted(np.cumsum(self.marginal), np.arange(1, n_bins) / n_bins))
        edges = (self.x[last] + self.x[last + 1]) / 2
        return edges, np.add.reduceat(self.marginal, np.concatenate([[0], last + 1]))


def assert_mean_is(values, exact):
    """Values are independent: one for each chain."""
    error = values.std(ddof=1) / np.sqrt(len(values))
    assert abs(values.mean() - exact) <= BOUND * error, (values.mean(), exact, error)


def assert_ring_is_exact(u, lambda_, kappa):
    n = u.shape[1]
    ring = Ring(n, lambda_, kappa)
    assert_mean_is(u.mean(axis=1), 0)
    for distance in range(n // 2 + 1):
        assert_mean_is((u * np.roll(u, -distance, axis=1)).mean(axis=1), ring.product(distance))
    # Sums over the grid are probabilities of bins up to an error in h²: by Euler and Maclaurin, h²/24 of the density's
    # slope at the edges, with h = 0.04 below 2e-4, and the standard error is 2e-3.
    edges, probabilities = ring.bins(8)
    numbers = np.searchsorted(edges, u)
    for k, probability in enumerate(probabilities):
        assert_mean_is((numbers == k).mean(axis=1), probability)


@pytest.mark.parametrize("kappa", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("lambda_", [0.5, 1.0, 3.0])
def test_chains_sample_the_exact_distribution(lambda_, kappa):
    chains = make(8, lambda_, kappa, 4096, key=(int(10 * lambda_), int(10 * kappa)))
    chains.sweeps(2000)
    assert_ring_is_exact(chains.states(), lambda_, kappa)


@pytest.mark.parametrize(
    ("n_sites", "lambda_", "kappa"), [(2, 1.0, 1.0), (3, 1.0, 2.0), (5, 2.0, 0.5), (4, 1.0, 0.0), (2, 3.0, 0.0)]
)
def test_small_odd_and_uncoupled_rings_are_exact(n_sites, lambda_, kappa):
    chains = make(n_sites, lambda_, kappa, 4096, key=(n_sites, 7))
    chains.sweeps(1000)
    assert_ring_is_exact(chains.states(), lambda_, kappa)


def test_flips_cross_barriers_that_steps_do_not():
    # Barrier λ = 40: steps of 0.2 cross it about once in e⁴⁰ attempts, and chains start in one well.
    chains = make(4, 40.0, 0.5, 4096, width=0.2, start=np.ones((4096, 4)))
    chains.sweeps(3)
    assert (chains.states() > 0).all()
    chains.sweeps(997)
    assert_mean_is(chains.states().mean(axis=1), 0)
    ring = Ring(4, 40.0, 0.5)
    for distance in range(3):
        assert_mean_is(
            (chains.states() * np.roll(chains.states(), -distance, axis=1)).mean(axis=1), ring.product(distance)
        )


MASK = (1 << 64) - 1


def philox(counter, key):
    """Philox4x64-10, as cpp/include/rgrbm/support/random.hpp has it."""
    c, k = list(counter), list(key)
    for _ in range(10):
        p0, p1 = 0xD2E7470EE14C6C93 * c[0], 0xCA5A826395121157 * c[2]
        c = [(p1 >> 64) ^ c[1] ^ k[0], p1 & MASK, (p0 >> 64) ^ c[3] ^ k[1], p0 & MASK]
        k = [(k[0] + 0x9E3779B97F4A7C15) & MASK, (k[1] + 0xBB67AE8584CAA73B) & MASK]
    return c


class Stream:
    """Eight xoshiro256++ generators, read as sixteen 32-bit integers at a time."""

    def __init__(self, key, block):
        self.s = list(np.array([philox((lane, block, 0, 0), key) for lane in range(8)], dtype=np.uint64).T)

    def next(self):
        def rotated(x, k):
            return (x << np.uint64(k)) | (x >> np.uint64(64 - k))

        s = self.s
        result = rotated(s[0] + s[3], 23) + s[0]
        t = s[1] << np.uint64(17)
        s2, s3 = s[2] ^ s[0], s[3] ^ s[1]
        self.s = [s[0] ^ s3, s[1] ^ s2, s2 ^ t, rotated(s3, 45)]
        return result.view(np.uint32)


def energy_at(u, site, value, lambda_, kappa):
    n = u.shape[0]
    bonds = (value - u[(site + 1) % n]) ** 2 + (value - u[site - 1]) ** 2
    return lambda_ * (value**2 - 1) ** 2 + 0.5 * kappa * bonds


def reference_sweeps(start, lambda_, kappa, width, key, n_sweeps):
    """The same chains in plain NumPy, 16 at a time; also the numbers of accepted steps and flips."""
    n_chains, n = start.shape
    result, accepted_numbers = np.empty_like(start), [0, 0]
    for block in range(-(-n_chains // 16)):
        chains = slice(16 * block, min(16 * block + 16, n_chains))
        u = np.zeros((n, 16))
        count = chains.stop - chains.start
        u[:, :count] = start[chains].T
        stream = Stream(key, block)
        order = [*range(0, n - n % 2, 2), *range(1, n, 2), *([n - 1] if n % 2 else [])]
        for sweep in range(n_sweeps):
            is_flip = sweep % 4 == 3
            for site in order:
                step = 0 if is_flip else (stream.next().view(np.int32) + 0.5) * width / 2**31
                proposal = -u[site] if is_flip else u[site] + step
                change = energy_at(u, site, proposal, lambda_, kappa) - energy_at(u, site, u[site], lambda_, kappa)
                uniform = (stream.next() >> 1).astype(np.float32) * 2.0**-31 + 2.0**-32
                accepted = uniform <= np.exp(-np.maximum(change, 0))
                accepted_numbers[is_flip] += accepted[:count].sum()
                u[site] = np.where(accepted, proposal, u[site])
        result[chains] = u[:, :count].T
    return result, accepted_numbers


@pytest.mark.parametrize(("n_sites", "n_chains"), [(2, 1), (3, 17), (4, 16), (7, 33), (8, 5)])
def test_sweeps_are_those_of_plain_numpy(n_sites, n_chains):
    # Decisions differ with probability 3e-7 each, in single precision: fewer than 1e-3 of all seeds would fail.
    start, key, width = random_start(n_chains, n_sites, seed=3), (5, 2**64 - 3), 0.9
    chains = make(n_sites, 1.5, 0.7, n_chains, key=key, width=width, start=start)
    shares = chains.sweeps(9)
    expected, (steps, flips) = reference_sweeps(start, 1.5, 0.7, width, key, 9)
    np.testing.assert_allclose(chains.states(), expected, rtol=1e-12, atol=1e-12)
    assert shares == pytest.approx((steps / (7 * start.size), flips / (2 * start.size)), rel=1e-14)


def test_threads_do_not_change_a_bit():
    results = []
    try:
        for threads in (1, 2, 3):
            rgrbm.set_num_threads(threads)
            chains = make(7, 1.0, 1.0, 100)
            results.append((chains.sweeps(50), chains.states()))
    finally:
        rgrbm.set_num_threads(0)
    for shares, states in results[1:]:
        assert shares == results[0][0]
        np.testing.assert_array_equal(states, results[0][1])


def test_sweeps_may_be_spread_over_calls():
    whole, parts = make(6, 1.0, 1.0, 17), make(6, 1.0, 1.0, 17)
    whole.sweeps(31)
    for n in (1, 0, 2, 3, 5, 20):
        parts.sweeps(n)
    assert whole.n_sweeps == parts.n_sweeps == 31
    np.testing.assert_array_equal(whole.states(), parts.states())


def test_a_chain_does_not_depend_on_the_number_of_chains():
    start = random_start(33, 5)
    many, one = make(5, 1.0, 1.0, 33, start=start), make(5, 1.0, 1.0, 1, start=start[:1].copy())
    many.sweeps(20)
    one.sweeps(20)
    np.testing.assert_array_equal(many.states()[:1], one.states())


def test_chains_start_where_they_are_said_to():
    start = random_start(17, 3)
    chains = make(3, 1.0, 0.5, 17, start=start)
    np.testing.assert_array_equal(chains.states(), start)
    assert np.isnan(chains.sweeps(0)).all()
    np.testing.assert_array_equal(chains.states(), start)
    assert (chains.n_sites, chains.n_chains, chains.lambda_, chains.kappa, chains.step) == (3, 17, 1.0, 0.5, 0.8)
    different = make(3, 1.0, 0.5, 17, start=start, key=(1, 3))
    chains.sweeps(1)
    different.sweeps(1)
    assert (chains.states() != different.states()).any()


def test_accepted_shares():
    chains = make(8, 1.0, 0.0, 20, width=1e-6)
    steps, flips = chains.sweeps(4)
    assert steps > 0.99
    assert flips == 1  # nothing couples the sites
    chains.set_step(1e6)
    steps, flips = chains.sweeps(3)
    assert steps < 0.01
    assert np.isnan(flips)


def test_far_starts_come_back():
    chains = make(4, 1.0, 1.0, 3, width=1e5, start=np.full((3, 4), 1e6))
    for width in np.geomspace(1e5, 1, 60):
        chains.set_step(width)
        chains.sweeps(100)
    assert (np.abs(chains.states()) < 5).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n_sites": 1, "start": np.ones((2, 1))}, "at least 2 sites"),
        ({"n_chains": 0, "start": np.ones((0, 3))}, "at least one chain"),
        *(({"lambda_": x}, "lambda_ must be finite, positive") for x in (0.0, -1.0, np.nan, np.inf)),
        *(({"kappa": x}, "kappa must be finite, not negative") for x in (-1.0, np.nan, np.inf)),
        *(({"start": np.full((2, 3), x)}, "start must hold finite") for x in (np.nan, np.inf, -np.inf, 1e7)),
        ({"start": np.ones((3, 2))}, "start must have shape"),
        ({"start": np.ones(6)}, "start must have shape"),
    ],
)
def test_bad_input_is_refused(change, message):
    arguments = {"n_sites": 3, "lambda_": 1.0, "kappa": 1.0, "n_chains": 2, "key": (1, 2), "start": np.ones((2, 3))}
    kernels.BistableChains(**arguments)
    with pytest.raises(ValueError, match=message):
        kernels.BistableChains(**(arguments | change))


def test_starts_of_other_types_are_refused():
    with pytest.raises(TypeError):
        kernels.BistableChains(3, 1.0, 1.0, 2, (1, 2), np.ones((2, 3), dtype=np.float32))


@pytest.mark.parametrize("width", [0.0, -1.0, np.nan, np.inf, 1e7])
def test_bad_steps_are_refused(width):
    chains = make(3, 1.0, 1.0, 2)
    with pytest.raises(ValueError, match="width of steps"):
        chains.set_step(width)
    assert chains.step == 0.8
