"""Iso, Shiba & Yokoo 2018: the flow v → h → v of an RBM that was trained at all temperatures.

S. Iso, S. Shiba & S. Yokoo, *Scale-invariant feature extraction of neural network and renormalization group flow*,
Phys. Rev. E 97, 053304 (2018), arXiv:1801.07172.
"""

import itertools
import math
from typing import Any, NamedTuple

import numpy as np

from rgrbm.experiments.options import stream
from rgrbm.experiments.papers.paper import PaperRun, Row, compared
from rgrbm.experiments.papers.thermometers import (
    T_by_diagonal,
    T_by_energy,
    diagonal_correlation,
    diagonal_curve,
    energy_per_site,
    energy_sd,
    mean_energy,
    temperatures_along,
)
from rgrbm.experiments.reproduce_parameters import ReproduceParameters
from rgrbm.plots.iso2018 import plot_iso2018
from rgrbm.rbm import BernoulliRBM
from rgrbm.rg import rbm_flow
from rgrbm.spins import IsingModel, Spins, to_binary
from rgrbm.spins.exact import CRITICAL_COUPLING
from rgrbm.statistics import mean_and_stderr
from rgrbm.statistics.notation import with_error

T_C = 1 / CRITICAL_COUPLING
_STEP_OF_T = 0.25
_DATA, _TRAIN, _FLOW, _CURVE = 1, 2, 3, 4  # purposes of random streams
_STARTS = ("T = 0", "T = ∞")


class Machine(NamedTuple):
    """An RBM: its training temperatures, its hidden units, and how it is trained."""

    name: str
    t_low: float
    t_high: float
    n_hidden: int = 64
    gradient: str = "cd"
    k: int = 1
    epochs: int = 1  # in units of those of the run

    @property
    def temperatures(self) -> list[float]:
        """Those of the training set, in steps of ¼."""
        return np.arange(self.t_low, self.t_high + _STEP_OF_T / 2, _STEP_OF_T).tolist()

    def n_epochs(self, of_run: int) -> int:
        """Epochs that make as many updates as those of a run at all temperatures."""
        return of_run * self.epochs * len(MACHINES[SHOWN].temperatures) // len(self.temperatures)


_ALL = (0.0, 6.0)
MACHINES = (
    Machine("all T, 16 hidden", *_ALL, 16),
    Machine("all T, 64 hidden", *_ALL),
    Machine("all T, 225 hidden", *_ALL, 225),
    Machine("all T, 64 hidden, 10 × epochs", *_ALL, epochs=10),
    Machine("all T, 64 hidden, CD-10", *_ALL, k=10, epochs=2),
    Machine("all T, 64 hidden, tempered", *_ALL, gradient="pt", epochs=3),
    Machine("T = 0 … 3", 0.0, 3.0),
    Machine("high T = 4 … 6", 4.0, 6.0),
    Machine("low T = 0", 0.0, 0.0),
)
SHOWN = 1  # the machine of the first panel


class Sizes(NamedTuple):
    """How much of everything."""

    n_per_temperature: int
    n_epochs: int
    n_steps: int
    n_configurations: int
    n_curve: int  # measurements of each chain for the diagonal thermometer
    side: int = 10


SIZES = {
    "quick": Sizes(40, 20, 16, 40, 5),
    "default": Sizes(400, 40, 4096, 1000, 250),
    "full": Sizes(1000, 400, 16384, 2000, 1000),
}


def reproduce(run: PaperRun) -> dict[str, Any]:
    """Train the machines, follow their flows from both ends, and read them by two thermometers."""
    sizes = run.size_of(SIZES)
    curve = run.part("curve", lambda: diagonal_curve(sizes.side, sizes.n_curve, run.stream(_CURVE)))
    notes = {f"machine{index}": machine.name for index, machine in enumerate(MACHINES)}
    tasks = {name: (run.parameters, sizes, index) for index, name in enumerate(notes)}
    done = run.parts(_followed, tasks, "flows", "RBMs", notes=notes)
    machines = [_read(machine, done[f"machine{index}"], curve, sizes.side) for index, machine in enumerate(MACHINES)]
    results = {
        "title": "Where v → h → v leads, as temperatures",
        "T_c": T_C,
        "machines": machines,
        "shown": SHOWN,
        "comparison": [row for machine in machines for row in _rows(machine)] + [_row_of_spread(machines[SHOWN])],
        "remarks": _remarks(machines),
    }
    run.save_figure(plot_iso2018(results), _CAPTION)
    return results


_CAPTION = (
    "Flows v → h → v by two thermometers. Left: one machine, from both starts. Middle: machines that differ in their "
    "hidden units or their training, by the energy. Right: the ends of all flows; bars: the mean of the training set."
)


def _followed(p: ReproduceParameters, sizes: Sizes, index: int) -> dict[str, Any]:
    """Train one machine, and follow its flow from both starts."""
    machine, shape = MACHINES[index], (sizes.side, sizes.side)
    spins = np.concatenate([_at(p, T, sizes.n_per_temperature, shape) for T in machine.temperatures])
    adam = machine.gradient == "pt"
    rbm = BernoulliRBM(
        machine.n_hidden, gradient=machine.gradient, k=machine.k, n_iter=machine.n_epochs(sizes.n_epochs),  # type: ignore[arg-type]  # one of the gradients
        batch_size=100, learning_rate=0.01 if adam else 0.1, optimizer="adam" if adam else "sgd",
        learning_rate_schedule="cosine", random_state=stream(p, _TRAIN, index),
    ).fit(to_binary(spins).reshape(len(spins), -1))  # fmt: skip
    cold = np.ones((sizes.n_configurations, *shape), dtype=np.int8)
    hot = IsingModel(shape, J=0.0).sample(sizes.n_configurations, seed=stream(p, _FLOW, index, 9))
    flows = [_flow(rbm, start, sizes, stream(p, _FLOW, index, i)) for i, start in enumerate((cold, hot))]
    return dict(zip(_STARTS, flows, strict=True))


def _at(p: ReproduceParameters, T: float, n: int, shape: tuple[int, int]) -> Spins:
    """Configurations at one temperature, the same for all machines."""
    if T == 0:
        up = np.where(np.arange(n) % 2, 1, -1)[:, None, None]
        return np.asarray(np.broadcast_to(up, (n, *shape)), dtype=np.int8)
    return IsingModel(shape, T=T).sample(n, seed=stream(p, _DATA, round(T / _STEP_OF_T)))


def _flow(rbm: BernoulliRBM, spins: Spins, sizes: Sizes, seed: np.random.SeedSequence) -> dict[str, Any]:
    """Measure at steps 0, 1, 2, 4, …: the coupling by the energy, and the correlation of diagonal neighbours."""
    steps = [0, *(2**i for i in range(int(math.log2(sizes.n_steps)) + 1))]
    flow: dict[str, Any] = {"step": steps, "J": [], "J_stderr": [], "diagonal": [], "diagonal_stderr": []}
    for (before, after), own in zip(itertools.pairwise([0, *steps]), seed.spawn(len(steps)), strict=True):
        part = rbm_flow(rbm, spins, after - before, measure_every=max(after - before, 1), seed=own, progress=False)
        spins = part.spins
        J = float(part.J[-1])
        flow["J"].append(J if math.isfinite(J) else None)  # None: all neighbours agree
        flow["J_stderr"].append(float(part.J_stderr[-1]))
        diagonal = mean_and_stderr(diagonal_correlation(spins))
        flow["diagonal"].append(float(diagonal.mean))
        flow["diagonal_stderr"].append(float(diagonal.stderr))
    magnetization = mean_and_stderr(np.abs(spins.mean(axis=(1, 2))))
    return flow | {
        "energy_sd": float(energy_per_site(spins).std(ddof=1)),
        "abs_magnetization": float(magnetization.mean),
    }


def _read(machine: Machine, flows: dict[str, Any], curve: dict[str, Any], side: int) -> dict[str, Any]:
    """Temperatures along the flows, and those of the training set's mean, which a perfect RBM would end at."""
    T = np.array(machine.temperatures)
    on_diagonal = np.interp(T, curve["T"], curve["c"], left=1.0)
    energy = [mean_energy(t, side) for t in T]
    read = {
        "name": machine.name,
        "n_hidden": machine.n_hidden,
        "data": {
            "energy": T_by_energy(float(np.mean(energy)), side),
            "diagonal": T_by_diagonal(on_diagonal.mean(), curve),
        },
        "flows": {start: temperatures_along(flow, curve) for start, flow in flows.items()},
        "energy_sd": flows[_STARTS[0]]["energy_sd"],
        "abs_magnetization": flows[_STARTS[0]]["abs_magnetization"],
    }
    end = read["flows"][_STARTS[0]]["energy"][-1]
    spread = np.hypot(np.sqrt(np.mean([energy_sd(t, side) ** 2 for t in T])), np.std(energy))
    return read | {"energy_sd_ising": energy_sd(end, side), "energy_sd_data": float(spread)}


def _rows(machine: dict[str, Any]) -> list[Row]:
    published = (
        "T_c = 2.27" if machine["name"] in (MACHINES[0].name, MACHINES[1].name, MACHINES[2].name) else "not given"
    )
    end = {name: values[-1] for name, values in machine["flows"][_STARTS[0]].items()}
    return [
        compared(
            f"{machine['name']}, by {by}", published, "none" if end[by] is None else end[by],
            end[f"{by}_stderr"], machine["data"][by],
        )
        for by in ("energy", "diagonal")
    ]  # fmt: skip


def _row_of_spread(machine: dict[str, Any]) -> Row:
    quantity = f"{machine['name']}, s.d. of configurations' energy per site"
    return compared(quantity, "not given", machine["energy_sd"], None, machine["energy_sd_ising"])


def _remarks(machines: list[dict[str, Any]]) -> list[str]:
    of_all = [m["flows"][_STARTS[0]]["energy"][-1] for m in machines if m["name"].startswith("all T")]
    known = [T for T in of_all if T is not None]
    shown = machines[SHOWN]
    data = shown["data"]["energy"]
    near = of_all[SHOWN] is not None and abs(of_all[SHOWN] - T_C) < 0.1
    differing = [other for m in machines if (other := _other_end(m))]
    return [
        f"The last column is T of the training set's mean, where a perfect RBM would end. The machine of the first "
        f"panel ({shown['name']}) {'ends' if near else 'does not end'} within 0.1 of T_c by its energy. Machines of "
        f"the same training temperatures end between {min(known):.2f} and {max(known):.2f}, by their hidden units and "
        f"their training; the mean of their data is at {data:.2f}.",
        f"The two thermometers give {_end(shown, 'energy')} and {_end(shown, 'diagonal')} there; in an Ising model "
        f"they would agree. Energies per site of its configurations have a standard deviation of "
        f"{shown['energy_sd']:.2f}; an Ising model at that T has {shown['energy_sd_ising']:.2f} (last row), the "
        f"training set {shown['energy_sd_data']:.2f}.",
        *([f"From T = ∞ other ends by the energy: {'; '.join(differing)}."] if differing else []),
        "The paper reads T by a neural network, which Veiga and Vicente (arXiv:2006.10176) doubt; here it is the exact "
        "energy of the finite lattice, and a measured curve. Hidden units, epochs, gradients and the narrower sets of "
        "temperatures are choices of this run: we know the abstract of the paper, not its training in detail.",
    ]


def _end(machine: dict[str, Any], by: str, start: str = _STARTS[0]) -> str:
    T, stderr = (machine["flows"][start][name][-1] for name in (by, f"{by}_stderr"))
    return "none" if T is None else f"{T:.3g}" if not stderr else with_error(T, stderr)


def _other_end(machine: dict[str, Any]) -> str:
    """What the hot start ends at, if the cold one has ended more than 0.1 from it."""
    cold, hot = (machine["flows"][start]["energy"][-1] for start in _STARTS)
    same = cold == hot or (cold is not None and hot is not None and abs(cold - hot) < 0.1)
    return "" if same else f"{machine['name']}: {_end(machine, 'energy', _STARTS[1])}"
