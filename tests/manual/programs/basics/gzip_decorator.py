# Basics: Per-application configuration, "where they are applied in the code"
import cherrypy


class Root(object):
    @cherrypy.expose
    @cherrypy.tools.gzip()
    def index(self):
        return "hello world!"
