"""One flow of :mod:`rgrbm.experiments.flow`: a stack of RBMs trained step by step, and its measurements.

No layer is given a coupling. The shape of a filter is free in all three modes; the modes differ in what restricts it:

- "shared": all hidden units of a layer share one filter of ``width`` weights, each two sites from the next.
- "masked": every unit has a filter of its own, of the same width at the same positions.
- "free": all weights and biases are free, under an L1 penalty. Training begins with some epochs under the mask: from
  small random weights, some units end up on one site and leave others without (parity defects), which only moves of
  many weights at once could mend. Without these epochs the defects are counted like everything else.
"""

from typing import Any

import numpy as np

from rgrbm._support.progress import progress_bar
from rgrbm.experiments.flow_parameters import FlowParameters, Weights
from rgrbm.experiments.options import stream
from rgrbm.experiments.run_folder import RunFolder
from rgrbm.model.parameters import spin_parameters
from rgrbm.rbm import masks
from rgrbm.rbm.bernoulli import BernoulliRBM
from rgrbm.rbm.stack import RBMStack
from rgrbm.rg.couplings import effective_couplings
from rgrbm.rg.couplings_along_ring import ring_couplings
from rgrbm.rg.decimation import decimation_flow
from rgrbm.rg.filters import dominant_visible
from rgrbm.rg.hidden_ring import hidden_correlation
from rgrbm.spins.ising import IsingModel
from rgrbm.spins.values import Binary, to_binary, to_spins
from rgrbm.statistics.jackknife import Array
from rgrbm.statistics.moments import SpinMoments, spin_moments

_BLOCK = 100_000  # fresh configurations that are pushed up at a time, a block of the jackknife
_TRAINING, _MASKED, _FITTING, _FRESH, _HIDDEN = range(5)  # purposes of the random streams
_MOMENTUM = 0.9  # of the filters under a mask; few weights share the noise, and the central one grows slowly without


def train_stack(p: FlowParameters, J: float, weights: Weights, folder: RunFolder, name: str) -> RBMStack:
    """Train layer after layer, each on hidden spins drawn from the one below."""
    data = to_binary(IsingModel(p.n_spins, J=J).sample(p.n_train, method="exact", seed=stream(p, _TRAINING)))
    layers = []
    for step in range(1, p.n_steps + 1):
        rbm = _train_layer(p, data, step, weights, folder, f"{name}-layer{step}")
        layers.append(rbm)
        data = rbm.sample_hidden(data, stream(p, _FITTING, step))
    return RBMStack.from_rbms(layers)


def _train_layer(
    p: FlowParameters, data: Binary, step: int, weights: Weights, folder: RunFolder, name: str
) -> BernoulliRBM:
    n = data.shape[1]
    common: dict[str, Any] = {
        "n_components": n // 2,
        "batch_size": min(p.batch_size, len(data)),
        "learning_rate_schedule": "cosine",
        "random_state": stream(p, _FITTING, step),
    }
    under_mask = common | {
        "mask": masks.ring(n, n // 2, p.width, shared=weights == "shared"),
        "symmetric": True,
        "learning_rate": p.learning_rate,
        "momentum": _MOMENTUM,
        "weight_scale": 0.1,
    }
    if weights != "free":
        rbm = BernoulliRBM(n_iter=p.n_epochs, **under_mask)
        folder.fit(rbm, data, name)
        return rbm
    start = None
    if p.mask_epochs:
        start = BernoulliRBM(n_iter=p.mask_epochs, **under_mask | {"random_state": stream(p, _MASKED, step)})
        folder.fit(start, data, f"{name}-mask")
    # As fast as without momentum a mask's filters go at a twentieth of their rate: all weights feel each other's noise.
    rbm = BernoulliRBM(n_iter=p.n_epochs, learning_rate=p.learning_rate / 2, l1=p.l1, **common)
    folder.fit(rbm, data, name, start=start)
    return rbm


def measure(p: FlowParameters, J: float, weights: Weights, stack: RBMStack) -> list[dict[str, Any]]:
    """Both readings of each layer: the decay along its ring of pushed-up spins, and the couplings of its own p(h)."""
    exact = decimation_flow(J, p.n_steps)
    return [
        _layer_results(stack, step, moments, float(exact[step]), weights)
        for step, moments in enumerate(_moments(p, J, stack), start=1)
    ]


def _moments(p: FlowParameters, J: float, stack: RBMStack) -> list[SpinMoments]:
    """Moments of all layers' spins, of fresh samples, block by block."""
    n_blocks = max(20, -(-p.n_measured // _BLOCK))
    size = -(-p.n_measured // n_blocks)
    model, blocks = IsingModel(p.n_spins, J=J), []
    with progress_bar("measuring", n_blocks, unit="blocks", show=True) as advance:
        for block in range(n_blocks):
            fresh = to_binary(model.sample(size, method="exact", seed=stream(p, _FRESH, block)))
            hidden = stack.sample_layers(fresh, stream(p, _HIDDEN, block))
            blocks.append([spin_moments([to_spins(h)]) for h in hidden])
            advance(1, "")
    return [SpinMoments.concatenate(of_layer) for of_layer in zip(*blocks, strict=True)]


def _layer_results(stack: RBMStack, step: int, moments: SpinMoments, exact: float, weights: Weights) -> dict[str, Any]:
    fields, rbm = stack.receptive_fields(step), stack.rbms_[step - 1]
    correlation = hidden_correlation(
        moments, fields, sites_per_unit=2**step, common=True if weights == "shared" else None
    )
    sites = np.sort(dominant_visible(fields))
    gaps = np.diff(sites, append=sites[0] + len(fields))
    return {
        "step": step,
        "exact": exact,
        "J": correlation.J,
        "J_stderr": correlation.J_stderr,
        "reason": correlation.reason,
        "amplitude": correlation.amplitude,
        "nearest": correlation.nearest,
        "nearest_stderr": correlation.nearest_stderr,
        "ranks": correlation.ranks.tolist(),
        "chi2": correlation.chi2,
        "dof": correlation.dof,
        "couplings": _couplings(rbm, fields),
        "filter": _mean_filter(rbm),
        "n_hidden": fields.shape[1],
        "unique_sites": correlation.n_unique,
        "n_defects": int(np.sum(gaps != 2**step)),
        "n_epochs": rbm.n_iter_,
        "reconstruction_error": float(rbm.history_["reconstruction_error"][-1]),
    }


def _couplings(rbm: BernoulliRBM, fields: Array) -> dict[str, float]:
    """Couplings of the layer's own p(h) along the ring; NaN if the penalty has left fewer than four units weights."""
    names = ("J", "J_spread", "largest_other", "rms_other")
    if np.count_nonzero(np.any(fields != 0, axis=0)) < 4:
        return dict.fromkeys(names, np.nan)
    couplings = ring_couplings(effective_couplings(rbm), fields)
    return {name: getattr(couplings, name) for name in names}


def _mean_filter(rbm: BernoulliRBM) -> list[float]:
    """Weights from two sites left to two sites right of the dominant one, in ±1 units, a mean over the hidden units.

    Signs are left out: those of a deeper layer depend on which of its inputs copy −v.
    """
    w = np.abs(spin_parameters(rbm).weights)
    centred = [np.roll(column, 2 - site)[:5] for column, site in zip(w.T, dominant_visible(w), strict=True)]
    return [float(x) for x in np.mean(centred, axis=0)]
