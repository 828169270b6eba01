"""The parameters of ``rgrbm flow``, and what is right for them."""

import math
from dataclasses import dataclass
from typing import Literal, get_args

from rgrbm.experiments.options import parameter, require_at_least, require_positive
from rgrbm.experiments.plan import Plan, counted

Weights = Literal["shared", "masked", "free"]


@dataclass(frozen=True)
class FlowParameters:
    """Parameters of the experiment; ``rgrbm flow --help`` explains each."""

    J: list[float] = parameter((0.5, 1.0, 1.5), "Coupling to start from (β = 1); give it several times for several.")
    weights: list[Weights] = parameter(
        ("shared", "masked", "free"), "What holds the filters: shared, masked or free; several times for several."
    )
    n_spins: int = parameter(64, "Spins on the ring, divisible by 2 to the number of steps.")
    n_steps: int = parameter(3, "Layers of the stack; each has half as many units as the one below.")
    n_train: int = parameter(100_000, "Configurations to train on.")
    n_epochs: int = parameter(60, "Passes over the training set.")
    mask_epochs: int = parameter(20, "Passes of free weights under a mask, before; 0 for none.")
    width: int = parameter(3, "Sites that a shared or masked filter sees.")
    learning_rate: float = parameter(1.0, "Step along the gradient; it falls to 0 as half a cosine wave.")
    batch_size: int = parameter(400, "Configurations per update.")
    l1: float = parameter(1e-4, "Strength of the L1 penalty of free weights.")
    n_measured: int = parameter(8_000_000, "Fresh configurations to push up through each stack.")
    n_flow_steps: int = parameter(2_000, "Steps v → h → v of the first layer's own flow.")
    n_flow_samples: int = parameter(1_000, "Configurations in that flow.")
    n_seeds: int = parameter(1, "How many runs, with seeds that follow each other.")
    seed: int = parameter(0, "Fixes every random number.")

    def __post_init__(self) -> None:
        """Check what no other part does."""
        require_at_least(1, self, "n_steps", "n_train", "n_epochs", "batch_size", "n_flow_steps", "n_seeds", "width")
        require_positive(self, "learning_rate")
        require_at_least(0, self, "mask_epochs", "l1", "seed")
        factor = 2**self.n_steps
        if self.n_spins < 4 * factor or self.n_spins % factor:
            raise ValueError(
                f"{self.n_steps} steps need a multiple of {factor} spins, at least {4 * factor}, got {self.n_spins}"
            )
        top = 2 * self.n_spins // factor
        if self.width > top:
            raise ValueError(f"width must be at most {top}, the units that the top layer sees, got {self.width}")
        if not self.J or not all(math.isfinite(J) and J > 0 for J in self.J):
            raise ValueError(f"J must be positive and finite, got {list(self.J)}")
        if not self.weights:
            raise ValueError(f"weights must be at least one of {', '.join(get_args(Weights))}, got none")
        for weights in self.weights:
            if weights not in get_args(Weights):
                raise ValueError(f"weights must be one of {', '.join(get_args(Weights))}, got {weights!r}")
        for name, values in (("J", [f"{J:g}" for J in self.J]), ("weights", list(self.weights))):
            if len(set(values)) < len(values):
                raise ValueError(f"each of {name} must be given once, got {list(values)}")
        if self.n_measured < 10_000 or self.n_flow_samples < 20:
            raise ValueError(
                "error bars need n_measured of at least 10000 and n_flow_samples of at least 20, "
                f"got {self.n_measured} and {self.n_flow_samples}"
            )

    def plan(self) -> Plan:
        """What the run will do, and how long that takes."""
        n_stacks, size = self.n_seeds * len(self.J) * len(self.weights), self.n_spins / 64
        train = 2.5 * self.n_epochs / 60 * self.n_train / 100_000 * size**2
        measure = 18 * self.n_measured / 8_000_000 * size
        reverse = 4 * self.n_flow_steps / 2_000 * self.n_flow_samples / 1_000 * size**2
        return Plan(
            f"{counted(n_stacks, 'stack')} of {counted(self.n_steps, 'RBM')} for rings of {self.n_spins:,} spins, "
            f"{self.n_measured:,} measured",
            n_stacks * (train + measure + reverse),
        )
