"""How the site is made of these pages: `scripts/docs` runs Sphinx with this file."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import cherrypy

project = "Morello"
author = "the Morello developers"
copyright = "the Morello developers"
version = release = cherrypy.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "docs.extensions.bench_charts",
    "docs.extensions.links",
    "docs.extensions.rooms_picture",
    "docs.extensions.search_words",
    "docs.extensions.settings_tables",
    "docs.extensions.story_picture",
]
exclude_patterns = ["tutorials/programs", "programs"]

# Backticks in docstrings are code, not references to whatever bears that name.
default_role = "code"
nitpicky = True
# There is no index of the standard library here: a build asks no other host.
nitpick_ignore_regex = [(r"py:.*", r".*")]
# Two rooms have a `Response`, and annotations are short: either will do.
suppress_warnings = ["config.cache", "ref.python"]

myst_enable_extensions = ["attrs_inline", "colon_fence", "deflist"]
myst_heading_anchors = 4

autodoc_default_options = {"member-order": "bysource"}
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
python_maximum_signature_line_length = 72
python_use_unqualified_type_names = True
# Copied into the navigation of each page, they made a third of the build.
toc_object_entries = False
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_custom_sections = [("Attributes", "params_style")]
add_module_names = False

html_theme = "furo"
html_title = "Morello"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_favicon = "../src/cherrypy/favicon.ico"
html_search_scorer = str(Path(__file__).with_name("search_order.js"))
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "light_css_variables": {
        "color-brand-primary": "#9b1b30",
        "color-brand-content": "#9b1b30",
    },
    "dark_css_variables": {
        "color-brand-primary": "#f2849a",
        "color-brand-content": "#f2849a",
    },
}
pygments_style = "friendly"
pygments_dark_style = "monokai"
