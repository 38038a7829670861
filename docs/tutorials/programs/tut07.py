import random
import string

import cherrypy


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
            "request.dispatch": cherrypy.dispatch.MethodDispatcher(),
            "tools.sessions.on": True,
            "tools.response_headers.on": True,
            "tools.response_headers.headers": [("Content-Type", "text/plain")],
        }
    }
    cherrypy.quickstart(StringGeneratorWebService(), "/", config)
