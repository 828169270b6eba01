"""Kaufman's sums over sectors: the partition function of a torus from four products over fermion modes.

With momenta θ = πk/n, k odd (sector o) or even (sector e), and y, q of each mode as in ``modes``, let

    C = Π y^(m/2) (1 + q^m),        S = Π y^(m/2) (1 − q^m),

and σ = −1 in the disordered phase, +1 in the ordered one: S_e goes through 0 at the critical point with the mode θ = 0,
and σ S_e changes its sign there. Then, up to the regular factor of ``modes.Phase``,

    2 Z = C_o + S_o + C_e + σ S_e            periodic both ways (Kaufman 1949),
    2 Z = C_o − S_o + C_e − σ S_e            antiperiodic along the side n,
    2 Z = C_e − σ S_e − (C_o − S_o)          antiperiodic along both.

Antiperiodic boundaries are what a change of every other spin makes of an antiferromagnet with odd sides. The signs: the
four products count closed paths that wind a times along n and b times along m with the signs (−1)^(ab + αa + βb) (see
B. M. McCoy & T. T. Wu, *The Two-Dimensional Ising Model*, 1973, chapter 4), and the boundaries multiply these paths by
−1 to the power a, b, or a + b. C − S is 2 Π y^(m/2) Σ q^m + … and is taken as such where q^m is small.

Antiperiodic both ways and ordered, C_e − S_e and C_o − S_o agree but for walls that wind around both sides, which is
all that is left of Z. Both are values of one function of the twist φ, whose modes are at θ = (φ + 2πr)/n, at φ = 0 and
π; Z is the sum of its Fourier coefficients of odd order. They are taken along a line Im φ = −nη, where the coefficient
of order 1 is as large as the function itself, and no digits are lost.
"""

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import expm1

from rgrbm.spins.exact.modes import Jet, Phase, modes, smallest_gamma, zero_mode

_ONE = np.array([1.0, 0.0, 0.0])
_DISTINCT = 3.0  # n γ₀ from which on Fourier coefficients are taken: below, the difference is no small part


class Term(NamedTuple):
    """A number weight · exp(log) · factor with its derivatives; the factor may vanish."""

    weight: float
    log: Jet
    factor: Jet = _ONE


class Sector(NamedTuple):
    """Modes of one sector, of m sites in time: jets with a last axis, and how often each is there.

    ``zero`` is ln q of the mode θ = 0, for which 1 − q^m may vanish, or None; the mode is among the others as well.
    """

    log_y: Jet
    log_q: Jet
    times: npt.NDArray[Any]
    m: int
    zero: Jet | None = None

    def cosh_product(self) -> Jet:
        """Ln C."""
        return self._regular() + _sum(_log_one_plus(self.log_q, self.m, 1), self.times)

    def sinh_product(self, weight: float) -> Term:
        """The term weight · S, with the mode θ = 0 as its factor."""
        skip = int(self.zero is not None)  # it is the first one
        log = self._regular() + _sum(_log_one_plus(self.log_q[:, skip:], self.m, -1), self.times[skip:])
        return Term(weight, log, _ONE if self.zero is None else _one_minus(self.zero, self.m))

    def difference(self, weight: float) -> list[Term]:
        """The terms of weight · (C − S), S > 0: one where no q^m is near 1, else both."""
        if (self.m * self.log_q[0].real).max() > -0.1:
            return [Term(weight, self.cosh_product()), self.sinh_product(-weight)]
        return [Term(weight, self.cosh_product() + _log_one_minus_tanhs(self.log_q, self.m, self.times))]

    def _regular(self) -> Jet:
        return self.m / 2 * _sum(self.log_y, self.times)


def log_partition(phase: Phase, n: int, m: int, twisted: tuple[bool, bool]) -> Jet:
    """Ln of 2Z over the regular factor, as a jet with respect to u; twisted along n, along m.

    A torus that is twisted along one side must be given with that side as n; one twisted along both with n ≤ m.
    """
    if twisted == (True, True) and phase.ordered and n * smallest_gamma(phase.t) > _DISTINCT:
        return _log_double_winding(phase.t, n, m)
    odd, even = _sector(phase.t, n, m, 1), _sector(phase.t, n, m, 0)
    if twisted == (False, False):
        terms = [Term(1, odd.cosh_product()), odd.sinh_product(1)]
    else:
        terms = odd.difference(-1 if twisted[1] else 1)
    if twisted[0] != phase.ordered:
        terms += [Term(1, even.cosh_product()), even.sinh_product(1)]
    else:
        terms += even.difference(1)
    return _log_of_sum(terms)


def _sector(t: float, n: int, m: int, parity: int) -> Sector:
    k = np.arange(parity, n + 1, 2)  # k and 2n − k are the same
    times = np.where((k == 0) | (k == n), 1.0, 2.0)
    if parity:
        return Sector(*modes(t, 2 * np.sin(np.pi * k / (2 * n)) ** 2), times, m)
    log_y, log_q = modes(t, 2 * np.sin(np.pi * k[1:] / (2 * n)) ** 2)
    zero_y, zero_q = zero_mode(t)
    return Sector(np.c_[zero_y, log_y], np.c_[zero_q, log_q], times, m, zero_q)


def _log_double_winding(t: float, n: int, m: int) -> Jet:
    """Ln of D(0) − D(π) = 4 (d₁ + d₃ + …), where D(φ) = C − S = Σ d_w e^(iwφ) is that of modes twisted by φ."""
    eta, n_points = _saddle(t, n, m)
    angles = 2 * np.pi * np.arange(n_points // 2 + 1) / n_points
    logs, weights = [], []
    orders = np.arange(1, n_points // 2, 2)
    for angle in angles:
        theta = (angle + 2 * np.pi * np.arange(n)) / n - 1j * eta
        twisted = Sector(*modes(t, 2 * np.sin(theta / 2) ** 2), np.ones(n), m)
        logs.append(twisted.cosh_product() + _log_one_minus_tanhs(twisted.log_q, m, twisted.times))
        # D is real for a real twist: the other half of the line is the conjugate of this one.
        twice = 1 if angle in (0, angles[-1]) else 2
        # Relative to exp(−n η), which is common to all.
        weights.append(4 * twice / n_points * np.exp(-(orders - 1) * n * eta - 1j * orders * angle).sum())
    reference = logs[0].real
    scaled = [w * _exponential(log - reference) for w, log in zip(weights, logs, strict=True)]
    return np.asarray(reference + _logarithm(np.sum(scaled, axis=0).real) - np.array([n * eta, 0, 0]))


def _saddle(t: float, n: int, m: int) -> tuple[float, int]:
    """Im θ = −η where m γ(iη) + n η is stationary, and the number of points with which no order is taken for another.

    With z = cosh η and cosh γ = c − z it is the solution of m² (z² − 1) = n² ((c − z)² − 1).
    """
    c, ratio = (1 + t * t) ** 2 / (2 * t * (1 - t * t)), (n / m) ** 2
    square = ratio * c * c + 1 - ratio
    z = square / (ratio * c + math.sqrt((ratio * c) ** 2 + (1 - ratio) * square))
    eta = math.acosh(max(z, 1.0))
    # Orders fall off as e^(−n γ₀ |w|), and are multiplied by e^(n η w).
    return eta, 16 + 2 * math.ceil(40 / (n * (smallest_gamma(t) - eta)))


def _sum(jet: Jet, times: npt.NDArray[Any]) -> Jet:
    return np.asarray((jet * times).sum(axis=-1))


def _log_one_plus(log_q: Jet, m: int, sign: int) -> Jet:
    """Ln(1 ± q^m) of each mode."""
    power = np.exp(m * log_q[0])
    one = 1 + power if sign > 0 else -expm1(m * log_q[0])
    value = np.log1p(power) if sign > 0 else np.log(one)
    slope = sign * m * power / one
    return np.stack([value, slope * log_q[1], slope * (log_q[2] + m * log_q[1] ** 2 / one)])


def _one_minus(log_q: Jet, m: int) -> Jet:
    """1 − q^m, which may be 0."""
    power = math.exp(m * log_q[0])
    slope = -m * power
    return np.array([-math.expm1(m * log_q[0]), slope * log_q[1], slope * (log_q[2] + m * log_q[1] ** 2)])


def _log_one_minus_tanhs(log_q: Jet, m: int, times: npt.NDArray[Any]) -> Jet:
    """Ln(1 − Π (1 − q^m)/(1 + q^m)), whose digits and exponents hold however small the q^m are.

    The product is exp(−X) with X = Σ 2 artanh q^m, of which the logarithm Y is followed.
    """
    power = np.exp(m * log_q[0])
    small = np.abs(power) < 1e-9
    artanh = np.arctanh(np.where(small, 0.5, power))
    # a = d ln artanh q^m / d ln q^m, and its derivative
    a = np.where(small, 1.0, power / ((1 - power**2) * artanh))
    da = np.where(small, 0.0, a * ((1 + power**2) / (1 - power**2) - a))
    value = math.log(2) + m * log_q[0] + np.log(np.where(small, 1.0, artanh / np.where(small, 1.0, power)))
    slope = a * m * log_q[1]
    curvature = a * m * log_q[2] + da * (m * log_q[1]) ** 2
    top = value.real.max()
    p = times * np.exp(value - top)
    Y, p = top + np.log(p.sum()), p / p.sum()
    Y_u = (p * slope).sum()
    Y_uu = (p * (curvature + (slope - Y_u) ** 2)).sum()
    X = np.exp(Y)
    if abs(X) < 1e-20:  # X may underflow; Y does not
        return np.array([Y, Y_u, Y_uu])
    h = X / expm1(X)
    return np.array([Y + np.log(-expm1(-X) / X), h * Y_u, h * Y_uu + h * (1 - X - h) * Y_u**2])


def _exponential(log: Jet) -> Jet:
    return np.asarray(np.exp(log[0]) * np.array([1, log[1], log[2] + log[1] ** 2]))


def _logarithm(jet: Jet) -> Jet:
    slope = jet[1] / jet[0]
    return np.array([math.log(jet[0]), slope, jet[2] / jet[0] - slope**2])


def _log_of_sum(terms: list[Term]) -> Jet:
    """Ln of a sum, relative to its largest term, so that large slopes, which are common to all, do not cancel."""
    reference = max(terms, key=lambda term: float(term.log[0])).log
    total = np.zeros(3)
    for weight, log, factor in terms:
        e, f = _exponential(log - reference), factor
        total += weight * np.array(
            [e[0] * f[0], e[1] * f[0] + e[0] * f[1], e[2] * f[0] + 2 * e[1] * f[1] + e[0] * f[2]]
        )
    return reference + _logarithm(total)
