"""The application for Morello and for CherryPy 18: the very same file."""

from __future__ import annotations

import sys

from common import HELLO, LARGE, STATIC, burn, sleep

import cherrypy


class Root:
    @cherrypy.expose
    def index(self):
        return HELLO

    @cherrypy.expose
    @cherrypy.tools.json_out()
    def item(self, item_id, q=None, n=None):
        return {"id": item_id, "q": q, "n": n}

    @cherrypy.expose
    def form(self, a, b, c):
        return f"{a} {b} {c}"

    @cherrypy.expose
    @cherrypy.tools.json_in()
    @cherrypy.tools.json_out()
    def json(self):
        return cherrypy.request.json

    @cherrypy.expose
    def sleep(self):
        return sleep()

    @cherrypy.expose
    def burn(self):
        return burn()

    @cherrypy.expose
    def large(self):
        return LARGE


CONFIG = {
    "/static": {"tools.staticdir.on": True, "tools.staticdir.dir": str(STATIC)},
}
application = cherrypy.tree.mount(Root(), "/", CONFIG)


def main() -> None:
    cherrypy.config.update(
        {
            "environment": "production",
            "server.socket_host": "127.0.0.1",
            "server.socket_port": int(sys.argv[1]),
            "server.thread_pool": 10,
        }
    )
    # The default backlog of CherryPy 18, 5, would drop a burst of clients.
    cherrypy.config.update({"server.socket_queue_size": 1024})
    # Further arguments are settings: server.thread_pool=20, log.error_file=/tmp/log.
    for setting in sys.argv[2:]:
        name, _, value = setting.partition("=")
        cherrypy.config.update({name: int(value) if value.isdigit() else value})
    cherrypy.engine.signals.subscribe()
    cherrypy.engine.start()
    cherrypy.engine.block()


if __name__ == "__main__":
    main()
