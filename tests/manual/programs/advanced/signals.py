# Advanced: Deal with signals
import cherrypy
from cherrypy import engine, tree


class Root(object):
    @cherrypy.expose
    def index(self):
        return "Hello World!"


# Printed as tree.mount() with nothing to mount; and the call that is "to be added
# before you start the engine" stands in its place.
tree.mount(Root())
engine.signals.subscribe()
engine.start()
engine.block()
