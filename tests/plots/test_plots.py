"""Figures show the data they are given, are labelled, and draw without warnings (which are errors here)."""

import io

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.image import imread

from rgrbm.experiments.run_folder import RunFolder
from rgrbm.plots import plot_filters, plot_image_pairs, plot_samples
from rgrbm.plots import ring as plots
from rgrbm.plots.scan import plot_scan

RNG = np.random.default_rng(0)
DISTANCE = np.arange(1, 6)
EXACT = 0.58**DISTANCE
ERROR = np.full(5, 0.01)


def correlation_figure():
    return plots.plot_correlation(DISTANCE, EXACT + 0.005, ERROR, EXACT - 0.005, 2 * ERROR, EXACT)


def reconstruction_figure():
    return plots.plot_reconstruction([[1, 1, -1, -1], [1, -1, 1, -1]], [[1, -1, -1, -1], [1, -1, 1, -1]])


FIGURES = {
    "learning_curve": lambda: plots.plot_learning_curve([1, 10, 100], [0.5, 0.3, 0.2], bound=0.0664),
    "reconstruction": reconstruction_figure,
    "weights": lambda: plots.plot_weights(RNG.normal(size=(16, 8))),
    "correlation": correlation_figure,
    "couplings": lambda: plots.plot_couplings(0.66 * (np.eye(8, k=1) + np.eye(8, k=-1)), expected=0.6625),
}


def test_all_public_functions_are_covered():
    assert {f"plot_{name}" for name in FIGURES} == {name for name in vars(plots) if name.startswith("plot_")}


@pytest.mark.parametrize("name", FIGURES)
def test_draws_a_figure_with_labels(name):
    figure = FIGURES[name]()
    assert isinstance(figure, Figure)
    figure.savefig(content := io.BytesIO(), format="png")
    content.seek(0)
    pixels = imread(content)
    assert pixels.std() > 0  # not blank
    if name == "reconstruction":  # axes above one another share the lowest one's label
        assert figure.axes[-1].get_xlabel() == "site"
        return
    for axes in figure.axes:
        assert axes.get_ylabel()
    assert [axes.get_xlabel() for axes in figure.axes].count("") <= 2  # colour bars and the upper of stacked filters


def test_a_picture_is_saved_whole_or_not_at_all(tmp_path, monkeypatch):
    folder = RunFolder(tmp_path / "run")
    folder.save_figure(correlation_figure(), "figure.png")
    saved = tmp_path / "run" / "figure.png"
    assert imread(saved).ndim == 3
    before = saved.read_bytes()

    def fail(*_, **__):
        raise OSError("disk full")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(OSError, match="disk full"):
        folder.save_figure(Figure(), "figure.png")
    assert saved.read_bytes() == before
    assert [path.name for path in saved.parent.iterdir()] == ["figure.png"]


def test_learning_curve_shows_data_and_bound():
    axes = plots.plot_learning_curve([1, 10, 100], [0.5, 0.3, 0.2], bound=0.0664).axes[0]
    np.testing.assert_array_equal(axes.lines[0].get_xydata(), [[1, 0.5], [10, 0.3], [100, 0.2]])
    np.testing.assert_array_equal(axes.lines[1].get_ydata(), 0.0664)
    assert axes.get_xscale() == "log"
    assert axes.get_ylim()[0] == 0
    assert len(plots.plot_learning_curve([1, 2], [0.5, 0.4]).axes[0].lines) == 1


def test_learning_curve_shows_held_out_data():
    axes = plots.plot_learning_curve([1, 10, 100], [0.5, 0.3, 0.2], test=0.25).axes[0]
    np.testing.assert_array_equal(axes.lines[1].get_xydata(), [[100, 0.25]])
    assert "held-out data" in axes.get_legend().get_texts()[1].get_text()


def test_reconstruction_marks_what_differs():
    figure = reconstruction_figure()
    assert len(figure.axes) == 2
    np.testing.assert_array_equal(figure.axes[0].images[0].get_array(), [[1, 1, -1, -1], [1, -1, -1, -1]])
    np.testing.assert_array_equal(figure.axes[0].lines[0].get_xdata(), [1])
    assert len(figure.axes[1].lines[0].get_xdata()) == 0
    assert "12.5%" in figure.get_suptitle()


def test_weights_show_the_map_and_the_chosen_filters():
    w = np.random.default_rng(1).normal(size=(16, 9))
    figure = plots.plot_weights(w, units=[4, 0, 8])
    overview, filters = figure.axes[0], [axes for axes in figure.axes if axes.get_ylabel().startswith("weights of")]
    np.testing.assert_array_equal(overview.images[0].get_array(), w.T)
    assert overview.images[0].get_clim() == (-abs(w).max(), abs(w).max())
    assert [axes.get_ylabel() for axes in filters] == ["weights of h4", "weights of h0", "weights of h8"]
    for axes, unit in zip(filters, [4, 0, 8], strict=True):
        ends = [segment[1] for segment in axes.collections[0].get_segments()]
        np.testing.assert_array_equal(ends, np.stack([np.arange(16), w[:, unit]], axis=1))


@pytest.mark.parametrize("w", [np.zeros((4, 3)), np.ones((4, 1)), np.ones((1, 2))])
def test_weights_of_odd_machines(w):
    plots.plot_weights(w).savefig(io.BytesIO())


def test_correlation_leaves_out_noise_on_the_logarithmic_axis():
    hidden = np.array([0.58, np.nan, 0.2, 0.015, -0.01])
    figure = plots.plot_correlation(DISTANCE, hidden, ERROR, EXACT, ERROR, EXACT, J=0.6625)
    logarithmic, differences = figure.axes
    assert logarithmic.get_yscale() == "log"
    np.testing.assert_array_equal(logarithmic.lines[0].get_ydata(), EXACT)
    simulated, result = logarithmic.containers
    np.testing.assert_array_equal(simulated.lines[0].get_xdata(), DISTANCE)
    np.testing.assert_array_equal(result.lines[0].get_xydata(), [[1, 0.58], [3, 0.2]])
    simulated, result = differences.containers
    np.testing.assert_array_equal(simulated.lines[0].get_ydata(), np.zeros(5))
    np.testing.assert_allclose(result.lines[0].get_ydata(), (hidden - EXACT)[[0, 2, 3, 4]])
    np.testing.assert_allclose(result.lines[0].get_xdata(), [1, 3, 4, 5], atol=0.2)
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert sorted(labels) == ["exact ring at J′ = 0.6625", "hidden spins of the RBM", "simulated ring"]


def test_couplings_are_shown_against_the_distance_on_the_ring():
    J = np.arange(16.0).reshape(4, 4)
    J = J + J.T
    matrix, profile = plots.plot_couplings(J).axes[:2]
    np.testing.assert_array_equal(matrix.images[0].get_array(), J)
    points = profile.lines[-1].get_xydata()
    expected = [[1, J[0, 1]], [2, J[0, 2]], [1, J[0, 3]], [1, J[1, 2]], [2, J[1, 3]], [1, J[2, 3]]]
    np.testing.assert_array_equal(points, expected)
    assert profile.get_legend() is None


def test_bad_input():
    with pytest.raises(ValueError, match="shape"):
        plots.plot_learning_curve([1, 2, 3], [0.5, 0.4])
    with pytest.raises(ValueError, match="shape"):
        plots.plot_reconstruction([[1, -1, 1]], [[1, -1]])
    with pytest.raises(ValueError, match="one shape"):
        plots.plot_reconstruction([[1, -1], [1, 1]], [[1, -1]])
    with pytest.raises(ValueError, match="some of 3 hidden units from 0, got"):
        plots.plot_weights(np.ones((4, 3)), units=[3])
    with pytest.raises(ValueError, match="shape"):
        plots.plot_correlation(DISTANCE, EXACT, ERROR, EXACT, ERROR, EXACT[:3])


def test_a_scan_shows_the_infinite_lattice_where_it_is_exact():
    tasks = [{"side": 8, "J": J, "abs_magnetization": [0.5, 0.01], "energy_per_site": [-0.6, 0.01]} for J in (0.4, 0.5)]
    exact = {"J": [0.4, 0.5], "J_critical": 0.4407, "energy_per_site": {"8": [-0.5, -0.7]}}
    figure = plot_scan({"tasks": tasks, "curves": {}, "exact": exact})
    (yang,) = [line for axes in figure.axes for line in axes.lines if line.get_label() == "infinite lattice"]
    assert yang.axes.get_ylabel() == "magnetization ⟨|m|⟩"
    np.testing.assert_allclose(yang.get_xydata()[[0, -1]], [[0.4, 0], [0.5, 0.9113]], atol=1e-4)
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert sorted(labels) == ["J_c = 0.4407", "exact", "infinite lattice", "side 8"]
    without = plot_scan({"tasks": tasks, "curves": {}, "exact": {}})
    assert [text.get_text() for text in without.legends[0].get_texts()] == ["side 8"]


SPINS = np.ones((2, 4))
MASKED = np.ma.masked_array(SPINS, [[0, 1, 0, 0]] * 2)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: plots.plot_learning_curve([[1, 2]], [[1, 2]]), ValueError, r"epoch must have shape \(any,\)"),
        (lambda: plots.plot_learning_curve([], []), ValueError, "epoch must hold at least one number"),
        (lambda: plots.plot_learning_curve([1], ["a"]), TypeError, "reconstruction_error must be real numbers"),
        (lambda: plots.plot_learning_curve([1], [1], bound="0.1"), TypeError, "bound must be a number"),
        (lambda: plots.plot_learning_curve([1], [1], test=np.nan), ValueError, "test must be finite"),
        (lambda: plots.plot_reconstruction(MASKED, SPINS), ValueError, "original must not have masked values"),
        (lambda: plots.plot_reconstruction(SPINS[:0], SPINS[:0]), ValueError, "at least one row"),
        (lambda: plots.plot_reconstruction(*[np.ones((1001, 2))] * 2), ValueError, "at most 1000 samples, got 1001"),
        (lambda: plots.plot_weights(np.ones(4)), ValueError, r"weights must have shape \(any, any\)"),
        (lambda: plots.plot_weights(SPINS * 1j), TypeError, "weights must be real numbers"),
        (lambda: plots.plot_weights(SPINS, units=[0.0]), TypeError, "each of units must be an integer"),
        (lambda: plots.plot_weights(SPINS, units=[]), ValueError, "units must name some of 4"),
        (lambda: plots.plot_correlation([], [], [], [], [], []), ValueError, "distance must hold at least one"),
        (
            lambda: plots.plot_correlation(DISTANCE, EXACT, -ERROR, EXACT, ERROR, EXACT),
            ValueError,
            "hidden_stderr must not be negative, got -0.01",
        ),
        (
            lambda: plots.plot_correlation(DISTANCE, EXACT, ERROR, EXACT, ERROR, np.nan * EXACT),
            ValueError,
            "exact must hold a finite number",
        ),
        (lambda: plots.plot_couplings(SPINS), ValueError, r"pairs must have shape \(2, 2\), got \(2, 4\)"),
        (lambda: plots.plot_couplings(np.eye(2), expected=[1]), TypeError, "expected must be a number"),
        (lambda: plot_filters(SPINS.T, (2, 2), n_shown=0), ValueError, "n_shown must be at least 1"),
        (lambda: plot_filters([[None]], (1, 1)), TypeError, "weights must be real numbers"),
        (lambda: plot_image_pairs(SPINS, SPINS, (2, 2), n_columns=0), ValueError, "n_columns must be at least 1"),
        (lambda: plot_image_pairs(SPINS, SPINS, (2, -2)), ValueError, "each of shape must be at least 1"),
        (lambda: plot_samples(SPINS, 4), ValueError, "shape must be the rows and columns of an image, got 4"),
        (lambda: plot_samples(SPINS, (2, 3)), ValueError, "2 × 3 pixels, one per row of samples"),
        (lambda: plot_samples(SPINS, (2, 2), title=3), TypeError, "title must be a str"),
    ],
)
def test_arguments_of_another_kind(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_what_results_json_has_as_null_is_left_out():
    figure = plots.plot_correlation([1, 2], [0.5, None], [0.1, None], [0.5, 0.3], [0.1, 0.1], [0.5, 0.3], J=0.6)
    (hidden,) = [c for c in figure.axes[1].containers if c.get_label() == "hidden spins of the RBM"]
    np.testing.assert_allclose(hidden.lines[0].get_xdata(), [1.12])
