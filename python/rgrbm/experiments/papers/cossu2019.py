"""Cossu, Del Debbio, Giani, Khamseh & Wilson 2019: the coupling of an Ising model, read from an RBM.

G. Cossu, L. Del Debbio, T. Giani, A. Khamseh & M. Wilson, *Machine learning determination of dynamical parameters: The
Ising model case*, Phys. Rev. B 100, 064304 (2019), arXiv:1810.11503.
"""

import itertools
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from rgrbm.experiments.options import stream
from rgrbm.experiments.papers.paper import PaperRun, Row, compared
from rgrbm.experiments.reproduce_parameters import ReproduceParameters
from rgrbm.plots.cossu2019 import plot_cossu2019
from rgrbm.rbm import BernoulliRBM
from rgrbm.rg import EffectiveCouplings, bond_rbm, effective_couplings, lattice_gas_couplings
from rgrbm.spins import IsingModel, lattice_bonds, to_binary
from rgrbm.statistics import mean_and_stderr

_DATA, _TRAIN = 1, 2  # purposes of random streams
_BATCH = 100
# How a coupling of two spins is read: from K_ij of two units 0/1 alone, with those of three and four, or exactly.
_NAMES = {"K / 4": "K/4 of units 0/1", "spin": "spins"}
READINGS = ("K / 4", "to 3 units", "to 4 units", "spin")

Array = npt.NDArray[np.float64]


class Sizes(NamedTuple):
    """How much of everything; couplings of 1D and of 2D."""

    shapes: Mapping[str, tuple[int, ...]]
    couplings: Mapping[str, tuple[float, ...]]
    n_samples: tuple[int, ...]  # the last but one for all couplings, all of them for one
    n_updates: int
    n_seeds: int


_RING, _SQUARE = "1D", "2D"
_COUPLINGS = {_RING: (0.2, 0.4, 0.6, 0.8, 1.0), _SQUARE: (0.1, 0.2, 0.3, 0.4, 0.5)}
_AT = {_RING: 0.6, _SQUARE: 0.4}  # coupling of the runs with other numbers of samples

SIZES = {
    "quick": Sizes({_RING: (8,), _SQUARE: (4, 4)}, {d: _COUPLINGS[d][1:4] for d in _COUPLINGS}, (500, 5000), 600, 2),
    "default": Sizes({_RING: (12,), _SQUARE: (6, 6)}, _COUPLINGS, (1000, 4000, 16_000, 64_000), 20_000, 3),
    "full": Sizes({_RING: (24,), _SQUARE: (8, 8)}, _COUPLINGS, (1000, 10_000, 100_000, 1_000_000), 100_000, 5),
}


class Task(NamedTuple):
    """One RBM: on what it is trained."""

    dimension: str
    J: float
    n_samples: int
    seed: int

    @property
    def name(self) -> str:
        """As its part of the run is called."""
        return f"{self.dimension}-J{self.J:g}-{self.n_samples}-{self.seed}"


def reproduce(run: PaperRun) -> dict[str, Any]:
    """Train RBMs on rings and square lattices and read the coupling from them in two ways."""
    sizes = run.size_of(SIZES)
    tasks = _tasks(sizes)
    arguments = {task.name: (run.parameters, sizes, task) for task in tasks}
    done = run.parts(_read, arguments, "trainings", "RBMs")
    points = [_point(list(group)) for group in _grouped(tasks, {task: done[task.name] for task in tasks})]
    results: dict[str, Any] = {
        "title": "The coupling J that is read from an RBM",
        "points": points,
        "shown_samples": _base(sizes),
        "at": _AT,
        "exact_machines": _error_of_exact_machines(sizes),
    }
    results |= {"comparison": _rows(results), "remarks": _remarks(results)}
    run.save_figure(plot_cossu2019(results), _CAPTION)
    return results


_CAPTION = (
    "Couplings read from RBMs. Left: those of neighbours beside the true one; middle: the difference; right: the "
    "root mean squared error of single bonds by the number of samples."
)


def _base(sizes: Sizes) -> int:
    return sizes.n_samples[-2] if len(sizes.n_samples) > 2 else sizes.n_samples[-1]


def _tasks(sizes: Sizes) -> list[Task]:
    by_coupling = [(d, J, _base(sizes)) for d in sizes.couplings for J in sizes.couplings[d]]
    by_samples = [(d, J, n) for d, J in _AT.items() for n in sizes.n_samples]
    cases = sorted({*by_coupling, *by_samples})
    return [Task(*case, seed) for case in cases for seed in range(sizes.n_seeds)]


def _grouped(tasks: list[Task], done: dict[Task, Any]) -> list[list[tuple[Task, Any]]]:
    """Tasks and their results, those that differ in their seed together."""
    groups = itertools.groupby(tasks, key=lambda task: task[:3])
    return [[(task, done[task]) for task in group] for _, group in groups]


def _read(p: ReproduceParameters, sizes: Sizes, task: Task) -> dict[str, Any]:
    """Train one RBM and read the couplings of its visible units."""
    shape = sizes.shapes[task.dimension]
    key = (len(shape), round(1000 * task.J), task.n_samples, task.seed)
    spins = IsingModel(shape, J=task.J).sample(task.n_samples, seed=stream(p, _DATA, *key))
    x = to_binary(spins).reshape(task.n_samples, -1)
    rbm = BernoulliRBM(
        x.shape[1], k=3, n_iter=max(1, sizes.n_updates * _BATCH // task.n_samples), batch_size=_BATCH,
        learning_rate=0.2, momentum=0.9, learning_rate_schedule="cosine", random_state=stream(p, _TRAIN, *key),
    ).fit(x)  # fmt: skip
    return _summary(_readings(rbm), lattice_bonds(shape), task.J)


def _readings(rbm: Any) -> dict[str, Array]:
    """Couplings of all pairs of spins, as 0/1 units give them to some order, and exactly."""
    gas = lattice_gas_couplings(rbm, "visible", order=4)
    assert gas.pairs is not None
    two = gas.pairs / 4
    three = two + _in_larger_sets(gas, 3)
    exact = effective_couplings(rbm, "visible").pairs
    assert exact is not None
    return dict(zip(READINGS, (two, three, three + _in_larger_sets(gas, 4), exact), strict=True))


def _in_larger_sets(gas: EffectiveCouplings, size: int) -> Array:
    """What sets of so many units add to J_ij: Σ K_S / 2^size over all that contain i and j."""
    sets = gas.triples if size == 3 else gas.quadruples
    assert sets is not None
    total = np.zeros((len(gas.fields), len(gas.fields)))
    for i, j in itertools.combinations(range(size), 2):
        np.add.at(total, (sets.units[:, i], sets.units[:, j]), sets.values / 2**size)
    return np.asarray(total + total.T)


def _summary(readings: dict[str, Array], bonds: npt.NDArray[np.int64], J: float) -> dict[str, Any]:
    """Mean over the bonds of each reading, its rms error there, and the rms of all other pairs, which have J = 0."""
    i, j = bonds.T
    other = np.triu(np.ones_like(readings["spin"], dtype=bool), 1)
    other[i, j] = other[j, i] = False
    return {
        name: {
            "J": float(pairs[i, j].mean()),
            "rms_error": float(np.sqrt(np.mean((pairs[i, j] - J) ** 2))),
            "others": float(np.sqrt(np.mean(pairs[other] ** 2))),
        }
        for name, pairs in readings.items()
    }


def _point(group: list[tuple[Task, Any]]) -> dict[str, Any]:
    """Means over seeds."""
    task = group[0][0]
    point: dict[str, Any] = {"dimension": task.dimension, "J": task.J, "n_samples": task.n_samples, "readings": {}}
    for name in READINGS:
        J = mean_and_stderr([result[name]["J"] for _, result in group])
        squares = {of: np.mean([result[name][of] ** 2 for _, result in group]) for of in ("rms_error", "others")}
        point["readings"][name] = {"J": float(J.mean), "J_stderr": float(J.stderr)} | {
            of: float(np.sqrt(square)) for of, square in squares.items()
        }
    return point


def _error_of_exact_machines(sizes: Sizes) -> float:
    """The largest error of any reading of a bond of RBMs that are Ising models exactly."""
    errors = []
    for dimension, J in _AT.items():
        bonds = lattice_bonds(sizes.shapes[dimension])
        readings = _readings(bond_rbm(int(np.prod(sizes.shapes[dimension])), bonds, J))
        errors += [float(np.abs(pairs[tuple(bonds.T)] - J).max()) for pairs in readings.values()]
    return max(errors)


def _rows(results: dict[str, Any]) -> list[Row]:
    rows = []
    for point in results["points"]:
        if point["n_samples"] != results["shown_samples"]:
            continue
        for name in ("K / 4", "spin"):
            read = point["readings"][name]
            quantity = f"{point['dimension']}, J = {point['J']:g}, from {_NAMES[name]}"
            rows.append(compared(quantity, "not given", read["J"], read["J_stderr"], point["J"]))
    for point in results["points"]:
        if point["J"] == results["at"][point["dimension"]]:
            quantity = f"{point['dimension']}, J = {point['J']:g}, {point['n_samples']} samples: rms error"
            rows.append(compared(f"{quantity}, spin", "not given", point["readings"]["spin"]["rms_error"]))
    return rows


def _remarks(results: dict[str, Any]) -> list[str]:
    shown = [point for point in results["points"] if point["n_samples"] == results["shown_samples"]]
    off = {
        name: max(abs(point["readings"][name]["J"] / point["J"] - 1) for point in shown) for name in ("K / 4", "spin")
    }
    at = [point for point in shown if point["J"] == results["at"][point["dimension"]]]
    falls = []
    for dimension, J in results["at"].items():
        same = sorted((p for p in results["points"] if (p["dimension"], p["J"]) == (dimension, J)), key=_n_samples)
        errors = [point["readings"]["spin"]["rms_error"] for point in (same[0], same[-1])]
        falls.append(f"{dimension} from {errors[0]:.3f} to {errors[1]:.3f}")
    return [
        f"From {results['shown_samples']} samples, the mean coupling of neighbours is within {off['spin']:.1%} of the "
        f"true one in spins, and within {off['K / 4']:.1%} as K/4 of two units 0/1. The rms error of single bonds "
        f"falls with the number of samples: {'; '.join(falls)} (from {_n_samples(same[0])} to "
        f"{_n_samples(same[-1])}).",
        "The closed form gives K_S of units 0/1: how S acts while all other units are 0. A coupling of two spins is "
        "J_ij = K_ij/4 + Σ K_ijk/8 + Σ K_ijkl/16 + …, so K_ij/4 is J only where no larger sets interact. Both readings "
        f"give J of RBMs that are exact (`bond_rbm`) to {results['exact_machines']:.0e}; what differs between them in "
        "trained ones are couplings of three and more units that training has left.",
        "The series to four units is no remedy where these are strong. Root mean squared errors of a bond, in spins, "
        f"and by K of up to two, three and four units: {'; '.join(_errors(point) for point in at)}.",
        "Lattices, numbers of hidden units (one for each spin), samples and training (CD-3 with momentum, a fixed "
        "number of updates) are choices of this run; the paper's are not known to us in detail.",
    ]


def _errors(point: dict[str, Any]) -> str:
    errors = ", ".join(f"{point['readings'][name]['rms_error']:.2g}" for name in ("spin", *READINGS[:3]))
    return f"{point['dimension']}, J = {point['J']:g}: {errors}"


def _n_samples(point: dict[str, Any]) -> int:
    return int(point["n_samples"])
