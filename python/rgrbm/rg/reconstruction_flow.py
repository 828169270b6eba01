"""The "RBM flow": where v → h → v → … leads, read by two thermometers.

Iso, Shiba and Yokoo (Phys. Rev. E 97, 053304, 2018) and Funai and Giataganas (Phys. Rev. Research 2, 033415, 2020)
iterate the map v → h → v from given spins and assign a temperature to each step. The map is a step of block Gibbs
sampling, so that its only end is the RBM's own distribution p_λ(v), from any start; it shows which coupling the
RBM has learned, and how
fast the correlation with another one decays. A coupling is meaningful only where the spins look like an Ising model's;
therefore two estimates are taken that agree on those and differ elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from rgrbm._core import kernels
from rgrbm._support import checks, streams
from rgrbm._support.progress import Progress, progress_bar
from rgrbm.model.parameters import parameters_of
from rgrbm.spins.coupling import Method, NoFiniteCouplingError, coupling_of
from rgrbm.spins.values import spin_values, to_binary, to_spins
from rgrbm.statistics.jackknife import Array, Estimate
from rgrbm.statistics.notation import or_dash, with_error
from rgrbm.statistics.presentation import Presented

_MOST_STEPS = 2**62
_MIN_SAMPLES = 20  # from so many on, each sample is a block of the jackknife


@dataclass(frozen=True, repr=False)
class RBMFlow(Presented):
    """Couplings along v → h → v → …, by two thermometers.

    Attributes
    ----------
    step : ndarray of int, shape (n_measured,)
        Steps v → h → v done, from 0.
    J, J_stderr : ndarray of the same shape
        Coupling from the nearest-neighbour correlation, and its standard error; ±∞ and NaN where all neighbours agree
        (or disagree).
    J_pseudolikelihood, J_pseudolikelihood_stderr : ndarray of the same shape
        Coupling from how single spins depend on their neighbours.
    spins : ndarray of int8
        The spins after the last step.
    """

    step: npt.NDArray[np.int64]
    J: Array
    J_stderr: Array
    J_pseudolikelihood: Array
    J_pseudolikelihood_stderr: Array
    spins: npt.NDArray[np.int8]

    @property
    def disagreement(self) -> Array:
        """Difference of the two thermometers in units of their errors, added in quadrature.

        Well above 2: the spins at that step are not in a state of any nearest-neighbour Ising model. As both errors
        come from the same samples, the true significance is rather larger.
        """
        error = np.hypot(self.J_stderr, self.J_pseudolikelihood_stderr)
        with np.errstate(invalid="ignore"):
            return np.asarray((self.J_pseudolikelihood - self.J) / error)

    def _title(self) -> str:
        return f"{len(self.spins)} configurations of shape {self.spins.shape[1:]}, {self.step[-1]} steps v → h → v"

    def _values(self) -> dict[str, Any]:
        values: dict[str, Any] = {"step": self.step, "spins": self.spins}
        for name in ("J", "J_pseudolikelihood"):
            for at in (0, -1):
                value, stderr = (getattr(self, full)[at] for full in (name, f"{name}_stderr"))
                values[f"{name}[{at}]"] = Estimate(float(value), float(stderr))
        return values

    def _table(self) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
        columns = (self.J, self.J_stderr, self.J_pseudolikelihood, self.J_pseudolikelihood_stderr, self.disagreement)
        rows = zip(self.step, *(column.tolist() for column in columns), strict=True)
        return ("step", "J", "J_pseudolikelihood", "disagreement in standard errors"), [
            (str(step), with_error(J, error), with_error(other, other_error), or_dash(apart, ".1f"))
            for step, J, error, other, other_error, apart in rows
        ]


def rbm_flow(
    rbm: Any,
    spins: npt.ArrayLike,
    n_steps: int,
    *,
    measure_every: int | Sequence[int] = 1,
    seed: streams.Seed = None,
    progress: Progress = None,
) -> RBMFlow:
    """Iterate v → h → v and measure the coupling of the visible spins.

    Parameters
    ----------
    rbm : fitted estimator or RBMParameters
        Any object with ``weights_``, ``intercept_visible_`` and ``intercept_hidden_``.
    spins : array_like of -1 and +1, shape (n_samples, n_sites) or (n_samples, rows, columns)
        Independent starts on a periodic ring or square lattice, at least 20: samples at some J, all up (T = 0), or
        random (T = ∞). Sites of a lattice are the RBM's visible units row by row.
    n_steps : int
        Steps v → h → v.
    measure_every : int or sequence of int, default=1
        Steps between two measurements; or the steps to measure at, in ascending order.
    seed : int, SeedSequence, Generator, RandomState or None, default=None
        Fixes the draws.
    progress : bool or callable, optional
        A bar (True), a function of (done, in all), or nothing (False). By default a bar in terminals and notebooks, for
        what takes longer than two seconds.

    Returns
    -------
    RBMFlow
        With a measurement of the start, of every ``measure_every``-th step (or those named) and of the last one.

    Raises
    ------
    ValueError
        If the spins are not ±1, too few or of another number than the visible units, or a number of steps is out of
        range.
    TypeError
        If the model is not an RBM, or a number of steps is not an integer.
    MemoryError
        If the steps to measure after are too many to be listed.
    KeyboardInterrupt
        After Ctrl-C.

    Examples
    --------
    The exact decimating RBM flows to the coupling that it was made for, up to e^(−4K):

    >>> import numpy as np
    >>> from rgrbm.rg import decimation_rbm, rbm_flow
    >>> rbm = decimation_rbm(12, J=0.5, K=2.0)
    >>> flow = rbm_flow(rbm, np.ones((4000, 12)), n_steps=60, measure_every=20, seed=0)
    >>> flow.step, flow.J.round(1)
    (array([ 0, 20, 40, 60]), array([inf, 0.5, 0.5, 0.5]))
    """
    s = spin_values(spins)
    p = parameters_of(rbm)
    if s.ndim not in (2, 3) or len(s) < _MIN_SAMPLES:
        raise ValueError(
            f"expected at least {_MIN_SAMPLES} samples, of shape (n_samples, n_sites) or (n_samples, rows, columns), "
            f"got shape {s.shape}"
        )
    if s[0].size != len(p.weights_):
        raise ValueError(
            f"the RBM has {len(p.weights_)} visible units, the samples have {s[0].size} sites; expected as many"
        )
    n_steps = checks.integer("n_steps", n_steps, 0)
    if n_steps > _MOST_STEPS:
        raise ValueError(f"n_steps must be at most {_MOST_STEPS}, got {n_steps}")
    step = _measured_steps(n_steps, measure_every)
    v = to_binary(s).reshape(len(s), -1)
    key = streams.key(streams.seed_sequence(seed))
    rows = [_couplings(v, s.shape)]
    with progress_bar("v → h → v", n_steps, unit="steps", show=progress) as advance:
        for call, (before, after) in enumerate(pairwise(step)):
            v, _ = kernels.gibbs(v, after - before, p.weights_, p.intercept_visible_, p.intercept_hidden_, key, call)
            rows.append(_couplings(v, s.shape))
            advance(int(after - before), "")
    J, J_stderr, J_pl, J_pl_stderr = np.array(rows).T
    return RBMFlow(step, J, J_stderr, J_pl, J_pl_stderr, to_spins(v).reshape(s.shape))


def _measured_steps(n_steps: int, measure_every: int | Sequence[int]) -> npt.NDArray[np.int64]:
    if isinstance(measure_every, Sequence):
        steps = [checks.integer("a step to measure at", step, 1) for step in measure_every]
        if any(after <= before for before, after in pairwise(steps)) or max(steps, default=0) > n_steps:
            raise ValueError(f"steps to measure at must ascend to at most n_steps={n_steps}, got {steps}")
        return np.unique(np.array([0, *steps, n_steps], dtype=np.int64))
    every = min(checks.integer("measure_every", measure_every, 1), n_steps + 1)
    checks.require_memory(32 * (n_steps // every), f"a list of {n_steps // every} measurements")
    return np.unique(np.r_[0 : n_steps + 1 : every, n_steps])


def _couplings(v: npt.NDArray[np.uint8], shape: tuple[int, ...]) -> tuple[float, float, float, float]:
    s = to_spins(v).reshape(shape)
    return (*_coupling(s, "nearest"), *_coupling(s, "pseudolikelihood"))


def _coupling(s: npt.NDArray[np.int8], method: Method) -> tuple[float, float]:
    """J and its error, each sample a chain of its own; ±∞ where no finite J fits."""
    try:
        estimate = coupling_of(s, method, n_chains=len(s))
    except NoFiniteCouplingError:
        return float(np.copysign(np.inf, np.mean(s * np.roll(s, 1, axis=-1)))), np.nan
    return estimate.J, estimate.stderr
