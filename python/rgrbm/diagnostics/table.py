"""A diagnosis as rows of numbers and as text of 80 columns, from what ``Diagnosis.to_dict`` gives."""

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from rgrbm.statistics.notation import with_error

WIDTH = 80


class Row(NamedTuple):
    """One number of a diagnosis."""

    quantity: str
    of: str
    """What data, or what else, it is of."""
    value: float | None
    stderr: float | None = None
    lower: float | None = None
    upper: float | None = None


def rows(diagnosis: Mapping[str, Any]) -> list[Row]:
    """The single numbers of a diagnosis."""
    return [*_data_rows(diagnosis), *_model_rows(diagnosis)]


def _data_rows(diagnosis: Mapping[str, Any]) -> Iterator[Row]:
    likelihood, energy = diagnosis["log_likelihood"], diagnosis["free_energy"]
    errors = diagnosis["reconstruction_error"]
    for of in ("train", "test"):
        if (known := likelihood[of]) is not None:
            yield Row("log_likelihood", of, known["mean"], known["stderr"], known["lower"], known["upper"])
    for of in ("train", "test"):
        if (f := energy[of]) is not None:
            yield Row("free_energy", of, f["mean"], f["stderr"])
    drawn = diagnosis["samples"]["free_energy"]
    yield Row("free_energy", "model", drawn["mean"], drawn["stderr"])
    if (gap := energy["gap"]) is not None:
        yield Row("free_energy_gap", "train - test", gap["mean"], gap["stderr"])
    for kind in ("sampled", "thresholded"):
        for of in ("train", "test"):
            if (e := errors[f"{kind}_{of}"]) is not None:
                yield Row(f"reconstruction_error_{kind}", of, e["mean"], e["stderr"])
    memory = diagnosis["memory"]
    for name in ("median", "copies"):
        quantity = {"median": "median_distance_to_training_data", "copies": "share_of_copies"}[name]
        yield Row(quantity, memory["reference"], memory[f"{name}_reference"])
        yield Row(quantity, "model", memory[f"{name}_model"])


def _model_rows(diagnosis: Mapping[str, Any]) -> Iterator[Row]:
    likelihood, units, weights = diagnosis["log_likelihood"], diagnosis["hidden_units"], diagnosis["weights"]
    yield Row("log_z", "model", likelihood["log_z"], likelihood["log_z_stderr"], *likelihood["log_z_bounds"])
    for name in ("dead", "saturated"):
        yield Row(f"{name}_units", "hidden units", len(units[name]))
    yield Row("duplicate_units", "hidden units", units["n_duplicates"])
    yield Row("rms_weight", "weights", weights["rms"])
    yield Row("largest_weight", "weights", weights["largest"])
    yield Row("largest_singular_value", "weights", weights["singular_values"][0])
    yield Row("smallest_singular_value", "weights", weights["singular_values"][-1])
    chains = diagnosis["chains"]
    for name, tau, r_hat in zip(chains["quantities"], chains["tau_int"], chains["r_hat"], strict=True):
        yield Row("tau_int", name, tau)
        yield Row("r_hat", name, r_hat)
    yield Row("nearer_to_training_data", "model", diagnosis["memory"]["nearer"])


def text(diagnosis: Mapping[str, Any]) -> str:
    """A diagnosis as plain text; lines of words are broken at 80 columns, numbers never."""
    sizes = f"{diagnosis['n_visible']} visible and {diagnosis['n_hidden']} hidden units"
    head = f"Diagnosis of {diagnosis['machine']}: {sizes}"
    parts = [
        head,
        _columns(["", "train", "test", "model"], _data_cells(diagnosis)),
        *map(_wrapped, (_of_log_z(diagnosis), _of_units(diagnosis), _of_weights(diagnosis))),
        _columns(["Gibbs chain", "tau_int / steps", "R-hat"], _chain_cells(diagnosis["chains"])),
        *map(_wrapped, (_of_chains(diagnosis), _of_samples(diagnosis), _of_memory(diagnosis["memory"]))),
    ]
    return "\n".join(part for part in parts if part)


def _data_cells(diagnosis: Mapping[str, Any]) -> list[list[str]]:
    by_data: dict[str, dict[str, Row]] = {}
    for row in _data_rows(diagnosis):
        by_data.setdefault(row.quantity, {})[row.of] = row
    counts = [str(diagnosis["n_train"]), str(diagnosis["n_test"] or ""), str(diagnosis["samples"]["n_samples"])]
    cells = [["samples", *counts]]

    def add(label: str, quantity: str, field: str = "value", style: str = "") -> None:
        of = by_data.get(quantity, {})
        if of:
            columns = ("train", "test", "model")
            cells.append([label, *(_cell(of[c], field, style) if c in of else "" for c in columns)])

    add("log-likelihood, nats per sample", "log_likelihood")
    if diagnosis["log_likelihood"]["method"] == "ais":
        add("  its lower bound", "log_likelihood", "lower")
        add("  its upper bound", "log_likelihood", "upper")
    add("free energy, nats", "free_energy")
    if "free_energy_gap" in by_data:
        cells.append(["  train - test", _cell(by_data["free_energy_gap"]["train - test"]), "", ""])
    of_shares = diagnosis["visible_units"] == "binary"
    kind, style = ("reconstruction error, sampled", "%") if of_shares else ("mean square error, sampled, in σ²", "")
    add(kind, "reconstruction_error_sampled", style=style)
    add("  most probable values", "reconstruction_error_thresholded", style=style)
    add("distance to nearest training sample", "median_distance_to_training_data")
    add("  copies, at distance 0", "share_of_copies", style="%")
    return cells


def _cell(row: Row, field: str = "value", style: str = "") -> str:
    value = getattr(row, field)
    if value is None:
        return "unknown"
    stderr = row.stderr if field == "value" and row.stderr is not None else float("nan")
    if style == "%":
        return with_error(100 * value, 100 * stderr) + "%"
    return with_error(value, stderr)


def _chain_cells(chains: Mapping[str, Any]) -> list[list[str]]:
    named = zip(chains["quantities"], chains["tau_int"], chains["reliable"], chains["r_hat"], strict=True)
    return [[f"  {name}", _time(tau, known), _r_hat(r)] for name, tau, known, r in named]


def _time(tau: float | None, reliable: bool) -> str:
    if tau is None:
        return "unknown (never changed)"
    return f"{tau:.3g}" if reliable else f"{tau:.3g} (too short a run)"


def _r_hat(value: float | None) -> str:
    return "infinite" if value is None else f"{value:.3f}"


def _columns(header: list[str], cells: list[list[str]]) -> str:
    """Cells under a header: the first column to the left, numbers to the right, none of them cut."""
    lines = [header, *cells]
    widths = [max(len(line[i]) for line in lines) for i in range(len(header))]
    first = max(widths[0], WIDTH - sum(width + 2 for width in widths[1:]))
    widths[0] = min(first, 42)
    return "\n".join(
        (f"{line[0]:<{widths[0]}}" + "".join(f"  {c:>{w}}" for c, w in zip(line[1:], widths[1:], strict=True))).rstrip()
        for line in lines
    )


def _wrapped(sentence: str) -> str:
    return "\n".join(
        textwrap.wrap(sentence, WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
    )


def _of_log_z(diagnosis: Mapping[str, Any]) -> str:
    likelihood = diagnosis["log_likelihood"]
    if likelihood["method"] == "none":
        return f"Log Z is unknown: {likelihood['reason']}"
    if likelihood["method"] == "exact":
        return f"Log Z = {likelihood['log_z']:.6g} nats, exact."
    low, high = likelihood["log_z_bounds"]
    return (
        f"Log Z = {with_error(likelihood['log_z'], likelihood['log_z_stderr'] or 0)} nats by annealing, between "
        f"{low:.6g} and {high:.6g}; the chains are worth {likelihood['effective_sample_size']:.0f} independent ones."
    )


def _of_units(diagnosis: Mapping[str, Any]) -> str:
    units = diagnosis["hidden_units"]
    return (
        f"Hidden units: {len(units['dead'])} dead, {len(units['saturated'])} saturated, "
        f"{units['n_duplicates']} that repeat another one."
    )


def _of_weights(diagnosis: Mapping[str, Any]) -> str:
    weights = diagnosis["weights"]
    values = [f"{value:.3g}" for value in weights["singular_values"]]
    shown = ", ".join(values) if len(values) <= 6 else ", ".join(values[:4]) + ", ..., " + values[-1]
    return f"Weights: rms {weights['rms']:.3g}, largest {weights['largest']:.3g}; singular values {shown}."


def _of_chains(diagnosis: Mapping[str, Any]) -> str:
    chains = diagnosis["chains"]
    return f"{chains['n_chains']} chains of {chains['n_steps']} steps, half from data and half from noise, " + (
        "agree." if chains["mixed"] else "do NOT agree: they have not mixed."
    )


def _of_samples(diagnosis: Mapping[str, Any]) -> str:
    samples = diagnosis["samples"]
    if samples["method"] == "exact":
        return "The model's samples are exact."
    return f"The model's samples are ends of chains, {samples['n_steps']} steps after noise."


def _of_memory(memory: Mapping[str, Any]) -> str:
    if memory["nearer"] is None:
        return "There is nothing to compare the samples' distances to the training data with."
    other = "a test sample" if memory["reference"] == "test" else "another training sample"
    verdict = "MEMORISED" if memory["memorised"] else "not memorised"
    return (
        f"A sample is nearer to the training data than {other} with probability {memory['nearer']:.2f} "
        f"(1/2 is ideal): {verdict}."
    )
