"""One epoch of CD-1 (rgrbm, torch) or PCD-1 (scikit-learn) on the same binary data, batch by batch."""

from collections.abc import Callable, Iterable
from functools import partial

import numpy as np
from bench.report import Comparison, Scaling
from bench.timing import Timing, available, interleave

import rgrbm as package
from rgrbm._core import kernels

_CASES = [
    ("800 samples, 64 × 32, full batch", 800, 64, 32, 800, 0.5),
    ("800 samples, 64 × 32, batches of 100", 800, 64, 32, 100, 0.5),
    ("800 samples, 64 × 32, batches of 10", 800, 64, 32, 10, 0.5),
    ("1,600 samples, 784 × 144, batches of 100, 13% ones", 1600, 784, 144, 100, 0.13),
]


def rgrbm(data: np.ndarray, n_hidden: int, batch_size: int, epochs: int) -> Callable[[], float]:
    """The compiled trainer, as BernoulliRBM uses it: whole epochs in one call, reconstruction error included."""
    weights = np.random.default_rng(0).normal(0, 0.01, (data.shape[1], n_hidden)).astype(np.float32)
    biases = np.zeros(data.shape[1], np.float32), np.zeros(n_hidden, np.float32)
    trainer = kernels.Trainer32(weights, *biases, (1, 2))
    trainer.set_data(data)

    def run() -> float:
        trainer.run(
            first_epoch=0, learning_rate=np.full(epochs, 0.05), l1=np.full(epochs, 1e-3), l2=0.0, momentum=0.0,
            batch_size=batch_size, k=1, gradient="cd", centered=True, shuffle=True,
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


def _data(n: int, n_visible: int, density: float) -> np.ndarray:
    return (np.random.default_rng(0).random((n, n_visible)) < density).astype(np.uint8)


def _candidates(data: np.ndarray, n_hidden: int, batch_size: int) -> dict[str, Callable[[], Callable[[], float]]]:
    # So many epochs in one call that the set-up of scikit-learn's fit does not count.
    common = data, n_hidden, batch_size, max(3, 3_000_000 // (data.size * n_hidden))
    return {
        "rgrbm": partial(rgrbm, *common),
        "scikit-learn, float32": partial(scikit_learn, *common, "float32"),
        "scikit-learn, float64": partial(scikit_learn, *common, "float64"),
        "torch loop, float32": partial(torch_loop, *common),
    }


def compare(rounds: int) -> list[Comparison]:
    """One epoch of each case, all threads; then rgrbm with one and two threads."""
    results = []
    for title, n, n_visible, n_hidden, batch_size, density in _CASES:
        ready = available(_candidates(_data(n, n_visible, density), n_hidden, batch_size))
        results.append(Comparison(f"{title}, all threads", "µs per epoch", 1e6, interleave(ready, rounds)))
    for title, n, n_visible, n_hidden, batch_size, density in _CASES:
        run = rgrbm(_data(n, n_visible, density), n_hidden, batch_size, 5)
        results.append(Comparison(f"{title}, threads", "µs per epoch", 1e6, _threads(run, rounds)))
    return results


def _threads(run: Callable[[], float], rounds: int) -> dict[str, Timing]:
    def with_threads(n: int) -> float:
        package.set_num_threads(n)
        return run()

    timings = interleave({"2 threads": partial(with_threads, 2), "1 thread": partial(with_threads, 1)}, rounds)
    package.set_num_threads(0)
    return timings


def scale(rounds: int) -> list[Scaling]:
    """Cost of an epoch against the size of the layers and of the batch."""
    layers, batches = [16, 32, 64, 128, 256, 512, 1024], [10, 25, 50, 100, 200, 400, 800]
    return [
        Scaling(
            "rbm_layers", "CD-1 on 800 samples, batches of 100", "visible units (half as many hidden)",
            "µs per epoch, all threads", 1e6, layers,
            _collect(rounds, ((_data(800, n, 0.5), n // 2, 100) for n in layers)),
        ),
        Scaling(
            "rbm_batch", "CD-1 on 800 samples, 64 × 32", "batch size", "µs per epoch, all threads", 1e6, batches,
            _collect(rounds, ((_data(800, 64, 0.5), 32, size) for size in batches)),
        ),
    ]  # fmt: skip


def _collect(rounds: int, cases: Iterable[tuple[np.ndarray, int, int]]) -> dict[str, list[Timing]]:
    timings: dict[str, list[Timing]] = {}
    for case in cases:
        for name, timing in interleave(available(_candidates(*case)), rounds).items():
            timings.setdefault(name, []).append(timing)
    return timings
