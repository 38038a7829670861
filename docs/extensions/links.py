"""Lets pages link to papers of the project that stand outside this folder.

The same Markdown is read in the repository, where such a link leads to the file, and
on the site, where it leads to the page that includes the file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sphinx.application import Sphinx

__all__ = ["setup"]

PAGES = {
    "../CONTRIBUTING.md": "/contributing.md",
    "../../CONTRIBUTING.md": "/contributing.md",
    "../CHANGELOG.md": "/changes.md",
    "../bench/results.md": "/explanation/baton.md",
}


def lead_to_pages(app: Sphinx, page: str, source: list[str]) -> None:
    """Turn links to files into links to pages."""
    for file, instead in PAGES.items():
        source[0] = source[0].replace(f"]({file})", f"]({instead})")


def setup(app: Sphinx) -> dict[str, Any]:
    """Listen to pages being read."""
    app.connect("source-read", lead_to_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
