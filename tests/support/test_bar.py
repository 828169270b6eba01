"""The progress bar takes one line of the terminal, whatever its width."""

import io
import re

import pytest
from rich.console import Console

from rgrbm._support.progress import progress_bar

NOTE = "reconstruction error 0.0846"


def lines_of_bar(width, *, description="training", note=NOTE):
    console = Console(file=io.StringIO(), force_terminal=True, width=width, color_system=None)
    with progress_bar(description, 170_000, unit="epochs", show=True, console=console) as advance:
        for _ in range(10):
            advance(17_000, note)
    printed = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", console.file.getvalue())
    return [line for line in re.split(r"[\r\n]+", printed) if line]


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_one_line_with_room_for_an_echoed_ctrl_c(width):
    lines = lines_of_bar(width)
    assert max(map(len, lines)) <= width - 3
    assert all(line.startswith("training ") for line in lines)
    assert "170000/170000" in lines[-1]


def test_what_matters_least_is_left_out_first():
    assert "epochs/s" in lines_of_bar(120)[-1]
    assert NOTE in lines_of_bar(80)[-1]
    assert "epochs/s" not in lines_of_bar(80)[-1]
    assert "reconstruction" not in lines_of_bar(60)[-1]
    assert re.search(r"0:00:0\d 0:00:0\d$", lines_of_bar(60)[-1].rstrip())


def test_square_brackets_are_no_markup():
    assert "[/b] training" in lines_of_bar(120, description="[/b] training", note="[/i]")[-1]
