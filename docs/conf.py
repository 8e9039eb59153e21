"""Sphinx configuration."""

project = "rxbotters"
author = "The rxbotters authors"
copyright = "2026, the rxbotters authors"  # noqa: A001
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
html_theme = "furo"
html_title = "rxbotters"
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build", "locale"]
locale_dirs = ["locale"]
gettext_compact = False
myst_enable_extensions = ["colon_fence"]
default_role = "code"
autodoc_typehints = "description"
autodoc_member_order = "bysource"
suppress_warnings = ["ref.python", "myst.xref_missing"]
nitpicky = False
