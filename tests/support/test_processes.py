"""Kernels in child processes and threads: forked, spawned, of joblib; after the parent has used two threads."""

import concurrent.futures
import multiprocessing
import subprocess
import sys
import threading

import numpy as np
import pytest
from joblib import Parallel, delayed

import rgrbm
from rgrbm import IsingModel
from rgrbm.spins import ClusterSampler, Lattice, SingleSpinSampler

WAIT = 120  # seconds; a child that hangs waits for ever


def work(seed):
    """All kinds of kernels; returns what is the same in any process."""
    model = IsingModel((16, 16), 0.4)
    spins = model.sample(64, method="heat_bath", n_chains=64, burn_in=5, spacing=1, seed=seed)
    measured = model.measure(20, burn_in=40, seed=seed)
    rbm = rgrbm.BernoulliRBM(4, n_iter=2, random_state=0).fit(rgrbm.to_binary(spins.reshape(64, -1)))
    return float(spins.sum()), measured.energy_per_site.mean, float(rbm.weights_.sum()), rgrbm.log_z(rbm)


@pytest.fixture(scope="module")
def expected():
    rgrbm.set_num_threads(2)
    result = work(3)
    yield result
    rgrbm.set_num_threads(0)


@pytest.mark.parametrize("start", ["fork", "spawn", "forkserver"])
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_processes(start, expected):
    context = multiprocessing.get_context(start)
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=context) as pool:
        assert pool.submit(work, 3).result(timeout=WAIT) == expected


def test_joblib(expected):
    assert Parallel(n_jobs=2, backend="loky", timeout=WAIT)(delayed(work)(3) for _ in range(2)) == [expected] * 2


def test_threads(expected):
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        assert [f.result(timeout=WAIT) for f in [pool.submit(work, 3) for _ in range(3)]] == [expected] * 3


FORKED = """
import os, warnings, rgrbm
rgrbm.set_num_threads(2)
rgrbm.IsingModel((64, 64), 0.4).sample(1024, method="heat_bath", burn_in=2, spacing=1, seed=0)
child = os.fork()
if child == 0:
    from rgrbm._support.config import config
    assert config()["threads"] == 1 and config()["forked"], config()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        rgrbm.set_num_threads(2)
    assert "was forked and runs on one thread" in str(caught[0].message)
    assert config()["threads"] == 1
    rgrbm.IsingModel((64, 64), 0.4).sample(1024, method="heat_bath", burn_in=2, spacing=1, seed=0)
    os._exit(7)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
assert not rgrbm._support.config.config()["forked"]
"""


def test_a_forked_child_says_so():
    subprocess.run([sys.executable, "-W", "ignore", "-c", FORKED], check=True, timeout=WAIT)


DAEMON = """
import threading, time, rgrbm
from rgrbm.spins import Lattice, SingleSpinSampler
sampler = SingleSpinSampler(Lattice((512, 512)), 0.4, n_chains=8, seed=0)
def sweep_for_ever():
    while True:
        sampler.sweep(5)
threading.Thread(target=sweep_for_ever, daemon=True).start()
time.sleep(0.5)
"""


MANY_DAEMONS = """
import threading, time, rgrbm
from rgrbm.spins import Lattice, SingleSpinSampler

def work(seed):
    sampler = SingleSpinSampler(Lattice((32, 32)), 0.4, n_chains=512, seed=seed)
    while True:
        sampler.sweep(1)
        sampler.magnetizations()

for seed in range(4):
    threading.Thread(target=work, args=(seed,), daemon=True).start()
time.sleep(0.1)
"""


def test_daemon_threads_that_come_back_from_kernels_as_the_interpreter_ends():
    """Of four threads in short kernels, some wait for Python's lock at any moment."""
    for _ in range(5):
        subprocess.run([sys.executable, "-c", MANY_DAEMONS], check=True, timeout=WAIT)


def test_daemon_threads_in_a_kernel_end_with_the_interpreter():
    for _ in range(3):
        subprocess.run([sys.executable, "-c", DAEMON], check=True, timeout=WAIT)


def test_too_many_threads_are_refused():
    with pytest.raises(ValueError, match="must be at most"):
        rgrbm.set_num_threads(100_000)


@pytest.mark.parametrize("kind", [SingleSpinSampler, ClusterSampler])
def test_a_sampler_may_be_used_from_several_threads(kind):
    method = {SingleSpinSampler: "metropolis", ClusterSampler: "swendsen_wang"}[kind]
    shared = kind(Lattice((32, 32)), 0.4, method=method, n_chains=4, seed=0)
    threads = [threading.Thread(target=lambda: [shared.sweep(3) for _ in range(20)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    alone = kind(Lattice((32, 32)), 0.4, method=method, n_chains=4, seed=0)
    alone.sweep(240)
    np.testing.assert_array_equal(shared.spins(), alone.spins())
