"""Inference with an RBM of Gaussian visible units and given parameters: conditionals, samples, densities."""

from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.utils.validation import check_is_fitted, validate_data

from rgrbm._core import kernels
from rgrbm._support import checks, streams
from rgrbm.likelihood.annealing import anneal
from rgrbm.likelihood.enumeration import log_z
from rgrbm.model.gaussian import gaussian_free_energy, gaussian_hidden_free_energy
from rgrbm.rbm.inference import Key, RBMInference
from rgrbm.spins.values import Binary

MAX_EXACT_UNITS = 20
"""Hidden units up to which ``score_samples`` sums over all their states: 2²⁰ take some hundredths of a second."""
# Gibbs steps times multiply-adds per step that one call of the kernels makes: some tenths of a second.
_WORK_PER_CALL = 2**28


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

    def reconstruct(self, X: Any, seed: streams.Seed = None) -> npt.NDArray[Any]:
        """Draw a reconstruction û of visible states: h from p(h | u), then û from p(u | h).

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Visible units.
        seed : int, SeedSequence, Generator, RandomState or None
            None: the estimator's own stream, which goes on from call to call.

        Returns
        -------
        ndarray of shape (n_samples, n_features)

        Examples
        --------
        >>> import numpy as np
        >>> from rgrbm import GaussianRBM
        >>> rbm = GaussianRBM(n_components=2, random_state=0).fit(np.eye(4))
        >>> rbm.reconstruct(np.eye(4), seed=0).shape
        (4, 4)
        """
        return self._gibbs(self._check_visible(X), 1, *self._draw(seed))[0]

    def gibbs(self, v: Any) -> npt.NDArray[Any]:
        """Make one Gibbs step u → h → u.

        Parameters
        ----------
        v : array-like of shape (n_samples, n_features)
            Visible units to start from.

        Returns
        -------
        ndarray of shape (n_samples, n_features)
            Visible units after the step. Each call draws anew.

        Examples
        --------
        >>> import numpy as np
        >>> from rgrbm import GaussianRBM
        >>> rbm = GaussianRBM(n_components=2, random_state=0).fit(np.eye(4))
        >>> rbm.gibbs(np.eye(4)).shape
        (4, 4)
        """
        return self.reconstruct(v)

    def sample(self, n_samples: int = 1, *, n_steps: int = 1000, seed: streams.Seed = None) -> npt.NDArray[Any]:
        """Draw from the model by independent Gibbs chains, started from hidden units that are fair coins.

        Parameters
        ----------
        n_samples : int
            Number of chains, each giving one sample.
        n_steps : int
            Gibbs steps u → h → u of each chain. How many are enough depends on the model: chains of a model
            with strong weights decorrelate slowly from their start. For up to 26 hidden units
            :func:`rgrbm.likelihood.sample_exactly` needs no chain.
        seed : int, SeedSequence, Generator, RandomState or None
            None: the estimator's own stream, which goes on from call to call.

        Returns
        -------
        ndarray of shape (n_samples, n_features)

        Raises
        ------
        ValueError
            If ``n_samples`` or ``n_steps`` is below 1.
        TypeError
            If one of them is not an integer.
        MemoryError
            If the samples need more memory than there is.

        Examples
        --------
        >>> import numpy as np
        >>> from rgrbm import GaussianRBM
        >>> rbm = GaussianRBM(n_components=2, random_state=0).fit(np.eye(4))
        >>> rbm.sample(3, n_steps=10, seed=0).shape
        (3, 4)
        """
        check_is_fitted(self)
        n_samples, n_steps = checks.integer("n_samples", n_samples, 1), checks.integer("n_steps", n_steps, 1)
        n_visible, n_hidden = self.weights_.shape
        # A call of the kernels takes visible states and returns visible and hidden ones.
        needed = n_samples * (2 * self.components_.itemsize * n_visible + n_hidden)
        checks.require_memory(needed, f"{n_samples} chains of {n_visible} visible units")
        key, index = self._draw(seed)
        generator = np.random.default_rng((*key, index))
        h = generator.integers(2, size=(n_samples, n_hidden), dtype=np.uint8)
        # A key of its own: the chain takes many indices, which must not meet those of other draws.
        first, second = (int(word) for word in generator.integers(2**64, size=2, dtype=np.uint64))
        u = self._draw_visible(h, (first, second), 0)
        steps = max(1, _WORK_PER_CALL // (2 * self.components_.size * n_samples))
        for call, done in enumerate(range(0, n_steps, steps), start=1):
            u, _ = self._gibbs(u, min(steps, n_steps - done), (first, second), call)
        return u

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
        found once, at the first call after training.

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
        check_is_fitted(self)
        return np.asarray(validate_data(self, X, dtype=[np.float64, np.float32], reset=False))

    def _draw_visible(self, h: Binary, key: Key, index: int) -> npt.NDArray[Any]:
        weights = np.ascontiguousarray(self.weights_)
        variance = self.variance_
        return np.asarray(kernels.gaussian_sample_visible(h, weights, self.intercept_visible_, variance, key, index))

    def _gibbs(self, units: npt.NDArray[Any], n_steps: int, key: Key, index: int) -> tuple[npt.NDArray[Any], Binary]:
        weights = np.ascontiguousarray(self.weights_)
        x = np.ascontiguousarray(units, dtype=weights.dtype)
        biases = self.intercept_visible_, self.intercept_hidden_
        u, h = kernels.gaussian_gibbs(x, n_steps, weights, *biases, self.variance_, key, index)
        return np.asarray(u), np.asarray(h)
