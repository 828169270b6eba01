"""Streamed moments are those of all samples at once, in blocks of equal length, however they come."""

import sys

import numpy as np
import pytest

from rgrbm.statistics import StreamedMoments, streamed


@pytest.mark.parametrize("n_samples", [1, 2, 7, 8, 9, 100, 1000, 1001])
@pytest.mark.parametrize("part", [1, 3, 64, 2000])
def test_blocks(n_samples, part):
    x = np.random.default_rng(0).integers(-9, 10, size=(n_samples, 3)).astype(float)
    moments = StreamedMoments(3, n_blocks=4)
    for first in range(0, n_samples, part):
        moments.add(x[first : first + part])
    blocks = moments.blocks()
    assert moments.n_samples == n_samples
    assert min(n_samples, 4) <= len(blocks.weights) <= 8
    length = int(blocks.weights[0])
    assert np.all(blocks.weights[:-1] == length)
    for i, block in enumerate(blocks.sums):
        here = x[i * length : (i + 1) * length]
        assert blocks.weights[i] == len(here)
        np.testing.assert_array_equal(block, here.sum(axis=0))
        np.testing.assert_array_equal(blocks.products[i], here.T @ here)


def test_weights():
    rng = np.random.default_rng(1)
    x, w = rng.normal(size=(50, 2)), rng.random(50)
    moments = StreamedMoments(2, n_blocks=5)
    moments.add(x[:20], w[:20])
    moments.add(x[20:], w[20:])
    blocks = moments.blocks()
    assert blocks.weights.sum() == pytest.approx(w.sum())
    np.testing.assert_allclose(blocks.sums.sum(axis=0), w @ x)
    np.testing.assert_allclose(blocks.products.sum(axis=0), (w[:, None] * x).T @ x)


def test_copies():
    moments = StreamedMoments(1)
    moments.add([[1.0]])
    before = moments.blocks()
    moments.add([[2.0]])
    assert before.sums.sum() == 1
    assert moments.blocks().sums.sum() == 3


def test_bad_shapes():
    moments = StreamedMoments(2)
    with pytest.raises(ValueError, match=r"expected samples of shape \(n_samples, 2\), got \(3, 1\)"):
        moments.add(np.ones((3, 1)))
    with pytest.raises(ValueError, match="expected 3 weights"):
        moments.add(np.ones((3, 2)), [1.0])


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((1.5,), TypeError, "n_values must be an integer"),
        ((-1,), ValueError, "n_values must not be negative"),
        ((2, 0), ValueError, "n_blocks must be at least 1"),
        ((2, None), TypeError, "n_blocks must be an integer"),
        ((10**9,), MemoryError, "100 blocks of 1000000000 values"),
    ],
)
def test_bad_sizes(arguments, error, message):
    with pytest.raises(error, match=message):
        StreamedMoments(*arguments)


def test_values_and_weights_are_real_numbers():
    moments = StreamedMoments(2)
    with pytest.raises(TypeError, match="values must be real numbers"):
        moments.add([["a", "b"]])
    with pytest.raises(ValueError, match="weights must not have masked values"):
        moments.add(np.ones((2, 2)), np.ma.masked_array([1, 1], [0, 1]))
    assert moments.n_samples == 0


def test_all_samples_are_added_or_none(monkeypatch):
    """Wherever an exception comes, as that of Ctrl-C: here at each of the operations within."""
    x = np.random.default_rng(0).normal(size=(60, 3))
    expected = StreamedMoments(3, n_blocks=4)
    for part in (x[:25], x[25:]):
        expected.add(part)
    moments = StreamedMoments(3, n_blocks=4)
    moments.add(x[:25])
    whole = moments.blocks()
    n_lines = 0

    def interrupt(frame, event, argument):
        nonlocal n_lines
        if frame.f_code.co_filename != streamed.__file__:
            return None
        n_lines -= event == "line"
        if n_lines < 0:
            sys.settrace(None)
            raise KeyboardInterrupt
        return interrupt

    n_interrupted = 0
    for at in range(0, 10_000, 3):
        n_lines = at
        before = sys.gettrace()
        sys.settrace(interrupt)
        try:
            moments.add(x[25:])
            break
        except KeyboardInterrupt:
            n_interrupted += 1
        finally:
            sys.settrace(before)
        assert moments.n_samples == 25
        for found, right in zip(moments.blocks(), whole, strict=True):
            np.testing.assert_array_equal(found, right)
    assert n_interrupted > 30
    for found, right in zip(moments.blocks(), expected.blocks(), strict=True):
        np.testing.assert_array_equal(found, right)
