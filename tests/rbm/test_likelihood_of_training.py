"""Bars and stripes: how close to the optimum each gradient comes. The full size is ``python -m bench likelihood``."""

import numpy as np
import pytest

from rgrbm import BernoulliRBM
from rgrbm.likelihood import log_likelihood

LINES = ((np.arange(8)[:, None] >> np.arange(3)) & 1).astype(np.uint8)
PATTERNS = np.unique(
    np.concatenate([np.repeat(LINES[:, :, None], 3, axis=2), np.repeat(LINES[:, None, :], 3, axis=1)]).reshape(-1, 9),
    axis=0,
)  # 14 images of 3 × 3 pixels
BEST = -np.log(14)  # of the uniform distribution over them, which no model exceeds


def shortfall(seed, **options):
    """Nats per sample that the trained model is short of the best one. The seed fixes it: no chance is left."""
    x = PATTERNS if options.get("gradient") == "exact" else np.repeat(PATTERNS, 20, axis=0)
    rbm = BernoulliRBM(10, batch_size=len(x), weight_scale=0.1, random_state=seed, **options)
    return BEST - log_likelihood(PATTERNS, rbm.fit(x))


@pytest.mark.parametrize("seed", [0, 1])
def test_gradients_rank_as_they_should(seed):
    decaying = {"learning_rate_schedule": "linear", "n_iter": 5000, "dtype": "float32"}
    exact = shortfall(
        seed, gradient="exact", optimizer="adam", learning_rate=0.03, n_iter=4000, learning_rate_schedule="cosine"
    )
    tempered = shortfall(seed, gradient="pt", optimizer="adam", learning_rate=0.02, **decaying)
    persistent = shortfall(seed, gradient="pcd", k=20, learning_rate=0.3, **decaying)
    one_step = shortfall(seed, gradient="cd", learning_rate=0.1, **decaying)
    assert 0 < exact < 0.005
    assert exact < tempered < 0.05
    assert tempered < persistent < 0.05
    assert one_step > 0.1
