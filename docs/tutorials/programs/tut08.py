import random
import string
from pathlib import Path

import cherrypy
from cherrypy.lib.static import serve_file

HERE = Path(__file__).resolve().parent


class StringGenerator:
    @cherrypy.expose
    def index(self):
        return serve_file(HERE / "index.html", "text/html")


@cherrypy.expose
class StringGeneratorWebService:
    @cherrypy.tools.accept(media="text/plain")
    def GET(self):
        if "mystring" not in cherrypy.session:
            raise cherrypy.NotFound()
        return cherrypy.session["mystring"]

    @cherrypy.tools.params()
    def POST(self, length: int = 8):
        some_string = "".join(random.choices(string.hexdigits, k=length))
        cherrypy.session["mystring"] = some_string
        return some_string

    def PUT(self, another_string):
        cherrypy.session["mystring"] = another_string

    def DELETE(self):
        cherrypy.session.pop("mystring", None)


if __name__ == "__main__":
    config = {
        "/": {
            "tools.sessions.on": True,
            "tools.staticdir.root": str(HERE),
        },
        "/generator": {
            "request.dispatch": cherrypy.dispatch.MethodDispatcher(),
            "tools.response_headers.on": True,
            "tools.response_headers.headers": [("Content-Type", "text/plain")],
        },
        "/static": {
            "tools.staticdir.on": True,
            "tools.staticdir.dir": "public",
        },
    }
    webapp = StringGenerator()
    webapp.generator = StringGeneratorWebService()
    cherrypy.quickstart(webapp, "/", config)
