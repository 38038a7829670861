# Basics: Per-application configuration (from a dictionary)
import cherrypy


# The manual takes the object myapp for granted.
class Root(object):
    @cherrypy.expose
    def index(self):
        return "hello world!" * 100


myapp = Root()

cherrypy.quickstart(myapp, '/', {'/': {'tools.gzip.on': True}})
