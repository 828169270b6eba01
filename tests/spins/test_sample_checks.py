"""What is warned of where plain arrays of spins may not be what they are taken for."""

import warnings

import numpy as np
import pytest

import rgrbm
from rgrbm.mcrg import MajorityKernel, mcrg
from rgrbm.spins import exact
from rgrbm.spins.sample_checks import blocks_of, require_rings


def chain(shape, J, n, seed, n_chains=1, thin=1):
    """Samples of slow single-spin chains, as other programs write them: (n, *shape), chains in turn."""
    run = rgrbm.IsingModel(shape, J).sample(
        n, n_chains=n_chains, method="metropolis", spacing=thin, burn_in=300, seed=seed
    )
    return np.ascontiguousarray(run)


@pytest.mark.parametrize(("shape", "J"), [((16, 16), exact.CRITICAL_COUPLING), ((8, 24), 0.43), ((6, 6, 6), 0.2)])
def test_flattened_lattices_of_slow_chains_are_warned_of(shape, J):
    flat = chain(shape, J, 400, seed=3).reshape(400, -1)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        require_rings(flat, blocks_of(flat, 1))  # not certain: it would raise
    assert len(seen) == 1
    assert f"flattened lattices with rows of {shape[-1]}?" in str(seen[0].message)


@pytest.mark.parametrize("J", [0.0, 0.3, 1.0, 2.0, -0.8])
@pytest.mark.parametrize("n", [16, 36, 64, 100])
def test_rings_of_slow_chains_are_not(n, J):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", message=".*standard error")
        for seed in range(3):
            rgrbm.estimate_coupling(chain((n,), J, 400, seed))


@pytest.mark.filterwarnings("ignore:.*standard error")
@pytest.mark.parametrize("n_chains", [2, 5, 16])
def test_chains_in_turn_are_warned_of_with_their_number(n_chains):
    spins = chain((16, 16), 0.42, 200 * n_chains, seed=1, n_chains=n_chains)
    with pytest.warns(UserWarning, match=f"pass n_chains={n_chains}"):
        rgrbm.estimate_coupling(spins)
    with pytest.warns(UserWarning, match=f"pass n_chains={n_chains}"):
        mcrg(spins, MajorityKernel(), seed=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.filterwarnings("error", message=".*written in turn")
        rgrbm.estimate_coupling(spins, n_chains=n_chains)


@pytest.mark.parametrize("thin", [1, 30])
def test_one_chain_is_not_taken_for_several(thin):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.filterwarnings("error", message=".*written in turn")
        for seed in range(3):
            rgrbm.estimate_coupling(chain((16, 16), 0.42, 600, seed, thin=thin))
            rgrbm.estimate_coupling(chain((32,), 0.5, 600, seed, thin=thin))


def test_blocks_do_not_wait_for_the_magnetization_to_change_its_sign():
    # An ordered phase in chains one after the other: the sign changes four times, the energy all the time.
    one = chain((16, 16), 0.6, 1000, seed=5)
    signs = np.repeat([1, -1, 1, -1], 250).astype(np.int8)
    spins = one * np.sign(one.reshape(len(one), -1).sum(axis=1, dtype=int)).astype(np.int8)[:, None, None]
    spins = spins * signs[:, None, None]
    assert blocks_of(spins, 1).n_blocks > 40 > blocks_of(spins, 1, signed=True).n_blocks
    estimate = rgrbm.estimate_coupling(spins)
    assert abs(estimate.J - 0.6) < 5 * estimate.stderr < 0.1


def test_few_blocks_of_a_renormalization_are_warned_of():
    slow = chain((16, 16), 0.44, 60, seed=2)
    with pytest.warns(UserWarning, match="independent blocks"):
        result = mcrg(slow, MajorityKernel(), seed=0)
    assert result.n_blocks <= 20
    many = rgrbm.IsingModel((16, 16), 0.44).sample(2000, seed=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert mcrg(many, MajorityKernel(), seed=0).n_blocks >= 100
