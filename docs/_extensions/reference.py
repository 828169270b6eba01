"""What the pages of the reference need beyond autodoc: tables of members, docstrings of constants, clean summaries."""

import ast
import inspect
import re
from functools import cached_property
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import FunctionType
from typing import Any

from sphinx.application import Sphinx
from sphinx.ext import autosummary
from sphinx.pycode import ModuleAnalyzer

MEMBERS = (FunctionType, classmethod, staticmethod, property, cached_property)
# A summary is the first sentence of a docstring, and these do not end one.
ABBREVIATIONS = ("et al.", "e.g.", "i.e.", "vs.", "Eq.", "Eqs.", "Fig.", "Figs.", "Ref.", "Refs.", "s.e.")


def members_of_classes(page: Path) -> dict[str, list[str]]:
    """Documented methods and properties of each class on the page, as in the source; those of other packages not."""
    modules = re.findall(r"^\.\. currentmodule:: (\S+)", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {
        f"{module}.{name}": _members(value)
        for module in modules
        for name, value in inspect.getmembers(import_module(module), inspect.isclass)
    }


def _members(cls: type) -> list[str]:
    bases = [base for base in cls.__mro__ if base.__module__.split(".")[0] == "rgrbm"]
    names = (name for base in bases for name, value in vars(base).items() if isinstance(value, MEMBERS))
    public = (name for name in names if not name.startswith("_"))
    return list(dict.fromkeys(name for name in public if inspect.getdoc(getattr(cls, name))))


def _docstring_of_constant(app: Sphinx, what: str, name: str, value: object, options: Any, lines: list[str]) -> None:
    """Take a constant's docstring from the file that assigns it; autodoc looks in the room, which only passes it on."""
    if what != "data":
        return
    room, _, constant = name.rpartition(".")
    doc = ModuleAnalyzer.for_module(_source(room, constant)).find_attr_docs().get(("", constant))
    if doc is None:
        raise LookupError(f"{name} has no docstring: write one below its assignment")
    lines[:] = doc


def _source(room: str, name: str) -> str:
    spec = find_spec(room)
    if spec is None or spec.origin is None:
        raise LookupError(f"no source of {room}")
    stub = ast.parse(Path(spec.origin).with_suffix(".pyi").read_text(encoding="utf-8"))
    for node in stub.body:
        if isinstance(node, ast.ImportFrom) and node.module and name in (alias.name for alias in node.names):
            return node.module
    raise LookupError(f"the stub of {room} does not say where {name} is from")


_extract_summary = autosummary.extract_summary


def _summary(doc: list[str], settings: Any) -> str:
    """Summarize without citations, whose references are on another page."""
    return re.sub(r"\s*\[[^]\s]+\]_", "", _extract_summary(doc, settings))


def setup(app: Sphinx) -> dict[str, Any]:
    """Extend autosummary, and read docstrings before numpydoc does."""
    autosummary.WELL_KNOWN_ABBREVIATIONS = ABBREVIATIONS
    autosummary.extract_summary = _summary
    app.connect("autodoc-process-docstring", _docstring_of_constant, priority=400)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
