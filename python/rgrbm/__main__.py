"""Lets ``python -m rgrbm`` be the command line."""

from rgrbm.cli import app

app(prog_name="rgrbm")
