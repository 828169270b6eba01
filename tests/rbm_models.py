"""Small RBMs that tests share, and what is known of them in other ways."""

import numpy as np

from rgrbm import RBMParameters


def states(n):
    return ((np.arange(2**n)[:, None] >> np.arange(n)) & 1).astype(np.float64)


def random_rbm(n, m, scale, seed=0):
    rng = np.random.default_rng(seed)
    return RBMParameters(rng.normal(size=(n, m)) * scale, rng.normal(size=n) * scale, rng.normal(size=m) * scale)


def joint(rbm):
    """Log of the unnormalised joint law, (2**n, 2**m)."""
    v, h = states(rbm.weights_.shape[0]), states(rbm.weights_.shape[1])
    return (v @ rbm.intercept_visible_)[:, None] + h @ rbm.intercept_hidden_ + v @ rbm.weights_ @ h.T
