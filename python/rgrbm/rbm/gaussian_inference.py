"""Inference with an RBM of Gaussian visible units and given parameters: conditionals, samples, densities."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from rgrbm._core import kernels
from rgrbm._support import streams
from rgrbm.likelihood.annealing import anneal
from rgrbm.likelihood.enumeration import log_z
from rgrbm.model.gaussian import gaussian_free_energy, gaussian_hidden_free_energy
from rgrbm.model.known_units import Known, known_units
from rgrbm.model.unit_values import dense, validated
from rgrbm.rbm.gibbs_chains import UNCONDITIONAL, Conditions, Key, chain_key
from rgrbm.rbm.inference import RBMInference
from rgrbm.rbm.public_names import named_in_errors
from rgrbm.spins.values import Binary

MAX_EXACT_UNITS = 20
"""Hidden units up to which ``score_samples`` sums over all their states: 2²⁰ take some hundredths of a second."""


@named_in_errors("GaussianRBM")
class GaussianInference(RBMInference):
    """Methods of a model with Gaussian visible units."""

    log_variance_: npt.NDArray[Any]

    @property
    def variance_(self) -> npt.NDArray[Any]:
        """Variances σ² of the visible units given the hidden ones, shape (n_features,)."""
        return np.asarray(np.exp(self.log_variance_))

    def sample_visible(self, H: Any, seed: streams.Seed = None) -> npt.NDArray[Any]:
        """Draw visible states from p(u | h) = N(c + W h, σ²).

        Parameters
        ----------
        H : array-like of shape (n_samples, n_components)
            Hidden units: 0/1, or probabilities.
        seed : int, SeedSequence, Generator, RandomState or None
            None: the estimator's own stream, which goes on from call to call.

        Returns
        -------
        ndarray of shape (n_samples, n_features)

        Raises
        ------
        ValueError
            If the hidden states are out of range or not ``n_components`` wide.

        Examples
        --------
        >>> import numpy as np
        >>> from rgrbm import GaussianRBM
        >>> rbm = GaussianRBM(n_components=2, random_state=0).fit(np.eye(4))
        >>> rbm.sample_visible([[0, 1], [1, 1]], seed=1).shape
        (2, 4)
        """
        units = self._check_hidden(H)
        key, index = self._draw(seed)
        if units.dtype != np.uint8:  # means in between: added to noise about c
            noise = self._draw_visible(np.zeros(units.shape, dtype=np.uint8), key, index)
            return np.asarray(noise + (units @ self.components_).astype(noise.dtype))
        return self._draw_visible(units, key, index)

    def inverse_transform(self, X: Any) -> npt.NDArray[Any]:
        """Means of the visible units given the hidden ones, ⟨u⟩ = c + h Wᵀ.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_components)
            Hidden units h: 0/1, or probabilities as :meth:`transform` gives them, of which this is the mean field.

        Returns
        -------
        ndarray of shape (n_samples, n_features)
            Means, of the dtype of the weights. :meth:`sample_visible` draws about them with ``variance_``.

        Raises
        ------
        ValueError
            If the shape does not fit, or a value is not in [0, 1].
        """
        units = dense(self._check_hidden(X)).astype(self.components_.dtype, copy=False)
        return np.asarray(units @ self.components_ + self.intercept_visible_)

    def free_energy(self, X: Any) -> npt.NDArray[np.float64]:
        """Free energy of visible states, F(u) = −ln Σ_h exp(−E(u, h)).

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Visible units.

        Returns
        -------
        ndarray of float64 of shape (n_samples,)
            Σ (u − c)²/2σ² − Σ_j ln(1 + exp(b_j + Σ_i u_i W_ij/σ_i²)), in nats. p(u) = exp(−F(u)) / Z.

        Examples
        --------
        >>> import numpy as np
        >>> from rgrbm import GaussianRBM
        >>> rbm = GaussianRBM(n_components=2, random_state=0).fit(np.eye(4))
        >>> rbm.free_energy(np.eye(4)).shape
        (4,)
        """
        return gaussian_free_energy(self._check_visible(X), self)

    def free_energy_hidden(self, H: Any) -> npt.NDArray[np.float64]:
        """Free energy of hidden states, F(h) = −ln ∫ exp(−E(u, h)) du.

        Parameters
        ----------
        H : array-like of shape (n_samples, n_components)
            Hidden units: 0/1, or probabilities (the formula's continuation).

        Returns
        -------
        ndarray of float64 of shape (n_samples,)
            −b·h − Σ_i (2 c_i (W h)_i + (W h)_i²)/2σ_i² − ½ Σ_i ln 2πσ_i², in nats. p(h) = exp(−F(h)) / Z with the
            same Z.

        Examples
        --------
        >>> import numpy as np
        >>> from rgrbm import GaussianRBM
        >>> rbm = GaussianRBM(n_components=2, random_state=0).fit(np.eye(4))
        >>> rbm.free_energy_hidden([[0, 1]]).shape
        (1,)
        """
        return gaussian_hidden_free_energy(self._check_hidden(H), self)

    def score_samples(self, X: Any) -> npt.NDArray[np.float64]:
        """Log-density of visible states, ln p(u).

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Visible units.

        Returns
        -------
        ndarray of float64 of shape (n_samples,)
            In nats, for the unit of the data.

        Raises
        ------
        ArithmeticError
            If log Z has to be annealed and cannot be; see :func:`rgrbm.anneal`.

        Notes
        -----
        −F(u) − ln Z, with ln Z exact for up to 20 hidden units. For more it is annealed with 200 chains of 2,000 steps
        and fixed random numbers, and every score has its error in common: :func:`rgrbm.anneal` gives the bounds. It is
        estimated once, at the first call after training.

        Examples
        --------
        >>> import numpy as np
        >>> from rgrbm import GaussianRBM
        >>> rbm = GaussianRBM(n_components=2, random_state=0).fit(np.eye(4))
        >>> rbm.score_samples(np.eye(4)).shape
        (4,)
        """
        return -self.free_energy(X) - self._log_z()

    # Checks and steps

    def _log_z(self) -> float:
        parameters = (self.components_, self.intercept_visible_, self.intercept_hidden_, self.log_variance_)
        digest = tuple(value.tobytes() for value in parameters)
        if getattr(self, "_known_log_z", (None, 0.0))[0] != digest:
            exact = len(self.intercept_hidden_) <= MAX_EXACT_UNITS
            value = log_z(self) if exact else anneal(self, n_betas=2000, reverse=False, seed=0).log_z
            self._known_log_z = digest, value
        return self._known_log_z[1]

    def _couplings(self) -> npt.NDArray[Any]:
        return np.asarray(self.weights_ / self.variance_[:, None])

    def _set_parameters(  # type: ignore[override]  # these are the names
        self,
        *,
        weights: npt.NDArray[Any],
        visible_bias: npt.NDArray[Any],
        hidden_bias: npt.NDArray[Any],
        log_variance: npt.NDArray[Any],
    ) -> None:
        self.components_ = weights.T
        self.intercept_visible_ = visible_bias
        self.intercept_hidden_ = hidden_bias
        self.log_variance_ = log_variance
        self._n_features_out = len(hidden_bias)

    def _check_visible(self, X: Any) -> npt.NDArray[Any]:
        self._check_parameters()
        return np.asarray(validated(X, self, dtype=[np.float64, np.float32], reset=False))

    def _bytes_per_visible_unit(self) -> int:
        return int(self.components_.itemsize)

    def _random_visible(self, n_samples: int, generator: np.random.Generator) -> tuple[npt.NDArray[Any], Key, int]:
        h = generator.integers(2, size=(n_samples, len(self.intercept_hidden_)), dtype=np.uint8)
        key = chain_key(generator)
        return self._draw_visible(h, key, 0), key, 1

    def _draw_visible(self, h: Binary, key: Key, index: int) -> npt.NDArray[Any]:
        weights = np.ascontiguousarray(self.weights_)
        variance = self.variance_
        return np.asarray(kernels.gaussian_sample_visible(h, weights, self.intercept_visible_, variance, key, index))

    def _known_visible(self, values: Any, name: str) -> Known:
        dtype = self.components_.dtype

        def check(known: npt.NDArray[Any]) -> npt.NDArray[Any]:
            with np.errstate(over="ignore"):
                cast = known.astype(dtype)
            if not np.isfinite(cast).all():
                raise ValueError(f"{name} has values that are too large for {dtype}, the precision of the parameters")
            return cast

        return known_units(values, len(self.intercept_visible_), name, check)

    def _gibbs(
        self, units: npt.NDArray[Any], n_steps: int, key: Key, index: int, conditions: Conditions = UNCONDITIONAL
    ) -> tuple[npt.NDArray[Any], Binary]:
        weights = np.ascontiguousarray(self.weights_)
        x = np.ascontiguousarray(units, dtype=weights.dtype)
        biases = self.intercept_visible_, self.intercept_hidden_
        u, h = kernels.gaussian_gibbs(
            x, n_steps, weights, *biases, self.variance_, key, index, **conditions.arguments()
        )
        return np.asarray(u), np.asarray(h)
