# Basics: Global server configuration, once as a dictionary and once as a file
import cherrypy


# The page is ours: it shows what was understood.
class Root(object):
    @cherrypy.expose
    def index(self):
        return "%r %r" % (cherrypy.config['server.socket_port'], from_dict)


cherrypy.config.update({'server.socket_port': 9090})
from_dict = cherrypy.server.socket_port
cherrypy.config.update("server.conf")
from_file = cherrypy.server.socket_port
print("ports:", from_dict, from_file)

cherrypy.quickstart(Root())
