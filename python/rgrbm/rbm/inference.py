"""Inference with an RBM of given parameters: conditionals, samples, free energies."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from rgrbm._core import kernels
from rgrbm._support import checks, streams
from rgrbm.model import unit_values
from rgrbm.model.energies import flipped_log_pseudo_likelihood, free_energy, log_pseudo_likelihood
from rgrbm.model.known_units import Known, known_units, only_binary
from rgrbm.rbm.gibbs_chains import UNCONDITIONAL, Conditions, GibbsChains, Key, chain_key
from rgrbm.rbm.public_names import named_in_errors
from rgrbm.spins.values import Binary

SAMPLING = 2  # purpose of the random streams that methods draw from when no seed is given


@named_in_errors("RBM")
class RBMInference(GibbsChains, ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
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

    # Checks and streams

    def _check_hidden(self, H: Any) -> npt.NDArray[Any]:
        self._check_parameters()
        H = checks.numbers("hidden states", H, dtype=None)
        if H.ndim != 2 or H.shape[1] != len(self.intercept_hidden_):
            raise ValueError(
                f"expected hidden states of shape (n_samples, {len(self.intercept_hidden_)}), got {H.shape}"
            )
        if H.dtype.kind not in "biuf" or not np.all(np.isfinite(H)):
            raise ValueError("hidden states must be finite numbers")
        return np.asarray(unit_values.as_units(H, clip=getattr(self, "clip", None), name="the hidden units"))

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
        X = unit_values.validated(X, self, accept_sparse="csr", reset=False, ensure_all_finite=False)
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
