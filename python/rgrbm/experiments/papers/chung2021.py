"""Chung and Kao: Neural Monte Carlo renormalization group.

Jui-Hui Chung, Ying-Jer Kao, "Neural Monte Carlo renormalization group", Phys. Rev. Research 3, 023230 (2021),
arXiv:2010.05703. The hidden layer of an RBM with one shared window is taken as the weight factor of a real-space
renormalization, and Swendsen's method gives the exponents of the Ising model after each step.
"""

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from rgrbm.experiments.block_spins import J_C, words
from rgrbm.experiments.papers.paper import PaperRun, Row, compared
from rgrbm.mcrg import EVEN_OPERATORS, ODD_OPERATORS, BlockKernel, ConvolutionKernel, MajorityKernel, MCRGAccumulator
from rgrbm.model import RBMParameters
from rgrbm.plots.chung2021 import plot_chung2021
from rgrbm.rbm import TrainingProgress, masks
from rgrbm.rbm.bernoulli import BernoulliRBM
from rgrbm.spins.values import Spins, to_binary
from rgrbm.statistics.notation import with_error

MAJORITY = "majority 2×2"
EXACT = {"y_t": 1.0, "y_h": 15 / 8}
_WIDTHS = (2, 8)
_STRIDE, _STEPS = 2, 3
_FEW = 2  # trainings that are done before other processes would have started
_TRAIN, _LEARN, _MEASURE, _BLOCK = range(4)  # purposes of random streams
_NOT_IN_PAPER = ("tee", "zigzag", "ell", "wide square", "six")
# The seven even operators of the authors' program (github.com/unixtomato/nmcrg), in its order.
OPERATORS = tuple(o for o in EVEN_OPERATORS if o.name not in _NOT_IN_PAPER)
_CAPTION = (
    "Exponents by Swendsen's method, against the number of operators, after each step. Lattice and windows are those "
    "of Chung and Kao; the windows were learned here. Error bars of windows hold the scatter between trainings."
)

Pair = list[float | None]  # a mean and its error


class Sizes(NamedTuple):
    """Sizes of one run."""

    train_side: int
    n_train: int
    learning_rate: float  # of Adam, for weights in ±1 units
    epochs: tuple[int, ...]  # after which the widest window is taken
    n_filters: int  # trainings of each width
    side: int  # of the lattice for exponents
    n_measured: int


# The authors' program has 10,000 samples of 32 × 32, windows of 8 × 8, CD-3, batches of 50, 100 epochs of Adam at a
# rate of 0.001, and ten sets of 10,000 new samples for the exponents; samples come here in words of 512.
SIZES = {
    "quick": Sizes(16, 1_024, 0.005, (10, 40), 1, 32, 5_120),
    "default": Sizes(32, 10_240, 0.001, (25, 100, 200), 2, 32, 51_200),
    "full": Sizes(32, 10_240, 0.001, (25, 100, 200, 400), 10, 32, 102_400),
}


def reproduce(run: PaperRun) -> dict[str, Any]:
    """Learn windows on critical samples, and measure the exponents that they give as block spins."""
    sizes: Sizes = run.size_of(SIZES)
    filters = _learned_filters(run, sizes)
    exponents = run.part("exponents", lambda: _exponents(run, sizes, filters))
    results = {
        "title": "Exponents at J_c, by learned block spins",
        "sizes": sizes._asdict(),
        "operators": [o.name for o in OPERATORS],
        "odd_operators": [o.name for o in ODD_OPERATORS],
        "filters": filters,
        "exponents": exponents,
    }
    run.save_figure(plot_chung2021(results), _CAPTION)
    return results | {"comparison": _comparison(exponents), "remarks": _remarks(sizes, exponents)}


def _learned_filters(run: PaperRun, sizes: Sizes) -> dict[str, list[list[list[float]]]]:
    """Windows in ±1 units, one of each training, by width and epochs; each training is kept as soon as it is done."""
    tasks = [(width, number) for number in range(sizes.n_filters) for width in _WIDTHS]
    arguments = {_part(*task): (run.stream(_TRAIN), run.stream(_LEARN, *task), task[0], sizes) for task in tasks}
    notes = {_part(*task): f"{task[0]}×{task[0]}" for task in tasks}
    done = run.parts(_learn, arguments, "learning", "windows", notes=notes, in_one_process=len(tasks) <= _FEW)
    names = {name: width for width in _WIDTHS for name in done[_part(width, 0)]}
    return {name: [done[_part(width, k)][name] for k in range(sizes.n_filters)] for name, width in names.items()}


def _part(width: int, number: int) -> str:
    return f"filter-{width}-{number}"


def _learn(
    samples: np.random.SeedSequence, seed: np.random.SeedSequence, width: int, sizes: Sizes
) -> dict[str, list[list[float]]]:
    """Train one RBM of a shared window without fields, as the paper did, and read the window after some epochs."""
    shape = (sizes.train_side, sizes.train_side)
    epochs = sizes.epochs if width == max(_WIDTHS) else sizes.epochs[:1]  # small windows are learned soon
    spins = np.concatenate(list(words(sizes.train_side, J_C, sizes.n_train, samples)))
    mask = masks.lattice(shape, width, _STRIDE, shared=True)
    windows: dict[str, list[list[float]]] = {}

    def read(progress: TrainingProgress) -> None:
        if progress.epoch in epochs:
            windows[_name(width, progress.epoch)] = _window(progress.weights, shape, width)

    rbm = BernoulliRBM(
        mask.shape[1], mask=mask, symmetric=True, k=3, n_iter=epochs[-1], batch_size=50, optimizer="adam",
        learning_rate=4 * sizes.learning_rate, weight_scale=1e-4, random_state=seed,
    )  # fmt: skip
    rbm.fit(to_binary(spins).reshape(len(spins), -1), callbacks=read)
    return windows


def _name(width: int, epochs: int) -> str:
    return f"{width}×{width}, {epochs} epochs"


def _window(weights: npt.NDArray[Any], shape: tuple[int, int], width: int) -> list[list[float]]:
    """The shared window. Its RBM is symmetric: intercepts follow from the weights, in float32 up to rounding only."""
    w = weights.astype(np.float64)
    exact = RBMParameters(w, -w.sum(axis=1) / 2, -w.sum(axis=0) / 2)
    kernel = ConvolutionKernel.from_rbm(exact, shape, width, _STRIDE)
    window: list[list[float]] = kernel.weights.tolist()
    return window


def _exponents(run: PaperRun, sizes: Sizes, filters: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    """y_T and y_h of all kernels after each step, for each number of operators, from the same samples."""
    kernels: dict[str, list[BlockKernel]] = {MAJORITY: [MajorityKernel()]}
    kernels |= {name: [ConvolutionKernel(np.array(w), _STRIDE) for w in every] for name, every in filters.items()}
    accumulators = {name: [_accumulator(run, sizes, kernel) for kernel in some] for name, some in kernels.items()}
    for spins in words(sizes.side, J_C, sizes.n_measured, run.stream(_MEASURE), "exponents"):
        _add(accumulators, spins)
    return {name: _of_kernels(some) for name, some in accumulators.items()}


def _accumulator(run: PaperRun, sizes: Sizes, kernel: BlockKernel) -> MCRGAccumulator:
    shape = (sizes.side, sizes.side)
    return MCRGAccumulator(kernel, shape, operators=OPERATORS + ODD_OPERATORS, levels=_STEPS, seed=run.stream(_BLOCK))


def _add(accumulators: Mapping[str, Sequence[MCRGAccumulator]], spins: Spins) -> None:
    for some in accumulators.values():
        for accumulator in some:
            accumulator.add(spins)


def _of_kernels(accumulators: Sequence[MCRGAccumulator]) -> dict[str, list[list[Pair]]]:
    """By step and number of operators, the mean over trainings and its error."""
    results = [accumulator.result() for accumulator in accumulators]
    steps = range(1, _STEPS + 1)
    numbers = {"y_t": range(1, len(OPERATORS) + 1), "y_h": range(1, len(ODD_OPERATORS) + 1)}
    return {
        which: [[_mean([getattr(r, which)(step, n) for r in results]) for n in numbers[which]] for step in steps]
        for which in numbers
    }


def _mean(estimates: Sequence[tuple[float, float]]) -> Pair:
    """The samples are the same for all trainings: their error does not fall with the number of these."""
    values, errors = np.transpose(estimates)
    scatter = values.std(ddof=1) / math.sqrt(len(values)) if len(values) > 1 else 0.0
    both = (float(values.mean()), math.hypot(float(errors.mean()), float(scatter)))
    return [x if math.isfinite(x) else None for x in both]


def _comparison(exponents: Mapping[str, Any]) -> list[Row]:
    rows = []
    for which, symbol in (("y_t", "y_T"), ("y_h", "y_h")):
        for name, of_kernel in exponents.items():
            for step, by_number in enumerate(of_kernel[which], start=1):
                mean, error = by_number[-1]
                here = "–" if mean is None else mean
                rows.append(compared(f"{symbol}, step {step}, {name}", _published(which, step, name), here, error,
                                     EXACT[which]))  # fmt: skip
    return rows


def _published(which: str, step: int, name: str) -> str:
    """The paper's figures and tables are not at hand; of its words only those on the first step are quoted."""
    return "“very accurate”" if (which, step, name) == ("y_t", 1, _name(8, 100)) else "not given"


def _remarks(sizes: Sizes, exponents: Mapping[str, Any]) -> list[str]:
    notes = (
        f"Windows of 8×8, CD-3, Adam, batches of 50 and the seven even operators are those of the authors' program, "
        f"which has 100 epochs; windows of 2×2, other epochs, y_h and majority are added. Trainings of each window: "
        f"{sizes.n_filters}, on {sizes.n_train:,} samples of {sizes.train_side}×{sizes.train_side}; "
        f"{sizes.n_measured:,} samples of {sizes.side}×{sizes.side} for exponents."
    )
    unknown = (
        "The paper's values of y_T by step and number of operators are not in its program; none is quoted. Errors do "
        "not cover few operators, nor the distance from the fixed point."
    )
    return [_first_step(sizes, exponents), _last_step(exponents), notes, unknown]


def _first_step(sizes: Sizes, exponents: Mapping[str, Any]) -> str:
    """Whether windows of 8 × 8 are near to y_T = 1 and y_h = 15/8 after one step, and what training does to that."""
    first = {name: of_kernel["y_t"][0][-1] for name, of_kernel in exponents.items()}
    every = "; ".join(f"{name}: {with_error(*pair)}" for name, pair in first.items())
    names = [_name(max(_WIDTHS), epochs) for epochs in sizes.epochs]
    y_t = [first[name] for name in names if None not in first[name]]
    near = sum(abs(y - 1) <= 2 * error for y, error in y_t)
    moves = ", ".join(f"{after[0] - before[0]:+.3f}" for before, after in itertools.pairwise(y_t))
    odd = {name: exponents[name]["y_h"][0][-1][0] for name in (MAJORITY, names[-1])}
    y_h = ", ".join(f"{100 * (y / EXACT['y_h'] - 1):+.2f}% ({name})" for name, y in odd.items() if y is not None)
    return (
        f"y_T after the first step: {every}. Windows of 8×8 are within two standard errors of 1 at {near} of "
        f"{len(names)} lengths of training. From one length ({', '.join(map(str, sizes.epochs))} epochs) to the next "
        f"y_T moves by {moves}. y_h after the first step deviates by {y_h}."
    )


def _last_step(exponents: Mapping[str, Any]) -> str:
    worst = {
        which: [
            max(abs(of_kernel[which][step][-1][0] / exact - 1) for of_kernel in exponents.values()
                if of_kernel[which][step][-1][0] is not None)
            for step in range(_STEPS)
        ]
        for which, exact in EXACT.items()
    }  # fmt: skip
    y_t, y_h = (", ".join(f"{100 * x:.2g}%" for x in worst[which]) for which in ("y_t", "y_h"))
    return f"The largest deviation of all kernels after steps 1, 2, 3 is {y_t} of y_T, and {y_h} of y_h."
