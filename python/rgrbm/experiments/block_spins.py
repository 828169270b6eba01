"""Block spins of the critical square lattice: made by several criteria, and measured on the same samples."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from rgrbm._support.streams import Seed
from rgrbm.experiments.ising_2d_parameters import LARGEST_ENUMERATED, Ising2DParameters
from rgrbm.experiments.options import stream
from rgrbm.experiments.run_folder import RunFolder
from rgrbm.experiments.spin_words import CHAINS, words_of
from rgrbm.mcrg.block_kernels import BlockKernel, DecimationKernel, MajorityKernel
from rgrbm.mcrg.convolution_kernel import ConvolutionKernel
from rgrbm.mcrg.hamiltonian_fit import NoFiniteHamiltonianError, fit_hamiltonian
from rgrbm.mcrg.kadanoff_kernel import optimal_block_kernel
from rgrbm.mcrg.mcrg_result import MCRGResult
from rgrbm.mcrg.monte_carlo_rg import MCRGAccumulator
from rgrbm.mcrg.mutual_information import count_surroundings, most_informative_kernel
from rgrbm.mcrg.spin_operators import EVEN_OPERATORS
from rgrbm.rbm import masks
from rgrbm.rbm.bernoulli import BernoulliRBM
from rgrbm.spins import exact
from rgrbm.spins.cluster_sampler import ClusterSampler
from rgrbm.spins.lattice import Lattice
from rgrbm.spins.values import Spins, to_binary

J_C = exact.CRITICAL_COUPLING
_SPACING, _BURN_IN = 5, 100  # sweeps
_MAX_WEIGHT = 8.0
_FLOWING = ("nearest", "diagonal")  # couplings
_PLAQUETTE = ("nearest", "diagonal", "plaquette")  # what fits into 2 × 2
_TRAIN, _MEASURE, _FIT, _FLOW, _BLOCK = 1, 2, 3, 4, 5  # purposes of random streams


def words(side: int, J: float, n_samples: int, seed: Seed, what: str = "") -> Iterator[Spins]:
    """Configurations by Swendsen and Wang's clusters, 512 at a time, with a progress bar if they are named."""
    sampler = ClusterSampler(Lattice((side, side)), J, method="swendsen_wang", n_chains=CHAINS, seed=seed)
    sampler.sweep(_BURN_IN)
    yield from words_of(sampler, n_samples, _SPACING, what)


def training_spins(p: Ising2DParameters) -> Spins:
    """What everything is learned from."""
    return np.concatenate(list(words(p.train_side, J_C, p.n_train, stream(p, _TRAIN))))


def learn_kernels(p: Ising2DParameters, spins: Spins, folder: RunFolder) -> dict[str, BlockKernel]:
    """A kernel for each criterion, and for each width where it has one."""
    kernels: dict[str, BlockKernel] = {}
    for criterion in p.criterion:
        if criterion == "majority":
            kernels["majority 2×2"] = MajorityKernel()
        elif criterion == "decimation":
            kernels["decimation"] = DecimationKernel()
        else:
            for width in p.width:
                if width > LARGEST_ENUMERATED and criterion in ("kadanoff", "information"):
                    continue
                name = f"{criterion} {width}×{width}"
                kernels[name] = _learn(p, criterion, width, spins, folder)
    return kernels


def _learn(p: Ising2DParameters, criterion: str, width: int, spins: Spins, folder: RunFolder) -> ConvolutionKernel:
    """One learned kernel; a resumed run reads it where it is kept."""

    def learned() -> dict[str, Any]:
        if criterion == "kadanoff":
            optimum = optimal_block_kernel((4, 4), J_C, width=width, max_weight=_MAX_WEIGHT, seed=p.seed)
            return {"weights": optimum.kernel.weights.tolist()}
        if criterion == "information":
            counts = count_surroundings(spins, width)
            return {"weights": most_informative_kernel(counts, seed=p.seed).kernel.weights.tolist()}
        rbm = shared_rbm(p, criterion, width)
        folder.fit(rbm, to_binary(spins).reshape(len(spins), -1), f"{criterion}-{width}")
        shape = (p.train_side, p.train_side)
        return {"weights": ConvolutionKernel.from_rbm(rbm, shape, width, 2).weights.tolist()}

    return ConvolutionKernel(folder.part(f"kernel-{criterion}-{width}", learned)["weights"], 2)


def shared_rbm(p: Ising2DParameters, gradient: str, width: int) -> BernoulliRBM:
    """An RBM of one window for all its hidden units, at every other site along each axis, without fields."""
    shape = (p.train_side, p.train_side)
    mask = masks.lattice(shape, width, 2, shared=True)
    return BernoulliRBM(
        n_components=mask.shape[1],
        mask=mask,
        symmetric=True,
        gradient=gradient,  # type: ignore[arg-type]  # one of the criteria
        n_iter=p.n_epochs,
        batch_size=min(p.batch_size, p.n_train),
        learning_rate=p.learning_rate,
        learning_rate_schedule="cosine",
        momentum=0.9,
        weight_scale=0.1,
        random_state=stream(p, _TRAIN, width),
    )


def measure_exponents(p: Ising2DParameters, kernels: dict[str, BlockKernel]) -> dict[str, Any]:
    """y_T and y_h of each kernel after each step, all from the same samples."""
    accumulators = {
        name: MCRGAccumulator(kernel, (p.side, p.side), levels=p.n_steps, seed=stream(p, _BLOCK))
        for name, kernel in kernels.items()
    }
    for word in words(p.side, J_C, p.n_measured, stream(p, _MEASURE), "exponents"):
        for accumulator in accumulators.values():
            accumulator.add(word)
    return {name: _exponents(accumulator.result(), p.n_steps) for name, accumulator in accumulators.items()}


def _exponents(result: MCRGResult, n_steps: int) -> dict[str, Any]:
    steps = range(1, n_steps + 1)
    return {"y_t": [list(result.y_t(step)) for step in steps], "y_h": [list(result.y_h(step)) for step in steps]}


def fit_couplings(p: Ising2DParameters, kernels: dict[str, BlockKernel]) -> dict[str, Any]:
    """The couplings of the block spins after one step, and what part of them is not short-ranged."""
    spins = np.concatenate(list(words(p.side // 2, J_C, p.n_fitted, stream(p, _FIT), "couplings")))
    results = {}
    for name, kernel in kernels.items():
        fit = fit_hamiltonian(kernel.block(spins, seed=stream(p, _BLOCK)))
        beyond = {"not_nearest": list(fit.share("nearest")), "beyond_plaquette": list(fit.share(*_PLAQUETTE))}
        results[name] = fit.to_dict() | beyond
    return results


def flow_from(p: Ising2DParameters, ratio: float, kernels: dict[str, BlockKernel]) -> dict[str, Any]:
    """Nearest and diagonal couplings before and after each step, of samples at a coupling near J_c."""
    purpose = stream(p, _FLOW, p.around.index(ratio))
    start = np.concatenate(list(words(p.side, ratio * J_C, p.n_flow, purpose, f"J = {ratio:g} J_c")))
    before = _flowing(start)
    paths = {}
    for name, kernel in kernels.items():
        spins, path = start, [before]
        for step in range(p.n_steps):
            spins = kernel.block(spins, seed=stream(p, _BLOCK, step))
            path.append(_flowing(spins))
        paths[name] = {operator: [point[operator] for point in path] for operator in _FLOWING}
    return {"ratio": ratio, "paths": paths}


def _flowing(spins: npt.NDArray[np.int8]) -> dict[str, list[float]]:
    """(K, its error) of both; NaN where the spins are all but frozen and no finite couplings fit."""
    try:
        fit = fit_hamiltonian(spins, EVEN_OPERATORS[:4])
    except NoFiniteHamiltonianError:
        return {operator: [math.nan, math.nan] for operator in _FLOWING}
    return {operator: list(fit.coupling(operator)) for operator in _FLOWING}
