"""Chains of springs: which renormalization machines learn of a harmonic chain, and of a bistable one.

The harmonic part is exact and takes no samples. Trainings on bistable chains are side by side, and each is kept as soon
as it is there.
"""

import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from rgrbm.experiments.experiment import Report, experiment
from rgrbm.experiments.mechanics_parameters import MechanicsParameters
from rgrbm.experiments.options import stream
from rgrbm.experiments.results_table import ResultsTable
from rgrbm.experiments.run_folder import RunFolder
from rgrbm.experiments.side_by_side import parts_side_by_side
from rgrbm.mechanics.bistable import BistableChain
from rgrbm.mechanics.harmonic import HarmonicLattice
from rgrbm.plots.mechanics import plot_bistable, plot_chains, plot_spring_flow, plot_springs
from rgrbm.rbm.gaussian import GaussianRBM
from rgrbm.rg.decimation import decimate
from rgrbm.rg.hidden_ring import hidden_correlation
from rgrbm.rg.linear_rbm import LinearRBM, fit_linear_rbm, principal_angles, principal_divergence
from rgrbm.spins.values import to_binary, to_spins
from rgrbm.statistics.notation import with_error

_COPIES = 1e3  # times the others' stiffness: a site that hidden units copy
_SHOWN_SITES = 64
_CURVE = 41
_SPRINGS = (
    "Two machines. Learned stiffness of the sites given the hidden units; the part of each wave's variance that hidden "
    "units explain; stiffness of waves before and after."
)
_FLOW = "The flow of the springs. Exact decimation of the harmonic chain: stiffnesses, and the rapidity, which doubles."
_BISTABLE = (
    "The bistable chain. Coupling of hidden units beside the exact one, and the likelihood that one bit for two sites "
    "leaves out."
)
_CHAINS = "A bistable chain before and after. A configuration, and the mean displacements that its hidden units imply."


@experiment("rgrbm.mechanics/1", writes=("springs.png", "flow.png", "bistable.png", "chains.png"))
def run_mechanics(p: MechanicsParameters, folder: RunFolder, console: Console) -> Report:
    """Learn the renormalization of chains of springs, harmonic and bistable, and compare it with the exact one."""
    chain = HarmonicLattice(p.n_sites, p.stiffness, p.on_site)
    harmonic = folder.part("harmonic", lambda: _harmonic(p, chain))
    tasks = list(itertools.product(p.kappa, range(p.n_seeds)))
    arguments = {_name(*task): (p, *task) for task in tasks}
    done = parts_side_by_side(folder, _learned, arguments, "training", "RBMs", n_jobs=p.n_jobs)
    results = {"harmonic": harmonic, "bistable": list(done.values()), "exact": _exact_curve(p)}
    folder.save_figure(plot_springs(harmonic), "springs.png", _SPRINGS)
    folder.save_figure(plot_spring_flow(harmonic["flow"]), "flow.png", _FLOW)
    folder.save_figure(plot_bistable(results), "bistable.png", _BISTABLE)
    folder.save_figure(plot_chains(results), "chains.png", _CHAINS)
    return results, tables(results)


def _name(kappa: float, seed: int) -> str:
    return f"kappa{kappa!r}-{seed}"


def _harmonic(p: MechanicsParameters, chain: HarmonicLattice) -> dict[str, Any]:
    data, m = chain.covariance(), p.n_sites // 2
    generator = stream(p, 0)
    machines = {
        "equal": fit_linear_rbm(data, m, seed=generator),
        "own": fit_linear_rbm(data, m, equal_stiffness=False, seed=generator),
    }
    # The softest waves come in pairs: of the last one, the machine keeps any part, and so its space lies in m + 1.
    stiffness, modes = np.linalg.eigh(chain.precision())
    softest = modes[:, stiffness < stiffness[m - 1] * (1 + 1e-9)]
    flow, now = [], chain
    for step in range(p.n_steps + 1):
        values = {"stiffness": now.stiffness, "on_site": now.on_site, "rapidity": now.rapidity}
        flow.append({"step": step, "n_sites": now.n_sites, **values, "free_energy": -now.log_z()})
        if step < p.n_steps:
            now = now.decimate().chain
    k = 2 * np.pi * np.arange(p.n_sites // 2 + 1) / p.n_sites
    return {
        "divergence": {name: rbm.divergence(data) for name, rbm in machines.items()}
        | {"closed_form": principal_divergence(data, m)},
        "visible_stiffness": {name: rbm.visible_stiffness.tolist() for name, rbm in machines.items()},
        "held": chain.on_site + 2 * chain.stiffness,
        "largest_angle": float(principal_angles(machines["equal"].weights, softest).max()),
        "k": k.tolist(),
        "explained": {name: _explained(rbm, k).tolist() for name, rbm in machines.items()},
        "frequencies": _frequencies(chain, machines, k),
        "error": _errors(chain, machines),
        "flow": flow,
    }


def _waves(k: np.ndarray[Any, Any], n: int) -> np.ndarray[Any, Any]:
    return np.asarray(np.exp(1j * np.outer(k, np.arange(n))) / np.sqrt(n))


def _explained(rbm: LinearRBM, k: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Of each wave's variance in the machine, the part that is gone once its hidden units are given."""
    waves = _waves(k, len(rbm.visible_stiffness))
    variance = np.einsum("ki,ij,kj->k", waves.conj(), np.linalg.inv(rbm.visible_precision), waves).real
    return np.asarray(1 - np.abs(waves) ** 2 @ (1 / rbm.visible_stiffness) / variance)


def _frequencies(chain: HarmonicLattice, machines: dict[str, LinearRBM], k: np.ndarray[Any, Any]) -> dict[str, Any]:
    """Square roots of the stiffness of waves: the chain's, the decimated one's, those kept, and of copies of sites."""
    n, m = chain.n_sites, chain.n_sites // 2
    coarse = chain.decimate().chain
    own = machines["own"]
    falling = np.argsort(-own.visible_stiffness)
    sites, learned = np.sort(falling[:m]), None
    if own.visible_stiffness[falling[m - 1]] > _COPIES * own.visible_stiffness[falling[m]]:
        back = np.linalg.inv(own.weights[sites] / own.visible_stiffness[sites, None])
        precision = back.T @ own.hidden_precision @ back
        waves = _waves(2 * k[: m // 2 + 1], m)
        learned = np.sqrt(np.einsum("ki,ij,kj->k", waves.conj(), precision, waves).real).tolist()
    kept = np.sqrt(np.linalg.eigvalsh(machines["equal"].visible_precision)[:m])
    return {
        "fine": np.sqrt(chain.stiffness_of_modes()[: n // 2 + 1]).tolist(),
        "decimated": np.sqrt(coarse.stiffness_of_modes()[: m // 2 + 1]).tolist(),
        "hidden_own": learned,
        "kept_equal": kept.tolist(),
    }


def _errors(chain: HarmonicLattice, machines: dict[str, LinearRBM]) -> dict[str, float]:
    """Root mean squared errors of a site between two known ones, and of all sites given hidden units as drawn."""
    c = chain.correlation()

    def between(weight: float) -> float:
        return math.sqrt(c[0] - 4 * weight * c[1] + 2 * weight**2 * (c[0] + c[2 % chain.n_sites]))

    exact = chain.stiffness / (chain.on_site + 2 * chain.stiffness)
    of_machines = {name: math.sqrt(np.mean(1 / rbm.visible_stiffness)) for name, rbm in machines.items()}
    return {"linear_interpolation": between(0.5), "conditional_mean": between(exact), **of_machines}


def _learned(p: MechanicsParameters, kappa: float, seed: int) -> dict[str, Any]:
    """Train one RBM on exact samples of a bistable chain and read the coupling of its hidden units."""
    chain = BistableChain(p.n_sites, p.barrier, kappa)
    word = int(np.array([kappa]).view(np.uint32)[1])
    sequence = stream(p, 1, word, seed)
    of_samples, of_test, of_training, of_hidden = sequence.spawn(4)
    u, test = chain.sample(p.n_samples, of_samples), chain.sample(max(200, p.n_samples // 10), of_test)
    rbm = GaussianRBM(
        p.n_sites // 2, learning_rate=p.learning_rate, n_iter=p.n_epochs, batch_size=100,
        random_state=int(of_training.generate_state(1)[0]),
    ).fit(u)  # fmt: skip
    hidden = to_spins(rbm.sample_hidden(u, seed=of_hidden))
    measured = hidden_correlation(hidden, rbm.weights_)
    couplings = np.abs(rbm.weights_.T @ (rbm.weights_ / rbm.variance_[:, None]))[np.triu_indices(p.n_sites // 2, 1)] / 4
    return {
        "kappa": kappa,
        "seed": seed,
        "J_eff": chain.J_eff,
        "J_exact": decimate(chain.J_eff).J,
        "J": measured.J,
        "J_stderr": measured.J_stderr,
        "reason": measured.reason,
        "n_unique": measured.n_unique,
        "machine_coupling": float(np.sort(couplings)[-(p.n_sites // 2) :].mean()),
        "log_likelihood": float(np.mean(rbm.score_samples(test))) / p.n_sites,
        "log_likelihood_exact": float(np.mean(chain.log_density(test))) / p.n_sites,
        "error": _errors_of_reconstruction(chain, rbm, test, of_hidden),
        "chain": u[0, :_SHOWN_SITES].tolist(),
        "implied": rbm.inverse_transform(to_binary(hidden[:1]))[0, :_SHOWN_SITES].tolist(),
    }


def _errors_of_reconstruction(
    chain: BistableChain, rbm: GaussianRBM, u: np.ndarray[Any, Any], seed: np.random.SeedSequence
) -> dict[str, float]:
    """Root mean squared errors over all sites, given the even ones, which have none, or one bit for two sites."""

    def rms(x: np.ndarray[Any, Any]) -> float:
        return float(np.sqrt(np.mean(x**2)))

    left, right = u[:, 0::2], np.roll(u[:, 0::2], -1, axis=1)
    bits = rbm.sample_hidden(u, seed=seed)
    return {
        "linear_interpolation": rms(u[:, 1::2] - (left + right) / 2) / math.sqrt(2),
        "conditional_mean": rms(u[:, 1::2] - chain.mean_between(left, right)) / math.sqrt(2),
        "bits": rms(u - rbm.inverse_transform(bits)),
        "nothing": rms(u),
    }


def _exact_curve(p: MechanicsParameters) -> dict[str, Any]:
    low, high = min(p.kappa), max(p.kappa)
    grid = np.geomspace(0.5 * low, 1.5 * high, _CURVE)
    chains = [BistableChain(p.n_sites, p.barrier, float(kappa)) for kappa in grid]
    return {"kappa": grid.tolist(), "J_renormalized": [decimate(chain.J_eff).J for chain in chains]}


def tables(results: dict[str, Any]) -> Sequence[Table | str]:
    """Tables and lines of text that show the results, as measured or as read from their file."""
    harmonic = results["harmonic"]
    divergence, error = harmonic["divergence"], harmonic["error"]
    machines = ResultsTable("The harmonic chain", ("machine", "divergence, nats", "closed form", "rms error"))
    machines.add_row("equal stiffness", f"{divergence['equal']:.4g}", f"{divergence['closed_form']:.4g}",
                     f"{error['equal']:.3f}")  # fmt: skip
    machines.add_row("one for each site", f"{divergence['own']:.1e}", "0 (decimation)", f"{error['own']:.3f}")
    flow = ResultsTable("Its exact decimation", ("step", "sites", "stiffness", "on site", "rapidity", "free energy"))
    for row in harmonic["flow"]:
        numbers = (f"{row[name]:.5g}" for name in ("stiffness", "on_site", "rapidity", "free_energy"))
        flow.add_row(str(row["step"]), str(row["n_sites"]), *numbers)
    bistable = ResultsTable(
        "The bistable chain", ("κ", "seed", "J′ hidden", "J′ exact", "ln p/site", "exact"), expendable=("seed",)
    )
    errors = ResultsTable("Its displacements, rms error", ("κ", "none known", "bits", "linear", "exact mean"))
    for kappa in sorted({row["kappa"] for row in results["bistable"]}):
        rows = [row["error"] for row in results["bistable"] if row["kappa"] == kappa]
        names = ("nothing", "bits", "linear_interpolation", "conditional_mean")
        errors.add_row(f"{kappa:g}", *(f"{np.mean([row[name] for row in rows]):.3f}" for name in names))
    reasons = []
    for row in results["bistable"]:
        known = row["J"] is not None and not math.isnan(row["J"])
        if not known:
            reasons.append(f"κ = {row['kappa']:g}, seed {row['seed']}: no J′: {row['reason']}")
        J = with_error(row["J"], row["J_stderr"]) if known else "unknown"
        likelihoods = (f"{row[name]:.3f}" for name in ("log_likelihood", "log_likelihood_exact"))
        bistable.add_row(f"{row['kappa']:g}", str(row["seed"]), J, f"{row['J_exact']:.4f}", *likelihoods)
    between = (
        f"a site between two known ones: rms error {error['linear_interpolation']:.3f} by linear interpolation, "
        f"{error['conditional_mean']:.3f} by the exact conditional mean"
    )
    legend = (
        "over all sites; bits: from the hidden units, one bit for two sites; linear, exact mean: every other site is "
        "known, and those between follow by interpolation and by the exact conditional mean"
    )
    return [machines, between, flow, bistable, *reasons, errors, legend]
