"""Torlai and Melko 2016: energy, heat capacity, |m| and χ of RBMs trained on 8 × 8 spins, beside the exact ones.

G. Torlai, R. G. Melko, *Learning thermodynamics with Boltzmann machines*, Phys. Rev. B 94, 165134 (2016),
arXiv:1606.02718.
"""

import functools
import itertools
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from rgrbm.experiments.papers.paper import PaperRun, Row, compared
from rgrbm.plots.torlai2016 import plot_torlai2016
from rgrbm.rbm import BernoulliRBM
from rgrbm.spins import IsingModel, to_binary, to_spins
from rgrbm.spins.exact import torus_mean_energy_per_site, torus_specific_heat
from rgrbm.statistics import block_sums, jackknife_stderr, leave_one_out

L = 8
QUANTITIES = ("energy", "heat_capacity", "abs_magnetization", "susceptibility")
_NAMES = ("energy per spin", "heat capacity", "|m|", "susceptibility")
_CRITICAL = 2.269
_GOOD = 0.05  # deviation from the exact energy
_GRADIENTS = {"cd": "CD-1", "pcd": "PCD", "pt": "tempered chains"}
_CAPTION = (
    "Thermodynamics of RBMs on 8 × 8 spins. Above: trained by CD-1, as the paper does, with several numbers of hidden "
    "units. Below: the most hidden units with three gradients. Lines are exact."
)


class Sizes(NamedTuple):
    """Sizes of a run."""

    temperatures: tuple[float, ...]
    n_hidden: tuple[int, ...]
    n_samples: int
    n_epochs: int
    n_chains: int
    n_steps: int
    n_curve: int  # temperatures of the exact line


_T = (1.5, 1.9, 2.1, _CRITICAL, 2.45, 2.8, 3.4)
SIZES = {
    "quick": Sizes((1.6, _CRITICAL, 3.1), (4, 16, 64), 2000, 10, 500, 100, 9),
    "default": Sizes(_T, (4, 16, 64), 10_000, 80, 4000, 300, 31),
    "full": Sizes(tuple(np.arange(1.0, 3.6, 0.125).round(3).tolist()), (4, 16, 64), 100_000, 200, 20_000, 2000, 81),
}


def reproduce(run: PaperRun) -> dict[str, Any]:
    """Train RBMs at every temperature, by number of hidden units and gradient, and measure their samples."""
    size: Sizes = run.size_of(SIZES)
    tasks = list(itertools.product(range(len(size.temperatures)), size.n_hidden, _GRADIENTS))
    arguments = {_part(*task): (run.stream(0), size, *task) for task in tasks}
    # Starting workers takes longer than a quick run.
    done = run.parts(_trained, arguments, "training", "RBMs", in_one_process=run.parameters.quick)
    results = {
        "title": f"RBMs on {L} × {L} spins",
        "sizes": size._asdict() | {"temperatures": list(size.temperatures), "n_hidden": list(size.n_hidden)},
        "machines": list(done.values()),
        "exact": exact_curves(np.array(size.temperatures)),
        "curve": exact_curves(np.linspace(min(size.temperatures) - 0.1, max(size.temperatures) + 0.1, size.n_curve)),
    }
    run.save_figure(plot_torlai2016(results), _CAPTION)
    return results | {"comparison": _comparison(results), "remarks": _remarks(results)}


def _part(temperature: int, n_hidden: int, gradient: str) -> str:
    return f"T{temperature}-{n_hidden}-{gradient}"


def _trained(
    sequence: np.random.SeedSequence, size: Sizes, number: int, n_hidden: int, gradient: Any
) -> dict[str, Any]:
    """Train one RBM on samples of one temperature, the same for all machines there, and measure its own samples."""
    T = size.temperatures[number]
    of_data, of_training, of_chains = np.random.SeedSequence(
        sequence.entropy, spawn_key=(*sequence.spawn_key, number)
    ).spawn(3)
    X = to_binary(IsingModel((L, L), T=T).sample(size.n_samples, seed=of_data)).reshape(size.n_samples, -1)
    rbm = BernoulliRBM(
        n_hidden, gradient=gradient, learning_rate=0.1, learning_rate_schedule="linear", batch_size=100,
        n_iter=size.n_epochs, dtype="float32", random_state=int(of_training.generate_state(1)[0]),
    ).fit(X)  # fmt: skip
    start = X[np.arange(size.n_chains) % len(X)]  # in both phases, where chains cannot pass from one to the other
    v = rbm.sample(size.n_chains, n_steps=size.n_steps, start=start, seed=of_chains)
    values = measured(to_spins(v).reshape(-1, L, L), T)
    return {"T": T, "n_hidden": n_hidden, "gradient": gradient, **values}


def measured(spins: npt.NDArray[np.int8], T: float) -> dict[str, list[float]]:
    """Energy, heat capacity, |m| and susceptibility per spin, of independent configurations: [value, error]."""
    model = IsingModel((L, L), J=1.0)
    energy, m = model.energy(spins), np.abs(model.magnetization(spins))
    sums = block_sums(np.stack([np.ones(len(m)), energy, energy**2, m, m**2], axis=1))

    def of(sums: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        n, e, e2, a, a2 = np.moveaxis(sums, -1, 0)
        heat = (e2 / n - (e / n) ** 2) / (T**2 * L**2)
        return np.stack([e / n / L**2, heat, a / n, L**2 * (a2 / n - (a / n) ** 2) / T], axis=-1)

    values, errors = of(sums.sum(axis=0)), jackknife_stderr(of(leave_one_out(sums)))
    return {name: [float(x), float(error)] for name, x, error in zip(QUANTITIES, values, errors, strict=True)}


def exact_curves(temperatures: npt.NDArray[np.float64]) -> dict[str, list[float]]:
    """The exact values on the torus, in units of the coupling: Kaufman's formula, and the transfer matrix for |m|."""
    K = 1 / temperatures
    energy = np.asarray(torus_mean_energy_per_site(K, L, L)) * temperatures
    moments = np.array([_magnetization_moments(float(x)) for x in K])
    chi = L**2 * (moments[:, 1] - moments[:, 0] ** 2) / temperatures
    heat = np.asarray(torus_specific_heat(K, L, L))
    columns = (temperatures, energy, heat, moments[:, 0], chi)
    return {name: column.tolist() for name, column in zip(("T", *QUANTITIES), columns, strict=True)}


def _magnetization_moments(K: float) -> tuple[float, float]:
    """⟨|m|⟩ and ⟨m²⟩ on the torus: Z in an imaginary field is the Fourier transform of the distribution of M."""
    n = L**2
    rows = 1 - 2 * ((np.arange(2**L)[:, None] >> np.arange(L)) & 1)
    within = (rows * np.roll(rows, 1, axis=1)).sum(axis=1)
    exponent = K * (rows @ rows.T + (within[:, None] + within) / 2)
    transfer = np.exp(exponent - exponent.max())
    angles, M = 2 * np.pi * np.arange(n + 1) / (n + 1), np.arange(-n, n + 1, 2)
    half = np.zeros(n // 2 + 1)  # Z is even in the angle
    for weight, waves, half_m in _momentum_sectors():
        sector = (waves.conj().T @ (transfer @ waves)) * np.exp(1j * angles[: len(half), None, None] * half_m)
        fourth = np.linalg.matrix_power(sector, L // 2)
        half += weight * np.einsum("aij,aji->a", fourth, fourth).real
    Z = np.concatenate([half, half[:0:-1]])
    probability = np.cos(np.outer(M / 2, angles)) @ Z
    probability = probability / probability.sum()
    return float(probability @ np.abs(M)) / n, float(probability @ M**2) / n**2


@functools.cache
def _momentum_sectors() -> list[tuple[int, npt.NDArray[np.complex128], npt.NDArray[np.float64]]]:
    """Momenta k = 0 … L/2 of a row, which the transfer matrix does not mix: weight (2 for ± k), waves, their M/2."""
    size, sectors = 2**L, []
    shifted = ((np.arange(size) << 1) & (size - 1)) | (np.arange(size) >> (L - 1))
    for momentum in range(L // 2 + 1):
        wave, translated = np.zeros((size, size), dtype=complex), np.arange(size)
        for step in range(L):
            wave[translated, np.arange(size)] += np.exp(2j * np.pi * momentum * step / L)
            translated = shifted[translated]
        orbit = np.array([_orbit(state, shifted) for state in range(size)])
        own = np.flatnonzero((orbit == np.arange(size)) & (np.linalg.norm(wave, axis=0) > 1e-9))
        up = np.array([state.bit_count() for state in own.tolist()])
        alike = 1 if momentum in (0, L // 2) else 2
        sectors.append((alike, wave[:, own] / np.linalg.norm(wave[:, own], axis=0), L / 2 - up))
    return sectors


def _orbit(state: int, shifted: npt.NDArray[np.int64]) -> int:
    """The least of the states that are translations of this one."""
    states = [state]
    for _ in range(L - 1):
        states.append(int(shifted[states[-1]]))
    return min(states)


def _comparison(results: dict[str, Any]) -> list[Row]:
    """The temperature next to the critical one, where the paper needs the most hidden units."""
    temperatures = results["exact"]["T"]
    at = min(range(len(temperatures)), key=lambda i: abs(temperatures[i] - _CRITICAL))
    rows = []
    for quantity, name in zip(QUANTITIES, _NAMES, strict=True):
        exact = results["exact"][quantity][at]
        for machine in results["machines"]:
            most = machine["n_hidden"] == max(results["sizes"]["n_hidden"])
            if machine["T"] == temperatures[at] and (most or machine["gradient"] == "cd"):
                label = f"{name}, {machine['n_hidden']} hidden, {_GRADIENTS[machine['gradient']]}"
                rows.append(compared(label, "as plotted", machine[quantity][0], machine[quantity][1], exact))
    return rows


def _deviation(results: dict[str, Any], machine: dict[str, Any], quantity: str = "heat_capacity") -> float:
    exact = results["exact"][quantity][results["exact"]["T"].index(machine["T"])]
    return float(machine[quantity][0] / exact - 1)


def _worst(results: dict[str, Any], n_hidden: int, gradient: str, quantity: str) -> tuple[float, float]:
    """The largest deviation of a quantity over the temperatures, and the temperature."""
    found = [(_deviation(results, machine, quantity), machine["T"]) for machine in results["machines"]
             if (machine["n_hidden"], machine["gradient"]) == (n_hidden, gradient)]  # fmt: skip
    return max(found, key=lambda pair: abs(pair[0]))


def _remarks(results: dict[str, Any]) -> list[str]:
    numbers = sorted(results["sizes"]["n_hidden"])
    temperatures, needed, least = results["exact"]["T"], [], []
    for T in temperatures:
        here = [m for m in results["machines"] if m["T"] == T and m["gradient"] == "cd"]
        good = [m["n_hidden"] for m in here if abs(_deviation(results, m, "energy")) < _GOOD]
        least.append(min(good, default=numbers[-1] + 1))
        needed.append(f"{min(good) if good else f'more than {numbers[-1]}'} at T = {T:g}")
    critical = least[min(range(len(least)), key=lambda i: abs(temperatures[i] - _CRITICAL))]
    more = [what for what, end in (("low", least[0]), ("high", least[-1])) if critical > end]
    gradients = []
    for gradient, name in _GRADIENTS.items():
        deviations = []
        for quantity, what in zip(QUANTITIES, _NAMES, strict=True):
            worst, T = _worst(results, numbers[-1], gradient, quantity)
            deviations.append(f"{what} {worst:+.0%} (T = {T:g})".replace("-", "−"))
        gradients.append(f"{name}: {', '.join(deviations)}")
    return [
        "That the number of hidden units needed grows towards the critical temperature holds here from "
        f"{' and from '.join(more) or 'neither low nor high'} temperatures. Units that CD-1 needs, "
        f"of {', '.join(map(str, numbers))}, for an energy within {_GOOD:.0%} of the exact one: {', '.join(needed)}.",
        f"Largest deviations with {numbers[-1]} hidden units, by gradient. {'. '.join(gradients)}.",
        "Units: the coupling is 1, heat capacity and susceptibility are per spin, χ = N (⟨m²⟩ − ⟨|m|⟩²)/T. Errors are "
        f"those of sampling one trained machine by {results['sizes']['n_chains']} independent chains; other trainings "
        "scatter more. The chains start from training samples, as below the transition few pass from one sign of m to "
        "the other.",
    ]
