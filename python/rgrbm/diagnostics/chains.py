"""Mixing of the Gibbs chain: autocorrelation times, and R̂ over chains with very different starts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rgrbm._support import checks
from rgrbm._support.progress import Progress, progress_bar
from rgrbm._support.streams import Seed
from rgrbm.diagnostics.machine import Machine, States, machine_of, sub_seeds
from rgrbm.statistics.autocorrelation import autocorrelation_function, integrated_autocorrelation_time
from rgrbm.statistics.convergence import split_r_hat
from rgrbm.statistics.notation import or_dash
from rgrbm.statistics.presentation import Presented

Values = npt.NDArray[np.float64]

MIXED = 1.05
"""R̂ up to which chains count as mixed."""

_N_MODES = 3
_N_LAGS = 100
_STEPS_AT_ONCE = 32


@dataclass(frozen=True, repr=False)
class GibbsChains(Presented):
    """How parallel Gibbs chains mix, in steps v → h → v.

    Attributes
    ----------
    n_chains, n_burn_in, n_steps : int
        Chains, steps left out and steps measured. Half of the chains start from training samples, half from noise.
    quantities : tuple of str
        What was measured: the free energy, and the projections v·u of the visible units on the left singular vectors u
        of W with the largest singular values, which distinguish modes that have the same free energy.
    tau_int : tuple of float
        Integrated autocorrelation time of each. Deviations are from the mean of all chains, so that chains that stay
        apart show here, too. NaN for a quantity that never changed: all chains may be frozen.
    reliable : tuple of bool
        Whether the run is at least 50 of these times long; else the time is a lower bound at best. False where the time
        is NaN.
    r_hat : tuple of float
        Split R̂ of each.
    mixed : bool
        Whether every R̂ is at most 1.05.
    autocorrelation : ndarray of shape (n_quantities, n_lags)
        ρ(t) of each for t = 0, 1, …, up to 100 steps.
    """

    n_chains: int
    n_burn_in: int
    n_steps: int
    quantities: tuple[str, ...]
    tau_int: tuple[float, ...]
    reliable: tuple[bool, ...]
    r_hat: tuple[float, ...]
    mixed: bool
    autocorrelation: Values

    def _table(self) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
        of_each = zip(self.quantities, self.tau_int, self.reliable, self.r_hat, strict=True)
        return ("quantity", "τ_int in steps", "R̂"), [
            (name, or_dash(tau, ".3g") + ("" if reliable else " (not resolved)"), or_dash(r_hat, ".3f"))
            for name, tau, reliable, r_hat in of_each
        ]

    def _title(self) -> str:
        verdict = "mixed" if self.mixed else "NOT mixed"
        return f"{self.n_chains} Gibbs chains of {self.n_steps} steps after {self.n_burn_in}: {verdict}"


def run_chains(
    rbm: Any,
    X_train: npt.ArrayLike,
    *,
    n_chains: int = 32,
    n_steps: int = 500,
    n_burn_in: int | None = None,
    seed: Seed = None,
    progress: Progress = None,
) -> GibbsChains:
    """Run Gibbs chains from training samples and from noise, and measure whether they decorrelate from their starts.

    Parameters
    ----------
    rbm : fitted estimator or RBMParameters
        Ours, scikit-learn's ``BernoulliRBM``, or an object with the parameters.
    X_train : array_like of 0 and 1, or of real numbers for a ``GaussianRBM``, shape (n_samples, n_visible)
        Data, some of which half of the chains start from.
    n_chains : int, default=32
        Chains, at least 2.
    n_steps : int, default=500
        Steps that are measured, at least 4.
    n_burn_in : int, optional
        Steps before that; by default half as many.
    seed : int, SeedSequence, Generator, RandomState or None
        Fixes starts and steps.
    progress : bool or callable, optional
        A bar (True), a function of (done, in all), or nothing (False). By default a bar in terminals and notebooks, for
        what takes longer than two seconds.

    Returns
    -------
    GibbsChains

    Raises
    ------
    ValueError
        If the data are not 0 and 1 (finite, if Gaussian) or do not fit the model, or a number is too small.
    TypeError
        If a number is not an integer, or ``progress`` is none of these.
    MemoryError
        If chains or steps need more memory than there is.

    Examples
    --------
    >>> import numpy as np
    >>> from rgrbm.diagnostics import run_chains
    >>> from rgrbm.model import RBMParameters
    >>> free = RBMParameters(np.zeros((4, 2)), np.zeros(4), np.zeros(2))
    >>> run_chains(free, np.eye(4), n_steps=100, seed=0).mixed
    True
    """
    machine = machine_of(rbm)
    v = machine.states(X_train, "X_train")
    n_chains, n_steps = checks.integer("n_chains", n_chains, 2), checks.integer("n_steps", n_steps, 4)
    n_burn_in = n_steps // 2 if n_burn_in is None else checks.integer("n_burn_in", n_burn_in, 0)
    n_numbers = n_chains * (n_steps * (1 + _N_MODES) + v.shape[1])
    checks.require_memory(8 * n_numbers, f"{n_chains} chains of {n_steps} steps")
    series = _series(machine, v, n_chains, n_burn_in, n_steps, seed, progress)
    times = [integrated_autocorrelation_time(values) for values in series.values()]
    r_hat = tuple(split_r_hat(values) for values in series.values())
    return GibbsChains(
        n_chains=n_chains,
        n_burn_in=n_burn_in,
        n_steps=n_steps,
        quantities=tuple(series),
        tau_int=tuple(time.tau_int for time in times),
        reliable=tuple(time.reliable for time in times),
        r_hat=r_hat,
        mixed=max(r_hat) <= MIXED,
        autocorrelation=np.array([autocorrelation_function(values)[: _N_LAGS + 1] for values in series.values()]),
    )


def _series(
    machine: Machine, data: States, n_chains: int, n_burn_in: int, n_steps: int, seed: Seed, progress: Progress
) -> dict[str, Values]:
    """Each quantity over the measured steps, of shape (n_steps, n_chains)."""
    from_data, from_noise, steps = sub_seeds(seed, 3)
    n_from_data = n_chains // 2
    chosen = np.random.default_rng(from_data).choice(len(data), n_from_data, replace=n_from_data > len(data))
    v = np.concatenate([data[chosen], machine.noise(n_chains - n_from_data, from_noise)])
    modes = np.linalg.svd(machine.weights, full_matrices=False)[0][:, :_N_MODES]
    energies = np.empty((n_steps, n_chains))
    projections = np.empty((n_steps, n_chains, modes.shape[1]))
    step_seeds = sub_seeds(steps, n_burn_in + n_steps)
    with progress_bar("Gibbs chains", n_burn_in + n_steps, unit="steps", show=progress) as advance:
        for seed_of_step in step_seeds[:n_burn_in]:
            v = machine.step(v, seed_of_step)
            advance(1, "burn-in")
        for first in range(0, n_steps, _STEPS_AT_ONCE):
            part = slice(first, min(first + _STEPS_AT_ONCE, n_steps))
            states = np.concatenate([v := machine.step(v, s) for s in step_seeds[n_burn_in:][part]])
            energies[part] = machine.free_energy(states).reshape(-1, n_chains)
            projections[part] = (states @ modes).reshape(-1, n_chains, modes.shape[1])
            advance(part.stop - part.start, "")
    return {"free energy": energies} | {f"mode {k + 1}": projections[:, :, k] for k in range(modes.shape[1])}
