"""The parameters of ``rgrbm mechanics``, and what is right for them."""

from dataclasses import dataclass

from rgrbm.experiments.options import parameter, require_at_least, require_positive
from rgrbm.experiments.plan import Plan, counted
from rgrbm.mechanics.bistable import BistableChain
from rgrbm.mechanics.harmonic import HarmonicLattice

_SECONDS_PER_UPDATE = 2.5e-8  # of one weight for one sample, with its share of sampling and measuring


@dataclass(frozen=True)
class MechanicsParameters:
    """Parameters of the experiment; ``rgrbm mechanics --help`` explains each."""

    n_sites: int = parameter(32, "Sites of each chain, an even number.")
    stiffness: float = parameter(1.3, "Stiffness of the springs between sites of the harmonic chain.")
    on_site: float = parameter(0.4, "Stiffness of the springs that tie its sites to their places.")
    n_steps: int = parameter(3, "Decimations of the harmonic chain.")
    kappa: list[float] = parameter(
        (0.5, 1.0, 2.0), "Stiffness of the springs between sites of the bistable chain; several times for several."
    )
    barrier: float = parameter(1.0, "Barrier between the rests of a bistable site, in units of the temperature.")
    n_samples: int = parameter(20_000, "Configurations of each bistable chain that an RBM is trained on.")
    n_epochs: int = parameter(60, "Epochs of each training.")
    learning_rate: float = parameter(0.02, "Step along the gradient.")
    n_seeds: int = parameter(3, "Trainings for each stiffness.")
    seed: int = parameter(0, "Fixes every random number.")
    n_jobs: int = parameter(0, "Processes at a time, 0 for as many as there are cores.", execution=True)

    def __post_init__(self) -> None:
        """Check what no other part does."""
        require_at_least(1, self, "n_steps", "n_epochs", "n_seeds")
        require_at_least(0, self, "seed", "n_jobs")
        require_at_least(200, self, "n_samples")
        require_at_least(4, self, "n_sites")
        require_positive(self, "learning_rate")
        HarmonicLattice(self.n_sites, self.stiffness, self.on_site)
        if self.stiffness == 0:
            raise ValueError("stiffness must be positive: without springs there is nothing to renormalize; got 0")
        factor = 2**self.n_steps
        if self.n_sites % factor or self.n_sites < 2 * factor:
            raise ValueError(
                f"n_sites must be a multiple of 2^n_steps = {factor}, and at least twice that, got {self.n_sites}"
            )
        if not self.kappa or len(set(self.kappa)) < len(self.kappa):
            raise ValueError(f"give each kappa once, and at least one, got {list(self.kappa)}")
        for kappa in self.kappa:
            BistableChain(self.n_sites, self.barrier, kappa)
            if kappa == 0:
                raise ValueError("kappa must be positive: sites without springs have no correlation; got 0")

    def plan(self) -> Plan:
        """What the run will do, and how long that takes."""
        n = len(self.kappa) * self.n_seeds
        work = n * self.n_samples * self.n_epochs * self.n_sites**2 / 2
        return Plan(
            f"a harmonic chain; {counted(n, 'training')} on bistable ones of {self.n_sites} sites",
            5 + _SECONDS_PER_UPDATE * work / (self.n_jobs or 2),
        )
