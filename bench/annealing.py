"""Log Z by annealed importance sampling: cost and accuracy, on a trained RBM whose log Z is known by enumeration."""

from collections.abc import Callable
from functools import partial

import numpy as np
from bench.report import Comparison
from bench.timing import available, interleave

import rgrbm as package

_CHAINS = 200
Estimator = Callable[[int], float]  # from the number of steps to an estimate of log Z


def trained_rbm() -> tuple[package.BernoulliRBM, np.ndarray]:
    """64 × 20 units that have learned the ring at J = 0.8, and their data."""
    x = package.to_binary(package.IsingModel(64, 0.8).sample(2000, method="exact", seed=0))
    rbm = package.BernoulliRBM(n_components=20, n_iter=300, batch_size=100, learning_rate=0.1, random_state=0)
    return rbm.fit(x), x


def rgrbm(rbm: package.BernoulliRBM, x: np.ndarray) -> Estimator:
    """``rgrbm.anneal`` in one direction, as rbms works; float64."""
    generator = np.random.default_rng(0)
    options = {"n_chains": _CHAINS, "x": x, "reverse": False, "seed": generator}
    return lambda n: package.anneal(rbm, n_betas=n, **options).log_z


def rbms(rbm: package.BernoulliRBM) -> Estimator:
    """``compute_partition_function_ais`` of rbms, float32 as is its default."""
    import torch
    from rbms.bernoulli_bernoulli.classes import BBRBM
    from rbms.partition_function.ais import compute_partition_function_ais

    torch.manual_seed(0)
    names = "weights_", "intercept_visible_", "intercept_hidden_"
    weights, visible_bias, hidden_bias = (torch.tensor(getattr(rbm, name), dtype=torch.float32) for name in names)
    model = BBRBM(weight_matrix=weights, vbias=visible_bias, hbias=hidden_bias)
    return lambda n: compute_partition_function_ais(_CHAINS, n + 1, model)  # counts the ends of its steps


def compare(rounds: int) -> list[Comparison]:
    """Time per chain and step, and the root mean square of the errors, for fast and slow annealing."""
    rbm, x = trained_rbm()
    exact = package.log_z(rbm)
    results = []
    for n in (100, 1000):
        estimators = available({"rgrbm": partial(rgrbm, rbm, x), "rbms": partial(rbms, rbm)})
        errors: dict[str, list[float]] = {name: [] for name in estimators}
        runs = {name: partial(_run, estimate, n, exact, errors[name]) for name, estimate in estimators.items()}
        timings = interleave(runs, rounds)
        notes = {
            name: f"log Z off by {np.sqrt(np.mean(np.square(e))):.2g} (rms of {len(e)})" for name, e in errors.items()
        }
        title = f"AIS, trained 64 × 20, {_CHAINS} chains, {n:,} steps, all threads"
        results.append(Comparison(title, "ns per chain and step", 1e9, timings, notes))
    return results


def _run(estimate: Estimator, n_betas: int, exact: float, errors: list[float]) -> float:
    errors.append(estimate(n_betas) - exact)
    return float(_CHAINS * n_betas)
