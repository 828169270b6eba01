"""Where exponents of successive steps lead: a fixed point of all kernels, and how fast they approach it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rgrbm.statistics.jackknife import Array, Estimate, jackknife_stderr
from rgrbm.statistics.presentation import Presented, fields_of


@dataclass(frozen=True, repr=False)
class CommonExponent(Presented):
    """What the exponents of several kernels after two steps in a row have in common, by :func:`common_exponent`.

    Attributes
    ----------
    y : Estimate
        The exponent that all kernels lead to.
    omega : Estimate
        By b^(−ω) the deviation from y is smaller after a step. NaN where it does not decrease.
    slope : Estimate
        b^(−ω).
    residual : float
        Root mean squared distance of the later exponents from the straight line.
    """

    y: Estimate
    omega: Estimate
    slope: Estimate
    residual: float

    def _values(self) -> dict[str, Any]:
        return fields_of(self)


def common_exponent(
    before: npt.ArrayLike, after: npt.ArrayLike, replicas: tuple[npt.ArrayLike, npt.ArrayLike], scale: float = 2.0
) -> CommonExponent:
    """The exponent that many kernels lead to, from their exponents after two steps in a row, and the correction ω.

    Near the fixed point a kernel has y_n = y + a b^(−ωn), with an amplitude a of its own and y and ω in common. So the
    points (y_n, y_(n+1)) of all kernels lie on a straight line of slope b^(−ω) that meets the diagonal at y. No kernel
    has to be tuned. The errors are those of the jackknife; that corrections of higher order curve the line is not
    among them.

    Parameters
    ----------
    before, after : array_like of shape (n_kernels,)
        Exponents after a step and after the next one; at least three kernels.
    replicas : tuple of two array_like of shape (n_blocks, n_kernels)
        The same without each of the blocks of the jackknife, as of :meth:`MCRGAccumulator.replicas`.
    scale : float, default=2
        b.

    Returns
    -------
    CommonExponent

    Raises
    ------
    ValueError
        If shapes do not fit, there are fewer than three kernels, or a value is not finite.

    Examples
    --------
    >>> import numpy as np
    >>> from rgrbm.mcrg import common_exponent
    >>> a = np.array([-0.1, 0.0, 0.1, 0.2])
    >>> one, two = 2.48 + a, 2.48 + a / 2
    >>> fit = common_exponent(one, two, ([one, one], [two, two]))
    >>> round(fit.y.mean, 6), round(fit.omega.mean, 6)
    (2.48, 1.0)
    """
    x, z = (np.asarray(values, dtype=np.float64) for values in (before, after))
    left = [np.asarray(values, dtype=np.float64) for values in replicas]
    if x.ndim != 1 or x.shape != z.shape or len(x) < 3:
        raise ValueError(f"expected exponents of at least three kernels twice, got shapes {x.shape} and {z.shape}")
    if len(left) != 2 or any(values.ndim != 2 or values.shape[1:] != x.shape for values in left):
        raise ValueError(f"replicas must be two arrays of shape (n_blocks, {len(x)})")
    if left[0].shape != left[1].shape or not all(np.isfinite(values).all() for values in (x, z, *left)):
        raise ValueError("exponents and their replicas must be finite, and replicas of equally many blocks")
    slope, y = (float(value) for value in _line(x, z))
    slopes, ys = _line(*left)
    errors = [float(jackknife_stderr(values)) if len(values) > 1 else math.nan for values in (ys, slopes)]
    omega = -math.log(slope) / math.log(scale) if slope > 0 else math.nan
    omega_error = errors[1] / slope / math.log(scale) if slope > 0 else math.nan
    residual = z - (y + slope * (x - y))
    return CommonExponent(
        Estimate(y, errors[0]), Estimate(omega, omega_error), Estimate(slope, errors[1]),
        float(np.sqrt(np.mean(residual**2))),
    )  # fmt: skip


def _line(x: Array, z: Array) -> tuple[Array, Array]:
    """The slope of a least-squares line through points (..., n), and where it meets the diagonal."""
    mean_x, mean_z = x.mean(axis=-1), z.mean(axis=-1)
    dx, dz = x - mean_x[..., None], z - mean_z[..., None]
    slope = (dx * dz).sum(axis=-1) / (dx**2).sum(axis=-1)
    return slope, (mean_z - slope * mean_x) / (1 - slope)
