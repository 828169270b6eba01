"""The compiled kernels, in the build that suits this processor best.

The kernels are compiled for x86-64 levels (v2, v3 with AVX2, v4 with AVX-512; one plain module on other processors):
for that of the building machine, or for all. The environment variable ``RGRBM_ISA`` forces one that is installed.
"""

import atexit
import importlib
import importlib.util
import os
import threading
from types import ModuleType
from typing import TYPE_CHECKING

from rgrbm._core import _cpu

_levels = ("v4", "v3", "v2", "plain")


def _installed() -> list[str]:
    return [level for level in _levels if importlib.util.find_spec(f"rgrbm._core._kernels_{level}") is not None]


def available_isas() -> list[str]:
    """Instruction-set levels that are installed and that this processor can run, best first."""
    runnable = {*_cpu.supported_levels(), "plain"}
    return [level for level in _installed() if level in runnable]


def _load() -> ModuleType:
    available = available_isas()
    forced = os.environ.get("RGRBM_ISA")
    if forced and forced not in available:
        raise ImportError(
            f"RGRBM_ISA={forced!r} cannot be used: this installation and processor offer {', '.join(available)}"
        )
    if not available:
        raise ImportError(
            f"rgrbm was compiled for {', '.join(_installed()) or 'nothing'}, and this processor runs "
            f"{', '.join(_cpu.supported_levels()) or 'no x86-64 level'}. Install it on this machine, or for all levels "
            "by pip install -Ccmake.define.RGRBM_ISA_LEVELS=all, or for any processor by RGRBM_ISA_LEVELS=plain"
        )
    return importlib.import_module(f"rgrbm._core._kernels_{forced or available[0]}")


# All builds have the interface that the stub _kernels.pyi describes.
if TYPE_CHECKING:
    from rgrbm._core import _kernels as kernels
else:
    kernels = _load()
    # Kernels called from the main thread hear Ctrl-C. The import may be in another one.
    kernels.set_main_thread(threading.main_thread().ident)
    # Threads are not copied by a fork: the child must not wait for them.
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=kernels.set_forked)
    # Daemon threads that are in a kernel when the interpreter ends must not come back to it.
    atexit.register(kernels.close_interpreter)

__all__ = ["available_isas", "kernels"]
