"""A Monte Carlo run that keeps sums, not configurations: from hot and cold starts to observables with errors."""

import time
import warnings
from collections.abc import Callable, Iterator
from typing import TypeAlias, get_args

import numpy as np
import numpy.typing as npt

from rgrbm._support import checks, streams
from rgrbm.spins.clusters import ClusterMethod
from rgrbm.spins.measured_chains import MeasuredMethod, Sampler, starts
from rgrbm.spins.measurement import Measurement
from rgrbm.spins.observables import BlockSums, estimate, estimate_observables
from rgrbm.spins.run_sums import Run, Series
from rgrbm.spins.sampling import Model
from rgrbm.statistics.jackknife import Array

Progress: TypeAlias = Callable[[int, int], object]

METHODS = ("metropolis", "heat_bath", *get_args(ClusterMethod))
_LOCAL_CHAINS, _CLUSTER_CHAINS = 1024, 64  # by default: two words of 512; as many as give an error of the error of 9%
_FIRST_ROUND = 64  # sweeps
_MAX_BURN_IN = 2**17
_SLICE_UPDATES = 2**26  # single-spin updates in one slice: a fraction of a second
_AGREE = 4.0  # standard errors that hot and cold starts may differ by
_BURN_IN_TIMES = 20  # autocorrelation times of the last round of burn-in


def measure(
    model: Model,
    n_sweeps: int,
    *,
    method: MeasuredMethod,
    n_chains: int | None,
    burn_in: int | None,
    correlation_every: int | None,
    seed: streams.Seed,
    progress: Progress | None,
) -> Measurement:
    """Run and measure; see :meth:`rgrbm.IsingModel.measure`."""
    n_chains = _check(n_sweeps, method, n_chains, burn_in, correlation_every)
    started, sequence = time.perf_counter(), streams.seed_sequence(seed)
    samplers = starts(model, method, n_chains // 2, sequence)
    length = max(1, _SLICE_UPDATES // (model.lattice.n_sites * n_chains))
    if burn_in is None:
        burn_in, settled = _burn_in(samplers, length)
    else:
        settled = True
        for sampler in samplers:
            for n in _slices(burn_in, length):
                sampler.measure(n)
    run = Run(model.lattice, n_sweeps, n_chains)
    done = 0
    for n in _slices(n_sweeps, min(length, correlation_every or length)):
        looked_at = correlation_every is not None and (done + n) % correlation_every == 0
        for start, sampler in enumerate(samplers):
            run.add(start, done, sampler.measure(n), sampler.spins() if looked_at else None)
        done += n
        if progress is not None:
            progress(done, n_sweeps)
    times, differences, long_enough = run.verdict()
    equilibrated = settled and long_enough and all(not abs(z) > _AGREE for z in differences.values())
    if not equilibrated:
        warnings.warn(
            f"{model!r} by {method} may not be in equilibrium: the chains are too short for their autocorrelation "
            "times, or those that started hot and cold disagree",
            RuntimeWarning,
            stacklevel=3,
        )
    sums = run.sums()
    distance, correlation, correlation_stderr = _correlations(sums)
    return Measurement(
        **estimate_observables(sums, model.lattice.shape),
        distance=distance, correlation=correlation, correlation_stderr=correlation_stderr,
        tau_int=times, equilibration=differences, equilibrated=equilibrated,
        model={
            "shape": list(model.lattice.shape), "lattice": model.lattice.kind, "J": list(model.couplings), "h": model.h,
        },
        run={
            "method": method, "n_chains": n_chains, "n_sweeps": n_sweeps, "burn_in": burn_in,
            "correlation_every": correlation_every, "n_blocks": len(sums.moments), "entropy": str(sequence.entropy),
            "spawn_key": list(sequence.spawn_key),
        },
        seconds=time.perf_counter() - started,
    )  # fmt: skip


def _check(n_sweeps: int, method: str, n_chains: int | None, burn_in: int | None, correlation_every: int | None) -> int:
    if method not in METHODS:
        raise ValueError(f"method must be one of {METHODS}, got {method!r}")
    checks.integer("n_sweeps", n_sweeps, 2)
    if burn_in is not None:
        checks.integer("burn_in", burn_in, 0)
    if correlation_every is not None:
        checks.integer("correlation_every", correlation_every, 1)
    if n_chains is None:
        return _CLUSTER_CHAINS if method in get_args(ClusterMethod) else _LOCAL_CHAINS
    checks.integer("n_chains", n_chains, 2)
    if n_chains % 2:
        raise ValueError(f"n_chains must be even, half of them for each start, got {n_chains}")
    return n_chains


def _slices(n: int, length: int) -> Iterator[int]:
    """Lengths of the slices of n sweeps, so that Ctrl-C is heard between them."""
    for done in range(0, n, length):
        yield min(length, n - done)


def _burn_in(samplers: list[Sampler], length: int) -> tuple[int, bool]:
    """Sweep in rounds of doubling length, until one is long enough to tell and hot and cold starts agree in it."""
    total, n = 0, _FIRST_ROUND
    while True:
        series: Series | None = None
        for start, sampler in enumerate(samplers):
            for part in _slices(n, length):
                found = sampler.measure(part)
                series = series or Series(found.energy.shape[1])
                series.add(start, found)
        assert series is not None
        total += n
        times = series.times()
        agree = all(abs(z) < _AGREE for z in series.differences(times).values())
        if agree and series.covers(times, _BURN_IN_TIMES):
            return total, True
        if total >= _MAX_BURN_IN:
            return total, False
        n *= 2


def _correlations(sums: BlockSums) -> tuple[npt.NDArray[np.int64], Array, Array]:
    if not sums.correlations[:, 0].sum():
        nothing = np.zeros(0)
        return np.zeros(0, dtype=np.int64), nothing, nothing
    value, stderr = estimate(sums, lambda means: means["correlation"])
    return np.arange(len(value), dtype=np.int64), value, stderr
