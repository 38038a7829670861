# Advanced: Multiple HTTP servers support
import cherrypy
from cherrypy._cpserver import Server

server = Server()
server.socket_port = 8090
server.subscribe()


class Root(object):
    @cherrypy.expose
    def index(self):
        return "port %s" % cherrypy.request.base.rpartition(':')[2]


cherrypy.quickstart(Root())
