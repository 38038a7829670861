# Basics: Single application (the second of the three calls that are shown)
import cherrypy


# The manual takes a class Blog for granted.
class Blog(object):
    @cherrypy.expose
    def index(self):
        return "My blog"


cherrypy.quickstart(Blog(), '/blog')
