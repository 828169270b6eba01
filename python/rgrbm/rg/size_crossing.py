"""The coupling at which an observable is the same on lattices of two sizes: phenomenological renormalization."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rgrbm._support import checks
from rgrbm.spins.measurement import Measurement
from rgrbm.statistics.curve_crossing import crossing
from rgrbm.statistics.jackknife import Estimate


def measured_crossing(
    small: Sequence[Measurement],
    large: Sequence[Measurement],
    observable: str = "binder",
    *,
    degree: int | None = None,
    seed: int = 0,
) -> Estimate:
    """The coupling J at which an observable of two lattice sizes crosses, from measurements at several couplings.

    An observable without a scaling dimension, such as Binder's cumulant, does not depend on the size at J_c, up to
    corrections to scaling. :func:`rgrbm.statistics.crossing` fits the crossing. It needs no time series, unlike
    :func:`rgrbm.spins.binder_crossing`.

    Parameters
    ----------
    small, large : sequence of Measurement
        Results of :meth:`rgrbm.IsingModel.measure` for two sizes, at the same couplings J in any order, with equal h.
        Runs must be independent: give each a seed of its own.
    observable : str, default="binder"
        Name of an observable of :meth:`rgrbm.spins.Measurement.observables`.
    degree, seed
        As in :func:`rgrbm.statistics.crossing`.

    Returns
    -------
    Estimate
        J and its standard error. NaN where the curves do not cross in the range of J, or cross several times.

    Raises
    ------
    TypeError
        If an element is not a Measurement, or another argument of another kind.
    ValueError
        If the observable is unknown, the couplings of the two sizes differ, the runs of one size differ in lattice or
        h, both sizes are the same, or a standard error is NaN.

    References
    ----------
    K. Binder, Z. Phys. B 43, 119 (1981).

    Examples
    --------
    >>> import numpy as np
    >>> from rgrbm import IsingModel
    >>> from rgrbm.rg import measured_crossing
    >>> J = np.linspace(0.42, 0.46, 5)
    >>> small, large = ([IsingModel((n, n), x).measure(1000, seed=n + i) for i, x in enumerate(J)] for n in (6, 12))
    >>> bool(abs(measured_crossing(small, large).mean - 0.4407) < 0.01)
    True
    """
    small, large = checks.items("small", small, "measurements"), checks.items("large", large, "measurements")
    curves = [_curve(runs, observable) for runs in (small, large)]
    (J, first), (J_large, second) = curves
    if not np.array_equal(J, J_large):
        raise ValueError(
            f"expected both sizes at the same couplings, got J = {J.tolist()} and {J_large.tolist()}; measure the "
            "missing ones, or combine the runs of a size by rgrbm.spins.Reweighting"
        )
    shapes = [runs[0].model["shape"] for runs in (small, large)]
    if shapes[0] == shapes[1]:
        raise ValueError(f"expected two different sizes, got {shapes[0]} twice")
    if small[0].model["h"] != large[0].model["h"]:
        raise ValueError(
            f"expected both sizes in the same field, got h = {small[0].model['h']} and {large[0].model['h']}"
        )
    return crossing(J, first, second, degree=degree, seed=seed)


def _curve(runs: Sequence[Measurement], observable: str) -> tuple[np.ndarray, list[Estimate]]:
    """Couplings in ascending order, and the observable at each."""
    for run in runs:
        if not isinstance(run, Measurement):
            raise TypeError(
                f"expected results of IsingModel.measure, got {type(run).__name__}; rgrbm.statistics.crossing takes "
                "arrays and estimates"
            )
    if not runs:
        raise ValueError("expected measurements at two or more couplings for each size, got none")
    checks.choice("observable", observable, runs[0].observables())
    systems = {(tuple(run.model["shape"]), run.model["lattice"], run.model["h"]) for run in runs}
    if len(systems) > 1:
        raise ValueError(
            f"expected runs of one lattice and field for each size, got {sorted(systems)}; sort the runs by their size"
        )
    couplings = [set(np.ravel(run.model["J"]).tolist()) for run in runs]
    if any(len(values) > 1 for values in couplings):
        raise ValueError(f"expected one coupling for all axes, got {[sorted(values) for values in couplings]}")
    J = np.array([values.pop() for values in couplings])
    order = np.argsort(J, kind="stable")
    return J[order], [runs[i].observables()[observable] for i in order]
