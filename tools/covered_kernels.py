"""A pytest plugin that imports the package at $RGRBM_COVERED, whose kernels count which lines run."""

import os
import sys

# An editable installation is found by a finder of its own, before any path.
sys.meta_path[:] = [
    finder
    for finder in sys.meta_path
    if "Editable" not in type(finder).__name__ and "ScikitBuild" not in type(finder).__name__
]
sys.path.insert(0, os.environ["RGRBM_COVERED"])
