"""The page of a run: what it holds, that it holds it alone, and what it refuses."""

import base64
import io
import json
import math
import re
import shlex
import shutil
import signal

import pytest
from pages import Page, read
from PIL import Image
from rich.table import Table
from typer.testing import CliRunner

from rgrbm import set_num_threads
from rgrbm.cli import app
from rgrbm.experiments import ising_1d
from rgrbm.experiments.catalogue import EXPERIMENTS
from rgrbm.experiments.run_folder import RunFolder
from rgrbm.report import write_report
from rgrbm.report.grids import LISTED, shown
from small_runs import RUNS, use_made_up_digits, use_small_papers

PNG = "data:image/png;base64,"


def cli(*arguments):
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    set_num_threads(0)
    return result


def results_of(run):
    return json.loads((run / "results.json").read_text(encoding="utf-8"))


def changed(run, path, change):
    """A copy of a run whose results are others."""
    shutil.copytree(run, path)
    results = results_of(path)
    change(results)
    (path / "results.json").write_text(json.dumps(results), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def page(finished, tmp_path_factory):
    return read(write_report(finished, tmp_path_factory.mktemp("pages") / "page.html"))


def numbers(value, name=""):
    """All numbers in an object of JSON; of long lists those that the page lists before it says how many there are."""
    if isinstance(value, dict):
        return [number for item in value.values() for number in numbers(item)]
    if isinstance(value, list):
        scalars = not any(isinstance(item, list | dict) for item in value)
        return [number for item in (value[:LISTED] if scalars else value) for number in numbers(item)]
    return [value] if isinstance(value, int | float) and not isinstance(value, bool) else []


def test_all_numbers_are_there(finished, page):
    results = results_of(finished)
    there = {word for cell in page.cells for word in (cell, *re.split(r",? |by default", cell))}
    values = numbers({key: value for key, value in results.items() if key != "software"})
    assert len(values) > 30
    assert {shown(value) for value in values} <= there
    (link,) = (a["href"] for a in page.all("a") if "download" in a)
    assert json.loads(base64.b64decode(link.removeprefix("data:application/json;base64,"))) == results


def test_tables_of_the_console_are_there(finished, page):
    results = results_of(finished)
    (experiment,) = (one for one in EXPERIMENTS if one.run.schema == results["schema"])
    tables = [part for part in experiment.tables(results) if isinstance(part, Table)]
    assert tables
    for table in tables:
        assert table.title in page.text
        cells = [[str(column.header), *column.cells] for column in table.columns]
        expected = [cell for row in zip(*cells, strict=True) for cell in row]
        assert any(page.cells[k : k + len(expected)] == expected for k in range(len(page.cells)))
    lines = " ".join(part for part in experiment.tables(results) if isinstance(part, str)).split()
    assert set(lines) <= set(page.text.split())


def test_figures_are_inside(finished, page):
    images = page.all("img")
    files = {base64.b64encode(path.read_bytes()).decode() for path in finished.glob("*.png")}
    assert {image["src"].removeprefix(PNG) for image in images} == files
    for image in images:
        with Image.open(io.BytesIO(base64.b64decode(image["src"].removeprefix(PNG)))) as picture:
            picture.verify()
            assert (int(image["width"]), int(image["height"])) == (picture.width // 2, picture.height // 2)
        assert len(image["alt"]) > len("Figure: ")
    for caption in results_of(finished)["figures"].values():
        assert caption.split(". ")[0].rstrip(".") in page.text


def test_parameters_and_versions_are_there(finished, page):
    results = results_of(finished)
    cells = page.cells[page.cells.index("parameter") :]
    for name, value in results["parameters"].items():
        cell = next(k for k, text in enumerate(cells) if text.split(" ")[0] == name)
        assert cells[cell + 1].split("by default")[0] == shown(value)
    for name, value in results["software"].items():
        assert page.cells[page.cells.index(name.replace("_", " ")) + 1] == shown(value)


def test_nothing_is_loaded_and_nothing_runs(page, finished):
    assert not page.all("script")
    policies = [meta["content"] for meta in page.all("meta") if meta.get("http-equiv") == "Content-Security-Policy"]
    assert policies == ["default-src 'none'; img-src data:; style-src 'unsafe-inline'"]
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)
    for _, attributes in page.tags:
        for name in ("src", "href", "srcset", "action", "data", "poster", "background"):
            if name in attributes:
                assert attributes[name].startswith(("data:", "#"))
    text = write_report(finished, finished / "report.html").read_text(encoding="utf-8")
    (finished / "report.html").unlink()
    assert "http://" not in text
    assert "https://" not in text
    style = re.search("<style>(.*)</style>", text, re.DOTALL)[1]
    assert "url(" not in style
    assert "@import" not in style


def test_it_can_be_read_by_all(page):
    """By those who hear it as well: language, one heading above all, names of tables and what their headers are of."""
    assert page.all("html") == [{"lang": "en"}]
    assert len(page.all("h1")) == 1
    headings = [tag for tag, _ in page.tags if tag in ("h1", "h2", "h3")]
    assert headings[0] == "h1"
    assert all("scope" in header for header in page.all("th"))
    boxes = [box for box in page.all("div") if box.get("class") == "scroll"]
    assert len(boxes) >= len(page.all("table"))
    assert all(box["aria-label"] for box in boxes)
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(set(ids)) == len(ids)
    assert {a["href"][1:] for a in page.all("a") if a["href"].startswith("#")} <= set(ids)
    assert {section["aria-labelledby"] for section in page.all("section")} <= set(ids)


@pytest.mark.parametrize("k", [0, 1], ids=["short", "whole"])
def test_its_command_repeats_the_run(finished, page, tmp_path, monkeypatch, k):
    """Word by word, as a shell would split it, in an empty folder."""
    command = re.findall(r"rgrbm [^\n]*--out \S+", page.text)[k]
    program, *words = shlex.split(command)
    assert program == "rgrbm"
    monkeypatch.chdir(tmp_path)
    use_made_up_digits(monkeypatch)
    use_small_papers(monkeypatch)
    done = cli(*words)
    assert done.exit_code == 0, done.output
    ours, theirs = results_of(tmp_path / f"{finished.name}-again"), results_of(finished)
    for result in (ours, theirs):
        del result["software"]
        for part in (result, *result.get("flows", ())):
            part.pop("seconds", None)
    assert ours == theirs


def test_text_of_others_is_only_text(ising, tmp_path):
    """Nothing in a folder becomes part of the page's own HTML, not even the folder's name."""
    attack = "<script>alert(1)</script>"

    def change(results):
        results["parameters"]["gradient"] = attack
        results["software"]["rgrbm"] = attack
        results["sampling"][attack] = attack
        results["diagnosis"] = {attack: [attack, '"><img src=x onerror=alert(1)>']}
        results["figures"] = {"loss.png": f'"><b>{attack}. {attack}'}

    run = changed(ising, tmp_path / "<b>a & b", change)
    text = write_report(run).read_text(encoding="utf-8")
    page = Page(text)
    assert "<script" not in text
    assert not page.all("script")
    assert not page.all("b")
    assert all(image["src"].startswith(PNG) for image in page.all("img"))
    assert page.text.count(attack) >= 7
    assert "<b>a & b" in page.text
    assert shlex.quote(attack) in page.text  # in the command, as one word


def test_diagnostics_are_shown(ising, tmp_path):
    """Whatever their names are: numbers, arrays, tables of both kinds, and a figure."""
    result = {
        "gap": 1.25, "dead_units": [], "r_hat": None, "memorised": False,
        "singular_values": [k / 7 for k in range(200)],
        "log_likelihood": {"train": {"mean": -97.5, "lower": -98.5}, "test": {"mean": -99.5, "lower": -99.75}},
        "energies": {"x": [1, 2, 3], "model": [0.125, 0.375, None]}, "pairs": [[1, 2], [3, 5]],
        "deep": [[[1, 2], [3]], "text"], "units": [{"unit": 3, "why": "dead"}, {"unit": 5, "why": "saturated"}],
        "mixed": [{"name": "a", "values": [1, 2]}, {"other": {"b": 17.5}}],
    }  # fmt: skip

    def change(results):
        results["diagnosis"] = result
        results["figures"]["diagnosis.png"] = ""

    run = changed(ising, tmp_path / "run", change)
    shutil.copy(run / "loss.png", run / "diagnosis.png")
    page = read(write_report(run))
    assert len(page.all("img")) == 5
    assert "#diagnostics" in [a["href"] for a in page.all("a")]
    cells = page.cells[page.cells.index("gap") : page.cells.index("parameter")]
    following = {cell: cells[k + 1 : k + 5] for k, cell in enumerate(cells)}
    assert following["gap"][0] == "1.25"
    assert following["dead units"][0] == "none"
    assert following["r hat"][0] == "–"
    assert following["memorised"][0] == "no"
    assert following["singular values"][0].startswith("0, 0.1429, ")
    assert following["singular values"][0].endswith("(200 in all)")
    assert following["train"][:2] == ["-97.5", "-98.5"]
    assert following["x"] == ["model", "1", "0.125", "2"]
    assert "dead" in page.cells
    for value in ("17.5", "saturated", '[[[1, 2], [3]], "text"]'):
        assert value in page.cells
    assert "2 (" not in page.text.split("mixed")[0]
    assert "1 (name a)" in page.text


def test_a_stopped_run_tells_how_far_it_is(ising, tmp_path, ctrl_c):
    path = tmp_path / "run"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ising_1d, "_analyse", lambda *_: signal.raise_signal(signal.SIGINT))
        with pytest.raises(KeyboardInterrupt):
            RUNS["ising1d"][0](RUNS["ising1d"][1], RunFolder(path))
    before = {file.name for file in path.iterdir()}
    done = cli("report", path)
    assert done.exit_code == 0, done.stderr
    page = read(path / "report.html")
    assert "not finished" in page.text
    row = page.cells.index("model")
    assert page.cells[row + 1] == "20"
    assert len(page.all("img")) == 1
    assert {file.name for file in path.iterdir()} == before | {"report.html"}
    (command,) = re.findall(r"rgrbm [^\n]*--resume", page.text)
    resumed = cli(*shlex.split(command)[1:])
    assert resumed.exit_code == 0, resumed.output
    ours, theirs = results_of(path), results_of(ising)
    assert ours["correlation"] == theirs["correlation"]
    assert "not finished" not in read(write_report(path)).text


def test_a_run_of_several_trainings_tells_which_are_done(tmp_path, ctrl_c):
    path = tmp_path / "run"
    run, parameters = RUNS["flow"]
    original, calls = RunFolder.fit, []

    def stop_at_the_third(self, *arguments, **options):
        original(self, *arguments, **options)
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(RunFolder, "fit", stop_at_the_third)
        with pytest.raises(KeyboardInterrupt):
            run(parameters, RunFolder(path))
    page = read(write_report(path))
    for cells in (
        ["seed0-J0.8-shared-layer1", "20"],
        ["seed0-J0.8-shared-layer2", "20"],
        ["part", "seed0-J0.8-shared"],
    ):
        k = page.cells.index(cells[0])
        assert page.cells[k : k + 2] == cells


def test_a_run_that_has_only_begun(tmp_path):
    RunFolder(tmp_path / "run").start(dict.fromkeys(EXPERIMENTS[1].parameter_names))
    page = read(write_report(tmp_path / "run"))
    assert "not finished" in page.text
    assert "rgrbm mnist" in page.text


def test_old_results_beside_a_new_start_are_not_shown(ising, tmp_path):
    """A forced start that was cut off: the folder still has the results of before, but they are not this run's."""
    shutil.copytree(ising, tmp_path / "run")
    record = json.loads((ising / "parameters.json").read_text())
    record |= {"parameters": record["parameters"] | {"J": 0.125}, "replacing": True}
    (tmp_path / "run" / "parameters.json").write_text(json.dumps(record))
    page = read(write_report(tmp_path / "run"))
    assert "not finished" in page.text
    assert "0.125by default 1" in page.cells
    assert not page.all("img")


def test_an_experiment_of_another_version(ising, tmp_path):
    def change(results):
        results["schema"] = "rgrbm.ising9d/3"
        results["parameters"] = {"n_spins": 8, "twisted": False, "path": "a b", "J": [0.5, 1.5], "none": None}

    page = read(write_report(changed(ising, tmp_path / "run", change)))
    assert "rgrbm.ising9d/3" in page.text
    assert len(page.all("img")) == 5
    command = "rgrbm ising9d --n-spins 8 --no-twisted --path 'a b' --J 0.5 --J 1.5 --out run-again"
    assert command in page.text


def test_figures_of_runs_that_do_not_name_them(ising, tmp_path):
    page = read(write_report(changed(ising, tmp_path / "run", lambda results: results.pop("figures"))))
    assert len(page.all("img")) == 5
    assert "Correlation." in page.text


def test_only_the_run_s_own_figures_are_shown(ising, tmp_path):
    """Not what another run has left in the folder; and one that is lost is reported as lost."""
    shutil.copytree(ising, tmp_path / "run")
    shutil.copy(tmp_path / "run" / "loss.png", tmp_path / "run" / "samples.png")
    (tmp_path / "run" / "weights.png").unlink()
    page = read(write_report(tmp_path / "run"))
    assert len(page.all("img")) == 4
    assert "weights.png is missing" in page.text


def test_the_default_place_and_what_is_printed(ising, tmp_path):
    shutil.copytree(ising, tmp_path / "run")
    done = cli("report", tmp_path / "run")
    assert done.exit_code == 0
    assert done.stdout.split() == [str(tmp_path / "run" / "report.html")]
    again = cli("report", tmp_path / "run")  # over its own
    assert again.exit_code == 0
    assert {file.name for file in (tmp_path / "run").iterdir()} == {file.name for file in ising.iterdir()} | {
        "report.html"
    }


def test_files_of_others_are_kept(ising, tmp_path):
    mine = tmp_path / "notes.html"
    mine.write_text("<p>mine</p>")
    refused = cli("report", ising, "--out", mine)
    assert refused.exit_code == 2
    assert "--force" in refused.stderr
    assert mine.read_text() == "<p>mine</p>"
    assert cli("report", ising, "--out", mine, "--force").exit_code == 0
    assert "ising1d" in read(mine).text
    for name, message in (("results.json", "end in .html"), ("no/page.html", "does not exist")):
        refused = cli("report", ising, "--out", tmp_path / name, "--force")
        assert refused.exit_code == 2
        assert message in refused.stderr
    (tmp_path / "folder.html").mkdir()
    refused = cli("report", ising, "--out", tmp_path / "folder.html")
    assert refused.exit_code == 2
    assert "is a folder" in refused.stderr


def test_a_failed_write_leaves_the_old_page(ising, tmp_path, monkeypatch):
    page = write_report(ising, tmp_path / "page.html")
    before = page.read_bytes()
    monkeypatch.setattr("pathlib.Path.replace", lambda *_: (_ for _ in ()).throw(PermissionError("not here")))
    refused = cli("report", ising, "--out", page)
    assert refused.exit_code == 2
    assert "cannot be written: not here" in refused.stderr
    assert page.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["page.html"]


def without(*keys):
    def change(results):
        for key in keys[:-1]:
            results = results[key]
        del results[keys[-1]]

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (without("schema"), "expected a schema"),
        (lambda results: results.update(schema="another.program/1"), "expected a schema"),
        (lambda results: results.update(schema=7), "expected a schema"),
        (without("parameters"), "expected parameters"),
        (lambda results: results.update(parameters=[1]), "expected parameters"),
        (without("J_renormalized", "exact"), "'exact' is missing"),
        (lambda results: results.update(correlation=None), "does not hold results"),
        (lambda results: results.update(correlation=7), "does not hold results"),
        (lambda results: results.update(correlation={"distance": []}), "does not hold results|is missing"),
        (lambda results: results.update(figures=["loss.png"]), "figures must be"),
        (lambda results: results.update(figures={"../run/loss.png": ""}), "no figure's file name"),
        (lambda results: results.update(figures={"model.safetensors": ""}), "no figure's file name"),
    ],
)
def test_broken_results(ising, tmp_path, change, message):
    refused_without_a_trace(changed(ising, tmp_path / "run", change), message)


def refused_without_a_trace(run, message):
    before = {file: file.read_bytes() for file in run.rglob("*") if file.is_file()}
    refused = cli("report", run)
    assert refused.exit_code == 2
    assert re.search(message, refused.stderr), refused.stderr
    assert len(refused.stderr.splitlines()) == 1
    assert {file: file.read_bytes() for file in run.rglob("*") if file.is_file()} == before


@pytest.mark.parametrize("content", [b"", b"{", b"[1, 2]", b'"text"', b"\xff\xfe", b"[" * 100_000])
def test_results_that_are_no_results(ising, tmp_path, content):
    shutil.copytree(ising, tmp_path / "run")
    (tmp_path / "run" / "results.json").write_bytes(content)
    refused_without_a_trace(tmp_path / "run", r"results\.json is no")


@pytest.mark.parametrize("keep", [0, 7, 20, -1])
def test_figures_that_are_cut_off(ising, tmp_path, keep):
    shutil.copytree(ising, tmp_path / "run")
    figure = tmp_path / "run" / "loss.png"
    figure.write_bytes(figure.read_bytes()[:keep])
    refused_without_a_trace(tmp_path / "run", r"loss\.png is no PNG")


def test_places_that_are_no_run(ising, tmp_path):
    refused_without_a_trace(tmp_path, "neither results.json nor parameters.json")
    (tmp_path / "parameters.json").write_text('{"mine": 1}')
    refused_without_a_trace(tmp_path, "of no experiment that this version knows")
    (tmp_path / "parameters.json").write_text("{")
    refused_without_a_trace(tmp_path, "cannot be read")
    for path, message in ((tmp_path / "none", "no folder"), (ising / "loss.png", "but a file")):
        refused = cli("report", path)
        assert refused.exit_code == 2
        assert message in refused.stderr
    assert not (tmp_path / "none").exists()


def test_broken_checkpoints(ising, tmp_path):
    shutil.copytree(ising, tmp_path / "run")
    (tmp_path / "run" / "results.json").unlink()
    (tmp_path / "run" / "checkpoint.safetensors").write_bytes(b"no checkpoint")
    refused_without_a_trace(tmp_path / "run", "checkpoint.safetensors")


def test_values_as_text():
    assert shown(math.nan) == "–"
    assert shown(1e-12) == "1e-12"
    assert shown(True) == "yes"
    assert shown("01") == "01"
    assert shown({"a": [1]}) == '{"a": [1]}'
