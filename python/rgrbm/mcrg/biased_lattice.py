"""What the chains of a biased lattice need to know of it: neighbours, windows of block spins, products of operators."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from rgrbm._core import kernels
from rgrbm.mcrg.block_kernels import BlockKernel, DecimationKernel, MajorityKernel
from rgrbm.mcrg.convolution_kernel import ConvolutionKernel
from rgrbm.mcrg.spin_operators import Product, SpinOperator
from rgrbm.mcrg.torus import Site, Torus

Numbers = npt.NDArray[np.uint32]

_LARGEST_WINDOW = 255


def biased_chains(
    shape: tuple[int, ...],
    couplings: Sequence[float],
    kernel: BlockKernel,
    operators: Sequence[SpinOperator],
    n_chains: int,
    key: tuple[int, int],
) -> Any:
    """The compiled chains of a hypercubic lattice, with one coupling for each axis."""
    windows = window_numbers(shape, kernel)
    up = up_probabilities(kernel, windows.shape[1])
    around, places = surroundings(kernel.coarse_shape(shape), operators)
    neighbours = neighbour_numbers(shape)
    return kernels.BiasedChains(neighbours, list(couplings), windows, up, around, places, n_chains, key)


def neighbour_numbers(shape: tuple[int, ...]) -> Numbers:
    """Numbers of the sites ahead and behind along each axis, shape (n_sites, n_axes, 2)."""
    sites = np.arange(np.prod(shape), dtype=np.uint32).reshape(shape)
    both = [np.roll(sites, step, axis).ravel() for axis in range(len(shape)) for step in (-1, 1)]
    return np.ascontiguousarray(np.stack(both, axis=1).reshape(-1, len(shape), 2))


def window_numbers(shape: tuple[int, ...], kernel: BlockKernel) -> Numbers:
    """Numbers of the sites in the window of each block spin, shape (n_block_spins, n_window).

    Raises
    ------
    ValueError
        If windows overlap, are too large, or do not cover the lattice.
    """
    n, torus = len(shape), Torus(shape)
    steps, window = kernel.steps(n), kernel.window(n)
    if (np.ptp(np.array(window), axis=0) >= np.diag(steps)).any():
        raise ValueError(f"the windows of {kernel.name} overlap; expected windows no wider than their distance")
    if len(window) > _LARGEST_WINDOW:
        raise ValueError(
            f"a window can have at most {_LARGEST_WINDOW} sites, those of {kernel.name} have {len(window)}"
        )
    return np.ascontiguousarray(torus.windows(steps, window), dtype=np.uint32)


def up_probabilities(kernel: BlockKernel, n_window: int) -> list[float]:
    """p(τ = +1) of a window by how many of its spins are up."""
    counts = np.arange(n_window + 1)[:, None]
    windows = np.where(np.arange(n_window) < counts, 1, -1).astype(np.int8)
    return [float(p) for p in kernel.probabilities_of(windows)]


def surroundings(shape: tuple[int, ...], operators: Sequence[SpinOperator]) -> tuple[Numbers, list[tuple[Any, Any]]]:
    """Block spins that operators join to each one, and the places of products among them.

    Returns
    -------
    numbers : ndarray of shape (n_block_spins, n_around)
        Numbers of the block spins at some offsets from each; the first is the block spin itself.
    places : list of tuple
        For each operator, positions along the second axis: of one product for each image, and of all products that hold
        the block spin, without it.
    """
    places: dict[Site, int] = {(0,) * len(shape): 0}

    def around(image: Product, centre: Site) -> list[int]:
        offsets = [tuple(int(o) for o in np.subtract(site, centre)) for site in image]
        return [places.setdefault(offset, len(places)) for offset in offsets]

    of_operators = []
    for operator in operators:
        products = [around(image, image[0]) for image in operator.images]
        others = [[i for i in around(image, site) if i] for image in operator.images for site in image]
        of_operators.append((np.array(products, np.uint16), np.array(others, np.uint16)))
    numbers = Torus(shape).windows(np.eye(len(shape), dtype=np.int64), tuple(places))
    return np.ascontiguousarray(numbers, dtype=np.uint32), of_operators


def require_counting(kernel: BlockKernel) -> None:
    """Refuse kernels that do not depend on their window by the number of spins up.

    Raises
    ------
    TypeError
        If it is another kind of kernel.
    ValueError
        If its weights are not equal.
    """
    if not isinstance(kernel, MajorityKernel | DecimationKernel | ConvolutionKernel):
        raise TypeError(
            f"kernel must be a MajorityKernel, DecimationKernel or ConvolutionKernel of equal weights, got {kernel!r}"
        )
    if isinstance(kernel, ConvolutionKernel) and np.ptp(kernel.weights) > 0:
        raise ValueError(
            f"expected equal weights, got some from {kernel.weights.min():g} to {kernel.weights.max():g}; take their "
            "mean, as in ConvolutionKernel(np.full(w.shape, w.mean()), stride)"
        )


def squared_norms(shape: tuple[int, ...], operators: Sequence[SpinOperator]) -> npt.NDArray[np.float64]:
    """⟨S²⟩ of each operator over uniformly random spins on a lattice: Σ n² of products that occur n times in S.

    Different products are orthogonal there, so operators are independent if no two of them share a product. A class of
    translates that are all different counts its number of sites; one of k equal ones each, k times as much.

    Raises
    ------
    ValueError
        If a product has a site twice, as its offsets go around the lattice, or two operators have the same products.
    """
    owners: dict[tuple[Site, ...], int] = {}
    norms = []
    for number, operator in enumerate(operators):
        norm = 0
        for (product, n_equal), n_images in Counter(_translates(shape, operator)).items():
            if (other := owners.setdefault(product, number)) != number:
                raise ValueError(
                    f"operators {operators[other].name!r} and {operator.name!r} have the same products on block spins "
                    f"of shape {shape}; leave one out, or take a larger lattice"
                )
            norm += n_images**2 * n_equal
        norms.append(float(norm * np.prod(shape)))
    return np.array(norms)


def _translates(shape: tuple[int, ...], operator: SpinOperator) -> Iterator[tuple[tuple[Site, ...], int]]:
    """For each image of an operator, the first of its translates on the lattice, and how many are equal to it."""
    for image in operator.images:
        moved = [tuple(sorted(_differences(shape, image, site))) for site in image]
        if len(set(moved[0])) < len(image):
            raise ValueError(
                f"operator {operator.name!r} has a site twice on block spins of shape {shape}; leave it out, or take a "
                "larger lattice"
            )
        yield min(moved), moved.count(min(moved))


def _differences(shape: tuple[int, ...], image: Product, centre: Site) -> list[Site]:
    return [tuple((a - b) % n for a, b, n in zip(site, centre, shape, strict=True)) for site in image]
