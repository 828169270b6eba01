"""Names that a package imports when they are first used (PEP 562), so that nobody waits for what they do not use."""

import ast
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any


def attach(package: str) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """``__getattr__``, ``__dir__`` and ``__all__`` of a package whose names its stub ``__init__.pyi`` imports.

    Type checkers and editors read the same stub. A module of the package must not have the name of something else in
    the stub: once imported, the module would replace it.
    """
    module = sys.modules[package]
    stub = ast.parse(Path(str(module.__file__)).with_suffix(".pyi").read_text(encoding="utf-8"))
    imports = [node for node in stub.body if isinstance(node, ast.ImportFrom)]
    source_of = {alias.name: str(node.module) for node in imports for alias in node.names}

    def __getattr__(name: str) -> Any:  # noqa: N807 - PEP 562 names it so
        if name not in source_of:
            raise AttributeError(f"module {package!r} has no attribute {name!r}", name=name, obj=module)
        source = source_of[name]
        value = import_module(f"{package}.{name}") if source == package else getattr(import_module(source), name)
        setattr(module, name, value)
        return value

    def __dir__() -> list[str]:  # noqa: N807 - PEP 562 names it so
        return sorted(source_of)

    return __getattr__, __dir__, [name for name in source_of if not name.startswith("_")]
