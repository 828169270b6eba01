"""Tables of results have every number whole, however narrow the console."""

import io
import re

import pytest
from made_up_digits import made_up
from rich.console import Console
from rich.table import Table

from rgrbm.experiments import experiment, flow, ising_1d, mnist, run_folder
from rgrbm.experiments.comparison import show

SMALL_FLOW = {
    "J": [0.8, 1.2], "n_spins": 16, "n_steps": 2, "n_train": 1000, "batch_size": 100, "n_epochs": 20,
    "n_measured": 10_000, "n_flow_steps": 2, "n_flow_samples": 50,
}  # fmt: skip
RUNS = {
    "ising1d": (
        ising_1d.run_ising_1d,
        ising_1d.Ising1DParameters(n_spins=16, n_train=100, n_test=50, n_epochs=20, n_measured=1000),
    ),
    "mnist": (mnist.run_mnist, mnist.MNISTParameters(n_each=20, n_hidden=10, n_epochs=5, n_chains=20, n_betas=200)),
    "flow": (flow.run_flow, flow.FlowParameters(**SMALL_FLOW)),
}


@pytest.fixture(scope="module", params=RUNS)
def shown(request, tmp_path_factory):
    """What a run asked to be shown."""
    kept = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(experiment, "show", lambda console, *parts: kept.extend(parts))
        patch.setattr(mnist, "load_mnist", made_up)
        patch.setattr(mnist, "mnist_splits", lambda data=None: ("train", "test"))
        run, parameters = RUNS[request.param]
        run(parameters, run_folder.RunFolder(tmp_path_factory.mktemp("run")), Console(file=io.StringIO()))
    return kept


def numbers(table):
    cells = [cell for column in table.columns if column.justify == "right" for cell in column.cells]
    assert len(cells) > 20
    assert all(isinstance(cell, str) for cell in cells)
    return cells


def printed(parts, width, *, terminal):
    console = Console(file=io.StringIO(), width=width, force_terminal=terminal, color_system=None)
    show(console, *parts)
    return console.file.getvalue()


@pytest.mark.parametrize(("width", "terminal"), [(200, True), (80, True), (80, False), (60, False), (30, True)])
def test_every_number_is_whole(shown, width, terminal):
    tables = [part for part in shown if isinstance(part, Table)]
    assert tables
    text = printed(shown, width, terminal=terminal)
    assert "…" not in text.replace(" … ", " ")  # an interval's
    for table in tables:
        for number in numbers(table):
            assert re.search(rf"(?<![\w.+-]){re.escape(number)}(?![\w.(%])", text), number
        # Each row's last column is on one line with its number: all of them are where they belong.
        assert all(cell in text for cell in table.columns[-1].cells)


def test_tables_fit_into_eighty_columns(shown):
    assert max(map(len, printed(shown, 80, terminal=True).splitlines())) <= 80
