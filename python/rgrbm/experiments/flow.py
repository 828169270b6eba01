"""The renormalization flow that a stack of RBMs learns on the 1D Ising ring, beside exact decimation.

Spins of a ring at J are sampled; an RBM with half as many hidden units learns them; a second RBM learns *its* hidden
spins, and so on. Fresh samples, pushed up through the stack, then tell the couplings J′, J″, J‴ of the layers.
"""

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from rgrbm._support.progress import progress_bar
from rgrbm.experiments.comparison import with_error
from rgrbm.experiments.experiment import Report, experiment
from rgrbm.experiments.options import parameter, require_at_least, stream
from rgrbm.experiments.run_folder import RunFolder
from rgrbm.plots import flow as flow_plots
from rgrbm.rbm.estimator import BernoulliRBM
from rgrbm.rbm.stack import RBMStack
from rgrbm.rg.decimation import decimation_flow
from rgrbm.rg.hidden_ring import hidden_correlation
from rgrbm.rg.rbm_flow import RBMFlow, rbm_flow
from rgrbm.spins.ising import IsingModel
from rgrbm.spins.values import Spins, to_binary, to_spins
from rgrbm.statistics.moments import SpinMoments, spin_moments

_BLOCK = 100_000  # fresh configurations that are pushed up at a time, a block of the jackknife
_STARTS = ("J", "T = 0", "T = ∞")
_TRAINING, _FITTING, _FRESH, _HIDDEN, _GIBBS = range(5)  # purposes of the random streams


@dataclass(frozen=True)
class FlowParameters:
    """Parameters of the experiment; ``rgrbm flow --help`` explains each."""

    J: list[float] = parameter((0.5, 1.0, 1.5), "Coupling to start from (β = 1); give it several times for several.")
    n_spins: int = parameter(64, "Spins on the ring, divisible by 2 to the number of steps.")
    n_steps: int = parameter(3, "Layers of the stack; each has half as many units as the one below.")
    n_train: int = parameter(100_000, "Configurations to train on.")
    n_epochs: int = parameter(400, "Passes over the training set; twice as many with each layer.")
    learning_rate: float = parameter(1.0, "Step along the gradient; it falls to 0 as half a cosine wave.")
    batch_size: int = parameter(400, "Configurations per update; twice as many with each layer.")
    l1: float = parameter(2e-3, "Strength of the L1 penalty, times tanh⁴ of the coupling that a layer sees.")
    k: int = parameter(1, "Gibbs steps of contrastive divergence.")
    centered: bool = parameter(False, "Subtract the units' means in the gradient.")
    n_measured: int = parameter(32_000_000, "Fresh configurations to push up through the stack.")
    n_flow_steps: int = parameter(200, "Steps v → h → v of the first layer's own flow.")
    n_flow_samples: int = parameter(2_000, "Configurations in that flow.")
    seed: int = parameter(0, "Fixes every random number.")

    def __post_init__(self) -> None:
        """Check what no other part does."""
        require_at_least(1, self, "n_steps", "n_train", "n_epochs", "batch_size", "k", "n_flow_steps")
        factor = 2**self.n_steps
        if self.n_spins < 4 * factor or self.n_spins % factor:
            raise ValueError(
                f"{self.n_steps} steps need a multiple of {factor} spins, at least {4 * factor}, got {self.n_spins}"
            )
        if self.l1 < 0:
            raise ValueError(f"l1 must not be negative, got {self.l1}")
        if not self.J or not all(math.isfinite(J) and J > 0 for J in self.J):
            raise ValueError(f"J must be positive and finite, got {list(self.J)}")
        if len({f"{J:g}" for J in self.J}) < len(self.J):
            raise ValueError(f"each J must be given once, got {list(self.J)}")
        if self.n_measured < 10_000 or self.n_flow_samples < 20:
            raise ValueError(
                "error bars need n_measured of at least 10000 and n_flow_samples of at least 20, "
                f"got {self.n_measured} and {self.n_flow_samples}"
            )


@experiment("rgrbm.flow/1")
def run_flow(p: FlowParameters, folder: RunFolder, console: Console) -> Report:
    """Learn the renormalization flow of the 1D Ising ring with a stack of RBMs and compare it with exact decimation."""
    flows, gibbs = [], []
    for index, J in enumerate(p.J):
        stack, seconds = _train(p, index, folder, console)
        stack.save(folder.path / f"stack-J{J:g}", overwrite=True)
        started = time.perf_counter()
        layers = _measure(p, index, stack)
        gibbs.append(_flow_of_first_layer(p, index, stack))
        seconds["measure"] = time.perf_counter() - started
        flows.append({"J": J, "layers": layers, "seconds": seconds})
    _draw(p, flows, gibbs, folder)
    by_start = [_as_results(J, starts) for J, starts in zip(p.J, gibbs, strict=True)]
    return {"flows": flows, "rbm_flow": by_start}, _tables(flows)


def _train(p: FlowParameters, index: int, folder: RunFolder, console: Console) -> tuple[RBMStack, dict[str, float]]:
    J = p.J[index]
    console.print(f"J = {J:g}: training {p.n_steps} layers", highlight=False)
    started = time.perf_counter()
    spins = IsingModel(p.n_spins, J=J).sample(p.n_train, method="exact", seed=stream(p, index, _TRAINING))
    sampled = time.perf_counter()
    stack = RBMStack(
        [p.n_spins // 2**step for step in range(1, p.n_steps + 1)],
        rbm=[_layer(p, step, J_step) for step, J_step in enumerate(decimation_flow(J, p.n_steps - 1))],
        random_state=stream(p, index, _FITTING),
    )
    folder.fit(stack, to_binary(spins), f"J{J:g}")
    return stack, {"sample": sampled - started, "train": sum(rbm.history_.seconds for rbm in stack.rbms_)}


def _layer(p: FlowParameters, step: int, J: float) -> BernoulliRBM:
    """The RBM to train on spins at J. Deeper layers see less signal in fewer units: less noise costs no more there.

    What tells decimation from a blurred copy is a signal of order tanh⁴ J (the gradient of the central weight of the
    filters); a penalty that does not fall with it would hold the central weights down.
    """
    return BernoulliRBM(
        learning_rate=p.learning_rate,
        learning_rate_schedule="cosine",
        batch_size=p.batch_size * 2**step,
        n_iter=p.n_epochs * 2**step,
        k=p.k,
        centered=p.centered,
        l1=p.l1 * math.tanh(J) ** 4,
        l1_warmup=p.n_epochs * 2**step // 4,
        verbose=1,
    )


def _measure(p: FlowParameters, index: int, stack: RBMStack) -> list[dict[str, Any]]:
    """What each layer's spins tell, of fresh samples that are pushed up."""
    exact = decimation_flow(p.J[index], p.n_steps)
    moments = _moments(p, index, stack)
    return [_layer_results(stack, step, moments[step - 1], float(exact[step])) for step in range(1, p.n_steps + 1)]


def _moments(p: FlowParameters, index: int, stack: RBMStack) -> list[SpinMoments]:
    """Moments of all layers' spins, block by block."""
    n_blocks = max(20, -(-p.n_measured // _BLOCK))
    size = -(-p.n_measured // n_blocks)
    model = IsingModel(p.n_spins, J=p.J[index])

    def layers() -> Iterator[list[SpinMoments]]:
        with progress_bar("measuring", n_blocks, unit="blocks", show=True) as advance:
            for block in range(n_blocks):
                fresh = to_binary(model.sample(size, method="exact", seed=stream(p, index, _FRESH, block)))
                hidden = stack.sample_layers(fresh, stream(p, index, _HIDDEN, block))
                yield [spin_moments([to_spins(h)]) for h in hidden]
                advance(1, "")

    return [SpinMoments.concatenate(blocks) for blocks in zip(*layers(), strict=True)]


def _layer_results(stack: RBMStack, step: int, moments: SpinMoments, exact: float) -> dict[str, Any]:
    fields = stack.receptive_fields(step)
    found = hidden_correlation(moments, fields, sites_per_unit=2**step)
    rbm = stack.rbms_[step - 1]
    return {
        "step": step,
        "exact": exact,
        "J": found.J,
        "J_stderr": found.J_stderr,
        "amplitude": found.amplitude,
        "ranks": found.ranks.tolist(),
        "reason": found.reason,
        "chi2": found.chi2,
        "dof": found.dof,
        "nearest": found.nearest,
        "nearest_stderr": found.nearest_stderr,
        "n_hidden": fields.shape[1],
        "n_placed": len(found.units),
        "unique_sites": found.n_unique,
        "l1": rbm.l1,
        "batch_size": rbm.batch_size,
        "n_epochs": rbm.n_iter_,
        "reconstruction_error": float(rbm.history_["reconstruction_error"][-1]),
    }


def _flow_of_first_layer(p: FlowParameters, index: int, stack: RBMStack) -> dict[str, RBMFlow]:
    """Where v → h → v of the first layer leads from samples at J, from all up and from random spins."""
    seeds = [stream(p, index, _GIBBS, start) for start in range(4)]
    shape = (p.n_flow_samples, p.n_spins)
    starts: list[Spins] = [
        IsingModel(p.n_spins, J=p.J[index]).sample(p.n_flow_samples, method="exact", seed=seeds[3]),
        np.ones(shape, dtype=np.int8),
        to_spins(np.random.default_rng(seeds[3]).integers(2, size=shape)),
    ]
    every = max(1, p.n_flow_steps // 40)
    return {
        name: rbm_flow(stack.rbms_[0], spins, p.n_flow_steps, measure_every=every, seed=seed, progress=True)
        for name, spins, seed in zip(_STARTS, starts, seeds[:3], strict=True)
    }


def _as_results(J: float, by_start: dict[str, RBMFlow]) -> dict[str, Any]:
    names = ("step", "J", "J_stderr", "J_pseudolikelihood", "J_pseudolikelihood_stderr")
    starts = {
        start: {name: [_finite(x) for x in getattr(flow, name).tolist()] for name in names}
        for start, flow in by_start.items()
    }
    return {"J": J, "starts": starts}


def _finite(x: float) -> float:
    return x if math.isfinite(x) else math.nan  # JSON knows neither


def _draw(p: FlowParameters, flows: list[dict[str, Any]], gibbs: list[dict[str, RBMFlow]], folder: RunFolder) -> None:
    learned = [[(layer["J"], layer["J_stderr"]) for layer in flow["layers"]] for flow in flows]
    folder.save_figure(flow_plots.plot_coupling_flow(p.J, learned), "flow.png")
    folder.save_figure(flow_plots.plot_rbm_flow(p.J, gibbs), "rbm_flow.png")


def _tables(flows: list[dict[str, Any]]) -> Sequence[Table | str]:
    table = Table(title="The flow of the coupling: exact decimation, and a stack of RBMs", title_justify="left")
    for column in ("start", "step", "exact", "learned", "off by", "in s.e.", "a", "nearest", "sites"):
        table.add_column(column, justify="right")
    for flow in flows:
        for layer in flow["layers"]:
            table.add_row(f"{flow['J']:g}", str(layer["step"]), f"{layer['exact']:.4f}", *_columns(layer))
        table.add_section()
    return (
        table,
        "learned: from the decay of C along the ring of hidden spins; – where the signal is too weak\n"
        "a: amplitude of C; nearest: C of adjacent units\n"
        "sites: distinct dominant sites of the composed filters, of units",
    )


def _columns(layer: dict[str, Any]) -> list[str]:
    J, stderr, exact = layer["J"], layer["J_stderr"], layer["exact"]
    sites = f"{layer['unique_sites']}/{layer['n_hidden']}"
    nearest = with_error(layer["nearest"], layer["nearest_stderr"])
    if math.isnan(J):
        return ["–", "–", "–", "–", nearest, sites]
    off = f"{J / exact - 1:+.1%}", f"{(J - exact) / stderr:+.1f}"
    return [with_error(J, stderr), *off, f"{layer['amplitude']:.3f}", nearest, sites]
