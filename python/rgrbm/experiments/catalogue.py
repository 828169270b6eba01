"""Which experiments there are: the command of each, its parameters, what runs it and what shows its results."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any

from rich.table import Table

from rgrbm.experiments import flow, ising_1d, ising_2d, mnist, scan
from rgrbm.experiments.experiment import Run
from rgrbm.experiments.flow_parameters import FlowParameters
from rgrbm.experiments.ising_2d_parameters import Ising2DParameters
from rgrbm.experiments.options import names_of_places
from rgrbm.experiments.scan_parameters import ScanParameters


@dataclass(frozen=True)
class Experiment:
    """One experiment, for whoever runs it or shows what came out.

    Attributes
    ----------
    command : str
        Its name on the command line.
    parameters : type
        A dataclass of its parameters.
    run : callable
        What runs it, made by :func:`~rgrbm.experiments.experiment.experiment`.
    tables : callable
        Tables and lines of text that show its results, given what is in ``results.json``.
    """

    command: str
    parameters: type
    run: Run[Any]
    tables: Callable[[dict[str, Any]], Sequence[Table | str]]

    @property
    def parameter_names(self) -> set[str]:
        """Names of its parameters, but for those that tell where it is done."""
        return {field.name for field in fields(self.parameters)} - names_of_places(self.parameters)


EXPERIMENTS = (
    Experiment("ising1d", ising_1d.Ising1DParameters, ising_1d.run_ising_1d, ising_1d.tables),
    Experiment("mnist", mnist.MNISTParameters, mnist.run_mnist, mnist.tables),
    Experiment("flow", FlowParameters, flow.run_flow, flow.tables),
    Experiment("ising2d", Ising2DParameters, ising_2d.run_ising_2d, ising_2d.tables),
    Experiment("scan", ScanParameters, scan.run_scan, scan.tables),
)
