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


def _for_each(function: Callable[Concatenate[float, P], Any]) -> Callable[..., Any]:
    @wraps(function)
    def at_each(J: Any, *args: P.args, **kwargs: P.kwargs) -> Any:
        if np.ndim(J) == 0:
            return function(checks.real("J", J), *args, **kwargs)
        couplings = checks.numbers("J", J)
        results = [np.asarray(function(float(x), *args, **kwargs)) for x in couplings.flat]
        if not results:  # no coupling, but the other arguments must be right all the same, and give the shape
            return np.empty(couplings.shape + np.shape(function(0.0, *args, **kwargs)))
        return np.stack(results).reshape(couplings.shape + results[0].shape)

    return at_each
