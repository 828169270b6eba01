"""The compiled kernels, in the build that suits this processor best.

The kernels are compiled once per x86-64 level (v2, v3 with AVX2, v4 with AVX-512; one plain module on other
processors). The environment variable ``RGRBM_ISA`` forces one of them.
"""

import atexit
import importlib
import importlib.util
import os
from types import ModuleType
from typing import TYPE_CHECKING

from rgrbm._core import _cpu

_installed = ("v4", "v3", "v2", "plain")


def available_isas() -> list[str]:
    """Instruction-set levels that are installed and that this processor can run, best first."""
    runnable = {*_cpu.supported_levels(), "plain"}
    return [
        level
        for level in _installed
        if level in runnable and importlib.util.find_spec(f"rgrbm._core._kernels_{level}") is not None
    ]


def _load() -> ModuleType:
    available = available_isas()
    forced = os.environ.get("RGRBM_ISA")
    if forced and forced not in available:
        raise ImportError(
            f"RGRBM_ISA={forced!r} cannot be used: this installation and processor offer {', '.join(available)}"
        )
    if not available:
        raise ImportError(
            "no compiled kernels of rgrbm run on this processor: x86-64-v2 is the least; "
            "build from source with -Ccmake.define.RGRBM_ISA_LEVELS=plain"
        )
    return importlib.import_module(f"rgrbm._core._kernels_{forced or available[0]}")


# All builds have the interface that the stub _kernels.pyi describes.
if TYPE_CHECKING:
    from rgrbm._core import _kernels as kernels
else:
    kernels = _load()
    # Threads are not copied by a fork: the child must not wait for them.
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=kernels.set_forked)
    # Daemon threads that are in a kernel when the interpreter ends must not come back to it.
    atexit.register(kernels.close_interpreter)

__all__ = ["available_isas", "kernels"]
