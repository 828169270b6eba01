"""How good the trained models are: exact likelihood on bars and stripes, annealed likelihood on digits of MNIST.

Bars and stripes need nothing but rgrbm. The digits need the two files of MNIST's test set in the folder that the
environment variable RGRBM_DATA names, and rbms and ferrotherm where their rows are wanted.
"""

import gzip
import os
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from bench.report import Table
from bench.timing import available

import rgrbm as package

Model = package.model.RBMParameters
N_SEEDS = 3
EXACT = 16  # hidden units up to which log Z is exact


# Bars and stripes


def bars_and_stripes(size: int = 4) -> np.ndarray:
    """All images of whole rows or whole columns, each once: 30 of 4 × 4 pixels."""
    lines = ((np.arange(2**size)[:, None] >> np.arange(size)) & 1).astype(np.uint8)
    images = [np.repeat(lines[:, :, None], size, axis=2), np.repeat(lines[:, None, :], size, axis=1)]
    return np.unique(np.concatenate(images).reshape(-1, size**2), axis=0)


def exact_training(patterns: np.ndarray, n_hidden: int, n_iter: int, seed: int) -> package.BernoulliRBM:
    """Adam along the exact gradient of the likelihood of all patterns."""
    rbm = package.BernoulliRBM(
        n_hidden, gradient="exact", optimizer="adam", learning_rate=0.03, learning_rate_schedule="cosine",
        batch_size=len(patterns), n_iter=n_iter, weight_scale=0.1, dtype="float64", random_state=seed,
    )  # fmt: skip
    return rbm.fit(patterns)


def sampled_training(patterns: np.ndarray, n_hidden: int, n_iter: int, seed: int, **options) -> package.BernoulliRBM:
    """A falling learning rate along a gradient from 20 chains (or reconstructions) per pattern."""
    rbm = package.BernoulliRBM(
        n_hidden, learning_rate_schedule="linear", batch_size=20 * len(patterns), n_iter=n_iter, weight_scale=0.1,
        dtype="float32", random_state=seed, **options,
    )  # fmt: skip
    return rbm.fit(np.repeat(patterns, 20, axis=0))


SAMPLED = {
    "CD-1": {"gradient": "cd", "learning_rate": 0.1},
    "CD-20": {"gradient": "cd", "k": 20, "learning_rate": 0.1},
    "PCD-1": {"gradient": "pcd", "learning_rate": 0.1},
    "PCD-20": {"gradient": "pcd", "k": 20, "learning_rate": 0.1},
    "parallel tempering": {"gradient": "pt", "learning_rate": 0.2, "momentum": 0.5},
    "parallel tempering, Adam": {"gradient": "pt", "optimizer": "adam", "learning_rate": 0.02},
}


def compare_gradients(n_seeds: int, scale: float) -> Table:
    """Mean log-likelihood after training, exact; the shortfall is that of the median seed."""
    patterns = bars_and_stripes()
    best = -float(np.log(len(patterns)))
    runs: list[tuple[str, int, int, Callable[[int], package.BernoulliRBM]]] = []
    for n_hidden, n_iter in ((8, int(20_000 * scale)), (12, int(10_000 * scale))):
        runs.append(("exact gradient, Adam", n_hidden, n_iter, partial(exact_training, patterns, n_hidden, n_iter)))
    for name, options in SAMPLED.items():
        n_iter = int(20_000 * scale)
        runs.append((name, 16, n_iter, partial(sampled_training, patterns, 16, n_iter, **options)))
    rows = []
    for name, n_hidden, n_iter, fit in runs:
        started = time.perf_counter()
        values = sorted(package.likelihood.log_likelihood(patterns, fit(seed)) for seed in range(n_seeds))
        seconds = (time.perf_counter() - started) / n_seeds
        shortfall = best - float(np.median(values))
        cells = name, n_hidden, f"{n_iter:,}", f"{values[0]:.4f} … {values[-1]:.4f}", f"{shortfall:.4f}"
        rows.append([*map(str, cells), f"{seconds:.1f}"])
        print("| " + " | ".join(rows[-1]) + " |", flush=True)
    return Table(
        f"Bars and stripes, 4 × 4: ln p per sample of the 30 patterns; no model can exceed −ln 30 = {best:.4f}",
        ["gradient", "hidden units", "epochs", f"ln p, {n_seeds} seeds", "short of −ln 30", "s per training"], rows,
    )  # fmt: skip


# Digits


def digits(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """980 zeros and 980 ones of MNIST's test set, ink where grey ≥ 128: 784 of each to train, 196 to test."""

    def read(name: str, header: int) -> np.ndarray:
        return np.frombuffer(gzip.decompress((folder / name).read_bytes()), np.uint8)[header:]

    images = read("t10k-images-idx3-ubyte.gz", 16).reshape(-1, 784)
    labels = read("t10k-labels-idx1-ubyte.gz", 8)
    chosen = [(images[labels == digit][:980] >= 128).astype(np.uint8) for digit in (0, 1)]
    return np.concatenate([x[:784] for x in chosen]), np.concatenate([x[784:] for x in chosen])


def ours(x: np.ndarray, n_hidden: int, n_epochs: int, **options) -> Model:
    """BernoulliRBM with batches of 20 and a falling learning rate."""
    rbm = package.BernoulliRBM(
        n_hidden, n_iter=n_epochs, batch_size=20, learning_rate_schedule="linear", random_state=0, **options
    ).fit(x)
    return Model(rbm.weights_, rbm.intercept_visible_, rbm.intercept_hidden_)


def scikit_learn(x: np.ndarray, n_hidden: int, n_epochs: int, learning_rate: float) -> Model:
    """Batches of 10 (the default)."""
    from sklearn.neural_network import BernoulliRBM

    rbm = BernoulliRBM(n_hidden, n_iter=n_epochs, learning_rate=learning_rate, random_state=0).fit(x.astype(np.float32))
    return Model(rbm.components_.T, rbm.intercept_visible_, rbm.intercept_hidden_)


def rbms(x: np.ndarray, n_hidden: int, n_epochs: int, batch_size: int) -> Model:
    """The steps of rbms.training.pcd.train, without its files, with its defaults: 100 Gibbs steps, rate 0.01."""
    import torch
    from rbms.bernoulli_bernoulli.classes import BBRBM
    from rbms.dataset.dataset_class import RBMDataset
    from rbms.training.pcd import fit_batch_pcd

    torch.manual_seed(0)
    n = len(x)
    names = np.arange(n).astype(str)
    data = RBMDataset(x.astype(np.float32), np.zeros(n), np.ones(n), names, "digits", True, "cpu", torch.float32)
    model = BBRBM.init_parameters(n_hidden, data, torch.device("cpu"), torch.float32)
    chains = model.init_chains(min(batch_size, n))
    model.init_grad()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, maximize=True)
    with torch.no_grad():
        for _ in range(n_epochs * -(-n // batch_size)):
            chosen = torch.randperm(n)[:batch_size]
            optimizer.zero_grad(set_to_none=False)
            batch = data.data[chosen], data.weights[chosen]
            chains, _ = fit_batch_pcd(batch, chains, model, gibbs_steps=100, beta=1.0)
            optimizer.step()
    return Model(*(p.numpy() for p in model.parameters()))


def ferrotherm(x: np.ndarray, n_hidden: int, n_epochs: int) -> Model:
    """Sim.fit with its defaults but for the number of epochs; the weights are read off from energies."""
    import ferrotherm as library

    spins = 2 * x.astype(int) - 1
    sim = library.rbm(x.shape[1], n_hidden, seed=0).fit(spins.tolist(), epochs=n_epochs, seed=1)
    return _parameters_from_energies(sim, x.shape[1], n_hidden)


def _parameters_from_energies(sim, n: int, m: int) -> Model:
    """E(s, t) = −η·s − θ·t − s·w·t − constant, from the states with at most one spin up in either layer."""
    import ctypes

    from ferrotherm import _set_spins

    def energy(*up: int) -> float:
        state = np.full(n + m, -1, np.int8)
        state[list(up)] = 1
        _set_spins(sim._h, state.ctypes.data_as(ctypes.POINTER(ctypes.c_int8)), n + m)
        return sim.energy

    none = energy()
    one = np.array([energy(i) for i in range(n + m)])
    two = np.array([[energy(i, n + j) for j in range(m)] for i in range(n)])
    w = -(two - one[:n, None] - one[None, n:] + none) / 4
    flips = (none - one) / 2
    return package.model.binary_parameters(w, flips[:n] + w.sum(axis=1), flips[n:] + w.sum(axis=0))


Fit = Callable[[int], Model]  # to a number of epochs


def _packages(x: np.ndarray, n_hidden: int) -> dict[str, Fit]:
    common = x, n_hidden
    return {
        "rgrbm, CD-1, rate 0.05": lambda n: ours(*common, n, gradient="cd", learning_rate=0.05),
        "rgrbm, PCD-1, rate 0.05": lambda n: ours(*common, n, gradient="pcd", learning_rate=0.05),
        "rgrbm, PCD-1, Adam 0.002": lambda n: ours(*common, n, gradient="pcd", optimizer="adam", learning_rate=0.002),
        "rgrbm, PT, Adam 0.002": lambda n: ours(*common, n, gradient="pt", optimizer="adam", learning_rate=0.002),
        "scikit-learn, rate 0.1 (default)": lambda n: scikit_learn(*common, n, 0.1),
        "scikit-learn, rate 0.05": lambda n: scikit_learn(*common, n, 0.05),
        "scikit-learn, rate 0.01": lambda n: scikit_learn(*common, n, 0.01),
        "rbms, defaults (batch 2,000: all)": lambda n: rbms(*common, n, 2000),
        "rbms, batches of 100": lambda n: rbms(*common, n, 100),
        "ferrotherm, defaults": lambda n: ferrotherm(*common, n),
    }


def compare_packages(folder: Path, n_hidden: int, n_epochs: int, seconds: float) -> Table:
    """Everyone's likelihood after equally many epochs and after equal time, from the same log Z of their parameters."""
    train, test = digits(folder)
    rows = []
    for name, fit in _packages(train, n_hidden).items():
        if available({name: partial(fit, 1)}).get(name) is None:
            continue
        epoch = _seconds_per_epoch(fit)
        budget = max(1, round(seconds / epoch))
        after = [_judged(fit(n), train, test) for n in (n_epochs, budget)]
        rows.append([name, f"{1e3 * epoch:.0f}", *after[0], f"{budget:,}", *after[1]])
        print("| " + " | ".join(rows[-1]) + " |", flush=True)
    how = "exact" if n_hidden <= EXACT else "annealed"
    return Table(
        f"Zeros and ones of MNIST's test set, {len(train):,} to train, {n_hidden} hidden units; ln p per image, {how}",
        ["package", "ms per epoch", f"train, {n_epochs} epochs", "test", f"epochs in {seconds:g} s", "train", "test"],
        rows,
    )  # fmt: skip


def _seconds_per_epoch(fit: Fit) -> float:
    """From the difference of a long and a short training, so that no package's start counts."""
    short, long = 1, 1
    taken = 0.0
    while taken < 1:
        long *= 2
        started = time.perf_counter()
        fit(long)
        taken = time.perf_counter() - started
    started = time.perf_counter()
    fit(short)
    return max(taken - (time.perf_counter() - started), 0.5 * taken) / (long - short)


def _judged(model: Model, train: np.ndarray, test: np.ndarray) -> list[str]:
    """Mean log-likelihoods of training and test images; of annealed ones the distance to the bounds as well."""
    if model.weights_.shape[1] <= EXACT:
        return [f"{package.likelihood.log_likelihood(x, model):.2f}" for x in (train, test)]
    try:
        z = package.anneal(model, x=train, n_chains=200, n_betas=2000, seed=0)
    except ArithmeticError:
        return ["annealing failed"] * 2
    values = [package.likelihood.log_likelihood(x, model, log_z=z.log_z) for x in (train, test)]
    return [f"{value:.2f} (−{z.upper - z.log_z:.2f}, +{z.log_z - z.lower:.2f})" for value in values]


def compare(rounds: int) -> list[Table]:
    """Bars and stripes, and digits with 16 and 64 hidden units.

    ``--quick`` trains for a tenth of the time, and once; ``--long`` for four times as long.
    """
    scale = {3: 0.1, 11: 1.0}.get(rounds, 4.0)
    tables = [compare_gradients(1 if scale < 1 else N_SEEDS, 0.25 * scale)]
    if folder := os.environ.get("RGRBM_DATA"):
        for n_hidden in (16, 64):
            tables.append(compare_packages(Path(folder), n_hidden, max(2, int(20 * scale)), 10 * scale))
    else:
        print("the digits are left out: RGRBM_DATA does not name the folder of MNIST's test set", flush=True)
    return tables
