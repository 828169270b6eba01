"""The figure of a diagnosis shows its numbers, with nothing cut off and no text over another."""

import itertools

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from rgrbm import BernoulliRBM, IsingModel, diagnose, to_binary
from rgrbm.plots import plot_diagnosis

UNITS = to_binary(IsingModel((12,), J=0.8).sample(300, method="exact", seed=0))
RBM = BernoulliRBM(6, n_iter=100, batch_size=50, random_state=0).fit(UNITS[:200])


@pytest.fixture(scope="module", params=[True, False], ids=["test", "train"])
def result(request):
    test = UNITS[200:] if request.param else None
    return diagnose(RBM, UNITS[:200], test, seed=0, n_chains=6, n_steps=120, n_samples=80).to_dict()


def test_series_are_those_of_the_diagnosis(result):
    weights, activities, modes, energies, chains, memory = plot_diagnosis(result).axes
    np.testing.assert_array_equal(
        weights.patches[0].get_data().values, result["weights"]["histogram"]["counts"]["weights"]
    )
    counts = np.array(result["hidden_units"]["activities"]["counts"]["train"])
    np.testing.assert_allclose(activities.patches[0].get_data().values, counts / counts.sum())
    np.testing.assert_array_equal(modes.lines[0].get_ydata(), result["weights"]["singular_values"])
    labels = [text.get_text() for text in energies.get_legend().get_texts()]
    assert labels == ["model's samples", "training data", *(["test data"] if result["n_test"] else [])]
    for patch, name in zip(energies.patches, ("model", "train", "test"), strict=False):
        drawn = np.array(result["samples"]["energies"]["counts"][name])
        np.testing.assert_allclose(patch.get_data().values, drawn / drawn.sum())
    for line, rho in zip(chains.lines[:4], result["chains"]["autocorrelation"], strict=True):
        np.testing.assert_array_equal(line.get_ydata(), rho)
    assert [np.sum(patch.get_data().values) for patch in memory.patches] == pytest.approx([1, 1])
    assert f"{result['memory']['nearer']:.2f}" in memory.get_title()
    assert all(axes.get_xlabel() and axes.get_ylabel() for axes in (weights, activities, modes, energies, memory))
    assert all(axes.get_title() for axes in (weights, activities, modes, energies, chains, memory))


@pytest.mark.parametrize(
    ("memory", "verdict"),
    [
        ({"nearer": 0.01, "deviations": -20.0, "memorised": False}, "0.01: far from the data"),
        ({"nearer": 0.2, "deviations": -2.0, "memorised": False}, "0.20: not memorised"),
        ({"nearer": 0.5, "deviations": 0.0, "memorised": False}, "0.50: not memorised"),
        ({"nearer": 0.99, "deviations": 20.0, "memorised": True}, "0.99: memorised"),
    ],
)
def test_samples_may_be_too_near_or_too_far(result, memory, verdict):
    figure = plot_diagnosis(result | {"memory": result["memory"] | memory})
    assert figure.axes[5].get_title().endswith(verdict)


def test_shares_are_whole_percents(result):
    figure = plot_diagnosis(result)
    figure.draw_without_rendering()
    for axes in (figure.axes[1], figure.axes[3], figure.axes[5]):
        labels = [label.get_text() for label in axes.get_yticklabels()]
        assert all(label.endswith("%") and not label.endswith(".0%") for label in labels), labels


def test_nothing_is_cut_and_no_text_is_over_another(result):
    figure = plot_diagnosis(result)
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw(renderer)
    texts = [a.title for a in figure.axes] + [a.xaxis.label for a in figure.axes] + [a.yaxis.label for a in figure.axes]
    texts += [text for axes in figure.axes if axes.get_legend() for text in axes.get_legend().get_texts()]
    boxes = [text.get_window_extent(renderer) for text in texts if text.get_text()]
    width, height = figure.get_size_inches() * figure.dpi
    for box in boxes:
        assert box.x0 >= 0
        assert box.y0 >= 0
        assert box.x1 <= width
        assert box.y1 <= height
    for one, other in itertools.combinations(boxes, 2):
        assert not one.overlaps(other)


def test_what_is_not_known_is_left_out(result):
    memory = result["memory"] | {"nearer": None, "n_reference": 0}
    chains = result["chains"] | {"r_hat": [None] * 4}
    axes = plot_diagnosis(result | {"memory": memory, "chains": chains}).axes
    assert axes[5].get_title() == ""
    assert len(axes[5].patches) == 1
    assert "R̂ = ∞" in axes[4].get_legend().get_texts()[0].get_text()


def test_not_a_diagnosis():
    with pytest.raises(KeyError, match="weights"):
        plot_diagnosis({"reconstruction_error": 0.1})
