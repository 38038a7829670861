# Basics: Per-application configuration, "a variant notation to the above"
import cherrypy


class Root(object):
    @cherrypy.expose
    def index(self):
        return "hello world!"
    index._cp_config = {'tools.gzip.on': True}
