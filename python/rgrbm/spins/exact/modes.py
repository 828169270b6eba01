"""The fermion modes of the square lattice that Onsager, Kaufman and Yang found, with derivatives.

High and low temperature are one by duality: with t = tanh K below K_c and t = e^(−2K) above it, t is at most √2 − 1,
and Z is (2 cosh² K)ᴺ or e^(2KN) times a function of t, which is 1 or 2 at t = 0. The mode of momentum θ has
exp(±γ) = the two solutions of

    y + τ²/y = (1 + t²)² − 2τ cos θ,        τ = t (1 − t²),        y = τ e^γ,  q = e^(−γ) = τ/y,

which is cosh γ = cosh² 2K / sinh 2K − cos θ. All is written such that no digits are lost as t → 0, where ln y is
O(t), and sums of it over all momenta are O(t⁴); hence the term −2t cos θ, whose sum is 0, is left out of it.

Derivatives are with respect to u = ln t. A quantity with its first two is an array whose first axis has length 3: a
*jet*. Source: B. Kaufman, *Crystal statistics II*, Phys. Rev. 76, 1232 (1949), in the variables of the high- and
low-temperature expansions.
"""

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import expm1, log1p

Jet = npt.NDArray[Any]  # of float64 or complex128, shape (3, ...): value, first and second derivative

CRITICAL_COUPLING = 0.5 * math.log1p(math.sqrt(2))
"""J_c = ½ ln(1 + √2) = 0.440687, the critical coupling of the infinite square lattice (Onsager 1944)."""


class Phase(NamedTuple):
    """A coupling K > 0 in the variable that is small in its phase.

    Attributes
    ----------
    t : float
        tanh K, or e^(−2K) where ``ordered``.
    ordered : bool
        Whether K is above K_c.
    per_site : ndarray of shape (3,)
        ln(2 cosh² K) or 2K, with its derivatives with respect to K.
    du : tuple of float
        du/dK and d²u/dK² of u = ln t.
    """

    t: float
    ordered: bool
    per_site: Jet
    du: tuple[float, float]

    def in_coupling(self, jet: Jet, n_sites: int) -> Jet:
        """N times the regular part and a jet with respect to u, as a jet with respect to K."""
        first, second = self.du
        rest = np.array([jet[0], first * jet[1], first**2 * jet[2] + second * jet[1]])
        return np.asarray(n_sites * self.per_site + rest)


def phase(K: float) -> Phase:
    """The variable for a coupling K > 0, from 1e-100 to 150: beyond, its powers would underflow."""
    if K > CRITICAL_COUPLING:
        return Phase(math.exp(-2 * K), True, np.array([2 * K, 2.0, 0.0]), (-2.0, 0.0))
    log_cosh = math.log1p(2 * math.sinh(K / 2) ** 2)
    regular = np.array([math.log(2) + 2 * log_cosh, 2 * math.tanh(K), 2 / math.cosh(K) ** 2])
    slope = 2 / math.sinh(2 * K)
    return Phase(math.tanh(K), False, regular, (slope, -slope * 2 / math.tanh(2 * K)))


def modes(t: float, versine: npt.NDArray[Any]) -> tuple[Jet, Jet]:
    """Jets of ln y + 2t cos θ and of ln q = −γ, for modes with 1 − cos θ > 0 (or complex), t in (0, √2 − 1].

    Parameters
    ----------
    t : float
    versine : ndarray
        1 − cos θ of each mode.

    Returns
    -------
    log_y, log_q : jets of shape (3, *versine.shape)
    """
    x, t2 = 1 - versine, t * t
    tau, tau_u, tau_uu = t * (1 - t2), t * (1 - 3 * t2), t * (1 - 9 * t2)
    # ½ (cosh γ − 1), from (1 − 2t − t²)² + 2τ (1 − cos θ)
    half = (1 - 2 * t - t2) ** 2 / (4 * tau) + versine / 2
    log_q = -2 * np.arcsinh(np.sqrt(half))
    q = np.exp(log_q)
    above = 2 * t2 + t2 * t2 - 2 * tau * x - tau * q  # y − 1
    y = 1 + above
    # (d ln y/du + 2tx) R = A with R = y − τq, all without what cancels for small t
    root = -y * expm1(2 * log_q)
    root_above = above - tau * q  # R − 1
    A = 4 * t2 * (1 + t2) + 6 * t * t2 * x - 2 * q * tau_u + 2 * t * x * root_above
    first = A / root
    y_u = first - 2 * t * x  # of ln y
    q_u = tau_u / tau - y_u  # of ln q
    root_u = y * y_u - q * tau_u - tau * q * q_u
    A_u = 8 * t2 + 16 * t2 * t2 + 18 * t * t2 * x - 2 * q * (q_u * tau_u + tau_uu) + 2 * t * x * (root_above + root_u)
    second = (A_u - first * root_u) / root
    q_uu = -4 * t2 / (1 - t2) ** 2 - (second - 2 * t * x)
    return np.stack([log1p(above) + 2 * t * x, first, second]), np.stack([log_q, q_u, q_uu])


def zero_mode(t: float) -> tuple[Jet, Jet]:
    """The same for θ = 0, where √y = 1 − t, and γ has a sign: it is 0 at the critical point and goes through it."""
    t2, one = t * t, 1 - t
    log_y = np.array([2 * math.log1p(-t) + 2 * t, -2 * t2 / one, -2 * t2 * (2 - t) / one**2])
    log_q = [math.log(t) + math.log1p(t) - math.log1p(-t), 1 + 2 * t / (1 - t2), 2 * t * (1 + t2) / (1 - t2) ** 2]
    return log_y, np.array(log_q)


def smallest_gamma(t: float) -> float:
    """γ of the mode θ = 0: the inverse correlation length of the disordered phase, half that of the ordered one."""
    return -float(zero_mode(t)[1][0])
