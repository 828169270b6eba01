"""What fit takes, likelihoods, gradients, annealing and diagnoses take as well."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

import rgrbm
from rgrbm.likelihood import exact_gradient, log_likelihood

X = np.random.default_rng(0).integers(2, size=(200, 8), dtype=np.uint8)
FORMS = {
    "csr": sp.csr_matrix,
    "csr array": sp.csr_array,
    "csc": sp.csc_matrix,
    "coo": sp.coo_matrix,
    "bool": lambda x: x.astype(bool),
    "int64": lambda x: x.astype(np.int64),
    "float32, by columns": lambda x: np.asfortranarray(x, dtype=np.float32),
    "strided": lambda x: np.repeat(x, 2, axis=1)[:, ::2],
    "frame": lambda x: pd.DataFrame(x, columns=list("abcdefgh")),
    "a mask that hides nothing": np.ma.asarray,
}


@pytest.fixture(scope="module")
def rbm():
    return rgrbm.BernoulliRBM(4, n_iter=20, random_state=0).fit(X)


@pytest.mark.parametrize("form", FORMS)
def test_equal_units_in_any_form(rbm, form):
    given = FORMS[form](X)
    assert log_likelihood(given, rbm) == log_likelihood(X, rbm)
    for a, b in zip(exact_gradient(given, rbm), exact_gradient(X, rbm), strict=True):
        np.testing.assert_array_equal(a, b)
    options = {"n_betas": 50, "n_chains": 20, "n_modes": 2, "seed": 0}
    assert rgrbm.anneal(rbm, x=given, **options).log_z == rgrbm.anneal(rbm, x=X, **options).log_z
    first, second = (
        rgrbm.diagnose(rbm, x, x, n_chains=4, n_steps=20, n_samples=50, seed=0).to_dict() for x in (given, X)
    )
    assert first["reconstruction_error"] == second["reconstruction_error"]


@pytest.mark.parametrize("form", [form for form in FORMS if form != "frame"])
def test_methods_of_the_model(rbm, form):
    given = FORMS[form](X)
    for method in ("transform", "free_energy", "score_samples"):
        np.testing.assert_allclose(getattr(rbm, method)(given), getattr(rbm, method)(X), rtol=1e-6, err_msg=method)


@pytest.mark.parametrize("ask", [
    lambda x, rbm: log_likelihood(x, rbm), lambda x, rbm: exact_gradient(x, rbm),
    lambda x, rbm: rgrbm.anneal(rbm, x=x, n_modes=2, n_betas=20, n_chains=5),
    lambda x, rbm: rgrbm.diagnose(rbm, x, n_chains=2, n_steps=5, n_samples=5),
])  # fmt: skip
def test_masked_values_and_probabilities_are_refused(rbm, ask):
    with pytest.raises(ValueError, match="masked values"):
        ask(np.ma.masked_equal(X, 1), rbm)
    with pytest.raises(ValueError, match=r"0 and 1, got the value 0\.5"):
        ask(sp.csr_matrix(X * 0.5), rbm)


def test_sparse_data_that_no_memory_holds_are_refused():
    wide = sp.csr_matrix((10**7, 10**6), dtype=np.float32)
    with pytest.raises(MemoryError, match=r"a dense copy of 10000000 × 1000000 units"):
        rgrbm.BernoulliRBM(2).fit(wide)


def test_weights_of_a_mini_batch(rbm):
    weights = np.arange(200.0) % 3
    repeated = np.repeat(X, weights.astype(int), axis=0)
    exact = {"gradient": "exact", "random_state": 0, "learning_rate": 0.5}
    start = rgrbm.BernoulliRBM(4, **exact).partial_fit(X)
    one, other = (rgrbm.BernoulliRBM(4, **exact).partial_fit(X) for _ in range(2))
    np.testing.assert_array_equal(one.components_, start.components_)
    one.partial_fit(X, sample_weight=weights)
    other.partial_fit(repeated)
    np.testing.assert_allclose(one.components_, other.components_, atol=1e-7)
