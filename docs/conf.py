"""The documentation site: ``sphinx-build -W -b html docs docs/_build``."""

from importlib.metadata import version as installed

project = "rgrbm"
author = "the rgrbm developers"
copyright = f"2026, {author}"  # noqa: A001  (Sphinx's name)
release = installed("rgrbm")
version = release

extensions = ["myst_nb", "numpydoc", "sphinx.ext.autodoc", "sphinx.ext.autosummary", "sphinx.ext.intersphinx"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = "rgrbm"
html_static_path = ["_static"]

nb_execution_mode = "cache"  # tutorials are run when the site is built, again only if they have changed
nb_execution_raise_on_error = True
nb_execution_timeout = 120
myst_enable_extensions = ["dollarmath", "colon_fence"]
myst_heading_anchors = 3

autosummary_generate = True
autodoc_typehints = "none"  # the docstrings tell the types
numpydoc_show_class_members = False
numpydoc_xref_param_type = False
suppress_warnings = ["myst.xref_missing"]  # links to files of the repository
