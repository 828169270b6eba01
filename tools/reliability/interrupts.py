"""How soon Ctrl-C is heard: the time from the signal until the call has ended by KeyboardInterrupt."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator

import numpy as np

import rgrbm
from rgrbm.likelihood import anneal
from rgrbm.mcrg import EVEN_OPERATORS, MajorityKernel, mcrg, renormalized_couplings
from rgrbm.mechanics import BistableChain
from rgrbm.rg import rbm_flow
from rgrbm.spins import ClusterSampler, Lattice, ParallelTempering, SingleSpinSampler

Call = Callable[[], object]


def measure(n_times: int) -> list[dict[str, object]]:
    """Median and longest latency, in seconds, of each long call, over Ctrl-C at so many random moments."""
    rng = np.random.default_rng(0)
    rows = []
    for name, make in calls():
        call = make()
        latencies = [_latency(call, rng.uniform(0.3, 1.5)) for _ in range(n_times)]
        rows.append({"call": name, "median": float(np.median(latencies)), "longest": max(latencies)})
        print(f"{name:70} {rows[-1]['median']:.3f} {rows[-1]['longest']:.3f}", flush=True)
    return rows


def _latency(call: Call, after: float) -> float:
    sent = [0.0]

    def interrupt() -> None:
        time.sleep(after)
        sent[0] = time.perf_counter()
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt, daemon=True)
    thread.start()
    try:
        call()
    except KeyboardInterrupt:
        return time.perf_counter() - sent[0]
    raise RuntimeError("the call ended before it was interrupted")


def calls() -> Iterator[tuple[str, Callable[[], Call]]]:
    """Calls that take minutes or hours, each made ready by a function."""
    yield from _sampling()
    yield from _training()
    yield from _of_trained_machines()


def _sampling() -> Iterator[tuple[str, Callable[[], Call]]]:
    square = rgrbm.IsingModel((64, 64), 0.44)
    large = rgrbm.IsingModel((512, 512), 0.43)
    cubic = rgrbm.IsingModel((64, 64, 64), 0.22)
    chain = BistableChain(1024, barrier=2.0, stiffness=1.0)
    yield (
        "64², 20,000 Swendsen–Wang chains, sample",
        lambda: lambda: square.sample(10**6, method="swendsen_wang", n_chains=20_000, seed=0),
    )
    yield "64², 20,000 Wolff chains, sample", lambda: lambda: square.sample(10**6, n_chains=20_000, seed=0)
    yield "512², 2 Metropolis chains, measure", lambda: lambda: large.measure(10**6, method="metropolis", seed=0)
    yield "64³, Wolff, sample", lambda: lambda: cubic.sample(2 * 10**4, n_chains=1, method="wolff", seed=0)
    yield (
        "32², ClusterSampler.sweep(10⁷)",
        lambda: lambda: ClusterSampler(Lattice((32, 32)), 0.44, n_chains=8, seed=0).sweep(10**7),
    )
    yield (
        "one 2048² lattice, SingleSpinSampler.sweep(10⁷)",
        lambda: lambda: SingleSpinSampler(Lattice((2048, 2048)), 0.44, seed=0).sweep(10**7),
    )
    yield (
        "16², ParallelTempering.run(spacing=10⁷)",
        lambda: lambda: ParallelTempering(Lattice((16, 16)), np.linspace(0.3, 0.5, 8), seed=0).run(10, spacing=10**7),
    )
    yield "bistable chain of 1,024 sites, sample", lambda: lambda: chain.sample(2 * 10**4, seed=0)
    yield (
        "renormalized_couplings, 64²",
        lambda: lambda: renormalized_couplings((64, 64), 0.44, MajorityKernel(2), EVEN_OPERATORS[:6], n_steps=10**6),
    )


def _training() -> Iterator[tuple[str, Callable[[], Call]]]:
    rng = np.random.default_rng(0)
    binary = (rng.random((20_000, 784)) < 0.3).astype(np.uint8)
    normal = rng.normal(size=(20_000, 200))

    def fit(kind: type, data: np.ndarray, **options: object) -> Callable[[], Call]:
        return lambda: lambda: kind(n_iter=10**6, random_state=0, **options).fit(data)

    yield "784 × 500, an epoch of minutes (k = 100)", fit(rgrbm.BernoulliRBM, binary, n_components=500, k=100)
    yield "784 × 50, k = 10⁶", fit(rgrbm.BernoulliRBM, binary, n_components=50, k=10**6)
    yield (
        "784 × 500, one batch of 20,000 samples",
        fit(rgrbm.BernoulliRBM, binary, n_components=500, batch_size=20_000),
    )
    yield "784 × 20, exact gradient", fit(rgrbm.BernoulliRBM, binary, n_components=20, gradient="exact")
    yield "784 × 20, tempering, k = 1,000", fit(rgrbm.BernoulliRBM, binary, n_components=20, gradient="pt", k=1000)
    yield (
        "784 × 392, masked weights, k = 1,000",
        fit(rgrbm.BernoulliRBM, binary, n_components=392, k=1000, mask=np.repeat(np.eye(392, dtype=bool), 2, axis=0)),
    )
    yield "Gaussian 200 × 50, k = 10⁶", fit(rgrbm.GaussianRBM, normal, n_components=50, k=10**6)
    yield "Gaussian 200 × 20, exact gradient", fit(rgrbm.GaussianRBM, normal, n_components=20, gradient="exact")


def _of_trained_machines() -> Iterator[tuple[str, Callable[[], Call]]]:
    data = (np.random.default_rng(0).random((20_000, 784)) < 0.3).astype(np.uint8)
    large = rgrbm.BernoulliRBM(100, n_iter=1, random_state=0).fit(data)
    small = rgrbm.BernoulliRBM(28, n_iter=1, random_state=0).fit(data[:, :64])
    spins = rgrbm.to_spins(data[:, :64])
    lattice = rgrbm.IsingModel((64, 64), 0.44).sample(4096, seed=0)
    yield "64², mcrg of 4,096 samples", lambda: lambda: [mcrg(lattice, MajorityKernel(2)) for _ in range(100)]
    yield "784 × 100, sample with 10⁷ steps", lambda: lambda: large.sample(100, n_steps=10**7)
    yield "784 × 100, anneal with 10⁶ temperatures", lambda: lambda: anneal(large, n_betas=10**6, n_chains=1000)
    yield "64 × 28, exact log Z", lambda: lambda: [rgrbm.log_z(small) for _ in range(1000)]
    yield "784 × 100, score_samples of 20,000", lambda: lambda: [large.score_samples(data) for _ in range(10**5)]
    yield (
        "64 × 28, rbm_flow of 20,000 samples",
        lambda: lambda: rbm_flow(small, spins, n_steps=10**6, measure_every=10**6),
    )
