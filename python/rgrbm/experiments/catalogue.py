"""Which experiments there are: the command of each, what it does, its parameters, and the module that does it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

from rgrbm.experiments.flow_parameters import FlowParameters
from rgrbm.experiments.ising_1d_parameters import Ising1DParameters
from rgrbm.experiments.ising_2d_parameters import Ising2DParameters
from rgrbm.experiments.ising_3d_parameters import Ising3DParameters
from rgrbm.experiments.mechanics_parameters import MechanicsParameters
from rgrbm.experiments.mnist_parameters import MNISTParameters
from rgrbm.experiments.options import names_of_execution
from rgrbm.experiments.reproduce_parameters import ReproduceParameters
from rgrbm.experiments.scan_parameters import ScanParameters

if TYPE_CHECKING:
    from rich.table import Table

    from rgrbm.experiments.experiment import Run


@dataclass(frozen=True)
class Experiment:
    """One experiment, for whoever runs it or shows what came out.

    Attributes
    ----------
    command : str
        Its name on the command line.
    summary : str
        What it does, in one sentence.
    parameters : type
        A dataclass of its parameters.
    module : str
        Where ``run_<module>`` and ``tables`` are; imported when one of them is used, since that takes a second.
    """

    command: str
    summary: str
    parameters: type
    module: str

    @property
    def run(self) -> "Run[Any]":
        """What runs it, made by :func:`~rgrbm.experiments.experiment.experiment`."""
        return cast("Run[Any]", getattr(self._imported(), f"run_{self.module}"))

    @property
    def tables(self) -> "Callable[[dict[str, Any]], Sequence[Table | str]]":
        """Tables and lines of text that show its results, given what is in ``results.json``."""
        return cast("Callable[[dict[str, Any]], Sequence[Table | str]]", self._imported().tables)

    @property
    def parameter_names(self) -> set[str]:
        """Names of its parameters, but for those of where and how the work is done."""
        return {field.name for field in fields(self.parameters)} - names_of_execution(self.parameters)

    def _imported(self) -> ModuleType:
        return import_module(f"rgrbm.experiments.{self.module}")


EXPERIMENTS = (
    Experiment(
        "ising1d",
        "Example 1: train an RBM on the 1D Ising ring and compare its hidden spins with exact decimation.",
        Ising1DParameters,
        "ising_1d",
    ),
    Experiment(
        "mnist",
        "Example 0: train an RBM on handwritten zeros and ones and reconstruct images that it has not seen.",
        MNISTParameters,
        "mnist",
    ),
    Experiment(
        "flow",
        "Learn the renormalization flow of the 1D Ising ring with a stack of RBMs and compare it with exact "
        "decimation.",
        FlowParameters,
        "flow",
    ),
    Experiment(
        "ising2d",
        "Learn block spins of the critical 2D Ising model by several criteria, and compare exponents and couplings.",
        Ising2DParameters,
        "ising_2d",
    ),
    Experiment(
        "ising3d",
        "Learn block spins of the critical 3D Ising model, and compare them with those that are tuned for exponents.",
        Ising3DParameters,
        "ising_3d",
    ),
    Experiment(
        "mechanics",
        "Learn the renormalization of chains of springs, harmonic and bistable, and compare it with the exact one.",
        MechanicsParameters,
        "mechanics",
    ),
    Experiment(
        "reproduce",
        "Repeat the experiment of a paper and put its numbers beside the published and the exact ones.",
        ReproduceParameters,
        "reproduce",
    ),
    Experiment(
        "scan",
        "Measure an Ising model at several sizes and couplings, with error bars, beside exact results.",
        ScanParameters,
        "scan",
    ),
)
