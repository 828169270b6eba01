"""Mehta and Schwab 2014: a stack of RBMs on the square lattice, whose receptive fields grow from layer to layer.

P. Mehta, D. J. Schwab, *An exact mapping between the variational renormalization group and deep learning*,
arXiv:1410.3831 (2014).
"""

import itertools
import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from rgrbm._support.progress import progress_bar
from rgrbm.experiments.papers.paper import PaperRun, Row, compared
from rgrbm.plots.mehta2014 import plot_mehta2014
from rgrbm.rbm import BernoulliRBM, RBMStack
from rgrbm.rg import ReceptiveFields, effective_couplings, hidden_lattice_correlation, receptive_fields
from rgrbm.spins import IsingModel, to_binary, to_spins
from rgrbm.spins.exact import square_correlation_length
from rgrbm.statistics import mean_and_stderr

J = 0.408  # the paper's: slightly above the critical temperature
_PENALTY = (
    0.004,
    0.002,
    0.0007,
)  # of each layer, by a few trials: nearly all units keep weights, and fields are compact
_WEAKER = 20  # how much weaker the penalty of one more first layer is, for comparison
_BATCHES = 8  # of new configurations, for error bars
_SHOWN = 10  # receptive fields of each layer in the figure
_NEIGHBOURS = 4
_CAPTION = (
    "Receptive fields through the layers. Above: products of the weight matrices down to the visible layer, and a "
    "configuration with its reconstructions. Below: radii, couplings of the hidden units by the distance of their "
    "fields, and their correlations beside those of spins."
)


class Sizes(NamedTuple):
    """Sizes of a run."""

    side: int
    layers: tuple[int, ...]
    n_samples: int
    n_epochs: int
    n_measured: int  # new configurations of each batch


SIZES = {
    "quick": Sizes(16, (64, 16, 4), 2000, 40, 50),
    "default": Sizes(40, (400, 100, 25), 20_000, 15, 500),
    "full": Sizes(40, (400, 100, 25), 20_000, 200, 2500),
}


def reproduce(run: PaperRun) -> dict[str, Any]:
    """Train the stack, look at its receptive fields, and measure what the paper left out: couplings and ξ."""
    size: Sizes = run.size_of(SIZES)
    parts: dict[str, Any] = {}
    works = {"stack": lambda: _stack(run, size), "weak": lambda: _weak(run, size)}
    with progress_bar("training", len(works), unit="machines", show=True) as advance:
        for name, work in works.items():
            parts[name] = run.part(name, work)
            advance(1, name)
    results = {
        "title": "A stack of RBMs on the square lattice",
        "sizes": {**size._asdict(), "layers": list(size.layers), "J": J, "penalties": list(_PENALTY)},
        "correlation_length": float(square_correlation_length(J)),
        **parts["stack"],
        "weak": parts["weak"],
    }
    run.save_figure(plot_mehta2014(results), _CAPTION)
    return results | {"comparison": _comparison(results), "remarks": _remarks(results)}


def _layer(n_hidden: int, penalty: float, size: Sizes) -> BernoulliRBM:
    return BernoulliRBM(
        n_hidden, gradient="cd", k=1, l1=penalty, learning_rate=0.2, momentum=0.5, batch_size=100,
        n_iter=size.n_epochs, learning_rate_schedule="linear", dtype="float32",
    )  # fmt: skip


def _configurations(run: PaperRun, size: Sizes) -> npt.NDArray[np.int8]:
    return IsingModel((size.side, size.side), J=J).sample(size.n_samples, seed=run.stream(0))


def _stack(run: PaperRun, size: Sizes) -> dict[str, Any]:
    """Train all layers and measure each."""
    layers = [_layer(m, penalty, size) for m, penalty in zip(size.layers, _PENALTY, strict=True)]
    stack = RBMStack(size.layers, layers, random_state=int(run.stream(1).generate_state(1)[0]))
    stack.fit(to_binary(_configurations(run, size)).reshape(size.n_samples, -1))
    new = IsingModel((size.side, size.side), J=J).sample(_BATCHES * size.n_measured, seed=run.stream(2))
    binary = to_binary(new).reshape(len(new), -1)
    hidden = [to_spins(h) for h in stack.sample_layers(binary, seed=run.stream(3))]
    reconstructed = [stack.reconstruct(binary, seed=run.stream(4), layer=k + 1) for k in range(len(layers))]
    return {
        "layers": [_measured(stack, k, new, hidden[k], reconstructed[k] == binary) for k in range(len(layers))],
        "example": [image[0].astype(int).tolist() for image in (binary, *reconstructed)],
    }


def _measured(
    stack: RBMStack, k: int, spins: npt.NDArray[np.int8], hidden: npt.NDArray[np.int8], equal: npt.NDArray[np.bool_]
) -> dict[str, Any]:
    """Receptive fields of one layer, its couplings, and correlations of its units."""
    side, n_hidden = spins.shape[1], hidden.shape[1]
    weights = stack.receptive_fields(k + 1)
    fields, spacing = receptive_fields(weights, (side, side)), side / math.sqrt(n_hidden)
    known = np.isfinite(fields.spreads)
    shown = np.flatnonzero(known)[:_SHOWN]
    agreement = mean_and_stderr([batch.mean() for batch in np.split(equal, _BATCHES)])
    return {
        "n_hidden": n_hidden,
        "spacing": spacing,
        "n_weights": int(known.sum()),
        "n_compact": int(fields.is_local(spacing).sum()),
        "spreads": fields.spreads[known].tolist(),
        "n_sites": fields.n_sites[known].tolist(),
        "fields": weights[:, shown].T.round(4).tolist(),
        "agreement": list(agreement),
        "couplings": _couplings(stack.rbms_[k], fields, spacing),
        "correlation": _correlations(spins, hidden, fields, spacing),
    }


def _couplings(rbm: BernoulliRBM, fields: ReceptiveFields, spacing: float) -> dict[str, Any]:
    """Pair couplings of the hidden units, with the signs that align the fields, by the distance of the fields."""
    units = np.flatnonzero(fields.signs)
    pairs = effective_couplings(rbm).pairs
    if pairs is None or len(units) <= _NEIGHBOURS:
        return {"nearest": None, "distance": [], "mean": [], "far": None}
    aligned = (pairs * np.outer(fields.signs, fields.signs))[np.ix_(units, units)]
    distance = fields.distances()[np.ix_(units, units)] / spacing
    np.fill_diagonal(distance, np.inf)
    nearest = np.argsort(distance, axis=1)[:, :_NEIGHBOURS]
    upper = np.triu_indices(len(units), 1)
    d, coupling = distance[upper], aligned[upper]
    number = np.floor(2 * d).astype(int)  # bins of half a spacing
    bins = np.unique(number)
    return {
        "nearest": float(np.take_along_axis(aligned, nearest, axis=1).mean()),
        "distance": [float(d[number == i].mean()) for i in bins],
        "mean": [float(coupling[number == i].mean()) for i in bins],
        "far": float((coupling[d > 2] ** 2).sum() / (coupling**2).sum()),
    }


def _correlations(
    spins: npt.NDArray[np.int8], hidden: npt.NDArray[np.int8], fields: ReceptiveFields, spacing: float
) -> dict[str, Any]:
    """Correlations by distance, and the correlation length: that of the spins, corrected by how the ratio changes.

    ⟨h h′⟩/⟨s s′⟩ at the same displacements falls as exp(−r (1/ξ_h − 1/ξ)), whatever the power of r.
    """
    if np.count_nonzero(fields.signs) < 2:
        return {"distance": [], "hidden": [], "hidden_stderr": [], "visible": [], "length": [None, None]}
    width = max(1.0, spacing / 2)
    whole = hidden_lattice_correlation(spins, hidden, fields, bin_width=width)
    inverse_lengths: list[float] = []
    for s, h in zip(np.split(spins, _BATCHES), np.split(hidden, _BATCHES), strict=True):
        c = hidden_lattice_correlation(s, h, fields, bin_width=width)
        far = (c.distance > 1.5 * spacing) & (c.distance < len(spins[0]) / 2) & (c.hidden > 0) & (c.visible > 0)
        if far.sum() < 2:
            inverse_lengths = []
            break
        # Each bin counts by its pairs: far ones are many, and near ones see the shapes of the fields.
        slope = np.polyfit(c.distance[far], np.log(c.hidden / c.visible)[far], 1, w=np.sqrt(c.n_pairs[far]))[0]
        inverse_lengths.append(1 / float(square_correlation_length(J)) - float(slope))
    length: list[float | None] = [None, None]
    if inverse_lengths and min(inverse_lengths) > 0:
        mean, stderr = mean_and_stderr(inverse_lengths)
        length = [1 / mean, stderr / mean**2]
    columns = ("distance", "hidden", "hidden_stderr", "visible")
    return {name: getattr(whole, name).tolist() for name in columns} | {"length": length}


def _weak(run: PaperRun, size: Sizes) -> dict[str, Any]:
    """The first layer once more, with a much weaker penalty."""
    X = to_binary(_configurations(run, size)).reshape(size.n_samples, -1)
    rbm = _layer(size.layers[0], _PENALTY[0] / _WEAKER, size)
    rbm.set_params(random_state=int(run.stream(5).generate_state(1)[0])).fit(X)
    fields = receptive_fields(rbm.weights_, (size.side, size.side))
    spacing = size.side / math.sqrt(size.layers[0])
    return {"spread": float(np.nanmedian(fields.spreads)), "n_compact": int(fields.is_local(spacing).sum())}


def _comparison(results: dict[str, Any]) -> list[Row]:
    rows, xi = [], results["correlation_length"]
    for k, layer in enumerate(results["layers"], 1):
        here, length = f"layer {k}: ", layer["correlation"]["length"]
        far, nearest = layer["couplings"]["far"], layer["couplings"]["nearest"]
        rows += [
            compared(f"{here}radius of fields, sites (median)", "growing, as drawn", float(np.median(layer["spreads"])))
            if layer["spreads"]
            else compared(f"{here}radius of fields, sites (median)", "growing, as drawn", "none has weights"),
            compared(f"{here}compact fields", "blocks, as drawn", f"{layer['n_compact']} of {layer['n_hidden']}"),
            compared(f"{here}spins that a reconstruction keeps", "not given", *layer["agreement"]),
            compared(f"{here}coupling to the {_NEIGHBOURS} nearest units", "not given",
                     "unknown" if nearest is None else nearest),
            compared(f"{here}part of Σ J² beyond 2 spacings", "not given", "unknown" if far is None else far),
            compared(f"{here}ξ of hidden spins, spacings", "not given",
                     "unknown" if length[0] is None else length[0] / layer["spacing"],
                     None if length[0] is None else length[1] / layer["spacing"], xi / layer["spacing"]),
        ]  # fmt: skip
    weak = results["weak"]
    row = compared(f"layer 1, penalty / {_WEAKER}: radius, sites (median)", "not given", weak["spread"])
    return [*rows, row]


def _remarks(results: dict[str, Any]) -> list[str]:
    layers, weak = results["layers"], results["weak"]
    radii = ", ".join(f"{np.median(layer['spreads']):.2f}" for layer in layers if layer["spreads"])
    compact = ", ".join(f"{layer['n_compact']} of {layer['n_hidden']}" for layer in layers)
    grows = all(a["spreads"] and b["spreads"] and np.median(a["spreads"]) < np.median(b["spreads"])
                for a, b in itertools.pairwise(layers))  # fmt: skip
    return [
        f"{'Holds' if grows else 'Does not hold here'}: receptive fields grow from layer to layer. Their median radii "
        f"are {radii} sites, and compact are {compact}. The radius is √(Σ W² d²/Σ W²); compact means that it is at "
        "most the spacing that as many units would have on a square lattice.",
        f"Blocks depend on the penalty: with a penalty {_WEAKER} times weaker the fields of layer 1 "
        f"have a median radius of {weak['spread']:.1f} sites, and {weak['n_compact']} of {layers[0]['n_hidden']} are "
        "compact. Each layer has a penalty of its own, chosen here by trials: upper layers lose their weights by a "
        "penalty that suits layer 1.",
        "Left out by the paper: couplings and correlations. Pair couplings are those of the distribution of the hidden "
        "units in each layer's RBM, with signs that align the fields. ξ is the exact one of the spins, corrected by "
        "how ⟨h h′⟩/⟨s s′⟩ changes with distance. The exact ξ is the infinite lattice's, which a block-spin "
        "transformation keeps in sites, divided by the spacing. Hidden units lie on no lattice, so no Hamiltonian is "
        "fitted to them, and there is no flow of J and no exponent.",
    ]
