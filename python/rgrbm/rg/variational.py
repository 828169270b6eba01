"""Variational renormalization (Eqs. 3 and 15): an RBM as the kernel e^T that maps visible spins to hidden ones.

A kernel T_λ(v, h) renormalizes a Hamiltonian H(v) into H^RG(h) = −ln Σ_v e^(T_λ(v,h) − H(v)) (Eq. 3). Three kernels can
be made of an RBM with energy E(v, h) and effective Hamiltonian H_λ(v) (Eq. 13):

"conditional"
    T = −E + H_λ(v) (Eq. 15), which is ln p_λ(h|v). Then Σ_h e^T = 1 for every v, the trace condition, whatever λ is.
"unnormalized"
    T = −E + H(v) with the true H. Then H^RG(h) = H_λ(h), and Σ_h e^T = 1 only if H_λ = H.
"centred"
    The same less the constant that makes ⟨ln Σ_h e^T⟩ vanish in the ensemble of H: the trace condition on average.

**ΔF = F^RG − F = 0 is no evidence of a good renormalization.** It holds for every kernel with Σ_h e^T = 1, and so for
every "conditional" one, even if h does not depend on v at all; and an "unnormalized" kernel meets it with one additive
constant. Only for the "centred" kernel does |ΔF| select something: by Jensen's inequality F^RG ≤ F, as in Kadanoff's
lower bound, and F − F^RG is exactly KL(P‖p_λ), which is 0 only if the trace condition holds at every v.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
import numpy.typing as npt
from scipy.special import expit, log_expit, logsumexp

from rgrbm._support import checks
from rgrbm._support.enumeration import require_array, require_sum
from rgrbm.likelihood.enumeration import log_marginal
from rgrbm.model.parameters import RBMParameters, parameters_of
from rgrbm.model.unit_values import binary_states
from rgrbm.statistics.jackknife import block_sums, jackknife_stderr, leave_one_out

Values = npt.NDArray[np.float64]
Kernel = Literal["conditional", "unnormalized", "centred"]
_VALUES_PER_BLOCK = 2**22
_STATES_PER_BLOCK = 2**11  # of either layer: four million terms at a time


class TraceConditionError(NamedTuple):
    """How far Σ_h e^T is from 1."""

    max: float
    """Largest ``|ln Σ_h e^T(v,h)|`` of all v."""
    mean: float
    """Mean of ``|ln Σ_h e^T(v,h)|`` over P(v) ∝ e^(−H(v))."""


def log_conditional(rbm: Any, v: npt.ArrayLike, h: npt.ArrayLike) -> Values:
    """T_λ(v, h) = −E(v, h) + H_λ(v) = ln p_λ(h|v) (Eq. 15) of each pair of configurations.

    Parameters
    ----------
    rbm : fitted estimator or RBMParameters
        Any object with ``weights_`` (n_visible, n_hidden), ``intercept_visible_`` and ``intercept_hidden_``.
    v : array_like of 0 and 1, shape (n_samples, n_visible)
    h : array_like of 0 and 1, shape (n_samples, n_hidden)

    Returns
    -------
    ndarray of shape (n_samples,)

    Raises
    ------
    TypeError
        If an argument is of another kind.
    ValueError
        If the shapes do not fit together or a value is neither 0 nor 1.

    Examples
    --------
    >>> import numpy as np
    >>> from rgrbm.model import RBMParameters
    >>> from rgrbm.rg.variational import log_conditional
    >>> rbm = RBMParameters(np.zeros((3, 2)), np.zeros(3), np.zeros(2))
    >>> np.exp(log_conditional(rbm, [[0, 1, 1]], [[1, 0]])).round(12)
    array([0.25])
    """
    p = parameters_of(rbm)
    visible = binary_states(v, len(p.intercept_visible_), "v")
    hidden = binary_states(h, len(p.intercept_hidden_), "h")
    if len(visible) != len(hidden):
        raise ValueError(f"v and h must be pairs, got {len(visible)} and {len(hidden)} configurations")
    x = visible.astype(np.float64) @ p.weights_ + p.intercept_hidden_
    return np.asarray(np.where(hidden == 1, log_expit(x), log_expit(-x)).sum(axis=1))


def rg_hamiltonian(rbm: Any, energies: npt.ArrayLike, kernel: Kernel = "conditional") -> Values:
    """Renormalized Hamiltonian H^RG(h) = −ln Σ_v e^(T_λ(v,h) − H(v)) (Eq. 3) of all hidden configurations.

    With the "conditional" kernel, e^(−H^RG) ∝ Σ_v p_λ(h|v) P(v): what hidden spins follow when data of H go in. With
    the other two, e^(−H^RG) ∝ p_λ(h), the model's own marginal. The two distributions agree only where p_λ(v) = P(v).

    Parameters
    ----------
    rbm : fitted estimator or RBMParameters
        As for :func:`log_conditional`.
    energies : array_like of shape (2**n_visible,)
        H(v) of every configuration, as from :func:`rgrbm.spins.spin_energies`: bit i of its number is unit i.
    kernel : {"conditional", "unnormalized", "centred"}, default="conditional"
        T_λ, as explained at the head of :mod:`rgrbm.variational`.

    Returns
    -------
    ndarray of shape (2**n_hidden,)

    Raises
    ------
    TypeError
        If an argument is of another kind.
    ValueError
        If the energies do not fit the model or are not finite, the kernel is unknown, or both layers together have
        more than 28 units (for "conditional"), or one of them more than 26.

    Examples
    --------
    >>> import numpy as np
    >>> from rgrbm import decimate
    >>> from rgrbm.rg import decimation_rbm, rg_hamiltonian
    >>> from rgrbm.spins import lattice_bonds, spin_energies
    >>> rbm = decimation_rbm(8, J=1.0, K=30.0)  # copies every other spin
    >>> H = rg_hamiltonian(rbm, spin_energies(8, lattice_bonds((8,)), 1.0))
    >>> expected = spin_energies(4, lattice_bonds((4,)), decimate(1.0).J) - 4 * decimate(1.0).log_A
    >>> bool(np.allclose(H, expected))
    True
    """
    p, H = _model(rbm, energies, kernel)
    if kernel == "conditional":
        return _push_forward(p, H)
    require_array(p.weights_.shape[1], "the hidden layer")
    return -log_marginal(p, "hidden", normalized=False) + _centre(p, H, kernel)


def sampled_rg_hamiltonian(
    rbm: Any, v: npt.ArrayLike, h: npt.ArrayLike, *, free_energy: float = 0.0
) -> tuple[Values, Values]:
    """H^RG(h) of the "conditional" kernel, −ln⟨p_λ(h|v)⟩ + F, from samples v of P ∝ e^(−H).

    Parameters
    ----------
    rbm : fitted estimator or RBMParameters
        As for :func:`log_conditional`.
    v : array_like of 0 and 1, shape (n_samples, n_visible)
        Samples of P(v), consecutive ones of a Markov chain next to each other.
    h : array_like of 0 and 1, shape (n_configurations, n_hidden)
        Hidden configurations whose Hamiltonian is wanted.
    free_energy : float, default=0
        F = −ln Z of H, if it is known. By default, H^RG is −ln p^RG(h), the same up to this constant.

    Returns
    -------
    H, stderr : ndarray of shape (n_configurations,)
        The estimate and its standard error, by a jackknife over blocks of samples. Its bias is positive, and negligible
        where the error is small; configurations that no sample supports have an error of order 1 or more.

    Raises
    ------
    TypeError
        If an argument is of another kind.
    ValueError
        If there are fewer than two samples, the shapes do not fit together or a value is neither 0 nor 1.

    Examples
    --------
    >>> import numpy as np
    >>> from rgrbm.rg import decimation_rbm
    >>> from rgrbm import IsingModel, to_binary
    >>> from rgrbm.rg.variational import sampled_rg_hamiltonian
    >>> v = to_binary(IsingModel(8, 1.0).sample(5000, method="exact", seed=0))
    >>> H, stderr = sampled_rg_hamiltonian(decimation_rbm(8, 1.0, 2.0), v, [[1, 1, 1, 1], [1, 1, 1, 0]])
    >>> bool(H[1] > H[0] + 10 * stderr[1])
    True
    """
    p, free_energy = parameters_of(rbm), checks.real("free_energy", free_energy)
    visible = binary_states(v, len(p.intercept_visible_), "v").astype(np.float64)
    hidden = binary_states(h, len(p.intercept_hidden_), "h").astype(np.float64)
    if len(visible) < 2:
        raise ValueError(f"error bars need at least two samples, got {len(visible)}")
    x = visible @ p.weights_ + p.intercept_hidden_
    at_zero = log_expit(-x).sum(axis=1)
    count = block_sums(np.ones(len(x)))[:, None]
    values, errors = np.empty(len(hidden)), np.empty(len(hidden))
    for start in range(0, len(hidden), per_block := max(1, _VALUES_PER_BLOCK // len(x))):
        block = slice(start, start + per_block)
        log_p = x @ hidden[block].T + at_zero[:, None]
        top = log_p.max(axis=0)
        sums = block_sums(np.exp(log_p - top))
        values[block] = free_energy - top - np.log(sums.sum(axis=0) / len(x))
        with np.errstate(divide="ignore", invalid="ignore"):  # one sample may hold all of the weight
            replicas = -np.log(np.maximum(leave_one_out(sums), 0.0) / leave_one_out(count))
            stderr = jackknife_stderr(replicas)
        errors[block] = np.where(np.isfinite(stderr), stderr, np.inf)
    return values, errors


def free_energy_difference(rbm: Any, energies: npt.ArrayLike, kernel: Kernel = "centred") -> float:
    """ΔF = F^RG − F, with F^RG = −ln Σ_h e^(−H^RG(h)) and F = −ln Σ_v e^(−H(v)).

    For the "conditional" kernel it is 0 for *every* RBM, even one whose h does not depend on v, and for the
    "unnormalized" one it is ln Z − ln Z_RBM, which the biases can make anything. So neither distinguishes a good
    renormalization from a bad one. For the "centred" kernel, ΔF = −KL(P‖p_λ) ≤ 0, and 0 only where p_λ(v) = P(v).

    Parameters
    ----------
    rbm, energies, kernel
        As for :func:`rg_hamiltonian`.

    Returns
    -------
    float
        In nats (β = 1).

    Raises
    ------
    TypeError, ValueError
        As for :func:`rg_hamiltonian`.

    Examples
    --------
    >>> from rgrbm.rg import bond_rbm, free_energy_difference
    >>> from rgrbm.spins import lattice_bonds, spin_energies
    >>> bonds = lattice_bonds((6,))
    >>> H = spin_energies(6, bonds, 1.0)
    >>> abs(free_energy_difference(bond_rbm(6, bonds, 1.0), H)) < 1e-12  # the exact RBM
    True
    >>> round(free_energy_difference(bond_rbm(6, bonds, 0.5), H), 4)  # the RBM of another coupling
    -0.5043
    """
    p, H = _model(rbm, energies, kernel)
    if kernel == "conditional":
        return float(-logsumexp(-_push_forward(p, H)) + logsumexp(-H))
    # Σ_h e^(−H^RG) = Σ_v e^(−H_λ(v)), which takes the visible states only.
    log_z = logsumexp(log_marginal(p, "visible", normalized=False))
    return float(logsumexp(-H) - log_z + _centre(p, H, kernel))


def trace_condition_error(rbm: Any, energies: npt.ArrayLike, kernel: Kernel = "centred") -> TraceConditionError:
    """How far the kernel is from Σ_h e^T(v,h) = 1 for all v, as largest and mean ``|ln Σ_h e^T|``.

    Parameters
    ----------
    rbm, energies, kernel
        As for :func:`rg_hamiltonian`. For "conditional" the result is rounding error, for any RBM.

    Returns
    -------
    TraceConditionError

    Raises
    ------
    TypeError
        If an argument is of another kind.
    ValueError
        If the energies do not fit the model or are not finite, the kernel is unknown, or there are more than 26 visible
        units.

    Examples
    --------
    >>> from rgrbm.rg import bond_rbm, decimation_rbm, trace_condition_error
    >>> from rgrbm.spins import lattice_bonds, spin_energies
    >>> bonds = lattice_bonds((8,))
    >>> H = spin_energies(8, bonds, 1.0)
    >>> trace_condition_error(bond_rbm(8, bonds, 1.0), H).max < 1e-12
    True
    >>> trace_condition_error(decimation_rbm(8, 1.0, 6.0), H).mean < 1e-3
    True
    """
    p, H = _model(rbm, energies, kernel)
    if kernel == "conditional":
        log_trace = _log_trace_conditional(p)
    else:
        log_trace = log_marginal(p, "visible", normalized=False) + H - _centre(p, H, kernel)
    size = np.abs(log_trace)
    return TraceConditionError(float(size.max()), float(np.exp(-H - logsumexp(-H)) @ size))


def _model(rbm: Any, energies: npt.ArrayLike, kernel: str) -> tuple[RBMParameters, Values]:
    checks.choice("kernel", kernel, get_args(Kernel))
    p = parameters_of(rbm)
    n_visible = len(p.intercept_visible_)
    require_array(n_visible, "the visible layer")
    H = checks.numbers("energies", energies)
    if H.shape != (2**n_visible,):
        raise ValueError(f"energies must have shape ({2**n_visible},), one for each visible state, got {H.shape}")
    if not np.isfinite(H).all():
        raise ValueError("energies must be finite")
    return p, H


def _centre(p: RBMParameters, H: Values, kernel: str) -> float:
    """⟨ln Σ_h e^(−E + H)⟩ in the ensemble of H, which the centred kernel subtracts from T."""
    if kernel != "centred":
        return 0.0
    return float(np.exp(-H - logsumexp(-H)) @ (log_marginal(p, "visible", normalized=False) + H))


def _states(first: int, last: int, n_units: int) -> Values:
    return ((np.arange(first, last)[:, None] >> np.arange(n_units)) & 1).astype(np.float64)


def _push_forward(p: RBMParameters, H: Values) -> Values:
    """−ln Σ_v p(h|v) e^(−H(v)), in blocks of v and h, each with its own largest term taken out."""
    n, m = p.weights_.shape
    require_sum(n + m, "the model (both layers)", "Use sampled_rg_hamiltonian instead.")
    total = np.full(2**m, -np.inf)
    for start, x in _inputs(p):
        rest = log_expit(-x).sum(axis=1) - H[start : start + len(x)]
        for first in range(0, 2**m, _STATES_PER_BLOCK):
            last = min(first + _STATES_PER_BLOCK, 2**m)
            terms = x @ _states(first, last, m).T + rest[:, None]
            total[first:last] = np.logaddexp(total[first:last], logsumexp(terms, axis=0))
    return -total


def _log_trace_conditional(p: RBMParameters) -> Values:
    """Ln Σ_h p(h|v) = Σ_j ln[p(h_j = 1|v) + p(h_j = 0|v)]."""
    return np.concatenate([np.log(expit(x) + expit(-x)).sum(axis=1) for _, x in _inputs(p)])


def _inputs(p: RBMParameters) -> Iterator[tuple[int, Values]]:
    """B + v·W of all visible states, in blocks, and the number of the first state of each."""
    n_visible = len(p.intercept_visible_)
    for start in range(0, 2**n_visible, _STATES_PER_BLOCK):
        v = _states(start, min(start + _STATES_PER_BLOCK, 2**n_visible), n_visible)
        yield start, v @ p.weights_ + p.intercept_hidden_
