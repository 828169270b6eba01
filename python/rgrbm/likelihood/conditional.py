"""Exact conditional means of visible units given others: sums over all states of a small hidden layer."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import expit, log_expit

from rgrbm._support import checks
from rgrbm._support.enumeration import MAX_ARRAY_UNITS
from rgrbm._support.progress import Progress, progress_bar
from rgrbm.model.known_units import Known, known_units, only_binary
from rgrbm.model.parameters import GaussianParameters, RBMParameters, gaussian_parameters_of, is_gaussian, parameters_of

Values = npt.NDArray[np.float64]

_CELLS_AT_ONCE = 2**22  # hidden states times units or samples


def exact_means(rbm: Any, X: Any, *, progress: Progress = None) -> Values:
    """Means of missing visible units given the known ones, ⟨v_i⟩ over p(v | known units), without sampling.

    Parameters
    ----------
    rbm : fitted estimator
        Any object with ``weights_``, ``intercept_visible_`` and ``intercept_hidden_``, and ``variance_`` if its visible
        units are Gaussian; with up to 26 hidden units.
    X : array_like of shape (n_samples, n_visible)
        Visible units; NaN, or masked, where they are missing.
    progress : bool or callable, optional
        A bar (True), a function of (done, in all), or nothing (False). By default a bar in terminals and notebooks, for
        what takes longer than two seconds.

    Returns
    -------
    ndarray of shape (n_samples, n_visible)
        Known units as they are, and the means of the others: of binary units, p(v_i = 1 | known units).

    Raises
    ------
    TypeError
        If ``rbm`` is not a fitted RBM, or the values are no numbers.
    ValueError
        If there are more than 26 hidden units, the shape does not fit, or a known value is infinite or, of binary
        units, not 0 or 1.

    Notes
    -----
    The missing units are summed out: p(h | known) ∝ exp(b·h) Π_known p̃(v_i | h) Π_missing Σ_v p̃(v | h). Time and, up
    to a bound, memory are in proportion to 2^n_hidden.

    See Also
    --------
    rgrbm.BernoulliRBM.impute : The same by Gibbs chains, for any number of hidden units.

    Examples
    --------
    >>> import numpy as np
    >>> from rgrbm.likelihood import exact_means
    >>> from rgrbm.model import RBMParameters
    >>> pair = RBMParameters(np.array([[8.0], [8.0]]), np.array([-4.0, -4.0]), np.array([-8.0]))
    >>> exact_means(pair, [[1, np.nan], [np.nan, 0]]).round(3)
    array([[1.   , 0.965],
           [0.035, 0.   ]])
    """
    gaussian = is_gaussian(rbm)
    p: GaussianParameters | RBMParameters = gaussian_parameters_of(rbm) if gaussian else parameters_of(rbm)
    n_visible, n_hidden = p.weights_.shape
    if n_hidden > MAX_ARRAY_UNITS:
        raise ValueError(
            f"the hidden layer has {n_hidden} units; at most {MAX_ARRAY_UNITS} are summed over. Use impute instead"
        )
    check = (lambda x: x.astype(np.float64)) if gaussian else only_binary("visible")
    known = known_units(X, n_visible, "X", check)
    if known.values.ndim != 2:
        raise ValueError(f"expected one sample per row, shape (n_samples, {n_visible}), got {known.values.shape}")
    checks.require_memory(24 * known.values.size, f"means of {len(known.values)} samples")
    sums = _Sums(p, known)
    n_states, rows = 1 << n_hidden, max(1, _CELLS_AT_ONCE // max(n_visible, len(known.values)))
    with progress_bar("summing", n_states, unit="states", show=progress) as advance:
        for first in range(0, n_states, rows):
            count = min(rows, n_states - first)
            numbers = np.arange(first, first + count)
            sums.add((numbers[:, None] >> np.arange(n_hidden) & 1).astype(np.float64))
            advance(count, "")
    return known.put_into(sums.means())


class _Sums:
    """Σ_h p(h, known) ⟨v | h⟩ and Σ_h p(h, known) of each sample, relative to the largest term so far."""

    def __init__(self, p: GaussianParameters | RBMParameters, known: Known) -> None:
        self._p = p
        self._values, self._known = known.values.astype(np.float64), known.known.astype(np.float64)
        self._top = np.full(len(self._values), -np.inf)
        self._total = np.zeros(len(self._values))
        self._means = np.zeros(self._values.shape)

    def add(self, h: Values) -> None:
        """Add the terms of some hidden states, (n_states, n_hidden)."""
        p = self._p
        x = h @ p.weights_.T + p.intercept_visible_
        # Of each visible unit: its mean, what a known value is multiplied by in the logarithm, and the logarithm of the
        # sum over its values. Left out is what is the same for all h.
        if isinstance(p, GaussianParameters):
            mean, slope, free = x, x / p.variance_, x**2 / (2 * p.variance_)
        else:
            mean, slope, free = expit(x), x, -log_expit(-x)
        log = self._values @ slope.T + (1 - self._known) @ free.T
        log += h @ p.intercept_hidden_
        top = np.maximum(self._top, log.max(axis=1))
        scale, weights = np.exp(self._top - top), np.exp(log - top[:, None])
        self._total = self._total * scale + weights.sum(axis=1)
        self._means = self._means * scale[:, None] + weights @ mean
        self._top = top

    def means(self) -> Values:
        return self._means / self._total[:, None]
