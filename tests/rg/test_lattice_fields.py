"""Receptive fields whose positions are known, and correlations of hidden spins that copy spins."""

import numpy as np
import pytest

import rgrbm
from rgrbm.rg import hidden_lattice_correlation, receptive_fields


def copies(shape, sites, weight=2.0):
    """Weights of units that see one site each."""
    w = np.zeros((int(np.prod(shape)), len(sites)))
    w[np.ravel_multi_index(tuple(np.transpose(sites)), shape), np.arange(len(sites))] = weight
    return w


def test_places_of_copies():
    sites = [(0, 0), (3, 5), (7, 1)]
    fields = receptive_fields(copies((8, 6), sites, -2.0), (8, 6))
    np.testing.assert_allclose(fields.positions, sites, atol=1e-9)
    np.testing.assert_allclose(fields.spreads, 0, atol=1e-6)
    np.testing.assert_array_equal(fields.n_sites, 1)
    np.testing.assert_array_equal(fields.signs, -1)
    distances = fields.distances()
    assert distances[0, 1] == pytest.approx(np.hypot(3, 1))  # around the edge of six columns
    assert distances[1, 2] == pytest.approx(np.hypot(4, 2))


def test_a_square_of_equal_weights_and_a_unit_without():
    w = np.zeros((5, 5, 2))
    w[4, 4, 0] = w[4, 0, 0] = w[0, 4, 0] = w[0, 0, 0] = 0.3
    fields = receptive_fields(w.reshape(25, 2), (5, 5))
    np.testing.assert_allclose(fields.positions[0], [4.5, 4.5])
    assert fields.spreads[0] == pytest.approx(np.sqrt(0.5))
    assert fields.n_sites[0] == pytest.approx(4)
    assert np.isnan(fields.positions[1]).all()
    assert fields.n_sites[1] == fields.signs[1] == 0
    np.testing.assert_array_equal(fields.is_local(1.0), [True, False])


def test_copies_correlate_as_what_they_see():
    """Amplitude 1 at each distance, to rounding, whatever the signs; noise that flips a tenth makes it 0.8²."""
    spins = rgrbm.IsingModel((8, 8), 0.4).sample(2000, method="swendsen_wang", n_chains=50, spacing=3, seed=0)
    sites = [(r, c) for r in range(0, 8, 2) for c in range(0, 8, 2)]
    rng = np.random.default_rng(1)
    signs = rng.choice([-1, 1], len(sites))
    hidden = np.stack([spins[:, r, c] for r, c in sites], axis=1) * signs
    fields = receptive_fields(copies((8, 8), sites) * signs, (8, 8))
    correlation = hidden_lattice_correlation(spins, hidden, fields, bin_width=0.01)
    assert correlation.n_pairs.sum() == 16 * 15 / 2
    # ⟨s s′⟩ of these sites against that of all translates: the same up to sampling errors.
    assert np.abs((correlation.hidden - correlation.visible) / correlation.hidden_stderr).max() < 4.5
    np.testing.assert_allclose(correlation.distance[0], 2)
    flipped = hidden * rng.choice([1, -1], hidden.shape, p=[0.9, 0.1])
    noisy = hidden_lattice_correlation(spins, flipped, fields, bin_width=0.01)
    assert np.abs((noisy.hidden - 0.64 * correlation.hidden) / noisy.hidden_stderr).max() < 4.5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((np.ones((15, 2)), (4, 4)), r"shape \(16, n_hidden\)"),
        ((np.full((16, 2), np.nan), (4, 4)), "finite"),
        ((np.ones((16, 2)), (4, 0)), "each of shape must be at least 1"),
    ],
)
def test_bad_weights(arguments, message):
    with pytest.raises(ValueError, match=message):
        receptive_fields(*arguments)


def test_bad_samples():
    fields = receptive_fields(copies((4, 4), [(0, 0), (2, 2)]), (4, 4))
    spins, hidden = np.ones((6, 4, 4), np.int8), np.ones((6, 2), np.int8)
    with pytest.raises(ValueError, match="hidden"):
        hidden_lattice_correlation(spins, hidden[:, :1], fields)
    for wrong in (0, 0.5, np.nan):
        with pytest.raises(ValueError, match=r"expected spins ±1; rgrbm\.to_spins converts"):
            hidden_lattice_correlation(spins, np.where(np.arange(2), hidden, wrong), fields)
    with pytest.raises(ValueError, match="got masked values"):
        hidden_lattice_correlation(spins, np.ma.masked_equal(hidden, 1), fields)
    with pytest.raises(ValueError, match="bin_width"):
        hidden_lattice_correlation(spins, hidden, fields, bin_width=0)
    with pytest.raises(ValueError, match="two units"):
        hidden_lattice_correlation(spins, hidden, receptive_fields(np.zeros((16, 2)), (4, 4)))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: receptive_fields(np.ones((16, 2)), 0.5), TypeError, "shape must be a sequence of integers"),
        (lambda: receptive_fields(np.ones((16, 2)), (4, "4")), TypeError, "each of shape must be an integer"),
        (lambda: receptive_fields(np.ones((1, 2)), ()), ValueError, "at least one side"),
        (lambda: receptive_fields(np.ones((16, 2)), (2**40, 2**40)), ValueError, "n_hidden"),
        (
            lambda: hidden_lattice_correlation(np.ones((4, 4, 4)), np.ones((4, 2)), np.eye(4)),
            TypeError,
            "fields must be a ReceptiveFields",
        ),
    ],
)
def test_arguments_of_another_kind(call, error, message):
    with pytest.raises(error, match=message):
        call()
