"""The parameters of ``rgrbm ising2d``, and what is right for them."""

import math
from dataclasses import dataclass
from typing import Literal, get_args

from rgrbm.experiments.options import parameter, require_at_least, require_positive
from rgrbm.experiments.plan import Plan, counted

Criterion = Literal["majority", "decimation", "cd", "pcd", "kadanoff", "information"]
LARGEST_ENUMERATED = 3  # width of a window on the 4 × 4 torus that does not go around it, and of 2⁹ states
_LEAST_SIDE = 32
_WORD = 512  # samples that are blocked at a time


@dataclass(frozen=True)
class Ising2DParameters:
    """Parameters of the experiment; ``rgrbm ising2d --help`` explains each."""

    criterion: list[Criterion] = parameter(
        ("majority", "decimation", "cd", "pcd", "kadanoff", "information"),
        "What makes a block spin; several times for several. majority, decimation: rules; cd, pcd: RBMs on samples; "
        "kadanoff: the least free-energy difference on a 4 × 4 torus; information: the most about the surroundings.",
    )
    width: list[int] = parameter((2, 3, 4), "Sites along each axis of a learned window; several for several.")
    train_side: int = parameter(16, "Side of the lattice that RBMs learn on, even.")
    n_train: int = parameter(20_480, "Configurations at J_c to learn from.")
    n_epochs: int = parameter(40, "Passes of the shared weights over them.")
    learning_rate: float = parameter(0.2, "Step along the gradient; it falls to 0 as half a cosine wave.")
    batch_size: int = parameter(200, "Configurations per update.")
    side: int = parameter(64, "Side of the lattice that exponents are measured on.")
    n_steps: int = parameter(3, "Blockings, each by a factor of 2.")
    n_measured: int = parameter(51_200, "Configurations at J_c for exponents, rounded up to whole words of 512.")
    n_fitted: int = parameter(10_240, "Configurations of half that side, for the couplings after a step.")
    around: list[float] = parameter(
        (0.94, 0.98, 1.0, 1.02, 1.06), "Couplings that the flow starts from, in units of J_c; several for several."
    )
    n_flow: int = parameter(1_024, "Configurations of each of these.")
    free_epochs: int = parameter(60, "Passes of an RBM without a mask; 0 leaves it out.")
    free_l1: float = parameter(0.004, "Strength of its L1 penalty.")
    free_learning_rate: float = parameter(0.1, "Its step along the gradient; it falls to 0 in equal steps.")
    seed: int = parameter(0, "Fixes every random number.")

    def __post_init__(self) -> None:
        """Check what no other part does."""
        require_at_least(1, self, "n_epochs", "batch_size", "n_steps")
        require_at_least(_WORD, self, "n_train", "n_measured", "n_fitted", "n_flow")
        require_positive(self, "learning_rate", "free_learning_rate")
        require_at_least(0, self, "free_epochs", "free_l1", "seed")
        if not self.criterion:
            raise ValueError(f"criterion must be at least one of {', '.join(get_args(Criterion))}, got none")
        for criterion in self.criterion:
            if criterion not in get_args(Criterion):
                raise ValueError(f"criterion must be one of {', '.join(get_args(Criterion))}, got {criterion!r}")
        for name, values in (("criterion", self.criterion), ("width", self.width), ("around", self.around)):
            if len(set(values)) < len(values):
                raise ValueError(f"each {name} must be given once, got {list(values)}")
        if not self.width or any(not 2 <= width <= self.train_side for width in self.width):
            raise ValueError(f"width must be from 2 to train_side = {self.train_side}, got {list(self.width)}")
        if self.train_side < 8 or self.train_side % 2:
            raise ValueError(f"train_side must be even, at least 8, got {self.train_side}")
        factor = 2**self.n_steps
        if self.side % factor or self.side < 4 * factor:
            raise ValueError(
                f"{self.n_steps} steps need a side that {factor} divides, at least {4 * factor}, got {self.side}"
            )
        if self.side < _LEAST_SIDE:
            raise ValueError(
                f"side must be at least {_LEAST_SIDE}, as the couplings on a quarter of it need room, got {self.side}"
            )
        if not all(math.isfinite(ratio) and ratio > 0 for ratio in self.around):
            raise ValueError(f"around must be positive and finite, got {list(self.around)}")

    def plan(self) -> Plan:
        """What the run will do, and how long that takes."""
        n_kernels = 0
        for criterion in self.criterion:
            most = LARGEST_ENUMERATED if criterion in ("kadanoff", "information") else self.train_side
            rule = criterion in ("majority", "decimation")
            n_kernels += 1 if rule else sum(width <= most for width in self.width)
        measure = 70 * n_kernels / 12 * self.n_measured / 51_200 * (self.side / 64) ** 2
        learn = 10 * self.n_epochs / 40 * self.n_train / 20_480 * (self.train_side / 16) ** 2
        return Plan(
            f"{counted(n_kernels, 'kind')} of block spins, measured on {self.n_measured:,} lattices of {self.side}²",
            learn + measure,
        )
