"""Small RBMs with Gaussian visible units that tests share, and what is known of them as mixtures of 2^M Gaussians."""

import numpy as np
from scipy.special import expit, logsumexp

from rbm_models import states


def random_model(n, m, seed=0, scale=0.8, shift=0.0):
    """W, c, b and ln σ² in double precision."""
    rng = np.random.default_rng(seed)
    W, c, b = scale * rng.normal(size=(n, m)), shift + rng.normal(size=n), 0.5 * rng.normal(size=m)
    return W, c, b, 0.5 * rng.normal(size=n) - 0.3


def hidden_log_weights(W, c, b, z):
    """ln ∫ exp(−E(u, h)) du of every hidden state, (2**m,)."""
    H = states(len(b))
    mean = H @ W.T
    inside = (2 * c * mean + mean**2) / (2 * np.exp(z))
    return H @ b + inside.sum(axis=1) + 0.5 * np.sum(np.log(2 * np.pi) + z)


def log_density(x, W, c, b, z):
    """ln p(x) as that of a mixture of 2^m Gaussians with means c + W h and variances exp(z)."""
    log_weights = hidden_log_weights(W, c, b, z)
    means = c + states(len(b)) @ W.T
    distance = ((x[:, None, :] - means) ** 2 / np.exp(z)).sum(axis=2)
    normal = -0.5 * (distance + np.sum(np.log(2 * np.pi) + z))
    return logsumexp(log_weights - logsumexp(log_weights) + normal, axis=1)


def sample(n_samples, W, c, b, z, seed=0):
    rng = np.random.default_rng(seed)
    log_weights = hidden_log_weights(W, c, b, z)
    H = states(len(b))[rng.choice(len(log_weights), n_samples, p=np.exp(log_weights - logsumexp(log_weights)))]
    return c + H @ W.T + np.exp(z / 2) * rng.normal(size=(n_samples, len(c)))


def moments(W, c, b, z):
    """⟨u hᵀ⟩, ⟨u⟩, ⟨h⟩ and ⟨u²⟩ of the model."""
    log_weights, H = hidden_log_weights(W, c, b, z), states(len(b))
    p, means = np.exp(log_weights - logsumexp(log_weights)), c + H @ W.T
    return means.T @ (p[:, None] * H), p @ means, p @ H, p @ (means**2 + np.exp(z))


def hidden_mean(x, W, c, b, z):
    return expit(b + (x / np.exp(z)) @ W)


def numerical_gradient(function, values, step=1e-5):
    """Central differences of a scalar function of arrays."""
    gradients = []
    for at, value in enumerate(values):
        gradient = np.empty_like(value)
        for index in np.ndindex(value.shape):
            moved = [[v.copy() for v in values] for _ in range(2)]
            moved[0][at][index] += step
            moved[1][at][index] -= step
            gradient[index] = (function(*moved[0]) - function(*moved[1])) / (2 * step)
        gradients.append(gradient)
    return gradients
