"""The rooms of the package: imports point down, reach no private names of other rooms, and go in no circle."""

import ast
import graphlib
import re
from pathlib import Path

import pytest

import rgrbm

PACKAGE = Path(rgrbm.__file__).parent
# From the bottom. A room imports from itself and from rooms before it; docs/architecture.md says what each is for.
ROOMS = (
    "_core",
    "_support",
    "statistics",
    "datasets",
    "spins",
    "model",
    "mechanics",
    "likelihood",
    "rbm",
    "mcrg",
    "rg",
    "plots",
    "diagnostics",
    "experiments",
    "report",
    "selftest",
    "cli",
)
FILES = {
    ".".join(("rgrbm", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__"): path
    for path in PACKAGE.rglob("*.py")
}
INSIDE = sorted(name for name in FILES if name.count(".") >= 1 and name != "rgrbm.__main__")


def imports(module):
    """Modules of the package that one imports anywhere in its text or stub, with the names taken."""
    stub = FILES[module].with_suffix(".pyi")  # what the __init__ of a room gathers is there
    for node in (node for file in (FILES[module], stub) if file.exists() for node in ast.walk(_parsed(file))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, None) for alias in node.names if alias.name.split(".")[0] == "rgrbm")
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports relative to itself"
            if node.module.split(".")[0] == "rgrbm":
                for alias in node.names:
                    submodule = f"{node.module}.{alias.name}"
                    yield (submodule, None) if submodule in FILES else (node.module, alias.name)


def _parsed(file):
    return ast.parse(file.read_text(encoding="utf-8"))


def room(module):
    return module.split(".")[1]


def test_every_room_is_known():
    assert {room(module) for module in INSIDE} == set(ROOMS)


@pytest.mark.parametrize("module", INSIDE)
def test_imports_point_down(module):
    for target, _ in imports(module):
        assert target != "rgrbm", f"{module} imports from the top level, which imports everything"
        assert ROOMS.index(room(target)) <= ROOMS.index(room(module)), f"{module} imports {target}, which is above it"


@pytest.mark.parametrize("module", INSIDE)
def test_no_private_names_of_other_rooms(module):
    for target, name in imports(module):
        if room(target) != room(module):
            private = [part for part in (*target.split(".")[2:], name or "") if part.startswith("_")]
            assert not private, f"{module} takes {private} from {target}"


def test_no_circles():
    # A package's __init__ only gathers names: modules of a room import each other's modules, never the gathering.
    graph = {module: {target for target, _ in imports(module)} - {module} for module in INSIDE}
    for module, targets in graph.items():
        packages = [t for t in targets if FILES[t].name == "__init__.py" and module.startswith(f"{t}.")]
        assert not packages, f"{module} imports {packages}, which imports it"
    list(graphlib.TopologicalSorter(graph).static_order())


def test_rooms_say_what_they_are_for():
    for name in ROOMS:
        assert ast.get_docstring(ast.parse(FILES[f"rgrbm.{name}"].read_text(encoding="utf-8"))), f"{name} says nothing"


# The rooms of the C++ library, from the bottom, in folders of include/rgrbm and src; the same arrows.
CPP = Path(__file__).parents[1] / "cpp"
CPP_ROOMS = ("support", "spins", "mechanics", "likelihood", "rbm", "mcrg")
CPP_FILES = sorted(path for part in ("include/rgrbm", "src") for path in (CPP / part).rglob("*.[hc]pp"))


def test_every_room_of_the_library_is_known():
    assert {path.parent.name for path in CPP_FILES} == set(CPP_ROOMS)


@pytest.mark.parametrize("path", CPP_FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_includes_of_the_library_point_down(path):
    for target in re.findall(r'#include "rgrbm/(.*)"', path.read_text(encoding="utf-8")):
        assert (CPP / "include" / "rgrbm" / target).exists(), f"{path} includes {target}, which is not there"
        above = CPP_ROOMS.index(target.split("/")[0]) > CPP_ROOMS.index(path.parent.name)
        assert not above, f"{path} includes {target}, which is above it"


def test_the_map_names_files_that_exist():
    """Each path in docs/architecture.md, and each file that is named after one of the same folder."""
    root = CPP.parent
    for line in (root / "docs" / "architecture.md").read_text(encoding="utf-8").splitlines():
        folder = None
        for name in re.findall(r"`([\w/.-]+\.(?:hpp|cpp|py|pyi|md))`", line):
            path = root / name if "/" in name else (folder / name if folder else None)
            if path is not None:
                assert path.exists(), f"docs/architecture.md names {path.relative_to(root)}, which is not there"
                folder = path.parent
