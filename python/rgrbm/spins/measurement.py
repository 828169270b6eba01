"""The result of a measured run of an Ising model, with error bars: a table, a DataFrame, a JSON object."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rgrbm.spins.lattice import lattice_name
from rgrbm.spins.recorded_runs import RecordedRun
from rgrbm.statistics.jackknife import Array, Estimate
from rgrbm.statistics.notation import with_error
from rgrbm.statistics.presentation import Presented

_NAMES = {
    "energy_per_site": "energy ⟨βH⟩/N",
    "specific_heat": "specific heat",
    "magnetization": "magnetization ⟨m⟩",
    "abs_magnetization": "⟨|m|⟩",
    "m2": "⟨m²⟩",
    "m4": "⟨m⁴⟩",
    "binder": "Binder cumulant",
    "susceptibility": "susceptibility",
    "connected_susceptibility": "connected susceptibility",
    "staggered_magnetization": "staggered ⟨|m|⟩",
    "staggered_susceptibility": "staggered susceptibility",
    "staggered_binder": "staggered Binder cumulant",
    "correlation_length": "correlation length",
}


@dataclass(frozen=True, repr=False)
class Measurement(Presented):
    """Observables of an Ising model from Monte Carlo, per site and at β = 1.

    :mod:`rgrbm.spins.observables` defines them.

    Attributes
    ----------
    energy_per_site, specific_heat, magnetization, abs_magnetization, m2, m4, binder, susceptibility : Estimate
        Each a pair (mean, stderr). The error allows for correlations in time: it is a jackknife over whole chains, or
        over stretches of chains where there are few. It is NaN where nothing ever changed, or fewer than four blocks
        were measured.
    connected_susceptibility : Estimate
        ``N(⟨m²⟩ − ⟨|m|⟩²)``.
    staggered_magnetization, staggered_susceptibility, staggered_binder : Estimate
        Those of Σ ε s with signs that alternate from site to site; NaN on lattices that have no two sublattices.
    correlation_length : Estimate
        In sites, by second moments along the longest side; NaN where fluctuations have no length, or the axes have
        different couplings.
    axis_correlation_lengths : tuple of Estimate
        The same along each dimension of the lattice, whatever the couplings.
    distance : ndarray of int, shape (n_distances,)
        Distances along the axes, in sites; empty if no correlations were measured.
    correlation, correlation_stderr : ndarray of the same shape
        ⟨s₀ sₓ⟩, a mean over the axes.
    tau_int : dict of str to float
        Integrated autocorrelation times of the energy, of the modulus of the order and, in a field, of the
        magnetization, in sweeps; NaN where the run does not resolve one.
    equilibration : dict of str to float
        For these quantities and ⟨m⟩, by how many standard errors chains from two starts differ in the measured part: a
        ground state, and a configuration far from it.
    equilibrated : bool
        Whether burn-in was long enough for both starts to agree, and the chains long enough to compare.
    trouble : str
        Why not; empty if it is equilibrated.
    model, run : dict
        What was simulated, and how: ``method``, ``n_chains``, ``n_sweeps``, ``burn_in``, ``every`` (sweeps between
        measurements), ``entropy``, …
    seconds : float
        Wall-clock time.
    series : RecordedRun or None
        Σ s s′ and Σ s of all measurements, if they were to be kept: what :class:`rgrbm.spins.Reweighting` takes.
    """

    energy_per_site: Estimate
    specific_heat: Estimate
    magnetization: Estimate
    abs_magnetization: Estimate
    m2: Estimate
    m4: Estimate
    binder: Estimate
    susceptibility: Estimate
    connected_susceptibility: Estimate
    staggered_magnetization: Estimate
    staggered_susceptibility: Estimate
    staggered_binder: Estimate
    correlation_length: Estimate
    axis_correlation_lengths: tuple[Estimate, ...]
    distance: npt.NDArray[np.int64]
    correlation: Array
    correlation_stderr: Array
    tau_int: dict[str, float]
    equilibration: dict[str, float]
    equilibrated: bool
    trouble: str
    model: dict[str, Any]
    run: dict[str, Any]
    seconds: float
    series: RecordedRun | None = None

    def observables(self) -> dict[str, Estimate]:
        """All observables that are numbers, by name."""
        return {name: getattr(self, name) for name in _NAMES}

    def __str__(self) -> str:
        """A table: value(error in the last digits)."""
        width = max(len(text) for text in _NAMES.values())
        rows = [
            f"{_NAMES[name]:<{width}}  {with_error(*value)}"
            for name, value in self.observables().items()
            if not math.isnan(value.mean)
        ]
        times = ", ".join(f"{value:.3g} ({name})" for name, value in self.tau_int.items())
        starts = ", ".join(f"{value:+.1f} ({name})" for name, value in self.equilibration.items())
        verdict = "" if self.equilibrated else f"\nNOT EQUILIBRATED: {self.trouble}"
        return "\n".join(
            [
                self._simulated(),
                *rows,
                f"{self._chains()}; τ_int in sweeps: {times}",
                f"the two starts differ, in standard errors, by {starts}{verdict}",
            ]
        )

    def _simulated(self) -> str:
        J = " and ".join(f"{value:g}" for value in dict.fromkeys(np.ravel(self.model["J"]).tolist()))
        return (
            f"{lattice_name(self.model['shape'], self.model['lattice'])}, J = {J}, h = {self.model['h']:g}, by "
            f"{self.run['method'].replace('_', ' ')}"
        )

    def _chains(self) -> str:
        return f"{self.run['n_chains']} chains of {self.run['n_sweeps']} sweeps after {self.run['burn_in']}"

    def _title(self) -> str:
        verdict = "" if self.equilibrated else f"; NOT EQUILIBRATED: {self.trouble}"
        return f"{self._simulated()}; {self._chains()}{verdict}"

    def _values(self) -> dict[str, Any]:
        known = {name: value for name, value in self.observables().items() if not math.isnan(value.mean)}
        arrays = {"distance": self.distance, "correlation": self.correlation} if len(self.distance) else {}
        return known | arrays | {"tau_int": self.tau_int, "equilibrated": self.equilibrated, "series": self.series}

    def _table(self) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
        rows = [
            (_NAMES[name], with_error(*value))
            for name, value in self.observables().items()
            if not math.isnan(value.mean)
        ]
        rows += [(f"τ_int of {name}, in sweeps", f"{value:.3g}") for name, value in self.tau_int.items()]
        return ("observable", "value"), rows

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
        """All but the series as numbers, lists and text that JSON can hold; NaN becomes None."""
        values: dict[str, Any] = {name: list(value) for name, value in self.observables().items()}
        values["axis_correlation_lengths"] = [list(value) for value in self.axis_correlation_lengths]
        values |= {name: getattr(self, name).tolist() for name in ("distance", "correlation", "correlation_stderr")}
        names = ("tau_int", "equilibration", "equilibrated", "trouble", "model", "run", "seconds")
        values |= {name: getattr(self, name) for name in names}
        return dict(json.loads(json.dumps(_with_none(values), allow_nan=False)))

    @classmethod
    def from_dict(cls, result: dict[str, Any]) -> "Measurement":
        """The measurement that :meth:`to_dict` gave.

        Raises
        ------
        ValueError
            If it is not such a dictionary.
        """
        try:
            values: dict[str, Any] = {name: Estimate(*map(_number, result[name])) for name in _NAMES}
            values["axis_correlation_lengths"] = tuple(
                Estimate(*map(_number, pair)) for pair in result["axis_correlation_lengths"]
            )
            for name in ("distance", "correlation", "correlation_stderr"):
                values[name] = np.array([_number(x) for x in result[name]])
            values["distance"] = values["distance"].astype(np.int64)
            for name in ("tau_int", "equilibration"):
                values[name] = {key: _number(x) for key, x in result[name].items()}
            rest = {name: result[name] for name in ("equilibrated", "trouble", "model", "run", "seconds")}
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
