"""One small run of each experiment, in seconds and without the network."""

import io

import pytest
from rich.console import Console

from made_up_digits import made_up
from rgrbm.experiments import flow, ising_1d, ising_2d, ising_3d, mechanics, mnist, reproduce, run_folder
from rgrbm.experiments.ising_2d_parameters import Ising2DParameters
from rgrbm.experiments.ising_3d_parameters import Ising3DParameters
from rgrbm.experiments.mechanics_parameters import MechanicsParameters
from rgrbm.experiments.papers import cossu2019
from rgrbm.experiments.reproduce_parameters import ReproduceParameters

SMALL_FLOW = {
    "J": [0.8, 1.2], "n_spins": 16, "n_steps": 2, "n_train": 1000, "batch_size": 100, "n_epochs": 20,
    "n_measured": 10_000, "n_flow_steps": 2, "n_flow_samples": 50,
}  # fmt: skip
SMALL_2D = {
    "criterion": ["majority", "pcd", "information"], "width": [2], "train_side": 8, "n_train": 512, "n_epochs": 2,
    "side": 32, "n_steps": 2, "n_measured": 512, "n_fitted": 512, "around": [1.0, 1.3], "n_flow": 512,
    "free_epochs": 2,
}  # fmt: skip
SMALL_3D = {
    "side": [16], "n_measured": 512, "weight": [0.4, 0.5, 0.8], "gradient": ["cd"], "train_side": 8, "n_train": 512,
    "n_epochs": 5, "n_seeds": 2, "n_fitted": 512,
}  # fmt: skip
RUNS = {
    "ising1d": (
        ising_1d.run_ising_1d,
        ising_1d.Ising1DParameters(n_spins=16, n_train=100, n_test=50, n_epochs=20, n_measured=1000),
    ),
    "mnist": (mnist.run_mnist, mnist.MNISTParameters(n_each=20, n_hidden=10, n_epochs=5, n_chains=20, n_betas=200)),
    "flow": (flow.run_flow, flow.FlowParameters(**SMALL_FLOW)),
    "ising2d": (ising_2d.run_ising_2d, Ising2DParameters(**SMALL_2D)),
    "ising3d": (ising_3d.run_ising_3d, Ising3DParameters(**SMALL_3D)),
    "mechanics": (
        mechanics.run_mechanics,
        MechanicsParameters(n_sites=16, kappa=[0.05, 2.0], n_samples=2000, n_epochs=20, n_seeds=2, n_jobs=1),
    ),
    "reproduce": (reproduce.run_reproduce, ReproduceParameters(paper="cossu2019", quick=True, n_jobs=1)),
}


def use_made_up_digits(patch):
    """MNIST's place is taken by digits that need no file."""
    patch.setattr(mnist, "load_mnist", made_up)
    patch.setattr(mnist, "mnist_splits", lambda data=None: ("train", "test"))


def use_small_papers(patch):
    """A quick run of a paper takes a second."""
    tiny = cossu2019.Sizes({"1D": (6,), "2D": (4, 2)}, {"1D": (0.4, 0.6), "2D": (0.3, 0.4)}, (200, 400), 60, 2)
    patch.setitem(cossu2019.SIZES, "quick", tiny)


def run_small(name, path):
    """Run one of them in a new folder; give its results."""
    with pytest.MonkeyPatch.context() as patch:
        use_made_up_digits(patch)
        use_small_papers(patch)
        run, parameters = RUNS[name]
        return run(parameters, run_folder.RunFolder(path), Console(file=io.StringIO()))
