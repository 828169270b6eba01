"""What a measured run of an Ising model found, with error bars: a table, a DataFrame, a JSON object."""

import json
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rgrbm.statistics.jackknife import Array, Estimate
from rgrbm.statistics.notation import with_error

_NAMES = {
    "energy": "energy ⟨H⟩/N",
    "specific_heat": "specific heat",
    "magnetization": "magnetization ⟨m⟩",
    "abs_magnetization": "⟨|m|⟩",
    "m2": "⟨m²⟩",
    "m4": "⟨m⁴⟩",
    "binder": "Binder cumulant",
    "susceptibility": "susceptibility N⟨m²⟩",
    "connected_susceptibility": "connected susceptibility",
    "correlation_length": "correlation length",
}


@dataclass(frozen=True)
class Measurement:
    """Observables of an Ising model from Monte Carlo, per site and at β = 1.

    :mod:`rgrbm.spins.observables` defines them.

    Attributes
    ----------
    energy, specific_heat, magnetization, abs_magnetization, m2, m4, binder, susceptibility : Estimate
        Each a pair (mean, stderr). The error allows for correlations in time: it is a jackknife over whole chains, or
        over stretches of chains where there are few.
    connected_susceptibility, correlation_length : Estimate
        The latter in sites, by second moments; NaN where fluctuations have no length.
    distance : ndarray of int, shape (n_distances,)
        Distances along the axes, in sites; empty if no correlations were measured.
    correlation, correlation_stderr : ndarray of the same shape
        ⟨s₀ sₓ⟩, a mean over the axes.
    tau_int : dict of str to float
        Integrated autocorrelation times of energy and ``|m|``, in sweeps.
    equilibration : dict of str to float
        For energy and ``|m|``, by how many standard errors chains that started hot (at random) and cold (all spins up)
        differ in the measured part.
    equilibrated : bool
        Whether burn-in was long enough for hot and cold starts to agree, and the chains long enough to tell.
    model, run : dict
        What was simulated, and how: ``method``, ``n_chains``, ``n_sweeps``, ``burn_in``, ``entropy``, …
    seconds : float
        Wall-clock time.
    """

    energy: Estimate
    specific_heat: Estimate
    magnetization: Estimate
    abs_magnetization: Estimate
    m2: Estimate
    m4: Estimate
    binder: Estimate
    susceptibility: Estimate
    connected_susceptibility: Estimate
    correlation_length: Estimate
    distance: npt.NDArray[np.int64]
    correlation: Array
    correlation_stderr: Array
    tau_int: dict[str, float]
    equilibration: dict[str, float]
    equilibrated: bool
    model: dict[str, Any]
    run: dict[str, Any]
    seconds: float

    def observables(self) -> dict[str, Estimate]:
        """All observables that are numbers, by name."""
        return {name: getattr(self, name) for name in _NAMES}

    def __str__(self) -> str:
        """A table: value(error in the last digits)."""
        width = max(len(text) for text in _NAMES.values())
        rows = [f"{_NAMES[name]:<{width}}  {with_error(*value)}" for name, value in self.observables().items()]
        shape = " × ".join(map(str, self.model["shape"]))
        times = ", ".join(f"{value:.3g} ({name})" for name, value in self.tau_int.items())
        starts = ", ".join(f"{value:+.1f} ({name})" for name, value in self.equilibration.items())
        verdict = (
            "" if self.equilibrated else "\nNOT EQUILIBRATED: chains are too short, or hot and cold starts disagree"
        )
        return "\n".join(
            [
                f"{shape} {self.model['lattice']} lattice, J = {self.model['J']}, h = {self.model['h']:g}, by "
                f"{self.run['method'].replace('_', ' ')}",
                *rows,
                f"{self.run['n_chains']} chains of {self.run['n_sweeps']} sweeps after {self.run['burn_in']}; "
                f"τ_int in sweeps: {times}",
                f"hot against cold starts, in standard errors: {starts}{verdict}",
            ]
        )

    def to_frame(self) -> Any:
        """A DataFrame with a row for each observable and columns ``mean`` and ``stderr``.

        Raises
        ------
        ImportError
            If pandas is not installed.
        """
        import pandas as pd

        return pd.DataFrame(self.observables(), index=["mean", "stderr"]).T.rename_axis("observable")

    def to_dict(self) -> dict[str, Any]:
        """All of it as numbers, lists and text that JSON can hold; NaN becomes None."""
        found: dict[str, Any] = {name: list(value) for name, value in self.observables().items()}
        found |= {name: getattr(self, name).tolist() for name in ("distance", "correlation", "correlation_stderr")}
        names = ("tau_int", "equilibration", "equilibrated", "model", "run", "seconds")
        found |= {name: getattr(self, name) for name in names}
        return dict(json.loads(json.dumps(_with_none(found), allow_nan=False)))

    @classmethod
    def from_dict(cls, found: dict[str, Any]) -> "Measurement":
        """The measurement that :meth:`to_dict` wrote down.

        Raises
        ------
        ValueError
            If it is not such a dictionary.
        """
        try:
            values: dict[str, Any] = {name: Estimate(*map(_number, found[name])) for name in _NAMES}
            for name in ("distance", "correlation", "correlation_stderr"):
                values[name] = np.array([_number(x) for x in found[name]])
            values["distance"] = values["distance"].astype(np.int64)
            for name in ("tau_int", "equilibration"):
                values[name] = {key: _number(x) for key, x in found[name].items()}
            rest = {name: found[name] for name in ("equilibrated", "model", "run", "seconds")}
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise ValueError(f"this is no measurement: {error!r}") from error
        return cls(**values, **rest)


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)


def _with_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _with_none(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_with_none(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
