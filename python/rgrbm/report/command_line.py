"""The command that repeats a run, of the parameters that it has kept."""

import shlex
from dataclasses import MISSING, fields
from typing import Any

from rgrbm.experiments.catalogue import EXPERIMENTS, Experiment
from rgrbm.experiments.options import names_of_positional


def differing(experiment: Experiment, parameters: dict[str, Any]) -> dict[str, Any]:
    """Those parameters of a run that are not the experiment's defaults, the seed, and what is given by its place.

    Parameters
    ----------
    experiment : Experiment
        What was run.
    parameters : dict
        All parameters of the run, as in JSON.

    Returns
    -------
    dict
        Some of ``parameters``.
    """
    default, always = defaults(experiment), {"seed", *names_of_positional(experiment.parameters)}
    return {
        name: value
        for name, value in parameters.items()
        if name in always or name not in default or default[name] != value
    }


def defaults(experiment: Experiment) -> dict[str, Any]:
    """The experiment's defaults, as in JSON, which has lists for tuples."""
    given = {field.name: field.default for field in fields(experiment.parameters) if field.default is not MISSING}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in given.items()}


def command_line(command: str, parameters: dict[str, Any], out: str) -> list[str]:
    """The words of a command line, each option with its value.

    Parameters
    ----------
    command : str
        Name of the experiment.
    parameters : dict
        Those to give, as in JSON. None is what an option is that nobody has given, and is left out.
    out : str
        Folder for the results.

    Returns
    -------
    list of str
        The command and its options, quoted for a shell where that is needed.

    Examples
    --------
    >>> from rgrbm.report.command_line import command_line
    >>> " ".join(command_line("ising1d", {"n_spins": 16, "burn_in": None, "centered": True}, "my run"))
    "rgrbm ising1d --n-spins 16 --centered --out 'my run'"
    """
    positional = [name for e in EXPERIMENTS if e.command == command for name in names_of_positional(e.parameters)]
    words = [f"rgrbm {shlex.quote(command)}"]
    words += [shlex.quote(str(parameters[name])) for name in positional if name in parameters]
    for name, value in parameters.items():
        if name in positional:
            continue
        option = name.replace("_", "-")
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, bool):
                words.append(shlex.quote(f"--{option}" if item else f"--no-{option}"))
            elif item is not None:
                words.append(f"{shlex.quote('--' + option)} {shlex.quote(str(item))}")
    return [*words, f"--out {shlex.quote(out)}"]
