from rgrbm.rbm import masks
from rgrbm.rbm.bernoulli import BernoulliRBM
from rgrbm.rbm.callbacks import EarlyStopping
from rgrbm.rbm.conversion import from_parameters, from_sklearn, load_model, save_model, to_sklearn
from rgrbm.rbm.gaussian import GaussianRBM
from rgrbm.rbm.history import History
from rgrbm.rbm.stack import RBMStack
from rgrbm.rbm.training import TrainingProgress

__all__ = [
    "BernoulliRBM",
    "EarlyStopping",
    "GaussianRBM",
    "History",
    "RBMStack",
    "TrainingProgress",
    "from_parameters",
    "from_sklearn",
    "load_model",
    "masks",
    "save_model",
    "to_sklearn",
]
