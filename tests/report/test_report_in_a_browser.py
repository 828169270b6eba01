"""The page of a run in Chromium, as wide as a desk's screen and as a telephone's: no broken image, no text cut off."""

import json
import shutil

import pytest

from rgrbm.experiments.run_folder import RunFolder
from rgrbm.report import write_report
from small_runs import RUNS

webdriver = pytest.importorskip("selenium.webdriver", reason="selenium, which drives a browser, is not installed")

# Everything that a reader could not see: what is wider than the window or than its own box, unless a box of its own
# scrolls, and images that are not drawn. What the page's own policy forbids, loading anything, stands in the log.
PROBLEMS = """
const problems = [];
const root = document.documentElement;
if (root.scrollWidth > innerWidth) problems.push(`the page is ${root.scrollWidth} wide`);
for (const image of document.images)
  if (!image.complete || image.naturalWidth === 0 || image.getBoundingClientRect().width < 50)
    problems.push(`the image ${image.alt} is broken`);
for (const element of document.body.querySelectorAll("*")) {
  const style = getComputedStyle(element), box = element.getBoundingClientRect();
  if (style.display === "none" || box.width === 0) continue;
  const said = `${element.tagName}.${element.className} "${element.textContent.trim().slice(0, 60)}"`;
  const scroller = element.closest(".scroll");
  if (!scroller && (box.right > innerWidth + 1 || box.left < -1)) problems.push(`${said} is out of the window`);
  if (scroller === element && style.overflowX !== "auto") problems.push(`${said} does not scroll`);
  if (scroller !== element && style.display !== "inline" && element.scrollWidth > element.clientWidth + 1)
    problems.push(`${said} runs over its box`);
  if (element.scrollHeight > element.clientHeight + 1 && style.overflowY === "hidden")
    problems.push(`${said} is cut off`);
}
return problems;
"""
OPEN_ALL = "for (const part of document.querySelectorAll('details')) part.open = true"


@pytest.fixture(scope="module")
def browser():
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if chromium is None or driver is None:
        pytest.skip("Chromium and its driver are not installed (Debian: chromium, chromium-driver)")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    browser = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    yield browser
    browser.quit()


def problems(browser, path, width):
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    browser.get(path.resolve().as_uri())
    assert browser.execute_script("return innerWidth") == width
    browser.execute_script(OPEN_ALL)
    logged = [entry["message"] for entry in browser.get_log("browser")]
    return browser.execute_script(PROBLEMS) + logged


@pytest.mark.parametrize("width", [1280, 400])
def test_runs(browser, finished, tmp_path, width):
    page = write_report(finished, tmp_path / "page.html")
    assert problems(browser, page, width) == []
    assert browser.execute_script("return document.images.length") == len(list(finished.glob("*.png")))


@pytest.mark.parametrize("width", [1280, 400])
def test_long_names_and_many_numbers(browser, ising, tmp_path, width):
    """Nothing that a folder may hold runs over: names without spaces, long arrays, wide matrices, deep trees."""
    name = "averylongname" * 12
    path = tmp_path / f"{name[:100]}"
    shutil.copytree(ising, path)
    results = json.loads((path / "results.json").read_text(encoding="utf-8"))
    results["parameters"]["gradient"] = f"/{name}/{name}"
    results["software"]["compiler"] = name
    results[name] = {name: [k / 7 for k in range(300)], "matrix": [[k / 7] * 60 for k in range(4)], "text": name}
    deep = {"value": 1.5, "name": name}
    for _ in range(10):
        deep = {"value": 1.5, name: deep}
    results["diagnosis"] = {"numbers": list(range(1000)), "deep": deep, "records": [{name: 1, "b": 2}] * 3}
    results["figures"]["loss.png"] = f"{name}. {name}"
    results["figures"][f"{name}.png"] = ""  # lost
    (path / "results.json").write_text(json.dumps(results), encoding="utf-8")
    assert problems(browser, write_report(path), width) == []


@pytest.mark.parametrize("width", [1280, 400])
def test_runs_that_are_not_finished(browser, tmp_path, ctrl_c, width):
    run, parameters = RUNS["ising1d"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("rgrbm.experiments.ising_1d._analyse", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt()))
        with pytest.raises(KeyboardInterrupt):
            run(parameters, RunFolder(tmp_path / "run"))
    page = write_report(tmp_path / "run")
    assert problems(browser, page, width) == []
    assert browser.execute_script("return document.images.length") == 1


BROKEN = {
    "the image": '<img src="data:image/png;base64,AAAA" alt="a">',
    "the page is": '<div style="width: 2000px">wide</div>',
    "out of the window": '<p style="position: absolute; left: -200px">left</p>',
    "runs over its box": '<div style="width: 80px"><span style="white-space: nowrap">'
    + "much text " * 5
    + "</span></div>",
    "is cut off": '<div style="height: 10px; overflow: hidden">two<br>lines</div>',
    "Content Security Policy": '<img src="other.png" alt="b">',
}


@pytest.mark.parametrize("problem", BROKEN)
def test_problems_are_seen(browser, ising, tmp_path, problem):
    """The judge of the pages is judged: it finds each kind of problem in a page that has it, and none without."""
    page = write_report(ising, tmp_path / "page.html")
    shutil.copy(ising / "loss.png", tmp_path / "other.png")
    text = page.read_text(encoding="utf-8")
    page.write_text(text.replace("<main>", f"<main>{BROKEN[problem]}"), encoding="utf-8")
    row = problems(browser, page, 1280)
    assert any(problem in said for said in row), row
    page.write_text(text, encoding="utf-8")
    assert problems(browser, page, 1280) == []
