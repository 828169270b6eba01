"""RBMs on top of each other: each layer learns the hidden states of the one below (Mehta and Schwab's deep network)."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from itertools import islice, pairwise
from numbers import Integral
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin, _fit_context, clone
from sklearn.utils.validation import check_is_fitted

from rgrbm._support import checks, streams
from rgrbm._support.progress import Progress
from rgrbm.model.parameters import spin_parameters
from rgrbm.rbm import stack_files
from rgrbm.rbm.bernoulli import BernoulliRBM
from rgrbm.rbm.estimator import Number, seconds_between
from rgrbm.spins.values import Binary

PathLike = str | os.PathLike[str]


class RBMStack(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """A stack of RBMs, trained greedily from the bottom as the layers of a deep belief network [1]_.

    Layer 1 learns the data. Layer k + 1 learns hidden states *sampled* from p(h | v) of layer k, as a block-spin
    transformation gives spins and not probabilities; on spin models, each layer is then one step of a learned
    renormalization [2]_.

    Parameters
    ----------
    n_components : sequence of int or int, default=(32, 16, 8)
        Hidden units of each layer, from the bottom; an int makes a single layer.
    rbm : BernoulliRBM or sequence of BernoulliRBM, optional
        The estimator to train as every layer, or one for each layer. They are cloned; their ``n_components`` and
        ``random_state`` are replaced. Default: ``BernoulliRBM()``.
    random_state : int, RandomState, Generator, SeedSequence or None, default=None
        Fixes initial weights and all sampling, of all layers.

    Attributes
    ----------
    rbms_ : list of BernoulliRBM
        The trained layers. After Ctrl-C, the last of them is half-trained and those above it are missing.
    n_features_in_ : int
        Number of visible units of the bottom layer.
    feature_names_in_ : ndarray of shape (``n_features_in_``,)
        Names of the features, if the data had names that are all strings.

    References
    ----------
    .. [1] G. E. Hinton, S. Osindero, Y.-W. Teh, *A fast learning algorithm for deep belief nets*, Neural
       Computation 18, 1527 (2006).
    .. [2] P. Mehta, D. J. Schwab, *An exact mapping between the variational renormalization group and deep learning*,
       arXiv:1410.3831 (2014).

    Examples
    --------
    >>> from rgrbm import BernoulliRBM, IsingModel, RBMStack, to_binary
    >>> X = to_binary(IsingModel(16, J=1.0).sample(200, method="exact", seed=0))
    >>> stack = RBMStack((8, 4), rbm=BernoulliRBM(n_iter=5), random_state=0).fit(X)
    >>> stack.transform(X).shape, stack.receptive_fields().shape
    ((200, 4), (16, 4))
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "n_components": [Number(Integral, 1, None, closed="left"), "array-like"],
        "rbm": [BernoulliRBM, list, tuple, None],
        "random_state": BernoulliRBM._parameter_constraints["random_state"],
    }

    def __init__(
        self,
        n_components: Sequence[int] | int = (32, 16, 8),
        rbm: BernoulliRBM | Sequence[BernoulliRBM] | None = None,
        *,
        random_state: streams.Seed = None,
    ) -> None:
        self.n_components = n_components
        self.rbm = rbm
        self.random_state = random_state

    @classmethod
    def from_rbms(cls, rbms: Sequence[BernoulliRBM]) -> Self:
        """Put trained RBMs on top of each other.

        Parameters
        ----------
        rbms : sequence of BernoulliRBM
            Fitted layers from the bottom; they are not copied.

        Returns
        -------
        RBMStack
            Fitted, ready to transform and sample.

        Raises
        ------
        TypeError
            If ``rbms`` is no sequence of BernoulliRBMs.
        ValueError
            If there are no layers, or one has not as many visible units as the one below has hidden ones.
        sklearn.exceptions.NotFittedError
            If a layer is not fitted.

        Examples
        --------
        >>> import numpy as np
        >>> from rgrbm import BernoulliRBM, RBMStack
        >>> bottom = BernoulliRBM(2, random_state=0).fit(np.eye(4, dtype=np.uint8))
        >>> top = BernoulliRBM(1, random_state=0).fit(np.eye(2, dtype=np.uint8))
        >>> RBMStack.from_rbms([bottom, top]).n_components
        (2, 1)
        """
        layers = checks.items("rbms", rbms, "BernoulliRBM")
        for layer in layers:
            check_is_fitted(checks.instance("each of rbms", layer, BernoulliRBM))
        _require_fitting(layers)
        stack = cls(tuple(layer.weights_.shape[1] for layer in layers), [clone(layer) for layer in layers])
        stack._set_layers(layers)
        return stack

    @_fit_context(prefer_skip_nested_validation=False)  # type: ignore[untyped-decorator]
    def fit(
        self,
        X: Any,
        y: Any = None,
        *,
        resume: bool = False,
        checkpoint: PathLike | None = None,
        checkpoint_interval: float | None = None,
        progress: Progress = None,
    ) -> Self:
        """Train the layers one after the other.

        Ctrl-C ends training with the last whole epoch and raises ``KeyboardInterrupt``; ``fit(X, resume=True)`` goes on
        in the same layer, to the same bits as a run that was never interrupted.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Data of 0 and 1, or probabilities in [0, 1].
        y : None
            Ignored.
        resume : bool, default=False
            Go on from ``checkpoint`` if there is one, without it from this estimator's last ``fit``. Data and
            parameters must be the same as before.
        checkpoint : path, optional
            A folder that keeps the complete state of each layer's training, one file per layer. It is made if only
            its last part is missing.
        checkpoint_interval : float, optional
            Seconds between two checkpoints of the layer in training. By default the first comes after half a second,
            and the others as often as they cost less than 1% of the time.
        progress : bool or callable, optional
            As for :meth:`rgrbm.BernoulliRBM.fit`, for one layer after the other. A function gets (done, in all) epochs
            of the layer in training.

        Returns
        -------
        RBMStack
            The fitted estimator itself.

        Raises
        ------
        TypeError
            If the sizes of the layers are not integers, a template is no BernoulliRBM, ``checkpoint_interval`` no
            number, or ``resume`` neither true nor false.
        ValueError
            If the sizes of the layers are not positive, there are not as many templates as layers, the data are not of
            the kind above, ``checkpoint_interval`` is negative or NaN, or the training to be resumed had other data or
            parameters.
        FileExistsError
            If a layer's checkpoint exists and ``resume`` is false.
        FileFormatError
            If a checkpoint is not a file that ``fit`` wrote.

        Examples
        --------
        >>> import numpy as np
        >>> from rgrbm import BernoulliRBM, RBMStack
        >>> X = np.eye(4, dtype=np.uint8)
        >>> stack = RBMStack((3, 2), rbm=BernoulliRBM(n_iter=5), random_state=0).fit(X)
        >>> [layer.n_iter_ for layer in stack.rbms_]
        [5, 5]
        """
        checkpoint_interval = seconds_between("checkpoint_interval", checkpoint_interval)
        resume = checks.flag("resume", resume)
        templates = self._templates()
        if resume and checkpoint is None and not hasattr(self, "rbms_"):
            raise ValueError("there is nothing to resume: neither a checkpoint nor an earlier fit")
        files = _checkpoint_files(checkpoint, len(templates), resume=resume)
        begun = self.rbms_ if resume and checkpoint is None else []
        layers: list[BernoulliRBM] = []
        for k, (template, file) in enumerate(zip(templates, files, strict=True)):
            goes_on = k < len(begun) or (resume and file is not None)
            layers.append(begun[k].set_params(**_all_but_seed(template)) if k < len(begun) else template)
            try:
                layers[k].fit(
                    X, resume=goes_on, checkpoint=file, checkpoint_interval=checkpoint_interval, progress=progress
                )
            except KeyboardInterrupt:
                if not hasattr(layers[k], "n_iter_"):  # it came before the first epoch
                    if k > 0:
                        self._set_layers(layers[:k])
                    raise KeyboardInterrupt(f"training stopped before layer {k + 1} of {len(templates)}") from None
                self._set_layers(layers)
                done = f"layer {k + 1} of {len(templates)} after {layers[k].n_iter_} epochs"
                raise KeyboardInterrupt(f"training stopped in {done}") from None
            # From the layer's own stream, which starts anew at the end of each fit: a resumed one draws the same.
            X = layers[k].sample_hidden(X)
        self._set_layers(layers)
        return self

    def transform(self, X: Any) -> npt.NDArray[Any]:
        """Probabilities of the top layer's units, computed from the probabilities of the layers below.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Visible units: 0/1, or probabilities.

        Returns
        -------
        ndarray of shape (n_samples, n_components[-1])
            Probabilities: a deterministic function of ``X``, as that of a pipeline of RBMs. It is not the mean of
            :meth:`sample_hidden`, since the units respond nonlinearly.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            Before ``fit``.
        ValueError
            If the data are out of range or have another number of features.
        """
        check_is_fitted(self)
        for layer in self.rbms_:
            X = layer.transform(X)
        return np.asarray(X)

    def sample_layers(self, X: Any, seed: streams.Seed = None) -> Iterator[Binary]:
        """Push samples up through the stack, one layer after the other.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Visible units: 0/1, or probabilities.
        seed : int, SeedSequence, Generator, RandomState or None
            None: the layers' own streams, which go on from call to call.

        Yields
        ------
        ndarray of uint8 of shape (n_samples, n_components[k])
            Hidden states of layers 1, 2, …, each drawn from p(h | v) with the one before as v.

        Examples
        --------
        >>> import numpy as np
        >>> from rgrbm import BernoulliRBM, RBMStack
        >>> X = np.eye(4, dtype=np.uint8)
        >>> stack = RBMStack((3, 2), random_state=0).fit(X)
        >>> [h.shape for h in stack.sample_layers(X, seed=1)]
        [(4, 3), (4, 2)]
        """
        check_is_fitted(self)
        for layer, layer_seed in zip(self.rbms_, _layer_seeds(seed, len(self.rbms_)), strict=True):
            X = layer.sample_hidden(X, layer_seed)
            yield X

    def sample_hidden(self, X: Any, seed: streams.Seed = None, layer: int | None = None) -> Binary:
        """Push samples up to one layer.

        Parameters
        ----------
        X, seed
            As for :meth:`sample_layers`.
        layer : int, optional
            The layer, counted from 1 at the bottom; default: the top one.

        Returns
        -------
        ndarray of uint8 of shape (n_samples, n_components[layer - 1])

        Raises
        ------
        TypeError
            If ``layer`` is not an integer.
        ValueError
            If there is no such layer.
        """
        return next(islice(self.sample_layers(X, seed), self._depth(layer) - 1, None))

    def reconstruct(self, X: Any, seed: streams.Seed = None, layer: int | None = None) -> Binary:
        """Draw a reconstruction of visible states: samples go up to a layer and down again.

        Parameters
        ----------
        X, seed, layer
            As for :meth:`sample_hidden`.

        Returns
        -------
        ndarray of uint8 of shape (n_samples, n_features)

        Raises
        ------
        TypeError
            If ``layer`` is not an integer.
        ValueError
            If there is no such layer.
        """
        depth = self._depth(layer)
        layers, seeds = self.rbms_[:depth], _layer_seeds(seed, 2 * depth)
        for rbm, layer_seed in zip(layers, seeds[:depth], strict=True):
            X = rbm.sample_hidden(X, layer_seed)
        for rbm, layer_seed in zip(reversed(layers), seeds[depth:], strict=True):
            X = rbm.sample_visible(X, layer_seed)
        return np.asarray(X)

    def receptive_fields(self, layer: int | None = None) -> npt.NDArray[np.float64]:
        """What a layer's units see of the visible ones: the product w₁ w₂ … of the layers' weights.

        Parameters
        ----------
        layer : int, optional
            The layer, counted from 1 at the bottom; default: the top one.

        Returns
        -------
        ndarray of shape (n_features, n_components[layer - 1])
            In ±1 units, where the weights of 0/1 units are divided by 4.

        Raises
        ------
        TypeError
            If ``layer`` is not an integer.
        ValueError
            If there is no such layer.
        """
        depth = self._depth(layer)
        fields = spin_parameters(self.rbms_[0]).weights
        for rbm in self.rbms_[1:depth]:
            fields = fields @ spin_parameters(rbm).weights
        return np.asarray(fields)

    def save(self, folder: PathLike, *, overwrite: bool = False) -> None:
        """Write the stack to a folder: ``layer-1.safetensors``, … and ``stack.json``.

        Parameters
        ----------
        folder : path
            A folder, made whole or not at all.
        overwrite : bool, default=False
            Replace a stack that is there. A folder of anything else is never replaced.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            Before ``fit``.
        FileExistsError
            If the folder exists and is no stack, or may not be overwritten.
        OSError
            If it cannot be written.

        Examples
        --------
        >>> import numpy as np, tempfile
        >>> from rgrbm import RBMStack
        >>> stack = RBMStack((3, 2), random_state=0).fit(np.eye(4, dtype=np.uint8))
        >>> with tempfile.TemporaryDirectory() as parent:
        ...     stack.save(f"{parent}/stack")
        ...     loaded = RBMStack.load(f"{parent}/stack")
        >>> bool(np.array_equal(loaded.receptive_fields(), stack.receptive_fields()))
        True
        """
        check_is_fitted(self)
        stack_files.save_layers(self.rbms_, folder, overwrite=overwrite)

    @classmethod
    def load(cls, folder: PathLike) -> Self:
        """Read a stack that :meth:`save` wrote.

        Raises
        ------
        FileFormatError
            If ``stack.json`` or a layer is missing, broken, of another kind or version, or not of this stack.
        OSError
            If the folder cannot be read.
        """
        return cls.from_rbms(stack_files.load_layers(folder))

    def __sklearn_tags__(self) -> Any:
        """What scikit-learn's tools may expect of this estimator."""
        tags = super().__sklearn_tags__()
        bottom = self.rbm if isinstance(self.rbm, BernoulliRBM) else BernoulliRBM()
        tags.input_tags = bottom.__sklearn_tags__().input_tags
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    def _templates(self) -> list[BernoulliRBM]:
        """Unfitted layers, of the right sizes and with seeds of their own."""
        sizes = checks.integers("n_components", self.n_components, 1)
        if not sizes:
            raise ValueError(f"n_components must be positive integers, one for each layer, got {self.n_components!r}")
        given = self.rbm if isinstance(self.rbm, list | tuple) else [self.rbm or BernoulliRBM()] * len(sizes)
        if len(given) != len(sizes):
            raise ValueError(f"{len(sizes)} layers need as many templates (or a single one), got {len(given)}")
        wrong = [type(rbm).__name__ for rbm in given if not isinstance(rbm, BernoulliRBM)]
        if wrong:
            raise TypeError(f"every layer must be a BernoulliRBM, got {wrong[0]}")
        seeds = _layer_seeds(self.random_state, len(sizes))
        return [
            clone(rbm).set_params(n_components=int(n), random_state=seed)
            for rbm, n, seed in zip(given, sizes, seeds, strict=True)
        ]

    def _set_layers(self, layers: list[BernoulliRBM]) -> None:
        self.rbms_ = layers
        bottom = layers[0]
        self.n_features_in_ = bottom.n_features_in_
        if hasattr(bottom, "feature_names_in_"):
            self.feature_names_in_ = bottom.feature_names_in_
        self._n_features_out = layers[-1].weights_.shape[1]

    def _depth(self, layer: int | None) -> int:
        check_is_fitted(self)
        n_layers = len(self.rbms_)
        if layer is None:
            return n_layers
        layer = checks.integer("layer", layer)
        if not 1 <= layer <= n_layers:
            raise ValueError(f"the stack has layers 1 to {n_layers}, got layer={layer}")
        return layer


def _layer_seeds(seed: streams.Seed, n_layers: int) -> list[int | None]:
    """A seed for each layer; None if the layers are to draw from streams of their own."""
    if seed is None:
        return [None] * n_layers
    sequence = streams.seed_sequence(seed)
    return [streams.key(sequence, layer)[0] for layer in range(n_layers)]


def _all_but_seed(rbm: BernoulliRBM) -> dict[str, Any]:
    return {name: value for name, value in rbm.get_params().items() if name != "random_state"}


def _require_fitting(layers: Sequence[BernoulliRBM]) -> None:
    if not layers:
        raise ValueError("a stack needs at least one layer")
    for k, (below, above) in enumerate(pairwise(layers), start=1):
        n_hidden, n_visible = below.weights_.shape[1], above.weights_.shape[0]
        if n_hidden != n_visible:
            raise ValueError(f"layer {k} has {n_hidden} hidden units, but layer {k + 1} has {n_visible} visible ones")


def _checkpoint_files(folder: PathLike | None, n_layers: int, *, resume: bool) -> list[Path | None]:
    """One file per layer in the folder, which is made; none without a folder."""
    if folder is None:
        return [None] * n_layers
    path = Path(folder)
    if not path.absolute().parent.is_dir():
        raise FileNotFoundError(f"the folder {str(path.absolute().parent)!r} does not exist")
    path.mkdir(exist_ok=True)
    files: list[Path | None] = [path / f"layer-{k}.checkpoint.safetensors" for k in range(1, n_layers + 1)]
    for file in files:
        if file is not None and file.exists() and not resume:
            raise FileExistsError(f"{str(file)!r} exists: resume from it, remove it, or choose another folder")
    return files
