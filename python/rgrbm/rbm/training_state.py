"""The state of an RBM's training: its start, its way into and out of the kernels, whether it may go on."""

from numbers import Integral
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from rgrbm._core import kernels
from rgrbm._support import streams
from rgrbm.model import unit_values
from rgrbm.model.parameters import parameters_of
from rgrbm.rbm.checkpoints import Checkpoint
from rgrbm.rbm.inference import SAMPLING
from rgrbm.rbm.structure import Structure, structure_of
from rgrbm.rbm.training import History

_WEIGHTS, _TRAINING = 0, 1  # purposes of the random streams, beside SAMPLING
# Parameters that may differ between the start of a training and its continuation: the length of the run (the
# epochs done are compared one by one with the schedule instead), the seed (its key is compared) and talk.
_FREE_ON_RESUME = {
    "n_iter",
    "learning_rate",
    "learning_rate_schedule",
    "l1",
    "l1_warmup",
    "random_state",
    "verbose",
}


class Trainable(Protocol):
    """What is needed of an estimator: the parameters it was made with, and those that it has learned."""

    n_components: int
    n_iter: int
    random_state: streams.Seed
    weight_scale: float
    mask: Any
    symmetric: bool
    intercept_visible_: npt.NDArray[Any]
    intercept_hidden_: npt.NDArray[Any]
    _data_dtype: np.dtype[Any]

    @property
    def weights_(self) -> npt.NDArray[Any]: ...  # noqa: D102
    def get_params(self) -> dict[str, Any]: ...  # noqa: D102


def configuration(rbm: Trainable) -> dict[str, Any]:
    """Parameters that must be the same when a training is resumed, in a form that JSON keeps."""
    parameters = {name: value for name, value in rbm.get_params().items() if name not in _FREE_ON_RESUME}
    if rbm.mask is not None:
        parameters["mask"] = unit_values.digest(np.asarray(rbm.mask))
    return {name: getattr(value, "item", lambda v=value: v)() for name, value in parameters.items()}


def structure(rbm: Trainable, n_visible: int) -> Structure | None:
    """What ``mask`` and ``symmetric`` make of the parameters; None if all are free."""
    return structure_of(rbm.mask, rbm.symmetric, n_visible, rbm.n_components)


def initial_state(
    rbm: Trainable,
    data: npt.NDArray[Any],
    sample_weight: npt.NDArray[np.float64] | None = None,
    start: Any = None,
) -> Checkpoint:
    """The state before the first epoch: small random weights and visible biases from the data, or those of ``start``.

    Raises
    ------
    TypeError
        If ``start`` is no fitted RBM.
    ValueError
        If it is of other sizes.
    """
    sequence = streams.seed_sequence(rbm.random_state)
    shape = (data.shape[1], rbm.n_components)
    dtype = rbm._data_dtype
    if start is None:
        generator = np.random.default_rng(streams.key(sequence, _WEIGHTS))
        parameters = (
            (rbm.weight_scale * generator.standard_normal(shape)).astype(dtype),
            unit_values.log_odds(data, _scaled(sample_weight)).astype(dtype),
            np.zeros(rbm.n_components, dtype=dtype),
        )
    else:
        given = parameters_of(start)
        if given.weights_.shape != shape:
            raise ValueError(f"start must have weights of shape {shape}, got {given.weights_.shape}")
        parameters = tuple(value.astype(dtype) for value in given)  # type: ignore[assignment]  # three of them
    imposed = structure(rbm, data.shape[1])
    weights, visible_bias, hidden_bias = imposed.impose(*parameters) if imposed else parameters
    return Checkpoint(
        weights=weights,
        visible_bias=visible_bias,
        hidden_bias=hidden_bias,
        trainer_state={},
        history=History(),
        key=streams.key(sequence, _TRAINING),
        sampling_key=streams.key(sequence, SAMPLING),
        data_digest=unit_values.digest(data, sample_weight),
        configuration=configuration(rbm),
    )


def current_state(rbm: Trainable, data: npt.NDArray[Any]) -> Checkpoint:
    """The state of the last training, if there is one, with the parameters as they are now."""
    state: Checkpoint = getattr(rbm, "_training_state", None) or initial_state(rbm, data)
    dtype = state.weights.dtype
    return state.replace(
        weights=np.ascontiguousarray(rbm.weights_, dtype=dtype),
        visible_bias=np.ascontiguousarray(rbm.intercept_visible_, dtype=dtype),
        hidden_bias=np.ascontiguousarray(rbm.intercept_hidden_, dtype=dtype),
    )


def _scaled(sample_weight: npt.NDArray[np.float64] | None) -> npt.NDArray[np.float64] | None:
    """Sample weights of mean 1, as the kernels scale them."""
    return None if sample_weight is None else sample_weight / sample_weight.mean()


def require_same_training(rbm: Trainable, state: Checkpoint, data_digest: str, rates: Any, strengths: Any) -> None:
    """Check that a training may go on with data of this fingerprint and the estimator's parameters.

    Raises
    ------
    ValueError
        Telling the first thing that has changed.
    """
    here = configuration(rbm)
    changed = [n for n in here if here[n] != state.configuration.get(n)]
    if changed:
        was = ", ".join(f"{n}={state.configuration.get(n)!r} (now {here[n]!r})" for n in changed)
        raise ValueError(f"cannot resume: the training was started with {was}")
    if state.data_digest != data_digest:
        raise ValueError("cannot resume: the training was started with other data (or sample weights)")
    done = len(state.history)
    if done > rbm.n_iter:
        raise ValueError(f"cannot resume: {done} epochs are done, more than n_iter={rbm.n_iter}")
    for name, values in (("learning_rate", rates), ("l1", strengths)):
        if done and not np.array_equal(state.history[name], values[:done]):
            raise ValueError(f"cannot resume: {name} (or its schedule) differs from that of the epochs done")
    if isinstance(rbm.random_state, Integral) and state.key != streams.key(
        streams.seed_sequence(rbm.random_state), _TRAINING
    ):
        raise ValueError("cannot resume: the training was started with another random_state")


def make_trainer(
    rbm: Trainable,
    state: Checkpoint,
    data: npt.NDArray[Any],
    sample_weight: npt.NDArray[np.float64] | None = None,
) -> Any:
    """A compiled trainer that stands where ``state`` does."""
    parameters = state.weights, state.visible_bias, state.hidden_bias
    single = state.weights.dtype == np.float32
    s = structure(rbm, data.shape[1])
    trainer: Any
    if s is None:
        trainer = (kernels.Trainer32 if single else kernels.Trainer64)(*parameters, state.key)
    else:
        kind = kernels.StructuredTrainer32 if single else kernels.StructuredTrainer64
        classes = s.weight_class, s.visible_class, s.hidden_class
        trainer = kind(*parameters, *classes, s.symmetric, state.key)
    if data.dtype == np.uint8:
        trainer.set_data(data, sample_weight)
    else:
        trainer.set_real_data(data.astype(state.weights.dtype, copy=False), sample_weight)
    if state.trainer_state:
        trainer.set_state(state.trainer_state)
    return trainer


def capture(trainer: Any, state: Checkpoint) -> Checkpoint:
    """The state that the trainer has reached."""
    return state.replace(
        weights=trainer.weights,
        visible_bias=trainer.visible_bias,
        hidden_bias=trainer.hidden_bias,
        trainer_state=trainer.state(),
    )
