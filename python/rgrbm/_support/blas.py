"""Sums of the BLAS in one order."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from threadpoolctl import threadpool_limits

Function = TypeVar("Function", bound=Callable[..., Any])


def same_bits(function: Function) -> Function:
    """Have a function's matrix products done by one thread: the same bits, whatever the number of threads."""
    return cast(Function, threadpool_limits.wrap(limits=1, user_api="blas")(function))
