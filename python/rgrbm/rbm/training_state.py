"""The state of an RBM's training: its start, its way into and out of the kernels, whether it may go on."""

from numbers import Integral
from typing import Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from rgrbm._support import checks, streams
from rgrbm.model import unit_values
from rgrbm.rbm.checkpoints import Checkpoint
from rgrbm.rbm.inference import SAMPLING
from rgrbm.rbm.training import History

Array: TypeAlias = npt.NDArray[Any]

_WEIGHTS, _TRAINING = 0, 1  # purposes of the random streams, beside SAMPLING
# Parameters that may differ between the start of a training and its continuation: the length of the run (the
# epochs done are compared one by one with the schedule instead), the seed (compared by its key) and verbosity.
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
    """What is needed of an estimator: its parameters, and what depends on the kind of its visible units."""

    n_components: int
    n_iter: int
    random_state: streams.Seed
    _data_dtype: np.dtype[Any]

    def get_params(self) -> dict[str, Any]: ...  # noqa: D102
    def _first_parameters(
        self, data: Array, sample_weight: npt.NDArray[np.float64] | None, start: Any, noise: Array
    ) -> dict[str, Array]: ...
    def _new_trainer(self, state: Checkpoint, n_visible: int) -> Any: ...
    def _parameters(self) -> dict[str, Array]: ...


def configuration(rbm: Trainable) -> dict[str, Any]:
    """Parameters that must be the same when a training is resumed, in a form that JSON keeps."""
    return {name: _plain(value) for name, value in rbm.get_params().items() if name not in _FREE_ON_RESUME}


def _plain(value: Any) -> Any:
    """A parameter as JSON keeps it: an array by its fingerprint."""
    if isinstance(value, np.ndarray | list | tuple):
        return unit_values.digest(np.asarray(value))
    return value.item() if isinstance(value, np.generic) else value


def initial_state(
    rbm: Trainable,
    data: npt.NDArray[Any],
    sample_weight: npt.NDArray[np.float64] | None = None,
    start: Any = None,
) -> Checkpoint:
    """The state before the first epoch, with the parameters of ``start`` if it is given.

    Raises
    ------
    TypeError
        If ``start`` is no fitted RBM of this kind.
    ValueError
        If it is of other sizes.
    MemoryError
        If there are too many hidden units.
    """
    shape = data.shape[1], int(rbm.n_components)
    checks.require_memory(16 * shape[0] * shape[1], f"weights of {shape[0]} visible and {shape[1]} hidden units")
    sequence = streams.seed_sequence(rbm.random_state)
    noise = np.random.default_rng(streams.key(sequence, _WEIGHTS)).standard_normal(shape)
    return Checkpoint(
        **rbm._first_parameters(data, _scaled(sample_weight), start, noise),
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
        **{name: np.ascontiguousarray(value, dtype=dtype) for name, value in rbm._parameters().items()}
    )


def _scaled(sample_weight: npt.NDArray[np.float64] | None) -> npt.NDArray[np.float64] | None:
    """Sample weights of mean 1, as the kernels scale them."""
    return None if sample_weight is None else sample_weight / sample_weight.mean()


def require_same_training(rbm: Trainable, state: Checkpoint, data_digest: str, rates: Any, strengths: Any) -> None:
    """Check that a training may go on with data of this fingerprint and the estimator's parameters.

    Raises
    ------
    ValueError
        Naming the first thing that has changed.
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
    if isinstance(rbm.random_state, Integral | np.random.SeedSequence) and state.key != streams.key(
        streams.seed_sequence(rbm.random_state), _TRAINING
    ):
        raise ValueError("cannot resume: the training was started with another random_state")


def make_trainer(
    rbm: Trainable,
    state: Checkpoint,
    data: npt.NDArray[Any],
    sample_weight: npt.NDArray[np.float64] | None = None,
) -> Any:
    """A compiled trainer in the given state."""
    trainer = rbm._new_trainer(state, data.shape[1])
    if data.dtype == np.uint8:
        trainer.set_data(data, sample_weight)
    else:
        trainer.set_real_data(data.astype(state.weights.dtype, copy=False), sample_weight)
    if state.trainer_state:
        trainer.set_state(state.trainer_state)
    return trainer


def capture(trainer: Any, state: Checkpoint) -> Checkpoint:
    """The state that the trainer has reached."""
    names = state.parameters()
    return state.replace(**{name: getattr(trainer, name) for name in names}, trainer_state=trainer.state())
