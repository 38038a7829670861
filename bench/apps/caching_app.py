"""Pages that are kept, and pages that are compressed: for Morello and CherryPy 18."""

from __future__ import annotations

import json
import sys

from common import HELLO

import cherrypy

ROWS = [
    {"id": n, "title": f"The {n}th volume", "lent": n % 7 == 0, "by": f"Author {n}"}
    for n in range(140)
]
JSON_TYPES = ["application/json"]


class Root:
    @cherrypy.expose
    def index(self):
        return HELLO

    @cherrypy.expose
    @cherrypy.tools.caching()
    def cached(self):
        return HELLO

    @cherrypy.expose
    @cherrypy.tools.caching()
    @cherrypy.tools.json_out()
    @cherrypy.tools.gzip(mime_types=JSON_TYPES)
    def cached_rows(self):
        return ROWS

    @cherrypy.expose
    @cherrypy.tools.json_out()
    def rows(self):
        return ROWS

    @cherrypy.expose
    @cherrypy.tools.json_out()
    @cherrypy.tools.gzip(mime_types=JSON_TYPES)
    def zipped(self):
        return ROWS


if hasattr(cherrypy.tools, "compress"):
    for coding in ("br", "zstd"):

        def compressed(self):
            return ROWS

        compressed = cherrypy.tools.compress(codings=[coding])(compressed)
        compressed = cherrypy.tools.json_out()(cherrypy.expose(compressed))
        setattr(Root, coding, compressed)

application = cherrypy.tree.mount(Root(), "/", {})


def main() -> None:
    cherrypy.config.update(
        {
            "environment": "production",
            "server.socket_host": "127.0.0.1",
            "server.socket_port": int(sys.argv[1]),
            "server.thread_pool": 10,
            "server.socket_queue_size": 1024,
        }
    )
    cherrypy.engine.signals.subscribe()
    cherrypy.engine.start()
    cherrypy.engine.block()


if __name__ == "__main__":
    assert 9_000 < len(json.dumps(ROWS)) < 11_000
    main()
