"""Layers beyond the caches: one epoch of CD-1 beside a torch loop and scikit-learn, all of float32."""

from functools import partial

import numpy as np
from bench.rbm import rgrbm, scikit_learn, torch_loop
from bench.report import Comparison
from bench.timing import available, interleave

# Samples, visible and hidden units, batch.
_SIZES = [(512, 784, 500, 128), (512, 1024, 1024, 256), (512, 4096, 1024, 256)]
_DENSITIES = (0.5, 0.13)


def compare(rounds: int) -> list[Comparison]:
    """One epoch of 512 samples."""
    results = []
    for n, n_visible, n_hidden, batch_size in _SIZES:
        for density in _DENSITIES:
            data = (np.random.default_rng(0).random((n, n_visible)) < density).astype(np.uint8)
            common = data, n_hidden, batch_size, 1
            candidates = {
                "rgrbm": partial(rgrbm, *common),
                "torch loop": partial(torch_loop, *common),
                "scikit-learn": partial(scikit_learn, *common, "float32"),
            }
            title = f"{n} samples, {n_visible} × {n_hidden}, batches of {batch_size}, {density:.0%} ones, all threads"
            results.append(Comparison(title, "ms per epoch", 1e3, interleave(available(candidates), rounds)))
    return results
