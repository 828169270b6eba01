"""RBMs with Gaussian units in both layers: everything in closed form, and which renormalization they learn."""

from __future__ import annotations

import warnings
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.linalg import cho_factor, cho_solve, eigh, sqrtm
from scipy.optimize import minimize

from rgrbm._support import checks, streams
from rgrbm.mechanics.harmonic import HarmonicLattice
from rgrbm.statistics.presentation import short_repr

Values = npt.NDArray[np.float64]

_START = 0.1  # of the loadings, in units of the deviation of the data
_MOST_STIFF = 1e8  # times the inverse variance of the data; decimation is reached at infinity


class LinearRBM(NamedTuple):
    """E(v, h) = ½ vᵀA v − vᵀW h + ½ hᵀB h with diagonal A and B: an RBM whose units are all Gaussian.

    Summed over the other layer, v has the precision A − W B⁻¹ Wᵀ and h the precision B − Wᵀ A⁻¹ W, which must be
    positive: this is factor analysis, and probabilistic principal components if all A are equal (Tipping & Bishop,
    J. R. Stat. Soc. B 61, 611 (1999)).
    """

    weights: Values
    """W of shape (n_visible, n_hidden)."""
    visible_stiffness: Values
    """Diagonal of A, (n_visible,): inverse variances of visible units given hidden ones."""
    hidden_stiffness: Values
    """Diagonal of B, (n_hidden,)."""

    def __repr__(self) -> str:
        return short_repr(self)

    @property
    def visible_precision(self) -> Values:
        """Precision (n_visible, n_visible) of the visible units, A − W B⁻¹ Wᵀ."""
        return np.asarray(np.diag(self.visible_stiffness) - (self.weights / self.hidden_stiffness) @ self.weights.T)

    @property
    def hidden_precision(self) -> Values:
        """Precision (n_hidden, n_hidden) of the hidden units, B − Wᵀ A⁻¹ W: the Hamiltonian renormalized."""
        scaled = self.weights / self.visible_stiffness[:, None]
        return np.asarray(np.diag(self.hidden_stiffness) - self.weights.T @ scaled)

    def log_z(self) -> float:
        """Log of Z = ∫ exp(−E) dv dh, in nats.

        Raises
        ------
        ValueError
            If the precisions are not positive definite: Z is infinite.
        """
        n = sum(self.weights.shape)
        hidden = _log_determinant(self.hidden_precision)
        return float(0.5 * (n * np.log(2 * np.pi) - np.log(self.visible_stiffness).sum() - hidden))

    def log_likelihood(self, covariance: npt.ArrayLike) -> float:
        """Mean ln p(v) of data of mean 0 and this covariance (n_visible, n_visible), in nats."""
        data, precision = _covariance(covariance, len(self.weights)), self.visible_precision
        trace = float(np.sum(precision * data))
        return 0.5 * (_log_determinant(precision) - trace - len(data) * float(np.log(2 * np.pi)))

    def divergence(self, covariance: npt.ArrayLike) -> float:
        """KL divergence of the normal distribution of this covariance from the visible units, in nats."""
        data = _covariance(covariance, len(self.weights))
        entropy = 0.5 * (_log_determinant(data) + len(data) * (1 + float(np.log(2 * np.pi))))
        return -entropy - self.log_likelihood(data)

    def gradient(self, covariance: npt.ArrayLike) -> LinearRBM:
        """Derivatives of :meth:`log_likelihood` by weights and stiffnesses, data less model: ⟨v hᵀ⟩, −½⟨v²⟩, −½⟨h²⟩."""
        difference = _covariance(covariance, len(self.weights)) - np.linalg.inv(self.visible_precision)
        response = self.weights / self.hidden_stiffness  # ⟨h | v⟩ = responseᵀ v
        by_weights = difference @ response
        return LinearRBM(by_weights, -0.5 * np.diag(difference), -0.5 * np.sum(response * by_weights, axis=0))

    def reconstruct(self, hidden: npt.ArrayLike) -> Values:
        """Visible means A⁻¹ W h of hidden states (…, n_hidden): the fine configuration of a coarse one."""
        return np.asarray(checks.numbers("hidden", hidden) @ self.weights.T / self.visible_stiffness)


def principal_rbm(covariance: npt.ArrayLike, n_hidden: int) -> LinearRBM:
    """The most likely RBM with equal visible stiffness 1/σ² and B = 1, in closed form: principal components.

    σ² is the mean of the n_visible − n_hidden smallest eigenvalues λ_k of the covariance, and the columns of W are the
    other eigenvectors times (1/σ² − 1/λ_k)^½. The hidden units keep the softest modes and leave the others out, as
    momentum-shell renormalization does; any rotation of them is as good.

    Parameters
    ----------
    covariance : array_like of shape (n_visible, n_visible)
        Of the data, whose mean is 0; positive definite.
    n_hidden : int
        Hidden units, from 1 to n_visible − 1.

    Raises
    ------
    TypeError
        If an argument is of another kind.
    ValueError
        If the covariance is no symmetric, positive matrix, or the number is out of range.
    """
    data = _covariance(covariance)
    n_hidden = _hidden_units(n_hidden, data)
    variances, modes = eigh(data)
    rest, kept = variances[:-n_hidden], variances[-n_hidden:][::-1]
    noise = float(rest.mean())
    # Equal variances would have a difference of rounding, below 0.
    weights = modes[:, -n_hidden:][:, ::-1] * np.sqrt(np.maximum(0, 1 / noise - 1 / kept))
    return LinearRBM(weights, np.full(len(data), 1 / noise), np.ones(n_hidden))


def principal_divergence(covariance: npt.ArrayLike, n_hidden: int) -> float:
    """KL divergence that :func:`principal_rbm` cannot avoid: ½ Σ ln(σ²/λ_k) over the modes left out, in nats."""
    data = _covariance(covariance)
    rest = np.linalg.eigvalsh(data)[: -_hidden_units(n_hidden, data)]
    return float(0.5 * np.log(rest.mean() / rest).sum())


def harmonic_decimation_rbm(chain: HarmonicLattice, sharpness: float) -> LinearRBM:
    """The RBM that decimates a harmonic chain: hidden unit j is a copy of site 2j + 1, tied to it by a stiff spring.

    Even sites have the stiffness m + 2κ and weights κ to their hidden neighbours; odd ones stiffness and weight s, and
    B = s + m + 2κ. The hidden precision is that of the decimated chain for any s, and the visible units have the
    distribution of the chain as s → ∞, with a divergence ∝ s⁻².

    Parameters
    ----------
    chain : HarmonicLattice
        A chain of an even number of sites, at least 4.
    sharpness : float
        s > 0, of the springs between copies.

    Raises
    ------
    TypeError
        If the chain is not a HarmonicLattice, or the sharpness not a number.
    ValueError
        If the chain has no decimation, or the sharpness is not positive and finite.

    Examples
    --------
    >>> import numpy as np
    >>> from rgrbm.mechanics import HarmonicLattice
    >>> from rgrbm.rg import harmonic_decimation_rbm
    >>> chain = HarmonicLattice(16, 1.3, 0.4)
    >>> rbm = harmonic_decimation_rbm(chain, 1e3)
    >>> bool(np.allclose(rbm.hidden_precision, chain.decimate().chain.precision(), atol=1e-12))
    True
    >>> round(1e5 * rbm.divergence(chain.covariance()), 1)
    1.8
    """
    checks.instance("chain", chain, HarmonicLattice).decimate()  # refuses what has no decimation
    s = checks.real("sharpness", sharpness, 0)
    if s == 0:
        raise ValueError("sharpness must be positive, got 0")
    n, k, m = chain.n_sites, chain.stiffness, chain.on_site
    weights = np.zeros((n, n // 2))
    units = np.arange(n // 2)
    weights[2 * units + 1, units] = s
    weights[2 * units, units] += k
    weights[(2 * units + 2) % n, units] += k
    stiffness = np.where(np.arange(n) % 2 == 1, s, m + 2 * k)
    return LinearRBM(weights, stiffness, np.full(n // 2, s + m + 2 * k))


def fit_linear_rbm(
    covariance: npt.ArrayLike,
    n_hidden: int,
    *,
    equal_stiffness: bool = True,
    max_iter: int = 20_000,
    seed: streams.Seed = None,
) -> LinearRBM:
    """Train an RBM of Gaussian units on the covariance of data, by the exact gradient of the likelihood.

    Parameters
    ----------
    covariance : array_like of shape (n_visible, n_visible)
        Of the data, whose mean is 0; positive definite.
    n_hidden : int
        Hidden units, from 1 to n_visible − 1.
    equal_stiffness : bool, default=True
        Whether all visible units have the same stiffness. If not, each learns its own, up to 1e8 times the inverse of
        its variance.
    max_iter : int, default=20000
        Steps of L-BFGS, at most.
    seed : int, SeedSequence, Generator, RandomState or None
        Fixes the random weights of the start.

    Returns
    -------
    LinearRBM
        With B = 1, which is a choice of units of h.

    Raises
    ------
    TypeError
        If an argument is of another kind.
    ValueError
        If the covariance is no symmetric, positive matrix, or a number is out of range.

    Warns
    -----
    UserWarning
        If it has not converged.

    Notes
    -----
    The parameters are loadings L and noise Ψ = A⁻¹ with ⟨v vᵀ⟩ = Ψ + L Lᵀ, W = A L (1 + Lᵀ A L)^(−½): these are free,
    where W and A are not, as the precision must stay positive.
    """
    data = _covariance(covariance)
    n, m = len(data), _hidden_units(n_hidden, data)
    max_iter, equal_stiffness = checks.integer("max_iter", max_iter, 1), checks.flag("equal_stiffness", equal_stiffness)
    generator = np.random.default_rng(streams.key(streams.seed_sequence(seed)))
    scale = np.sqrt(np.diag(data))
    size = np.full(n, scale.mean()) if equal_stiffness else scale
    unit = data / np.outer(size, size)
    loadings = _START * generator.standard_normal((n, m))
    noise = np.zeros(1 if equal_stiffness else n)  # ln Ψ

    def loss(x: Values) -> tuple[float, Values]:
        L, log_noise = x[: n * m].reshape(n, m), x[n * m :]
        model = L @ L.T + np.diag(np.broadcast_to(np.exp(log_noise), n))
        factor = cho_factor(model, lower=True)
        inverse = cho_solve(factor, np.eye(n))
        residual = inverse - inverse @ unit @ inverse  # of ½ (ln det + tr) by the covariance, doubled
        value = np.log(np.diag(factor[0])).sum() + 0.5 * np.sum(inverse * unit)
        by_noise = 0.5 * np.diag(residual) * np.broadcast_to(np.exp(log_noise), n)
        if equal_stiffness:
            by_noise = by_noise.sum(keepdims=True)
        return float(value), np.concatenate([(residual @ L).ravel(), by_noise])

    bounds = [(None, None)] * (n * m) + [(-np.log(_MOST_STIFF), None)] * len(noise)
    start = np.concatenate([loadings.ravel(), noise])
    options = {"maxiter": max_iter, "maxfun": 4 * max_iter, "ftol": 1e-15, "gtol": 1e-9, "maxcor": 30}
    result = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options)
    if result.status == 1:
        warnings.warn(f"the training has not converged in {max_iter} steps", UserWarning, stacklevel=2)
    L = result.x[: n * m].reshape(n, m) * size[:, None]
    stiffness = np.broadcast_to(np.exp(-result.x[n * m :]), n) / size**2
    scaled = stiffness[:, None] * L
    weights = scaled @ np.linalg.inv(np.real(sqrtm(np.eye(m) + L.T @ scaled)))
    return LinearRBM(np.asarray(weights), np.array(stiffness), np.ones(m))


def principal_angles(weights: npt.ArrayLike, modes: npt.ArrayLike) -> Values:
    """Angles between the spaces that the columns of two matrices of as many rows span, in radians, rising.

    Raises
    ------
    TypeError
        If they are not real numbers.
    ValueError
        If they are no matrices with as many rows, or not finite.
    """
    first = checks.numbers("weights", weights, (None, None), finite=True)
    second = checks.numbers("modes", modes, (None, None), finite=True)
    if len(first) != len(second):
        raise ValueError(f"expected two matrices of as many rows, got shapes {first.shape} and {second.shape}")
    a, b = np.linalg.qr(first)[0], np.linalg.qr(second)[0]
    if b.shape[1] > a.shape[1]:
        a, b = b, a
    # Small angles by their sines, where cosines lose half of the digits.
    cosines = np.linalg.svd(a.T @ b, compute_uv=False)
    sines = np.linalg.svd(b - a @ (a.T @ b), compute_uv=False)[::-1]
    return np.asarray(np.arctan2(np.clip(sines, 0, 1), np.clip(cosines, 0, 1)))


def _covariance(covariance: npt.ArrayLike, n: int | None = None) -> Values:
    data = checks.numbers("covariance", covariance)
    if data.ndim != 2 or data.shape[0] != data.shape[1] or len(data) < 2 or (n is not None and len(data) != n):
        size = "n_visible" if n is None else n
        raise ValueError(f"covariance must have shape ({size}, {size}), got {data.shape}")
    if not np.isfinite(data).all() or not np.allclose(data, data.T, rtol=1e-8, atol=1e-12 * np.abs(data).max()):
        raise ValueError("covariance must be finite and symmetric")
    if np.linalg.eigvalsh(data)[0] <= 0:
        raise ValueError("covariance must be positive definite; of samples, it takes more of them than units")
    return data


def _hidden_units(n_hidden: int, data: Values) -> int:
    n_hidden = checks.integer("n_hidden", n_hidden, 1)
    if n_hidden >= len(data):
        raise ValueError(f"n_hidden must be below the number of visible units, {len(data)}, got {n_hidden}")
    return n_hidden


def _log_determinant(precision: Values) -> float:
    sign, value = np.linalg.slogdet(precision)
    if sign <= 0 or np.linalg.eigvalsh(precision)[0] <= 0:
        raise ValueError("the weights are too large for the stiffnesses: the precision is not positive definite")
    return float(value)
