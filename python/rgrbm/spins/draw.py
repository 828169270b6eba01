"""Configurations from chains: how many chains, how long they burn in, and how often they are read."""

import math
import time
import warnings

import numpy as np

from rgrbm._core import kernels
from rgrbm._support import checks, streams
from rgrbm._support.progress import Progress, reports
from rgrbm.spins.ensemble import Ensemble
from rgrbm.spins.equilibration import Equilibration, equilibrate
from rgrbm.spins.lattice import Lattice
from rgrbm.spins.methods import (
    Method,
    Model,
    MovedMethod,
    is_frustrated,
    make_sampler,
    require_memory,
    sampled_method,
)
from rgrbm.spins.sampler import Sampler
from rgrbm.spins.single_spin_sampler import require_single_spin_memory
from rgrbm.spins.symmetry import needs_global_flips, randomized_spins
from rgrbm.spins.values import Spins

_MOST_CHAINS = {"metropolis": 512, "heat_bath": 512, "wolff": 64, "swendsen_wang": 64}  # by default
_SPACING_TIMES = 5  # between samples, in units of τ_int: e⁻⁵ of a correlation is left
_SIGNS = 2  # purpose of the stream of random signs


def draw(
    model: Model,
    n_samples: int,
    *,
    method: Method,
    seed: streams.Seed,
    n_chains: int | None,
    burn_in: int | None,
    spacing: int | None,
    progress: Progress,
) -> Ensemble:
    """Draw configurations; see :meth:`rgrbm.IsingModel.ensemble`."""
    chosen = sampled_method(model, method)
    n_samples = checks.integer("n_samples", n_samples, 1)
    for name, value, least in (("n_chains", n_chains, 1), ("burn_in", burn_in, 0), ("spacing", spacing, 1)):
        if value is not None:
            checks.integer(name, value, least)
    started, sequence = time.perf_counter(), streams.seed_sequence(seed)
    if chosen == "exact":
        n_chains, burn_in, spacing, times = n_samples, 0, 0, {}
        spins = _exact(model, n_samples, sequence)
    else:
        n_chains = min(n_samples, _MOST_CHAINS[chosen]) if n_chains is None else n_chains
        require_memory(model.lattice, chosen, n_chains, n_samples)
        sampler, equilibrium = _burnt_in(
            model, chosen, n_chains, burn_in, spacing is None and n_samples > n_chains, sequence, progress
        )
        burn_in, times = equilibrium.n_sweeps, equilibrium.tau_int
        spacing = _spacing(times) if spacing is None else spacing
        spins = _samples(sampler, n_samples, spacing, sequence, progress)
    return Ensemble(
        spins=spins, shape=model.lattice.shape, couplings=model.couplings, method=chosen, entropy=sequence.entropy,
        n_chains=n_chains, burn_in=burn_in, spacing=spacing, tau_int=times, seconds=time.perf_counter() - started,
        h=model.h, lattice=model.lattice.kind,
    )  # fmt: skip


def _exact(model: Model, n_samples: int, sequence: np.random.SeedSequence) -> Spins:
    """Independent samples of the ring without a field."""
    lattice: Lattice = model.lattice
    require_single_spin_memory(lattice, n_samples, n_samples)
    chains = kernels.WordChains(
        list(lattice.shape), False, kernels.Update.heat_bath, list(model.couplings), 0.0, n_samples,
        streams.key(sequence), (False, False, False),
    )  # fmt: skip
    chains.sample_exactly()
    spins = np.empty((n_samples, lattice.n_sites), dtype=np.int8)
    chains.unpack(spins)
    return spins


def _burnt_in(
    model: Model,
    method: MovedMethod,
    n_chains: int,
    burn_in: int | None,
    times_wanted: bool,
    sequence: np.random.SeedSequence,
    progress: Progress,
) -> tuple[Sampler, Equilibration]:
    """Chains in equilibrium.

    They start from a ground state where that satisfies all bonds: in the ordered phase it is close to equilibrium,
    where chains that start at random may end in stripes. The sign of the order is drawn when a chain is read.
    Frustrated models start at random, and so do chains whose burn-in was given, as their caller may want to see them
    relax.
    """
    sampler = make_sampler(
        model.lattice, np.array(model.couplings), model.h, method=method, n_chains=n_chains, seed=sequence
    )
    if burn_in is None and not is_frustrated(model):
        sampler.align()
    if burn_in is not None:
        sampler.sweep(burn_in, progress=progress)
        if not times_wanted:
            return sampler, Equilibration(burn_in, {}, "")
    equilibrium = equilibrate(model, [sampler], progress=progress)
    if equilibrium.trouble:
        warnings.warn(
            f"{model!r} by {method} may not be in equilibrium: {equilibrium.trouble}; try another method "
            "or longer burn_in",
            RuntimeWarning,
            stacklevel=5,
        )
    return sampler, equilibrium if burn_in is None else equilibrium._replace(n_sweeps=burn_in + equilibrium.n_sweeps)


def _spacing(times: dict[str, float]) -> int:
    known = [tau for tau in times.values() if not math.isnan(tau)]
    return math.ceil(_SPACING_TIMES * max(known, default=0.5))


def _samples(
    sampler: Sampler, n_samples: int, spacing: int, sequence: np.random.SeedSequence, progress: Progress
) -> Spins:
    generator = np.random.Generator(np.random.Philox(key=np.array(streams.key(sequence, _SIGNS), np.uint64)))
    spins = np.empty((n_samples, *sampler.lattice.shape), dtype=np.int8)
    with reports(progress, "sampling", "samples") as report:
        for first in range(0, n_samples, sampler.n_chains):
            if first:
                sampler.sweep(spacing)
            if needs_global_flips(sampler):
                sampler.flip_globally()
            read = randomized_spins(sampler, generator)[: n_samples - first]
            spins[first : first + len(read)] = read
            report(first + len(read), n_samples)
    return spins
