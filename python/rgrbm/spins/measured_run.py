"""A Monte Carlo run that keeps sums, not configurations: from two starts to observables with errors."""

import math
import time
import warnings

import numpy as np
import numpy.typing as npt

from rgrbm._support import checks, streams
from rgrbm._support.progress import Progress, reports
from rgrbm.spins.block_sums import BlockSums, RunSums
from rgrbm.spins.equilibration import autocorrelation_times, chain_means, differences, equilibrate, quantities
from rgrbm.spins.measurement import Measurement
from rgrbm.spins.methods import MeasuredMethod, Model, is_frustrated, make_sampler, measured_method
from rgrbm.spins.observables import (
    Setting,
    correlations,
    estimate,
    estimate_axis_lengths,
    estimate_observables,
    measured_values,
)
from rgrbm.spins.patterns import ground_state, pattern_spins
from rgrbm.spins.recorded_runs import RecordedRun
from rgrbm.spins.sampler import Sampler, SpinRecord
from rgrbm.spins.symmetry import needs_global_flips, randomized_orders
from rgrbm.statistics.jackknife import Array

_CHAINS = {"metropolis": 1024, "heat_bath": 1024, "wolff": 64, "swendsen_wang": 64}  # by default
_MOST_SWEEPS = 2**53  # more than any machine makes; they are counted in int64
_MUCH_MEMORY = 2**26  # sites of all chains by default
_SLICE_UPDATES = 2**26  # single-spin updates in one slice: a fraction of a second
_AGREE = 3.5  # standard errors that starts may differ by
_BLOCK_TIMES = 10  # autocorrelation times of a stretch of a chain that is a block
_KEPT_POINTS, _KEPT_CHAINS = 2**13, 64  # of the series that autocorrelation times are measured on
_FEWEST = 32  # measurements
_ALIGNED = 0.75  # share of spins that the tilted start has as the ground state has them
_SIGNS, _TILT = 2, 3  # purposes of random streams


def measure(
    model: Model,
    n_sweeps: int,
    *,
    method: MeasuredMethod,
    n_chains: int | None,
    burn_in: int | None,
    correlation_every: int | None,
    keep_series: bool,
    seed: streams.Seed,
    progress: Progress,
) -> Measurement:
    """Run and measure; see :meth:`rgrbm.IsingModel.measure`."""
    chosen = measured_method(model, method)
    n_chains = _check(model, n_sweeps, chosen, n_chains, burn_in, correlation_every)
    started, sequence = time.perf_counter(), streams.seed_sequence(seed)
    samplers = _two_starts(model, chosen, n_chains // 2, sequence)
    if burn_in is None:
        equilibrium = equilibrate(model, samplers, progress=progress)
        burn_in, trouble, times = equilibrium.n_sweeps, equilibrium.trouble, equilibrium.tau_int
        every = _measured_every(times, n_sweeps)
    else:
        trouble, every, times = "", 1, {}
        for sampler in samplers:
            sampler.sweep(burn_in, progress=progress)
    run = _Run(model, samplers, n_sweeps // every, every, keep_series, sequence, times)
    run.go(correlation_every, progress)
    trouble = trouble or run.trouble()
    if trouble:
        warnings.warn(
            f"{model!r} by {chosen} may not be in equilibrium: {trouble}; try more sweeps or another method",
            RuntimeWarning,
            stacklevel=3,
        )
    sums, setting = run.sums.blocks(), Setting.of(samplers[0])
    distance, correlation, correlation_stderr = _correlations(sums)
    return Measurement(
        **estimate_observables(sums, setting),
        axis_correlation_lengths=estimate_axis_lengths(sums, setting),
        distance=distance, correlation=correlation, correlation_stderr=correlation_stderr,
        tau_int=run.times, equilibration=run.differences, equilibrated=not trouble, trouble=trouble,
        model={
            "shape": list(model.lattice.shape), "lattice": model.lattice.kind, "J": list(model.couplings), "h": model.h,
        },
        run={
            "method": chosen, "n_chains": n_chains, "n_sweeps": n_sweeps, "burn_in": burn_in, "every": every,
            "correlation_every": correlation_every, "n_blocks": sums.n_blocks, "entropy": str(sequence.entropy),
            "spawn_key": list(sequence.spawn_key),
        },
        seconds=time.perf_counter() - started,
        series=run.series(),
    )  # fmt: skip


def _check(
    model: Model, n_sweeps: int, method: str, n_chains: int | None, burn_in: int | None, correlation_every: int | None
) -> int:
    if checks.integer("n_sweeps", n_sweeps, 2) >= _MOST_SWEEPS:
        raise ValueError(f"n_sweeps must be below {_MOST_SWEEPS}, got {checks.shown(n_sweeps)}")
    if burn_in is not None:
        checks.integer("burn_in", burn_in, 0)
    if correlation_every is not None:
        checks.integer("correlation_every", correlation_every, 1)
    if n_chains is None:
        fitting = _MUCH_MEMORY // model.lattice.n_sites // 2 * 2
        return max(2, min(_CHAINS[method], fitting))
    checks.integer("n_chains", n_chains, 2)
    if n_chains % 2:
        raise ValueError(f"n_chains must be even, half of them for each start, got {n_chains}")
    return n_chains


def _two_starts(model: Model, method: str, n_chains: int, sequence: np.random.SeedSequence) -> list[Sampler]:
    """Chains that start in a ground state, and others that start far from it.

    These start at random where couplings are frustrated. Elsewhere three quarters of their spins are those of the
    ground state: in the disordered phase that is soon lost, and in the ordered one it keeps them from ending in
    stripes.
    """
    seeds = [np.random.SeedSequence(sequence.entropy, spawn_key=(*sequence.spawn_key, i)) for i in range(2)]
    J = np.array(model.couplings)
    hot, cold = (make_sampler(model.lattice, J, model.h, method=method, n_chains=n_chains, seed=seed) for seed in seeds)
    cold.align()
    if not is_frustrated(model):
        generator = np.random.Generator(np.random.Philox(key=np.array(streams.key(sequence, _TILT), np.uint64)))
        pattern = ground_state(model.lattice, model.couplings, model.h).pattern
        along = 1 if any(pattern) or model.h >= 0 else -1
        ground = pattern_spins(model.lattice.shape, pattern) * along
        same = generator.random((n_chains, *model.lattice.shape), dtype=np.float32) < _ALIGNED
        hot.set_spins(np.where(same, ground, -ground).astype(np.int8))
    return [hot, cold]


def _measured_every(times: dict[str, float], n_sweeps: int) -> int:
    """Sweeps between measurements: a third of the shortest autocorrelation time loses next to nothing."""
    known = [tau for tau in times.values() if not math.isnan(tau)]
    return max(1, min(int(min(known, default=1) / 3), n_sweeps // _FEWEST))


class _Run:
    """The measured part of a run: sums over blocks, and series of some chains."""

    def __init__(
        self,
        model: Model,
        samplers: list[Sampler],
        n: int,
        every: int,
        keep_series: bool,
        sequence: np.random.SeedSequence,
        times: dict[str, float],
    ) -> None:
        self._model, self._samplers, self._n, self._every = model, samplers, n, every
        key = streams.key(sequence, _SIGNS)
        self._generator = np.random.Generator(np.random.Philox(key=np.array(key, np.uint64)))
        n_chains = samplers[0].n_chains
        self.sums = RunSums(model.lattice, n, 2 * n_chains)
        self._kept: list[list[dict[str, Array]]] = [[], []]
        self._means: list[dict[str, Array]] = [{}, {}]
        self._recorded: list[list[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]] = [[], []]
        self._keep_series = keep_series
        if keep_series:
            checks.require_memory(32 * n * n_chains, f"series of {n} measurements of {2 * n_chains} chains")
        self.times = times
        self.still: list[str] = []
        self.differences: dict[str, float] = {}

    def go(self, correlation_every: int | None, progress: Progress) -> None:
        """Make all measurements."""
        lattice, n_chains = self._model.lattice, self._samplers[0].n_chains
        length = max(1, _SLICE_UPDATES // (lattice.n_sites * 2 * n_chains * self._every))
        between = None if correlation_every is None else max(1, correlation_every // self._every)
        done = 0
        with reports(progress, "measuring", "sweeps") as report:
            while done < self._n:
                n = min(length, self._n - done)
                if between is not None:
                    n = min(n, between - done % between)
                for start, sampler in enumerate(self._samplers):
                    flips = needs_global_flips(sampler)
                    self._add(start, done, sampler.measure(n, spacing=self._every, flips=flips))
                    if between is not None and (done + n) % between == 0:
                        self.sums.add_correlations(start, done + n - 1, correlations(sampler.spins()))
                done += n
                report(done * self._every, self._n * self._every)
        self._judge()

    def _add(self, start: int, first: int, record: SpinRecord) -> None:
        sampler = self._samplers[start]
        orders = randomized_orders(sampler, record, self._generator)
        self.sums.add(start, first, measured_values(sampler, record, orders))
        judged = quantities(self._model, sampler, record)
        judged["magnetization"] = orders.magnetization / self._model.lattice.n_sites
        for name, values in judged.items():
            self._means[start][name] = self._means[start].get(name, 0.0) + values.sum(axis=0) / self._n
        left = _KEPT_POINTS - sum(len(part["energy"]) for part in self._kept[start])
        if left > 0:
            self._kept[start].append({name: x[:left, :_KEPT_CHAINS].copy() for name, x in judged.items()})
        if self._keep_series:
            self._recorded[start].append((record.bond_sums.sum(axis=-1), record.magnetization))

    def _judge(self) -> None:
        """Autocorrelation times, and how far the starts differ."""
        kept = [{name: np.concatenate([part[name] for part in parts]) for name in parts[0]} for parts in self._kept]
        names = [name for name in kept[0] if name != "magnetization" or self._model.h]  # its signs are random without
        self.still = [name for name in names if any(np.ptp(values[name]) == 0 for values in kept)]
        times = autocorrelation_times([{name: values[name] for name in names} for values in kept], self._every)
        # A short run does not resolve what burn-in did.
        self.times = {name: self.times.get(name, tau) if math.isnan(tau) else tau for name, tau in times.items()}
        steps = {name: self.times.get(name, 0.5 * self._every) / self._every for name in kept[0]}
        _, variances = chain_means(kept, steps)
        share = len(kept[0]["energy"]) / self._n  # variances are those of means over the kept part
        scaled = [{name: share * value for name, value in of.items()} for of in variances]
        self.differences = differences(self._means, scaled)

    def trouble(self) -> str:
        """Why the result may not be that of equilibrium; empty if it is."""
        n_sweeps = self._n * self._every
        if self.still:
            return f"{' and '.join(self.still)} did not change in {n_sweeps} sweeps"
        if self.sums.stretches > 1:  # whole chains are independent of each other, however short
            longest = max(self.times.values(), key=lambda tau: math.inf if math.isnan(tau) else tau)
            needed = _BLOCK_TIMES * longest * self.sums.stretches
            if not n_sweeps >= needed:
                known = "do not resolve the autocorrelation time" if math.isnan(needed) else f"need {needed:.0f}"
                return f"errors from {n_sweeps} sweeps of few chains {known}"
        apart = {name: z for name, z in self.differences.items() if not abs(z) < _AGREE}
        if apart:
            name, z = max(apart.items(), key=lambda item: abs(item[1]))
            return f"chains from different starts differ by {abs(z):.1f} standard errors in {name}"
        return ""

    def series(self) -> RecordedRun | None:
        """Time series of all chains, if they were kept; of a model with one coupling."""
        if not self._keep_series:
            return None
        bonds, magnetization = (
            np.concatenate([np.concatenate([part[i] for part in parts]) for parts in self._recorded], axis=1)
            for i in range(2)
        )
        return RecordedRun(self._model.couplings[0], bonds, magnetization)


def _correlations(sums: BlockSums) -> tuple[npt.NDArray[np.int64], Array, Array]:
    if not sums.correlations[:, 0].sum():
        nothing = np.zeros(0)
        return np.zeros(0, dtype=np.int64), nothing, nothing
    value, stderr = estimate(sums, lambda means: means["correlation"])
    return np.arange(len(value), dtype=np.int64), value, stderr
