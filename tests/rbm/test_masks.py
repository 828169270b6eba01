"""Masks of weights, and RBMs whose weights are masked, shared and symmetric."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone

import rgrbm
from rgrbm import masks

# Masks


@pytest.mark.parametrize("n_visible", [6, 12, 64])
def test_ring_of_width_3_is_where_the_decimation_rbm_has_weights(n_visible):
    weights = rgrbm.rg.decimation_rbm(n_visible, J=1.0, K=3.0).weights_
    assert np.array_equal(masks.ring(n_visible, n_visible // 2, width=3), weights != 0)
    shared = masks.ring(n_visible, n_visible // 2, width=3, shared=True)
    for number in (1, 2, 3):
        assert len(np.unique(weights[shared == number])) == 1


@pytest.mark.parametrize(
    ("shape", "width", "stride"), [((8,), 4, 2), ((6, 4), 3, 2), ((4, 6), (2, 3), (2, 3)), ((4, 4, 4), 3, 2)]
)
def test_lattice_sees_boxes(shape, width, stride):
    mask = masks.lattice(shape, width, stride, shared=True)
    widths, strides = (np.broadcast_to(value, len(shape)) for value in (width, stride))
    hidden_shape = tuple(np.array(shape) // strides)
    assert mask.shape == (np.prod(shape), np.prod(hidden_shape))
    assert np.array_equal(mask > 0, masks.lattice(shape, width, stride))
    for j, centre in enumerate(np.ndindex(hidden_shape)):
        for i, site in enumerate(np.ndindex(shape)):
            offset = [(s - c * step) % n for s, c, step, n in zip(site, centre, strides, shape, strict=True)]
            offset = [o if o <= w // 2 else o - n for o, w, n in zip(offset, widths, shape, strict=True)]
            assert (mask[i, j] > 0) == all(-((w - 1) // 2) <= o <= w // 2 for o, w in zip(offset, widths, strict=True))
    for number in range(1, mask.max() + 1):  # each hidden unit has each shared weight once
        assert np.array_equal((mask == number).sum(axis=0), np.ones(mask.shape[1]))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((64, 30, 3), "n_hidden=30"),
        ((64, 0, 3), "n_hidden=0"),
        ((64, 32, 3, 4), "stride 4"),
        ((64, 32, 65), "would meet itself"),
        ((64, 16, 3), "would not be seen"),
        ((64, 32, 0), "width must be positive"),
    ],
)
def test_rings_that_do_not_fit_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        masks.ring(*arguments)


@pytest.mark.parametrize(
    ("arguments", "name"),
    [((64.0, 32, 3), "n_visible"), ((64, "32", 3), "n_hidden"), ((64, 32, 2.5), "width"), ((64, 32, 3, 2.0), "stride")],
)
def test_sizes_of_rings_are_integers(arguments, name):
    with pytest.raises(TypeError, match=f"{name} must be"):
        masks.ring(*arguments)
    with pytest.raises(TypeError, match="shared must be True or False, got 'yes'"):
        masks.ring(64, 32, 3, shared="yes")


def test_lattices_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="does not divide"):
        masks.lattice((6, 6), 4, 4)
    with pytest.raises(ValueError, match="one for each of 2 axes"):
        masks.lattice((6, 6), (3, 3, 3), 2)
    with pytest.raises(ValueError, match="at least one site"):
        masks.lattice((), 3, 2)


# Estimators


def data(n=300, n_spins=12, J=0.8, seed=0):
    return rgrbm.to_binary(rgrbm.IsingModel(n_spins, J).sample(n, method="exact", seed=seed))


def masked(**changes):
    parameters = {"n_components": 6, "mask": masks.ring(12, 6, 3), "n_iter": 20, "batch_size": 50, "random_state": 0}
    return rgrbm.BernoulliRBM(**parameters | changes)


def same(a, b):
    names = "components_", "intercept_visible_", "intercept_hidden_"
    return all(np.array_equal(getattr(a, name), getattr(b, name)) for name in names)


def test_weights_outside_the_mask_are_zero_from_the_start():
    for n_iter in (0, 20):
        rbm = masked(n_iter=n_iter).fit(data())
        assert np.array_equal(rbm.weights_ != 0, masks.ring(12, 6, 3))


@pytest.mark.parametrize("n_iter", [0, 20])
def test_shared_weights_and_biases_are_equal(n_iter):
    mask = masks.ring(12, 6, 3, shared=True)
    rbm = masked(mask=mask, n_iter=n_iter).fit(data())
    for number in (1, 2, 3):
        assert len(np.unique(rbm.weights_[mask == number])) == 1
    assert len(np.unique(rbm.intercept_hidden_)) == 1
    assert len(np.unique(rbm.intercept_visible_[::2])) == len(np.unique(rbm.intercept_visible_[1::2])) == 1


@pytest.mark.parametrize("mask", [None, masks.ring(12, 6, 3), masks.ring(12, 6, 3, shared=True)])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_symmetric_distributions_do_not_change_when_all_units_flip(mask, dtype):
    rbm = masked(mask=mask, symmetric=True, dtype=dtype, learning_rate=0.5, n_iter=100).fit(data())
    log_p = rgrbm.likelihood.log_marginal(rbm, "visible")
    assert np.ptp(log_p) > 1
    np.testing.assert_allclose(log_p, log_p[::-1], rtol=0, atol=1e-5 if dtype == "float32" else 1e-12)


def test_full_mask_learns_what_no_mask_learns():
    # The same distribution of the gradient from other random numbers: the likelihoods agree to the noise of training.
    x, likelihood = data(2000), []
    for mask in (None, np.ones((12, 6), dtype=bool)):
        runs = [masked(mask=mask, n_iter=150, learning_rate=0.2, random_state=s).fit(x) for s in range(4)]
        likelihood.append([rgrbm.likelihood.log_likelihood(x, rbm) for rbm in runs])
    assert abs(np.mean(likelihood[0]) - np.mean(likelihood[1])) < 0.1
    assert np.mean(likelihood) > -12 * np.log(2) + 1


def test_stays_the_same_through_resume_checkpoint_file_clone_and_pickle(tmp_path):
    x = data()
    whole = masked(symmetric=True, momentum=0.5).fit(x)
    part = masked(symmetric=True, momentum=0.5, n_iter=7).fit(x, checkpoint=tmp_path / "run")
    assert same(part.set_params(n_iter=20).fit(x, resume=True), whole)
    fresh = masked(symmetric=True, momentum=0.5)
    assert same(fresh.fit(x, resume=True, checkpoint=tmp_path / "run"), whole)
    assert same(clone(whole).fit(x), whole)
    assert same(pickle.loads(pickle.dumps(whole)), whole)
    for mask in (masks.ring(12, 6, 3), masks.ring(12, 6, 3, shared=True)):
        model = masked(mask=mask).fit(x)
        model.save(tmp_path / "model.safetensors")
        loaded = rgrbm.load_model(tmp_path / "model.safetensors")
        assert same(loaded, model)
        assert loaded.mask.dtype == mask.dtype
        assert np.array_equal(loaded.mask, mask)


def test_partial_fit_keeps_the_structure():
    rbm = masked(mask=masks.ring(12, 6, 3, shared=True), symmetric=True)
    for batch in np.split(data(), 10):
        rbm.partial_fit(batch)
    assert np.array_equal(rbm.weights_ != 0, masks.ring(12, 6, 3))
    np.testing.assert_allclose(rbm.intercept_hidden_, -rbm.weights_.sum(0) / 2, atol=1e-6)


def test_resume_with_another_mask_is_refused():
    rbm = masked(n_iter=3).fit(data())
    rbm.set_params(mask=masks.ring(12, 6, 5))
    with pytest.raises(ValueError, match=r"cannot resume.*mask"):
        rbm.fit(data(), resume=True)


@pytest.mark.parametrize(
    ("mask", "error", "message"),
    [
        (np.ones((6, 12), bool), ValueError, r"\(12, 6\), got \(6, 12\)"),
        (np.ones((12, 6)), TypeError, "bool.*float64"),
        (np.full((12, 6), np.nan), TypeError, "bool"),
        (-np.ones((12, 6), int), ValueError, "negative"),
        ([[1, 0], [1]], ValueError, "mask must be real numbers in rows of one length"),
        (np.ma.masked_array(np.ones((12, 6), int), mask=np.eye(12, 6)), ValueError, "mask must not have masked values"),
        (np.ones((12, 6), bool) & (np.arange(6) != 4), ValueError, "hidden unit 4"),
        (np.ones((12, 6), bool) & (np.arange(12) != 7)[:, None], ValueError, "visible unit 7"),
    ],
)
def test_bad_masks_are_refused(mask, error, message):
    with pytest.raises(error, match=message):
        masked(mask=mask).fit(data())


def test_files_whose_mask_lies_are_refused(tmp_path):
    path = tmp_path / "model.safetensors"
    model = masked().fit(data())
    model.mask = np.ones((6, 12), dtype=bool)
    model.save(path)
    with pytest.raises(rgrbm.FileFormatError, match="mask must have shape"):
        rgrbm.load_model(path)


# What they are for


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("shared", [False, True])
def test_local_filters_learn_the_decimation_of_the_ring(seed, shared):
    # Filters (J, K, J) with K → ∞ are exact. What is left at K near 3.7 is known: p(v) then fits best with J larger by
    # 0.2%. Standard errors: 0.0006 of the couplings from 100,000 configurations, 0.0024 of the correlation's slope.
    exact = rgrbm.decimate(1.0).J
    ring = rgrbm.IsingModel(64, J=1.0)
    rbm = rgrbm.BernoulliRBM(
        n_components=32, mask=masks.ring(64, 32, 3, shared=shared), symmetric=True, n_iter=60, batch_size=200,
        learning_rate=5.0, momentum=0.9, learning_rate_schedule="cosine", random_state=seed,
    )  # fmt: skip
    rbm.fit(rgrbm.to_binary(ring.sample(100_000, method="exact", seed=seed)))
    filters = rbm.weights_[(2 * np.arange(32)[:, None] + [-1, 0, 1]) % 64, np.arange(32)[:, None]] / 4
    filters = filters * np.sign(filters[:, 1:2])
    np.testing.assert_allclose(filters[:, [0, 2]], 1, atol=0.06)
    assert filters[:, 1].min() > 2.5
    couplings = rgrbm.rg.ring_couplings(rgrbm.effective_couplings(rbm), rbm.weights_)
    assert abs(couplings.J / exact - 1) < 0.01
    assert abs(couplings.largest_other) < 1e-6
    fresh = rgrbm.to_binary(ring.sample(50_000, method="exact", seed=100 + seed))
    measured = rgrbm.hidden_correlation(rgrbm.to_spins(rbm.sample_hidden(fresh, seed=seed)), rbm.weights_)
    assert abs(measured.J - exact) < max(0.01 * exact, 3 * measured.J_stderr)
    assert measured.amplitude == pytest.approx(1, abs=0.03)


def test_disjoint_blocks_of_two_make_a_product_of_pairs():
    # The report's wording, two neighbouring visible units for each hidden one: p(v) is a product over the pairs.
    rbm = masked(mask=masks.ring(8, 4, 2), n_components=4, n_iter=200, learning_rate=0.5).fit(data(n_spins=8))
    p = np.exp(rgrbm.likelihood.log_marginal(rbm, "visible")).reshape(4, 4, 4, 4)  # one axis per pair
    marginals = [p.sum(axis=tuple(a for a in range(4) if a != axis)) for axis in range(4)]
    np.testing.assert_allclose(p, np.einsum("a,b,c,d->abcd", *marginals), atol=1e-12)
    assert max(np.abs(np.linalg.det(m.reshape(2, 2))) for m in marginals) > 0.05  # the pairs themselves are tied


def test_masks_take_a_lattice():
    cubic = rgrbm.spins.Lattice((4, 4, 6))
    mask = rgrbm.masks.lattice(cubic, 2, 2, shared=True)
    np.testing.assert_array_equal(mask, rgrbm.masks.lattice((4, 4, 6), 2, 2, shared=True))
    assert mask.shape == (cubic.n_sites, 12)
