"""The 3D experiment: what a small run gives, the parts it is made of, and bad parameters."""

import json
import math

import numpy as np
import pytest

from rgrbm.experiments import block_spins_3d, ising_3d
from rgrbm.experiments.ising_3d_parameters import Ising3DParameters
from rgrbm.mcrg import CommonExponent
from rgrbm.statistics import Estimate
from small_runs import run_small


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ising3d")
    return run_small("ising3d", folder / "run"), folder / "run"


def test_everything_is_there(finished):
    results, folder = finished
    assert results["schema"] == "rgrbm.ising3d/1"
    names = set(results["measured"][0]["exponents"])
    assert names == {"w = 0.4", "w = 0.5", "w = 0.8", "majority", "information", "cd 2³", "cd 3³"}
    assert {path.name for path in folder.glob("*.png")} == set(ising_3d.run_ising_3d.writes)
    assert json.loads((folder / "results.json").read_text())["learned_weight"] == results["learned_weight"]


def test_exponents_are_near(finished):
    """512 samples of 16³: within a tenth of y_T and a fiftieth of y_h after two steps, some six standard errors."""
    exponents = finished[0]["measured"][0]["exponents"]
    for name in ("w = 0.4", "w = 0.5"):
        y_t, y_h = exponents[name]["y_t"][1][0], exponents[name]["y_h"][1][0]
        assert y_t == pytest.approx(ising_3d.EXACT["y_t"], rel=0.2)
        assert y_h == pytest.approx(ising_3d.EXACT["y_h"], rel=0.04)


def test_learned_and_likeliest_weights(finished):
    """The likeliest weight of blocks at J_c on 8³ is 0.583, by a run of 4,096 samples."""
    assert finished[0]["learned_weight"]["likeliest"][0] == pytest.approx(0.583, abs=0.03)


def test_words_are_critical():
    """Energy per bond of 16³ at J_c, 0.3403 + 0.72/16^1.41 within 3%: known to three digits for infinite lattices."""
    spins = next(block_spins_3d.words(16, 512, 0))
    assert spins.shape == (512, 16, 16, 16)
    bonds = np.mean([(spins * np.roll(spins, 1, axis)).mean() for axis in (1, 2, 3)])
    assert 0.33 < bonds < 0.37


def test_the_steady_weight():
    fit = CommonExponent(Estimate(1.6, 0.1), Estimate(1.0, 0.1), Estimate(0.5, 0.1), 0.0)
    weights, before, after = np.array([0.4, 0.5, 0.6]), np.array([1.7, 1.62, 1.5]), np.array([1.66, 1.61, 1.52])
    entry = block_spins_3d._entry(2, fit, weights, before, after)
    assert entry["steady_weight"] == pytest.approx(0.5 + 0.1 / 3)
    assert entry["steady_y"] == pytest.approx(1.61 - 0.09 / 3)
    assert block_spins_3d._entry(2, fit, weights, before, before + 1)["steady_weight"] is None


def test_symmetric_windows():
    window = np.random.default_rng(0).normal(size=(3, 3, 3))
    symmetric = ising_3d._symmetric(window).weights
    for image in (symmetric[::-1], symmetric.transpose(1, 2, 0), symmetric.transpose(1, 0, 2)):
        np.testing.assert_allclose(image, symmetric)
    assert symmetric.sum() == pytest.approx(window.sum())
    assert symmetric[0, 0, 0] == pytest.approx(window[::2, ::2, ::2].mean())


def test_samples_of_each_side():
    p = Ising3DParameters(side=[16, 64], n_measured=1024)
    assert (p.n_of_side(64), p.n_of_side(16)) == (1024, 4 * 1024)
    assert not math.isnan(p.plan().seconds)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"side": [24]}, "power of 2"),
        ({"side": [8]}, "at least 16"),
        ({"side": []}, "at least one"),
        ({"weight": [0.4, 0.5]}, "three or more"),
        ({"weight": [0.4, 0.5, -1.0]}, "three or more"),
        ({"gradient": ["pt"]}, "gradient must be one of"),
        ({"width": [5]}, "from 2 to 4"),
        ({"train_side": 7}, "train_side must be even"),
        ({"n_measured": 100}, "n_measured must be at least 512"),
        ({"weight": [0.4, 0.4, 0.5]}, "given once"),
        ({"learning_rate": 0.0}, "learning_rate must be positive"),
    ],
)
def test_bad_parameters(given, message):
    with pytest.raises(ValueError, match=message):
        Ising3DParameters(**given)
