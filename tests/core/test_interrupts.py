"""A signal is heard within a kernel, which then leaves what it worked on whole."""

import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

import rgrbm
from rgrbm._core import kernels
from rgrbm.likelihood import anneal
from rgrbm.rbm.history import History
from rgrbm.spins import ClusterSampler, Lattice, ParallelTempering, SingleSpinSampler
from trainers import assert_same_bits, binary, everything, parameters, run


class AlarmError(Exception):
    """The alarm's handler raises it, as Ctrl-C's raises KeyboardInterrupt."""


@pytest.fixture
def after():
    """Raise AlarmError in the main thread after so many seconds."""

    def ring(number, frame):
        rang.append(kernels.in_interrupt_check())
        raise AlarmError

    rang = []
    before = signal.signal(signal.SIGALRM, ring)

    def start(seconds=0.1):
        signal.setitimer(signal.ITIMER_REAL, seconds)

    start.rang = rang
    yield start
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def threads():
    """Use so many threads in this test."""
    yield rgrbm.set_num_threads
    rgrbm.set_num_threads(0)


@pytest.mark.parametrize("n_threads", [1, 2])
@pytest.mark.parametrize("method", ["wolff", "swendsen_wang"])
@pytest.mark.parametrize("n_chains", [1, 3, 2000])
def test_cluster_chains(after, method, n_chains, n_threads, threads):
    threads(n_threads)
    sampler = ClusterSampler(Lattice((32, 32)), 0.44, method=method, n_chains=n_chains, seed=0)
    after()
    with pytest.raises(AlarmError):
        sampler.sweep(10**9)
    spins = sampler.spins()
    assert np.array_equal(np.unique(spins), [-1, 1])
    sampler.sweep(1)  # it goes on


@pytest.mark.parametrize("packing", ["chains", "lattice", "sites"])
@pytest.mark.parametrize("method", ["metropolis", "heat_bath"])
def test_single_spin_chains(after, method, packing):
    sampler = SingleSpinSampler(Lattice((64, 64)), 0.44, method=method, n_chains=3, packing=packing, seed=0)
    after()
    with pytest.raises(AlarmError):
        sampler.sweep(10**9)
    assert set(np.unique(sampler.spins())) <= {-1, 1}
    sampler.sweep(1)


def test_tempering_with_a_long_spacing(after):
    tempering = ParallelTempering(Lattice((16, 16)), np.linspace(0.3, 0.5, 4), seed=0)
    after()
    with pytest.raises(AlarmError):
        tempering.run(2, spacing=10**9)


def trainers():
    """One trainer of each kind with its data, and of a width that makes a run long."""
    weights, visible_bias, hidden_bias = parameters(40, 16, np.float32, scale=0.1)
    units = np.arange(40, dtype=np.int32), np.arange(16, dtype=np.int32)
    classes = np.arange(40 * 16, dtype=np.int32).reshape(40, 16)
    plain = kernels.Trainer32(weights, visible_bias, hidden_bias, (1, 2))
    masked = kernels.StructuredTrainer32(weights, visible_bias, hidden_bias, classes, *units, False, (1, 2))
    for trainer in (plain, masked):
        trainer.set_data(binary(600, 40))
    variances = np.zeros(40, np.float32), np.full(40, -9, np.float32), True
    gaussian = kernels.GaussianTrainer32(weights, visible_bias, hidden_bias, *variances, (1, 2))
    gaussian.set_real_data(np.random.default_rng(0).normal(size=(600, 40)).astype(np.float32))
    return {"plain": plain, "masked": masked, "gaussian": gaussian}


@pytest.mark.parametrize("n_threads", [1, 2])
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
@pytest.mark.parametrize("gradient", ["cd", "pcd", "pt", "exact"])
@pytest.mark.parametrize("kind", ["plain", "masked", "gaussian"])
def test_training_goes_back_to_where_it_began(after, kind, gradient, optimizer, n_threads, threads):
    """And on from there to the bits of a training that was never interrupted."""
    threads(n_threads)
    trainer, other = trainers()[kind], trainers()[kind]
    settings = {"gradient": gradient, "optimizer": optimizer, "batch_size": 200, "n_temperatures": 4}
    for each in (trainer, other):
        run(each, 2, **settings)
    before = everything(trainer)
    after()
    with pytest.raises(AlarmError):
        run(trainer, 10**5, k=10**6, first_epoch=2, **settings)
    assert_same_bits(everything(trainer), before)
    for each in (trainer, other):
        run(each, 2, first_epoch=2, **settings)
    assert_same_bits(everything(trainer), everything(other))


def test_fit_within_its_first_epoch(ctrl_c, monkeypatch):
    """The same training goes on to the bits of one that was never interrupted."""
    data = binary(600, 40)
    rbm, other = (rgrbm.BernoulliRBM(10, n_iter=2, k=20_000, random_state=0) for _ in range(2))
    append_from = History.append_from

    def interrupted(*arguments):
        timer = threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT))
        timer.start()
        try:
            append_from(*arguments)
        finally:
            timer.join()

    with monkeypatch.context() as patch:
        patch.setattr(History, "append_from", interrupted)
        with pytest.raises(KeyboardInterrupt):
            rbm.fit(data)
    assert rbm.history_.stopped == "interrupt"
    assert len(rbm.history_) == 0
    rbm.fit(data, resume=True)
    np.testing.assert_array_equal(rbm.weights_, other.fit(data).weights_)


class OwnInterrupt(KeyboardInterrupt):
    """What a user's own handler of Ctrl-C raises."""


@pytest.mark.parametrize("error", [AlarmError, SystemExit, OwnInterrupt])
def test_handlers_that_raise_leave_training_whole(tmp_path, error):
    """Wherever they raise, model and checkpoint are those of the epochs that the history has."""

    def ring(number, frame):
        raise error

    data = binary(300, 16)

    def model(n_iter):
        return rgrbm.BernoulliRBM(8, n_iter=n_iter, batch_size=50, random_state=1)

    before = signal.signal(signal.SIGALRM, ring)
    try:
        n_trained = 0
        for k in range(6):
            rbm, file = model(10**6), tmp_path / f"{k}.safetensors"
            signal.setitimer(signal.ITIMER_REAL, 0.12 + 0.037 * k)
            with pytest.raises(KeyboardInterrupt if error is OwnInterrupt else error):
                rbm.fit(data, checkpoint=file)
            if not hasattr(rbm, "history_"):  # it came before the first epoch or after the last
                continue
            n_trained += 1
            assert len(rbm.history_["reconstruction_error"]) == rbm.n_iter_ > 0
            undisturbed = model(rbm.n_iter_).fit(data)
            np.testing.assert_array_equal(rbm.weights_, undisturbed.weights_)
            resumed = model(rbm.n_iter_ + 3).fit(data, checkpoint=file, resume=True)
            undisturbed.set_params(n_iter=rbm.n_iter_ + 3).fit(data, resume=True)
            np.testing.assert_array_equal(resumed.weights_, undisturbed.weights_)
        assert n_trained >= 3
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_a_second_ctrl_c_leaves_the_estimator_whole(ctrl_c):
    """All fitted attributes are of one training, however soon it comes after the first."""
    data = binary(1000, 200)
    rbm = rgrbm.BernoulliRBM(100, n_iter=20, batch_size=500, random_state=0).fit(data)
    rbm.set_params(n_iter=10**6)
    for k in range(5):

        def twice(pause=0.002 * k):
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(pause)
            os.kill(os.getpid(), signal.SIGINT)

        weights, chains = rbm.weights_, rbm.h_samples_
        timer = threading.Timer(0.15, twice)
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            rbm.set_params(random_state=k).fit(data)
        _join(timer)
        assert (rbm.weights_ is weights) == (rbm.h_samples_ is chains)
        assert len(rbm.history_) == rbm.n_iter_


def _join(thread):
    """Wait for the thread, and for a Ctrl-C that it sends at its end."""
    while thread.is_alive():
        try:
            thread.join()
            time.sleep(0.02)
        except KeyboardInterrupt:
            continue


def test_inference(after):
    rng = np.random.default_rng(0)
    rbm = rgrbm.BernoulliRBM(24, n_iter=1, random_state=0).fit(rng.integers(0, 2, (100, 30)))
    calls = {
        "sample": lambda: rbm.sample(100, n_steps=10**9),
        "anneal": lambda: anneal(rbm, n_betas=10**7, n_chains=100, seed=0),
    }
    for call in calls.values():
        after()
        with pytest.raises(AlarmError):
            call()


def test_other_threads_are_not_interrupted(after):
    """Signals are the main thread's affair: a kernel of another thread goes on."""
    result = []
    model = rgrbm.IsingModel((32, 32), 0.44)
    thread = threading.Thread(
        target=lambda: result.append(model.sample(200, method="swendsen_wang", burn_in=20_000, n_chains=2, seed=0))
    )
    thread.start()
    sampler = ClusterSampler(Lattice((32, 32)), 0.44, seed=0)
    after()
    with pytest.raises(AlarmError):
        sampler.sweep(10**9)
    thread.join()
    assert result[0].shape == (200, 32, 32)


def test_a_handler_that_does_not_raise_does_not_stop_the_kernel():
    rang = []
    before = signal.signal(signal.SIGALRM, lambda number, frame: rang.append(kernels.in_interrupt_check()))
    try:
        sampler, other = (ClusterSampler(Lattice((32, 32)), 0.44, n_chains=64, seed=0) for _ in range(2))
        signal.setitimer(signal.ITIMER_REAL, 0.05, 0.05)
        while True not in rang:  # heard within a kernel
            sampler.sweep(500)
            other.sweep(500)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    np.testing.assert_array_equal(sampler.spins(), other.spins())


SCRIPT = """
import resource, warnings
import rgrbm
size = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (size + 600 * 2**20,) * 2)
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    rgrbm.set_num_threads(60)
    rgrbm.IsingModel((64, 64), 0.4).sample(1024, n_chains=128, seed=0)
print(len(caught), caught[0].message)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits the address space as Linux counts it")
def test_fewer_threads_where_the_system_does_not_grant_as_many():
    """Room for eight threads' stacks of 64 MiB, sixty asked for."""
    command = f"ulimit -s 65536; exec {sys.executable} -c '{SCRIPT}'"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("1 the system does not grant 60 threads: ")
