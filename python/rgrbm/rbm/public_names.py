"""Names of methods in Python's own errors."""

from collections.abc import Callable
from inspect import isfunction
from typing import TypeVar

T = TypeVar("T")


def named_in_errors(public: str) -> Callable[[type[T]], type[T]]:
    """Let Python's errors name ``public`` instead of a base class: ``BernoulliRBM.gibbs() got an unexpected …``."""

    def rename(base: type[T]) -> type[T]:
        for name, function in vars(base).items():
            while isfunction(function):
                function.__qualname__ = f"{public}.{name}"
                function = getattr(function, "__wrapped__", None)
        return base

    return rename
