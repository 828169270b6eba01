"""Exponents that kernels have in common, and how fast they are approached, from successive steps."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rgrbm._support import checks
from rgrbm.statistics.jackknife import Array, Estimate, jackknife_stderr
from rgrbm.statistics.presentation import Presented, fields_of


@dataclass(frozen=True, repr=False)
class CommonExponent(Presented):
    """The common exponent of several kernels, from two successive steps, by :func:`common_exponent`.

    Attributes
    ----------
    y : Estimate
        The common exponent.
    omega : Estimate
        A step multiplies the deviation from y by b^(−ω). Negative if the deviation grows, NaN if the slope is not
        positive.
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
    """The common exponent of many kernels, from their exponents after two successive steps, and the correction ω.

    Near the fixed point a kernel has y_n = y + a b^(−ωn), with an amplitude a of its own and y and ω in common. So the
    points (y_n, y_(n+1)) of all kernels lie on a straight line of slope b^(−ω) that meets the diagonal at y. No kernel
    has to be tuned. The errors are those of the jackknife; that corrections of higher order curve the line is not
    among them.

    Parameters
    ----------
    before, after : array_like of shape (n_kernels,)
        Exponents after a step and after the next one; at least three kernels.
    replicas : tuple of two array_like of shape (n_blocks, n_kernels)
        Jackknife replicas: the same with one block left out, as of :meth:`MCRGAccumulator.replicas`.
    scale : float, default=2
        b, above 1.

    Returns
    -------
    CommonExponent

    Raises
    ------
    ValueError
        If shapes do not fit, there are fewer than three kernels, a value is not finite, all exponents are equal, or the
        scale is not above 1.
    TypeError
        If a value is not a number.

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
    x, z = checks.numbers("exponents before", before), checks.numbers("exponents after", after)
    left = [checks.numbers("replicas", values) for values in checks.items("replicas", replicas, "two arrays")]
    if not 1 < (scale := checks.real("scale", scale)) < math.inf:
        raise ValueError(f"scale must be a finite number above 1, got {scale}")
    if x.ndim != 1 or x.shape != z.shape or len(x) < 3:
        raise ValueError(f"expected exponents of at least three kernels twice, got shapes {x.shape} and {z.shape}")
    if len(left) != 2 or any(values.ndim != 2 or values.shape[1:] != x.shape for values in left):
        raise ValueError(f"replicas must be two arrays of shape (n_blocks, {len(x)})")
    if left[0].shape != left[1].shape or not all(np.isfinite(values).all() for values in (x, z, *left)):
        raise ValueError("exponents and their replicas must be finite, and replicas of equally many blocks")
    if np.ptp(x) == 0 or any((np.ptp(values, axis=-1) == 0).any() for values in left[:1]):
        raise ValueError("exponents before are all equal: no line goes through them")
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
