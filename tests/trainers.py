"""How tests call the trainers of the compiled core, and compare what these have learned."""

import numpy as np

from rgrbm._core import kernels

DTYPES = [np.float32, np.float64]
TRAINERS = {np.float32: kernels.Trainer32, np.float64: kernels.Trainer64}


def parameters(n_visible, n_hidden, dtype, seed=0, scale=0.7):
    rng = np.random.default_rng(seed)
    shapes = [(n_visible, n_hidden), (n_visible,), (n_hidden,)]
    return [(scale * rng.standard_normal(shape)).astype(dtype) for shape in shapes]


def binary(n, n_units, seed=1, density=0.5):
    return (np.random.default_rng(seed).random((n, n_units)) < density).astype(np.uint8)


def options(n_epochs=1, **changes):
    """All arguments of a trainer's ``run``; a learning rate or l1 that is one number holds for every epoch."""
    values = {
        "first_epoch": 0,
        "learning_rate": 0.05,
        "l1": 0.0,
        "l2": 0.0,
        "momentum": 0.0,
        "batch_size": 100,
        "k": 1,
        "gradient": "cd",
        "centered": True,
        "shuffle": True,
    } | changes
    for name in ("learning_rate", "l1"):
        if np.ndim(values[name]) == 0:
            values[name] = np.full(n_epochs, values[name])
    return values


def run(trainer, n_epochs=1, **changes):
    return trainer.run(**options(n_epochs, **changes))


def everything(trainer):
    """Parameters and state, as a list of arrays."""
    variance = [trainer.log_variance] if hasattr(trainer, "log_variance") else []
    return [trainer.weights, trainer.visible_bias, trainer.hidden_bias, *variance, *trainer.state().values()]


def assert_same_bits(first, second):
    for a, b in zip(first, second, strict=True):
        assert a.dtype == b.dtype
        assert a.shape == b.shape
        assert a.tobytes() == b.tobytes()
