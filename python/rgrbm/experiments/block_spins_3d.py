"""Block spins of the critical cubic lattice: scanned, learned, and measured on the same samples."""

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np

from rgrbm._support.streams import Seed
from rgrbm.experiments.ising_3d_parameters import WORD, Ising3DParameters
from rgrbm.experiments.options import stream
from rgrbm.experiments.run_folder import RunFolder
from rgrbm.experiments.spin_words import CHAINS, words_of
from rgrbm.mcrg.block_kernels import BlockKernel, MajorityKernel
from rgrbm.mcrg.block_weight import likeliest_block_weight
from rgrbm.mcrg.convolution_kernel import ConvolutionKernel
from rgrbm.mcrg.corrections import CommonExponent, common_exponent
from rgrbm.mcrg.enumerated_operators import default_operators
from rgrbm.mcrg.hamiltonian_fit import NoFiniteHamiltonianError, fit_hamiltonian
from rgrbm.mcrg.mcrg_result import Sector
from rgrbm.mcrg.monte_carlo_rg import MCRGAccumulator
from rgrbm.mcrg.mutual_information import count_surroundings, most_informative_kernel
from rgrbm.mcrg.spin_operators import pack
from rgrbm.mcrg.torus import Torus
from rgrbm.rbm import masks
from rgrbm.rbm.bernoulli import BernoulliRBM
from rgrbm.spins.cluster_sampler import ClusterSampler
from rgrbm.spins.lattice import Lattice
from rgrbm.spins.values import Spins, to_binary

J_C = 0.221654626  # A. M. Ferrenberg, J. Xu & D. P. Landau, Phys. Rev. E 97, 043301 (2018)
SECTORS: dict[str, Sector] = {"y_t": "even", "y_h": "odd"}
_SPACING, _BURN_IN = 2, 40  # sweeps of Wolff's clusters; τ_int of the energy is 1.3 to 1.7
_TRAIN, _MEASURE, _FIT, _BLOCK, _INFORM = 1, 2, 3, 4, 5  # purposes of random streams
_FEW, _FEWER_BEFORE = 6, 8  # even operators of fitted Hamiltonians; part of the samples before the first step
_SITES_AT_ONCE = 2**27


def words(side: int, n_samples: int, seed: Seed, what: str = "") -> Iterator[Spins]:
    """Configurations at J_c by Wolff's clusters, 512 at a time, chain after chain; a progress bar if they are named."""
    sampler = ClusterSampler(Lattice((side,) * 3), J_C, method="wolff", n_chains=CHAINS, seed=seed)
    sampler.calibrate()
    sampler.sweep(_BURN_IN)
    yield from words_of(sampler, n_samples, _SPACING, what)


def equal_weights(w: float) -> ConvolutionKernel:
    """The block spin p(h | v) ∝ exp(w h Σv) of 2 × 2 × 2 spins."""
    return ConvolutionKernel(np.full((2, 2, 2), w), 2)


def learn(p: Ising3DParameters, gradient: str, width: int, seed: int, folder: RunFolder) -> dict[str, Any]:
    """The window of one RBM, trained on samples of its own, and the likeliest weight of its blocks."""
    spins = np.concatenate(list(words(p.train_side, p.n_train, stream(p, _TRAIN, seed))))
    shape = (p.train_side,) * 3
    mask = masks.lattice(shape, width, 2, shared=True)
    rbm = BernoulliRBM(
        mask.shape[1], mask=mask, symmetric=True, gradient=gradient,  # type: ignore[arg-type]  # one of the choices
        n_iter=p.n_epochs, batch_size=128, learning_rate=p.learning_rate, learning_rate_schedule="cosine",
        momentum=0.9, weight_scale=0.1, random_state=stream(p, _TRAIN, seed, width),
    )  # fmt: skip
    rbm.fit(to_binary(spins).reshape(len(spins), -1))
    window = ConvolutionKernel.from_rbm(rbm, shape, width, 2).weights
    likeliest = likeliest_block_weight(spins, 2) if width == 2 else None
    return {"weights": window.tolist(), "likeliest": likeliest and list(likeliest)}


def inform(p: Ising3DParameters) -> dict[str, Any]:
    """The rule of 2 × 2 × 2 spins with the most information about the surroundings, with the lattice's symmetry."""
    spins = np.concatenate(list(words(p.train_side, p.n_train, stream(p, _INFORM))))
    counts = count_surroundings(spins, 2)
    best = most_informative_kernel(counts, lattice_symmetric=True, seed=p.seed)
    majority = counts.information_of(MajorityKernel(2))
    return {
        "weights": best.kernel.weights.tolist(), "information": best.information, "majority": majority,
        "all": counts.information,
    }  # fmt: skip


def measure(p: Ising3DParameters, side: int, kernels: dict[str, BlockKernel]) -> dict[str, Any]:
    """y_T and y_h of each kernel after each step, and what all weights of the scan lead to."""
    shape = (side,) * 3
    accumulators = {name: MCRGAccumulator(kernel, shape, seed=stream(p, _BLOCK)) for name, kernel in kernels.items()}
    likeliest = None
    for spins in _several(words(side, p.n_of_side(side), stream(p, _MEASURE, side), f"exponents on {side}³"), side):
        if likeliest is None:
            likeliest = list(likeliest_block_weight(spins, 2))
        packed = pack(spins, Torus(shape))
        sums = next(iter(accumulators.values())).sums_of_samples(packed)
        for accumulator in accumulators.values():
            accumulator.add_packed(packed, sums)
    steps = range(1, next(iter(accumulators.values())).levels + 1)
    exponents: dict[str, Any] = {}
    for name, accumulator in accumulators.items():
        result = accumulator.result()
        exponents[name] = {"y_t": [list(result.y_t(k)) for k in steps], "y_h": [list(result.y_h(k)) for k in steps]}
    scanned = {w: accumulators[scan_name(w)] for w in p.weight}
    common = {which: _common(scanned, which, exponents) for which in SECTORS}
    return {
        "side": side, "n_samples": p.n_of_side(side), "likeliest": likeliest, "exponents": exponents, "common": common,
    }  # fmt: skip


def _several(of_words: Iterator[Spins], side: int) -> Iterator[Spins]:
    """Some words at a time, as each is blocked by one thread: two of the largest lattices."""
    n = max(2, _SITES_AT_ONCE // (WORD * side**3))
    while parts := list(itertools.islice(of_words, n)):
        yield np.concatenate(parts)


def scan_name(w: float) -> str:
    """What results call the block spin of this weight."""
    return f"w = {w:g}"


def _common(scanned: dict[float, MCRGAccumulator], which: str, exponents: dict[str, Any]) -> list[dict[str, Any]]:
    """For each pair of steps what all weights have in common, and which weight has no correction."""
    weights = np.array(list(scanned))
    y = np.array([[pair[0] for pair in exponents[scan_name(w)][which]] for w in scanned])
    replicas = [
        np.stack([a.replicas(SECTORS[which], k + 1) for a in scanned.values()], axis=1) for k in range(len(y[0]))
    ]
    entries = []
    for k in range(len(replicas) - 1):
        fit = common_exponent(y[:, k], y[:, k + 1], (replicas[k], replicas[k + 1]))
        entries.append(_entry(k + 1, fit, weights, y[:, k], y[:, k + 1]))
    return entries


def _entry(k: int, fit: CommonExponent, weights: Any, before: Any, after: Any) -> dict[str, Any]:
    """The fit, and the weight of which the exponent does not change from step k to the next, with that exponent."""
    drift = after - before
    best = exponent = None
    for i in range(len(weights) - 1):
        if drift[i] * drift[i + 1] <= 0 and drift[i] != drift[i + 1]:
            part = drift[i] / (drift[i] - drift[i + 1])
            best = float(weights[i] + part * (weights[i + 1] - weights[i]))
            exponent = float(after[i] + part * (after[i + 1] - after[i]))
    return {
        "step": k, "y": list(fit.y), "omega": list(fit.omega), "slope": list(fit.slope), "residual": fit.residual,
        "steady_weight": best, "steady_y": exponent,
    }  # fmt: skip


def fit_couplings(p: Ising3DParameters, kernels: dict[str, BlockKernel]) -> dict[str, Any]:
    """The couplings after each step, and what part of the Hamiltonian is not of nearest neighbours."""
    side = min(p.side)
    start = np.concatenate(list(words(side, p.n_fitted, stream(p, _FIT), "couplings")))
    operators = [o for o in default_operators(3) if o.is_even][:_FEW]
    before = _fitted(start[: -(-len(start) // _FEWER_BEFORE)], operators)  # more sites, and the same for all kernels
    results = {}
    for name, kernel in kernels.items():
        spins, path = start, [before]
        for step in range(1, side.bit_length() - 3):
            spins = kernel.block(spins, seed=stream(p, _BLOCK, step))
            path.append(_fitted(spins, operators))
        results[name] = path
    return results


def _fitted(spins: Spins, operators: list[Any]) -> dict[str, Any] | None:
    try:
        fit = fit_hamiltonian(spins, operators)
    except NoFiniteHamiltonianError:
        return None
    return fit.to_dict() | {"not_nearest": list(fit.share("nearest"))}
