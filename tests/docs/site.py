"""The built site as files: what each page links to, and what there is to link to."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["Page", "broken_links", "pages"]

# What a browser fetches by itself, without anybody clicking.
FETCHED = {"img": "src", "script": "src", "source": "src", "iframe": "src"}
FETCHED_LINKS = {"stylesheet", "icon", "preload", "shortcut icon"}


@dataclass
class Page:
    """One file of HTML: its anchors, the links in it, what it makes a browser fetch."""

    path: Path
    ids: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self, page: Page) -> None:
        super().__init__()
        self.page = page

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.page.ids |= {values[name] for name in ("id", "name") if name in values}
        if tag == "a" and "href" in values:
            self.page.links.append(values["href"])
        elif tag == "link" and values.get("rel", "") in FETCHED_LINKS:
            self.page.fetched.append(values["href"])
        elif values.get(FETCHED.get(tag, "")):
            self.page.fetched.append(values[FETCHED[tag]])


def pages(folder: Path) -> dict[Path, Page]:
    """Read all pages of a site."""
    found: dict[Path, Page] = {}
    for path in sorted(folder.rglob("*.html")):
        page = found[path] = Page(path)
        _Reader(page).feed(path.read_text(encoding="utf-8"))
    return found


def broken_links(folder: Path) -> Iterator[str]:
    """Tell of each link within a site that leads nowhere."""
    known = pages(folder)
    for path, page in known.items():
        for link in {*page.links, *page.fetched}:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (
                (path.parent / unquote(parts.path)).resolve() if parts.path else path
            )
            # The sources of theme pages point to "#" for what scripts do.
            anchor = unquote(parts.fragment)
            if not target.is_file():
                yield f"{path.relative_to(folder)}: no file for {link}"
            elif anchor and target in known and anchor not in known[target].ids:
                yield f"{path.relative_to(folder)}: no anchor for {link}"
