"""The documentation site: ``sphinx-build -W -b html docs docs/_build``. It needs no network, nor do its pages."""

import sys
from importlib.metadata import version as installed
from importlib.resources import files
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "_extensions"))
from reference import members_of_classes  # noqa: E402  (a file of that folder)

project = "rgrbm"
author = "the rgrbm developers"
copyright = f"2026, {author}"  # noqa: A001  (Sphinx's name)
release = installed("rgrbm")
version = release

extensions = ["myst_nb", "numpydoc", "sphinx.ext.autodoc", "sphinx.ext.autosummary", "mathml", "reference"]
templates_path = ["_templates"]
exclude_patterns = ["_build", "_extensions", "_templates"]
html_theme = "furo"
html_title = "rgrbm"
html_static_path = ["_static", str(files("ziamath") / "fonts")]  # the font of formulas: STIX Two Math
html_css_files = ["site.css"]
html_math_renderer = "mathml"
highlight_options = {"pycon": {"stripnl": True}}  # examples end with an empty line, for doctest alone

nb_execution_mode = "cache"  # tutorials are run when the site is built, again only if they have changed
nb_execution_raise_on_error = True
nb_execution_timeout = 600  # of one cell, however slow the machine
nb_ipywidgets_js = {}  # no widgets, so no scripts from elsewhere
myst_enable_extensions = ["dollarmath", "colon_fence"]
myst_heading_anchors = 3

autosummary_generate = True
autosummary_context = {"members_of": members_of_classes(HERE / "api.md")}
autodoc_typehints = "none"  # types are in the docstrings
numpydoc_show_class_members = False  # the template of classes documents them in full
numpydoc_xref_param_type = False
suppress_warnings = ["myst.xref_missing"]  # links to files of the repository
