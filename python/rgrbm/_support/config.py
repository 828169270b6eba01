"""What is installed and how it runs: version, instruction set, threads."""

from importlib.metadata import version

import numpy as np

from rgrbm._core import available_isas, kernels
from rgrbm._support import checks


def config() -> dict[str, str | int | bool]:
    """Version and build of the running package, as a dictionary for files and reports."""
    return {
        "rgrbm": version("rgrbm"),
        "instruction_set": kernels.isa,
        "instruction_sets_available": ", ".join(available_isas()),
        "threads": kernels.num_threads(),
        "openmp": kernels.has_openmp(),
        "eigen": kernels.eigen_version,
        "compiler": kernels.compiler,
        "numpy": np.__version__,
    }


def show_config() -> None:
    """Print version, instruction set, threads and Eigen version.

    Examples
    --------
    >>> import rgrbm
    >>> rgrbm.show_config()  # doctest: +ELLIPSIS
    rgrbm: ...
    """
    for name, value in config().items():
        print(f"{name}: {value}")


def set_num_threads(n: int) -> None:
    """Let the kernels use ``n`` threads; results are the same bits for any number.

    Parameters
    ----------
    n : int
        Number of threads, at least 1; 0 goes back to OpenMP's default.

    Raises
    ------
    ValueError
        If ``n`` is negative.
    TypeError
        If it is not an integer.

    Examples
    --------
    >>> import rgrbm
    >>> rgrbm.set_num_threads(1)
    >>> rgrbm.set_num_threads(0)
    """
    n = checks.integer("the number of threads", n)
    if n < 0:
        raise ValueError(f"the number of threads must be 0 (default) or more, got {n}")
    kernels.set_num_threads(n)
