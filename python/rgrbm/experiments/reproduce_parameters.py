"""The parameters of ``rgrbm reproduce``, and what is right for them."""

from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

from rgrbm.experiments.options import parameter, require_at_least, require_one_of
from rgrbm.experiments.plan import Plan

PaperName = Literal["mehta2014", "torlai2016", "iso2018", "kochjanusz2018", "cossu2019", "chung2021"]


_QUICK = 10  # seconds


class _About(NamedTuple):
    work: str
    seconds: float  # with the default sizes, on two cores
    full: float | None  # the same with the paper's own


PAPERS: dict[str, _About] = {
    "mehta2014": _About("a stack of RBMs on 40 × 40 spins", 70, None),
    "torlai2016": _About("RBMs on 8 × 8 spins at temperatures through T_c", 100, None),
    "iso2018": _About("the flow v → h → v of RBMs trained at all temperatures", 65, None),
    "kochjanusz2018": _About("most informative filters on the square lattice", 50, None),
    "cossu2019": _About("the coupling that RBMs have learned", 50, None),
    "chung2021": _About("exponents of learned block spins", 110, None),
}


@dataclass(frozen=True)
class ReproduceParameters:
    """Parameters of the experiment; ``rgrbm reproduce --help`` explains each."""

    paper: PaperName = parameter(
        "mehta2014", f"Which paper: {', '.join(get_args(PaperName))}.", execution=False, positional=True
    )
    full: bool = parameter(False, "The sizes of the paper, where the defaults are smaller.")
    quick: bool = parameter(False, "Small sizes, for a first look: results are rough.")
    seed: int = parameter(0, "Fixes every random number.")
    n_jobs: int = parameter(0, "Processes at a time, 0 for as many as there are cores.", execution=True)

    def __post_init__(self) -> None:
        """Check what no other part does."""
        require_one_of(get_args(PaperName), self, "paper")
        require_at_least(0, self, "seed", "n_jobs")
        if self.full and self.quick:
            raise ValueError("a run is either full or quick, got both")

    @property
    def size(self) -> str:
        """Quick, default or full."""
        return "full" if self.full else "quick" if self.quick else "default"

    def plan(self) -> Plan:
        """What the run will do, and how long that takes."""
        about = PAPERS[self.paper]
        return Plan(
            f"{self.paper}: {about.work}", {"quick": 5, "default": about.seconds, "full": about.full}[self.size]
        )
