"""The self-test on a terminal, and its file."""

import json
from pathlib import Path

from rich.console import Console

from rgrbm._support.atomic import write_atomically
from rgrbm.experiments.results_table import ResultsTable, show
from rgrbm.selftest.run import self_test


def run_and_show(
    out: Path | None = None, *, force: bool = False, seed: int = 1, console: Console | None = None
) -> bool:
    """Run all checks, print them, and write them to a file.

    Parameters
    ----------
    out : path, optional
        JSON file for all results.
    force : bool, default=False
        Overwrite it.
    seed : int, default=1
        Of all samples.
    console : rich.console.Console, optional
        Where to print.

    Returns
    -------
    bool
        Whether all checks have passed.

    Raises
    ------
    FileExistsError
        If the file exists, before any check is made.
    """
    console = console or Console()
    if out is not None and out.exists() and not force:
        raise FileExistsError(f"{out} exists; --force overwrites it")
    result = self_test(seed=seed)
    table = ResultsTable("Self-test", ("check", "measure", "value", ""), n_names=2, expendable=("measure",))
    for check in result.checks:
        table.add_row(check.name, check.measure, check.shown, "ok" if check.passed else "FAILED")
    software = ", ".join(f"{name} {value}" for name, value in result.software.items())
    show(console, table, software, f"{result.verdict}, in {sum(check.seconds for check in result.checks):.0f} s")
    if out is not None:
        text = json.dumps(result.to_dict(), indent=1, ensure_ascii=False) + "\n"
        write_atomically(out, text.encode())
        show(console, f"written to {out}")
    return result.passed
