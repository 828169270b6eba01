"""Example 0 of the report: an RBM trained on handwritten zeros and ones reconstructs images it has not seen."""

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from rgrbm.datasets import Digits, load_mnist, mnist_splits
from rgrbm.diagnostics.diagnosis import Diagnosis, diagnose
from rgrbm.diagnostics.likelihoods import LogLikelihoods, log_likelihoods
from rgrbm.experiments.comparison import comparison
from rgrbm.experiments.diagnosed import keep_diagnosis
from rgrbm.experiments.experiment import Report, experiment
from rgrbm.experiments.mnist_parameters import MNISTParameters
from rgrbm.experiments.options import stream
from rgrbm.experiments.results_table import show
from rgrbm.experiments.run_folder import RunFolder
from rgrbm.experiments.seeds import lines_of_seeds, other_seeds
from rgrbm.plots import images as image_plots
from rgrbm.plots import ring as plots
from rgrbm.rbm.bernoulli import BernoulliRBM
from rgrbm.spins.values import Binary
from rgrbm.statistics.notation import with_error

PAPER_ERROR = 0.048
_TRAINED = 0.8  # share of the images of each digit
_DRAWS = 10  # reconstructions of each image that an error is the mean of

_OF_SEEDS = {
    "reconstruction_error": "reconstruction error, test",
    "reconstruction_error_train": "reconstruction error, training set",
}


@experiment(
    "rgrbm.mnist/1",
    writes=("model.safetensors", "loss.png", "reconstruction.png", "filters.png", "samples.png", "diagnosis.png"),
)
def run_mnist(p: MNISTParameters, folder: RunFolder, console: Console) -> Report:
    """Example 0: train an RBM on handwritten zeros and ones and reconstruct images that it has not seen."""
    started = time.perf_counter()
    digits = _load(p, console)
    train, test = _split(p, digits)
    loaded = time.perf_counter()
    others = other_seeds(_measure_seed, p, folder)
    rbm = _rbm(p, len(train))
    folder.fit(rbm, train)
    trained = time.perf_counter()
    likelihoods = _log_likelihoods(p, rbm, train, test, console)
    diagnosis = diagnose(
        rbm, train, test, log_likelihood=likelihoods, n_chains=16, n_steps=200, n_samples=200, seed=stream(p, 6)
    )
    results = _analyse(p, rbm, train, test, digits, diagnosis)
    seconds = {
        "load": loaded - started,
        "train": rbm.history_.seconds,
        "analyse": time.perf_counter() - trained,
    }
    results["seconds"] = seconds
    if others:
        own = {name: results[name] for name in _OF_SEEDS}
        results["seeds"] = [{"seed": p.seed, **own}, *others]
    folder.save_model(rbm)
    _draw(p, rbm, test, results["reconstruction_error"], diagnosis, folder)
    keep_diagnosis(diagnosis, results, folder)
    return results, tables(results)


def _measure_seed(p: MNISTParameters) -> dict[str, Any]:
    """The numbers of another seed, of the images and of the training, without figures and files."""
    train, test = _split(p, _load(p, Console(quiet=True)))
    rbm = _rbm(p, len(train)).fit(train, progress=False)
    errors = (_sampled_error(rbm, x, stream(p, 2))[0] for x in (test, train))
    return dict(zip(_OF_SEEDS, errors, strict=True))


def _load(p: MNISTParameters, console: Console) -> Digits:
    """As many images of each digit, from the training file if it can be had."""
    everything = load_mnist(mnist_splits(p.data)[0], p.data)
    wanted = [int(digit) for digit in p.digits]
    n_each = min(p.n_each, *(int(np.sum(everything.labels == digit)) for digit in wanted))
    digits = everything.select(wanted, n_each, seed=p.seed)
    counts = " + ".join([str(n_each)] * len(wanted))
    show(
        console,
        f"{counts} images of {', '.join(p.digits)} from MNIST's {digits.split} file in {digits.source}"
        + ("" if n_each == p.n_each else f"; there are no {p.n_each} of each"),
    )
    return digits


def _split(p: MNISTParameters, digits: Digits) -> tuple[Binary, Binary]:
    """Four fifths of each digit to train on, and the rest to test; the digits lie one after the other."""
    n_each = len(digits.labels) // len(p.digits)
    n_train = round(_TRAINED * n_each)
    units = digits.binary(p.threshold).reshape(len(p.digits), n_each, -1)
    return units[:, :n_train].reshape(-1, units.shape[-1]), units[:, n_train:].reshape(-1, units.shape[-1])


def _rbm(p: MNISTParameters, n_train: int) -> BernoulliRBM:
    return BernoulliRBM(
        n_components=p.n_hidden,
        learning_rate=p.learning_rate,
        learning_rate_schedule="linear",
        momentum=p.momentum,
        batch_size=min(p.batch_size, n_train),
        n_iter=p.n_epochs,
        gradient=p.gradient,
        k=p.k,
        l2=p.l2,
        random_state=stream(p, 1),
    )


def _analyse(
    p: MNISTParameters, rbm: BernoulliRBM, train: Binary, test: Binary, digits: Digits, diagnosis: Diagnosis
) -> dict[str, Any]:
    sampled = {name: _sampled_error(rbm, x, stream(p, 2)) for name, x in (("train", train), ("test", test))}
    diagnosed = diagnosis.to_dict()
    errors = diagnosed["reconstruction_error"]
    return {
        "data": {"split": digits.split, "n_train": len(train), "n_test": len(test), "ones": float(test.mean())},
        "reconstruction_error": sampled["test"][0],
        "reconstruction_error_stderr": sampled["test"][1],
        "reconstruction_error_train": sampled["train"][0],
        "reconstruction_error_thresholded": {of: errors[f"thresholded_{of}"]["mean"] for of in ("train", "test")},
        "trivial_predictors": _trivial_errors(p, train, test),
        "log_likelihood": _log_likelihood(diagnosis.log_likelihood),
    }


def _sampled_error(rbm: BernoulliRBM, x: Binary, seed: np.random.SeedSequence) -> tuple[float, float]:
    """Share of pixels that differ after v → h → v, both drawn (the report's kind), and its error over images."""
    per_image = np.mean([np.mean(rbm.reconstruct(x, seed=s) != x, axis=1) for s in seed.spawn(_DRAWS)], axis=0)
    return float(per_image.mean()), float(per_image.std(ddof=1) / np.sqrt(len(x)))


def _trivial_errors(p: MNISTParameters, train: Binary, test: Binary) -> dict[str, float]:
    """Errors on the test set without an RBM: a blank image; the commoner value of each pixel, also by digit."""
    of_class = [x.reshape(len(p.digits), -1, x.shape[1]) for x in (train, test)]
    return {
        "blank": float(test.mean()),
        "pixel_majority": float(np.mean(test != (train.mean(axis=0) >= 0.5))),
        "class_majority": float(np.mean(of_class[1] != (of_class[0].mean(axis=1, keepdims=True) >= 0.5))),
    }


def _log_likelihoods(
    p: MNISTParameters, rbm: BernoulliRBM, train: Binary, test: Binary, console: Console
) -> LogLikelihoods:
    """Mean log-likelihoods by annealed importance sampling, or why there are none."""
    likelihoods = log_likelihoods(
        rbm, train, test, exact_up_to=0, n_chains=p.n_chains, n_betas=p.n_betas, n_modes=p.n_modes,
        seed=stream(p, 3), progress=True,
    )  # fmt: skip
    if likelihoods.method == "none" and p.n_betas > 0:
        show(console, f"no likelihood: {likelihoods.reason}")
    return likelihoods


def _log_likelihood(likelihoods: LogLikelihoods) -> dict[str, Any] | None:
    """They and their bounds, in nats per image."""
    if likelihoods.method == "none":
        return None
    result: dict[str, Any] = {
        "log_z": likelihoods.log_z,
        "log_z_stderr": likelihoods.log_z_stderr,
        "log_z_bounds": list(likelihoods.log_z_bounds),
        "effective_sample_size": likelihoods.effective_sample_size,
    }
    for name, of in (("train", likelihoods.train), ("test", likelihoods.test)):
        if of is not None:
            result[name] = of.mean
            result[f"{name}_bounds"] = [of.lower, of.upper]
    return result


def _draw(
    p: MNISTParameters, rbm: BernoulliRBM, test: Binary, error: float, diagnosis: Diagnosis, folder: RunFolder
) -> None:
    history = rbm.history_
    loss = plots.plot_learning_curve(history["epoch"], history["reconstruction_error"], test=error)
    folder.save_figure(
        loss, "loss.png",
        "Learning curve. Reconstruction error of the training set against epochs; of the test set at the end.",
    )  # fmt: skip
    shown = test[np.linspace(0, len(test) - 1, min(16, len(test))).astype(int)]
    pairs = image_plots.plot_image_pairs(shown, rbm.reconstruct(shown, seed=stream(p, 4)))
    folder.save_figure(
        pairs, "reconstruction.png", "Images of the test set beside their reconstructions. One v → h → v, both drawn."
    )
    folder.save_figure(
        image_plots.plot_filters(rbm.weights_), "filters.png", "Filters. The weights of each hidden unit, as an image."
    )
    n_steps = 5000
    samples = rbm.sample(64, n_steps=n_steps, seed=stream(p, 5))
    title = f"64 Gibbs chains of the RBM, {n_steps:,} steps after noise"
    memory = diagnosis.memory
    distances = (
        f"Median distance to the nearest training image: {memory.median_model:.0f} pixels for samples, "
        f"{memory.median_reference:.0f} for test images"
    )
    folder.save_figure(
        image_plots.plot_samples(samples, title=f"{title}\n{distances}"), "samples.png",
        f"Samples of the model. {title}. {distances}. These distances are of the samples in the diagnosis; a "
        "larger one for samples means that the chains reach shapes unlike any digit of the training set.",
    )  # fmt: skip


def tables(results: dict[str, Any]) -> Sequence[Table | str]:
    """Tables and lines of text that show the results, as measured or as read from their file."""
    error, trivial, seconds = results["reconstruction_error"], results["trivial_predictors"], results["seconds"]
    thresholded, likelihood = results["reconstruction_error_thresholded"], results["log_likelihood"]
    rows = [
        (
            "reconstruction error, test",
            f"{PAPER_ERROR:.1%}",
            _percent(error, results["reconstruction_error_stderr"]),
            "–",
        ),
        ("the same, training set", "–", f"{results['reconstruction_error_train']:.2%}", "–"),
        ("most probable pixels, test", "–", f"{thresholded['test']:.2%}", "–"),
        *((f"without an RBM: {name.replace('_', ' ')}", "–", f"{value:.1%}", "–") for name, value in trivial.items()),
    ]
    if likelihood:
        for name in ("train", "test"):
            rows.append((f"log-likelihood, {name} (nats)", "–", f"{likelihood[name]:.1f}", _interval(likelihood, name)))
    return (
        comparison("Zeros and ones: the report's number, and ours", rows, last="bounds"),
        *lines_of_seeds(results.get("seeds", ()), _OF_SEEDS),
        f"trained in {seconds['train']:.1f} s, analysed in {seconds['analyse']:.1f} s",
    )


def _percent(value: float, stderr: float) -> str:
    return with_error(100 * value, 100 * stderr) + "%"


def _interval(likelihood: dict[str, Any], name: str) -> str:
    low, high = likelihood[f"{name}_bounds"]
    return f"{low:.1f} … {high:.1f}"
