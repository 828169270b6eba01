"""The parameters of ``rgrbm ising1d``, and what is right for them."""

from dataclasses import dataclass
from typing import get_args

from rgrbm.experiments.options import Gradient, parameter, require_at_least, require_one_of, require_positive
from rgrbm.experiments.plan import Plan, counted, rounds_of_seeds
from rgrbm.spins.methods import Method


@dataclass(frozen=True)
class Ising1DParameters:
    """Parameters of the experiment; ``rgrbm ising1d --help`` explains each."""

    n_spins: int = parameter(64, "Spins on the ring, an even number.")
    J: float = parameter(1.0, "Coupling of neighbouring spins (β = 1).")
    n_train: int = parameter(800, "Configurations to train on.")
    n_test: int = parameter(400, "Configurations to test on.")
    method: Method = parameter(
        "metropolis", "Sampler: auto (exact), metropolis, heat_bath, wolff, swendsen_wang or exact."
    )
    burn_in: int | None = parameter(None, "Sweeps before the first sample; by default from the measured τ_int.")
    spacing: int | None = parameter(None, "Sweeps between samples; by default from the measured τ_int.")
    n_hidden: int | None = parameter(None, "Hidden units; by default half as many as spins.")
    n_epochs: int = parameter(170_000, "Passes over the training set.")
    learning_rate: float = parameter(0.5, "Step along the gradient.")
    batch_size: int = parameter(100, "Configurations per update.")
    l1: float = parameter(2e-3, "Strength of the L1 penalty on the weights.")
    l1_warmup: int = parameter(40_000, "Epochs over which the L1 penalty rises from 0.")
    k: int = parameter(1, "Gibbs steps of contrastive divergence.")
    gradient: Gradient = parameter(
        "cd", "Estimate of the gradient: cd, pcd, pt, exact, or paper (Eq. 12 to the letter)."
    )
    centered: bool = parameter(False, "Subtract the units' means in the gradient.")
    n_measured: int = parameter(20_000, "Fresh configurations for the correlation of the hidden spins.")
    seed: int = parameter(0, "Fixes every random number.")
    n_seeds: int = parameter(1, "Trainings: with seed, seed + 1, …, side by side; the others give means and spreads.")
    n_jobs: int = parameter(0, "Processes at a time, 0 for as many as there are cores.", execution=True)

    def __post_init__(self) -> None:
        """Check what no other part does."""
        if self.n_spins < 4 or self.n_spins % 2:
            raise ValueError(f"n_spins must be an even number of at least 4, got {self.n_spins}")
        require_one_of(get_args(Method), self, "method")
        require_one_of(get_args(Gradient), self, "gradient")
        require_positive(self, "learning_rate")
        require_at_least(0, self, "l1", "l1_warmup", "seed", "n_jobs")
        require_at_least(1, self, "n_train", "n_test", "n_epochs", "batch_size", "k", "n_seeds")
        if self.n_hidden is not None:
            require_at_least(1, self, "n_hidden")
        if self.n_test < 2 or self.n_measured < 100:
            raise ValueError(
                "error bars need n_test of at least 2 and n_measured of at least 100, "
                f"got {self.n_test} and {self.n_measured}"
            )

    def plan(self) -> Plan:
        """What the run will do, and how long that takes."""
        n_hidden = self.n_hidden or self.n_spins // 2
        share = self.n_epochs / 170_000 * self.n_train / 800 * self.n_spins * n_hidden / 2048 * (self.k + 1) / 2
        known = self.gradient in ("cd", "pcd", "paper")
        return Plan(
            f"{n_hidden:,} hidden units learn {self.n_train:,} rings of {self.n_spins:,} spins in "
            f"{counted(self.n_epochs, 'epoch')}",
            5 + 30 * share * rounds_of_seeds(self.n_seeds, self.n_jobs) if known else None,
        )
