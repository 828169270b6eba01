"""Inference with an RBM of given parameters: conditionals, samples, free energies."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from inspect import isfunction
from typing import Any, Literal, TypeVar

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import _check_feature_names, check_is_fitted, validate_data

from rgrbm._core import kernels
from rgrbm._support import checks, streams
from rgrbm._support.progress import Progress, reports
from rgrbm.model import unit_values
from rgrbm.model.energies import flipped_log_pseudo_likelihood, free_energy, log_pseudo_likelihood
from rgrbm.model.known_units import Known, known_units, only_binary
from rgrbm.spins.values import Binary

Key = tuple[int, int]

SAMPLING = 2  # purpose of the random streams that methods draw from when no seed is given

# Gibbs steps times multiply-adds per step that one call of the kernels makes: some tenths of a second.
_WORK_PER_CALL = 2**28
_MEANS_PER_SUM = 4096  # that a sum in single precision takes without losing digits


@dataclass(frozen=True)
class Conditions:
    """What the kernels are given beside the visible states: known units, hidden states, and sums of means to add to."""

    known: Binary | None = None
    h: Binary | None = None
    known_hidden: Binary | None = None
    sums: npt.NDArray[Any] | None = None

    def arguments(self) -> dict[str, Any]:
        """As arguments of the kernels."""
        return {"h": self.h, "known": self.known, "known_hidden": self.known_hidden, "sums": self.sums}


UNCONDITIONAL = Conditions()

T = TypeVar("T")


def named_in_errors(public: str) -> Callable[[type[T]], type[T]]:
    """Let Python's errors name ``public`` instead of a base class: ``BernoulliRBM.gibbs() got an unexpected …``."""

    def rename(base: type[T]) -> type[T]:
        for name, function in vars(base).items():
            while isfunction(function):
                function.__qualname__ = f"{public}.{name}"
                function = getattr(function, "__wrapped__", None)
        return base

    return rename


def _n_chains(n_samples: int | None, arrays: dict[str, Known | None]) -> int:
    """The number of chains, which all arrays with rows agree on."""
    rows = {name: len(x.values) for name, x in arrays.items() if x is not None and x.values.ndim == 2}
    rows = {name: length for name, length in rows.items() if length != 1}  # one row serves all samples
    n = checks.integer("n_samples", n_samples if n_samples is not None else next(iter(rows.values()), 1), 1)
    for name, length in rows.items():
        if length != n:
            raise ValueError(f"{name} must have one row, or one for each of {n} samples, got {length}")
    return n


def chain_key(generator: np.random.Generator) -> Key:
    """A key of their own for chains: they take many indices, which must not meet those of other draws."""
    first, second = (int(word) for word in generator.integers(2**64, size=2, dtype=np.uint64))
    return first, second


@named_in_errors("RBM")
class RBMInference(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Methods that need the parameters only, whatever the visible units; the estimators add training."""

    components_: npt.NDArray[Any]
    intercept_visible_: npt.NDArray[Any]
    intercept_hidden_: npt.NDArray[Any]
    random_state: streams.Seed

    @property
    def weights_(self) -> npt.NDArray[Any]:
        """Weights W of shape (n_visible, n_hidden): ``components_`` transposed."""
        return self.components_.T

    def transform(self, X: Any) -> npt.NDArray[Any]:
        """Probabilities of the hidden units given the visible ones, p(h = 1 | v).

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Visible units: 0/1 or probabilities, or real numbers if they are Gaussian.

        Returns
        -------
        ndarray of shape (n_samples, n_components)
            Probabilities.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            Before ``fit``.
        ValueError
            If the data are out of range or have another number of features.

        Examples
        --------
        >>> import numpy as np
        >>> from rgrbm import BernoulliRBM
        >>> rbm = BernoulliRBM(n_components=2, random_state=0).fit(np.eye(4, dtype=np.uint8))
        >>> rbm.transform(np.eye(4, dtype=np.uint8)).shape
        (4, 2)
        """
        X = self._check_visible(X)
        return unit_values.activate(X, self._couplings(), self.intercept_hidden_)

    def sample_hidden(self, X: Any, seed: streams.Seed = None) -> Binary:
        """Draw hidden states from p(h | v).

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Visible units: 0/1 or probabilities, or real numbers if they are Gaussian.
        seed : int, SeedSequence, Generator, RandomState or None
            None: the estimator's own stream, which goes on from call to call.

        Returns
        -------
        ndarray of uint8 of shape (n_samples, n_components)

        Examples
        --------
        >>> import numpy as np
        >>> from rgrbm import BernoulliRBM
        >>> rbm = BernoulliRBM(n_components=2, random_state=0).fit(np.eye(4, dtype=np.uint8))
        >>> rbm.sample_hidden(np.eye(4, dtype=np.uint8), seed=1).shape
        (4, 2)
        """
        units = unit_values.dense(self._check_visible(X))
        return self._sample_other(units, kernels.sample_hidden, self._couplings(), self.intercept_hidden_, seed)

    def reconstruct(self, X: Any, seed: streams.Seed = None) -> npt.NDArray[Any]:
        """Make one Gibbs step v → h → v̂: draw h from p(h | v), then a reconstruction v̂ from p(v | h).

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Visible units v: 0/1 or probabilities, or real numbers if they are Gaussian.
        seed : int, SeedSequence, Generator, RandomState or None
            None: the estimator's own stream, which goes on from call to call.

        Returns
        -------
        ndarray of shape (n_samples, n_features)
            Visible units v̂: uint8 if they are binary, in the precision of the parameters if they are Gaussian.

        See Also
        --------
        gibbs : The same step under scikit-learn's name.

        Examples
        --------
        The reconstruction error of a model is the fraction of units that come out different:

        >>> import numpy as np
        >>> from rgrbm import BernoulliRBM
        >>> X = np.repeat([[0, 0], [1, 1]], 50, axis=0)
        >>> rbm = BernoulliRBM(n_components=2, n_iter=200, random_state=0).fit(X)
        >>> bool(np.mean(rbm.reconstruct(X, seed=0) != X) < 0.1)
        True
        """
        units = unit_values.dense(self._check_visible(X))
        return self._gibbs(units, 1, *self._draw(seed))[0]

    def gibbs(self, v: Any, seed: streams.Seed = None) -> npt.NDArray[Any]:
        """Make one Gibbs step: :meth:`reconstruct` under scikit-learn's name, with its dtype for binary units.

        Parameters
        ----------
        v : array-like of shape (n_samples, n_features)
            Visible units, as ``X`` of :meth:`reconstruct`.
        seed : int, SeedSequence, Generator, RandomState or None
            None: the estimator's own stream, which goes on from call to call.

        Returns
        -------
        ndarray of shape (n_samples, n_features)
            What :meth:`reconstruct` returns for the same seed; binary units are bool instead of uint8.

        Examples
        --------
        >>> import numpy as np
        >>> from rgrbm import BernoulliRBM
        >>> rbm = BernoulliRBM(n_components=2, random_state=0).fit(np.eye(4, dtype=np.uint8))
        >>> rbm.gibbs(np.eye(4, dtype=np.uint8), seed=1).dtype
        dtype('bool')
        """
        units = self.reconstruct(v, seed)
        return units.view(np.bool_) if units.dtype == np.uint8 else units

    def sample(
        self,
        n_samples: int | None = None,
        *,
        n_steps: int = 1000,
        clamp: Any = None,
        clamp_hidden: Any = None,
        start: Any = None,
        seed: streams.Seed = None,
        progress: Progress = None,
    ) -> npt.NDArray[Any]:
        """Draw from the model by independent Gibbs chains, or from its distribution given that some units are known.

        Parameters
        ----------
        n_samples : int, optional
            Number of chains, each giving one sample. By default as many as ``clamp``, ``clamp_hidden`` or ``start``
            have rows, and else 1.
        n_steps : int, default=1000
            Gibbs steps v → h → v of each chain. How many are enough depends on the model: chains of a model
            with strong weights decorrelate slowly from their start. Where a layer has up to 26 units,
            :func:`rgrbm.likelihood.sample_exactly` needs no chain (with Gaussian visible units: the hidden layer).
        clamp : array-like of shape (n_features,) or (n_samples, n_features), optional
            Visible units that are known and stay as they are; NaN, or masked, where a unit is to be drawn. Chains then
            sample p(unknown units | known units).
        clamp_hidden : array-like of shape (n_components,) or (n_samples, n_components), optional
            The same for hidden units.
        start : array-like of shape (n_features,) or (n_samples, n_features), optional
            Visible states that chains start from. By default binary units start as 0 or 1 with probability ½, and
            Gaussian ones are drawn given such hidden units.
        seed : int, SeedSequence, Generator, RandomState or None
            None: the estimator's own stream, which goes on from call to call.
        progress : bool or callable, optional
            A bar (True), a function of (done, in all) steps, or nothing (False). By default a bar in terminals and
            notebooks, for what takes longer than two seconds.

        Returns
        -------
        ndarray of shape (n_samples, n_features)
            Visible units: uint8 if they are binary, in the precision of the parameters if they are Gaussian.

        Raises
        ------
        ValueError
            If ``n_samples`` or ``n_steps`` is below 1, a shape does not fit, or a known value is infinite or not what
            the unit can be.
        TypeError
            If one of them is not an integer, or ``progress`` is neither a bool nor a function.
        MemoryError
            If the samples need more memory than there is.

        See Also
        --------
        impute : Means or samples of missing values.

        Examples
        --------
        >>> import numpy as np
        >>> from rgrbm import BernoulliRBM
        >>> rbm = BernoulliRBM(n_components=2, random_state=0).fit(np.eye(4, dtype=np.uint8))
        >>> rbm.sample(3, n_steps=10, seed=0).shape
        (3, 4)
        >>> rbm.sample(3, n_steps=10, clamp=[1, np.nan, np.nan, 0], seed=0)[:, [0, 3]]
        array([[1, 0],
               [1, 0],
               [1, 0]], dtype=uint8)
        """
        self._check_parameters()
        n_steps = checks.integer("n_steps", n_steps, 1)
        visible = None if clamp is None else self._known_visible(clamp, "clamp")
        hidden = None if clamp_hidden is None else self._known_hidden(clamp_hidden)
        first = None if start is None else self._known_visible(start, "start")
        if first is not None and not first.known.all():
            raise ValueError("start must hold a value for every visible unit; unknown ones may be NaN in clamp")
        n_samples = _n_chains(n_samples, {"clamp": visible, "clamp_hidden": hidden, "start": first})
        return self._run_chains(n_samples, n_steps, visible, hidden, first, seed, progress)[0]

    def impute(
        self,
        X: Any,
        method: Literal["mean", "sample"] = "mean",
        *,
        n_steps: int = 1000,
        n_burn_in: int = 100,
        seed: streams.Seed = None,
        progress: Progress = None,
    ) -> npt.NDArray[Any]:
        """Fill in missing values from the model's distribution given the others.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Visible units; NaN, or masked, where they are missing.
        method : {"mean", "sample"}, default="mean"
            "mean": means of the missing units given the known ones, for binary units p(v = 1 | known). "sample": one
            sample of them.
        n_steps : int, default=1000
            Gibbs steps with the known units clamped.
        n_burn_in : int, default=100
            Of these, steps at the beginning that do not count in means.
        seed : int, SeedSequence, Generator, RandomState or None
            None: the estimator's own stream, which goes on from call to call.
        progress : bool or callable, optional
            A bar (True), a function of (done, in all) steps, or nothing (False). By default a bar in terminals and
            notebooks, for what takes longer than two seconds.

        Returns
        -------
        ndarray of shape (n_samples, n_features)
            ``X`` with the missing values filled in, known ones as they are; samples of binary units as uint8, all else
            in the precision of the parameters.

        Raises
        ------
        ValueError
            If ``method`` is unknown, ``n_burn_in`` is not below ``n_steps``, a shape does not fit, or a known value is
            infinite or not what the unit can be.
        TypeError
            If the values are no numbers.
        MemoryError
            If the chains need more memory than there is.

        Notes
        -----
        One chain for each sample. Means are averages over its steps of the units' means given the hidden ones
        (Rao-Blackwell), which is exact where all hidden units have one mode; :func:`rgrbm.likelihood.exact_means` sums
        over all hidden states of a small layer.

        Examples
        --------
        >>> import numpy as np
        >>> from rgrbm import BernoulliRBM
        >>> X = np.repeat([[0, 0, 0], [1, 1, 1]], 50, axis=0)
        >>> rbm = BernoulliRBM(n_components=2, n_iter=200, random_state=0).fit(X)
        >>> rbm.impute([[1, 1, np.nan], [np.nan, 0, 0]], seed=0).round()
        array([[1., 1., 1.],
               [0., 0., 0.]])
        """
        self._check_parameters()
        if method not in ("mean", "sample"):
            raise ValueError(f"method must be 'mean' or 'sample', got {method!r}")
        n_steps = checks.integer("n_steps", n_steps, 1)
        n_burn_in = checks.integer("n_burn_in", n_burn_in, 0)
        if method == "mean" and n_burn_in >= n_steps:
            raise ValueError(f"n_burn_in must be below n_steps = {n_steps}, got {n_burn_in}")
        _check_feature_names(self, X, reset=False)
        known = self._known_visible(X, "X")
        if known.values.ndim != 2:
            raise ValueError(f"expected one sample per row, shape (n_samples, n_features), got {known.values.shape}")
        if method == "sample":
            return self._run_chains(len(known.values), n_steps, known, None, None, seed, progress)[0]
        means = self._run_chains(len(known.values), n_steps, known, None, None, seed, progress, n_burn_in)[1]
        assert means is not None
        return known.put_into(means)

    def _run_chains(
        self,
        n_samples: int,
        n_steps: int,
        visible: Known | None,
        hidden: Known | None,
        start: Known | None,
        seed: streams.Seed,
        progress: Progress,
        n_burn_in: int | None = None,
    ) -> tuple[npt.NDArray[Any], npt.NDArray[Any] | None]:
        """Visible states at the end, and with a number of steps to burn in their means after these."""
        n_visible, n_hidden = self.weights_.shape
        # A call of the kernels takes visible states and returns visible and hidden ones.
        needed = n_samples * (2 * self._bytes_per_visible_unit() * n_visible + n_hidden)
        needed += 0 if n_burn_in is None else n_samples * n_visible * (8 + self.components_.itemsize)
        checks.require_memory(needed, f"{n_samples} chains of {n_visible} visible units")
        key, index = self._draw(seed)
        generator = np.random.default_rng((*key, index))
        v, own_key, call = self._random_visible(n_samples, generator)
        conditions = Conditions()
        if start is not None:
            v = start.rows(n_samples).values
        if visible is not None:
            visible = visible.rows(n_samples)
            v = visible.put_into(v)
            conditions = replace(conditions, known=visible.known)
        if hidden is not None:
            hidden = hidden.rows(n_samples)
            conditions = replace(conditions, h=hidden.values, known_hidden=hidden.known)
        total = np.zeros((n_samples, n_visible) if n_burn_in is not None else (0, 0))
        ends = (n_steps,) if n_burn_in is None else (n_burn_in, n_steps)
        steps = max(1, _WORK_PER_CALL // max(1, 2 * self.components_.size * n_samples))
        if n_burn_in is not None:
            steps = min(steps, _MEANS_PER_SUM)
        done = 0
        with reports(progress, "sampling", "steps") as report:
            for end in ends:
                while done < end:
                    count = min(steps, end - done)
                    counts = n_burn_in is not None and end == n_steps
                    sums = np.zeros_like(total, dtype=self.components_.dtype) if counts else None
                    v, _ = self._gibbs(v, count, own_key, call, replace(conditions, sums=sums))
                    if sums is not None:
                        total += sums
                    done, call = done + count, call + 1
                    report(done, n_steps)
        means = None if n_burn_in is None else (total / (n_steps - n_burn_in)).astype(self.components_.dtype)
        return v, means

    def score(self, X: Any, y: Any = None) -> float:
        """Mean of :meth:`score_samples`: what grid search maximises when no other score is given.

        Examples
        --------
        >>> import numpy as np
        >>> from rgrbm import BernoulliRBM
        >>> rbm = BernoulliRBM(n_components=2, random_state=0).fit(np.eye(4, dtype=np.uint8))
        >>> rbm.score(np.eye(4, dtype=np.uint8)) < 0
        True
        """
        return float(np.mean(self.score_samples(X)))

    # Differences between kinds of visible units

    @abstractmethod
    def score_samples(self, X: Any) -> npt.NDArray[Any]:
        """How likely each sample is to the model, or a measure of it."""

    @abstractmethod
    def _couplings(self) -> npt.NDArray[Any]:
        """What visible units times it are the inputs of hidden ones, without biases; (n_visible, n_hidden)."""

    @abstractmethod
    def _check_visible(self, X: Any) -> Any:
        """Visible units in a form that the model works with."""

    @abstractmethod
    def _set_parameters(self, **parameters: npt.NDArray[Any]) -> None:
        """Take over parameters under the names that records have for them."""

    @abstractmethod
    def _gibbs(
        self, units: npt.NDArray[Any], n_steps: int, key: Key, index: int, conditions: Conditions = UNCONDITIONAL
    ) -> tuple[npt.NDArray[Any], Binary]:
        """Visible and hidden states after ``n_steps`` steps v → h → v."""

    @abstractmethod
    def _known_visible(self, values: Any, name: str) -> Known:
        """Visible units of which some may be unknown, checked."""

    @abstractmethod
    def _bytes_per_visible_unit(self) -> int:
        """Memory that the state of a visible unit takes."""

    @abstractmethod
    def _random_visible(self, n_samples: int, generator: np.random.Generator) -> tuple[npt.NDArray[Any], Key, int]:
        """Visible states that chains start from; a key for the chains, and the first index that it has not served."""

    # Checks and streams

    def _check_hidden(self, H: Any) -> npt.NDArray[Any]:
        self._check_parameters()
        H = np.asarray(H)
        if H.ndim != 2 or H.shape[1] != len(self.intercept_hidden_):
            raise ValueError(
                f"expected hidden states of shape (n_samples, {len(self.intercept_hidden_)}), got {H.shape}"
            )
        if H.dtype.kind not in "biuf" or not np.all(np.isfinite(H)):
            raise ValueError("hidden states must be finite numbers")
        return np.asarray(unit_values.as_units(H, clip=getattr(self, "clip", None), name="the hidden units"))

    def _known_hidden(self, values: Any) -> Known:
        return known_units(values, len(self.intercept_hidden_), "clamp_hidden", only_binary("hidden"))

    def _check_parameters(self) -> None:
        """Refuse to work before training, or with parameters that are not finite: units can be drawn from them."""
        check_is_fitted(self)
        # A sum is finite only if all its terms are, and takes a pass without a copy.
        for name in ("components_", "intercept_visible_", "intercept_hidden_"):
            with np.errstate(invalid="ignore"):
                total = np.sum(getattr(self, name), dtype=np.float64)
            if not np.isfinite(total):
                raise ValueError(
                    f"expected finite parameters, got NaN or infinity in {name}: training has diverged. Fit again, "
                    "with a lower learning rate"
                )

    def _start_streams(self, sampling_key: Key) -> None:
        self._sampling_key = sampling_key
        self._n_draws = 0

    def _next_draw(self) -> tuple[Key, int]:
        if not hasattr(self, "_sampling_key"):  # parameters that were set by hand
            self._start_streams(streams.key(streams.seed_sequence(self.random_state), SAMPLING))
        self._n_draws += 1
        return self._sampling_key, self._n_draws

    def _draw(self, seed: streams.Seed) -> tuple[Key, int]:
        """Key and index of the random stream for one draw."""
        return self._next_draw() if seed is None else (streams.key(streams.seed_sequence(seed)), 0)

    def _sample_other(
        self,
        units: npt.NDArray[Any],
        kernel: Callable[..., npt.NDArray[np.uint8]],
        weights: npt.NDArray[Any],
        bias: npt.NDArray[Any],
        seed: streams.Seed,
    ) -> Binary:
        """States of the other layer: by the kernel from binary units, by NumPy from the odds that real ones give."""
        key, index = self._draw(seed)
        if units.dtype == np.uint8:
            return np.asarray(kernel(units, np.ascontiguousarray(self.weights_), bias, key, index))
        p = unit_values.activate(units, weights, bias)
        return unit_values.sample_bernoulli(p, np.random.default_rng((*key, index)))


@named_in_errors("BernoulliRBM")
class BernoulliInference(RBMInference):
    """Methods of a model with binary visible units."""

    clip: bool

    def sample_visible(self, H: Any, seed: streams.Seed = None) -> Binary:
        """Draw visible states from p(v | h).

        Parameters
        ----------
        H : array-like of shape (n_samples, n_components)
            Hidden units: 0/1, or probabilities.
        seed : int, SeedSequence, Generator, RandomState or None
            None: the estimator's own stream, which goes on from call to call.

        Returns
        -------
        ndarray of uint8 of shape (n_samples, n_features)

        Raises
        ------
        ValueError
            If the hidden states are out of range or not ``n_components`` wide.

        Examples
        --------
        >>> import numpy as np
        >>> from rgrbm import BernoulliRBM
        >>> rbm = BernoulliRBM(n_components=2, random_state=0).fit(np.eye(4, dtype=np.uint8))
        >>> rbm.sample_visible([[0, 1], [1, 1]], seed=1).shape
        (2, 4)
        """
        units = self._check_hidden(H)
        return self._sample_other(units, kernels.sample_visible, self.components_, self.intercept_visible_, seed)

    def inverse_transform(self, X: Any) -> npt.NDArray[Any]:
        """Probabilities of the visible units given the hidden ones, p(v = 1 | h) = σ(c + h Wᵀ).

        Parameters
        ----------
        X : array-like of shape (n_samples, n_components)
            Hidden units h: 0/1, or probabilities as :meth:`transform` gives them, of which this is the mean field.

        Returns
        -------
        ndarray of shape (n_samples, n_features)
            Probabilities, of the dtype of the weights. :meth:`sample_visible` draws from them.

        Raises
        ------
        ValueError
            If the shape does not fit, or a value is not in [0, 1].

        Examples
        --------
        >>> import numpy as np
        >>> from rgrbm import BernoulliRBM
        >>> X = np.repeat([[0, 0], [1, 1]], 50, axis=0)
        >>> rbm = BernoulliRBM(n_components=2, n_iter=200, random_state=0).fit(X)
        >>> bool(np.abs(rbm.inverse_transform(rbm.transform(X)) - X).max() < 0.2)
        True
        """
        units = unit_values.dense(self._check_hidden(X))
        return unit_values.activate(units, self.components_, self.intercept_visible_)

    def free_energy(self, X: Any) -> npt.NDArray[np.float64]:
        """Free energy of visible states, F(v) = −ln Σ_h exp(−E(v, h)).

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Visible units: 0/1, or probabilities (the formula's continuation).

        Returns
        -------
        ndarray of float64 of shape (n_samples,)
            −c·v − Σ_j ln(1 + exp(b_j + (v·W)_j)), in nats. p(v) = exp(−F(v)) / Z.

        Examples
        --------
        >>> import numpy as np
        >>> from rgrbm import BernoulliRBM
        >>> rbm = BernoulliRBM(n_components=2, random_state=0).fit(np.eye(4, dtype=np.uint8))
        >>> rbm.free_energy(np.eye(4, dtype=np.uint8)).shape
        (4,)
        """
        X = self._check_visible(X)
        return free_energy(X, self.weights_, self.intercept_visible_, self.intercept_hidden_)

    def free_energy_hidden(self, H: Any) -> npt.NDArray[np.float64]:
        """Free energy of hidden states, F(h) = −ln Σ_v exp(−E(v, h)).

        Parameters
        ----------
        H : array-like of shape (n_samples, n_components)
            Hidden units: 0/1, or probabilities (the formula's continuation).

        Returns
        -------
        ndarray of float64 of shape (n_samples,)
            −b·h − Σ_i ln(1 + exp(c_i + (W·h)_i)), in nats. p(h) = exp(−F(h)) / Z with the same Z.

        Examples
        --------
        >>> import numpy as np
        >>> from rgrbm import BernoulliRBM
        >>> rbm = BernoulliRBM(n_components=2, random_state=0).fit(np.eye(4, dtype=np.uint8))
        >>> rbm.free_energy_hidden([[0, 1]]).shape
        (1,)
        """
        H = self._check_hidden(H)
        return free_energy(H, self.components_, self.intercept_hidden_, self.intercept_visible_)

    def score_samples(self, X: Any, n_flips: int | None = None, seed: streams.Seed = None) -> npt.NDArray[Any]:
        """Logarithm of the pseudo-likelihood of visible states, Σ_i ln p(v_i | all other units).

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Visible units, 0/1.
        n_flips : int, optional
            Estimate the sum from so many units of each sample, drawn with replacement; 1 is what scikit-learn does. By
            default the sum is over all units, without noise.
        seed : int, SeedSequence, Generator, RandomState or None
            Of the units that are drawn. None: the estimator's own stream, which goes on from call to call.

        Returns
        -------
        ndarray of float64 of shape (n_samples,)
            In nats, at most 0.

        Raises
        ------
        ValueError
            If the data are out of range or have another number of features, or ``n_flips`` is below 1.

        Notes
        -----
        ln p(v_i | rest) = −ln(1 + exp(F(v) − F(v with unit i flipped))). scikit-learn's method of this name
        estimates the sum from one random unit per sample. The sum itself has no noise, and a sample's score does not
        depend on the others.

        Examples
        --------
        >>> import numpy as np
        >>> from rgrbm import BernoulliRBM
        >>> rbm = BernoulliRBM(n_components=2, random_state=0).fit(np.eye(4, dtype=np.uint8))
        >>> rbm.score_samples(np.eye(4, dtype=np.uint8)).shape
        (4,)
        """
        units = self._check_visible(X)
        parameters = self.weights_, self.intercept_visible_, self.intercept_hidden_
        if n_flips is None:
            return log_pseudo_likelihood(units, *parameters)
        n_flips = checks.integer("n_flips", n_flips, 1)
        key, index = self._draw(seed)
        generator = np.random.default_rng((*key, index))
        units, n = unit_values.dense(units), units.shape
        scores = np.zeros(n[0])
        for _ in range(n_flips):
            flipped: npt.NDArray[np.intp] = generator.integers(n[1], size=(n[0],), dtype=np.intp)
            scores += flipped_log_pseudo_likelihood(units, flipped, *parameters) / n_flips
        return scores

    # Checks and steps

    def _couplings(self) -> npt.NDArray[Any]:
        return self.weights_

    def _set_parameters(  # type: ignore[override]  # these are the names
        self, *, weights: npt.NDArray[Any], visible_bias: npt.NDArray[Any], hidden_bias: npt.NDArray[Any]
    ) -> None:
        self.components_ = weights.T
        self.intercept_visible_ = visible_bias
        self.intercept_hidden_ = hidden_bias
        self._n_features_out = len(hidden_bias)

    def _check_visible(self, X: Any) -> Any:
        self._check_parameters()
        unit_values.require_rows(X)
        X = validate_data(self, X, accept_sparse="csr", reset=False, ensure_all_finite=False)
        return unit_values.as_units(X, clip=self.clip, name=type(self).__name__)

    def _bytes_per_visible_unit(self) -> int:
        return 1

    def _random_visible(self, n_samples: int, generator: np.random.Generator) -> tuple[Binary, Key, int]:
        v = generator.integers(2, size=(n_samples, len(self.intercept_visible_)), dtype=np.uint8)
        return v, chain_key(generator), 0

    def _known_visible(self, values: Any, name: str) -> Known:
        return known_units(values, len(self.intercept_visible_), name, only_binary("visible"))

    def _gibbs(
        self, units: npt.NDArray[Any], n_steps: int, key: Key, index: int, conditions: Conditions = UNCONDITIONAL
    ) -> tuple[Binary, Binary]:
        """Visible and hidden states after ``n_steps`` steps v → h → v from binary or real visible units.

        Conditions are for binary units.
        """
        weights = np.ascontiguousarray(self.weights_)
        visible_bias, hidden_bias = self.intercept_visible_, self.intercept_hidden_
        if units.dtype == np.uint8:
            v, h = kernels.gibbs(
                units, n_steps, weights, visible_bias, hidden_bias, key, index, **conditions.arguments()
            )
            return np.asarray(v), np.asarray(h)
        generator = np.random.default_rng((*key, index))
        v = units
        for _ in range(n_steps):
            h = unit_values.sample_bernoulli(unit_values.activate(v, weights, hidden_bias), generator)
            v = unit_values.sample_bernoulli(unit_values.activate(h, weights.T, visible_bias), generator)
        return v, h
