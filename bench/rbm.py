"""One epoch of CD-1 (rgrbm, torch) or PCD-1 (scikit-learn) on the same binary data, batch by batch."""

from collections.abc import Callable

import numpy as np

from rgrbm._core import kernels


def rgrbm(data: np.ndarray, n_hidden: int, batch_size: int, epochs: int) -> Callable[[], float]:
    """The compiled trainer, as BernoulliRBM uses it: whole epochs in one call, reconstruction error included."""
    weights = np.random.default_rng(0).normal(0, 0.01, (data.shape[1], n_hidden)).astype(np.float32)
    biases = np.zeros(data.shape[1], np.float32), np.zeros(n_hidden, np.float32)
    trainer = kernels.Trainer32(weights, *biases, (1, 2))
    trainer.set_data(data)

    def run() -> float:
        trainer.run(
            first_epoch=0, learning_rate=np.full(epochs, 0.05), l1=np.full(epochs, 1e-3), l2=0.0, momentum=0.0,
            batch_size=batch_size, k=1, method="cd", centered=True, shuffle=True,
        )  # fmt: skip
        return epochs

    return run


def scikit_learn(data: np.ndarray, n_hidden: int, batch_size: int, epochs: int, dtype: str) -> Callable[[], float]:
    """BernoulliRBM.fit; its default float64 and the faster float32."""
    from sklearn.neural_network import BernoulliRBM

    x = data.astype(dtype)

    def run() -> float:
        BernoulliRBM(n_hidden, batch_size=batch_size, n_iter=epochs, learning_rate=0.05, random_state=0).fit(x)
        return epochs

    return run


def torch_loop(data: np.ndarray, n_hidden: int, batch_size: int, epochs: int) -> Callable[[], float]:
    """What one writes by hand in torch, float32."""
    import torch

    x = torch.tensor(data, dtype=torch.float32)
    n_visible = x.shape[1]
    W, c, b = 0.01 * torch.randn(n_visible, n_hidden), torch.zeros(n_visible), torch.zeros(n_hidden)

    def run() -> float:
        with torch.no_grad():
            for _ in range(epochs):
                shuffled = x[torch.randperm(len(x))]
                for v in shuffled.split(batch_size):
                    p = torch.sigmoid(v @ W + b)
                    h = torch.bernoulli(p)
                    u = torch.bernoulli(torch.sigmoid(h @ W.T + c))
                    q = torch.sigmoid(u @ W + b)
                    rate = 0.05 / len(v)
                    W.add_(v.T @ p - u.T @ q, alpha=rate)
                    c.add_((v - u).sum(0), alpha=rate)
                    b.add_((p - q).sum(0), alpha=rate)
        return epochs

    return run
