"""Burn-in: chains are swept until their autocorrelation times are known and lie far behind, from one start or two.

One rule serves samples and measurements. Chains are swept and read until, after a first quarter that is left out,

- each autocorrelation time τ_int is resolved: the window of its sum closes, and the series is at least 20 τ_int long,
  and 400 τ_int of all chains together (100 where that is much work);
- chains from different starts agree in every quantity, if there are several starts.

The quantities are even under the symmetries of the model: the energy of the bonds, and |M| or |M_s|, whichever is the
order; in a field also M. Without a field the sign of the order is drawn at random when a configuration is read, so that
no time is spent on waiting for it to change.
"""

import math
import time
import warnings
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from rgrbm._support.progress import Progress, reports
from rgrbm.spins.methods import Model
from rgrbm.spins.sampler import Sampler, SpinRecord
from rgrbm.spins.symmetry import needs_global_flips
from rgrbm.statistics.autocorrelation import integrated_autocorrelation_time

Array = npt.NDArray[np.float64]

_FIRST_ROUND = 64  # sweeps
_MOST_SWEEPS = 2**18
_MOST_POINTS, _MOST_CHAINS = 2**12, 128  # of the series that autocorrelation times are measured on
_LONG, _TOGETHER, _TOGETHER_AT_LEAST = 20, 400, 100  # autocorrelation times: of a chain, and of all chains together
_MUCH_WORK = 2**28  # updates of a spin
_AGREE = 2.5  # standard errors that starts may differ by
_PATIENCE = 60  # seconds of burn-in that need no warning


class Equilibration(NamedTuple):
    """How a burn-in ended."""

    n_sweeps: int
    tau_int: dict[str, float]
    trouble: str
    """Why the chains may not be in equilibrium; empty if they are."""


def quantities(model: Model, sampler: Sampler, record: SpinRecord) -> dict[str, Array]:
    """What equilibrium is judged by, each an array of the record's shape (n, n_chains), per site."""
    J, n_sites = np.array(model.couplings), model.lattice.n_sites
    # Of one coupling, its size does not matter: bonds are a quantity at J = 0, too.
    weights = J if len(set(model.couplings)) > 1 else np.ones(len(J))
    samples = {"energy": -(record.bond_sums @ weights) / n_sites}
    order = record.staggered if sampler.order_is_staggered else record.magnetization
    assert order is not None
    samples[order_name(sampler)] = np.abs(order) / n_sites
    if model.h:
        samples["magnetization"] = record.magnetization / n_sites
    return samples


def order_name(sampler: Sampler) -> str:
    """Name of the modulus of the order."""
    return "staggered_magnetization" if sampler.order_is_staggered else "abs_magnetization"


def autocorrelation_times(series: list[dict[str, Array]], every: int = 1) -> dict[str, float]:
    """τ_int of each quantity in sweeps, the largest of all starts; NaN if one of them does not resolve it."""
    quantities = {}
    for name in series[0]:
        times = [integrated_autocorrelation_time(values[name]) for values in series]
        resolved = all(t.window < len(values[name]) - 1 for t, values in zip(times, series, strict=True))
        quantities[name] = every * max((t.tau_int for t in times), key=lambda x: math.inf if math.isnan(x) else x)
        if not resolved:
            quantities[name] = math.nan
    return quantities


def differences(means: list[dict[str, Array]], variances: list[dict[str, float]]) -> dict[str, float]:
    """Differences of two starts in standard errors, as normal numbers.

    Parameters
    ----------
    means : list of two dicts
        Means of each quantity over each chain, shape (n_chains,).
    variances : list of two dicts
        Of the mean of all chains of each start, used where a start has one chain only.
    """
    from scipy.special import ndtri, stdtr  # here, as it takes 0.1 s, and sampling does without

    quantities = {}
    for name in means[0]:
        first, second = (m[name] for m in means)
        n = len(first)
        if n > 1:
            variance, freedom = (first.var(ddof=1) + second.var(ddof=1)) / n, 2 * (n - 1)
        else:
            variance, freedom = sum(v[name] for v in variances), 20
        difference = float(first.mean() - second.mean())
        if difference == 0:
            quantities[name] = 0.0
        elif not variance > 0:
            quantities[name] = math.copysign(math.inf, difference)
        else:
            tail = stdtr(freedom, -abs(difference) / math.sqrt(variance))
            quantities[name] = math.copysign(-float(ndtri(tail)) if tail > 0 else math.inf, difference)
    return quantities


def equilibrate(
    model: Model, samplers: list[Sampler], *, most_sweeps: int | None = None, progress: Progress = None
) -> Equilibration:
    """Sweep chains of one start, or of two, until they are in equilibrium as far as the chains show."""
    most = _MOST_SWEEPS if most_sweeps is None else most_sweeps
    series: list[list[dict[str, Array]]] = [[] for _ in samplers]
    every, n, started, warned = 1, 0, time.perf_counter(), False
    with reports(progress, "burn-in", "sweeps") as report:
        while True:
            goal = min(max(_FIRST_ROUND, 2 * n), most)
            for part in _parts(goal - n, samplers, every):
                begun = time.perf_counter()
                for kept, sampler in zip(series, samplers, strict=True):
                    flips = needs_global_flips(sampler)
                    record = sampler.measure(part // every, spacing=every, structure=False, flips=flips)
                    kept.append(_first_chains(quantities(model, sampler, record)))
                n += part
                report(n, goal)
                ahead = (goal - n) * (time.perf_counter() - begun) / part
                warned = warned or _warn_of_long(model, samplers[0].method, started, ahead)
            whole = [_joined(parts) for parts in series]
            late = [{name: x[len(x) // 4 :] for name, x in values.items()} for values in whole]
            times = autocorrelation_times(late, every)
            trouble = _trouble(model, samplers, late, times, n)
            if not trouble or n >= most:
                return Equilibration(n, times, trouble)
            while 2 * n // every > _MOST_POINTS:
                every *= 2
                series = [[{name: x[1::2] for name, x in values.items()}] for values in whole]
                whole = [parts[0] for parts in series]


def _parts(n: int, samplers: list[Sampler], every: int) -> list[int]:
    """Sweeps of each part of a round; the first is short, to see how long the rest will take."""
    parts: list[int] = []
    left = n // every
    length = max(1, 2**26 // (samplers[0].lattice.n_sites * samplers[0].n_chains * every))
    while left > 0:
        parts.append(every * min(left, length if parts else 1))
        left -= parts[-1] // every
    return parts


def _first_chains(values: dict[str, Array]) -> dict[str, Array]:
    return {name: x[:, :_MOST_CHAINS].copy() for name, x in values.items()}


def _joined(parts: list[dict[str, Array]]) -> dict[str, Array]:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _trouble(
    model: Model, samplers: list[Sampler], late: list[dict[str, Array]], times: dict[str, float], n_sweeps: int
) -> str:
    """Why burn-in must go on; empty if it need not."""
    still = [name for values in late for name, x in values.items() if np.ptp(x) == 0]
    if still and not all(_is_ground_state(model, sampler) for sampler in samplers):
        return f"{' and '.join(dict.fromkeys(still))} did not change in {n_sweeps} sweeps"
    known = [tau for tau in times.values() if not math.isnan(tau)]
    if len(known) < len(times) and not still:
        return f"{n_sweeps} sweeps do not resolve the autocorrelation times"
    if known:
        n_chains = min(samplers[0].n_chains, _MOST_CHAINS) * len(samplers)
        much = n_sweeps * samplers[0].n_chains * model.lattice.n_sites >= _MUCH_WORK
        together = _TOGETHER_AT_LEAST if much else _TOGETHER
        if n_sweeps < max(known) * max(_LONG, together / n_chains):
            return f"{n_sweeps} sweeps are short for an autocorrelation time of {max(known):.3g} sweeps"
    if len(samplers) == 2:
        apart = differences(*chain_means(late, times))
        worst = max(apart, key=lambda name: abs(apart[name]))
        if abs(apart[worst]) > _AGREE:
            return f"chains from different starts differ by {abs(apart[worst]):.1f} standard errors in {worst}"
    return ""


def chain_means(
    series: list[dict[str, Array]], times: dict[str, float]
) -> tuple[list[dict[str, Array]], list[dict[str, float]]]:
    """What :func:`differences` takes, from series (n, n_chains) of each start."""
    means = [{name: x.mean(axis=0) for name, x in values.items()} for values in series]
    variances = [{name: 2 * times[name] * float(x.var()) / x.size for name, x in values.items()} for values in series]
    return means, variances


def _is_ground_state(model: Model, sampler: Sampler) -> bool:
    """Whether all chains are in a state that satisfies all bonds and the field: they need not move to be right."""
    best = sum(map(abs, model.couplings)) + abs(model.h)
    n_sites = model.lattice.n_sites
    energy = -(sampler.bond_sums() @ np.array(model.couplings) + model.h * sampler.magnetizations()) / n_sites
    return bool(np.all(energy <= -best * (1 - 1e-12)))


def _warn_of_long(model: Model, method: str, started: float, ahead: float) -> bool:
    """Say once that burn-in takes more than a minute, and what would be faster."""
    if time.perf_counter() - started + ahead < _PATIENCE:
        return False
    faster = "a smaller lattice" if method == "swendsen_wang" or model.h else "method='swendsen_wang'"
    warnings.warn(
        f"burn-in of {model!r} by {method} goes on for {ahead:.0f} s at least; {faster} is faster",
        RuntimeWarning,
        stacklevel=2,
    )
    return True
