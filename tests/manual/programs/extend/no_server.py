# Extend: Disable a plugin, "now let's unsubscribe the HTTP server"
import cherrypy


class Root(object):
    @cherrypy.expose
    def index(self):
        return "hello world"


if __name__ == '__main__':
    cherrypy.server.unsubscribe()
    cherrypy.quickstart(Root())
