"""Figures of the square lattice show what they are given, and refuse nothing to show."""

import numpy as np
import pytest

from rgrbm.plots import square


def test_windows_show_each_weight():
    figure = square.plot_windows({"one": [[1.5, -0.25], [0, 2]], "two": np.ones((3, 3))})
    assert [axes.get_title() for axes in figure.axes] == ["one", "two"]
    assert [text.get_text() for text in figure.axes[0].texts] == ["1.50", "−0.25", "0.00", "2.00"]
    assert len(figure.axes[1].texts) == 9


def test_blockings_are_drawn_in_rows():
    figure = square.plot_blockings({"a": [np.ones((8, 8)), -np.ones((4, 4))], "b": [np.ones((8, 8))]})
    shown = [axes for axes in figure.axes if axes.axison]
    assert [axes.images[0].get_array().shape for axes in shown] == [(8, 8), (4, 4), (8, 8)]
    assert [axes.get_title() for axes in shown] == ["8 × 8", "4 × 4", ""]
    assert [axes.get_ylabel() for axes in shown] == ["a", "", "b"]


def test_exponents_of_each_kernel():
    exponent = {name: {"y_t": [[1.0, 0.1], [None, None]], "y_h": [[1.8, 0.1], [1.9, 0.1]]} for name in "abcdefghij"}
    figure = square.plot_exponents(exponent)
    assert len(figure.axes) == 2
    assert [text.get_text() for text in figure.legends[0].get_texts()] == list("abcdefghij")
    styles = {(line[0].get_color(), line[0].get_marker()) for line in figure.axes[0].containers}
    assert len(styles) == 10
    np.testing.assert_allclose(figure.axes[1].containers[0][0].get_ydata(), [1.8, 1.9])


def test_ranges_name_each_kernel():
    figure = square.plot_ranges(
        {name: {"not_nearest": [0.1, 0.01], "beyond_plaquette": [0.002, 0.001]} for name in "ab"}
    )
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["a", "b"]
    assert all(axes.get_xscale() == "log" for axes in figure.axes)


def test_flow_ends_where_spins_freeze():
    known, frozen = [[0.4, 0.01]] * 3, [[0.4, 0.01], [0.4, 0.01], [None, None]]
    paths = {"a": {"nearest": frozen, "diagonal": frozen}, "b": {"nearest": known, "diagonal": known}}
    figure = square.plot_coupling_flow([{"ratio": 1.1, "paths": paths}])
    assert [np.isfinite(axes.containers[0][0].get_xdata()).sum() for axes in figure.axes] == [2, 3]
    assert [len(axes.texts) for axes in figure.axes] == [1, 2]


def test_receptive_fields_lie_in_order_of_place():
    weights = -np.eye(16)[:, [15, 0, 3]]
    figure = square.plot_receptive_fields(weights, [[3, 3], [0, 0], [np.nan, np.nan]], (4, 4))
    images = [axes.images[0].get_array() for axes in figure.axes if axes.images]
    assert [int(np.argmax(image)) for image in images] == [0, 15, 3]
    assert all(image.max() == 1 for image in images)  # flipped to point up


def test_hidden_correlation():
    values = {"distance": [2, 3], "hidden": [0.6, 0.5], "hidden_stderr": [0.01, 0.01], "visible": [0.7, 0.6]}
    axes = square.plot_hidden_correlation(values).axes[0]
    np.testing.assert_allclose(axes.containers[0][0].get_ydata(), [0.6, 0.5])


@pytest.mark.parametrize(
    ("function", "nothing"),
    [
        (square.plot_windows, {}),
        (square.plot_blockings, {}),
        (square.plot_exponents, {}),
        (square.plot_ranges, {}),
        (square.plot_coupling_flow, []),
    ],
)
def test_nothing_to_show(function, nothing):
    with pytest.raises(ValueError, match=r"there (are|is) no"):
        function(nothing)
    with pytest.raises(ValueError, match="expected weights of shape"):
        square.plot_receptive_fields(np.ones(4), np.zeros((4, 2)), (2, 2))
