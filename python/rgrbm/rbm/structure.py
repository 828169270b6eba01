"""The structure that a mask and a symmetry give to an RBM's parameters: which exist, and which are one and the same."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rgrbm._support import checks

Classes = npt.NDArray[np.int32]
Parameters = tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]]


@dataclass(frozen=True)
class Structure:
    """Classes of parameters: equal numbers, one parameter. −1 where there is no weight."""

    weight_class: Classes
    visible_class: Classes
    hidden_class: Classes
    symmetric: bool

    def impose(
        self, weights: npt.NDArray[Any], visible_bias: npt.NDArray[Any], hidden_bias: npt.NDArray[Any]
    ) -> Parameters:
        """Parameters that have the structure: shared weights are those of the class's first, biases means."""
        exists = self.weight_class >= 0
        first = np.unique(self.weight_class[exists], return_index=True)[1]
        values = np.zeros_like(weights)
        values[exists] = weights[exists][first][self.weight_class[exists]]
        if self.symmetric:
            return values, -values.sum(axis=1) / 2, -values.sum(axis=0) / 2
        return values, _means(visible_bias, self.visible_class), _means(hidden_bias, self.hidden_class)


def structure_of(mask: Any, symmetric: bool, n_visible: int, n_hidden: int) -> Structure | None:
    """The structure, or None if all weights are free.

    Raises
    ------
    ValueError
        If the mask has another shape, negative or masked entries, or a unit without a weight.
    TypeError
        If it is neither of bool nor of integers.
    """
    if mask is None and not symmetric:
        return None
    if mask is None:
        mask = np.ones((n_visible, n_hidden), dtype=bool)
    mask = checks.numbers("mask", mask, dtype=None)
    _check(mask, n_visible, n_hidden)
    exists = mask != 0
    shared = mask.dtype != bool
    weight_class = np.full(mask.shape, -1, dtype=np.int32)
    numbers = np.unique(mask[exists], return_inverse=True)[1] if shared else np.arange(exists.sum())
    weight_class[exists] = numbers
    return Structure(
        weight_class=weight_class,
        visible_class=_bias_classes(weight_class, shared),
        hidden_class=_bias_classes(weight_class.T, shared),
        symmetric=symmetric,
    )


def _check(mask: npt.NDArray[Any], n_visible: int, n_hidden: int) -> None:
    if mask.dtype != bool and not np.issubdtype(mask.dtype, np.integer):
        raise TypeError(f"mask must hold bool, or integers where weights are shared, got {mask.dtype}")
    if mask.shape != (n_visible, n_hidden):
        raise ValueError(
            f"mask must have shape (n_features, n_components) = ({n_visible}, {n_hidden}), got {mask.shape}"
        )
    if mask.dtype != bool and mask.min() < 0:
        raise ValueError("mask must hold 0 for no weight and positive numbers for shared weights, got a negative one")
    for name, axis in (("visible", 1), ("hidden", 0)):
        lonely = np.flatnonzero(~(mask != 0).any(axis=axis))
        if len(lonely):
            raise ValueError(f"mask leaves the {name} unit {lonely[0]} without a weight ({len(lonely)} such units)")


def _bias_classes(weight_class: Classes, shared: bool) -> Classes:
    """Units share a bias if they have the same weights, in any order; only where weights are shared."""
    if not shared:
        return np.arange(len(weight_class), dtype=np.int32)
    signatures = np.sort(weight_class, axis=1)
    return np.unique(signatures, axis=0, return_inverse=True)[1].reshape(-1).astype(np.int32)


def _means(values: npt.NDArray[Any], classes: Classes) -> npt.NDArray[Any]:
    means = np.bincount(classes, weights=values) / np.bincount(classes)
    return means[classes].astype(values.dtype)
