"""Results of the Monte Carlo renormalization group: exponents of each step and number of operators, with errors."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from rgrbm.statistics.jackknife import Array, Estimate
from rgrbm.statistics.notation import with_error
from rgrbm.statistics.presentation import Presented

Sector = Literal["even", "odd"]


@dataclass(frozen=True, repr=False)
class MCRGExponent(Presented):
    """The leading eigenvalue of T = ∂K′/∂K of one step with some operators.

    Attributes
    ----------
    sector : {"even", "odd"}
        Of operators that keep or change their sign when all spins are flipped.
    level : int
        The step from level − 1 to ``level`` blockings.
    shape : tuple of int
        Lattice after the step.
    n_operators : int
        The first so many operators of the sector make up T; those that are linearly dependent on the ones before them
        on this lattice are left out.
    eigenvalue, eigenvalue_stderr : float
        λ, and its standard error by jackknife; NaN if no operator is independent, or there is one block only.
    y, y_stderr : float
        ln λ / ln b; NaN if λ is not positive.
    """

    sector: Sector
    level: int
    shape: tuple[int, ...]
    n_operators: int
    eigenvalue: float
    eigenvalue_stderr: float
    y: float
    y_stderr: float


@dataclass(frozen=True, repr=False)
class LinearizedStep(Presented):
    """T = ∂K′/∂K of one step with all independent operators of a sector.

    Attributes
    ----------
    sector, level
        As of :class:`MCRGExponent`.
    operators : tuple of str
        Names of the operators, in the order of rows (K′) and columns (K).
    matrix : ndarray of shape (n_operators, n_operators)
    """

    sector: Sector
    level: int
    operators: tuple[str, ...]
    matrix: Array

    def _table(self) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
        rows = zip(self.operators, self.matrix.tolist(), strict=True)
        return ("∂K′/∂K", *self.operators), [(name, *(f"{x:.3f}" for x in row)) for name, row in rows]

    def _title(self) -> str:
        return f"{self.sector} operators, step to level {self.level}"


@dataclass(frozen=True, repr=False)
class MCRGResult(Presented):
    """Exponents by :func:`rgrbm.mcrg.mcrg`. Printed, it is a table.

    Attributes
    ----------
    kernel : str
        Name of the block kernel.
    scale : int
        b.
    shape : tuple of int
        The lattice of the samples.
    n_samples, n_blocks : int
        Samples, and the blocks of the jackknife.
    even_operators, odd_operators : tuple of str
        Names, in the order of inclusion.
    exponents : tuple of MCRGExponent
        For each sector, level and number of operators.
    steps : tuple of LinearizedStep
        The matrices T.
    """

    kernel: str
    scale: float
    shape: tuple[int, ...]
    n_samples: int
    n_blocks: int
    even_operators: tuple[str, ...]
    odd_operators: tuple[str, ...]
    exponents: tuple[MCRGExponent, ...]
    steps: tuple[LinearizedStep, ...]

    def exponent(self, sector: Sector, level: int, n_operators: int | None = None) -> MCRGExponent:
        """The entry of a sector, a level and a number of operators, by default all.

        Raises
        ------
        KeyError
            If there is none.
        """
        if n_operators is None:
            n_operators = len(self.even_operators if sector == "even" else self.odd_operators)
        for candidate in self.exponents:
            if (candidate.sector, candidate.level, candidate.n_operators) == (sector, level, n_operators):
                return candidate
        some = [e for e in self.exponents if e.sector == sector]
        steps, most = sorted({e.level for e in some}), max((e.n_operators for e in some), default=0)
        raise KeyError(
            f"there is no {sector} exponent of level {level} with {n_operators} operators; levels are "
            f"{', '.join(map(str, steps)) or 'none'}, with 1 to {most} operators"
        )

    def y_t(self, level: int, n_operators: int | None = None) -> Estimate:
        """The thermal exponent y_T of the even operators, and its standard error."""
        exponent = self.exponent("even", level, n_operators)
        return Estimate(exponent.y, exponent.y_stderr)

    def y_h(self, level: int, n_operators: int | None = None) -> Estimate:
        """The magnetic exponent y_h of the odd operators, and its standard error."""
        exponent = self.exponent("odd", level, n_operators)
        return Estimate(exponent.y, exponent.y_stderr)

    def nu(self, level: int, n_operators: int | None = None) -> Estimate:
        """ν = 1/y_T and its standard error."""
        y = self.y_t(level, n_operators)
        return Estimate(1 / y.mean, y.stderr / y.mean**2) if y.mean else Estimate(math.nan, math.nan)

    def matrix(self, sector: Sector, level: int) -> Array:
        """T = ∂K′/∂K of a step; its operators are named in :attr:`steps`.

        Raises
        ------
        KeyError
            If there is none.
        """
        for step in self.steps:
            if (step.sector, step.level) == (sector, level):
                return step.matrix
        raise KeyError(f"there is no {sector} matrix of level {level}")

    def to_dict(self) -> dict[str, Any]:
        """Everything but the matrices, ready for a JSON file: NaN is None."""
        rows = [{key: _json(value) for key, value in asdict(e).items()} for e in self.exponents]
        names = ("kernel", "scale", "shape", "n_samples", "n_blocks", "even_operators", "odd_operators")
        return {name: _json(getattr(self, name)) for name in names} | {"exponents": rows}

    def to_frame(self) -> Any:
        """The exponents as a pandas DataFrame, a row for each sector, level and number of operators.

        Raises
        ------
        ImportError
            If pandas is not installed.
        """
        import pandas as pd

        return pd.DataFrame([asdict(e) for e in self.exponents])

    def __str__(self) -> str:
        lines = [self._title()]
        for sector, symbol, operators in self._sectors():
            lines += ["", *self._lines(sector, symbol, operators)]
        return "\n".join(lines)

    def _title(self) -> str:
        return (
            f"{self.kernel}: {self.n_samples:,} samples of {'×'.join(map(str, self.shape))}, "
            f"{self.n_blocks} blocks of the jackknife"
        )

    def _values(self) -> dict[str, Any]:
        """Exponents of each level with all operators, and how many these are."""
        values: dict[str, Any] = {"even_operators": len(self.even_operators), "odd_operators": len(self.odd_operators)}
        for sector, symbol, operators in self._sectors():
            for level in self._shapes(sector):
                exponent = self.exponent(sector, level, len(operators))
                values[f"{symbol.lower()}({level})"] = Estimate(exponent.y, exponent.y_stderr)
        return values

    def _table(self) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
        shapes = self._shapes("even") | self._shapes("odd")
        rows = []
        for sector, symbol, operators in self._sectors():
            of_sector = self._shapes(sector)
            for n, name in enumerate(operators, start=1):
                exponents = [self.exponent(sector, level, n) if level in of_sector else None for level in shapes]
                cells = ["" if e is None else with_error(e.y, e.y_stderr) for e in exponents]
                rows.append((f"{symbol} with {name}" if n == 1 else f"{symbol}, and {name}", *cells))
        return ("operators", *(f"→ {shape}" for shape in shapes.values())), rows

    def _sectors(self) -> Iterator[tuple[Sector, str, tuple[str, ...]]]:
        if self.even_operators:
            yield "even", "y_T", self.even_operators
        if self.odd_operators:
            yield "odd", "y_h", self.odd_operators

    def _shapes(self, sector: Sector) -> dict[int, str]:
        """Levels and the lattices there."""
        of_sector = sorted((e.level, e.shape) for e in self.exponents if e.sector == sector)
        return {level: "×".join(map(str, shape)) for level, shape in of_sector}

    def _lines(self, sector: Sector, symbol: str, operators: Sequence[str]) -> list[str]:
        """Lines of a table of exponents, a row for each number of operators and a column for each level."""
        shapes = self._shapes(sector)
        levels = list(shapes)
        width = max(len(name) for name in operators)
        lines = [f"{symbol:<{width + 4}}" + "".join(f"{'→ ' + shapes[level]:>16}" for level in levels)]
        for n, name in enumerate(operators, start=1):
            row = (self.exponent(sector, level, n) for level in levels)
            lines.append(f"{n:>2}  {name:<{width}}" + "".join(f"{with_error(e.y, e.y_stderr):>16}" for e in row))
        return lines


def _json(value: Any) -> Any:
    if isinstance(value, tuple):
        return list(value)
    return None if isinstance(value, float) and not math.isfinite(value) else value
