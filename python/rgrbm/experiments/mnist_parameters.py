"""The parameters of ``rgrbm mnist``, and what is right for them."""

from dataclasses import dataclass
from typing import get_args

from rgrbm.experiments.options import Gradient, parameter, require_at_least, require_one_of, require_positive
from rgrbm.experiments.plan import Plan, counted, rounds_of_seeds


@dataclass(frozen=True)
class MNISTParameters:
    """Parameters of the experiment; ``rgrbm mnist --help`` explains each."""

    data: str | None = parameter(None, "Folder with MNIST's files; by default RGRBM_DATA, or the network.")
    digits: str = parameter("01", "Digits to learn, one after the other.")
    n_each: int = parameter(1000, "Images of each digit, as many of each as there are of the rarest at most.")
    threshold: int = parameter(128, "Grey values from here on are ones.")
    n_hidden: int = parameter(144, "Hidden units.")
    n_epochs: int = parameter(50, "Passes over the training set.")
    learning_rate: float = parameter(0.1, "Step along the gradient at the start; it falls to 0 in equal steps.")
    momentum: float = parameter(0.5, "Fraction of the last update in the next.")
    batch_size: int = parameter(20, "Images per update.")
    l2: float = parameter(0.0, "Strength of the L2 penalty on the weights.")
    k: int = parameter(1, "Gibbs steps of contrastive divergence.")
    gradient: Gradient = parameter(
        "cd", "Estimate of the gradient: cd, pcd, pt, exact, or paper (Eq. 12 to the letter)."
    )
    n_chains: int = parameter(200, "Chains of annealed importance sampling, for the likelihood.")
    n_betas: int = parameter(2000, "Steps of annealed importance sampling; 0 leaves the likelihood out.")
    n_modes: int = parameter(64, "Modes of the model, at most, that annealing starts from.")
    seed: int = parameter(0, "Fixes every random number.")
    n_seeds: int = parameter(1, "Trainings: with seed, seed + 1, …, side by side; the others give means and spreads.")
    n_jobs: int = parameter(0, "Processes at a time, 0 for as many as there are cores.", execution=True)

    def __post_init__(self) -> None:
        """Check what no other part does."""
        digits = self.digits
        if not digits or any(digit not in "0123456789" for digit in digits) or len(set(digits)) < len(digits):
            raise ValueError(f"digits must be some of 0123456789, each once, got {digits!r}")
        require_one_of(get_args(Gradient), self, "gradient")
        require_positive(self, "learning_rate")
        require_at_least(0, self, "l2", "n_modes", "seed", "n_jobs")
        require_at_least(5, self, "n_each")
        require_at_least(1, self, "n_hidden", "n_epochs", "batch_size", "k", "n_seeds")
        require_at_least(2, self, "n_chains")
        if self.n_betas < 0:
            raise ValueError(f"n_betas must not be negative, got {self.n_betas}")

    def plan(self) -> Plan:
        """What the run will do, and how long that takes."""
        n_images, size = self.n_each * len(self.digits), self.n_hidden / 144
        train = 2 * self.n_epochs / 50 * n_images / 2000 * size * (self.k + 1) / 2
        anneal = 12 * self.n_chains / 200 * self.n_betas / 2000 * (self.n_hidden + self.n_modes) / 144
        known = self.gradient in ("cd", "pcd", "paper")
        then = "; annealing" if self.n_betas else ""
        return Plan(
            f"{self.n_hidden:,} hidden units learn images of {', '.join(self.digits)} in "
            f"{counted(self.n_epochs, 'epoch')}{then}",
            5 + train * rounds_of_seeds(self.n_seeds, self.n_jobs) + anneal if known else None,
        )
