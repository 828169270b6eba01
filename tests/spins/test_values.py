"""Whatever takes spins takes ±1 of any numeric dtype, and refuses everything else with what to do."""

import numpy as np
import pytest

import rgrbm
from rgrbm.mcrg import EVEN_OPERATORS, MajorityKernel, mcrg, operator_sums
from rgrbm.rg import hidden_correlation
from rgrbm.spins import ClusterSampler, Lattice

SPINS = rgrbm.IsingModel((8, 8), 0.3).sample(40, seed=0)
FLAT = SPINS.reshape(40, 64)
TAKE_SPINS = {
    "to_binary": rgrbm.to_binary,
    "energy": rgrbm.IsingModel((8, 8), 0.3).energy,
    "magnetization": rgrbm.IsingModel((8, 8), 0.3).magnetization,
    "time_series": lambda spins: rgrbm.IsingModel((8, 8), 0.3).time_series(1, start=spins[0], seed=0).energy_per_site,
    "set_spins": lambda spins: ClusterSampler(Lattice((8, 8)), 0.3, n_chains=40, seed=0).set_spins(spins),
    "estimate_coupling": lambda spins: rgrbm.estimate_coupling(spins).J,
    "hidden_correlation": lambda spins: hidden_correlation(spins.reshape(40, 64), np.eye(64)).correlation,
    "operator_sums": lambda spins: operator_sums(spins, EVEN_OPERATORS[:2]),
    "blocks": lambda spins: MajorityKernel().block(spins, seed=0),
    "mcrg": lambda spins: mcrg(spins, MajorityKernel(), levels=1, seed=0).exponents[0].eigenvalue,
}


@pytest.mark.filterwarnings("ignore:.*samples")
@pytest.mark.parametrize("take", TAKE_SPINS.values(), ids=TAKE_SPINS)
@pytest.mark.parametrize("dtype", [np.int64, np.float32, np.float64, np.int16])
def test_any_numeric_dtype(take, dtype):
    np.testing.assert_array_equal(take(SPINS.astype(dtype)), take(SPINS))


@pytest.mark.parametrize("take", TAKE_SPINS.values(), ids=TAKE_SPINS)
@pytest.mark.parametrize(
    ("bad", "error", "message"),
    [
        ((SPINS > 0).astype(np.uint8), ValueError, "expect.*spins ±1.*got the value 0"),
        (np.where(np.arange(40)[:, None, None] == 0, np.nan, SPINS), ValueError, "got the value nan"),
        (SPINS * 0.5, ValueError, r"got the value -?0\.5"),
        (np.ma.masked_array(SPINS, mask=SPINS == 1), ValueError, "got masked values; leave these samples out"),
        (SPINS.astype(str), TypeError, "expect.*spins ±1.*got an array of dtype <U"),
        (SPINS.astype(complex), TypeError, "got an array of dtype complex128"),
        (SPINS.astype(object), TypeError, "got an array of dtype object"),
    ],
)
def test_anything_else_is_refused(take, bad, error, message):
    with pytest.raises(error, match=message):
        take(bad)


def test_a_mask_that_hides_nothing_is_no_mask():
    open_mask = np.ma.masked_array(SPINS, mask=False)
    np.testing.assert_array_equal(rgrbm.to_binary(open_mask), rgrbm.to_binary(SPINS))


@pytest.mark.parametrize("take", [rgrbm.to_binary, rgrbm.to_spins, rgrbm.estimate_coupling, TAKE_SPINS["energy"]])
def test_rows_of_several_lengths_are_refused(take):
    with pytest.raises(ValueError, match=r"got rows of several lengths: \[\[1, -1\], \[1\]\]"):
        take([[1, -1], [1]])
