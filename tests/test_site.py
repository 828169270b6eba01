"""The reference lists every public name, at the top level or in its room, and built pages need no network."""

import ast
import importlib
import re
import runpy
from pathlib import Path

import pytest

import rgrbm

PACKAGE = Path(rgrbm.__file__).parent
ROOT = Path(__file__).parents[1]
API = ROOT / "docs" / "api.md"
STUBS = {
    ".".join(("rgrbm", *path.parent.relative_to(PACKAGE).parts)): path
    for path in PACKAGE.rglob("__init__.pyi")
    if not any(part.startswith("_") for part in path.parent.relative_to(PACKAGE).parts)
}


def listed():
    """Names on the page, with the module that it lists them under."""
    module, names = None, {}
    for line in API.read_text(encoding="utf-8").splitlines():
        if heading := re.match(r"\.\. currentmodule:: (\S+)", line):
            module = heading[1]
        elif row := re.fullmatch(r"(?:   |\.\. py:data:: )(\w+)", line):
            names.setdefault(module, []).append(row[1])
    return names


def public(stub):
    """What a stub names in ``__all__``, but for the rooms in it."""
    tree = ast.parse(stub.read_text(encoding="utf-8"))
    lists = [node.value for node in tree.body if isinstance(node, ast.Assign) and node.targets[0].id == "__all__"]
    return ast.literal_eval(lists[0])


@pytest.mark.parametrize("module", sorted(STUBS))
def test_every_public_name_is_in_the_reference(module):
    page = listed()
    missing = [
        name
        for name in public(STUBS[module])
        if name not in page["rgrbm"] and name not in page.get(module, ()) and f"{module}.{name}" not in page
    ]
    assert not missing, f"docs/api.md does not list {missing} of {module}: add them under it"


@pytest.mark.parametrize("module", sorted(listed()))
def test_the_reference_lists_public_names_only_and_once(module):
    names = listed()[module]
    assert len(names) == len(set(names))
    room = importlib.import_module(module)
    assert not [name for name in names if name.startswith("_") or not hasattr(room, name)]


@pytest.mark.parametrize(
    ("element", "problem"),
    [
        ('<a href="https://example.org/">a link to follow</a>', None),
        ('<a href="#here">an anchor of the page</a>', None),
        ('<a href="style.css">a file</a>', None),
        ('<script src="https://example.org/math.js"></script>', "page.html loads https://example.org/math.js"),
        ('<link href="//example.org/x.css">', "page.html loads //example.org/x.css"),
        ("<style>@import 'https://example.org/x.css';</style>", "page.html loads @import 'https://example.org/x.css"),
        (
            '<style>p { src: url("https://example.org/f.woff") }</style>',
            'page.html loads url("https://example.org/f.woff',
        ),
        ('<a href="#nowhere">x</a>', "page.html links to #nowhere: no such anchor"),
        ('<a href="other.html">x</a>', "page.html links to other.html: no such file"),
        ("<span>[Rb2814643c875-1]</span>", "page.html shows the raw label [Rb2814643c875-1]"),
    ],
)
def test_a_page_that_needs_the_network_or_links_to_nothing_is_reported(tmp_path, element, problem):
    (tmp_path / "style.css").write_text("p { color: black }", encoding="utf-8")
    (tmp_path / "page.html").write_text(f'<p id="here">text</p>{element}', encoding="utf-8")
    problems = runpy.run_path(str(ROOT / "tools" / "check_site.py"))["problems"](tmp_path)
    assert len(problems) == (problem is not None)
    assert all(line.startswith(problem) for line in problems)
