"""Small RBMs that tests share, and what is known of them in other ways."""

import numpy as np

from rgrbm import RBMParameters, exact


def states(n):
    return ((np.arange(2**n)[:, None] >> np.arange(n)) & 1).astype(np.float64)


def random_rbm(n, m, scale, seed=0):
    rng = np.random.default_rng(seed)
    return RBMParameters(rng.normal(size=(n, m)) * scale, rng.normal(size=n) * scale, rng.normal(size=m) * scale)


def joint(rbm):
    """Log of the unnormalised joint law, (2**n, 2**m)."""
    v, h = states(rbm.weights_.shape[0]), states(rbm.weights_.shape[1])
    return (v @ rbm.intercept_visible_)[:, None] + h @ rbm.intercept_hidden_ + v @ rbm.weights_ @ h.T


def decimation_rbm(n, J, K):
    """The RBM whose hidden marginal is the decimated ring for every K (filters (J, K, J), stride 2)."""
    w = np.zeros((n, n // 2))
    for j in range(n // 2):
        w[2 * j, j], w[2 * j - 1, j], w[(2 * j + 1) % n, j] = K, J, J
    return RBMParameters(4 * w, -2 * w.sum(axis=1), -2 * w.sum(axis=0))


def decimation_log_z(n, J, K):
    m = n // 2
    shift = 4 * J * m + 2 * K * m  # of the energy between 0/1 and ±1 units: ½Σb + ½Σc + ¼ΣW = −Σw, twice over
    return m * np.log(2 * np.cosh(K)) + exact.ring_log_z(J, n) - shift / 2
