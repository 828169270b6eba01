"""Small RBMs that tests share, and what is known of them in other ways."""

import numpy as np
from scipy.special import expit

from rgrbm._core import kernels
from rgrbm.model import RBMParameters


def states(n):
    return ((np.arange(2**n)[:, None] >> np.arange(n)) & 1).astype(np.float64)


def random_rbm(n, m, scale, seed=0):
    rng = np.random.default_rng(seed)
    return RBMParameters(rng.normal(size=(n, m)) * scale, rng.normal(size=n) * scale, rng.normal(size=m) * scale)


def joint(rbm):
    """Log of the unnormalised joint distribution, (2**n, 2**m)."""
    v, h = states(rbm.weights_.shape[0]), states(rbm.weights_.shape[1])
    return (v @ rbm.intercept_visible_)[:, None] + h @ rbm.intercept_hidden_ + v @ rbm.weights_ @ h.T


def cd_gradient(x, W, c, b, key, *arguments):
    """One draw of the gradient by a fresh trainer of the parameters' precision."""
    kind = kernels.Trainer32 if W.dtype == np.float32 else kernels.Trainer64
    return kind(W, c, b, key).gradient(x, *arguments)


def exact_cd_gradient(x, W, c, b, k, method, centered, mu, lam):
    """Expectation of the gradient over all Gibbs paths, by enumeration."""
    V, H = states(len(c)), states(len(b))
    p_h_v, p_v_h = expit(V @ W + b), expit(H @ W.T + c)
    to_h = np.prod(np.where(H[None, :, :] == 1, p_h_v[:, None, :], 1 - p_h_v[:, None, :]), axis=2)
    to_v = np.prod(np.where(V[None, :, :] == 1, p_v_h[:, None, :], 1 - p_v_h[:, None, :]), axis=2)
    start = np.zeros(len(V))
    np.add.at(start, x @ (1 << np.arange(len(c))), 1 / len(x))
    if method == "paper":  # both terms have the h that was drawn from the data
        pair = start[:, None] * to_h
        dW = np.einsum("vh,vi,hj->ij", pair, V, H) - np.einsum("h,hi,hj->ij", pair.sum(0), p_v_h, H)
        dc, db = start @ V - pair.sum(0) @ p_v_h, np.zeros(len(b))
    else:
        end = start @ np.linalg.matrix_power(to_h @ to_v, k)
        dW = V.T @ ((start - end)[:, None] * p_h_v)
        dc, db = (start - end) @ V, (start - end) @ p_h_v
    if centered:
        dW = dW - np.outer(dc, lam) - np.outer(mu, db)
        dc, db = dc - dW @ lam, db - dW.T @ mu
    return dW, dc, db
