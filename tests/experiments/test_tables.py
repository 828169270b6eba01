"""Tables of results have every cell whole, however narrow the console."""

import io

import pytest
from rich.console import Console
from rich.table import Table

import rgrbm
from rgrbm.experiments import experiment, flow, ising_1d, run_folder, scan
from rgrbm.experiments.catalogue import EXPERIMENTS
from rgrbm.experiments.results_table import show
from rgrbm.experiments.run_files import RunFiles
from small_runs import RUNS, run_small


@pytest.fixture(scope="module", params=RUNS)
def shown(request, tmp_path_factory):
    """What a run asked to be shown."""
    kept = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(experiment, "show", lambda console, *parts: kept.extend(parts))
        run_small(request.param, tmp_path_factory.mktemp("run"))
    return kept


def printed(parts, width, *, terminal=True):
    console = Console(file=io.StringIO(), width=width, force_terminal=terminal, color_system=None)
    show(console, *parts)
    return console.file.getvalue()


def shown_rows(table, text):
    """Cells of each row of a table as printed, and the headers that were left out."""
    _, _, dropped = " ".join(text.split()).partition("left out at this width: ")
    dropped = dropped.split(", ") if dropped else []
    columns = [column for column in table.columns if column.header not in dropped]
    return [list(row) for row in zip(*(column.cells for column in columns), strict=True)], dropped


@pytest.mark.parametrize("terminal", [True, False])
@pytest.mark.parametrize("width", [30, 60, 80, 120])
def test_cells_are_whole_and_each_row_is_one_line(shown, width, terminal):
    tables = [part for part in shown if isinstance(part, Table)]
    assert tables
    for table in tables:
        text = printed([table], width, terminal=terminal)
        rows, dropped = shown_rows(table, text)
        assert set(dropped) <= set(table.expendable)
        lines = [" ".join(line.replace("│", " ").split()) for line in text.splitlines()]
        for row in rows:
            assert " ".join(" ".join(row).split()) in lines


@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_line_is_longer_than_the_terminal(shown, width):
    assert max(map(len, printed(shown, width).splitlines())) <= width


def test_columns_are_left_out_at_sixty_only(shown):
    assert "left out" not in printed(shown, 80)


def scan_results(J_critical=0.4406868, **row):
    """Of a scan, as large as its defaults."""
    values = {
        "energy_per_site": [-0.58802, 6e-4], "specific_heat": [1.5228, 9.3e-3], "abs_magnetization": [0.75217, 9e-4],
        "connected_susceptibility": [137.88, 0.78], "binder": [0.60158, 8e-4], "equilibrated": True, "J": 0.438,
        "model": {"lattice": "hypercubic", "shape": [64, 64], "h": 0.0}, "side": 64, "seed": 0,
    }  # fmt: skip
    maxima = [
        {"side": 64, "observable": "specific_heat", "J": [0.4383, 8e-5], "value": [2.2563, 7e-3]},
        {"side": 64, "observable": "connected_susceptibility", "J": [None, None], "value": [None, None]},
    ]
    return {
        "tasks": [values | row], "maxima": maxima, "troubles": ["side 64: [/b] cannot be estimated: it lies at an end"],
        "J_critical": [{"sides": [32, 64], "J": 0.440809, "J_stderr": 6.3e-5}], "exact": {"J_critical": J_critical},
    }  # fmt: skip


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_scan_fits(width):
    parts = scan.tables(scan_results(equilibrated=False))
    text = printed(parts, width)
    assert max(map(len, text.splitlines())) <= width
    assert "0.438 !" in text
    assert "137.88(78)" in text
    assert "[/b]" in text
    assert "–: –" not in text
    assert ("left out at this width: seed" in text) == (width < 120)


def test_an_energy_that_deviates_in_a_scan_is_marked():
    exact = rgrbm.IsingModel((64, 64), 0.438).mean_energy_per_site()
    near = printed(scan.tables(scan_results(energy_per_site=[exact + 0.0029, 1e-3])), 120)
    assert "!" not in near
    far = printed(scan.tables(scan_results(energy_per_site=[exact + 0.0031, 1e-3])), 120)
    assert "+3.1 !" in far
    assert "more than 3 standard errors" in far
    assert "beside J" not in far


def flow_results(seeds=(0,), **layer):
    values = {
        "step": 3, "exact": 0.1137, "J": 0.0985, "J_stderr": 0.0066, "amplitude": 1.122, "chi2": 75.0, "dof": 10.0,
        "reason": "", "couplings": {"J": 0.1246, "J_spread": 0.0024, "rms_other": 0.0033}, "unique_sites": 8,
        "n_hidden": 8, "n_defects": 0,
    }  # fmt: skip
    return {"flows": [{"J": 1.5, "weights": "masked", "seed": seed, "layers": [values | layer]} for seed in seeds]}


@pytest.mark.parametrize("seeds", [(0,), (0, 1)])
@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_flow_fits(width, seeds):
    text = printed(flow.tables(flow_results(seeds)), width)
    assert max(map(len, text.splitlines())) <= width
    assert "1.5 masked" in text
    assert "0.0985(66)" in text


def test_what_deviates_in_a_flow_is_marked():
    far = printed(flow.tables(flow_results()), 120)
    assert "-2.3 !" in far
    assert "7.50 !" in far
    assert "standard errors from exact" in far
    near = printed(flow.tables(flow_results(J=0.11, chi2=12.0)), 120)
    assert "!" not in near
    given = {"J": None, "J_stderr": None, "amplitude": None, "chi2": None, "dof": None, "reason": "too few [/i]"}
    refused = printed(flow.tables(flow_results(**given)), 120)
    assert "!" not in refused
    assert "    too few [/i]" in refused


def text_of(parts):
    return printed(parts, 200, terminal=True)


@pytest.mark.parametrize("name", RUNS)
def test_tables_are_the_same_from_the_file(name, tmp_path, monkeypatch):
    """What was measured and what ``results.json`` holds, where NaN is null, look alike."""
    kept = []
    monkeypatch.setattr(experiment, "show", lambda console, *parts: kept.extend(parts))
    run_small(name, tmp_path / "run")
    (listed,) = (one for one in EXPERIMENTS if one.command == name)
    folder = RunFiles(tmp_path / "run")
    results = folder.load_results()
    assert results["schema"] == listed.run.schema
    assert set(results["parameters"]) == listed.parameter_names
    assert text_of(listed.tables(results)) == text_of(kept)
    assert set(results["figures"]) == {path.name for path in folder.path.glob("*.png")}
    assert all(len(caption) > 20 for caption in results["figures"].values())


def test_what_could_not_be_determined_is_a_dash(tmp_path):
    """On few samples J′ has no value: NaN here, null in the file."""
    results = {
        "magnetization": {"data": {"mean": 0.1, "stderr": 0.02}, "reconstruction": {"mean": 0.1, "stderr": None}},
        "J_renormalized": {"exact": 0.66, "hidden": None, "hidden_stderr": None, "amplitude": None},
        "correlation": {
            "distance": [1, 2, 3], "hidden": [None] * 3, "hidden_stderr": [None] * 3, "exact": [0.5, 0.3, 0.1]
        },
        "seconds": {"sample": 1.0, "train": 1.0, "analyse": 1.0}, "n_hidden": 8, "unique_visible": 7,
        "reconstruction_error": 0.1, "reconstruction_error_decimation_bound": 0.1,
    }  # fmt: skip
    folder = run_folder.RunFolder(tmp_path)
    folder.save_results(results)
    table = ising_1d.tables(results)[0]
    here = list(table.columns[2].cells)
    assert here[1:6] == ["0.100(20)", "0.1", "7 of 8", "–", "–"]
    assert "J′ has no value" not in text_of(ising_1d.tables(results))  # an older file, without a reason
    reasoned = results | {"J_renormalized": results["J_renormalized"] | {"reason": "too few distances"}}
    assert "J′ has no value: too few distances" in text_of(ising_1d.tables(reasoned))
    nan = {"hidden": float("nan"), "hidden_stderr": float("nan"), "amplitude": float("nan")}
    measured = results | {"J_renormalized": results["J_renormalized"] | nan}
    assert text_of(ising_1d.tables(measured)) == text_of(ising_1d.tables(folder.load_results()))


def ring_results(**renormalized):
    values = {"exact": 0.3501, "hidden": 0.36, "hidden_stderr": 0.005, "amplitude": 1.0, "reason": "", "factor": 4}
    return {
        "magnetization": {of: {"mean": 0.0, "stderr": 0.1} for of in ("data", "reconstruction")},
        "J_renormalized": values | renormalized,
        "correlation": {"distance": [1], "hidden": [0.33], "hidden_stderr": [0.01], "exact": [0.3364]},
        "seconds": {"sample": 1.0, "train": 1.0, "analyse": 1.0}, "n_hidden": 16, "unique_visible": 16,
        "reconstruction_error": 0.16, "reconstruction_error_decimation_bound": 0.157,
    }  # fmt: skip


def test_what_deviates_on_a_ring_is_marked():
    near = text_of(ising_1d.tables(ring_results()))
    assert "!" not in near
    assert "decimation by 4" in near
    far = text_of(ising_1d.tables(ring_results(hidden=0.37)))
    assert "0.3700(50) !" in far
    assert "!: more than 3 standard errors from exact" in far
