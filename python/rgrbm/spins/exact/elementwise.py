"""Exact results of many couplings: a function of one coupling J, applied to each of an array."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Protocol, overload

import numpy as np
import numpy.typing as npt

from rgrbm._support import checks

Values = npt.NDArray[np.float64]
P = ParamSpec("P")


class ElementwiseFloat(Protocol[P]):
    """A function of one coupling, or of an array of couplings."""

    @overload
    def __call__(self, J: float, *args: P.args, **kwargs: P.kwargs) -> float: ...
    @overload
    def __call__(self, J: Sequence[Any] | npt.NDArray[Any], *args: P.args, **kwargs: P.kwargs) -> Values: ...


class ElementwiseArray(Protocol[P]):
    """The same, where the result for one coupling is an array itself."""

    def __call__(self, J: float | Sequence[Any] | npt.NDArray[Any], *args: P.args, **kwargs: P.kwargs) -> Values:
        """One array for each coupling."""
        ...


def float_for_each(function: Callable[Concatenate[float, P], float]) -> ElementwiseFloat[P]:
    """Let a function whose result is one number take arrays of couplings: the result has the shape of J."""
    return _for_each(function)


def array_for_each(function: Callable[Concatenate[float, P], Values]) -> ElementwiseArray[P]:
    """Let a function whose result is an array take arrays of couplings: the axes of J come first."""
    return _for_each(function)


def finite_couplings(J: Any) -> Values:
    """One coupling, or an array of couplings.

    Raises
    ------
    TypeError, ValueError
        If J is not a finite number, or an array of such.
    """
    if not isinstance(J, list | tuple) and np.ndim(J) == 0:
        return np.array(checks.real("J", J))
    couplings = checks.numbers("J", J)
    for coupling in couplings[~np.isfinite(couplings)]:
        checks.real("J", coupling)
    return couplings


def side(name: str, value: Any, low: int) -> int:
    """Sites along a side, so many that their products are floats.

    Raises
    ------
    TypeError, ValueError
        If it is no integer, too small, or more than 2^500.
    """
    if (n := checks.integer(name, value, low)) > 2**500:
        raise ValueError(f"{name} must be at most 2^500, got {checks.shown(n)}")
    return n


def _for_each(function: Callable[Concatenate[float, P], Any]) -> Callable[..., Any]:
    @wraps(function)
    def at_each(J: Any, *args: P.args, **kwargs: P.kwargs) -> Any:
        couplings = finite_couplings(J)
        if couplings.ndim == 0:
            return function(float(couplings), *args, **kwargs)
        # Without a coupling, the other arguments must be right all the same, and give the shape.
        first = np.asarray(function(float(couplings.flat[0]) if couplings.size else 0.0, *args, **kwargs))
        results = np.empty((couplings.size, *first.shape))
        results[:1] = first
        for i, x in enumerate(couplings.flat[1:], 1):
            results[i] = function(float(x), *args, **kwargs)
        return results.reshape(couplings.shape + first.shape)

    return at_each
