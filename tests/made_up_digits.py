"""Digits for tests that need no real ones."""

import numpy as np

from rgrbm import datasets


def made_up(split="train", data=None):
    """Filled and hollow squares of random place and grey as the digits 0 and 1; the digit 2 is rare."""
    rng = np.random.default_rng(3)
    labels = np.array([0, 1] * 60 + [2] * 3, dtype=np.uint8)
    images = np.zeros((len(labels), 28, 28), dtype=np.uint8)
    for image, label in zip(images, labels, strict=True):
        row, column = rng.integers(4, 10, 2)
        image[row : row + 14, column : column + 14] = rng.integers(128, 256)
        if label:
            image[row + 3 : row + 11, column + 3 : column + 11] = rng.integers(0, 128)
    return datasets.Digits(images, labels, split, "memory")
