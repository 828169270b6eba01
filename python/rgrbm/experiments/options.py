"""What the parameters of all experiments share: options with a line of help, lower bounds, streams of their seed."""

import math
from collections.abc import Sequence
from dataclasses import field, fields
from typing import Any, Literal, Protocol

import numpy as np

from rgrbm._support.streams import seed_sequence

Gradient = Literal["cd", "pcd", "pt", "exact", "paper"]


class Seeded(Protocol):
    """Parameters with a seed."""

    @property
    def seed(self) -> int: ...  # noqa: D102


def parameter(default: Any, help_text: str, *, execution: bool = False, positional: bool = False) -> Any:
    """A field of an experiment's parameters, which the command line makes an option with this help.

    ``execution`` marks parameters of where and how the work is done. Results do not depend on them, and a resumed
    run may have others. ``positional`` ones are what the command is about: they are given by their place, and always.
    """
    return field(default=default, metadata={"help": help_text, "execution": execution, "positional": positional})


def names_of_execution(parameters: Any) -> set[str]:
    """Names of those fields of parameters (or of their class) that determine where and how the work is done."""
    return {f.name for f in fields(parameters) if f.metadata["execution"]}


def names_of_positional(parameters: Any) -> tuple[str, ...]:
    """Names of those fields of parameters (or of their class) that a command line gives by their place, in order."""
    return tuple(f.name for f in fields(parameters) if f.metadata["positional"])


def require_at_least(least: int, parameters: object, *names: str) -> None:
    """Check that each of the named parameters is at least ``least``.

    Raises
    ------
    ValueError
        Naming the first that is not.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from rgrbm.experiments.options import require_at_least
    >>> require_at_least(1, SimpleNamespace(k=1, n_epochs=0), "k", "n_epochs")
    Traceback (most recent call last):
        ...
    ValueError: n_epochs must be at least 1, got 0
    """
    for name in names:
        if getattr(parameters, name) < least:
            raise ValueError(f"{name} must be at least {least}, got {getattr(parameters, name)}")


def require_one_of(choices: Sequence[str], parameters: object, *names: str) -> None:
    """Check that each of the named parameters is one of the choices.

    Raises
    ------
    ValueError
        Naming the first that is not.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from rgrbm.experiments.options import require_one_of
    >>> require_one_of(("cd", "pcd"), SimpleNamespace(gradient="pdc"), "gradient")
    Traceback (most recent call last):
        ...
    ValueError: gradient must be one of cd, pcd, got 'pdc'
    """
    for name in names:
        if getattr(parameters, name) not in choices:
            raise ValueError(f"{name} must be one of {', '.join(choices)}, got {getattr(parameters, name)!r}")


def require_positive(parameters: object, *names: str) -> None:
    """Check that each of the named parameters is a finite number above 0.

    Raises
    ------
    ValueError
        Naming the first that is not.
    """
    for name in names:
        if not 0 < getattr(parameters, name) < math.inf:
            raise ValueError(f"{name} must be positive and finite, got {getattr(parameters, name)}")


def stream(parameters: Seeded, *purpose: int) -> np.random.SeedSequence:
    """The stream of random numbers for one purpose of a run: what one part draws does not move another's draws."""
    return np.random.SeedSequence(seed_sequence(parameters.seed).entropy, spawn_key=purpose)
