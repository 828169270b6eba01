"""Estimators from and to files, parameters and scikit-learn."""

import os
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from rgrbm._support import checks
from rgrbm._support.streams import Seed
from rgrbm._support.tensors import FileFormatError, read_kind
from rgrbm.model.parameters import GaussianParameters, gaussian_parameters_of, is_gaussian, parameters_of
from rgrbm.rbm.bernoulli import BernoulliRBM
from rgrbm.rbm.estimator import TrainableRBM
from rgrbm.rbm.gaussian import GaussianRBM

if TYPE_CHECKING:
    from sklearn.neural_network import BernoulliRBM as SklearnRBM

PathLike = str | os.PathLike[str]
_KINDS: dict[str, type[TrainableRBM]] = {"BernoulliRBM": BernoulliRBM, "GaussianRBM": GaussianRBM}


def save_model(model: BernoulliRBM | GaussianRBM, path: PathLike) -> None:
    """Write a fitted RBM to a safetensors file; an existing file is replaced.

    Tensors: ``weights`` (n_visible, n_hidden), ``visible_bias``, ``hidden_bias``, ``hidden_samples``, ``mask`` if
    there is one, and ``log_variance`` of Gaussian visible units.
    Metadata: schema version, the estimator's parameters, feature names, versions of the software.

    Parameters
    ----------
    model : BernoulliRBM or GaussianRBM
        A fitted estimator. A learning-rate schedule that is a function is not kept.
    path : path
        The file, usually ``*.safetensors``.

    Raises
    ------
    TypeError
        If the model is neither.
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
    checks.instance("model", model, tuple(_KINDS.values())).save(path)


def load_model(path: PathLike) -> Any:
    """Read an RBM that :func:`save_model` wrote.

    Parameters
    ----------
    path : path
        The file.

    Returns
    -------
    BernoulliRBM or GaussianRBM
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
    kind = read_kind(path)
    if kind not in _KINDS:
        raise FileFormatError(f"{os.fspath(path)!r} holds a {kind!r}, expected a {' or a '.join(map(repr, _KINDS))}")
    return _KINDS[kind].load(path)


def from_parameters(rbm: Any, *, random_state: Seed = None) -> BernoulliRBM | GaussianRBM:
    """An estimator with given parameters: it draws, transforms and scores as if it had been trained to them.

    Parameters
    ----------
    rbm : RBMParameters
        Any object with ``weights_`` (n_visible, n_hidden), ``intercept_visible_`` and ``intercept_hidden_``, such as
        :func:`rgrbm.rg.decimation_rbm` returns, and with ``variance_`` if its visible units are Gaussian.
    random_state : int, SeedSequence, Generator, RandomState or None
        What draws without a seed of their own start from.

    Returns
    -------
    BernoulliRBM or GaussianRBM
        Fitted, with copies of the parameters in float64, and no epochs done.

    Raises
    ------
    TypeError
        If there are no such parameters.
    ValueError
        If they do not fit together or are not finite.

    Examples
    --------
    >>> import numpy as np
    >>> from rgrbm.rbm import from_parameters
    >>> from rgrbm.rg import decimation_rbm
    >>> from_parameters(decimation_rbm(8, J=1.0, K=2.0)).sample(2, seed=0).shape
    (2, 8)
    """
    p = gaussian_parameters_of(rbm) if is_gaussian(rbm) else parameters_of(rbm)
    names = {"weights": p.weights_, "visible_bias": p.intercept_visible_, "hidden_bias": p.intercept_hidden_}
    kind: type[BernoulliRBM | GaussianRBM] = BernoulliRBM
    if isinstance(p, GaussianParameters):
        kind, names = GaussianRBM, names | {"log_variance": np.log(p.variance_)}
    weights = p.weights_
    model = kind(weights.shape[1], n_iter=0, random_state=random_state)
    model._set_fitted(**{name: values.copy() for name, values in names.items()})
    model.h_samples_ = np.zeros((0, weights.shape[1]))
    model.n_iter_ = 0
    return model


def from_sklearn(model: "SklearnRBM") -> BernoulliRBM:
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
    TypeError
        If the model is another one.
    sklearn.exceptions.NotFittedError
        If the model is not fitted.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.neural_network import BernoulliRBM as SklearnRBM
    >>> from rgrbm.rbm import from_sklearn
    >>> theirs = SklearnRBM(n_components=2, random_state=0).fit(np.eye(4))
    >>> ours = from_sklearn(theirs)
    >>> bool(np.allclose(ours.transform(np.eye(4)), theirs.transform(np.eye(4))))
    True
    """
    from sklearn.neural_network import BernoulliRBM as SklearnRBM

    if not isinstance(model, SklearnRBM):
        raise TypeError(f"model must be a BernoulliRBM of scikit-learn's, got {checks.shown(model)}")
    check_is_fitted(model)
    ours = BernoulliRBM(**model.get_params(), gradient="pcd", centered=False, shuffle=False)
    weights = np.ascontiguousarray(model.components_.T)
    dtype = weights.dtype
    ours._set_fitted(
        weights=weights.copy(),
        visible_bias=model.intercept_visible_.astype(dtype),
        hidden_bias=model.intercept_hidden_.astype(dtype),
    )
    ours.h_samples_ = model.h_samples_.astype(dtype)
    ours.n_iter_ = model.n_iter
    if hasattr(model, "feature_names_in_"):
        ours.feature_names_in_ = model.feature_names_in_.copy()
    return ours


def to_sklearn(model: BernoulliRBM) -> "SklearnRBM":
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
    TypeError
        If the model is another one.
    sklearn.exceptions.NotFittedError
        If the model is not fitted.

    Examples
    --------
    >>> import numpy as np
    >>> from rgrbm import BernoulliRBM
    >>> from rgrbm.rbm import to_sklearn
    >>> rbm = BernoulliRBM(n_components=2, random_state=0).fit(np.eye(4))
    >>> to_sklearn(rbm)
    BernoulliRBM(n_components=2, random_state=0)
    """
    from sklearn.neural_network import BernoulliRBM as SklearnRBM

    check_is_fitted(checks.instance("model", model, BernoulliRBM))
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
