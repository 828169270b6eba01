"""docs/reliability.md, from what was measured."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

Record = dict[str, Any]

HEAD = """# Reliability

What was tried to break the package, and what came of it. This page is written by `python -m tools.reliability` from
measurements that are kept in `tools/reliability/measured`; each part names the command that repeats it, and where it
was measured.

"""


def page(records: dict[str, Record]) -> str:
    """The page's text."""
    parts = [
        f"## {title}\n\n{write(records[name]['measured'], records[name])}\n{_where(name, records[name])}"
        for name, (title, write) in PARTS.items()
        if name in records
    ]
    return HEAD + "\n".join(parts)


def _where(name: str, record: Record) -> str:
    on = record["on"]
    build = f"rgrbm {on['rgrbm']}, kernels {on['instruction_set']}, GCC {on['compiler']}"
    command = record.get("command", f"python -m tools.reliability {name}")
    return f"`{command}`, {on['date']}: {on['processor']}; {on['system']}; Python {on['python']}; {build}.\n"


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines) + "\n"


def _kills(found: Record, _record: Record) -> str:
    wrong = found["wrong"]
    rows = [(name, n) for name, n in found["by_command"].items()]
    signals = ", ".join(f"{name} {n}" for name, n in found["by_signal"].items())
    text = (
        f"Small runs of all commands were ended by a signal at a random moment, or by a second Ctrl-C at most 0.3 s "
        f"after the first, and started again by the same command with `--resume`; one in four was ended again. "
        f"{found['kills']} times this came before the run's end ({found['in_first_second']} of all moments in its "
        f"first second; runs by signal: {signals}). All that a run "
        f"leaves was compared with an undisturbed run's: names of files, tensors bit for bit, results but times. "
        f"Different, failed, or with processes left over: **{len(wrong)}**.\n\n"
    )
    return text + _table(("command", "runs disturbed"), rows) + _listed(wrong)


def _full_disk(found: Record, _record: Record) -> str:
    sizes = found["sizes"]
    text = (
        f"A run of `rgrbm ising1d` that needs {found['needed'] / 1024:.0f} KiB was made on {len(sizes)} disks of "
        f"{sizes[0]['bytes'] / 1024:.0f} to {sizes[-1]['bytes'] / 1024:.0f} KiB. Each time it ended with a message "
        f"that names the file, and went on to the numbers of an undisturbed run once there was room. Exceptions: "
        f"**{len(found['wrong'])}**.\n"
    )
    return text + _listed(found["wrong"])


def _listed(wrong: Sequence[Record]) -> str:
    return "".join(f"\n- {row}" for row in wrong) + ("\n" if wrong else "")


def _interrupts(found: Sequence[Record], record: Record) -> str:
    rows = [(row["call"], f"{row['median']:.2f}", f"{row['longest']:.2f}") for row in found]
    text = (
        "Kernels ask ten times a second whether they are to stop. A training that is interrupted goes back to where "
        f"the epoch, or the slice of epochs, began. Seconds from Ctrl-C to the end of the call, {record['n']} times "
        "each:\n\n"
    )
    return text + _table(("call", "median (s)", "longest (s)"), rows)


def _fuzz(found: Record, _record: Record) -> str:
    text = (
        f"{found['attempts']:,} calls of {found['names']} functions, classes and methods, each valid but for one or "
        "two arguments of another kind, shape, size or sign. Every call is to end by a result or by a TypeError, "
        "ValueError, MemoryError or OSError in the package's own words, those of scikit-learn's checks of data, or "
        "the system's with the file's name. "
        f"{found['stopped']} legitimate calls that take long were stopped after some seconds, as by Ctrl-C. "
        "Findings (other exceptions, words of a library below, calls that do not stop, crashes): "
    )
    return text + _findings(found["findings"])


def _findings(found: dict[str, int]) -> str:
    """How many there are, and which."""
    return f"**{sum(found.values())}**.\n" + ("\n" + _table(("finding", "times"), list(found.items())) if found else "")


def _files(found: Record, _record: Record) -> str:
    text = (
        f"{found['attempts']:,} times one file was cut off, changed in some bytes, removed, filled with another's "
        "content, or written again with other metadata or tensors and the right checksum: models, masked and Gaussian "
        "ones, stacks, checkpoints, ensembles, folders of finished and unfinished runs, MNIST. Reading it must give "
        "what was written or an error in the package's own words, and a training or run that goes on must end in the "
        "numbers of an undisturbed one. Findings: "
    )
    return text + _findings(found["findings"])


def _samplers(found: Sequence[Record], _record: Record) -> str:
    rows = [(row["sampler"], f"{row['least']:.2g}", f"{row['ks']:.2g}") for row in found]
    text = (
        f"Each sampler against the exact distribution of all states, with {found[0]['seeds']} seeds. The p-values of a "
        "right sampler are uniform: Kolmogorov and Smirnov's test says how likely they would be further from it.\n\n"
    )
    return text + _table(("sampler", "least p-value", "Kolmogorov–Smirnov"), rows)


def _selftest(found: Record, _record: Record) -> str:
    rows = [
        (isa, f"{r['passed']} of {r['checks']}", f"{r['least_p_value']:.2g}", f"{r['seconds']:.0f}")
        for isa, r in found.items()
    ]
    text = "`rgrbm selftest` on each instruction set that the machine runs (`RGRBM_ISA`):\n\n"
    return text + _table(("instruction set", "passed", "least p-value", "seconds"), rows)


def _rows(found: Sequence[Sequence[str]], _record: Record) -> str:
    return _table(found[0], found[1:])


PARTS: dict[str, tuple[str, Callable[[Any, Record], str]]] = {
    "kills": ("Runs that are killed", _kills),
    "full_disk": ("Full disks", _full_disk),
    "interrupts": ("Ctrl-C", _interrupts),
    "fuzz": ("Wrong arguments", _fuzz),
    "files": ("Damaged files", _files),
    "samplers": ("Samplers", _samplers),
    "selftest": ("Self-test", _selftest),
    "sanitizers": ("Sanitizers", _rows),
    "coverage": ("Coverage", _rows),
    "wheel": ("A wheel for others", _rows),
    "platforms": ("Platforms and versions", _rows),
}
