"""The chain of soft spins: elongations of elements that are in one of two phases, an RBM that is exact."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rgrbm._support import checks
from rgrbm.model.parameters import GaussianParameters
from rgrbm.spins.exact import ring_correlation


def soft_spin_rbm(n_sites: int, J: float, d: float) -> GaussianParameters:
    """An RBM with Gaussian visible units whose hidden units are an Ising ring with coupling J, exactly.

    Element i has an elongation u_i and takes part in two phases, h_i and h_{i+1} = ±1:
    E = Σ ½u_i² − Σ u_i (α h_i + β h_{i+1}), α, β = ½(√(d + 2J) ± √(d − 2J)). Without u, the ring of h has the coupling
    αβ = J, as Wᵀ W gives for any such RBM and no couplings beyond pairs (Barra et al., 1105.2790).

    Parameters
    ----------
    n_sites : int
        Elements, and phases; at least 3.
    J : float
        Coupling of the phases.
    d : float
        α² + β² = d ≥ 2|J|: how far apart the wells are, in units of the width of a well.

    Returns
    -------
    GaussianParameters
        With hidden units 0/1.

    Raises
    ------
    TypeError
        If ``n_sites`` is not an integer, or another is not a number.
    ValueError
        If there are fewer than 3 sites, d is below 2|J|, or a number is not finite.
    MemoryError
        If there are more sites than memory for their weights.

    Examples
    --------
    >>> from rgrbm.mechanics import soft_spin_rbm
    >>> rbm = soft_spin_rbm(8, J=0.4, d=2.0)
    >>> rbm.weights_.shape, round(float((rbm.weights_.T @ rbm.weights_)[0, 1]) / 4, 12)
    ((8, 8), 0.4)
    """
    n, alpha, beta = _checked(n_sites, J, d)
    checks.require_memory(24 * n * n, f"the weights of {checks.shown(n)} sites")
    weights = 2 * (alpha * np.eye(n) + beta * np.roll(np.eye(n), 1, axis=1))
    # u (α h + β h') with h = 2t − 1 is u W t − u (α + β): the visible units rest at −(α + β).
    return GaussianParameters(weights, np.full(n, -(alpha + beta)), np.zeros(n), np.ones(n))


def soft_spin_correlation(n_sites: int, J: float, d: float) -> npt.NDArray[np.float64]:
    """⟨u_0 u_x⟩ for x = 0 … n_sites − 1: δ_x0 + d g(x) + J (g(x − 1) + g(x + 1)), g that of the Ising ring.

    Parameters, errors and conventions are those of :func:`soft_spin_rbm`.

    Examples
    --------
    >>> from rgrbm.mechanics import soft_spin_correlation
    >>> soft_spin_correlation(4, J=0.0, d=2.0).round(12).tolist()
    [3.0, 0.0, 0.0, 0.0]
    """
    n, _, _ = _checked(n_sites, J, d)
    checks.require_memory(48 * n, f"the correlation of {checks.shown(n)} sites")
    g = ring_correlation(J, n, n - 1)
    correlation = d * g + J * (np.roll(g, 1) + np.roll(g, -1))
    correlation[0] += 1
    return np.asarray(correlation)


def _checked(n_sites: int, J: float, d: float) -> tuple[int, float, float]:
    n, J, d = checks.integer("n_sites", n_sites, 3), checks.real("J", J), checks.real("d", d)
    if d < 2 * abs(J):
        raise ValueError(f"d must be at least 2|J| = {2 * abs(J):g} for real weights, got {d:g}")
    outer, inner = np.sqrt(d + 2 * J), np.sqrt(d - 2 * J)
    return n, float(0.5 * (outer + inner)), float(0.5 * (outer - inner))
