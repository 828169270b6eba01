"""Example 1 of the report: an RBM trained on the 1D Ising ring, beside exact decimation.

Spins of a ring at coupling J are sampled; an RBM with half as many hidden as visible units learns them; its
hidden spins are then compared with the ring at J' = ½ ln cosh 2J, to which exact decimation leads. With another number
of hidden units they are compared with decimation by n_spins / n_hidden, if that is an integer.
"""

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from rgrbm.diagnostics.diagnosis import diagnose
from rgrbm.experiments.comparison import comparison
from rgrbm.experiments.diagnosed import keep_diagnosis
from rgrbm.experiments.experiment import Report, experiment
from rgrbm.experiments.ising_1d_parameters import Ising1DParameters
from rgrbm.experiments.options import stream
from rgrbm.experiments.results_table import show
from rgrbm.experiments.ring_decimation import decimated_coupling, decimation_factor, decimation_reconstruction_error
from rgrbm.experiments.run_folder import RunFolder
from rgrbm.experiments.seeds import lines_of_seeds, other_seeds
from rgrbm.plots import ring as plots
from rgrbm.rbm.bernoulli import BernoulliRBM
from rgrbm.rg.filters import sort_by_position
from rgrbm.rg.hidden_ring import HiddenCorrelation, hidden_correlation
from rgrbm.spins.ensemble import Ensemble
from rgrbm.spins.ising import IsingModel
from rgrbm.spins.values import Spins, to_binary, to_spins
from rgrbm.statistics.jackknife import mean_and_stderr
from rgrbm.statistics.notation import or_dash, with_error
from rgrbm.statistics.ring_correlation import correlation

# What the report gives; None where it gives nothing.
PAPER = {"reconstruction_error": 0.14, "magnetization_data": -0.025, "magnetization_reconstruction": -0.0073}

_OF_SEEDS = {"J": "J′", "reconstruction_error": "reconstruction error", "unique_visible": "distinct dominant units"}
_MOST_ERRORS = 3.0
_MARKED = (
    f"!: more than {_MOST_ERRORS:g} standard errors from exact, which chance alone does to one value in 370; the "
    "hidden spins are then not those of plain decimation"
)

_CAPTIONS = {
    "loss": "Learning curve. Reconstruction error of the training set against epochs; the dashed line is perfect "
    "decimation.",
    "reconstruction": "Configurations of the test set beside their reconstructions. Each is a ring of spins, cut open; "
    "one v → h → v, both drawn.",
    "weights": "Weights. One row for each hidden unit, in ±1 units, sorted by the visible unit that dominates it.",
    "correlation": "Correlation of hidden spins beside the ring at J′. Distances in renormalized sites; the line is "
    "exact decimation. Right: differences from it.",
}


@experiment(
    "rgrbm.ising1d/1",
    writes=(
        "model.safetensors", "loss.png", "reconstruction.png", "weights.png", "correlation.png", "diagnosis.png",
    ),
)  # fmt: skip
def run_ising_1d(p: Ising1DParameters, folder: RunFolder, console: Console) -> Report:
    """Example 1: train an RBM on the 1D Ising ring and compare its hidden spins with exact decimation."""
    ensemble, test = _sample(p, console)
    rbm = _rbm(p)
    train = to_binary(ensemble.spins[: p.n_train])
    others = other_seeds(_measure_seed, p, folder)
    folder.fit(rbm, train)
    started = time.perf_counter()
    results = _analyse(p, rbm, test, ensemble)
    diagnosis = diagnose(rbm, train, to_binary(test), n_steps=300, n_samples=200, seed=stream(p, 6))
    seconds = {"sample": ensemble.seconds, "train": rbm.history_.seconds, "analyse": time.perf_counter() - started}
    results["seconds"] = seconds
    if others:
        results["seeds"] = [_of_seed(p, results), *others]
    folder.save_model(rbm)
    _draw(p, results, rbm, test, folder)
    keep_diagnosis(diagnosis, results, folder)
    return results, tables(results)


def _measure_seed(p: Ising1DParameters) -> dict[str, Any]:
    """The numbers of another seed, without figures and files."""
    ensemble, test = _sample(p, Console(quiet=True))
    rbm = _rbm(p).fit(to_binary(ensemble.spins[: p.n_train]), progress=False)
    return _of_seed(p, _analyse(p, rbm, test, ensemble))


def _of_seed(p: Ising1DParameters, results: dict[str, Any]) -> dict[str, Any]:
    """What is compared between seeds; J′ with its error."""
    J = results["J_renormalized"]
    return {
        "seed": p.seed,
        "reconstruction_error": results["reconstruction_error"],
        "unique_visible": results["unique_visible"],
        "J": J["hidden"],
        "J_stderr": J["hidden_stderr"],
    }


def _sample(p: Ising1DParameters, console: Console) -> tuple[Ensemble, Spins]:
    """Draw all configurations; the last ``n_test`` are the test set."""
    model = IsingModel(shape=(p.n_spins,), J=p.J)
    ensemble = model.ensemble(
        p.n_train + p.n_test, method=p.method, burn_in=p.burn_in, spacing=p.spacing, seed=stream(p, 0)
    )
    show(console, ensemble.summary())
    return ensemble, ensemble.spins[p.n_train :]


def _rbm(p: Ising1DParameters) -> BernoulliRBM:
    return BernoulliRBM(
        n_components=p.n_hidden or p.n_spins // 2,
        learning_rate=p.learning_rate,
        batch_size=min(p.batch_size, p.n_train),
        n_iter=p.n_epochs,
        gradient=p.gradient,
        k=p.k,
        centered=p.centered,
        l1=p.l1,
        l1_warmup=p.l1_warmup,
        random_state=stream(p, 1),
    )


def _analyse(p: Ising1DParameters, rbm: BernoulliRBM, test: Spins, ensemble: Ensemble) -> dict[str, Any]:
    model = IsingModel(shape=(p.n_spins,), J=p.J)
    reconstruction = to_spins(rbm.reconstruct(to_binary(test), seed=stream(p, 2)))
    fresh = model.sample(p.n_measured, method="exact", seed=stream(p, 3))
    hidden_spins = to_spins(rbm.sample_hidden(to_binary(fresh), seed=stream(p, 4)))
    factor = decimation_factor(p.n_spins, len(rbm.components_))
    hidden = hidden_correlation(hidden_spins, rbm.weights_, sites_per_unit=factor or 2)
    return {
        "sampling": ensemble.provenance(),
        "reconstruction_error": float(np.mean(reconstruction != test)),
        "reconstruction_error_decimation_bound": (decimation_reconstruction_error(p.J, factor) if factor else None),
        "magnetization": {
            "data": _magnetization(test),
            "reconstruction": _magnetization(reconstruction),
        },
        "n_hidden": len(rbm.components_),
        "unique_visible": hidden.n_unique,
        "correlation": _correlations(p, hidden, factor) if factor else None,
        "J_renormalized": _coupling(p, hidden, factor),
    }


def _magnetization(spins: Spins) -> dict[str, float]:
    mean, stderr = mean_and_stderr(spins.mean(axis=1))
    return {"mean": mean, "stderr": stderr}


def _coupling(p: Ising1DParameters, hidden: HiddenCorrelation, factor: int | None) -> dict[str, Any]:
    """J' of the hidden spins, and exactly; without values, but with the reason, where no decimation has as many."""
    if factor is None:
        reason = (
            f"decimation keeps 1 of n_spins / n_hidden spins, an integer; {p.n_spins} / {p.n_hidden} is none"
            if p.n_hidden != 1
            else "a single hidden unit is no ring"
        )
        values = dict.fromkeys(("exact", "hidden", "hidden_stderr", "amplitude"))
    else:
        reason = hidden.reason
        values = {
            "exact": decimated_coupling(p.J, factor),
            "hidden": hidden.J,
            "hidden_stderr": hidden.J_stderr,
            "amplitude": hidden.amplitude,
        }
    return {"factor": factor, **values, "reason": reason}


def _correlations(p: Ising1DParameters, hidden: HiddenCorrelation, factor: int) -> dict[str, Any]:
    """⟨s₀ sₓ⟩ of the hidden spins, of a simulated ring at J', and exactly; x in renormalized sites."""
    renormalized = IsingModel(shape=(p.n_spins // factor,), J=decimated_coupling(p.J, factor))
    max_distance = p.n_spins // factor // 2
    simulated = renormalized.sample(p.n_measured, method=p.method, seed=stream(p, 5))
    ising, ising_stderr = correlation(simulated, max_distance)
    # Filter centres are sites of the original ring, ``factor`` of which make one renormalized site.
    distance = np.arange(1, max_distance + 1)
    return {
        "distance": distance.tolist(),
        "hidden": hidden.correlation[factor * distance].tolist(),
        "hidden_stderr": hidden.stderr[factor * distance].tolist(),
        "ising_renormalized": ising[distance].tolist(),
        "ising_renormalized_stderr": ising_stderr[distance].tolist(),
        "exact": renormalized.correlation(max_distance)[distance].tolist(),
    }


def _draw(p: Ising1DParameters, results: dict[str, Any], rbm: BernoulliRBM, test: Spins, folder: RunFolder) -> None:
    """Figures 2 to 5 of the report."""
    history = rbm.history_
    loss = plots.plot_learning_curve(
        history["epoch"],
        history["reconstruction_error"],
        bound=results["reconstruction_error_decimation_bound"],
    )
    folder.save_figure(loss, "loss.png", _CAPTIONS["loss"])
    shown = test[:6]
    reconstruction = to_spins(rbm.reconstruct(to_binary(test), seed=stream(p, 2)))[:6]
    folder.save_figure(
        plots.plot_reconstruction(shown, reconstruction), "reconstruction.png", _CAPTIONS["reconstruction"]
    )
    folder.save_figure(plots.plot_weights(sort_by_position(rbm.weights_) / 4), "weights.png", _CAPTIONS["weights"])
    if (c := results["correlation"]) is None:
        return
    correlations = plots.plot_correlation(
        c["distance"],
        c["hidden"],
        c["hidden_stderr"],
        c["ising_renormalized"],
        c["ising_renormalized_stderr"],
        c["exact"],
        J=results["J_renormalized"]["exact"],
    )
    folder.save_figure(correlations, "correlation.png", _CAPTIONS["correlation"])


def _marked(value: float | None, stderr: float | None, exact: float | None) -> str:
    """A value with its error, and a mark where it is farther from exact than chance would have it."""
    text = with_error(value, stderr)
    if value is None or stderr is None or exact is None:
        return text
    return f"{text} !" if abs(value - exact) > _MOST_ERRORS * stderr else text


def tables(results: dict[str, Any]) -> Sequence[Table | str]:
    """Tables and lines of text that show the results, as measured or as read from their file."""
    magnetization, J = results["magnetization"], results["J_renormalized"]
    c, seconds = results["correlation"], results["seconds"]
    n_hidden, factor = results["n_hidden"], J.get("factor", 2)  # older files have decimation by two only
    unique = f"{results['unique_visible']} of {n_hidden}"
    rows = [
        (
            "reconstruction error (test)",
            f"about {PAPER['reconstruction_error']:.0%}",
            f"{results['reconstruction_error']:.2%}",
            or_dash(results["reconstruction_error_decimation_bound"], ".2%"),
        ),
        *(
            (
                f"magnetization, {name}",
                str(PAPER[f"magnetization_{name}"]),
                with_error(magnetization[name]["mean"], magnetization[name]["stderr"]),
                "0",
            )
            for name in ("data", "reconstruction")
        ),
        ("distinct dominant visible units", "all but a few", unique, str(n_hidden)),
        ("J′ (decay of C)", "–", _marked(J["hidden"], J["hidden_stderr"], J["exact"]), or_dash(J["exact"], ".4f")),
        ("amplitude of C", "–", or_dash(J["amplitude"], ".3f"), "1"),
        *(
            (f"⟨h₀ hₓ⟩, x = {x}", "Fig. 5", _marked(hidden, stderr, known), f"{known:.4f}")
            for x, hidden, stderr, known in list(
                zip(c["distance"], c["hidden"], c["hidden_stderr"], c["exact"], strict=True) if factor else []
            )[:3]
        ),
    ]
    return (
        comparison("The report's numbers, and ours", rows),
        *([f"J′ has no value: {J['reason']}"] if J.get("reason") else []),
        *([f"exact: decimation by {factor}; reconstruction error: that of perfect decimation"] if factor else []),
        *([_MARKED] if any(here.endswith("!") for _, _, here, _ in rows) else []),
        *lines_of_seeds(results.get("seeds", ()), _OF_SEEDS),
        f"sampled in {seconds['sample']:.1f} s, trained in {seconds['train']:.1f} s, "
        f"analysed in {seconds['analyse']:.1f} s",
    )
