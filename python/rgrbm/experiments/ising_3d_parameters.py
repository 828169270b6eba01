"""The parameters of ``rgrbm ising3d``, and what is right for them."""

from dataclasses import dataclass
from typing import Literal, get_args

from rgrbm.experiments.options import parameter, require_at_least, require_positive
from rgrbm.experiments.plan import Plan, counted

Learned = Literal["cd", "pcd"]
WORD = 512  # samples that are blocked at a time
_LEAST_SIDE, _FEWEST_WEIGHTS = 16, 3


@dataclass(frozen=True)
class Ising3DParameters:
    """Parameters of the experiment; ``rgrbm ising3d --help`` explains each."""

    side: list[int] = parameter((32, 64), "Sides of the lattices that exponents are measured on; several for several.")
    n_measured: int = parameter(
        16_384, "Configurations at J_c of the largest, in whole words of 512; smaller ones get twice as many for half "
        "the side."
    )  # fmt: skip
    weight: list[float] = parameter(
        (0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.7, 1.0),
        "Weights w of the block spin p(h|v) ~ exp(w h sum v) of 2×2×2 spins; at least three.",
    )
    gradient: list[Learned] = parameter(("cd", "pcd"), "How RBMs learn block spins; several times for several.")
    width: list[int] = parameter((2, 3), "Sites along each axis of a learned window; several for several.")
    train_side: int = parameter(16, "Side of the lattice that RBMs learn on, even.")
    n_train: int = parameter(4_096, "Configurations at J_c to learn from.")
    n_epochs: int = parameter(40, "Passes over them.")
    learning_rate: float = parameter(0.05, "Step along the gradient; it falls to 0 as half a cosine wave.")
    n_seeds: int = parameter(5, "Trainings of each RBM, on samples of their own.")
    n_fitted: int = parameter(512, "Configurations of the smallest side, for the couplings after each step.")
    seed: int = parameter(0, "Fixes every random number.")

    def __post_init__(self) -> None:
        """Check what no other part does."""
        require_at_least(1, self, "n_epochs", "n_seeds")
        require_at_least(WORD, self, "n_measured", "n_train", "n_fitted")
        require_at_least(0, self, "seed")
        require_positive(self, "learning_rate")
        for name in ("side", "weight", "gradient", "width"):
            values = getattr(self, name)
            if len(set(values)) < len(values) or not values:
                raise ValueError(f"each {name} must be given once, and at least one, got {list(values)}")
        for gradient in self.gradient:
            if gradient not in get_args(Learned):
                raise ValueError(f"gradient must be one of {', '.join(get_args(Learned))}, got {gradient!r}")
        if len(self.weight) < _FEWEST_WEIGHTS or not all(0 < w <= 10 for w in self.weight):
            raise ValueError(f"weight needs three or more values above 0 and at most 10, got {list(self.weight)}")
        if any(side < _LEAST_SIDE or side & (side - 1) for side in self.side):
            raise ValueError(f"side must be a power of 2, at least {_LEAST_SIDE}, got {list(self.side)}")
        if self.train_side < 8 or self.train_side % 2:
            raise ValueError(f"train_side must be even, at least 8, got {self.train_side}")
        if any(not 2 <= width <= 4 for width in self.width):
            raise ValueError(f"width must be from 2 to 4, got {list(self.width)}")

    def n_of_side(self, side: int) -> int:
        """Configurations of this side: as many words that errors of small lattices do not dominate."""
        return WORD * max(1, round(self.n_measured * max(self.side) / side / WORD))

    def plan(self) -> Plan:
        """What the run will do, and how long that takes."""
        n_kernels = len(self.weight) + 2 + len(self.gradient) * len(self.width)
        sites = sum(self.n_of_side(side) * side**3 for side in self.side)
        measure = sites * (3.5e-8 * n_kernels / 14 + 1e-8)
        learn = 2e-8 * len(self.gradient) * len(self.width) * self.n_seeds * self.n_train * self.n_epochs
        return Plan(
            f"{counted(n_kernels, 'kind')} of block spins on lattices of {', '.join(f'{n}³' for n in self.side)}",
            measure + learn * self.train_side**3 / 8 + 20,
        )
