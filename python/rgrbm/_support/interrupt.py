"""Ctrl-C that waits for a consistent moment."""

import signal
import threading
from types import FrameType, TracebackType

from rgrbm._core import kernels


class Interruption:
    """Context in which the first Ctrl-C only raises a flag, so that the loop inside can stop between steps.

    Compiled kernels leave what they work on whole: one that is running is interrupted at once, by a KeyboardInterrupt.
    Elsewhere, a second Ctrl-C interrupts at once, unless ``held`` is true: what must not be torn apart sets it. Signal
    handlers exist in the main thread only; elsewhere the context does nothing.

    Parameters
    ----------
    kernels_go_on : bool, default=False
        Do not interrupt kernels, either: for what is over soon, and is to be done whatever comes.
    """

    def __init__(self, *, kernels_go_on: bool = False) -> None:
        self.requested = False
        self.held = kernels_go_on
        self._kernels_go_on = kernels_go_on
        self._previous: signal._HANDLER = None
        self._installed = False

    def __enter__(self) -> "Interruption":
        if threading.current_thread() is threading.main_thread():
            previous = signal.getsignal(signal.SIGINT)
            # Someone else's handler (a debugger, a server) stays in effect, and a process that ignores the signal, as
            # those that nohup or a script starts in the background may do, goes on ignoring it.
            if previous is signal.default_int_handler:
                self._previous = signal.signal(signal.SIGINT, self._handle)
                self._installed = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._installed:
            signal.signal(signal.SIGINT, self._previous)
            self._installed = False

    def _handle(self, number: int, frame: FrameType | None) -> None:
        again, self.requested = self.requested, True
        in_kernel = kernels.in_interrupt_check() and not self._kernels_go_on
        if in_kernel or (again and not self.held):
            raise KeyboardInterrupt
