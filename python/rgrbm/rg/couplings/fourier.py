"""Spin couplings of Σ_a ln 2cosh(θ_a + Σ_i w_ia s_i) by a Fourier integral, exact for rows of any length.

With ln cosh x = ∫₀^∞ g(ω) (1 − cos ωx) dω, g(ω) = 1/(ω sinh(πω/2)), the mean over the spins outside a set S becomes
a product of cosines, and the coupling of S into one integral per row a,

    J_S = ± ∫₀^∞ g(ω) trig(ωθ) Π_{i∈S} sin(ωw_i) Π_{l∉S} cos(ωw_l) dω,

with sin(ωθ) for odd |S| and cos(ωθ) for even, and the signs + + − − for |S| = 1 … 4. The integrand's own transform
ends, but for exponentially small tails, at B = |θ| + Σ|w|: the trapezoidal rule with the step 2π/(B + 20) is exact to
e⁻⁴⁰. With tan = sin/cos, the sum over nodes for all pairs is one matrix product.

Replacing cos(ωw) by exp(−ω²w²/2) replaces the spins outside S by a Gaussian variable of the same variance: the
central-limit formula of Decelle et al.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.linalg.blas import dsyrk

from rgrbm._support.progress import Progress, progress_bar

Values = npt.NDArray[np.float64]
Sets = Mapping[int, npt.NDArray[np.int64]]

_END = 26.0  # g falls below 1e-19 there
_MARGIN = 20.0  # aliases of the trapezoidal rule are below e^(−2·20)
_NEGLIGIBLE = 1e-19
_SIGMAS = 9.0  # the reach of a Gaussian variable, below which e^(−9²/2) = 3e-18 is left
_MAX_NODES = 2**27
_NODES_PER_BLOCK = 2**13
_VALUES_PER_BLOCK = 2**21
_BUFFERED_NODES = 512  # of rows' nodes that are multiplied in one call
_TINY = 1e-60  # smallest factor: four of them, squared, are still far from underflow


class Sums(NamedTuple):
    """Couplings of the rows, summed."""

    constant: float
    fields: Values
    pairs: Values | None
    larger: dict[int, Values]
    """Values of the sets of 3 and of 4 units."""


def sum_rows(
    weights: Values, theta: Values, order: int, sets: Sets, *, gaussian: bool = False, progress: Progress = None
) -> Sums:
    """Couplings of Σ_a ln 2cosh(θ_a + Σ_i w_ia s_i) up to an order, for weights (n_units, n_rows)."""
    n_units, n_rows = weights.shape
    constant, fields = 0.0, np.zeros(n_units)
    pairs = _PairSums(n_units) if order >= 2 else None
    larger = {size: np.zeros(len(units)) for size, units in sets.items()}
    with progress_bar("couplings", n_rows, unit="rows", show=progress) as advance:
        for a in range(n_rows):
            support = np.flatnonzero(weights[:, a])
            row = _Row(np.ascontiguousarray(weights[support, a]), float(theta[a]), order, gaussian)
            constant += row.linear_constant
            fields[support] += row.linear_fields
            for nodes in row.nodes():
                constant += nodes.constant
                odd, even = nodes.product * np.sin(nodes.omega * row.theta), nodes.product * nodes.cos_theta
                fields[support] += odd @ nodes.tangent
                if pairs is not None:
                    pairs.add(support, nodes.tangent, even)
                for size, units in sets.items():
                    _add_larger(larger[size], units, support, n_units, nodes.tangent, -odd if size == 3 else -even)
            fields[support] += row.origin_fields
            if pairs is not None and row.step:
                pairs.add(support, row.weights[None], np.array([row.step / np.pi]))
            advance(1, "")
    return Sums(constant, fields, pairs.matrix() if pairs else None, larger)


class _Nodes(NamedTuple):
    omega: Values
    product: Values
    """Step × g × product of all factors cos(ωw)."""
    tangent: Values
    """sin(ωw)/cos(ωw), (n_nodes, n_units of the row)."""
    cos_theta: Values
    constant: float
    """What these nodes, and those left out since the last ones, add to the constant."""


class _Row:
    """One row θ + Σ w s: its step, what is known without nodes, and its nodes block by block."""

    def __init__(self, weights: Values, theta: float, order: int, gaussian: bool) -> None:
        self.weights, self.theta, self._order, self._gaussian = weights, theta, order, gaussian
        reach = float(np.abs(weights).sum())
        _require_nodes(abs(theta) + reach)
        self._variance = float(weights @ weights)
        if gaussian:
            reach += _SIGMAS * self._variance**0.5
        self.step, self.linear_constant = 0.0, 0.0
        self.linear_fields = self.origin_fields = np.zeros(len(weights))
        if not len(weights) or abs(theta) >= reach + _MARGIN:
            # ln 2cosh x = |x| to e⁻⁴⁰, and x never changes sign.
            self.linear_constant = abs(theta) + float(np.log1p(np.exp(-2 * abs(theta))))
            self.linear_fields = np.sign(theta) * weights
            return
        self.step = 2 * np.pi / (abs(theta) + reach + _MARGIN)
        self._n_nodes = int(np.ceil(_END / self.step))
        # Half a node at ω = 0, where the integrands have limits.
        self.linear_constant = float(np.log(2) + self.step * (theta**2 + self._variance) / (2 * np.pi))
        self.origin_fields = self.step * theta * weights / np.pi

    def nodes(self) -> Iterator[_Nodes]:
        """The nodes that count, in blocks of bounded memory."""
        if not self.step:
            return
        descending = -np.sort(-np.abs(self.weights))
        per_block = max(1, _VALUES_PER_BLOCK // len(self.weights))
        for first in range(1, self._n_nodes + 1, _NODES_PER_BLOCK):
            omega = np.asarray(
                self.step * np.arange(first, min(first + _NODES_PER_BLOCK, self._n_nodes + 1)), np.float64
            )
            g = np.asarray(self.step / (omega * np.sinh(np.pi / 2 * omega)))
            # ln cosh has g (1 − cos(ωθ) P): g of all nodes, and the rest of those where P is not negligible.
            rest = float(g.sum())
            counted = self._that_count(omega, g, descending)
            for start in range(0, max(1, len(counted)), per_block):
                which = counted[start : start + per_block]
                yield self._evaluate(omega[which], g[which], rest)
                rest = 0.0

    def _evaluate(self, omega: Values, g: Values, rest: float) -> _Nodes:
        phase = omega[:, None] * self.weights
        factor = self._factor(phase)
        product = g * factor.prod(axis=1)
        cos_theta = np.cos(omega * self.theta)
        return _Nodes(omega, product, np.sin(phase) / factor, cos_theta, rest - float(product @ cos_theta))

    def _factor(self, phase: Values) -> Values:
        if self._gaussian:
            return np.asarray(np.maximum(np.exp(-0.5 * phase * phase), _TINY))
        return np.asarray(np.cos(phase))  # never 0: no double is an odd multiple of π/2

    def _that_count(self, omega: Values, g: Values, descending: Values) -> npt.NDArray[np.int64]:
        """Nodes at which no set of ``order`` units has an integrand that is not negligible.

        From |cos x| ≤ exp(−r²/2), r the distance of x from the nearest multiple of π, which costs neither a cosine nor
        a logarithm. A set replaces at most ``order`` cosines by sines; each may have been as small as exp(−π²/8) by
        that bound. The product is taken over more and more weights, largest first, and only for the nodes that are
        left: of the thousands of nodes of a long row, most end after the first few weights.
        """
        least = np.log(_NEGLIGIBLE) + self._order * min(0.0, np.log(descending[0]))
        if self._gaussian:
            outside = self._variance - float(np.sum(descending[: self._order] ** 2))
            return np.flatnonzero(np.log(g) - 0.5 * omega**2 * outside > least)
        left, bound = np.arange(len(omega)), np.log(g) + self._order * np.pi**2 / 8
        first, size = 0, 32
        while first < len(descending) and len(left):
            periods = omega[left, None] * (descending[first : first + size] / np.pi)
            periods -= np.rint(periods)
            bound -= np.pi**2 / 2 * np.einsum("qi,qi->q", periods, periods)
            alive = bound > least
            left, bound = left[alive], bound[alive]
            first, size = first + size, min(2 * size, 512)
        return left


def _require_nodes(band: float) -> None:
    n_nodes = _END * (band + _MARGIN) / (2 * np.pi)
    if n_nodes > _MAX_NODES:
        raise ValueError(
            f"a row with |θ| + Σ|w| = {band:.3g} in ±1 units needs {n_nodes:.3g} nodes, more than {_MAX_NODES:.3g}; "
            f"for sparse rows use method='enumeration', for up to 20 units 'walsh-hadamard'"
        )


class _PairSums:
    """Σ over nodes of F t tᵀ, by symmetric rank-k updates of many rows' nodes at a time."""

    def __init__(self, n_units: int) -> None:
        self._n_units = n_units
        self._sums = np.zeros((n_units, n_units), order="F")
        self._waiting: dict[float, list[Values]] = {1.0: [], -1.0: []}

    def add(self, support: npt.NDArray[np.int64], tangent: Values, product: Values) -> None:
        scaled = tangent * np.sqrt(np.abs(product))[:, None]
        signs = np.where(product < 0, -1.0, 1.0)
        if len(support) < self._n_units // 4:
            self._sums[np.ix_(support, support)] += (scaled * signs[:, None]).T @ scaled
            return
        for sign, waiting in self._waiting.items():
            block = np.zeros((int(np.sum(signs == sign)), self._n_units))
            block[:, support] = scaled[signs == sign]
            waiting.append(block)
            if sum(map(len, waiting)) >= _BUFFERED_NODES:
                self._flush(sign)

    def _flush(self, sign: float) -> None:
        block = np.concatenate(self._waiting[sign])
        self._waiting[sign] = []
        if len(block):
            self._sums = dsyrk(sign, block.T, beta=1.0, c=self._sums, overwrite_c=True)

    def matrix(self) -> Values:
        for sign, waiting in self._waiting.items():
            if waiting:
                self._flush(sign)
        upper = np.triu(self._sums, 1)  # rank-k updates fill the upper triangle only
        return np.ascontiguousarray(upper + upper.T)


def _add_larger(
    sums: Values,
    units: npt.NDArray[np.int64],
    support: npt.NDArray[np.int64],
    n_units: int,
    tangent: Values,
    product: Values,
) -> None:
    """Add Σ over nodes of F Π_{i∈S} t_i for the sets S that lie within the row."""
    position = np.full(n_units, -1)
    position[support] = np.arange(len(support))
    positions = position[units]
    within = np.flatnonzero((positions >= 0).all(axis=1))
    by_unit = np.ascontiguousarray(tangent.T)
    weighted = by_unit * product
    for start in range(0, len(within), per_block := max(1, _VALUES_PER_BLOCK // max(1, len(product)))):
        which = within[start : start + per_block]
        term = weighted[positions[which, 0]]
        for column in positions[which, 1:].T:
            term *= by_unit[column]
        sums[which] += term.sum(axis=1)
