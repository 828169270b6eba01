"""What an estimator is asked after training: transform, free energies, Gibbs steps, scores, beside scikit-learn's."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from bench.report import Comparison
from bench.timing import interleave

from rgrbm.rbm import BernoulliRBM, to_sklearn

_CASES = [("20,000 × 784, 100 hidden units", 20_000, 784, 100), ("10⁶ × 64, 32 hidden units", 1_000_000, 64, 32)]


def _models(data: np.ndarray, n_hidden: int) -> dict[str, Any]:
    """The same parameters in both packages, of float32."""
    ours = BernoulliRBM(n_hidden, n_iter=10, batch_size=20, random_state=0).fit(data[:1000])
    return {"rgrbm": ours, "scikit-learn": to_sklearn(ours)}


def _call(method: Callable[..., Any], data: np.ndarray, **options: Any) -> float:
    method(data, **options)
    return 1.0


def compare(rounds: int) -> list[Comparison]:
    """Each method on zeros and ones of float32, half of them ones, all threads."""
    results = []
    for title, n, n_visible, n_hidden in _CASES:
        data = (np.random.default_rng(0).random((n, n_visible), dtype=np.float32) < 0.5).astype(np.float32)
        models = _models(data, n_hidden)
        for ours, theirs in (("transform", "transform"), ("free_energy", "_free_energy"), ("gibbs", "gibbs")):
            runs = {
                name: partial(_call, getattr(model, ours if name == "rgrbm" else theirs), data)
                for name, model in models.items()
            }
            results.append(Comparison(f"{ours}, {title}", "ms", 1e3, interleave(runs, rounds)))
        scores = {
            "rgrbm, all units": partial(_call, models["rgrbm"].score_samples, data),
            "rgrbm, n_flips=1": partial(_call, models["rgrbm"].score_samples, data, n_flips=1),
            "scikit-learn, one unit": partial(_call, models["scikit-learn"].score_samples, data),
        }
        results.append(Comparison(f"score_samples, {title}", "ms", 1e3, interleave(scores, rounds)))
    return results
