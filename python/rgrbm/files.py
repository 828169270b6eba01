"""Models as files, and conversion from and to scikit-learn.

Files are safetensors (no pickle: a file from elsewhere cannot run code) with metadata in JSON, and can be
read by ``safetensors.torch.load_file``. They are written whole or not at all.
"""

import os
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from sklearn.neural_network import BernoulliRBM as SklearnRBM
from sklearn.utils.validation import check_is_fitted

from rgrbm import _random
from rgrbm._config import config
from rgrbm._rbm_inference import SAMPLING
from rgrbm._structure import structure_of
from rgrbm._tensors import (
    FileFormatError,
    layer_sizes,
    parameter_shapes,
    read_tensors,
    require,
    require_tensors,
    write_tensors,
)

if TYPE_CHECKING:
    from rgrbm.rbm import BernoulliRBM

PathLike = str | os.PathLike[str]


def save_model(model: "BernoulliRBM", path: PathLike) -> None:
    """Write a fitted RBM to a safetensors file; an existing file is replaced.

    Tensors: ``weights`` (n_visible, n_hidden), ``visible_bias``, ``hidden_bias``, ``hidden_samples``, and ``mask`` if
    there is one.
    Metadata: schema version, the estimator's parameters, feature names, versions of the software.

    Parameters
    ----------
    model : BernoulliRBM
        A fitted estimator. A learning-rate schedule that is a function is not kept.
    path : path
        The file, usually ``*.safetensors``.

    Raises
    ------
    sklearn.exceptions.NotFittedError
        If the model is not fitted.
    OSError
        If the file cannot be written; nothing is then left half-written.

    Examples
    --------
    >>> import numpy as np, tempfile
    >>> from rgrbm import BernoulliRBM, load_model, save_model
    >>> rbm = BernoulliRBM(n_components=2, random_state=0).fit(np.eye(4, dtype=np.uint8))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_model(rbm, f"{folder}/model.safetensors")
    ...     loaded = load_model(f"{folder}/model.safetensors")
    >>> loaded
    BernoulliRBM(n_components=2, random_state=0)
    """
    check_is_fitted(model)
    names = getattr(model, "feature_names_in_", None)
    metadata = {
        "n_visible": model.weights_.shape[0],
        "n_hidden": model.weights_.shape[1],
        "n_hidden_samples": len(model.h_samples_),
        "n_epochs": model.n_iter_,
        "parameters": _plain_parameters(model),
        "feature_names": None if names is None else [str(name) for name in names],
        "masked": model.mask is not None,
        "software": config(),
    }
    tensors = {
        "weights": model.weights_,
        "visible_bias": model.intercept_visible_,
        "hidden_bias": model.intercept_hidden_,
        "hidden_samples": model.h_samples_,
    }
    if model.mask is not None:
        tensors["mask"] = np.asarray(model.mask)
    write_tensors(path, "BernoulliRBM", tensors, metadata)


def load_model(path: PathLike) -> "BernoulliRBM":
    """Read an RBM that :func:`save_model` wrote.

    Parameters
    ----------
    path : path
        The file.

    Returns
    -------
    BernoulliRBM
        A fitted estimator, ready to transform and sample. Its training cannot be resumed: that is what
        checkpoints are for.

    Raises
    ------
    FileFormatError
        If the file is truncated or oversized, of another kind or a newer schema, lacks tensors or holds
        others, or if metadata and tensors contradict each other.
    OSError
        If the file cannot be read.
    """
    from rgrbm.rbm import BernoulliRBM

    name = os.fspath(path)
    tensors, metadata = read_tensors(path, "BernoulliRBM")
    n_visible, n_hidden = layer_sizes(metadata, name)
    n_samples = require(metadata, "n_hidden_samples", int, name)
    shapes = parameter_shapes(n_visible, n_hidden) | {"hidden_samples": (n_samples, n_hidden)}
    mask = tensors.pop("mask", None) if metadata.get("masked") else None
    require_tensors(tensors, shapes, name)
    parameters = require(metadata, "parameters", dict, name)
    try:
        model = BernoulliRBM(**parameters)
        model._validate_params()
        model.mask = _checked_mask(mask, bool(metadata.get("masked")), n_visible, n_hidden)
    except (TypeError, ValueError) as error:
        raise FileFormatError(f"{name!r}: its metadata hold unknown or invalid parameters: {error}") from error
    if model.n_components != n_hidden:
        raise FileFormatError(f"{name!r}: n_components={model.n_components} contradicts {n_hidden} hidden units")
    _set_fitted(model, tensors["weights"], tensors["visible_bias"], tensors["hidden_bias"])
    model.h_samples_ = tensors["hidden_samples"]
    model.n_iter_ = require(metadata, "n_epochs", int, name)
    names = metadata.get("feature_names")
    if names is not None:
        if not isinstance(names, list) or len(names) != n_visible:
            raise FileFormatError(f"{name!r}: its feature names do not fit {n_visible} visible units")
        model.feature_names_in_ = np.array(names, dtype=object)
    return model


def _checked_mask(
    mask: npt.NDArray[Any] | None, expected: bool, n_visible: int, n_hidden: int
) -> npt.NDArray[Any] | None:
    if expected and mask is None:
        raise ValueError("the mask is missing")
    structure_of(mask, False, n_visible, n_hidden)
    return mask


def from_sklearn(model: SklearnRBM) -> "BernoulliRBM":
    """The same RBM as an rgrbm estimator.

    Parameters
    ----------
    model : sklearn.neural_network.BernoulliRBM
        A fitted estimator.

    Returns
    -------
    BernoulliRBM
        With copies of the parameters, and ``gradient="pcd"``, ``centered=False``, ``shuffle=False`` as
        scikit-learn trains.

    Raises
    ------
    sklearn.exceptions.NotFittedError
        If the model is not fitted.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.neural_network import BernoulliRBM as SklearnRBM
    >>> from rgrbm import from_sklearn
    >>> theirs = SklearnRBM(n_components=2, random_state=0).fit(np.eye(4))
    >>> ours = from_sklearn(theirs)
    >>> bool(np.allclose(ours.transform(np.eye(4)), theirs.transform(np.eye(4))))
    True
    """
    from rgrbm.rbm import BernoulliRBM

    check_is_fitted(model)
    ours = BernoulliRBM(**model.get_params(), gradient="pcd", centered=False, shuffle=False)
    weights = np.ascontiguousarray(model.components_.T)
    dtype = weights.dtype
    _set_fitted(ours, weights.copy(), model.intercept_visible_.astype(dtype), model.intercept_hidden_.astype(dtype))
    ours.h_samples_ = model.h_samples_.astype(dtype)
    ours.n_iter_ = model.n_iter
    if hasattr(model, "feature_names_in_"):
        ours.feature_names_in_ = model.feature_names_in_.copy()
    return ours


def to_sklearn(model: "BernoulliRBM") -> SklearnRBM:
    """The same RBM as a scikit-learn estimator.

    Parameters
    ----------
    model : BernoulliRBM
        A fitted estimator.

    Returns
    -------
    sklearn.neural_network.BernoulliRBM
        With copies of the parameters. A ``random_state`` that scikit-learn does not know becomes None.

    Raises
    ------
    sklearn.exceptions.NotFittedError
        If the model is not fitted.

    Examples
    --------
    >>> import numpy as np
    >>> from rgrbm import BernoulliRBM, to_sklearn
    >>> rbm = BernoulliRBM(n_components=2, random_state=0).fit(np.eye(4))
    >>> to_sklearn(rbm)
    BernoulliRBM(n_components=2, random_state=0)
    """
    check_is_fitted(model)
    theirs = SklearnRBM(**{name: getattr(model, name) for name in SklearnRBM().get_params()})
    if isinstance(model.random_state, np.random.Generator | np.random.SeedSequence):
        theirs.random_state = None
    theirs.components_ = np.array(model.components_, order="F")
    theirs.intercept_hidden_ = model.intercept_hidden_.copy()
    theirs.intercept_visible_ = model.intercept_visible_.copy()
    theirs.h_samples_ = model.h_samples_.copy()
    theirs.n_features_in_ = model.n_features_in_
    theirs._n_features_out = len(model.intercept_hidden_)
    if hasattr(model, "feature_names_in_"):
        theirs.feature_names_in_ = model.feature_names_in_.copy()
    return theirs


def _set_fitted(
    model: "BernoulliRBM",
    weights: npt.NDArray[Any],
    visible_bias: npt.NDArray[Any],
    hidden_bias: npt.NDArray[Any],
) -> None:
    model._set_parameters(weights, visible_bias, hidden_bias)
    model._start_streams(_random.key(_random.seed_sequence(model.random_state), SAMPLING))
    model.n_features_in_ = len(visible_bias)


def _plain_parameters(model: "BernoulliRBM") -> dict[str, Any]:
    """The estimator's parameters as JSON keeps them."""
    parameters = model.get_params()
    if not isinstance(parameters["random_state"], int | np.integer):
        parameters["random_state"] = None
    parameters["mask"] = None  # a tensor of its own
    schedule = parameters["learning_rate_schedule"]
    if callable(schedule):
        parameters["learning_rate_schedule"] = "constant"
    elif not isinstance(schedule, str):
        parameters["learning_rate_schedule"] = np.asarray(schedule, dtype=np.float64).tolist()
    return {name: value.item() if isinstance(value, np.generic) else value for name, value in parameters.items()}
