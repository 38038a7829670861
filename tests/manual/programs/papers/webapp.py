# Create a docker container for your CherryPy application: "you must make sure CherryPy
# listens on all the container interfaces; do not start the CherryPy engine yourself,
# this is done by the cherryd command". The program is not printed.
import cherrypy


class Root(object):
    @cherrypy.expose
    def index(self):
        return "Hello from the container"


cherrypy.config.update({'server.socket_host': '0.0.0.0'})
cherrypy.tree.mount(Root())
