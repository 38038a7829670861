# Basics: Decoding request
import cherrypy


class Root(object):
    @cherrypy.expose
    @cherrypy.tools.json_in()
    def index(self):
        data = cherrypy.request.json
        # The manual throws the document away; the page shows it.
        return repr(data)
