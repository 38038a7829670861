# Basics: Single application (the third of the three calls that are shown)
import cherrypy


# The manual takes a class Blog for granted.
class Blog(object):
    @cherrypy.expose
    def index(self):
        return "My blog" * 100


cherrypy.quickstart(Blog(), '/blog', {'/': {'tools.gzip.on': True}})
