"""Figures of images and of filters that look at images; they draw what they are given and compute nothing."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rgrbm._support import checks
from rgrbm.plots import checked
from rgrbm.plots.ring import ORANGE


def plot_image_pairs(
    original: npt.ArrayLike, reconstruction: npt.ArrayLike, shape: tuple[int, int] = (28, 28), *, n_columns: int = 8
) -> Figure:
    """Binary images, each beside its reconstruction (Fig. 1 of the report).

    Parameters
    ----------
    original, reconstruction : array_like of shape (n_images, n_pixels)
        Units 0 and 1.
    shape : tuple of int, default=(28, 28)
        Rows and columns of an image.
    n_columns : int, default=8
        Pairs side by side.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    TypeError
        If the images are not real numbers, or another number is not an integer.
    ValueError
        If the arrays are not of one shape, do not hold images of this shape, or have masked values, or there are more
        than 1000 images or no columns.

    Examples
    --------
    >>> import numpy as np
    >>> from rgrbm.plots.images import plot_image_pairs
    >>> figure = plot_image_pairs(np.eye(4), 1 - np.eye(4), (2, 2))
    """
    before = _images("original", original, shape)
    after = _images("reconstruction", reconstruction, shape)
    if before.shape != after.shape:
        raise ValueError(f"expected as many reconstructions as originals, got {len(after)} and {len(before)}")
    n_columns = min(checks.integer("n_columns", n_columns, 1), len(before))
    checked.require_panels(len(before), "images")
    n_rows = -(-len(before) // n_columns)
    figure = Figure(figsize=(0.98 * n_columns + 0.6, 2.05 * n_rows + 0.5), layout="constrained", dpi=150)
    grid = figure.subplots(2 * n_rows, n_columns, squeeze=False)
    for axes in grid.flat:
        axes.axis("off")
    for i, (v, v_hat) in enumerate(zip(before, after, strict=True)):
        row, column = divmod(i, n_columns)
        for offset, image in enumerate((v, v_hat)):
            axes = grid[2 * row + offset, column]
            axes.imshow(image, cmap="Greys", vmin=0, vmax=1, interpolation="none")
            axes.axis("on")
            axes.set_xticks([])
            axes.set_yticks([])
            axes.spines[:].set_color("#BFBFBF" if offset == 0 else ORANGE)
            if column == 0:
                axes.set_ylabel("v" if offset == 0 else "v̂", rotation=0, labelpad=8, va="center")
    share = f"{np.mean(before != after):.1%}"
    figure.suptitle(
        f"images v and, below each, its reconstruction v̂; {share} of these pixels differ", fontsize="medium"
    )
    return figure


def plot_filters(weights: npt.ArrayLike, shape: tuple[int, int] = (28, 28), *, n_shown: int = 144) -> Figure:
    """The weights of hidden units as images, on one scale.

    Parameters
    ----------
    weights : array_like of shape (n_pixels, n_hidden)
        Weights; the first ``n_shown`` hidden units are drawn.
    shape : tuple of int, default=(28, 28)
        Rows and columns of an image.
    n_shown : int, default=144
        Number of filters drawn.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    TypeError
        If the weights are not real numbers, or another number is not an integer.
    ValueError
        If the weights do not fit images of this shape or are masked, or no filter is to be drawn.

    Examples
    --------
    >>> import numpy as np
    >>> from rgrbm.plots.images import plot_filters
    >>> figure = plot_filters(np.eye(4), (2, 2))
    """
    filters = _images("weights", checked.table("weights", weights).T, shape)
    filters = filters[: checks.integer("n_shown", n_shown, 1)]
    limit = float(np.quantile(np.abs(filters), 0.995)) or 1.0
    sheet = _sheet(filters, np.nan)
    figure, axes = _sheet_axes(sheet, right=1.0)
    image = axes.imshow(sheet, cmap="PuOr", vmin=-limit, vmax=limit, interpolation="none", aspect="auto")
    axes.set_title(f"weights of {len(filters)} hidden units", fontsize="medium")
    bar = axes.inset_axes((1.02, 0, 0.035, 1))
    figure.colorbar(image, cax=bar, label="weight", extend="both")
    return figure


def plot_samples(samples: npt.ArrayLike, shape: tuple[int, int] = (28, 28), *, title: str = "samples") -> Figure:
    """Binary images side by side.

    Parameters
    ----------
    samples : array_like of shape (n_images, n_pixels)
        Units 0 and 1.
    shape : tuple of int, default=(28, 28)
        Rows and columns of an image.
    title : str
        What they are, in one or several lines.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    TypeError
        If the samples are not real numbers, the shape not integers, or the title no text.
    ValueError
        If the samples are not images of this shape, or have masked values.

    Examples
    --------
    >>> import numpy as np
    >>> from rgrbm.plots.images import plot_samples
    >>> figure = plot_samples(np.eye(4), (2, 2))
    """
    checks.instance("title", title, str)
    sheet = _sheet(_images("samples", samples, shape), 0.35)
    figure, axes = _sheet_axes(sheet, n_lines=1 + title.count("\n"))
    axes.imshow(sheet, cmap="Greys", vmin=0, vmax=1, interpolation="none", aspect="auto")
    axes.set_title(title, fontsize="medium")
    return figure


def _sheet_axes(sheet: npt.NDArray[np.float64], *, right: float = 0.05, n_lines: int = 1) -> tuple[Figure, Axes]:
    """Axes of the shape of a sheet, in a figure without margins but for a title and for what is on the right."""
    side, edge, above = 6.0, 0.05, 0.12 + 0.2 * n_lines  # inches
    tall = side * sheet.shape[0] / sheet.shape[1]
    width, height = edge + side + right, edge + tall + above
    figure = Figure(figsize=(width, height), dpi=150)
    axes = figure.add_axes((edge / width, edge / height, side / width, tall / height))
    axes.axis("off")
    return figure, axes


def _images(name: str, flat: npt.ArrayLike, shape: tuple[int, int]) -> npt.NDArray[np.float64]:
    sides = checks.integers("shape", shape, 1)
    if len(sides) != 2:
        raise ValueError(f"shape must be the rows and columns of an image, got {checks.shown(shape)}")
    array = checks.numbers(name, flat)
    if array.ndim != 2 or array.shape[1] != sides[0] * sides[1] or not len(array):
        raise ValueError(
            f"expected images of {sides[0]} × {sides[1]} pixels, one per row of {name}, got shape {array.shape}"
        )
    return array.reshape(-1, *sides)


def _sheet(images: npt.NDArray[np.float64], gap: float) -> npt.NDArray[np.float64]:
    """Images in a nearly square grid, a line of ``gap`` between them."""
    n, height, width = images.shape
    columns = int(np.ceil(np.sqrt(n)))
    rows = -(-n // columns)
    sheet = np.full((rows * (height + 1) - 1, columns * (width + 1) - 1), gap)
    for i, image in enumerate(images):
        row, column = divmod(i, columns)
        sheet[row * (height + 1) :, column * (width + 1) :][:height, :width] = image
    return sheet
