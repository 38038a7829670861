import cherrypy
from cherrypy.httpd.limits import Limits
from cherrypy.httpd.server import HTTPServer
from cherrypy.httpd.wsgi import WSGIHandler


class Site:
    @cherrypy.expose
    def index(self):
        return "Carefully"


def careful(settings):
    """Make a server that takes small requests only, and gives clients little time."""
    return HTTPServer(
        WSGIHandler(cherrypy.tree),
        bind_addr=settings.bind_addr,
        threads=settings.thread_pool,
        limits=Limits(
            header_bytes=8_192,
            header_count=20,
            body_bytes=65_536,
            header_deadline_seconds=2.0,
            idle_seconds=5.0,
        ),
    )


cherrypy.config.update({"server.instance": "__main__.careful"})
cherrypy.quickstart(Site())
