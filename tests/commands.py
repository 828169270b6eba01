"""The command line run here, where Python has started and read its packages already."""

from types import SimpleNamespace

from typer.testing import CliRunner

from rgrbm import set_num_threads
from rgrbm.cli import app


def run_command(*arguments):
    """What ``subprocess.run(["rgrbm", *arguments], capture_output=True, text=True)`` gives, two seconds sooner."""
    done = CliRunner().invoke(app, arguments)
    set_num_threads(0)  # as --threads leaves it in this process
    return SimpleNamespace(returncode=done.exit_code, stdout=done.stdout, stderr=done.stderr)
