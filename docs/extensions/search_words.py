"""Lets the search find what people call by another name than the headings do.

It passes over numbers, too, and 404 is the first that many look for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx import addnodes
from sphinx.errors import ExtensionError
from sphinx.transforms import SphinxTransform

if TYPE_CHECKING:
    from sphinx.application import Sphinx

__all__ = ["WORDS", "setup"]

WORDS = {
    "howto/applications#be-hosted-by-another-wsgi-server": "gunicorn, uwsgi, mod_wsgi",
    "howto/applications#several-applications": "mount",
    "howto/background#from-time-to-time": "cron, scheduler",
    "howto/background#starting-anew-by-itself": "autoreload, restart",
    "howto/databases": "sql, sqlalchemy",
    "howto/deploy#as-a-daemon-of-its-own": "pid file, background process",
    "howto/deploy#in-a-container": "docker, kubernetes",
    "howto/deploy#several-processes": "multiprocessing, workers, cores",
    "howto/errors#pages-of-your-own": "error_page, custom 404",
    "howto/errors#what-nobody-expected": "500, internal server error, traceback",
    "howto/files#an-upload": "file upload, multipart",
    "howto/files#how-large": "413, maximum upload",
    "howto/forms#where-arguments-come-from": "query string, url parameters, get, post",
    "howto/forms#the-raw-body": "request body",
    "howto/headers#on-each-answer": "security headers, hsts, csp",
    "howto/pages#parts-in-the-middle": "popargs, _cp_dispatch",
    "howto/pages#whatever-is-left-of-a-path": "default, vpath, path arguments",
    "howto/pages#by-method-get-post-put-delete": "methoddispatcher, http methods",
    "howto/servers#address-and-port": "host, port, 0.0.0.0",
    "howto/servers#tls": "https, ssl, certificate",
    "howto/streaming#news-as-they-happen": "server-sent events, sse, eventsource",
    "howto/streaming#what-is-not-there": "websocket",
    "mistakes#a-page-is-not-found-although-it-is-there": "404, not found",
    "mistakes#an-argument-is-missing": "400, bad request, missing parameters",
    "mistakes#the-port-is-in-use": "address already in use",
    "testing": "unittest, tests",
    "tools/auth": "401, unauthorized, http authentication",
    "tools/cross_site#csrf": "403, forbidden, xsrf",
    "tools/compression#compress": "brotli, zstd",
    "tools/compression#encode-and-decode": "unicode, charset, utf-8",
    "tools/requests#allow": "405, method not allowed",
    "tools/static": "css, javascript, images, staticdir, staticfile",
}
"""The place, as page#section, and the words that lead there."""


class AddWords(SphinxTransform):
    """Puts the words into the index, while Sphinx still looks for such entries."""

    default_priority = 800

    def apply(self, **_: Any) -> None:
        """Mark the sections of this page that have words.

        Raises:
            ExtensionError: a section with words is not on its page any more.
        """
        places = {
            place.partition("#")[2]: words
            for place, words in WORDS.items()
            if place.partition("#")[0] == self.env.current_document.docname
        }
        for section in self.document.findall(nodes.section):
            is_page = isinstance(section.parent, nodes.document)
            words = places.pop("" if is_page else section.get("slug"), None)
            if words:
                target = "" if is_page else section["ids"][0]
                entries = [
                    ("single", word, target, "main", None) for word in words.split(", ")
                ]
                section.insert(1, addnodes.index(entries=entries))
        if places:
            raise ExtensionError(f"no such sections: {[*places]}")


def pages_with_words(*_: object) -> set[str]:
    """Return what to read at each build: Sphinx forgets the words of other pages."""
    return {place.partition("#")[0] for place in WORDS}


def setup(app: Sphinx) -> dict[str, Any]:
    """Join the reading of pages."""
    app.add_transform(AddWords)
    app.connect("env-get-outdated", pages_with_words)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
