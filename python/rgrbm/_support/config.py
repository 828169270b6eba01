"""What is installed and how it runs: version, instruction set, threads."""

import os
import warnings

import numpy as np

from rgrbm._core import available_isas, kernels
from rgrbm._support import checks


def config() -> dict[str, str | int | bool]:
    """Version and build of the running package, as a dictionary for files and reports."""
    from importlib.metadata import version  # here, as it takes longer to import than all else

    return {
        "rgrbm": version("rgrbm"),
        "instruction_set": kernels.isa,
        "instruction_sets_available": ", ".join(available_isas()),
        "threads": kernels.num_threads(),
        "forked": kernels.is_forked(),
        "openmp": kernels.has_openmp(),
        "eigen": kernels.eigen_version,
        "compiler": kernels.compiler,
        "numpy": np.__version__,
    }


def show_config() -> None:
    """Print version, instruction set, threads and Eigen version.

    A process that was forked runs on one thread ("forked: True"), as the threads of its parent are not copied.

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
        If ``n`` is negative, or more than 64 and than four for each core: the operating system ends a process that
        starts more threads than it has room for.
    TypeError
        If it is not an integer.

    Warns
    -----
    RuntimeWarning
        If the process was forked, so that it stays at one thread. The start methods "spawn" and "forkserver" of
        multiprocessing do not fork it.

    Examples
    --------
    >>> import rgrbm
    >>> rgrbm.set_num_threads(1)
    >>> rgrbm.set_num_threads(0)
    """
    n = checks.integer("the number of threads", n)
    if n < 0:
        raise ValueError(f"the number of threads must be 0 (default) or more, got {n}")
    if n > (most := max(64, 4 * (os.cpu_count() or 1))):
        raise ValueError(f"the number of threads must be at most {most} on this machine, got {n}")
    if n > 1 and kernels.is_forked():
        warnings.warn(
            "this process was forked and runs on one thread; start processes by 'spawn' or 'forkserver' for more",
            RuntimeWarning,
            stacklevel=2,
        )
    kernels.set_num_threads(n)
