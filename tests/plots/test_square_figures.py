"""Figures of the square lattice show what they are given, and refuse nothing to show."""

import numpy as np
import pytest

from rgrbm.plots import square


def test_windows_show_each_weight():
    figure = square.plot_windows({"one": [[1.5, -0.25], [0, 2]], "two": np.ones((3, 3))})
    assert [axes.get_title() for axes in figure.axes[:2]] == ["one", "two"]
    assert [text.get_text() for text in figure.axes[0].texts] == ["1.50", "−0.25", "0.00", "2.00"]
    assert len(figure.axes[1].texts) == 9


def test_windows_share_one_scale_with_a_bar():
    figure = square.plot_windows({"one": [[0.5, -0.25], [0, 2]], "two": 8 * np.ones((2, 2))})
    one, two, bar = figure.axes
    assert one.images[0].get_clim() == two.images[0].get_clim() == (-8, 8)
    assert bar.get_ylabel() == "weight (±1 units)"
    ticks = [text.get_text() for text in bar.get_yticklabels()]
    assert {"−1", "0", "1", "8"} <= set(ticks)


def test_weights_at_the_bound_of_a_search_are_marked():
    figure = square.plot_windows({"one": [[3, -8], [7.9, 8]]}, bound=8.0)
    assert [text.get_text() for text in figure.axes[0].texts] == ["3.00", "−8.00*", "7.90", "8.00*"]
    assert "bound of the search, 8" in figure.get_supxlabel()
    assert square.plot_windows({"one": [[3, 7]]}, bound=8.0).get_supxlabel() == ""


def test_blockings_are_drawn_in_rows():
    figure = square.plot_blockings({"a": [np.ones((8, 8)), -np.ones((4, 4))], "b": [np.ones((8, 8))]})
    shown = [axes for axes in figure.axes if axes.axison]
    assert [axes.images[0].get_array().shape for axes in shown] == [(8, 8), (4, 4), (8, 8)]
    assert [axes.get_title() for axes in shown] == ["8 × 8", "4 × 4", ""]
    assert [axes.get_ylabel() for axes in shown] == ["a", "", "b"]


def test_blockings_have_a_key():
    figure = square.plot_blockings({"a": [np.ones((4, 4)), -np.ones((2, 2))]}, J=0.4407)
    patches = {text.get_text(): patch for text, patch in zip(*_key(figure), strict=True)}
    assert list(patches) == ["spin +1", "spin −1", "first column: samples at J = 0.4407"]
    for axes, spin in zip(figure.axes, ("spin +1", "spin −1"), strict=True):
        image = axes.images[0]
        assert tuple(image.to_rgba(image.get_array())[0, 0]) == patches[spin].get_facecolor()


def _key(figure):
    return figure.legends[0].get_texts(), figure.legends[0].get_patches()


def test_exponents_of_each_kernel():
    exponent = {name: {"y_t": [[1.0, 0.1], [None, None]], "y_h": [[1.8, 0.1], [1.9, 0.1]]} for name in "abcdefghij"}
    figure = square.plot_exponents(exponent)
    thermal, magnetic = figure.axes
    assert [label.get_text() for label in thermal.get_yticklabels()] == list("abcdefghij")
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["step 1", "step 2"]
    np.testing.assert_allclose(thermal.containers[0][0].get_xdata(), np.zeros(10))
    assert np.isnan(thermal.containers[1][0].get_xdata()).all()
    for step, deviation in enumerate((1.8 - 15 / 8, 1.9 - 15 / 8)):
        np.testing.assert_allclose(magnetic.containers[step][0].get_xdata(), np.full(10, deviation))
    for k in range(10):  # the points of a kernel lie beside its name
        np.testing.assert_allclose([line[0].get_ydata()[k] for line in magnetic.containers], k, atol=0.3)
    assert {axes.get_xscale() for axes in figure.axes} == {"symlog"}


def test_kernels_may_have_been_blocked_less_often():
    exponent = {
        "a": {"y_t": [[1.0, 0.1]], "y_h": [[1.8, 0.1]]},
        "b": {"y_t": [[1.1, 0.1]] * 2, "y_h": [[1.8, 0.1]] * 2},
    }
    second = square.plot_exponents(exponent).axes[0].containers[1][0].get_xdata()
    np.testing.assert_allclose(second, [np.nan, 0.1])


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


def test_an_unclear_coupling_does_not_set_the_axes():
    clear = [[0.4, 0.01], [0.5, 0.01]]
    path = {"nearest": [*clear, [3.0, 0.5]], "diagonal": [[0.0, 0.01], [0.1, 0.01], [2.0, 0.5]]}
    (axes,) = square.plot_coupling_flow([{"ratio": 1.06, "paths": {"a": path}}]).axes
    assert axes.get_xlim() == pytest.approx((0.392, 0.508))
    assert axes.get_ylim() == pytest.approx((-0.008, 0.108))
    np.testing.assert_allclose(axes.containers[0][0].get_xdata(), [0.4, 0.5, 3.0])
    nothing = {which: [[value, 9.0] for value, _ in path[which]] for which in path}
    (axes,) = square.plot_coupling_flow([{"ratio": 1.06, "paths": {"a": nothing}}]).axes
    assert axes.get_xlim()[1] > 3


def test_the_end_of_the_critical_path_is_marked():
    path = {"nearest": [[0.4, 0.01], [0.35, 0.01], [None, None]], "diagonal": [[0, 0.01], [0.1, 0.01], [None, None]]}
    figure = square.plot_coupling_flow([{"ratio": ratio, "paths": {"a": path}} for ratio in (0.9, 1.0)])
    rings = [line for line in figure.axes[0].lines if line.get_label() == "nearest to the fixed point"]
    assert [ring.get_xydata().tolist() for ring in rings] == [[[0.35, 0.1]]]


def test_receptive_fields_lie_in_order_of_position():
    weights = -np.eye(16)[:, [15, 0, 3]]
    figure = square.plot_receptive_fields(weights, [[3, 3], [0, 0], [np.nan, np.nan]], (4, 4))
    images = [axes.images[0].get_array() for axes in figure.axes if axes.images]
    assert [int(np.argmax(image)) for image in images] == [0, 15, 3]
    assert all(image.max() == 1 for image in images)  # flipped to point up


def test_receptive_fields_have_a_scale_and_name_blank_units():
    weights = np.eye(16)[:, [15, 0, 3]]
    weights[:, 2] = 0
    figure = square.plot_receptive_fields(weights, [[3.7, 3], [0, 3.9], [np.nan, np.nan]], (4, 4))
    assert figure.subfigs[0].get_suptitle() == "3 hidden units; 1 without weights (crossed out)"
    assert [len(axes.lines) for axes in figure.axes if axes.images] == [0, 0, 1]
    assert any(axes.get_ylabel().startswith("weight") for axes in figure.axes)
    (centres,) = (axes.lines[0] for axes in figure.axes if axes.get_xlabel() == "column")
    assert not centres.get_clip_on()
    np.testing.assert_allclose(centres.get_xydata()[:2], [[3, -0.3], [-0.1, 0]], atol=1e-12)


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
