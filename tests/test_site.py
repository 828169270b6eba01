"""The reference lists every public name: what a room's stub names is on docs/api.md, under it or at the top level."""

import ast
import importlib
import re
from pathlib import Path

import pytest

import rgrbm

PACKAGE = Path(rgrbm.__file__).parent
API = Path(__file__).parents[1] / "docs" / "api.md"
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
