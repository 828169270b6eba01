"""Exact functions take arrays of couplings: the values are those of one coupling at a time."""

import numpy as np
import pytest

from rgrbm.spins import exact

COUPLINGS = np.array([[-0.7, 0.0, 0.3], [exact.CRITICAL_COUPLING, 0.5, 40.0]])
FUNCTIONS = {
    exact.ring_log_z: (7,),
    exact.ring_mean_energy_per_site: (7,),
    exact.ring_specific_heat: (7,),
    exact.ring_correlation: (7, 3),
    exact.ring_correlation_length: (),
    exact.torus_log_z: (4, 5),
    exact.torus_mean_energy_per_site: (4, 5),
    exact.torus_specific_heat: (4, 5),
    exact.square_free_energy_per_site: (),
    exact.square_mean_energy_per_site: (),
    exact.square_specific_heat: (),
    exact.square_magnetization: (),
    exact.square_correlation_length: (),
}


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("kind", [np.asarray, np.ndarray.tolist, np.asfortranarray, lambda a: a[::-1, ::2]])
def test_values_of_each_coupling(function, kind):
    given, arguments = kind(COUPLINGS), FUNCTIONS[function]
    values = function(given, *arguments)
    expected = [function(float(J), *arguments) for J in np.ravel(given)]
    assert values.dtype == np.float64
    np.testing.assert_array_equal(values, np.reshape(expected, np.shape(given) + np.shape(expected[0])))


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__)
def test_scalars_stay_scalars_and_nothing_stays_nothing(function):
    arguments = FUNCTIONS[function]
    one = function(0.3, *arguments)
    assert isinstance(one, float) or function is exact.ring_correlation
    np.testing.assert_array_equal(function(np.float32(0.25), *arguments), function(0.25, *arguments))
    assert function([], *arguments).shape == (0, *np.shape(one))
    with pytest.raises(TypeError, match="J must be real numbers"):
        function(["a", "b"], *arguments)
    with pytest.raises(ValueError, match="J must be finite, got nan"):
        function([0.3, np.nan], *arguments)


@pytest.mark.parametrize("name", ["log_z", "mean_energy_per_site", "specific_heat", "probabilities"])
def test_densities_of_states(name):
    states = exact.density_of_states((4, 4))
    method = getattr(states, name)
    values = method(COUPLINGS)
    expected = [method(float(J)) for J in COUPLINGS.flat]
    np.testing.assert_allclose(values, np.reshape(expected, (2, 3, *np.shape(expected[0]))), rtol=1e-13)
    assert isinstance(method(0.3), float) == (name != "probabilities")
    assert method([]).shape == (0, *np.shape(expected[0]))
    with pytest.raises(ValueError, match="J must be finite, got inf"):
        method([0.3, np.inf])


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: exact.ring_log_z([[1, 2], [3]], 7), ValueError, "J must be real numbers in rows of one length"),
        (lambda: exact.square_magnetization([0.3, np.nan]), ValueError, "J must be finite, got nan"),
        (lambda: exact.density_of_states(4).log_z([[1, 2], [3]]), ValueError, "J must be real numbers in rows of one"),
        (
            lambda: exact.density_of_states((16, 16)).log_z(np.broadcast_to(0.3, 10**8)),
            MemoryError,
            "energies at 100000000 couplings would",
        ),
        (
            lambda: exact.density_of_states(10**7),
            MemoryError,
            "numbers of configurations of 10000000 sites would take",
        ),
        (lambda: exact.ring_log_z(0.3, 10**400), ValueError, r"n_sites must be at most 2\^500, got 1000"),
        (lambda: exact.torus_log_z(0.3, 3, 10**400), ValueError, r"columns must be at most 2\^500, got 1000"),
        (lambda: exact.torus_log_z(0.3, 2**60, 2**60), MemoryError, "the modes of a torus of"),
    ],
)
def test_bad_couplings_and_sizes(call, error, message):
    with pytest.raises(error, match=message):
        call()
