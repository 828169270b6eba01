"""The report: a Markdown page of tables, and one picture per scaling."""

import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from bench.timing import Timing
from matplotlib import pyplot as plt

from rgrbm._support.config import config

_PEERS = ["scikit-learn", "torch", "rbms", "ferrotherm", "mcising", "peapods", "dwave-samplers", "openjij", "numba"]


@dataclass
class Comparison:
    """Timings of several packages for one task; ratios are to the first of them."""

    title: str
    unit: str
    scale: float  # from seconds to the unit
    timings: Mapping[str, Timing]
    notes: Mapping[str, str] = field(default_factory=dict)

    def markdown(self) -> str:
        ours = next(iter(self.timings.values())).median
        lines = [f"### {self.title}", "", f"| | {self.unit} | spread | ratio | |", "| --- | ---: | ---: | ---: | --- |"]
        for name, timing in self.timings.items():
            median, spread = timing.median * self.scale, timing.spread * self.scale
            lines.append(
                f"| {name} | {median:.4g} | {spread:.2g} | {timing.median / ours:.3g} | {self.notes.get(name, '')} |"
            )
        return "\n".join(lines) + "\n"


@dataclass
class Table:
    """Results that are no timings: the first column is text, the others are numbers."""

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]

    def markdown(self) -> str:
        lines = [f"### {self.title}", "", "| " + " | ".join(self.header) + " |"]
        lines += ["| --- |" + " ---: |" * (len(self.header) - 1)]
        return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in self.rows]) + "\n"


@dataclass
class Scaling:
    """Cost of one unit of work against a size, for several packages."""

    name: str
    title: str
    xlabel: str
    ylabel: str
    scale: float
    sizes: Sequence[int]
    timings: Mapping[str, Sequence[Timing]]

    def markdown(self, folder: str) -> str:
        names = list(self.timings)
        lines = [f"### {self.title}", "", f"![{self.title}]({folder}/{self.name}.png)", ""]
        lines += [f"| {self.xlabel} | " + " | ".join(names) + " |", "| ---: |" + " ---: |" * len(names)]
        for i, size in enumerate(self.sizes):
            cells = [f"{self.timings[name][i].median * self.scale:.4g}" for name in names]
            lines.append(f"| {size} | " + " | ".join(cells) + " |")
        return "\n".join(lines) + f"\n\n{self.ylabel}.\n"

    def draw(self, folder: Path) -> None:
        figure, axes = plt.subplots(figsize=(6, 4.4), layout="constrained")
        for (name, timings), marker in zip(self.timings.items(), "osD^vP*X", strict=False):
            axes.errorbar(
                self.sizes, [t.median * self.scale for t in timings], [t.spread * self.scale for t in timings],
                label=name, marker=marker, markersize=5, linewidth=1.2, capsize=2,
            )  # fmt: skip
        axes.set(xscale="log", yscale="log", xlabel=self.xlabel, ylabel=self.ylabel, title=self.title)
        axes.set_xticks(self.sizes, [str(size) for size in self.sizes])
        axes.minorticks_off()
        axes.grid(alpha=0.3)
        figure.legend(loc="outside lower center", ncols=3, fontsize=8, frameon=False)
        folder.mkdir(parents=True, exist_ok=True)
        figure.savefig(folder / f"{self.name}.png", dpi=120)
        plt.close(figure)


def processor() -> str:
    """The processor's name, where the system gives it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def header(command: str, rounds: int) -> str:
    """What was run, and where."""
    lines = [
        "# Benchmarks", "",
        f"Written by `{command}`: medians of {rounds} interleaved rounds; spread is half the distance between the",
        "quartiles; ratios are to the first row. The machine is shared: ratios are worth more than times.", "",
        f"- processor: {processor()}, {platform.system()}, Python {platform.python_version()}",
        *(f"- {name}: {value}" for name, value in config().items()),
    ]  # fmt: skip
    for package in _PEERS:
        try:
            lines.append(f"- {package}: {version(package)}")
        except PackageNotFoundError:
            lines.append(f"- {package}: not installed")
    return "\n".join(lines) + "\n"
